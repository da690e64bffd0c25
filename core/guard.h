/* guard: for memory that is handed out in pieces of one block. Under the address sanitizer the bytes outside live pieces are
 * poisoned, and a gap lies between pieces: an access past a piece's end, or to one given back, is reported as it would be for
 * malloc's. Elsewhere all of this is nothing. */
#ifndef AIGC_CORE_GUARD_H
#define AIGC_CORE_GUARD_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define GUARD_ON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define GUARD_ON 1
#endif
#endif
#ifdef GUARD_ON
#include <sanitizer/asan_interface.h>
enum { GUARD_GAP = 64 };
static inline void guard_forbid(const void *from, size_t bytes) { ASAN_POISON_MEMORY_REGION(from, bytes); }
static inline void guard_allow(const void *from, size_t bytes) { ASAN_UNPOISON_MEMORY_REGION(from, bytes); }
#else
enum { GUARD_GAP = 0 };
static inline void guard_forbid(const void *from, size_t bytes) { (void)from, (void)bytes; }
static inline void guard_allow(const void *from, size_t bytes) { (void)from, (void)bytes; }
#endif

#endif
