/* unet: the forward pass. B pictures, H×W latents, C channels, T text vectors of width E. */
#include "image/unet.h"

#include <math.h>
#include <string.h>

#include "image/unet_parts.h"

struct unet_text {
    tensor **k, **v; /* [B, T, C] for each cross attention */
};

unet_text *unet_text_new(op_ctx *c, const unet *u, const tensor *text)
{
    size_t n = (size_t)u->cross_count;
    unet_text *t = text && !op_failed(c) ? arena_alloc(c->mem, sizeof *t, c->st) : NULL;
    if (!t) return NULL;
    t->k = arena_alloc(c->mem, n * sizeof *t->k, c->st);
    t->v = arena_alloc(c->mem, n * sizeof *t->v, c->st);
    if (!t->k || !t->v) return NULL;
    if (text->rank != 3 || text->dim[2] != u->config.context) {
        char shape[96];
        status_set(c->st, STATUS_INPUT, "the text encoder's vectors %s do not fit the picture model, which wants width %lld",
                   tensor_shape_text(text, shape, sizeof shape), (long long)u->config.context);
        return NULL;
    }
    op_ctx feeding = *c;
    feeding.feed = u->feed;
    for (size_t i = 0; i < n; i++) {
        t->k[i] = op_linear_with(&feeding, text, &u->cross[i]->cross_k, &(linear_around){.feed = true});
        t->v[i] = op_linear_with(&feeding, text, &u->cross[i]->cross_v, &(linear_around){.feed = true});
    }
    return op_failed(c) ? NULL : t;
}

/* The sinusoids of Vaswani et al. (2017), section 3.5, as diffusers computes them: [1, width]. */
static tensor *sinusoids(op_ctx *c, float value, int64_t width, bool cosine_first, float shift)
{
    tensor *y = op_new(c, SHAPE(1, width));
    if (!y) return NULL;
    int64_t half = width / 2;
    memset(y->data, 0, tensor_bytes(y)); /* an odd width leaves its last value 0 */
    for (int64_t i = 0; i < half; i++) {
        float frequency = expf(-logf(10000.0f) * (float)i / ((float)half - shift));
        tensor_f32(y)[cosine_first ? half + i : i] = sinf(value * frequency);
        tensor_f32(y)[cosine_first ? i : half + i] = cosf(value * frequency);
    }
    return y;
}

/* SiLU of the time's embedding, [1, 4 C₀]: every residual block begins with that SiLU. */
static tensor *time_embedding(op_ctx *c, const unet *u, float t, float guidance)
{
    const unet_config *g = &u->config;
    tensor *h = sinusoids(c, t, g->level[0].channels, g->flip_sin_to_cos, g->freq_shift);
    if (g->guidance_embedding) { /* Luo et al., "Latent Consistency Models" (2023), section 4.1 */
        tensor *w = sinusoids(c, (guidance - 1) * 1000, g->guidance_embedding, false, 1);
        h = op_add(c, h, op_linear(c, w, &u->guidance));
    }
    h = op_silu(c, op_linear(c, h, &u->time1));
    return op_silu(c, op_linear(c, h, &u->time2));
}

/* x: [B, H, W, I], time: [1, 4 C₀] -> [B, H, W, O] */
static tensor *resnet_forward(op_ctx *c, const unet *u, const unet_resnet *w, tensor *x, const tensor *time)
{
    const unet_config *g = &u->config;
    if (!x) return NULL;
    tensor *y = op_new(c, SHAPE(x->dim[0], x->dim[1], x->dim[2], w->conv2.out));
    size_t mark = arena_mark(c->mem);
    conv2d_around first = {.groups = g->norm_groups, .norm_weight = w->norm1.weight, .norm_bias = w->norm1.bias, .eps = g->norm_eps,
                           .silu = true, .row = op_linear(c, time, &w->time), .feed = true};
    tensor *h = op_conv2d_with(c, x, &w->conv1, &first); /* [B, H, W, O] */
    if (w->has_shortcut) x = op_linear_with(c, x, &w->shortcut, &(linear_around){.to = y});
    conv2d_around second = {.groups = g->norm_groups, .norm_weight = w->norm2.weight, .norm_bias = w->norm2.bias, .eps = g->norm_eps,
                            .silu = true, .residual = x, .to = y};
    h = op_conv2d_with(c, h, &w->conv2, &second);
    arena_reset(c->mem, mark);
    return h;
}

/* x += W h, in place */
static void add_linear(op_ctx *c, const tensor *h, const linear *w, tensor *x)
{
    op_linear_with(c, h, w, &(linear_around){.residual = x, .to = x});
}

/* x: [B, HW, C], changed in place. q, k, v and what lies between two products only feed products. */
static void block_forward(op_ctx *c, const unet_block *w, int heads, tensor *x, const unet_text *text)
{
    if (!x) return;
    const linear_around feed = {.feed = true};
    float scale = 1.0f / sqrtf((float)(x->dim[2] / heads));
    size_t mark = arena_mark(c->mem);
    tensor *h = op_layer_norm(c, x, w->norm1.weight, w->norm1.bias, 1e-5f);
    tensor *q = op_linear_with(c, h, &w->self_q, &feed), *k = op_linear_with(c, h, &w->self_k, &feed), *v = op_linear_with(c, h, &w->self_v, &feed);
    add_linear(c, op_attention(c, q, k, v, heads, heads, scale, false), &w->self_out, x);
    arena_reset(c->mem, mark);

    h = op_layer_norm(c, x, w->norm2.weight, w->norm2.bias, 1e-5f);
    q = op_linear_with(c, h, &w->cross_q, &feed);
    h = op_attention(c, q, text->k[w->cross_index], text->v[w->cross_index], heads, heads, scale, false);
    add_linear(c, h, &w->cross_out, x);
    arena_reset(c->mem, mark);

    h = op_layer_norm(c, x, w->norm3.weight, w->norm3.bias, 1e-5f);
    h = op_linear_with(c, h, &w->ff_in, &(linear_around){.geglu = true, .feed = true}); /* [B, HW, 4C] */
    add_linear(c, h, &w->ff_out, x);
    arena_reset(c->mem, mark);
}

/* x: [B, H, W, C] -> [B, H, W, C]. In channels-last order flattening the picture and a 1×1 convolution are both free: the
 * projections are linear layers whichever of the two the config names. */
static tensor *transformer_forward(op_ctx *c, const unet *u, const unet_transformer *w, tensor *x, const unet_text *text)
{
    if (!x) return NULL;
    int64_t B = x->dim[0], H = x->dim[1], W = x->dim[2], C = x->dim[3];
    tensor *y = op_new(c, x->rank, x->dim);
    size_t mark = arena_mark(c->mem);
    tensor *h = op_group_norm(c, x, u->config.norm_groups, w->norm.weight, w->norm.bias, 1e-6f, false);
    h = tensor_reshape(c->mem, c->st, op_linear(c, h, &w->proj_in), SHAPE(B, H * W, C)); /* [B, HW, C] */
    for (int i = 0; i < w->block_count; i++) block_forward(c, &w->block[i], w->heads, h, text);
    y = op_linear_with(c, h, &w->proj_out, &(linear_around){.residual = x, .to = y}); /* [B, H, W, C] */
    arena_reset(c->mem, mark);
    return y;
}

/* What the way down leaves for the way up. */
typedef struct {
    tensor *item[UNET_MAX_LEVELS * (UNET_MAX_LAYERS + 1) + 1];
    int count;
} skip_stack;

static tensor *down_forward(op_ctx *c, const unet *u, const unet_stage *s, tensor *x, const tensor *time,
                            const unet_text *text, skip_stack *skips)
{
    for (int i = 0; i < s->count; i++) {
        size_t mark = arena_mark(c->mem);
        x = op_keep(c, mark, resnet_forward(c, u, &s->resnet[i], x, time));
        if (s->transformer) x = op_keep(c, mark, transformer_forward(c, u, &s->transformer[i], x, text));
        skips->item[skips->count++] = x;
    }
    if (s->has_resample) skips->item[skips->count++] = x = op_conv2d(c, x, &s->resample); /* [B, ⌈H/2⌉, ⌈W/2⌉, C] */
    return x;
}

static tensor *up_forward(op_ctx *c, const unet *u, const unet_stage *s, tensor *x, const tensor *time,
                          const unet_text *text, skip_stack *skips)
{
    size_t mark = arena_mark(c->mem);
    for (int i = 0; i < s->count; i++) {
        x = op_concat_last(c, x, skips->item[--skips->count]); /* [B, H, W, C + skip's C] */
        x = op_keep(c, mark, resnet_forward(c, u, &s->resnet[i], x, time));
        if (s->transformer) x = op_keep(c, mark, transformer_forward(c, u, &s->transformer[i], x, text));
    }
    if (!s->has_resample || op_failed(c)) return x;
    const tensor *finer = skips->item[skips->count - 1]; /* an odd size was rounded up on the way down */
    x = op_upsample_nearest(c, x, finer->dim[1], finer->dim[2]);
    return op_keep(c, mark, op_conv2d(c, x, &s->resample));
}

tensor *unet_forward(op_ctx *c, const unet *u, const tensor *x, float t, const unet_text *text, float guidance)
{
    const unet_config *g = &u->config;
    op_ctx feeding = *c; /* norms, attention, … give what the network's products take */
    feeding.feed = u->feed;
    c = &feeding;
    skip_stack skips = {.count = 0};
    tensor *time = time_embedding(c, u, t, guidance);
    tensor *h = op_conv2d(c, x, &u->conv_in);
    skips.item[skips.count++] = h;
    for (int i = 0; i < g->level_count; i++) h = down_forward(c, u, &u->down[i], h, time, text, &skips);

    if (g->mid_resnets > 0) h = resnet_forward(c, u, &u->mid_resnet[0], h, time);
    if (g->mid_resnets > 1) {
        h = transformer_forward(c, u, &u->mid_transformer, h, text);
        h = resnet_forward(c, u, &u->mid_resnet[1], h, time);
    }

    for (int i = 0; i < g->level_count; i++) h = up_forward(c, u, &u->up[i], h, time, text, &skips);
    conv2d_around last = {.groups = g->norm_groups, .norm_weight = u->norm_out.weight, .norm_bias = u->norm_out.bias, .eps = g->norm_eps, .silu = true};
    return op_conv2d_with(c, h, &u->conv_out, &last);
}
