#include "cli/chat_loop.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/text_json.h"
#include "engine/text_request.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "text/text_buffer.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

typedef struct {
    const text_options *o;
    const text_model *m;
    generator *g;
    const chat_template *t;
    uint64_t seed;   /* of the next answer */
    char *system;    /* NULL: the template's own */
    chat_message *turn; /* user, assistant, user, … : all owned */
    int64_t turns;
    text_buffer thinking; /* with --think hide: an answer while it may still be thoughts */
    thoughts_start start;
    bool answering;
    bool leave;
    status *st;
} conversation;

/* ---- the conversation's memory ---- */

static bool add_turn(conversation *c, const char *role, const char *text, size_t size)
{
    chat_message *more = alloc_resize(c->turn, (size_t)c->turns + 1, sizeof *more, c->st);
    if (!more) return false;
    c->turn = more;
    char *copy = alloc_string(text, size, c->st);
    if (!copy) return false;
    more[c->turns++] = (chat_message){.role = role, .content = copy};
    return true;
}

static void forget_turns(conversation *c, int64_t from, int64_t count)
{
    for (int64_t i = from; i < from + count; i++) alloc_free((char *)(uintptr_t)c->turn[i].content);
    memmove(c->turn + from, c->turn + from + count, (size_t)(c->turns - from - count) * sizeof *c->turn);
    c->turns -= count;
}

/* ---- commands ---- */

static void command_help(conversation *c, const char *rest)
{
    (void)c, (void)rest;
    fputs("/help          this list\n"
          "/reset         forget the conversation\n"
          "/system TEXT   what the model is told before the conversation; forgets it. No TEXT: the model's own\n"
          "/retry         another answer to the last message\n"
          "/save FILE     the conversation as JSON lines {\"role\", \"content\"}\n"
          "/quit          leave (also Ctrl-D)\n"
          "Ctrl-C stops an answer. A line that ends with \\ goes on in the next.\n", stderr);
}

static void command_reset(conversation *c, const char *rest)
{
    (void)rest;
    forget_turns(c, 0, c->turns);
}

static void command_system(conversation *c, const char *rest)
{
    forget_turns(c, 0, c->turns);
    alloc_free(c->system);
    c->system = *rest ? alloc_string(rest, strlen(rest), c->st) : NULL;
}

static bool save_message(FILE *out, const char *role, const char *content, status *st)
{
    json_t *line = json_object();
    json_object_set_new(line, "role", json_string(role));
    json_object_set_new(line, "content", text_json_string(content, strlen(content), st));
    bool ok = line && json_object_size(line) == 2 && json_dumpf(line, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF;
    json_decref(line);
    return ok;
}

static void command_save(conversation *c, const char *rest)
{
    status st = {0};
    if (!*rest) {
        log_error("/save wants a file name");
        return;
    }
    file_output *out = file_create(rest, &st);
    bool ok = out != NULL && (!c->system || save_message(file_stream(out), "system", c->system, &st));
    for (int64_t i = 0; ok && i < c->turns; i++) ok = save_message(file_stream(out), c->turn[i].role, c->turn[i].content, &st);
    if (ok) file_commit(out, &st);
    else file_abort(out);
    if (!status_ok(&st) || !ok) log_error("%s", status_ok(&st) ? "the conversation could not be written" : st.msg);
}

static void command_quit(conversation *c, const char *rest)
{
    (void)rest;
    c->leave = true;
}

static void answer(conversation *c);

static void command_retry(conversation *c, const char *rest)
{
    (void)rest;
    if (c->turns < 2) {
        log_error("there is no answer yet");
        return;
    }
    forget_turns(c, c->turns - 1, 1);
    answer(c);
}

static const struct {
    const char *name;
    void (*run)(conversation *c, const char *rest);
} COMMANDS[] = {{"help", command_help},   {"reset", command_reset}, {"system", command_system}, {"retry", command_retry},
                {"save", command_save}, {"quit", command_quit},   {"exit", command_quit}};

static void run_command(conversation *c, const char *line)
{
    size_t n = strcspn(line, " ");
    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (strlen(COMMANDS[i].name) == n && memcmp(COMMANDS[i].name, line, n) == 0) {
            COMMANDS[i].run(c, line + n + strspn(line + n, " "));
            return;
        }
    log_error("/%.*s is no command; /help lists them", (int)n, line);
}

/* ---- answering ---- */

static bool write_text(void *arg, const char *text, size_t size)
{
    conversation *c = arg;
    if (!c->answering) {
        if (!text_buffer_append(&c->thinking, text, size, c->st)) return false;
        thoughts t = thoughts_find(c->thinking.data, c->thinking.size, c->start, false);
        if (!t.certain) return !interrupted;
        c->answering = true;
        text = c->thinking.data + t.answer, size = c->thinking.size - t.answer;
    }
    return fwrite(text, 1, size, stdout) == size && fflush(stdout) == 0 && !interrupted;
}

/* The request for all turns; the oldest go while they do not fit. */
static bool make_request(conversation *c, text_request *q)
{
    for (bool told = false;; told = true) {
        chat_message *all = alloc_array((size_t)c->turns + 1, sizeof *all, c->st);
        if (!all) return false;
        int64_t n = 0;
        if (c->system) all[n++] = (chat_message){.role = "system", .content = c->system};
        memcpy(all + n, c->turn, (size_t)c->turns * sizeof *all);
        status st = {0};
        bool ok = text_request_init_chat(q, c->o, c->m, c->t, all, n + c->turns, &(filter_lists){0}, c->seed, generator_context(c->g) - 1, &st);
        alloc_free(all);
        if (ok) return true;
        if (c->turns < 3) {
            log_error("%s", st.msg);
            return false;
        }
        if (!told) log_warning("the context is full: the oldest turns are forgotten");
        forget_turns(c, 0, 2);
    }
}

/* Answers the last turn, which is the user's, and adds the answer. */
static void answer(conversation *c)
{
    text_request q;
    if (!make_request(c, &q)) {
        forget_turns(c, c->turns - 1, 1);
        return;
    }
    c->seed++;
    q.request.on_text = write_text, q.request.arg = c;
    c->answering = strcmp(c->o->think, "hide") != 0, c->start = q.start, c->thinking.size = 0;
    generate_sequence *s = generator_add(c->g, &q.request, c->st);
    while (s && generator_step(c->g, c->st))
        if (interrupted) generator_halt(c->g, s);
    if (!c->answering && c->thinking.size && status_ok(c->st)) { /* it could still have become thoughts */
        thoughts t = thoughts_find(c->thinking.data, c->thinking.size, c->start, true);
        c->answering = true;
        write_text(c, c->thinking.data + t.answer, c->thinking.size - t.answer);
    }
    if (s) {
        generate_result r = generate_result_of(s);
        printf("%s\n", interrupted ? " …" : "");
        if (r.reason == GENERATE_CONTEXT) log_warning("the context is full: the answer ends here");
        log_verbose("%lld tokens read (%lld known), %lld written, %.1f a second", (long long)r.prompt_count, (long long)r.shared, (long long)r.count,
                    r.seconds > r.prompt_seconds ? (double)(r.count - 1) / (r.seconds - r.prompt_seconds) : 0);
        add_turn(c, "assistant", r.text, r.text_size);
        generator_drop(c->g, s);
    }
    text_request_free(&q);
}

/* ---- reading ---- */

typedef enum { LINE_READ, LINE_DROPPED, LINE_END } line_kind;

enum { TERMINAL_LINE = 4095 }; /* bytes of a line in a terminal's canonical mode (termios(3)) */

/* SIGINT for the next while: kept back, or let through. */
static void hold_interrupts(int how)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigprocmask(how, &set, NULL);
}

/* Waits until a byte of stdin, which has no buffer, can be read; false when Ctrl-C came first. Only here does a held SIGINT
 * arrive: one between two bytes is not lost, and no write to the terminal is cut short. */
static bool input_ready(void)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    sigset_t open;
    sigprocmask(SIG_SETMASK, NULL, &open);
    sigdelset(&open, SIGINT);
    while (ppoll(&in, 1, NULL, &open) < 0 && errno == EINTR)
        if (interrupted) return false;
    return true;
}

/* The next line of stdin, appended to message without its end. */
static line_kind read_line(text_buffer *message, status *st)
{
    for (;;) {
        if (!input_ready()) {
            interrupted = 0;
            return LINE_DROPPED;
        }
        int c = getc(stdin);
        char byte = (char)c;
        if (c == EOF) return LINE_END;
        if (c == '\n') return LINE_READ;
        if (!text_buffer_append(message, &byte, 1, st)) return LINE_END;
    }
}

/* One message, lines that end with \ joined; false at the end of input. */
static bool read_message(text_buffer *message, status *st)
{
    message->size = 0;
    fputs("> ", stderr);
    for (;;) {
        size_t before = message->size;
        line_kind kind = read_line(message, st);
        if (kind == LINE_END) return false;
        if (kind == LINE_DROPPED) {
            message->size = 0;
            fputs("\n> ", stderr);
            continue;
        }
        if (kind == LINE_READ && message->size - before >= TERMINAL_LINE)
            log_warning("the terminal passes on no more than %d bytes of a line: what stood behind them is lost; lines that end with \\ go on", TERMINAL_LINE);
        if (message->size && message->data[message->size - 1] == '\r') message->size--;
        if (!message->size || message->data[message->size - 1] != '\\') return text_buffer_add(message, "", st);
        message->data[message->size - 1] = '\n';
        fputs(". ", stderr);
    }
}

static bool next_message(text_buffer *message, status *st)
{
    interrupted = 0;
    hold_interrupts(SIG_BLOCK);
    bool found = read_message(message, st);
    hold_interrupts(SIG_UNBLOCK);
    return found;
}

static void handle(conversation *c, const text_buffer *message)
{
    size_t bad;
    if (message->size == 0) return;
    if (message->data[0] == '/') run_command(c, message->data + 1);
    else if (strlen(message->data) != message->size || !text_is_utf8(message->data, message->size, &bad)) log_error("that was no UTF-8 text");
    else if (add_turn(c, "user", message->data, message->size)) answer(c);
}

void chat_loop(const text_options *o, const text_model *m, generator *g, const chat_template *t, uint64_t seed, status *st)
{
    conversation c = {.o = o, .m = m, .g = g, .t = t, .seed = seed, .st = st};
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, NULL, &before);
    if (before.sa_handler != SIG_IGN) sigaction(SIGINT, &action, NULL);
    setvbuf(stdin, NULL, _IONBF, 0);
    if (o->system) c.system = alloc_string(o->system, strlen(o->system), st);
    if (log_get_level() != LOG_QUIET) fprintf(stderr, "%s; /help lists the commands\n", o->model);
    text_buffer message = {0};
    while (status_ok(st) && !c.leave && next_message(&message, st)) handle(&c, &message);
    if (!c.leave && status_ok(st)) fputc('\n', stderr);
    text_buffer_free(&message);
    text_buffer_free(&c.thinking);
    forget_turns(&c, 0, c.turns);
    alloc_free(c.turn);
    alloc_free(c.system);
    sigaction(SIGINT, &before, NULL);
}
