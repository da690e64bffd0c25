/* orientation: how a photo is to be turned before it is looked at, as cameras note it in EXIF.
 *
 * Source: JEITA CP-3451 (EXIF 2.32), 4.6.4 A, tag 274 "Orientation" of the 0th IFD; TIFF 6.0, section 2 for the bytes.
 */
#ifndef AIGC_IMAGE_ORIENTATION_H
#define AIGC_IMAGE_ORIENTATION_H

#include "image/picture.h"

/* The orientation, 1 to 8, that EXIF data say (from the byte order mark, without a JPEG segment's "Exif\0\0"). What is damaged,
 * absent or out of range is 1: upright. */
int orientation_of_exif(const void *exif, size_t size);

/* A picture that lies as `orientation` says, upright: p itself where it is so already, else a new one, and p is freed.
 * NULL on error, and p is freed too. */
picture *orientation_apply(picture *p, int orientation, status *st);

#endif
