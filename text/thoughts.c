#include "text/thoughts.h"

#include <string.h>

static const struct {
    const char *open, *close;
} MARKS[] = {{"<think>", "</think>"}, {"[THINK]", "[/THINK]"}, {"<|START_THINKING|>", "<|END_THINKING|>"}, {"<seed:think>", "</seed:think>"}};
enum { MARK_COUNT = sizeof MARKS / sizeof *MARKS };
_Static_assert((int)MARK_COUNT == (int)THOUGHTS_MARKS, "as many marks as the header says");

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static const char *find(const char *text, size_t size, const char *mark) { return memmem(text, size, mark, strlen(mark)); }

const char *thoughts_closing(const char *prompt, size_t size)
{
    while (size && is_space(prompt[size - 1])) size--;
    for (int i = 0; i < MARK_COUNT; i++) {
        size_t n = strlen(MARKS[i].open);
        if (size >= n && memcmp(prompt + size - n, MARKS[i].open, n) == 0) return MARKS[i].close;
    }
    return NULL;
}

thoughts_start thoughts_after(const char *prompt, size_t size) { return thoughts_closing(prompt, size) ? THOUGHTS_OPENED : THOUGHTS_MAY_COME; }

void thoughts_marks(int i, const char **open, const char **close)
{
    *open = MARKS[i].open;
    *close = MARKS[i].close;
}

/* The thoughts that begin at `from`, ended by this mark. */
static thoughts within(const char *text, size_t size, size_t from, const char *close, bool whole)
{
    const char *end = find(text + from, size - from, close);
    thoughts t = {.from = from, .to = end ? (size_t)(end - text) : size, .answer = size, .certain = whole};
    if (end) {
        for (t.answer = t.to + strlen(close); t.answer < size && is_space(text[t.answer]);) t.answer++;
        t.certain = whole || t.answer < size;
    }
    while (t.from < t.to && is_space(text[t.from])) t.from++;
    while (t.to > t.from && is_space(text[t.to - 1])) t.to--;
    return t;
}

thoughts thoughts_find(const char *text, size_t size, thoughts_start start, bool whole)
{
    if (start == THOUGHTS_NONE) return (thoughts){.certain = true};
    size_t from = 0;
    bool may_come = false;
    while (from < size && is_space(text[from])) from++;
    for (int i = 0; i < MARK_COUNT; i++) {
        size_t n = strlen(MARKS[i].open), have = size - from < n ? size - from : n;
        if (memcmp(text + from, MARKS[i].open, have) != 0) continue;
        if (have == n) return within(text, size, from + n, MARKS[i].close, whole);
        may_come = true;
    }
    for (int i = 0; start == THOUGHTS_OPENED && i < MARK_COUNT; i++)
        if (find(text, size, MARKS[i].close)) return within(text, size, 0, MARKS[i].close, whole);
    if (start == THOUGHTS_OPENED) return within(text, size, 0, MARKS[0].close, whole);
    return (thoughts){.answer = may_come && !whole ? size : 0, .certain = whole || !may_come};
}
