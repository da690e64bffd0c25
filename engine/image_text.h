/* image_text: what picture making says and is told: names of methods, and the settings written into the file. */
#ifndef AIGC_ENGINE_IMAGE_TEXT_H
#define AIGC_ENGINE_IMAGE_TEXT_H

#include <jansson.h>

#include "engine/image_session.h"
#include "image/caption.h"

/* --sampling-method; NULL is the one that the model's scheduler names. */
bool image_text_method(const char *name, const schedule *plan, sampler_method *method, status *st);

bool image_text_rng(const char *name, noise_kind *kind, status *st);          /* --rng */
bool image_text_place(const char *name, caption_place *place, status *st);    /* --caption-place */

/* Whether there is a font that has every character of --caption and --label-text. */
bool image_text_check_captions(const image_options *o, status *st);

/* The settings as AUTOMATIC1111's web UI writes them under the keyword "parameters": the prompt, "Negative prompt: …", and a
 * line "Steps: …, Sampler: …, …"; without words the last alone. sha256: of the model's file, whose first ten digits are the
 * web UI's "Model hash"; NULL: it is no single file. Freed with alloc_free. */
char *image_text_parameters(const image_options *o, const image_result *r, int64_t width, int64_t height, const char *model, const char *sha256,
                            bool words, status *st);

/* The object for --json; the caller's. */
json_t *image_text_json(const image_options *o, const image_result *r, const char *path, const char *model, status *st);

#endif
