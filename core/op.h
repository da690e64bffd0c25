/* op: the eager operations on tensors, from which every model's forward pass is written.
 *
 * An op takes its inputs, puts its result into the context's arena and returns it. Errors are sticky: after the first
 * one, recorded in the context's status, every op returns NULL, and an op given NULL returns NULL, so that a forward
 * pass is written without checks and tested once at its end. Activations are f32 unless an op says otherwise. Layouts:
 * sequences [B, T, C], pictures channels-last [B, H, W, C], sound channels-last [B, T, C]. An op never changes its
 * inputs, except those named …_inplace. A context belongs to one thread; its pool does the heavy loops.
 */
#ifndef AIGC_CORE_OP_H
#define AIGC_CORE_OP_H

#include "core/arena.h"
#include "core/conv.h"
#include "core/linear.h"
#include "core/pool.h"
#include "core/tensor.h"

typedef struct op_ctx {
    arena *mem;
    pool *threads; /* NULL: this thread alone */
    status *st;
    dtype feed; /* DTYPE_F32 (0), or DTYPE_BF16 where the model's products are bf16: what ops that say "feed" give, whose
                   results only feed a product, so that it is rounded once and not twice */
    bool codes; /* products of quantised weights: ops that say "feed" leave the numbers with 8 bits beside their result */
    bool bulk;  /* a pass for many rows: products may trade their last bits for speed (bf16 by tiles, where the CPU has them).
                   A row's bits depend on this flag, never on the number of rows or how they are cut */
} op_ctx;

/* Whether this CPU has kernels that make use of bulk. */
bool op_has_bulk(void);

static inline bool op_failed(const op_ctx *c) { return !status_ok(c->st); }

/* A new f32 tensor for a result; NULL after an error. */
tensor *op_new(op_ctx *c, int rank, const int64_t *dim);

/* What an op asks of each input before it reads it as f32: false after an error, for NULL, and, with an error that names the
 * op, the type found and the shape, for any other type (norms, attention and gated products may give bf16: op_ctx.feed). */
bool op_wants_f32(op_ctx *c, const char *op, const tensor *x);
/* The same of an input that may be f32 or bf16. */
bool op_wants_float(op_ctx *c, const char *op, const tensor *x);
/* The same of the place `to` that a result of that type and so many elements is given; what lay there goes, its 8-bit codes too. */
bool op_wants_place(op_ctx *c, const char *op, tensor *to, dtype type, int64_t count);

/* x, which is f32, or NULL with STATUS_INPUT where it holds infinities or what is no number: what a damaged model makes. Asked of a
 * model's results before they become a file. */
tensor *op_finite(op_ctx *c, tensor *x);

/* Gives back all of the context's arena above mark but x, which moves down to it; x may be what lies below. A long pass
 * keeps its memory small so: x = op_keep(c, mark, block_forward(c, …, x)). Pointers to x's old place are invalid. */
tensor *op_keep(op_ctx *c, size_t mark, const tensor *x);

/* ---- op_basic.c: element by element ---- */
tensor *op_add(op_ctx *c, const tensor *a, const tensor *b);             /* a + b, equal shapes */
tensor *op_add_row(op_ctx *c, const tensor *x, const float *row);        /* x[…, i] + row[i] */
tensor *op_mul(op_ctx *c, const tensor *a, const tensor *b);             /* a · b, equal shapes */
tensor *op_scale(op_ctx *c, const tensor *x, float s);                   /* s x */
tensor *op_concat_last(op_ctx *c, const tensor *a, const tensor *b);     /* […, A], […, B] -> […, A + B] */
tensor *op_slice_last(op_ctx *c, const tensor *x, int64_t from, int64_t count); /* […, C] -> […, count] */

/* ---- op_linear.c ---- */
/* y = x Wᵀ + b. x: […, in] -> […, out]. A row's numbers do not depend on how many rows x has. */
tensor *op_linear(op_ctx *c, const tensor *x, const linear *w);
/* y[i] = op_linear(c, x, w[i]) for up to 8 weights, x prepared once and all in one loop. After an error each y[i] is NULL. */
void op_linear_many(op_ctx *c, const tensor *x, int n, const linear *const *w, tensor **y);
/* residual + op_linear(c, x, w); residual has the result's shape. to: where the result goes, neither x nor the residual; NULL: a
 * new tensor. */
tensor *op_linear_add(op_ctx *c, const tensor *x, const linear *w, const tensor *residual, tensor *to);
/* silu(x gateᵀ) · (x upᵀ) (SwiGLU), the same numbers as op_silu_mul of two op_linear; and with gelu_tanh. The result may be
 * of type feed. */
tensor *op_linear_silu_mul(op_ctx *c, const tensor *x, const linear *gate, const linear *up);
tensor *op_linear_gelu_tanh_mul(op_ctx *c, const tensor *x, const linear *gate, const linear *up);

/* What a pass of few rows will read after its next product or attention, which it is said before: threads bring its beginning
 * into their caches while they come to that one's end and wait. It changes no result. */
enum { OP_LINEAR_FEW_ROWS = 16 }; /* up to so many rows a product takes as long as its weights take to come from memory */
void op_linear_ahead(op_ctx *c, int n, const linear *const *w);
void op_linear_gated_ahead(op_ctx *c, const linear *gate, const linear *up);

/* What may surround a linear layer, in one pass with it where its weights allow; zero leaves each out. */
typedef struct {
    bool geglu;             /* op_geglu of the result, half as wide */
    const tensor *residual; /* of the result's size, f32, added last */
    bool feed;              /* the result may be of type feed */
    tensor *to;             /* where the result goes, instead of a new tensor; may be the residual itself */
} linear_around;
tensor *op_linear_with(op_ctx *c, const tensor *x, const linear *w, const linear_around *around);

/* ---- op_product.c ---- */
/* after(x Wᵀ + b) by core/product.h. x: […, in], f32 or bf16 -> […, out], or […, out / 2] when gated. */
tensor *op_product(op_ctx *c, const tensor *x, const product *w, const product_after *after);
/* The same into `to`, of the result's type and size; NULL: a new tensor. */
tensor *op_product_to(op_ctx *c, const tensor *x, const product *w, const product_after *after, tensor *to);
/* x itself when f32, or bf16 widened. */
const tensor *op_as_f32(op_ctx *c, const tensor *x);
/* x itself when bf16, or f32 rounded; only where the CPU has bf16 products. */
const tensor *op_as_bf16(op_ctx *c, const tensor *x);

/* ---- op_conv.c ---- */
/* 2-D convolution (cross-correlation, as PyTorch's conv2d). x: [B, H, W, I] -> [B, H', W', O],
 * H' = (H + padding − kernel) / stride + 1, rounded down. */
tensor *op_conv2d(op_ctx *c, const tensor *x, const conv2d *w);

/* What may surround a convolution, in one pass with it; zero leaves each out. */
typedef struct {
    int groups; /* 0, or a group norm of the input first, then SiLU when silu */
    const float *norm_weight, *norm_bias;
    float eps;
    bool silu;
    int64_t height, width;  /* 0, or the size to which the input is first enlarged (op_upsample_nearest) */
    const tensor *row;      /* [B, O] or [1, O], added to each pixel's sum */
    product_activation activation;
    const tensor *residual; /* [B, H', W', O], f32, added last (before PRODUCT_ADD_RELU) */
    bool feed;              /* the result is of type feed */
    tensor *to;             /* where the result goes, instead of a new tensor; may be the residual itself */
} conv2d_around;
tensor *op_conv2d_with(op_ctx *c, const tensor *x, const conv2d *w, const conv2d_around *around);

/* ---- op_resample.c ---- */
/* Nearest neighbour: pixel (y, x) of the result is pixel (⌊y H / height⌋, ⌊x W / width⌋). x: [B, H, W, C] -> [B, height, width, C] */
tensor *op_upsample_nearest(op_ctx *c, const tensor *x, int64_t height, int64_t width);

/* ---- op_norm.c ---- */
/* (x − mean) / √(var + eps) · weight + bias over the last dimension (Ba et al. 2016). bias may be NULL.
 * The result is of type feed. */
tensor *op_layer_norm(op_ctx *c, const tensor *x, const float *weight, const float *bias, float eps);
/* x / √(mean(x²) + eps) · weight over the last dimension (Zhang and Sennrich 2019). */
tensor *op_rms_norm(op_ctx *c, const tensor *x, const float *weight, float eps);
/* Per picture and group of channels (Wu and He 2018). x: [B, H, W, C]; weight, bias: [C]. silu: x·σ(x) follows.
 * x may be bf16; the result is of type feed. */
tensor *op_group_norm(op_ctx *c, const tensor *x, int groups, const float *weight, const float *bias, float eps, bool silu);

/* The same norm as scale and shift, [B, C] each: x · scale + shift. x may be f32 or bf16. */
bool op_group_norm_affine(op_ctx *c, const tensor *x, int groups, const float *weight, const float *bias, float eps, float *scale, float *shift);

/* ---- op_activation.c ---- */
tensor *op_relu(op_ctx *c, const tensor *x);
tensor *op_leaky_relu(op_ctx *c, const tensor *x, float slope);
tensor *op_silu(op_ctx *c, const tensor *x);         /* x σ(x) */
tensor *op_gelu(op_ctx *c, const tensor *x);         /* x Φ(x), by erf (Hendrycks and Gimpel 2016) */
tensor *op_gelu_tanh(op_ctx *c, const tensor *x);    /* its tanh form, "gelu_new" */
tensor *op_quick_gelu(op_ctx *c, const tensor *x);   /* x σ(1.702 x), CLIP's */
tensor *op_silu_mul(op_ctx *c, const tensor *gate, const tensor *up);      /* SwiGLU: silu(gate) · up */
tensor *op_gelu_tanh_mul(op_ctx *c, const tensor *gate, const tensor *up); /* GeGLU */
tensor *op_geglu(op_ctx *c, const tensor *x);        /* halves a, b of the last dimension -> a · gelu(b) (Shazeer 2020) */
tensor *op_softmax(op_ctx *c, const tensor *x);      /* over the last dimension */

/* ---- op_attention.c ---- */
/* softmax(scale · q kᵀ + mask) v for each head, without the full score matrix (Rabe and Staats 2021; Dao et al. 2022).
 * q: [B, Tq, heads·D]; k, v: [B, Tk, kv_heads·D] -> [B, Tq, heads·D]. heads is a multiple of kv_heads.
 * causal: query i sees keys j ≤ i + Tk − Tq. f32 or bf16 in; products in and result of type feed. */
tensor *op_attention(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, int heads, int kv_heads, float scale, bool causal);

/* ---- op_embed.c ---- */
/* scale · the rows ids[0 … n) of a table [V, C] of any storage type -> [n, C]. An id outside the table is a STATUS_FAIL. */
tensor *op_embed(op_ctx *c, const tensor *table, const int32_t *ids, int64_t n, float scale);
/* The rows rows[0 … n) of x [N, C] -> [n, C]. */
tensor *op_take_rows(op_ctx *c, const tensor *x, const int64_t *rows, int64_t n);

/* ---- op_rope.c: rotary position embedding (Su et al. 2021) ---- */
/* cos and sin of positions[n] · rates[i], 0 ≤ i < R / 2 -> [n, R]: the cosines, then the sines. */
tensor *op_rope_table(op_ctx *c, const int64_t *positions, int64_t n, const float *rates, int64_t rotary);
/* The rotary embedding of a pass, given to what reads its queries and keys. */
typedef struct {
    const tensor *table; /* a row for each row of the pass; NULL: nothing is turned */
    bool interleaved;    /* pairs of elements (2i, 2i + 1), else (i, i + R/2), of a head's first R */
} op_rope;
/* y ← one head x of row `row`, each of its pairs (a, b) turned by its angle: (a cos − b sin, a sin + b cos). */
void op_rope_turn(const op_rope *rope, int64_t row, const float *x, float *y, int64_t head_dim);

/* ---- op_attention_cached.c: attention of new positions over a cache of keys and values ---- */
/* The cache of a sequence is a list of chunks of KV_CHUNK positions. A chunk holds each layer's keys and values:
 *     layer: [kv_heads] of { keys [KV_CHUNK/16][D][16], values [⌈D/16⌉][KV_CHUNK][16] }
 * in f16, or f32 where the numbers must be exact. Both are panels as core/kernel/kernel_panel.h has them, the keys
 * transposed, so that scores and weighted sums are products without sums across a register. */
enum { KV_CHUNK = 64, KV_MAX_HEAD_DIM = 512 };
typedef struct {
    int64_t kv_heads, head_dim;
    bool half;
    size_t key_bytes, value_bytes, layer_bytes; /* of one head's keys, its values; all heads of a layer */
} op_kv_layout;
op_kv_layout op_kv_layout_of(int64_t kv_heads, int64_t head_dim, bool half);

/* rows of one pass that belong to one sequence: they hold its positions start … start + rows − 1. chunk has room for them. */
typedef struct {
    int64_t start, rows;
    void *const *chunk;
} op_kv_segment;

/* As op_linear_ahead, for the attention of few rows: the newest keys and values of a layer. */
void op_kv_ahead(op_ctx *c, const op_kv_layout *layout, int64_t layer, const op_kv_segment *segments, int64_t count);

/* Writes keys, turned by rope, and values k, v: [N, kv_heads·D] of the segments' rows, one after another, into layer `layer` of
 * the caches. */
void op_kv_store(op_ctx *c, const tensor *k, const tensor *v, const op_rope *rope, const op_kv_layout *layout, int64_t layer,
                 const op_kv_segment *segments, int64_t count);

/* Stores k and v as op_kv_store does, unless they are NULL because they are stored; then
 * softmax(scale · q kᵀ) v, q turned by rope, over the positions j ≤ i of its own sequence, with a window also j > i − window
 * (0: all).
 * q: [N, heads·D] -> [N, heads·D]. A row's numbers depend neither on the other rows of the pass nor on how the positions
 * before it were fed: the sums run over spans of chunks that are fixed by the positions alone. The result may be of type
 * feed. */
tensor *op_attention_cached(op_ctx *c, const tensor *q, const tensor *k, const tensor *v, const op_rope *rope, const op_kv_layout *layout,
                            int64_t layer, const op_kv_segment *segments, int64_t count, int64_t heads, float scale, int64_t window);

#endif
