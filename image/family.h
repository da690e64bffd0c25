/* family: which kind of picture model a folder or a file holds, so that one that is not run here is refused by its name and
 * not by the first tensor that it lacks.
 *
 * Sources: the pipelines' names in diffusers' model_index.json; the tensors' names of the makers' own single files.
 */
#ifndef AIGC_IMAGE_FAMILY_H
#define AIGC_IMAGE_FAMILY_H

#include "core/weights.h"

/* The pipeline class of a model_index.json: true for Stable Diffusion 1.x and 2.x and latent consistency models of their shape.
 * path is for messages. */
bool family_accepts_pipeline(const char *class_name, const char *path, status *st);

/* A single file, by its tensors: false with a STATUS_INPUT that names what it is, where it is known and not run here; true
 * where nothing is known against it. */
bool family_accepts_tensors(const weights *w, const char *path, status *st);

#endif
