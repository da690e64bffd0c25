#include "job/batch_paths.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"

char *batch_paths_folder(const batch_options *o, status *st)
{
    const char *slash = strrchr(o->job_path, '/');
    if (o->out_folder) return alloc_string(o->out_folder, strlen(o->out_folder), st);
    return slash ? alloc_string(o->job_path, slash == o->job_path ? 1 : (size_t)(slash - o->job_path), st) : alloc_string(".", 1, st);
}

char *batch_paths_journal(const batch_options *o, status *st)
{
    if (o->journal_path) return alloc_string(o->journal_path, strlen(o->journal_path), st);
    size_t size = strlen(o->job_path) + 64;
    char *path = alloc_array(size, 1, st);
    if (path && o->shards) snprintf(path, size, "%s.%" PRId64 "-of-%" PRId64 ".journal", o->job_path, o->shard, o->shards);
    else if (path) snprintf(path, size, "%s.journal", o->job_path);
    return path;
}

char *batch_paths_answers(const batch_options *o, const char *folder, status *st)
{
    if (o->answers_path) return alloc_string(o->answers_path, strlen(o->answers_path), st);
    const char *slash = strrchr(o->job_path, '/'), *name = slash ? slash + 1 : o->job_path;
    size_t n = strlen(name), size = strlen(folder) + n + 80;
    if (n > 6 && strcmp(name + n - 6, ".jsonl") == 0) n -= 6;
    char *path = alloc_array(size, 1, st);
    if (path && o->shards) snprintf(path, size, "%s/%.*s.%" PRId64 "-of-%" PRId64 ".output.jsonl", folder, (int)n, name, o->shard, o->shards);
    else if (path) snprintf(path, size, "%s/%.*s.output.jsonl", folder, (int)n, name);
    return path;
}

job_file_where batch_paths_where(const batch_options *o, const char *folder, const char *journal_path, const char *answers)
{
    return (job_file_where){.out_folder = folder, .alone = o->job_text != NULL,
                            .taken = {[JOB_FILE_JOBS] = o->job_text ? NULL : o->job_path, [JOB_FILE_JOURNAL] = journal_path, [JOB_FILE_ANSWERS] = answers, [JOB_FILE_FILTER] = o->filter}};
}

const char *batch_paths_join(const char *folder, const char *out, arena *mem, status *st)
{
    size_t size = strlen(folder) + strlen(out) + 2;
    char *path = arena_alloc(mem, size, st);
    if (path) snprintf(path, size, "%s/%s", folder, out);
    return path;
}

bool batch_paths_make(char *path, status *st)
{
    for (char *s = path + 1;; s++) {
        char kept = *s;
        if (kept && kept != '/') continue;
        *s = 0;
        bool there = mkdir(path, 0777) == 0 || errno == EEXIST;
        int reason = errno; /* asking whether it is a folder changes errno */
        if (!there) there = file_is_folder(path);
        if (!there) status_set(st, STATUS_IO, "%s: cannot be made: %s", path, strerror(reason));
        *s = kept;
        if (!there || !kept) return there;
    }
}

/* Does the folder, or one above it, hold a .git? */
static bool in_work_tree(const char *folder)
{
    char path[PATH_MAX + 8];
    struct stat info;
    if (!realpath(folder, path)) return false;
    for (size_t n = strlen(path);; path[n] = 0) {
        if (n == 1) n = 0; /* "/" */
        snprintf(path + n, 8, "/.git");
        if (stat(path, &info) == 0) return true;
        if (n == 0) return false;
        while (n > 0 && path[n - 1] != '/') n--;
        if (n > 0) n--;
    }
}

void batch_paths_tell(const batch_options *o, const char *folder)
{
    bool git = !o->out_folder && in_work_tree(folder);
    log_message("outputs go to %s/%s%s", folder, o->out_folder ? "" : ", the job file's folder",
                git ? ", which lies in a git work tree; --out-dir names another" : "");
}
