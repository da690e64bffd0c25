/* run_embed: texts as vectors, one after another; the model stays loaded. */
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "engine/model_path.h"
#include "engine/run.h"
#include "text/score.h"
#include "text/text_buffer.h"
#include "text/text_model.h"

enum { MAX_FILE = 64 << 20 };

typedef struct {
    char *name;    /* the model that is loaded, as requests call it */
    bool exact;
    text_model model;
} run_state;

static void close_model(run_state *s)
{
    text_model_close(&s->model);
    alloc_free(s->name);
    s->name = NULL;
}

static bool open_model(lane *l, run_state *s, request *q, bool exact, status *st)
{
    if (s->name && strcmp(s->name, q->model) == 0 && s->exact == exact) return true;
    if (s->name) close_model(s);
    double begun = log_seconds();
    char *path = model_path_find(q->model, st);
    if (path && text_model_open(&s->model, path, exact ? LINEAR_EXACT : LINEAR_FAST, lane_threads(l), st)) {
        s->name = alloc_string(q->model, strlen(q->model), st);
        s->exact = exact;
        if (!s->name) text_model_close(&s->model);
        q->loading = log_seconds() - begun;
    }
    alloc_free(path);
    return s->name != NULL;
}

/* The i-th text's ids, given as such or as words. */
static bool read_text(const run_state *s, const request *q, size_t i, tokenizer_ids *ids, status *st)
{
    size_t bad;
    const embed_options *o = &q->options.embed;
    int64_t context = gpt_context(s->model.gpt);
    const char *text = o->prompts.item[i];
    if (o->ids.count) {
        if (!request_read_ids(q, o->ids.item[i], s->model.tokenizer, ids, st)) return false;
    } else if (!text_is_utf8(text, strlen(text), &bad)) return status_set(st, STATUS_INPUT, "byte %zu of the text is no UTF-8", bad);
    else if (!tokenizer_encode(s->model.tokenizer, text, strlen(text), TOKENIZER_ADD_SPECIAL, ids, st)) return false;
    return (ids->count > 0 && ids->count <= context) ||
           status_set(st, STATUS_INPUT, "the text has %lld tokens, 1 to %lld wanted, as many as the context holds", (long long)ids->count, (long long)context);
}

/* The i-th text -> out [C]; *tokens grows by as many as were read. */
static bool embed(lane *l, const run_state *s, const request *q, size_t i, float *out, int64_t *tokens, status *st)
{
    tokenizer_ids ids = {0};
    bool ok = request_goes_on(q, st) && read_text(s, q, i, &ids, st), normalize = q->options.embed.normalize || q->normalize;
    ok = ok && !q->only_check && score_embed(s->model.gpt, lane_threads(l), ids.id, ids.count, out, st);
    if (ok && normalize) score_normalize(out, s->model.gpt->config.width);
    *tokens += ids.count;
    tokenizer_ids_free(&ids);
    return ok;
}

static void embed_all(lane *l, run_state *s, request *q, size_t count, status *st)
{
    request_vectors made = {.count = count, .width = (size_t)s->model.gpt->config.width};
    float *v = alloc_array(count * made.width, sizeof *v, st);
    for (size_t i = 0; v && i < count && status_ok(st); i++) embed(l, s, q, i, v + i * made.width, &made.tokens, st);
    made.vector = v;
    if (status_ok(st) && !q->only_check && q->on_vectors) q->on_vectors(q, &made, st);
    alloc_free(v);
}

static void run(lane *l, void *state, request *q, status *st)
{
    run_state *s = state;
    char *read = NULL;
    embed_options *o = &q->options.embed;
    size_t size, count = o->ids.count ? o->ids.count : o->prompts.count;
    if (o->file && (read = file_read_text(o->file, MAX_FILE, &size, st))) o->prompts.item[0] = read, count = 1;
    for (size_t i = 0; !o->ids.count && i < count && status_ok(st); i++)
        filter_lists_pass(&q->filters, FILTER_PROMPT, "the prompt", o->prompts.item[i], strlen(o->prompts.item[i]), st);
    if (status_ok(st) && open_model(l, s, q, o->exact, st)) embed_all(l, s, q, count, st);
    alloc_free(read);
}

void run_embed(lane *l, void **state) { lane_each(l, KIND_EMBED, state, sizeof(run_state), run); }

void run_embed_free(void *state)
{
    run_state *s = state;
    if (!s) return;
    if (s->name) close_model(s);
    alloc_free(s);
}
