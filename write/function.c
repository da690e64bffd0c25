/* The tables of a report's filters and functions, and what they share. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "write/run.h"

static const jinja_extension_filter FILTERS[] = {
    {"words", run_filter_words},       {"figures", run_filter_figures},         {"number", run_filter_number},           {"ordinal", run_filter_ordinal},
    {"ordinal_words", run_filter_ordinal_words}, {"times", run_filter_times},   {"about", run_filter_about},             {"nearly", run_filter_nearly},
    {"percent", run_filter_percent},   {"money", run_filter_money},             {"unit", run_filter_unit},               {"large", run_filter_large},
    {"a", run_filter_a},               {"plural", run_filter_plural},           {"possessive", run_filter_possessive},   {"capital", run_filter_capital},
    {"comparative", run_filter_comparative}, {"superlative", run_filter_superlative}, {"verb", run_filter_verb},         {"listed", run_filter_listed},
    {"slug", run_filter_slug},         {"prose", run_filter_prose},             {"article", run_filter_article},         {"adjective", run_filter_adjective},
    {"date", run_filter_date},         {"time", run_filter_time},               {"duration", run_filter_duration},       {"relative", run_filter_relative},
    {"ref", run_filter_ref},           {NULL, NULL},
};

static const jinja_extension_function FUNCTIONS[] = {
    {"share", run_function_share, NULL},         {"trend", run_function_trend, NULL},           {"direction", run_function_direction, NULL}, {"compare", run_function_compare, NULL},
    {"change", run_function_change, NULL},       {"rank", run_function_rank, NULL},             {"streak", run_function_streak, NULL},       {"newsworthy", run_function_newsworthy, NULL},
    {"mean", run_function_mean, NULL},           {"median", run_function_median, NULL},         {"count", run_function_count, NULL},         {"days_between", run_function_days_between, NULL},
    {"add_days", run_function_add_days, NULL},   {"years_between", run_function_years_between, NULL}, {"seconds_between", run_function_seconds_between, NULL},
    {"entity", run_function_entity, NULL},       {"forget", run_function_forget, NULL},         {"choose", NULL, run_lazy_choose},           {"synonym", run_function_synonym, NULL},
    {"pick", run_function_pick, NULL},           {"grouped", run_function_grouped, NULL},       {"league", run_function_league, NULL},       {NULL, NULL, NULL},
};

static int64_t choose_branch(jinja_context *r, const jinja_node *at, int64_t n) { return run_draw(r, at, (uint64_t)(uintptr_t)at, n); }

/* What {{ … }} writes of a value that jinja2 would print as None, nan or 0.30000000000000004. */
static bool write_value(jinja_context *r, const jinja_node *at, jinja_builder *b, jinja_value v)
{
    char mark[2] = {PROSE_MISSING, 0};
    phrase p = {0};
    switch (v.kind) {
    case VALUE_UNDEFINED:
        if (jinja_missing(v)) jinja_build_text(r, b, mark);
        else jinja_fail(r, at, "'%.*s' is not there", v.name && v.name->size < 60 ? (int)v.name->size : 0, v.name ? v.name->text : "");
        return true;
    case VALUE_NONE: jinja_fail(r, at, "none has no text"); return true;
    case VALUE_FLOAT:
        if (!isfinite(v.f)) return jinja_fail(r, at, "a number without a value: something was divided by zero or is too large"), true;
        locale_number(&p, run_of(r)->locale, v.f, -1, false);
        jinja_build(r, b, p.text, p.size, NULL, JINJA_GIVEN);
        return true;
    default: return false;
    }
}

const jinja_extension RUN_EXTENSION = {.filter = FILTERS, .function = FUNCTIONS, .bind = run_bind, .choose = choose_branch, .write = write_value};

/* ---- what they share ---- */

jinja_value run_say_text(jinja_context *r, const char *text, size_t size)
{
    char *copy = jinja_bad(r) ? NULL : jinja_pool_take(&r->pool, size + 1, r->st);
    if (!copy) return (jinja_value){0};
    memcpy(copy, text, size);
    copy[size] = 0;
    return jinja_text(r, copy, size, JINJA_GIVEN);
}

jinja_value run_say(jinja_context *r, const jinja_node *at, const phrase *p)
{
    if (p->full) return jinja_fail(r, at, "a phrase of more than %zu bytes", sizeof p->text);
    return run_say_text(r, p->text, p->size);
}

bool run_number(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, double *out)
{
    if (jinja_bad(r)) return false;
    if (v.kind == VALUE_BOOL || !jinja_number(v, out)) return jinja_fail(r, at, "%s: '%s' found, a number wanted", what, v.kind == VALUE_STRING ? "str" : jinja_type(v)), false;
    if (!isfinite(*out)) return jinja_fail(r, at, "%s: a number without a value", what), false;
    return true;
}

bool run_whole(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, int64_t *out)
{
    double x;
    if (v.kind == VALUE_INT && !jinja_bad(r)) return *out = v.i, true;
    if (!run_number(r, at, what, v, &x)) return false;
    if (x != floor(x) || fabs(x) > 9e15) return jinja_fail(r, at, "%s: %g found, a whole number wanted", what, x), false;
    return *out = (int64_t)x, true;
}

bool run_small(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, int least, int most, int otherwise, int *out)
{
    int64_t n;
    *out = otherwise;
    if (run_absent(v)) return !jinja_bad(r);
    if (!run_whole(r, at, what, v, &n)) return false;
    if (n < least || n > most) return jinja_fail(r, at, "%s: %lld found, %d to %d wanted", what, (long long)n, least, most), false;
    return *out = (int)n, true;
}

bool run_string(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, const char **text, size_t *size)
{
    if (jinja_bad(r)) return false;
    if (v.kind != VALUE_STRING) return jinja_fail(r, at, "%s: '%s' found, a string wanted", what, jinja_type(v)), false;
    *text = v.s->text, *size = v.s->size;
    return true;
}

bool run_option(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, char out[32])
{
    const char *text = "";
    size_t size = 0;
    if (!run_absent(v) && !run_string(r, at, what, v, &text, &size)) return false;
    if (size >= 32) return jinja_fail(r, at, "%s: a word of at most 31 bytes wanted", what), false;
    memcpy(out, text, size);
    out[size] = 0;
    return !jinja_bad(r);
}

bool run_moment(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, bool date, moment *out)
{
    const char *text;
    size_t size;
    if (!run_string(r, at, what, v, &text, &size)) return false;
    if (calendar_read(text, size, out) && (date ? out->has_date : out->has_time)) return true;
    return jinja_fail(r, at, "%s: '%.*s' found, %s wanted", what, size > 40 ? 40 : (int)size, text, date ? "a date such as 2026-11-27" : "a time such as 15:05"), false;
}

bool run_gender(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, gender *out)
{
    char word[32];
    *out = GENDER_COUNTING;
    if (!run_option(r, at, what, v, word)) return false;
    if (!*word || grammar_gender_of(word, strlen(word), out)) return true;
    return jinja_fail(r, at, "%s: gender '%s' found, m, f or n wanted", what, word), false;
}

bool run_case(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, grammar_case *out)
{
    char word[32];
    *out = CASE_NOMINATIVE;
    if (!run_option(r, at, what, v, word)) return false;
    if (!*word || grammar_case_of(word, strlen(word), out)) return true;
    return jinja_fail(r, at, "%s: case '%s' found, nominative, genitive, dative or accusative wanted", what, word), false;
}

void run_count_word(phrase *p, const locale *l, double x, int places, gender g)
{
    if (x == floor(x) && x >= 0 && x <= (double)l->words_to && places <= 0) {
        if (l->language == LANGUAGE_ZH && x == 2 && g != GENDER_COUNTING) phrase_add(p, "两");
        else numeral_cardinal(p, l, (int64_t)x, g);
    } else locale_number(p, l, x, places, true);
}
