#include "audio/token.h"

#include <string.h>

#include "audio/json_scan.h"
#include "audio/unicode.h"
#include "audio/word_table.h"
#include "core/alloc.h"
#include "core/file.h"

enum { LONGEST_SPECIAL = 64 }; /* bytes of a special case */

struct token_rules {
    word_table *special; /* text → its tokens, each followed by a zero */
};

/* One piece of text without white space, as code points. */
typedef struct {
    const char *text;
    uint32_t *point; /* [count] */
    uint32_t *place; /* [count + 1]: where each begins in text */
    size_t count;
} chunk;

/* ---- the special cases ---- */

static bool fill(word_table *t, char *text, size_t size, const char *path, status *st)
{
    json_scan s = json_scan_start(text, size, path, st);
    json_string key, piece;
    if (!json_scan_object(&s)) return false;
    while (json_scan_key(&s, &key)) {
        char value[2 * LONGEST_SPECIAL];
        size_t used = 0;
        if (!json_scan_array(&s)) return false;
        while (json_scan_item(&s)) {
            if (!json_scan_string(&s, &piece)) return false;
            if (key.size > LONGEST_SPECIAL || piece.size == 0 || used + piece.size + 1 > sizeof value ||
                memchr(piece.text, 0, piece.size))
                return status_set(st, STATUS_INPUT, "%s: the special case '%.*s' is too long or empty", path,
                                  (int)(key.size & 63), key.text);
            memcpy(value + used, piece.text, piece.size);
            used += piece.size;
            value[used++] = 0;
        }
        if (!status_ok(st) || !word_table_add(t, key.text, key.size, value, used, st)) return false;
    }
    return json_scan_finish(&s);
}

token_rules *token_rules_build(char *json, size_t size, const char *name, status *st)
{
    token_rules *r = alloc_zeroed(1, sizeof *r, st);
    if (r) r->special = word_table_build(json, size, name, fill, st);
    if (r && r->special) return r;
    alloc_free(r);
    return NULL;
}

token_rules *token_rules_open(const char *path, status *st)
{
    size_t size;
    char *json = file_read(path, (size_t)4 << 20, &size, st);
    token_rules *r = json ? token_rules_build(json, size, path, st) : NULL;
    alloc_free(json);
    return r;
}

void token_rules_close(token_rules *r)
{
    if (!r) return;
    word_table_close(r->special);
    alloc_free(r);
}

static bool is_special(const token_rules *r, const chunk *c, size_t from, size_t to)
{
    size_t size = c->place[to] - c->place[from], ignored;
    return size <= LONGEST_SPECIAL && word_table_find(r->special, c->text + c->place[from], size, &ignored);
}

/* ---- lists ---- */

token *token_add(token_list *list, const char *text, size_t size, uint32_t from, uint32_t to)
{
    if (!status_ok(list->st)) return NULL;
    if (list->count == list->room) {
        size_t room = list->room ? list->room * 2 : 64;
        token *grown = arena_alloc(list->mem, room * sizeof *grown, list->st);
        if (!grown) return NULL;
        if (list->count) memcpy(grown, list->item, list->count * sizeof *grown);
        list->item = grown;
        list->room = room;
    }
    char *copy = arena_alloc(list->mem, size + 1, list->st);
    if (!copy) return NULL;
    memcpy(copy, text, size);
    copy[size] = 0;
    token *t = &list->item[list->count++];
    *t = (token){.text = copy, .size = size, .from = from, .to = to, .head = true};
    return t;
}

static void add_span(token_list *out, const chunk *c, size_t from, size_t to, uint32_t offset)
{
    uint32_t a = c->place[from], b = c->place[to];
    if (b > a) token_add(out, c->text + a, b - a, offset + a, offset + b);
}

/* The tokens of the special case at from … to. Where they spell the text itself each has its own span. */
static void add_special(const token_rules *r, token_list *out, const chunk *c, size_t from, size_t to, uint32_t offset)
{
    uint32_t a = c->place[from], b = c->place[to], at = a;
    size_t size = 0;
    const char *value = word_table_find(r->special, c->text + a, b - a, &size);
    bool spelt = value != NULL;
    for (size_t i = 0; spelt && i < size; i += strlen(value + i) + 1, spelt = at <= b)
        at += (uint32_t)strlen(value + i);
    spelt = spelt && at == b;
    at = a;
    for (size_t i = 0; value && i < size;) {
        uint32_t n = (uint32_t)strlen(value + i);
        token_add(out, value + i, n, offset + (spelt ? at : a), offset + (spelt ? at + n : b));
        at += n;
        i += n + 1;
    }
}

/* ---- classes of characters ---- */

static bool is_in(uint32_t c, const uint32_t *set)
{
    for (; *set; set++)
        if (*set == c) return true;
    return false;
}

static const uint32_t QUOTES[] = {'\'',   '"',    0x201D, 0x201C, '`',    0x2018, 0xB4,   0x2019, 0x201A, ',',
                                  0x201E, 0xAB,   0xBB,   0x300C, 0x300D, 0x300E, 0x300F, 0xFF08, 0xFF09, 0x3014,
                                  0x3015, 0x3010, 0x3011, 0x300A, 0x300B, 0x3008, 0x3009, 0};
static const uint32_t MARKS[] = {0x2026, ',',    ':',    ';',    '!',    '?',    0xBF,   0xA1,   '(',  ')',
                                 '[',    ']',    '{',    '}',    '<',    '>',    '_',    '#',    '*',  '&',
                                 0x3002, 0xFF1F, 0xFF01, 0xFF0C, 0x3001, 0xFF1B, 0xFF1A, 0xFF5E, 0xB7, 0};
static const uint32_t ICONS[] = {0x2122, 0xAE, 0xA9, 0xB0, 0xA7, 0xB6, 0x2020, 0x2021, 0x2022, 0};
static const uint32_t CURRENCIES[] = {'$',    0xA3,   0x20AC, 0xA5,   0xE3F,  0x20BD, 0x20B9,
                                      0x20A9, 0x20AA, 0x20BA, 0x20B4, 0x20A6, 0x20AB, 0x20B1,
                                      0x20B2, 0x20B5, 0x20B8, 0x20BC, 0x20BE, 0x20BF, 0};

static bool is_quote(uint32_t c)
{
    return is_in(c, QUOTES);
}
static bool is_mark(uint32_t c)
{
    return is_in(c, MARKS);
}
static bool is_icon(uint32_t c)
{
    return is_in(c, ICONS);
}
static bool is_dash(uint32_t c)
{
    return c == 0x2014 || c == 0x2013;
}

/* The rules' letters with case are those of Latin-1. */
static bool is_small(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7);
}
static bool is_capital(uint32_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7);
}
static bool is_alphanumeric(uint32_t c)
{
    return unicode_is_letter(c) || unicode_is_digit(c);
}

/* Whether the ASCII word stands at i … end. */
static bool stands(const chunk *c, size_t i, size_t end, const char *word)
{
    size_t n = strlen(word);
    if (end - i != n) return false;
    for (size_t k = 0; k < n; k++)
        if (c->point[i + k] != (unsigned char)word[k]) return false;
    return true;
}

/* ---- what is peeled off the ends: lengths in code points, 0 for nothing ---- */

static size_t run_of_dots(const chunk *c, size_t i, size_t end)
{
    size_t n = 0;
    while (i + n < end && c->point[i + n] == '.') n++;
    return n >= 2 ? n : 0;
}

static size_t prefix_length(const chunk *c, size_t from, size_t to)
{
    uint32_t first = c->point[from];
    if (first == 0xA7 || first == '%' || first == '=' || is_dash(first) || is_mark(first)) return 1;
    if (first == '+') return from + 1 < to && unicode_is_digit(c->point[from + 1]) ? 0 : 1;
    if (first == '.') return run_of_dots(c, from, to);
    if (is_quote(first) || is_in(first, CURRENCIES) || is_icon(first)) return 1;
    if (from + 3 <= to && stands(c, from, from + 3, "US$")) return 3;
    if (from + 2 <= to && (first == 'C' || first == 'A') && c->point[from + 1] == '$') return 2;
    return 0;
}

/* A unit of measure or a currency that ends a number: 5km, 20%, 3€. Returns its length. */
static size_t unit_length(const chunk *c, size_t from, size_t to)
{
    static const char *const units[] = {"km/h", "mbar", "hPa", "kmh", "mph", "US$", "m/s", "km", "dm", "cm",
                                        "mm",   "ha",   "nm",  "yd",  "in",  "ft",  "kg",  "mg", "lb", "oz",
                                        "Pa",   "mb",   "MB",  "kb",  "KB",  "gb",  "GB",  "tb", "TB", "C$",
                                        "A$",   "m",    "g",   "t",   "T",   "G",   "M",   "K",  "%"};
    static const uint32_t micro[] = {'m', 'g', 0}, squared[] = {0xB2, 0xB3, 0};
    size_t longest = 0;
    for (size_t n = 1; n <= 4 && from + n < to; n++) {
        size_t at = to - n;
        if (!unicode_is_digit(c->point[at - 1])) continue;
        for (size_t u = 0; u < sizeof units / sizeof *units; u++)
            if (stands(c, at, to, units[u])) longest = n;
        if (n == 1 && is_in(c->point[at], CURRENCIES)) longest = n;
        if (n == 2 && c->point[at] == 0xB5 && is_in(c->point[at + 1], micro)) longest = n; /* µm, µg */
        if (n >= 2 && is_in(c->point[to - 1], squared) && c->point[to - 2] == 'm' &&
            (n == 2 || (n == 3 && strchr("kdc", (int)(c->point[at] & 0x7F)))))
            longest = n; /* m², km³ */
    }
    return longest;
}

/* A full stop that ends a sentence rather than an abbreviation's letter. */
static bool is_final_stop(const chunk *c, size_t from, size_t to)
{
    if (c->point[to - 1] != '.' || to - from < 2) return false;
    uint32_t before = c->point[to - 2];
    if (unicode_is_digit(before) || is_small(before) || before == '%' || before == 0xB2 || before == '-' ||
        before == '+' || is_mark(before) || is_quote(before))
        return true;
    if (to - from < 3) return false;
    uint32_t second = c->point[to - 3];
    bool degrees = second == 0xB0 && before < 0x80 && strchr("FfCcKk", (int)before);
    return degrees || (is_capital(before) && is_capital(second));
}

static size_t suffix_length(const chunk *c, size_t from, size_t to)
{
    if (from >= to) return 0;
    uint32_t last = c->point[to - 1];
    size_t dots = 0;
    while (dots < to - from && c->point[to - 1 - dots] == '.') dots++;
    if (dots >= 2) return dots;
    if (last == 0x2026 && to - from >= 2 && c->point[to - 2] == 0x2026) return 2;
    if ((last == 's' || last == 'S') && to - from >= 2 && (c->point[to - 2] == '\'' || c->point[to - 2] == 0x2019))
        return 2;
    size_t unit = unit_length(c, from, to);
    if (unit > 0) return unit;
    if (is_mark(last) || is_quote(last) || is_icon(last) || is_dash(last)) return 1;
    if (last == '+' && to - from >= 2 && unicode_is_digit(c->point[to - 2])) return 1;
    return is_final_stop(c, from, to) ? 1 : 0;
}

/* ---- what cuts a piece inside ---- */

static size_t hyphen_length(const chunk *c, size_t i, size_t to)
{
    uint32_t p = c->point[i];
    if (p != '-' && !is_dash(p) && p != '~') return 0;
    size_t most = p == '-' ? 3 : p == 0x2014 ? 2 : 1; /* -, --, --- and —, —— */
    for (size_t n = 1; n <= most && i + n < to; n++) {
        if (c->point[i + n - 1] != p) break;
        if (unicode_is_letter(c->point[i + n])) return n;
    }
    return 0;
}

static size_t infix_length(const chunk *c, size_t from, size_t i, size_t to)
{
    uint32_t p = c->point[i], before = i > from ? c->point[i - 1] : 0, after = i + 1 < to ? c->point[i + 1] : 0;
    if (p == '.' && run_of_dots(c, i, to)) return run_of_dots(c, i, to);
    if (p == 0x2026 || is_icon(p)) return 1;
    if (unicode_is_digit(before) && (p == '+' || p == '-' || p == '*' || p == '^') &&
        (unicode_is_digit(after) || after == '-'))
        return 1;
    if (p == '.' && (is_small(before) || is_quote(before)) && (is_capital(after) || is_quote(after))) return 1;
    if (p == ',' && unicode_is_letter(before) && unicode_is_letter(after)) return 1;
    if (!is_alphanumeric(before)) return 0;
    size_t hyphen = hyphen_length(c, i, to);
    if (hyphen) return hyphen;
    return (p == ':' || p == '<' || p == '>' || p == '=' || p == '/') && unicode_is_letter(after) ? 1 : 0;
}

static void cut_inside(token_list *out, const chunk *c, size_t from, size_t to, uint32_t offset)
{
    size_t start = from;
    for (size_t i = from; i < to;) {
        size_t n = infix_length(c, from, i, to);
        if (n > 0 && i > from) {
            add_span(out, c, start, i, offset);
            add_span(out, c, i, i + n, offset);
            start = i + n;
        }
        i += n ? n : 1;
    }
    add_span(out, c, start, to, offset);
}

/* ---- one chunk ---- */

/* Adjacent pieces that together spell a special case become it: "Sept", "." → "Sept.". */
static bool rejoin(const token_rules *r, const token_list *pieces, const chunk *c, uint32_t offset, token_list *out)
{
    for (size_t i = 0; i < pieces->count;) {
        size_t joined = 0;
        for (size_t k = 3; k >= 2 && !joined; k--) {
            if (i + k > pieces->count) continue;
            const token *last = &pieces->item[i + k - 1];
            uint32_t a = pieces->item[i].from - offset, b = last->to - offset;
            size_t ignored;
            if (b - a > LONGEST_SPECIAL || !word_table_find(r->special, c->text + a, b - a, &ignored)) continue;
            size_t from = 0, to = 0;
            while (c->place[from] < a) from++;
            while (c->place[to] < b) to++;
            add_special(r, out, c, from, to, offset);
            joined = k;
        }
        if (!joined) {
            const token *t = &pieces->item[i];
            token_add(out, t->text, t->size, t->from, t->to);
        }
        i += joined ? joined : 1;
    }
    return status_ok(out->st);
}

static bool split_chunk(const token_rules *r, const chunk *c, uint32_t offset, token_list *out)
{
    size_t from = 0, to = c->count, peeled = 0;
    if (is_special(r, c, 0, to)) {
        add_special(r, out, c, 0, to, offset);
        return status_ok(out->st);
    }
    /* What is peeled off the end is remembered here and added, in order, after the rest. */
    uint32_t *suffix = arena_alloc(out->mem, (to + 1) * sizeof *suffix, out->st);
    if (!suffix) return false;
    token_list pieces = {.mem = out->mem, .st = out->st};
    while (from < to && !is_special(r, c, from, to)) {
        size_t before = prefix_length(c, from, to), after = suffix_length(c, from + before, to);
        bool only_before = before && from + before < to && is_special(r, c, from + before, to);
        bool only_after = !only_before && after && to - after > from && is_special(r, c, from, to - after);
        if (only_before) after = 0;
        if (only_after) before = 0;
        if (!before && !after) break;
        if (before) add_span(&pieces, c, from, from + before, offset);
        from += before;
        if (after) {
            suffix[peeled++] = (uint32_t)to;
            to -= after;
        }
        if (only_before || only_after) break;
    }
    if (from < to && is_special(r, c, from, to))
        add_special(r, &pieces, c, from, to, offset);
    else
        cut_inside(&pieces, c, from, to, offset);
    for (; peeled > 0; peeled--) {
        size_t end = suffix[peeled - 1];
        add_span(&pieces, c, to, end, offset);
        to = end;
    }
    return rejoin(r, &pieces, c, offset, out);
}

/* The code points of size bytes at text. */
static bool decode_chunk(chunk *c, const char *text, size_t size, arena *mem, status *st)
{
    c->text = text;
    c->count = 0;
    c->point = arena_alloc(mem, (size + 1) * sizeof *c->point, st);
    c->place = arena_alloc(mem, (size + 1) * sizeof *c->place, st);
    if (!c->point || !c->place) return false;
    for (size_t i = 0; i < size; c->count++) {
        c->place[c->count] = (uint32_t)i;
        i += unicode_decode(text + i, size - i, &c->point[c->count]);
    }
    c->place[c->count] = (uint32_t)size;
    return true;
}

bool token_split(const token_rules *r, const char *text, size_t size, uint32_t offset, token_list *out)
{
    for (size_t i = 0; i < size;) {
        uint32_t p;
        size_t n = unicode_decode(text + i, size - i, &p);
        if (unicode_is_space(p)) {
            i += n;
            continue;
        }
        size_t end = i;
        while (end < size) {
            n = unicode_decode(text + end, size - end, &p);
            if (unicode_is_space(p)) break;
            end += n;
        }
        chunk c;
        size_t first = out->count;
        if (!decode_chunk(&c, text + i, end - i, out->mem, out->st) || !split_chunk(r, &c, offset + (uint32_t)i, out))
            return false;
        if (out->count > first) out->item[out->count - 1].space = end < size;
        i = end;
    }
    return status_ok(out->st);
}

/* ---- inside a token ---- */

static bool is_apostrophe(uint32_t c)
{
    return c == '\'' || c == 0x2018 || c == 0x2019;
}

static bool capital_at(const chunk *c, size_t i)
{
    return i < c->count && is_capital(c->point[i]);
}

/* Letters up to a small one before a capital ("camel" of camelCase), the shortest such run from i; 0: none. */
static size_t camel_length(const chunk *c, size_t i)
{
    for (size_t letters = i;; letters++) {
        size_t at = letters;
        for (;;) {
            if (at < c->count && is_small(c->point[at]) && capital_at(c, at + 1)) return at + 1 - i;
            if (at + 1 < c->count && is_apostrophe(c->point[at]) && unicode_is_letter(c->point[at + 1]))
                at += 2;
            else
                break;
        }
        if (letters >= c->count || !unicode_is_letter(c->point[letters])) return 0;
    }
}

static size_t piece_length(const chunk *c, size_t i)
{
    uint32_t p = c->point[i];
    size_t n = 0;
    if (i == 0 && is_apostrophe(p)) {
        while (n < c->count && is_apostrophe(c->point[n])) n++;
        return n;
    }
    if (is_capital(p) && capital_at(c, i + 1) && i + 2 < c->count && is_small(c->point[i + 2])) return 1;
    for (; i + n < c->count && unicode_is_digit(c->point[i + n]); n++) continue;
    if (n) return n;
    for (; i + n < c->count && (c->point[i + n] == '-' || c->point[i + n] == '_'); n++) continue;
    if (n) return n;
    for (; i + n < c->count && is_apostrophe(c->point[i + n]); n++) continue;
    if (n >= 2 || (n == 1 && i + 1 == c->count)) return n;
    size_t camel = camel_length(c, i);
    if (camel) return camel;
    for (n = 0; i + n < c->count && unicode_is_letter(c->point[i + n]); n++) continue;
    if (n == 0) return is_apostrophe(p) ? 0 : 1;
    while (i + n + 1 < c->count && is_apostrophe(c->point[i + n]) && unicode_is_letter(c->point[i + n + 1])) n += 2;
    return n;
}

bool token_split_inside(const token *whole, token_list *out)
{
    chunk c;
    if (!decode_chunk(&c, whole->text, whole->size, out->mem, out->st)) return false;
    size_t first = out->count;
    for (size_t i = 0; i < c.count;) {
        size_t n = piece_length(&c, i);
        if (n) {
            uint32_t a = c.place[i], b = c.place[i + n];
            bool same =
                whole->to - whole->from == whole->size; /* the token spells its text, so pieces have their own spans */
            token *t = token_add(out, c.text + a, b - a, same ? whole->from + a : whole->from,
                                 same ? whole->from + b : whole->to);
            if (!t) return false;
            t->tag = whole->tag;
        }
        i += n ? n : 1; /* a lone apostrophe inside belongs to no piece */
    }
    if (out->count > first) out->item[out->count - 1].space = whole->space;
    return status_ok(out->st);
}
