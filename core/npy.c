#include "core/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

static const struct {
    const char *descr;
    dtype type;
} TYPES[] = {{"<f4", DTYPE_F32}, {"<f2", DTYPE_F16}, {"<f8", DTYPE_F64}, {"|i1", DTYPE_I8},
             {"|u1", DTYPE_U8},  {"<i2", DTYPE_I16}, {"<i4", DTYPE_I32}, {"<i8", DTYPE_I64}};

/* What follows "'key':" in the header's Python dictionary, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    at = at ? strchr(at, ':') : NULL;
    if (!at) return NULL;
    return at + 1 + strspn(at + 1, " ");
}

/* "(2, 3)", "(4,)" or "()" into dim; the rank, or −1. */
static int read_shape(const char *at, int64_t *dim)
{
    int rank = 0;
    if (!at || *at++ != '(') return -1;
    for (;;) {
        at += strspn(at, " ,");
        if (*at == ')') return rank;
        char *end;
        long long n = strtoll(at, &end, 10);
        if (end == at || n < 0 || rank == TENSOR_MAX_RANK) return -1;
        dim[rank++] = n;
        at = end;
    }
}

/* The header's text, zero-terminated in buffer, and where the data begins; false when it is none. */
static bool read_header(const unsigned char *data, size_t size, char *buffer, size_t room, size_t *begin)
{
    if (size < 12 || memcmp(data, "\x93NUMPY", 6) != 0 || data[6] < 1 || data[6] > 3) return false;
    size_t length = (size_t)data[8] | (size_t)data[9] << 8, from = 10;
    if (data[6] > 1) {
        length |= (size_t)data[10] << 16 | (size_t)data[11] << 24;
        from = 12;
    }
    if (length > size - from || length >= room) return false;
    memcpy(buffer, data + from, length);
    buffer[length] = 0;
    *begin = from + length;
    return true;
}

tensor *npy_decode(arena *mem, const void *data, size_t size, const char *name, status *st)
{
    char header[4096];
    size_t begin, bytes, known = sizeof TYPES / sizeof TYPES[0], t = 0;
    if (!read_header(data, size, header, sizeof header, &begin)) {
        status_set(st, STATUS_INPUT, "%s: not a NumPy array file (.npy)", name);
        return NULL;
    }
    const char *descr = value_of(header, "'descr'"), *order = value_of(header, "'fortran_order'");
    while (t < known && !(descr && strncmp(descr + 1, TYPES[t].descr, 3) == 0 && (descr[4] == '\'' || descr[4] == '"'))) t++;
    if (t == known) {
        status_set(st, STATUS_INPUT, "%s: element type %.12s found, a little-endian float or integer wanted", name, descr ? descr : "?");
        return NULL;
    }
    if (!order || strncmp(order, "False", 5) != 0) {
        status_set(st, STATUS_INPUT, "%s: an array in C order wanted (numpy.ascontiguousarray)", name);
        return NULL;
    }
    tensor x = {.type = TYPES[t].type};
    x.rank = read_shape(value_of(header, "'shape'"), x.dim);
    int64_t count = 1;
    bool sound = x.rank >= 0;
    for (int i = 0; sound && i < x.rank; i++) sound = !__builtin_mul_overflow(count, x.dim[i], &count);
    if (!sound || !dtype_bytes(x.type, count, &bytes) || bytes > size - begin) {
        status_set(st, STATUS_INPUT, "%s: its header promises more than its %zu bytes hold", name, size);
        return NULL;
    }
    tensor *y = tensor_new(mem, st, x.type, x.rank, x.dim);
    if (y) memcpy(y->data, (const char *)data + begin, bytes);
    return y;
}

tensor *npy_read(arena *mem, const char *path, status *st)
{
    size_t size;
    char *data = file_read(path, (size_t)1 << 32, &size, st);
    tensor *x = data ? npy_decode(mem, data, size, path, st) : NULL;
    alloc_free(data);
    return x;
}

bool npy_write(const char *path, const tensor *x, status *st)
{
    char shape[128], header[256];
    size_t used = 0;
    for (int i = 0; i < x->rank; i++) used += (size_t)snprintf(shape + used, sizeof shape - used, "%lld, ", (long long)x->dim[i]);
    shape[used] = 0;
    int length = snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", shape);
    int padded = (10 + length + 1 + 63) / 64 * 64 - 10; /* the data begins at a multiple of 64 */
    unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, (unsigned char)(padded & 255), (unsigned char)(padded >> 8)};
    file_output *f = file_create(path, st);
    if (!f) return false;
    FILE *out = file_stream(f);
    fwrite(start, 1, sizeof start, out);
    fprintf(out, "%s%*s\n", header, padded - 1 - length, "");
    fwrite(x->data, 1, tensor_bytes(x), out);
    return file_commit(f, st);
}
