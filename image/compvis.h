/* compvis: Stable Diffusion in one file, in the layout of the original code (CompVis, "latent diffusion").
 *
 * model.diffusion_model.* is the U-Net, first_stage_model.* the autoencoder, cond_stage_model.* the text encoder (text/). Such
 * a file has no settings: they are inferred from the tensors' shapes. The tensors are added to parameters under the names
 * that diffusers gives them, so that the same weights give the same picture to the bit from either layout.
 */
#ifndef AIGC_IMAGE_COMPVIS_H
#define AIGC_IMAGE_COMPVIS_H

#include "core/parameters.h"
#include "image/unet.h"
#include "image/vae.h"

/* Is this such a file? */
bool compvis_is(const weights *w);

/* The sizes that the tensors show. What they do not show is taken as in Stable Diffusion: 32 groups; 8 heads for texts of
 * width 768, else heads of 64 values. */
bool compvis_unet_config(unet_config *config, const weights *w, status *st);
bool compvis_vae_config(vae_config *config, const weights *w, status *st);

/* Adds the part's tensors under diffusers' names. */
bool compvis_add_unet(parameters *p, const weights *w, const unet_config *config, status *st);
bool compvis_add_vae(parameters *p, const weights *w, const vae_config *config, status *st);

/* The diffusers name of a U-Net or autoencoder tensor (without its prefix) written to out; false: the part has none such. */
bool compvis_unet_name(const unet_config *config, const char *name, char *out, size_t size);
bool compvis_vae_name(const vae_config *config, const char *name, char *out, size_t size);

#endif
