/* vits: text to sound end to end, as Piper's voices are (Kim, Kong and Son 2021). audio/MODEL.md names the tensors.
 *
 *     text encoder    ids -> hidden [T, H], mean and log deviation of a latent for each symbol [T, C]
 *     duration        normal noise through inverse spline flows conditioned on the hidden -> log duration [T]
 *     latent          each symbol's mean repeated for its duration, plus noise by its deviation -> [F, C]
 *     flow            inverse coupling layers of WaveNet type -> [F, C]
 *     decoder         HiFi-GAN -> sound [F · hop]
 *
 * A voice is read-only after vits_open and may be used by any number of threads, each with an op_ctx of its own.
 */
#ifndef AIGC_AUDIO_VITS_H
#define AIGC_AUDIO_VITS_H

#include "core/op.h"

typedef struct vits vits;

/* A Piper .onnx file. NULL with STATUS_INPUT in st. */
vits *vits_open(const char *path, status *st);
void vits_free(vits *v); /* NULL is allowed */

int64_t vits_symbols(const vits *v);  /* ids are below this */
int64_t vits_speakers(const vits *v); /* 1: the voice is of one speaker */
int64_t vits_hop(const vits *v);      /* samples a frame */

typedef struct {
    float noise_scale, length_scale, noise_w; /* of the latent's noise; of all durations; of the durations' noise */
    int64_t speaker;
    uint64_t seed;
} vits_settings;

/* ids -> sound [n]. *durations: frames of each id. Both lie in c's arena. NULL with c->st set. */
tensor *vits_speak(op_ctx *c, const vits *v, const int64_t *ids, int64_t count, const vits_settings *settings, int64_t **durations);

#endif
