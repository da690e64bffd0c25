/* batch_paths: where the files of a batch lie. What returns char * is freed with alloc_free; NULL with st set. */
#ifndef AIGC_JOB_BATCH_PATHS_H
#define AIGC_JOB_BATCH_PATHS_H

#include "job/batch.h"
#include "core/arena.h"

/* --out-dir, or the folder of the job file. */
char *batch_paths_folder(const batch_options *o, status *st);

/* --journal, or "JOBFILE.journal" ("JOBFILE.1-of-2.journal" of a shard). */
char *batch_paths_journal(const batch_options *o, status *st);

/* --answers, or "OUT/NAME.output.jsonl" for "NAME.jsonl" ("OUT/NAME.1-of-2.output.jsonl" of a shard). */
char *batch_paths_answers(const batch_options *o, const char *folder, status *st);

/* What jobs may touch: outputs lie in folder, and are neither job file nor journal nor answers (NULL where there is none). */
job_file_where batch_paths_where(const batch_options *o, const char *folder, const char *journal_path, const char *answers);

/* "folder/out", in mem. */
const char *batch_paths_join(const char *folder, const char *out, arena *mem, status *st);

/* Makes the folder and those above it; the path is restored. It is the user's own: links are followed. */
bool batch_paths_make(char *path, status *st);

/* Says on stderr where the outputs go, and when they would lie in a git work tree that nobody chose. `folder` exists. */
void batch_paths_tell(const batch_options *o, const char *folder);

#endif
