#include "audio/gzip.h"

#include <string.h>
#include <zlib.h>

#include "core/alloc.h"
#include "core/file.h"

enum { FIRST_ROOM = 65536 };

static void *zlib_alloc(void *unused, unsigned n, unsigned size)
{
    (void)unused;
    status ignored = {0};
    return alloc_array(n, size, &ignored);
}

static void zlib_free(void *unused, void *p)
{
    (void)unused;
    alloc_free(p);
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The last four bytes say how large the contents are (modulo 2³²); only a hint, since the file may lie. A deflate
 * stream grows at most 1,032-fold. */
static size_t expected_size(const unsigned char *data, size_t size, size_t limit)
{
    size_t told = (size_t)data[size - 4] | (size_t)data[size - 3] << 8 | (size_t)data[size - 2] << 16 |
                  (size_t)data[size - 1] << 24;
    return smaller(smaller(told, limit), size * 1032) + 2;
}

static char *inflate_all(z_stream *z, const char *path, size_t room, size_t limit, size_t *size, status *st)
{
    char *out = NULL;
    size_t used = 0, have = 0;
    for (int rc = Z_OK; rc != Z_STREAM_END;) {
        if (used + 1 >= have) {
            size_t wanted = have ? have * 2 : room;
            char *grown = alloc_resize(out, wanted, 1, st);
            if (!grown) break;
            out = grown;
            have = wanted;
        }
        size_t step = smaller(have - used - 1, (size_t)1 << 30);
        z->next_out = (unsigned char *)out + used;
        z->avail_out = (unsigned)step;
        rc = inflate(z, Z_NO_FLUSH);
        used += step - z->avail_out;
        if (used > limit)
            status_set(st, STATUS_INPUT, "%s: unpacks to more than the limit of %zu bytes", path, limit);
        else if (rc == Z_MEM_ERROR)
            status_set(st, STATUS_NOMEM, "%s: out of memory while unpacking", path);
        else if (rc == Z_BUF_ERROR || (rc == Z_OK && z->avail_in == 0 && z->avail_out > 0))
            status_set(st, STATUS_INPUT, "%s: the gzip stream is cut short", path);
        else if (rc != Z_OK && rc != Z_STREAM_END)
            status_set(st, STATUS_INPUT, "%s: not a whole gzip stream: %s", path, z->msg ? z->msg : "damaged");
        if (!status_ok(st)) break;
    }
    if (!status_ok(st)) {
        alloc_free(out);
        return NULL;
    }
    out[used] = 0;
    *size = used;
    return out;
}

char *gzip_read(const char *path, size_t limit, size_t *size, status *st)
{
    size_t packed_size;
    char *packed = file_read(path, limit, &packed_size, st);
    if (!packed || packed_size < 18 || (unsigned char)packed[0] != 0x1F || (unsigned char)packed[1] != 0x8B) {
        *size = packed ? packed_size : 0;
        return packed;
    }
    z_stream z = {.next_in = (unsigned char *)packed,
                  .avail_in = (unsigned)smaller(packed_size, (size_t)1 << 30),
                  .zalloc = zlib_alloc,
                  .zfree = zlib_free};
    char *out = NULL;
    if (inflateInit2(&z, 15 + 16) != Z_OK) /* + 16: gzip's frame, with its checksum verified */
        status_set(st, STATUS_NOMEM, "%s: out of memory while unpacking", path);
    else {
        out = inflate_all(&z, path, expected_size((unsigned char *)packed, packed_size, limit) + FIRST_ROOM, limit,
                          size, st);
        inflateEnd(&z);
    }
    alloc_free(packed);
    return out;
}
