#include "audio/segment.h"

#include <stdint.h>
#include <string.h>

#include "audio/abbreviation.h"
#include "audio/unicode.h"

enum {
    WRAPPED_LINE = 50,  /* a line of at least so many bytes that ends without a mark goes on in the next */
    LONGEST_GIVEN = 400 /* [[phonemes]] are looked over this far */
};

static bool is_end_mark(uint32_t c)
{
    return c == '.' || c == '!' || c == '?' || c == 0x2026 || c == 0x203D;
}
static bool is_wide_end_mark(uint32_t c)
{
    return c == 0x3002 || c == 0xFF01 || c == 0xFF1F || c == 0xFF0E;
}

static bool is_closer(uint32_t c)
{
    return c == '"' || c == '\'' || c == ')' || c == ']' || c == '}' || c == 0x201D || c == 0x2019 || c == 0xBB ||
           c == 0x300D;
}

static bool is_listed(const char *word, size_t size, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(list[i]) == size && memcmp(list[i], word, size) == 0) return true;
    return false;
}

/* Words that begin a sentence far more often than they follow "U.S." inside one. */
static bool starts_sentence(const char *word, size_t size)
{
    static const char *const starters[] = {"The", "A",    "An",      "It",   "He",    "She",   "We",    "They",
                                           "I",   "You",  "This",    "That", "These", "Those", "There", "But",
                                           "And", "In",   "On",      "At",   "If",    "When",  "What",  "Why",
                                           "How", "Then", "However", "His",  "Her",   "Their", "Our",   "My"};
    return is_listed(word, size, starters, sizeof starters / sizeof *starters);
}

/* One to two letters with stops between: "U.S", "a.m", "J". */
static bool is_initials(const char *word, size_t size, bool *several)
{
    size_t run = 0, stops = 0;
    uint32_t c;
    for (size_t i = 0; i < size;) {
        i += unicode_decode(word + i, size - i, &c);
        if (c == '.')
            stops++;
        else if (!unicode_is_letter(c))
            return false;
        run = c == '.' ? 0 : run + 1;
        if (run > (stops ? 2u : 1u)) return false;
    }
    *several = stops > 0;
    return size > 0;
}

static size_t word_size(const char *text, size_t size)
{
    size_t i = 0;
    uint32_t c;
    while (i < size) {
        size_t n = unicode_decode(text + i, size - i, &c);
        if (!unicode_is_letter(c)) break;
        i += n;
    }
    return i;
}

static bool is_unit(const char *word, size_t size)
{
    static const char *const units[] = {"in", "ft", "yd", "yds", "mi", "lb", "lbs", "oz", "gal", "qt", "pt", "min", "mins", "sec", "secs",
                                        "hr", "hrs", "mo", "yr", "yrs", "wk", "wks", "km", "cm", "mm", "kg"};
    return is_listed(word, size, units, sizeof units / sizeof *units);
}

/* Whether a number stands before the unit at `start`, and what follows its stop goes on: "6 ft. 2 in.", "a 20 in. TV". */
static bool measures(const char *text, size_t from, size_t start, unsigned char next)
{
    size_t i = start;
    while (i > from && text[i - 1] == ' ') i--;
    size_t end = i;
    while (i > from && (unicode_is_digit((unsigned char)text[i - 1]) || strchr(".,/", text[i - 1]))) i--;
    if (i == end) return false;
    if (unicode_is_digit(next)) return true;
    bool article = i >= from + 2 && text[i - 1] == ' ' && (text[i - 2] | 32) == 'a' && (i == from + 2 || text[i - 3] == ' ');
    return article;
}

/* Whether the stop at `stop` ends the sentence that began at `from`, given what follows at `next`. */
static bool stop_ends(const char *text, size_t size, size_t from, size_t stop, size_t next)
{
    size_t start = stop;
    while (start > from && !unicode_is_space((unsigned char)text[start - 1])) start--;
    while (start < stop && strchr("([{\"'", text[start])) start++;
    while (stop - start > 3 && memcmp(text + start, "\xE2\x80", 2) == 0) start += 3; /* typographic quotes and dashes */
    const char *word = text + start;
    size_t length = stop - start;
    bool several = false;
    if (abbreviation_goes_on(word, length, (unsigned char)text[next])) return false;
    if (is_unit(word, length) && measures(text, from, start, (unsigned char)text[next])) return false;
    if (start == from && length <= 3 && strspn(word, "0123456789") == length && length > 0)
        return false; /* a list's number */
    uint32_t first;
    unicode_decode(word, length ? length : 1, &first);
    if (!is_initials(word, length, &several)) return true;
    if (!several) return !unicode_is_upper(first); /* J. K. Rowling */
    return starts_sentence(text + next, word_size(text + next, size - next)) ||
           !unicode_is_letter((unsigned char)text[next]);
}

/* The end of the sentence whose closing mark lies at i; 0: it goes on. *next is where the following text begins. */
static size_t end_here(const char *text, size_t size, size_t from, size_t i, uint32_t mark, size_t mark_size,
                       size_t *next)
{
    size_t end = i + mark_size;
    uint32_t c = 0;
    while (end < size) {
        size_t n = unicode_decode(text + end, size - end, &c);
        if (!is_closer(c)) break;
        end += n;
    }
    size_t after = end;
    while (after < size) {
        size_t n = unicode_decode(text + after, size - after, &c);
        if (!unicode_is_space(c)) break;
        after += n;
    }
    *next = after;
    if (after == size || is_wide_end_mark(mark)) return end;
    if (after == end || unicode_is_lower(c)) return 0;
    return mark != '.' || stop_ends(text, size, from, i, after) ? end : 0;
}

/* At a line's end: whether the sentence ends there. *blank tells of an empty line. */
static bool line_ends(const char *text, size_t size, size_t line_start, size_t i, bool *blank)
{
    size_t at = i + 1, end = i;
    while (at < size && text[at] != '\n' && unicode_is_space((unsigned char)text[at])) at++;
    *blank = at < size && text[at] == '\n';
    while (end > line_start && unicode_is_space((unsigned char)text[end - 1])) end--;
    if (*blank || at >= size) return true;
    bool marked =
        end > line_start && strchr(":;.!?", text[end - 1]); /* an abbreviation's stop was passed over before */
    bool item = strchr("-*", text[at]) && at + 1 < size && text[at + 1] == ' ';
    return item || strncmp(text + at, "•", 3) == 0 ||
           (end - line_start < WRAPPED_LINE && !(marked && text[end - 1] == '.')) || (marked && text[end - 1] == ':');
}

/* Where to cut text[from … from + SEGMENT_LONGEST). */
static size_t cut_place(const char *text, size_t from)
{
    size_t end = from + SEGMENT_LONGEST, least = from + SEGMENT_LONGEST / 4;
    static const char *const marks[] = {";:", ",", " \n\t"};
    for (int kind = 0; kind < 3; kind++)
        for (size_t i = end; i > least; i--)
            if (strchr(marks[kind], text[i - 1]) && text[i - 1] && (kind == 2 || text[i] == ' ' || text[i] == '\n'))
                return i;
    while (end > least && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
    return end;
}

static void trim(const char *text, segment *s)
{
    size_t start;
    while (s->to > s->from && unicode_is_space(unicode_before(text, s->to, &start))) s->to = start;
}

/* Past [[phonemes]] that begin at i; i itself when none do. */
static size_t past_given(const char *text, size_t size, size_t i)
{
    if (size - i < 4 || text[i] != '[' || text[i + 1] != '[') return i;
    for (size_t end = i + 2; end + 1 < size && end - i < LONGEST_GIVEN; end++)
        if (text[end] == ']' && text[end + 1] == ']') return end + 2;
    return i;
}

bool segment_next(const char *text, size_t size, size_t *at, segment *s)
{
    size_t i = *at, line_start;
    uint32_t c;
    while (i < size) {
        size_t n = unicode_decode(text + i, size - i, &c);
        if (!unicode_is_space(c)) break;
        i += n;
    }
    if (i == size) {
        *at = size;
        return false;
    }
    *s = (segment){.from = i, .to = size, .ends_sentence = true, .ends_paragraph = true};
    line_start = i;
    while (i < size) {
        i = past_given(text, size, i);
        if (i >= size) break;
        size_t n = unicode_decode(text + i, size - i, &c), next = 0, end = 0;
        bool blank = false;
        if (i + n - s->from > SEGMENT_LONGEST) {
            *s = (segment){.from = s->from, .to = cut_place(text, s->from)};
            *at = s->to;
            trim(text, s);
            return true;
        }
        if (is_end_mark(c) || is_wide_end_mark(c)) end = end_here(text, size, s->from, i, c, n, &next);
        if (end) {
            s->to = end;
            *at = next;
            const char *line = memchr(text + end, '\n', next - end);
            s->ends_paragraph = next == size || (line && memchr(line + 1, '\n', (size_t)(text + next - line) - 1));
            return true;
        }
        if (c == '\n' && line_ends(text, size, line_start, i, &blank)) {
            s->to = i;
            *at = i + 1;
            s->ends_paragraph = blank;
            trim(text, s);
            return true;
        }
        i += n;
        if (c == '\n') line_start = i;
    }
    *at = size;
    trim(text, s);
    return true;
}
