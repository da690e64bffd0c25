/* Strings: bounds on their length, patterns and formats. */
#include <string.h>

#include "core/alloc.h"
#include "text/automaton_parts.h"
#include "text/schema_parts.h"

/* ---- formats ---- */

#define YEAR "(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9]{2}|[1-9][0-9]{3})"
#define LEAP_YEAR "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
#define DATE "(?:" YEAR "-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))|" LEAP_YEAR "-02-29)"
#define TIME "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
#define BYTE_NUMBER "(?:[0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5])"
#define LABEL "[a-z](?:[a-z0-9]|-[a-z0-9]){0,20}"

const char *schema_format(const char *name)
{
    static const struct {
        const char *name, *pattern;
    } formats[] = {
        {"date", "^" DATE "$"},
        {"time", "^" TIME "$"},
        {"date-time", "^" DATE "T" TIME "$"},
        {"uuid", "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"},
        {"email", "^[A-Za-z0-9](?:[A-Za-z0-9_+-]|\\.[A-Za-z0-9]){0,30}@" LABEL "(?:\\." LABEL "){1,3}$"},
        {"ipv4", "^" BYTE_NUMBER "(?:\\." BYTE_NUMBER "){3}$"},
        {"ipv6", "^[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}$"},
        {"hostname", "^" LABEL "(?:\\." LABEL "){0,3}$"},
        {"uri", "^https?://" LABEL "(?:\\." LABEL "){1,3}(?:/[A-Za-z0-9._~-]{1,30}){0,6}/?$"},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0) return formats[i].pattern;
    return NULL;
}

/* ---- lengths ---- */

int64_t schema_characters(const json_t *text)
{
    int64_t n = 0;
    for (size_t i = 0; i < json_string_length(text); i++) n += ((uint8_t)json_string_value(text)[i] & 0xC0) != 0x80;
    return n;
}

/* The tightest of a bound that several may give; *out stays where none does. */
bool schema_bound(schema_reader *r, const schema_all *all, const char *key, bool lower, int64_t *out)
{
    for (size_t i = 0; i < all->count; i++) {
        const json_t *value = json_object_get(all->part[i].schema, key);
        double n = json_number_value(value);
        if (!value) continue;
        if (!json_is_number(value) || !(n >= 0 && n <= 1e15) || n != (double)(int64_t)n) return schema_wrong(r, all->part[i].schema, "\"%s\": a whole number from 0 wanted", key);
        if (lower ? (int64_t)n > *out : *out < 0 || (int64_t)n < *out) *out = (int64_t)n;
    }
    return true;
}

/* Bounds of a repetition; what lies beyond its own largest is refused. */
static bool bounds_of(schema_reader *r, const schema_all *all, int64_t *min, int64_t *max)
{
    *min = 0, *max = GRAMMAR_ANY_TIMES;
    if (!schema_bound(r, all, "minLength", true, min) || !schema_bound(r, all, "maxLength", false, max)) return false;
    if (*max > GRAMMAR_MAX_REPEAT) *max = GRAMMAR_MAX_REPEAT; /* narrower, which is as good */
    return *min <= GRAMMAR_MAX_REPEAT || schema_wrong(r, all->count ? all->part[0].schema : NULL, "\"minLength\": at most %d wanted", GRAMMAR_MAX_REPEAT);
}

/* ---- patterns ---- */

static pattern *parse(schema_reader *r, const json_t *schema, const char *text)
{
    status wrong = {0};
    pattern *p = pattern_parse(text, strlen(text), true, "\"pattern\"", &wrong);
    if (!p && wrong.code == STATUS_USAGE) schema_wrong(r, schema, "'%.60s': %s", text, wrong.msg);
    else if (!p) status_set(r->st, wrong.code, "%s", wrong.msg);
    return p;
}

language *schema_spend(schema_reader *r, language *l)
{
    if (!l || (r->spent += language_size(l)) <= SCHEMA_MOST_SPENT) return l;
    language_free(l);
    return schema_wrong(r, NULL, "the schema's patterns are too large together"), NULL;
}

static language *make_language(schema_reader *r, const json_t *schema, const char *text)
{
    status wrong = {0};
    pattern *p = parse(r, schema, text);
    language *l = p ? language_of_pattern(p, &wrong) : NULL;
    if (p && !l && wrong.code == STATUS_USAGE) schema_wrong(r, schema, "'%.60s': %s", text, wrong.msg);
    else if (p && !l) status_set(r->st, wrong.code, "%s", wrong.msg);
    pattern_free(p);
    return schema_spend(r, l);
}

const language *schema_pattern_language(schema_reader *r, const json_t *schema, const char *text)
{
    bool fresh = true;
    int64_t known = name_index_find(&r->patterns, text, strlen(text));
    if (known >= 0) return r->language[known];
    language *l = automaton_room((void **)&r->language, &r->language_room, r->languages, 1, sizeof l, r->st) ? make_language(r, schema, text) : NULL;
    if (!l) return NULL;
    r->language[r->languages] = l;
    return name_index_add(&r->patterns, text, strlen(text), (uint32_t)r->languages++, &fresh, r->st) ? l : NULL;
}

/* The pattern that a part gives by a keyword, "pattern" or "format"; NULL: none, or an error is set. */
static const char *pattern_of(schema_reader *r, const schema_part *part, const char *key)
{
    const json_t *value = json_object_get(part->schema, key);
    const char *text = json_string_value(value);
    if (!value) return NULL;
    if (!text) return schema_wrong(r, part->schema, "\"%s\": a text wanted", key), NULL;
    if (strcmp(key, "pattern") == 0) return text;
    if (!schema_format(text)) schema_wrong(r, part->schema, "\"format\": '%.40s' cannot be held (date, time, date-time, uuid, email, ipv4, ipv6, hostname, uri can)", text);
    return schema_format(text);
}

/* How many patterns there are, and one of them. */
static size_t count_patterns(schema_reader *r, const schema_all *all, const char **one, const json_t **schema)
{
    size_t count = 0;
    for (size_t i = 0; i < 2 * all->count; i++) {
        const char *text = pattern_of(r, &all->part[i / 2], i % 2 ? "format" : "pattern");
        if (!text) continue;
        if (count && strcmp(*one, text) == 0) continue;
        *one = text, *schema = all->part[i / 2].schema;
        count++;
    }
    return count;
}

static bool narrow(schema_reader *r, language **l, const language *by)
{
    language *both = by ? schema_spend(r, language_combine(*l, by, LANGUAGE_AND, r->st)) : NULL;
    language_free(*l);
    *l = both;
    return both != NULL;
}

/* All patterns at once, without the bounds. */
static language *language_of_parts(schema_reader *r, const schema_all *all)
{
    language *l = language_of_all(r->st);
    for (size_t i = 0; l && i < 2 * all->count; i++) {
        const char *text = pattern_of(r, &all->part[i / 2], i % 2 ? "format" : "pattern");
        if (text && !narrow(r, &l, schema_pattern_language(r, all->part[i / 2].schema, text))) return NULL;
    }
    return l;
}

language *schema_string_language(schema_reader *r, const schema_all *all, bool *plain)
{
    int64_t min, max;
    language *l = bounds_of(r, all, &min, &max) ? language_of_parts(r, all) : NULL;
    const char *one;
    const json_t *schema;
    *plain = l && min == 0 && max < 0 && count_patterns(r, all, &one, &schema) == 0;
    if (!l || (min == 0 && max < 0)) return l;
    language *bounded = schema_spend(r, language_bounded(l, min, max, r->st));
    language_free(l);
    return bounded;
}

/* The least and most characters of what a pattern matches; most −1: no bound. */
static void lengths(const pattern *p, int32_t node, int64_t *least, int64_t *most)
{
    const pattern_node *n = pattern_at(p, node);
    int64_t a, b;
    *least = *most = n->kind == PATTERN_SET;
    if (n->kind == PATTERN_SET || n->kind == PATTERN_EMPTY) return;
    for (uint32_t i = 0; i < n->count; i++) {
        lengths(p, pattern_items(p, n)[i], &a, &b);
        if (n->kind == PATTERN_REPEAT) {
            *least = a * n->min;
            *most = b == 0 ? 0 : b < 0 || n->max < 0 ? -1 : b * n->max;
        } else if (n->kind == PATTERN_ROW) {
            *least += a;
            *most = *most < 0 || b < 0 ? -1 : *most + b;
        } else {
            *least = i == 0 || a < *least ? a : *least;
            *most = i == 0 ? b : *most < 0 || b < 0 ? -1 : b > *most ? b : *most;
        }
        if (*least > INT32_MAX) *least = INT32_MAX;
        if (*most > INT32_MAX) *most = -1;
    }
}

/* Bounds on the whole as bounds on the one part of a pattern that repeats a character: "^[a-z]*$" of 3 to 9 is [a-z]{3,9}. The
 * pattern's row, if it is one, is cut at that part; false: it is of another kind. */
static bool bounds_on_part(const pattern *p, int64_t min, int64_t max, uint32_t *part, int64_t *least, int64_t *most)
{
    const pattern_node *root = pattern_at(p, pattern_root(p));
    uint32_t count = root->kind == PATTERN_ROW ? root->count : 1, found = count;
    int64_t others = 0, a, b;
    for (uint32_t i = 0; i < count; i++) {
        int32_t node = root->kind == PATTERN_ROW ? pattern_items(p, root)[i] : pattern_root(p);
        const pattern_node *n = pattern_at(p, node);
        lengths(p, node, &a, &b);
        if (a == b) others += a;
        else if (found < count || n->kind != PATTERN_REPEAT || pattern_at(p, *pattern_items(p, n))->kind != PATTERN_SET) return false;
        else found = i, *least = n->min, *most = n->max;
    }
    if (found == count) return false;
    *part = found;
    if (min - others > *least) *least = min - others;
    if (max >= 0 && (*most < 0 || max - others < *most)) *most = max - others;
    return true;
}

static grammar_node with_bounds(schema_reader *r, const pattern *p, uint32_t part, int64_t least, int64_t most)
{
    const pattern_node *root = pattern_at(p, pattern_root(p));
    uint32_t count = root->kind == PATTERN_ROW ? root->count : 1;
    grammar_list l = {0};
    bool ok = true;
    if (most >= 0 && least > most) return grammar_nothing(r->g);
    for (uint32_t i = 0; ok && i < count; i++) {
        int32_t node = root->kind == PATTERN_ROW ? pattern_items(p, root)[i] : pattern_root(p), item = i == part ? *pattern_items(p, pattern_at(p, node)) : node;
        grammar_node n = pattern_node_to_grammar(p, item, r->g, CHARACTERS_JSON, r->st);
        ok = grammar_list_add(&l, i == part ? grammar_repeat(r->g, n, (int32_t)least, (int32_t)most) : n, r->st);
    }
    grammar_node n = ok ? grammar_sequence(r->g, l.item, l.count) : -1;
    grammar_list_free(&l);
    return n;
}

/* ---- expressions ---- */

/* Any character of a string, with the escapes that have one meaning everywhere; no U+0000 and no half characters. */
static grammar_node any_character(schema_reader *r)
{
    static const grammar_range special[] = {{0, 0x1F}, {'"', '"'}, {'\\', '\\'}}, escapes[] = {{'"', '"'}, {'\\', '\\'}, {'/', '/'}, {'b', 'b'}, {'f', 'f'}, {'n', 'n'}, {'r', 'r'}, {'t', 't'}};
    if (r->character >= 0) return r->character;
    status *st = r->st;
    static const char codes[] = "000[1-9a-fA-F]|00[1-9a-fA-F][0-9a-fA-F]|0[1-9a-fA-F][0-9a-fA-F]{2}|[1-9a-cA-CefEF][0-9a-fA-F]{3}|[dD][0-7][0-9a-fA-F]{2}";
    pattern *code = pattern_parse(codes, sizeof codes - 1, false, "\\u", st);
    grammar_node long_escape[2] = {grammar_literal(r->g, "u", 1), code ? pattern_to_grammar(code, r->g, CHARACTERS_PLAIN, st) : -1};
    grammar_node behind[2] = {grammar_class(r->g, escapes, 8, false), grammar_sequence(r->g, long_escape, 2)};
    grammar_node escaped[2] = {grammar_literal(r->g, "\\", 1), grammar_choice(r->g, behind, 2)};
    grammar_node either[2] = {grammar_class(r->g, special, 3, true), grammar_sequence(r->g, escaped, 2)};
    pattern_free(code);
    return r->character = grammar_choice(r->g, either, 2);
}

static grammar_node quoted(schema_reader *r, grammar_node inside)
{
    grammar_node part[3] = {grammar_literal(r->g, "\"", 1), inside, grammar_literal(r->g, "\"", 1)};
    return grammar_sequence(r->g, part, 3);
}

grammar_node schema_any_string(schema_reader *r)
{
    if (r->string < 0) {
        r->string = schema_new_rule(r, "string");
        grammar_define(r->g, r->string, quoted(r, grammar_repeat(r->g, any_character(r), 0, GRAMMAR_ANY_TIMES)));
    }
    return grammar_call(r->g, r->string);
}

static grammar_node of_language(schema_reader *r, const schema_all *all)
{
    bool plain;
    language *l = schema_string_language(r, all, &plain);
    grammar_node n = !l ? -1 : language_is_empty(l) ? grammar_nothing(r->g) : language_to_grammar(l, r->g, CHARACTERS_JSON, r->st);
    language_free(l);
    return n;
}

grammar_node schema_string(schema_reader *r, const schema_all *all)
{
    int64_t min, max, least, most;
    const char *text = NULL;
    const json_t *schema = NULL;
    size_t patterns = count_patterns(r, all, &text, &schema);
    if (!status_ok(r->st) || !bounds_of(r, all, &min, &max)) return -1;
    if (max >= 0 && min > max) return grammar_nothing(r->g);
    if (patterns == 0 && min == 0 && max < 0) return schema_any_string(r);
    if (patterns == 0) return quoted(r, grammar_repeat(r->g, any_character(r), (int32_t)min, (int32_t)max));
    if (patterns > 1) return quoted(r, of_language(r, all));
    pattern *p = parse(r, schema, text);
    if (!p) return -1;
    lengths(p, pattern_root(p), &least, &most);
    bool within = least >= min && (max < 0 || (most >= 0 && most <= max)); /* the bounds say nothing new */
    uint32_t part;
    grammar_node n = within ? pattern_to_grammar(p, r->g, CHARACTERS_JSON, r->st) : bounds_on_part(p, min, max, &part, &least, &most) ? with_bounds(r, p, part, least, most) : of_language(r, all);
    pattern_free(p);
    return quoted(r, n);
}
