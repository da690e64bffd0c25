/* What a schema refers to, what it asserts that cannot be held, and whether a given value is valid under it. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/text_out.h"
#include "text/schema_parts.h"

/* ---- messages ---- */

/* The way from `at` to the schema as a JSON pointer behind *path; false: it is not there. */
static bool find_way(const json_t *at, const json_t *wanted, text_out *path, int depth)
{
    const char *key;
    json_t *value;
    size_t i, size = path->size;
    if (at == wanted) return true;
    if (depth > 64) return false;
    json_object_foreach((json_t *)(uintptr_t)at, key, value)
    {
        text_out_format(path, "/%s", key);
        if (find_way(value, wanted, path, depth + 1)) return true;
        path->size = size;
    }
    json_array_foreach((json_t *)(uintptr_t)at, i, value)
    {
        text_out_format(path, "/%zu", i);
        if (find_way(value, wanted, path, depth + 1)) return true;
        path->size = size;
    }
    return false;
}

bool schema_wrong(schema_reader *r, const json_t *schema, const char *format, ...)
{
    char what[300];
    status other = {0};
    text_out path = {.st = &other};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    text_out_add(&path, "#");
    bool found = schema && find_way(r->root, schema, &path, 0) && path.data;
    status_set(r->st, STATUS_USAGE, "%.100s: %.*s: %s", r->name, found ? (int)(path.size < 120 ? path.size : 120) : 1, found ? path.data : "#", what);
    text_out_free(&path);
    return false;
}

/* ---- references ---- */

/* One step of a JSON pointer, "~1" and "~0" and "%41" undone; the next one's beginning, or NULL. */
static const char *pointer_step(const char *at, char *out, size_t room)
{
    size_t n = 0;
    for (; *at && *at != '/'; at++) {
        unsigned value;
        char c = *at;
        if (c == '%' && sscanf(at + 1, "%2x", &value) == 1 && at[1] && at[2]) c = (char)value, at += 2;
        if (c == '~' && (at[1] == '0' || at[1] == '1')) c = *++at == '0' ? '~' : '/';
        if (n + 1 >= room) return NULL;
        out[n++] = c;
    }
    out[n] = 0;
    return at;
}

static const json_t *follow_pointer(const json_t *at, const char *pointer)
{
    char name[512];
    while (at && *pointer == '/') {
        pointer = pointer_step(pointer + 1, name, sizeof name);
        if (!pointer) return NULL;
        unsigned index;
        int end = 0;
        if (json_is_array(at)) at = sscanf(name, "%9u%n", &index, &end) == 1 && !name[end] ? json_array_get(at, index) : NULL;
        else at = json_object_get(at, name);
    }
    return *pointer ? NULL : at;
}

static const json_t *find_anchor(const json_t *at, const char *anchor, int depth)
{
    const char *key, *own = json_string_value(json_object_get(at, "$anchor"));
    json_t *value;
    size_t i;
    const json_t *found = NULL;
    if (own && strcmp(own, anchor) == 0) return at;
    if (depth > 64) return NULL;
    json_object_foreach((json_t *)(uintptr_t)at, key, value) if ((found = find_anchor(value, anchor, depth + 1))) return found;
    json_array_foreach((json_t *)(uintptr_t)at, i, value) if ((found = find_anchor(value, anchor, depth + 1))) return found;
    return NULL;
}

const json_t *schema_target(schema_reader *r, const json_t *schema, const char *reference)
{
    const char *id = json_string_value(json_object_get(r->root, "$id")), *hash = strchr(reference, '#');
    size_t before = hash ? (size_t)(hash - reference) : strlen(reference);
    if (before && (!id || strncmp(id, reference, before) != 0 || id[before]))
        return schema_wrong(r, schema, "\"$ref\": '%.80s' refers to another document, which is not read", reference), NULL;
    const json_t *target = !hash || !hash[1] ? r->root : hash[1] == '/' ? follow_pointer(r->root, hash + 1) : find_anchor(r->root, hash + 1, 0);
    if (!target) schema_wrong(r, schema, "\"$ref\": '%.80s' is not there", reference);
    return target;
}

/* ---- keywords ---- */

static bool has_applicators(const json_t *s)
{
    return json_object_get(s, "$ref") || json_object_get(s, "allOf") || json_object_get(s, "anyOf") || json_object_get(s, "oneOf");
}

/* Whether a keyword that is not held asks for nothing here. */
static bool is_idle(const json_t *schema, const char *key, const json_t *value)
{
    if (strcmp(key, "uniqueItems") == 0) {
        const json_t *most = json_object_get(schema, "maxItems");
        return json_is_false(value) || (json_is_integer(most) && json_integer_value(most) <= 1);
    }
    if (strcmp(key, "multipleOf") == 0) return json_is_number(value) && json_number_value(value) == 1;
    if (strncmp(key, "unevaluated", 11) == 0) return json_is_true(value) || (json_is_false(value) && !has_applicators(schema));
    return false;
}

static bool check_keywords(schema_reader *r, const json_t *schema)
{
    static const char *const refused[] = {"not", "if", "then", "else", "dependentRequired", "dependentSchemas", "dependencies", "contains", "minContains", "maxContains",
                                          "unevaluatedItems", "unevaluatedProperties", "uniqueItems", "multipleOf", "$dynamicRef", "$recursiveRef"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        const json_t *value = json_object_get(schema, refused[i]);
        if (value && !is_idle(schema, refused[i], value)) return schema_wrong(r, schema, "\"%s\" cannot be held", refused[i]);
    }
    return true;
}

bool schema_add(schema_reader *r, schema_all *all, const json_t *schema)
{
    size_t i;
    json_t *one;
    if (++r->visits > SCHEMA_MOST_VISITS) return schema_wrong(r, NULL, "the schema is too large: its combinations are more than %d", SCHEMA_MOST_VISITS);
    if (json_is_true(schema)) return true;
    if (json_is_false(schema)) return all->nothing = true;
    if (!json_is_object(schema)) return schema_wrong(r, schema, "a schema wanted: an object, true or false");
    for (size_t j = 0; j < all->count; j++)
        if (all->part[j].schema == schema) return true;
    if (all->count == SCHEMA_MOST_TOGETHER) return schema_wrong(r, schema, "more than %d schemas hold for one value", SCHEMA_MOST_TOGETHER);
    if (!check_keywords(r, schema)) return false;
    all->part[all->count++] = (schema_part){.schema = schema};
    const json_t *reference = json_object_get(schema, "$ref"), *every = json_object_get(schema, "allOf");
    if (reference) {
        if (!json_is_string(reference)) return schema_wrong(r, schema, "\"$ref\": a text wanted");
        const json_t *target = schema_target(r, schema, json_string_value(reference));
        if (!target || !schema_add(r, all, target)) return false;
    }
    if (every && !json_is_array(every)) return schema_wrong(r, schema, "\"allOf\": a list wanted");
    json_array_foreach(every, i, one) if (!schema_add(r, all, one)) return false;
    return true;
}

static unsigned type_of_name(const char *name)
{
    static const struct {
        const char *name;
        unsigned types;
    } types[] = {{"null", TYPE_NULL}, {"boolean", TYPE_BOOLEAN}, {"object", TYPE_OBJECT}, {"array", TYPE_ARRAY}, {"integer", TYPE_INTEGER}, {"number", TYPE_INTEGER | TYPE_FRACTION}, {"string", TYPE_STRING}};
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0) return types[i].types;
    return 0;
}

unsigned schema_types(schema_reader *r, const json_t *schema, const json_t *type)
{
    unsigned all = 0;
    size_t i;
    json_t *one;
    if (json_is_string(type)) all = type_of_name(json_string_value(type));
    json_array_foreach(type, i, one)
    {
        unsigned types = type_of_name(json_string_value(one));
        all = types ? all | types : 0;
        if (!types) break;
    }
    if (!all) schema_wrong(r, schema, "\"type\": null, boolean, object, array, number, integer or string wanted");
    return all;
}

/* ---- whether a value is valid ---- */

static unsigned type_of(const json_t *v)
{
    if (json_is_real(v)) return json_real_value(v) == floor(json_real_value(v)) ? TYPE_INTEGER : TYPE_FRACTION;
    return json_is_integer(v) ? TYPE_INTEGER : json_is_string(v) ? TYPE_STRING : json_is_object(v) ? TYPE_OBJECT : json_is_array(v) ? TYPE_ARRAY : json_is_null(v) ? TYPE_NULL : TYPE_BOOLEAN;
}

static bool is_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) return json_number_value(a) == json_number_value(b);
    return json_equal(a, b);
}

static bool number_holds(const json_t *s, double x)
{
    const json_t *min = json_object_get(s, "minimum"), *max = json_object_get(s, "maximum"), *above = json_object_get(s, "exclusiveMinimum"),
                 *below = json_object_get(s, "exclusiveMaximum"), *step = json_object_get(s, "multipleOf");
    return !(json_is_number(min) && x < json_number_value(min)) && !(json_is_number(max) && x > json_number_value(max)) && !(json_is_number(above) && x <= json_number_value(above)) &&
           !(json_is_number(below) && x >= json_number_value(below)) && !(json_is_number(step) && x != floor(x));
}

static bool count_holds(const json_t *s, const char *least, const char *most, int64_t count)
{
    const json_t *min = json_object_get(s, least), *max = json_object_get(s, most);
    return !(json_is_number(min) && (double)count < json_number_value(min)) && !(json_is_number(max) && (double)count > json_number_value(max));
}

static bool in_language(schema_reader *r, const json_t *s, const char *expression, const char *text, size_t size, bool *error)
{
    const language *l = schema_pattern_language(r, s, expression);
    if (!l) *error = true;
    return l && language_holds(l, text, size);
}

static bool string_holds(schema_reader *r, const json_t *s, const json_t *v, bool *error)
{
    static const char *const exact[] = {"date", "time", "date-time", "uuid", "ipv4"}; /* the others' patterns are narrower than they are */
    const char *expression = json_string_value(json_object_get(s, "pattern")), *format = json_string_value(json_object_get(s, "format"));
    bool holds = count_holds(s, "minLength", "maxLength", schema_characters(v));
    if (holds && expression) holds = in_language(r, s, expression, json_string_value(v), json_string_length(v), error);
    for (size_t i = 0; holds && format && i < sizeof exact / sizeof *exact; i++)
        if (strcmp(format, exact[i]) == 0) holds = in_language(r, s, schema_format(format), json_string_value(v), json_string_length(v), error);
    return holds;
}

static bool array_holds(schema_reader *r, const json_t *s, const json_t *v, bool *error)
{
    const json_t *prefix = json_object_get(s, "prefixItems"), *items = json_object_get(s, "items");
    size_t i;
    json_t *one;
    if (json_is_array(items)) prefix = items, items = json_object_get(s, "additionalItems");
    if (!count_holds(s, "minItems", "maxItems", (int64_t)json_array_size(v))) return false;
    json_array_foreach(v, i, one)
    {
        const json_t *schema = i < json_array_size(prefix) ? json_array_get(prefix, i) : items;
        if (schema && !schema_holds(r, schema, one, error)) return false;
    }
    return true;
}

static bool member_holds(schema_reader *r, const json_t *s, const char *name, const json_t *v, bool *error)
{
    const json_t *own = json_object_get(json_object_get(s, "properties"), name), *more = json_object_get(s, "additionalProperties");
    const char *expression;
    json_t *schema;
    bool named = own != NULL;
    if (own && !schema_holds(r, own, v, error)) return false;
    json_object_foreach(json_object_get(s, "patternProperties"), expression, schema)
    {
        if (!in_language(r, s, expression, name, strlen(name), error)) continue;
        named = true;
        if (!schema_holds(r, schema, v, error)) return false;
    }
    if (!more) more = json_object_get(s, "unevaluatedProperties");
    return named || !more || schema_holds(r, more, v, error);
}

static bool object_holds(schema_reader *r, const json_t *s, const json_t *v, bool *error)
{
    const char *name;
    json_t *one;
    size_t i;
    if (!count_holds(s, "minProperties", "maxProperties", (int64_t)json_object_size(v))) return false;
    json_array_foreach(json_object_get(s, "required"), i, one) if (json_is_string(one) && !json_object_get(v, json_string_value(one))) return false;
    json_object_foreach((json_t *)(uintptr_t)v, name, one) if (!member_holds(r, s, name, one, error)) return false;
    return true;
}

static bool branches_hold(schema_reader *r, const json_t *s, const json_t *v, bool *error)
{
    const json_t *any = json_object_get(s, "anyOf"), *one = json_object_get(s, "oneOf"), *every = json_object_get(s, "allOf");
    size_t i, held = 0;
    json_t *branch;
    json_array_foreach(every, i, branch) if (!schema_holds(r, branch, v, error)) return false;
    json_array_foreach(any, i, branch) held += schema_holds(r, branch, v, error);
    if (any && !held) return false;
    held = 0;
    json_array_foreach(one, i, branch) held += schema_holds(r, branch, v, error);
    return !one || held == 1;
}

bool schema_holds(schema_reader *r, const json_t *s, const json_t *v, bool *error)
{
    size_t i;
    json_t *one;
    if (++r->visits > SCHEMA_MOST_VISITS) *error = !schema_wrong(r, NULL, "the schema is too large: its combinations are more than %d", SCHEMA_MOST_VISITS);
    if (*error || json_is_false(s)) return false;
    if (!json_is_object(s)) return true;
    const json_t *type = json_object_get(s, "type"), *values = json_object_get(s, "enum"), *value = json_object_get(s, "const");
    const char *reference = json_string_value(json_object_get(s, "$ref"));
    unsigned types = type ? schema_types(r, s, type) : TYPE_ALL;
    if (!types) *error = true;
    if (!(types & type_of(v)) || (value && !is_equal(value, v))) return false;
    bool listed = !values || s == r->listing;
    if (!listed) r->visits += json_array_size(values) / 8;
    json_array_foreach(listed ? NULL : values, i, one) if ((listed = is_equal(one, v))) break;
    if (!listed) return false;
    if (reference) {
        const json_t *target = schema_target(r, s, reference);
        if (!target) *error = true;
        if (!target || !schema_holds(r, target, v, error)) return false;
    }
    if (!branches_hold(r, s, v, error)) return false;
    switch (type_of(v)) {
    case TYPE_INTEGER:
    case TYPE_FRACTION: return number_holds(s, json_number_value(v));
    case TYPE_STRING: return string_holds(r, s, v, error);
    case TYPE_ARRAY: return array_holds(r, s, v, error);
    case TYPE_OBJECT: return object_holds(r, s, v, error);
    default: return true;
    }
}

bool schema_all_hold(schema_reader *r, const schema_all *all, const json_t *value, bool *error)
{
    for (size_t i = 0; i < all->count; i++)
        if (!schema_holds(r, all->part[i].schema, value, error)) return false;
    return !all->nothing;
}
