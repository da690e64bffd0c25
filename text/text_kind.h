/* text_kind: files that people take for a language model and that are another thing, told by their name: adapters, vision
 * projectors, mixtures of experts, diffusion models, encoders. What would run them is said with it.
 */
#ifndef AIGC_TEXT_TEXT_KIND_H
#define AIGC_TEXT_TEXT_KIND_H

#include "core/weights.h"

/* A folder before its weights are opened: false with STATUS_INPUT when it is known to be something else. */
bool text_kind_folder(const char *folder, status *st);

/* The same of weights that were opened. */
bool text_kind_weights(const weights *w, status *st);

/* The same of a config.json, as far as "model_type" and the counts of experts tell. text is zero-terminated. */
bool text_kind_config(const char *text, size_t size, const char *path, status *st);

#endif
