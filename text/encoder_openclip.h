/* encoder_openclip: a text encoder as OpenCLIP names its tensors, as in Stable Diffusion 2.x single files. */
#ifndef AIGC_TEXT_ENCODER_OPENCLIP_H
#define AIGC_TEXT_ENCODER_OPENCLIP_H

#include "core/parameters.h"

/* Adds the encoder's tensors, found in w under prefix ("cond_stage_model.model."), to p under transformers' names: q, k and v
 * are cut from the one tensor that OpenCLIP keeps them in. Only the first `layers` are added; 0: all but the last, whose
 * output Stable Diffusion 2 does not use. */
bool encoder_openclip_add(parameters *p, const weights *w, const char *prefix, int64_t layers, status *st);

#endif
