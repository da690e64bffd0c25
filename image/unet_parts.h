/* unet_parts: the network's weights, shared by unet.c (the forward pass) and unet_load.c (from parameters to weights). */
#ifndef AIGC_IMAGE_UNET_PARTS_H
#define AIGC_IMAGE_UNET_PARTS_H

#include "core/layers.h"
#include "image/unet.h"

/* diffusers' ResnetBlock2D. */
typedef struct {
    affine norm1, norm2;
    conv2d conv1, conv2;
    linear time;     /* [out, time embedding] */
    linear shortcut; /* 1×1, only where the channels change */
    bool has_shortcut;
} unet_resnet;

/* diffusers' BasicTransformerBlock. */
typedef struct {
    affine norm1, norm2, norm3;
    linear self_q, self_k, self_v, self_out;
    linear cross_q, cross_k, cross_v, cross_out;
    linear ff_in, ff_out;
    int cross_index; /* its place in unet_text */
} unet_block;

/* diffusers' Transformer2DModel. */
typedef struct {
    affine norm;
    linear proj_in, proj_out;
    unet_block *block;
    int block_count, heads;
} unet_transformer;

typedef struct {
    unet_resnet *resnet;
    unet_transformer *transformer; /* one for each resnet, or NULL */
    int count;
    conv2d resample; /* to the next level; not at the last */
    bool has_resample;
} unet_stage;

struct unet {
    unet_config config;
    dtype feed; /* op_ctx.feed of a pass */
    linear time1, time2, guidance;
    conv2d conv_in, conv_out;
    unet_stage down[UNET_MAX_LEVELS], up[UNET_MAX_LEVELS]; /* in the order of the pass: up[0] is the coarsest */
    unet_resnet mid_resnet[2];
    unet_transformer mid_transformer;
    affine norm_out;
    unet_block **cross; /* all blocks by cross_index */
    int cross_count;
};

#endif
