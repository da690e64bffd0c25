/* attention: both products run on the convolution kernels, as convolutions of one tap whose weights are the keys and the
 * values of this very sentence. */
#include "audio/attention.h"

#include <math.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/kernel_conv1d.h"

enum { BLOCK = 96, MAX_PANEL = 64 }; /* queries of a pool item; the widest panel of any level */

typedef struct {
    const kernel_conv1d *kernel;
    const float *q, *k, *v;
    float *y;
    int64_t steps, width, heads, d, blocks; /* T, heads · d */
    const attention_relative *relative;
    char *keys, *values;       /* packed panels, head by head */
    size_t key_bytes, value_bytes;
    char *scratch;             /* for each item: prepared rows, scores, results */
    size_t row_bytes, score_bytes, result_bytes;
} attention_job;

static int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

static size_t aligned(int64_t bytes) { return (size_t)round_up(bytes, 64); }

/* Item i packs the keys and values of head i: scores have T outputs of d inputs, results d outputs of T inputs. */
static void pack_head(void *arg, int64_t head)
{
    attention_job *j = arg;
    const kernel_conv1d *k = j->kernel;
    char *keys = j->keys + (size_t)head * j->key_bytes, *values = j->values + (size_t)head * j->value_bytes;
    size_t each = aligned((int64_t)k->panel_bytes(j->d, 1));
    for (int64_t o = 0; o < j->steps; o += k->panel, keys += each)
        k->pack(keys, j->k + o * j->width + head * j->d, j->steps - o < k->panel ? j->steps - o : k->panel, j->d, 1,
                j->width, 1, 1);
    each = aligned((int64_t)k->panel_bytes(j->steps, 1));
    for (int64_t o = 0; o < j->d; o += k->panel, values += each)
        k->pack(values, j->v + head * j->d + o, j->d - o < k->panel ? j->d - o : k->panel, j->steps, 1, 1, j->width, 1);
}

/* y[t][o] = Σ_c rows[t][c] · panels for `steps` rows, a multiple of the strip; y has whole panels. */
static void multiply(const attention_job *j, const char *rows, const char *panels, float *y, int64_t y_step, int64_t steps,
                     int64_t outputs, int64_t channels)
{
    static const float no_bias[MAX_PANEL];
    conv1d_strip s = {.row_bytes = j->kernel->row_bytes(channels), .channels = channels, .taps = 1, .stride = 1,
                      .dilation = 1, .bias = no_bias, .y_step = y_step};
    size_t each = aligned((int64_t)j->kernel->panel_bytes(channels, 1));
    if (j->kernel->begin) j->kernel->begin();
    for (int64_t o = 0; o < outputs; o += j->kernel->panel, panels += each)
        for (int64_t t = 0; t < steps; t += j->kernel->steps) {
            s.rows = rows + t * s.row_bytes;
            s.weights = panels;
            s.y = y + t * y_step + o;
            j->kernel->strip(&s);
        }
    if (j->kernel->end) j->kernel->end();
}

/* The scores' share of the relative positions: q_i · e^K_{j−i} / √d. */
static void add_relative_keys(const attention_job *j, const float *q, int64_t i, float *score, float scale)
{
    const attention_relative *r = j->relative;
    for (int64_t at = -r->window; at <= r->window; at++)
        if (i + at >= 0 && i + at < j->steps)
            score[i + at] += kernel_get()->dot(q, r->keys + (at + r->window) * j->d, j->d) * scale;
}

static void add_relative_values(const attention_job *j, const float *score, int64_t i, float *y)
{
    const attention_relative *r = j->relative;
    for (int64_t at = -r->window; at <= r->window; at++)
        if (i + at >= 0 && i + at < j->steps) kernel_get()->add_scaled(y, r->values + (at + r->window) * j->d, score[i + at], j->d);
}

/* Item: one head, one block of queries. */
static void attend_block(void *arg, int64_t item)
{
    attention_job *j = arg;
    const kernel_conv1d *k = j->kernel;
    const kernel_table *vector = kernel_get();
    int64_t head = item / j->blocks, from = item % j->blocks * BLOCK, n = j->steps - from < BLOCK ? j->steps - from : BLOCK;
    int64_t strips = round_up(n, k->steps), wide = round_up(j->steps, k->panel), deep = round_up(j->d, k->panel);
    char *rows = j->scratch + (size_t)item * (j->row_bytes + j->score_bytes + j->result_bytes);
    float *scores = (float *)(void *)(rows + j->row_bytes), *results = (float *)(void *)(rows + j->row_bytes + j->score_bytes);
    float scale = 1.0f / sqrtf((float)j->d);
    for (int64_t t = 0; t < strips; t++)
        k->prepare(rows + t * k->row_bytes(j->d), t < n ? j->q + (from + t) * j->width + head * j->d : NULL, j->d, 1, scale);
    multiply(j, rows, j->keys + (size_t)head * j->key_bytes, scores, wide, strips, j->steps, j->d);
    for (int64_t t = 0; t < strips; t++) {
        float *score = scores + t * wide;
        if (t < n && j->relative) add_relative_keys(j, j->q + (from + t) * j->width + head * j->d, from + t, score, scale);
        vector->exp_sub(score, score, vector->max(score, j->steps), j->steps);
        vector->scale(score, score, 1.0f / vector->sum(score, j->steps), j->steps);
        k->prepare(rows + t * k->row_bytes(j->steps), score, j->steps, 1, 1);
    }
    multiply(j, rows, j->values + (size_t)head * j->value_bytes, results, deep, strips, j->d, j->steps);
    for (int64_t t = 0; t < n; t++) {
        float *y = j->y + (from + t) * j->width + head * j->d;
        memcpy(y, results + t * deep, (size_t)j->d * sizeof(float));
        if (j->relative) add_relative_values(j, scores + t * wide, from + t, y);
    }
}

tensor *attention_forward(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, int64_t heads,
                          const attention_relative *relative, bool exact)
{
    if (op_failed(c) || !q || !k || !v) return NULL;
    attention_job j = {.kernel = kernel_conv1d_get(exact), .q = q->data, .k = k->data, .v = v->data, .steps = q->dim[0],
                       .width = q->dim[1], .heads = heads, .d = q->dim[1] / heads, .relative = relative};
    const kernel_conv1d *kernel = j.kernel;
    int64_t wide = round_up(j.steps, kernel->panel), deep = round_up(j.d, kernel->panel), longest = j.d > j.steps ? j.d : j.steps;
    j.blocks = (j.steps + BLOCK - 1) / BLOCK;
    j.key_bytes = aligned((int64_t)kernel->panel_bytes(j.d, 1)) * (size_t)(wide / kernel->panel);
    j.value_bytes = aligned((int64_t)kernel->panel_bytes(j.steps, 1)) * (size_t)(deep / kernel->panel);
    int64_t rows = round_up(BLOCK < j.steps ? BLOCK : j.steps, kernel->steps);
    j.row_bytes = aligned(rows * kernel->row_bytes(longest));
    j.score_bytes = aligned(rows * wide * (int64_t)sizeof(float));
    j.result_bytes = aligned(rows * deep * (int64_t)sizeof(float));
    tensor *y = op_new(c, 2, q->dim); /* [T, heads · d] */
    size_t mark = arena_mark(c->mem);
    j.keys = y ? arena_alloc(c->mem, j.key_bytes * (size_t)heads, c->st) : NULL;
    j.values = j.keys ? arena_alloc(c->mem, j.value_bytes * (size_t)heads, c->st) : NULL;
    size_t each = j.row_bytes + j.score_bytes + j.result_bytes;
    j.scratch = j.values ? arena_alloc(c->mem, each * (size_t)(heads * j.blocks), c->st) : NULL;
    if (!j.scratch) return NULL;
    j.y = y->data;
    pool_run(c->threads, pack_head, &j, heads);
    pool_run(c->threads, attend_block, &j, heads * j.blocks);
    arena_reset(c->mem, mark);
    return y;
}
