/* gzip: reading a .gz file whole. The only file with zlib.h.
 *
 * Format: RFC 1952. A file that does not begin with gzip's two bytes is returned as it is.
 */
#ifndef AIGC_AUDIO_GZIP_H
#define AIGC_AUDIO_GZIP_H

#include <stddef.h>

#include "core/status.h"

/* The file's contents, a zero byte after its *size bytes; freed with alloc_free. More than `limit` bytes, a cut or a
 * damaged stream (its checksum is verified) are a STATUS_INPUT. */
char *gzip_read(const char *path, size_t limit, size_t *size, status *st);

#endif
