/* Arguments, the functions that a program finds, and the methods of lists, dicts and loops. */
#include <string.h>
#include <time.h>

#include "text/jinja_extend.h"

/* ---- arguments ---- */

bool jinja_bind(jinja_context *r, const jinja_node *at, const char *what, const jinja_arguments *a, const char *const *names, int required, jinja_value *out)
{
    size_t count = 0, used = 0;
    if (jinja_bad(r)) return false;
    for (; names[count]; count++) {
        const jinja_value *named = jinja_dict_get_text(r, &a->named, names[count], strlen(names[count]));
        out[count] = count < a->count ? a->item[count] : named ? *named : jinja_absent();
        if (count < a->count && named) return jinja_fail(r, at, "%s: '%s' is given twice", what, names[count]), false;
        used += named != NULL;
        if (out[count].kind == VALUE_ABSENT && (int)count < required) return jinja_fail(r, at, "%s: the argument '%s' is missing", what, names[count]), false;
    }
    if (a->count > count) return jinja_fail(r, at, "%s: %zu arguments found, at most %zu wanted", what, a->count, count), false;
    for (size_t i = 0; i < a->named.count && used < a->named.count; i++) {
        bool known = false;
        for (size_t k = 0; k < count; k++) known = known || jinja_is(a->named.pair[i].key, names[k]);
        if (known) continue;
        const jinja_string *key = a->named.pair[i].key.s;
        return jinja_fail(r, at, "%s: the argument '%.*s' is not known here", what, key->size > 60 ? 60 : (int)key->size, key->text), false;
    }
    return !jinja_bad(r);
}

/* ---- functions ---- */

static jinja_value function_range(jinja_context *r, const jinja_node *at, const jinja_arguments *a)
{
    const int64_t most = INT64_C(1) << 61;
    int64_t n[3] = {0, 0, 1};
    if (a->named.count || !a->count || a->count > 3) return jinja_fail(r, at, "range: one to three plain numbers wanted");
    for (size_t i = 0; i < a->count; i++) {
        if (!jinja_integer(a->item[i], &n[i])) return jinja_fail(r, at, "range: '%s' found, a whole number wanted", jinja_type(a->item[i]));
        if (n[i] < -most || n[i] > most) return jinja_fail(r, at, "range: a number beyond 2^61");
    }
    if (a->count == 1) n[1] = n[0], n[0] = 0;
    if (n[2] == 0) return jinja_fail(r, at, "range: the step is 0");
    jinja_range *range = jinja_pool_take(&r->pool, sizeof *range, r->st);
    if (!range) return (jinja_value){0};
    *range = (jinja_range){n[0], n[1], n[2]};
    jinja_value v = {.kind = VALUE_RANGE, .range = range};
    return jinja_length(r, v) > JINJA_RANGE ? jinja_fail(r, at, "range: %lld numbers, at most %d are allowed", (long long)jinja_length(r, v), JINJA_RANGE) : v;
}

/* Copies what dict() and namespace() are given: a dict or pairs, and named arguments. */
static jinja_value function_dict(jinja_context *r, const jinja_node *at, const jinja_arguments *a)
{
    jinja_value out = jinja_new_dict(r, VALUE_DICT);
    if (a->count > 1) return jinja_fail(r, at, "dict: one plain argument at most");
    if (a->count && a->item[0].kind == VALUE_DICT) {
        const jinja_dict *d = a->item[0].dict;
        for (size_t i = 0; i < d->count && !jinja_bad(r); i++) jinja_dict_set(r, out.dict, d->pair[i].key, d->pair[i].value);
    } else if (a->count) {
        const jinja_list *all = jinja_members(r, at, a->item[0]);
        for (size_t i = 0; all && i < all->count && !jinja_bad(r); i++) {
            const jinja_list *pair = jinja_members(r, at, all->item[i]);
            if (pair && pair->count != 2) return jinja_fail(r, at, "dict: %zu values found, a key and a value wanted", pair->count);
            if (pair) jinja_dict_set(r, out.dict, pair->item[0], pair->item[1]);
        }
    }
    for (size_t i = 0; i < a->named.count && !jinja_bad(r); i++) jinja_dict_set(r, out.dict, a->named.pair[i].key, a->named.pair[i].value);
    return out;
}

static jinja_value function_namespace(jinja_context *r, const jinja_node *at, const jinja_arguments *a)
{
    jinja_value out = function_dict(r, at, a);
    if (jinja_bad(r)) return out;
    out.kind = VALUE_NAMESPACE;
    for (size_t i = 0; i < out.dict->count; i++) {
        jinja_value key = out.dict->pair[i].key;
        if (key.kind == VALUE_STRING && key.s->size && key.s->text[0] == '_') return jinja_fail(r, at, "a namespace's member cannot begin with '_'");
    }
    return out;
}

static jinja_value function_raise(jinja_context *r, const jinja_node *at, const jinja_arguments *a)
{
    static const char *const names[] = {"message", NULL};
    jinja_value message;
    jinja_builder b = {0};
    if (!jinja_bind(r, at, "raise_exception", a, names, 1, &message)) return (jinja_value){0};
    jinja_write(r, at, &b, message);
    return jinja_fail(r, at, "the template refuses %s: %.*s", r->t->extension ? "these data" : "this conversation", b.size > 300 ? 300 : (int)b.size, b.size ? b.text : "");
}

static jinja_value function_strftime_now(jinja_context *r, const jinja_node *at, const jinja_arguments *a)
{
    static const char *const names[] = {"format", NULL};
    jinja_value format;
    char given[200], out[400];
    struct tm now;
    if (!jinja_bind(r, at, "strftime_now", a, names, 1, &format)) return (jinja_value){0};
    if (format.kind != VALUE_STRING || format.s->size >= sizeof given || memchr(format.s->text, 0, format.s->size))
        return jinja_fail(r, at, "strftime_now: a short text wanted as its format");
    memcpy(given, format.s->text, format.s->size);
    given[format.s->size] = 0;
    if (!localtime_r(&r->in->now, &now)) return jinja_fail(r, at, "strftime_now: there is no such time");
    if (!*given) return jinja_literal(r, "");
    size_t n = strftime(out, sizeof out, given, &now);
    jinja_builder b = {0};
    jinja_build(r, &b, out, n, NULL, JINJA_OWN);
    return jinja_built(r, &b);
}

static const struct {
    const char *name;
    jinja_value (*call)(jinja_context *r, const jinja_node *at, const jinja_arguments *a);
} FUNCTIONS[] = {{"range", function_range}, {"dict", function_dict}, {"namespace", function_namespace},
                 {"raise_exception", function_raise}, {"strftime_now", function_strftime_now},
                 {"cycler", NULL}, {"joiner", NULL}, {"lipsum", NULL}}; /* jinja2's, without a place in chat templates */

int64_t jinja_find_function(const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof FUNCTIONS / sizeof *FUNCTIONS; i++)
        if (strlen(FUNCTIONS[i].name) == size && memcmp(FUNCTIONS[i].name, name, size) == 0) return FUNCTIONS[i].call ? (int64_t)i : -2;
    return -1;
}

jinja_value jinja_call_function(jinja_context *r, const jinja_node *at, int64_t which, const jinja_arguments *a)
{
    if (which < JINJA_EXTENDED) return FUNCTIONS[which].call(r, at, a);
    const jinja_extension_function *f = &r->t->extension->function[which - JINJA_EXTENDED];
    return f->call ? f->call(r, at, a) : jinja_fail(r, at, "%s: it stands before its brackets alone", f->name);
}

/* ---- methods ---- */

/* Python's names, each with what is known of them here. */
typedef enum { METHOD_KNOWN, METHOD_UNKNOWN, METHOD_FORBIDDEN } method_state;
typedef struct {
    jinja_kind of;
    method_state state;
    const char *names; /* each followed by a space */
} method_names;

enum { LONGEST_METHOD = 32 };
static const method_names METHODS[] = {
    {VALUE_STRING, METHOD_KNOWN, "upper lower strip lstrip rstrip split rsplit splitlines startswith endswith replace title capitalize find rfind index "
                                 "rindex count join format isdigit isdecimal isnumeric isalpha isalnum isspace isupper islower zfill ljust rjust center "
                                 "removeprefix removesuffix swapcase partition rpartition "},
    {VALUE_STRING, METHOD_UNKNOWN, "casefold encode expandtabs format_map isascii isidentifier isprintable istitle maketrans translate "},
    {VALUE_LIST, METHOD_KNOWN, "index count copy "},
    {VALUE_LIST, METHOD_FORBIDDEN, "append clear extend insert pop remove reverse sort "},
    {VALUE_TUPLE, METHOD_KNOWN, "index count "},
    {VALUE_RANGE, METHOD_KNOWN, "index count "},
    {VALUE_DICT, METHOD_KNOWN, "get items keys values copy "},
    {VALUE_DICT, METHOD_UNKNOWN, "fromkeys "},
    {VALUE_DICT, METHOD_FORBIDDEN, "clear pop popitem setdefault update "},
    {VALUE_LOOP, METHOD_KNOWN, "cycle changed "},
    {VALUE_INT, METHOD_UNKNOWN, "as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag is_integer numerator real to_bytes "},
    {VALUE_BOOL, METHOD_UNKNOWN, "as_integer_ratio bit_count bit_length conjugate denominator from_bytes imag is_integer numerator real to_bytes "},
    {VALUE_FLOAT, METHOD_UNKNOWN, "as_integer_ratio conjugate fromhex hex imag is_integer real "},
    {VALUE_MACRO, METHOD_UNKNOWN, "name arguments catch_kwargs catch_varargs caller "},
    {VALUE_KEYS, METHOD_UNKNOWN, "isdisjoint mapping "},
    {VALUE_VALUES, METHOD_UNKNOWN, "mapping "},
    {VALUE_ITEMS, METHOD_UNKNOWN, "isdisjoint mapping "},
    {VALUE_GENERATOR, METHOD_UNKNOWN, "send throw close "},
};

/* The name in such a list, or NULL. */
static const char *name_in(const char *names, const char *name, size_t size)
{
    for (const char *at = names; size && (at = memmem(at, strlen(at), name, size)); at++)
        if (at[size] == ' ' && (at == names || at[-1] == ' ')) return at;
    return NULL;
}

const char *jinja_find_method(jinja_value self, const char *name, size_t size, bool *refused)
{
    if (size > LONGEST_METHOD || memchr(name, ' ', size)) return NULL;
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        if (METHODS[i].of != self.kind) continue;
        const char *found = name_in(METHODS[i].names, name, size);
        if (!found) continue;
        *refused = METHODS[i].state != METHOD_KNOWN;
        return found;
    }
    return NULL;
}

static bool named(const char *method, const char *name) { return strncmp(method, name, strlen(name)) == 0 && method[strlen(name)] == ' '; }

static jinja_value list_method(jinja_context *r, const jinja_node *at, jinja_value self, const char *name, const jinja_arguments *a)
{
    static const char *const names[] = {"value", NULL}, *const none[] = {NULL};
    jinja_value wanted;
    const jinja_list *l = jinja_members(r, at, self);
    int64_t count = 0;
    if (named(name, "copy")) return l && jinja_bind(r, at, "copy", a, none, 0, &wanted) ? (jinja_value){.kind = VALUE_LIST, .list = (jinja_list *)(uintptr_t)l} : (jinja_value){0};
    if (!jinja_bind(r, at, "index", a, names, 1, &wanted)) return (jinja_value){0};
    for (size_t i = 0; l && i < l->count && jinja_spend(r, 1); i++) {
        if (!jinja_equal(r, l->item[i], wanted)) continue;
        if (named(name, "index")) return jinja_int((int64_t)i);
        count++;
    }
    return named(name, "index") ? jinja_fail(r, at, "index: the value is not in the list") : jinja_int(count);
}

static jinja_value dict_method(jinja_context *r, const jinja_node *at, jinja_value self, const char *name, const jinja_arguments *a)
{
    static const char *const get[] = {"key", "default", NULL}, *const none[] = {NULL};
    jinja_value given[2];
    if (named(name, "get")) {
        if (!jinja_bind(r, at, "get", a, get, 1, given)) return (jinja_value){0};
        const jinja_value *found = jinja_dict_get(r, self.dict, given[0]);
        return found ? *found : given[1].kind == VALUE_ABSENT ? jinja_none() : given[1];
    }
    if (!jinja_bind(r, at, "a dict's method", a, none, 0, given)) return (jinja_value){0};
    if (named(name, "copy")) return self; /* nothing can change either of them */
    self.kind = named(name, "items") ? VALUE_ITEMS : named(name, "keys") ? VALUE_KEYS : VALUE_VALUES;
    return self;
}

static jinja_value loop_method(jinja_context *r, const jinja_node *at, jinja_loop *l, const char *name, const jinja_arguments *a)
{
    if (named(name, "cycle") && !a->count) return jinja_fail(r, at, "cycle: values wanted");
    if (named(name, "cycle")) return a->item[l->index % a->count];
    jinja_value now = jinja_new_list(r, VALUE_TUPLE, a->count);
    for (size_t i = 0; i < a->count; i++) jinja_push(r, now.list, a->item[i]);
    bool same = !jinja_bad(r) && l->changed.kind != VALUE_ABSENT && jinja_equal(r, l->changed, now);
    l->changed = now;
    return jinja_bool(!same);
}

jinja_value jinja_call_method(jinja_context *r, const jinja_node *at, const jinja_method *m, const jinja_arguments *a)
{
    if (m->self.kind == VALUE_STRING) return jinja_string_method(r, at, m->self.s, m->name, a);
    if (a->named.count) return jinja_fail(r, at, "%.*s: plain arguments wanted, not NAME=", (int)strcspn(m->name, " "), m->name);
    switch (m->self.kind) {
    case VALUE_DICT: return dict_method(r, at, m->self, m->name, a);
    case VALUE_LOOP: return loop_method(r, at, m->self.loop, m->name, a);
    default: return list_method(r, at, m->self, m->name, a);
    }
}
