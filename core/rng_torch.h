/* rng_torch: the normal random numbers of PyTorch, number for number, so that pictures made with other tools can be made
 * again from their seed.
 *
 * On the CPU: mt19937 (Matsumoto and Nishimura, "Mersenne twister", 1998) and Box and Muller's transform, as torch.randn
 * gives them in f32 on any x86 processor with AVX2: sixteen numbers at a time with the polynomials of the Cephes library
 * for logarithm, sine and cosine; fewer than sixteen in f64, one by one.
 *
 * On CUDA: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011), one subsequence for each
 * number of a tensor, as long as the GPU takes the tensor in one pass: 125,952 numbers on the smaller of today's cards (a
 * latent of 512 × 512 pixels has 16,384). The GPU's own sine is an approximation, so its last digits differ.
 */
#ifndef AIGC_CORE_RNG_TORCH_H
#define AIGC_CORE_RNG_TORCH_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint32_t word[624];
    int at;
    bool has_next; /* the second number of a pair drawn in f64 waits for the next call */
    double next;
} rng_torch;

/* torch.manual_seed(seed) */
void rng_torch_seed(rng_torch *r, uint64_t seed);

/* torch.randn of n numbers in f32. Calls one after another give what torch.randn gives one after another. */
void rng_torch_normal(rng_torch *r, float *out, int64_t n);

typedef struct {
    uint64_t seed, offset; /* offset: the calls so far */
} rng_cuda;

static inline rng_cuda rng_cuda_seeded(uint64_t seed) { return (rng_cuda){.seed = seed, .offset = 0}; }

/* torch.randn of n numbers in f32 on the device "cuda". */
void rng_cuda_normal(rng_cuda *r, float *out, int64_t n);

/* Philox4x32 with ten rounds: turns counter into four random words. */
void rng_philox(const uint32_t key[2], uint32_t counter[4]);

#endif
