/* kernel_panel_vnni: activations to 8 bits and quantised products by vpdpbusd, for the levels that have AVX-512 VNNI. */
#ifndef AIGC_CORE_KERNEL_PANEL_VNNI_H
#define AIGC_CORE_KERNEL_PANEL_VNNI_H

#include <math.h>

#include "core/kernel/kernel_panel_codes.h"

/* kernel_panel_avx512.c's float products, for the table of AMX. */
void panel_f32_avx512(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const float *panels, int64_t in,
                      int64_t out, bool more);
void panel_f16_avx512(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const uint16_t *panels,
                      const uint16_t *ahead, int64_t in, int64_t out, bool more);

/* ---- from a file's rows to a panel ---- */

/* A word of each of 16 rows at a time. A block begins with its scale, so that a word from there never leaves it. */
static void vnni_interleave(panel_form f, uint8_t *panel, const uint8_t *rows, int64_t row_bytes, int64_t block_bytes, int64_t blocks)
{
    const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m512i row = _mm512_mullo_epi32(lane, _mm512_set1_epi32((int32_t)row_bytes));
    const uint8_t *next = rows + PANEL * row_bytes; /* where most often the next panel's rows begin */
    uint8_t *min = panel + panel_min_at(f, blocks), *code = panel + panel_code_at(f, blocks);
    int head = f.min ? 4 : 2, words = f.bits == 8 ? 8 : 4;
    for (int64_t b = 0; b < blocks; b++, rows += block_bytes, panel += 2 * PANEL, min += 2 * PANEL) {
        for (int64_t i = 0; i < PANEL * block_bytes; i += 64) _mm_prefetch((const char *)next + b * PANEL * block_bytes + i, _MM_HINT_T0);
        __m512i first = _mm512_i32gather_epi32(row, rows, 1);
        _mm256_storeu_si256((__m256i *)panel, _mm512_cvtepi32_epi16(first));
        if (f.min) _mm256_storeu_si256((__m256i *)min, _mm512_cvtepi32_epi16(_mm512_srli_epi32(first, 16)));
        for (int w = 0; w < words; w++, code += 64) _mm512_storeu_si512(code, _mm512_i32gather_epi32(row, rows + head + 4 * w, 1));
    }
}

/* ---- activations to 8 bits ---- */

static void vnni_quantize(const panel_rows *q, int64_t row, int64_t block, int64_t blocks, const float *x)
{
    const __m512i size_mask = _mm512_set1_epi32(0x7FFFFFFF);
    for (int64_t b = block; b < block + blocks; b++, x += PANEL_BLOCK) {
        __m512 low = _mm512_loadu_ps(x), high = _mm512_loadu_ps(x + 16);
        /* as integers the bits of |x| are ordered like |x|, and infinities and NaNs are the largest */
        int32_t most_bits = _mm512_reduce_max_epi32(_mm512_max_epi32(_mm512_and_si512(_mm512_castps_si512(low), size_mask),
                                                                     _mm512_and_si512(_mm512_castps_si512(high), size_mask)));
        float most = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(most_bits)));
        bool finite = most_bits < 0x7F800000, empty = !finite || most < 1e-30f;
        float scale = empty ? 0.0f : most / 127.0f, inverse = empty ? 0.0f : 127.0f / most;
        __m512i code[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
        if (!empty) {
            code[0] = _mm512_cvtps_epi32(_mm512_mul_ps(low, _mm512_set1_ps(inverse)));
            code[1] = _mm512_cvtps_epi32(_mm512_mul_ps(high, _mm512_set1_ps(inverse)));
        }
        int64_t at = panel_row_at(q, row, b);
        int8_t *to = q->code + at * PANEL_BLOCK;
        _mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8(code[0]));
        _mm_storeu_si128((__m128i *)(to + 16), _mm512_cvtepi32_epi8(code[1]));
        int32_t half[2] = {_mm512_reduce_add_epi32(code[0]), _mm512_reduce_add_epi32(code[1])};
        if (!finite) scale = NAN;
        q->scale[at] = scale;
        q->sum[at] = scale * (float)(half[0] + half[1]);
        q->minus[at * 2] = -half[0];
        q->minus[at * 2 + 1] = -half[1];
    }
}

/* ---- quantised products ---- */

enum { TILE_MOST = 12 }; /* rows whose sums fit the registers; a block's codes are then read again from the stack, once for all rows */

INLINE __m512i four_inputs(const int8_t *p)
{
    int32_t word;
    __builtin_memcpy(&word, p, sizeof word);
    return _mm512_set1_epi32(word);
}

/* The part of block b, which lies at `at` for the first of `rows` (a constant where this is inlined) rows of one tile. Step by
 * step for all rows, so that their sums, each a chain of its own, go on side by side; of few rows each has two chains.
 * ahead: what is asked for meanwhile, a line at a time. */
INLINE void add_block(panel_form f, int rows, const char *ahead, __m512 *y, const panel_rows *x, int64_t at, int64_t b,
                      const uint8_t *panel, int64_t blocks)
{
    __m512i code[8];
    panel_unpack_avx512(f, code, panel, blocks, b);
    int groups = PANEL_BLOCK / f.group, shift = panel_code_shift(f), steps = 8 / groups, chains = rows <= 2 && groups == 1 ? 2 : 1;
    const int8_t *four = x->code + at * PANEL_BLOCK;
    const int32_t *minus = x->minus + 2 * at;
    UNROLL for (int g = 0; g < groups; g++) {
        __m512 scale = f16_vector(panel + (b * groups + g) * PANEL * 2);
        __m512 min = f.min ? f16_vector(panel + panel_min_at(f, blocks) + (b * groups + g) * PANEL * 2) : _mm512_setzero_ps();
        __m512i sum[2][TILE_MOST];
        UNROLL for (int r = 0; r < rows; r++) {
            sum[0][r] = sum[1][r] = _mm512_setzero_si512();
            if (!shift) continue;
            int32_t raised = groups == 2 ? minus[2 * r + g] : minus[2 * r] + minus[2 * r + 1];
            sum[0][r] = _mm512_set1_epi32((int32_t)((uint32_t)raised << shift));
        }
        UNROLL for (int s = 0; s < steps; s++) {
            int step = g * steps + s, chain = chains == 2 ? s % 2 : 0;
            panel_prefetch(f, ahead, b, step);
            UNROLL for (int r = 0; r < rows; r++)
                sum[chain][r] = _mm512_dpbusd_epi32(sum[chain][r], code[step], four_inputs(four + r * PANEL_BLOCK + step * 4));
        }
        UNROLL for (int r = 0; r < rows; r++) {
            __m512i both = chains == 2 ? _mm512_add_epi32(sum[0][r], sum[1][r]) : sum[0][r];
            y[r] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(both), _mm512_mul_ps(scale, _mm512_set1_ps(x->scale[at + r])), y[r]);
            if (f.min) {
                float total = groups == 1 ? x->sum[at + r] : -x->scale[at + r] * (float)minus[2 * r + g];
                y[r] = _mm512_fmadd_ps(min, _mm512_set1_ps(total), y[r]);
            }
        }
    }
}

INLINE void vnni_tile(panel_form f, int rows, const char *ahead, float *y, int64_t ldy, const panel_rows *x, int64_t first,
                      const uint8_t *panel, int64_t out, float unit)
{
    int64_t blocks = x->in / PANEL_BLOCK, at = panel_row_at(x, first, 0);
    __m512 sum[TILE_MOST];
    UNROLL for (int r = 0; r < rows; r++) sum[r] = _mm512_setzero_ps();
    for (int64_t b = 0; b < blocks; b++, at += x->lanes) add_block(f, rows, ahead, sum, x, at, b, panel, blocks);
    UNROLL for (int r = 0; r < rows; r++)
        _mm512_mask_storeu_ps(y + r * ldy, (__mmask16)(out < PANEL ? (1 << out) - 1 : 0xFFFF),
                              _mm512_mul_ps(sum[r], _mm512_set1_ps(unit)));
}

/* How many of `left` rows the next tile takes. The kinds of panels that files have most come in tiles of any size, the others in
 * few: each is a loop of its own, over which compilers take long. */
INLINE bool vnni_any_size(panel_form f) { return f.group == PANEL_BLOCK && f.bits != 5 && !f.table; }
INLINE int64_t vnni_tile_rows(panel_form f, int64_t left)
{
    if (!vnni_any_size(f)) return left >= TILE_MOST ? TILE_MOST : left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    return left <= TILE_MOST ? left : left < 2 * TILE_MOST ? (left + 1) / 2 : TILE_MOST; /* two alike */
}

/* All rows by one panel, tile after tile; none reaches beyond a tile of x. */
INLINE void vnni_panel(panel_form f, const char *ahead, float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,
                       const uint8_t *panel, int64_t out, float unit)
{
#define TILE(ROWS) case ROWS: vnni_tile(f, ROWS, ahead, y, ldy, x, first, panel, out, unit); break
#define TILE_OF_SOME(ROWS) case ROWS: if (vnni_any_size(f)) vnni_tile(f, ROWS, ahead, y, ldy, x, first, panel, out, unit); break
    for (int64_t n; rows > 0; rows -= n, first += n, y += n * ldy) {
        int64_t left = x->lanes - first % x->lanes;
        n = vnni_tile_rows(f, left < rows ? left : rows);
        switch (n) {
        TILE(1); TILE(2); TILE_OF_SOME(3); TILE(4); TILE_OF_SOME(5); TILE_OF_SOME(6); TILE_OF_SOME(7); TILE(8);
        TILE_OF_SOME(9); TILE_OF_SOME(10); TILE_OF_SOME(11); TILE(12);
        }
    }
#undef TILE
#undef TILE_OF_SOME
}

#endif
