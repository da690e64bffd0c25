/* Names that are given in full once and shorter later, and words that do not come twice.
 *
 * A pronoun stands only where it can mean one alone: the last two names told are of its own, or the name before it was the
 * first of all, or had another pronoun; and not three times in a row. */
#include <string.h>

#include "write/run.h"

/* ---- choosing ---- */

int64_t run_draw(jinja_context *r, const jinja_node *at, uint64_t key, int64_t n)
{
    run_state *s = run_of(r);
    if (n <= 1) return 0;
    if (n > RUN_BAG) return jinja_fail(r, at, "choose: more than %d alternatives", RUN_BAG), 0;
    if (!s->bag && !(s->bag = jinja_pool_zeroed(&r->pool, RUN_BAGS * sizeof *s->bag, r->st))) return 0;
    run_bag *b = NULL;
    for (size_t i = 0; i < s->bags && !b; i++)
        if (s->bag[i].key == key && s->bag[i].count == n) b = &s->bag[i];
    if (!b && s->bags == RUN_BAGS) return (int64_t)(rng_next(&s->random) % (uint64_t)n);
    if (!b) {
        b = &s->bag[s->bags++];
        b->key = key, b->count = b->used = (uint8_t)n, b->last = -1;
        for (int i = 0; i < n; i++) b->order[i] = (uint8_t)i;
    }
    if (b->used == b->count) { /* shuffled anew; the last of before is not the first of now */
        for (int64_t i = n - 1; i > 0; i--) {
            int64_t k = (int64_t)(rng_next(&s->random) % (uint64_t)(i + 1));
            uint8_t swap = b->order[i];
            b->order[i] = b->order[k], b->order[k] = swap;
        }
        if (b->order[0] == b->last) b->order[0] = b->order[n - 1], b->order[n - 1] = (uint8_t)b->last;
        b->used = 0;
    }
    return b->last = b->order[b->used++];
}

/* choose(a, b, c): one of them, the others are not even looked at. One whose value is missing gives way to the next. */
RUN_LAZY(choose)
{
    int64_t n = 0;
    for (const jinja_node *m = at->list; m; m = m->next, n++)
        if (m->op != ARGUMENT_PLAIN) return jinja_fail(r, m, "choose: plain alternatives wanted");
    if (!n) return jinja_fail(r, at, "choose: alternatives wanted");
    jinja_value v = {0};
    int64_t first = run_draw(r, at, (uint64_t)(uintptr_t)at, n);
    for (int64_t tries = 0; tries < n && !jinja_bad(r); tries++) {
        const jinja_node *m = at->list;
        for (int64_t k = (first + tries) % n; k > 0; k--) m = m->next;
        v = jinja_evaluate(r, s, m->a);
        if (!jinja_missing(v)) break;
    }
    return v;
}

/* synonym('won', 'triumphed'): as choose, but the same set at two places of a report is one set. */
RUN_FUNCTION(synonym)
{
    uint64_t key = UINT64_C(0xcbf29ce484222325);
    if (a->named.count || !a->count) return jinja_fail(r, at, "synonym: plain words wanted");
    for (size_t i = 0; i < a->count; i++) {
        const char *text;
        size_t size;
        if (!run_string(r, at, "synonym", a->item[i], &text, &size)) return (jinja_value){0};
        for (size_t k = 0; k <= size; k++) key = (key ^ (k < size ? (unsigned char)text[k] : 0)) * UINT64_C(0x100000001b3);
    }
    int64_t k = run_draw(r, at, key | 1, (int64_t)a->count);
    return jinja_bad(r) ? (jinja_value){0} : a->item[k];
}

RUN_FUNCTION(pick)
{
    static const char *const names[] = {"n", NULL};
    jinja_value given;
    int n;
    if (!jinja_bind(r, at, "pick", a, names, 1, &given) || !run_small(r, at, "pick", given, 1, RUN_BAG, 1, &n)) return (jinja_value){0};
    return jinja_int(run_draw(r, at, (uint64_t)(uintptr_t)at, n));
}

/* ---- names ---- */

/* entity('Northfield FC', short='Northfield', pronoun='they', plural=true): what ref takes. */
RUN_FUNCTION(entity)
{
    static const char *const names[] = {"full", "short", "pronoun", "plural", NULL};
    jinja_value given[4];
    if (!jinja_bind(r, at, "entity", a, names, 1, given)) return (jinja_value){0};
    if (jinja_missing(given[0])) return given[0];
    if (given[0].kind != VALUE_STRING) return jinja_fail(r, at, "entity: '%s' found, a name wanted", jinja_type(given[0]));
    jinja_value out = jinja_new_dict(r, VALUE_DICT);
    jinja_value short_name = run_absent(given[1]) || given[1].kind == VALUE_UNDEFINED ? given[0] : given[1];
    jinja_value pronoun = run_absent(given[2]) || given[2].kind == VALUE_UNDEFINED ? jinja_literal(r, "") : given[2];
    if (jinja_bad(r)) return (jinja_value){0};
    jinja_dict_set(r, out.dict, jinja_literal(r, "full"), given[0]);
    jinja_dict_set(r, out.dict, jinja_literal(r, "short"), short_name);
    jinja_dict_set(r, out.dict, jinja_literal(r, "pronoun"), pronoun);
    jinja_dict_set(r, out.dict, jinja_literal(r, "plural"), jinja_bool(run_true(given[3]) || jinja_is(pronoun, "they")));
    return out;
}

RUN_FUNCTION(forget)
{
    static const char *const names[] = {NULL};
    jinja_value nothing;
    run_state *s = run_of(r);
    if (!jinja_bind(r, at, "forget", a, names, 0, &nothing)) return (jinja_value){0};
    s->mentions = 0;
    s->last = s->before_last = -1;
    return jinja_literal(r, "");
}

/* Nominative, accusative, and the possessive before a noun where the language has one whatever the noun. */
static const struct {
    const char *pronoun, *object, *possessive;
    char kind;
} PRONOUNS[] = {{"it", "it", "its", 'i'}, {"he", "him", "his", 'h'}, {"she", "her", "her", 's'}, {"they", "them", "their", 't'}, {"er", "ihn", NULL, 'h'}, {"sie", "sie", NULL, 's'}, {"es", "es", NULL, 'i'},
                {"il", NULL, NULL, 'h'}, {"elle", NULL, NULL, 's'}, {"ils", NULL, NULL, 't'}, {"elles", NULL, NULL, 'u'}, {"他", "他", "他的", 'h'}, {"她", "她", "她的", 's'}, {"它", "它", "它的", 'i'}, {"他们", "他们", "他们的", 't'}};

static int pronoun_of(jinja_value v)
{
    for (int i = 0; i < (int)(sizeof PRONOUNS / sizeof *PRONOUNS); i++)
        if (jinja_is(v, PRONOUNS[i].pronoun)) return i;
    return -1;
}

/* The place of a name among those told; a new one is added. −1: too many, or no memory. */
static int find(jinja_context *r, run_state *s, const jinja_string *name, bool *fresh)
{
    *fresh = false;
    if (!s->mention && !(s->mention = jinja_pool_zeroed(&r->pool, RUN_MENTIONS * sizeof *s->mention, r->st))) return -1;
    for (size_t i = 0; i < s->mentions; i++)
        if (s->mention[i].size == name->size && memcmp(s->mention[i].name, name->text, name->size) == 0) return (int)i;
    *fresh = true;
    if (s->mentions == RUN_MENTIONS) return -1;
    s->mention[s->mentions] = (run_mention){.name = name->text, .size = name->size};
    return (int)s->mentions++;
}

RUN_FILTER(ref)
{
    static const char *const names[] = {"case", "pronoun", "full", NULL};
    jinja_value given[3], full = v, brief = v, word = {0};
    char which[32];
    run_state *s = run_of(r);
    bool fresh;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "ref", a, names, 0, given) || !run_option(r, at, "ref", given[0], which)) return (jinja_value){0};
    if (v.kind == VALUE_DICT) {
        const jinja_value *f = jinja_dict_get_text(r, v.dict, "full", 4), *b = jinja_dict_get_text(r, v.dict, "short", 5), *p = jinja_dict_get_text(r, v.dict, "pronoun", 7);
        full = f ? *f : (jinja_value){0}, brief = b ? *b : full, word = p ? *p : (jinja_value){0};
    }
    if (full.kind != VALUE_STRING || brief.kind != VALUE_STRING) return jinja_fail(r, at, "ref: '%s' found, a name or what entity() gives wanted", jinja_type(v));
    int pronoun = word.kind == VALUE_STRING ? pronoun_of(word) : -1, me = find(r, s, full.s, &fresh);
    char kind = pronoun < 0 ? 0 : PRONOUNS[pronoun].kind;
    if (jinja_bad(r)) return (jinja_value){0};
    bool possessive = strcmp(which, "possessive") == 0, object = strcmp(which, "object") == 0;
    if (*which && !possessive && !object && strcmp(which, "subject") != 0) return jinja_fail(r, at, "ref: case '%s' found, subject, object or possessive wanted", which);
    bool clear = me >= 0 && s->last == me && (s->before_last == me || s->before_last < 0 || s->mention[s->before_last].pronoun != kind);
    bool wanted = given[1].kind == VALUE_ABSENT || run_true(given[1]);
    const char *form = pronoun < 0 ? NULL : possessive ? PRONOUNS[pronoun].possessive : object ? PRONOUNS[pronoun].object : PRONOUNS[pronoun].pronoun;
    bool by_pronoun = !fresh && wanted && clear && form && !run_true(given[2]) && s->mention[me].pronouns < 2;
    s->before_last = s->last, s->last = me;
    if (me >= 0) s->mention[me].pronoun = kind, s->mention[me].pronouns = by_pronoun ? s->mention[me].pronouns + 1 : 0;
    if (by_pronoun) return jinja_literal(r, form);
    jinja_value name = fresh || run_true(given[2]) ? full : brief;
    if (!possessive) return name;
    if (run_of(r)->locale->language != LANGUAGE_FR) {
        const jinja_value *many = v.kind == VALUE_DICT ? jinja_dict_get_text(r, v.dict, "plural", 6) : NULL;
        jinja_value plural = many ? *many : jinja_bool(false);
        return run_filter_possessive(r, at, name, &(jinja_arguments){.item = &plural, .count = 1});
    }
    phrase p = {0};
    bool vowel = name.s->size && strchr("AEIOUYaeiouy", name.s->text[0]);
    phrase_format(&p, vowel ? "d’" : "de ");
    phrase_bytes(&p, name.s->text, name.s->size);
    return run_say(r, at, &p);
}
