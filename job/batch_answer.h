/* batch_answer: answers to OpenAI requests, as their batch output files have them, a JSON object a line:
 *
 *     {"id", "custom_id", "response": {"status_code", "request_id", "body": {…}}, "error": null}
 *
 * The same request gives the same bytes: ids are made from the digest of the inputs, and "created" is SOURCE_DATE_EPOCH or 0.
 * The functions that return char * give such a line without its end, freed with alloc_free; NULL with st set.
 */
#ifndef AIGC_JOB_BATCH_ANSWER_H
#define AIGC_JOB_BATCH_ANSWER_H

#include "job/batch_item.h"
#include "text/generate.h"
#include "text/thoughts.h"

/* Of /v1/chat/completions and /v1/completions: count results; t gives the texts of tokens, for logprobs. Thoughts stand apart,
 * as a message's "reasoning_content". */
char *batch_answer_text(const batch_item *item, const generate_result *result, size_t count, thoughts_start start, const tokenizer *t, status *st);

/* Of /v1/embeddings: count vectors of `width` numbers made from `tokens` tokens. */
char *batch_answer_embedding(const batch_item *item, const float *vectors, size_t count, size_t width, int64_t tokens, status *st);

/* Of /v1/images/generations: the item's further outputs, which path (one for each) finds, as "url" or, where asked for,
 * their bytes. */
char *batch_answer_image(const batch_item *item, const char *const *path, status *st);

/* Of /v1/audio/speech: the further output as {"file"}. */
char *batch_answer_speech(const batch_item *item, status *st);

/* The text that such a line answers with, in mem. */
const char *batch_answer_content(const char *line, arena *mem, status *st);

/* ---- the file of all answers, whole when closed ---- */

typedef struct batch_answers batch_answers;

batch_answers *batch_answers_new(const char *path, status *st);
void batch_answers_add_file(batch_answers *a, const char *path, status *st);
/* custom_id NULL: the request has none that can be read. */
void batch_answers_add_error(batch_answers *a, const char *custom_id, const char *message, int code, status *st);

bool batch_answers_close(batch_answers *a, status *st); /* frees; nothing is written when st has an error. NULL is allowed */

#endif
