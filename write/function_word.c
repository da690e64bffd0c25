/* Words: agreement, lists, and how a text is set. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "write/run.h"

/* The text of a value as it would be printed. */
static jinja_string *text_of(jinja_context *r, const jinja_node *at, jinja_value v)
{
    v = jinja_to_string(r, at, v);
    return jinja_bad(r) ? NULL : v.s;
}

static bool nothing_else(jinja_context *r, const jinja_node *at, const char *what, const jinja_arguments *a)
{
    static const char *const none[] = {NULL};
    jinja_value nothing;
    return jinja_bind(r, at, what, a, none, 0, &nothing);
}

/* ---- English ---- */

RUN_FILTER(a)
{
    jinja_builder b = {0};
    if (jinja_missing(v)) return v;
    jinja_string *s = nothing_else(r, at, "a", a) ? text_of(r, at, v) : NULL;
    if (!s) return (jinja_value){0};
    jinja_build_text(r, &b, grammar_en_article(s->text, s->size));
    jinja_build_text(r, &b, " ");
    jinja_build_string(r, &b, s);
    return jinja_built(r, &b);
}

/* Whether a count wants the plural: one, a half, minus one are singular in English; none is plural. */
static bool is_plural(const locale *l, double n)
{
    if (l->language == LANGUAGE_FR) return fabs(n) >= 2;
    return l->language != LANGUAGE_ZH && fabs(n) != 1;
}

static void plural_of(phrase *p, const locale *l, const char *noun, size_t size)
{
    if (l->language == LANGUAGE_EN) grammar_en_plural(p, noun, size);
    else if (l->language == LANGUAGE_FR) grammar_fr_plural(p, noun, size);
    else phrase_bytes(p, noun, size);
}

/* 'goal'|plural, 'goal'|plural(n), 'Tor'|plural(n, 'Tore'). */
RUN_FILTER(plural)
{
    static const char *const names[] = {"count", "plural", NULL};
    jinja_value given[2];
    const char *text, *other;
    size_t size, other_size;
    double n = 2;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "plural", a, names, 0, given)) return (jinja_value){0};
    if (jinja_missing(given[0])) return given[0];
    if (!run_string(r, at, "plural", v, &text, &size) || (!run_absent(given[0]) && !run_number(r, at, "plural", given[0], &n))) return (jinja_value){0};
    if (!is_plural(l, n)) return v;
    if (!run_absent(given[1])) return run_string(r, at, "plural", given[1], &other, &other_size) ? given[1] : (jinja_value){0};
    if (l->language == LANGUAGE_DE) return jinja_fail(r, at, "plural: German plurals are given, as in 'Tor'|plural(n, 'Tore')");
    plural_of(&p, l, text, size);
    return run_say(r, at, &p);
}

/* count(3, 'goal'): "three goals"; count(0, 'goal'): "no goals"; 本, 张 … in Chinese. */
RUN_FUNCTION(count)
{
    static const char *const names[] = {"n", "noun", "plural", "gender", "places", "zero", NULL};
    jinja_value given[6];
    const char *noun, *many = NULL, *zero = NULL;
    size_t size, many_size = 0, zero_size = 0;
    double n;
    gender g;
    int places;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (!jinja_bind(r, at, "count", a, names, 2, given)) return (jinja_value){0};
    for (int i = 0; i < 2; i++)
        if (jinja_missing(given[i])) return given[i];
    if (!run_number(r, at, "count", given[0], &n) || !run_string(r, at, "count", given[1], &noun, &size) || !run_gender(r, at, "count", given[3], &g) || !run_small(r, at, "count", given[4], 0, 15, -1, &places)) return (jinja_value){0};
    if (!run_absent(given[2]) && !run_string(r, at, "count", given[2], &many, &many_size)) return (jinja_value){0};
    if (!run_absent(given[5]) && !run_string(r, at, "count", given[5], &zero, &zero_size)) return (jinja_value){0};
    double shown = places < 0 ? n : locale_round(n, places);
    bool plural = is_plural(l, shown);
    if (plural && !many && l->language == LANGUAGE_DE) return jinja_fail(r, at, "count: German plurals are given, as in count(n, 'Tor', 'Tore')");
    if (l->language != LANGUAGE_ZH && g == GENDER_COUNTING) g = GENDER_MASCULINE; /* ein Tor, un but: never eins */
    if (n == 0 && zero) phrase_bytes(&p, zero, zero_size);
    else if (n == 0 && l->language == LANGUAGE_EN) phrase_add(&p, "no");
    else if (n == 0 && l->language == LANGUAGE_DE) phrase_add(&p, "keine");
    else if (n == 0 && l->language == LANGUAGE_FR) phrase_add(&p, g == GENDER_FEMININE ? "aucune" : "aucun");
    else if (l->language == LANGUAGE_ZH) {
        if (n == 0) phrase_add(&p, "没有");
        else if (n == 2) phrase_add(&p, "两");
        else run_count_word(&p, l, n, places, g);
        if (n != 0) phrase_add(&p, grammar_zh_measure(noun, size));
    } else run_count_word(&p, l, n, places, g);
    if (l->language != LANGUAGE_ZH) phrase_add(&p, " ");
    if (plural && !(n == 0 && l->language == LANGUAGE_FR)) many ? phrase_bytes(&p, many, many_size) : plural_of(&p, l, noun, size);
    else phrase_bytes(&p, noun, size);
    return run_say(r, at, &p);
}

RUN_FILTER(possessive)
{
    static const char *const names[] = {"plural", NULL};
    jinja_value given;
    const char *text;
    size_t size;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "possessive", a, names, 0, &given) || !run_string(r, at, "possessive", v, &text, &size)) return (jinja_value){0};
    if (l->language == LANGUAGE_EN) grammar_en_possessive(&p, text, size, run_true(given));
    else if (l->language == LANGUAGE_DE) phrase_bytes(&p, text, size), phrase_add(&p, size && strchr("sxz", text[size - 1]) ? "’" : "s");
    else if (l->language == LANGUAGE_ZH) phrase_bytes(&p, text, size), phrase_add(&p, "的");
    else return jinja_fail(r, at, "possessive: French says de, by ref(case='possessive') or |article");
    return run_say(r, at, &p);
}

RUN_FILTER(capital)
{
    if (jinja_missing(v)) return v;
    jinja_string *s = nothing_else(r, at, "capital", a) ? text_of(r, at, v) : NULL;
    if (!s || !s->size) return v;
    size_t n = jinja_char_size(s->text, s->size);
    jinja_builder b = {0};
    jinja_value first = jinja_part(r, s, 0, n), rest = jinja_part(r, s, n, s->size);
    if (!jinja_bad(r)) first = jinja_string_case(r, first.s, 'u');
    if (jinja_bad(r)) return (jinja_value){0};
    jinja_build_string(r, &b, first.s);
    jinja_build_string(r, &b, rest.s);
    return jinja_built(r, &b);
}

static jinja_value compared(jinja_context *r, const jinja_node *at, jinja_value v, const jinja_arguments *a, bool superlative)
{
    const char *text;
    size_t size;
    phrase p = {0};
    if (jinja_missing(v)) return v;
    if (!nothing_else(r, at, "comparative", a) || !run_string(r, at, "comparative", v, &text, &size)) return (jinja_value){0};
    if (run_of(r)->locale->language != LANGUAGE_EN || !size) return jinja_fail(r, at, "comparative: English adjectives alone");
    grammar_en_comparative(&p, text, size, superlative);
    return run_say(r, at, &p);
}

RUN_FILTER(comparative) { return compared(r, at, v, a, false); }
RUN_FILTER(superlative) { return compared(r, at, v, a, true); }

/* ---- verbs ---- */

/* Person and number of a subject: a count, a list, an entity, a pronoun or a name. */
static bool agree(jinja_context *r, const jinja_node *at, jinja_value subject, verb_form *f, gender *g)
{
    static const struct {
        const char *word;
        int person;
        bool plural;
    } pronouns[] = {{"I", 1, false}, {"we", 1, true}, {"you", 2, true}, {"they", 3, true}, {"ich", 1, false}, {"du", 2, false}, {"wir", 1, true}, {"ihr", 2, true},
                    {"je", 1, false}, {"tu", 2, false}, {"nous", 1, true}, {"vous", 2, true}, {"ils", 3, true}, {"elles", 3, true}};
    const locale *l = run_of(r)->locale;
    double n;
    if (run_absent(subject)) return true;
    if (subject.kind == VALUE_STRING) {
        for (size_t i = 0; i < sizeof pronouns / sizeof *pronouns; i++)
            if (jinja_is(subject, pronouns[i].word)) f->person = pronouns[i].person, f->plural = pronouns[i].plural;
        return true;
    }
    if (subject.kind == VALUE_LIST || subject.kind == VALUE_TUPLE) return f->plural = subject.list->count != 1, true;
    if (subject.kind == VALUE_DICT) {
        const jinja_value *plural = jinja_dict_get_text(r, subject.dict, "plural", 6), *pronoun = jinja_dict_get_text(r, subject.dict, "pronoun", 7);
        f->plural = plural && jinja_truth(*plural);
        if (pronoun && (jinja_is(*pronoun, "she") || jinja_is(*pronoun, "elle") || jinja_is(*pronoun, "elles"))) *g = GENDER_FEMININE;
        return !jinja_bad(r);
    }
    if (!run_number(r, at, "verb", subject, &n)) return false;
    return f->plural = is_plural(l, n), true;
}

/* 'win'|verb(team, 'past', negative=true). */
RUN_FILTER(verb)
{
    static const char *const names[] = {"subject", "tense", "person", "plural", "negative", "progressive", "passive", NULL};
    jinja_value given[7];
    const char *text;
    size_t size;
    char word[32];
    verb_form f = {.person = 3};
    gender g = GENDER_MASCULINE;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "verb", a, names, 0, given)) return (jinja_value){0};
    if (jinja_missing(given[0])) return given[0];
    if (!run_string(r, at, "verb", v, &text, &size) || !run_option(r, at, "verb", given[1], word) || !agree(r, at, given[0], &f, &g)) return (jinja_value){0};
    if (*word && !grammar_tense(word, strlen(word), &f.tense)) return jinja_fail(r, at, "verb: tense '%s' found, one of %s wanted", word, GRAMMAR_TENSES);
    if (!run_small(r, at, "verb", given[2], 1, 3, f.person, &f.person)) return (jinja_value){0};
    if (given[3].kind != VALUE_ABSENT) f.plural = run_true(given[3]);
    f.negative = run_true(given[4]), f.progressive = run_true(given[5]), f.passive = run_true(given[6]);
    if (!size || size > 60) return jinja_fail(r, at, "verb: an infinitive wanted");
    bool ok = l->language == LANGUAGE_ZH ? (phrase_bytes(&p, text, size), true)
              : l->language == LANGUAGE_DE ? grammar_de_verb(&p, text, size, f)
              : l->language == LANGUAGE_FR ? grammar_fr_verb(&p, text, size, f, g)
                                           : (grammar_en_verb(&p, text, size, f), true);
    return ok ? run_say(r, at, &p) : jinja_fail(r, at, "verb: this form of '%.*s' is not known here", (int)size, text);
}

/* ---- German and French ---- */

/* 'équipe'|article(gender='f', before='de'): "de l’équipe"; 'Mannschaft'|article(gender='f', case='dative'): "der Mannschaft". */
RUN_FILTER(article)
{
    static const char *const names[] = {"gender", "case", "definite", "plural", "before", NULL};
    jinja_value given[5];
    const char *text;
    size_t size;
    char before[32];
    gender g;
    grammar_case c;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "article", a, names, 0, given) || !run_string(r, at, "article", v, &text, &size) || !run_gender(r, at, "article", given[0], &g) || !run_case(r, at, "article", given[1], &c) ||
        !run_option(r, at, "article", given[4], before))
        return (jinja_value){0};
    bool definite = given[2].kind == VALUE_ABSENT || run_true(given[2]), plural = run_true(given[3]);
    if (l->language != LANGUAGE_EN && l->language != LANGUAGE_ZH && g == GENDER_COUNTING && !plural) return jinja_fail(r, at, "article: gender='m', 'f' or 'n' wanted");
    if (l->language == LANGUAGE_DE) {
        phrase_add(&p, grammar_de_article(definite ? 'd' : 'e', g, c, plural));
        if (p.size) phrase_add(&p, " ");
    } else if (l->language == LANGUAGE_FR) grammar_fr_article(&p, text, size, definite, strcmp(before, "de") == 0 ? 'd' : strcmp(before, "à") == 0 ? 'a' : 0, g, plural);
    else if (l->language == LANGUAGE_EN && (definite || !plural)) phrase_format(&p, "%s ", definite ? "the" : grammar_en_article(text, size));
    phrase_bytes(&p, text, size);
    return run_say(r, at, &p);
}

RUN_FILTER(adjective)
{
    static const char *const names[] = {"gender", "case", "plural", "after", NULL};
    jinja_value given[4];
    const char *text;
    size_t size;
    char after[32];
    gender g;
    grammar_case c;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    if (!jinja_bind(r, at, "adjective", a, names, 0, given) || !run_string(r, at, "adjective", v, &text, &size) || !run_gender(r, at, "adjective", given[0], &g) || !run_case(r, at, "adjective", given[1], &c) ||
        !run_option(r, at, "adjective", given[3], after))
        return (jinja_value){0};
    char how = strcmp(after, "der") == 0 ? 'd' : strcmp(after, "ein") == 0 ? 'e' : strcmp(after, "kein") == 0 ? 'k' : '0';
    if (l->language == LANGUAGE_DE) grammar_de_adjective(&p, text, size, how, g, c, run_true(given[2]));
    else if (l->language == LANGUAGE_FR) grammar_fr_adjective(&p, text, size, g, run_true(given[2]));
    else phrase_bytes(&p, text, size);
    return run_say(r, at, &p);
}

/* ---- lists and text ---- */

/* ['A', 'B', 'C']|listed: "A, B and C"; most=2: "A, B and one other". */
RUN_FILTER(listed)
{
    static const char *const names[] = {"word", "most", "other", NULL}, *const and[] = {"and", "und", "et", "和"};
    jinja_value given[3];
    const char *word, *other = "other";
    size_t word_size, other_size = 5;
    int most;
    jinja_builder b = {0};
    const locale *l = run_of(r)->locale;
    if (jinja_missing(v)) return v;
    word = and[l->language], word_size = strlen(word);
    if (!jinja_bind(r, at, "listed", a, names, 0, given) || (!run_absent(given[0]) && !run_string(r, at, "listed", given[0], &word, &word_size)) || !run_small(r, at, "listed", given[1], 1, 1000, 1000, &most) ||
        (!run_absent(given[2]) && !run_string(r, at, "listed", given[2], &other, &other_size)))
        return (jinja_value){0};
    const jinja_list *all = jinja_members(r, at, v);
    jinja_value list = jinja_new_list(r, VALUE_LIST, 0);
    for (size_t i = 0; all && i < all->count && !jinja_bad(r); i++)
        if (all->item[i].kind != VALUE_UNDEFINED && all->item[i].kind != VALUE_NONE) jinja_push(r, list.list, all->item[i]);
    if (jinja_bad(r)) return (jinja_value){0};
    size_t count = list.list->count, shown = count > (size_t)most ? (size_t)most : count, parts = shown + (count > shown);
    if (count > shown && !(l->language == LANGUAGE_EN || !run_absent(given[2]))) return jinja_fail(r, at, "listed: with most= the word for the others is wanted, other='weitere'");
    for (size_t i = 0; i < parts && !jinja_bad(r); i++) {
        bool last = i + 1 == parts;
        if (i && !last) jinja_build_text(r, &b, l->language == LANGUAGE_ZH ? "、" : ", ");
        if (i && last) {
            if (l->language == LANGUAGE_EN && l->american && parts > 2) jinja_build_text(r, &b, ",");
            if (l->language != LANGUAGE_ZH) jinja_build_text(r, &b, " ");
            jinja_build(r, &b, word, word_size, NULL, JINJA_OWN);
            if (l->language != LANGUAGE_ZH) jinja_build_text(r, &b, " ");
        }
        if (i < shown) jinja_write(r, at, &b, list.list->item[i]);
        else {
            phrase p = {0};
            run_count_word(&p, l, (double)(count - shown), -1, GENDER_COUNTING);
            phrase_add(&p, " ");
            if (l->language == LANGUAGE_EN && count - shown > 1) grammar_en_plural(&p, other, other_size);
            else phrase_bytes(&p, other, other_size);
            jinja_build(r, &b, p.text, p.size, NULL, JINJA_GIVEN);
        }
    }
    return jinja_built(r, &b);
}

/* For names of files and addresses: letters, digits and hyphens; what is not Latin stays. */
RUN_FILTER(slug)
{
    phrase p = {0};
    if (jinja_missing(v)) return v;
    jinja_string *s = nothing_else(r, at, "slug", a) ? text_of(r, at, v) : NULL;
    jinja_value lower = s ? jinja_string_case(r, s, 'l') : (jinja_value){0};
    for (size_t i = 0, n; !jinja_bad(r) && i < lower.s->size; i += n) {
        const char *c = lower.s->text + i;
        n = jinja_char_size(c, lower.s->size - i);
        if (n > 1 || (*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9')) phrase_bytes(&p, c, n);
        else if (*c != '\'' && p.size && p.text[p.size - 1] != '-') phrase_add(&p, "-");
    }
    while (p.size && p.text[p.size - 1] == '-') phrase_cut(&p, p.size - 1);
    return jinja_bad(r) ? (jinja_value){0} : run_say(r, at, &p);
}

/* A passage as one paragraph: lines joined, sentences with capitals, those that miss a value left out. */
RUN_FILTER(prose)
{
    if (jinja_missing(v)) return v;
    jinja_string *s = nothing_else(r, at, "prose", a) ? text_of(r, at, v) : NULL;
    if (!s || !jinja_spend(r, s->size / 4)) return (jinja_value){0};
    text_out out = {.st = r->st};
    prose_paragraph(s->text, s->size, true, NULL, &out);
    jinja_value made = jinja_bad(r) ? (jinja_value){0} : run_say_text(r, out.data ? out.data : "", out.size);
    text_out_free(&out);
    return made;
}
