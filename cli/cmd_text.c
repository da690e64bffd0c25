/* text: continues a prompt, answers it, or chats. The text goes to stdout as it comes; everything else to stderr. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/chat_loop.h"
#include "provenance/filter.h"
#include "engine/model_path.h"
#include "engine/output_ending.h"
#include "engine/request_words.h"
#include "engine/text_json.h"
#include "engine/text_options.h"
#include "engine/text_cut.h"
#include "engine/text_origin.h"
#include "engine/text_request.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"
#include "text/text_buffer.h"

/* Everything a run of the command holds. */
typedef struct {
    const text_options *o;
    text_model model;
    pool *threads;
    generator *generator;
    text_words words;
    text_request request;
    generate_sequence *sequence[256];
    uint64_t seed;
    file_output *file;   /* -o; NULL: stdout */
    bool writes;         /* the text itself goes out */
    filter *filter;
    text_cut on_length;
    text_buffer held;    /* the text so far, where the filter looks at it before it goes out */
    size_t shown;        /* of it */
    text_buffer thinking; /* with --think hide: the text while it may still be thoughts */
    bool answering;       /* … and whether the answer has begun */
    status refused;
    origin_files files;  /* the model's digest, where the record is wanted */
    origin *origin;
    bool write_failed, ends_line;
} run;

static bool write_text(void *arg, const char *text, size_t size)
{
    run *r = arg;
    if (size == 0) return true;
    r->ends_line = text[size - 1] == '\n';
    FILE *out = r->file ? file_stream(r->file) : stdout;
    r->write_failed = fwrite(text, 1, size, out) != size || fflush(out) != 0;
    return !r->write_failed;
}

/* With --think hide the answer alone goes on to `next`; what may still be thoughts is held back. */
static bool hide_thoughts(run *r, const char *text, size_t size, bool (*next)(void *arg, const char *text, size_t size))
{
    if (r->answering || strcmp(r->o->think, "hide") != 0) return next(r, text, size);
    if (!text_buffer_append(&r->thinking, text, size, &r->refused)) return false;
    thoughts t = thoughts_find(r->thinking.data, r->thinking.size, r->request.start, false);
    if (!t.certain) return true;
    r->answering = true;
    return next(r, r->thinking.data + t.answer, r->thinking.size - t.answer);
}

/* A text that the filter looks at goes out by lines and sentences: what can still become part of a match in the one that is
 * being written is held back. */
static bool filter_text(void *arg, const char *text, size_t size)
{
    run *r = arg;
    if (!text_buffer_append(&r->held, text, size, &r->refused)) return false;
    size_t certain = filter_certain(r->held.data, r->held.size);
    if (certain <= r->shown) return true;
    if (!filter_pass(r->filter, FILTER_OUTPUT, "the text", r->held.data, certain, r->shown, &r->refused)) return false;
    size_t from = r->shown;
    r->shown = certain;
    return write_text(r, r->held.data + from, certain - from);
}

static bool on_text(void *arg, const char *text, size_t size)
{
    run *r = arg;
    return hide_thoughts(r, text, size, filter_has_output(r->filter) ? filter_text : write_text);
}

/* The end of a text that could still have become thoughts. */
static void end_thoughts(run *r)
{
    if (r->answering || !r->thinking.size) return;
    thoughts t = thoughts_find(r->thinking.data, r->thinking.size, r->request.start, true);
    r->answering = true;
    on_text(r, r->thinking.data + t.answer, r->thinking.size - t.answer);
}

/* The end of the text, which no line's or sentence's end followed. */
static bool show_held(run *r)
{
    if (!status_ok(&r->refused)) return false;
    if (!filter_pass(r->filter, FILTER_OUTPUT, "the text", r->held.data ? r->held.data : "", r->held.size, r->shown, &r->refused)) return false;
    return r->held.size == r->shown || write_text(r, r->held.data + r->shown, r->held.size - r->shown);
}

static bool output_failed(run *r, status *st)
{
    if (r->write_failed) status_set(st, STATUS_IO, "%s: %s", r->file ? r->o->output : "standard output", strerror(errno));
    return r->write_failed;
}

/* ---- after the run ---- */

static void tell_end(const run *r, const generate_result *result)
{
    size_t whole = 1;
    status ignored = {0};
    if (r->on_length == TEXT_CUT_KEEP) return;
    if (r->on_length == TEXT_CUT_SENTENCE && text_cut_is(result) && text_cut_sentences(result->text ? result->text : "", result->text_size, &whole, &ignored) && !whole)
        log_warning("the text is cut after %lld tokens, before a first sentence ends; it stays as it is", (long long)result->count);
    if (result->reason == GENERATE_CONTEXT)
        log_warning("the context of %lld positions is full: the text ends here; --shift goes on, --ctx sets another", (long long)generator_context(r->generator));
    if (result->reason == GENERATE_LENGTH && (!r->o->tokens_given || r->on_length == TEXT_CUT_WARN))
        log_warning("stopped after %lld tokens; -n sets another limit, -n -1 none", (long long)result->count);
}

static void tell_timings(const run *r, int64_t i, const generate_result *result)
{
    double reading = result->prompt_seconds, writing = result->seconds - result->prompt_seconds;
    log_verbose("text %lld: seed %llu, ended by %s; prompt %lld tokens%s in %.3f s (%.1f a second), first token after %.3f s, %lld tokens in %.3f s (%.1f a second), %lld drafted and %lld of them right",
                (long long)i + 1, (unsigned long long)(r->seed + (uint64_t)i), generate_reason_text(result->reason), (long long)result->prompt_count,
                result->shared ? " (beginning shared)" : "", reading, reading > 0 ? (double)(result->prompt_count - result->shared) / reading : 0,
                result->first_token_seconds, (long long)result->count, writing, writing > 0 && result->count > 1 ? (double)(result->count - 1) / writing : 0,
                (long long)result->drafted, (long long)result->accepted);
}

static void print_json(run *r, const char *path, status *st)
{
    json_t *root = text_json_run(&r->model, path, r->model.seconds), *list = r->o->parallel > 1 ? json_array() : NULL;
    for (int64_t i = 0; root && i < r->o->parallel; i++) {
        generate_result result = generate_result_of(r->sequence[i]);
        json_t *one = text_json_result(&result, r->request.start, r->seed + (uint64_t)i, st);
        if (list) json_array_append_new(list, one);
        else if (one) {
            json_object_update(root, one);
            json_decref(one);
        }
    }
    if (list && root) json_object_set_new(root, "results", list);
    if (root && r->origin) json_object_set_new(root, "origin", origin_json(r->origin));
    if (!root) status_set(st, STATUS_NOMEM, "out of memory for the JSON output");
    else if (status_ok(st)) json_print(root, JSON_REAL_PRECISION(9), st);
    json_decref(root);
}

/* A first text that is to end with a whole sentence goes out at once, when its end is known. */
static bool write_whole(run *r, status *st)
{
    char *text = NULL;
    size_t size;
    generate_result result = generate_result_of(r->sequence[0]);
    if (text_cut_take(&result, r->on_length, &text, &size, st) && r->writes && r->on_length == TEXT_CUT_SENTENCE)
        on_text(r, text, size); /* a refusal is told by pass_outputs */
    alloc_free(text);
    return !output_failed(r, st) && status_ok(st);
}

/* The texts after the first, which was written as it came. */
static void print_rest(run *r, status *st)
{
    for (int64_t i = 1; i < r->o->parallel && !r->write_failed; i++) {
        generate_result result = generate_result_of(r->sequence[i]);
        char *text;
        size_t size;
        write_text(r, "---\n", 4);
        if (text_cut_take(&result, r->on_length, &text, &size, st)) {
            size_t from = strcmp(r->o->think, "hide") == 0 ? thoughts_find(text, size, r->request.start, true).answer : 0;
            write_text(r, text + from, size - from);
        }
        alloc_free(text);
        if (!r->ends_line) write_text(r, "\n", 1);
    }
    output_failed(r, st);
}

/* ---- where it came from ---- */

/* Waits for the model's digest when this is its first run. */
static bool make_record(run *r, status *st)
{
    if (!r->origin) r->origin = text_origin_of(r->o, &r->request, r->seed, r->words.input, &r->files, st);
    return r->origin != NULL;
}

/* Of the first text, whose record it is. */
static void tell_cut(const run *r)
{
    generate_result result = generate_result_of(r->sequence[0]);
    if (r->origin && text_cut_is(&result)) origin_ended(r->origin, generate_reason_text(result.reason));
}

static bool write_front_matter(run *r, status *st)
{
    char *front = origin_front_matter(r->origin);
    if (front) write_text(r, front, strlen(front));
    alloc_free(front);
    return !output_failed(r, st) && status_ok(st);
}

static bool has_file(const text_options *o) { return o->output && strcmp(o->output, "-") != 0; }

/* A text on stdout without a label carries no record: then nothing is looked up for it. */
static bool wants_record(const text_options *o)
{
    return strcmp(o->metadata, "none") != 0 && !o->interactive && (has_file(o) || o->label || o->json);
}

/* The record first: with the text there, both are. */
static void finish_file(run *r, status *st)
{
    if (r->file && strcmp(r->o->metadata, "none") != 0 && status_ok(st)) text_origin_write_beside(r->o->output, r->origin, st);
    if (r->file && status_ok(st)) file_commit(r->file, st);
    else file_abort(r->file);
    r->file = NULL;
}

/* ---- the run ---- */

static bool start(run *r, status *st)
{
    if (!text_request_init(&r->request, r->o, &r->model, &r->words, &(filter_lists){{r->filter}}, r->seed, generator_context(r->generator), st)) return false;
    if (r->o->label && r->writes && (!make_record(r, st) || !write_front_matter(r, st))) return false;
    for (int64_t i = 0; i < r->o->parallel; i++) {
        generate_request q = r->request.request;
        q.seed = r->seed + (uint64_t)i;
        if (i == 0 && r->writes && r->on_length != TEXT_CUT_SENTENCE) q.on_text = on_text, q.arg = r;
        r->sequence[i] = generator_add(r->generator, &q, st);
        if (!r->sequence[i]) return false;
    }
    return true;
}

/* All texts against the filter, before the last of the first one and anything of the others is shown. */
static bool pass_outputs(run *r, status *st)
{
    for (int64_t i = r->writes ? 1 : 0; status_ok(&r->refused) && i < r->o->parallel && filter_has_output(r->filter); i++) {
        generate_result result = generate_result_of(r->sequence[i]);
        filter_pass(r->filter, FILTER_OUTPUT, "the text", result.text ? result.text : "", result.text_size, 0, &r->refused);
    }
    if (r->writes && filter_has_output(r->filter)) show_held(r);
    if (status_ok(&r->refused)) return !output_failed(r, st);
    if (!r->ends_line && r->writes && !r->o->json) write_text(r, "\n", 1);
    return status_set(st, r->refused.code, "%s", r->refused.msg);
}

static bool pass_words(run *r, status *st)
{
    if (!r->o->filter) return true;
    int64_t count;
    r->filter = filter_open(r->o->filter, st);
    chat_message *messages = r->filter ? text_words_messages(&r->words, &count, st) : NULL;
    bool ok = messages && request_words_text(&(filter_lists){{r->filter}}, r->o, messages, count, st);
    alloc_free(messages);
    return ok;
}

static void generate(run *r, const char *path, status *st)
{
    if (!start(r, st)) return;
    while (generator_step(r->generator, st))
        if (r->write_failed || !status_ok(&r->refused)) break;
    bool ok = !output_failed(r, st) && status_ok(st) && write_whole(r, st);
    if (ok) end_thoughts(r);
    if (!ok || output_failed(r, st) || !pass_outputs(r, st)) return;
    if (wants_record(r->o) && !make_record(r, st)) return;
    tell_cut(r);
    if (r->o->json) print_json(r, path, st);
    if (r->writes) {
        if (!r->ends_line) write_text(r, "\n", 1);
        print_rest(r, st);
    }
    finish_file(r, st);
    for (int64_t i = 0; i < r->o->parallel && status_ok(st); i++) {
        generate_result result = generate_result_of(r->sequence[i]);
        tell_end(r, &result);
        tell_timings(r, i, &result);
    }
}

static void chat(run *r, status *st)
{
    chat_template t;
    if (!text_request_template(r->o, r->model.tokenizer, &t, st)) return;
    if (text_request_chats(r->o, &t)) chat_loop(r->o, &r->model, r->generator, &t, r->seed, st);
    else status_set(st, STATUS_USAGE, "--interactive: this model has no chat template; --chat-template gives one");
    chat_template_free(&t);
}

static void open_and_run(run *r, status *st)
{
    char *path = model_path_find(r->o->model, st);
    r->writes = !r->o->json || has_file(r->o);
    if (path && has_file(r->o)) r->file = file_create(r->o->output, st);
    if (path && wants_record(r->o)) origin_files_add(&r->files, "model", r->o->model, path, st);
    r->threads = path && status_ok(st) ? pool_new((int)r->o->threads, st) : NULL;
    if (r->threads && text_model_open(&r->model, path, r->o->exact ? LINEAR_EXACT : LINEAR_FAST, r->threads, st)) {
        log_verbose("%s: %s, opened in %.3f s, %d threads", path, r->model.gpt->config.architecture, r->model.seconds, pool_threads(r->threads));
        generator_options go = {.context = r->o->context};
        r->generator = generator_new(r->model.gpt, r->model.tokenizer, r->threads, &go, st);
        if (r->generator && r->o->interactive) chat(r, st);
        else if (r->generator) generate(r, path, st);
    }
    file_abort(r->file);
    origin_free(r->origin);
    origin_files_free(&r->files);
    text_request_free(&r->request);
    generator_free(r->generator);
    text_model_close(&r->model);
    pool_free(r->threads);
    alloc_free(path);
}

/* The record's name, FILE.origin.json, must be one that a file can have: told before the work. */
static bool check_output(const text_options *o, status *st)
{
    enum { MOST = 255 - (int)sizeof ".origin.json" + 1 };
    const char *slash = o->output ? strrchr(o->output, '/') : NULL;
    size_t n = o->output ? strlen(slash ? slash + 1 : o->output) : 0;
    if (n <= MOST || strcmp(o->metadata, "none") == 0) return true;
    return status_set(st, STATUS_USAGE, "-o: a name of %zu bytes found, at most %d wanted, as its record is called FILE.origin.json (--metadata none writes none)", n, MOST);
}

static bool check_options(const text_options *o, status *st)
{
    origin_level level;
    if (!origin_level_of(o->metadata, &level, st) || !text_options_check(o, st)) return false;
    if (o->logprobs && !o->json) return status_set(st, STATUS_USAGE, "--logprobs needs --json");
    if (!output_ending_check(OUTPUT_TEXT, "-o", o->output, st) || !check_output(o, st)) return false;
    if (!o->interactive) return true;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) return status_set(st, STATUS_USAGE, "--interactive needs a terminal for input and output");
    if (o->json || o->parallel > 1 || o->raw || o->prompt || o->file || o->task || o->examples || o->output || o->label || o->filter)
        return status_set(st, STATUS_USAGE, "--interactive goes with none of --json, --parallel, --raw, --prompt, --file, --task, --examples, --output, --label, --filter");
    return true;
}

static const help_text HELP = {
    "aigc text [OPTION]… [PROMPT]",
    "Continues or answers a prompt, or chats (-i). The prompt is the word given or -p TEXT, -f FILE, both (the file's text follows), or standard "
    "input when there is neither. The text goes to standard output as it comes, or to -o FILE when it is whole.",
    {{"aigc text -p \"Write two sentences about the sea.\"",
      "two sentences, on standard output"},
     {"cat article.txt | aigc text --task summarize",
      "a summary of what is piped in"}},
    NULL};

void cmd_text(int argc, char **argv, status *st)
{
    text_options o = text_options_default();
    option table[TEXT_OPTION_COUNT];
    text_options_table(&o, table);
    bool help = false;
    if (!arguments_parse_word(table, argc, argv, &HELP, &o.prompt, &help, st) || help) return;
    text_cut on_length;
    run *r = check_options(&o, st) && text_cut_of(o.on_length, &on_length, st) ? alloc_zeroed(1, sizeof *r, st) : NULL;
    if (!r) return;
    r->o = &o;
    r->on_length = on_length;
    r->ends_line = true;
    r->seed = o.seed_given ? (uint64_t)o.seed : rng_fresh_seed();
    if ((uint64_t)o.parallel - 1 > OPTION_MOST_SEED - r->seed)
        status_set(st, STATUS_USAGE, "--seed: %" PRIu64 " and %" PRId64 " more found, seeds up to %" PRIu64 " wanted", r->seed, o.parallel - 1, OPTION_MOST_SEED);
    if (status_ok(st) && !o.interactive) text_request_tell_unread(&o);
    if (status_ok(st) && (o.interactive || text_words_read(&r->words, &o, st)) && pass_words(r, st)) open_and_run(r, st);
    if (st->code == STATUS_REFUSED && o.json) filter_print_refusal(st);
    filter_close(r->filter);
    text_words_free(&r->words);
    text_buffer_free(&r->held);
    text_buffer_free(&r->thinking);
    alloc_free(r);
}
