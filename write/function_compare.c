/* Comparisons, trends, ranks, and what of several facts is worth telling. */
#include <math.h>
#include <string.h>

#include "write/run.h"

/* Two numbers; *missing: the one that is not there. */
static bool two_numbers(jinja_context *r, const jinja_node *at, const char *what, const jinja_value *given, double *x, double *y, jinja_value *missing)
{
    *missing = (jinja_value){0};
    if (jinja_missing(given[0]) || jinja_missing(given[1])) return *missing = jinja_missing(given[0]) ? given[0] : given[1], false;
    return run_number(r, at, what, given[0], x) && run_number(r, at, what, given[1], y);
}

static void percent_words(phrase *p, const locale *l, double x, int places)
{
    phrase digits = {0};
    locale_number(&digits, l, x, places, true);
    locale_unit(p, l, digits.text, x == 1, "%", l->language != LANGUAGE_ZH);
}

/* "up 12 per cent", "down 3 per cent on last year", "unchanged from last year". */
RUN_FUNCTION(trend)
{
    static const char *const names[] = {"now", "before", "on", "places", NULL};
    static const char *const up[] = {"up ", "plus ", "en hausse de ", "增长"}, *const down[] = {"down ", "minus ", "en baisse de ", "下降"}, *const same[] = {"unchanged", "unverändert", "stable", "持平"},
                      *const almost[] = {"almost unchanged", "fast unverändert", "presque stable", "几乎持平"}, *const from_zero[] = {"up from zero", "von null gestiegen", "parti de zéro", "从零增长"};
    jinja_value given[4], missing;
    double now, before;
    const char *on = "";
    size_t on_size = 0;
    int places;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (!jinja_bind(r, at, "trend", a, names, 2, given)) return (jinja_value){0};
    if (!two_numbers(r, at, "trend", given, &now, &before, &missing)) return missing;
    if (!run_absent(given[2]) && !run_string(r, at, "trend", given[2], &on, &on_size)) return (jinja_value){0};
    if (!run_small(r, at, "trend", given[3], 0, 15, 0, &places)) return (jinja_value){0};
    if (before < 0 || now < 0) return jinja_fail(r, at, "trend: per cent of a negative number mislead; compare tells a difference");
    double change = before > 0 ? 100 * (now - before) / before : 0, shown = locale_round(fabs(change), places);
    bool still = now == before || (before > 0 && shown == 0);
    if (now == before) phrase_add(&p, same[l->language]);
    else if (before == 0) phrase_add(&p, from_zero[l->language]);
    else if (shown == 0) phrase_add(&p, almost[l->language]);
    else {
        phrase_add(&p, change > 0 ? up[l->language] : down[l->language]);
        percent_words(&p, l, shown, places);
    }
    if (on_size && !(before == 0 && now != 0)) {
        phrase_add(&p, l->language != LANGUAGE_EN ? " " : still ? " from " : " on ");
        phrase_bytes(&p, on, on_size);
    }
    return run_say(r, at, &p);
}

/* One of the writer's three words, by which way it went. */
RUN_FUNCTION(direction)
{
    static const char *const names[] = {"now", "before", "up", "down", "same", NULL};
    jinja_value given[5], missing;
    double now, before;
    if (!jinja_bind(r, at, "direction", a, names, 4, given)) return (jinja_value){0};
    if (!two_numbers(r, at, "direction", given, &now, &before, &missing)) return missing;
    if (now != before) return given[now > before ? 2 : 3];
    return given[4].kind == VALUE_ABSENT ? jinja_fail(r, at, "direction: both are %g and there is no third word for it", now) : given[4];
}

/* "three more than", "twice as many as", "as many as". */
RUN_FUNCTION(compare)
{
    static const char *const names[] = {"a", "b", "mass", "places", NULL};
    jinja_value given[4], missing;
    double x, y;
    int places;
    phrase p = {0};
    const locale *l = run_of(r)->locale;
    if (!jinja_bind(r, at, "compare", a, names, 2, given)) return (jinja_value){0};
    if (!two_numbers(r, at, "compare", given, &x, &y, &missing) || !run_small(r, at, "compare", given[3], 0, 15, -1, &places)) return missing;
    bool mass = run_true(given[2]), more = x > y;
    double apart = places < 0 ? fabs(x - y) : locale_round(fabs(x - y), places);
    if (places < 0 && apart != floor(apart)) apart = locale_round(apart, 10); /* 0.3 - 0.1 is 0.2 */
    if (x == y) {
        static const char *const same[] = {"as many as", "so viele wie", "autant que", "和"};
        phrase_add(&p, mass && l->language == LANGUAGE_EN ? "as much as" : mass && l->language == LANGUAGE_DE ? "so viel wie" : same[l->language]);
    } else if (y > 0 && x / y == floor(x / y) && x / y >= 2 && x / y <= 4 && l->language == LANGUAGE_EN) {
        static const char *const often[] = {"twice", "three times", "four times"};
        phrase_format(&p, "%s as %s as", often[(int)(x / y) - 2], mass ? "much" : "many");
    } else if (l->language == LANGUAGE_ZH) {
        phrase_add(&p, more ? "多" : "少");
        run_count_word(&p, l, apart, -1, GENDER_COUNTING);
    } else {
        run_count_word(&p, l, apart, places, GENDER_COUNTING);
        if (l->language == LANGUAGE_EN) phrase_format(&p, " %s than", more ? "more" : mass ? "less" : "fewer");
        else if (l->language == LANGUAGE_DE) phrase_format(&p, " %s als", more ? "mehr" : "weniger");
        else phrase_format(&p, " de %s que", more ? "plus" : "moins");
    }
    return run_say(r, at, &p);
}

/* The change from before to now in per cent, as a number; missing where there is none. */
RUN_FUNCTION(change)
{
    static const char *const names[] = {"now", "before", NULL};
    jinja_value given[2], missing;
    double now, before;
    if (!jinja_bind(r, at, "change", a, names, 2, given)) return (jinja_value){0};
    if (!two_numbers(r, at, "change", given, &now, &before, &missing)) return missing;
    return before > 0 ? jinja_float(100 * (now - before) / before) : jinja_new_missing(r, "the change from nothing", 23);
}

/* ---- lists ---- */

/* The numbers of a list; what is missing is left out. NULL after an error. */
static double *numbers(jinja_context *r, const jinja_node *at, const char *what, jinja_value v, size_t *count)
{
    const jinja_list *l = jinja_members(r, at, v);
    double *x = l ? jinja_pool_take(&r->pool, (l->count + 1) * sizeof *x, r->st) : NULL;
    *count = 0;
    for (size_t i = 0; x && i < l->count; i++) {
        if (jinja_missing(l->item[i])) continue;
        if (!jinja_spend(r, 1) || !run_number(r, at, what, l->item[i], &x[*count])) return NULL;
        ++*count;
    }
    return x;
}

/* Which place a value has among a list, 1 the largest; ties share it. lowest=true: 1 the smallest. */
RUN_FUNCTION(rank)
{
    static const char *const names[] = {"value", "list", "lowest", NULL};
    jinja_value given[3];
    double x;
    size_t n;
    if (!jinja_bind(r, at, "rank", a, names, 2, given)) return (jinja_value){0};
    if (jinja_missing(given[0])) return given[0];
    double *all = run_number(r, at, "rank", given[0], &x) ? numbers(r, at, "rank", given[1], &n) : NULL;
    int64_t place = 1;
    for (size_t i = 0; all && i < n; i++) place += run_true(given[2]) ? all[i] < x : all[i] > x;
    return all ? jinja_int(place) : (jinja_value){0};
}

/* How many of a list's last values are the same, or are this value. */
RUN_FUNCTION(streak)
{
    static const char *const names[] = {"list", "value", NULL};
    jinja_value given[2];
    if (!jinja_bind(r, at, "streak", a, names, 1, given)) return (jinja_value){0};
    const jinja_list *l = jinja_members(r, at, given[0]);
    int64_t n = 0;
    if (!l || !l->count) return jinja_int(0);
    jinja_value wanted = given[1].kind == VALUE_ABSENT ? l->item[l->count - 1] : given[1];
    for (size_t i = l->count; i-- > 0 && jinja_spend(r, 1) && jinja_equal(r, l->item[i], wanted) && !jinja_missing(l->item[i]);) n++;
    return jinja_int(n);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Not qsort, which may take memory that nothing counts: heap sort. */
static void sort(double *x, size_t n)
{
    for (size_t size = n, start = n / 2; size > 1;) {
        if (start) start--;
        else {
            double last = x[--size];
            x[size] = x[0], x[0] = last;
        }
        for (size_t i = start, child; (child = 2 * i + 1) < size; i = child) {
            if (child + 1 < size && by_size(&x[child], &x[child + 1]) < 0) child++;
            if (by_size(&x[i], &x[child]) >= 0) break;
            double swap = x[i];
            x[i] = x[child], x[child] = swap;
        }
    }
}

static jinja_value average(jinja_context *r, const jinja_node *at, const jinja_arguments *a, bool middle)
{
    static const char *const names[] = {"list", NULL};
    jinja_value list;
    size_t n;
    double sum = 0;
    if (!jinja_bind(r, at, "mean", a, names, 1, &list)) return (jinja_value){0};
    double *x = numbers(r, at, "mean", list, &n);
    if (!x) return (jinja_value){0};
    if (!n) return jinja_new_missing(r, "the mean of nothing", 19);
    if (middle) {
        sort(x, n);
        return jinja_float(n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2);
    }
    for (size_t i = 0; i < n; i++) sum += x[i];
    return jinja_float(sum / (double)n);
}

RUN_FUNCTION(mean) { return average(r, at, a, false); }
RUN_FUNCTION(median) { return average(r, at, a, true); }

/* ---- what is worth telling ---- */

/* Of facts (score, text or macro) those with at least `least`, the `most` highest, highest first (order='given': as they
 * stand). A macro is called only where it is told. */
RUN_FUNCTION(newsworthy)
{
    static const char *const names[] = {"facts", "most", "least", "order", NULL};
    jinja_value given[4], out = jinja_new_list(r, VALUE_LIST, 0);
    int most;
    double least = -INFINITY, score;
    char order[32];
    if (!jinja_bind(r, at, "newsworthy", a, names, 1, given) || !run_small(r, at, "newsworthy", given[1], 0, 1000, 3, &most) || !run_option(r, at, "newsworthy", given[3], order)) return (jinja_value){0};
    if (!run_absent(given[2]) && !run_number(r, at, "newsworthy", given[2], &least)) return (jinja_value){0};
    const jinja_list *facts = jinja_members(r, at, given[0]);
    double *scores = facts ? jinja_pool_take(&r->pool, (facts->count + 1) * sizeof *scores, r->st) : NULL;
    bool *told = scores ? jinja_pool_zeroed(&r->pool, facts->count + 1, r->st) : NULL;
    size_t *chosen = told ? jinja_pool_take(&r->pool, (size_t)(most + 1) * sizeof *chosen, r->st) : NULL;
    for (size_t i = 0; chosen && i < facts->count; i++) {
        const jinja_value fact = facts->item[i];
        if ((fact.kind != VALUE_LIST && fact.kind != VALUE_TUPLE) || fact.list->count != 2) return jinja_fail(r, at, "newsworthy: pairs (score, text) wanted");
        scores[i] = -INFINITY; /* what cannot be weighed is not told */
        if (!jinja_missing(fact.list->item[0]) && !run_number(r, at, "newsworthy", fact.list->item[0], &score)) return (jinja_value){0};
        if (!jinja_missing(fact.list->item[0])) scores[i] = score;
    }
    int count = 0;
    for (; chosen && count < most; count++) {
        size_t best = SIZE_MAX;
        if (!jinja_spend(r, facts->count)) return (jinja_value){0};
        for (size_t i = 0; i < facts->count; i++)
            if (!told[i] && scores[i] > -INFINITY && scores[i] >= least && (best == SIZE_MAX || scores[i] > scores[best])) best = i;
        if (best == SIZE_MAX) break;
        told[best] = true, chosen[count] = best;
    }
    bool as_given = strcmp(order, "given") == 0;
    for (size_t i = 0; chosen && i < (as_given ? facts->count : (size_t)count) && !jinja_bad(r); i++) {
        size_t k = as_given ? i : chosen[i];
        if (!told[k]) continue;
        jinja_value text = facts->item[k].list->item[1];
        jinja_arguments none = {0};
        if (text.kind == VALUE_MACRO) text = jinja_call(r, at, text, &none);
        jinja_push(r, out.list, text);
    }
    return jinja_bad(r) ? (jinja_value){0} : out;
}
