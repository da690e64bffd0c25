/* Read in two steps: a tree as it is written, with its anchors; then one without them, where what stands outside a match is written
 * out. */
#include "text/pattern.h"

#include <stdio.h>
#include <string.h>

#include "text/automaton_parts.h"
#include "text/tokenizer_unicode.h"

enum { MOST_NODES = 1 << 18, WRITTEN_BEGIN = PATTERN_REPEAT + 1, WRITTEN_END };

struct pattern {
    pattern_node *node;
    grammar_range *range;
    int32_t *item;
    size_t nodes, node_room, ranges, range_room, items, item_room;
    int32_t root;
};

typedef struct {
    const char *text, *at, *end, *where;
    pattern *p;
    status *st;
    int depth;
} reader;

static bool wrong(const reader *r, const char *at, const char *what)
{
    return status_set(r->st, STATUS_USAGE, "%.200s: character %d of the pattern: %s", r->where, (int)(at - r->text) + 1, what);
}

/* ---- the tree ---- */

static int32_t add(pattern *p, pattern_node n, status *st)
{
    if (p->nodes >= MOST_NODES) return status_set(st, STATUS_USAGE, "the pattern is too large"), -1;
    if (!automaton_room((void **)&p->node, &p->node_room, p->nodes, 1, sizeof n, st)) return -1;
    p->node[p->nodes] = n;
    return (int32_t)p->nodes++;
}

static int32_t add_items(pattern *p, int kind, const int32_t *item, size_t count, status *st)
{
    if (count == 1 && kind != PATTERN_REPEAT) return item[0];
    if (count == 0) return add(p, (pattern_node){.kind = PATTERN_EMPTY}, st);
    if (!automaton_room((void **)&p->item, &p->item_room, p->items, count, sizeof *item, st)) return -1;
    memmove(p->item + p->items, item, count * sizeof *item);
    p->items += count;
    return add(p, (pattern_node){.kind = (uint8_t)kind, .start = (uint32_t)(p->items - count), .count = (uint32_t)count}, st);
}

/* ranges may have any order; inverted: all other characters. */
static int32_t add_set(pattern *p, const grammar_range *ranges, size_t count, bool inverted, status *st)
{
    if (!automaton_room((void **)&p->range, &p->range_room, p->ranges, 2 * count + 4, sizeof *ranges, st)) return -1;
    grammar_range *own = p->range + p->ranges;
    if (count) memcpy(own, ranges, count * sizeof *own);
    size_t n = grammar_ranges_sort(own, count);
    if (inverted) {
        size_t others = grammar_ranges_invert(own, n, own + count + 1);
        memmove(own, own + count + 1, others * sizeof *own);
        n = others;
    }
    p->ranges += n;
    return add(p, (pattern_node){.kind = PATTERN_SET, .start = (uint32_t)(p->ranges - n), .count = (uint32_t)n}, st);
}

/* ---- classes by a letter ---- */

#define UP_TO_LAST(first) {first, GRAMMAR_LAST_CHARACTER}
static const grammar_range DIGITS[] = {{'0', '9'}}, DIGITS_WIDE[] = {{'0', '9'}, UP_TO_LAST(0x660)}, WORDS[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
                           WORDS_WIDE[] = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}, UP_TO_LAST(0x80)}, SPACES[] = {{'\t', '\r'}, {' ', ' '}},
                           SPACES_WIDE[] = {{'\t', '\r'}, {0x1C, ' '}, {0x85, 0x85}, {0xA0, 0xA0}, {0x1680, 0x1680}, {0x180E, 0x180E}, {0x2000, 0x200B}, {0x2028, 0x2029},
                                            {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}},
                           LINE_ENDS[] = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}};
#define COUNT(x) (sizeof(x) / sizeof *(x))

/* The ranges of \d, \w or \s: the narrowest reading of any engine, or the widest. */
static const grammar_range *ranges_of(char letter, bool wide, size_t *count)
{
    switch (letter) {
    case 'd': return *count = wide ? COUNT(DIGITS_WIDE) : COUNT(DIGITS), wide ? DIGITS_WIDE : DIGITS;
    case 'w': return *count = wide ? COUNT(WORDS_WIDE) : COUNT(WORDS), wide ? WORDS_WIDE : WORDS;
    default: return *count = wide ? COUNT(SPACES_WIDE) : COUNT(SPACES), wide ? SPACES_WIDE : SPACES;
    }
}

/* Adds what \d … \S mean. narrow: nothing that any engine leaves out, else everything that one takes. */
static size_t class_ranges(char letter, bool narrow, grammar_range *out)
{
    bool inverted = letter < 'a';
    size_t count;
    const grammar_range *ranges = ranges_of((char)(letter | 0x20), inverted == narrow, &count);
    if (inverted) return grammar_ranges_invert(ranges, count, out);
    memcpy(out, ranges, count * sizeof *out);
    return count;
}
enum { MOST_CLASS_RANGES = 24 };

static bool is_class(char c) { return c && strchr("dDwWsS", c); }

/* ---- characters ---- */

static bool at(const reader *r, char c) { return r->at < r->end && *r->at == c; }

static bool hex(reader *r, int least, int most, uint32_t *out)
{
    int n = 0;
    *out = 0;
    for (; n < most && r->at < r->end; n++, r->at++) {
        char c = *r->at;
        int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (value < 0) break;
        *out = *out << 4 | (uint32_t)value;
    }
    if (n < least || *out > GRAMMAR_LAST_CHARACTER) return wrong(r, r->at, "hexadecimal digits of a character wanted");
    return true;
}

/* \uD83D\uDE00 is one character, in two halves. */
static bool unicode_escape(reader *r, uint32_t *out)
{
    uint32_t low;
    if (at(r, '{')) {
        r->at++;
        if (!hex(r, 1, 6, out)) return false;
        if (!at(r, '}')) return wrong(r, r->at, "'}' wanted");
        r->at++;
    } else if (!hex(r, 4, 4, out)) return false;
    if (*out >= 0xD800 && *out < 0xDC00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        r->at += 2;
        if (!hex(r, 4, 4, &low)) return false;
        if (low >= 0xDC00 && low < 0xE000) *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
    }
    return (*out < 0xD800 || *out > 0xDFFF) || wrong(r, r->at, "half of a character found (a surrogate)");
}

/* Behind the backslash: one character. */
static bool escape(reader *r, bool in_class, uint32_t *out)
{
    static const char from[] = "nrtfv0", to[] = "\n\r\t\f\v";
    const char *start = r->at;
    char c = r->at < r->end ? *r->at++ : 0;
    if (c == 'x') return hex(r, 2, 2, out);
    if (c == 'u') return unicode_escape(r, out);
    if (c == 'b' && in_class) return *out = '\b', true;
    if (c == 'c' && r->at < r->end && ((*r->at | 0x20) >= 'a' && (*r->at | 0x20) <= 'z')) return *out = *r->at++ & 0x1F, true;
    if (c == '0' && r->at < r->end && *r->at >= '0' && *r->at <= '9') return wrong(r, start, "octal escapes are not read here");
    const char *known = c ? strchr(from, c) : NULL;
    if (known) return *out = (uint8_t)to[known - from], true;
    if (c == 'b' || c == 'B') return wrong(r, start, "\\b and \\B (the edge of a word) are not held here");
    if (c >= '1' && c <= '9') return wrong(r, start, "references back (\\1) are not held here");
    if (c == 'k') return wrong(r, start, "references back (\\k) are not held here");
    if (c == 'p' || c == 'P') return wrong(r, start, "\\p{…} is not held here");
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == 0 || (uint8_t)c >= 0x80) return wrong(r, start, "this escape is not known here");
    return *out = (uint8_t)c, true;
}

static bool character(reader *r, bool in_class, uint32_t *out)
{
    if (*r->at == '\\') return r->at++, escape(r, in_class, out);
    int n = tokenizer_unicode_char(r->at, (size_t)(r->end - r->at), out);
    r->at += n;
    return n > 0 || wrong(r, r->at, "this is no UTF-8");
}

/* ---- classes ---- */

typedef struct {
    grammar_range *range;
    size_t count, room;
} range_list;

static bool class_item(reader *r, range_list *l, bool inverted)
{
    uint32_t first, last;
    if (!automaton_room((void **)&l->range, &l->room, l->count, MOST_CLASS_RANGES, sizeof *l->range, r->st)) return false;
    if (*r->at == '\\' && r->at + 1 < r->end && is_class(r->at[1])) {
        l->count += class_ranges(r->at[1], !inverted, l->range + l->count);
        r->at += 2;
        return true;
    }
    if (!character(r, true, &first)) return false;
    last = first;
    if (at(r, '-') && r->at + 1 < r->end && r->at[1] != ']') {
        const char *dash = r->at++;
        if (*r->at == '\\' && r->at + 1 < r->end && is_class(r->at[1])) return wrong(r, dash, "a range that ends with a class");
        if (!character(r, true, &last)) return false;
        if (last < first) return wrong(r, dash, "the range's end lies before its beginning");
    }
    l->range[l->count++] = (grammar_range){first, last};
    return true;
}

static int32_t class(reader *r)
{
    const char *open = r->at++;
    bool inverted = at(r, '^'), ok = true;
    range_list l = {0};
    if (inverted) r->at++;
    if (at(r, ']')) ok = wrong(r, open, "engines differ on an empty class: \\] is the bracket itself");
    while (ok && !at(r, ']')) ok = r->at < r->end ? class_item(r, &l, inverted) : wrong(r, open, "this class has no closing bracket");
    if (ok) r->at++;
    int32_t n = ok ? add_set(r->p, l.range, l.count, inverted, r->st) : -1;
    alloc_free(l.range);
    return n;
}

/* ---- expressions ---- */

static int32_t alternatives(reader *r);

/* Behind "(?": what kind of group it is. */
static bool group_kind(reader *r)
{
    const char *start = r->at;
    if (at(r, ':')) return r->at++, true;
    if (at(r, 'P')) r->at++;
    if (at(r, '<') && r->at + 1 < r->end && r->at[1] != '=' && r->at[1] != '!') {
        while (r->at < r->end && *r->at != '>') r->at++;
        return r->at < r->end ? (r->at++, true) : wrong(r, start, "this group's name has no end");
    }
    return wrong(r, start, at(r, '=') || at(r, '!') || at(r, '<') ? "looking ahead or behind is not held here" : "flags and other groups (?…) are not held here");
}

static int32_t group(reader *r)
{
    const char *open = r->at++;
    if (++r->depth > PATTERN_MAX_NESTED) return wrong(r, open, "more than 200 groups within each other"), -1;
    if (at(r, '?')) {
        r->at++;
        if (!group_kind(r)) return -1;
    }
    int32_t n = alternatives(r);
    r->depth--;
    if (n < 0) return -1;
    if (!at(r, ')')) return wrong(r, open, "this group has no closing bracket"), -1;
    r->at++;
    return n;
}

static int32_t atom(reader *r)
{
    const char *start = r->at;
    grammar_range own[MOST_CLASS_RANGES];
    uint32_t c;
    if (*r->at == '(') return group(r);
    if (*r->at == '[') return class(r);
    if (*r->at == '.') return r->at++, add_set(r->p, LINE_ENDS, COUNT(LINE_ENDS), true, r->st);
    if (*r->at == '^' || *r->at == '$') return add(r->p, (pattern_node){.kind = *r->at++ == '^' ? WRITTEN_BEGIN : WRITTEN_END}, r->st);
    if (*r->at == '*' || *r->at == '+' || *r->at == '?') return wrong(r, start, "nothing to repeat"), -1;
    if (*r->at == '\\' && r->at + 1 < r->end && is_class(r->at[1])) {
        r->at += 2;
        return add_set(r->p, own, class_ranges(start[1], true, own), false, r->st);
    }
    if (!character(r, false, &c)) return -1;
    return add_set(r->p, &(grammar_range){c, c}, 1, false, r->st);
}

/* {n}, {n,} or {n,m}; anything else is the character '{'. */
static bool bounds(reader *r, int32_t *min, int32_t *max, bool *is)
{
    const char *c = r->at + 1;
    int64_t number[2] = {0, 0};
    int which = 0;
    bool digits[2] = {false, false};
    for (; c < r->end && *c != '}'; c++) {
        if (*c == ',' && which == 0) which = 1;
        else if (*c >= '0' && *c <= '9') {
            if (number[which] <= GRAMMAR_MAX_REPEAT) number[which] = number[which] * 10 + (*c - '0');
            digits[which] = true;
        } else return true;
    }
    if (c >= r->end || !digits[0]) return true;
    if (number[0] > GRAMMAR_MAX_REPEAT || number[1] > GRAMMAR_MAX_REPEAT) return wrong(r, r->at, "at most 1048576 repetitions wanted");
    if (digits[1] && number[1] < number[0]) return wrong(r, r->at, "the upper bound lies below the lower one");
    *is = true;
    *min = (int32_t)number[0];
    *max = digits[1] ? (int32_t)number[1] : which ? GRAMMAR_ANY_TIMES : *min;
    r->at = c + 1;
    return true;
}

static int32_t repeated(reader *r, int32_t n)
{
    int32_t min = 0, max = GRAMMAR_ANY_TIMES;
    bool is = r->at < r->end && strchr("*+?", *r->at) && *r->at;
    if (is) {
        min = *r->at == '+';
        max = *r->at == '?' ? 1 : GRAMMAR_ANY_TIMES;
        r->at++;
    } else if (at(r, '{') && !bounds(r, &min, &max, &is)) return -1;
    if (!is) return n;
    if (at(r, '+')) return wrong(r, r->at, "possessive repetitions are not held here"), -1;
    if (at(r, '?')) r->at++;
    if (r->at < r->end && strchr("*+?", *r->at) && *r->at) return wrong(r, r->at, "nothing to repeat"), -1;
    n = add_items(r->p, PATTERN_REPEAT, &n, 1, r->st);
    if (n >= 0) r->p->node[n].min = min, r->p->node[n].max = max;
    return n;
}

typedef struct {
    int32_t *item;
    size_t count, room;
} item_list;

static bool push(item_list *l, int32_t n, status *st)
{
    if (n < 0 || !automaton_room((void **)&l->item, &l->room, l->count, 1, sizeof n, st)) return false;
    l->item[l->count++] = n;
    return true;
}

static int32_t row(reader *r)
{
    item_list l = {0};
    bool ok = true;
    while (ok && r->at < r->end && *r->at != '|' && *r->at != ')') {
        int32_t n = atom(r);
        ok = n >= 0 && push(&l, repeated(r, n), r->st);
    }
    int32_t n = ok ? add_items(r->p, PATTERN_ROW, l.item, l.count, r->st) : -1;
    alloc_free(l.item);
    return n;
}

static int32_t alternatives(reader *r)
{
    item_list l = {0};
    bool ok = push(&l, row(r), r->st);
    while (ok && at(r, '|')) r->at++, ok = push(&l, row(r), r->st);
    int32_t n = ok ? add_items(r->p, PATTERN_CHOICE, l.item, l.count, r->st) : -1;
    alloc_free(l.item);
    return n;
}

/* ---- without anchors ---- */

/* What lies beyond an edge of an expression: more of the pattern; anything at all; or nothing. */
typedef enum { EDGE_WITHIN, EDGE_OPEN, EDGE_SHUT } edge;

static int32_t anything(pattern *p, status *st)
{
    int32_t any = add_set(p, NULL, 0, true, st);
    int32_t n = any < 0 ? -1 : add_items(p, PATTERN_REPEAT, &any, 1, st);
    if (n >= 0) p->node[n].min = 0, p->node[n].max = GRAMMAR_ANY_TIMES;
    return n;
}

static int32_t surround(pattern *p, int32_t n, edge left, edge right, status *st)
{
    int32_t part[3];
    size_t count = 0;
    if (n < 0) return -1;
    if (left == EDGE_OPEN && (part[count++] = anything(p, st)) < 0) return -1;
    part[count++] = n;
    if (right == EDGE_OPEN && (part[count++] = anything(p, st)) < 0) return -1;
    return add_items(p, PATTERN_ROW, part, count, st);
}

static int32_t shut(const reader *r, int32_t n, edge left, edge right);

static int32_t shut_row(const reader *r, pattern_node row, edge left, edge right)
{
    uint32_t first = 0, last = row.count;
    item_list l = {0};
    bool ok = true;
    while (left != EDGE_WITHIN && first < last && r->p->node[r->p->item[row.start + first]].kind == WRITTEN_BEGIN) first++, left = EDGE_SHUT;
    while (right != EDGE_WITHIN && last > first && r->p->node[r->p->item[row.start + last - 1]].kind == WRITTEN_END) last--, right = EDGE_SHUT;
    for (uint32_t i = first; ok && i < last; i++)
        ok = push(&l, shut(r, r->p->item[row.start + i], i == first ? left : EDGE_WITHIN, i + 1 == last ? right : EDGE_WITHIN), r->st);
    int32_t n = ok ? add_items(r->p, PATTERN_ROW, l.item, l.count, r->st) : -1;
    alloc_free(l.item);
    return first == last ? surround(r->p, n, left, right, r->st) : n;
}

/* The same language without anchors. */
static int32_t shut(const reader *r, int32_t n, edge left, edge right)
{
    pattern *p = r->p;
    pattern_node x = p->node[n];
    item_list l = {0};
    bool ok = true;
    switch (x.kind) {
    case PATTERN_ROW: return shut_row(r, x, left, right);
    case PATTERN_CHOICE:
        for (uint32_t i = 0; ok && i < x.count; i++) ok = push(&l, shut(r, p->item[x.start + i], left, right), r->st);
        n = ok ? add_items(p, PATTERN_CHOICE, l.item, l.count, r->st) : -1;
        alloc_free(l.item);
        return n;
    case PATTERN_REPEAT: {
        int32_t inner = shut(r, p->item[x.start], EDGE_WITHIN, EDGE_WITHIN);
        n = inner < 0 ? -1 : add_items(p, PATTERN_REPEAT, &inner, 1, r->st);
        if (n >= 0) p->node[n].min = x.min, p->node[n].max = x.max;
        return surround(p, n, left, right, r->st);
    }
    case WRITTEN_BEGIN:
    case WRITTEN_END:
        if ((x.kind == WRITTEN_BEGIN ? left : right) == EDGE_WITHIN) return wrong(r, r->text, "^ and $ are held at the beginning and the end alone"), -1;
        n = add(p, (pattern_node){.kind = PATTERN_EMPTY}, r->st);
        return surround(p, n, x.kind == WRITTEN_BEGIN ? EDGE_SHUT : left, x.kind == WRITTEN_END ? EDGE_SHUT : right, r->st);
    default: return surround(p, n, left, right, r->st);
    }
}

pattern *pattern_parse(const char *text, size_t size, bool search, const char *where, status *st)
{
    if (size > PATTERN_MAX_SIZE) return status_set(st, STATUS_USAGE, "%.200s: a pattern of more than 1 MiB", where), NULL;
    pattern *p = alloc_zeroed(1, sizeof *p, st);
    reader r = {.text = text, .at = text, .end = text + size, .where = where, .p = p, .st = st};
    int32_t n = p ? alternatives(&r) : -1;
    if (n >= 0 && r.at < r.end) wrong(&r, r.at, "a closing bracket that opens nowhere");
    if (n >= 0 && status_ok(st)) p->root = shut(&r, n, search ? EDGE_OPEN : EDGE_SHUT, search ? EDGE_OPEN : EDGE_SHUT);
    if (n >= 0 && status_ok(st) && p->root >= 0) return p;
    pattern_free(p);
    return NULL;
}

void pattern_free(pattern *p)
{
    if (!p) return;
    alloc_free(p->node);
    alloc_free(p->range);
    alloc_free(p->item);
    alloc_free(p);
}

int32_t pattern_root(const pattern *p) { return p->root; }
const pattern_node *pattern_at(const pattern *p, int32_t node) { return &p->node[node]; }
const grammar_range *pattern_ranges(const pattern *p, const pattern_node *n) { return p->range + n->start; }
const int32_t *pattern_items(const pattern *p, const pattern_node *n) { return p->item + n->start; }
