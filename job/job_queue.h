/* job_queue: jobs from a Redis stream, shared by any number of workers on any number of machines (Redis 6.2 or later).
 *
 * A job is an entry of the stream STREAM with the field "job". The workers are consumers of one group: an entry is given to
 * one of them and stays pending until it is finished; one whose worker has shown no life for a while is given to another.
 * job_queue_finish acknowledges the entry and adds its result to the stream STREAM:results in one step of the server, and
 * only if nobody did so before: each job has one result, whatever dies when.
 *
 * An entry whose workers die again and again may be what they die of: it counts how often it was given, and
 * job_queue_bury puts it aside. What the server sends is looked at for its type before it is used.
 *
 * A lost connection is tried again for a minute. One thread owns a queue. The only user of hiredis.
 */
#ifndef AIGC_JOB_JOB_QUEUE_H
#define AIGC_JOB_JOB_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

typedef struct job_queue job_queue;

/* url: redis://[[USER]:PASSWORD@]HOST[:PORT]/STREAM. The group is made where there is none, from the stream's beginning. */
job_queue *job_queue_open(const char *url, const char *group, const char *worker, status *st);
void job_queue_close(job_queue *q); /* NULL is allowed */

typedef struct {
    char *id, *job;     /* freed with job_message_free; job "" when the entry has no such field */
    int64_t deliveries; /* how often it was given to a worker, this time too */
} job_message;
void job_message_free(job_message *m);

/* At most `most` entries into m: one that others have left for `idle` milliseconds, alone; else new ones, for which it waits up
 * to `wait` milliseconds. Returns how many, 0 when there is none. */
size_t job_queue_take(job_queue *q, job_message *m, size_t most, int64_t idle, int64_t wait, status *st);

/* A sign of life for an entry that is being worked on. */
void job_queue_keep(job_queue *q, const char *id, status *st);

/* The result: pairs of field and value, `fields` of them. *first: it was not finished before, by another worker. */
bool job_queue_finish(job_queue *q, const char *id, const char *const *pair, size_t fields, bool *first, status *st);

/* The same for an entry that is given up: it goes to the stream STREAM:dead ("entry", "deliveries", "job") too. */
bool job_queue_bury(job_queue *q, const job_message *m, const char *const *pair, size_t fields, bool *first, status *st);

#endif
