/* text_origin: where a text came from: front matter before it (--label), or a file beside it. */
#ifndef AIGC_ENGINE_TEXT_ORIGIN_H
#define AIGC_ENGINE_TEXT_ORIGIN_H

#include "engine/origin_options.h"
#include "engine/text_request.h"

/* The record of the texts made of this request, the first with this seed; input is what text_request_init was given
 * (NULL: there was a conversation). */
origin *text_origin_of(const text_options *o, const text_request *q, uint64_t seed, const char *input, origin_files *model, status *st);

/* Writes OUTPUT.origin.json; nothing beside a device or a pipe. */
bool text_origin_write_beside(const char *output, origin *g, status *st);

#endif
