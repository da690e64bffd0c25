/* name_hash: the hash of every table that is filled from files and requests.
 *
 * SipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012) under a key that each process draws for
 * itself: whoever writes a file cannot choose names that fall on one place and make a table of n names take n² steps. So a
 * hash holds within one process alone: it is never written, and nothing that is written follows the order of a table. A
 * table that is kept (audio/word_table.h) draws a key of its own and keeps that with it. Any thread may call.
 */
#ifndef AIGC_CORE_NAME_HASH_H
#define AIGC_CORE_NAME_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint64_t word[2];
} name_hash_key;

/* The process's own key: the same at every call. */
name_hash_key name_hash_own_key(void);

/* A fresh key. */
name_hash_key name_hash_new_key(void);

uint64_t name_hash_with(name_hash_key key, const void *name, size_t size);

/* Under the process's key. */
uint64_t name_hash(const void *name, size_t size);

#endif
