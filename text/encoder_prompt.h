/* encoder_prompt: a picture's prompt as people write it, with weights, to the tensor that conditions the picture.
 *
 * The notation is the one of AUTOMATIC1111's web UI, which other tools took over: (words) count 1.1 times, ((words)) 1.21,
 * [words] 1/1.1, (words:1.3) 1.3 times; \( \) \[ \] \\ are the characters themselves; what is left open ends with the text.
 * A weight multiplies the vectors of its tokens; then all vectors of the chunk are scaled so that their mean is as before.
 * A prompt with more tokens than the encoder has places for is cut into chunks that are encoded apart, each between its own
 * first and last token, and joined along T.
 */
#ifndef AIGC_TEXT_ENCODER_PROMPT_H
#define AIGC_TEXT_ENCODER_PROMPT_H

#include "text/encoder.h"
#include "text/tokenizer.h"

/* A run of text with one weight, in the order of the prompt. */
typedef struct {
    char *text; /* size bytes, not zero-terminated */
    size_t size;
    float weight;
} encoder_prompt_part;

/* The parts of a prompt, in the arena; *count of them. Neighbours of equal weight are one part. */
encoder_prompt_part *encoder_prompt_parse(arena *mem, const char *text, int *count, status *st);

/* Whether the prompt has a tag such as AUTOMATIC1111's web UI takes files from: <lora:NAME:0.8>, <lyco:…>, <hypernet:…>. It is no word
 * that an encoder should read. Its place in the text, and its size to the bracket that closes it or to the end; NULL: none. */
const char *encoder_prompt_find_tag(const char *text, size_t *size);

/* Whether it has the word with which that web UI ends a chunk, BREAK by itself; here it is read as a word. */
bool encoder_prompt_has_break(const char *text);

/* A prompt cut into chunks of as many tokens as the encoder has places for, its first and last tokens counted. */
typedef struct {
    int32_t *id;   /* [chunks, positions] */
    float *weight; /* [chunks, positions] */
    int64_t chunks, positions;
    int32_t first, last, pad; /* the tokens around and behind each chunk's */
    bool weighted; /* some weight is not 1 */
} encoder_prompt_tokens;

/* pad: the token that fills a chunk; −1: the tokenizer's, or its last token when it has none. */
bool encoder_prompt_tokenize(arena *mem, encoder_prompt_tokens *out, const tokenizer *t, int64_t positions, int32_t pad, const char *text, status *st);

/* -> [1, chunks · positions, C]; chunks: at least this many, the further ones empty, so that a prompt and its negative can be
 * made equally long. skip: as in encoder_forward. */
tensor *encoder_prompt_encode(op_ctx *c, const encoder *e, const encoder_prompt_tokens *tokens, int64_t chunks, int64_t skip);

#endif
