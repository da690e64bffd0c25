#include "core/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/clean.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static log_level level = LOG_NORMAL;
static bool line_shown;
static _Thread_local log_sink own; /* the thread's */

enum { MAX_PROGRESS = 512 };

void log_set_level(log_level l) { level = l; }

log_level log_get_level(void) { return level; }

void log_set_sink(log_sink s) { own = s; }

log_sink log_get_sink(void) { return own; }

static void clear_line(void)
{
    if (line_shown) fputs("\r\033[K", stderr);
    line_shown = false;
}

/* What a message says of a stranger's names and words must steer no terminal and begin no line. */
static void print(const char *format, va_list args)
{
    char room[1024], *text = room;
    status ignored = {0};
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(room, sizeof room, format, args);
    if (n >= (int)sizeof room && (text = alloc_array((size_t)n + 1, 1, &ignored))) vsnprintf(text, (size_t)n + 1, format, again);
    va_end(again);
    clean_print(stderr, CLEAN_LINE, text ? text : room, 0);
    if (text != room) alloc_free(text);
}

/* As a whole text to whoever asked for it. */
static void hand_over(log_level of, const char *format, va_list args)
{
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    own.emit(own.arg, of, text);
}

static void message(log_level of, const char *prefix, const char *format, va_list args)
{
    if (own.emit) {
        hand_over(of, format, args);
        return;
    }
    pthread_mutex_lock(&lock);
    clear_line();
    fputs(prefix, stderr);
    print(format, args);
    fputc('\n', stderr);
    pthread_mutex_unlock(&lock);
}

void log_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    message(LOG_QUIET, "aigc: ", format, args);
    va_end(args);
}

void log_warning(const char *format, ...)
{
    if (level == LOG_QUIET && !own.emit) return;
    va_list args;
    va_start(args, format);
    message(LOG_QUIET, "aigc: warning: ", format, args);
    va_end(args);
}

void log_message(const char *format, ...)
{
    if (level == LOG_QUIET && !own.emit) return;
    va_list args;
    va_start(args, format);
    message(LOG_NORMAL, "", format, args);
    va_end(args);
}

void log_verbose(const char *format, ...)
{
    if (level != LOG_VERBOSE && !own.emit) return;
    va_list args;
    va_start(args, format);
    message(LOG_VERBOSE, "", format, args);
    va_end(args);
}

static size_t terminal_columns(void)
{
    struct winsize size = {0};
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

/* How many bytes of the line fit so many columns: a line that wraps could not be cleared. Characters from U+1100 on count
 * two columns, which the wide ones among them take. */
static size_t fitting(const char *line, size_t columns)
{
    size_t end = 0;
    for (size_t i = 0; line[i]; end = i) {
        unsigned char first = (unsigned char)line[i++];
        size_t width = first > 0xE1 || (first == 0xE1 && (unsigned char)line[i] >= 0x84) ? 2 : 1;
        while (((unsigned char)line[i] & 0xC0) == 0x80) i++;
        if (width > columns) return end;
        columns -= width;
    }
    return end;
}

void log_progress(const char *format, ...)
{
    if (own.emit || level == LOG_QUIET || !isatty(STDERR_FILENO)) return;
    char line[MAX_PROGRESS];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    pthread_mutex_lock(&lock);
    clear_line();
    line[fitting(line, terminal_columns() - 1)] = 0;
    clean_print(stderr, CLEAN_LINE, line, 0);
    fflush(stderr);
    line_shown = true;
    pthread_mutex_unlock(&lock);
    va_end(args);
}

void log_progress_end(void)
{
    if (own.emit) return;
    pthread_mutex_lock(&lock);
    clear_line();
    fflush(stderr);
    pthread_mutex_unlock(&lock);
}

double log_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
