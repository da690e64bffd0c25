/* Filters of lists and dicts. */
#include <string.h>

#include "text/jinja_value.h"

#define FILTER(name) static jinja_value filter_##name(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a)

static const char *const NONE[] = {NULL};

/* ---- attributes ---- */

/* item.attribute, which may be a path such as "function.name" or a number; ABSENT: the item itself. */
static jinja_value attribute_of(jinja_context *r, const jinja_node *at, jinja_value item, jinja_value attribute)
{
    if (attribute.kind == VALUE_ABSENT || attribute.kind == VALUE_NONE) return item;
    if (attribute.kind != VALUE_STRING) return jinja_get_item(r, at, item, attribute);
    const jinja_string *s = attribute.s;
    for (size_t from = 0; from <= s->size && !jinja_bad(r);) {
        const char *dot = from < s->size ? memchr(s->text + from, '.', s->size - from) : NULL;
        size_t to = dot ? (size_t)(dot - s->text) : s->size;
        jinja_value part = jinja_spend(r, 1 + (to - from) / 16) ? jinja_part(r, s, from, to) : (jinja_value){0};
        if (jinja_bad(r)) break;
        if (jinja_string_is_digits(r, part.s)) {
            int64_t index = 0;
            for (size_t i = from; i < to && index < 1000000000; i++) index = index * 10 + (s->text[i] - '0');
            part = jinja_int(index);
        }
        item = jinja_get_item(r, at, item, part);
        from = to + 1;
    }
    return item;
}

/* Strings compare without their case, unless it is asked for. */
static jinja_value folded(jinja_context *r, jinja_value v, bool case_sensitive)
{
    return v.kind == VALUE_STRING && !case_sensitive ? jinja_string_case(r, v.s, 'l') : v;
}

static bool is_set(jinja_value v) { return v.kind != VALUE_ABSENT && jinja_truth(v); }

/* ---- one of many ---- */

FILTER(first)
{
    jinja_value nothing;
    const jinja_list *l = jinja_bind(r, at, "first", a, NONE, 0, &nothing) ? jinja_members(r, at, v) : NULL;
    return !l ? (jinja_value){0} : l->count ? l->item[0] : jinja_undefined(r, "the first of nothing", 20);
}

FILTER(last)
{
    jinja_value nothing;
    if (!jinja_bind(r, at, "last", a, NONE, 0, &nothing)) return (jinja_value){0};
    if (v.kind == VALUE_GENERATOR) return jinja_fail(r, at, "last: a generator has no end to begin from; |list wanted before it");
    const jinja_list *l = jinja_members(r, at, v);
    return !l ? (jinja_value){0} : l->count ? l->item[l->count - 1] : jinja_undefined(r, "the last of nothing", 19);
}

static jinja_value extreme(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a, int wanted)
{
    static const char *const names[] = {"case_sensitive", "attribute", NULL};
    jinja_value given[2], best = {0}, best_key = {0};
    if (!jinja_bind(r, at, wanted < 0 ? "min" : "max", a, names, 0, given)) return (jinja_value){0};
    const jinja_list *l = jinja_members(r, at, v);
    if (l && !l->count) return jinja_undefined(r, "the most of nothing", 19);
    for (size_t i = 0; l && i < l->count && !jinja_bad(r); i++) {
        jinja_value key = folded(r, attribute_of(r, at, l->item[i], given[1]), is_set(given[0]));
        if (!jinja_bad(r) && (i == 0 || jinja_order(r, at, key, best_key) == wanted)) best = l->item[i], best_key = key;
    }
    return best;
}

FILTER(min) { return extreme(r, at, v, a, -1); }
FILTER(max) { return extreme(r, at, v, a, 1); }

FILTER(sum)
{
    static const char *const names[] = {"attribute", "start", NULL};
    jinja_value given[2];
    if (!jinja_bind(r, at, "sum", a, names, 0, given)) return (jinja_value){0};
    const jinja_list *l = jinja_members(r, at, v);
    jinja_value total = given[1].kind == VALUE_ABSENT ? jinja_int(0) : given[1];
    if (total.kind == VALUE_STRING) return jinja_fail(r, at, "sum: strings are joined by |join");
    for (size_t i = 0; l && i < l->count && !jinja_bad(r); i++) total = jinja_binary(r, at, '+', total, attribute_of(r, at, l->item[i], given[0]));
    return total;
}

FILTER(join)
{
    static const char *const names[] = {"d", "attribute", NULL};
    jinja_value given[2];
    jinja_builder b = {0};
    if (!jinja_bind(r, at, "join", a, names, 0, given)) return (jinja_value){0};
    const jinja_list *l = jinja_members(r, at, v);
    for (size_t i = 0; l && i < l->count && !jinja_bad(r); i++) {
        jinja_value item = attribute_of(r, at, l->item[i], given[1]);
        if (i && given[0].kind != VALUE_ABSENT) jinja_write(r, at, &b, given[0]);
        if (!jinja_bad(r)) jinja_write(r, at, &b, item);
    }
    return jinja_built(r, &b);
}

/* ---- lists from lists ---- */

static jinja_value copy_list(jinja_context *r, jinja_kind kind, const jinja_list *l)
{
    if (!l || !jinja_spend(r, l->count / 4)) return (jinja_value){0};
    jinja_value out = jinja_new_list(r, kind, l->count);
    for (size_t i = 0; i < l->count; i++) jinja_push(r, out.list, l->item[i]);
    return out;
}

FILTER(list)
{
    jinja_value nothing;
    return jinja_bind(r, at, "list", a, NONE, 0, &nothing) ? copy_list(r, VALUE_LIST, jinja_members(r, at, v)) : (jinja_value){0};
}

FILTER(items)
{
    jinja_value nothing, out = jinja_new_list(r, VALUE_GENERATOR, 0);
    if (!jinja_bind(r, at, "items", a, NONE, 0, &nothing) || v.kind == VALUE_UNDEFINED) return out;
    if (v.kind != VALUE_DICT) return jinja_fail(r, at, "items: '%s' found, a dict wanted", jinja_type(v));
    v.kind = VALUE_ITEMS;
    return copy_list(r, VALUE_GENERATOR, jinja_members(r, at, v));
}

FILTER(reverse)
{
    jinja_value nothing;
    if (!jinja_bind(r, at, "reverse", a, NONE, 0, &nothing)) return (jinja_value){0};
    if (v.kind == VALUE_STRING && v.s->markup) return jinja_fail(r, at, "reverse: of a text marked safe is not known here");
    if (v.kind == VALUE_STRING) return jinja_slice(r, at, v, jinja_absent(), jinja_absent(), jinja_int(-1));
    const jinja_list *l = jinja_members(r, at, v);
    jinja_value out = jinja_new_list(r, VALUE_GENERATOR, l ? l->count : 0);
    for (size_t i = l ? l->count : 0; i-- > 0;) jinja_push(r, out.list, l->item[i]);
    return out;
}

typedef struct {
    jinja_value key, value;
} keyed;

/* Sorts n by their keys, equal ones as they stood; room has n places. */
static void merge_sort(jinja_context *r, const jinja_node *at, keyed *k, keyed *room, size_t n, int direction)
{
    if (n < 2 || jinja_bad(r)) return;
    size_t half = n / 2, i = 0, j = half, out = 0;
    merge_sort(r, at, k, room, half, direction);
    merge_sort(r, at, k + half, room + half, n - half, direction);
    while (i < half && j < n && !jinja_bad(r)) room[out++] = jinja_order(r, at, k[j].key, k[i].key) * direction == -1 ? k[j++] : k[i++];
    while (i < half) room[out++] = k[i++];
    while (j < n && out < n) room[out++] = k[j++];
    memcpy(k, room, out * sizeof *k);
}

/* The key for one or more attributes ("a,b"). */
static jinja_value sort_key(jinja_context *r, const jinja_node *at, jinja_value item, jinja_value attribute, bool case_sensitive)
{
    if (attribute.kind != VALUE_STRING || !jinja_spend(r, attribute.s->size / 16) || !memchr(attribute.s->text, ',', attribute.s->size)) return folded(r, attribute_of(r, at, item, attribute), case_sensitive);
    jinja_value out = jinja_new_list(r, VALUE_LIST, 0), comma = jinja_literal(r, ",");
    jinja_arguments by = {.item = &comma, .count = 1};
    jinja_value parts = jinja_bad(r) ? out : jinja_string_method(r, at, attribute.s, "split ", &by);
    for (size_t i = 0; !jinja_bad(r) && i < parts.list->count; i++) jinja_push(r, out.list, folded(r, attribute_of(r, at, item, parts.list->item[i]), case_sensitive));
    return out;
}

static jinja_value sorted(jinja_context *r, const jinja_node *at, const jinja_list *l, jinja_value attribute, bool case_sensitive, bool backwards)
{
    if (!l || !jinja_spend(r, l->count)) return (jinja_value){0};
    jinja_value out = jinja_new_list(r, VALUE_LIST, l->count);
    keyed *k = jinja_bad(r) ? NULL : jinja_pool_take(&r->pool, 2 * (l->count + 1) * sizeof *k, r->st);
    if (!k) return (jinja_value){0};
    for (size_t i = 0; i < l->count && !jinja_bad(r); i++) k[i] = (keyed){sort_key(r, at, l->item[i], attribute, case_sensitive), l->item[i]};
    merge_sort(r, at, k, k + l->count, l->count, backwards ? -1 : 1);
    for (size_t i = 0; i < l->count; i++) jinja_push(r, out.list, k[i].value);
    return out;
}

FILTER(sort)
{
    static const char *const names[] = {"reverse", "case_sensitive", "attribute", NULL};
    jinja_value given[3];
    if (!jinja_bind(r, at, "sort", a, names, 0, given)) return (jinja_value){0};
    return sorted(r, at, jinja_members(r, at, v), given[2], is_set(given[1]), is_set(given[0]));
}

FILTER(dictsort)
{
    static const char *const names[] = {"case_sensitive", "by", "reverse", NULL};
    jinja_value given[3];
    if (!jinja_bind(r, at, "dictsort", a, names, 0, given)) return (jinja_value){0};
    if (v.kind != VALUE_DICT) return jinja_fail(r, at, "dictsort: '%s' found, a dict wanted", jinja_type(v));
    bool by_value = jinja_is(given[1], "value");
    if (given[1].kind != VALUE_ABSENT && !by_value && !jinja_is(given[1], "key")) return jinja_fail(r, at, "dictsort: by is 'key' or 'value'");
    v.kind = VALUE_ITEMS;
    return sorted(r, at, jinja_members(r, at, v), jinja_int(by_value), is_set(given[0]), is_set(given[2]));
}

FILTER(unique)
{
    static const char *const names[] = {"case_sensitive", "attribute", NULL};
    jinja_value given[2], out = jinja_new_list(r, VALUE_GENERATOR, 0), seen = jinja_new_list(r, VALUE_LIST, 0);
    if (!jinja_bind(r, at, "unique", a, names, 0, given)) return (jinja_value){0};
    const jinja_list *l = jinja_members(r, at, v);
    for (size_t i = 0; l && i < l->count && !jinja_bad(r); i++) {
        jinja_value key = folded(r, attribute_of(r, at, l->item[i], given[1]), is_set(given[0]));
        if (jinja_bad(r) || jinja_contains(r, at, key, seen)) continue;
        jinja_push(r, seen.list, key);
        jinja_push(r, out.list, l->item[i]);
    }
    return out;
}

FILTER(batch)
{
    static const char *const names[] = {"linecount", "fill_with", NULL};
    jinja_value given[2], out = jinja_new_list(r, VALUE_GENERATOR, 0), row = {0};
    int64_t count;
    if (!jinja_bind(r, at, "batch", a, names, 1, given)) return (jinja_value){0};
    if (!jinja_integer(given[0], &count) || count < 1) return jinja_fail(r, at, "batch: a number above 0 wanted");
    const jinja_list *l = jinja_members(r, at, v);
    for (size_t i = 0; l && i < l->count && jinja_spend(r, 1); i++) {
        if (i % (size_t)count == 0) jinja_push(r, out.list, row = jinja_new_list(r, VALUE_LIST, 0));
        jinja_push(r, row.list, l->item[i]);
    }
    bool fill = l && l->count && given[1].kind != VALUE_ABSENT && given[1].kind != VALUE_NONE;
    while (fill && !jinja_bad(r) && (int64_t)row.list->count < count && jinja_spend(r, 1)) jinja_push(r, row.list, given[1]);
    return out;
}

/* ---- map, select, reject ---- */

/* The arguments behind the first n, for the filter or test that is named there. */
static jinja_arguments behind(const jinja_arguments *a, size_t n)
{
    jinja_arguments rest = *a;
    rest.item += n, rest.count -= n;
    return rest;
}

FILTER(map)
{
    jinja_value out = jinja_new_list(r, VALUE_GENERATOR, 0);
    const jinja_value *attribute = jinja_dict_get_text(r, &a->named, "attribute", 9), *otherwise = jinja_dict_get_text(r, &a->named, "default", 7);
    if (!a->count && (!attribute || a->named.count != 1U + (otherwise != NULL))) return jinja_fail(r, at, "map: the name of a filter, or attribute= wanted");
    if (a->count && a->item[0].kind != VALUE_STRING) return jinja_fail(r, at, "map: '%s' found, the name of a filter wanted", jinja_type(a->item[0]));
    const jinja_list *l = jinja_members(r, at, v);
    jinja_arguments rest = a->count ? behind(a, 1) : (jinja_arguments){0};
    for (size_t i = 0; l && i < l->count && !jinja_bad(r); i++) {
        jinja_value item = a->count ? jinja_apply_filter(r, at, a->item[0].s->text, a->item[0].s->size, l->item[i], &rest) : attribute_of(r, at, l->item[i], *attribute);
        if (!a->count && otherwise && item.kind == VALUE_UNDEFINED) item = *otherwise;
        jinja_push(r, out.list, item);
    }
    return out;
}

static jinja_value choose(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a, bool wanted, bool by_attribute)
{
    jinja_value out = jinja_new_list(r, VALUE_GENERATOR, 0);
    size_t first = by_attribute;
    if (by_attribute && !a->count) return jinja_fail(r, at, "selectattr and rejectattr want the name of an attribute");
    bool test = a->count > first;
    if (test && a->item[first].kind != VALUE_STRING) return jinja_fail(r, at, "'%s' found, the name of a test wanted", jinja_type(a->item[first]));
    const jinja_list *l = jinja_members(r, at, v);
    jinja_arguments rest = test ? behind(a, first + 1) : (jinja_arguments){0};
    for (size_t i = 0; l && i < l->count && jinja_spend(r, 1); i++) {
        jinja_value item = by_attribute ? attribute_of(r, at, l->item[i], a->item[0]) : l->item[i];
        bool holds = !jinja_bad(r) && (test ? jinja_apply_test(r, at, a->item[first].s->text, a->item[first].s->size, item, &rest) : jinja_truth(item));
        if (holds == wanted) jinja_push(r, out.list, l->item[i]);
    }
    return out;
}

FILTER(select) { return choose(r, at, v, a, true, false); }
FILTER(reject) { return choose(r, at, v, a, false, false); }
FILTER(selectattr) { return choose(r, at, v, a, true, true); }
FILTER(rejectattr) { return choose(r, at, v, a, false, true); }

jinja_filter jinja_find_list_filter(const char *name, size_t size)
{
    static const struct {
        const char *name;
        jinja_filter run;
    } filters[] = {{"first", filter_first}, {"last", filter_last}, {"min", filter_min}, {"max", filter_max}, {"sum", filter_sum}, {"join", filter_join},
                   {"list", filter_list}, {"items", filter_items}, {"reverse", filter_reverse}, {"sort", filter_sort}, {"dictsort", filter_dictsort},
                   {"unique", filter_unique}, {"batch", filter_batch}, {"map", filter_map}, {"select", filter_select}, {"reject", filter_reject},
                   {"selectattr", filter_selectattr}, {"rejectattr", filter_rejectattr}};
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++)
        if (strlen(filters[i].name) == size && memcmp(filters[i].name, name, size) == 0) return filters[i].run;
    return NULL;
}
