/* batch_shard: which machine does which job, by a stable hash. */
#ifndef AIGC_JOB_BATCH_SHARD_H
#define AIGC_JOB_BATCH_SHARD_H

#include "job/job_file.h"

/* Writes `mark` into state[i] for every job that is not in shard (1 … shards). Jobs that need each other stay together:
 * what counts is the hash of the id of the first job in the file among them. */
bool batch_shard_mark(const job_file *f, int64_t shard, int64_t shards, uint8_t *state, uint8_t mark, status *st);

#endif
