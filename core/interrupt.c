#include "core/interrupt.h"

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

void interrupt_catch(void (*handler)(int number), int flags)
{
    static const int SIGNALS[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof SIGNALS / sizeof SIGNALS[0]; i++)
        if (sigaction(SIGNALS[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(SIGNALS[i], &action, NULL);
}

void interrupt_install(void) { interrupt_catch(on_signal, SA_RESTART); /* a write of the journal goes on */ }

bool interrupt_asked(void) { return atomic_load(&asked) != 0; }

bool interrupt_check(status *st) { return !interrupt_asked() || status_set(st, STATUS_INTERRUPTED, "interrupted"); }
