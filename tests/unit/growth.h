/* growth: how time and memory of a reader grow from n to 4 n bytes, for the tests that give readers the worst inputs known. They may
 * grow as n log n, not faster. Time is the thread's own, the least of several tries, and a slow answer is asked again, so that a
 * busy machine does not fail. */
#ifndef AIGC_TESTS_GROWTH_H
#define AIGC_TESTS_GROWTH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <time.h>

#include "core/alloc.h"

/* Four times the input: 4 is linear, 4.8 is n log n at these sizes, 16 is n². */
static const double MOST_TIMES = 9, NO_TIME = 0.02;
static const size_t NO_MEMORY = 8 << 20;

typedef void (*reader)(void *thing, const char *data, size_t size);

typedef struct {
    double seconds;
    uint64_t bytes; /* the most that was in use beside what was before */
} cost;

static inline double thread_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline cost measure(reader read, void *thing, const char *data, size_t size)
{
    uint64_t before = alloc_in_use();
    alloc_reset_peak();
    double begin = thread_seconds();
    read(thing, data, size);
    cost c = {.seconds = thread_seconds() - begin, .bytes = alloc_peak() - before};
    assert_int_equal(alloc_in_use(), before);
    return c;
}

/* Inputs of n and 4 n bytes, made by make. */
static inline void grows_well(const char *what, reader read, void *thing, char *(*make)(const char *piece, size_t n, size_t *size), const char *piece, size_t n)
{
    size_t small, large;
    char *a = make(piece, n, &small), *b = make(piece, 4 * n, &large);
    cost first = measure(read, thing, a, small), second = measure(read, thing, b, large);
    for (int i = 0; i < 6 && second.seconds > NO_TIME && second.seconds > MOST_TIMES * first.seconds; i++) {
        cost x = measure(read, thing, a, small), y = measure(read, thing, b, large);
        if (x.seconds > first.seconds && i > 2) first.seconds = x.seconds; /* too short to be measured well */
        if (y.seconds < second.seconds) second.seconds = y.seconds;
    }
    alloc_free(a);
    alloc_free(b);
    if (second.seconds > NO_TIME && second.seconds > MOST_TIMES * first.seconds)
        fail_msg("%s of '%.20s': %.4f s for %zu bytes, %.4f s for %zu", what, piece, first.seconds, small, second.seconds, large);
    if (second.bytes > NO_MEMORY && second.bytes > MOST_TIMES * first.bytes)
        fail_msg("%s of '%.20s': %llu bytes for %zu, %llu for %zu", what, piece, (unsigned long long)first.bytes, small, (unsigned long long)second.bytes, large);
}

/* ---- inputs ---- */

static inline char *new_text(size_t size)
{
    status st = {0};
    char *text = alloc_array(size + 1, 1, &st);
    assert_non_null(text);
    text[size] = 0;
    return text;
}

/* The piece again and again. */
static inline char *repeated(const char *piece, size_t n, size_t *size)
{
    size_t each = strlen(piece);
    *size = n / each * each;
    char *text = new_text(*size);
    for (size_t i = 0; i < *size; i++) text[i] = piece[i % each];
    return text;
}

/* The piece again and again behind a front. */
static inline char *with_front(const char *front, size_t front_size, const char *piece, size_t n, size_t *size)
{
    size_t rest;
    char *tail = repeated(piece, n, &rest), *all = new_text(front_size + rest);
    memcpy(all, front, front_size);
    memcpy(all + front_size, tail, rest);
    alloc_free(tail);
    *size = front_size + rest;
    return all;
}

static inline void run_all(const char *what, reader read, void *thing, const char *const *pieces, size_t count, size_t n)
{
    for (size_t i = 0; i < count; i++) grows_well(what, read, thing, repeated, pieces[i], n);
}
#define COUNT(x) (sizeof(x) / sizeof *(x))

#endif
