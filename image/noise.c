#include "image/noise.h"

void noise_seed(noise *s, noise_kind kind, uint64_t seed)
{
    s->kind = kind;
    switch (kind) {
    case NOISE_OWN: s->own = rng_seeded(seed); break;
    case NOISE_TORCH: rng_torch_seed(&s->torch, seed); break;
    case NOISE_CUDA: s->cuda = rng_cuda_seeded(seed); break;
    }
}

void noise_fill(noise *s, float *out, int64_t n)
{
    switch (s->kind) {
    case NOISE_OWN:
        for (int64_t i = 0; i < n; i++) out[i] = (float)rng_normal(&s->own);
        break;
    case NOISE_TORCH: rng_torch_normal(&s->torch, out, n); break;
    case NOISE_CUDA: rng_cuda_normal(&s->cuda, out, n); break;
    }
}
