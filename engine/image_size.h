/* image_size: how large a picture shall be, and at which size the model draws it.
 *
 * A model is trained on squares of one side. Most draw other sizes well, from half that side to twice it; one that enlarges
 * its pictures by itself (aigc.json) draws its own square alone. What it cannot draw is made from what it can by resampling.
 */
#ifndef AIGC_ENGINE_IMAGE_SIZE_H
#define AIGC_ENGINE_IMAGE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t width, height;     /* the flags'; 0: not given */
    int64_t init_width, init_height; /* of the picture to start from; 0: none */
    int64_t upscale;           /* the flag's; 0: not given */
    int64_t side, factor;      /* the model's own side in pixels, and of what a side is a multiple */
    int64_t enlarges;          /* by how much it enlarges by itself; 1: it does not */
} image_size_wish;

typedef struct {
    int64_t width, height, upscale; /* the flags that give this picture again */
    int64_t drawn_width, drawn_height;
    bool padded; /* what is drawn is fitted into the middle; else it is resampled to width and height × upscale */
    bool odd;    /* not drawn at the size asked for, which is no size that the model shows by itself */
} image_size;

image_size image_size_plan(const image_size_wish *wish);

#endif
