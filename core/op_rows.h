/* op_rows: the two ways in which ops split their loops over the pool. The split depends on sizes alone. */
#ifndef AIGC_CORE_OP_ROWS_H
#define AIGC_CORE_OP_ROWS_H

#include "core/op.h"

/* Calls task(job, from, n) over spans of 0 … count that tile it, each some 16 K elements. */
typedef void (*op_span_task)(void *job, int64_t from, int64_t n);
void op_spans(op_ctx *c, op_span_task task, void *job, int64_t count);

/* Calls task(job, from, n) over runs of rows, each row `width` elements: as many rows in a run as make up a span. */
void op_rows(op_ctx *c, op_span_task task, void *job, int64_t rows, int64_t width);

#endif
