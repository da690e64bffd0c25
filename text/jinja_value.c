/* Making values, and what Python says of them: truth, equality, order, membership, length. */
#include "text/jinja_value.h"

#include <jansson.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/tokenizer_unicode.h"

enum { JSON_DEPTH = 200, VALUE_DEPTH = 200 };

jinja_value jinja_fail(jinja_context *r, const jinja_node *at, const char *format, ...)
{
    char what[360];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    if (at) status_set(r->st, STATUS_FAIL, "%s:%u:%u: %s", r->t->where, at->line, at->column, what);
    else status_set(r->st, STATUS_FAIL, "%s: %s", r->t->where, what);
    return (jinja_value){0};
}

bool jinja_spend(jinja_context *r, size_t n)
{
    if (jinja_bad(r)) return false;
    if (n <= (size_t)INT32_MAX && (r->steps -= (int64_t)n) > 0) return true;
    r->steps = 0;
    jinja_fail(r, NULL, "the template runs too long: it was stopped after some millions of steps");
    return false;
}

/* ---- making values ---- */

static void *take(jinja_context *r, size_t size) { return jinja_bad(r) ? NULL : jinja_pool_take(&r->pool, size, r->st); }

static jinja_value new_string(jinja_context *r, jinja_string s)
{
    jinja_string *made = take(r, sizeof *made);
    if (!made) return (jinja_value){0};
    *made = s;
    return (jinja_value){.kind = VALUE_STRING, .s = made};
}

jinja_value jinja_text(jinja_context *r, const char *text, size_t size, uint8_t origin)
{
    return new_string(r, (jinja_string){.text = text, .size = size, .chars = -1, .whole = origin});
}

jinja_value jinja_literal(jinja_context *r, const char *text) { return jinja_text(r, text, strlen(text), JINJA_OWN); }

jinja_value jinja_undefined(jinja_context *r, const char *name, size_t size)
{
    jinja_value v = jinja_text(r, name, size, JINJA_OWN);
    v.kind = VALUE_UNDEFINED;
    return v;
}

jinja_value jinja_part(jinja_context *r, const jinja_string *s, size_t from, size_t to)
{
    bool ascii = s->chars == (int64_t)s->size;
    return new_string(r, (jinja_string){.text = s->text + from, .origin = s->origin ? s->origin + from : NULL, .size = to - from,
                                        .chars = ascii ? (int64_t)(to - from) : -1, .whole = s->whole});
}

/* Makes room for one more of size bytes in an array of the pool. */
static void *grow(jinja_context *r, void *old, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room ? 2 * *room : 8;
    if (wanted > SIZE_MAX / 2 / size) return NULL;
    void *more = take(r, wanted * size);
    if (!more) return NULL;
    if (count) memcpy(more, old, count * size);
    *room = wanted;
    return more;
}

jinja_value jinja_new_list(jinja_context *r, jinja_kind kind, size_t room)
{
    jinja_list *l = take(r, sizeof *l);
    jinja_value *item = l && room ? take(r, room * sizeof *item) : NULL;
    if (!l || (room && !item)) return (jinja_value){0};
    *l = (jinja_list){.item = item, .room = room};
    return (jinja_value){.kind = kind, .list = l};
}

bool jinja_push(jinja_context *r, jinja_list *l, jinja_value v)
{
    if (jinja_bad(r)) return false;
    if (l->count == l->room) {
        jinja_value *more = grow(r, l->item, l->count, &l->room, sizeof *more);
        if (!more) return false;
        l->item = more;
    }
    l->item[l->count++] = v;
    return true;
}

jinja_value jinja_pair_tuple(jinja_context *r, jinja_value a, jinja_value b)
{
    jinja_value t = jinja_new_list(r, VALUE_TUPLE, 2);
    if (t.kind == VALUE_TUPLE) t.list->item[0] = a, t.list->item[1] = b, t.list->count = 2;
    return t;
}

jinja_value jinja_new_dict(jinja_context *r, jinja_kind kind)
{
    jinja_dict *d = take(r, sizeof *d);
    if (!d) return (jinja_value){0};
    *d = (jinja_dict){0};
    return (jinja_value){.kind = kind, .dict = d};
}

static jinja_pair *find_pair(jinja_context *r, const jinja_dict *d, jinja_value key)
{
    if (!jinja_spend(r, d->count / 8)) return NULL;
    for (size_t i = 0; i < d->count; i++)
        if (jinja_equal(r, d->pair[i].key, key)) return &d->pair[i];
    return NULL;
}

bool jinja_dict_set(jinja_context *r, jinja_dict *d, jinja_value key, jinja_value value)
{
    jinja_pair *p = find_pair(r, d, key);
    if (jinja_bad(r)) return false;
    if (p) return p->value = value, true;
    if (d->count == d->room) {
        jinja_pair *more = grow(r, d->pair, d->count, &d->room, sizeof *more);
        if (!more) return false;
        d->pair = more;
    }
    d->pair[d->count++] = (jinja_pair){key, value};
    return true;
}

const jinja_value *jinja_dict_get(jinja_context *r, const jinja_dict *d, jinja_value key)
{
    jinja_pair *p = find_pair(r, d, key);
    return p ? &p->value : NULL;
}

const jinja_value *jinja_dict_get_text(jinja_context *r, const jinja_dict *d, const char *key, size_t size)
{
    jinja_string s = {.text = key, .size = size};
    return jinja_dict_get(r, d, (jinja_value){.kind = VALUE_STRING, .s = &s});
}

/* ---- from JSON ---- */

static bool is_plain_word(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '_' || text[i] == '-'))
            return false;
    return size > 0;
}

static jinja_value object_from_json(jinja_context *r, const json_t *json, const jinja_variable *v, int depth)
{
    jinja_value out = jinja_new_dict(r, VALUE_DICT);
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)json, key, member)
    {
        if (jinja_bad(r)) break;
        jinja_value value = jinja_from_json(r, member, v, depth + 1);
        bool own = v->own_key && strcmp(key, v->own_key) == 0 && json_is_string(member) && is_plain_word(json_string_value(member), json_string_length(member));
        if (own && value.kind == VALUE_STRING) value.s->whole = JINJA_OWN;
        /* jansson's keys are different: no search for an equal one */
        jinja_dict *d = out.dict;
        if (d->count == d->room) {
            jinja_pair *more = grow(r, d->pair, d->count, &d->room, sizeof *more);
            if (!more) break;
            d->pair = more;
        }
        d->pair[d->count++] = (jinja_pair){jinja_text(r, key, strlen(key), v->origin), value};
    }
    return out;
}

jinja_value jinja_from_json(jinja_context *r, const json_t *json, const jinja_variable *v, int depth)
{
    if (depth > JSON_DEPTH) return jinja_fail(r, NULL, "'%s' is nested more than %d deep", v->name, JSON_DEPTH);
    switch (json_typeof(json)) {
    case JSON_OBJECT: return object_from_json(r, json, v, depth);
    case JSON_ARRAY: {
        jinja_value out = jinja_new_list(r, VALUE_LIST, json_array_size(json));
        for (size_t i = 0; i < json_array_size(json) && !jinja_bad(r); i++) jinja_push(r, out.list, jinja_from_json(r, json_array_get(json, i), v, depth + 1));
        return out;
    }
    case JSON_STRING:
        r->given += json_string_length(json);
        return jinja_text(r, json_string_value(json), json_string_length(json), v->origin);
    case JSON_INTEGER: return jinja_int(json_integer_value(json));
    case JSON_REAL: return jinja_float(json_real_value(json));
    case JSON_TRUE: return jinja_bool(true);
    case JSON_FALSE: return jinja_bool(false);
    default: return jinja_none();
    }
}

/* ---- text that grows ---- */

static bool make_room(jinja_context *r, jinja_builder *b, size_t more)
{
    if (b->room - b->size >= more) return true;
    size_t limit = JINJA_OUTPUT + r->pool.limit - JINJA_MEMORY, wanted = 2 * (b->size + more) + 64;
    if (more > limit || b->size + more > limit) return jinja_fail(r, NULL, "the template writes a text of more than %zu bytes", limit), false;
    char *text = take(r, wanted);
    uint8_t *origin = text && b->origin ? take(r, wanted) : NULL;
    if (!text || (b->origin && !origin)) return false;
    if (b->size) memcpy(text, b->text, b->size);
    if (b->size && origin) memcpy(origin, b->origin, b->size);
    b->text = text, b->origin = origin, b->room = wanted;
    return true;
}

void jinja_build(jinja_context *r, jinja_builder *b, const char *text, size_t size, const uint8_t *origin, uint8_t whole)
{
    if (!size || !jinja_spend(r, size / 16) || !make_room(r, b, size)) return;
    if (!b->size && !origin) b->whole = whole, b->origin = NULL;
    if (!b->origin && (origin || whole != b->whole)) { /* from here on each byte has its own */
        uint8_t *marks = take(r, b->room);
        if (!marks) return;
        memset(marks, b->whole, b->size);
        b->origin = marks;
    }
    memcpy(b->text + b->size, text, size);
    if (b->origin && origin) memcpy(b->origin + b->size, origin, size);
    else if (b->origin) memset(b->origin + b->size, whole, size);
    b->size += size;
}

void jinja_build_string(jinja_context *r, jinja_builder *b, const jinja_string *s) { jinja_build(r, b, s->text, s->size, s->origin, s->whole); }

void jinja_build_text(jinja_context *r, jinja_builder *b, const char *text) { jinja_build(r, b, text, strlen(text), NULL, JINJA_OWN); }

jinja_value jinja_built(jinja_context *r, const jinja_builder *b)
{
    return new_string(r, (jinja_string){.text = b->size ? b->text : "", .origin = b->size ? b->origin : NULL, .size = b->size, .chars = -1, .whole = b->whole});
}

/* ---- what values are ---- */

const char *jinja_type(jinja_value v)
{
    static const char *const names[] = {
        [VALUE_UNDEFINED] = "Undefined", [VALUE_NONE] = "NoneType", [VALUE_BOOL] = "bool", [VALUE_INT] = "int", [VALUE_FLOAT] = "float",
        [VALUE_STRING] = "str", [VALUE_LIST] = "list", [VALUE_TUPLE] = "tuple", [VALUE_GENERATOR] = "generator", [VALUE_DICT] = "dict",
        [VALUE_KEYS] = "dict_keys", [VALUE_VALUES] = "dict_values", [VALUE_ITEMS] = "dict_items", [VALUE_RANGE] = "range",
        [VALUE_NAMESPACE] = "Namespace", [VALUE_MACRO] = "Macro", [VALUE_FUNCTION] = "function", [VALUE_METHOD] = "method",
        [VALUE_LOOP] = "LoopContext", [VALUE_ABSENT] = "nothing"};
    return names[v.kind];
}

bool jinja_is(jinja_value v, const char *text)
{
    return v.kind == VALUE_STRING && v.s->size == strlen(text) && memcmp(v.s->text, text, v.s->size) == 0;
}

static int64_t range_length(const jinja_range *r)
{
    int64_t span = r->step > 0 ? r->stop - r->start : r->start - r->stop, step = r->step > 0 ? r->step : -r->step;
    return span > 0 ? (span - 1) / step + 1 : 0;
}

jinja_value jinja_range_at(const jinja_range *r, int64_t i) { return jinja_int(r->start + i * r->step); }

/* The members of a value that is no string; −1: it has none. */
static int64_t members(jinja_value v)
{
    switch (v.kind) {
    case VALUE_UNDEFINED: return 0;
    case VALUE_LIST: case VALUE_TUPLE: return (int64_t)v.list->count;
    case VALUE_DICT: case VALUE_KEYS: case VALUE_VALUES: case VALUE_ITEMS: return (int64_t)v.dict->count;
    case VALUE_RANGE: return range_length(v.range);
    default: return -1;
    }
}

bool jinja_has_length(jinja_value v) { return v.kind == VALUE_STRING || members(v) >= 0; }

int64_t jinja_length(jinja_context *r, jinja_value v) { return v.kind == VALUE_STRING ? jinja_chars(r, v.s) : members(v); }

bool jinja_truth(jinja_value v)
{
    switch (v.kind) {
    case VALUE_NONE: return false;
    case VALUE_BOOL: return v.b;
    case VALUE_INT: return v.i != 0;
    case VALUE_FLOAT: return v.f != 0;
    case VALUE_STRING: return v.s->size > 0;
    default: return members(v) != 0; /* what has no length is true */
    }
}

bool jinja_number(jinja_value v, double *out)
{
    if (v.kind == VALUE_FLOAT) *out = v.f;
    else if (v.kind == VALUE_INT) *out = (double)v.i;
    else if (v.kind == VALUE_BOOL) *out = v.b;
    else return false;
    return true;
}

bool jinja_integer(jinja_value v, int64_t *out)
{
    if (v.kind == VALUE_INT) *out = v.i;
    else if (v.kind == VALUE_BOOL) *out = v.b;
    else return false;
    return true;
}

static bool equal(jinja_context *r, jinja_value a, jinja_value b, int depth);

static bool equal_lists(jinja_context *r, const jinja_list *a, const jinja_list *b, int depth)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!equal(r, a->item[i], b->item[i], depth + 1)) return false;
    return true;
}

static bool equal_dicts(jinja_context *r, const jinja_dict *a, const jinja_dict *b, int depth)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++) {
        const jinja_value *other = jinja_dict_get(r, b, a->pair[i].key);
        if (!other || !equal(r, a->pair[i].value, *other, depth + 1)) return false;
    }
    return true;
}

static bool equal(jinja_context *r, jinja_value a, jinja_value b, int depth)
{
    double x, y;
    int64_t i, j;
    if (depth > VALUE_DEPTH) return jinja_fail(r, NULL, "a value is nested more than %d deep", VALUE_DEPTH), false;
    if (depth && !jinja_spend(r, 1)) return false;
    if (jinja_integer(a, &i) && jinja_integer(b, &j)) return i == j;
    if (jinja_number(a, &x)) return jinja_number(b, &y) && x == y;
    if (a.kind != b.kind) return false;
    switch (a.kind) {
    case VALUE_UNDEFINED: case VALUE_NONE: return true;
    case VALUE_STRING: return a.s->size == b.s->size && (a.s->size < 256 || jinja_spend(r, a.s->size / 256)) && memcmp(a.s->text, b.s->text, a.s->size) == 0;
    case VALUE_LIST: case VALUE_TUPLE: return equal_lists(r, a.list, b.list, depth);
    case VALUE_DICT: return equal_dicts(r, a.dict, b.dict, depth);
    case VALUE_RANGE: return range_length(a.range) == range_length(b.range) && (!range_length(a.range) || (a.range->start == b.range->start && (range_length(a.range) == 1 || a.range->step == b.range->step)));
    case VALUE_FUNCTION: return a.i == b.i;
    default: return a.list == b.list; /* the same one */
    }
}

bool jinja_equal(jinja_context *r, jinja_value a, jinja_value b) { return equal(r, a, b, 0); }

static int order_bytes(jinja_context *r, const jinja_string *a, const jinja_string *b)
{
    size_t n = a->size < b->size ? a->size : b->size;
    if (!jinja_spend(r, n / 256)) return 0;
    int c = memcmp(a->text, b->text, n);
    return c ? (c < 0 ? -1 : 1) : (a->size > b->size) - (a->size < b->size);
}

static int order(jinja_context *r, const jinja_node *at, jinja_value a, jinja_value b, int depth)
{
    double x, y;
    int64_t i, j;
    if (depth > VALUE_DEPTH || !jinja_spend(r, 1)) return 0;
    if (jinja_integer(a, &i) && jinja_integer(b, &j)) return (i > j) - (i < j);
    if (jinja_number(a, &x) && jinja_number(b, &y)) return isnan(x) || isnan(y) ? 2 : (x > y) - (x < y);
    if (a.kind == VALUE_STRING && b.kind == VALUE_STRING) return order_bytes(r, a.s, b.s);
    if (a.kind != b.kind || (a.kind != VALUE_LIST && a.kind != VALUE_TUPLE)) {
        if (a.kind == VALUE_UNDEFINED || b.kind == VALUE_UNDEFINED) {
            const jinja_string *name = a.kind == VALUE_UNDEFINED ? a.name : b.name;
            jinja_fail(r, at, "'%.*s' is undefined and cannot be compared", name->size > 60 ? 60 : (int)name->size, name->text);
        } else jinja_fail(r, at, "'%s' and '%s' have no order", jinja_type(a), jinja_type(b));
        return 0;
    }
    for (size_t k = 0; k < a.list->count && k < b.list->count; k++)
        if (!equal(r, a.list->item[k], b.list->item[k], depth + 1)) return order(r, at, a.list->item[k], b.list->item[k], depth + 1);
    return (a.list->count > b.list->count) - (a.list->count < b.list->count);
}

int jinja_order(jinja_context *r, const jinja_node *at, jinja_value a, jinja_value b) { return order(r, at, a, b, 0); }

bool jinja_contains(jinja_context *r, const jinja_node *at, jinja_value item, jinja_value in)
{
    if (in.kind == VALUE_STRING) {
        if (item.kind != VALUE_STRING) return jinja_fail(r, at, "'in' a string wants a string on its left, '%s' found", jinja_type(item)), false;
        return jinja_string_find(r, in.s, 0, item.s) != NULL;
    }
    if (in.kind == VALUE_DICT || in.kind == VALUE_KEYS) return jinja_dict_get(r, in.dict, item) != NULL;
    const jinja_list *all = jinja_members(r, at, in);
    for (size_t i = 0; all && i < all->count && jinja_spend(r, 1); i++)
        if (jinja_equal(r, all->item[i], item)) return true;
    return false;
}

/* ---- characters ---- */

size_t jinja_char_size(const char *text, size_t size)
{
    uint32_t c;
    int n = tokenizer_unicode_char(text, size, &c);
    return n > 0 ? (size_t)n : 1;
}

int64_t jinja_chars(jinja_context *r, jinja_string *s)
{
    if (s->chars >= 0) return s->chars;
    if (r && !jinja_spend(r, s->size / 16)) return 0;
    s->chars = 0;
    for (size_t i = 0; i < s->size; i += jinja_char_size(s->text + i, s->size - i)) s->chars++;
    return s->chars;
}

size_t jinja_char_offset(jinja_context *r, jinja_string *s, int64_t index)
{
    if (jinja_chars(r, s) == (int64_t)s->size) return (size_t)index;
    size_t at = 0;
    while (index-- > 0 && at < s->size) at += jinja_char_size(s->text + at, s->size - at);
    jinja_spend(r, at / 16);
    return at;
}

/* ---- members ---- */

static jinja_list *string_members(jinja_context *r, jinja_string *s, jinja_list *out)
{
    for (size_t i = 0, n; i < s->size && !jinja_bad(r); i += n) {
        n = jinja_char_size(s->text + i, s->size - i);
        jinja_push(r, out, jinja_part(r, s, i, i + n));
    }
    return out;
}

jinja_list *jinja_members(jinja_context *r, const jinja_node *at, jinja_value v)
{
    if (jinja_bad(r)) return NULL;
    if (v.kind == VALUE_LIST || v.kind == VALUE_TUPLE) return v.list;
    if (v.kind == VALUE_GENERATOR && !v.list->walked) return v.list->walked = true, v.list;
    if (!jinja_has_length(v) && v.kind != VALUE_GENERATOR) return jinja_fail(r, at, "a value of type '%s' cannot be walked through", jinja_type(v)), NULL;
    int64_t length = v.kind == VALUE_GENERATOR ? 0 : jinja_length(r, v);
    if (!jinja_spend(r, (size_t)length)) return NULL;
    jinja_value out = jinja_new_list(r, VALUE_LIST, (size_t)length);
    if (jinja_bad(r)) return NULL;
    if (v.kind == VALUE_STRING) return string_members(r, v.s, out.list);
    for (int64_t i = 0; i < length && !jinja_bad(r); i++) {
        if (v.kind == VALUE_RANGE) jinja_push(r, out.list, jinja_range_at(v.range, i));
        else if (v.kind == VALUE_VALUES) jinja_push(r, out.list, v.dict->pair[i].value);
        else if (v.kind == VALUE_ITEMS) jinja_push(r, out.list, jinja_pair_tuple(r, v.dict->pair[i].key, v.dict->pair[i].value));
        else jinja_push(r, out.list, v.dict->pair[i].key);
    }
    return jinja_bad(r) ? NULL : out.list;
}
