#include "core/name_hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static name_hash_key own;

name_hash_key name_hash_new_key(void)
{
    name_hash_key key;
    if (getrandom(&key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key) return key;
    /* a kernel that has nothing random yet (early in its start): what a file's writer does not know either */
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    key.word[0] = (uint64_t)now.tv_nsec * UINT64_C(0x9E3779B97F4A7C15) ^ (uint64_t)(uintptr_t)&key;
    key.word[1] = (uint64_t)now.tv_sec << 32 ^ (uint64_t)getpid() ^ (uint64_t)(uintptr_t)&own << 20;
    return key;
}

/* Before main, so that no call has to ask whether there is a key. */
__attribute__((constructor)) static void draw_key(void) { own = name_hash_new_key(); }

name_hash_key name_hash_own_key(void) { return own; }

static inline uint64_t turned(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }

typedef struct {
    uint64_t v0, v1, v2, v3;
} sip;

static inline sip sip_round(sip s)
{
    s.v0 += s.v1, s.v1 = turned(s.v1, 13) ^ s.v0, s.v0 = turned(s.v0, 32);
    s.v2 += s.v3, s.v3 = turned(s.v3, 16) ^ s.v2;
    s.v0 += s.v3, s.v3 = turned(s.v3, 21) ^ s.v0;
    s.v2 += s.v1, s.v1 = turned(s.v1, 17) ^ s.v2, s.v2 = turned(s.v2, 32);
    return s;
}

static inline sip sip_word(sip s, uint64_t word)
{
    s.v3 ^= word;
    s = sip_round(s);
    s.v0 ^= word;
    return s;
}

/* Up to seven bytes, by loads that may overlap instead of a loop. */
static inline uint64_t tail(const unsigned char *p, size_t n)
{
    uint32_t low, high;
    if (n < 4) return n ? (uint64_t)p[0] | (uint64_t)p[n / 2] << (8 * (n / 2)) | (uint64_t)p[n - 1] << (8 * (n - 1)) : 0;
    memcpy(&low, p, 4);
    memcpy(&high, p + n - 4, 4);
    return (uint64_t)low | (uint64_t)high << (8 * (n - 4));
}

uint64_t name_hash_with(name_hash_key key, const void *name, size_t size)
{
    const unsigned char *p = name;
    sip s = {UINT64_C(0x736F6D6570736575) ^ key.word[0], UINT64_C(0x646F72616E646F6D) ^ key.word[1],
             UINT64_C(0x6C7967656E657261) ^ key.word[0], UINT64_C(0x7465646279746573) ^ key.word[1]};
    uint64_t word;
    size_t left = size;
    for (; left >= 8; left -= 8, p += 8) {
        memcpy(&word, p, 8);
        s = sip_word(s, word);
    }
    s = sip_word(s, tail(p, left) | (uint64_t)size << 56);
    s.v2 ^= 0xFF;
    s = sip_round(sip_round(sip_round(s)));
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t name_hash(const void *name, size_t size) { return name_hash_with(own, name, size); }
