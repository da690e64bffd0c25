/* image_file: pictures as files: PNG and JPEG in, PNG out.
 *
 * A file is hostile until it is decoded: its sizes are checked against limits and against the bytes it has before memory is
 * asked for. Formats are told by the first bytes, not by the name. Formats: PNG, ISO/IEC 15948 (libpng); JPEG, ITU-T T.81
 * (libjpeg-turbo).
 */
#ifndef AIGC_IMAGE_IMAGE_FILE_H
#define AIGC_IMAGE_IMAGE_FILE_H

#include <stdio.h>

#include "image/picture.h"

enum { IMAGE_FILE_MAX_SIDE = 16384 };

/* Reads a picture ("-": stdin) with 3 channels, or as grey with 1, upright as its EXIF data say. Transparent places show white;
 * four inks (CMYK) are mixed without a profile. NULL with STATUS_INPUT. */
picture *image_file_read(const char *path, int channels, status *st);

/* As image_file_read from memory; name is for messages. */
picture *image_file_decode(const void *data, size_t size, const char *name, int channels, status *st);

/* A text chunk: a Latin-1 keyword of 1 to 79 bytes, and UTF-8 text. */
typedef struct {
    const char *keyword, *text;
} image_file_text;

/* Writes p as PNG with the text chunks (tEXt where the text is ASCII, else iTXt). Errors of the stream stay in it. */
bool image_file_write_png(FILE *to, const picture *p, const image_file_text *text, int text_count, status *st);

#endif
