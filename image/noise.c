#include "image/noise.h"

noise noise_seeded(noise_kind kind, uint64_t seed) { return (noise){kind, rng_seeded(seed)}; }

void noise_fill(noise *s, float *out, int64_t n)
{
    for (int64_t i = 0; i < n; i++) out[i] = (float)rng_normal(&s->own);
}
