/* batch_ask: from a job to the request that the engine is given, and from what was made to the job's outputs: a text with its
 * record beside it, or the answer to an OpenAI request.
 */
#ifndef AIGC_JOB_BATCH_ASK_H
#define AIGC_JOB_BATCH_ASK_H

#include "job/batch_item.h"

/* Makes item->q of item->job, whose places are filled: options, paths, and who hears of what is made. Filters and only_check
 * are set after. Further outputs are named here. */
bool batch_ask(batch_item *item, status *st);

/* What is left to do when it has come back well: of a request for pictures or a sound the answer is made. */
bool batch_ask_end(batch_item *item, status *st);

#endif
