/* kernel_panel: products of activations with weights kept in panels of 16 outputs.
 *
 * A panel holds 16 rows of a weight matrix [out, in] interleaved, so that one vector register holds one step of the sum
 * for 16 outputs and no sum ever runs across a register. An output's sum has one fixed order, whatever the number of
 * rows in the call or the place of the output; the f32 and the quantised products give the same bits at every level as
 * kernel_panel_c.c, the bf16 products at least for every number of rows.
 *
 * A quantised panel: for each group of 16 or 32 inputs and each output a code's scale (f16) and perhaps a minimum
 * (f16); for each 32 inputs the codes. weight = scale · (code − offset), or scale · code + minimum.
 *     [groups][16] f16 scales | [groups][16] f16 minima | to a multiple of 64 bytes |
 *     [in / 32][4][16][4] bytes: byte (j, o, i) has the code of input 4j + i in its low half, of 16 + 4j + i in its high one
 *         (8-bit codes: [in / 32][8][16][4] signed bytes, byte (g, o, i) is input 4g + i) |
 *     5-bit codes: [in / 32][8] words of 64 bits: bit 4o + i of word g is the fifth bit of input 4g + i
 *     6-bit codes: [in / 32][2][16][4] bytes: byte (v, o, i) has the upper two bits of input 16v + 4f + i at bit 2f
 * A bf16 panel: [in / 2][16][2] bf16, padded with zeros to an even number of inputs (a multiple of 32 for AMX).
 * An f32 panel: [in][16] f32. Outputs past the last are zero.
 */
#ifndef AIGC_CORE_KERNEL_PANEL_H
#define AIGC_CORE_KERNEL_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PANEL = 16,       /* outputs in a panel */
    PANEL_BLOCK = 32, /* inputs that share an activation's scale */
    PANEL_AHEAD = 16384 /* bytes: far enough that lines are there in time, wherever the last page ended */
};

typedef enum {
    PANEL_Q4,       /* 4-bit codes, offset 8 */
    PANEL_Q4_MIN,   /* 4-bit codes and minima */
    PANEL_Q4_TABLE, /* 4-bit codes that name one of 16 levels */
    PANEL_Q4_16,    /* 4-bit codes, offset 8, groups of 16 */
    PANEL_Q4_MIN16, /* 4-bit codes and minima, groups of 16 */
    PANEL_Q5,       /* 5-bit codes, offset 16 */
    PANEL_Q5_MIN,   /* 5-bit codes and minima */
    PANEL_Q6_16,    /* 6-bit codes, offset 32, groups of 16 */
    PANEL_Q8,       /* signed bytes */
    PANEL_KINDS
} panel_kind;

typedef struct {
    int bits;   /* of a code: 4, 5, 6 or 8 */
    int group;  /* inputs that share a scale: 16 or 32 */
    int offset; /* subtracted from a code */
    bool min;
    bool table;
} panel_form;

#define PANEL_FORM_Q4 {4, 32, 8, false, false}
#define PANEL_FORM_Q4_MIN {4, 32, 0, true, false}
#define PANEL_FORM_Q4_TABLE {4, 32, 0, false, true}
#define PANEL_FORM_Q4_16 {4, 16, 8, false, false}
#define PANEL_FORM_Q4_MIN16 {4, 16, 0, true, false}
#define PANEL_FORM_Q5 {5, 32, 16, false, false}
#define PANEL_FORM_Q5_MIN {5, 32, 0, true, false}
#define PANEL_FORM_Q6_16 {6, 16, 32, false, false}
#define PANEL_FORM_Q8 {8, 32, 0, false, false}

/* The 16 levels of PANEL_Q4_TABLE (IQ4_NL). */
#define PANEL_LEVELS -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113

/* Where the parts of a panel begin, in bytes, and its size, a multiple of 64. blocks = in / 32. */
static inline size_t panel_min_at(panel_form f, int64_t blocks) { return (size_t)(blocks * (PANEL_BLOCK / f.group) * PANEL * 2); }
static inline size_t panel_code_at(panel_form f, int64_t blocks)
{
    return (panel_min_at(f, blocks) * (f.min ? 2 : 1) + 63) / 64 * 64;
}
static inline size_t panel_high_at(panel_form f, int64_t blocks)
{
    return panel_code_at(f, blocks) + (size_t)blocks * PANEL * (f.bits == 8 ? 32 : 16);
}
static inline size_t panel_bytes(panel_form f, int64_t blocks)
{
    return panel_high_at(f, blocks) + (size_t)blocks * (f.bits == 5 ? 64 : f.bits == 6 ? 128 : 0);
}

/* Activations with 8 bits in blocks of 32: x = scale · code, |code| ≤ 127. Rows come in tiles of `lanes` (16, or fewer
 * where there are fewer rows); a tile has its rows side by side for each block, in the order in which kernels read them.
 * All arrays are as long as whole tiles of 16 rows; what no row fills may be read, and has no effect. */
typedef struct panel_rows {
    int64_t in;     /* a multiple of 32 */
    int64_t lanes;
    int8_t *code;   /* [tiles][in / 32][lanes][32] */
    float *scale;   /* [tiles][in / 32][lanes] */
    float *sum;     /* alike: scale · Σ code */
    int32_t *minus; /* alike, two each: −Σ code of each half block */
} panel_rows;

/* Where a block of a row lies, in blocks. */
static inline int64_t panel_row_at(const panel_rows *q, int64_t row, int64_t block)
{
    return (row / q->lanes * (q->in / PANEL_BLOCK) + block) * q->lanes + row % q->lanes;
}

/* Products of many rows, where the CPU does them faster with weights widened for all rows than by codes. */
typedef struct {
    /* y[r][o] = Σ_k x[r][k] w[k][o] for 0 ≤ r < rows, 0 ≤ o < out. x: bf16, [rows, in], in a multiple of 32. w is unit · the
     * weight, rounded to bf16; products and sums are f32, in the order of the tiles, which depends on `in` alone. */
    void (*product[PANEL_KINDS])(float *y, int64_t ldy, const uint16_t *x, int64_t in, int64_t rows, const uint8_t *panels,
                                 int64_t out, float unit);
} panel_bulk_kernels;

typedef struct panel_kernels {
    /* y[r][o] = Σ_k x[r][k] w[k][o] for 0 ≤ r < rows, 0 ≤ o < out, in ascending k, each step one fused multiply-add.
     * more: the sum goes on from what y holds. Panels lie one after another, the last one padded. ldx and ldy: floats from
     * one row to the next. */
    void (*f32)(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const float *panels, int64_t in,
                int64_t out, bool more);

    /* The same numbers from panels in f16, [in][16], which are widened as they are read. ahead: as many bytes as are read here,
     * which this thread reads next: they are asked for meanwhile. Any address will do; panels itself asks for nothing new. */
    void (*f16)(float *y, int64_t ldy, const float *x, int64_t ldx, int64_t rows, const uint16_t *panels, const uint16_t *ahead,
                int64_t in, int64_t out, bool more);

    /* Blocks block … block + blocks − 1 of row `row` of q from x: scale = max |x| / 127, code = x / scale rounded to nearest, ties to even. A row's block with a
     * NaN or an infinity gets a NaN for its scale, one whose values all lie below 1e-30 becomes zero. */
    void (*quantize)(const panel_rows *q, int64_t row, int64_t block, int64_t blocks, const float *x);

    /* A panel of 4- or 8-bit codes from 16 rows of `blocks` blocks of block_bytes each, as files have them: an f16 scale, an
     * f16 minimum if the form has one, then the codes, those of 4 bits two to a byte as in the panel. 16 · row_bytes < 2³¹.
     * NULL: this level has nothing faster than plain C. */
    void (*interleave)(panel_form f, uint8_t *panel, const uint8_t *rows, int64_t row_bytes, int64_t block_bytes, int64_t blocks);

    /* y[r][o] = unit · Σ_block (scale_w scale_x Σ_k (code_w − offset) code_x + minimum_w sum_x) for the rows first ≤ r <
     * first + rows of x, 0 ≤ o < out; y begins at row `first`. The inner sum is an exact integer; the outer one goes
     * in ascending blocks (groups), each a fused multiply-add with the rounded scale_w · scale_x, then one with the minimum.
     * next: what this thread reads after the panels, NULL where that follows in memory. A product of few rows takes as long as
     * its weights take to come; so it asks for them up to PANEL_AHEAD bytes before they are used, across the panels' end. */
    void (*quantized[PANEL_KINDS])(float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,
                                   const uint8_t *panels, const void *next, int64_t out, float unit);

    const panel_bulk_kernels *bulk; /* NULL: many rows have no faster way */
} panel_kernels;

extern const panel_kernels panel_kernels_c;
#if defined(__x86_64__)
extern const panel_kernels panel_kernels_avx2;
extern const panel_kernels panel_kernels_avx512;
extern const panel_kernels panel_kernels_amx;
extern const panel_bulk_kernels panel_bulk_amx;
#endif

#endif
