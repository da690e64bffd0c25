/* vae_kl: diffusers' AutoencoderKL. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "image/vae_parts.h"

static const float EPS = 1e-6f;

typedef struct {
    affine norm1, norm2;
    conv2d conv1, conv2;
    linear shortcut;
    bool has_shortcut;
} kl_resnet;

typedef struct {
    kl_resnet resnet[2];
    affine norm;
    linear q, k, v, out;
} kl_middle;

enum { MAX_LAYERS = 9 };

typedef struct {
    kl_resnet resnet[MAX_LAYERS];
    conv2d resample;
} kl_stage;

typedef struct {
    conv2d conv_in, conv_out;
    kl_stage stage[VAE_MAX_LEVELS]; /* in the order of the pass */
    kl_middle middle;
    affine norm_out;
    linear quant; /* the encoder's last or the decoder's first 1×1 convolution */
} kl_half;

struct vae_kl {
    vae_config config;
    dtype feed; /* op_ctx.feed of a pass */
    kl_half *encoder, *decoder; /* NULL: not asked for */
};

static void load_resnet(layers *l, kl_resnet *w, int64_t in, int64_t out, const char *name)
{
    w->norm1 = layers_affine(l, in, "%s.norm1", name);
    layers_conv(l, &w->conv1, out, in, 1, conv2d_pad(1), true, "%s.conv1", name);
    w->norm2 = layers_affine(l, out, "%s.norm2", name);
    layers_conv(l, &w->conv2, out, out, 1, conv2d_pad(1), true, "%s.conv2", name);
    w->has_shortcut = in != out;
    if (w->has_shortcut) layers_linear(l, &w->shortcut, out, in, true, "%s.conv_shortcut", name);
}

static void load_middle(layers *l, kl_middle *w, const vae_config *g, const char *half)
{
    char name[64];
    int64_t C = g->channels[g->level_count - 1];
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s.mid_block.resnets.%d", half, i);
        load_resnet(l, &w->resnet[i], C, C, name);
    }
    if (!g->mid_attention) return;
    snprintf(name, sizeof name, "%s.mid_block.attentions.0.query.weight", half);
    bool old = parameters_peek(l->from, name) != NULL; /* before diffusers 0.18 */
    snprintf(name, sizeof name, "%s.mid_block.attentions.0", half);
    w->norm = layers_affine(l, C, "%s.group_norm", name);
    layers_linear(l, &w->q, C, C, true, "%s.%s", name, old ? "query" : "to_q");
    layers_linear(l, &w->k, C, C, true, "%s.%s", name, old ? "key" : "to_k");
    layers_linear(l, &w->v, C, C, true, "%s.%s", name, old ? "value" : "to_v");
    layers_linear(l, &w->out, C, C, true, "%s.%s", name, old ? "proj_attn" : "to_out.0");
}

static kl_half *load_encoder(layers *l, const vae_config *g)
{
    kl_half *w = alloc_zeroed(1, sizeof *w, l->st);
    if (!w) return NULL;
    int last = g->level_count - 1;
    const conv2d_padding after = {.bottom = 1, .right = 1};
    layers_conv(l, &w->conv_in, g->channels[0], 3, 1, conv2d_pad(1), true, "encoder.conv_in");
    for (int i = 0; i <= last; i++) {
        for (int k = 0; k < g->layers_per_block; k++) {
            char name[64];
            snprintf(name, sizeof name, "encoder.down_blocks.%d.resnets.%d", i, k);
            load_resnet(l, &w->stage[i].resnet[k], g->channels[k || !i ? i : i - 1], g->channels[i], name);
        }
        if (i < last)
            layers_conv(l, &w->stage[i].resample, g->channels[i], g->channels[i], 2, after, true, "encoder.down_blocks.%d.downsamplers.0.conv", i);
    }
    load_middle(l, &w->middle, g, "encoder");
    w->norm_out = layers_affine(l, g->channels[last], "encoder.conv_norm_out");
    layers_conv(l, &w->conv_out, 2 * g->latent_channels, g->channels[last], 1, conv2d_pad(1), true, "encoder.conv_out");
    if (g->quant_conv) layers_linear(l, &w->quant, 2 * g->latent_channels, 2 * g->latent_channels, true, "quant_conv");
    return w;
}

static kl_half *load_decoder(layers *l, const vae_config *g)
{
    kl_half *w = alloc_zeroed(1, sizeof *w, l->st);
    if (!w) return NULL;
    int last = g->level_count - 1;
    if (g->post_quant_conv) layers_linear(l, &w->quant, g->latent_channels, g->latent_channels, true, "post_quant_conv");
    layers_conv(l, &w->conv_in, g->channels[last], g->latent_channels, 1, conv2d_pad(1), true, "decoder.conv_in");
    load_middle(l, &w->middle, g, "decoder");
    for (int i = 0; i <= last; i++) {
        int64_t C = g->channels[last - i];
        for (int k = 0; k <= g->layers_per_block; k++) {
            char name[64];
            snprintf(name, sizeof name, "decoder.up_blocks.%d.resnets.%d", i, k);
            load_resnet(l, &w->stage[i].resnet[k], k || !i ? C : g->channels[last - i + 1], C, name);
        }
        if (i < last) layers_conv(l, &w->stage[i].resample, C, C, 1, conv2d_pad(1), true, "decoder.up_blocks.%d.upsamplers.0.conv", i);
    }
    w->norm_out = layers_affine(l, g->channels[0], "decoder.conv_norm_out");
    layers_conv(l, &w->conv_out, 3, g->channels[0], 1, conv2d_pad(1), true, "decoder.conv_out");
    return w;
}

bool vae_kl_has_encoder(const parameters *p) { return parameters_peek(p, "encoder.conv_in.weight") != NULL; }

struct vae_kl *vae_kl_new(layers *l, const vae_config *config, unsigned halves)
{
    struct vae_kl *v = alloc_zeroed(1, sizeof *v, l->st);
    if (!v) return NULL;
    v->config = *config;
    v->feed = linear_feed(l->mode);
    if (halves & VAE_ENCODER) v->encoder = load_encoder(l, config);
    if (halves & VAE_DECODER) v->decoder = load_decoder(l, config);
    if (status_ok(l->st)) return v;
    vae_kl_free(v);
    return NULL;
}

static void free_resnet(kl_resnet *w)
{
    conv2d_free(&w->conv1);
    conv2d_free(&w->conv2);
    linear_free(&w->shortcut);
}

static void free_half(kl_half *w)
{
    if (!w) return;
    for (int i = 0; i < VAE_MAX_LEVELS; i++) {
        for (int k = 0; k < MAX_LAYERS; k++) free_resnet(&w->stage[i].resnet[k]);
        conv2d_free(&w->stage[i].resample);
    }
    free_resnet(&w->middle.resnet[0]);
    free_resnet(&w->middle.resnet[1]);
    linear *all[] = {&w->middle.q, &w->middle.k, &w->middle.v, &w->middle.out, &w->quant};
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) linear_free(all[k]);
    conv2d_free(&w->conv_in);
    conv2d_free(&w->conv_out);
    alloc_free(w);
}

void vae_kl_free(struct vae_kl *v)
{
    if (!v) return;
    free_half(v->encoder);
    free_half(v->decoder);
    alloc_free(v);
}

static conv2d_around normed(const affine *norm, int groups)
{
    return (conv2d_around){.groups = groups, .norm_weight = norm->weight, .norm_bias = norm->bias, .eps = EPS, .silu = true};
}

/* x: [1, H, W, I] -> [1, H, W, O]. At the finest level these tensors are the program's largest, so each is dropped as soon
 * as the next is there. */
static tensor *resnet_forward(op_ctx *c, const kl_resnet *w, int groups, tensor *x)
{
    if (!x) return NULL;
    tensor *y = op_new(c, SHAPE(x->dim[0], x->dim[1], x->dim[2], w->conv2.out));
    size_t mark = arena_mark(c->mem);
    conv2d_around first = normed(&w->norm1, groups), second = normed(&w->norm2, groups);
    first.feed = true;
    tensor *h = op_conv2d_with(c, x, &w->conv1, &first);
    if (w->has_shortcut) x = op_linear_with(c, x, &w->shortcut, &(linear_around){.to = y});
    second.residual = x;
    second.to = y;
    h = op_conv2d_with(c, h, &w->conv2, &second);
    arena_reset(c->mem, mark);
    return h;
}

/* x: [1, H, W, C] -> [1, H, W, C]: one head over all places. */
static tensor *attention_forward(op_ctx *c, const kl_middle *w, int groups, tensor *x)
{
    if (!x) return NULL;
    int64_t H = x->dim[1], W = x->dim[2], C = x->dim[3];
    tensor *h = op_group_norm(c, x, groups, w->norm.weight, w->norm.bias, EPS, false);
    h = tensor_reshape(c->mem, c->st, h, SHAPE(1, H * W, C)); /* [1, HW, C] */
    const linear_around feed = {.feed = true};
    tensor *q = op_linear_with(c, h, &w->q, &feed), *k = op_linear_with(c, h, &w->k, &feed), *v = op_linear_with(c, h, &w->v, &feed);
    h = op_attention(c, q, k, v, 1, 1, 1.0f / sqrtf((float)C), false);
    return op_linear_with(c, h, &w->out, &(linear_around){.residual = x, .to = x}); /* [1, H, W, C] */
}

static tensor *middle_forward(op_ctx *c, const kl_middle *w, const vae_config *g, tensor *x)
{
    x = resnet_forward(c, &w->resnet[0], g->norm_groups, x);
    if (g->mid_attention) x = attention_forward(c, w, g->norm_groups, x);
    return resnet_forward(c, &w->resnet[1], g->norm_groups, x);
}

/* The Gaussian's mean and log variance, [1, h, w, 2C], to a draw from it (or its mean), [1, h, w, C]. */
static tensor *posterior(op_ctx *c, const tensor *moments, int64_t C, const tensor *noise)
{
    tensor *z = op_slice_last(c, moments, 0, C), *log_variance = op_slice_last(c, moments, C, C);
    for (int64_t i = 0; log_variance && noise && i < tensor_count(z); i++) {
        float l = fminf(fmaxf(tensor_f32(log_variance)[i], -30), 20);
        tensor_f32(z)[i] += expf(0.5f * l) * tensor_f32(noise)[i];
    }
    return z;
}

tensor *vae_kl_encode(op_ctx *c, const struct vae_kl *v, const tensor *picture, const tensor *noise)
{
    const vae_config *g = &v->config;
    const kl_half *w = v->encoder;
    op_ctx feeding = *c; /* norms, attention, … give what the model's products take */
    feeding.feed = v->feed;
    c = &feeding;
    size_t mark = arena_mark(c->mem);
    tensor *x = op_conv2d(c, picture, &w->conv_in);
    for (int i = 0; i < g->level_count; i++) {
        for (int k = 0; k < g->layers_per_block; k++) x = op_keep(c, mark, resnet_forward(c, &w->stage[i].resnet[k], g->norm_groups, x));
        if (i + 1 < g->level_count) x = op_keep(c, mark, op_conv2d(c, x, &w->stage[i].resample)); /* [1, H/2, W/2, C] */
    }
    x = op_keep(c, mark, middle_forward(c, &w->middle, g, x));
    conv2d_around last = normed(&w->norm_out, g->norm_groups);
    x = op_conv2d_with(c, x, &w->conv_out, &last); /* [1, h, w, 2C] */
    if (g->quant_conv) x = op_linear(c, x, &w->quant);
    return posterior(c, x, g->latent_channels, noise);
}

tensor *vae_kl_decode(op_ctx *c, const struct vae_kl *v, tensor *z)
{
    const vae_config *g = &v->config;
    const kl_half *w = v->decoder;
    op_ctx feeding = *c;
    feeding.feed = v->feed;
    c = &feeding;
    size_t mark = arena_mark(c->mem);
    if (g->post_quant_conv) z = op_linear(c, z, &w->quant);
    tensor *x = op_conv2d(c, z, &w->conv_in);
    x = op_keep(c, mark, middle_forward(c, &w->middle, g, x));
    for (int i = 0; i < g->level_count; i++) {
        for (int k = 0; k <= g->layers_per_block; k++) x = op_keep(c, mark, resnet_forward(c, &w->stage[i].resnet[k], g->norm_groups, x));
        if (!x || i + 1 == g->level_count) continue;
        x = op_keep(c, mark, op_conv2d_with(c, x, &w->stage[i].resample, &(conv2d_around){.height = 2 * x->dim[1], .width = 2 * x->dim[2]}));
    }
    conv2d_around final = normed(&w->norm_out, g->norm_groups);
    return op_keep(c, mark, op_conv2d_with(c, x, &w->conv_out, &final)); /* [1, H, W, 3] */
}
