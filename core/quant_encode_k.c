/* Quantisation to the blocks of 256: a search for the scales of least squared error.
 *
 * Given the levels q, the best scale and minimum of a sub-block are the solution of a linear least-squares problem in
 * two unknowns; given these, the best levels come from rounding. So: from several first guesses the two steps are taken
 * in turn, the best pair wins; then the block's own 16-bit scales are chosen, and each sub-block's integer codes are
 * tried with their neighbours against the error that really results.
 */
#include "core/quant_encode.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 256, SUB = 32, SUBS = BLOCK / SUB, CODES = 63 };

/* x ≈ scale · q − min */
typedef struct {
    float scale, min, error;
} fit;

/* Rounds to the nearest level of [0, most]. */
static int level(float v, int most)
{
    float held = v < 0 ? 0 : v > (float)most ? (float)most : v;
    return (int)(held + 0.5F);
}

/* The squared error of a sub-block with its best levels. */
static float error_of(const float *x, float scale, float min, int most)
{
    float by = scale > 0 ? 1 / scale : 0, sum = 0;
    if (!isfinite(by)) by = 0;
    for (int i = 0; i < SUB; i++) {
        float r = scale * (float)level((x[i] + min) * by, most) - min - x[i];
        sum += r * r;
    }
    return sum;
}

/* The least-squares scale and minimum for the levels that this guess gives; min ≥ 0 is what the format can hold. */
static fit solve(const float *x, float by, float min, int most)
{
    float sum_q = 0, sum_qq = 0, sum_x = 0, sum_qx = 0;
    for (int i = 0; i < SUB; i++) {
        float q = (float)level((x[i] + min) * by, most);
        sum_q += q;
        sum_qq += q * q;
        sum_x += x[i];
        sum_qx += q * x[i];
    }
    fit f = {0};
    float det = (float)SUB * sum_qq - sum_q * sum_q;
    if (det > 0) {
        f.scale = ((float)SUB * sum_qx - sum_q * sum_x) / det;
        f.min = (sum_q * sum_qx - sum_qq * sum_x) / det;
    }
    if (det <= 0 || f.min < 0 || f.scale < 0) {
        f.min = 0;
        f.scale = sum_qq > 0 && sum_qx > 0 ? sum_qx / sum_qq : 0;
    }
    f.error = error_of(x, f.scale, f.min, most);
    return f;
}

/* The best fit of one sub-block by real scale and minimum. */
static fit search(const float *x, int most)
{
    float low = 0, high = 0;
    for (int i = 0; i < SUB; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float span = high - low;
    fit best = {.scale = span / (float)most, .min = -low};
    best.error = error_of(x, best.scale, best.min, most);
    if (!(span > 0) || !isfinite((float)most / span)) return best;
    for (int guess = -10; guess <= 8; guess++) { /* a shorter range gives finer levels and cuts the extremes off */
        fit f = solve(x, ((float)most + 0.12F * (float)guess) / span, -low, most);
        if (f.error < best.error) best = f;
    }
    for (int turn = 0; turn < 4 && best.scale > 0 && isfinite(1 / best.scale); turn++) {
        fit f = solve(x, 1 / best.scale, best.min, most);
        if (!(f.error < best.error)) break;
        best = f;
    }
    return best;
}

/* The state of one block of q4_k or q5_k. */
typedef struct {
    const float *x;
    int most;
    float d, dmin; /* as stored */
    int scale[SUBS], min[SUBS];
} block;

static int code_of(float value, float unit)
{
    float by = unit > 0 ? 1 / unit : 0;
    return isfinite(by) ? level(value * by, CODES) : 0;
}

/* The codes of one sub-block: those next to the wanted values and their neighbours, by the error they give. */
static float choose_codes(block *b, int sub, int scale, int min)
{
    float best = INFINITY;
    for (int s = scale - 1; s <= scale + 1; s++) {
        for (int m = min - 1; m <= min + 1; m++) {
            if (s < 0 || s > CODES || m < 0 || m > CODES) continue;
            float error = error_of(b->x + sub * SUB, b->d * (float)s, b->dmin * (float)m, b->most);
            if (!(error < best)) continue;
            best = error;
            b->scale[sub] = s;
            b->min[sub] = m;
        }
    }
    return best;
}

/* The least-squares d and dmin for the codes and levels chosen: x ≈ d · (scale · q) − dmin · min. */
static void refine(const block *b, float *d, float *dmin)
{
    double aa = 0, ab = 0, bb = 0, ax = 0, bx = 0;
    for (int i = 0; i < BLOCK; i++) {
        int sub = i / SUB;
        float scale = b->d * (float)b->scale[sub], by = scale > 0 ? 1 / scale : 0;
        if (!isfinite(by)) by = 0;
        double p = b->scale[sub] * level((b->x[i] + b->dmin * (float)b->min[sub]) * by, b->most), n = -b->min[sub];
        aa += p * p;
        ab += p * n;
        bb += n * n;
        ax += p * (double)b->x[i];
        bx += n * (double)b->x[i];
    }
    double det = aa * bb - ab * ab;
    *d = b->d;
    *dmin = b->dmin;
    if (det > 1e-6 * aa * bb) {
        *d = (float)((ax * bb - bx * ab) / det);
        *dmin = (float)((bx * aa - ax * ab) / det);
    } else if (aa > 0) {
        *d = (float)(ax / aa);
    }
}

/* One choice of the block's own scales: stores them at to[0 … 3] and gives the error of the best codes. */
static bool try_scales(block *b, const fit *wanted, float d, float dmin, unsigned char *to, float *error)
{
    if (!quant_encode_f16(d, to, &b->d) || !quant_encode_f16(dmin, to + 2, &b->dmin)) return false;
    *error = 0;
    for (int sub = 0; sub < SUBS; sub++)
        *error += choose_codes(b, sub, code_of(wanted[sub].scale, b->d), code_of(wanted[sub].min, b->dmin));
    return true;
}

static bool fit_block(block *b, unsigned char *scales)
{
    fit wanted[SUBS];
    float scale = 0, min = 0, error, d, dmin;
    for (int sub = 0; sub < SUBS; sub++) {
        wanted[sub] = search(b->x + sub * SUB, b->most);
        scale = wanted[sub].scale > scale ? wanted[sub].scale : scale;
        min = wanted[sub].min > min ? wanted[sub].min : min;
    }
    if (!try_scales(b, wanted, scale / CODES, min / CODES, scales, &error)) return false;
    for (int turn = 0; turn < 3; turn++) {
        block next = *b;
        unsigned char stored[4];
        float less;
        refine(b, &d, &dmin);
        if (d < 0 || dmin < 0 || !try_scales(&next, wanted, d, dmin, stored, &less) || !(less < error)) break;
        *b = next;
        error = less;
        memcpy(scales, stored, sizeof stored);
    }
    return true;
}

/* Eight scales and eight minima of 6 bits in 12 bytes: the first four whole, the others in what these leave. */
static void put_codes(const block *b, unsigned char *to)
{
    for (int j = 0; j < 4; j++) {
        to[j] = (unsigned char)(b->scale[j] | b->scale[j + 4] >> 4 << 6);
        to[j + 4] = (unsigned char)(b->min[j] | b->min[j + 4] >> 4 << 6);
        to[j + 8] = (unsigned char)((b->scale[j + 4] & 15) | (b->min[j + 4] & 15) << 4);
    }
}

static int level_of(const block *b, int i)
{
    int sub = i / SUB;
    float scale = b->d * (float)b->scale[sub], by = scale > 0 ? 1 / scale : 0;
    return isfinite(by) ? level((b->x[i] + b->dmin * (float)b->min[sub]) * by, b->most) : 0;
}

bool quant_encode_q4_k(const float *x, unsigned char *to)
{
    block b = {.x = x, .most = 15};
    if (!fit_block(&b, to)) return false;
    put_codes(&b, to + 4);
    for (int i = 0; i < BLOCK / 2; i++) {
        int at = i / SUB * 2 * SUB + i % SUB; /* a byte holds element i of two sub-blocks */
        to[16 + i] = (unsigned char)(level_of(&b, at) | level_of(&b, at + SUB) << 4);
    }
    return true;
}

bool quant_encode_q5_k(const float *x, unsigned char *to)
{
    block b = {.x = x, .most = 31};
    if (!fit_block(&b, to)) return false;
    put_codes(&b, to + 4);
    memset(to + 16, 0, SUB);
    for (int i = 0; i < BLOCK / 2; i++) {
        int at = i / SUB * 2 * SUB + i % SUB, low = level_of(&b, at), high = level_of(&b, at + SUB);
        to[48 + i] = (unsigned char)((low & 15) | (high & 15) << 4);
        to[16 + i % SUB] |= (unsigned char)(low >> 4 << i / SUB * 2 | high >> 4 << (i / SUB * 2 + 1));
    }
    return true;
}

/* ---- q6_k: sub-blocks of 16 with a signed 8-bit scale and no minimum, levels −32 … 31 ---- */

enum { SMALL = 16, SMALLS = BLOCK / SMALL };

static int signed_level(float v)
{
    float held = v < -32 ? -32 : v > 31 ? 31 : v;
    return (int)(held + 32.5F) - 32;
}

static float small_error(const float *x, float scale)
{
    float by = scale != 0 ? 1 / scale : 0, sum = 0;
    if (!isfinite(by)) by = 0;
    for (int i = 0; i < SMALL; i++) {
        float r = scale * (float)signed_level(x[i] * by) - x[i];
        sum += r * r;
    }
    return sum;
}

static float small_solve(const float *x, float by)
{
    float sum_qq = 0, sum_qx = 0;
    for (int i = 0; i < SMALL; i++) {
        float q = (float)signed_level(x[i] * by);
        sum_qq += q * q;
        sum_qx += q * x[i];
    }
    return sum_qq > 0 ? sum_qx / sum_qq : 0;
}

/* The extreme number lies at the lowest level or somewhat beyond or within it. */
static float small_search(const float *x)
{
    float extreme = 0;
    for (int i = 0; i < SMALL; i++)
        if (fabsf(x[i]) > fabsf(extreme)) extreme = x[i];
    if (extreme == 0 || !isfinite(-34 / extreme)) return 0;
    float best = -extreme / 32, error = small_error(x, best);
    for (int guess = -12; guess <= 12; guess++) {
        for (int sign = -1; sign <= 1; sign += 2) {
            float scale = small_solve(x, (float)sign * (32 + 0.15F * (float)guess) / extreme), e = small_error(x, scale);
            if (!(e < error)) continue;
            error = e;
            best = scale;
        }
    }
    return best;
}

static float choose_small(const float *x, float d, float wanted, int *code)
{
    float by = d != 0 ? wanted / d : 0, best = INFINITY;
    int middle = isfinite(by) ? (int)(by < 0 ? by - 0.5F : by + 0.5F) : 0;
    for (int c = middle - 1; c <= middle + 1; c++) {
        int held = c < -128 ? -128 : c > 127 ? 127 : c;
        float error = small_error(x, d * (float)held);
        if (!(error < best)) continue;
        best = error;
        *code = held;
    }
    return best;
}

static bool small_try(const float *x, const float *wanted, float d, unsigned char *to, float *stored, int *code, float *error)
{
    if (!quant_encode_f16(d, to, stored)) return false;
    *error = 0;
    for (int sub = 0; sub < SMALLS; sub++) *error += choose_small(x + sub * SMALL, *stored, wanted[sub], &code[sub]);
    return true;
}

static void put_q6(const float *x, float d, const int *code, unsigned char *to)
{
    memset(to, 0, 192);
    for (int i = 0; i < BLOCK; i++) {
        float scale = d * (float)code[i / SMALL], by = scale != 0 ? 1 / scale : 0;
        int q = (isfinite(by) ? signed_level(x[i] * by) : 0) + 32, half = i / 128, within = i % 128;
        to[half * 64 + within % 64] |= (unsigned char)((q & 15) << within / 64 * 4);
        to[128 + half * 32 + within % 32] |= (unsigned char)(q >> 4 << within / 32 * 2);
    }
    for (int sub = 0; sub < SMALLS; sub++) to[192 + sub] = (unsigned char)(signed char)code[sub];
}

bool quant_encode_q6_k(const float *x, unsigned char *to)
{
    float wanted[SMALLS], largest = 0, d, error;
    int code[SMALLS];
    for (int sub = 0; sub < SMALLS; sub++) {
        wanted[sub] = small_search(x + sub * SMALL);
        if (fabsf(wanted[sub]) > fabsf(largest)) largest = wanted[sub];
    }
    if (!small_try(x, wanted, largest / -128, to + 208, &d, code, &error)) return false;
    for (int turn = 0; turn < 2; turn++) { /* the least-squares d for the codes and levels chosen */
        double pp = 0, px = 0;
        for (int i = 0; i < BLOCK; i++) {
            float scale = d * (float)code[i / SMALL], by = scale != 0 ? 1 / scale : 0;
            double p = isfinite(by) ? code[i / SMALL] * signed_level(x[i] * by) : 0;
            pp += p * p;
            px += p * (double)x[i];
        }
        float next, less;
        int codes[SMALLS];
        unsigned char stored[2];
        if (!(pp > 0) || !small_try(x, wanted, (float)(px / pp), stored, &next, codes, &less) || !(less < error)) break;
        d = next;
        error = less;
        memcpy(code, codes, sizeof codes);
        memcpy(to + 208, stored, sizeof stored);
    }
    put_q6(x, d, code, to);
    return true;
}
