/* kernel_panel_amx: quantised products by AMX's int8 tiles: 16 rows by one panel, a block of 32 inputs (or a group of 16) at
 * a time, because each has scales of its own. The tiles' integer sums go through memory to the vector unit, which scales
 * and adds them in the order of every other level. A tile of few rows is left to vpdpbusd, which is faster for them; one
 * that is not full is computed as if it were (what lies behind its rows is memory of the same arrays), and kept in part. */
#include <immintrin.h>

#include "core/kernel/kernel_panel_vnni.h"
#include "core/kernel/tiles.h"

enum {
    CHUNK = 64,  /* blocks whose codes are unpacked at a time: 32 KB */
    FEWEST = 13,  /* rows for which a tile is worth while */
};

/* Tiles 0 and 1: activations [16 rows][group]; 2 and 3: codes [group / 4][16 outputs][4]; 4 and 5: sums [16 rows][16]. */
static void configure(int group)
{
    tile_config c = {.palette = 1};
    for (int i = 0; i < 6; i++) {
        c.row_bytes[i] = (uint16_t)(i < 2 ? group : 64);
        c.rows[i] = (uint8_t)(i == 2 || i == 3 ? group / 4 : PANEL);
    }
    tiles_load(&c);
}

/* Codes of the blocks from … from + n as signed bytes less their offset. */
INLINE void unpack_chunk(panel_form f, const char *ahead, int8_t *to, const uint8_t *panel, int64_t blocks, int64_t from, int64_t n)
{
    const __m512i raised = _mm512_set1_epi8((char)(panel_code_shift(f) == 7 ? -128 : panel_code_shift(f) ? 1 << panel_code_shift(f) : 0));
    for (int64_t b = 0; b < n; b++) {
        __m512i code[8];
        UNROLL for (int step = 0; step < 8; step++) panel_prefetch(f, ahead, from + b, step);
        panel_unpack_avx512(f, code, panel, blocks, from + b);
        UNROLL for (int g = 0; g < 8; g++) _mm512_store_si512(to + b * 512 + g * 64, _mm512_sub_epi8(code[g], raised));
    }
}

/* One tile of rows by one panel over the groups of a chunk. */
typedef struct {
    int64_t lanes;            /* rows from one block of x to the next */
    const int8_t *x;          /* the tile's codes at the chunk's first block, */
    const float *scale, *sum; /* and what belongs to them */
    const int32_t *minus;
    const int8_t *code;       /* [groups][group / 4][16][4] */
    const uint8_t *weight_scale, *weight_min; /* at the chunk's first group */
    int64_t groups;
} strip;

/* The products of group g, into a tile of sums and from there to memory. Tiles are named by constants. */
#define TILES(A, B, C)                                                                                                 \
    do {                                                                                                               \
        _tile_loadd(A, s->x + g / groups * s->lanes * PANEL_BLOCK + g % groups * f.group, PANEL_BLOCK);                   \
        _tile_loadd(B, s->code + g * f.group * PANEL, 64);                                                             \
        _tile_zero(C);                                                                                                 \
        _tile_dpbssd(C, A, B);                                                                                         \
        _tile_stored(C, sums, 64);                                                                                     \
    } while (0)

INLINE void multiply(panel_form f, const strip *s, int64_t g, int odd, int32_t *sums)
{
    int groups = PANEL_BLOCK / f.group;
    if (odd) TILES(1, 3, 5);
    else TILES(0, 2, 4);
}

/* y += scale · sums + minimum · sum of the activations, for group g. */
INLINE void scale_and_add(panel_form f, __m512 *y, const strip *s, int64_t g, const int32_t *sums)
{
    int groups = PANEL_BLOCK / f.group;
    int64_t b = g / groups * s->lanes;
    __m512 scale = f16_vector(s->weight_scale + g * PANEL * 2);
    __m512 min = f.min ? f16_vector(s->weight_min + g * PANEL * 2) : _mm512_setzero_ps();
    UNROLL for (int r = 0; r < PANEL; r++) {
        __m512 sum = _mm512_cvtepi32_ps(_mm512_load_si512(sums + r * PANEL));
        y[r] = _mm512_fmadd_ps(sum, _mm512_mul_ps(scale, _mm512_set1_ps(s->scale[b + r])), y[r]);
        if (!f.min) continue;
        float total = groups == 1 ? s->sum[b + r] : -s->scale[b + r] * (float)s->minus[2 * (b + r) + g % 2];
        y[r] = _mm512_fmadd_ps(min, _mm512_set1_ps(total), y[r]);
    }
}

/* The tiles run one group ahead of the vectors. */
INLINE void run_strip(panel_form f, __m512 *y, const strip *s)
{
    _Alignas(64) int32_t even[PANEL * PANEL], odd[PANEL * PANEL];
    multiply(f, s, 0, 0, even);
    for (int64_t g = 0; g < s->groups; g += 2) {
        if (g + 1 < s->groups) multiply(f, s, g + 1, 1, odd);
        scale_and_add(f, y, s, g, even);
        if (g + 1 == s->groups) break;
        if (g + 2 < s->groups) multiply(f, s, g + 2, 0, even);
        scale_and_add(f, y, s, g + 1, odd);
    }
}

/* Rows first … first + count of one tile by one panel's chunk. */
INLINE void run_tile(panel_form f, float *y, int64_t ldy, strip *s, int64_t count, __mmask16 columns, bool begun, float unit)
{
    __m512 sum[PANEL];
    UNROLL for (int r = 0; r < PANEL; r++)
        sum[r] = begun && r < count ? _mm512_maskz_loadu_ps(columns, y + r * ldy) : _mm512_setzero_ps();
    run_strip(f, sum, s);
    UNROLL for (int r = 0; r < PANEL; r++)
        if (r < count) _mm512_mask_storeu_ps(y + r * ldy, columns, _mm512_mul_ps(sum[r], _mm512_set1_ps(unit)));
}

/* Rows that begin with a tile of x by one panel. Between chunks the sums wait in y, where the columns past `out` are not
 * kept nor needed. */
INLINE void amx_panel(panel_form f, const char *ahead, float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,
                      const uint8_t *panel, int64_t out, float unit)
{
    _Alignas(64) int8_t code[CHUNK * 512];
    int64_t blocks = x->in / PANEL_BLOCK;
    int groups = PANEL_BLOCK / f.group;
    __mmask16 columns = (__mmask16)(out < PANEL ? (1 << out) - 1 : 0xFFFF);
    for (int64_t from = 0; from < blocks; from += CHUNK) {
        int64_t n = blocks - from < CHUNK ? blocks - from : CHUNK;
        float last_unit = from + n == blocks ? unit : 1.0f;
        strip s = {.groups = n * groups, .code = code, .lanes = x->lanes};
        s.weight_scale = panel + from * groups * PANEL * 2;
        s.weight_min = s.weight_scale + panel_min_at(f, blocks);
        if (f.bits == 8) s.code = (const int8_t *)panel + panel_code_at(f, blocks) + from * 512;
        else unpack_chunk(f, ahead, code, panel, blocks, from, n);
        for (int64_t r = 0; r < rows; r += PANEL) {
            int64_t at = panel_row_at(x, first + r, from), left = rows - r < PANEL ? rows - r : PANEL;
            s.x = x->code + at * PANEL_BLOCK;
            s.scale = x->scale + at, s.sum = x->sum + at, s.minus = x->minus + 2 * at;
            run_tile(f, y + r * ldy, ldy, &s, left, columns, from > 0, last_unit);
        }
    }
}

INLINE void product(panel_kind kind, panel_form f, float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,
                    const uint8_t *panels, const void *next, int64_t out, float unit)
{
    size_t size = panel_bytes(f, x->in / PANEL_BLOCK);
    int64_t last = rows % PANEL, by_tiles = last < FEWEST ? rows - last : rows;
    if (first % x->lanes || (x->lanes < PANEL && rows > x->lanes)) by_tiles = 0;
    if (by_tiles < rows)
        panel_kernels_avx512.quantized[kind](y + by_tiles * ldy, ldy, x, first + by_tiles, rows - by_tiles, panels, next, out, unit);
    if (!by_tiles) return;
    const panel_ahead ahead = panel_ahead_of(f, panels, next, x->in / PANEL_BLOCK, out);
    configure(f.group);
    for (; out > 0; out -= PANEL, y += PANEL, panels += size) amx_panel(f, panel_ahead_at(&ahead, panels), y, ldy, x, first, by_tiles, panels, out, unit);
    tiles_end();
}

PANEL_PRODUCTS(product)

const panel_kernels panel_kernels_amx = {
    .f32 = panel_f32_avx512,
    .f16 = panel_f16_avx512,
    .interleave = vnni_interleave,
    .quantize = vnni_quantize,
    .quantized = PANEL_PRODUCT_TABLE,
    .bulk = &panel_bulk_amx,
};
