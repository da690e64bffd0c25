/* rng: seeded random numbers, passed explicitly; nothing in the program draws from a hidden state.
 *
 * xoshiro256** (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021), seeded by SplitMix64.
 */
#ifndef AIGC_CORE_RNG_H
#define AIGC_CORE_RNG_H

#include <stdint.h>

typedef struct {
    uint64_t s[4];
} rng;

rng rng_seeded(uint64_t seed);
uint64_t rng_next(rng *r);
double rng_uniform(rng *r);  /* in [0, 1), 53 bits */
double rng_normal(rng *r);   /* mean 0, variance 1 (Box and Muller) */

/* A seed from the system for a run that names none; always told to the user so that the run can be repeated. At most
 * 2³² - 1, so that it can be typed and fits every tool's seed field. */
uint64_t rng_fresh_seed(void);

#endif
