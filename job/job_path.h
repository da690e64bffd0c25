/* job_path: may a job write there? A job file is a stranger's: its "out" stays inside the output folder. */
#ifndef AIGC_JOB_JOB_PATH_H
#define AIGC_JOB_JOB_PATH_H

#include "job/job_file.h"
#include "core/status.h"

/* Refuses, saying why: empty and absolute paths, control characters, parts over 255 bytes, whole paths over 4,000, a last part
 * that is missing, and parts that begin with '.' (".", "..", what is hidden: settings of programs, keys, aigc's own files). */
bool job_path_check(const char *out, status *st);

/* Refuses a name to which ".origin.json" cannot be added, for a text's record. */
bool job_path_check_record(const char *out, status *st);

/* Refuses what the run itself reads or writes: where->taken, the journals and answers of other shards of the job file, and names
 * that end in ".origin.json", which only records have. */
bool job_path_check_taken(const char *job_path, const job_file_where *where, const char *out, status *st);

/* Do both paths name one file: the same behind all links, or the same name in the same folder? */
bool job_path_same(const char *a, const char *b);

/* Refuses a journal or an answers file that is the job file, the filter's list, or the other one. */
bool job_path_check_own(const job_file_where *where, status *st);

/* The last path that was found not to be there: what lies below it is not there either, so that a million outputs of one folder
 * to come are asked for once. Begins as {{0}}. */
typedef struct {
    char path[256];
} job_path_absent;

/* Refuses a path that, as the folders now stand, would leave `folder` through a symbolic link, or whose last part is one, or
 * anything but a regular file. */
bool job_path_check_links(const char *folder, const char *out, job_path_absent *absent, status *st);

#endif
