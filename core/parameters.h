/* parameters: what a model's code asks for by name, between weights files and the model.
 *
 * A file may name its tensors in another layout, hold several in one (q, k and v), store them in 8 bits with scales, or a
 * low-rank update may have to be added; the code that builds a model sees none of it. 8-bit storage (docs/formats.md): an
 * I8 tensor NAME [O, …] with an f32 tensor NAME.scale [O] stands for NAME[o, …] · NAME.scale[o]; it is widened to f32 when
 * first asked for. The weights must outlive the parameters. One thread at a time.
 */
#ifndef AIGC_CORE_PARAMETERS_H
#define AIGC_CORE_PARAMETERS_H

#include "core/weights.h"

typedef struct parameters parameters;

/* what: names the source in messages, such as the file's path; copied. */
parameters *parameters_new(const char *what, status *st);
void parameters_free(parameters *p); /* NULL is allowed */
const char *parameters_source(const parameters *p);

/* Lives as long as the parameters: widened copies, and small arrays of the model built from them. */
arena *parameters_memory(parameters *p);

/* Adds a tensor under a name (copied); a later one of the same name replaces it. from: the weights whose pages
 * parameters_release may let go; NULL when x lies elsewhere. x's data must outlive p, x itself need not. */
bool parameters_add(parameters *p, const char *name, const tensor *x, const weights *from, status *st);

/* Adds all tensors of w under their own names. */
bool parameters_add_all(parameters *p, const weights *w, status *st);

int64_t parameters_count(const parameters *p);
const char *parameters_name(const parameters *p, int64_t i); /* in the order they were added */

/* The tensor of that name as stored, before widening; NULL when there is none. */
const tensor *parameters_peek(const parameters *p, const char *name);

/* The tensor of that name, widened when it was stored in 8 bits. A missing tensor, or one of another shape (−1 matches any
 * size), is a STATUS_INPUT that names source, tensor, the shape found and the shape wanted. */
const tensor *parameters_need(parameters *p, status *st, const char *name, int rank, const int64_t *dim);

/* As parameters_need for `count` values of any shape, as f32. */
const float *parameters_need_f32(parameters *p, status *st, const char *name, int64_t count);

/* A copy of x in the storage type DTYPE_BF16 (round to nearest even), in the parameters' memory. */
const tensor *parameters_bf16(parameters *p, status *st, const tensor *x);

/* NAME += delta[i], both of `count` elements; NAME becomes an f32 copy. */
bool parameters_merge(parameters *p, const char *name, const float *delta, int64_t count, status *st);

/* The pages of NAME's file are not needed soon. */
void parameters_release(parameters *p, const char *name);

#endif
