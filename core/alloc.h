/* alloc: the program's only way to memory.
 *
 * Every product is checked, every byte is counted against one budget, and the N-th allocation can be made to fail on
 * order (tests/torture). All functions may be called from any thread. Blocks are aligned to 16 bytes.
 */
#ifndef AIGC_CORE_ALLOC_H
#define AIGC_CORE_ALLOC_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

/* n elements of `size` bytes, not initialised. NULL with STATUS_NOMEM in st on overflow, budget or exhaustion. n = 0
 * gives a valid pointer. The caller frees it with alloc_free. */
void *alloc_array(size_t n, size_t size, status *st);

/* As alloc_array, filled with zero bytes. */
void *alloc_zeroed(size_t n, size_t size, status *st);

/* Resizes p (may be NULL) to n elements. On failure p stays valid and NULL is returned. */
void *alloc_resize(void *p, size_t n, size_t size, status *st);

/* A copy of the first n bytes of s, zero-terminated. */
char *alloc_string(const char *s, size_t n, status *st);

void alloc_free(void *p);

/* Zeroed anonymous memory for weights and activations in huge pages, which double the read bandwidth; aligned to 64 bytes.
 * Blocks below 4 MiB share pages. Freed with alloc_huge_free and the same size. */
void *alloc_huge(size_t bytes, status *st);
void alloc_huge_free(void *p, size_t bytes);

/* Counts `bytes` obtained elsewhere (an arena's growth) against the budget; alloc_unreserve gives them back. */
bool alloc_reserve(size_t bytes, status *st);
void alloc_unreserve(size_t bytes);

/* Two functions of malloc's and free's shape for libraries that take an allocator (jansson). */
void *alloc_for_library(size_t bytes);

/* alloc_for_library and alloc_free for a library that passes a pointer along (PCRE2); it is not looked at. */
void *alloc_for_library_with(size_t bytes, void *ignored);
void alloc_free_with(void *p, void *ignored);

/* Whether alloc_for_library ever failed. jansson then calls good JSON wrong, which must not be blamed on the file. */
bool alloc_library_failed(void);

void alloc_set_budget(uint64_t bytes); /* 0: no limit */
uint64_t alloc_in_use(void);           /* bytes now counted */
uint64_t alloc_peak(void);             /* the most ever counted */
void alloc_reset_peak(void);           /* tests: the most from now on */

/* Tests: the n-th allocation from now on fails (n = 1 is the next); 0 turns it off. */
void alloc_fail_at(uint64_t n);

#endif
