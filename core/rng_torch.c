#include "core/rng_torch.h"

#include <math.h>
#include <string.h>

enum { N = 624, M = 397 };

static const float PI_F = 3.14159274f;

void rng_torch_seed(rng_torch *r, uint64_t seed)
{
    *r = (rng_torch){.at = N};
    r->word[0] = (uint32_t)seed;
    for (uint32_t i = 1; i < N; i++) r->word[i] = UINT32_C(1812433253) * (r->word[i - 1] ^ r->word[i - 1] >> 30) + i;
}

static void twist(rng_torch *r)
{
    uint32_t *w = r->word;
    for (int i = 0; i < N; i++) {
        uint32_t y = (w[i] & UINT32_C(0x80000000)) | (w[(i + 1) % N] & UINT32_C(0x7FFFFFFF));
        w[i] = w[(i + M) % N] ^ y >> 1 ^ (y & 1 ? UINT32_C(0x9908B0DF) : 0);
    }
    r->at = 0;
}

static uint32_t next32(rng_torch *r)
{
    if (r->at == N) twist(r);
    uint32_t y = r->word[r->at++];
    y ^= y >> 11;
    y ^= y << 7 & UINT32_C(0x9D2C5680);
    y ^= y << 15 & UINT32_C(0xEFC60000);
    return y ^ y >> 18;
}

static float uniform32(rng_torch *r) { return (float)(next32(r) & 0xFFFFFF) * 0x1p-24f; }

static double uniform64(rng_torch *r)
{
    uint64_t high = next32(r), both = high << 32 | next32(r);
    return (double)(both & ((UINT64_C(1) << 53) - 1)) * 0x1p-53;
}

/* Cephes logf for 0 < x ≤ 1, x normal: log(m 2^e) with m in [√½, √2) by a polynomial of degree 9. Which products are fused
 * with the sum behind them is that of PyTorch's build: only so are the last bits the same. */
static float log_as_torch(float x)
{
    static const float p[] = {7.0376836292E-2f,  -1.1514610310E-1f, 1.1676998740E-1f,  -1.2420140846E-1f, 1.4249322787E-1f,
                              -1.6668057665E-1f, 2.0000714765E-1f,  -2.4999993993E-1f, 3.3333331174E-1f};
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    float e = (float)((int)(bits >> 23) - 0x7E), m, y = p[0];
    bits = (bits & ~UINT32_C(0x7F800000)) | UINT32_C(0x3F000000);
    memcpy(&m, &bits, sizeof m);
    if (m < 0.707106781186547524f) {
        e -= 1;
        m = m - 1 + m;
    } else {
        m = m - 1;
    }
    float z = m * m;
    for (int i = 1; i < 9; i++) y = fmaf(y, m, p[i]);
    y = fmaf(y * m, z, e * -2.12194440e-4f);
    y = fmaf(z, -0.5f, y);
    return fmaf(e, 0.693359375f, m + y);
}

/* Cephes sinf and cosf for x ≥ 0: reduced to an octant by π/4 in three parts, then a polynomial for each. */
static void sincos_as_torch(float x, float *sine, float *cosine)
{
    int octant = ((int)(x * 1.27323954473516f) + 1) & ~1;
    float j = (float)octant;
    x = fmaf(j, -0.78515625f, x);
    x = fmaf(j, -2.4187564849853515625e-4f, x);
    x = fmaf(j, -3.77489497744594108e-8f, x);
    float z = x * x;
    float c = fmaf(fmaf(2.443315711809948E-005f, z, -1.388731625493765E-003f), z, 4.166664568298827E-002f) * z;
    c = fmaf(c, z, -(z * 0.5f)) + 1;
    float s = fmaf(fmaf(-1.9515295891E-4f, z, 8.3321608736E-3f), z, -1.6666654611E-1f) * z;
    s = fmaf(s, x, x);
    bool swapped = octant & 2;
    *sine = swapped ? c : s;
    *cosine = swapped ? s : c;
    if (octant & 4) *sine = -*sine;
    if ((octant + 2) & 4) *cosine = -*cosine;
}

/* Sixteen uniform numbers into sixteen normal ones: the first eight give radii, the others angles. */
static void box_muller_16(float *x)
{
    for (int i = 0; i < 8; i++) {
        float radius = sqrtf(-2 * log_as_torch(1 - x[i])), sine, cosine;
        sincos_as_torch(2 * PI_F * x[i + 8], &sine, &cosine);
        x[i] = radius * cosine;
        x[i + 8] = radius * sine;
    }
}

static void fill_uniform(rng_torch *r, float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) out[i] = uniform32(r);
}

/* One normal number in f64; its twin is kept for the next. */
static double normal64(rng_torch *r)
{
    if (r->has_next) {
        r->has_next = false;
        return r->next;
    }
    double u = uniform64(r), v = uniform64(r), radius = sqrt(-2 * log1p(-v)), angle = 2 * M_PI * u;
    r->next = radius * sin(angle);
    r->has_next = true;
    return radius * cos(angle);
}

void rng_torch_normal(rng_torch *r, float *out, int64_t n)
{
    if (n < 16) {
        for (int64_t i = 0; i < n; i++) out[i] = (float)normal64(r);
        return;
    }
    fill_uniform(r, out, n);
    for (int64_t i = 0; i + 16 <= n; i += 16) box_muller_16(out + i);
    if (n % 16 == 0) return;
    fill_uniform(r, out + n - 16, 16); /* the last sixteen are drawn anew */
    box_muller_16(out + n - 16);
}

void rng_philox(const uint32_t key[2], uint32_t c[4])
{
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t a = (uint64_t)c[0] * UINT32_C(0xD2511F53), b = (uint64_t)c[2] * UINT32_C(0xCD9E8D57);
        uint32_t c1 = c[1], c3 = c[3];
        c[0] = (uint32_t)(b >> 32) ^ c1 ^ k0;
        c[1] = (uint32_t)b;
        c[2] = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c[3] = (uint32_t)a;
        k0 += UINT32_C(0x9E3779B9);
        k1 += UINT32_C(0xBB67AE85);
    }
}

void rng_cuda_normal(rng_cuda *r, float *out, int64_t n)
{
    const uint32_t key[2] = {(uint32_t)r->seed, (uint32_t)(r->seed >> 32)};
    const float unit = 0x1p-32f, turn = 0x1p-31f * PI_F;
    for (int64_t i = 0; i < n; i++) {
        uint32_t c[4] = {(uint32_t)r->offset, (uint32_t)(r->offset >> 32), (uint32_t)i, (uint32_t)(i >> 32)};
        rng_philox(key, c);
        float u = fmaf((float)c[0], unit, unit / 2), angle = fmaf((float)c[1], turn, turn / 2);
        out[i] = sqrtf(-2 * logf(u)) * sinf(angle); /* curand_normal4's first number; torch throws away the other three */
    }
    r->offset++;
}
