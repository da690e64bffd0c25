/* main: finds the subcommand (cli/command.h), runs it, prints its error and turns it into the exit code. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/command.h"
#include "core/interrupt.h"
#include "core/alloc.h"
#include "core/clean.h"
#include "core/file.h"
#include "core/json.h"
#include "core/log.h"

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
    signal(SIGXFSZ, SIG_IGN); /* a file over its limit is a failed write */
    /* SIGPIPE stays as it is: by default a closed pipe ends the program, as it ends every Unix filter. */
}

/* A program may be started with any of the three closed; the next file that is opened would take the place, and the messages.
 * What holds the place cannot be used: a product that goes nowhere is a failure, as on a full disk. */
static bool open_standard_streams(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd) return false;
    return true;
}

/* What -v tells of every command. */
static void tell_cost(const char *name, double begun)
{
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    log_verbose("aigc %s: %.2f s, at most %.1f MiB of memory", name, log_seconds() - begun, (double)usage.ru_maxrss / 1024);
}

/* --help and --version stand for commands; without one there is the list of them, as a fault. */
static const char *command_name(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) return "help";
    return strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
}

int main(int argc, char **argv)
{
    if (!open_standard_streams()) return 1;
    json_use_alloc();
    const char *fail_at = getenv("AIGC_ALLOC_FAIL_AT"); /* tests/torture */
    if (fail_at) alloc_fail_at(strtoull(fail_at, NULL, 10));
    handle_signals();
    clean_terminal();
    status st = {0};
    double begun = log_seconds();
    if (argc < 2) command_print_all(stderr);
    const command *c = command_find(command_name(argc, argv));
    if (argc < 2) st.code = STATUS_USAGE;
    else if (c) c->run(argc - 1, argv + 1, &st);
    else command_unknown(argv[1], &st);
    log_progress_end();
    if (c) tell_cost(c->name, begun);
    flush_output(&st);
    if (st.code == STATUS_INPUT && alloc_library_failed()) { /* jansson says "invalid" when memory is out */
        st = (status){0};
        status_set(&st, STATUS_NOMEM, "out of memory");
    }
    tell(&st);
    return status_exit_code(&st);
}
