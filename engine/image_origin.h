/* image_origin: where a picture came from, as the text chunks of its PNG file. */
#ifndef AIGC_ENGINE_IMAGE_ORIGIN_H
#define AIGC_ENGINE_IMAGE_ORIGIN_H

#include "engine/image_session.h"
#include "engine/origin_options.h"
#include "image/image_file.h"

enum { IMAGE_ORIGIN_CHUNKS = 2 };

/* The chunks; their texts are freed by image_origin_free. */
typedef struct image_origin {
    image_file_text chunk[IMAGE_ORIGIN_CHUNKS];
    char *text[IMAGE_ORIGIN_CHUNKS];
    int count;
    char *record; /* what they hold of its making, as JSON; NULL with --metadata none */
} image_origin;

/* Adds the files that o names for the model and its parts; the paths are where they lie (NULL: not named). */
bool image_origin_add_model(origin_files *f, const image_options *o, const char *path, const char *vae_path, const char *words_path, status *st);

/* o as it was after all defaults were settled, the picture's size before enlarging in it. model: the files of the model. */
bool image_origin_make(image_origin *to, const image_options *o, const image_result *r, origin_files *model, const char *model_path, status *st);
void image_origin_free(image_origin *to);

#endif
