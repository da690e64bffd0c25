/* run_text: texts of one model share every pass over its weights; requests join when others leave. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "core/text_out.h"
#include "engine/model_path.h"
#include "engine/request_words.h"
#include "engine/run.h"
#include "engine/text_cut.h"
#include "engine/text_origin.h"
#include "engine/text_request.h"

enum { MAX_PARALLEL = REQUEST_TEXTS };

/* A request on its way: one sequence for each prompt and choice. The text_requests must outlive the sequences' start, the
 * options the text_requests. */
typedef struct {
    request *q;
    text_request text;
    generate_sequence *sequence[MAX_PARALLEL];
    int count;
    text_cut on_length;
    thoughts_start start;  /* of all of them */
    origin *origin;        /* where it is asked for; its errors go into origin_status */
    status origin_status;
} slot;

typedef struct {
    char *name;       /* the model that is open, as requests call it */
    text_model model;
    origin_files files; /* of the model, for the record of each text */
    generator *generator;
    slot *slot;       /* [MAX_PARALLEL] */
    int64_t running;  /* sequences */
} run_state;

static void close_model(run_state *t)
{
    generator_free(t->generator);
    t->generator = NULL;
    text_model_close(&t->model);
    origin_files_free(&t->files);
    alloc_free(t->name);
    t->name = NULL;
}

static bool open_model(lane *l, run_state *t, request *q, status *st)
{
    const char *name = q->model;
    if (!t->slot && !(t->slot = alloc_zeroed(MAX_PARALLEL, sizeof *t->slot, st))) return false;
    if (t->name && strcmp(t->name, name) == 0) return true;
    if (t->name) close_model(t);
    double begun = log_seconds();
    char *path = model_path_find(name, st);
    generator_options go = {0};
    bool ok = path && origin_files_add(&t->files, "model", name, path, st) && text_model_open(&t->model, path, LINEAR_FAST, lane_threads(l), st);
    if (ok && !((t->generator = generator_new(t->model.gpt, t->model.tokenizer, lane_threads(l), &go, st)) &&
                (t->name = alloc_string(name, strlen(name), st)))) {
        close_model(t);
        ok = false;
    }
    if (!ok) origin_files_free(&t->files);
    q->loading = log_seconds() - begun;
    alloc_free(path);
    return ok;
}

static void end_slot(lane *l, run_state *t, slot *s, const status *result)
{
    for (int i = 0; i < s->count; i++) generator_drop(t->generator, s->sequence[i]);
    t->running -= s->count;
    origin_free(s->origin);
    request *q = s->q;
    *s = (slot){0};
    lane_end(l, q, result);
}

/* ---- joining ---- */

static bool hear_text(void *arg, const char *text, size_t size)
{
    request *q = arg;
    return q->on_text(q, text, size) || (atomic_store(&q->cancelled, true), false);
}

/* The sequences of one prompt: as many as there are choices, with seeds counted up. */
static bool add_sequences(run_state *t, slot *s, status *st)
{
    request *q = s->q;
    q->room = generator_context(t->generator) - s->text.request.prompt_count;
    for (uint32_t i = 0; i < q->choices && !q->only_check; i++) {
        generate_request g = s->text.request;
        g.seed = q->seed + i;
        if (q->on_text && s->count == 0) g.on_text = hear_text, g.arg = q;
        s->sequence[s->count] = generator_add(t->generator, &g, st);
        if (!s->sequence[s->count]) return false;
        s->count++, t->running++;
    }
    return true;
}

/* Where the text will have come from, while its text_request is still there. */
static bool make_record(run_state *t, slot *s, const char *input, status *st)
{
    if (!s->q->record) return true;
    s->origin = text_origin_of(&s->q->options.text, &s->text, s->q->seed, input, &t->files, &s->origin_status);
    return s->origin || status_set(st, s->origin_status.code, "%s", s->origin_status.msg);
}

/* The conversation as one text: "ROLE:CONTENT" a line. */
static bool make_record_of_messages(run_state *t, slot *s, status *st)
{
    const option_list *all = &s->q->options.text.messages;
    text_out whole = {.st = st};
    for (size_t i = 0; i < all->count; i++) text_out_format(&whole, "%s%s", i ? "\n" : "", all->item[i]);
    bool ok = whole.data && make_record(t, s, NULL, st);
    if (ok && s->origin) origin_text(s->origin, "messages", whole.data, whole.size);
    text_out_free(&whole);
    return ok;
}

static bool add_prompt(run_state *t, slot *s, const char *prompt, status *st)
{
    request *q = s->q;
    text_options *o = &q->options.text;
    o->prompt = prompt;
    text_words words;
    int64_t count;
    chat_message *messages = text_words_read(&words, o, st) ? text_words_messages(&words, &count, st) : NULL;
    bool ok = messages && request_words_text(&q->filters, o, messages, count, st) &&
              text_request_init(&s->text, o, &t->model, &words, &q->filters, q->seed, generator_context(t->generator), st) && add_sequences(t, s, st);
    s->start = s->text.start;
    ok = ok && make_record(t, s, words.input, st);
    text_request_free(&s->text);
    text_words_free(&words);
    alloc_free(messages);
    return ok;
}

static bool add_ids(run_state *t, slot *s, const char *text, status *st)
{
    request *q = s->q;
    tokenizer_ids ids = {0};
    bool ok = request_read_ids(q, text, t->model.tokenizer, &ids, st) &&
              text_request_init_ids(&s->text, &q->options.text, &t->model, &ids, q->seed, generator_context(t->generator), st) && add_sequences(t, s, st);
    if (ok && (ok = make_record(t, s, NULL, st)) && s->origin) origin_text(s->origin, "token-ids", text, strlen(text));
    text_request_free(&s->text);
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

static bool add_conversation(run_state *t, slot *s, status *st)
{
    request *q = s->q;
    const text_options *o = &q->options.text;
    const option_list *all = &o->messages;
    chat_message message[OPTION_LIST_MAX];
    char *role[OPTION_LIST_MAX] = {0};
    chat_template chat = {0};
    bool ok = text_request_template(o, t->model.tokenizer, &chat, st);
    if (ok && !chat.program) ok = status_set(st, STATUS_INPUT, "the model has no chat template; \"chat-template\" gives one");
    for (size_t i = 0; ok && i < all->count; i++) ok = read_message(all->item[i], &message[i], &role[i], st);
    ok = ok && request_words_text(&q->filters, o, message, (int64_t)all->count, st);
    ok = ok && text_request_init_chat(&s->text, o, &t->model, &chat, message, (int64_t)all->count, &q->filters, q->seed,
                                      generator_context(t->generator), st) &&
         add_sequences(t, s, st);
    s->start = s->text.start;
    ok = ok && make_record_of_messages(t, s, st);
    text_request_free(&s->text);
    chat_template_free(&chat);
    for (size_t i = 0; i < all->count; i++) alloc_free(role[i]);
    return ok;
}

static bool add_all(run_state *t, slot *s, status *st)
{
    const text_options *o = &s->q->options.text;
    if (!text_cut_of(o->on_length, &s->on_length, st) || !text_options_check(o, st)) return false;
    if (o->messages.count) return add_conversation(t, s, st);
    for (size_t i = 0; i < o->ids.count; i++)
        if (!add_ids(t, s, o->ids.item[i], st)) return false;
    if (o->ids.count) return true;
    for (size_t i = 0; i < o->prompts.count; i++)
        if (!add_prompt(t, s, o->prompts.item[i], st)) return false;
    return o->prompts.count || add_prompt(t, s, o->prompt, st);
}

/* Brings a request into the generator; one that cannot start ends with its error, one that is only checked without any. */
static void join(lane *l, run_state *t, slot *s, request *q)
{
    status wrong = {0};
    *s = (slot){.q = q};
    if (!add_all(t, s, &wrong) || q->only_check) end_slot(l, t, s, &wrong);
}

static void fill_slots(lane *l, run_state *t)
{
    int64_t limit = lane_parallel(l) < MAX_PARALLEL ? lane_parallel(l) : MAX_PARALLEL;
    for (int64_t i = 0; i < limit; i++)
        while (!t->slot[i].q && t->running < limit) {
            request *q = lane_take(l, KIND_TEXT, t->name);
            if (!q) return;
            join(l, t, &t->slot[i], q);
        }
}

/* ---- ending ---- */

static bool has_ended(const slot *s)
{
    for (int i = 0; i < s->count; i++)
        if (generate_result_of(s->sequence[i]).reason == GENERATE_RUNNING) return false;
    return true;
}

/* The results with their texts as --on-length wants them, held against the filter; text[i] is r[i]'s. */
static bool take_texts(slot *s, generate_result *r, char **text, request_texts *made, status *st)
{
    for (int i = 0; i < s->count && status_ok(st); i++) {
        size_t whole = 1;
        r[i] = generate_result_of(s->sequence[i]);
        if (text_cut_is(&r[i]) && s->on_length == TEXT_CUT_SENTENCE && !text_cut_sentences(r[i].text, r[i].text_size, &whole, st)) break;
        if (!text_cut_take(&r[i], s->on_length, &text[i], &r[i].text_size, st)) break;
        r[i].text = text[i];
        if (text_cut_is(&r[i])) s->q->cut = made->cut = true, made->whole = whole > 0;
        request_pass(s->q, r[i].text, st);
    }
    return status_ok(st);
}

static void end_well(lane *l, run_state *t, slot *s)
{
    status st = {0};
    generate_result r[MAX_PARALLEL];
    char *text[MAX_PARALLEL] = {0};
    int count = s->count;
    request_texts made = {.text = r, .count = (size_t)count, .start = s->start, .tokenizer = t->model.tokenizer, .origin = s->origin};
    if (take_texts(s, r, text, &made, &st) && s->q->on_texts) s->q->on_texts(s->q, &made, &st);
    if (!status_ok(&s->origin_status)) status_set(&st, s->origin_status.code, "%s", s->origin_status.msg);
    for (int i = 0; i < count; i++) alloc_free(text[i]);
    end_slot(l, t, s, &st);
}

/* Takes out what has ended or is cancelled, or everything when the step failed or Ctrl-C came. */
static void reap(lane *l, run_state *t, const status *step)
{
    for (int i = 0; i < MAX_PARALLEL; i++) {
        slot *s = &t->slot[i];
        status gone = {0};
        if (!s->q) continue;
        if (!status_ok(step)) end_slot(l, t, s, step);
        else if (!request_goes_on(s->q, &gone)) end_slot(l, t, s, &gone);
        else if (has_ended(s)) end_well(l, t, s);
    }
}

void run_text(lane *l, void **state)
{
    request *first;
    while ((first = lane_take(l, KIND_TEXT, NULL))) {
        status st = {0};
        if (!*state) *state = alloc_zeroed(1, sizeof(run_state), &st);
        run_state *t = *state;
        if (!t || !open_model(l, t, first, &st)) {
            lane_end(l, first, &st);
            continue;
        }
        join(l, t, &t->slot[0], first);
        fill_slots(l, t);
        while (t->running > 0) {
            generator_step(t->generator, &st);
            reap(l, t, &st);
            fill_slots(l, t);
            st = (status){0};
        }
    }
}

void run_text_free(void *state)
{
    run_state *t = state;
    if (!t) return;
    if (t->name) close_model(t);
    alloc_free(t->slot);
    alloc_free(t);
}
