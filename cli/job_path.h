/* job_path: may a job write there? A job file is a stranger's: its "out" stays inside the output folder. */
#ifndef AIGC_CLI_JOB_PATH_H
#define AIGC_CLI_JOB_PATH_H

#include "core/status.h"

/* Refuses, saying why: empty and absolute paths, "." and ".." as a part, control characters, parts over 255 bytes, whole
 * paths over 4,000, and a last part that is missing or begins with '.' (hidden files are aigc's own). */
bool job_path_check(const char *out, status *st);

/* Refuses a path that, as the folders now stand, would leave `folder` through a symbolic link, or whose last part is one. */
bool job_path_check_links(const char *folder, const char *out, status *st);

/* Makes the folders on the way to folder/out, refusing symbolic links. */
bool job_path_make_folders(const char *folder, const char *out, status *st);

#endif
