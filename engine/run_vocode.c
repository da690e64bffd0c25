/* run_vocode: spectra to sounds, one after another; the vocoder stays loaded. */
#include <string.h>

#include "core/alloc.h"
#include "core/log.h"
#include "engine/run.h"

typedef struct {
    vocoder *vocoder; /* NULL: Griffin-Lim */
    char *model;      /* its path */
    arena *mem;
} run_state;

static bool open_model(run_state *s, request *q, const char *model, status *st)
{
    if (s->model && strcmp(s->model, model) == 0) return true;
    vocoder_free(s->vocoder);
    alloc_free(s->model);
    *s = (run_state){.mem = s->mem};
    double begun = log_seconds();
    s->vocoder = vocoder_open(model, st);
    q->loading = log_seconds() - begun;
    s->model = s->vocoder ? alloc_string(model, strlen(model), st) : NULL;
    return s->model != NULL;
}

static bool on_sound(void *arg, const float *samples, int64_t count, int rate)
{
    request *q = arg;
    return !q->on_sound || q->on_sound(q, samples, count, rate);
}

static void on_record(void *arg, const char *record, status *st)
{
    request *q = arg;
    if (q->on_record) q->on_record(q, record, st);
}

static void make(lane *l, void *state, request *q, status *st)
{
    run_state *s = state;
    vocode_flags *f = &q->options.vocode;
    if (!s->mem) s->mem = arena_new(st);
    if (!s->mem || (f->model && !open_model(s, q, f->model, st))) return;
    f->output = q->path[0];
    f->only_check = q->only_check;
    f->seed = (int64_t)(q->seed & INT64_MAX);
    op_ctx c = {.mem = s->mem, .threads = lane_threads(l), .st = st};
    size_t mark = arena_mark(s->mem);
    vocode_flags_run(f, f->model ? s->vocoder : NULL, &(vocode_listener){on_sound, on_record, q}, &c);
    arena_reset(s->mem, mark);
}

void run_vocode(lane *l, void **state) { lane_each(l, KIND_VOCODE, state, sizeof(run_state), make); }

void run_vocode_free(void *state)
{
    run_state *s = state;
    if (!s) return;
    vocoder_free(s->vocoder);
    alloc_free(s->model);
    arena_free(s->mem);
    alloc_free(s);
}
