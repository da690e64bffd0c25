/* Arrays: items by their places, then any number of further ones. */
#include <string.h>

#include "text/schema_parts.h"

enum { MOST_PLACES = 4096 };

/* A part's schemas for the first places, and for those behind (NULL: none said). Drafts before 2020 have a list in "items". */
static bool items_of(schema_reader *r, const schema_part *p, const json_t **prefix, const json_t **items)
{
    const json_t *s = p->schema;
    *prefix = json_object_get(s, "prefixItems");
    *items = json_object_get(s, "items");
    if (json_is_array(*items)) *prefix = *items, *items = json_object_get(s, "additionalItems");
    if (!*items && json_is_false(json_object_get(s, "unevaluatedItems"))) *items = json_object_get(s, "unevaluatedItems");
    return !*prefix || json_is_array(*prefix) || schema_wrong(r, s, "\"prefixItems\": a list wanted");
}

/* What holds for the item at a place. said: whether anything was said of it. */
static bool at_place(schema_reader *r, const schema_all *all, size_t place, schema_all *out, bool *said)
{
    *out = (schema_all){0};
    *said = false;
    for (size_t i = 0; i < all->count; i++) {
        const json_t *prefix, *items;
        if (!items_of(r, &all->part[i], &prefix, &items)) return false;
        const json_t *schema = place < json_array_size(prefix) ? json_array_get(prefix, place) : items;
        *said = *said || schema;
        if (schema && !schema_add(r, out, schema)) return false;
    }
    return true;
}

static grammar_node item_at(schema_reader *r, const schema_all *all, size_t place, bool *said)
{
    schema_all here;
    return at_place(r, all, place, &here, said) ? schema_value(r, &here) : -1;
}

static grammar_node row(schema_reader *r, grammar_node a, grammar_node b)
{
    grammar_node part[2] = {a, b};
    return grammar_sequence(r->g, part, 2);
}

/* min to max items of one kind, max −1: no bound; `first`: none stands before them. */
static grammar_node many(schema_reader *r, grammar_node item, int64_t min, int64_t max, bool first)
{
    const int64_t most = GRAMMAR_MAX_REPEAT;
    grammar_node next = row(r, schema_literal(r, ", "), item);
    if (max >= 0 && max < min) return grammar_nothing(r->g);
    if (max == 0) return grammar_empty(r->g);
    if (max > most) max = most;
    if (min > most) return schema_wrong(r, NULL, "\"minItems\": at most %d wanted", GRAMMAR_MAX_REPEAT), -1;
    if (!first) return grammar_repeat(r->g, next, (int32_t)min, (int32_t)max);
    grammar_node some = row(r, item, grammar_repeat(r->g, next, (int32_t)(min > 0 ? min - 1 : 0), max < 0 ? GRAMMAR_ANY_TIMES : (int32_t)max - 1));
    return min > 0 ? some : grammar_repeat(r->g, some, 0, 1);
}

/* The items from a place of the first ones on: each is a rule that calls the next, as any of them may be the last. */
static grammar_node places(schema_reader *r, const schema_all *all, size_t count, int64_t min, int64_t max)
{
    bool said;
    schema_all rest_schemas;
    if (!at_place(r, all, count, &rest_schemas, &said)) return -1;
    bool closed = !said && count > 0 && min <= (int64_t)count;
    grammar_node item = closed ? -1 : schema_value(r, &rest_schemas);
    grammar_node rest = closed ? grammar_empty(r->g) : many(r, item, min > (int64_t)count ? min - (int64_t)count : 0, max < 0 ? -1 : max > (int64_t)count ? max - (int64_t)count : 0, count == 0);
    for (size_t i = count; i-- > 0;) {
        int32_t rule = schema_new_rule(r, "items");
        grammar_node here = item_at(r, all, i, &said);
        grammar_node way[2] = {row(r, i ? row(r, schema_literal(r, ", "), here) : here, rest), -1};
        if (max >= 0 && (int64_t)i >= max) way[0] = grammar_empty(r->g);
        way[1] = grammar_empty(r->g);
        grammar_define(r->g, rule, (int64_t)i < min ? way[0] : grammar_choice(r->g, way, 2));
        rest = grammar_call(r->g, rule);
    }
    return rest;
}

grammar_node schema_array(schema_reader *r, const schema_all *all)
{
    int64_t min = 0, max = -1;
    size_t count = 0;
    if (!schema_bound(r, all, "minItems", true, &min) || !schema_bound(r, all, "maxItems", false, &max)) return -1;
    for (size_t i = 0; i < all->count; i++) {
        const json_t *prefix, *items;
        if (!items_of(r, &all->part[i], &prefix, &items)) return -1;
        if (json_array_size(prefix) > count) count = json_array_size(prefix);
    }
    if (count > MOST_PLACES) return schema_wrong(r, all->part[0].schema, "\"prefixItems\": more than %d places", MOST_PLACES), -1;
    if (max >= 0 && max < min) return grammar_nothing(r->g);
    grammar_node part[3] = {schema_literal(r, "["), places(r, all, count, min, max), schema_literal(r, "]")};
    return grammar_sequence(r->g, part, 3);
}
