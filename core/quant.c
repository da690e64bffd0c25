/* Dequantisation. The order of the operations on floats is the reference's, so that the results are equal bit by bit. */
#include "core/quant.h"

#include <string.h>

#include "core/half.h"

typedef const unsigned char *bytes;

static float f16_at(bytes p) { return half_from_f16((uint16_t)(p[0] | p[1] << 8)); }

/* ---- blocks of 32: a scale, perhaps a minimum, the fifth bits, the nibbles (element i low, i + 16 high) ---- */

static void block_q4_0(bytes p, float *y)
{
    float d = f16_at(p);
    for (int i = 0; i < 16; i++) {
        y[i] = d * (float)((p[2 + i] & 15) - 8);
        y[i + 16] = d * (float)((p[2 + i] >> 4) - 8);
    }
}

static void block_q4_1(bytes p, float *y)
{
    float d = f16_at(p), m = f16_at(p + 2);
    for (int i = 0; i < 16; i++) {
        y[i] = d * (float)(p[4 + i] & 15) + m;
        y[i + 16] = d * (float)(p[4 + i] >> 4) + m;
    }
}

static uint32_t fifth_bits(bytes p) { return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24; }

static void block_q5_0(bytes p, float *y)
{
    float d = f16_at(p);
    uint32_t high = fifth_bits(p + 2);
    for (int i = 0; i < 16; i++) {
        y[i] = d * (float)((int)((p[6 + i] & 15) | (high >> i & 1) << 4) - 16);
        y[i + 16] = d * (float)((int)(p[6 + i] >> 4 | (high >> (i + 16) & 1) << 4) - 16);
    }
}

static void block_q5_1(bytes p, float *y)
{
    float d = f16_at(p), m = f16_at(p + 2);
    uint32_t high = fifth_bits(p + 4);
    for (int i = 0; i < 16; i++) {
        y[i] = d * (float)((p[8 + i] & 15) | (high >> i & 1) << 4) + m;
        y[i + 16] = d * (float)(p[8 + i] >> 4 | (high >> (i + 16) & 1) << 4) + m;
    }
}

static void block_q8_0(bytes p, float *y)
{
    float d = f16_at(p);
    for (int i = 0; i < 32; i++) y[i] = (float)(int8_t)p[2 + i] * d;
}

static void block_iq4_nl(bytes p, float *y)
{
    /* The 16 levels lie closer together near zero, where weights are. */
    static const int8_t LEVEL[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};
    float d = f16_at(p);
    for (int i = 0; i < 16; i++) {
        y[i] = d * (float)LEVEL[p[2 + i] & 15];
        y[i + 16] = d * (float)LEVEL[p[2 + i] >> 4];
    }
}

/* ---- blocks of 256: sub-blocks of 16 or 32 whose scales are integers times the block's own ---- */

static void block_q2_k(bytes p, float *y)
{
    bytes scales = p, q = p + 16;
    float d = f16_at(p + 80), dmin = f16_at(p + 82);
    for (int i = 0; i < 256; i++) {
        int sub = i / 16, shift = i / 32 % 4 * 2;
        float scale = d * (float)(scales[sub] & 15), min = dmin * (float)(scales[sub] >> 4);
        y[i] = scale * (float)(q[i / 128 * 32 + i % 32] >> shift & 3) - min;
    }
}

static void block_q3_k(bytes p, float *y)
{
    bytes high = p, q = p + 32, scales = p + 96;
    float d = f16_at(p + 108);
    for (int i = 0; i < 256; i++) {
        int sub = i / 16;
        int low4 = scales[sub % 8] >> sub / 8 * 4 & 15, high2 = scales[8 + sub % 4] >> sub / 4 * 2 & 3;
        int value = q[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3;
        if (!(high[i % 32] >> i / 32 & 1)) value -= 4;
        y[i] = d * (float)((low4 | high2 << 4) - 32) * (float)value;
    }
}

/* Scale and minimum number j of 8 of q4_k and q5_k, 6 bits each, packed in 12 bytes. */
static void scale_and_min(bytes s, int j, int *scale, int *min)
{
    if (j < 4) {
        *scale = s[j] & 63;
        *min = s[j + 4] & 63;
    } else {
        *scale = (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
        *min = s[j + 4] >> 4 | s[j] >> 6 << 4;
    }
}

static void block_q4_k(bytes p, float *y)
{
    float d = f16_at(p), dmin = f16_at(p + 2);
    bytes q = p + 16;
    for (int sub = 0; sub < 8; sub++) {
        int s, m;
        scale_and_min(p + 4, sub, &s, &m);
        float scale = d * (float)s, min = dmin * (float)m;
        for (int i = 0; i < 32; i++)
            y[sub * 32 + i] = scale * (float)(q[sub / 2 * 32 + i] >> sub % 2 * 4 & 15) - min;
    }
}

static void block_q5_k(bytes p, float *y)
{
    float d = f16_at(p), dmin = f16_at(p + 2);
    bytes high = p + 16, q = p + 48;
    for (int sub = 0; sub < 8; sub++) {
        int s, m;
        scale_and_min(p + 4, sub, &s, &m);
        float scale = d * (float)s, min = dmin * (float)m;
        for (int i = 0; i < 32; i++) {
            int value = (q[sub / 2 * 32 + i] >> sub % 2 * 4 & 15) | (high[i] >> sub & 1) << 4;
            y[sub * 32 + i] = scale * (float)value - min;
        }
    }
}

static void block_q6_k(bytes p, float *y)
{
    bytes low = p, high = p + 128, scales = p + 192;
    float d = f16_at(p + 208);
    for (int i = 0; i < 256; i++) {
        int half = i / 128, within = i % 128;
        int value = (low[half * 64 + within % 64] >> within / 64 * 4 & 15) |
                    (high[half * 32 + within % 32] >> within / 32 * 2 & 3) << 4;
        y[i] = d * (float)(int8_t)scales[i / 16] * (float)(value - 32);
    }
}

static void block_q8_k(bytes p, float *y)
{
    float d;
    memcpy(&d, p, sizeof d);
    for (int i = 0; i < 256; i++) y[i] = d * (float)(int8_t)p[4 + i];
}

/* ---- types of one element a block ---- */

static void block_f16(bytes p, float *y) { *y = f16_at(p); }
static void block_bf16(bytes p, float *y) { *y = half_from_bf16((uint16_t)(p[0] | p[1] << 8)); }
static void block_i8(bytes p, float *y) { *y = (float)(int8_t)p[0]; }
static void block_u8(bytes p, float *y) { *y = (float)p[0]; }
static void block_i16(bytes p, float *y) { *y = (float)(int16_t)(p[0] | p[1] << 8); }
static void block_bool(bytes p, float *y) { *y = p[0] ? 1.0F : 0.0F; }

static void block_i32(bytes p, float *y)
{
    int32_t v;
    memcpy(&v, p, sizeof v);
    *y = (float)v;
}

static void block_i64(bytes p, float *y)
{
    int64_t v;
    memcpy(&v, p, sizeof v);
    *y = (float)v;
}

static void block_f64(bytes p, float *y)
{
    double v;
    memcpy(&v, p, sizeof v);
    *y = (float)v;
}

static void block_f32(bytes p, float *y) { memcpy(y, p, sizeof *y); }

static void (*const BLOCK[DTYPE_COUNT])(bytes, float *) = {
    [DTYPE_F32] = block_f32,   [DTYPE_F16] = block_f16,   [DTYPE_BF16] = block_bf16, [DTYPE_F64] = block_f64,
    [DTYPE_I8] = block_i8,     [DTYPE_U8] = block_u8,     [DTYPE_I16] = block_i16,   [DTYPE_I32] = block_i32,
    [DTYPE_I64] = block_i64,   [DTYPE_BOOL] = block_bool, [DTYPE_Q4_0] = block_q4_0, [DTYPE_Q4_1] = block_q4_1,
    [DTYPE_Q5_0] = block_q5_0, [DTYPE_Q5_1] = block_q5_1, [DTYPE_Q8_0] = block_q8_0, [DTYPE_Q2_K] = block_q2_k,
    [DTYPE_Q3_K] = block_q3_k, [DTYPE_Q4_K] = block_q4_k, [DTYPE_Q5_K] = block_q5_k, [DTYPE_Q6_K] = block_q6_k,
    [DTYPE_Q8_K] = block_q8_k, [DTYPE_IQ4_NL] = block_iq4_nl,
};

/* The common 16-bit types skip the call a number would cost. */
static void dequantize_f16(bytes p, float *dst, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = f16_at(p + 2 * i);
}

static void dequantize_bf16(bytes p, float *dst, int64_t n)
{
    for (int64_t i = 0; i < n; i++) dst[i] = half_from_bf16((uint16_t)(p[2 * i] | p[2 * i + 1] << 8));
}

bool quant_dequantize(dtype type, const void *src, float *dst, int64_t n)
{
    const dtype_info *info = dtype_of(type);
    bytes p = src;
    if (n < 0 || n % info->block) return false;
    if (type == DTYPE_F32) memcpy(dst, src, (size_t)n * sizeof *dst);
    else if (type == DTYPE_F16) dequantize_f16(p, dst, n);
    else if (type == DTYPE_BF16) dequantize_bf16(p, dst, n);
    else
        for (int64_t i = 0; i < n / info->block; i++) BLOCK[type](p + i * info->bytes, dst + i * info->block);
    return true;
}
