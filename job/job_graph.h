/* job_graph: which jobs wait for which. Some 8 bytes a job, and 8 a need. One thread owns it. */
#ifndef AIGC_JOB_JOB_GRAPH_H
#define AIGC_JOB_JOB_GRAPH_H

#include "job/job_file.h"

typedef struct job_graph job_graph;

job_graph *job_graph_new(const job_file *f, status *st);
void job_graph_free(job_graph *g); /* NULL is allowed */

/* How many jobs that are not done yet job i waits for. */
uint32_t job_graph_pending(const job_graph *g, size_t i);

/* The jobs that wait for job i: *count indices. */
const uint32_t *job_graph_waiting(const job_graph *g, size_t i, size_t *count);

/* Job i is done: one pending job less for each that waits for it. */
void job_graph_done(job_graph *g, size_t i);

#endif
