/* text_model: everything that belongs to a language model on disk, opened together: weights, decoder, tokenizer.
 *
 * The path is a .gguf file, a Hugging Face folder (config.json, *.safetensors, tokenizer files), or a bare .safetensors
 * with those beside it. The tokenizer is built by a thread of its own while the weights are made ready.
 */
#ifndef AIGC_TEXT_TEXT_MODEL_H
#define AIGC_TEXT_TEXT_MODEL_H

#include "text/constraint_source.h"
#include "text/gpt.h"
#include "text/tokenizer.h"

typedef struct {
    weights *file;
    gpt *gpt;
    tokenizer *tokenizer;
    constraint_store *constraints; /* what answers are asked to be */
    double seconds; /* it took to open */
} text_model;

/* Fills m; a tokenizer with more tokens than the model has rows does not fit and is a STATUS_INPUT. On failure m is empty. */
bool text_model_open(text_model *m, const char *path, linear_mode mode, pool *threads, status *st);
void text_model_close(text_model *m);

#endif
