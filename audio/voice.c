#include "audio/voice.h"

#include <string.h>

#include "audio/hibari.h"
#include "audio/kokoro.h"
#include "audio/kokoro_voice.h"
#include "audio/piper.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/weights.h"

struct voice {
    hibari *hibari; /* one of the three */
    kokoro_voice *kokoro;
    piper *piper;
};

/* The model of a folder: Kokoro's where it is there, else hibari's. */
static char *model_file(const char *path, status *st)
{
    if (!file_is_folder(path)) return alloc_string(path, strlen(path), st);
    char *file = file_join(path, "kokoro.onnx", st);
    if (!file || file_exists(file)) return file;
    alloc_free(file);
    return file_join(path, "hibari.onnx", st);
}

voice *voice_open(const char *path, status *st)
{
    voice *v = alloc_zeroed(1, sizeof *v, st);
    if (!v) return NULL;
    char *file = model_file(path, st);
    char *beside = file ? alloc_array(strlen(file) + sizeof ".json", 1, st) : NULL;
    if (beside) {
        memcpy(beside, file, strlen(file));
        memcpy(beside + strlen(file), ".json", sizeof ".json");
        weights *w = weights_open(file, st);
        bool is_hibari = w && weights_find(w, "m.text.emb.weight"), is_kokoro = w && weights_find(w, "encoder.bert.embeddings.LayerNorm.weight");
        weights_close(w);
        if (is_hibari) v->hibari = hibari_open(file, st);
        else if (is_kokoro) v->kokoro = kokoro_voice_open(file, st);
        else if (status_ok(st)) v->piper = piper_open(file, beside, st);
    }
    alloc_free(file);
    alloc_free(beside);
    if (status_ok(st)) return v;
    voice_close(v);
    return NULL;
}

void voice_ready(voice *v, pool *threads)
{
    if (v->kokoro) kokoro_voice_ready(v->kokoro, threads);
}

void voice_close(voice *v)
{
    if (!v) return;
    hibari_free(v->hibari);
    kokoro_voice_close(v->kokoro);
    piper_close(v->piper);
    alloc_free(v);
}

int voice_rate(const voice *v) { return v->hibari ? HIBARI_RATE : v->kokoro ? KOKORO_RATE : piper_rate(v->piper); }

phoneme_alphabet voice_alphabet(const voice *v) { return v->piper ? PHONEME_ESPEAK : PHONEME_MISAKI; }

bool voice_rests(const voice *v) { return v->kokoro != NULL; }

int voice_longest(const voice *v) { return v->kokoro ? KOKORO_VOICE_LONGEST : 0; }

const char *voice_language(const voice *v, const voice_settings *settings)
{
    if (v->kokoro) return kokoro_voice_language(settings->speaker);
    return v->piper ? piper_language(v->piper) : NULL;
}

bool voice_check(const voice *v, const voice_settings *settings, status *st)
{
    if (v->kokoro) return kokoro_voice_check(v->kokoro, settings->speaker, st);
    if (v->piper) return piper_check(v->piper, settings->speaker, st);
    if (!settings->speaker) return true;
    return status_set(st, STATUS_USAGE, "--speaker: '%s' found, this voice is of one speaker alone", settings->speaker);
}

/* Bytes of the UTF-8 character at s; broken bytes count one by one. */
static int character(const char *s)
{
    unsigned char first = (unsigned char)*s;
    int n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1;
    for (int i = 1; i < n; i++)
        if (((unsigned char)s[i] & 0xC0) != 0x80) return 1;
    return n;
}

/* The string's characters, each with its ids appended to ids by the voice's own rule; counts[i] of symbol i. */
static int64_t list_symbols(op_ctx *c, const char *phonemes, voice_speech *out)
{
    int64_t n = 0;
    for (const char *s = phonemes; *s; s += character(s)) n++;
    out->symbol = arena_alloc(c->mem, (size_t)(n + 1) * sizeof *out->symbol, c->st);
    if (!out->symbol) return 0;
    for (const char *s = phonemes; *s; s += character(s))
        out->symbol[out->symbols++] = (voice_symbol){.text = s, .bytes = character(s)};
    return n;
}

/* hibari: 0, one id for each known character, 0. */
static bool say_hibari(op_ctx *c, const voice *v, const phonemizer *p, const voice_settings *settings, uint64_t seed, voice_speech *out)
{
    int64_t *ids = arena_alloc(c->mem, (size_t)(out->symbols + 2) * sizeof *ids, c->st), count = 1;
    if (!ids) return false;
    ids[0] = 0;
    for (int64_t i = 0; i < out->symbols; i++) {
        char one[5] = "";
        int64_t found[3];
        memcpy(one, out->symbol[i].text, (size_t)out->symbol[i].bytes);
        out->symbol[i].samples = phoneme_ids(p, one, found, 3) == 3; /* for now: whether it has an id */
        if (out->symbol[i].samples) ids[count++] = found[1];
    }
    ids[count++] = 0;
    if (count < 3) return true;
    hibari_frames frames;
    if (!hibari_forward(c, v->hibari, ids, count, settings->speed, &frames)) return false;
    int64_t at = frames.durations[0] * 2 * HIBARI_HOP, id = 1;
    for (int64_t i = 0; i < out->symbols; i++) {
        out->symbol[i].from = at;
        if (out->symbol[i].samples) out->symbol[i].samples = frames.durations[id++] * 2 * HIBARI_HOP;
        at += out->symbol[i].samples;
    }
    out->sound = hibari_wave(c, v->hibari, &frames, seed, NULL);
    return out->sound != NULL;
}

bool voice_say(op_ctx *c, const voice *v, const phonemizer *p, const char *phonemes, const voice_settings *settings,
               uint64_t seed, voice_speech *out)
{
    *out = (voice_speech){0};
    if (op_failed(c)) return false;
    if (list_symbols(c, phonemes, out) == 0) return !op_failed(c);
    if (v->kokoro) return kokoro_voice_say(c, v->kokoro, p, settings, out);
    if (v->hibari) return say_hibari(c, v, p, settings, seed, out);
    return piper_say(c, v->piper, settings, seed, out);
}
