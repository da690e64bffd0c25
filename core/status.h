/* status: how a function reports failure.
 *
 * A status is owned by the caller and passed down; the first error set in it wins, so a cascade still names its cause.
 * Messages say file, place, what was found and what was wanted. One thread at a time may use one status.
 */
#ifndef AIGC_CORE_STATUS_H
#define AIGC_CORE_STATUS_H

#include <stdbool.h>

typedef enum {
    STATUS_OK = 0,
    STATUS_FAIL,        /* the run failed                                      exit 1   */
    STATUS_USAGE,       /* a flag or argument is wrong                         exit 2   */
    STATUS_INPUT,       /* a model or input file is bad or missing             exit 3   */
    STATUS_PARTIAL,     /* some jobs of a batch failed                         exit 4   */
    STATUS_REFUSED,     /* refused by a filter                                 exit 5   */
    STATUS_NOMEM,       /* no memory, or the budget of --max-memory is spent   exit 1   */
    STATUS_IO,          /* reading or writing failed                           exit 1   */
    STATUS_INTERRUPTED, /* Ctrl-C                                              exit 130 */
} status_code;

typedef struct {
    status_code code;
    char msg[480];
} status;

/* Records an error unless one is there already. Always returns false, so that `return status_set(…)` reads well. */
bool status_set(status *st, status_code code, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline bool status_ok(const status *st) { return st->code == STATUS_OK; }

/* The process exit code of design.md section 6 for this status. */
int status_exit_code(const status *st);

#endif
