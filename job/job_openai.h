/* job_openai: a request of an OpenAI batch file as a job.
 *
 *     {"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": …, "messages": […]}}
 *
 * Known are /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/images/generations and /v1/audio/speech. Members of
 * the body become the options of our own that mean the same; those that cannot change the product ("user", "metadata", …)
 * are skipped; those that ask for what is not done here ("tools", …) are refused; all others must be our options' names.
 * Format: https://platform.openai.com/docs/api-reference/batch and the endpoints' pages there.
 */
#ifndef AIGC_JOB_JOB_OPENAI_H
#define AIGC_JOB_JOB_OPENAI_H

#include "job/job_line.h"

typedef struct {
    const char *url, *method; /* NULL when absent */
    const char *body;         /* size bytes of JSON */
    size_t size;
} job_openai_request;

/* Fills kind, form and fields of the line, its strings in mem. */
bool job_openai_read(job_line *line, const job_openai_request *request, arena *mem, status *st);

#endif
