#include "core/requantize.h"

#include <stdatomic.h>
#include <string.h>

#include "core/alloc.h"
#include "core/quant.h"

/* Elements of one piece of work, and pieces in memory at a time: fixed, so that the split depends on sizes alone. */
enum { PIECE = 65536, PIECES = 64 };

typedef struct {
    const requantize_job *job;
    int64_t rows, in;
    int64_t from, piece_rows; /* of this batch: its first row, and the rows of one piece */
    size_t source_row, row;   /* bytes of a row */
    float *values;            /* [PIECES][piece_rows · in] */
    unsigned char *encoded;
    atomic_bool failed;
} batch;

dtype requantize_type(dtype wanted, int64_t in)
{
    if (in % dtype_of(wanted)->block == 0) return wanted;
    dtype smaller = wanted == DTYPE_Q4_K ? DTYPE_Q5_0 : wanted == DTYPE_Q5_K ? DTYPE_Q5_1 : wanted == DTYPE_Q6_K ? DTYPE_Q8_0 : DTYPE_F16;
    return in % dtype_of(smaller)->block == 0 ? smaller : DTYPE_F16;
}

static int64_t source_row(const batch *b, int64_t r)
{
    const requantize_job *j = b->job;
    if (j->rotary_heads) {
        int64_t head = b->rows / j->rotary_heads, within = r % head;
        r = r - within + within % 2 * (head / 2) + within / 2;
    }
    if (j->fused_heads) {
        int64_t part = b->rows / 3, head = part / j->fused_heads;
        r = r % part / head * 3 * head + r / part * head + r % head;
    }
    return j->first_row + r;
}

static void read_row(const batch *b, int64_t r, float *to)
{
    const requantize_job *j = b->job;
    const tensor *x = j->source;
    const unsigned char *data = x->data;
    int64_t s = source_row(b, r);
    if (!j->transposed) {
        quant_dequantize(x->type, data + (size_t)s * b->source_row, to, b->in);
    } else {
        size_t size = (size_t)dtype_of(x->type)->bytes, total = (size_t)x->dim[x->rank - 1];
        for (int64_t i = 0; i < b->in; i++) quant_dequantize(x->type, data + ((size_t)i * total + (size_t)s) * size, &to[i], 1);
    }
    if (j->add != 0)
        for (int64_t i = 0; i < b->in; i++) to[i] += j->add;
}

static void run_piece(void *arg, int64_t i)
{
    batch *b = arg;
    int64_t first = b->from + i * b->piece_rows, left = b->rows - first, rows = left < b->piece_rows ? left : b->piece_rows;
    float *values = b->values + i * b->piece_rows * b->in;
    for (int64_t r = 0; r < rows; r++) read_row(b, first + r, values + r * b->in);
    if (!quant_encode(b->job->type, values, b->encoded + (size_t)(i * b->piece_rows) * b->row, rows * b->in)) atomic_store(&b->failed, true);
}

static bool write_batches(batch *b, pool *threads, FILE *out, status *st)
{
    for (; b->from < b->rows; b->from += PIECES * b->piece_rows) {
        int64_t left = b->rows - b->from, rows = left < PIECES * b->piece_rows ? left : PIECES * b->piece_rows;
        pool_run(threads, run_piece, b, (rows + b->piece_rows - 1) / b->piece_rows);
        if (atomic_load(&b->failed))
            return status_set(st, STATUS_INPUT, "tensor '%s' holds a number that %s cannot hold (NaN, infinity or too large)", b->job->name,
                              dtype_of(b->job->type)->name);
        if (fwrite(b->encoded, b->row, (size_t)rows, out) != (size_t)rows) return true; /* the stream remembers */
    }
    return true;
}

static bool is_plain_copy(const requantize_job *j)
{
    return j->type == j->source->type && j->first_row == 0 && !j->rotary_heads && !j->fused_heads && !j->transposed && j->add == 0;
}

static bool convert(const requantize_job *job, int64_t rows, int64_t in, pool *threads, FILE *out, status *st)
{
    batch b = {.job = job, .rows = rows, .in = in, .piece_rows = in < PIECE ? PIECE / in : 1};
    size_t elements;
    if (b.piece_rows > rows) b.piece_rows = rows;
    if (!dtype_bytes(job->type, in, &b.row) || (!job->transposed && !dtype_bytes(job->source->type, in, &b.source_row)))
        return status_set(st, STATUS_FAIL, "tensor '%s': rows of %lld do not fit the type %s", job->name, (long long)in, dtype_of(job->type)->name);
    int64_t pieces = (rows + b.piece_rows - 1) / b.piece_rows, held = pieces < PIECES ? pieces : PIECES;
    if (__builtin_mul_overflow((size_t)(held * b.piece_rows), (size_t)in, &elements)) elements = SIZE_MAX;
    b.values = alloc_array(elements, sizeof *b.values, st);
    b.encoded = b.values ? alloc_array((size_t)(held * b.piece_rows), b.row, st) : NULL;
    bool ok = b.encoded && write_batches(&b, threads, out, st);
    alloc_free(b.values);
    alloc_free(b.encoded);
    return ok;
}

bool requantize_write(const requantize_job *job, pool *threads, FILE *out, size_t *bytes, status *st)
{
    int64_t in = job->rank ? job->dim[job->rank - 1] : 1, rows = 1;
    for (int i = 0; i + 1 < job->rank; i++) rows *= job->dim[i];
    if (!dtype_bytes(job->type, rows * in, bytes))
        return status_set(st, STATUS_FAIL, "tensor '%s' of type %s has no whole blocks", job->name, dtype_of(job->type)->name);
    if (is_plain_copy(job)) {
        if (*bytes) fwrite(job->source->data, 1, *bytes, out);
        return true;
    }
    if (job->rank == 1 && (job->rotary_heads || job->fused_heads)) {
        rows = in;
        in = 1;
    }
    return *bytes == 0 || convert(job, rows, in, threads, out, st);
}
