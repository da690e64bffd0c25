/* Filters of single values, and the table of all names. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/jinja_extend.h"

#define FILTER(name) static jinja_value filter_##name(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a)

static const char *const NONE[] = {NULL};

/* The value as a string, as filters of text take it: str() of what is none. */
static jinja_string *text_of(jinja_context *r, const jinja_node *at, jinja_value v)
{
    v = jinja_to_string(r, at, v);
    if (jinja_bad(r)) return NULL;
    if (v.s->markup) return jinja_fail(r, at, "this filter of a text marked safe is not known here"), NULL;
    return v.s;
}

/* ---- text ---- */

FILTER(case)
{
    jinja_value nothing;
    jinja_string *s = jinja_bind(r, at, "the filter", a, NONE, 0, &nothing) ? text_of(r, at, v) : NULL;
    return s ? jinja_string_case(r, s, at->text[0]) : (jinja_value){0};
}

static bool begins_word(char c, const char *marks) { return c && strchr(marks, c) != NULL; }

/* jinja2's own: a word begins behind white space, -, (, {, [ and <. */
FILTER(title)
{
    jinja_value nothing;
    jinja_builder b = {0};
    jinja_string *s = jinja_bind(r, at, "title", a, NONE, 0, &nothing) ? text_of(r, at, v) : NULL;
    for (size_t from = 0, to; s && from < s->size && !jinja_bad(r); from = to) {
        for (to = from; to < s->size; to += jinja_char_size(s->text + to, s->size - to)) {
            if (!jinja_spend(r, 1)) break;
            if (to > from && (jinja_is_space(s->text + to, s->size - to) || begins_word(s->text[to], "-({[<"))) break;
        }
        size_t word = from;
        while (word < to && begins_word(s->text[word], "-({[< \t\n\r\v\f")) word++;
        size_t rest = word < to ? word + jinja_char_size(s->text + word, to - word) : to; /* behind the letter that becomes upper case */
        const size_t cut[] = {from, word, rest, to};
        for (int i = 0; i < 3; i++) {
            jinja_value part = jinja_part(r, s, cut[i], cut[i + 1]);
            if (i && !jinja_bad(r)) part = jinja_string_case(r, part.s, i == 1 ? 'u' : 'l');
            if (!jinja_bad(r)) jinja_build_string(r, &b, part.s);
        }
    }
    return s ? jinja_built(r, &b) : (jinja_value){0};
}

FILTER(trim)
{
    static const char *const names[] = {"chars", NULL};
    jinja_value chars;
    jinja_string *s = jinja_bind(r, at, "trim", a, names, 0, &chars) ? text_of(r, at, v) : NULL;
    bool given = chars.kind != VALUE_ABSENT && chars.kind != VALUE_NONE;
    if (s && given && chars.kind != VALUE_STRING) return jinja_fail(r, at, "trim: '%s' found, a string wanted", jinja_type(chars));
    return s ? jinja_string_trim(r, s, given ? chars.s : NULL, true, true) : (jinja_value){0};
}

FILTER(replace)
{
    static const char *const names[] = {"old", "new", "count", NULL};
    jinja_value given[3];
    int64_t count = -1;
    if (!jinja_bind(r, at, "replace", a, names, 2, given)) return (jinja_value){0};
    jinja_string *s = text_of(r, at, v), *old = text_of(r, at, given[0]), *fresh = text_of(r, at, given[1]);
    if (given[2].kind != VALUE_ABSENT && given[2].kind != VALUE_NONE && !jinja_integer(given[2], &count)) return jinja_fail(r, at, "replace: a number wanted as count");
    return s && old && fresh ? jinja_string_replace(r, s, old, fresh, count) : (jinja_value){0};
}

FILTER(indent)
{
    static const char *const names[] = {"width", "first", "blank", NULL};
    jinja_value given[3];
    jinja_builder b = {0}, spaces = {0};
    int64_t width = 4;
    if (!jinja_bind(r, at, "indent", a, names, 0, given)) return (jinja_value){0};
    jinja_string *s = text_of(r, at, v);
    if (given[0].kind == VALUE_STRING) jinja_build_string(r, &spaces, given[0].s);
    else if (given[0].kind != VALUE_ABSENT && !jinja_integer(given[0], &width)) return jinja_fail(r, at, "indent: '%s' found, a number or a string wanted", jinja_type(given[0]));
    else
        for (int64_t i = 0; i < width && !jinja_bad(r); i++) jinja_build_text(r, &spaces, " ");
    bool first = given[1].kind != VALUE_ABSENT && jinja_truth(given[1]), blank = given[2].kind != VALUE_ABSENT && jinja_truth(given[2]);
    jinja_value indent = jinja_built(r, &spaces);
    if (!s || jinja_bad(r)) return (jinja_value){0};
    jinja_builder whole = {0}; /* with a line's end behind it, as jinja2 has it */
    jinja_build_string(r, &whole, s);
    jinja_build_text(r, &whole, "\n");
    jinja_value text = jinja_built(r, &whole);
    jinja_list *lines = jinja_bad(r) ? NULL : jinja_string_lines(r, text.s, false);
    for (size_t i = 0; lines && i < lines->count && !jinja_bad(r); i++) {
        if (i) jinja_build_text(r, &b, "\n");
        if (i ? lines->item[i].s->size || blank : first) jinja_build_string(r, &b, indent.s);
        jinja_build_string(r, &b, lines->item[i].s);
    }
    return jinja_built(r, &b);
}

FILTER(center)
{
    static const char *const names[] = {"width", NULL};
    jinja_value width;
    if (!jinja_bind(r, at, "center", a, names, 0, &width)) return (jinja_value){0};
    jinja_string *s = text_of(r, at, v);
    if (width.kind == VALUE_ABSENT) width = jinja_int(80);
    jinja_arguments one = {.item = &width, .count = 1};
    return s ? jinja_string_method(r, at, s, "center ", &one) : (jinja_value){0};
}

FILTER(string)
{
    jinja_value nothing;
    return jinja_bind(r, at, "string", a, NONE, 0, &nothing) ? jinja_to_string(r, at, v) : (jinja_value){0};
}

static jinja_value mark_safe(jinja_context *r, jinja_value v)
{
    jinja_value copy = jinja_bad(r) ? v : jinja_part(r, v.s, 0, v.s->size);
    if (!jinja_bad(r)) copy.s->markup = true;
    return copy;
}

FILTER(safe)
{
    jinja_value nothing;
    return jinja_bind(r, at, "safe", a, NONE, 0, &nothing) ? mark_safe(r, jinja_to_string(r, at, v)) : (jinja_value){0};
}

FILTER(escape)
{
    static const char *const from = "&<>'\"", *const to[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
    jinja_value nothing;
    if (!jinja_bind(r, at, "escape", a, NONE, 0, &nothing)) return (jinja_value){0};
    if (v.kind == VALUE_STRING && v.s->markup) return v;
    jinja_string *s = text_of(r, at, v);
    jinja_builder b = {0};
    for (size_t i = 0; s && i < s->size && jinja_spend(r, 1); i++) {
        const char *special = s->text[i] ? strchr(from, s->text[i]) : NULL;
        const uint8_t *origin = s->origin ? s->origin + i : NULL;
        if (special) jinja_build(r, &b, to[special - from], strlen(to[special - from]), NULL, origin ? *origin : s->whole);
        else jinja_build(r, &b, s->text + i, 1, origin, s->whole);
    }
    return s ? mark_safe(r, jinja_built(r, &b)) : (jinja_value){0};
}

FILTER(wordcount)
{
    jinja_value nothing;
    jinja_arguments empty = {0};
    jinja_string *s = jinja_bind(r, at, "wordcount", a, NONE, 0, &nothing) ? text_of(r, at, v) : NULL;
    jinja_value words = s ? jinja_string_method(r, at, s, "split ", &empty) : (jinja_value){0};
    return jinja_bad(r) ? words : jinja_int((int64_t)words.list->count);
}

FILTER(format)
{
    jinja_value values = jinja_new_list(r, VALUE_TUPLE, a->count);
    if (a->named.count) return jinja_fail(r, at, "format: plain arguments wanted");
    for (size_t i = 0; i < a->count; i++) jinja_push(r, values.list, a->item[i]);
    jinja_string *s = text_of(r, at, v);
    return s ? jinja_format_percent(r, at, s, values) : (jinja_value){0};
}

/* ---- numbers ---- */

/* A string as Python's float() reads it; false: it is none. */
static bool read_float(const jinja_string *s, double *out)
{
    char text[400];
    size_t n = 0;
    if (s->size >= sizeof text) return false;
    for (size_t i = 0; i < s->size; i++) {
        if (s->text[i] == '_' && n && text[n - 1] >= '0' && text[n - 1] <= '9' && i + 1 < s->size && s->text[i + 1] >= '0' && s->text[i + 1] <= '9') continue;
        if (!s->text[i] || (strchr("xXpP(", s->text[i]))) return false; /* strtod would take hexadecimal numbers */
        text[n++] = s->text[i];
    }
    text[n] = 0;
    char *end;
    *out = strtod(text, &end);
    if (end == text) return false;
    while (*end == ' ' || (*end >= '\t' && *end <= '\r')) end++;
    return *end == 0;
}

static bool read_int(const jinja_string *s, int base, int64_t *out)
{
    char text[100];
    if (s->size >= sizeof text || memchr(s->text, 0, s->size)) return false;
    memcpy(text, s->text, s->size);
    text[s->size] = 0;
    char *end;
    errno = 0;
    *out = strtoll(text, &end, base);
    if (end == text || errno) return false;
    while (*end == ' ' || (*end >= '\t' && *end <= '\r')) end++;
    return *end == 0;
}

FILTER(int)
{
    static const char *const names[] = {"default", "base", NULL};
    jinja_value given[2];
    int64_t i, base = 10;
    double x;
    if (!jinja_bind(r, at, "int", a, names, 0, given)) return (jinja_value){0};
    if (given[1].kind != VALUE_ABSENT && (!jinja_integer(given[1], &base) || base < 2 || base > 36)) return jinja_fail(r, at, "int: a base from 2 to 36 wanted");
    if (v.kind == VALUE_UNDEFINED) return jinja_fail(r, at, "int: '%.*s' is undefined", v.name->size > 60 ? 60 : (int)v.name->size, v.name->text);
    if (jinja_integer(v, &i) || (v.kind == VALUE_STRING && read_int(v.s, (int)base, &i))) return jinja_int(i);
    bool real = v.kind == VALUE_FLOAT ? (x = v.f, true) : v.kind == VALUE_STRING && read_float(v.s, &x);
    if (real && isfinite(x) && fabs(x) < 9.2e18) return jinja_int((int64_t)x);
    if (real && isfinite(x)) return jinja_fail(r, at, "int: a number that does not fit into 64 bits");
    return given[0].kind == VALUE_ABSENT ? jinja_int(0) : given[0];
}

FILTER(float)
{
    static const char *const names[] = {"default", NULL};
    jinja_value otherwise;
    double x;
    if (!jinja_bind(r, at, "float", a, names, 0, &otherwise)) return (jinja_value){0};
    if (v.kind == VALUE_UNDEFINED) return jinja_fail(r, at, "float: '%.*s' is undefined", v.name->size > 60 ? 60 : (int)v.name->size, v.name->text);
    if (jinja_number(v, &x) || (v.kind == VALUE_STRING && read_float(v.s, &x))) return jinja_float(x);
    return otherwise.kind == VALUE_ABSENT ? jinja_float(0) : otherwise;
}

FILTER(abs)
{
    jinja_value nothing;
    int64_t i;
    if (!jinja_bind(r, at, "abs", a, NONE, 0, &nothing)) return (jinja_value){0};
    if (jinja_integer(v, &i) && i > INT64_MIN) return jinja_int(i < 0 ? -i : i);
    return v.kind == VALUE_FLOAT ? jinja_float(fabs(v.f)) : jinja_fail(r, at, "abs: a value of type '%s'", jinja_type(v));
}

FILTER(round)
{
    static const char *const names[] = {"precision", "method", NULL};
    jinja_value given[2];
    int64_t precision = 0, i;
    double x;
    if (!jinja_bind(r, at, "round", a, names, 0, given)) return (jinja_value){0};
    if (given[0].kind != VALUE_ABSENT && (!jinja_integer(given[0], &precision) || precision < -300 || precision > 300))
        return jinja_fail(r, at, "round: a precision of -300 to 300 wanted");
    if (!jinja_number(v, &x)) return jinja_fail(r, at, "round: a value of type '%s'", jinja_type(v));
    if (given[1].kind == VALUE_ABSENT || jinja_is(given[1], "common")) {
        if (jinja_integer(v, &i)) return precision >= 0 ? jinja_int(i) : jinja_fail(r, at, "round: a whole number to tens is not known here");
        if (precision < 0 || !isfinite(x)) return jinja_fail(r, at, "round: this precision is not known here");
        char text[700]; /* decimal digits are exact, so this rounds as Python does */
        snprintf(text, sizeof text, "%.*f", (int)precision, x);
        return jinja_float(strtod(text, NULL));
    }
    double scale = pow(10, (double)precision);
    if (jinja_is(given[1], "ceil")) return jinja_float(ceil(x * scale) / scale);
    if (jinja_is(given[1], "floor")) return jinja_float(floor(x * scale) / scale);
    return jinja_fail(r, at, "round: the method is none of common, ceil, floor");
}

/* ---- any value ---- */

FILTER(default)
{
    static const char *const names[] = {"default_value", "boolean", NULL};
    jinja_value given[2];
    if (!jinja_bind(r, at, "default", a, names, 0, given)) return (jinja_value){0};
    bool by_truth = given[1].kind != VALUE_ABSENT && jinja_truth(given[1]);
    if (v.kind != VALUE_UNDEFINED && !(by_truth && !jinja_truth(v))) return v;
    return given[0].kind == VALUE_ABSENT ? jinja_literal(r, "") : given[0];
}

FILTER(attr)
{
    static const char *const names[] = {"name", NULL};
    jinja_value name;
    if (!jinja_bind(r, at, "attr", a, names, 1, &name)) return (jinja_value){0};
    if (name.kind != VALUE_STRING) return jinja_fail(r, at, "attr: '%s' found, a string wanted", jinja_type(name));
    if (v.kind == VALUE_DICT) { /* members alone, no keys */
        bool refused = false;
        if (!jinja_find_method(v, name.s->text, name.s->size, &refused)) return jinja_undefined(r, name.s->text, name.s->size);
    }
    return jinja_get_attribute(r, at, v, name.s->text, name.s->size);
}

FILTER(length)
{
    jinja_value nothing;
    if (!jinja_bind(r, at, "length", a, NONE, 0, &nothing)) return (jinja_value){0};
    int64_t n = jinja_length(r, v);
    return n < 0 ? jinja_fail(r, at, "length: a value of type '%s' has none; |list before it helps a generator", jinja_type(v)) : jinja_int(n);
}

static const struct {
    const char *name;
    jinja_filter run;
} FILTERS[] = {
    {"upper", filter_case}, {"lower", filter_case}, {"capitalize", filter_case}, {"title", filter_title}, {"trim", filter_trim}, {"replace", filter_replace},
    {"indent", filter_indent}, {"center", filter_center}, {"string", filter_string}, {"safe", filter_safe}, {"escape", filter_escape}, {"e", filter_escape},
    {"wordcount", filter_wordcount}, {"format", filter_format}, {"int", filter_int}, {"float", filter_float}, {"abs", filter_abs}, {"round", filter_round},
    {"default", filter_default}, {"d", filter_default}, {"attr", filter_attr}, {"length", filter_length}, {"count", filter_length}, {"tojson", jinja_tojson},
};

jinja_value jinja_apply_filter(jinja_context *r, const jinja_node *at, const char *name, size_t size, jinja_value v, const jinja_arguments *a)
{
    if (!jinja_spend(r, 1)) return (jinja_value){0};
    const jinja_extension *e = r->t->extension;
    bool cached = e && at->kind == NODE_FILTER && at->op && at->text == name;
    int32_t extended = cached ? at->op - 1 : jinja_extended_filter(e, name, size);
    if (extended >= 0) return e->filter[extended].run(r, at, v, a);
    /* what is missing stays missing, whatever is done to it */
    if (e && jinja_missing(v) && !(size == 7 && memcmp(name, "default", 7) == 0) && !(size == 1 && *name == 'd')) return v;
    for (size_t i = 0; i < sizeof FILTERS / sizeof *FILTERS; i++)
        if (strlen(FILTERS[i].name) == size && memcmp(FILTERS[i].name, name, size) == 0) {
            jinja_node named = *at; /* filter_case asks for the name, which map gives as a value */
            named.text = name;
            return FILTERS[i].run(r, &named, v, a);
        }
    jinja_filter list = jinja_find_list_filter(name, size);
    return list ? list(r, at, v, a) : jinja_fail(r, at, "the filter '%.*s' is not known here", size > 60 ? 60 : (int)size, name);
}
