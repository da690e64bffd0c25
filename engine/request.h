/* request: one thing to be made, with all that it may say, who hears of it, and what has become of it.
 *
 * It belongs to whoever holds it, one thread at a time: who asks, a lane (engine/lane.h), who asks again. Only `cancelled` may
 * be set by anyone at any time. The functions that it calls are called in the lane's thread.
 */
#ifndef AIGC_ENGINE_REQUEST_H
#define AIGC_ENGINE_REQUEST_H

#include <stdatomic.h>

#include "core/arena.h"
#include "engine/image_origin.h"
#include "engine/image_session.h"
#include "engine/kind.h"
#include "engine/sound_origin.h"
#include "provenance/filter.h"
#include "text/generate.h"
#include "text/thoughts.h"
#include "text/tokenizer.h"

enum { REQUEST_TEXTS = 64 /* sequences of one request */, REQUEST_PATHS = 64 /* files that it writes */ };

typedef struct request request;

/* The texts of a request, in the order of its prompts and, of each, of its choices. */
typedef struct {
    const generate_result *text;
    size_t count;
    thoughts_start start;
    const tokenizer *tokenizer;
    origin *origin;  /* its record, where record is asked for */
    bool cut;        /* one of them was cut by its length */
    bool whole;      /* … and, with --on-length sentence, ends with a whole sentence nevertheless */
} request_texts;

typedef struct {
    const float *vector; /* [count, width] */
    size_t count, width;
    int64_t tokens;      /* that were read */
} request_vectors;

struct request {
    request_kind kind;
    request_options options;
    const char *model;    /* the model's or voice's name or path: of the same one, requests follow one another */
    uint64_t seed;
    uint32_t choices;     /* texts or pictures of each prompt, with seeds counted up; 1 or more */
    const char *path[REQUEST_PATHS]; /* where pictures and sounds are written, one of each choice; NULL: nowhere */
    filter_lists filters; /* that its words, and the texts made of them, are held against */
    bool record;          /* texts: a record is made */
    bool normalize;       /* vectors: to length 1 */
    bool only_check;      /* all but the work is done: what would fail fails, and nothing is made */
    arena *mem;           /* holds what the runner leaves here */
    atomic_bool cancelled; /* it ends with STATUS_INTERRUPTED within one token, one step of a picture, one sentence */

    /* Who hears of it; each may be NULL. Where false can be returned, it cancels. */
    bool (*on_text)(request *q, const char *text, size_t size); /* of the first text, as it becomes certain */
    bool (*on_step)(request *q, int step, int steps);           /* of a picture */
    bool (*on_sound)(request *q, const float *samples, int64_t count, int rate); /* of a speech, sentence by sentence; or all at once */
    /* What was made, while it is there; an error set in st fails the request. */
    void (*on_texts)(request *q, const request_texts *made, status *st);
    void (*on_picture)(request *q, size_t choice, const picture *p, const image_origin *record, const image_result *r, status *st);
    void (*on_record)(request *q, const char *record, status *st); /* of a sound: a JSON object */
    void (*on_vectors)(request *q, const request_vectors *made, status *st);
    void (*on_end)(request *q); /* instead of coming back by lanes_wait: the last call, after which q is the caller's again */
    void *arg;

    /* What has become of it. */
    status result;
    const char *remark;  /* to be told of it when it ends well; NULL: nothing. Lives as long as mem */
    bool cut;            /* its text was cut by its length */
    double begun, ended; /* log_seconds: taken by the runner, given back */
    double loading;      /* seconds of that which loaded its model */
    int64_t room;        /* of a text that was only checked: how many more tokens the context would hold */
    request *next;       /* in the queue that holds it */
};

/* A request of that kind with the kind's defaults, and nobody who hears of it. mem is the caller's. */
void request_init(request *q, request_kind kind, arena *mem);

/* Sets the model's name from the options. */
void request_settle_model(request *q);

/* Has it been cancelled, or all work (core/interrupt.h)? Then STATUS_INTERRUPTED is set and false returned. */
bool request_goes_on(const request *q, status *st);

/* A prompt as token ids, "1 2 3", into ids, which starts as {0}. STATUS_INPUT for one that the tokenizer does not have; the text
 * that they are is held against the filters. */
bool request_read_ids(const request *q, const char *text, const tokenizer *t, tokenizer_ids *ids, status *st);

/* Does the text pass the filters? Asked before anything of it is given away. */
bool request_pass(const request *q, const char *text, status *st);

#endif
