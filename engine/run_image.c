/* run_image: pictures, one after another; the model stays loaded. */
#include <string.h>

#include "core/alloc.h"
#include "core/log.h"
#include "engine/request_words.h"
#include "engine/run.h"

typedef struct {
    image_session *session;
    char *key; /* the options that the session was opened with */
} run_state;

/* What a session depends on: which weights and which arithmetic. */
static char *key_of(image_options *o, status *st)
{
    option table[KIND_OPTION_COUNT];
    table[image_options_job_table(o, table)] = (option){0};
    return options_key(table, OPTION_LOADS, st);
}

static bool open_session(lane *l, run_state *s, request *q, status *st)
{
    char *key = key_of(&q->options.image, st);
    if (!key) return false;
    if (s->session && strcmp(s->key, key) == 0) {
        alloc_free(key);
        return true;
    }
    image_session_close(s->session);
    alloc_free(s->key);
    s->key = key;
    double begun = log_seconds();
    s->session = image_session_open(&q->options.image, lane_threads(l), st);
    q->loading = log_seconds() - begun;
    return s->session != NULL;
}

typedef struct {
    request *q;
    size_t choice;
} listener;

static bool on_step(void *arg, int step, int steps, status *st)
{
    request *q = ((listener *)arg)->q;
    if (q->on_step && !q->on_step(q, step, steps)) atomic_store(&q->cancelled, true);
    return request_goes_on(q, st);
}

static void on_picture(void *arg, const picture *p, const image_origin *record, const image_result *r, status *st)
{
    listener *h = arg;
    if (h->q->on_picture) h->q->on_picture(h->q, h->choice, p, record, r, st);
}

static void remark_doubt(const run_state *s, request *q, status *st)
{
    const char *prompt = q->options.image.prompt;
    char *doubt = prompt ? arena_alloc(q->mem, IMAGE_SESSION_DOUBT, st) : NULL;
    if (doubt && image_session_doubts(s->session, prompt, doubt, IMAGE_SESSION_DOUBT)) q->remark = doubt;
}

static void draw(lane *l, void *state, request *q, status *st)
{
    run_state *s = state;
    image_options *o = &q->options.image;
    if (!request_words_image(&q->filters, o, st) || !open_session(l, s, q, st)) return;
    remark_doubt(s, q, st);
    if (q->only_check) {
        image_session_check(s->session, o, q->seed, st);
        return;
    }
    for (uint32_t i = 0; i < q->choices && status_ok(st); i++) {
        image_result result;
        listener h = {q, i};
        image_session_listen(s->session, &(image_listener){on_step, on_picture, &h});
        image_session_draw(s->session, o, q->seed + i, i < REQUEST_PATHS ? q->path[i] : NULL, &result, st);
        image_session_listen(s->session, NULL);
    }
}

void run_image(lane *l, void **state) { lane_each(l, KIND_IMAGE, state, sizeof(run_state), draw); }

void run_image_free(void *state)
{
    run_state *s = state;
    if (!s) return;
    image_session_close(s->session);
    alloc_free(s->key);
    alloc_free(s);
}
