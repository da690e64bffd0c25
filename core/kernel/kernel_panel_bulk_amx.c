/* kernel_panel_bulk_amx: many rows by quantised panels, as bf16 by AMX tiles. The weights of two panels are widened to bf16 once
 * for all rows, their scales and minima included, so that nothing stands between the tiles' products: the sums stay in
 * tiles over a whole slice of the inputs. Two strips of 16 rows by two panels take four tiles of sums, two of rows and two
 * of weights. */
#include "core/kernel/kernel_panel_codes.h"
#include "core/kernel/tiles.h"

enum {
    SLICE = 10, /* most blocks of weights at a time: with the rows' own, about what the first cache holds */
    STRIP = 16, /* rows of a tile */
    TILE = PANEL_BLOCK * PANEL, /* elements of a tile of weights */
};

/* ---- weights ---- */

/* Two inputs of 16 outputs as bf16 side by side, rounded to nearest. */
INLINE __m512i pair(__m512 even, __m512 odd)
{
    const __m512i half = _mm512_set1_epi32(0x8000);
    __m512i low = _mm512_srli_epi32(_mm512_add_epi32(_mm512_castps_si512(even), half), 16);
    return _mm512_mask_blend_epi16(0xAAAAAAAA, low, _mm512_add_epi32(_mm512_castps_si512(odd), half));
}

/* Byte i of each word as 2¹⁵ + byte: its bits set into the middle of that number's mantissa. */
INLINE __m512 raised_byte(__m512i word, int i)
{
    __m512i at = i == 0 ? _mm512_slli_epi32(word, 8) : i == 1 ? word : _mm512_srli_epi32(word, (unsigned)(8 * (i - 1)));
    return _mm512_castsi512_ps(_mm512_ternarylogic_epi32(at, _mm512_set1_epi32(0xFF00), _mm512_set1_epi32(0x47000000), 0xEA));
}

/* Block b of a panel as a tile of weights, [16 pairs of inputs][16 outputs][2]. */
INLINE void widen_block(panel_form f, uint16_t *to, const uint8_t *panel, int64_t blocks, int64_t b, float unit)
{
    __m512i code[8];
    panel_unpack_avx512(f, code, panel, blocks, b);
    int groups = PANEL_BLOCK / f.group, shift = panel_code_shift(f);
    float raised = -32768.0f - (shift ? (float)(1 << shift) : 0);
    __m512 scale = _mm512_setzero_ps(), least = scale;
    UNROLL for (int g = 0; g < 8; g++) {
        if (g % (8 / groups) == 0) {
            int64_t at = (b * groups + g / (8 / groups)) * PANEL * 2;
            scale = _mm512_mul_ps(f16_vector(panel + at), _mm512_set1_ps(unit));
            least = _mm512_mul_ps(scale, _mm512_set1_ps(raised));
            if (f.min) least = _mm512_fmadd_ps(f16_vector(panel + panel_min_at(f, blocks) + at), _mm512_set1_ps(unit), least);
        }
        __m512 w[4];
        UNROLL for (int i = 0; i < 4; i++) w[i] = _mm512_fmadd_ps(raised_byte(code[g], i), scale, least);
        _mm512_store_si512(to + g * 64, pair(w[0], w[1]));
        _mm512_store_si512(to + g * 64 + 32, pair(w[2], w[3]));
    }
}

/* ---- products ---- */

/* A slice of the inputs for one or two strips of rows by one or two panels. */
typedef struct {
    const uint16_t *x;      /* the first row at the slice's first input */
    int64_t in;             /* from one row to the next */
    const uint16_t *weight; /* [blocks][panels] tiles */
    int64_t blocks;
    float *sum;             /* [rows][16 · panels] */
    int64_t ldy;
    bool more;              /* to what sum holds */
} slice;

INLINE void multiply(int strips, int panels, const slice *s)
{
    int64_t step = s->ldy * 4, row_bytes = s->in * 2;
    float *below = s->sum + STRIP * s->ldy;
    if (s->more) {
        _tile_loadd(0, s->sum, step);
        if (panels == 2) _tile_loadd(1, s->sum + PANEL, step);
        if (strips == 2) _tile_loadd(2, below, step);
        if (strips == 2 && panels == 2) _tile_loadd(3, below + PANEL, step);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    const uint16_t *x = s->x, *w = s->weight;
    for (int64_t b = 0; b < s->blocks; b++, x += PANEL_BLOCK, w += panels * TILE) {
        _tile_loadd(6, w, 64);
        _tile_loadd(4, x, row_bytes);
        if (panels == 2) _tile_loadd(7, w + TILE, 64);
        if (strips == 2) _tile_loadd(5, x + STRIP * s->in, row_bytes);
        _tile_dpbf16ps(0, 4, 6);
        if (panels == 2) _tile_dpbf16ps(1, 4, 7);
        if (strips == 2) _tile_dpbf16ps(2, 5, 6);
        if (strips == 2 && panels == 2) _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, s->sum, step);
    if (panels == 2) _tile_stored(1, s->sum + PANEL, step);
    if (strips == 2) _tile_stored(2, below, step);
    if (strips == 2 && panels == 2) _tile_stored(3, below + PANEL, step);
}

/* The last outputs, which do not fill their panel: the sums go by a place that has room for all. */
INLINE void multiply_part(int strips, int panels, slice s, int64_t rows, int64_t out)
{
    _Alignas(64) float room[2 * STRIP * 2 * PANEL];
    float *y = s.sum;
    int64_t ldy = s.ldy;
    for (int64_t r = 0; s.more && r < rows; r++) __builtin_memcpy(room + r * 2 * PANEL, y + r * ldy, (size_t)out * sizeof(float));
    s.sum = room, s.ldy = 2 * PANEL;
    multiply(strips, panels, &s);
    for (int64_t r = 0; r < rows; r++) __builtin_memcpy(y + r * ldy, room + r * 2 * PANEL, (size_t)out * sizeof(float));
}

/* Tiles 0 to 3 are sums, 4 and 5 rows, 6 and 7 weights; the last strip of a call may have fewer than 16 rows. */
static void configure(int64_t rows)
{
    int64_t last = rows % (2 * STRIP);
    tiles_begin_rows(last > STRIP || !last ? STRIP : (int)last, last > STRIP ? (int)(last - STRIP) : STRIP);
}

INLINE void multiply_rows(int panels, slice s, int64_t rows, int64_t out)
{
    bool part = out < panels * PANEL;
    int64_t r = 0;
    for (; rows - r >= 2 * STRIP; r += 2 * STRIP, s.x += 2 * STRIP * s.in, s.sum += 2 * STRIP * s.ldy)
        if (part) multiply_part(2, panels, s, 2 * STRIP, out);
        else multiply(2, panels, &s);
    if (r == rows) return;
    configure(rows);
    bool two = rows - r > STRIP;
    if (two && part) multiply_part(2, panels, s, rows - r, out);
    else if (two) multiply(2, panels, &s);
    else if (part) multiply_part(1, panels, s, rows - r, out);
    else multiply(1, panels, &s);
    tiles_begin();
}

/* One or two panels: the slices in order, so that a sum's order depends on the weight's shape alone. */
INLINE void run_panels(panel_form f, int panels, float *y, int64_t ldy, const uint16_t *x, int64_t in, int64_t rows,
                       const uint8_t *panel, int64_t out, float unit)
{
    _Alignas(64) uint16_t weight[SLICE * 2 * TILE];
    int64_t blocks = in / PANEL_BLOCK, slices = (blocks + SLICE - 1) / SLICE, size = (blocks + slices - 1) / slices;
    size_t next = panel_bytes(f, blocks);
    for (int64_t from = 0; from < blocks; from += size) {
        int64_t n = blocks - from < size ? blocks - from : size;
        for (int64_t b = 0; b < n; b++) {
            widen_block(f, weight + b * panels * TILE, panel, blocks, from + b, unit);
            if (panels == 2) widen_block(f, weight + (2 * b + 1) * TILE, panel + next, blocks, from + b, unit);
        }
        multiply_rows(panels, (slice){x + from * PANEL_BLOCK, in, weight, n, y, ldy, from > 0}, rows, out);
    }
}

INLINE void product(panel_form f, float *y, int64_t ldy, const uint16_t *x, int64_t in, int64_t rows, const uint8_t *panels,
                    int64_t out, float unit)
{
    size_t size = panel_bytes(f, in / PANEL_BLOCK);
    tiles_begin();
    for (; out > PANEL; out -= 2 * PANEL, y += 2 * PANEL, panels += 2 * size)
        run_panels(f, 2, y, ldy, x, in, rows, panels, out < 2 * PANEL ? out : 2 * PANEL, unit);
    if (out > 0) run_panels(f, 1, y, ldy, x, in, rows, panels, out, unit);
    tiles_end();
}

#define BULK_PRODUCT(KIND, TEMPLATE)                                                                                   \
    static void product_##KIND(float *y, int64_t ldy, const uint16_t *x, int64_t in, int64_t rows,                     \
                               const uint8_t *panels, int64_t out, float unit)                                         \
    {                                                                                                                  \
        TEMPLATE((panel_form)PANEL_FORM_##KIND, y, ldy, x, in, rows, panels, out, unit);                               \
    }
PANEL_EACH_KIND(BULK_PRODUCT, product)

const panel_bulk_kernels panel_bulk_amx = {PANEL_PRODUCT_TABLE};
