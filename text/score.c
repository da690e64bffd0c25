#include "text/score.h"

#include <math.h>

#include "core/alloc.h"
#include "text/sample.h"

enum { PASS = 256, HEAD_ROWS = 32 }; /* tokens of a pass; rows of logits at a time, which are wide */

static bool damaged(status *st) { return status_set(st, STATUS_INPUT, "the model gave no finite numbers; its weights may be damaged"); }

/* The logits of the pass's rows against the tokens that follow them. from: the position of the pass's first row. */
static void score_rows(op_ctx *c, const gpt *m, const tensor *hidden, const int32_t *next, int64_t rows, double *logprob)
{
    int64_t width = hidden->dim[1], vocab = m->config.vocab;
    for (int64_t r = 0; r < rows && !op_failed(c); r += HEAD_ROWS) {
        size_t mark = arena_mark(c->mem);
        int64_t n = rows - r < HEAD_ROWS ? rows - r : HEAD_ROWS;
        tensor part = {.type = DTYPE_F32, .rank = 2, .dim = {n, width}, .data = tensor_f32(hidden) + r * width};
        tensor *logits = gpt_logits(c, m, &part), *scratch = op_new(c, SHAPE(vocab));
        for (int64_t i = 0; logits && scratch && i < n; i++)
            logprob[r + i] = sample_logprob(tensor_f32(logits) + i * vocab, vocab, next[r + i], tensor_f32(scratch));
        for (int64_t i = 0; !op_failed(c) && i < n; i++)
            if (isnan(logprob[r + i])) damaged(c->st);
        arena_reset(c->mem, mark);
    }
}

/* One window of n tokens; the logprobs of its tokens from `first` on are wanted. */
static void score_window(op_ctx *c, const gpt *m, const int32_t *token, int64_t n, int64_t first, double *logprob)
{
    kv_cache cache = {0};
    if (!gpt_new_cache(m, &cache, n, c->st)) return;
    for (int64_t at = 0; at < n - 1 && !op_failed(c); at += PASS) {
        size_t mark = arena_mark(c->mem);
        int64_t count = n - 1 - at < PASS ? n - 1 - at : PASS;
        bool wanted = at + count >= first;
        gpt_segment s = {&cache, token + at, count, wanted ? GPT_KEEP_ALL : GPT_KEEP_NONE};
        tensor *hidden = gpt_forward(c, m, &s, 1, NULL);
        int64_t skip = first - 1 > at ? first - 1 - at : 0; /* row r gives the logprob of token at + r + 1 */
        if (hidden && wanted) {
            tensor rest = {.type = DTYPE_F32, .rank = 2, .dim = {count - skip, hidden->dim[1]}, .data = tensor_f32(hidden) + skip * hidden->dim[1]};
            score_rows(c, m, &rest, token + at + skip + 1, count - skip, logprob + at + skip + 1);
        }
        arena_reset(c->mem, mark);
    }
    kv_cache_free(&cache);
}

static bool check_tokens(const gpt *m, const int32_t *token, int64_t n, status *st)
{
    for (int64_t i = 0; i < n; i++)
        if (token[i] < 0 || token[i] >= m->config.vocab)
            return status_set(st, STATUS_FAIL, "token %d is none of the model's %lld", token[i], (long long)m->config.vocab);
    return true;
}

bool score_tokens(const gpt *m, pool *threads, const int32_t *token, int64_t n, int64_t context, int64_t stride, double *logprob,
                  status *st)
{
    if (!check_tokens(m, token, n, st)) return false;
    op_ctx c = {.mem = arena_new(st), .threads = threads, .st = st, .bulk = true};
    if (n > 0) logprob[0] = NAN;
    int64_t scored = 1; /* tokens that have their logprob */
    for (int64_t begin = 0; c.mem && scored < n && status_ok(st); begin += stride) {
        int64_t size = n - begin < context ? n - begin : context;
        score_window(&c, m, token + begin, size, scored - begin, logprob + begin);
        scored = begin + size;
    }
    arena_free(c.mem);
    return status_ok(st);
}

bool score_embed(const gpt *m, pool *threads, const int32_t *token, int64_t n, float *out, status *st)
{
    kv_cache cache = {0};
    int64_t width = m->config.width;
    op_ctx c = {.mem = arena_new(st), .threads = threads, .st = st, .bulk = true};
    double *sum = alloc_zeroed((size_t)width, sizeof *sum, st);
    bool ok = c.mem && sum && check_tokens(m, token, n, st) && gpt_new_cache(m, &cache, n, st);
    for (int64_t at = 0; ok && at < n; at += PASS) {
        size_t mark = arena_mark(c.mem);
        gpt_segment s = {&cache, token + at, n - at < PASS ? n - at : PASS, GPT_KEEP_ALL};
        tensor *hidden = gpt_forward(&c, m, &s, 1, NULL);
        ok = hidden != NULL;
        for (int64_t r = 0; ok && r < s.count; r++)
            for (int64_t i = 0; i < width; i++) sum[i] += (double)tensor_f32(hidden)[r * width + i];
        arena_reset(c.mem, mark);
    }
    for (int64_t i = 0; ok && i < width; i++) {
        out[i] = (float)(sum[i] / (double)n);
        ok = isfinite(out[i]) || damaged(st);
    }
    kv_cache_free(&cache);
    alloc_free(sum);
    arena_free(c.mem);
    return ok;
}

void score_normalize(float *v, int64_t n)
{
    double square = 0;
    for (int64_t i = 0; i < n; i++) square += (double)v[i] * (double)v[i];
    for (int64_t i = 0; square > 0 && i < n; i++) v[i] = (float)(v[i] / sqrt(square));
}
