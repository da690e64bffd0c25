/* noise: the normal numbers that a seed stands for: our own, or the very ones of other tools. One thread at a time. */
#ifndef AIGC_IMAGE_NOISE_H
#define AIGC_IMAGE_NOISE_H

#include "core/rng.h"
#include "core/rng_torch.h"

typedef enum {
    NOISE_OWN,   /* rng_normal */
    NOISE_TORCH, /* torch.manual_seed on the CPU */
    NOISE_CUDA,  /* the generator of PyTorch's CUDA devices */
} noise_kind;

typedef struct {
    noise_kind kind;
    rng own;
    rng_torch torch;
    rng_cuda cuda;
} noise;

void noise_seed(noise *s, noise_kind kind, uint64_t seed);

/* The next n numbers, as one call of torch.randn would give them. */
void noise_fill(noise *s, float *out, int64_t n);

#endif
