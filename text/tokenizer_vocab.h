/* tokenizer_vocab: the tokens, found by id and by text, and the merges of a BPE. Used by the tokenizer's files alone.
 *
 * Two flat hash tables with linear probing and one pool of text: building takes one pass and no allocation for a token.
 */
#ifndef AIGC_TEXT_TOKENIZER_VOCAB_H
#define AIGC_TEXT_TOKENIZER_VOCAB_H

#include <stddef.h>
#include <stdint.h>

#include "core/name_hash.h"
#include "core/status.h"

/* What a token is: the values of GGUF's tokenizer.ggml.token_type, which are SentencePiece's. */
typedef enum {
    TOKEN_ABSENT = 0, /* no token has this id */
    TOKEN_NORMAL = 1,
    TOKEN_UNKNOWN = 2,
    TOKEN_CONTROL = 3,
    TOKEN_USER = 4, /* found in the text before BPE */
    TOKEN_UNUSED = 5,
    TOKEN_BYTE = 6, /* <0x00> … <0xFF> */
} token_type;

enum { TOKENIZER_MAX_SIZE = 1 << 24 }; /* tokens; the largest known vocabulary has 2^18 */

typedef struct {
    uint32_t offset, length;
} token_span;

typedef struct {
    uint32_t tag; /* the hash's upper half */
    int32_t id;   /* −1: free */
} token_slot;

typedef struct {
    uint64_t pair; /* left id in the upper half, right id in the lower */
    uint32_t rank; /* the lowest is merged first */
    int32_t id;    /* of the joined token; −1: free */
} merge_slot;

typedef struct {
    int32_t size;    /* one more than the largest id */
    token_span *span;
    uint8_t *type;
    float *score;    /* NULL, or SentencePiece's, one for each id */
    int32_t room;    /* of span and type */
    char *text;
    size_t text_size, text_room;
    token_slot *slot;
    uint32_t slot_mask, slot_used;
    merge_slot *merge;
    uint32_t merge_mask;
    name_hash_key merge_key;
    int32_t last_joined; /* the token that the last merge made */
} tokenizer_vocab;

void tokenizer_vocab_free(tokenizer_vocab *v);

/* Makes room for `tokens` tokens with `bytes` bytes of text. */
bool tokenizer_vocab_reserve(tokenizer_vocab *v, size_t tokens, size_t bytes, status *st);

/* Adds a token. `unique`: a second token of the same text is an error (JSON); else the first keeps the name (GGUF pads
 * vocabularies so). An id given twice is always an error. where is for messages. */
bool tokenizer_vocab_add(tokenizer_vocab *v, int64_t id, const char *text, size_t size, token_type type, bool unique,
                         const char *where, status *st);

/* The id of the token with this text, or −1. */
int32_t tokenizer_vocab_find(const tokenizer_vocab *v, const char *text, size_t size);

static inline const char *tokenizer_vocab_text(const tokenizer_vocab *v, int32_t id) { return v->text + v->span[id].offset; }

/* Makes room for `count` merges. */
bool tokenizer_vocab_reserve_merges(tokenizer_vocab *v, size_t count, status *st);

/* Adds the merge of two tokens given by text; `prefix` bytes are cut off the right one when they are joined (the
 * continuing_subword_prefix). A token that is not in the vocabulary is a STATUS_INPUT. A pair given twice keeps the
 * later rank, as in the tokenizers library. */
bool tokenizer_vocab_add_merge(tokenizer_vocab *v, const char *left, size_t left_size, const char *right,
                               size_t right_size, size_t prefix, uint32_t rank, const char *where, status *st);

/* Where the search for a pair begins: it is multiplied by one half of a secret key, to 128 bits, and folded. The two ids
 * are chosen by the file's writer; text that is encoded asks here for each of its bytes, so one product must do. */
static inline uint32_t tokenizer_vocab_merge_start(const tokenizer_vocab *v, uint64_t pair)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)(pair ^ v->merge_key.word[0]) * (v->merge_key.word[1] | 1);
    return (uint32_t)((uint64_t)product ^ (uint64_t)(product >> 64)) & v->merge_mask;
}

/* The merge of two ids, or NULL. */
static inline const merge_slot *tokenizer_vocab_merge(const tokenizer_vocab *v, int32_t left, int32_t right)
{
    uint64_t pair = (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
    for (uint32_t i = tokenizer_vocab_merge_start(v, pair);; i = (i + 1) & v->merge_mask) {
        const merge_slot *m = &v->merge[i];
        if (m->id < 0) return NULL;
        if (m->pair == pair) return m;
    }
}

#endif
