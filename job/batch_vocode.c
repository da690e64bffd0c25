/* batch_vocode: vocode jobs, one after another; the vocoder stays loaded. */
#include <string.h>

#include "job/batch_lane.h"
#include "job/batch_options.h"
#include "core/alloc.h"
#include "core/log.h"

struct batch_vocode {
    vocoder *vocoder; /* NULL: Griffin-Lim */
    char *model;      /* its path */
    arena *mem;
};

static bool open_model(batch_vocode *s, batch_item *item, const char *model, status *st)
{
    if (s->model && strcmp(s->model, model) == 0) return true;
    vocoder_free(s->vocoder);
    alloc_free(s->model);
    *s = (batch_vocode){.mem = s->mem};
    double begun = log_seconds();
    s->vocoder = vocoder_open(model, st);
    item->loading = log_seconds() - begun;
    s->model = s->vocoder ? alloc_string(model, strlen(model), st) : NULL;
    return s->model != NULL;
}

static void make(batch_lane *lane, batch_vocode *s, batch_item *item, status *st)
{
    batch_option_values v;
    if (!batch_options_set(&item->job, &v, st)) return;
    if (!s->mem) s->mem = arena_new(st);
    if (!s->mem || (v.vocode.model && !open_model(s, item, v.vocode.model, st))) return;
    v.vocode.output = item->path;
    v.vocode.only_check = item->only_check;
    v.vocode.seed = (int64_t)(item->job.seed & INT64_MAX);
    op_ctx c = {.mem = s->mem, .threads = batch_lane_threads(lane), .st = st};
    size_t mark = arena_mark(s->mem);
    vocode_flags_run(&v.vocode, v.vocode.model ? s->vocoder : NULL, &c);
    arena_reset(s->mem, mark);
}

void batch_vocode_run(batch_lane *lane, batch_vocode **state)
{
    batch_item *item;
    while ((item = batch_lane_take(lane, JOB_VOCODE, NULL))) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, sizeof **state, &st);
        if (*state) make(lane, *state, item, &st);
        batch_lane_end(lane, item, NULL, &st);
    }
}

void batch_vocode_free(batch_vocode *state)
{
    if (!state) return;
    vocoder_free(state->vocoder);
    alloc_free(state->model);
    arena_free(state->mem);
    alloc_free(state);
}
