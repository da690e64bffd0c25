/* gpt_export: a decoder in Hugging Face's layout as the keys and tensors of a GGUF file that llama.cpp reads too.
 *
 * What GGUF has no way to say (an architecture, an activation, a mask) is refused: the keys are read back as a GGUF
 * file's and must describe the same decoder.
 */
#ifndef AIGC_TEXT_GPT_EXPORT_H
#define AIGC_TEXT_GPT_EXPORT_H

#include "core/gguf_write.h"
#include "core/requantize.h"
#include "core/weights.h"
#include "text/gpt_config.h"

typedef struct {
    requantize_job *job; /* names are GGUF's; the type is left to the caller */
    int64_t count, room;
    arena *mem;          /* of names and of what is computed */
} gpt_export;

/* Writes general.architecture and the architecture's keys. path is for messages. */
bool gpt_export_keys(const gpt_config *c, gguf_writer *w, const char *path, status *st);

/* Every tensor of the decoder in w, which must outlive e. A block that lacks what the first one has is a STATUS_INPUT;
 * tensors that are none of the decoder's are left out. */
bool gpt_export_tensors(gpt_export *e, const weights *w, const gpt_config *c, status *st);
void gpt_export_free(gpt_export *e);

#endif
