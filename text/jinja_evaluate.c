/* Expressions: names, members, operators, calls. */
#include <math.h>
#include <string.h>

#include "text/jinja_extend.h"

/* ---- names ---- */

const jinja_value *jinja_scope_find(jinja_context *r, const jinja_scope *s, int32_t name)
{
    for (; s; s = s->parent) {
        if (!jinja_spend(r, s->count / 16)) return NULL;
        for (size_t i = s->count; i-- > 0;)
            if (s->item[i].name == name) return &s->item[i].value;
    }
    return NULL;
}

void jinja_scope_set(jinja_context *r, jinja_scope *s, int32_t name, jinja_value v)
{
    if (!jinja_spend(r, s->count / 16)) return;
    for (size_t i = 0; i < s->count; i++)
        if (s->item[i].name == name) {
            s->item[i].value = v;
            return;
        }
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 4;
        jinja_binding *more = jinja_pool_take(&r->pool, room * sizeof *more, r->st);
        if (!more) return;
        if (s->count) memcpy(more, s->item, s->count * sizeof *more);
        s->item = more, s->room = room;
    }
    s->item[s->count++] = (jinja_binding){name, v};
}

static jinja_value evaluate_name(jinja_context *r, const jinja_scope *s, const jinja_node *n)
{
    const jinja_value *v = jinja_scope_find(r, s, n->name);
    if (v) return *v;
    const jinja_name *name = &r->t->name[n->name];
    if (name->function >= 0) return (jinja_value){.kind = VALUE_FUNCTION, .i = JINJA_EXTENDED + name->function};
    int64_t function = jinja_find_function(name->text, name->size);
    if (function == -2) return jinja_fail(r, n, "the function '%.*s' is not known here", (int)name->size, name->text);
    if (function >= 0) return (jinja_value){.kind = VALUE_FUNCTION, .i = function};
    return jinja_undefined(r, name->text, name->size);
}

/* ---- members ---- */

static jinja_value loop_member(jinja_context *r, const jinja_loop *l, const char *name, size_t size)
{
    int64_t count = (int64_t)l->items->count, i = (int64_t)l->index;
    const struct {
        const char *name;
        jinja_value value;
    } known[] = {{"index", jinja_int(i + 1)}, {"index0", jinja_int(i)}, {"revindex", jinja_int(count - i)}, {"revindex0", jinja_int(count - i - 1)},
                 {"first", jinja_bool(i == 0)}, {"last", jinja_bool(i + 1 == count)}, {"length", jinja_int(count)},
                 {"depth", jinja_int(l->depth + 1)}, {"depth0", jinja_int(l->depth)}};
    for (size_t k = 0; k < sizeof known / sizeof *known; k++)
        if (strlen(known[k].name) == size && memcmp(known[k].name, name, size) == 0) return known[k].value;
    if (size == 8 && memcmp(name, "previtem", 8) == 0 && i > 0) return l->items->item[i - 1];
    if (size == 8 && memcmp(name, "nextitem", 8) == 0 && i + 1 < count) return l->items->item[i + 1];
    return jinja_undefined(r, name, size);
}

static bool range_member(const jinja_range *range, const char *name, size_t size, jinja_value *out)
{
    if (size == 5 && memcmp(name, "start", 5) == 0) *out = jinja_int(range->start);
    else if (size == 4 && memcmp(name, "stop", 4) == 0) *out = jinja_int(range->stop);
    else if (size == 4 && memcmp(name, "step", 4) == 0) *out = jinja_int(range->step);
    else return false;
    return true;
}

/* What Python's getattr gives: a method or a member; false: there is none. */
static bool attribute(jinja_context *r, const jinja_node *at, jinja_value a, const char *name, size_t size, jinja_value *out)
{
    if (a.kind == VALUE_LOOP) {
        *out = loop_member(r, a.loop, name, size);
        if (out->kind != VALUE_UNDEFINED || jinja_bad(r)) return true;
    }
    if (a.kind == VALUE_NAMESPACE) {
        const jinja_value *v = jinja_dict_get_text(r, a.dict, name, size);
        return v ? *out = *v, true : false;
    }
    if (a.kind == VALUE_RANGE && range_member(a.range, name, size, out)) return true;
    bool refused = false;
    const char *method = jinja_find_method(a, name, size, &refused);
    if (refused) *out = jinja_fail(r, at, "the member '%.*s' of a value of type '%s' is not known here", (int)size, name, jinja_type(a));
    if (!method || refused) return refused;
    jinja_method *m = jinja_bad(r) ? NULL : jinja_pool_take(&r->pool, sizeof *m, r->st);
    if (!m) return true;
    *m = (jinja_method){a, method};
    *out = (jinja_value){.kind = VALUE_METHOD, .method = m};
    return true;
}

static jinja_value undefined_has_none(jinja_context *r, const jinja_node *at, jinja_value a)
{
    return jinja_fail(r, at, "'%.*s' is undefined, so it has no members", a.name->size > 60 ? 60 : (int)a.name->size, a.name->text);
}

static jinja_value index_list(jinja_context *r, const jinja_list *l, int64_t i)
{
    if (i < 0) i += (int64_t)l->count;
    return i >= 0 && i < (int64_t)l->count ? l->item[i] : jinja_undefined(r, "list index", 10);
}

static jinja_value index_string(jinja_context *r, jinja_string *s, int64_t i)
{
    int64_t count = jinja_chars(r, s);
    if (i < 0) i += count;
    if (i < 0 || i >= count) return jinja_undefined(r, "string index", 12);
    size_t at = jinja_char_offset(r, s, i);
    if (jinja_bad(r)) return (jinja_value){0};
    return jinja_part(r, s, at, at + jinja_char_size(s->text + at, s->size - at));
}

/* a[key] as Python does it; false: an error there, which the language turns into something else. */
static bool item(jinja_context *r, jinja_value a, jinja_value key, jinja_value *out)
{
    int64_t i;
    if (a.kind == VALUE_DICT) {
        const jinja_value *v = jinja_dict_get(r, a.dict, key);
        return v ? *out = *v, true : false;
    }
    if (!jinja_integer(key, &i)) return false;
    if (a.kind == VALUE_LIST || a.kind == VALUE_TUPLE) *out = index_list(r, a.list, i);
    else if (a.kind == VALUE_STRING) *out = index_string(r, a.s, i);
    else if (a.kind == VALUE_RANGE) {
        int64_t n = jinja_length(r, a);
        if (i < 0) i += n;
        if (i < 0 || i >= n) return false;
        *out = jinja_range_at(a.range, i);
    } else return false;
    return true;
}

jinja_value jinja_get_attribute(jinja_context *r, const jinja_node *at, jinja_value a, const char *name, size_t size)
{
    jinja_value out;
    if (jinja_bad(r)) return (jinja_value){0};
    if (r->t->extension && jinja_missing(a)) return a;
    if (a.kind == VALUE_UNDEFINED) return undefined_has_none(r, at, a);
    if (attribute(r, at, a, name, size, &out)) return out;
    if (a.kind == VALUE_DICT) {
        const jinja_value *v = jinja_dict_get_text(r, a.dict, name, size);
        if (v) return *v;
    }
    return jinja_undefined(r, name, size);
}

jinja_value jinja_get_item(jinja_context *r, const jinja_node *at, jinja_value a, jinja_value key)
{
    jinja_value out;
    if (jinja_bad(r)) return (jinja_value){0};
    if (r->t->extension && jinja_missing(a)) return a;
    if (a.kind == VALUE_UNDEFINED) return undefined_has_none(r, at, a);
    if (item(r, a, key, &out)) return out;
    if (key.kind != VALUE_STRING) return jinja_undefined(r, "item", 4);
    if (attribute(r, at, a, key.s->text, key.s->size, &out)) return out;
    return jinja_undefined(r, key.s->text, key.s->size);
}

/* ---- slices ---- */

/* Python's slice.indices for a length. */
static bool slice_bounds(jinja_context *r, const jinja_node *at, const jinja_value part[3], int64_t length, int64_t out[3])
{
    int64_t value[3] = {0, 0, 1};
    bool given[3];
    for (int i = 0; i < 3; i++) {
        given[i] = part[i].kind != VALUE_NONE && part[i].kind != VALUE_ABSENT;
        if (given[i] && !jinja_integer(part[i], &value[i])) return jinja_fail(r, at, "a slice wants whole numbers, '%s' found", jinja_type(part[i])), false;
    }
    if (value[2] == 0) return jinja_fail(r, at, "a slice whose step is 0"), false;
    bool down = value[2] < 0;
    int64_t low = down ? -1 : 0, high = down ? length - 1 : length;
    if (value[2] < -length - 1) value[2] = -length - 1; /* the same, and no overflow later */
    if (value[2] > length + 1) value[2] = length + 1;
    for (int i = 0; i < 2; i++) {
        if (!given[i]) value[i] = (i == 0) == down ? high : low;
        else {
            if (value[i] < 0) value[i] = value[i] < -length ? low : value[i] + length;
            if (value[i] > high) value[i] = high;
            if (value[i] < low) value[i] = low;
        }
    }
    for (int i = 0; i < 3; i++) out[i] = value[i];
    return true;
}

static jinja_value slice_string(jinja_context *r, jinja_string *s, const int64_t b[3], int64_t count)
{
    if (b[2] == 1) {
        size_t from = jinja_char_offset(r, s, b[0]), to = b[1] > b[0] ? jinja_char_offset(r, s, b[1]) : from;
        return jinja_bad(r) ? (jinja_value){0} : jinja_part(r, s, from, to);
    }
    jinja_builder out = {0};
    jinja_list *chars = jinja_members(r, NULL, (jinja_value){.kind = VALUE_STRING, .s = s});
    for (int64_t i = 0; chars && i < count && !jinja_bad(r); i++) jinja_build_string(r, &out, chars->item[b[0] + i * b[2]].s);
    return jinja_built(r, &out);
}

jinja_value jinja_slice(jinja_context *r, const jinja_node *at, jinja_value v, jinja_value from, jinja_value to, jinja_value step)
{
    const jinja_value part[3] = {from, to, step};
    int64_t length = jinja_length(r, v), b[3];
    if (jinja_bad(r)) return (jinja_value){0};
    if (v.kind == VALUE_UNDEFINED) return undefined_has_none(r, at, v);
    if (v.kind != VALUE_STRING && v.kind != VALUE_LIST && v.kind != VALUE_TUPLE && v.kind != VALUE_RANGE) return jinja_undefined(r, "slice", 5);
    if (!slice_bounds(r, at, part, length, b)) return (jinja_value){0};
    int64_t count = b[2] > 0 ? (b[1] > b[0] ? (b[1] - b[0] - 1) / b[2] + 1 : 0) : (b[0] > b[1] ? (b[0] - b[1] - 1) / -b[2] + 1 : 0);
    if (v.kind == VALUE_STRING) return slice_string(r, v.s, b, count);
    if (v.kind == VALUE_RANGE) {
        jinja_range *range = jinja_pool_take(&r->pool, sizeof *range, r->st);
        if (!range) return (jinja_value){0};
        *range = (jinja_range){v.range->start + b[0] * v.range->step, v.range->start + b[1] * v.range->step, v.range->step * b[2]};
        return (jinja_value){.kind = VALUE_RANGE, .range = range};
    }
    jinja_value out = jinja_new_list(r, v.kind, (size_t)count);
    if (!jinja_spend(r, (size_t)count / 4)) return (jinja_value){0};
    for (int64_t i = 0; i < count; i++) jinja_push(r, out.list, v.list->item[b[0] + i * b[2]]);
    return out;
}

/* ---- arithmetic ---- */

static jinja_value too_large(jinja_context *r, const jinja_node *at) { return jinja_fail(r, at, "a number that does not fit into 64 bits"); }

static jinja_value power(jinja_context *r, const jinja_node *at, int64_t a, int64_t b)
{
    int64_t result = 1;
    if (b < 0) return a ? jinja_float(pow((double)a, (double)b)) : jinja_fail(r, at, "0 to a negative power");
    if (a >= -1 && a <= 1) return jinja_int(a == -1 ? (b & 1 ? -1 : 1) : b ? a : 1);
    for (; b > 0; b--)
        if (__builtin_mul_overflow(result, a, &result)) return too_large(r, at);
    return jinja_int(result);
}

static jinja_value whole_numbers(jinja_context *r, const jinja_node *at, uint16_t op, int64_t a, int64_t b)
{
    int64_t out = 0;
    bool over = false;
    if ((op == '/' || op == '%' || op == JINJA_OP2('/', '/')) && b == 0) return jinja_fail(r, at, "a division by zero");
    switch (op) {
    case '+': over = __builtin_add_overflow(a, b, &out); break;
    case '-': over = __builtin_sub_overflow(a, b, &out); break;
    case '*': over = __builtin_mul_overflow(a, b, &out); break;
    case '/': return jinja_float((double)a / (double)b);
    case '%': return jinja_int(b == -1 ? 0 : (a % b != 0 && (a % b < 0) != (b < 0)) ? a % b + b : a % b);
    case JINJA_OP2('*', '*'): return power(r, at, a, b);
    default: /* // */
        over = b == -1 && a == INT64_MIN;
        if (!over) out = a / b - (a % b != 0 && (a < 0) != (b < 0));
    }
    return over ? too_large(r, at) : jinja_int(out);
}

static jinja_value real_numbers(jinja_context *r, const jinja_node *at, uint16_t op, double a, double b)
{
    if ((op == '/' || op == '%' || op == JINJA_OP2('/', '/')) && b == 0) return jinja_fail(r, at, "a division by zero");
    double rest = op == '%' || op == JINJA_OP2('/', '/') ? fmod(a, b) : 0;
    if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
    switch (op) {
    case '+': return jinja_float(a + b);
    case '-': return jinja_float(a - b);
    case '*': return jinja_float(a * b);
    case '/': return jinja_float(a / b);
    case '%': return jinja_float(rest == 0 ? copysign(0, b) : rest);
    case JINJA_OP2('*', '*'):
        if (a < 0 && b != floor(b)) return jinja_fail(r, at, "a root of a negative number");
        if (a == 0 && b < 0) return jinja_fail(r, at, "0 to a negative power");
        if (isinf(pow(a, b)) && isfinite(a) && isfinite(b)) return jinja_fail(r, at, "a power beyond the largest number");
        return jinja_float(pow(a, b));
    default: return jinja_float(floor((a - rest) / b + 0.5)); /* // */
    }
}

static jinja_value join_lists(jinja_context *r, jinja_value a, jinja_value b)
{
    jinja_value out = jinja_new_list(r, a.kind, a.list->count + b.list->count);
    if (!jinja_spend(r, (a.list->count + b.list->count) / 4)) return (jinja_value){0};
    for (size_t i = 0; i < a.list->count; i++) jinja_push(r, out.list, a.list->item[i]);
    for (size_t i = 0; i < b.list->count; i++) jinja_push(r, out.list, b.list->item[i]);
    return out;
}

static jinja_value repeat(jinja_context *r, jinja_value v, int64_t times)
{
    jinja_builder text = {0};
    jinja_value list = v.kind == VALUE_STRING ? (jinja_value){0} : jinja_new_list(r, v.kind, 0);
    if ((v.kind == VALUE_STRING ? v.s->size : v.list->count) == 0) times = 0;
    for (int64_t i = 0; i < times && jinja_spend(r, 1); i++) {
        if (v.kind == VALUE_STRING) jinja_build_string(r, &text, v.s);
        else if (!jinja_spend(r, v.list->count / 4)) break;
        else
            for (size_t k = 0; k < v.list->count; k++) jinja_push(r, list.list, v.list->item[k]);
    }
    return v.kind == VALUE_STRING ? jinja_built(r, &text) : list;
}

static bool is_sequence(jinja_value v) { return v.kind == VALUE_STRING || v.kind == VALUE_LIST || v.kind == VALUE_TUPLE; }

jinja_value jinja_binary(jinja_context *r, const jinja_node *at, uint16_t op, jinja_value a, jinja_value b)
{
    int64_t i, j;
    double x, y;
    if (jinja_bad(r)) return (jinja_value){0};
    if (jinja_integer(a, &i) && jinja_integer(b, &j)) return whole_numbers(r, at, op, i, j);
    if (r->t->extension && (jinja_missing(a) || jinja_missing(b))) return jinja_missing(a) ? a : b;
    if (jinja_number(a, &x) && jinja_number(b, &y)) return real_numbers(r, at, op, x, y);
    if ((a.kind == VALUE_STRING && a.s->markup) || (b.kind == VALUE_STRING && b.s->markup))
        return jinja_fail(r, at, "an operator on a text marked safe is not known here; print it or join it by ~");
    if (op == '+' && a.kind == VALUE_STRING && b.kind == VALUE_STRING) {
        jinja_builder out = {0};
        jinja_build_string(r, &out, a.s);
        jinja_build_string(r, &out, b.s);
        return jinja_built(r, &out);
    }
    if (op == '+' && a.kind == b.kind && is_sequence(a)) return join_lists(r, a, b);
    if (op == '*' && is_sequence(a) && jinja_integer(b, &j)) return repeat(r, a, j);
    if (op == '*' && is_sequence(b) && jinja_integer(a, &i)) return repeat(r, b, i);
    if (op == '%' && a.kind == VALUE_STRING) return jinja_format_percent(r, at, a.s, b);
    jinja_value none = a.kind == VALUE_UNDEFINED ? a : b;
    if (none.kind == VALUE_UNDEFINED) return jinja_fail(r, at, "'%.*s' is undefined, so it cannot be computed with", none.name->size > 60 ? 60 : (int)none.name->size, none.name->text);
    char name[3] = {op > 0xFF ? (char)(op >> 8) : (char)op, op > 0xFF ? (char)op : 0, 0};
    return jinja_fail(r, at, "'%s' %s '%s': these types cannot be joined so", jinja_type(a), name, jinja_type(b));
}

static jinja_value negate(jinja_context *r, const jinja_node *n, jinja_value v)
{
    int64_t i;
    if (jinja_integer(v, &i)) return n->kind == NODE_PLUS ? jinja_int(i) : i == INT64_MIN ? too_large(r, n) : jinja_int(-i);
    if (v.kind == VALUE_FLOAT) return n->kind == NODE_PLUS ? v : jinja_float(-v.f);
    return jinja_fail(r, n, "a sign before a value of type '%s'", jinja_type(v));
}

/* ---- comparisons ---- */

static bool holds(jinja_context *r, const jinja_node *at, uint16_t op, jinja_value a, jinja_value b)
{
    if (r->t->extension && (a.kind == VALUE_UNDEFINED || b.kind == VALUE_UNDEFINED)) {
        const jinja_string *name = a.kind == VALUE_UNDEFINED ? a.name : b.name;
        jinja_fail(r, at, "'%.*s' is missing here and cannot be compared; 'is defined' asks before", name->size > 60 ? 60 : (int)name->size, name->text);
        return false;
    }
    switch (op) {
    case JINJA_OP2('=', '='): return jinja_equal(r, a, b);
    case JINJA_OP2('!', '='): return !jinja_equal(r, a, b);
    case JINJA_IN: return jinja_contains(r, at, a, b);
    case JINJA_NOT_IN: return !jinja_contains(r, at, a, b);
    default: break;
    }
    int order = jinja_order(r, at, a, b);
    switch (op) {
    case '<': return order == -1;
    case '>': return order == 1;
    case JINJA_OP2('<', '='): return order == -1 || order == 0;
    default: return order == 1 || order == 0;
    }
}

static jinja_value compare(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_value left = jinja_evaluate(r, s, n->a);
    for (const jinja_node *o = n->list; o && !jinja_bad(r); o = o->next) {
        jinja_value right = jinja_evaluate(r, s, o->a);
        if (jinja_bad(r) || !holds(r, o, o->op, left, right)) return jinja_bool(false);
        left = right;
    }
    return jinja_bool(true);
}

/* ---- calls, filters, tests ---- */

static void add_named(jinja_context *r, const jinja_node *at, jinja_arguments *a, jinja_value key, jinja_value value)
{
    if (jinja_dict_get(r, &a->named, key)) jinja_fail(r, at, "an argument given twice");
    jinja_dict_set(r, &a->named, key, value);
}

bool jinja_evaluate_arguments(jinja_context *r, jinja_scope *s, const jinja_node *list, jinja_arguments *a)
{
    *a = (jinja_arguments){0};
    jinja_list plain = {0};
    for (const jinja_node *n = list; n && !jinja_bad(r); n = n->next) {
        jinja_value v = jinja_evaluate(r, s, n->a);
        if (jinja_bad(r)) return false;
        if (n->op == ARGUMENT_PLAIN) jinja_push(r, &plain, v);
        else if (n->op == ARGUMENT_NAMED) add_named(r, n, a, jinja_text(r, n->text, n->size, JINJA_OWN), v);
        else if (n->op == ARGUMENT_STAR) {
            const jinja_list *more = jinja_members(r, n, v);
            for (size_t i = 0; more && i < more->count; i++) jinja_push(r, &plain, more->item[i]);
        } else if (v.kind != VALUE_DICT) jinja_fail(r, n, "'%s' behind **, a dict wanted", jinja_type(v));
        else
            for (size_t i = 0; i < v.dict->count && !jinja_bad(r); i++) {
                if (v.dict->pair[i].key.kind != VALUE_STRING) jinja_fail(r, n, "a key behind ** that is no string");
                else add_named(r, n, a, v.dict->pair[i].key, v.dict->pair[i].value);
            }
    }
    a->item = plain.item, a->count = plain.count;
    return !jinja_bad(r);
}

jinja_value jinja_call(jinja_context *r, const jinja_node *at, jinja_value callee, const jinja_arguments *a)
{
    if (!jinja_spend(r, 1)) return (jinja_value){0};
    switch (callee.kind) {
    case VALUE_FUNCTION: return jinja_call_function(r, at, callee.i, a);
    case VALUE_METHOD: return jinja_call_method(r, at, callee.method, a);
    case VALUE_MACRO: return jinja_call_macro(r, at, callee.macro, a);
    case VALUE_LOOP: return jinja_call_loop(r, at, callee.loop, a);
    case VALUE_UNDEFINED: return jinja_fail(r, at, "'%.*s' is undefined, so it cannot be called", callee.name->size > 60 ? 60 : (int)callee.name->size, callee.name->text);
    default: return jinja_fail(r, at, "a value of type '%s' cannot be called", jinja_type(callee));
    }
}

static jinja_value call(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_arguments a;
    jinja_value callee = jinja_evaluate(r, s, n->a);
    if (callee.kind == VALUE_FUNCTION && callee.i >= JINJA_EXTENDED && r->t->extension->function[callee.i - JINJA_EXTENDED].lazy && !jinja_bad(r))
        return r->t->extension->function[callee.i - JINJA_EXTENDED].lazy(r, s, n);
    if (jinja_bad(r) || !jinja_evaluate_arguments(r, s, n->list, &a)) return (jinja_value){0};
    return jinja_call(r, n, callee, &a);
}

jinja_value jinja_evaluate_filters(jinja_context *r, jinja_scope *s, const jinja_node *n, jinja_value base)
{
    jinja_arguments a;
    if (!n) return base;
    jinja_value v = !n->a ? base : n->a->kind == NODE_FILTER ? jinja_evaluate_filters(r, s, n->a, base) : jinja_evaluate(r, s, n->a);
    if (jinja_bad(r) || !jinja_evaluate_arguments(r, s, n->list, &a)) return (jinja_value){0};
    return jinja_apply_filter(r, n, n->text, n->size, v, &a);
}

static jinja_value test(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_arguments a;
    jinja_value v = jinja_evaluate(r, s, n->a);
    if (jinja_bad(r) || !jinja_evaluate_arguments(r, s, n->list, &a)) return (jinja_value){0};
    return jinja_bool(jinja_apply_test(r, n, n->text, n->size, v, &a));
}

/* ---- the rest ---- */

static jinja_value get_item(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_value v = jinja_evaluate(r, s, n->a);
    if (n->b->kind != NODE_SLICE) return jinja_get_item(r, n, v, jinja_evaluate(r, s, n->b));
    jinja_value part[3];
    const jinja_node *const of[3] = {n->b->a, n->b->b, n->b->c};
    for (int i = 0; i < 3; i++) part[i] = of[i] ? jinja_evaluate(r, s, of[i]) : jinja_absent();
    return jinja_slice(r, n, v, part[0], part[1], part[2]);
}

static jinja_value concat(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_builder b = {0};
    for (const jinja_node *m = n->list; m && !jinja_bad(r); m = m->next) {
        jinja_value v = jinja_evaluate(r, s, m);
        if (!jinja_bad(r)) jinja_write(r, m, &b, v);
    }
    return jinja_built(r, &b);
}

static jinja_value list(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_value out = jinja_new_list(r, n->kind == NODE_LIST ? VALUE_LIST : VALUE_TUPLE, 0);
    for (const jinja_node *m = n->list; m && !jinja_bad(r); m = m->next) jinja_push(r, out.list, jinja_evaluate(r, s, m));
    return out;
}

static jinja_value dict(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_value out = jinja_new_dict(r, VALUE_DICT);
    for (const jinja_node *m = n->list; m && !jinja_bad(r); m = m->next) {
        jinja_value key = jinja_evaluate(r, s, m->a), value = jinja_evaluate(r, s, m->b);
        if (jinja_bad(r)) break;
        if (key.kind == VALUE_LIST || key.kind == VALUE_DICT) return jinja_fail(r, m, "a '%s' cannot be a key", jinja_type(key));
        jinja_dict_set(r, out.dict, key, value);
    }
    return out;
}

static jinja_value either(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_value a = jinja_evaluate(r, s, n->a);
    return jinja_truth(a) == (n->kind == NODE_OR) ? a : jinja_evaluate(r, s, n->b);
}

static jinja_value if_else(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    if (jinja_truth(jinja_evaluate(r, s, n->a))) return jinja_evaluate(r, s, n->b);
    return n->c ? jinja_evaluate(r, s, n->c) : jinja_undefined(r, "the inline if without else", 26);
}

static jinja_value binary(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    jinja_value a = jinja_evaluate(r, s, n->a), b = jinja_evaluate(r, s, n->b);
    return jinja_binary(r, n, n->op, a, b);
}

static jinja_value evaluate(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    switch (n->kind) {
    case NODE_NONE: return jinja_none();
    case NODE_TRUE: return jinja_bool(true);
    case NODE_FALSE: return jinja_bool(false);
    case NODE_INTEGER: return jinja_int(n->integer);
    case NODE_REAL: return jinja_float(n->real);
    case NODE_STRING: return jinja_text(r, n->text, n->size, JINJA_OWN);
    case NODE_NAME: return evaluate_name(r, s, n);
    case NODE_ATTRIBUTE: return jinja_get_attribute(r, n, jinja_evaluate(r, s, n->a), n->text, n->size);
    case NODE_ITEM: return get_item(r, s, n);
    case NODE_CALL: return call(r, s, n);
    case NODE_FILTER: return jinja_evaluate_filters(r, s, n, (jinja_value){0});
    case NODE_TEST: return test(r, s, n);
    case NODE_IF_ELSE: return if_else(r, s, n);
    case NODE_AND: case NODE_OR: return either(r, s, n);
    case NODE_NOT: return jinja_bool(!jinja_truth(jinja_evaluate(r, s, n->a)));
    case NODE_NEGATE: case NODE_PLUS: return negate(r, n, jinja_evaluate(r, s, n->a));
    case NODE_BINARY: return binary(r, s, n);
    case NODE_COMPARE: return compare(r, s, n);
    case NODE_CONCAT: return concat(r, s, n);
    case NODE_LIST: case NODE_TUPLE: return list(r, s, n);
    case NODE_DICT: return dict(r, s, n);
    default: return jinja_fail(r, n, "this has no value");
    }
}

jinja_value jinja_evaluate(jinja_context *r, jinja_scope *s, const jinja_node *n)
{
    if (!jinja_spend(r, 1)) return (jinja_value){0};
    if (r->depth >= JINJA_RUN_DEPTH) return jinja_fail(r, n, "calls within each other, deeper than is followed here");
    r->depth++;
    jinja_value v = evaluate(r, s, n);
    r->depth--;
    return jinja_bad(r) ? (jinja_value){0} : v;
}
