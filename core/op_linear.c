/* op_linear: y = x Wᵀ + b. */
#include "core/op.h"

#include <string.h>

tensor *op_linear(op_ctx *c, const tensor *x, const linear *w)
{
    if (op_failed(c) || !x) return NULL;
    if (x->rank < 1 || x->dim[x->rank - 1] != w->in) {
        char shape[96];
        status_set(c->st, STATUS_FAIL, "op_linear: x has shape %s, the weight [%lld, %lld]",
                   tensor_shape_text(x, shape, sizeof shape), (long long)w->out, (long long)w->in);
        return NULL;
    }
    int64_t dim[TENSOR_MAX_RANK];
    memcpy(dim, x->dim, sizeof dim);
    dim[x->rank - 1] = w->out;
    tensor *y = op_new(c, x->rank, dim);
    if (y) linear_run(w, c->threads, y->data, x->data, tensor_rows(x));
    return y;
}
