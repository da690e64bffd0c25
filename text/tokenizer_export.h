/* tokenizer_export: a tokenizer of any source as the keys tokenizer.* of a GGUF file.
 *
 * GGUF names a tokenizer's pre-tokeniser instead of spelling it out. The name is found by trial: the keys are written,
 * read back as a GGUF file's, and must give the same ids on a text made to tell the known ones apart.
 */
#ifndef AIGC_TEXT_TOKENIZER_EXPORT_H
#define AIGC_TEXT_TOKENIZER_EXPORT_H

#include "core/gguf_write.h"
#include "text/tokenizer.h"

/* rows: of the model's token table, at least the tokenizer's size; rows without a token are written as unused. path is
 * for messages. A tokenizer that GGUF cannot express is a STATUS_INPUT. */
bool tokenizer_export(const tokenizer *t, int64_t rows, gguf_writer *w, const char *path, status *st);

#endif
