/* interrupt: Ctrl-C (and SIGTERM, SIGHUP) as a question that long work asks between its steps.
 *
 * After interrupt_install the first signal only makes interrupt_asked true; the second one ends the program at once, leaving
 * no temporary file. Both functions may be called from any thread.
 */
#ifndef AIGC_CLI_INTERRUPT_H
#define AIGC_CLI_INTERRUPT_H

#include "core/status.h"

void interrupt_install(void);
bool interrupt_asked(void);

/* true, or false with STATUS_INTERRUPTED in st. */
bool interrupt_check(status *st);

#endif
