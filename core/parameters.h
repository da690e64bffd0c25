/* parameters: what a model's code asks for by name, between weights files and the model.
 *
 * A file may name its tensors in another layout, hold several in one (q, k and v), store them in 8 bits with scales, or a
 * low-rank update may have to be added; the code that builds a model sees none of it. 8-bit storage (docs/formats.md): an
 * I8 tensor NAME [O, …] with an f32 tensor NAME.scale [O] stands for NAME[o, …] · NAME.scale[o]. Such a tensor, and one with
 * updates, is made as f32 each time it is asked for, so a caller that keeps a packed copy of its own can give the f32 back
 * (arena_reset). The weights must outlive the parameters. One thread at a time.
 */
#ifndef AIGC_CORE_PARAMETERS_H
#define AIGC_CORE_PARAMETERS_H

#include "core/pool.h"
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

/* The tensor of that name, in f32 when it was stored in 8 bits or has updates. A missing tensor, or one of another shape (−1
 * matches any size), is a STATUS_INPUT that names source, tensor, the shape found and the shape wanted. */
const tensor *parameters_need(parameters *p, status *st, const char *name, int rank, const int64_t *dim);

/* As parameters_need for `count` values of any shape, as f32. */
const float *parameters_need_f32(parameters *p, status *st, const char *name, int64_t count);

/* Whether parameters_need, or parameters_need_f32, would find what it wants; nothing is read or made. */
bool parameters_check(const parameters *p, status *st, const char *name, int rank, const int64_t *dim);
bool parameters_check_count(const parameters *p, status *st, const char *name, int64_t count);

/* NAME [out, in …] += scale · up · down, with up [out, rank] and down [rank, in …]; several updates are added in turn. The two
 * are copied; the sum is made when NAME is asked for. NAME must be there and fit. */
typedef struct {
    int64_t out, rank, in;
    const float *up, *down;
    float scale;
} parameters_low_rank;
bool parameters_update(parameters *p, const char *name, const parameters_low_rank *u, status *st);

/* The threads that add updates; NULL, as at first: the caller's alone. */
void parameters_set_threads(parameters *p, pool *threads);

/* The pages of NAME's file are not needed soon. */
void parameters_release(parameters *p, const char *name);

#endif
