/* Drafts: what is looked up, how many of its tokens a pass takes, what is learnt from how they fared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/alloc.h"
#include "core/log.h"
#include "text/draft.h"

#define FIND(...) draft_find((const int32_t[]){__VA_ARGS__}, sizeof((const int32_t[]){__VA_ARGS__}) / sizeof(int32_t))

static void expect(draft d, int64_t match, const int32_t *token)
{
    assert_int_equal(d.match, match);
    assert_int_equal(d.count, DRAFT_MOST);
    for (int i = 0; token[i] >= 0; i++) assert_int_equal(d.token[i], token[i]);
}

static void test_find(void **state)
{
    (void)state;
    expect(FIND(1, 2, 3, 4, 5, 1, 2), 2, (const int32_t[]){3, 4, 5, 1, 2, 3, -1});                       /* and on from its own beginning */
    expect(FIND(9, 1, 2, 3, 7, 1, 2, 4, 9, 1, 2), 3, (const int32_t[]){3, 7, 1, 2, 4, 9, 1, -1}); /* the longer match, not the later */
    expect(FIND(1, 2, 3, 1, 2, 4, 1, 2), 2, (const int32_t[]){4, 1, 2, -1});                             /* of equals the later */
    expect(FIND(8, 1, 2, 3, 4, 5, 6, 9, 1, 2, 3, 4, 5, 7, 8, 1, 2, 3, 4, 5), 5, (const int32_t[]){7, 8, 1, -1}); /* 5 are looked at, not 6 */
    expect(FIND(7, 7, 7), 2, (const int32_t[]){7, 7, 7, 7, 7, 7, 7, -1}); /* a match may overlap the end */
    assert_int_equal(FIND(1, 2, 3, 2).count, 0); /* one token alike is no match */
    assert_int_equal(FIND(2, 2).match, 0);
    assert_int_equal(FIND(2).match, 0);
    assert_int_equal(draft_find(NULL, 0).match, 0);
}

/* How many tokens of a match of `match` a pass of `rows` takes. */
static int64_t taken(const draft_record *r, int64_t match, int64_t rows, int64_t most)
{
    draft d = {.match = match, .count = match ? DRAFT_MOST : 0};
    draft_pass p = draft_pass_of(rows);
    int64_t n = draft_take(&p, r, &d, most);
    assert_int_equal(p.rows, rows + n);
    assert_true(p.tokens >= (double)rows && p.tokens <= (double)(rows + n) && p.cost >= 1);
    return n;
}

static void test_take(void **state)
{
    (void)state;
    draft_record new = {0};
    assert_int_equal(taken(&new, 0, 1, 8), 0);
    assert_true(taken(&new, 2, 1, 8) <= taken(&new, 3, 1, 8)); /* longer matches are trusted more, */
    assert_true(taken(&new, 3, 1, 8) < taken(&new, 4, 1, 8));
    assert_int_equal(taken(&new, 4, 1, 8), taken(&new, 5, 1, 8));
    assert_true(taken(&new, 4, 8, 8) < taken(&new, 4, 1, 8)); /* and the more a pass writes anyhow the less another row is worth */
    assert_int_equal(taken(&new, 4, 1, 1), 1);
    assert_int_equal(taken(&new, 4, 1, 0), 0);
    assert_int_equal(taken(&new, 4, 1, -3), 0);
}

static void test_learn(void **state)
{
    (void)state;
    draft d = {.match = 4, .count = DRAFT_MOST, .token = {1, 2, 3, 4, 5, 6, 7}};
    draft_record r = {0};
    const int32_t right[] = {1, 2, 3, 4, 5, 6, 7, 8}, wrong[] = {2, 2, 3}, half[] = {1, 2, 3, 5};
    draft_learn(&r, &d, right, 0);
    int64_t at_first = taken(&r, 4, 1, DRAFT_MOST);
    assert_true(at_first > 0 && at_first < DRAFT_MOST);
    for (int i = 0; i < 10; i++) draft_learn(&r, &d, right, 8); /* a token past the draft's is none of its */
    assert_int_equal(taken(&r, 4, 1, DRAFT_MOST), DRAFT_MOST);
    assert_int_equal(taken(&r, 2, 1, DRAFT_MOST), taken(&(draft_record){0}, 2, 1, DRAFT_MOST)); /* another kind of match */
    for (int i = 0; i < 60; i++) draft_learn(&r, &d, wrong, 3);
    assert_int_equal(taken(&r, 4, 1, DRAFT_MOST), 0);
    for (int i = 0; i < 60; i++) draft_learn(&r, &d, half, 4); /* 3 of 4: seen though nothing was taken */
    int64_t n = taken(&r, 4, 1, DRAFT_MOST);
    assert_true(n >= 2 && n < DRAFT_MOST);
    draft_learn(&r, &(draft){0}, wrong, 3); /* nothing was found, nothing is learnt */
    assert_int_equal(taken(&r, 4, 1, DRAFT_MOST), n);
}

/* The longest walk: no match, with the last token all over a context of 8,192. */
static void test_time(void **state)
{
    (void)state;
    enum { N = 8192, TIMES = 100 };
    status st = {0};
    int32_t *id = alloc_array(N, sizeof *id, &st);
    assert_non_null(id);
    for (int32_t i = 0; i < N; i++) id[i] = i % 2 ? 7 : 100 + i;
    double begun = log_seconds();
    int64_t found = 0;
    for (int i = 0; i < TIMES; i++) found += draft_find(id, N).count;
    assert_int_equal(found, 0);
    assert_true((log_seconds() - begun) / TIMES < 1e-3); /* some 10 µs; a token takes 2 ms and more */
    alloc_free(id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find), cmocka_unit_test(test_take), cmocka_unit_test(test_learn), cmocka_unit_test(test_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
