/* batch_embed: texts as vectors, one after another; the model stays loaded. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "job/batch_lane.h"
#include "job/batch_answer.h"
#include "job/batch_options.h"
#include "engine/model_path.h"
#include "engine/text_json.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "text/score.h"
#include "text/text_buffer.h"
#include "text/text_model.h"

enum { MAX_FILE = 64 << 20 };

struct batch_embed {
    char *name;    /* the model that is loaded, as jobs call it */
    bool exact;
    text_model model;
};

static void close_model(batch_embed *s)
{
    text_model_close(&s->model);
    alloc_free(s->name);
    s->name = NULL;
}

static bool open_model(batch_lane *lane, batch_embed *s, batch_item *item, bool exact, status *st)
{
    const char *name = batch_item_model(item);
    if (s->name && strcmp(s->name, name) == 0 && s->exact == exact) return true;
    if (s->name) close_model(s);
    double begun = log_seconds();
    char *path = model_path_find(name, st);
    if (path && text_model_open(&s->model, path, exact ? LINEAR_EXACT : LINEAR_FAST, batch_lane_threads(lane), st)) {
        s->name = alloc_string(name, strlen(name), st);
        s->exact = exact;
        if (!s->name) text_model_close(&s->model);
        item->loading = log_seconds() - begun;
    }
    alloc_free(path);
    return s->name != NULL;
}

/* The i-th text's ids, given as such or as words. */
static bool read_text(const batch_embed *s, const batch_item *item, const batch_embed_options *o, size_t i, tokenizer_ids *ids, status *st)
{
    size_t bad;
    int64_t context = gpt_context(s->model.gpt);
    const char *text = o->prompts.item[i];
    if (o->ids.count) {
        if (!batch_item_read_ids(item, o->ids.item[i], s->model.tokenizer, ids, st)) return false;
    } else if (!text_is_utf8(text, strlen(text), &bad)) return status_set(st, STATUS_INPUT, "byte %zu of the text is no UTF-8", bad);
    else if (!tokenizer_encode(s->model.tokenizer, text, strlen(text), TOKENIZER_ADD_SPECIAL, ids, st)) return false;
    return (ids->count > 0 && ids->count <= context) ||
           status_set(st, STATUS_INPUT, "the text has %lld tokens, 1 to %lld wanted, as many as the context holds", (long long)ids->count, (long long)context);
}

/* The i-th text -> out [C]; *tokens grows by as many as were read. */
static bool embed(batch_lane *lane, const batch_embed *s, const batch_item *item, const batch_embed_options *o, size_t i, float *out, int64_t *tokens, status *st)
{
    tokenizer_ids ids = {0};
    int64_t width = s->model.gpt->config.width;
    bool ok = read_text(s, item, o, i, &ids, st), normalize = o->normalize || item->job.form != JOB_FORM_OWN;
    ok = ok && !item->only_check && score_embed(s->model.gpt, batch_lane_threads(lane), ids.id, ids.count, out, st);
    double square = 0;
    for (int64_t k = 0; ok && normalize && k < width; k++) square += (double)out[k] * (double)out[k];
    for (int64_t k = 0; square > 0 && k < width; k++) out[k] = (float)(out[k] / sqrt(square));
    *tokens += ids.count;
    tokenizer_ids_free(&ids);
    return ok;
}

/* {"model", "prompt_tokens", "embedding": […]}, or "embeddings": [[…], …] for several texts. */
static char *own_answer(const batch_item *item, const float *v, size_t count, size_t width, int64_t tokens, status *st)
{
    json_t *all = json_array();
    for (size_t k = 0; k < count; k++) {
        json_t *list = json_array();
        for (size_t i = 0; i < width; i++) json_array_append_new(list, text_json_number((double)v[k * width + i]));
        json_array_append_new(all, list);
    }
    json_t *root = json_pack("{s:s, s:I, s:O}", "model", batch_item_model(item), "prompt_tokens", (json_int_t)tokens, count == 1 ? "embedding" : "embeddings",
                             count == 1 ? json_array_get(all, 0) : all);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;
    if (!text) status_set(st, STATUS_NOMEM, "out of memory for the vectors");
    json_decref(all);
    json_decref(root);
    return text;
}

static char *answer(batch_lane *lane, batch_embed *s, batch_item *item, batch_embed_options *o, status *st)
{
    char *read = NULL;
    size_t size, width, count = o->ids.count ? o->ids.count : o->prompts.count;
    if (o->file && (read = file_read_text(o->file, MAX_FILE, &size, st))) o->prompts.item[0] = read, count = 1;
    for (size_t i = 0; !o->ids.count && i < count && status_ok(st); i++)
        filter_lists_pass(&item->filters, FILTER_PROMPT, "the prompt", o->prompts.item[i], strlen(o->prompts.item[i]), st);
    if (!status_ok(st) || !open_model(lane, s, item, o->exact, st)) {
        alloc_free(read);
        return NULL;
    }
    bool request = item->job.form != JOB_FORM_OWN;
    int64_t tokens = 0;
    width = (size_t)s->model.gpt->config.width;
    float *v = alloc_array(count * width, sizeof *v, st);
    for (size_t i = 0; v && i < count && status_ok(st); i++) embed(lane, s, item, o, i, v + i * width, &tokens, st);
    char *text = !status_ok(st) || item->only_check ? NULL
                 : request      ? batch_answer_embedding(item, v, count, width, tokens, st)
                                : own_answer(item, v, count, width, tokens, st);
    alloc_free(v);
    alloc_free(read);
    return text;
}

void batch_embed_run(batch_lane *lane, batch_embed **state)
{
    batch_item *item;
    while ((item = batch_lane_take(lane, JOB_EMBED, NULL))) {
        status st = {0};
        batch_option_values v;
        char *text = NULL;
        if (!*state) *state = alloc_zeroed(1, sizeof **state, &st);
        if (*state && batch_options_set(&item->job, &v, &st)) text = answer(lane, *state, item, &v.embed, &st);
        batch_lane_end(lane, item, text, &st);
        alloc_free(text);
    }
}

void batch_embed_free(batch_embed *state)
{
    if (!state) return;
    if (state->name) close_model(state);
    alloc_free(state);
}
