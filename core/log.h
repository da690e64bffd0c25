/* log: what goes to stderr. stdout carries the product only.
 *
 * Whatever stands in a message, it is one line without control and bidirectional characters (core/clean.h).
 * Progress is shown on a terminal only and rewrites one line; a message clears it first. Set once by the CLI before
 * threads start; the calls may come from any thread.
 */
#ifndef AIGC_CORE_LOG_H
#define AIGC_CORE_LOG_H

#include <stdbool.h>

typedef enum { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE } log_level;
void log_set_level(log_level level);
log_level log_get_level(void);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));   /* always: "aigc: …" */
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2))); /* unless quiet */
void log_message(const char *format, ...) __attribute__((format(printf, 1, 2))); /* unless quiet, as it is: what was done */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2))); /* with --verbose */

/* One line such as "sampling 7/25, 3 s left", cut to the terminal's width (write what matters into 40 columns), shown when stderr is a terminal and not quiet. */
void log_progress(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_progress_end(void); /* clears the line */

/* Where the messages of the calling thread go in place of stderr; emit NULL: to stderr. Progress is then not shown. Threads that
 * it starts as pools or lanes have the same. */
typedef struct {
    void (*emit)(void *arg, log_level level, const char *text); /* LOG_QUIET: errors and warnings, LOG_NORMAL, LOG_VERBOSE */
    void *arg;
} log_sink;
void log_set_sink(log_sink s);
log_sink log_get_sink(void);

double log_seconds(void); /* a monotonic clock, for timings */

#endif
