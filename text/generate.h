/* generate: continues any number of prompts at once, each token by token, all sharing the passes over the weights.
 *
 * A generator holds sequences that join and leave at any time (continuous batching; Yu et al. 2022, "Orca"). One step is
 * one forward pass: a token for each sequence that is generating and a piece of the prompt of those that are not there
 * yet. A sequence's tokens are the same alone or among others, because a row's numbers are (text/gpt.h) and each has its own
 * random numbers. Prompts that begin alike share the work: a sequence takes over the keys and values that an earlier one
 * has computed for the same beginning, also from one that has ended, as in the next turn of a chat.
 *
 * Where a step has few rows, sequences that are writing draft what may come next (text/draft.h) and then write several tokens
 * in it: the same ones, in the same order.
 *
 * A sequence with a constraint (text/constraint.h) picks among the tokens that it allows, and ends when nothing may follow. What must
 * come is written without a pass and read with the next token's; with logprobs it has passes like any other, and is the same.
 *
 * A generator and its sequences belong to one thread.
 */
#ifndef AIGC_TEXT_GENERATE_H
#define AIGC_TEXT_GENERATE_H

#include "text/constraint.h"
#include "text/gpt.h"
#include "text/sample.h"
#include "text/tokenizer.h"

typedef enum {
    GENERATE_RUNNING,
    GENERATE_END,     /* the model ended its text */
    GENERATE_STOP,    /* a stop string came */
    GENERATE_LENGTH,  /* as many tokens as asked for */
    GENERATE_CONTEXT, /* the context is full */
    GENERATE_HALTED,  /* on_text or generator_halt said so */
} generate_reason;

/* "end", "stop", "length", "context", "halted" */
const char *generate_reason_text(generate_reason r);

enum { GENERATE_MAX_STOPS = 64 };

typedef struct {
    const int32_t *prompt; /* copied */
    int64_t prompt_count;  /* at least 1 */
    int64_t tokens;        /* the most to generate; −1: until the model ends or the context is full */
    sample_options sample;
    uint64_t seed;
    const char *stop[GENERATE_MAX_STOPS]; /* texts that end it, not part of the result; copied */
    int64_t stop_count;
    const int32_t *end; /* ids that end it, besides those of the tokenizer; copied */
    int64_t end_count;
    bool ignore_end;    /* end tokens do not end it (measurements) */
    bool shift;         /* when the context is full drop half of it, after the first `keep` tokens, and go on */
    int64_t keep;
    bool logprobs;
    constraint *constraint; /* what the text must fit, of a tree of this generator's tokenizer; retained. NULL: anything */
    bool one_by_one;    /* a pass for each token, nothing drafted (measurements) */
    /* Text as it becomes certain: whole characters that belong to no stop string. false halts the sequence. NULL: none */
    bool (*on_text)(void *arg, const char *text, size_t size);
    void *arg;
} generate_request;

typedef struct {
    generate_reason reason;
    const int32_t *token;  /* generated; the end token is among them */
    const double *logprob; /* ln p of each, as the model gave it, before penalties and filters; NULL unless asked for */
    int64_t count;
    const char *text;      /* zero-terminated; special tokens leave none */
    size_t text_size;
    int64_t prompt_count, shared; /* shared: prompt tokens whose keys and values another sequence had computed */
    int64_t shifts;        /* how often the context was shifted */
    int64_t drafted, accepted; /* tokens guessed and checked in a pass with others, and how many came true, each a pass saved */
    double prompt_seconds, first_token_seconds, seconds; /* from joining to: the prompt read, the first token, the end */
} generate_result;

typedef struct generator generator;
typedef struct generate_sequence generate_sequence;

typedef struct {
    int64_t context;   /* positions of a sequence; 0: the model's */
    int64_t pass_rows; /* the most rows of a pass; 0: 512 */
} generator_options;

/* All of model, tokenizer and threads must outlive it. */
generator *generator_new(const gpt *model, const tokenizer *t, pool *threads, const generator_options *o, status *st);
void generator_free(generator *g); /* NULL is allowed; frees its sequences */

int64_t generator_context(const generator *g);

/* A sequence that joins at the next step. A prompt that does not fit the context, or holds a token the model does not
 * have, is a STATUS_FAIL. It stays the generator's until generator_drop. */
generate_sequence *generator_add(generator *g, const generate_request *r, status *st);

/* One pass. false: no sequence is running any more, or an error is in st. */
bool generator_step(generator *g, status *st);

void generator_halt(generator *g, generate_sequence *s);
void generator_drop(generator *g, generate_sequence *s);

/* Its pointers are valid until the next step or drop. */
generate_result generate_result_of(const generate_sequence *s);

#endif
