/* batch_text: text jobs of one model share every pass over its weights; jobs join when others leave. */
#include <string.h>

#include "cli/batch.h"
#include "cli/model_path.h"
#include "cli/text_options.h"
#include "cli/text_request.h"
#include "core/alloc.h"
#include "core/log.h"

enum { MAX_PARALLEL = 64 };

/* A job on its way. The request must outlive the sequence's start, its options the request. */
typedef struct {
    batch_item *item;
    text_options options;
    text_request request;
    char *input;
    generate_sequence *sequence;
} slot;

struct batch_text {
    char *name;       /* the model that is loaded, as jobs call it */
    text_model model;
    generator *generator;
    slot slot[MAX_PARALLEL];
    int64_t running;
};

static void close_model(batch_text *t)
{
    generator_free(t->generator);
    t->generator = NULL;
    text_model_close(&t->model);
    alloc_free(t->name);
    t->name = NULL;
}

static bool open_model(batch *b, batch_text *t, const char *name, status *st)
{
    if (t->name && strcmp(t->name, name) == 0) return true;
    close_model(t);
    char *path = model_path_find(name, st);
    generator_options go = {0};
    bool ok = path && text_model_open(&t->model, path, LINEAR_FAST, batch_threads(b), st) &&
              (t->generator = generator_new(t->model.gpt, t->model.tokenizer, batch_threads(b), &go, st)) &&
              (t->name = alloc_string(name, strlen(name), st));
    alloc_free(path);
    if (!ok) close_model(t);
    return ok;
}

static bool set_options(slot *s, status *st)
{
    option table[TEXT_OPTION_COUNT];
    s->options = text_options_default();
    text_options_table(&s->options, table);
    for (size_t i = 0; i < s->item->job.option_count; i++)
        if (!options_set(table, s->item->job.option[i].name, s->item->job.option[i].value, st)) return false;
    if (s->options.file && strcmp(s->options.file, "-") == 0) return status_set(st, STATUS_USAGE, "\"file\": stdin is not a job's");
    return s->options.prompt || s->options.file || status_set(st, STATUS_USAGE, "no \"prompt\" and no \"file\"");
}

static void end_slot(batch *b, batch_text *t, slot *s, const char *text, const status *result)
{
    batch_finish(b, s->item, text, result);
    if (s->sequence) generator_drop(t->generator, s->sequence), t->running--;
    text_request_free(&s->request);
    alloc_free(s->input);
    *s = (slot){0};
}

/* Brings a job into the generator; one that cannot start ends with its error. */
static void join(batch *b, batch_text *t, slot *s, batch_item *item)
{
    status wrong = {0};
    *s = (slot){.item = item};
    if (set_options(s, &wrong) && (s->input = text_request_input(&s->options, &wrong)) &&
        text_request_init(&s->request, &s->options, &t->model, s->input, item->job.seed, generator_context(t->generator), &wrong)) {
        s->request.request.seed = item->job.seed;
        s->sequence = generator_add(t->generator, &s->request.request, &wrong);
        if (s->sequence) t->running++;
    }
    if (!s->sequence) end_slot(b, t, s, NULL, &wrong);
}

static void fill_slots(batch *b, batch_text *t)
{
    int64_t limit = batch_parallel(b) < MAX_PARALLEL ? batch_parallel(b) : MAX_PARALLEL;
    for (int64_t i = 0; i < limit; i++)
        while (!t->slot[i].item) {
            batch_item *item = batch_take(b, JOB_TEXT, t->name);
            if (!item) return;
            join(b, t, &t->slot[i], item);
        }
}

/* Takes out what has ended. A text that the context cut is told of, not failed: its bytes are what was asked for. */
static void reap(batch *b, batch_text *t, const status *step)
{
    for (int i = 0; i < MAX_PARALLEL; i++) {
        slot *s = &t->slot[i];
        if (!s->item) continue;
        generate_result r = generate_result_of(s->sequence);
        if (status_ok(step) && r.reason == GENERATE_RUNNING) continue;
        if (r.reason == GENERATE_CONTEXT) log_warning("job '%s': the context is full, its text ends there", s->item->job.id);
        end_slot(b, t, s, r.text ? r.text : "", step);
    }
}

bool batch_text_run(batch *b, batch_text **state)
{
    batch_item *first;
    while (!batch_stopped(b) && (first = batch_take(b, JOB_TEXT, NULL))) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, sizeof **state, &st);
        batch_text *t = *state;
        if (!t || !open_model(b, t, batch_model_of(first), &st)) {
            batch_finish(b, first, NULL, &st);
            continue;
        }
        join(b, t, &t->slot[0], first);
        fill_slots(b, t);
        while (t->running > 0) {
            generator_step(t->generator, &st);
            reap(b, t, &st);
            if (!batch_stopped(b)) fill_slots(b, t);
            st = (status){0};
        }
    }
    return !batch_stopped(b);
}

void batch_text_free(batch_text *state)
{
    if (!state) return;
    close_model(state);
    alloc_free(state);
}
