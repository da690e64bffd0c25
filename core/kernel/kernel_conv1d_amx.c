/* kernel_conv1d_amx: convolutions by bf16 AMX tiles, as exact as f32 for sound: every number is split in two, x = x₁ + x₂
 * of 8 bits each, and three of the four products are summed: x₁ w₁ + x₁ w₂ + x₂ w₁. What is missing is below 2⁻¹⁶ of a
 * product. Three bf16 products by tiles cost a fifth of one f32 product.
 *
 * A strip is 32 steps by 32 outputs: tiles 0 to 3 hold the sums, 4 and 5 the rows, 6 and 7 the weights. A prepared row is
 * the first halves of its channels (padded to 32), then the second. A panel is [taps][channels / 32][2 halves][2][16
 * pairs][16 outputs][2]. */
#include <string.h>

#include "core/kernel/kernel_conv1d_levels.h"
#include "core/kernel/tiles.h"

enum { PANEL = 32, STEPS = 32, DEEP = 32, TILE = 1024 };

static int64_t padded(int64_t channels) { return (channels + DEEP - 1) / DEEP * DEEP; }

static int64_t row_bytes(int64_t channels) { return padded(channels) * 4; }

static size_t panel_bytes(int64_t channels, int64_t taps) { return (size_t)(padded(channels) * taps * PANEL) * 4; }

/* bf16, rounded to nearest, and what it stands for. */
static uint16_t round_bf16(float x, float *value)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000;
    memcpy(value, &bits, sizeof bits);
    return (uint16_t)(bits >> 16);
}

static void pack(void *to, const float *w, int64_t outputs, int64_t channels, int64_t taps, int64_t out_stride,
                 int64_t in_stride, int64_t tap_stride)
{
    uint16_t *p = to;
    memset(p, 0, panel_bytes(channels, taps));
    for (int64_t k = 0; k < taps; k++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t o = 0; o < outputs; o++) {
                float value, rest, x = w[o * out_stride + c * in_stride + k * tap_stride];
                int64_t at = ((k * padded(channels) + c) / DEEP * 4 + o / 16) * TILE / 2 + c % DEEP / 2 * 32 + o % 16 * 2 + c % 2;
                p[at] = round_bf16(x, &value);
                p[at + TILE] = round_bf16(x - value, &rest); /* two tiles on */
            }
}

static void prepare(void *row, const float *x, int64_t channels, float slope, float scale)
{
    char *to = row;
    int64_t wide = padded(channels);
    if (!x) {
        memset(to, 0, (size_t)wide * 4);
        return;
    }
    __m512 positive = _mm512_set1_ps(scale), negative = _mm512_set1_ps(slope * scale);
    for (int64_t c = 0; c < wide; c += 16) {
        __mmask16 part = (__mmask16)(channels - c >= 16 ? 0xFFFFu : channels > c ? (1u << (channels - c)) - 1 : 0u);
        __m512 v = _mm512_maskz_loadu_ps(part, x + c);
        __mmask16 below = _mm512_cmp_ps_mask(v, _mm512_setzero_ps(), _CMP_LT_OQ);
        v = _mm512_mul_ps(v, _mm512_mask_mov_ps(positive, below, negative));
        __m256i first = (__m256i)_mm512_cvtneps_pbh(v);
        __m512 value = _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(first), 16));
        _mm256_storeu_si256((__m256i *)(void *)(to + c * 2), first);
        _mm256_storeu_si256((__m256i *)(void *)(to + wide * 2 + c * 2), (__m256i)_mm512_cvtneps_pbh(_mm512_sub_ps(v, value)));
    }
}

static void finish(const conv1d_strip *s, const float *sums)
{
    for (int half = 0; half < PANEL; half += 16) {
        __m512 bias = _mm512_loadu_ps(s->bias + half);
        for (int t = 0; t < STEPS; t++) {
            __m512 v = _mm512_add_ps(_mm512_load_ps(sums + t * PANEL + half), bias);
            if (s->add) v = _mm512_add_ps(v, _mm512_loadu_ps(s->add + t * s->add_step + half));
            _mm512_storeu_ps(s->y + t * s->y_step + half, v);
        }
    }
}

static void strip(const conv1d_strip *s)
{
    _Alignas(64) float sums[STEPS * PANEL];
    int64_t wide = padded(s->channels), step = s->stride * s->row_bytes, second = wide * 2;
    const char *w = s->weights;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int64_t k = 0; k < s->taps; k++) {
        const char *x = s->rows + k * s->dilation * s->row_bytes, *below = x + 16 * step;
        for (int64_t c = 0; c < second; c += 2 * DEEP, w += 4 * TILE) {
            _tile_loadd(4, x + c, step);
            _tile_loadd(5, below + c, step);
            _tile_loadd(6, w, 64);
            _tile_loadd(7, w + TILE, 64);
            _tile_dpbf16ps(0, 4, 6);
            _tile_dpbf16ps(1, 4, 7);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
            _tile_loadd(6, w + 2 * TILE, 64);
            _tile_loadd(7, w + 3 * TILE, 64);
            _tile_dpbf16ps(0, 4, 6);
            _tile_dpbf16ps(1, 4, 7);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
            _tile_loadd(4, x + second + c, step);
            _tile_loadd(5, below + second + c, step);
            _tile_loadd(6, w, 64);
            _tile_loadd(7, w + TILE, 64);
            _tile_dpbf16ps(0, 4, 6);
            _tile_dpbf16ps(1, 4, 7);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    }
    _tile_stored(0, sums, PANEL * 4);
    _tile_stored(1, sums + 16, PANEL * 4);
    _tile_stored(2, sums + 16 * PANEL, PANEL * 4);
    _tile_stored(3, sums + 16 * PANEL + 16, PANEL * 4);
    finish(s, sums);
}

static void depthwise(float *y, const float *x, int64_t x_step, const float *w, const float *bias, int64_t taps,
                      int64_t channels)
{
    kernel_conv1d_avx512.depthwise(y, x, x_step, w, bias, taps, channels);
}

const kernel_conv1d kernel_conv1d_amx = {PANEL, STEPS, row_bytes, panel_bytes, pack, prepare, strip, depthwise, tiles_begin, tiles_end};
