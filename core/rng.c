#include "core/rng.h"

#include <math.h>
#include <sys/random.h>
#include <time.h>

static uint64_t rotate_left(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

rng rng_seeded(uint64_t seed)
{
    rng r;
    for (int i = 0; i < 4; i++) { /* SplitMix64 */
        uint64_t z = seed += UINT64_C(0x9E3779B97F4A7C15);
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        r.s[i] = z ^ (z >> 31);
    }
    return r;
}

uint64_t rng_next(rng *r)
{
    uint64_t *s = r->s, result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double rng_uniform(rng *r) { return (double)(rng_next(r) >> 11) * 0x1p-53; }

double rng_normal(rng *r)
{
    double u = 1.0 - rng_uniform(r), v = rng_uniform(r); /* u in (0, 1]: its logarithm is finite */
    return sqrt(-2.0 * log(u)) * cos(2.0 * M_PI * v);
}

uint64_t rng_fresh_seed(void)
{
    uint32_t seed;
    if (getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed) return seed;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint32_t)(now.tv_nsec ^ now.tv_sec);
}
