/* kernel_u8_amx: quantised products by AMX tiles: 32 rows by 32 outputs, 64 inputs at a time. Tiles 0 to 3 hold the
 * sums, 4 and 5 the rows, 6 and 7 the weights. A panel is [depth / 64][2][16 fours][16 outputs][4] bytes; rows are padded
 * with zeros to 64. */
#define LANES 16
#include "core/kernel/kernel_u8_quantize.h"
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

static void quantize(void *row, const float *x, int64_t depth, float scale, int32_t zero, bool gelu)
{
    quantize_row(row, x, depth, scale, zero, gelu);
    memset((char *)row + depth, 0, (size_t)(row_bytes(depth) - depth));
}

/* Starts the products of 32 rows; they go on while the caller does something else. */
static inline void start_strip(const u8_panel *p, const char *x)
{
    const char *w = p->weights, *below = x + 16 * p->row_bytes;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t i = 0; i < p->depth; i += DEEP, w += 2 * TILE) {
        _tile_loadd(4, x + i, p->row_bytes);
        _tile_loadd(6, w, 64);
        _tile_dpbusd(0, 4, 6);
        _tile_loadd(7, w + TILE, 64);
        _tile_dpbusd(1, 4, 7);
        _tile_loadd(5, below + i, p->row_bytes);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
    }
}

static inline void keep_strip(int32_t *sums)
{
    _tile_stored(0, sums, PANEL * 4);
    _tile_stored(1, sums + 16, PANEL * 4);
    _tile_stored(2, sums + 16 * PANEL, PANEL * 4);
    _tile_stored(3, sums + 16 * PANEL + 16, PANEL * 4);
}

static void multiply(const u8_panel *p)
{
    _Alignas(64) int32_t sums[2][STEPS * PANEL];
    for (int64_t t = 0, turn = 0; t < p->count; t += STEPS, turn ^= 1) {
        start_strip(p, p->rows + t * p->row_bytes);
        if (t) finish(p, sums[turn ^ 1], PANEL, t - STEPS, STEPS);
        keep_strip(sums[turn]);
        if (t + STEPS >= p->count) finish(p, sums[turn], PANEL, t, p->count - t);
    }
}

const kernel_u8 kernel_u8_amx = {PANEL, STEPS, row_bytes, panel_bytes, pack, range, quantize, multiply, tiles_begin, tiles_end};
