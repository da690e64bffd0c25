/* lora: low-rank updates of a model's weights from a file of their own.
 *
 * Hu et al., "LoRA: Low-Rank Adaptation of Large Language Models" (2021): W + strength · alpha / rank · up · down. Read are the
 * names of kohya's scripts (lora_unet_…, lora_te_…, with .alpha) and of diffusers and PEFT (unet.….lora_A.weight, and the
 * older ….processor.to_q_lora.down.weight), for linear layers and convolutions.
 */
#ifndef AIGC_IMAGE_LORA_H
#define AIGC_IMAGE_LORA_H

#include "core/parameters.h"

/* Adds the file's updates to the U-Net's and the text encoder's parameters, before networks are built from them; these pack
 * the sums as they would the weights alone, so that a LoRA takes no more memory than its file. A file that fits no layer, or one whose shapes do not fit, is a STATUS_INPUT; updates of layers that the model does not have are
 * counted in a warning. The file may go afterwards. */
bool lora_merge(parameters *unet, parameters *text, const weights *file, float strength, status *st);

#endif
