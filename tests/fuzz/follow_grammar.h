/* What the fuzz targets of grammars share: a grammar that was read is followed along bytes that the input chooses, and holds what the
 * automaton promises: something may always come, or the text may end. */
#ifndef AIGC_TESTS_FOLLOW_GRAMMAR_H
#define AIGC_TESTS_FOLLOW_GRAMMAR_H

#include "tests/fuzz/fuzz.h"
#include "text/constraint_source.h"
#include "text/readings.h"

enum { FOLLOWED = 200 };

/* Writes up to FOLLOWED bytes into out and returns how many; *whole: the text may end there. Where there is a choice the data decide,
 * later the least byte is taken, or the end. */
static inline size_t follow_grammar(const automaton *a, const uint8_t *data, size_t size, char *out, bool *whole)
{
    status st = {0};
    readings_pool p;
    readings now = {0}, closed = {0};
    size_t n = 0;
    FUZZ_CHECK(readings_pool_init(&p, a, &st) && readings_begin(&p, &now, &st));
    for (*whole = false; status_ok(&st); n++) {
        uint64_t set[4];
        uint8_t allowed[256];
        int count = 0;
        if (!readings_close(&p, now.frame, now.count, &closed, &st)) break;
        readings_bytes(&p, &closed, set);
        for (int b = 0; b < 256; b++)
            if (set[b / 64] >> b % 64 & 1) allowed[count++] = (uint8_t)b;
        *whole = readings_may_end(&p, &closed);
        FUZZ_CHECK(count || *whole);
        if (n == FOLLOWED || !count || (*whole && n >= size)) break;
        uint8_t byte = n < size ? allowed[data[size - 1 - n] % count] : allowed[0];
        if (!readings_step(&p, &closed, byte, &now, &st)) break;
        FUZZ_CHECK(now.count);
        out[n] = (char)byte;
        if (n % 64 == 63) FUZZ_CHECK(readings_compact(&p, &now, &st));
    }
    FUZZ_CHECK(status_ok(&st) || (st.code == STATUS_FAIL && st.msg[0]));
    readings_free(&now);
    readings_free(&closed);
    readings_pool_free(&p);
    return n;
}

/* Reads a source in a block of its very size. NULL: refused with a reason. */
static inline automaton *read_source(answer_kind kind, const uint8_t *data, size_t size)
{
    status st = {0};
    char *copy = malloc(size ? size : 1);
    if (size) memcpy(copy, data, size);
    alloc_set_budget(512 << 20);
    automaton *a = constraint_source_read(&(constraint_source){.kind = kind, .where = "fuzz", .text = copy, .size = size}, &(constraint_thoughts){0}, NULL, &st);
    alloc_set_budget(0);
    free(copy);
    FUZZ_CHECK(st.code == (a ? STATUS_OK : STATUS_USAGE) && (a || st.msg[0]));
    return a;
}

#endif
