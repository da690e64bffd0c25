#include "audio/piper.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "audio/vits.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"

enum { MAX_CONFIG = 4 << 20, MAX_IDS = 8, MAX_PIECE = 32, MOST_TOLD = 64 }; /* bytes of the JSON; ids of a symbol; bytes of a symbol's name */

typedef struct {
    json_t *root;
    const json_t *map, *speakers; /* phoneme_id_map; speaker_id_map or NULL */
    int rate;
    const char *language;
    double noise_scale, length_scale, noise_w;
} piper_config;

/* Symbols that were said to be unknown, so that each is said once. The voice itself stays read-only. */
typedef struct {
    pthread_mutex_t lock;
    char symbol[MOST_TOLD][5];
    int count;
} told_symbols;

struct piper {
    piper_config config;
    vits *model;
    int64_t pad, begin[MAX_IDS], end[MAX_IDS];
    int begins, ends;
    told_symbols *told;
};

static double number_or(const json_t *object, const char *key, double otherwise)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : otherwise;
}

/* The ids of a symbol, at most MAX_IDS; 0: the map lacks it. */
static int ids_of(const piper_config *k, const char *symbol, int64_t ids[MAX_IDS])
{
    const json_t *list = json_object_get(k->map, symbol);
    int n = 0;
    for (size_t i = 0; i < json_array_size(list) && n < MAX_IDS; i++) ids[n++] = json_integer_value(json_array_get(list, i));
    return n;
}

static bool check_map(const piper_config *k, const char *name, status *st)
{
    const char *symbol;
    json_t *list, *id;
    size_t i;
    json_object_foreach((json_t *)(uintptr_t)k->map, symbol, list)
    {
        if (!json_is_array(list)) return status_set(st, STATUS_INPUT, "%s: phoneme_id_map: '%.16s' has no list of ids", name, symbol);
        json_array_foreach(list, i, id)
            if (!json_is_integer(id) || json_integer_value(id) < 0) return status_set(st, STATUS_INPUT, "%s: phoneme_id_map: '%.16s' has an id that is no number", name, symbol);
    }
    int64_t ids[MAX_IDS];
    if (ids_of(k, "_", ids) && ids_of(k, "^", ids) && ids_of(k, "$", ids)) return true;
    return status_set(st, STATUS_INPUT, "%s: phoneme_id_map lacks one of '_', '^', '$'", name);
}

static bool parse_config(piper_config *k, const char *json, size_t size, const char *name, status *st)
{
    json_error_t fault;
    k->root = json_parse_config(json, size, 0, &fault);
    if (!json_is_object(k->root)) return status_set(st, STATUS_INPUT, "%s: no JSON object: line %d: %s", name, fault.line, fault.text);
    const json_t *inference = json_object_get(k->root, "inference");
    double rate = number_or(json_object_get(k->root, "audio"), "sample_rate", 22050);
    k->map = json_object_get(k->root, "phoneme_id_map");
    k->speakers = json_object_get(k->root, "speaker_id_map");
    k->language = json_string_value(json_object_get(json_object_get(k->root, "espeak"), "voice"));
    k->noise_scale = number_or(inference, "noise_scale", 0.667);
    k->length_scale = number_or(inference, "length_scale", 1);
    k->noise_w = number_or(inference, "noise_w", 0.8);
    const char *type = json_string_value(json_object_get(k->root, "phoneme_type"));
    if (type && strcmp(type, "espeak") != 0)
        return status_set(st, STATUS_INPUT, "%s: phonemes of type '%.32s' found, 'espeak' wanted", name, type);
    if (!(rate >= 4000 && rate <= 192000)) return status_set(st, STATUS_INPUT, "%s: a sample rate of %g Hz", name, rate);
    if (!(k->length_scale > 0.01 && k->length_scale < 100)) return status_set(st, STATUS_INPUT, "%s: a length scale of %g", name, k->length_scale);
    if (!json_is_object(k->map)) return status_set(st, STATUS_INPUT, "%s: no phoneme_id_map", name);
    k->rate = (int)rate;
    if (!k->language || strlen(k->language) > MAX_PIECE || k->language[0] == '-') k->language = "en-us";
    return check_map(k, name, st);
}

bool piper_check_config(const char *json, size_t size, const char *name, status *st)
{
    piper_config k = {0};
    bool ok = parse_config(&k, json, size, name, st);
    json_decref(k.root);
    return ok;
}

piper *piper_open(const char *model, const char *config, status *st)
{
    piper *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return NULL;
    if (!file_exists(config)) status_set(st, STATUS_INPUT, "%s: a Piper voice wants its JSON beside it, %s is not there", model, config);
    size_t size = 0;
    char *json = status_ok(st) ? file_read(config, MAX_CONFIG, &size, st) : NULL;
    if (json && parse_config(&p->config, json, size, config, st)) p->model = vits_open(model, st);
    alloc_free(json);
    if (p->model) {
        int64_t pad[MAX_IDS];
        ids_of(&p->config, "_", pad);
        p->pad = pad[0];
        p->begins = ids_of(&p->config, "^", p->begin);
        p->ends = ids_of(&p->config, "$", p->end);
        p->told = alloc_zeroed(1, sizeof *p->told, st);
    }
    if (p->told) {
        pthread_mutex_init(&p->told->lock, NULL);
        return p;
    }
    piper_close(p);
    return NULL;
}

void piper_close(piper *p)
{
    if (!p) return;
    json_decref(p->config.root);
    vits_free(p->model);
    if (p->told) pthread_mutex_destroy(&p->told->lock);
    alloc_free(p->told);
    alloc_free(p);
}

int piper_rate(const piper *p) { return p->config.rate; }

const char *piper_language(const piper *p) { return p->config.language; }

/* The speaker's number, or −1. */
static int64_t speaker_of(const piper *p, const char *speaker)
{
    if (!speaker) return 0;
    const json_t *named = json_object_get(p->config.speakers, speaker);
    char *end;
    long long n = json_is_integer(named) ? json_integer_value(named) : strtoll(speaker, &end, 10);
    bool whole = json_is_integer(named) || (*speaker && !*end);
    return whole && n >= 0 && n < vits_speakers(p->model) ? n : -1;
}

bool piper_check(const piper *p, const char *speaker, status *st)
{
    if (speaker_of(p, speaker) >= 0) return true;
    return status_set(st, STATUS_USAGE, "--speaker: '%s' found, the voice has the numbers 0 to %lld%s", speaker,
                      (long long)(vits_speakers(p->model) - 1), p->config.speakers ? " and the names in its JSON" : "");
}

static void tell_unknown(told_symbols *told, const char *symbol)
{
    bool known = false;
    pthread_mutex_lock(&told->lock);
    for (int i = 0; i < told->count && !known; i++) known = strcmp(told->symbol[i], symbol) == 0;
    if (!known && told->count < MOST_TOLD) memcpy(told->symbol[told->count++], symbol, sizeof told->symbol[0]);
    else known = true;
    pthread_mutex_unlock(&told->lock);
    if (!known) log_warning("the voice's JSON has no phoneme '%s'; it is left out", symbol);
}

/* The ids of the symbols, framed and padded; counts[i]: how many symbol i has. */
static int64_t list_ids(const piper *p, const voice_speech *out, int64_t *ids, int *counts)
{
    int64_t n = 0, found[MAX_IDS];
    for (int i = 0; i < p->begins; i++) ids[n++] = p->begin[i];
    ids[n++] = p->pad;
    for (int64_t s = 0; s < out->symbols; s++) {
        char symbol[5] = "";
        memcpy(symbol, out->symbol[s].text, (size_t)out->symbol[s].bytes);
        int count = ids_of(&p->config, symbol, found);
        for (int i = 0; i < count; i++) ids[n++] = found[i];
        if (count) ids[n++] = p->pad;
        if (!count) tell_unknown(p->told, symbol);
        counts[s] = count ? count + 1 : 0;
    }
    for (int i = 0; i < p->ends; i++) ids[n++] = p->end[i];
    return n;
}

bool piper_say(op_ctx *c, const piper *p, const voice_settings *settings, uint64_t seed, voice_speech *out)
{
    size_t most = (size_t)(out->symbols + 3) * (MAX_IDS + 1);
    int64_t *ids = arena_alloc(c->mem, most * sizeof *ids, c->st), *durations = NULL;
    int *counts = ids ? arena_alloc(c->mem, (size_t)(out->symbols + 1) * sizeof *counts, c->st) : NULL;
    if (!counts) return false;
    int64_t n = list_ids(p, out, ids, counts);
    vits_settings s = {
        .noise_scale = isnan(settings->noise_scale) ? (float)p->config.noise_scale : settings->noise_scale,
        .noise_w = isnan(settings->noise_w) ? (float)p->config.noise_w : settings->noise_w,
        .length_scale = (float)p->config.length_scale / settings->speed,
        .speaker = speaker_of(p, settings->speaker),
        .seed = seed,
    };
    out->sound = vits_speak(c, p->model, ids, n, &s, &durations);
    if (!out->sound) return false;
    int64_t at = 0, id = 0, hop = vits_hop(p->model);
    for (; id <= p->begins; id++) at += durations[id] * hop;
    for (int64_t i = 0; i < out->symbols; i++) {
        out->symbol[i].from = at;
        for (int k = 0; k < counts[i]; k++) out->symbol[i].samples += durations[id++] * hop;
        at += out->symbol[i].samples;
    }
    return true;
}
