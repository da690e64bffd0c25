/* hash_cache: the SHA-256 of files that seldom change, such as models, remembered between runs.
 *
 * What is remembered is one small file for each path in $XDG_CACHE_HOME/aigc/sha256 (else ~/.cache/aigc/sha256). It counts
 * while path, sizes, times and inode numbers of all files are the same; a file changed within the last two seconds is not
 * remembered, as its time may not tell the next change. An entry carries a check of its own: a damaged one does not count.
 * Without a cache folder everything works, only slower.
 *
 * A task finds the digest in a thread of its own, so that a first run of a model reads it while it already works:
 *
 *     hash_task *t = hash_task_start(path, &st);
 *     …
 *     hash_task_wait(t, &digest, &st);
 *     hash_task_free(t);
 */
#ifndef AIGC_CORE_HASH_CACHE_H
#define AIGC_CORE_HASH_CACHE_H

#include "core/hash.h"

/* As hash_path, remembered. */
bool hash_cache_path(const char *path, hash_hex *out, status *st);

typedef struct hash_task hash_task;

/* A remembered digest is there at once and starts no thread. */
hash_task *hash_task_start(const char *path, status *st);

/* Waits for the digest; any number of times, from one thread. */
bool hash_task_wait(hash_task *t, hash_hex *out, status *st);

void hash_task_free(hash_task *t); /* stops what is under way; NULL is allowed */

#endif
