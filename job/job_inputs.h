/* job_inputs: what a job is made from: which files and models its options name, and one digest of all of it.
 *
 * A file that a job names is meant relative to the job file's folder, wherever the program was started. A model (voice,
 * autoencoder, tokenizer, task) is looked for there too; else its name is one of the short names of engine/model_path.h.
 * One thread owns it.
 */
#ifndef AIGC_JOB_JOB_INPUTS_H
#define AIGC_JOB_JOB_INPUTS_H

#include "job/job_file.h"
#include "engine/options.h"
#include "core/hash.h"

typedef struct job_inputs job_inputs;

/* aliases: "NAME=MODEL" each, checked here; their strings must outlive it. */
job_inputs *job_inputs_new(const char *job_path, const option_list *aliases, status *st);
void job_inputs_free(job_inputs *in); /* NULL is allowed */

/* Puts paths in place of the names in j's options; new strings lie in mem. Values that wait for another job's result stay.
 * A model of an OpenAI request that is not found here gives way to the kind's default, which is told once a name. */
bool job_inputs_resolve(job_inputs *in, job *j, arena *mem, status *st);

/* The same for one option of the job, once it does not wait any more. */
bool job_inputs_resolve_option(job_inputs *in, const job *j, job_option *o, arena *mem, status *st);

/* How many bytes of the value of an option that names a file are its path: a LoRA's ":STRENGTH" is none. */
size_t job_inputs_path_size(const job_option *o);

/* The job's model or voice, or the kind's default. */
const char *job_inputs_model(const job *j);

/* The SHA-256 of all that the job's bytes depend on: version, kind, form, seed, model, options in their order, and the bytes
 * of the files they name (not their paths: a folder that was moved is the same input). Each file is read once. */
bool job_inputs_digest(job_inputs *in, const job *j, hash_hex *out, status *st);

/* Is the model or voice there that the job, resolved, names? As the digest asks, without reading it; a name is looked for once. */
bool job_inputs_find_model(job_inputs *in, const job *j, status *st);

#endif
