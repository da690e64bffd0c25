#include "job/batch_ask.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/text_out.h"
#include "engine/text_cut.h"
#include "engine/text_json.h"
#include "job/batch_answer.h"
#include "job/batch_options.h"
#include "job/batch_paths.h"

static bool is_own(const batch_item *item) { return item->job.form == JOB_FORM_OWN; }

/* text (freed here) becomes the text of the job's output. */
static void keep_text(batch_item *item, char *text, status *st)
{
    size_t n = text ? strlen(text) + 1 : 0;
    char *copy = text ? arena_alloc(item->mem, n, st) : NULL;
    if (copy) memcpy(copy, text, n);
    item->text = copy;
    alloc_free(text);
}

/* ---- texts ---- */

/* What is to be said of a text that was cut. The answer to a request says it itself, by its finish_reason. */
static void remark_cut(batch_item *item, const request_texts *made, status *st)
{
    text_cut how = TEXT_CUT_OPEN;
    const generate_result *r = made->text;
    while (!text_cut_is(r)) r++;
    if (!text_cut_of(item->q.options.text.on_length, &how, st)) return;
    bool tells = how == TEXT_CUT_WARN || (how == TEXT_CUT_OPEN && is_own(item));
    char *text = tells || !made->whole ? arena_alloc(item->mem, 160, st) : NULL;
    if (!text) return;
    if (!made->whole) snprintf(text, 160, "its text is cut after %lld tokens, before a first sentence ends; it stays as it is", (long long)r->count);
    else if (r->reason == GENERATE_CONTEXT) snprintf(text, 160, "the context is full after %lld tokens, its text ends there", (long long)r->count);
    else snprintf(text, 160, "its text is cut after %lld tokens (\"tokens\" sets another limit, \"on_length\" what is done)", (long long)r->count);
    item->q.remark = text;
}

/* OUT.origin.json, one of the job's outputs: when it is gone the job is done again. */
static bool add_beside(batch_item *item, origin *g, status *st)
{
    char ending[300], *text = origin_sidecar(g);
    const char *out = item->job.out, *slash = strrchr(out, '/'), *dot = strrchr(slash ? slash : out, '.');
    snprintf(ending, sizeof ending, "%.270s.origin.json", dot ? dot : "");
    bool ok = text && batch_item_add_output(item, ending, text, st);
    alloc_free(text);
    return ok;
}

/* The text, with its record before it where that is asked for, and beside its output. */
static char *own_text(batch_item *item, const request_texts *made, status *st)
{
    const text_options *o = &item->q.options.text;
    const generate_result *r = made->text;
    text_out whole = {.st = st};
    char *front = o->label ? origin_front_matter(made->origin) : NULL;
    bool records = strcmp(o->metadata, "none") != 0;
    if (made->cut && records) origin_ended(made->origin, generate_reason_text(r->reason));
    if (records) add_beside(item, made->origin, st);
    if (front) text_out_add(&whole, front);
    text_out_add(&whole, r->text + (strcmp(o->think, "hide") == 0 ? thoughts_find(r->text, r->text_size, made->start, true).answer : 0));
    alloc_free(front);
    return text_out_take(&whole);
}

static void on_texts(request *q, const request_texts *made, status *st)
{
    batch_item *item = q->arg;
    if (made->cut) remark_cut(item, made, st);
    keep_text(item, is_own(item) ? own_text(item, made, st) : batch_answer_text(item, made->text, made->count, made->start, made->tokenizer, st), st);
}

/* ---- pictures ---- */

/* The pictures of an OpenAI request lie beside its answer: "ID.png", "ID-2.png", … */
static bool ask_image(batch_item *item, status *st)
{
    item->q.options.image.quiet = true; /* the batch shows a line of its own */
    if (is_own(item)) item->q.path[0] = item->path;
    for (uint32_t i = 0; !is_own(item) && i < item->job.choices && status_ok(st); i++) {
        char ending[24] = ".png";
        if (i) snprintf(ending, sizeof ending, "-%u.png", i + 1);
        item->q.path[i] = batch_item_add_output(item, ending, NULL, st);
    }
    return status_ok(st);
}

/* ---- sounds ---- */

/* The sound of an OpenAI request lies beside its answer: "ID.mp3". Subtitles are outputs of the job. */
static bool ask_speak(batch_item *item, status *st)
{
    speak_flags *f = &item->q.options.speak;
    char ending[16];
    snprintf(ending, sizeof ending, ".%.10s", item->job.format ? item->job.format : "mp3");
    item->q.path[0] = is_own(item) ? item->path : batch_item_add_output(item, ending, NULL, st);
    if (f->srt) f->srt = batch_item_add_named(item, f->srt, st);
    if (f->vtt && status_ok(st)) f->vtt = batch_item_add_named(item, f->vtt, st);
    return status_ok(st);
}

/* ---- vectors ---- */

/* {"model", "prompt_tokens", "embedding": […]}, or "embeddings": [[…], …] for several texts. */
static char *own_vectors(const batch_item *item, const request_vectors *made, status *st)
{
    json_t *all = json_array();
    for (size_t k = 0; k < made->count; k++) {
        json_t *list = json_array();
        for (size_t i = 0; i < made->width; i++) json_array_append_new(list, text_json_number((double)made->vector[k * made->width + i]));
        json_array_append_new(all, list);
    }
    json_t *root = json_pack("{s:s, s:I, s:O}", "model", batch_item_model(item), "prompt_tokens", (json_int_t)made->tokens,
                             made->count == 1 ? "embedding" : "embeddings", made->count == 1 ? json_array_get(all, 0) : all);
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(8)) : NULL;
    if (!text) status_set(st, STATUS_NOMEM, "out of memory for the vectors");
    json_decref(all);
    json_decref(root);
    return text;
}

static void on_vectors(request *q, const request_vectors *made, status *st)
{
    batch_item *item = q->arg;
    char *text = is_own(item) ? own_vectors(item, made, st) : batch_answer_embedding(item, made->vector, made->count, made->width, made->tokens, st);
    keep_text(item, text, st);
}

/* ---- all ---- */

bool batch_ask(batch_item *item, status *st)
{
    request *q = &item->q;
    request_init(q, item->job.kind, item->mem);
    if (!batch_options_set(&item->job, &q->options, st)) return false;
    q->model = batch_item_model(item);
    q->seed = item->job.seed;
    q->choices = item->job.choices;
    q->arg = item;
    switch (item->job.kind) {
    case KIND_TEXT:
        q->record = is_own(item);
        q->on_texts = on_texts;
        break;
    case KIND_IMAGE: return ask_image(item, st);
    case KIND_SPEAK: return ask_speak(item, st);
    case KIND_EMBED:
        q->normalize = !is_own(item);
        q->on_vectors = on_vectors;
        break;
    default: q->path[0] = item->path;
    }
    return status_ok(st);
}

bool batch_ask_end(batch_item *item, status *st)
{
    if (is_own(item) || (item->job.kind != KIND_IMAGE && item->job.kind != KIND_SPEAK)) return true;
    keep_text(item, item->job.kind == KIND_IMAGE ? batch_answer_image(item, item->q.path, st) : batch_answer_speech(item, st), st);
    return item->text != NULL;
}
