/* Attention over a cache against sums in double; a row's bits alone, among others, in any cut and by any number of threads,
 * for passes of few rows and for bulk passes; the CPU levels without tiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/half.h"
#include "core/kernel/product_kernel.h"
#include "core/op.h"
#include "core/rng.h"

enum { MAX_CHUNKS = 8, LAYERS = 2, LAYER = 1 };

typedef struct {
    int64_t positions, heads, kv_heads, D, window;
} shape;

/* One sequence: its queries, keys and values, and the cache that a test fills. */
typedef struct {
    shape s;
    op_kv_layout layout;
    tensor *q, *k, *v;
    void *chunk[MAX_CHUNKS];
} sequence;

static const op_rope NO_ROPE = {0};
static status st;
static op_ctx c;
static rng source;

static tensor *random_rows(int64_t rows, int64_t width, float size)
{
    tensor *x = op_new(&c, 2, (int64_t[]){rows, width});
    assert_non_null(x);
    for (int64_t i = 0; i < rows * width; i++) tensor_f32(x)[i] = size * (float)rng_normal(&source);
    return x;
}

/* An empty cache. */
static void forget(sequence *a)
{
    for (int64_t i = 0; i * KV_CHUNK < a->s.positions; i++) {
        a->chunk[i] = arena_alloc(c.mem, LAYERS * a->layout.layer_bytes, &st);
        assert_non_null(a->chunk[i]);
        memset(a->chunk[i], 0, LAYERS * a->layout.layer_bytes);
    }
}

/* Scores of some size, so that a row's maximum is raised now and then. */
static sequence make(shape s, bool half)
{
    sequence a = {.s = s, .layout = op_kv_layout_of(s.kv_heads, s.D, half)};
    assert_true(s.positions <= MAX_CHUNKS * KV_CHUNK);
    a.q = random_rows(s.positions, s.heads * s.D, 2);
    a.k = random_rows(s.positions, s.kv_heads * s.D, 2);
    a.v = random_rows(s.positions, s.kv_heads * s.D, 1);
    forget(&a);
    return a;
}

/* Rows first … first + n of x, in place. */
static tensor rows_of(const tensor *x, int64_t first, int64_t n)
{
    tensor part = *x;
    part.dim[0] = n;
    part.data = tensor_f32(x) + first * x->dim[1];
    return part;
}

static tensor *attend(const sequence *a, const tensor *q, const tensor *k, const tensor *v, const op_kv_segment *segments, int64_t count)
{
    tensor *y = op_attention_cached(&c, q, k, v, &NO_ROPE, &a->layout, LAYER, segments, count, a->s.heads, 1 / sqrtf((float)a->s.D), a->s.window);
    if (!y) fail_msg("%s", st.msg);
    return y;
}

/* Feeds positions first … first + n and gives their rows; keys and values are stored beforehand or by the attention itself. */
static tensor *feed(sequence *a, int64_t first, int64_t n)
{
    op_kv_segment s = {first, n, a->chunk};
    tensor q = rows_of(a->q, first, n), k = rows_of(a->k, first, n), v = rows_of(a->v, first, n);
    if (first % 2 == 0) return attend(a, &q, &k, &v, &s, 1);
    op_kv_store(&c, &k, &v, &NO_ROPE, &a->layout, LAYER, &s, 1);
    return attend(a, &q, NULL, NULL, &s, 1);
}

static double kept(const sequence *a, const tensor *x, int64_t i)
{
    return a->layout.half ? half_from_f16(half_to_f16(tensor_f32(x)[i])) : tensor_f32(x)[i];
}

/* softmax(q kᵀ / √D) v of one head's row in double, from the keys and values as the cache keeps them. */
static void reference(const sequence *a, int64_t row, int64_t head, double *y)
{
    const shape *s = &a->s;
    int64_t kv = head / (s->heads / s->kv_heads), first = s->window && row + 1 > s->window ? row + 1 - s->window : 0;
    double score[MAX_CHUNKS * KV_CHUNK], top = -INFINITY, sum = 0;
    for (int64_t p = first; p <= row; p++) {
        score[p] = 0;
        for (int64_t e = 0; e < s->D; e++)
            score[p] += tensor_f32(a->q)[(row * s->heads + head) * s->D + e] * kept(a, a->k, (p * s->kv_heads + kv) * s->D + e);
        score[p] /= sqrt((double)s->D);
        top = fmax(top, score[p]);
    }
    for (int64_t e = 0; e < s->D; e++) y[e] = 0;
    for (int64_t p = first; p <= row; p++) {
        double weight = exp(score[p] - top);
        sum += weight;
        for (int64_t e = 0; e < s->D; e++) y[e] += weight * kept(a, a->v, (p * s->kv_heads + kv) * s->D + e);
    }
    for (int64_t e = 0; e < s->D; e++) y[e] /= sum;
}

static bool by_tiles(const sequence *a) { return c.bulk && a->layout.half && product_kernel_bulk(); }

/* In f32 sums alone round. By tiles each query, key, value and probability is off by up to 2⁻⁹ of itself, at random: scores, here
 * of size 4, by some hundredth, so a weight by 1 % and a mean of values of size 1 by less, as the errors of many weights
 * cancel. The root of the mean square is held, and the worst to ten times that. */
static void compare(const sequence *a, const tensor *y)
{
    double squares = 0, worst = 0, limit = by_tiles(a) ? 6e-3 : 2e-6, want[KV_MAX_HEAD_DIM];
    const shape *s = &a->s;
    for (int64_t r = 0; r < s->positions; r++)
        for (int64_t h = 0; h < s->heads; h++) {
            reference(a, r, h, want);
            for (int64_t e = 0; e < s->D; e++) {
                double off = fabs(tensor_f32(y)[(r * s->heads + h) * s->D + e] - want[e]);
                squares += off * off;
                if (!(off <= worst)) worst = off; /* NaN too */
            }
        }
    double mean = sqrt(squares / (double)(s->positions * s->heads * s->D));
    if (!(mean <= limit && worst <= 10 * limit))
        fail_msg("%lld positions, heads %lld of %lld, D %lld, window %lld: off by %g, at most %g", (long long)s->positions, (long long)s->heads,
                 (long long)s->kv_heads, (long long)s->D, (long long)s->window, mean, worst);
}

static void same_rows(const tensor *whole, int64_t first, const tensor *part)
{
    tensor want = rows_of(whole, first, part->dim[0]);
    assert_memory_equal(want.data, part->data, tensor_bytes(part));
}

static const shape SHAPES[] = {
    {200, 9, 3, 64, 0},  {300, 3, 1, 80, 0},   {130, 2, 2, 16, 0},  {129, 5, 1, 96, 0},   {70, 9, 1, 24, 0},  {140, 4, 2, 7, 0},
    {64, 1, 1, 512, 0},  {330, 4, 2, 64, 100}, {200, 6, 2, 32, 1},  {260, 2, 1, 40, 128}, {1, 3, 1, 64, 0},   {33, 12, 1, 128, 17},
};
enum { SHAPE_COUNT = sizeof SHAPES / sizeof SHAPES[0] };

/* Every key and value is where op.h says, in pieces of all lengths; what f16 cannot hold is its largest number. */
static void check_store(void **state)
{
    (void)state;
    for (int half = 0; half < 2; half++)
        for (int64_t cut = 1; cut < 40; cut += 3) {
            size_t mark = arena_mark(c.mem);
            sequence a = make((shape){131, 4, 2, 23, 0}, half);
            tensor_f32(a.k)[40] = 1e6f, tensor_f32(a.v)[41] = -INFINITY, tensor_f32(a.k)[50] = 65519, tensor_f32(a.v)[52] = NAN;
            for (int64_t first = 0; first < 131; first += cut) {
                int64_t n = cut < 131 - first ? cut : 131 - first;
                op_kv_segment s = {first, n, a.chunk};
                tensor k = rows_of(a.k, first, n), v = rows_of(a.v, first, n);
                op_kv_store(&c, &k, &v, &NO_ROPE, &a.layout, LAYER, &s, 1);
            }
            for (int64_t i = 0; i < 131 * 2 * 23; i++) {
                int64_t position = i / 46, h = i / 23 % 2, e = i % 23, slot = position % KV_CHUNK;
                const char *key = (const char *)a.chunk[position / KV_CHUNK] + LAYER * a.layout.layer_bytes + h * (a.layout.key_bytes + a.layout.value_bytes);
                int64_t key_at = (slot / 16 * 23 + e) * 16 + slot % 16, value_at = (e / 16 * KV_CHUNK + slot) * 16 + e % 16;
                float k = tensor_f32(a.k)[i], v = tensor_f32(a.v)[i];
                if (half) {
                    assert_int_equal(((const uint16_t *)key)[key_at], half_to_f16(fmaxf(-65504, fminf(65504, k))));
                    uint16_t value = ((const uint16_t *)(key + a.layout.key_bytes))[value_at];
                    if (isnan(v)) assert_true(isnan(half_from_f16(value)));
                    else assert_int_equal(value, half_to_f16(fmaxf(-65504, fminf(65504, v))));
                } else {
                    assert_memory_equal((const float *)key + key_at, &k, sizeof k);
                    assert_memory_equal((const float *)(key + a.layout.key_bytes) + value_at, &v, sizeof v);
                }
            }
            arena_reset(c.mem, mark);
        }
}

/* Prompts in one pass and in several: right numbers, equal bits. */
static void check_cuts(void)
{
    static const int64_t CUTS[][4] = {{1, 31, 5, 64}, {64, 128, 2, 13}, {100, 1, 1, 1}, {40, 40, 40, 40}};
    for (int i = 0; i < SHAPE_COUNT; i++) {
        size_t mark = arena_mark(c.mem);
        sequence a = make(SHAPES[i], true);
        tensor *whole = feed(&a, 0, a.s.positions);
        compare(&a, whole);
        for (size_t k = 0; k < sizeof CUTS / sizeof CUTS[0]; k++) {
            forget(&a);
            for (int64_t first = 0, n, cut = 0; first < a.s.positions; first += n, cut++) {
                n = CUTS[k][cut % 4] < a.s.positions - first ? CUTS[k][cut % 4] : a.s.positions - first;
                same_rows(whole, first, feed(&a, first, n));
            }
        }
        arena_reset(c.mem, mark);
    }
}

/* Several sequences in one pass, at different places; the pass is the same for any number of threads. */
static void check_company(void)
{
    enum { SEQUENCES = 4 };
    static const int64_t before[SEQUENCES] = {0, 65, 150, 31}, after[SEQUENCES] = {90, 1, 20, 65};
    sequence a[SEQUENCES];
    op_kv_segment segment[SEQUENCES];
    int64_t rows = 0, width = 0;
    for (int i = 0; i < SEQUENCES; i++) {
        a[i] = make((shape){before[i] + after[i], 6, 2, 48, 0}, true);
        width = a[i].q->dim[1];
        if (before[i]) feed(&a[i], 0, before[i]);
        feed(&a[i], before[i], after[i]);
        segment[i] = (op_kv_segment){before[i], after[i], a[i].chunk};
        rows += after[i];
    }
    tensor *q = op_new(&c, 2, (int64_t[]){rows, width});
    for (int64_t i = 0, row = 0; i < SEQUENCES; row += after[i++])
        memcpy(tensor_f32(q) + row * width, tensor_f32(a[i].q) + before[i] * width, (size_t)(after[i] * width) * sizeof(float));
    tensor *together = attend(&a[0], q, NULL, NULL, segment, SEQUENCES);
    for (int64_t i = 0, row = 0; i < SEQUENCES; row += after[i++]) {
        tensor own = rows_of(a[i].q, before[i], after[i]);
        same_rows(together, row, attend(&a[i], &own, NULL, NULL, &segment[i], 1));
    }
    pool *mine = c.threads;
    static const int threads[] = {1, 2, 8};
    for (int i = 0; i < 3; i++) {
        c.threads = pool_new(threads[i], &st);
        same_rows(together, 0, attend(&a[0], q, NULL, NULL, segment, SEQUENCES));
        pool_free(c.threads);
    }
    c.threads = mine;
}

/* Turning q and k where they are read gives what turning them before gives; a part of a head's elements may be turned. */
static void check_rope(void)
{
    enum { N = 75, HEADS = 4, KV = 2, D = 40, R = 24 };
    int64_t position[N];
    float rates[R / 2];
    for (int i = 0; i < N; i++) position[i] = i;
    for (int i = 0; i < R / 2; i++) rates[i] = 1 / (float)(1 << i);
    for (int interleaved = 0; interleaved < 2; interleaved++) {
        op_rope rope = {op_rope_table(&c, position, N, rates, R), interleaved};
        sequence a = make((shape){N, HEADS, KV, D, 0}, true);
        op_kv_segment s = {0, N, a.chunk};
        op_kv_store(&c, a.k, a.v, &rope, &a.layout, LAYER, &s, 1);
        tensor *turned = op_attention_cached(&c, a.q, NULL, NULL, &rope, &a.layout, LAYER, &s, 1, HEADS, 0.2f, 0);
        for (int64_t r = 0; r < N; r++)
            for (int h = 0; h < HEADS + KV; h++) {
                float *x = h < HEADS ? tensor_f32(a.q) + (r * HEADS + h) * D : tensor_f32(a.k) + (r * KV + h - HEADS) * D, before[D];
                memcpy(before, x, sizeof before);
                op_rope_turn(&rope, r, before, x, D);
                for (int i = 0; i < R / 2; i++) { /* the formula, in double */
                    int at = interleaved ? 2 * i : i, to = interleaved ? at + 1 : i + R / 2;
                    double angle = (double)((float)r * rates[i]);
                    assert_true(fabs(before[at] * cos(angle) - before[to] * sin(angle) - x[at]) < 1e-5);
                    assert_true(fabs(before[at] * sin(angle) + before[to] * cos(angle) - x[to]) < 1e-5);
                }
                assert_memory_equal(before + R, x + R, (D - R) * sizeof(float));
            }
        forget(&a);
        op_kv_store(&c, a.k, a.v, &NO_ROPE, &a.layout, LAYER, &s, 1);
        same_rows(turned, 0, op_attention_cached(&c, a.q, NULL, NULL, &NO_ROPE, &a.layout, LAYER, &s, 1, HEADS, 0.2f, 0));
    }
}

/* Numbers that are none harm their own row alone, and a key those rows that see it. */
static void check_bad_numbers(void)
{
    sequence a = make((shape){150, 2, 1, 64, 0}, true);
    tensor *whole = feed(&a, 0, 150);
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38f};
    for (int i = 0; i < 4; i++) {
        tensor q = rows_of(random_rows(150, 128, 0), 0, 150);
        memcpy(q.data, a.q->data, tensor_bytes(a.q));
        for (int e = 0; e < 128; e++) tensor_f32(&q)[70 * 128 + e] = bad[i];
        tensor *y = attend(&a, &q, NULL, NULL, &(op_kv_segment){0, 150, a.chunk}, 1), head = rows_of(y, 0, 70), tail = rows_of(y, 71, 79);
        same_rows(whole, 0, &head);
        same_rows(whole, 71, &tail);
        sequence b = a;
        b.k = random_rows(150, 64, 0);
        memcpy(b.k->data, a.k->data, tensor_bytes(a.k));
        tensor_f32(b.k)[70 * 64 + 3] = bad[i];
        forget(&b);
        head = rows_of(feed(&b, 0, 150), 0, 70);
        same_rows(whole, 0, &head);
    }
}

/* The bulk flag changes nothing where there are no tiles, nor the exact mode anywhere. */
static void check_unchanged(bool half)
{
    for (int i = 0; i < SHAPE_COUNT; i++) {
        size_t mark = arena_mark(c.mem);
        sequence a = make(SHAPES[i], half);
        c.bulk = false;
        tensor *plain = feed(&a, 0, a.s.positions);
        compare(&a, plain);
        c.bulk = true;
        same_rows(plain, 0, feed(&a, 0, a.s.positions));
        arena_reset(c.mem, mark);
    }
}

static void check_modes(void **state)
{
    (void)state;
    check_unchanged(false);
    if (!product_kernel_bulk()) check_unchanged(true);
}

static void check_plain(void **state)
{
    (void)state;
    c.bulk = false;
    check_cuts();
    check_company();
    check_rope();
}

static void check_bulk(void **state)
{
    (void)state;
    if (!product_kernel_bulk()) skip();
    c.bulk = true;
    check_cuts();
    check_company();
    check_rope();
    check_bad_numbers();
}

/* The whole of this test by the best level without tiles. */
static void check_level_without_tiles(void **state)
{
    (void)state;
    if (!product_kernel_bulk()) skip();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        setenv("AIGC_KERNEL", "avx512bf16", 1);
        execl("/proc/self/exe", "test_op_attention_cached", (char *)NULL);
        _exit(127);
    }
    int code = -1;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
}

static void check_errors(void **state)
{
    (void)state;
    sequence a = make((shape){3, 2, 1, 16, 0}, true);
    tensor q = rows_of(a.q, 0, 2);
    assert_null(op_attention_cached(&c, &q, NULL, NULL, &NO_ROPE, &a.layout, LAYER, &(op_kv_segment){0, 3, a.chunk}, 1, 2, 1, 0));
    assert_non_null(strstr(st.msg, "[3, 32] wanted"));
}

static int start(void **state)
{
    (void)state;
    st = (status){0};
    source = rng_seeded(7);
    c = (op_ctx){.mem = arena_new(&st), .threads = pool_new(3, &st), .st = &st};
    return c.mem && c.threads ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    pool_free(c.threads);
    arena_free(c.mem);
    return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {TEST(check_store), TEST(check_modes), TEST(check_plain), TEST(check_bulk), TEST(check_level_without_tiles), TEST(check_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
