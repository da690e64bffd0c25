/* interrupt: Ctrl-C (and SIGTERM, SIGHUP) as a question that long work asks between its steps.
 *
 * After interrupt_install the first signal only makes interrupt_asked true; the second one ends the program at once, leaving
 * no temporary file. Both functions may be called from any thread.
 */
#ifndef AIGC_CORE_INTERRUPT_H
#define AIGC_CORE_INTERRUPT_H

#include "core/status.h"

/* Lets handler have SIGINT, SIGTERM and SIGHUP, with sigaction's flags; but one that whoever started the program had ignored
 * (nohup, a shell's background job) stays ignored. */
void interrupt_catch(void (*handler)(int number), int flags);

void interrupt_install(void);
bool interrupt_asked(void);

/* true, or false with STATUS_INTERRUPTED in st. */
bool interrupt_check(status *st);

#endif
