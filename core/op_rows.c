#include "core/op_rows.h"

typedef struct {
    op_span_task task;
    void *job;
    int64_t count, step;
} spans;

static void run_span(void *arg, int64_t i)
{
    spans *s = arg;
    int64_t from = i * s->step, left = s->count - from;
    s->task(s->job, from, left < s->step ? left : s->step);
}

enum { SPAN = 16384 };

void op_spans(op_ctx *c, op_span_task task, void *job, int64_t count)
{
    spans s = {task, job, count, SPAN};
    pool_run(c->threads, run_span, &s, (count + SPAN - 1) / SPAN);
}

void op_rows(op_ctx *c, op_span_task task, void *job, int64_t rows, int64_t width)
{
    int64_t step = width > 0 && width < SPAN ? SPAN / width : 1;
    spans s = {task, job, rows, step};
    pool_run(c->threads, run_span, &s, (rows + step - 1) / step);
}
