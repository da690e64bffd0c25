/* Values as text: Python's str() and repr(), and JSON as json.dumps writes it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/jinja_extend.h"
#include "text/tokenizer_unicode.h"

enum { WRITE_DEPTH = 200 };

/* The shortest digits that read back as x; an exponent where Python writes one. */
size_t jinja_float_text(double x, char out[40])
{
    if (isnan(x)) return (size_t)snprintf(out, 40, "nan");
    if (isinf(x)) return (size_t)snprintf(out, 40, x < 0 ? "-inf" : "inf");
    char text[40];
    int precision = 1;
    do snprintf(text, sizeof text, "%.*e", precision - 1, x);
    while (strtod(text, NULL) != x && ++precision <= 17);
    char *e = strchr(text, 'e');
    int exponent = (int)strtol(e + 1, NULL, 10);
    if (exponent >= -4 && exponent < 16) {
        int decimals = precision - 1 - exponent;
        return (size_t)snprintf(out, 40, "%.*f", decimals > 1 ? decimals : 1, x);
    }
    *e = 0;
    return (size_t)snprintf(out, 40, "%se%c%02d", text, exponent < 0 ? '-' : '+', abs(exponent));
}

static void write_float(jinja_context *r, jinja_builder *b, double x)
{
    char text[40];
    jinja_build(r, b, text, jinja_float_text(x, text), NULL, JINJA_OWN);
}

static void write_int(jinja_context *r, jinja_builder *b, int64_t i)
{
    char text[32];
    jinja_build(r, b, text, (size_t)snprintf(text, sizeof text, "%" PRId64, i), NULL, JINJA_OWN);
}

/* Bytes from … to − 1 of s with their origins. */
static void write_part(jinja_context *r, jinja_builder *b, const jinja_string *s, size_t from, size_t to)
{
    jinja_build(r, b, s->text + from, to - from, s->origin ? s->origin + from : NULL, s->whole);
}

/* What stands for one character keeps the character's origin. */
static void write_escape(jinja_context *r, jinja_builder *b, const jinja_string *s, size_t at, const char *text)
{
    jinja_build(r, b, text, strlen(text), NULL, s->origin ? s->origin[at] : s->whole);
}

static void escape_code_point(uint32_t c, char out[16])
{
    snprintf(out, 16, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
}

static void repr_string(jinja_context *r, jinja_builder *b, const jinja_string *s)
{
    if (!jinja_spend(r, s->size / 16)) return;
    bool single = memchr(s->text, '\'', s->size) && !memchr(s->text, '"', s->size);
    char quote[2] = {single ? '"' : '\'', 0};
    size_t done = 0;
    jinja_build_text(r, b, quote);
    for (size_t i = 0, n; i < s->size && !jinja_bad(r); i += n) {
        uint32_t c = 0;
        char escape[16] = "";
        n = jinja_char_size(s->text + i, s->size - i);
        bool good = tokenizer_unicode_char(s->text + i, s->size - i, &c) > 0;
        if (c == '\\' || (good && c == (uint32_t)quote[0])) snprintf(escape, sizeof escape, "\\%c", (char)c);
        else if (c == '\n' || c == '\r' || c == '\t') snprintf(escape, sizeof escape, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
        else if (good && tokenizer_unicode_kind_of(c) == UNICODE_HIDDEN) escape_code_point(c, escape);
        if (!*escape) continue;
        write_part(r, b, s, done, i);
        write_escape(r, b, s, i, escape);
        done = i + n;
    }
    write_part(r, b, s, done, s->size);
    jinja_build_text(r, b, quote);
}

static void repr_list(jinja_context *r, const jinja_node *at, jinja_builder *b, const jinja_list *l, bool tuple, int depth)
{
    jinja_build_text(r, b, tuple ? "(" : "[");
    for (size_t i = 0; i < l->count && !jinja_bad(r); i++) {
        if (i) jinja_build_text(r, b, ", ");
        jinja_write_repr(r, at, b, l->item[i], depth + 1);
    }
    jinja_build_text(r, b, tuple ? l->count == 1 ? ",)" : ")" : "]");
}

static void repr_dict(jinja_context *r, const jinja_node *at, jinja_builder *b, const jinja_dict *d, int depth)
{
    jinja_build_text(r, b, "{");
    for (size_t i = 0; i < d->count && !jinja_bad(r); i++) {
        if (i) jinja_build_text(r, b, ", ");
        jinja_write_repr(r, at, b, d->pair[i].key, depth + 1);
        jinja_build_text(r, b, ": ");
        jinja_write_repr(r, at, b, d->pair[i].value, depth + 1);
    }
    jinja_build_text(r, b, "}");
}

static void repr_view(jinja_context *r, const jinja_node *at, jinja_builder *b, jinja_value v, int depth)
{
    jinja_build_text(r, b, jinja_type(v));
    jinja_build_text(r, b, "(");
    jinja_list *l = jinja_members(r, at, v);
    if (l) repr_list(r, at, b, l, false, depth);
    jinja_build_text(r, b, ")");
}

static void repr_range(jinja_context *r, jinja_builder *b, const jinja_range *range)
{
    const int64_t number[] = {range->start, range->stop, range->step};
    for (int i = 0; i < (range->step == 1 ? 2 : 3); i++) {
        jinja_build_text(r, b, i ? ", " : "range(");
        write_int(r, b, number[i]);
    }
    jinja_build_text(r, b, ")");
}

void jinja_write_repr(jinja_context *r, const jinja_node *at, jinja_builder *b, jinja_value v, int depth)
{
    if (depth > WRITE_DEPTH) {
        jinja_fail(r, at, "a value nested more than %d deep cannot be written", WRITE_DEPTH);
        return;
    }
    if (!jinja_spend(r, 1)) return;
    switch (v.kind) {
    case VALUE_UNDEFINED: jinja_build_text(r, b, "Undefined"); break;
    case VALUE_NONE: jinja_build_text(r, b, "None"); break;
    case VALUE_BOOL: jinja_build_text(r, b, v.b ? "True" : "False"); break;
    case VALUE_INT: write_int(r, b, v.i); break;
    case VALUE_FLOAT: write_float(r, b, v.f); break;
    case VALUE_STRING:
        if (v.s->markup) jinja_build_text(r, b, "Markup(");
        repr_string(r, b, v.s);
        if (v.s->markup) jinja_build_text(r, b, ")");
        break;
    case VALUE_LIST: case VALUE_TUPLE: repr_list(r, at, b, v.list, v.kind == VALUE_TUPLE, depth); break;
    case VALUE_DICT: repr_dict(r, at, b, v.dict, depth); break;
    case VALUE_KEYS: case VALUE_VALUES: case VALUE_ITEMS: repr_view(r, at, b, v, depth); break;
    case VALUE_RANGE: repr_range(r, b, v.range); break;
    case VALUE_NAMESPACE:
        jinja_build_text(r, b, "<Namespace ");
        repr_dict(r, at, b, v.dict, depth);
        jinja_build_text(r, b, ">");
        break;
    default: jinja_fail(r, at, "a value of type '%s' cannot be written; |list, |join or a call wanted", jinja_type(v));
    }
}

void jinja_write(jinja_context *r, const jinja_node *at, jinja_builder *b, jinja_value v)
{
    if (v.kind == VALUE_STRING) jinja_build_string(r, b, v.s);
    else if (r->t->extension && r->t->extension->write && r->t->extension->write(r, at, b, v)) return;
    else if (v.kind != VALUE_UNDEFINED) jinja_write_repr(r, at, b, v, 0);
}

jinja_value jinja_to_string(jinja_context *r, const jinja_node *at, jinja_value v)
{
    if (v.kind == VALUE_STRING) return v;
    jinja_builder b = {0};
    jinja_write(r, at, &b, v);
    return jinja_built(r, &b);
}

/* ---- JSON ---- */

typedef struct {
    jinja_context *r;
    const jinja_node *at;
    jinja_builder b;
    bool ascii, lines, sorted;
    const jinja_string *indent, *item_separator, *key_separator; /* separators NULL: Python's own */
} json_writer;

static void json_value(json_writer *w, jinja_value v, int depth);

static void json_string(json_writer *w, const jinja_string *s)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    size_t done = 0;
    if (!jinja_spend(w->r, s->size / 16)) return;
    jinja_build_text(w->r, &w->b, "\"");
    for (size_t i = 0, n; i < s->size && !jinja_bad(w->r); i += n) {
        uint32_t c = 0;
        char escape[16] = "";
        n = jinja_char_size(s->text + i, s->size - i);
        bool good = tokenizer_unicode_char(s->text + i, s->size - i, &c) > 0;
        const char *special = good && c && c < 0x80 ? strchr(from, (int)c) : NULL;
        if (special) snprintf(escape, sizeof escape, "\\%c", to[special - from]);
        else if (good && (c < 0x20 || (w->ascii && c > 0x7E && c < 0x10000))) snprintf(escape, sizeof escape, "\\u%04x", (unsigned)c);
        else if (good && w->ascii && c > 0x7E) snprintf(escape, sizeof escape, "\\u%04x\\u%04x", (unsigned)(0xD7C0 + (c >> 10)), (unsigned)(0xDC00 + (c & 0x3FF)));
        if (!*escape) continue;
        write_part(w->r, &w->b, s, done, i);
        write_escape(w->r, &w->b, s, i, escape);
        done = i + n;
    }
    write_part(w->r, &w->b, s, done, s->size);
    jinja_build_text(w->r, &w->b, "\"");
}

static void json_float(json_writer *w, double x)
{
    if (isfinite(x)) write_float(w->r, &w->b, x);
    else jinja_build_text(w->r, &w->b, isnan(x) ? "NaN" : x < 0 ? "-Infinity" : "Infinity");
}

static void new_line(json_writer *w, int depth)
{
    if (!w->lines) return;
    jinja_build_text(w->r, &w->b, "\n");
    for (int i = 0; i < depth && !jinja_bad(w->r); i++) jinja_build_string(w->r, &w->b, w->indent);
}

/* What stands between two members. */
static void between(json_writer *w, int depth)
{
    if (w->item_separator) jinja_build_string(w->r, &w->b, w->item_separator);
    else jinja_build_text(w->r, &w->b, w->lines ? "," : ", ");
    new_line(w, depth);
}

static void json_list(json_writer *w, const jinja_list *l, int depth)
{
    jinja_build_text(w->r, &w->b, "[");
    if (l->count) new_line(w, depth + 1);
    for (size_t i = 0; i < l->count && !jinja_bad(w->r); i++) {
        if (i) between(w, depth + 1);
        json_value(w, l->item[i], depth + 1);
    }
    if (l->count) new_line(w, depth);
    jinja_build_text(w->r, &w->b, "]");
}

static void json_key(json_writer *w, jinja_value key)
{
    if (key.kind == VALUE_STRING) {
        json_string(w, key.s);
        return;
    }
    if (key.kind != VALUE_INT && key.kind != VALUE_FLOAT && key.kind != VALUE_BOOL && key.kind != VALUE_NONE) {
        jinja_fail(w->r, w->at, "tojson: a key of type '%s' found, a string wanted", jinja_type(key));
        return;
    }
    jinja_build_text(w->r, &w->b, "\"");
    json_value(w, key, 0);
    jinja_build_text(w->r, &w->b, "\"");
}

/* The pairs sorted by key: insertion is enough, for few sort and the steps are counted. */
static const jinja_dict *sorted_dict(json_writer *w, const jinja_dict *d)
{
    jinja_value copy = jinja_new_dict(w->r, VALUE_DICT);
    jinja_pair *pair = jinja_bad(w->r) ? NULL : jinja_pool_take(&w->r->pool, (d->count + 1) * sizeof *pair, w->r->st);
    if (!pair) return d;
    for (size_t i = 0; i < d->count; i++) {
        size_t k = i;
        for (; k > 0 && jinja_order(w->r, w->at, d->pair[i].key, pair[k - 1].key) == -1; k--) pair[k] = pair[k - 1];
        pair[k] = d->pair[i];
        if (jinja_bad(w->r)) return d;
    }
    copy.dict->pair = pair, copy.dict->count = d->count;
    return copy.dict;
}

static void json_dict(json_writer *w, const jinja_dict *d, int depth)
{
    if (w->sorted) d = sorted_dict(w, d);
    jinja_build_text(w->r, &w->b, "{");
    if (d->count) new_line(w, depth + 1);
    for (size_t i = 0; i < d->count && !jinja_bad(w->r); i++) {
        if (i) between(w, depth + 1);
        json_key(w, d->pair[i].key);
        if (w->key_separator) jinja_build_string(w->r, &w->b, w->key_separator);
        else jinja_build_text(w->r, &w->b, ": ");
        json_value(w, d->pair[i].value, depth + 1);
    }
    if (d->count) new_line(w, depth);
    jinja_build_text(w->r, &w->b, "}");
}

static void json_value(json_writer *w, jinja_value v, int depth)
{
    if (depth > WRITE_DEPTH) {
        jinja_fail(w->r, w->at, "tojson: a value nested more than %d deep", WRITE_DEPTH);
        return;
    }
    if (!jinja_spend(w->r, 1)) return;
    switch (v.kind) {
    case VALUE_NONE: jinja_build_text(w->r, &w->b, "null"); break;
    case VALUE_BOOL: jinja_build_text(w->r, &w->b, v.b ? "true" : "false"); break;
    case VALUE_INT: write_int(w->r, &w->b, v.i); break;
    case VALUE_FLOAT: json_float(w, v.f); break;
    case VALUE_STRING: json_string(w, v.s); break;
    case VALUE_LIST: case VALUE_TUPLE: json_list(w, v.list, depth); break;
    case VALUE_DICT: json_dict(w, v.dict, depth); break;
    default: jinja_fail(w->r, w->at, "tojson: a value of type '%s' cannot be written as JSON", jinja_type(v));
    }
}

/* indent is a number of spaces or a text; None: all on one line. */
static bool set_indent(json_writer *w, jinja_value indent)
{
    int64_t n;
    if (indent.kind == VALUE_ABSENT || indent.kind == VALUE_NONE) return true;
    w->lines = true;
    if (indent.kind == VALUE_STRING) return w->indent = indent.s, true;
    if (!jinja_integer(indent, &n) || n > 1000) return jinja_fail(w->r, w->at, "tojson: an indent of type '%s' or size found, a number to 1000 or a text wanted", jinja_type(indent)), false;
    jinja_builder spaces = {0};
    for (int64_t i = 0; i < n; i++) jinja_build_text(w->r, &spaces, " ");
    w->indent = jinja_built(w->r, &spaces).s;
    return !jinja_bad(w->r);
}

jinja_value jinja_tojson(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a)
{
    static const char *const names[] = {"ensure_ascii", "indent", "separators", "sort_keys", NULL};
    jinja_value given[4];
    json_writer w = {.r = r, .at = at};
    if (!jinja_bind(r, at, "tojson", a, names, 0, given) || !set_indent(&w, given[1])) return (jinja_value){0};
    w.ascii = given[0].kind != VALUE_ABSENT && jinja_truth(given[0]);
    w.sorted = given[3].kind != VALUE_ABSENT && jinja_truth(given[3]);
    if (given[2].kind != VALUE_ABSENT && given[2].kind != VALUE_NONE) {
        const jinja_list *l = jinja_members(r, at, given[2]);
        if (!l || l->count != 2 || l->item[0].kind != VALUE_STRING || l->item[1].kind != VALUE_STRING)
            return jinja_fail(r, at, "tojson: separators wants two strings");
        w.item_separator = l->item[0].s, w.key_separator = l->item[1].s;
    }
    json_value(&w, v, 0);
    return jinja_built(r, &w.b);
}
