/* Picking tokens: each filter alone against its definition, draws against their probabilities, penalties, hostile logits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "text/sample.h"

enum { V = 8 };
static const float LOGITS[V] = {1.0f, 3.0f, 2.0f, -1.0f, 3.0f, 0.5f, -4.0f, 0.0f};

/* How often each token is drawn among n. */
static void count(const sample_options *o, int n, int times[V])
{
    memset(times, 0, V * sizeof *times);
    status st = {0};
    sample_state *s = sample_new(o, 42, V, &st);
    for (int i = 0; i < n; i++) {
        float row[V];
        memcpy(row, LOGITS, sizeof row);
        times[sample_pick(s, row, &st)]++;
    }
    assert_true(status_ok(&st));
    sample_free(s);
}

static void check_chi_square(const sample_options *o, const double *p)
{
    enum { N = 20000 };
    int times[V];
    count(o, N, times);
    double chi = 0;
    for (int i = 0; i < V; i++) {
        if (p[i] == 0) assert_int_equal(times[i], 0);
        else chi += (times[i] - N * p[i]) * (times[i] - N * p[i]) / (N * p[i]);
    }
    assert_true(chi < 24.3); /* 7 degrees of freedom, 0.1 % */
}

static void probabilities(double temperature, const int *kept, int n, double *p)
{
    double total = 0;
    memset(p, 0, V * sizeof *p);
    for (int i = 0; i < n; i++) total += p[kept[i]] = exp(LOGITS[kept[i]] / temperature);
    for (int i = 0; i < V; i++) p[i] /= total;
}

static void test_draws(void **state)
{
    (void)state;
    double p[V];
    sample_options o = sample_options_plain();
    probabilities(1, (int[]){0, 1, 2, 3, 4, 5, 6, 7}, V, p);
    check_chi_square(&o, p);
    o.temperature = 0.5;
    probabilities(0.5, (int[]){0, 1, 2, 3, 4, 5, 6, 7}, V, p);
    check_chi_square(&o, p);
    o = sample_options_plain();
    o.top_k = 3;
    probabilities(1, (int[]){1, 4, 2}, 3, p);
    check_chi_square(&o, p);
    o = sample_options_plain();
    o.top_p = 0.8; /* 0.368, 0.368, 0.135 …: the third is needed */
    probabilities(1, (int[]){1, 4, 2}, 3, p);
    check_chi_square(&o, p);
    o.top_k = 5; /* together: the share is of what top-k left */
    check_chi_square(&o, p);
    o = sample_options_plain();
    o.min_p = 0.1; /* e^(x − 3) ≥ 0.1: x ≥ 0.697 */
    probabilities(1, (int[]){0, 1, 2, 4}, 4, p);
    check_chi_square(&o, p);
    o.top_k = 2;
    probabilities(1, (int[]){1, 4}, 2, p);
    check_chi_square(&o, p);
}

static int32_t pick_once(sample_state *s, const float *logits, status *st)
{
    float row[V];
    memcpy(row, logits, sizeof row);
    return sample_pick(s, row, st);
}

static void test_greedy_and_ties(void **state)
{
    (void)state;
    status st = {0};
    sample_options o = sample_options_plain();
    o.temperature = 0;
    sample_state *s = sample_new(&o, 1, V, &st);
    for (int i = 0; i < 5; i++) assert_int_equal(pick_once(s, LOGITS, &st), 1); /* the smaller id of two equal ones */
    sample_free(s);
    o.temperature = 1, o.top_k = 1;
    s = sample_new(&o, 1, V, &st);
    assert_int_equal(pick_once(s, LOGITS, &st), 1);
    sample_free(s);
    o.temperature = 1e-40, o.top_k = 0; /* 1 / T overflows f32 */
    s = sample_new(&o, 1, V, &st);
    assert_int_equal(pick_once(s, LOGITS, &st), 1);
    sample_free(s);
}

static void test_penalties(void **state)
{
    (void)state;
    status st = {0};
    sample_options o = sample_options_plain();
    o.temperature = 0;
    o.repeat_penalty = 2; /* 3 / 2 falls below the other 3, then below 2, … */
    sample_state *s = sample_new(&o, 1, V, &st);
    static const int wanted[] = {1, 4, 2, 1};
    for (int i = 0; i < 4; i++) assert_int_equal(pick_once(s, LOGITS, &st), wanted[i]);
    sample_free(s);
    o.repeat_penalty = 1, o.frequency_penalty = 0.6;
    s = sample_new(&o, 1, V, &st);
    static const int frequent[] = {1, 4, 1, 4, 2, 1};
    for (int i = 0; i < 6; i++) assert_int_equal(pick_once(s, LOGITS, &st), frequent[i]);
    sample_free(s);
    o.frequency_penalty = 0, o.presence_penalty = 1.5, o.penalty_window = 1; /* only the last one is remembered */
    s = sample_new(&o, 1, V, &st);
    static const int present[] = {1, 4, 1, 4, 1, 4};
    for (int i = 0; i < 6; i++) assert_int_equal(pick_once(s, LOGITS, &st), present[i]);
    sample_free(s);
    assert_true(status_ok(&st));
}

static void test_hostile_logits(void **state)
{
    (void)state;
    const sample_options plain = sample_options_plain();
    status st = {0};
    sample_state *s = sample_new(&plain, 1, V, &st);
    const float some[V] = {NAN, -INFINITY, 2, NAN, -INFINITY, NAN, -INFINITY, NAN};
    assert_int_equal(pick_once(s, some, &st), 2);
    assert_true(status_ok(&st));
    const float none[V] = {NAN, -INFINITY, NAN, NAN, -INFINITY, NAN, -INFINITY, NAN};
    assert_int_equal(pick_once(s, none, &st), -1);
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    const float infinite[V] = {0, INFINITY};
    assert_int_equal(pick_once(s, infinite, &st), -1);
    sample_free(s);
}

static void test_options(void **state)
{
    (void)state;
    sample_options o = sample_options_plain();
    status st = {0};
    o.temperature = NAN;
    assert_false(sample_options_check(&o, &st));
    assert_non_null(strstr(st.msg, "temperature"));
    st = (status){0};
    o = sample_options_plain();
    o.top_p = 1.5;
    assert_null(sample_new(&o, 1, V, &st));
    assert_int_equal(st.code, STATUS_USAGE);
}

static void test_logprob(void **state)
{
    (void)state;
    float scratch[V];
    double total = 0;
    for (int i = 0; i < V; i++) total += exp((double)LOGITS[i]);
    for (int i = 0; i < V; i++)
        assert_true(fabs(sample_logprob(LOGITS, V, i, scratch) - ((double)LOGITS[i] - log(total))) < 1e-6);
}

/* A flat distribution over many tokens: the nucleus is wider than the first guess. */
static void test_wide_nucleus(void **state)
{
    (void)state;
    enum { MANY = 5000 };
    static float row[MANY];
    status st = {0};
    sample_options o = sample_options_plain();
    o.top_p = 0.999;
    sample_state *s = sample_new(&o, 3, MANY, &st);
    int seen_late = 0;
    for (int n = 0; n < 200; n++) {
        for (int i = 0; i < MANY; i++) row[i] = i == 0 ? 8.0f : -0.0001f * (float)i; /* the rest weigh more than the first */
        seen_late += sample_pick(s, row, &st) > 2500;
    }
    assert_in_range(seen_late, 20, 120);
    sample_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_draws),         cmocka_unit_test(test_greedy_and_ties), cmocka_unit_test(test_penalties),
        cmocka_unit_test(test_hostile_logits), cmocka_unit_test(test_options),         cmocka_unit_test(test_logprob),
        cmocka_unit_test(test_wide_nucleus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
