/* unet: the network that predicts a picture's noise, diffusers' UNet2DConditionModel.
 *
 * Rombach et al., "High-Resolution Image Synthesis with Latent Diffusion Models" (2022), appendix E: a U-Net of residual
 * blocks, told the time by an embedding, with transformers that attend to the text at the coarser levels. All sizes come
 * from config.json, so that Stable Diffusion 1.x, 2.x, LCM and tiny models are one code. Latents are channels-last. The
 * network is read-only after loading: any thread may use it with its own context.
 */
#ifndef AIGC_IMAGE_UNET_H
#define AIGC_IMAGE_UNET_H

#include "core/op.h"
#include "core/parameters.h"

enum { UNET_MAX_LEVELS = 8, UNET_MAX_LAYERS = 8 };

/* One resolution level, finest first. */
typedef struct {
    int64_t channels;
    int heads;              /* of its attention */
    int layers;             /* residual blocks on the way down; one more on the way up */
    int transformer_layers; /* blocks in each of its transformers */
    bool down_attention, up_attention;
} unet_level;

typedef struct {
    int64_t in_channels, out_channels;
    int64_t context; /* E: width of the text's vectors */
    int level_count;
    unet_level level[UNET_MAX_LEVELS];
    int mid_resnets;        /* 2 with a transformer between them; 1 without one; 0: no middle */
    int norm_groups;
    float norm_eps;
    bool linear_projection;     /* of the transformers: a linear layer after flattening, not a convolution before */
    bool flip_sin_to_cos;
    float freq_shift;
    int64_t guidance_embedding; /* width of the embedding of the guidance scale (LCM), 0: none */
    int64_t sample_size;        /* height and width of the latents it was trained on */
} unet_config;

/* Reads a UNet2DConditionModel's config.json; what this program cannot do (class embeddings, SDXL's added conditions, …) is
 * refused by its key. */
bool unet_config_read(unet_config *config, const char *path, status *st);

typedef struct unet unet;

/* Tensors are named as in diffusers. p must outlive the network. NULL on error. */
unet *unet_new(parameters *p, const unet_config *config, linear_mode mode, pool *threads, status *st);
void unet_free(unet *u); /* NULL is allowed */

/* Whether unet_new would find all its tensors; nothing is built. */
bool unet_check(parameters *p, const unet_config *config, status *st);
const unet_config *unet_config_of(const unet *u);

/* What the text contributes, the same at every step: the keys and values of all cross attentions. In the arena of the
 * context it was made with. text: [B, T, E]. */
typedef struct unet_text unet_text;
unet_text *unet_text_new(op_ctx *c, const unet *u, const tensor *text);

/* x: [B, H, W, in_channels] at time t (0 … 999, need not be whole) -> [B, H, W, out_channels], of whatever the model predicts
 * (noise or velocity). guidance: the scale that a distilled model is told; others ignore it. */
tensor *unet_forward(op_ctx *c, const unet *u, const tensor *x, float t, const unet_text *text, float guidance);

#endif
