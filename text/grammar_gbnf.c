#include "text/grammar_gbnf.h"

#include <string.h>

#include "core/name_index.h"
#include "core/utf8.h"
#include "text/grammar_list.h"
#include "text/tokenizer_unicode.h"

enum { MOST_NESTED = 200, MOST_RANGES = 4096 };

typedef struct {
    const char *text, *at, *end, *where;
    grammar *g;
    status *st;
    int depth;
    name_index names; /* rules */
} reader;

static bool wrong(reader *r, const char *at, const char *what)
{
    int line = 1;
    const char *start = r->text;
    for (const char *c = r->text; c < at; c++)
        if (*c == '\n') line++, start = c + 1;
    return status_set(r->st, STATUS_USAGE, "%.200s:%d:%d: %s", r->where, line, (int)(at - start) + 1, what);
}

static bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

static bool at(const reader *r, char c) { return r->at < r->end && *r->at == c; }

static bool ahead(const reader *r, const char *text)
{
    size_t n = strlen(text);
    return (size_t)(r->end - r->at) >= n && memcmp(r->at, text, n) == 0;
}

/* White space and comments; line ends where the rule goes on behind them. */
static void skip(reader *r, bool lines)
{
    while (r->at < r->end) {
        if (*r->at == '#') while (r->at < r->end && *r->at != '\n' && *r->at != '\r') r->at++;
        else if (*r->at == ' ' || *r->at == '\t' || (lines && (*r->at == '\n' || *r->at == '\r'))) r->at++;
        else return;
    }
}

static bool word(reader *r, const char **name, size_t *size)
{
    *name = r->at;
    while (r->at < r->end && is_word(*r->at)) r->at++;
    *size = (size_t)(r->at - *name);
    return *size || wrong(r, r->at, "the name of a rule wanted");
}

static int32_t rule_of(reader *r, const char *name, size_t size)
{
    int64_t known = name_index_find(&r->names, name, size);
    if (known >= 0) return (int32_t)known;
    int32_t rule = grammar_rule(r->g, name, size);
    bool fresh = true;
    return rule >= 0 && name_index_add(&r->names, name, size, (uint32_t)rule, &fresh, r->st) ? rule : -1;
}

/* ---- characters ---- */

static bool hex(reader *r, int digits, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < digits; i++, r->at++) {
        char c = r->at < r->end ? *r->at : 0;
        int value = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (value < 0) return wrong(r, r->at, digits == 2 ? "two hexadecimal digits wanted" : digits == 4 ? "four hexadecimal digits wanted" : "eight hexadecimal digits wanted");
        *out = *out << 4 | (uint32_t)value;
    }
    return (*out <= GRAMMAR_LAST_CHARACTER && (*out < 0xD800 || *out > 0xDFFF)) || wrong(r, r->at, "a character up to U+10FFFF wanted, no surrogate");
}

static bool escape(reader *r, uint32_t *out)
{
    static const char from[] = "nrt\\\"[]", to[] = "\n\r\t\\\"[]";
    const char *start = r->at++;
    char c = r->at < r->end ? *r->at++ : 0;
    if (c == 'x' || c == 'u' || c == 'U') return hex(r, c == 'x' ? 2 : c == 'u' ? 4 : 8, out);
    const char *known = c ? strchr(from, c) : NULL;
    if (!known) return wrong(r, start, "this escape is not known here: \\n \\r \\t \\\\ \\\" \\[ \\] \\xHH \\uHHHH \\UHHHHHHHH are");
    *out = (uint8_t)to[known - from];
    return true;
}

static bool character(reader *r, uint32_t *out)
{
    if (*r->at == '\\') return escape(r, out);
    int n = tokenizer_unicode_char(r->at, (size_t)(r->end - r->at), out);
    r->at += n;
    return n > 0 || wrong(r, r->at, "this is no UTF-8");
}

static grammar_node literal(reader *r)
{
    const char *open = r->at++;
    size_t room = (size_t)(r->end - r->at), size = 0;
    const char *close = r->at;
    while (close < r->end && *close != '"') close += *close == '\\' && close + 1 < r->end ? 2 : 1;
    if (close >= r->end) return wrong(r, open, "this text has no closing quote"), -1;
    room = (size_t)(close - open) * 2 + 8; /* \xHH may become two bytes, nothing more than it has */
    char *text = alloc_array(room, 1, r->st);
    bool ok = text != NULL;
    while (ok && !at(r, '"')) {
        uint32_t c;
        ok = character(r, &c);
        if (ok) size += utf8_encode(c, text + size);
    }
    if (ok) r->at++;
    grammar_node n = ok ? grammar_literal(r->g, text, size) : -1;
    alloc_free(text);
    return n;
}

static grammar_node class(reader *r)
{
    const char *open = r->at++;
    bool inverted = at(r, '^');
    size_t count = 0;
    grammar_range *range = alloc_array(MOST_RANGES + 1, sizeof *range, r->st);
    bool ok = range != NULL;
    if (inverted) r->at++;
    while (ok && !at(r, ']')) {
        if (r->at >= r->end) ok = wrong(r, open, "this class has no closing bracket");
        else if (count >= MOST_RANGES) ok = wrong(r, r->at, "more than 4096 ranges in a class");
        else ok = character(r, &range[count].first);
        if (!ok) break;
        range[count].last = range[count].first;
        if (at(r, '-') && r->at + 1 < r->end && r->at[1] != ']') {
            r->at++;
            ok = character(r, &range[count].last) && (range[count].first <= range[count].last || wrong(r, r->at, "the range's end lies before its beginning"));
        }
        count++;
    }
    if (ok) r->at++;
    grammar_node n = ok ? grammar_class(r->g, range, count, inverted) : -1;
    alloc_free(range);
    return n;
}

/* ---- expressions ---- */

static grammar_node alternatives(reader *r, bool nested);

static bool number(reader *r, int32_t *out)
{
    int64_t n = 0;
    const char *start = r->at;
    for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
        if ((n = n * 10 + (*r->at - '0')) > GRAMMAR_MAX_REPEAT) return wrong(r, start, "at most 1048576 repetitions wanted");
    *out = (int32_t)n;
    return r->at > start || wrong(r, start, "a number wanted");
}

static bool bounds(reader *r, int32_t *min, int32_t *max)
{
    const char *open = r->at++;
    skip(r, false);
    if (!number(r, min)) return false;
    skip(r, false);
    *max = *min;
    if (at(r, ',')) {
        r->at++;
        skip(r, false);
        *max = GRAMMAR_ANY_TIMES;
        if (!at(r, '}') && !number(r, max)) return false;
        skip(r, false);
    }
    if (!at(r, '}')) return wrong(r, r->at, "'}' wanted");
    r->at++;
    return *max == GRAMMAR_ANY_TIMES || *min <= *max || wrong(r, open, "the upper bound lies below the lower one");
}

static grammar_node item(reader *r, bool nested)
{
    (void)nested;
    const char *start = r->at, *name;
    size_t size;
    if (at(r, '"')) return literal(r);
    if (at(r, '[')) return class(r);
    if (at(r, '.')) return r->at++, grammar_class(r->g, NULL, 0, true);
    if (at(r, '<') || at(r, '!')) return wrong(r, start, "tokens (<…>) are not read here: write the text"), -1;
    if (at(r, '(')) {
        r->at++;
        skip(r, true);
        if (++r->depth > MOST_NESTED) return wrong(r, start, "more than 200 groups within each other"), -1;
        grammar_node n = alternatives(r, true);
        r->depth--;
        if (n >= 0 && !at(r, ')')) return wrong(r, r->at, "')' wanted"), -1;
        r->at++;
        return n;
    }
    return word(r, &name, &size) ? grammar_call(r->g, rule_of(r, name, size)) : -1;
}

/* The marks behind an item; several apply one after the other. */
static grammar_node repeated(reader *r, grammar_node n, bool nested)
{
    for (int marks = 0; n >= 0; marks++) {
        int32_t min = 0, max = GRAMMAR_ANY_TIMES;
        skip(r, nested);
        if (at(r, '*')) r->at++;
        else if (at(r, '+')) r->at++, min = 1;
        else if (at(r, '?')) r->at++, max = 1;
        else if (!at(r, '{')) return n;
        else if (!bounds(r, &min, &max)) return -1;
        if (marks >= MOST_NESTED) return wrong(r, r->at, "more than 200 marks of repetition behind each other"), -1;
        n = grammar_repeat(r->g, n, min, max);
    }
    return n;
}

static bool begins_item(const reader *r) { return r->at < r->end && (strchr("\"[.(<!", *r->at) ? *r->at != 0 : is_word(*r->at)); }

static grammar_node sequence(reader *r, bool nested)
{
    grammar_list l = {0};
    bool ok = true;
    while (ok && begins_item(r)) ok = grammar_list_add(&l, repeated(r, item(r, nested), nested), r->st);
    grammar_node n = ok ? grammar_sequence(r->g, l.item, l.count) : -1;
    grammar_list_free(&l);
    return n;
}

static grammar_node alternatives(reader *r, bool nested)
{
    grammar_list l = {0};
    bool ok = grammar_list_add(&l, sequence(r, nested), r->st);
    while (ok) {
        const char *end = r->at;
        skip(r, true); /* a line that begins with | goes on with the rule */
        if (!at(r, '|')) {
            if (!nested) r->at = end;
            break;
        }
        r->at++;
        skip(r, true);
        ok = grammar_list_add(&l, sequence(r, nested), r->st);
    }
    grammar_node n = ok ? grammar_choice(r->g, l.item, l.count) : -1;
    grammar_list_free(&l);
    return n;
}

static bool rule(reader *r)
{
    const char *name;
    size_t size;
    if (!word(r, &name, &size)) return false;
    skip(r, false);
    if (!ahead(r, "::=")) return wrong(r, r->at, "'::=' wanted");
    r->at += 3;
    skip(r, true);
    int32_t index = rule_of(r, name, size);
    grammar_node n = index < 0 ? -1 : alternatives(r, false);
    if (n < 0) return false;
    if (r->at < r->end && *r->at != '\n' && *r->at != '\r') return wrong(r, r->at, "a line's end, '|' or something to match wanted");
    grammar_define(r->g, index, n);
    skip(r, true);
    return true;
}

bool grammar_read_gbnf(grammar *g, const char *text, size_t size, const char *where, status *st)
{
    reader r = {.text = text, .at = text, .end = text + size, .where = where, .g = g, .st = st};
    bool ok = true;
    skip(&r, true);
    while (ok && r.at < r.end) ok = rule(&r);
    if (ok) {
        int64_t root = name_index_find(&r.names, "root", 4);
        if (root < 0 || !grammar_is_defined(g, (int32_t)root)) ok = status_set(st, STATUS_USAGE, "%.200s: no rule 'root', with which every grammar begins", where);
        else grammar_set_root(g, (int32_t)root);
    }
    name_index_free(&r.names);
    return ok && status_ok(st);
}
