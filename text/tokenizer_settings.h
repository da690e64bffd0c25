/* tokenizer_settings: the small parts of a tokenizer.json, each given as its JSON text (size 0: absent). What the
 * pipeline does not know is a STATUS_INPUT that names it. Used by tokenizer_json and tokenizer_folder alone. */
#ifndef AIGC_TEXT_TOKENIZER_SETTINGS_H
#define AIGC_TEXT_TOKENIZER_SETTINGS_H

#include "text/tokenizer_pipeline.h"

bool tokenizer_settings_added(tokenizer *t, const char *json, size_t size, const char *name, status *st);
/* The model's settings, its vocabulary and merges passed over. */
bool tokenizer_settings_model(tokenizer *t, const char *json, size_t size, const char *name, status *st);
bool tokenizer_settings_normalizer(tokenizer *t, const char *json, size_t size, const char *name, status *st);
bool tokenizer_settings_pre_tokenizer(tokenizer *t, const char *json, size_t size, const char *name, status *st);
bool tokenizer_settings_decoder(tokenizer *t, const char *json, size_t size, const char *name, status *st);
bool tokenizer_settings_post_processor(tokenizer *t, const char *json, size_t size, const char *name, status *st);

/* ---- tokenizer_json.c: fill a new tokenizer; tokenizer_finish is still to be called ---- */
bool tokenizer_json_read(tokenizer *t, const char *json, size_t size, const char *name, status *st);
bool tokenizer_json_read_merges(tokenizer *t, const char *vocab, size_t vocab_size, const char *merges, size_t merges_size,
                                const char *kind, const char *name, status *st);

#endif
