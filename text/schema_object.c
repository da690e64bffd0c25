/* Objects: the properties that are named in their order, each there or not; then others by their names' patterns. */
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "text/automaton_parts.h"
#include "text/schema_parts.h"

enum { MOST_NAMED = 4096, MOST_PATTERNS = 4, MOST_STATES = 1 << 15 };

/* An object as it may be written. */
typedef struct {
    schema_reader *r;
    const schema_all *all;
    const char *name[MOST_NAMED];
    bool required[MOST_NAMED];
    grammar_node member[MOST_NAMED]; /* "name": value */
    size_t count;
    name_index index;                /* of the names */
    const char *pattern[MOST_PATTERNS];
    size_t patterns;
    bool open;                       /* others may come, too */
    grammar_node other;              /* one of them, −1: there is none */
    int64_t min, max;                /* properties; max −1: no bound */
} object;

/* A part's word on names that it does not list; NULL: it has none. */
static const json_t *more_of(const json_t *s)
{
    const json_t *more = json_object_get(s, "additionalProperties");
    return more ? more : json_object_get(s, "unevaluatedProperties");
}

static bool add_name(object *o, const char *name, bool required)
{
    bool fresh = true;
    int64_t known = name_index_find(&o->index, name, strlen(name));
    if (known >= 0) return o->required[known] = o->required[known] || required, true;
    if (o->count == MOST_NAMED) return schema_wrong(o->r, o->all->part[0].schema, "more than %d properties", MOST_NAMED);
    if (!name_index_add(&o->index, name, strlen(name), (uint32_t)o->count, &fresh, o->r->st)) return false;
    o->name[o->count] = name;
    o->required[o->count++] = required;
    return true;
}

static bool add_pattern(object *o, const json_t *schema, const char *text)
{
    for (size_t i = 0; i < o->patterns; i++)
        if (strcmp(o->pattern[i], text) == 0) return true;
    if (o->patterns == MOST_PATTERNS) return schema_wrong(o->r, schema, "\"patternProperties\": more than %d patterns", MOST_PATTERNS);
    o->pattern[o->patterns++] = text;
    return true;
}

static bool read_part(object *o, const json_t *s, bool *said)
{
    const json_t *properties = json_object_get(s, "properties"), *patterns = json_object_get(s, "patternProperties"), *required = json_object_get(s, "required"), *more = more_of(s);
    const char *key;
    json_t *value;
    size_t i;
    if (properties && !json_is_object(properties)) return schema_wrong(o->r, s, "\"properties\": an object wanted");
    if (patterns && !json_is_object(patterns)) return schema_wrong(o->r, s, "\"patternProperties\": an object wanted");
    if (required && !json_is_array(required)) return schema_wrong(o->r, s, "\"required\": a list of names wanted");
    json_object_foreach((json_t *)(uintptr_t)properties, key, value) if (!add_name(o, key, false)) return false;
    json_object_foreach((json_t *)(uintptr_t)patterns, key, value) if (!add_pattern(o, s, key)) return false;
    json_array_foreach(required, i, value)
    {
        if (!json_is_string(value)) return schema_wrong(o->r, s, "\"required\": a list of names wanted");
        if (!add_name(o, json_string_value(value), true)) return false;
    }
    if (properties || patterns || more || required) *said = true;
    if (more && !json_is_false(more)) o->open = true;
    return true;
}

/* ---- members ---- */

/* What holds for the value of a name: of each part what it says of the name, or of the patterns that fit, or of all others. fits[i]:
 * whether pattern i does. */
static bool add_value(object *o, const char *name, const bool *fits, schema_all *out)
{
    *out = (schema_all){0};
    for (size_t i = 0; i < o->all->count; i++) {
        const json_t *s = o->all->part[i].schema, *own = name ? json_object_get(json_object_get(s, "properties"), name) : NULL, *more = more_of(s);
        bool named = own != NULL;
        if (own && !schema_add(o->r, out, own)) return false;
        for (size_t j = 0; j < o->patterns; j++) {
            const json_t *of_pattern = fits[j] ? json_object_get(json_object_get(s, "patternProperties"), o->pattern[j]) : NULL;
            if (of_pattern && !schema_add(o->r, out, of_pattern)) return false;
            named = named || of_pattern;
        }
        if (!named && more && !schema_add(o->r, out, more)) return false;
    }
    return true;
}

/* Whether a name is one that propertyNames allows. */
static bool name_allowed(object *o, const char *name, bool *error)
{
    bool allowed = true;
    json_t *text = json_string(name);
    for (size_t i = 0; allowed && i < o->all->count; i++) {
        const json_t *names = json_object_get(o->all->part[i].schema, "propertyNames");
        if (names) allowed = schema_holds(o->r, names, text, error);
    }
    json_decref(text);
    return allowed;
}

static grammar_node member_of(object *o, const language *const *language_of, const char *name)
{
    schema_reader *r = o->r;
    bool fits[MOST_PATTERNS], error = false;
    schema_all value;
    for (size_t i = 0; i < o->patterns; i++) fits[i] = language_holds(language_of[i], name, strlen(name));
    if (!add_value(o, name, fits, &value)) return -1;
    if (!name_allowed(o, name, &error)) return error ? -1 : grammar_nothing(r->g);
    json_t *text = json_string(name);
    char *key = text ? json_write(text, JSON_ENCODE_ANY) : NULL;
    json_decref(text);
    if (!key) return status_set(r->st, STATUS_NOMEM, "out of memory for a schema"), -1;
    grammar_node part[3] = {schema_literal(r, key), schema_literal(r, ": "), schema_value(r, &value)};
    alloc_free(key);
    return grammar_sequence(r->g, part, 3);
}

/* ---- other names ---- */

/* What propertyNames says of the names of all others. */
static bool narrow_by_names(object *o, language **l)
{
    schema_all names = {0};
    bool any = false, plain;
    for (size_t i = 0; i < o->all->count; i++) {
        const json_t *s = json_object_get(o->all->part[i].schema, "propertyNames");
        any = any || s;
        if (s && !schema_add(o->r, &names, s)) return false;
    }
    if (!any || names.nothing) return true;
    for (size_t i = 0; i < names.count; i++) {
        static const char *const held[] = {"pattern", "format", "minLength", "maxLength"};
        const char *key;
        json_t *value;
        json_object_foreach((json_t *)(uintptr_t)names.part[i].schema, key, value)
        {
            bool known = strcmp(key, "type") == 0 || strcmp(key, "$ref") == 0 || strcmp(key, "allOf") == 0 || strcmp(key, "description") == 0;
            for (size_t j = 0; j < 4; j++) known = known || strcmp(key, held[j]) == 0;
            if (!known) return schema_wrong(o->r, names.part[i].schema, "\"propertyNames\": pattern, format, minLength and maxLength alone can be held");
        }
    }
    language *allowed = schema_string_language(o->r, &names, &plain), *both = allowed ? schema_spend(o->r, language_combine(*l, allowed, LANGUAGE_AND, o->r->st)) : NULL;
    language_free(*l);
    language_free(allowed);
    *l = both;
    return both != NULL;
}

static bool combine(object *o, language **l, const language *by, language_operation op)
{
    language *next = schema_spend(o->r, language_combine(*l, by, op, o->r->st));
    language_free(*l);
    *l = next;
    return next != NULL;
}

/* The names that fit these patterns, no others of them, and are not listed. NULL on failure. */
static language *names_of(object *o, const language *const *language_of, const bool *fits)
{
    language *l = language_of_all(o->r->st);
    size_t *size = alloc_array(o->count, sizeof *size, o->r->st);
    for (size_t i = 0; size && i < o->count; i++) size[i] = strlen(o->name[i]);
    language *listed = size && o->count ? schema_spend(o->r, language_of_texts(o->name, size, o->count, o->r->st)) : NULL;
    bool ok = l && size && (!o->count || (listed && combine(o, &l, listed, LANGUAGE_WITHOUT)));
    for (size_t i = 0; ok && i < o->patterns; i++) ok = combine(o, &l, language_of[i], fits[i] ? LANGUAGE_AND : LANGUAGE_WITHOUT);
    ok = ok && narrow_by_names(o, &l);
    language_free(listed);
    alloc_free(size);
    if (ok) return l;
    language_free(l);
    return NULL;
}

static bool has_names(const object *o)
{
    for (size_t i = 0; i < o->all->count; i++)
        if (json_object_get(o->all->part[i].schema, "propertyNames")) return true;
    return false;
}

/* The names of one kind and their value; −1 with a good status: there are none. */
static grammar_node other_of(object *o, const language *const *language_of, const bool *fits)
{
    schema_reader *r = o->r;
    schema_all value;
    if (!add_value(o, NULL, fits, &value) || value.nothing) return -1;
    grammar_node key;
    if (o->count == 0 && o->patterns == 0 && !has_names(o)) key = schema_any_string(r);
    else {
        language *l = names_of(o, language_of, fits);
        bool none = !l || language_is_empty(l);
        grammar_node part[3] = {schema_literal(r, "\""), none ? -1 : language_to_grammar(l, r->g, CHARACTERS_JSON, r->st), schema_literal(r, "\"")};
        language_free(l);
        if (none) return -1;
        key = grammar_sequence(r->g, part, 3);
    }
    grammar_node part[3] = {key, schema_literal(r, ": "), schema_value(r, &value)};
    return grammar_sequence(r->g, part, 3);
}

/* All others: for each set of patterns the names that fit just these. */
static bool find_others(object *o, const language *const *language_of)
{
    grammar_node way[1 << MOST_PATTERNS];
    size_t ways = 0;
    o->other = -1;
    for (unsigned set = 0; set < 1U << o->patterns; set++) {
        bool fits[MOST_PATTERNS];
        if (set == 0 && !o->open) continue;
        for (size_t i = 0; i < o->patterns; i++) fits[i] = set >> i & 1;
        grammar_node n = other_of(o, language_of, fits);
        if (!status_ok(o->r->st)) return false;
        if (n >= 0) way[ways++] = n;
    }
    if (ways) o->other = grammar_choice(o->r->g, way, ways);
    return status_ok(o->r->st);
}

/* ---- the whole ---- */

/* The others behind so many properties (a count that stops where it tells nothing more). */
static grammar_node others_from(object *o, int64_t written)
{
    schema_reader *r = o->r;
    int64_t least = o->min > written ? o->min - written : 0, most = o->max < 0 ? -1 : o->max - written;
    if (o->other < 0) return least ? grammar_nothing(r->g) : grammar_empty(r->g);
    if (least > 1) return schema_wrong(r, o->all->part[0].schema, "\"minProperties\": more than one name that the schema does not list cannot be asked for"), -1;
    if (most > GRAMMAR_MAX_REPEAT) most = GRAMMAR_MAX_REPEAT;
    if (most == 0) return grammar_empty(r->g);
    grammar_node next[2] = {schema_literal(r, ", "), o->other};
    grammar_node further = grammar_sequence(r->g, next, 2);
    if (written) return grammar_repeat(r->g, further, (int32_t)least, most < 0 ? GRAMMAR_ANY_TIMES : (int32_t)most);
    grammar_node some[2] = {o->other, grammar_repeat(r->g, further, 0, most < 0 ? GRAMMAR_ANY_TIMES : (int32_t)most - 1)};
    return grammar_repeat(r->g, grammar_sequence(r->g, some, 2), least > 0, 1);
}

/* The properties from one on, for each number of those before it that were written: a rule of its own. */
static grammar_node members(object *o)
{
    schema_reader *r = o->r;
    bool counted = o->min > 0 || o->max >= 0;
    int64_t most = o->max >= 0 && o->max <= (int64_t)o->count ? o->max + 1 : (int64_t)o->count; /* what it may be asked to tell apart */
    size_t states = counted ? (size_t)most + 1 : 2;
    if (o->count * states > MOST_STATES) return schema_wrong(r, o->all->part[0].schema, "too many properties under \"minProperties\" or \"maxProperties\""), -1;
    int32_t *rule = alloc_array((o->count + 1) * states, sizeof *rule, r->st);
    if (!rule) return -1;
    bool ok = true;
    for (size_t i = 0; ok && i <= o->count; i++)
        for (size_t n = 0; ok && n < states && n <= i; n++) ok = (rule[i * states + n] = schema_new_rule(r, "properties")) >= 0;
    for (size_t i = 0; ok && i <= o->count; i++)
        for (size_t n = 0; n < states && n <= i; n++) {
            if (i == o->count) {
                bool over = o->max >= 0 && (int64_t)n > o->max;
                grammar_define(r->g, rule[i * states + n], over ? grammar_nothing(r->g) : others_from(o, (int64_t)n));
                continue;
            }
            size_t more = n + 1 < states ? n + 1 : n;
            grammar_node with[3] = {schema_literal(r, n ? ", " : ""), o->member[i], grammar_call(r->g, rule[(i + 1) * states + more])};
            grammar_node way[2] = {grammar_sequence(r->g, with, 3), grammar_call(r->g, rule[(i + 1) * states + n])};
            grammar_define(r->g, rule[i * states + n], o->required[i] ? way[0] : grammar_choice(r->g, way, 2));
        }
    grammar_node first = ok ? grammar_call(r->g, rule[0]) : -1;
    alloc_free(rule);
    return first;
}

static grammar_node write_object(object *o)
{
    const language *language_of[MOST_PATTERNS] = {0};
    bool said = false, ok = true;
    for (size_t i = 0; ok && i < o->all->count; i++) ok = read_part(o, o->all->part[i].schema, &said);
    if (!said) o->open = true; /* an object of which nothing is said */
    for (size_t i = 0; ok && i < o->patterns; i++) ok = (language_of[i] = schema_pattern_language(o->r, o->all->part[0].schema, o->pattern[i])) != NULL;
    for (size_t i = 0; ok && i < o->count; i++) ok = (o->member[i] = member_of(o, language_of, o->name[i])) >= 0;
    ok = ok && find_others(o, language_of);
    if (!ok) return -1;
    grammar_node part[3] = {schema_literal(o->r, "{"), members(o), schema_literal(o->r, "}")};
    return grammar_sequence(o->r->g, part, 3);
}

grammar_node schema_object(schema_reader *r, const schema_all *all)
{
    object *o = alloc_zeroed(1, sizeof *o, r->st);
    if (!o) return -1;
    o->r = r;
    o->all = all;
    o->max = -1;
    grammar_node n = schema_bound(r, all, "minProperties", true, &o->min) && schema_bound(r, all, "maxProperties", false, &o->max) ? write_object(o) : -1;
    name_index_free(&o->index);
    alloc_free(o);
    return n;
}
