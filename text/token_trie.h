/* token_trie: a vocabulary's tokens as a tree of their bytes, for walks that find which of them an automaton allows.
 *
 * Nodes lie in preorder: the first child of a node is the next one, and what follows its subtree is end[node]. Tokens of the
 * same bytes hang on one node. Special tokens, which leave no text, are not there, nor those without bytes.
 *
 * A tree is built once and does not change: any thread may use it.
 */
#ifndef AIGC_TEXT_TOKEN_TRIE_H
#define AIGC_TEXT_TOKEN_TRIE_H

#include "text/tokenizer.h"

enum { TOKEN_TRIE_DEEPEST = 255 }; /* bytes of a token; longer ones are left out */

typedef struct {
    int32_t nodes;         /* node 0 is the root */
    uint8_t *byte, *depth; /* [nodes] */
    int32_t *end;          /* [nodes] behind the node's subtree */
    int32_t *first;        /* [nodes + 1] into id: the tokens that end at the node */
    int32_t *id;           /* sorted by their bytes */
    int32_t tokens;
    int32_t vocab;         /* ids below it may be picked */
    uint32_t *offset;      /* [vocab + 1] into bytes, by id; a token that is not in the tree has none */
    char *bytes;
    bool drops_space;      /* a space that begins the whole text is not shown (SentencePiece) */
} token_trie;

/* Of the tokens below vocab. NULL on failure. */
token_trie *token_trie_new(const tokenizer *t, int32_t vocab, status *st);
void token_trie_free(token_trie *t); /* NULL is allowed */

/* The node of these bytes, or −1. */
int32_t token_trie_find(const token_trie *t, const char *bytes, size_t size);

#endif
