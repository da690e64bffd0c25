/* job_name: the names that jobs and their outputs get. All strings are made in mem; NULL with st set when it is spent. */
#ifndef AIGC_JOB_JOB_NAME_H
#define AIGC_JOB_JOB_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/status.h"

/* FNV-1a, its upper half folded in: the same on every machine and in every run. */
uint64_t job_name_hash(const char *s);

/* a (an bytes), b and c in a row. */
const char *job_name_concat(arena *mem, const char *a, size_t an, const char *b, const char *c, status *st);

/* name as a path: beside the job file, unless it begins with '/'. name itself where that is the working folder. */
const char *job_name_beside(const char *job_path, const char *name, arena *mem, status *st);

/* The id that a job written as `id` (n bytes) below "rows" has for this row, from 0: "article" -> "article-12". */
const char *job_name_of_row(const char *id, size_t n, uint32_t row, arena *mem, status *st);

/* "-3" before the extension, for the third repetition: "a.png" -> "a-3.png". */
const char *job_name_numbered(const char *out, uint32_t repeat, arena *mem, status *st);

/* folder, the id as a file's name, extension. An id is any text, a file's name better is not: what was changed in it comes
 * back as a hash, so that names stay apart. */
const char *job_name_as_file(const char *id, const char *folder, const char *extension, arena *mem, status *st);

#endif
