/* chat: conversations written as an instruct model was taught to read them.
 *
 * Models bring their template as a Jinja program. Running such programs is not done here; the families are few, and each
 * is recognised by the marks its template writes. What a family's published template gives is what chat_render gives
 * (tests/golden/gen_chat.py).
 */
#ifndef AIGC_TEXT_CHAT_H
#define AIGC_TEXT_CHAT_H

#include "text/tokenizer.h"

typedef enum {
    CHAT_NONE,    /* no template: a base model */
    CHAT_UNKNOWN, /* one that is not known here */
    CHAT_CHATML,  /* <|im_start|>user\n…<|im_end|>\n */
    CHAT_LLAMA2,  /* [INST] <<SYS>>\n…\n<</SYS>>\n\n… [/INST] */
    CHAT_LLAMA3,  /* <|start_header_id|>user<|end_header_id|>\n\n…<|eot_id|> */
    CHAT_MISTRAL, /* [INST] … [/INST], the system text before the last user's */
    CHAT_GEMMA,   /* <start_of_turn>user\n…<end_of_turn>\n */
    CHAT_ZEPHYR,  /* <|user|>\n…</s>\n */
    CHAT_PHI3,    /* <|user|>\n…<|end|>\n */
    CHAT_PHI4,    /* <|im_start|>user<|im_sep|>…<|im_end|> */
} chat_family;

/* The family of a template (NULL: none). */
chat_family chat_recognise(const char *jinja);

const char *chat_family_name(chat_family f); /* "ChatML", … */

typedef struct {
    const char *role; /* "system", "user" or "assistant" */
    const char *content;
} chat_message;

typedef struct {
    chat_family family;
    char *default_system; /* what the template says where the conversation has no system message; NULL: nothing */
} chat_template;

bool chat_template_init(chat_template *t, const char *jinja, status *st);
void chat_template_free(chat_template *t);

/* The conversation as text that ends where the assistant's next words begin, freed with alloc_free. The token that begins
 * every text (BOS) is not in it. Roles must alternate user, assistant, … after an optional first system message, and the
 * last one must be the user's: else STATUS_FAIL. */
char *chat_render(const chat_template *t, const chat_message *messages, int64_t count, status *st);

/* chat_render as tokens, BOS included where the tokenizer adds one. Special tokens written in a message's content stay
 * plain text: nobody ends his turn by writing the mark that ends turns. */
bool chat_encode(const chat_template *t, const tokenizer *k, const chat_message *messages, int64_t count, tokenizer_ids *out, status *st);

/* The tokens that end an answer in this family: the one that ends a turn, and the one that begins the next. Returns how many
 * of them the tokenizer has. */
enum { CHAT_END_TOKENS = 2 };
int64_t chat_end_tokens(const chat_template *t, const tokenizer *k, int32_t id[CHAT_END_TOKENS]);

#endif
