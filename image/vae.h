/* vae: the autoencoder between pictures and latents.
 *
 * Two kinds, told apart by the config's _class_name: AutoencoderKL (Rombach et al. 2022; the Gaussian posterior of Kingma
 * and Welling 2014) and AutoencoderTiny (TAESD, github.com/madebyollin/taesd). Pictures are [1, H, W, 3] with values −1 … 1,
 * latents [1, h, w, C] at the scale that the U-Net works on; H = factor · h. Read-only after loading.
 */
#ifndef AIGC_IMAGE_VAE_H
#define AIGC_IMAGE_VAE_H

#include "core/op.h"
#include "core/parameters.h"

enum { VAE_MAX_LEVELS = 8 };

typedef enum { VAE_KL, VAE_TINY } vae_kind;

typedef struct {
    vae_kind kind;
    int64_t latent_channels;
    float scaling_factor, shift_factor;
    int level_count;
    int64_t channels[VAE_MAX_LEVELS]; /* KL: finest first. Tiny: the decoder's, coarsest first */
    int factor;                       /* pixels a latent is wide and high: 2^(levels − 1) */
    /* KL */
    int layers_per_block, norm_groups;
    bool quant_conv, post_quant_conv, mid_attention;
    /* Tiny */
    int64_t encoder_channels[VAE_MAX_LEVELS]; /* finest first */
    int encoder_blocks[VAE_MAX_LEVELS], decoder_blocks[VAE_MAX_LEVELS];
} vae_config;

bool vae_config_read(vae_config *config, const char *path, status *st);

typedef struct vae vae;

/* Which way it is to be used; a half that is not asked for costs nothing. */
typedef enum { VAE_DECODER = 1, VAE_ENCODER = 2 } vae_half;

/* Tensors are named as in diffusers (for AutoencoderKL the older names of its attention too). p must outlive it. halves: one
 * or both (a | b); an encoder whose tensors the file does not have is an error when it is asked for. NULL on error. */
vae *vae_new(parameters *p, const vae_config *config, unsigned halves, linear_mode mode, pool *threads, status *st);
void vae_free(vae *v); /* NULL is allowed */

/* Whether vae_new would find all its tensors, the encoder's if there are any; nothing is built. */
bool vae_check(parameters *p, const vae_config *config, status *st);
const vae_config *vae_config_of(const vae *v);

/* z: [1, h, w, C] -> [1, H, W, 3], not clamped. Wants the decoder. */
tensor *vae_decode(op_ctx *c, const vae *v, const tensor *z);

/* As vae_decode in square tiles of `tile` latents that overlap by a quarter and are blended there, so that memory stays
 * bounded: each tile's norms see that tile alone, so the pixels differ a little from an untiled decode. Where z is no larger than a tile it is vae_decode. */
tensor *vae_decode_tiled(op_ctx *c, const vae *v, const tensor *z, int64_t tile);

/* x: [1, H, W, 3] -> [1, h, w, C]. noise: [1, h, w, C] of unit variance draws from KL's posterior; NULL takes its mean.
 * Wants the encoder. */
tensor *vae_encode(op_ctx *c, const vae *v, const tensor *x, const tensor *noise);

#endif
