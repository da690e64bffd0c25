/* request_words: all words of a request that reach a model, a voice or a picture, held against the filters.
 *
 * What is judged is what the makers get, by their own parsers: a text's messages (engine/text_request.h), a prompt without its
 * weights and brackets, what SSML says.
 */
#ifndef AIGC_ENGINE_REQUEST_WORDS_H
#define AIGC_ENGINE_REQUEST_WORDS_H

#include "provenance/filter.h"
#include "engine/image_options.h"
#include "engine/speak_flags.h"
#include "engine/text_options.h"
#include "text/chat.h"

/* A conversation: what is said by all sides, examples and system too, whatever a message's fields are; and what else of the
 * options a chat template puts into the prompt: tools and arguments. */
bool request_words_text(const filter_lists *l, const text_options *o, const chat_message *messages, int64_t count, status *st);

/* Prompt, negative prompt and what is written on the picture. */
bool request_words_image(const filter_lists *l, const image_options *o, status *st);

/* text[0 … size): what f's flags name. Phonemes given by hand are refused: a list of words cannot judge them. */
bool request_words_speech(const filter_lists *l, const speak_flags *f, const char *text, size_t size, status *st);

#endif
