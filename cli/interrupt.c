#include "cli/interrupt.h"

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include "core/file.h"

static atomic_int asked; /* lock-free: a handler may touch it while other threads read it */

static void on_signal(int number)
{
    if (!atomic_exchange(&asked, 1)) return;
    file_abort_all();
    _exit(number == SIGINT ? 130 : 128 + number);
}

void interrupt_install(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART}; /* a write of the journal goes on */
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

bool interrupt_asked(void) { return atomic_load(&asked) != 0; }

bool interrupt_check(status *st) { return !interrupt_asked() || status_set(st, STATUS_INTERRUPTED, "interrupted"); }
