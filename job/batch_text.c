/* batch_text: text jobs of one model share every pass over its weights; jobs join when others leave. */
#include <stdio.h>
#include <string.h>

#include "job/batch_lane.h"
#include "job/batch_answer.h"
#include "job/batch_options.h"
#include "core/interrupt.h"
#include "engine/model_path.h"
#include "engine/request_words.h"
#include "engine/text_cut.h"
#include "engine/text_origin.h"
#include "engine/text_request.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "core/text_out.h"

enum { MAX_PARALLEL = BATCH_TEXTS_MAX };

/* A job on its way: one sequence, or for an OpenAI request one for each prompt and choice. The requests must outlive the
 * sequences' start, the options the requests. */
typedef struct {
    batch_item *item;
    batch_text_options options;
    text_request request;
    generate_sequence *sequence[MAX_PARALLEL];
    int count;
    text_cut on_length;
    const char *ended;     /* how its text was cut, for the record beside it; NULL: it was not */
    thoughts_start start;  /* of all of them */
    origin *origin;        /* of a job of our own form; its errors go into origin_status */
    status origin_status;
} slot;

struct batch_text {
    char *name;       /* the model that is loaded, as jobs call it */
    text_model model;
    origin_files files; /* of the model, for the record of each text */
    generator *generator;
    slot *slot;       /* [MAX_PARALLEL] */
    int64_t running;  /* sequences */
};

static void close_model(batch_text *t)
{
    generator_free(t->generator);
    t->generator = NULL;
    text_model_close(&t->model);
    origin_files_free(&t->files);
    alloc_free(t->name);
    t->name = NULL;
}

static bool open_model(batch_lane *lane, batch_text *t, batch_item *item, status *st)
{
    const char *name = batch_item_model(item);
    if (!t->slot && !(t->slot = alloc_zeroed(MAX_PARALLEL, sizeof *t->slot, st))) return false;
    if (t->name && strcmp(t->name, name) == 0) return true;
    if (t->name) close_model(t);
    double begun = log_seconds();
    char *path = model_path_find(name, st);
    generator_options go = {0};
    bool ok = path && origin_files_add(&t->files, "model", name, path, st) && text_model_open(&t->model, path, LINEAR_FAST, batch_lane_threads(lane), st);
    if (ok && !((t->generator = generator_new(t->model.gpt, t->model.tokenizer, batch_lane_threads(lane), &go, st)) &&
                (t->name = alloc_string(name, strlen(name), st)))) {
        close_model(t);
        ok = false;
    }
    if (!ok) origin_files_free(&t->files);
    item->loading = log_seconds() - begun;
    alloc_free(path);
    return ok;
}

static void end_slot(batch_lane *lane, batch_text *t, slot *s, const char *text, const status *result)
{
    for (int i = 0; i < s->count; i++) generator_drop(t->generator, s->sequence[i]);
    t->running -= s->count;
    origin_free(s->origin);
    batch_lane_end(lane, s->item, text, result);
    *s = (slot){0};
}

/* The sequences of one prompt: as many as there are choices, with seeds counted up. */
static bool add_sequences(batch_text *t, slot *s, status *st)
{
    s->item->room = generator_context(t->generator) - s->request.request.prompt_count;
    for (uint32_t i = 0; i < s->item->job.choices && !s->item->only_check; i++) {
        s->request.request.seed = s->item->job.seed + i;
        s->sequence[s->count] = generator_add(t->generator, &s->request.request, st);
        if (!s->sequence[s->count]) return false;
        s->count++, t->running++;
    }
    return true;
}

/* Where the job's text will have come from, while the request is still there. Answers to OpenAI requests have their own form. */
static bool make_record(batch_text *t, slot *s, const char *input, status *st)
{
    s->origin = text_origin_of(&s->options.text, &s->request, s->item->job.seed, input, &t->files, &s->origin_status);
    return s->origin || status_set(st, s->origin_status.code, "%s", s->origin_status.msg);
}

/* The conversation as one text: "ROLE:CONTENT" a line. */
static bool make_record_of_messages(batch_text *t, slot *s, status *st)
{
    text_out all = {.st = st};
    for (size_t i = 0; i < s->options.messages.count; i++) text_out_format(&all, "%s%s", i ? "\n" : "", s->options.messages.item[i]);
    bool ok = all.data && make_record(t, s, NULL, st);
    if (ok) origin_text(s->origin, "messages", all.data, all.size);
    text_out_free(&all);
    return ok;
}

/* OUT.origin.json, one of the job's outputs: when it is gone the job is done again. */
static bool add_beside(slot *s, status *st)
{
    char ending[300], *text = origin_sidecar(s->origin);
    const char *out = s->item->job.out, *slash = strrchr(out, '/'), *dot = strrchr(slash ? slash : out, '.');
    snprintf(ending, sizeof ending, "%.270s.origin.json", dot ? dot : "");
    bool ok = text && batch_item_add_output(s->item, ending, text, st);
    alloc_free(text);
    return ok;
}

/* Adds the text's record as a file beside its output, and returns the text, with the record before it where that is asked for
 * (freed with alloc_free). */
static char *add_record(slot *s, const char *text, status *st)
{
    const text_options *o = &s->options.text;
    text_out whole = {.st = st};
    char *front = o->label ? origin_front_matter(s->origin) : NULL;
    if (s->ended) origin_ended(s->origin, s->ended);
    if (strcmp(o->metadata, "none") != 0) add_beside(s, st);
    if (front) text_out_add(&whole, front);
    text_out_add(&whole, text);
    alloc_free(front);
    if (!status_ok(&s->origin_status)) status_set(st, s->origin_status.code, "%s", s->origin_status.msg);
    return text_out_take(&whole);
}

static bool add_prompt(batch_text *t, slot *s, const char *prompt, status *st)
{
    s->options.text.prompt = prompt;
    text_words words;
    int64_t count;
    chat_message *messages = text_words_read(&words, &s->options.text, st) ? text_words_messages(&words, &count, st) : NULL;
    bool ok = messages && request_words_text(&s->item->filters, &s->options.text, messages, count, st) &&
              text_request_init(&s->request, &s->options.text, &t->model, &words, s->item->job.seed, generator_context(t->generator), st) &&
              add_sequences(t, s, st);
    s->start = s->request.start;
    if (ok && s->item->job.form == JOB_FORM_OWN) ok = make_record(t, s, words.input, st);
    text_request_free(&s->request);
    text_words_free(&words);
    alloc_free(messages);
    return ok;
}

static bool add_ids(batch_text *t, slot *s, const char *text, status *st)
{
    tokenizer_ids ids = {0};
    bool ok = batch_item_read_ids(s->item, text, t->model.tokenizer, &ids, st) &&
              text_request_init_ids(&s->request, &s->options.text, &t->model, &ids, s->item->job.seed, generator_context(t->generator), st) && add_sequences(t, s, st);
    if (ok && s->item->job.form == JOB_FORM_OWN && (ok = make_record(t, s, NULL, st))) origin_text(s->origin, "token-ids", text, strlen(text));
    text_request_free(&s->request);
    return ok;
}

/* A message is "ROLE:CONTENT", or a JSON object where it has more than these. */
static bool read_message(const char *text, chat_message *m, char **role, status *st)
{
    const char *colon = strchr(text, ':');
    *m = (chat_message){.json = text};
    if (*text == '{') return true;
    if (!colon) return status_set(st, STATUS_USAGE, "\"messages\": '%.40s' found, {\"role\", \"content\"} wanted", text);
    *role = alloc_string(text, (size_t)(colon - text), st);
    *m = (chat_message){.role = *role, .content = colon + 1};
    return *role != NULL;
}

static bool add_conversation(batch_text *t, slot *s, status *st)
{
    const option_list *all = &s->options.messages;
    chat_message message[OPTION_LIST_MAX];
    char *role[OPTION_LIST_MAX] = {0};
    chat_template chat = {0};
    bool ok = text_request_template(&s->options.text, t->model.tokenizer, &chat, st);
    if (ok && !chat.program) ok = status_set(st, STATUS_INPUT, "the model has no chat template; \"chat-template\" gives one");
    for (size_t i = 0; ok && i < all->count; i++) ok = read_message(all->item[i], &message[i], &role[i], st);
    ok = ok && request_words_text(&s->item->filters, &s->options.text, message, (int64_t)all->count, st);
    ok = ok && text_request_init_chat(&s->request, &s->options.text, &t->model, &chat, message, (int64_t)all->count, s->item->job.seed,
                                      generator_context(t->generator), st) && add_sequences(t, s, st);
    s->start = s->request.start;
    if (ok && s->item->job.form == JOB_FORM_OWN) ok = make_record_of_messages(t, s, st);
    text_request_free(&s->request);
    chat_template_free(&chat);
    for (size_t i = 0; i < all->count; i++) alloc_free(role[i]);
    return ok;
}

static bool add_job(batch_text *t, slot *s, status *st)
{
    batch_option_values v;
    const job *j = &s->item->job;
    if (!batch_options_set(j, &v, st)) return false;
    s->options = v.text;
    if (!text_cut_of(v.text.text.on_length, &s->on_length, st)) return false;
    if (!text_options_check(&s->options.text, st)) return false;
    if (s->options.messages.count) return add_conversation(t, s, st);
    for (size_t i = 0; i < v.text.ids.count; i++)
        if (!add_ids(t, s, v.text.ids.item[i], st)) return false;
    if (v.text.ids.count) return true;
    if (j->form != JOB_FORM_COMPLETION) return add_prompt(t, s, s->options.text.prompt, st);
    for (size_t i = 0; i < j->option_count; i++)
        if (strcmp(j->option[i].name, "prompt") == 0 && !add_prompt(t, s, j->option[i].value, st)) return false;
    return true;
}

/* Brings a job into the generator; one that cannot start ends with its error, one that is only checked without any. */
static void join(batch_lane *lane, batch_text *t, slot *s, batch_item *item)
{
    status wrong = {0};
    *s = (slot){.item = item};
    if (!add_job(t, s, &wrong) || item->only_check) end_slot(lane, t, s, NULL, &wrong);
}

static void fill_slots(batch_lane *lane, batch_text *t)
{
    int64_t limit = batch_lane_parallel(lane) < MAX_PARALLEL ? batch_lane_parallel(lane) : MAX_PARALLEL;
    for (int64_t i = 0; i < limit; i++)
        while (!t->slot[i].item && t->running < limit) {
            batch_item *item = batch_lane_take(lane, JOB_TEXT, t->name);
            if (!item) return;
            join(lane, t, &t->slot[i], item);
        }
}

static bool has_ended(const slot *s)
{
    for (int i = 0; i < s->count; i++)
        if (generate_result_of(s->sequence[i]).reason == GENERATE_RUNNING) return false;
    return true;
}

/* What is to be said of a text that was cut. The answer to a request says it itself, by its finish_reason. */
static void remark_cut(slot *s, const generate_result *r, status *st)
{
    size_t whole = 1;
    bool tells = s->on_length == TEXT_CUT_WARN || (s->on_length == TEXT_CUT_OPEN && s->item->job.form == JOB_FORM_OWN);
    if (s->on_length == TEXT_CUT_SENTENCE && !text_cut_sentences(r->text, r->text_size, &whole, st)) return;
    s->item->cut = true;
    if (s->item->job.form == JOB_FORM_OWN && strcmp(s->options.text.metadata, "none") != 0) s->ended = generate_reason_text(r->reason);
    char *text = tells || !whole ? arena_alloc(s->item->mem, 160, st) : NULL;
    if (!text) return;
    if (!whole) snprintf(text, 160, "its text is cut after %lld tokens, before a first sentence ends; it stays as it is", (long long)r->count);
    else if (r->reason == GENERATE_CONTEXT) snprintf(text, 160, "the context is full after %lld tokens, its text ends there", (long long)r->count);
    else snprintf(text, 160, "its text is cut after %lld tokens (\"tokens\" sets another limit, \"on_length\" what is done)", (long long)r->count);
    s->item->remark = text;
}

/* The results with their texts as "on_length" wants them, held against the filter; text[i] is r[i]'s. */
static bool take_texts(slot *s, generate_result *r, char **text, status *st)
{
    for (int i = 0; i < s->count && status_ok(st); i++) {
        r[i] = generate_result_of(s->sequence[i]);
        if (!text_cut_take(&r[i], s->on_length, &text[i], &r[i].text_size, st)) break;
        r[i].text = text[i];
        if (text_cut_is(&r[i])) remark_cut(s, &r[i], st);
        batch_item_pass(s->item, r[i].text, st);
    }
    return status_ok(st);
}

/* How many bytes of a text --think hide leaves out. */
static size_t hidden_thoughts(const slot *s, const generate_result *r)
{
    return strcmp(s->options.text.think, "hide") == 0 ? thoughts_find(r->text, r->text_size, s->start, true).answer : 0;
}

static void end_well(batch_lane *lane, batch_text *t, slot *s)
{
    status st = {0};
    generate_result r[MAX_PARALLEL];
    char *text[MAX_PARALLEL] = {0}, *line = NULL;
    int count = s->count;
    if (take_texts(s, r, text, &st))
        line = s->item->job.form == JOB_FORM_OWN ? add_record(s, r[0].text + hidden_thoughts(s, &r[0]), &st)
                                                 : batch_answer_text(s->item, r, (size_t)count, s->start, t->model.tokenizer, &st);
    end_slot(lane, t, s, line, &st);
    for (int i = 0; i < count; i++) alloc_free(text[i]);
    alloc_free(line);
}

/* Takes out what has ended, or everything when the step failed or Ctrl-C came. */
static void reap(batch_lane *lane, batch_text *t, const status *step)
{
    for (int i = 0; i < MAX_PARALLEL; i++) {
        slot *s = &t->slot[i];
        if (!s->item) continue;
        if (!status_ok(step)) end_slot(lane, t, s, NULL, step);
        else if (has_ended(s)) end_well(lane, t, s);
    }
}

void batch_text_run(batch_lane *lane, batch_text **state)
{
    batch_item *first;
    while ((first = batch_lane_take(lane, JOB_TEXT, NULL))) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, sizeof **state, &st);
        batch_text *t = *state;
        if (!t || !open_model(lane, t, first, &st)) {
            batch_lane_end(lane, first, NULL, &st);
            continue;
        }
        join(lane, t, &t->slot[0], first);
        fill_slots(lane, t);
        while (t->running > 0) {
            if (interrupt_check(&st)) generator_step(t->generator, &st);
            reap(lane, t, &st);
            fill_slots(lane, t);
            st = (status){0};
        }
    }
}

void batch_text_free(batch_text *state)
{
    if (!state) return;
    if (state->name) close_model(state);
    alloc_free(state->slot);
    alloc_free(state);
}
