/* tokenizer: text to token ids and back, exactly as the model's own tokenizer does it.
 *
 * Three families share one pipeline (text/MODEL.md, docs/formats.md): byte-level BPE (GPT-2, LLaMA-3, Qwen2, SmolLM),
 * SentencePiece BPE with byte fallback (LLaMA-2, Gemma) and CLIP's BPE. The steps are those of the tokenizers library:
 *
 *     added tokens found in the raw text → normalise → added tokens found in the normalised text → pre-tokenise
 *     → BPE in each piece → the special tokens around the whole
 *
 * Text is bytes. Bytes that are no UTF-8 take no part in normalising and pre-tokenising and are encoded byte by byte. A
 * character or byte that the vocabulary cannot express becomes the unknown token, or nothing where the tokenizer has none.
 *
 * Sources: Sennrich et al., "Neural machine translation of rare words with subword units" (2016); Kudo and Richardson,
 * "SentencePiece" (2018); Radford et al., "Language models are unsupervised multitask learners" (2019), byte-level BPE.
 *
 * A tokenizer owns all its memory: the file it came from may be closed. It does not change after it was opened, so all
 * functions but the free may be called from any thread.
 */
#ifndef AIGC_TEXT_TOKENIZER_H
#define AIGC_TEXT_TOKENIZER_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

struct gguf;

typedef struct tokenizer tokenizer;

/* From a GGUF's metadata (tokenizer.ggml.*). path is for messages. NULL with STATUS_INPUT in st. */
tokenizer *tokenizer_open_gguf(const struct gguf *g, const char *path, status *st);

/* From a Hugging Face folder: tokenizer.json, or vocab.json + merges.txt; special tokens and the chat template from
 * tokenizer_config.json, special_tokens_map.json, generation_config.json and chat_template.jinja where present.
 * NULL with STATUS_INPUT in st. */
tokenizer *tokenizer_open_folder(const char *path, status *st);

/* As tokenizer_open_folder with only a tokenizer.json, its size bytes in memory. name is for messages. */
tokenizer *tokenizer_open_json(const char *json, size_t size, const char *name, status *st);

/* From vocab.json and merges.txt in memory. kind is "gpt-2", "llama-bpe", "qwen2", "smollm", … as GGUF's
 * tokenizer.ggml.pre, or "clip"; NULL tells gpt-2 from clip by the vocabulary. */
tokenizer *tokenizer_open_merges(const char *vocab, size_t vocab_size, const char *merges, size_t merges_size,
                                 const char *kind, const char *name, status *st);

void tokenizer_free(tokenizer *t); /* NULL is allowed */

/* ---- encoding ---- */

/* Token ids that grow at their end. Starts as {0}; given back with tokenizer_ids_free. */
typedef struct {
    int32_t *id;
    int64_t count, room;
} tokenizer_ids;
void tokenizer_ids_free(tokenizer_ids *ids);

enum {
    TOKENIZER_ADD_SPECIAL = 1,   /* put the tokens around the text that the tokenizer itself puts there (BOS, EOS) */
    TOKENIZER_PARSE_SPECIAL = 2, /* special tokens written in the text, such as <|im_end|>, become those tokens;
                                    without it they are encoded as plain text */
};

/* Appends the ids of size bytes of text to out. On failure out keeps what it had. */
bool tokenizer_encode(const tokenizer *t, const char *text, size_t size, int flags, tokenizer_ids *out, status *st);

/* The same, for a text of which parts were typed by people: a special token is one only where none of its bytes is given
 * (given[i] != 0). given has size bytes; NULL: none is. */
bool tokenizer_encode_marked(const tokenizer *t, const char *text, const uint8_t *given, size_t size, int flags, tokenizer_ids *out, status *st);

/* ---- decoding ---- */

/* Bytes that grow at their end, not zero-terminated. Starts as {0}; given back with tokenizer_bytes_free. */
typedef struct {
    char *data;
    size_t size, room;
} tokenizer_bytes;
void tokenizer_bytes_free(tokenizer_bytes *bytes);

/* What a decoder remembers between tokens. Starts as {0}: at the start of a text, where SentencePiece drops one space. */
typedef struct {
    bool special;       /* in: give special tokens as their text; else they are left out */
    bool started;       /* a token was given */
    bool pending_space; /* a word ended; the space comes with the next word (CLIP) */
    int stripped;       /* leading spaces dropped so far */
} tokenizer_decoder;

/* Appends the bytes of count tokens to out: token by token or all at once gives the same bytes. A token may end within
 * a UTF-8 character. An id outside the vocabulary is a STATUS_FAIL. */
bool tokenizer_decode(const tokenizer *t, tokenizer_decoder *d, const int32_t *id, int64_t count, tokenizer_bytes *out,
                      status *st);

/* ---- the vocabulary ---- */

/* One more than the largest id. A model may have more rows than that (padding) but not fewer. */
int32_t tokenizer_size(const tokenizer *t);

/* Forgets the tokens from `rows` on, as a model needs that has no more rows (Gemma 3's <image_soft_token>): a text that has one
 * is then plain text. Only a few added tokens may go so; else false, and nothing is changed. */
bool tokenizer_limit(tokenizer *t, int32_t rows);

/* The token as the vocabulary writes it ("Ġthe", "▁the", "the</w>", "<0x0A>"), not zero-terminated; an id that no token
 * has gives size 0. */
const char *tokenizer_token_text(const tokenizer *t, int32_t id, size_t *size);

/* The id of the token written so, or −1. */
int32_t tokenizer_find(const tokenizer *t, const char *text, size_t size);

typedef struct {
    int32_t bos, eos, eot, pad, unk; /* −1: none. eot ends a turn of a chat */
} tokenizer_special;
tokenizer_special tokenizer_special_ids(const tokenizer *t);

bool tokenizer_is_special(const tokenizer *t, int32_t id); /* a control token that plain text does not show */
bool tokenizer_is_end(const tokenizer *t, int32_t id);     /* EOS, EOT or another token that ends the model's answer */
bool tokenizer_adds_bos(const tokenizer *t);               /* TOKENIZER_ADD_SPECIAL puts something before the text */

/* The chat template (Jinja) of this name, zero-terminated, or NULL; most models have one, "default". */
const char *tokenizer_chat_template(const tokenizer *t, const char *name);

#endif
