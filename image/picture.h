/* picture: 8-bit pixels, and what can be done to them without a model.
 *
 * A picture owns its pixels: rows from the top, channels interleaved, no gaps, in sRGB as files have them. One thread at a
 * time may change one.
 */
#ifndef AIGC_IMAGE_PICTURE_H
#define AIGC_IMAGE_PICTURE_H

#include "core/op.h"

typedef struct {
    int64_t width, height;
    int channels;    /* 3: red, green, blue; 1: grey */
    uint8_t *pixel;  /* [height, width, channels] */
} picture;

picture *picture_new(int64_t width, int64_t height, int channels, status *st); /* pixels are 0 */
void picture_free(picture *p);                                                /* NULL is allowed */
picture *picture_copy(const picture *p, status *st);

typedef enum { PICTURE_NEAREST, PICTURE_MITCHELL, PICTURE_LANCZOS } picture_filter;

/* A resampled copy. Lanczos: windowed sinc of three lobes (Duchon 1979), sharp; Mitchell: the cubic of Mitchell and
 * Netravali (1988) with B = C = 1/3, without ringing. Where the picture shrinks the kernel widens with it. */
picture *picture_resize(const picture *p, int64_t width, int64_t height, picture_filter filter, status *st);

/* p in the middle of a picture that is larger in one direction, or both. What lies beyond its edge goes from the edge's own
 * pixels over to their mean colour: a plain ground goes on as one. */
picture *picture_widen(const picture *p, int64_t width, int64_t height, status *st);

/* [1, H, W, C] with values −1 … 1 from pixels 0 … 255. */
tensor *picture_to_tensor(op_ctx *c, const picture *p);

/* Pixels from [1, H, W, 3] with values −1 … 1, clamped and rounded. NULL for x = NULL or on error. */
picture *picture_from_tensor(const tensor *x, status *st);

/* Each pixel of `to` keeps the share of itself that the mask (1 channel, same size) says, 255 being all; the rest is from's.
 * Where the mask is 0 that is from's pixel to the bit. */
bool picture_keep_unmasked(picture *to, const picture *from, const picture *mask, status *st);

/* Puts `from` into `to` with its corner at (left, top); what lies outside is cut off. Equal channels. */
void picture_paste(picture *to, const picture *from, int64_t left, int64_t top);

#endif
