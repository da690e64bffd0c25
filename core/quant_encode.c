/* Quantisation to the 16-bit floats and the blocks of 32. The order of the operations on floats is quants.py's. */
#include "core/quant_encode.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/half.h"
#include "core/quant.h"

typedef unsigned char byte;

bool quant_encode_f16(float value, byte *to, float *stored)
{
    uint16_t h = half_to_f16(value);
    memcpy(to, &h, sizeof h);
    *stored = half_from_f16(h);
    return isfinite(*stored);
}

/* 1/d, or 0 where that has no value: then the whole block is zero. */
static float inverse(float d)
{
    float i = d == 0 ? 0 : 1 / d;
    return isfinite(i) ? i : 0;
}

/* The level of v = x/scale shifted to ≥ 0: rounded by truncation, then held within [0, most]. */
static int level(float v, int most)
{
    int q = (int)v;
    return q < 0 ? 0 : q > most ? most : q;
}

/* The number of the largest magnitude, with its sign. */
static float extreme(const float *x)
{
    float best = x[0];
    for (int i = 1; i < 32; i++)
        if (fabsf(x[i]) > fabsf(best)) best = x[i];
    return best;
}

static void range(const float *x, float *least, float *most)
{
    *least = *most = x[0];
    for (int i = 1; i < 32; i++) {
        *least = x[i] < *least ? x[i] : *least;
        *most = x[i] > *most ? x[i] : *most;
    }
}

static void put_nibbles(const int *q, byte *to)
{
    for (int i = 0; i < 16; i++) to[i] = (byte)((q[i] & 15) | (q[i + 16] & 15) << 4);
}

static void put_fifth_bits(const int *q, byte *to)
{
    memset(to, 0, 4);
    for (int i = 0; i < 32; i++) to[i / 8] |= (byte)((q[i] >> 4 & 1) << i % 8);
}

/* q4_0 and q5_0: the extreme number becomes the lowest level, −half; x ≈ d (q − half). */
static bool symmetric(const float *x, int half, byte *scale, int *q)
{
    float d = extreme(x) / (float)-half, stored, by = inverse(d);
    for (int i = 0; i < 32; i++) q[i] = level(x[i] * by + ((float)half + 0.5F), 2 * half - 1);
    return quant_encode_f16(d, scale, &stored);
}

/* q4_1 and q5_1: x ≈ d q + least, 0 ≤ q ≤ levels. */
static bool affine(const float *x, int levels, byte *scales, int *q)
{
    float least, most, stored;
    range(x, &least, &most);
    float d = (most - least) / (float)levels, by = inverse(d);
    for (int i = 0; i < 32; i++) q[i] = level((x[i] - least) * by + 0.5F, levels);
    return quant_encode_f16(d, scales, &stored) && quant_encode_f16(least, scales + 2, &stored);
}

static bool block_q4_0(const float *x, byte *block)
{
    int q[32];
    bool ok = symmetric(x, 8, block, q);
    put_nibbles(q, block + 2);
    return ok;
}

static bool block_q4_1(const float *x, byte *block)
{
    int q[32];
    bool ok = affine(x, 15, block, q);
    put_nibbles(q, block + 4);
    return ok;
}

static bool block_q5_0(const float *x, byte *block)
{
    int q[32];
    bool ok = symmetric(x, 16, block, q);
    put_fifth_bits(q, block + 2);
    put_nibbles(q, block + 6);
    return ok;
}

static bool block_q5_1(const float *x, byte *block)
{
    int q[32];
    bool ok = affine(x, 31, block, q);
    put_fifth_bits(q, block + 4);
    put_nibbles(q, block + 8);
    return ok;
}

static bool block_q8_0(const float *x, byte *block)
{
    float d = fabsf(extreme(x)) / 127, stored, by = inverse(d);
    for (int i = 0; i < 32; i++) block[2 + i] = (byte)(int8_t)roundf(x[i] * by);
    return quant_encode_f16(d, block, &stored);
}

static bool block_f32(const float *x, byte *block)
{
    memcpy(block, x, sizeof *x);
    return true;
}

static bool block_f16(const float *x, byte *block)
{
    float stored;
    return quant_encode_f16(*x, block, &stored);
}

static bool block_bf16(const float *x, byte *block)
{
    uint16_t h = half_to_bf16(*x);
    memcpy(block, &h, sizeof h);
    return isfinite(half_from_bf16(h));
}

static bool (*const BLOCK[DTYPE_COUNT])(const float *, byte *) = {
    [DTYPE_F32] = block_f32,          [DTYPE_F16] = block_f16,          [DTYPE_BF16] = block_bf16,
    [DTYPE_Q4_0] = block_q4_0,        [DTYPE_Q4_1] = block_q4_1,        [DTYPE_Q5_0] = block_q5_0,
    [DTYPE_Q5_1] = block_q5_1,        [DTYPE_Q8_0] = block_q8_0,        [DTYPE_Q4_K] = quant_encode_q4_k,
    [DTYPE_Q5_K] = quant_encode_q5_k, [DTYPE_Q6_K] = quant_encode_q6_k,
};

bool quant_can_encode(dtype type) { return BLOCK[type] != NULL; }

bool quant_encode(dtype type, const float *src, void *dst, int64_t n)
{
    const dtype_info *info = dtype_of(type);
    if (!BLOCK[type] || n < 0 || n % info->block) return false;
    float limit = info->block == 1 ? FLT_MAX : 1e9F; /* far above what a block with 16-bit scales holds */
    for (int64_t i = 0; i < n; i++)
        if (!(fabsf(src[i]) <= limit)) return false;
    for (int64_t i = 0; i < n / info->block; i++)
        if (!BLOCK[type](src + i * info->block, (byte *)dst + i * info->bytes)) return false;
    return true;
}
