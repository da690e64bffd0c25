/* batch_image: image jobs, one after another; the model stays loaded. */
#include <stdio.h>
#include <string.h>

#include "job/batch_lane.h"
#include "job/batch_answer.h"
#include "job/batch_options.h"
#include "engine/image_session.h"
#include "engine/request_words.h"
#include "core/alloc.h"
#include "core/log.h"

struct batch_image {
    image_session *session;
    char *key; /* the options that the session was opened with */
};

/* What a session depends on: which weights and which arithmetic. */
static char *key_of(const job *j, status *st)
{
    size_t size = 1, used = 0;
    for (size_t i = 0; i < j->option_count; i++) size += strlen(j->option[i].name) + strlen(j->option[i].value) + 2;
    char *key = alloc_zeroed(size, 1, st);
    for (size_t i = 0; key && i < j->option_count; i++) {
        if (!(j->option[i].about & OPTION_LOADS)) continue;
        for (const char *s = j->option[i].name; *s; s++) key[used++] = *s;
        key[used++] = '=';
        for (const char *s = j->option[i].value; *s; s++) key[used++] = *s;
        key[used++] = '\n';
    }
    return key;
}

static bool open_session(batch_lane *lane, batch_image *s, batch_item *item, const image_options *o, status *st)
{
    char *key = key_of(&item->job, st);
    if (!key) return false;
    if (s->session && strcmp(s->key, key) == 0) {
        alloc_free(key);
        return true;
    }
    image_session_close(s->session);
    alloc_free(s->key);
    s->key = key;
    double begun = log_seconds();
    s->session = image_session_open(o, batch_lane_threads(lane), st);
    item->loading = log_seconds() - begun;
    return s->session != NULL;
}

/* The pictures of an OpenAI request, beside its answer: "ID.png", "ID-2.png", … */
static char *answer(batch_image *s, batch_item *item, const image_options *o, status *st)
{
    const char *path[JOURNAL_MAX_OUTPUTS] = {0};
    for (uint32_t i = 0; i < item->job.choices && status_ok(st); i++) {
        char ending[24] = ".png";
        image_result result;
        if (i) snprintf(ending, sizeof ending, "-%u.png", i + 1);
        path[i] = batch_item_add_output(item, ending, NULL, st);
        if (path[i]) image_session_draw(s->session, o, item->job.seed + i, path[i], &result, st);
    }
    return status_ok(st) ? batch_answer_image(item, path, st) : NULL;
}

static void remark_doubt(const batch_image *s, batch_item *item, const image_options *o, status *st)
{
    char *doubt = o->prompt ? arena_alloc(item->mem, IMAGE_SESSION_DOUBT, st) : NULL;
    if (doubt && image_session_doubts(s->session, o->prompt, doubt, IMAGE_SESSION_DOUBT)) item->remark = doubt;
}

/* The answer to a request; NULL for a job of our own form, whose product is its picture. */
static char *draw(batch_lane *lane, batch_image *s, batch_item *item, status *st)
{
    batch_option_values v;
    image_result result;
    if (!batch_options_set(&item->job, &v, st)) return NULL;
    v.image.quiet = true; /* the batch shows a line of its own */
    if (!request_words_image(&item->filters, &v.image, st) || !open_session(lane, s, item, &v.image, st)) return NULL;
    remark_doubt(s, item, &v.image, st);
    if (item->only_check) {
        image_session_check(s->session, &v.image, item->job.seed, st);
        return NULL;
    }
    if (item->job.form != JOB_FORM_OWN) return answer(s, item, &v.image, st);
    image_session_draw(s->session, &v.image, item->job.seed, item->path, &result, st);
    return NULL;
}

void batch_image_run(batch_lane *lane, batch_image **state)
{
    batch_item *item;
    while ((item = batch_lane_take(lane, JOB_IMAGE, NULL))) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, sizeof **state, &st);
        char *text = *state ? draw(lane, *state, item, &st) : NULL;
        batch_lane_end(lane, item, text, &st);
        alloc_free(text);
    }
}

void batch_image_free(batch_image *state)
{
    if (!state) return;
    image_session_close(state->session);
    alloc_free(state->key);
    alloc_free(state);
}
