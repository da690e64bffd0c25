/* kernel_panel_avx2: panel products for AVX2 and FMA. */
#include <immintrin.h>
#include <math.h>
#include <string.h>

#define LANES 8
#define TILE_PANELS 1
#define TILE_ROWS 6
typedef __m256 vec;

static inline __m256 load_part(const float *p, int64_t n)
{
    float all[8] = {0};
    memcpy(all, p, (size_t)n * sizeof(float));
    return _mm256_loadu_ps(all);
}

static inline void store_part(float *p, __m256 v, int64_t n)
{
    float all[8];
    _mm256_storeu_ps(all, v);
    memcpy(p, all, (size_t)(n % LANES) * sizeof(float)); /* n < LANES: said again for the compiler's own checks */
}

#define LOAD(p) _mm256_loadu_ps(p)
#define LOAD_PART(p, n) load_part(p, n)
#define LOAD_HALF(p) _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(p)))
#define SPLAT(s) _mm256_set1_ps(s)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define STORE_PART(p, v, n) store_part(p, v, n)
#include "core/kernel/kernel_panel_f32.h"
#include "core/kernel/kernel_panel_codes.h"

/* ---- activations to 8 bits ---- */

static inline int32_t most_of(__m256i v)
{
    __m128i m = _mm_max_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    m = _mm_max_epi32(m, _mm_shuffle_epi32(m, 0x4E));
    return _mm_cvtsi128_si32(_mm_max_epi32(m, _mm_shuffle_epi32(m, 0xB1)));
}

static inline int32_t sum_of(__m256i v)
{
    __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
    s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xB1)));
}

static void quantize(const panel_rows *q, int64_t row, int64_t block, int64_t blocks, const float *x)
{
    const __m256i size_mask = _mm256_set1_epi32(0x7FFFFFFF);
    for (int64_t b = block; b < block + blocks; b++, x += PANEL_BLOCK) {
        int64_t at = panel_row_at(q, row, b);
        __m256i most = _mm256_setzero_si256();
        for (int i = 0; i < 4; i++) /* as integers the bits of |x| are ordered like |x|, infinities and NaNs largest */
            most = _mm256_max_epi32(most, _mm256_and_si256(_mm256_castps_si256(_mm256_loadu_ps(x + 8 * i)), size_mask));
        int32_t bits = most_of(most);
        float largest = _mm_cvtss_f32(_mm_castsi128_ps(_mm_cvtsi32_si128(bits)));
        bool finite = bits < 0x7F800000, empty = !finite || largest < 1e-30f;
        float scale = empty ? 0.0f : largest / 127.0f, inverse = empty ? 0.0f : 127.0f / largest;
        __m256i code[4];
        for (int i = 0; i < 4; i++)
            code[i] = empty ? _mm256_setzero_si256()
                            : _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(x + 8 * i), _mm256_set1_ps(inverse)));
        __m256i words = _mm256_packs_epi16(_mm256_packs_epi32(code[0], code[1]), _mm256_packs_epi32(code[2], code[3]));
        words = _mm256_permutevar8x32_epi32(words, _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)); /* the packs work in halves */
        _mm256_storeu_si256((__m256i *)(q->code + at * PANEL_BLOCK), words);
        int32_t half[2] = {sum_of(_mm256_add_epi32(code[0], code[1])), sum_of(_mm256_add_epi32(code[2], code[3]))};
        if (!finite) scale = NAN;
        q->scale[at] = scale;
        q->sum[at] = scale * (float)(half[0] + half[1]);
        q->minus[at * 2] = -half[0];
        q->minus[at * 2 + 1] = -half[1];
    }
}

/* ---- quantised products: 16 outputs are two vectors ---- */

typedef struct {
    __m256i half[8][2]; /* [g]: inputs 4g … 4g + 3 of outputs 0 … 7 and 8 … 15 */
} block_codes;

/* Codes as unsigned bytes below 64; the signed ones of 8 bits and tables as they are. */
INLINE void unpack(panel_form f, block_codes *c, const uint8_t *panel, int64_t blocks, int64_t b)
{
    const uint8_t *from = panel + panel_code_at(f, blocks) + b * (f.bits == 8 ? 512 : 256);
    const uint8_t *high = panel + panel_high_at(f, blocks) + b * (f.bits == 5 ? 64 : 128);
    const __m256i low = _mm256_set1_epi8(15);
    UNROLL for (int g = 0; g < 8; g++) {
        UNROLL for (int h = 0; h < 2; h++) {
            if (f.bits == 8) {
                c->half[g][h] = _mm256_loadu_si256((const __m256i *)(from + g * 64 + h * 32));
                continue;
            }
            __m256i code = _mm256_loadu_si256((const __m256i *)(from + g % 4 * 64 + h * 32));
            code = _mm256_and_si256(g < 4 ? code : _mm256_srli_epi16(code, 4), low);
            if (f.table) code = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_setr_epi8(PANEL_LEVELS)), code);
            if (f.bits == 5) { /* a bit for each byte: copied to its byte, picked out, moved to 16 */
                int32_t fifth;
                memcpy(&fifth, high + g * 8 + h * 4, sizeof fifth);
                const __m256i byte = _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
                const __m256i bit = _mm256_set1_epi64x((long long)0x8040201008040201);
                __m256i picked = _mm256_and_si256(_mm256_shuffle_epi8(_mm256_set1_epi32(fifth), byte), bit);
                code = _mm256_or_si256(code, _mm256_and_si256(_mm256_cmpeq_epi8(picked, bit), _mm256_set1_epi8(16)));
            }
            if (f.bits == 6) {
                __m256i bits = _mm256_loadu_si256((const __m256i *)(high + g / 4 * 64 + h * 32));
                bits = g % 4 < 2 ? _mm256_slli_epi16(bits, 4 - g % 4 * 2) : _mm256_srli_epi16(bits, g % 4 * 2 - 4);
                code = _mm256_or_si256(code, _mm256_and_si256(bits, _mm256_set1_epi8(0x30)));
            }
            c->half[g][h] = code;
        }
    }
}

/* Σ code · activation over `steps` steps of four inputs from step g on. The pairs' 16-bit sums are added up for as many
 * steps as cannot overflow. */
INLINE __m256i block_sum(panel_form f, const block_codes *c, int h, int g, int steps, const int8_t *x)
{
    const __m256i ones = _mm256_set1_epi16(1);
    bool is_signed = f.bits == 8 || f.table;
    int run = is_signed ? 1 : f.bits == 4 ? 8 : f.bits == 5 ? 4 : 2;
    __m256i total = _mm256_setzero_si256(), pairs = total;
    UNROLL for (int s = 0; s < steps; s++) {
        int32_t four;
        memcpy(&four, x + (g + s) * 4, sizeof four);
        __m256i a = _mm256_set1_epi32(four), w = c->half[g + s][h];
        if (is_signed) a = _mm256_sign_epi8(a, w), w = _mm256_abs_epi8(w);
        __m256i product = _mm256_maddubs_epi16(w, a);
        pairs = s % run ? _mm256_add_epi16(pairs, product) : product;
        if (s % run == run - 1 || s == steps - 1) total = _mm256_add_epi32(total, _mm256_madd_epi16(pairs, ones));
    }
    return total;
}

INLINE __m256 f16_vector(const uint8_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }

/* ahead: what is asked for meanwhile, as the panel comes from memory; or NULL. */
INLINE void tile(panel_form f, int rows, const char *ahead, float *y, int64_t ldy, const panel_rows *x, int64_t first, const uint8_t *panel,
                 int64_t out, float unit)
{
    int64_t blocks = x->in / PANEL_BLOCK;
    int groups = PANEL_BLOCK / f.group, steps = 8 / groups;
    __m256 sum[4][2];
    UNROLL for (int r = 0; r < rows; r++) sum[r][0] = sum[r][1] = _mm256_setzero_ps();
    for (int64_t b = 0; b < blocks; b++) {
        block_codes code;
        UNROLL for (int step = 0; ahead && step < 8; step++) panel_prefetch(f, ahead, b, step);
        unpack(f, &code, panel, blocks, b);
        UNROLL for (int g = 0; g < groups; g++) {
            const uint8_t *scales = panel + (b * groups + g) * PANEL * 2;
            UNROLL for (int r = 0; r < rows; r++) {
                int64_t at = panel_row_at(x, first + r, b);
                const int32_t *minus = x->minus + 2 * at;
                int32_t raised = groups == 2 ? minus[g] : minus[0] + minus[1];
                float total = groups == 1 ? x->sum[at] : -x->scale[at] * (float)minus[g];
                const int8_t *from = x->code + at * PANEL_BLOCK;
                UNROLL for (int h = 0; h < 2; h++) {
                    __m256i dot = block_sum(f, &code, h, g * steps, steps, from);
                    if (f.offset) dot = _mm256_add_epi32(dot, _mm256_set1_epi32(raised * f.offset));
                    __m256 scale = _mm256_mul_ps(f16_vector(scales + h * 16), _mm256_set1_ps(x->scale[at]));
                    sum[r][h] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), scale, sum[r][h]);
                    if (f.min)
                        sum[r][h] = _mm256_fmadd_ps(f16_vector(scales + panel_min_at(f, blocks) + h * 16), _mm256_set1_ps(total), sum[r][h]);
                }
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int h = 0; h < 2; h++) {
            __m256 v = _mm256_mul_ps(sum[r][h], _mm256_set1_ps(unit));
            int64_t left = out - 8 * h;
            if (left >= 8) STORE(y + r * ldy + 8 * h, v);
            else if (left > 0) STORE_PART(y + r * ldy + 8 * h, v, left);
        }
    }
}

INLINE void product(panel_kind kind, panel_form f, float *y, int64_t ldy, const panel_rows *x, int64_t first, int64_t rows,
                    const uint8_t *panels, const void *next, int64_t out, float unit)
{
    enum { AHEAD_ROWS = 16 }; /* more take longer than the panel takes to come */
    (void)kind;
    size_t size = panel_bytes(f, x->in / PANEL_BLOCK);
    const panel_ahead ahead = panel_ahead_of(f, panels, next, x->in / PANEL_BLOCK, out);
    for (; out > 0; out -= PANEL, y += PANEL, panels += size) {
        int64_t r = 0;
        if (rows < 4) tile(f, 1, panel_ahead_at(&ahead, panels), y, ldy, x, first, panels, out, unit), r = 1;
        else if (rows < AHEAD_ROWS) tile(f, 4, panel_ahead_at(&ahead, panels), y, ldy, x, first, panels, out, unit), r = 4;
        for (; r + 4 <= rows; r += 4) tile(f, 4, NULL, y + r * ldy, ldy, x, first + r, panels, out, unit);
        for (; r < rows; r++) tile(f, 1, NULL, y + r * ldy, ldy, x, first + r, panels, out, unit);
    }
}

PANEL_PRODUCTS(product)

const panel_kernels panel_kernels_avx2 = {.f32 = f32_alone, .f16 = f16_product, .quantize = quantize, .quantized = PANEL_PRODUCT_TABLE};
