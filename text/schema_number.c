/* Numbers: of at most 15 digits, so that a double tells any two apart; between bounds digit by digit. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/schema_parts.h"

enum { DIGITS = 15, MOST_PARTS = 64 };

/* A bound on a number that is not negative: its digits before and behind the point. */
typedef struct {
    bool given, excluded;  /* excluded: the bound itself is no such number */
    char whole[DIGITS + 2], part[40];
    int wholes, parts;
} bound;

typedef struct {
    schema_reader *r;
    const bound *low, *high;
    bool fraction;
    int digits;            /* before the point, of the numbers in hand */
} range;

static grammar_node digits_between(schema_reader *r, int first, int last) { return grammar_byte_range(r->g, (uint8_t)('0' + first), (uint8_t)('0' + last)); }

static grammar_node digits(schema_reader *r, int min, int max) { return grammar_repeat(r->g, digits_between(r, 0, 9), min, max); }

static grammar_node row(schema_reader *r, grammar_node a, grammar_node b)
{
    grammar_node part[2] = {a, b};
    return grammar_sequence(r->g, part, 2);
}

static grammar_node maybe(schema_reader *r, grammar_node n) { return grammar_repeat(r->g, n, 0, 1); }

/* "." and up to so many digits, or nothing. */
static grammar_node any_fraction(const range *x)
{
    int most = DIGITS - x->digits;
    if (!x->fraction || most < 1) return grammar_empty(x->r->g);
    return maybe(x->r, row(x->r, grammar_literal(x->r->g, ".", 1), digits(x->r, 1, most)));
}

static int digit_of(const char *digit, int count, int place) { return place < count ? digit[place] - '0' : 0; }

/* The choice of a next digit: within the bounds that still matter. `then` says what follows, with which bounds. */
typedef grammar_node (*follow)(const range *x, int place, bool low, bool high);

static grammar_node next_digit(const range *x, int place, bool low, bool high, int least, int l, int h, follow then)
{
    grammar_node way[4];
    size_t ways = 0;
    schema_reader *r = x->r;
    int first = low ? l : least, last = high ? h : 9;
    if (first > last || first < 0) return grammar_nothing(r->g);
    if (low && high && first == last) return row(r, digits_between(r, first, first), then(x, place + 1, true, true));
    int from = low ? first + 1 : first, to = high ? last - 1 : last;
    if (low && first >= least) way[ways++] = row(r, digits_between(r, first, first), then(x, place + 1, true, false));
    if (from <= to && to >= least) way[ways++] = row(r, digits_between(r, from < least ? least : from, to), then(x, place + 1, false, false));
    if (high && last >= least) way[ways++] = row(r, digits_between(r, last, last), then(x, place + 1, false, true));
    return grammar_choice(r->g, way, ways);
}

/* Whether a number that is so far the bound's own beginning may end before the fraction's place. */
static bool may_stop(const range *x, int place, bool low, bool high)
{
    if (low && (place < x->low->parts || x->low->excluded)) return false;
    return !high || place < x->high->parts || !x->high->excluded;
}

/* Digits behind the point, from a place on: also none, but not at the first. */
static grammar_node fraction_from(const range *x, int place, bool low, bool high)
{
    schema_reader *r = x->r;
    int left = DIGITS - x->digits - place;
    grammar_node more;
    if (!low && !high) return left > 0 ? digits(r, place == 0, left) : grammar_empty(r->g);
    if (left > 0) {
        more = next_digit(x, place, low, high, 0, low ? digit_of(x->low->part, x->low->parts, place) : 0, high ? digit_of(x->high->part, x->high->parts, place) : 9, fraction_from);
        if (place > 0 && may_stop(x, place, low, high)) more = maybe(r, more);
    } else more = may_stop(x, place, low, high) ? grammar_empty(r->g) : grammar_nothing(r->g);
    return more;
}

static grammar_node behind_whole(const range *x, bool low, bool high)
{
    schema_reader *r = x->r;
    if (!low && !high) return any_fraction(x);
    grammar_node none = may_stop(x, 0, low, high) ? grammar_empty(r->g) : grammar_nothing(r->g);
    if (!x->fraction || DIGITS - x->digits < 1) return none;
    grammar_node way[2] = {none, row(r, grammar_literal(r->g, ".", 1), fraction_from(x, 0, low, high))};
    return grammar_choice(r->g, way, 2);
}

static grammar_node whole_from(const range *x, int place, bool low, bool high)
{
    schema_reader *r = x->r;
    int left = x->digits - place;
    if (left == 0) return behind_whole(x, low, high);
    if (!low && !high && place > 0) return row(r, digits(r, left, left), any_fraction(x));
    int least = place == 0 && x->digits > 1; /* no zero before other digits */
    return next_digit(x, place, low, high, least, low ? x->low->whole[place] - '0' : 0, high ? x->high->whole[place] - '0' : 9, whole_from);
}

/* Numbers without a sign between two bounds. */
static grammar_node between(schema_reader *r, const bound *low, const bound *high, bool fraction)
{
    grammar_node way[DIGITS];
    size_t ways = 0;
    range x = {r, low, high, fraction, 0};
    for (x.digits = low->given ? low->wholes : 1; x.digits <= DIGITS && (!high->given || x.digits <= high->wholes); x.digits++)
        way[ways++] = whole_from(&x, 0, low->given && x.digits == low->wholes, high->given && x.digits == high->wholes);
    return grammar_choice(r->g, way, ways);
}

/* ---- bounds ---- */

/* The digits of x ≥ 0, which is shown shortest; false: it has more than 15 before the point. */
static bool set_bound(bound *b, double x, bool excluded)
{
    char text[64];
    int precision = 1;
    *b = (bound){.given = true, .excluded = excluded};
    if (x >= 1e15) return false;
    do snprintf(text, sizeof text, "%.*e", precision, x);
    while (strtod(text, NULL) != x && ++precision < 17);
    int exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10), behind = precision - exponent; /* digits needed behind the point */
    if (behind < 0) behind = 0;
    if (behind > 30) behind = 30, b->excluded = true; /* what is cut off lies within nobody's 15 digits */
    snprintf(text, sizeof text, "%.*f", behind, x);
    char *point = strchr(text, '.');
    b->wholes = point ? (int)(point - text) : (int)strlen(text);
    memcpy(b->whole, text, (size_t)b->wholes);
    if (point) b->parts = snprintf(b->part, sizeof b->part, "%s", point + 1);
    while (b->parts && b->part[b->parts - 1] == '0') b->parts--;
    return true;
}

typedef struct {
    double value;
    bool given, excluded;
} limit;

static bool take_limit(schema_reader *r, const json_t *schema, const char *key, bool lower, bool excluded, limit *l)
{
    const json_t *value = json_object_get(schema, key);
    if (!value) return true;
    if (!json_is_number(value)) return schema_wrong(r, schema, "\"%s\": a number wanted", key);
    double x = json_number_value(value);
    bool tighter = !l->given || (lower ? x > l->value : x < l->value) || (x == l->value && excluded);
    if (tighter) *l = (limit){x, true, excluded};
    return true;
}

static bool find_limits(schema_reader *r, const schema_all *all, limit *low, limit *high)
{
    for (size_t i = 0; i < all->count; i++) {
        const json_t *s = all->part[i].schema;
        if (!take_limit(r, s, "minimum", true, false, low) || !take_limit(r, s, "exclusiveMinimum", true, true, low) || !take_limit(r, s, "maximum", false, false, high) ||
            !take_limit(r, s, "exclusiveMaximum", false, true, high)) return false;
    }
    return true;
}

/* ---- expressions ---- */

/* [1-9][0-9]{0,14} */
static grammar_node positive(schema_reader *r) { return row(r, digits_between(r, 1, 9), digits(r, 0, DIGITS - 1)); }

static grammar_node any_integer(schema_reader *r)
{
    grammar_node way[2] = {digits_between(r, 0, 0), row(r, maybe(r, grammar_literal(r->g, "-", 1)), positive(r))};
    return grammar_choice(r->g, way, 2);
}

/* -?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?([eE][+-]?[0-9]{1,2})? */
static grammar_node any_number(schema_reader *r)
{
    grammar_node whole[2] = {digits_between(r, 0, 0), positive(r)}, e[2] = {grammar_literal(r->g, "e", 1), grammar_literal(r->g, "E", 1)}, sign[2] = {grammar_literal(r->g, "+", 1), grammar_literal(r->g, "-", 1)};
    grammar_node exponent[3] = {grammar_choice(r->g, e, 2), maybe(r, grammar_choice(r->g, sign, 2)), digits(r, 1, 2)};
    grammar_node part[4] = {maybe(r, grammar_literal(r->g, "-", 1)), grammar_choice(r->g, whole, 2), maybe(r, row(r, grammar_literal(r->g, ".", 1), digits(r, 1, DIGITS))),
                            maybe(r, grammar_sequence(r->g, exponent, 3))};
    return grammar_sequence(r->g, part, 4);
}

static grammar_node shared(schema_reader *r, bool fraction)
{
    int32_t *rule = fraction ? &r->number : &r->integer;
    if (*rule < 0) {
        *rule = schema_new_rule(r, fraction ? "number" : "integer");
        grammar_define(r->g, *rule, fraction ? any_number(r) : any_integer(r));
    }
    return grammar_call(r->g, *rule);
}

/* Those from 0 on, and those below it behind their sign. */
static grammar_node limited(schema_reader *r, const limit *low, const limit *high, bool fraction)
{
    grammar_node way[2];
    size_t ways = 0;
    bound least = {0}, most = {0};
    bool good = true;
    if (!high->given || high->value >= 0) {
        if (low->given && low->value >= 0) good = set_bound(&least, low->value, low->excluded);
        if (high->given && !set_bound(&most, high->value, high->excluded)) most.given = false;
        if (good) way[ways++] = between(r, &least, &most, fraction);
    }
    if (!low->given || low->value < 0) {
        least = most = (bound){0};
        good = true;
        if (high->given && high->value < 0) good = set_bound(&least, -high->value, high->excluded);
        else set_bound(&least, 0, true);
        if (low->given && !set_bound(&most, -low->value, low->excluded)) most.given = false;
        if (good) way[ways++] = row(r, grammar_literal(r->g, "-", 1), between(r, &least, &most, fraction));
    }
    return grammar_choice(r->g, way, ways);
}

grammar_node schema_number(schema_reader *r, const schema_all *all, bool fraction)
{
    limit low = {0}, high = {0};
    if (!find_limits(r, all, &low, &high)) return -1;
    for (size_t i = 0; i < all->count; i++)
        if (json_object_get(all->part[i].schema, "multipleOf")) fraction = false; /* 1: others were refused */
    return low.given || high.given ? limited(r, &low, &high, fraction) : shared(r, fraction);
}
