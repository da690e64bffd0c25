/* vae_parts: what vae.c shares with the two kinds, vae_kl.c and vae_tiny.c. */
#ifndef AIGC_IMAGE_VAE_PARTS_H
#define AIGC_IMAGE_VAE_PARTS_H

#include "core/layers.h"
#include "image/vae.h"

struct vae {
    vae_config config;
    struct vae_kl *kl;     /* one of the two */
    struct vae_tiny *tiny;
};

struct vae_kl *vae_kl_new(layers *l, const vae_config *config, unsigned halves);
bool vae_kl_has_encoder(const parameters *p);
void vae_kl_free(struct vae_kl *v);
tensor *vae_kl_decode(op_ctx *c, const struct vae_kl *v, tensor *z);
tensor *vae_kl_encode(op_ctx *c, const struct vae_kl *v, const tensor *x, const tensor *noise);

struct vae_tiny *vae_tiny_new(layers *l, const vae_config *config, unsigned halves);
bool vae_tiny_has_encoder(const parameters *p);
void vae_tiny_free(struct vae_tiny *v);
tensor *vae_tiny_decode(op_ctx *c, const struct vae_tiny *v, tensor *z);
tensor *vae_tiny_encode(op_ctx *c, const struct vae_tiny *v, const tensor *x);

#endif
