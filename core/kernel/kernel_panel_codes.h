/* kernel_panel_codes: unpacking a block's codes for AVX-512, and the functions of one table, one for each kind of panel. */
#ifndef AIGC_CORE_KERNEL_PANEL_CODES_H
#define AIGC_CORE_KERNEL_PANEL_CODES_H

#include <immintrin.h>

#include "core/kernel/kernel_panel.h"

#ifndef INLINE
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* The kinds of panels as functions NAME_KIND around one inlined template. */
#define PANEL_PRODUCT(KIND, TEMPLATE)                                                                                  \
    static void product_##KIND(float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,                \
                               const uint8_t *panels, const void *next, int64_t out, float unit)                       \
    {                                                                                                                  \
        TEMPLATE(PANEL_##KIND, (panel_form)PANEL_FORM_##KIND, y, ldy, x, first, rows, panels, next, out, unit);                   \
    }
#define PANEL_EACH_KIND(DO, TEMPLATE)                                                                                  \
    DO(Q4, TEMPLATE)                                                                                                   \
    DO(Q4_MIN, TEMPLATE)                                                                                               \
    DO(Q4_TABLE, TEMPLATE)                                                                                             \
    DO(Q4_16, TEMPLATE)                                                                                                \
    DO(Q4_MIN16, TEMPLATE)                                                                                             \
    DO(Q5, TEMPLATE)                                                                                                   \
    DO(Q5_MIN, TEMPLATE)                                                                                               \
    DO(Q6_16, TEMPLATE)                                                                                                \
    DO(Q8, TEMPLATE)
#define PANEL_PRODUCTS(TEMPLATE) PANEL_EACH_KIND(PANEL_PRODUCT, TEMPLATE)
#define PANEL_PRODUCT_TABLE                                                                                            \
    {product_Q4, product_Q4_MIN, product_Q4_TABLE, product_Q4_16, product_Q4_MIN16, product_Q5, product_Q5_MIN,        \
     product_Q6_16, product_Q8}

/* vpdpbusd multiplies unsigned bytes by signed ones. Codes that stand for negative weights are raised to be unsigned:
 * by 2^shift, which the sum of the activations takes back. 0: not at all. */
INLINE int panel_code_shift(panel_form f)
{
    return f.bits == 8 || f.table ? 7 : f.offset == 8 ? 3 : f.offset == 16 ? 4 : f.offset == 32 ? 5 : 0;
}

/* What is asked for while a panel is multiplied: some whole panels ahead, as many as PANEL_AHEAD holds and this call has, so that
 * the call before knew what this one reads; or as many bytes of a longer panel. */
typedef struct {
    const char *end; /* of the call's panels */
    intptr_t jump;   /* how far from there what is read next lies */
    int64_t lead;
} panel_ahead;

INLINE panel_ahead panel_ahead_of(panel_form f, const uint8_t *panels, const void *next, int64_t blocks, int64_t out)
{
    int64_t size = (int64_t)panel_bytes(f, blocks), all = (out + PANEL - 1) / PANEL * size, lead = size < PANEL_AHEAD ? size : PANEL_AHEAD;
    while (lead < all && lead + size <= PANEL_AHEAD) lead += size;
    const char *end = (const char *)panels + all;
    return (panel_ahead){end, next ? (intptr_t)next - (intptr_t)end : 0, lead};
}

/* What is asked for while this panel is multiplied. */
INLINE const char *panel_ahead_at(const panel_ahead *a, const uint8_t *panel)
{
    const char *at = (const char *)panel + a->lead;
    return at < a->end ? at : at + a->jump;
}

/* Bytes of a block with all that belongs to it: its place in the panel, times this, is about the block's place in memory. */
INLINE int64_t panel_block_bytes(panel_form f)
{
    int groups = PANEL_BLOCK / f.group;
    return PANEL * (groups * (f.min ? 4 : 2) + (f.bits == 8 ? 32 : 16)) + (f.bits == 5 ? 64 : f.bits == 6 ? 128 : 0);
}

/* Asks for what block b of the panel is to what lies ahead, in eight steps. The processor's own prefetching stops at the end of
 * a page. */
INLINE void panel_prefetch(panel_form f, const char *ahead, int64_t b, int step)
{
    int64_t bytes = panel_block_bytes(f), lines = (bytes + 32 + 63) / 64 - (bytes % 64 == 0);
    ahead += b * bytes;
    UNROLL for (int64_t i = step; i < lines; i += 8) _mm_prefetch(ahead + i * 64, _MM_HINT_T1);
}

#ifdef __AVX512BW__
INLINE __m512 f16_vector(const uint8_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }

/* code[g], byte (o, i): the unsigned code of output o and input 4g + i of block b. */
INLINE void panel_unpack_avx512(panel_form f, __m512i *code, const uint8_t *panel, int64_t blocks, int64_t b)
{
    const uint8_t *from = panel + panel_code_at(f, blocks) + b * (f.bits == 8 ? 512 : 256);
    const __m512i low = _mm512_set1_epi8(15);
    if (f.bits == 8) {
        UNROLL for (int g = 0; g < 8; g++)
            code[g] = _mm512_xor_si512(_mm512_loadu_si512(from + g * 64), _mm512_set1_epi8(-128));
        return;
    }
    UNROLL for (int j = 0; j < 4; j++) {
        __m512i both = _mm512_loadu_si512(from + j * 64);
        code[j] = _mm512_and_si512(both, low);
        code[4 + j] = _mm512_and_si512(_mm512_srli_epi16(both, 4), low);
    }
    if (f.table) {
        const __m512i level = _mm512_broadcast_i32x4(_mm_xor_si128(_mm_setr_epi8(PANEL_LEVELS), _mm_set1_epi8(-128)));
        UNROLL for (int g = 0; g < 8; g++) code[g] = _mm512_shuffle_epi8(level, code[g]);
    }
    const uint8_t *high = panel + panel_high_at(f, blocks) + b * (f.bits == 5 ? 64 : 128);
    if (f.bits == 5) {
        UNROLL for (int g = 0; g < 8; g++) {
            uint64_t fifth;
            __builtin_memcpy(&fifth, high + g * 8, sizeof fifth);
            code[g] = _mm512_mask_add_epi8(code[g], fifth, code[g], _mm512_set1_epi8(16));
        }
    }
    if (f.bits == 6) {
        const __m512i upper = _mm512_set1_epi8(0x30);
        UNROLL for (int v = 0; v < 2; v++) {
            __m512i bits = _mm512_loadu_si512(high + v * 64);
            code[v * 4] = _mm512_or_si512(code[v * 4], _mm512_and_si512(_mm512_slli_epi16(bits, 4), upper));
            code[v * 4 + 1] = _mm512_or_si512(code[v * 4 + 1], _mm512_and_si512(_mm512_slli_epi16(bits, 2), upper));
            code[v * 4 + 2] = _mm512_or_si512(code[v * 4 + 2], _mm512_and_si512(bits, upper));
            code[v * 4 + 3] = _mm512_or_si512(code[v * 4 + 3], _mm512_and_si512(_mm512_srli_epi16(bits, 2), upper));
        }
    }
}
#endif

#endif
