/* main: finds the subcommand in a table, runs it, prints its error and turns it into the exit code. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/interrupt.h"
#include "core/alloc.h"
#include "core/clean.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"

static const command COMMANDS[] = {
    {"text", cmd_text, "continues or answers a prompt, or chats (-i)"},
    {"score", cmd_score, "how likely a model finds a text: logprobs and perplexity"},
    {"embed", cmd_embed, "a text as a vector"},
    {"bench", cmd_bench, "measures a model's speed"},
    {"speak", cmd_speak, "text to speech"},
    {"vocode", cmd_vocode, "a mel spectrum or a sound, through a vocoder to sound"},
    {"image", cmd_image, "pictures from words, by Stable Diffusion or the small model that comes along"},
    {"inspect", cmd_inspect, "what is in a model file or folder, without loading its weights"},
    {"quantize", cmd_quantize, "a GGUF file with smaller weights, from a GGUF file or a Hugging Face folder"},
    {"batch", cmd_batch, "many jobs of all kinds from one file, resumable"},
    {"check", cmd_check, "what files say of where they came from"},
    {"rerun", cmd_rerun, "makes an output again from the record in it, and compares"},
    {"plan", cmd_batch, "what a job file will take: jobs, time, memory and disk"},
    {"worker", cmd_worker, "jobs from a Redis stream, shared by many machines"},
    {"version", cmd_version, "the program's version and the kernels it uses on this CPU"},
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof COMMANDS[0] };

/* Whether all that was written to stdout has arrived. */
static bool flush_output(status *st)
{
    bool flushed = fflush(stdout) == 0;
    if (flushed && !ferror(stdout)) return true;
    return !status_ok(st) || status_set(st, STATUS_IO, "standard output: %s", strerror(flushed ? file_error(stdout) : errno));
}

/* Whether stdout is a pipe that nobody reads any more: where SIGPIPE is ignored that ends the program, but is nothing to tell. */
static bool reader_left(void)
{
    struct pollfd out = {.fd = STDOUT_FILENO};
    return ferror(stdout) && poll(&out, 1, 0) == 1 && out.revents & POLLERR;
}

static void tell(const status *st)
{
    if (!status_ok(st) && st->msg[0] && !(st->code == STATUS_IO && reader_left())) log_error("%s", st->msg);
}

static void print_usage(FILE *out)
{
    fprintf(out, "usage: aigc COMMAND [OPTION]…\n\n");
    for (int i = 0; i < COMMAND_COUNT; i++) fprintf(out, "  %-10s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
    fprintf(out, "\n'aigc COMMAND --help' lists a command's options.\n");
}

/* Ctrl-C and friends: leave no temporary file behind, then end. Commands that can stop more gently install their own. */
static void on_signal(int number)
{
    file_abort_all();
    _exit(number == SIGINT ? 130 : 128 + number);
}

static void say(const char *text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

/* A mapped model or table that is cut while it is in use has no bytes to give. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    static atomic_flag told = ATOMIC_FLAG_INIT;
    (void)context;
    while (atomic_flag_test_and_set(&told)) pause(); /* another thread met it too and is ending the program */
    const char *path = file_mapped_at(info->si_addr);
    file_abort_all();
    if (!path) { /* a fault of our own */
        signal(number, SIG_DFL);
        return; /* to what faults again */
    }
    say(isatty(STDERR_FILENO) ? "\r\033[Kaigc: " : "aigc: ");
    say(path);
    say(": cannot be read any more: it was cut while it was in use, or its disk fails\n");
    status input = {.code = STATUS_INPUT};
    _exit(status_exit_code(&input));
}

static void handle_signals(void)
{
    struct sigaction bus = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    sigemptyset(&bus.sa_mask);
    sigaction(SIGBUS, &bus, NULL);
    interrupt_catch(on_signal, 0);
    /* SIGPIPE stays as it is: by default a closed pipe ends the program, as it ends every Unix filter. */
}

/* A program may be started with any of the three closed; the next file that is opened would take the place, and the messages. */
static bool open_standard_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return false;
    return true;
}

static const command *find(const char *name)
{
    for (int i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i].name, name) == 0) return &COMMANDS[i];
    return NULL;
}

int main(int argc, char **argv)
{
    if (!open_standard_streams()) return 1;
    json_use_alloc();
    const char *fail_at = getenv("AIGC_ALLOC_FAIL_AT"); /* tests/torture */
    if (fail_at) alloc_fail_at(strtoull(fail_at, NULL, 10));
    handle_signals();
    clean_terminal();
    if (argc < 2) {
        print_usage(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        status st = {0};
        flush_output(&st);
        tell(&st);
        return status_exit_code(&st);
    }
    const command *c = find(strcmp(argv[1], "--version") == 0 ? "version" : argv[1]);
    if (!c) {
        log_error("unknown command '%s'; 'aigc --help' lists them", argv[1]);
        return 2;
    }
    status st = {0};
    c->run(argc - 1, argv + 1, &st);
    log_progress_end();
    flush_output(&st);
    if (st.code == STATUS_INPUT && alloc_library_failed()) { /* jansson says "invalid" when memory is out */
        st = (status){0};
        status_set(&st, STATUS_NOMEM, "out of memory");
    }
    tell(&st);
    return status_exit_code(&st);
}
