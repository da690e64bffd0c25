/* text_request: from flags and a prompt to what the generator takes. */
#ifndef AIGC_ENGINE_TEXT_REQUEST_H
#define AIGC_ENGINE_TEXT_REQUEST_H

#include "provenance/filter.h"
#include "engine/text_options.h"
#include "text/chat.h"
#include "text/generate.h"
#include "text/prompt.h"
#include "text/text_model.h"
#include "text/thoughts.h"

typedef struct {
    tokenizer_ids prompt;
    int32_t end[CHAT_END_TOKENS]; /* the chat template's tokens that end an answer */
    int64_t end_count;
    thoughts_start start;         /* how the answer may begin */
    constraint *constraint;       /* what it must be, or NULL */
    generate_request request;
} text_request;

/* Warns when a prompt is given and text waits on standard input, too, which then nobody reads. */
void text_request_tell_unread(const text_options *o);

/* The user's text: -p, then -f (or stdin when stdin is not a terminal and there is neither), put into --task's template. It
 * is checked to be UTF-8 and not empty. Freed with alloc_free. */
char *text_request_input(const text_options *o, status *st);

/* For commands that look at one text with a model: reads the text, opens the model that the options name, has `work` do it, and
 * closes. path is the model's. */
typedef void (*text_request_work)(const void *arg, const text_model *m, const char *path, pool *threads, const char *input, status *st);
void text_request_with_model(const text_options *o, text_request_work work, const void *arg, status *st);

/* All words of a request, read once: what a filter judges is what the model gets. Starts as {0}. */
typedef struct {
    char *input; /* as text_request_input gives it */
    prompt_examples examples;
    const char *system;
} text_words;
bool text_words_read(text_words *w, const text_options *o, status *st);
void text_words_free(text_words *w);

/* As a conversation: system, the examples as earlier turns, the input. *count of them, pointing into w; the list is freed with
 * alloc_free. */
chat_message *text_words_messages(const text_words *w, int64_t *count, status *st);

/* Fills q, whose request points into it and into o. seed is the sequence's own. context: the generator's, which the prompt
 * must fit. lists: what the prompt is held against once its chat template has written it, and the template where it is a
 * file; the words that go into it are the caller's to judge (engine/request_words.h), before a model is open. */
bool text_request_init(text_request *q, const text_options *o, const text_model *m, const text_words *w, const filter_lists *lists, uint64_t seed,
                       int64_t context, status *st);

/* The same for a conversation. */
bool text_request_init_chat(text_request *q, const text_options *o, const text_model *m, const chat_template *t, const chat_message *messages,
                            int64_t count, const filter_lists *lists, uint64_t seed, int64_t context, status *st);

/* The same of a prompt that is token ids already, which are taken over: nothing is put around them. */
bool text_request_init_ids(text_request *q, const text_options *o, const text_model *m, tokenizer_ids *ids, uint64_t seed, int64_t context, status *st);

void text_request_free(text_request *q);

/* --tools as JSON text: the list itself, as in a job, or that of a file. Freed with alloc_free. */
char *text_request_tools(const text_options *o, status *st);

/* The chat template that the options and the model give; its program is NULL where there is none. */
bool text_request_template(const text_options *o, const tokenizer *k, chat_template *t, status *st);

/* Whether the options and the model make this a conversation. */
bool text_request_chats(const text_options *o, const chat_template *t);

#endif
