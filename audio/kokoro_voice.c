#include "audio/kokoro_voice.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "audio/kokoro.h"
#include "core/alloc.h"
#include "core/file.h"

enum { MOST_STYLES = 64, MOST_PARTS = 8, LONGEST_NAME = 40, MOST_ROWS = 1024, MOST_BYTES = MOST_ROWS * 4096 };

typedef struct {
    char name[LONGEST_NAME + 1];
    float *rows; /* [count, width] */
    int64_t count;
} style_file;

struct kokoro_voice {
    kokoro *model;
    char *folder; /* of the styles */
    pthread_mutex_t lock;
    style_file style[MOST_STYLES]; /* those read so far */
    int styles;
};

typedef struct {
    char name[LONGEST_NAME + 1];
    float weight;
} part;

/* ---- names ---- */
static bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

/* One name with its weight; *text moves to what follows it. */
static bool read_part(const char **text, part *out)
{
    const char *s = *text;
    size_t n = 0;
    while (is_letter(s[n]) || (s[n] >= '0' && s[n] <= '9') || s[n] == '_' || s[n] == '-') n++;
    if (n < 4 || n > LONGEST_NAME || !is_letter(s[0]) || !is_letter(s[1]) || s[2] != '_') return false;
    memcpy(out->name, s, n);
    out->name[n] = 0;
    out->weight = 1;
    s += n;
    if (*s == ':') {
        char *end;
        out->weight = strtof(s + 1, &end);
        if (end == s + 1 || !(out->weight >= 0 && out->weight <= 1000)) return false;
        s = end;
    }
    *text = s;
    return true;
}

/* The parts of a mixture; how many, or 0 for a text that is none. */
static int read_parts(const char *text, part parts[MOST_PARTS])
{
    float sum = 0;
    for (int n = 0; n < MOST_PARTS;) {
        if (!read_part(&text, &parts[n])) return 0;
        sum += parts[n++].weight;
        if (!*text) return sum > 0 ? n : 0;
        if (*text++ != '+') return 0;
    }
    return 0;
}

bool kokoro_voice_is_name(const char *text)
{
    part parts[MOST_PARTS];
    return read_parts(text, parts) > 0;
}

static const struct {
    char letter;
    const char *code, *name;
} LANGUAGES[] = {
    {'a', "en-us", "American English"}, {'b', "en-gb", "British English"}, {'e', "es", "Spanish"},  {'f', "fr-fr", "French"},
    {'h', "hi", "Hindi"},               {'i', "it", "Italian"},           {'j', "ja", "Japanese"}, {'p', "pt-br", "Brazilian Portuguese"},
    {'z', "cmn", "Mandarin Chinese"},
};

static int language_of(const char *speaker)
{
    char letter = (speaker ? speaker : KOKORO_VOICE_USUAL)[0];
    for (size_t i = 0; i < sizeof LANGUAGES / sizeof LANGUAGES[0]; i++)
        if (LANGUAGES[i].letter == letter) return (int)i;
    return -1;
}

const char *kokoro_voice_language(const char *speaker)
{
    int i = language_of(speaker);
    return i < 0 ? NULL : LANGUAGES[i].code;
}

const char *kokoro_voice_language_name(const char *speaker)
{
    int i = language_of(speaker);
    return i < 0 ? NULL : LANGUAGES[i].name;
}

/* ---- opening ---- */
kokoro_voice *kokoro_voice_open(const char *model, status *st)
{
    kokoro_voice *v = alloc_zeroed(1, sizeof *v, st);
    if (!v) return NULL;
    pthread_mutex_init(&v->lock, NULL);
    const char *slash = strrchr(model, '/');
    char *beside = slash ? alloc_string(model, slash == model ? 1 : (size_t)(slash - model), st) : alloc_string(".", 1, st);
    v->folder = beside ? file_join(beside, "voices", st) : NULL;
    alloc_free(beside);
    v->model = v->folder ? kokoro_open_begin(model, st) : NULL;
    if (v->model) return v;
    kokoro_voice_close(v);
    return NULL;
}

void kokoro_voice_ready(kokoro_voice *v, pool *threads) { kokoro_open_end(v->model, threads); }

void kokoro_voice_close(kokoro_voice *v)
{
    if (!v) return;
    for (int i = 0; i < v->styles; i++) alloc_free(v->style[i].rows);
    pthread_mutex_destroy(&v->lock);
    kokoro_free(v->model);
    alloc_free(v->folder);
    alloc_free(v);
}

static bool read_style(const kokoro_voice *v, style_file *s, const char *name, status *st)
{
    char file[LONGEST_NAME + 8];
    size_t n = strlen(name), size = 0, row = (size_t)kokoro_style_width(v->model) * sizeof(float);
    memcpy(file, name, n);
    memcpy(file + n, ".bin", sizeof ".bin");
    char *path = file_join(v->folder, file, st);
    if (path && !file_exists(path)) status_set(st, STATUS_INPUT, "%s: no such voice; 'sh samples/models.sh kokoro' gets Kokoro's, 'aigc speak --list-voices' names them", path);
    char *bytes = path && status_ok(st) ? file_read(path, MOST_BYTES, &size, st) : NULL;
    if (bytes && (size == 0 || size % row != 0)) status_set(st, STATUS_INPUT, "%s: %zu bytes found, rows of %zu wanted, a style each", path, size, row);
    s->rows = bytes && status_ok(st) ? alloc_array(size, 1, st) : NULL;
    if (s->rows) {
        memcpy(s->rows, bytes, size);
        memcpy(s->name, name, n + 1);
        s->count = (int64_t)(size / row);
        for (size_t i = 0; i < size / sizeof(float) && status_ok(st); i++)
            if (!(s->rows[i] > -1e6f && s->rows[i] < 1e6f)) status_set(st, STATUS_INPUT, "%s: value %zu is no number that a style can have", path, i);
    }
    alloc_free(bytes);
    alloc_free(path);
    if (status_ok(st)) return true;
    alloc_free(s->rows);
    return false;
}

/* The style of that name, read where it was not; under the lock. */
static const style_file *find_style(kokoro_voice *v, const char *name, status *st)
{
    for (int i = 0; i < v->styles; i++)
        if (strcmp(v->style[i].name, name) == 0) return &v->style[i];
    if (v->styles == MOST_STYLES) { /* a long batch with many voices: begin anew */
        for (int i = 0; i < v->styles; i++) alloc_free(v->style[i].rows);
        v->styles = 0;
    }
    if (!read_style(v, &v->style[v->styles], name, st)) return NULL;
    return &v->style[v->styles++];
}

/* The mixture's style for a text of n phonemes, into style [width]. */
static bool mix(kokoro_voice *v, const char *speaker, int64_t n, float *style, status *st)
{
    part parts[MOST_PARTS];
    int count = read_parts(speaker ? speaker : KOKORO_VOICE_USUAL, parts);
    int64_t width = kokoro_style_width(v->model);
    double sum = 0;
    if (!count) return status_set(st, STATUS_USAGE, "--speaker: '%s' found, a voice such as af_heart or a mixture such as af_heart:0.6+bm_george:0.4 wanted", speaker);
    for (int i = 0; i < count; i++) sum += (double)parts[i].weight;
    memset(style, 0, (size_t)width * sizeof(float));
    pthread_mutex_lock(&v->lock);
    for (int i = 0; i < count && status_ok(st); i++) {
        const style_file *s = find_style(v, parts[i].name, st);
        if (!s) break;
        int64_t at = n < 1 ? 0 : n > s->count ? s->count - 1 : n - 1;
        float weight = (float)((double)parts[i].weight / sum);
        for (int64_t k = 0; k < width; k++) style[k] += weight * s->rows[at * width + k];
    }
    pthread_mutex_unlock(&v->lock);
    return status_ok(st);
}

bool kokoro_voice_check(kokoro_voice *v, const char *speaker, status *st)
{
    float *style = alloc_array((size_t)kokoro_style_width(v->model), sizeof *style, st);
    bool ok = style && mix(v, speaker, 1, style, st);
    alloc_free(style);
    if (!ok) return false;
    const char *language = kokoro_voice_language(speaker), *name = kokoro_voice_language_name(speaker);
    if (language && strncmp(language, "en-", 3) == 0) return true;
    return status_set(st, STATUS_USAGE, "the voice '%s' speaks %s; of Kokoro's languages only English can be read so far", speaker, name ? name : "an unknown language");
}

/* ---- speaking ---- */
bool kokoro_voice_say(op_ctx *c, kokoro_voice *v, const phonemizer *p, const voice_settings *settings, voice_speech *out)
{
    int64_t *ids = arena_alloc(c->mem, (size_t)(out->symbols + 2) * sizeof *ids, c->st), count = 1, *durations;
    float *style = arena_alloc(c->mem, (size_t)kokoro_style_width(v->model) * sizeof *style, c->st);
    if (!ids || !style) return false;
    ids[0] = 0;
    for (int64_t i = 0; i < out->symbols; i++) {
        char one[5] = "";
        int64_t found[3];
        memcpy(one, out->symbol[i].text, (size_t)out->symbol[i].bytes);
        bool known = phoneme_ids(p, one, found, 3) == 3 && count < KOKORO_LONGEST - 1;
        out->symbol[i].samples = known; /* for now: whether it has an id */
        if (known) ids[count++] = found[1];
    }
    ids[count++] = 0;
    if (count < 3) return true;
    if (!mix(v, settings->speaker, count - 2, style, c->st)) return false;
    out->sound = kokoro_speak(c, v->model, ids, count, style, settings->speed, &durations);
    if (!out->sound) return false;
    int64_t at = durations[0] * KOKORO_FRAME, id = 1;
    for (int64_t i = 0; i < out->symbols; i++) {
        out->symbol[i].from = at;
        if (out->symbol[i].samples) out->symbol[i].samples = durations[id++] * KOKORO_FRAME;
        at += out->symbol[i].samples;
    }
    return true;
}
