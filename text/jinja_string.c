/* The methods of strings, by characters as Python counts them. What is cut or joined keeps its origin. */
#include <string.h>

#include "text/jinja_value.h"
#include "text/tokenizer_unicode.h"
#include "core/utf8.h"

bool jinja_is_space(const char *text, size_t size)
{
    uint32_t c;
    return tokenizer_unicode_char(text, size, &c) > 0 && (tokenizer_unicode_is_space(c) || (c >= 0x1C && c <= 0x1F));
}

static bool named(const char *method, const char *name) { return strncmp(method, name, strlen(name)) == 0 && method[strlen(name)] == ' '; }

/* ---- trimming ---- */

static bool drops(const char *text, size_t size, const jinja_string *chars)
{
    return chars ? memmem(chars->text, chars->size, text, size) != NULL : jinja_is_space(text, size);
}

static size_t last_char(const char *text, size_t from, size_t to)
{
    size_t at = to - 1;
    while (at > from && to - at < 4 && ((unsigned char)text[at] & 0xC0) == 0x80) at--;
    return jinja_char_size(text + at, to - at) == to - at ? at : to - 1;
}

jinja_value jinja_string_trim(jinja_context *r, const jinja_string *s, const jinja_string *chars, bool left, bool right)
{
    size_t from = 0, to = s->size;
    for (size_t n; left && from < to && drops(s->text + from, n = jinja_char_size(s->text + from, to - from), chars); from += n)
        if (!jinja_spend(r, chars ? 1 + chars->size / 16 : 0)) break;
    while (right && to > from && jinja_spend(r, chars ? 1 + chars->size / 16 : 0)) {
        size_t at = last_char(s->text, from, to);
        if (!drops(s->text + at, to - at, chars)) break;
        to = at;
    }
    if (!jinja_spend(r, (s->size - (to - from)) / 16)) return (jinja_value){0};
    return jinja_part(r, s, from, to);
}

/* Where the white space that ends before `to` begins, and where the text that ends there does. */
static size_t skip_space_left(const jinja_string *s, size_t to, bool space)
{
    while (to > 0) {
        size_t at = last_char(s->text, 0, to);
        if (jinja_is_space(s->text + at, to - at) != space) break;
        to = at;
    }
    return to;
}

/* ---- finding ---- */

const char *jinja_string_find(jinja_context *r, const jinja_string *s, size_t from, const jinja_string *what)
{
    if (what->size == 0) return s->text + from;
    if (what->size > s->size - from || !jinja_spend(r, 1 + what->size / 4)) return NULL; /* what is sought is prepared first */
    const char *found = memmem(s->text + from, s->size - from, what->text, what->size);
    return jinja_spend(r, (found ? (size_t)(found - s->text) - from : s->size - from) / 16) ? found : NULL;
}

/* The last one that ends at byte `to` or before, or NULL: also where the steps are spent. A sum over the bytes moves to the
 * left with what it looks at (Karp and Rabin, 1987); what has the same sum is compared, and paid for. */
static const char *find_last(jinja_context *r, const jinja_string *s, size_t to, const jinja_string *what)
{
    const uint64_t by = 0x9E3779B97F4A7C15;
    size_t n = what->size, at = to;
    uint64_t want = 0, have = 0, first = 1; /* of the bytes text[0] + by text[1] + by² text[2] + …; by^(n − 1) */
    if (n > to) return NULL;
    if (n == 0) return s->text + to;
    for (size_t i = n; i-- > 0;) {
        want = want * by + (unsigned char)what->text[i];
        have = have * by + (unsigned char)s->text[to - n + i];
        if (i) first *= by;
    }
    for (at = to - n;; at--) {
        if (have == want && (!jinja_spend(r, n / 16) || memcmp(s->text + at, what->text, n) == 0)) break;
        if (!at) return jinja_spend(r, 1 + to / 16), NULL;
        have = (have - first * (unsigned char)s->text[at + n - 1]) * by + (unsigned char)s->text[at - 1];
    }
    return jinja_spend(r, 1 + (to - at) / 16) ? s->text + at : NULL;
}

/* The characters before a byte. */
static int64_t chars_before(jinja_context *r, const jinja_string *s, size_t at)
{
    jinja_string front = {.text = s->text, .size = at, .chars = -1};
    return jinja_chars(r, &front);
}

/* The bytes of the part from character a to character b, as a slice. */
static jinja_string *part_of(jinja_context *r, const jinja_node *at, jinja_string *s, jinja_value a, jinja_value b)
{
    if (a.kind == VALUE_ABSENT && b.kind == VALUE_ABSENT) return s;
    jinja_value v = jinja_slice(r, at, (jinja_value){.kind = VALUE_STRING, .s = s}, a, b, jinja_absent());
    return jinja_bad(r) ? NULL : v.s;
}

static const char *const PART[] = {"sub", "start", "end", NULL};

static jinja_value method_find(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    jinja_value given[3];
    if (!jinja_bind(r, at, "find", a, PART, 1, given)) return (jinja_value){0};
    if (given[0].kind != VALUE_STRING) return jinja_fail(r, at, "find: '%s' found, a string wanted", jinja_type(given[0]));
    const jinja_string *part = part_of(r, at, s, given[1], given[2]);
    if (!part) return (jinja_value){0};
    bool last = name[0] == 'r', index = strstr(name, "index") == name + last;
    const char *found = last ? find_last(r, part, part->size, given[0].s) : jinja_string_find(r, part, 0, given[0].s);
    if (jinja_bad(r)) return (jinja_value){0};
    if (!found && index) return jinja_fail(r, at, "index: the text is not in the string");
    return jinja_int(found ? chars_before(r, s, (size_t)(found - s->text)) : -1);
}

static jinja_value method_count(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    (void)name;
    jinja_value given[3];
    if (!jinja_bind(r, at, "count", a, PART, 1, given)) return (jinja_value){0};
    if (given[0].kind != VALUE_STRING) return jinja_fail(r, at, "count: '%s' found, a string wanted", jinja_type(given[0]));
    jinja_string *part = part_of(r, at, s, given[1], given[2]);
    if (!part) return (jinja_value){0};
    if (given[0].s->size == 0) return jinja_int(jinja_chars(r, part) + 1);
    int64_t count = 0;
    const char *found;
    for (size_t from = 0; (found = jinja_string_find(r, part, from, given[0].s)); from = (size_t)(found - part->text) + given[0].s->size) count++;
    return jinja_int(count);
}

static jinja_value method_starts(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    jinja_value given[3];
    if (!jinja_bind(r, at, "startswith", a, PART, 1, given)) return (jinja_value){0};
    const jinja_string *part = part_of(r, at, s, given[1], given[2]);
    jinja_list one = {.item = given, .count = 1};
    const jinja_list *all = given[0].kind == VALUE_TUPLE ? given[0].list : &one;
    for (size_t i = 0; part && i < all->count; i++) {
        if (all->item[i].kind != VALUE_STRING) return jinja_fail(r, at, "startswith and endswith want a string or a tuple of strings, '%s' found", jinja_type(all->item[i]));
        const jinja_string *w = all->item[i].s;
        if (!jinja_spend(r, w->size / 16)) return (jinja_value){0};
        if (w->size <= part->size && memcmp(named(name, "startswith") ? part->text : part->text + part->size - w->size, w->text, w->size) == 0) return jinja_bool(true);
    }
    return jinja_bool(false);
}

/* ---- cutting and joining ---- */

/* By white space, at most `most` cuts (−1: all), from the left. */
static void split_space(jinja_context *r, const jinja_string *s, int64_t most, jinja_list *out)
{
    size_t at = 0;
    if (!jinja_spend(r, s->size / 8)) return;
    for (;;) {
        while (at < s->size && jinja_is_space(s->text + at, s->size - at)) at += jinja_char_size(s->text + at, s->size - at);
        if (at >= s->size || jinja_bad(r)) return;
        size_t to = at;
        if (most == 0) { /* the rest as it is */
            jinja_push(r, out, jinja_part(r, s, at, s->size));
            return;
        }
        while (to < s->size && !jinja_is_space(s->text + to, s->size - to)) to += jinja_char_size(s->text + to, s->size - to);
        jinja_push(r, out, jinja_part(r, s, at, to));
        at = to;
        if (most > 0) most--;
    }
}

static void split_space_right(jinja_context *r, const jinja_string *s, int64_t most, jinja_list *out)
{
    size_t to = s->size;
    if (!jinja_spend(r, s->size / 8)) return;
    for (size_t at; !jinja_bad(r); to = at) {
        to = skip_space_left(s, to, true);
        if (!to) return;
        if (most == 0) {
            jinja_push(r, out, jinja_part(r, s, 0, to));
            return;
        }
        at = skip_space_left(s, to, false);
        jinja_push(r, out, jinja_part(r, s, at, to));
        if (most > 0) most--;
    }
}

static void split_by(jinja_context *r, const jinja_string *s, const jinja_string *by, int64_t most, jinja_list *out)
{
    size_t from = 0;
    for (const char *found; most != 0 && !jinja_bad(r) && (found = jinja_string_find(r, s, from, by)); most--) {
        jinja_push(r, out, jinja_part(r, s, from, (size_t)(found - s->text)));
        from = (size_t)(found - s->text) + by->size;
    }
    jinja_push(r, out, jinja_part(r, s, from, s->size));
}

static void split_by_right(jinja_context *r, const jinja_string *s, const jinja_string *by, int64_t most, jinja_list *out)
{
    size_t to = s->size;
    for (const char *found; most != 0 && !jinja_bad(r) && (found = find_last(r, s, to, by)); most--) {
        jinja_push(r, out, jinja_part(r, s, (size_t)(found - s->text) + by->size, to));
        to = (size_t)(found - s->text);
    }
    jinja_push(r, out, jinja_part(r, s, 0, to));
}

static void reverse(jinja_list *l)
{
    for (size_t i = 0; i < l->count / 2; i++) {
        jinja_value v = l->item[i];
        l->item[i] = l->item[l->count - 1 - i];
        l->item[l->count - 1 - i] = v;
    }
}

static jinja_value method_split(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    static const char *const names[] = {"sep", "maxsplit", NULL};
    jinja_value given[2], out = jinja_new_list(r, VALUE_LIST, 0);
    bool right = name[0] == 'r';
    int64_t most = -1;
    if (!jinja_bind(r, at, "split", a, names, 0, given)) return (jinja_value){0};
    if (given[1].kind != VALUE_ABSENT && !jinja_integer(given[1], &most)) return jinja_fail(r, at, "split: maxsplit of type '%s' found, a number wanted", jinja_type(given[1]));
    if (given[0].kind == VALUE_ABSENT || given[0].kind == VALUE_NONE) (right ? split_space_right : split_space)(r, s, most, out.list);
    else if (given[0].kind != VALUE_STRING) return jinja_fail(r, at, "split: '%s' found, a string wanted", jinja_type(given[0]));
    else if (!given[0].s->size) return jinja_fail(r, at, "split: the separator is empty");
    else (right ? split_by_right : split_by)(r, s, given[0].s, most, out.list);
    if (right && !jinja_bad(r)) reverse(out.list);
    return out;
}

/* Bytes of a line's end at text, 0: none there. */
static size_t line_end(const char *text, size_t size)
{
    uint32_t c;
    int n = tokenizer_unicode_char(text, size, &c);
    if (c == '\r' && size > 1 && text[1] == '\n' && n > 0) return 2;
    return n > 0 && ((c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 || c == 0x2029) ? (size_t)n : 0;
}

jinja_list *jinja_string_lines(jinja_context *r, const jinja_string *s, bool keep_ends)
{
    jinja_value out = jinja_new_list(r, VALUE_LIST, 0);
    size_t from = 0;
    if (!jinja_spend(r, s->size / 8)) return NULL;
    for (size_t at = 0, n; at < s->size && !jinja_bad(r); at += n) {
        size_t end = line_end(s->text + at, s->size - at);
        n = end ? end : jinja_char_size(s->text + at, s->size - at);
        if (!end) continue;
        jinja_push(r, out.list, jinja_part(r, s, from, keep_ends ? at + end : at));
        from = at + end;
    }
    if (from < s->size) jinja_push(r, out.list, jinja_part(r, s, from, s->size));
    return jinja_bad(r) ? NULL : out.list;
}

static jinja_value method_lines(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    (void)name;
    static const char *const names[] = {"keepends", NULL};
    jinja_value keep;
    if (!jinja_bind(r, at, "splitlines", a, names, 0, &keep)) return (jinja_value){0};
    jinja_list *l = jinja_string_lines(r, s, keep.kind != VALUE_ABSENT && jinja_truth(keep));
    return l ? (jinja_value){.kind = VALUE_LIST, .list = l} : (jinja_value){0};
}

static jinja_value method_partition(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    static const char *const names[] = {"sep", NULL};
    jinja_value by, out = jinja_new_list(r, VALUE_TUPLE, 3);
    bool right = name[0] == 'r';
    if (!jinja_bind(r, at, "partition", a, names, 1, &by)) return (jinja_value){0};
    if (by.kind != VALUE_STRING || !by.s->size) return jinja_fail(r, at, "partition: '%s' found, a text wanted", jinja_type(by));
    const char *found = right ? find_last(r, s, s->size, by.s) : jinja_string_find(r, s, 0, by.s);
    size_t from = found ? (size_t)(found - s->text) : right ? 0 : s->size, to = found ? from + by.s->size : from;
    jinja_push(r, out.list, jinja_part(r, s, 0, from));
    jinja_push(r, out.list, jinja_part(r, s, from, to));
    jinja_push(r, out.list, jinja_part(r, s, to, s->size));
    return out;
}

jinja_value jinja_string_replace(jinja_context *r, const jinja_string *s, const jinja_string *old, const jinja_string *fresh, int64_t count)
{
    jinja_builder b = {0};
    size_t from = 0;
    const char *found;
    while (count != 0 && !jinja_bad(r) && old->size && (found = jinja_string_find(r, s, from, old))) {
        size_t to = (size_t)(found - s->text);
        jinja_build(r, &b, s->text + from, to - from, s->origin ? s->origin + from : NULL, s->whole);
        jinja_build_string(r, &b, fresh);
        from = to + old->size;
        if (count > 0) count--;
    }
    for (size_t n; !old->size && count != 0 && from <= s->size && jinja_spend(r, 1); from += n) { /* between all characters */
        jinja_build_string(r, &b, fresh);
        if (count > 0) count--;
        if (from == s->size) break;
        n = jinja_char_size(s->text + from, s->size - from);
        jinja_build(r, &b, s->text + from, n, s->origin ? s->origin + from : NULL, s->whole);
    }
    if (from < s->size) jinja_build(r, &b, s->text + from, s->size - from, s->origin ? s->origin + from : NULL, s->whole);
    return jinja_built(r, &b);
}

static jinja_value method_replace(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    (void)name;
    static const char *const names[] = {"old", "new", "count", NULL};
    jinja_value given[3];
    int64_t count = -1;
    if (!jinja_bind(r, at, "replace", a, names, 2, given)) return (jinja_value){0};
    if (given[0].kind != VALUE_STRING || given[1].kind != VALUE_STRING || (given[2].kind != VALUE_ABSENT && !jinja_integer(given[2], &count)))
        return jinja_fail(r, at, "replace: two strings and perhaps a number wanted");
    return jinja_string_replace(r, s, given[0].s, given[1].s, count);
}

static jinja_value method_join(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    (void)name;
    static const char *const names[] = {"iterable", NULL};
    jinja_value given;
    jinja_builder b = {0};
    if (!jinja_bind(r, at, "join", a, names, 1, &given)) return (jinja_value){0};
    const jinja_list *all = jinja_members(r, at, given);
    for (size_t i = 0; all && i < all->count && !jinja_bad(r); i++) {
        if (all->item[i].kind != VALUE_STRING) return jinja_fail(r, at, "join: '%s' found, a string wanted", jinja_type(all->item[i]));
        if (i) jinja_build_string(r, &b, s);
        jinja_build_string(r, &b, all->item[i].s);
    }
    return jinja_built(r, &b);
}

static jinja_value method_trim(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    static const char *const names[] = {"chars", NULL};
    jinja_value chars;
    if (!jinja_bind(r, at, "strip", a, names, 0, &chars)) return (jinja_value){0};
    bool given = chars.kind != VALUE_ABSENT && chars.kind != VALUE_NONE;
    if (given && chars.kind != VALUE_STRING) return jinja_fail(r, at, "strip: '%s' found, a string wanted", jinja_type(chars));
    return jinja_string_trim(r, s, given ? chars.s : NULL, name[0] != 'r', name[0] != 'l');
}

static jinja_value method_remove(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    static const char *const names[] = {"part", NULL};
    jinja_value part;
    if (!jinja_bind(r, at, "removeprefix", a, names, 1, &part)) return (jinja_value){0};
    if (part.kind != VALUE_STRING) return jinja_fail(r, at, "removeprefix: '%s' found, a string wanted", jinja_type(part));
    bool front = named(name, "removeprefix");
    size_t n = part.s->size;
    if (!n || n > s->size || !jinja_spend(r, n / 16) || memcmp(front ? s->text : s->text + s->size - n, part.s->text, n) != 0) return (jinja_value){.kind = VALUE_STRING, .s = s};
    return front ? jinja_part(r, s, n, s->size) : jinja_part(r, s, 0, s->size - n);
}

/* ---- letters ---- */

static char letter_case(char how, tokenizer_unicode_kind kind, bool begins)
{
    if (how == 's') return kind == UNICODE_UPPER ? 'l' : kind == UNICODE_LOWER ? 'u' : 0;
    if (how == 't' || how == 'c') return begins ? 't' : 'l';
    return how;
}

static bool letter_at(const jinja_string *s, size_t at)
{
    uint32_t c;
    return at < s->size && tokenizer_unicode_char(s->text + at, s->size - at, &c) > 0 && tokenizer_unicode_kind_of(c) <= UNICODE_TITLE;
}

jinja_value jinja_string_case(jinja_context *r, const jinja_string *s, char how)
{
    jinja_builder b = {0};
    bool begins = true, after_letter = false;
    for (size_t i = 0, n; i < s->size && jinja_spend(r, 1); i += n) {
        uint32_t c, to[3];
        const uint8_t *origin = s->origin ? s->origin + i : NULL;
        n = jinja_char_size(s->text + i, s->size - i);
        if (tokenizer_unicode_char(s->text + i, s->size - i, &c) <= 0) {
            jinja_build(r, &b, s->text + i, n, origin, s->whole);
            continue;
        }
        tokenizer_unicode_kind kind = tokenizer_unicode_kind_of(c);
        char single = letter_case(how, kind, begins);
        int count = single ? tokenizer_unicode_case(c, single, to) : (to[0] = c, 1);
        if (c == 0x3A3 && single == 'l' && after_letter && !letter_at(s, i + n)) to[0] = 0x3C2; /* a sigma that ends its word */
        for (int k = 0; k < count; k++) {
            char out[4];
            jinja_build(r, &b, out, utf8_encode(to[k], out), NULL, origin ? *origin : s->whole);
        }
        begins = how == 't' ? kind > UNICODE_TITLE : false;
        after_letter = kind <= UNICODE_TITLE;
    }
    return jinja_built(r, &b);
}

/* Whether all of its letters with a case have this one, and there is one. */
bool jinja_string_is_case(jinja_context *r, const jinja_string *s, bool upper)
{
    bool found = false;
    if (!jinja_spend(r, s->size / 8)) return false;
    for (size_t i = 0; i < s->size; i += jinja_char_size(s->text + i, s->size - i)) {
        uint32_t c;
        if (tokenizer_unicode_char(s->text + i, s->size - i, &c) <= 0) continue;
        tokenizer_unicode_kind kind = tokenizer_unicode_kind_of(c);
        if (kind == UNICODE_TITLE || kind == (upper ? UNICODE_LOWER : UNICODE_UPPER)) return false;
        found = found || kind == (upper ? UNICODE_UPPER : UNICODE_LOWER);
    }
    return found;
}

/* Python's isdigit has the superscripts and circled digits beside the decimals. */
static bool is_digit(uint32_t c)
{
    return c == 0xB2 || c == 0xB3 || c == 0xB9 || c == 0x2070 || (c >= 0x2074 && c <= 0x2079) || (c >= 0x2080 && c <= 0x2089) || (c >= 0x2460 && c <= 0x2468) ||
           (c >= 0x2474 && c <= 0x247C) || (c >= 0x2488 && c <= 0x2490) || c == 0x24EA || (c >= 0x24F5 && c <= 0x24FD) || c == 0x24FF ||
           (c >= 0x2776 && c <= 0x277E) || (c >= 0x2780 && c <= 0x2788) || (c >= 0x278A && c <= 0x2792);
}

typedef enum { ALL_DECIMAL, ALL_DIGIT, ALL_NUMERIC, ALL_ALPHA, ALL_ALNUM, ALL_SPACE } all_kind;

static bool all_are(jinja_context *r, const jinja_string *s, all_kind want)
{
    if (!jinja_spend(r, s->size / 8)) return false;
    for (size_t i = 0; i < s->size; i += jinja_char_size(s->text + i, s->size - i)) {
        uint32_t c;
        if (tokenizer_unicode_char(s->text + i, s->size - i, &c) <= 0) return false;
        tokenizer_unicode_kind kind = tokenizer_unicode_kind_of(c);
        bool alpha = kind <= UNICODE_LETTER, numeric = kind == UNICODE_DECIMAL || kind == UNICODE_NUMBER;
        bool good = want == ALL_DECIMAL ? kind == UNICODE_DECIMAL : want == ALL_DIGIT ? kind == UNICODE_DECIMAL || is_digit(c) : want == ALL_NUMERIC ? numeric :
                    want == ALL_ALPHA ? alpha : want == ALL_ALNUM ? alpha || numeric : jinja_is_space(s->text + i, s->size - i);
        if (!good) return false;
    }
    return s->size > 0;
}

bool jinja_string_is_digits(jinja_context *r, const jinja_string *s) { return all_are(r, s, ALL_DIGIT); }

static jinja_value method_letters(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    static const char *const none[] = {NULL};
    static const struct {
        const char *name;
        all_kind kind;
    } classes[] = {{"isdecimal", ALL_DECIMAL}, {"isdigit", ALL_DIGIT}, {"isnumeric", ALL_NUMERIC}, {"isalpha", ALL_ALPHA}, {"isalnum", ALL_ALNUM}, {"isspace", ALL_SPACE}};
    jinja_value nothing;
    if (!jinja_bind(r, at, "a string's method", a, none, 0, &nothing)) return (jinja_value){0};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (named(name, classes[i].name)) return jinja_bool(all_are(r, s, classes[i].kind));
    if (named(name, "isupper") || named(name, "islower")) return jinja_bool(jinja_string_is_case(r, s, named(name, "isupper")));
    return jinja_string_case(r, s, name[0]); /* upper, lower, title, capitalize, swapcase */
}

/* ---- filling up ---- */

static void fill(jinja_context *r, jinja_builder *b, const jinja_string *with, int64_t count)
{
    for (int64_t i = 0; i < count && jinja_spend(r, 1); i++) jinja_build_string(r, b, with);
}

static jinja_value method_fill(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    static const char *const names[] = {"width", "fillchar", NULL};
    jinja_value given[2];
    jinja_builder b = {0};
    int64_t width;
    bool zeros = named(name, "zfill");
    jinja_string space = {.text = zeros ? "0" : " ", .size = 1, .chars = 1}, *with = &space;
    if (!jinja_bind(r, at, "ljust", a, names, 1, given)) return (jinja_value){0};
    if (!jinja_integer(given[0], &width)) return jinja_fail(r, at, "ljust: '%s' found, a number wanted", jinja_type(given[0]));
    if (given[1].kind == VALUE_STRING && jinja_chars(r, given[1].s) == 1 && !zeros) with = given[1].s;
    else if (given[1].kind != VALUE_ABSENT) return jinja_fail(r, at, "ljust: one character wanted to fill with");
    int64_t chars = jinja_chars(r, s), missing = width > chars ? width - chars : 0;
    int64_t left = named(name, "ljust") ? 0 : named(name, "center") ? missing / 2 + (missing & width & 1) : missing;
    size_t sign = zeros && s->size && (s->text[0] == '-' || s->text[0] == '+');
    jinja_build(r, &b, s->text, sign, s->origin, s->whole);
    fill(r, &b, with, left);
    jinja_build(r, &b, s->text + sign, s->size - sign, s->origin ? s->origin + sign : NULL, s->whole);
    fill(r, &b, with, missing - left);
    return jinja_built(r, &b);
}

/* ---- all of them ---- */

jinja_value jinja_string_method(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    static const struct {
        const char *names;
        jinja_value (*call)(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a);
    } groups[] = {{"strip lstrip rstrip ", method_trim}, {"split rsplit ", method_split}, {"startswith endswith ", method_starts}, {"replace ", method_replace},
                  {"find rfind index rindex ", method_find}, {"count ", method_count}, {"join ", method_join}, {"splitlines ", method_lines}, {"format ", jinja_format_braces},
                  {"partition rpartition ", method_partition}, {"removeprefix removesuffix ", method_remove}, {"zfill ljust rjust center ", method_fill}};
    size_t n = strcspn(name, " ");
    bool by_name = named(name, "split") || named(name, "rsplit") || named(name, "splitlines") || named(name, "format");
    if (a->named.count && !by_name) return jinja_fail(r, at, "%.*s: plain arguments wanted, not NAME=", (int)n, name);
    if (s->markup) return jinja_fail(r, at, "a method of a text marked safe is not known here");
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        for (const char *word = groups[i].names; *word; word += strcspn(word, " ") + 1)
            if (strncmp(word, name, n + 1) == 0) return groups[i].call(r, at, s, name, a);
    return method_letters(r, at, s, name, a);
}
