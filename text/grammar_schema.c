/* A value for which several schemas hold is a rule; rules are made one after the other, so that schemas may refer to themselves. */
#include "text/grammar_schema.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "text/automaton_parts.h"
#include "text/schema_parts.h"

enum { MOST_SIZE = 16 << 20, MOST_BRANCHES = 4096, MOST_APART = 96 };

int32_t schema_new_rule(schema_reader *r, const char *name) { return grammar_rule(r->g, name, strlen(name)); }

grammar_node schema_literal(schema_reader *r, const char *text) { return grammar_literal(r->g, text, strlen(text)); }

/* ---- any value ---- */

static grammar_node bracketed(schema_reader *r, const char *open, grammar_node item, const char *close)
{
    grammar_node next[2] = {schema_literal(r, ", "), item};
    grammar_node some[2] = {item, grammar_repeat(r->g, grammar_sequence(r->g, next, 2), 0, GRAMMAR_ANY_TIMES)};
    grammar_node part[3] = {schema_literal(r, open), grammar_repeat(r->g, grammar_sequence(r->g, some, 2), 0, 1), schema_literal(r, close)};
    return grammar_sequence(r->g, part, 3);
}

static grammar_node any_object(schema_reader *r)
{
    if (!status_ok(r->st)) return -1;
    if (r->object < 0) {
        r->object = schema_new_rule(r, "object");
        grammar_node member[3] = {schema_any_string(r), schema_literal(r, ": "), schema_any(r)};
        grammar_define(r->g, r->object, bracketed(r, "{", grammar_sequence(r->g, member, 3), "}"));
    }
    return grammar_call(r->g, r->object);
}

grammar_node schema_any(schema_reader *r)
{
    if (!status_ok(r->st)) return -1;
    if (r->any < 0) {
        static const schema_all nothing_said;
        r->any = schema_new_rule(r, "value");
        grammar_node way[7] = {any_object(r), bracketed(r, "[", grammar_call(r->g, r->any), "]"), schema_any_string(r), schema_number(r, &nothing_said, true),
                               schema_literal(r, "true"), schema_literal(r, "false"), schema_literal(r, "null")};
        grammar_define(r->g, r->any, grammar_choice(r->g, way, 7));
    }
    return grammar_call(r->g, r->any);
}

/* ---- values that are listed ---- */

/* The value as JSON text; reals as short as they can be read back. Freed with alloc_free. */
static char *dump(const json_t *value)
{
    for (size_t digits = 15; json_is_real(value) && digits < 17; digits++) {
        char *text = json_write(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
        if (!text || strtod(text, NULL) == json_real_value(value)) return text;
        alloc_free(text);
    }
    return json_write(value, JSON_ENCODE_ANY);
}

static bool add_listed(schema_reader *r, grammar_list *l, const schema_all *all, const json_t *value)
{
    bool error = false;
    if (!schema_all_hold(r, all, value, &error)) return !error;
    char *text = dump(value);
    if (!text) return status_set(r->st, STATUS_NOMEM, "out of memory for a schema");
    bool ok = grammar_list_add(l, schema_literal(r, text), r->st);
    alloc_free(text);
    return ok;
}

/* The values of the first part that lists some, as far as the others allow them; *listed false: none does. */
static grammar_node listed_values(schema_reader *r, const schema_all *all, bool *listed)
{
    *listed = false;
    for (size_t i = 0; i < all->count; i++) {
        const json_t *s = all->part[i].schema, *values = json_object_get(s, "enum"), *value = json_object_get(s, "const");
        grammar_list l = {0};
        size_t j;
        json_t *one;
        bool ok = true;
        if (!values && !value) continue;
        *listed = true;
        r->listing = s;
        if (values && !json_is_array(values)) return schema_wrong(r, s, "\"enum\": a list wanted"), -1;
        if (value) ok = add_listed(r, &l, all, value);
        json_array_foreach(value ? NULL : values, j, one) ok = ok && add_listed(r, &l, all, one);
        r->listing = NULL;
        grammar_node n = ok ? grammar_choice(r->g, l.item, l.count) : -1;
        grammar_list_free(&l);
        return n;
    }
    return -1;
}

/* ---- branches ---- */

/* What holds when one branch is chosen. */
static bool with_branch(schema_reader *r, const schema_all *all, size_t part, bool any, const json_t *branch, schema_all *out)
{
    *out = *all;
    if (any) out->part[part].any_chosen = true;
    else out->part[part].one_chosen = true;
    return schema_add(r, out, branch);
}

/* Types that all parts allow; 0 with a good status: none. */
static bool types_of(schema_reader *r, const schema_all *all, unsigned *types, bool *given)
{
    *types = TYPE_ALL;
    *given = false;
    for (size_t i = 0; i < all->count; i++) {
        const json_t *type = json_object_get(all->part[i].schema, "type");
        unsigned own = type ? schema_types(r, all->part[i].schema, type) : TYPE_ALL;
        if (!own) return false;
        *given = *given || type;
        *types &= own;
    }
    return true;
}

/* Notes that two branches of oneOf may not hold at once: the rule of both must turn out empty. */
static bool keep_apart(schema_reader *r, const schema_all *all, size_t part, const json_t *branches)
{
    size_t count = json_array_size(branches);
    const json_t *s = all->part[part].schema;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            schema_all both;
            unsigned types;
            bool given;
            if (!with_branch(r, all, part, false, json_array_get(branches, i), &both) || !schema_add(r, &both, json_array_get(branches, j)) || !types_of(r, &both, &types, &given)) return false;
            if (both.nothing || !types) continue;
            if (count > MOST_APART) return schema_wrong(r, s, "\"oneOf\": more than %d branches", MOST_APART);
            grammar_node n = schema_value(r, &both);
            if (n < 0 || !automaton_room((void **)&r->apart, &r->apart_room, r->aparts, 1, sizeof *r->apart, r->st)) return false;
            r->apart[r->aparts++] = (struct schema_apart){(int32_t)grammar_at(r->g, n)->start, s, (int)i + 1, (int)j + 1};
        }
    return true;
}

/* One rule for each branch of a part's anyOf or oneOf. */
static grammar_node branches_of(schema_reader *r, const schema_all *all, size_t part, bool any)
{
    const json_t *s = all->part[part].schema, *branches = json_object_get(s, any ? "anyOf" : "oneOf");
    size_t i;
    json_t *branch;
    grammar_list l = {0};
    if (!json_is_array(branches)) return schema_wrong(r, s, "\"%s\": a list wanted", any ? "anyOf" : "oneOf"), -1;
    if (json_array_size(branches) > MOST_BRANCHES) return schema_wrong(r, s, "\"%s\": more than %d branches", any ? "anyOf" : "oneOf", MOST_BRANCHES), -1;
    bool ok = any || keep_apart(r, all, part, branches);
    json_array_foreach(branches, i, branch)
    {
        schema_all chosen;
        ok = ok && with_branch(r, all, part, any, branch, &chosen) && grammar_list_add(&l, schema_value(r, &chosen), r->st);
    }
    grammar_node n = ok ? grammar_choice(r->g, l.item, l.count) : -1;
    grammar_list_free(&l);
    return n;
}

/* ---- types ---- */

/* The types of which a schema without one speaks. */
static unsigned implied_types(const schema_all *all)
{
    static const struct {
        const char *key;
        unsigned type;
    } keys[] = {{"properties", TYPE_OBJECT}, {"required", TYPE_OBJECT}, {"additionalProperties", TYPE_OBJECT}, {"patternProperties", TYPE_OBJECT}, {"propertyNames", TYPE_OBJECT},
                {"minProperties", TYPE_OBJECT}, {"maxProperties", TYPE_OBJECT}, {"items", TYPE_ARRAY}, {"prefixItems", TYPE_ARRAY}, {"minItems", TYPE_ARRAY}, {"maxItems", TYPE_ARRAY},
                {"minLength", TYPE_STRING}, {"maxLength", TYPE_STRING}, {"pattern", TYPE_STRING}, {"format", TYPE_STRING}, {"minimum", TYPE_INTEGER | TYPE_FRACTION},
                {"maximum", TYPE_INTEGER | TYPE_FRACTION}, {"exclusiveMinimum", TYPE_INTEGER | TYPE_FRACTION}, {"exclusiveMaximum", TYPE_INTEGER | TYPE_FRACTION},
                {"multipleOf", TYPE_INTEGER}};
    unsigned types = 0;
    for (size_t i = 0; i < all->count; i++)
        for (size_t j = 0; j < sizeof keys / sizeof *keys; j++)
            if (json_object_get(all->part[i].schema, keys[j].key)) types |= keys[j].type;
    return types;
}

static grammar_node value_by_types(schema_reader *r, const schema_all *all)
{
    grammar_node way[7];
    size_t ways = 0;
    unsigned types;
    bool given;
    if (!types_of(r, all, &types, &given)) return -1;
    if (!given) types = implied_types(all);
    if (!given && !types) return schema_any(r);
    if (types & TYPE_OBJECT) way[ways++] = schema_object(r, all);
    if (types & TYPE_ARRAY) way[ways++] = schema_array(r, all);
    if (types & TYPE_STRING) way[ways++] = schema_string(r, all);
    if (types & TYPE_INTEGER) way[ways++] = schema_number(r, all, types & TYPE_FRACTION);
    if (types & TYPE_BOOLEAN) way[ways++] = schema_literal(r, "true"), way[ways++] = schema_literal(r, "false");
    if (types & TYPE_NULL) way[ways++] = schema_literal(r, "null");
    return grammar_choice(r->g, way, ways);
}

static grammar_node value_expression(schema_reader *r, const schema_all *all)
{
    bool listed;
    if (all->nothing) return grammar_nothing(r->g);
    grammar_node n = listed_values(r, all, &listed);
    if (listed) return n;
    for (size_t i = 0; i < all->count; i++) {
        if (!all->part[i].any_chosen && json_object_get(all->part[i].schema, "anyOf")) return branches_of(r, all, i, true);
        if (!all->part[i].one_chosen && json_object_get(all->part[i].schema, "oneOf")) return branches_of(r, all, i, false);
    }
    return value_by_types(r, all);
}

/* ---- rules ---- */

static int by_schema(const void *a, const void *b)
{
    const schema_part *x = a, *y = b;
    return x->schema < y->schema ? -1 : x->schema > y->schema ? 1 : 0;
}

/* A key of what holds, whatever the order. Freed with the reader. */
static char *key_of(schema_reader *r, const schema_all *all, size_t *size)
{
    schema_part sorted[SCHEMA_MOST_TOGETHER];
    const size_t each = sizeof(void *) + 1;
    *size = all->count * each + 1;
    char *key = automaton_room((void **)&r->key, &r->key_room, r->keys, 1, sizeof *r->key, r->st) ? alloc_array(*size, 1, r->st) : NULL;
    if (!key) return NULL;
    memcpy(sorted, all->part, all->count * sizeof *sorted);
    if (all->count) qsort(sorted, all->count, sizeof *sorted, by_schema);
    for (size_t i = 0; i < all->count; i++) {
        memcpy(key + i * each, &sorted[i].schema, sizeof(void *));
        key[i * each + sizeof(void *)] = (char)(sorted[i].any_chosen * 2 + sorted[i].one_chosen);
    }
    key[*size - 1] = (char)all->nothing;
    return r->key[r->keys++] = key;
}

grammar_node schema_value(schema_reader *r, const schema_all *all)
{
    size_t size;
    bool fresh = true;
    if (!status_ok(r->st)) return -1;
    if (all->nothing) return grammar_nothing(r->g);
    char *key = key_of(r, all, &size);
    int64_t known = key ? name_index_find(&r->known, key, size) : -1;
    if (known >= 0) return grammar_call(r->g, (int32_t)known);
    int32_t rule = key ? schema_new_rule(r, "value") : -1;
    if (rule < 0 || !name_index_add(&r->known, key, size, (uint32_t)rule, &fresh, r->st) ||
        !automaton_room((void **)&r->pending, &r->pending_room, r->pendings, 1, sizeof *r->pending, r->st)) return -1;
    schema_part *copy = alloc_array(all->count, sizeof *copy, r->st);
    if (!copy) return -1;
    memcpy(copy, all->part, all->count * sizeof *copy);
    r->pending[r->pendings++] = (struct schema_pending){copy, all->count, rule};
    return grammar_call(r->g, rule);
}

static bool define_all(schema_reader *r)
{
    for (size_t i = 0; status_ok(r->st) && i < r->pendings; i++) { /* more come on the way */
        schema_all all = {.count = r->pending[i].count};
        memcpy(all.part, r->pending[i].part, all.count * sizeof *all.part);
        grammar_define(r->g, r->pending[i].rule, value_expression(r, &all));
    }
    return status_ok(r->st);
}

/* ---- branches that must not meet ---- */

/* Whether some text fits, as far as is known by now. */
static bool is_alive(const grammar *g, grammar_node n, const bool *rule, int8_t *known)
{
    const grammar_expression *e = grammar_at(g, n);
    if (known[n] >= 0) return known[n];
    bool alive = e->kind != GRAMMAR_NOTHING, has_items = e->kind == GRAMMAR_SEQUENCE || e->kind == GRAMMAR_CHOICE || e->kind == GRAMMAR_REPEAT;
    const grammar_node *item = has_items ? grammar_items(g, e) : NULL;
    if (e->kind == GRAMMAR_CALL) alive = rule[e->start];
    if (e->kind == GRAMMAR_SEQUENCE) for (uint32_t i = 0; alive && i < e->count; i++) alive = is_alive(g, item[i], rule, known);
    if (e->kind == GRAMMAR_REPEAT) alive = e->min == 0 || is_alive(g, item[0], rule, known);
    if (e->kind == GRAMMAR_CHOICE) {
        alive = false;
        for (uint32_t i = 0; !alive && i < e->count; i++) alive = is_alive(g, item[i], rule, known);
    }
    known[n] = alive;
    return alive;
}

static bool find_alive(const grammar *g, bool *rule, int8_t *known)
{
    for (int turn = 0; turn < 256; turn++) {
        bool changed = false;
        memset(known, -1, grammar_size(g));
        for (int32_t i = 0; i < grammar_rules(g); i++)
            if (!rule[i] && grammar_is_defined(g, i) && is_alive(g, grammar_rule_expression(g, i), rule, known)) rule[i] = changed = true;
        if (!changed) return true;
    }
    return false;
}

static bool check_apart(schema_reader *r)
{
    if (!r->aparts) return true;
    bool *rule = alloc_zeroed((size_t)grammar_rules(r->g), sizeof *rule, r->st);
    int8_t *known = alloc_array(grammar_size(r->g), 1, r->st);
    bool ok = rule && known;
    if (ok && !find_alive(r->g, rule, known)) ok = schema_wrong(r, r->apart[0].schema, "\"oneOf\": whether two branches can both hold cannot be told");
    for (size_t i = 0; ok && i < r->aparts; i++) {
        const struct schema_apart *a = &r->apart[i];
        if (rule[a->rule]) ok = schema_wrong(r, a->schema, "\"oneOf\": branches %d and %d may both hold for one value; \"anyOf\" can be held", a->first, a->second);
    }
    alloc_free(rule);
    alloc_free(known);
    return ok;
}

/* ---- the whole ---- */

static void reader_free(schema_reader *r)
{
    for (size_t i = 0; i < r->pendings; i++) alloc_free(r->pending[i].part);
    for (size_t i = 0; i < r->keys; i++) alloc_free(r->key[i]);
    alloc_free(r->pending);
    alloc_free(r->key);
    alloc_free(r->apart);
    for (size_t i = 0; i < r->languages; i++) language_free(r->language[i]);
    alloc_free(r->language);
    name_index_free(&r->patterns);
    name_index_free(&r->known);
    json_decref(r->root);
}

static bool set_root(schema_reader *r, grammar_node value)
{
    int32_t root = schema_new_rule(r, "root");
    grammar_define(r->g, root, value);
    grammar_set_root(r->g, root);
    return status_ok(r->st);
}

static bool read_all(schema_reader *r)
{
    schema_all *first = alloc_zeroed(1, sizeof *first, r->st);
    bool ok = first && schema_add(r, first, r->root) && set_root(r, schema_value(r, first)) && define_all(r) && check_apart(r);
    alloc_free(first);
    return ok;
}

bool grammar_read_schema(grammar *g, const char *text, size_t size, const char *name, status *st)
{
    schema_reader r = {.g = g, .st = st, .name = name, .character = -1, .string = -1, .number = -1, .integer = -1, .any = -1, .object = -1};
    json_error_t error;
    if (size > MOST_SIZE) return status_set(st, STATUS_USAGE, "%.100s: a schema of more than 16 MiB", name);
    r.root = json_parse(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    bool ok = r.root ? read_all(&r) : error.line < 0 ? status_set(st, STATUS_NOMEM, "%s", error.text) : status_set(st, STATUS_USAGE, "%.100s:%d:%d: no JSON schema: %.200s", name, error.line, error.column, error.text);
    reader_free(&r);
    return ok && status_ok(st);
}
