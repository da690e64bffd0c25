/* vocoder: mel spectra to sound by trained networks, told apart by their tensors' names:
 *
 *     HiFi-GAN   conv_pre, ups.N, resblocks.N                  Kong et al. 2020 (V1, V2, V3)
 *     MelGAN     model.1, model.3, model.4.block.2, …          Kumar et al. 2019, the authors' layout
 *     Vocos      backbone.embed, backbone.convnext.N, head     Siuzdak 2023, mel input
 *
 * from safetensors or ONNX files; weight norm (weight_g, weight_v) is folded while loading. A vocoder is read-only after
 * vocoder_open and may be used by any number of threads, each with an op_ctx of its own.
 */
#ifndef AIGC_AUDIO_VOCODER_H
#define AIGC_AUDIO_VOCODER_H

#include "core/op.h"

typedef struct vocoder vocoder;

vocoder *vocoder_open(const char *path, status *st);
void vocoder_free(vocoder *v); /* NULL is allowed */

const char *vocoder_kind(const vocoder *v);  /* "HiFi-GAN", "MelGAN", "Vocos" */
int64_t vocoder_bands(const vocoder *v);     /* mel bands of its input */
int64_t vocoder_hop(const vocoder *v);       /* samples a frame */

/* Is x a spectrum that it can make sound of? STATUS_INPUT. */
bool vocoder_check(const vocoder *v, const tensor *x, status *st);

/* x: [F, bands] -> sound: [F · hop], Vocos [(F − 1) · hop]. */
tensor *vocoder_run(op_ctx *c, const vocoder *v, const tensor *x);

#endif
