/* kernel_u8_amx: quantised products by AMX tiles: 32 rows by 32 outputs, 64 inputs at a time. Tiles 0 to 3 hold the
 * sums, 4 and 5 the rows, 6 and 7 the weights. A panel is [depth / 64][2][16 fours][16 outputs][4] bytes; rows are padded
 * with zeros to 64. */
#include <string.h>

#include "core/kernel/kernel_u8_levels.h"
#include "core/kernel/tiles.h"

enum { PANEL = 32, STEPS = 32, DEEP = 64, TILE = 1024 };

static int64_t row_bytes(int64_t depth) { return (depth + DEEP - 1) / DEEP * DEEP; }

static size_t panel_bytes(int64_t depth) { return (size_t)(row_bytes(depth) * PANEL); }

static void pack(void *to, const int8_t *w, int64_t outputs, int64_t depth, int64_t in_stride, int64_t out_stride)
{
    int8_t *p = to;
    memset(p, 0, panel_bytes(depth));
    for (int64_t i = 0; i < depth; i++)
        for (int64_t o = 0; o < outputs; o++)
            p[(i / DEEP * 2 + o / 16) * TILE + i % DEEP / 4 * 64 + o % 16 * 4 + i % 4] = w[i * in_stride + o * out_stride];
}

static void range(const float *x, int64_t n, float *low, float *high) { kernel_u8_avx512.range(x, n, low, high); }

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero)
{
    kernel_u8_avx512.quantize(row, x, depth, scale, zero);
    memset((char *)row + depth, 0, (size_t)(row_bytes(depth) - depth));
}

static void strip(const u8_strip *s)
{
    _Alignas(64) int32_t sums[STEPS][PANEL];
    const char *w = s->weights, *x = s->rows, *below = x + 16 * s->row_bytes;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t i = 0; i < s->depth; i += DEEP, w += 2 * TILE) {
        _tile_loadd(4, x + i, s->row_bytes);
        _tile_loadd(6, w, 64);
        _tile_dpbusd(0, 4, 6);
        _tile_loadd(7, w + TILE, 64);
        _tile_dpbusd(1, 4, 7);
        _tile_loadd(5, below + i, s->row_bytes);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
    }
    _tile_stored(0, &sums[0][0], PANEL * 4);
    _tile_stored(1, &sums[0][16], PANEL * 4);
    _tile_stored(2, &sums[16][0], PANEL * 4);
    _tile_stored(3, &sums[16][16], PANEL * 4);
    __m512 scale = _mm512_set1_ps(s->scale);
    for (int half = 0; half < PANEL; half += 16) {
        __m512i fix = _mm512_loadu_si512(s->correction + half);
        __m512 bias = _mm512_loadu_ps(s->bias + half);
        for (int t = 0; t < STEPS; t++) {
            __m512 v = _mm512_cvtepi32_ps(_mm512_sub_epi32(_mm512_load_si512(&sums[t][half]), fix));
            _mm512_storeu_ps(s->y + t * s->y_step + half, _mm512_add_ps(_mm512_mul_ps(v, scale), bias));
        }
    }
}

const kernel_u8 kernel_u8_amx = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, strip, tiles_begin, tiles_end};
