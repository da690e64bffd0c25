/* caption: text set over or under a picture, with a font from a file (FreeType rasterises it).
 */
#ifndef AIGC_IMAGE_CAPTION_H
#define AIGC_IMAGE_CAPTION_H

#include "image/picture.h"

typedef enum {
    CAPTION_UNDER,  /* a white strip with black text below the picture, which keeps all its pixels */
    CAPTION_OVER,   /* white text on a darkened strip over the picture's lower edge */
    CAPTION_CORNER, /* one small line in a darkened box in the lower right corner: a label */
} caption_place;

/* The font to use: `path` when given, else $AIGC_FONT, else the first free sans-serif font of a list of usual places. NULL
 * with STATUS_INPUT that says where was looked. */
const char *caption_find_font(const char *path, status *st);

/* Whether the font has a glyph for each character of the text; else STATUS_USAGE that names those that it lacks. Characters
 * that are not seen (spaces, joiners, variation selectors) need none. */
bool caption_check(const char *text, const char *font, status *st);

/* A copy of p (3 channels) with the text. UTF-8; lines are broken at spaces and at each '\n' and centred; characters that
 * the font lacks are an error, as of caption_check. size: the height of an em in pixels, 0 chooses one that fits the picture. */
picture *caption_draw(const picture *p, const char *text, caption_place place, const char *font, double size, status *st);

#endif
