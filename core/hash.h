/* hash: SHA-256 (FIPS 180-4) of bytes, files and folders, by OpenSSL's libcrypto. */
#ifndef AIGC_CORE_HASH_H
#define AIGC_CORE_HASH_H

#include <stdatomic.h>
#include <stddef.h>

#include "core/status.h"

enum { HASH_BYTES = 32, HASH_TEXT = 65, HASH_MOST_FILES = 4096 };

/* Lower-case hexadecimal digits and a zero byte. */
typedef struct {
    char text[HASH_TEXT];
} hash_hex;

bool hash_data(const void *data, size_t size, hash_hex *out, status *st);

/* The digest of a file's bytes; of a folder: the digest of the sorted lines "DIGEST  relative/path" of its regular
 * files, as `sha256sum` prints them (hidden files, pipes and devices are left out; as `path` they are refused). A folder of
 * more than HASH_MOST_FILES is refused. */
bool hash_path(const char *path, hash_hex *out, status *st);

/* The same, given up with STATUS_INTERRUPTED as soon as another thread sets *stop (NULL: never). */
bool hash_path_until(const char *path, const atomic_bool *stop, hash_hex *out, status *st);

/* Calls see for each file that hash_path would read, in no certain order: path opens it, relative is its name inside the
 * folder ("" for a file). false as soon as see says so or a folder cannot be read. */
typedef bool (*hash_visitor)(void *arg, const char *path, const char *relative);
bool hash_walk(const char *path, hash_visitor see, void *arg, status *st);

#endif
