/* vae_tiny: TAESD as diffusers' AutoencoderTiny: 3×3 convolutions and ReLUs, no norms. Its layers are numbered through in
 * one sequence, activations and upsamplings counted, and named by that number. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "image/vae_parts.h"

typedef struct {
    conv2d conv[3];
} tiny_block;

/* Either half: a sequence of convolutions, each followed by its blocks. */
typedef struct {
    conv2d conv[VAE_MAX_LEVELS + 1];
    tiny_block *block[VAE_MAX_LEVELS];
} tiny_half;

struct vae_tiny {
    vae_config config;
    tiny_half encoder, decoder;
    dtype feed; /* op_ctx.feed of a pass */
};

/* The blocks of one level from layer number *at on, which moves past them. */
static void load_blocks(layers *l, tiny_half *w, int level, int count, int64_t channels, const char *half, int *at)
{
    if (!status_ok(l->st)) return;
    w->block[level] = alloc_zeroed((size_t)count, sizeof(tiny_block), l->st);
    for (int i = 0; w->block[level] && i < count; i++, ++*at)
        for (int k = 0; k < 3; k++) /* the numbers between are the ReLUs */
            layers_conv(l, &w->block[level][i].conv[k], channels, channels, 1, conv2d_pad(1), true, "%s.layers.%d.conv.%d", half, *at, 2 * k);
}

static void load_encoder(layers *l, struct vae_tiny *v)
{
    const vae_config *g = &v->config;
    int at = 0, last = g->level_count - 1;
    for (int i = 0; i <= last; i++) {
        int64_t C = g->encoder_channels[i];
        layers_conv(l, &v->encoder.conv[i], C, i ? C : 3, i ? 2 : 1, conv2d_pad(1), i == 0, "encoder.layers.%d", at++);
        load_blocks(l, &v->encoder, i, g->encoder_blocks[i], C, "encoder", &at);
    }
    layers_conv(l, &v->encoder.conv[last + 1], g->latent_channels, g->encoder_channels[last], 1, conv2d_pad(1), true, "encoder.layers.%d", at);
}

static void load_decoder(layers *l, struct vae_tiny *v)
{
    const vae_config *g = &v->config;
    layers_conv(l, &v->decoder.conv[0], g->channels[0], g->latent_channels, 1, conv2d_pad(1), true, "decoder.layers.0");
    int at = 2; /* 1 is the ReLU */
    for (int i = 0; i < g->level_count; i++) {
        bool last = i + 1 == g->level_count;
        load_blocks(l, &v->decoder, i, g->decoder_blocks[i], g->channels[i], "decoder", &at);
        if (!last) at++; /* the upsampling */
        layers_conv(l, &v->decoder.conv[i + 1], last ? 3 : g->channels[i], g->channels[i], 1, conv2d_pad(1), last, "decoder.layers.%d", at++);
    }
}

bool vae_tiny_has_encoder(const parameters *p) { return parameters_peek(p, "encoder.layers.0.weight") != NULL; }

struct vae_tiny *vae_tiny_new(layers *l, const vae_config *config, unsigned halves)
{
    struct vae_tiny *v = alloc_zeroed(1, sizeof *v, l->st);
    if (!v) return NULL;
    v->config = *config;
    v->feed = linear_feed(l->mode);
    if (halves & VAE_ENCODER) load_encoder(l, v);
    if (halves & VAE_DECODER) load_decoder(l, v);
    if (status_ok(l->st)) return v;
    vae_tiny_free(v);
    return NULL;
}

static void free_half(tiny_half *w, const int *blocks)
{
    for (int i = 0; i <= VAE_MAX_LEVELS; i++) conv2d_free(&w->conv[i]);
    for (int i = 0; i < VAE_MAX_LEVELS; i++) {
        for (int k = 0; w->block[i] && k < blocks[i]; k++)
            for (int j = 0; j < 3; j++) conv2d_free(&w->block[i][k].conv[j]);
        alloc_free(w->block[i]);
    }
}

void vae_tiny_free(struct vae_tiny *v)
{
    if (!v) return;
    free_half(&v->encoder, v->config.encoder_blocks);
    free_half(&v->decoder, v->config.decoder_blocks);
    alloc_free(v);
}

/* x: [1, H, W, C] -> [1, H, W, C] */
static tensor *block_forward(op_ctx *c, const tiny_block *w, tensor *x)
{
    const conv2d_around inner = {.activation = PRODUCT_RELU, .feed = true};
    tensor *h = op_conv2d_with(c, x, &w->conv[0], &inner);
    h = op_conv2d_with(c, h, &w->conv[1], &inner);
    return op_conv2d_with(c, h, &w->conv[2], &(conv2d_around){.activation = PRODUCT_ADD_RELU, .residual = x});
}

static tensor *blocks_forward(op_ctx *c, const tiny_half *w, int level, int count, tensor *x)
{
    size_t mark = arena_mark(c->mem);
    for (int k = 0; k < count; k++) x = op_keep(c, mark, block_forward(c, &w->block[level][k], x));
    return x;
}

tensor *vae_tiny_decode(op_ctx *c, const struct vae_tiny *v, tensor *z)
{
    const vae_config *g = &v->config;
    op_ctx feeding = *c;
    feeding.feed = v->feed;
    c = &feeding;
    size_t mark = arena_mark(c->mem);
    tensor *x = op_scale(c, z, 1.0f / 3);
    for (int64_t i = 0; x && i < tensor_count(x); i++) tensor_f32(x)[i] = 3 * tanhf(tensor_f32(x)[i]);
    x = op_conv2d_with(c, x, &v->decoder.conv[0], &(conv2d_around){.activation = PRODUCT_RELU});
    for (int i = 0; i < g->level_count; i++) {
        x = op_keep(c, mark, blocks_forward(c, &v->decoder, i, g->decoder_blocks[i], x));
        int enlarged = i + 1 < g->level_count ? 2 : 1;
        conv2d_around next = {.height = x ? enlarged * x->dim[1] : 0, .width = x ? enlarged * x->dim[2] : 0};
        x = op_keep(c, mark, op_conv2d_with(c, x, &v->decoder.conv[i + 1], &next)); /* [1, 2H, 2W, C]; last: [1, H, W, 3] */
    }
    for (int64_t i = 0; x && i < tensor_count(x); i++) tensor_f32(x)[i] = 2 * tensor_f32(x)[i] - 1; /* TAESD's pictures are 0 … 1 */
    return x;
}

tensor *vae_tiny_encode(op_ctx *c, const struct vae_tiny *v, const tensor *picture)
{
    const vae_config *g = &v->config;
    op_ctx feeding = *c;
    feeding.feed = v->feed;
    c = &feeding;
    size_t mark = arena_mark(c->mem);
    tensor *x = op_new(c, picture->rank, picture->dim);
    for (int64_t i = 0; x && i < tensor_count(x); i++) tensor_f32(x)[i] = (tensor_f32(picture)[i] + 1) / 2;
    for (int i = 0; i < g->level_count; i++) {
        x = op_conv2d(c, x, &v->encoder.conv[i]);
        x = op_keep(c, mark, blocks_forward(c, &v->encoder, i, g->encoder_blocks[i], x));
    }
    return op_conv2d(c, x, &v->encoder.conv[g->level_count]);
}
