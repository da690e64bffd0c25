/* aigc: the public library (include/aigc.h) over requests and lanes. */
#include "aigc.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/log.h"
#include "core/rng.h"
#include "engine/lane.h"

struct aigc_engine {
    lane_models models;
    lanes *lanes;
    log_sink log;
    void (*on_log)(void *arg, aigc_log_level level, const char *text);
    void *log_arg;
    pthread_mutex_t lock;
    pthread_cond_t none;
    aigc_task *first; /* under lock: what has not ended */
};

typedef struct {
    void *data; /* of a picture: bytes; of a vector: numbers */
    int width, height;
    char *record;
} image_made;

typedef struct {
    char *text;
    size_t size;
    const char *end;
} text_made;

struct aigc_task {
    request q;
    aigc_engine *engine;
    aigc_request asked;  /* its strings are copies in mem */
    arena *mem;
    pthread_mutex_t lock;
    pthread_cond_t over;
    bool ended;          /* under lock: nothing of the engine touches it any more */
    atomic_bool ready;   /* its results may be read */
    aigc_task *before, *after; /* under the engine's lock */
    filter *filter;
    text_made *text;     /* [count] */
    image_made *image;   /* [count] */
    float *vector;       /* [count, width] */
    float *sample;       /* [samples] */
    char *record;        /* of texts and sounds */
    int count;
    size_t width, samples, room;
    int rate;
};

/* ---- words for the outside ---- */

static aigc_status status_of(status_code code)
{
    switch (code) {
    case STATUS_OK: return AIGC_OK;
    case STATUS_USAGE: return AIGC_USAGE;
    case STATUS_INPUT: return AIGC_INPUT;
    case STATUS_REFUSED: return AIGC_REFUSED;
    case STATUS_NOMEM: return AIGC_NO_MEMORY;
    case STATUS_IO: return AIGC_IO;
    case STATUS_INTERRUPTED: return AIGC_CANCELLED;
    case STATUS_FAIL:
    case STATUS_PARTIAL: break;
    }
    return AIGC_FAILED;
}

const char *aigc_status_name(aigc_status s)
{
    switch (s) {
    case AIGC_OK: return "ok";
    case AIGC_FAILED: return "failed";
    case AIGC_USAGE: return "usage";
    case AIGC_INPUT: return "input";
    case AIGC_REFUSED: return "refused";
    case AIGC_NO_MEMORY: return "no memory";
    case AIGC_IO: return "io";
    case AIGC_CANCELLED: return "cancelled";
    }
    return "unknown";
}

const char *aigc_version(void) { return AIGC_VERSION; }

/* ---- engines ---- */

static void hear_log(void *arg, log_level level, const char *text)
{
    const aigc_engine *e = arg;
    if (e->on_log) e->on_log(e->log_arg, level == LOG_QUIET ? AIGC_LOG_WARNING : level == LOG_NORMAL ? AIGC_LOG_MESSAGE : AIGC_LOG_DETAIL, text);
}

/* A structure of the caller's version: fields that it does not have are 0. */
static void take(void *to, size_t size, const void *from, size_t from_size)
{
    memset(to, 0, size);
    memcpy(to, from, from_size < size ? from_size : size);
}

aigc_engine *aigc_open(const aigc_options *options, aigc_status *why)
{
    status st = {0};
    aigc_options o = {0};
    aigc_engine *e = alloc_zeroed(1, sizeof *e, &st);
    if (options) take(&o, sizeof o, options, options->size);
    if (e) {
        e->on_log = o.on_log;
        e->log_arg = o.arg;
        pthread_mutex_init(&e->lock, NULL);
        pthread_cond_init(&e->none, NULL);
        log_sink before = log_get_sink();
        e->log = (log_sink){hear_log, e};
        log_set_sink(e->log);
        e->lanes = lanes_start(&e->models, o.threads < 0 ? 0 : o.threads, o.parallel > 0 ? o.parallel : 16, &st);
        log_set_sink(before);
    }
    if (why) *why = status_of(st.code);
    if (e && !e->lanes) {
        aigc_close(e);
        e = NULL;
    }
    return e;
}

void aigc_close(aigc_engine *e)
{
    if (!e) return;
    if (e->lanes) lanes_stop(e->lanes);
    pthread_mutex_lock(&e->lock);
    for (aigc_task *t = e->first; t; t = t->after) atomic_store(&t->q.cancelled, true);
    while (e->first) pthread_cond_wait(&e->none, &e->lock);
    pthread_mutex_unlock(&e->lock);
    lanes_free(e->lanes);
    lane_models_free(&e->models);
    pthread_cond_destroy(&e->none);
    pthread_mutex_destroy(&e->lock);
    alloc_free(e);
}

/* ---- what is made ---- */

static bool on_text(request *q, const char *text, size_t size)
{
    const aigc_request *r = &((aigc_task *)q->arg)->asked;
    return r->on_text(r->arg, text, size) != 0;
}

/* Is a text only known when all of it is: what the filter judges, thoughts that are left out, a last half sentence? Then it comes
 * at once, at its end. */
static bool comes_whole(const aigc_task *t)
{
    const text_options *o = &t->q.options.text;
    return filter_has_output(t->filter) || strcmp(o->think, "hide") == 0 || (o->on_length && strcmp(o->on_length, "sentence") == 0);
}

static bool on_step(request *q, int step, int steps)
{
    const aigc_request *r = &((aigc_task *)q->arg)->asked;
    return !r->on_progress || r->on_progress(r->arg, step, steps) != 0;
}

static void on_texts(request *q, const request_texts *made, status *st)
{
    aigc_task *t = q->arg;
    t->text = alloc_zeroed(made->count, sizeof *t->text, st);
    for (size_t i = 0; t->text && i < made->count && status_ok(st); i++) {
        const generate_result *r = &made->text[i];
        thoughts th = thoughts_find(r->text, r->text_size, made->start, true);
        size_t from = strcmp(q->options.text.think, "hide") == 0 ? th.answer : 0;
        t->text[i] = (text_made){alloc_string(r->text + from, r->text_size - from, st), r->text_size - from, generate_reason_text(r->reason)};
        t->count = (int)i + 1;
    }
    if (made->origin && status_ok(st)) t->record = origin_record(made->origin);
    if (t->asked.on_text && comes_whole(t) && status_ok(st)) on_text(q, t->text[0].text, t->text[0].size);
}

static void on_picture(request *q, size_t choice, const picture *p, const image_origin *record, const image_result *result, status *st)
{
    aigc_task *t = q->arg;
    size_t bytes = (size_t)p->width * (size_t)p->height * 3;
    (void)result;
    if (!t->image && !(t->image = alloc_zeroed(q->choices, sizeof *t->image, st))) return;
    image_made *made = &t->image[choice];
    uint8_t *pixel = made->data = alloc_array(bytes, 1, st);
    if (record->record) made->record = alloc_string(record->record, strlen(record->record), st);
    if (!status_ok(st)) return;
    for (size_t i = 0; i < bytes / 3; i++)
        for (size_t k = 0; k < 3; k++) pixel[3 * i + k] = p->pixel[p->channels == 1 ? i : 3 * i + k];
    made->width = (int)p->width, made->height = (int)p->height;
    t->count = (int)choice + 1;
}

static bool on_sound(request *q, const float *samples, int64_t count, int rate)
{
    aigc_task *t = q->arg;
    const aigc_request *r = &t->asked;
    size_t n = (size_t)count;
    t->rate = rate;
    t->count = 1;
    if (t->samples + n > t->room) {
        size_t room = t->room ? 2 * t->room : 65536;
        while (room < t->samples + n) room *= 2;
        float *grown = alloc_resize(t->sample, room, sizeof *grown, &q->result); /* the lane sets the result at the end, an error stays */
        if (!grown) return false;
        t->sample = grown, t->room = room;
    }
    memcpy(t->sample + t->samples, samples, n * sizeof *samples);
    t->samples += n;
    return !r->on_samples || r->on_samples(r->arg, samples, n, rate) != 0;
}

static void on_record(request *q, const char *record, status *st)
{
    aigc_task *t = q->arg;
    t->record = alloc_string(record, strlen(record), st);
}

static void on_vectors(request *q, const request_vectors *made, status *st)
{
    aigc_task *t = q->arg;
    t->vector = alloc_array(made->count * made->width, sizeof *t->vector, st);
    if (!t->vector) return;
    memcpy(t->vector, made->vector, made->count * made->width * sizeof *t->vector);
    t->width = made->width;
    t->count = (int)made->count;
}

/* The last that the engine does with a task: from here on it is the caller's alone. */
static void leave(aigc_task *t)
{
    aigc_engine *e = t->engine;
    atomic_store(&t->ready, true);
    if (t->asked.on_end) t->asked.on_end(t->asked.arg, t);
    pthread_mutex_lock(&e->lock);
    *(t->before ? &t->before->after : &e->first) = t->after;
    if (t->after) t->after->before = t->before;
    pthread_mutex_lock(&t->lock);
    t->ended = true;
    pthread_cond_broadcast(&t->over);
    pthread_mutex_unlock(&t->lock);
    if (!e->first) pthread_cond_broadcast(&e->none);
    pthread_mutex_unlock(&e->lock);
}

static void on_end(request *q) { leave(q->arg); }

/* ---- what is asked ---- */

static const char *keep(aigc_task *t, const char *text, status *st)
{
    size_t n = text ? strlen(text) + 1 : 0;
    char *copy = text ? arena_alloc(t->mem, n, st) : NULL;
    if (copy) memcpy(copy, text, n);
    return copy;
}

/* "name=value", by the table that points into the request's options. */
static bool set_setting(aigc_task *t, const option *table, const char *setting, status *st)
{
    const char *equals = strchr(setting, '=');
    size_t n = equals ? (size_t)(equals - setting) : strlen(setting);
    const option *o = options_find_name(table, setting, n);
    if (!o) return status_set(st, STATUS_USAGE, "settings: '%.*s' is no option of the kind %s%s", (int)(n < 60 ? n : 60), setting, kind_name(t->q.kind),
                              options_near_name(table, "", setting, n).text);
    if (!equals && o->type != OPTION_FLAG) return status_set(st, STATUS_USAGE, "settings: '%.60s' found, %s=VALUE wanted", setting, o->name);
    const char *value = equals ? keep(t, equals + 1, st) : NULL;
    return (value || !equals) && option_set(o, value, st);
}

/* The words where their kind wants them. */
static bool set_words(aigc_task *t, status *st)
{
    request_options *o = &t->q.options;
    const char *words = keep(t, t->asked.words, st);
    const char *there = words;
    switch (t->q.kind) {
    case KIND_TEXT:
        if (words) o->text.prompt = words;
        if (!there) there = o->text.messages.count ? o->text.messages.item[0] : o->text.ids.count ? o->text.ids.item[0] : o->text.prompt ? o->text.prompt : o->text.file;
        break;
    case KIND_IMAGE:
        if (words) o->image.prompt = words;
        there = o->image.prompt;
        o->image.quiet = true;
        break;
    case KIND_SPEAK:
        if (words) o->speak.text = words;
        there = o->speak.text ? o->speak.text : o->speak.file;
        break;
    case KIND_VOCODE:
        if (words) o->vocode.input = words;
        there = o->vocode.input;
        break;
    case KIND_EMBED:
        if (words) o->embed.prompts.item[0] = words, o->embed.prompts.count = 1;
        there = o->embed.prompts.count ? o->embed.prompts.item[0] : o->embed.ids.count ? o->embed.ids.item[0] : o->embed.file;
        break;
    case KIND_COUNT: break;
    }
    return there || status_set(st, STATUS_USAGE, "no words: %s wants some", kind_name(t->q.kind));
}

/* PATH, PATH-2.png, … */
static bool set_paths(aigc_task *t, status *st)
{
    const char *path = keep(t, t->asked.path, st), *slash = path ? strrchr(path, '/') : NULL, *dot = path ? strrchr(slash ? slash : path, '.') : NULL;
    if (!path) return status_ok(st);
    if (!output_ending_check(kind_of(t->q.kind)->output, "path", path, st)) return false;
    size_t stem = dot ? (size_t)(dot - path) : strlen(path), size = strlen(path) + 16;
    for (uint32_t i = 0; i < t->q.choices && i < REQUEST_PATHS; i++) {
        char *name = i ? arena_alloc(t->mem, size, st) : NULL;
        if (i && !name) return false;
        if (i) snprintf(name, size, "%.*s-%u%s", (int)stem, path, i + 1, path + stem);
        t->q.path[i] = i ? name : path;
    }
    return true;
}

static const char *filter_of(const request *q)
{
    return q->kind == KIND_TEXT ? q->options.text.filter : q->kind == KIND_IMAGE ? q->options.image.filter : q->kind == KIND_SPEAK ? q->options.speak.filter : NULL;
}

static bool settle(aigc_task *t, status *st)
{
    request *q = &t->q;
    const aigc_request *r = &t->asked;
    option table[KIND_OPTION_COUNT];
    if ((int)r->kind < 0 || (int)r->kind >= KIND_COUNT) return status_set(st, STATUS_USAGE, "kind: %d found, 0 to %d wanted", (int)r->kind, KIND_COUNT - 1);
    if (r->choices < 0 || r->choices > REQUEST_TEXTS) return status_set(st, STATUS_USAGE, "choices: %d found, 0 to %d wanted", r->choices, REQUEST_TEXTS);
    request_init(q, (request_kind)r->kind, t->mem);
    kind_of(q->kind)->table(&q->options, table);
    for (const char *const *s = r->settings; s && *s && status_ok(st); s++) set_setting(t, table, *s, st);
    const char *model = keep(t, r->model, st);
    for (const option *o = table; model && o->name; o++)
        if (o->type == OPTION_STRING && (o->about & OPTION_MODEL)) option_set(o, model, st);
    if (!status_ok(st) || !set_words(t, st)) return false;
    request_settle_model(q);
    q->seed = r->seed < 0 ? rng_fresh_seed() : (uint64_t)r->seed;
    q->choices = r->choices ? (uint32_t)r->choices : 1;
    q->record = q->kind == KIND_TEXT;
    if (!set_paths(t, st)) return false;
    const char *list = filter_of(q);
    if (list && !(q->filters.list[0] = t->filter = filter_open(list, st))) return false;
    return status_ok(st);
}

static void hear(aigc_task *t)
{
    request *q = &t->q;
    q->arg = t;
    q->on_text = t->asked.on_text && q->kind == KIND_TEXT && !comes_whole(t) ? on_text : NULL;
    q->on_step = on_step;
    q->on_sound = on_sound;
    q->on_texts = on_texts;
    q->on_picture = on_picture;
    q->on_record = on_record;
    q->on_vectors = on_vectors;
    q->on_end = on_end;
}

aigc_task *aigc_submit(aigc_engine *e, const aigc_request *r)
{
    status st = {0}, wrong = {0};
    aigc_task *t = e && r ? alloc_zeroed(1, sizeof *t, &st) : NULL;
    if (!t) return NULL;
    t->mem = arena_new(&st);
    if (!t->mem) {
        alloc_free(t);
        return NULL;
    }
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->over, NULL);
    t->engine = e;
    take(&t->asked, sizeof t->asked, r, r->size);
    bool good = settle(t, &wrong);
    if (good) hear(t);
    t->q.on_end = on_end;
    t->q.arg = t;
    pthread_mutex_lock(&e->lock);
    t->after = e->first;
    if (e->first) e->first->before = t;
    e->first = t;
    pthread_mutex_unlock(&e->lock);
    t->q.result = wrong;
    if (good) lanes_give(e->lanes, &t->q);
    else leave(t);
    return t;
}

aigc_status aigc_wait(aigc_task *t)
{
    if (!t) return AIGC_NO_MEMORY;
    pthread_mutex_lock(&t->lock);
    while (!t->ended) pthread_cond_wait(&t->over, &t->lock);
    pthread_mutex_unlock(&t->lock);
    return status_of(t->q.result.code);
}

int aigc_ended(const aigc_task *t) { return t && atomic_load(&t->ready); }

void aigc_cancel(aigc_task *t)
{
    if (!t || atomic_load(&t->ready)) return;
    atomic_store(&t->q.cancelled, true);
    lanes_withdraw(t->engine->lanes, &t->q);
}

void aigc_free(aigc_task *t)
{
    if (!t) return;
    aigc_cancel(t);
    aigc_wait(t);
    for (int i = 0; t->text && i < t->count; i++) alloc_free(t->text[i].text);
    for (uint32_t i = 0; t->image && i < t->q.choices; i++) {
        alloc_free(t->image[i].data);
        alloc_free(t->image[i].record);
    }
    alloc_free(t->text);
    alloc_free(t->image);
    alloc_free(t->vector);
    alloc_free(t->sample);
    alloc_free(t->record);
    filter_close(t->filter);
    arena_free(t->mem);
    pthread_cond_destroy(&t->over);
    pthread_mutex_destroy(&t->lock);
    alloc_free(t);
}

/* ---- results ---- */

static bool made(const aigc_task *t, int i) { return aigc_ended(t) && t->q.result.code == STATUS_OK && i >= 0 && i < t->count; }

const char *aigc_message(const aigc_task *t) { return aigc_ended(t) ? t->q.result.msg : ""; }

const char *aigc_remark(const aigc_task *t) { return made(t, 0) && t->q.remark ? t->q.remark : ""; }

int64_t aigc_seed(const aigc_task *t) { return t ? (int64_t)t->q.seed : 0; }

int aigc_count(const aigc_task *t) { return made(t, 0) ? t->count : 0; }

const char *aigc_text(const aigc_task *t, int i, size_t *size)
{
    bool there = made(t, i) && t->text;
    if (size) *size = there ? t->text[i].size : 0;
    return there ? t->text[i].text : NULL;
}

const char *aigc_text_end(const aigc_task *t, int i) { return made(t, i) && t->text ? t->text[i].end : ""; }

const uint8_t *aigc_pixels(const aigc_task *t, int i, int *width, int *height)
{
    bool there = made(t, i) && t->image;
    if (width) *width = there ? t->image[i].width : 0;
    if (height) *height = there ? t->image[i].height : 0;
    return there ? t->image[i].data : NULL;
}

const float *aigc_samples(const aigc_task *t, size_t *count, int *rate)
{
    bool there = made(t, 0) && t->sample;
    if (count) *count = there ? t->samples : 0;
    if (rate) *rate = there ? t->rate : 0;
    return there ? t->sample : NULL;
}

const float *aigc_vector(const aigc_task *t, int i, size_t *count)
{
    bool there = made(t, i) && t->vector;
    if (count) *count = there ? t->width : 0;
    return there ? t->vector + (size_t)i * t->width : NULL;
}

const char *aigc_record(const aigc_task *t, int i)
{
    if (!made(t, i)) return "";
    const char *record = t->image ? t->image[i].record : i == 0 || !t->text ? t->record : NULL;
    return record ? record : "";
}
