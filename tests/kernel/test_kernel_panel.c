/* Products with panels: every level gives the bits of plain C, for any number of rows and outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/half.h"
#include "core/kernel/kernel.h"
#include "core/rng.h"

enum { MAX_ROWS = 48, MAX_IN = 70, MAX_OUT = 150, GUARD = 16 };

/* The float products, of panels in f32 and in f16. */
static void check_floats(void **state)
{
    const kernel_table *tested = kernel_find(*state), *truth = kernel_find("c");
    if (!tested) skip();
    enum { WEIGHTS = (MAX_OUT + PANEL) * MAX_IN };
    static float x[MAX_ROWS * MAX_IN], w[WEIGHTS], want[MAX_ROWS * MAX_OUT + GUARD], got[MAX_ROWS * MAX_OUT + GUARD];
    static uint16_t narrow[WEIGHTS];
    rng r = rng_seeded(1);
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) x[i] = (float)rng_normal(&r);
    for (size_t i = 0; i < WEIGHTS; i++) w[i] = (float)rng_normal(&r), narrow[i] = half_to_f16(w[i]);
    x[7] = INFINITY, x[MAX_IN + 3] = NAN;
    const uint16_t *anywhere = (const uint16_t *)(UINTPTR_MAX / 3 & ~(uintptr_t)1); /* is only ever prefetched */
    static const int64_t outs[] = {1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 127, 128, 129, 150};
    for (int64_t rows = 1; rows <= MAX_ROWS; rows++)
        for (size_t o = 0; o < sizeof outs / sizeof outs[0]; o++)
            for (int64_t in = 1; in <= MAX_IN; in += 23)
                for (int way = 0; way < 4; way++) {
                    bool more = way % 2, half = way / 2;
                    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) want[i] = got[i] = (float)i;
                    if (half) truth->panel->f16(want, MAX_OUT, x, MAX_IN, rows, narrow, narrow, in, outs[o], more);
                    else truth->panel->f32(want, MAX_OUT, x, MAX_IN, rows, w, in, outs[o], more);
                    if (half) tested->panel->f16(got, MAX_OUT, x, MAX_IN, rows, narrow, rows % 2 ? narrow : anywhere, in, outs[o], more);
                    else tested->panel->f32(got, MAX_OUT, x, MAX_IN, rows, w, in, outs[o], more);
                    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) /* a NaN's sign is nobody's promise */
                        if (memcmp(&want[i], &got[i], sizeof(float)) != 0 && !(isnan(want[i]) && isnan(got[i])))
                            fail_msg("%s %s, %d rows, %d -> %d, place %zu: %.9g wanted, %.9g found", tested->name, half ? "f16" : "f32",
                                     (int)rows, (int)in, (int)outs[o], i, (double)want[i], (double)got[i]);
                }
}

/* ---- quantised ---- */

static const panel_form form_of_kind[PANEL_KINDS] = {PANEL_FORM_Q4, PANEL_FORM_Q4_MIN, PANEL_FORM_Q4_TABLE, PANEL_FORM_Q4_16,
    PANEL_FORM_Q4_MIN16, PANEL_FORM_Q5, PANEL_FORM_Q5_MIN, PANEL_FORM_Q6_16, PANEL_FORM_Q8};

/* Three panels of random bytes, with scales of ordinary size. */
static uint8_t *random_panels(panel_form f, int64_t blocks, rng *r)
{
    size_t size = panel_bytes(f, blocks), panels = 3;
    uint8_t *weight = aligned_alloc(64, panels * size);
    for (size_t i = 0; i < panels * size; i++) weight[i] = (uint8_t)rng_next(r);
    for (size_t p = 0; p < panels; p++)
        for (size_t i = 1; i < panel_code_at(f, blocks); i += 2) weight[p * size + i] = (uint8_t)((weight[p * size + i] & 0x83) | 0x24);
    return weight;
}

enum { MAX_BLOCKS = 70 }; /* more than the 64 that AMX unpacks at a time */

static size_t blocks_of(const panel_rows *q) { return (size_t)(MAX_ROWS * q->in / PANEL_BLOCK); } /* 48 rows are whole tiles of 1, 12 and 16 */

static void check_rows(const kernel_table *tested, const panel_rows *a, const panel_rows *b)
{
    for (size_t i = 0; i < blocks_of(a); i++) {
        bool nan = isnan(a->scale[i]) && isnan(b->scale[i]) && isnan(a->sum[i]) && isnan(b->sum[i]);
        if (!nan && (a->scale[i] != b->scale[i] || a->sum[i] != b->sum[i])) fail_msg("%s: block %zu: scales or sums differ", tested->name, i);
    }
    assert_memory_equal(a->code, b->code, blocks_of(a) * 32);
    assert_memory_equal(a->minus, b->minus, blocks_of(a) * 2 * sizeof(int32_t));
}

static panel_rows new_rows(int64_t in, int64_t lanes)
{
    panel_rows q = {.in = in, .lanes = lanes};
    q.code = calloc(blocks_of(&q), 32);
    q.scale = calloc(blocks_of(&q), sizeof(float));
    q.sum = calloc(blocks_of(&q), sizeof(float));
    q.minus = calloc(blocks_of(&q), 2 * sizeof(int32_t));
    return q;
}

static void free_rows(panel_rows *q) { free(q->code), free(q->scale), free(q->sum), free(q->minus); }

static void check_quantized(void **state)
{
    const kernel_table *tested = kernel_find(*state), *truth = kernel_find("c");
    if (!tested) skip();
    static float x[MAX_ROWS * MAX_BLOCKS * 32], want[MAX_ROWS * MAX_OUT + GUARD], got[MAX_ROWS * MAX_OUT + GUARD];
    rng r = rng_seeded(2);
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) x[i] = (float)rng_normal(&r);
    for (int i = 0; i < 32; i++) x[32 + i] = 0, x[64 + i] = 1e-31f, x[96 + i] = 3e38f * (i % 2 ? 1.0f : -1.0f);
    static const int64_t block_counts[] = {1, 5, 8, MAX_BLOCKS};
    for (int n = 0; n < 4; n++) {
        int64_t blocks = block_counts[n];
        int64_t lanes = blocks == 1 ? 1 : blocks == 5 ? 12 : 16;
        panel_rows a = new_rows(blocks * 32, lanes), b = new_rows(blocks * 32, lanes);
        for (int64_t i = 0; i < MAX_ROWS; i++) {
            int64_t first = i % (a.in / PANEL_BLOCK); /* a row in two pieces */
            truth->panel->quantize(&a, i, 0, a.in / PANEL_BLOCK, x + i * a.in);
            tested->panel->quantize(&b, i, 0, first, x + i * a.in);
            tested->panel->quantize(&b, i, first, a.in / PANEL_BLOCK - first, x + i * a.in + first * PANEL_BLOCK);
        }
        check_rows(tested, &a, &b);
        for (int kind = 0; kind < PANEL_KINDS; kind++) {
            size_t size = panel_bytes(form_of_kind[kind], blocks);
            uint8_t *weight = random_panels(form_of_kind[kind], blocks, &r);
            if (kind == PANEL_Q8) memset(weight + panel_code_at(form_of_kind[kind], blocks), 0x80, 700 % (size / 2)); /* −128 */
            truth->panel->quantized[kind](want, MAX_OUT, &a, 0, MAX_ROWS, weight, NULL, 48, 0.5f);
            for (int64_t rows = 1; rows <= MAX_ROWS; rows++)
                for (int64_t out = rows % 3 + 1; out <= 48; out += 15) {
                    for (size_t i = 0; i < sizeof got / sizeof got[0]; i++) got[i] = (float)i;
                    int64_t first = rows % 2 ? MAX_ROWS - rows : 0;
                    const void *next = out % 2 ? NULL : (const void *)(UINTPTR_MAX / 3); /* is only ever prefetched */
                    tested->panel->quantized[kind](got, MAX_OUT, &b, first, rows, weight, next, out, 0.5f);
                    for (int64_t i = 0; i < MAX_ROWS * MAX_OUT + GUARD; i++) {
                        bool inside = i / MAX_OUT < rows && i % MAX_OUT < out;
                        float right = inside ? want[first * MAX_OUT + i] : (float)i;
                        if (memcmp(&right, &got[i], sizeof(float)) != 0 && !(isnan(right) && isnan(got[i])))
                            fail_msg("%s kind %d, %d rows, %d blocks, %d outputs, place %d: %.9g wanted, %.9g found", tested->name, kind,
                                     (int)rows, (int)blocks, (int)out, (int)i, (double)right, (double)got[i]);
                    }
                }
            free(weight);
        }
        free_rows(&a), free_rows(&b);
    }
}

static void check_quantize_special(void **state)
{
    const kernel_table *tested = kernel_find(*state), *truth = kernel_find("c");
    if (!tested) skip();
    static const float special[] = {NAN, -NAN, INFINITY, -INFINITY, 1e-40f, 0.0f, -0.0f, 3.4e38f, 0.5f, 1.0f, 126.5f / 127.0f, 9.9e-31f, 1e-30f};
    panel_rows a = new_rows(32, 1), b = new_rows(32, 1);
    for (size_t s = 0; s < sizeof special / sizeof special[0]; s++)
        for (int place = 0; place < 32; place += 5)
            for (int fill = 0; fill < 3; fill++) {
                float x[32];
                for (int i = 0; i < 32; i++) x[i] = fill == 0 ? 0.0f : fill == 1 ? 1.0f : -0.004f * (float)i;
                x[place] = special[s];
                truth->panel->quantize(&a, 0, 0, 1, x), tested->panel->quantize(&b, 0, 0, 1, x);
                check_rows(tested, &a, &b);
                for (int i = 0; i < 32; i++) assert_in_range(a.code[i] + 127, 0, 254);
            }
    free_rows(&a), free_rows(&b);
}

/* The weights that a panel's codes stand for, [in], for one output. */
static void weights_of(panel_form f, const uint8_t *panel, int64_t blocks, int64_t lane, double *w)
{
    static const int8_t level[16] = {PANEL_LEVELS};
    const uint8_t *code = panel + panel_code_at(f, blocks), *high = panel + panel_high_at(f, blocks);
    for (int64_t k = 0; k < 32 * blocks; k++) {
        int64_t b = k / 32, g = k % 32 / 4, byte = 4 * lane + k % 4, at = (k / f.group * PANEL + lane) * 2;
        int value = f.bits == 8 ? (int8_t)code[b * 512 + g * 64 + byte] : code[b * 256 + g % 4 * 64 + byte] >> g / 4 * 4 & 15;
        if (f.table) value = level[value];
        if (f.bits == 5) value |= (high[b * 64 + g * 8 + byte / 8] >> byte % 8 & 1) << 4;
        if (f.bits == 6) value |= (high[b * 128 + g / 4 * 64 + byte] >> g % 4 * 2 & 3) << 4;
        uint16_t scale, min = 0;
        memcpy(&scale, panel + at, 2);
        if (f.min) memcpy(&min, panel + panel_min_at(f, blocks) + (size_t)at, 2);
        w[k] = (double)half_from_f16(scale) * (value - f.offset) + (double)half_from_f16(min);
    }
}

/* Bulk products: each term is off by two roundings to 8 bits, and a row's bits depend on nothing but the row. */
static void check_bulk(void **state)
{
    const kernel_table *tested = kernel_find(*state);
    if (!tested || !tested->panel->bulk) skip();
    const panel_bulk_kernels *bulk = tested->panel->bulk;
    static float x[MAX_ROWS * MAX_BLOCKS * 32], all[MAX_ROWS * MAX_OUT + GUARD], got[MAX_ROWS * MAX_OUT + GUARD];
    static double w[MAX_BLOCKS * 32];
    rng r = rng_seeded(4);
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) x[i] = (float)rng_normal(&r);
    static const int64_t block_counts[] = {1, 10, 11, MAX_BLOCKS};
    for (int n = 0; n < 4; n++)
        for (int kind = 0; kind < PANEL_KINDS; kind++) {
            int64_t blocks = block_counts[n];
            panel_form f = form_of_kind[kind];
            int64_t in = blocks * 32;
            uint16_t *narrowed = malloc((size_t)(MAX_ROWS * in) * 2); /* no more than is needed: what is read beyond, asan sees */
            for (int64_t i = 0; i < MAX_ROWS * in; i++) narrowed[i] = half_to_bf16(x[i]);
            size_t size = panel_bytes(f, blocks);
            uint8_t *weight = random_panels(f, blocks, &r);
            bulk->product[kind](all, MAX_OUT, narrowed, in, MAX_ROWS, weight, 48, 0.5f);
            for (int64_t o = 0; o < 48; o++) {
                weights_of(f, weight + (size_t)(o / PANEL) * size, blocks, o % PANEL, w);
                for (int64_t row = 0; row < MAX_ROWS; row++) {
                    double want = 0, most = 0, squares = 0;
                    for (int64_t k = 0; k < in; k++) {
                        double term = 0.5 * w[k] * (double)x[row * in + k];
                        want += term, squares += term * term;
                        most = fmax(most, fabs(term));
                    }
                    /* a term's two errors are at most 2⁻⁸ of it, and as often up as down */
                    if (!(fabs((double)all[row * MAX_OUT + o] - want) <= (4 * sqrt(squares) + most) / 256))
                        fail_msg("%s kind %d, %d blocks, row %d, output %d: %.9g wanted, %.9g found", tested->name, kind, (int)blocks, (int)row,
                                 (int)o, want, (double)all[row * MAX_OUT + o]);
                }
            }
            for (int64_t rows = 1; rows <= MAX_ROWS; rows++)
                for (int64_t out = rows % 3 + 1; out <= 48; out += 15) {
                    for (size_t i = 0; i < sizeof got / sizeof got[0]; i++) got[i] = (float)i;
                    int64_t first = rows % 2 ? MAX_ROWS - rows : 0;
                    bulk->product[kind](got, MAX_OUT, narrowed + first * in, in, rows, weight, out, 0.5f);
                    for (int64_t i = 0; i < MAX_ROWS * MAX_OUT + GUARD; i++) {
                        bool inside = i / MAX_OUT < rows && i % MAX_OUT < out;
                        float right = inside ? all[first * MAX_OUT + i] : (float)i;
                        if (memcmp(&right, &got[i], sizeof(float)) != 0)
                            fail_msg("%s kind %d, %d rows, %d blocks, %d outputs, place %d: %.9g wanted, %.9g found", tested->name, kind,
                                     (int)rows, (int)blocks, (int)out, (int)i, (double)right, (double)got[i]);
                    }
                }
            free(weight), free(narrowed);
        }
}

/* Rows of blocks as files have them come out as the panel's description says, at any alignment, and no byte more is written. */
static void check_interleave(void **state)
{
    const kernel_table *tested = kernel_find(*state);
    if (!tested) skip();
    static const panel_form forms[] = {PANEL_FORM_Q4, PANEL_FORM_Q4_MIN, PANEL_FORM_Q8};
    static const int64_t block_counts[] = {1, 3, 18};
    for (size_t i = 0; i < 9; i++) {
        panel_form f = forms[i / 3];
        int64_t blocks = block_counts[i % 3], head = f.min ? 4 : 2, block_bytes = head + (f.bits == 8 ? 32 : 16), row_bytes = blocks * block_bytes + 6;
        size_t size = panel_bytes(f, blocks), rows_size = (size_t)(PANEL * row_bytes - 6);
        uint8_t *rows = malloc(rows_size), *got = malloc(size + 1), *want = calloc(size, 1);
        rng r = rng_seeded(i);
        for (size_t k = 0; k < rows_size; k++) rows[k] = (uint8_t)rng_next(&r);
        for (int64_t o = 0; o < PANEL; o++)
            for (int64_t b = 0; b < blocks; b++) {
                const uint8_t *from = rows + o * row_bytes + b * block_bytes;
                memcpy(want + (b * PANEL + o) * 2, from, 2);
                if (f.min) memcpy(want + panel_min_at(f, blocks) + (size_t)(b * PANEL + o) * 2, from + 2, 2);
                for (int64_t k = 0; k < block_bytes - head; k++)
                    want[panel_code_at(f, blocks) + (size_t)(b * PANEL * (block_bytes - head) + k / 4 * 64 + o * 4 + k % 4)] = from[head + k];
            }
        memset(got, 0, size), got[size] = 77;
        tested->panel->interleave(f, got, rows, row_bytes, block_bytes, blocks);
        assert_memory_equal(got, want, size);
        assert_int_equal(got[size], 77);
        free(rows), free(got), free(want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(check_floats, "avx2"),
        cmocka_unit_test_prestate(check_quantize_special, "avx2"),
        cmocka_unit_test_prestate(check_quantized, "avx2"),
        cmocka_unit_test_prestate(check_floats, "avx512"),
        cmocka_unit_test_prestate(check_quantize_special, "avx512"),
        cmocka_unit_test_prestate(check_quantized, "avx512"),
        cmocka_unit_test_prestate(check_interleave, "avx512"),
        cmocka_unit_test_prestate(check_floats, "amx"),
        cmocka_unit_test_prestate(check_quantized, "amx"),
        cmocka_unit_test_prestate(check_bulk, "amx"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
