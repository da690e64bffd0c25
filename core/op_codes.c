#include "core/op_codes.h"

#include <string.h>

panel_rows *op_codes_new(op_ctx *c, int64_t rows, int64_t in)
{
    panel_rows *q = arena_alloc(c->mem, sizeof *q, c->st);
    if (!q) return NULL;
    int64_t blocks = (rows + PANEL - 1) / PANEL * PANEL * (in / PANEL_BLOCK);
    *q = (panel_rows){.in = in, .lanes = rows < PANEL ? rows : PANEL};
    q->code = arena_alloc(c->mem, (size_t)(blocks * PANEL_BLOCK), c->st);
    q->scale = arena_alloc(c->mem, (size_t)blocks * sizeof(float), c->st);
    q->sum = arena_alloc(c->mem, (size_t)blocks * sizeof(float), c->st);
    q->minus = arena_alloc(c->mem, (size_t)blocks * 2 * sizeof(int32_t), c->st);
    if (op_failed(c)) return NULL;
    if (rows % PANEL && rows > 1) { /* kernels may compute, and throw away, what lies behind the last row: numbers that cost no time */
        memset(q->scale, 0, (size_t)blocks * sizeof(float));
        memset(q->sum, 0, (size_t)blocks * sizeof(float));
    }
    return q;
}

panel_rows *op_codes_wanted(op_ctx *c, int64_t rows, int64_t in)
{
    return c->codes && in % PANEL_BLOCK == 0 && !op_failed(c) ? op_codes_new(c, rows, in) : NULL;
}
