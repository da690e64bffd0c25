#include "job/job_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/file.h"

enum { MAX_PART = 255, MAX_PATH = 4000 };
static const char RECORD[] = ".origin.json";

static bool ends_with(const char *s, size_t size, const char *ending)
{
    size_t n = strlen(ending);
    return size >= n && memcmp(s + size - n, ending, n) == 0;
}

bool job_path_check(const char *out, status *st)
{
    size_t size = strlen(out);
    if (size == 0) return status_set(st, STATUS_USAGE, "\"out\" is empty");
    if (size > MAX_PATH) return status_set(st, STATUS_USAGE, "\"out\" has %zu bytes, at most %d wanted", size, MAX_PATH);
    if (out[0] == '/') return status_set(st, STATUS_USAGE, "\"out\" '%.60s' is absolute, a path inside the output folder wanted", out);
    for (const char *s = out; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7F)
            return status_set(st, STATUS_USAGE, "\"out\" holds the control character 0x%02X", (unsigned)(unsigned char)*s);
    for (const char *part = out, *end; part; part = end ? end + 1 : NULL) {
        end = strchr(part, '/');
        size_t n = end ? (size_t)(end - part) : strlen(part);
        if (n > MAX_PART) return status_set(st, STATUS_USAGE, "\"out\" has a name of %zu bytes, at most %d wanted", n, MAX_PART);
        if (n == 0) return status_set(st, STATUS_USAGE, "\"out\" '%.60s' has an empty part", out);
        if ((n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
            return status_set(st, STATUS_USAGE, "\"out\" '%.60s' has a '%.*s' in it", out, (int)n, part);
        if (part[0] == '.') return status_set(st, STATUS_USAGE, "\"out\" '%.60s' is %s", out, end ? "in a hidden folder" : "a hidden file");
    }
    return true;
}

bool job_path_check_record(const char *out, status *st)
{
    const char *slash = strrchr(out, '/');
    size_t n = strlen(slash ? slash + 1 : out), most = MAX_PART - (sizeof RECORD - 1);
    if (n <= most) return true;
    return status_set(st, STATUS_USAGE, "\"out\" has a name of %zu bytes, at most %zu wanted for a text: its record lies beside it, called NAME%s", n, most, RECORD);
}

/* "NAME….journal" of the job file "NAME", "STEM….output.jsonl" of "STEM.jsonl". */
static bool is_run_file(const char *job_path, const char *name)
{
    const char *slash = strrchr(job_path, '/'), *base = slash ? slash + 1 : job_path;
    size_t n = strlen(base), size = strlen(name), stem = ends_with(base, n, ".jsonl") ? n - 6 : n;
    return (strncmp(name, base, n) == 0 && name[n] == '.' && ends_with(name, size, ".journal")) ||
           (strncmp(name, base, stem) == 0 && name[stem] == '.' && ends_with(name, size, ".output.jsonl"));
}

/* Do both paths end in the same folder? What is not there is no folder. */
static bool same_folder(const char *a, const char *b)
{
    char folder[2][2 * MAX_PATH + 16];
    const char *path[2] = {a, b};
    for (int i = 0; i < 2; i++) {
        const char *slash = strrchr(path[i], '/');
        size_t n = !slash ? 0 : slash == path[i] ? 1 : (size_t)(slash - path[i]);
        if (n >= sizeof folder[i]) return false;
        memcpy(folder[i], n ? path[i] : ".", n ? n : 1);
        folder[i][n ? n : 1] = 0;
    }
    return file_same(folder[0], folder[1]);
}

bool job_path_same(const char *a, const char *b)
{
    const char *s = strrchr(a, '/'), *t = strrchr(b, '/');
    return file_same(a, b) || (strcmp(s ? s + 1 : a, t ? t + 1 : b) == 0 && same_folder(a, b));
}

bool job_path_check_own(const job_file_where *where, status *st)
{
    static const char *const WHAT[JOB_FILE_TAKEN] = {
        [JOB_FILE_JOBS] = "the job file", [JOB_FILE_JOURNAL] = "the journal", [JOB_FILE_ANSWERS] = "the answers", [JOB_FILE_FILTER] = "the filter's list"};
    for (int written = JOB_FILE_JOURNAL; written <= JOB_FILE_ANSWERS; written++)
        for (int other = 0; other < JOB_FILE_TAKEN; other++)
            if (other != written && where->taken[written] && where->taken[other] && job_path_same(where->taken[written], where->taken[other]))
                return status_set(st, STATUS_USAGE, "%s: %s and %s would be one file", where->taken[written], WHAT[other], WHAT[written]);
    return true;
}

bool job_path_check_taken(const char *job_path, const job_file_where *where, const char *out, status *st)
{
    char path[2 * MAX_PATH + 16];
    const char *slash = strrchr(out, '/'), *name = slash ? slash + 1 : out;
    for (const char *part = out, *end; part; part = end ? end + 1 : NULL) {
        end = strchr(part, '/');
        if (ends_with(part, end ? (size_t)(end - part) : strlen(part), RECORD))
            return status_set(st, STATUS_USAGE, "\"out\" '%.60s' has a part that ends in %s, as only records do", out, RECORD);
    }
    if (is_run_file(job_path, name)) return status_set(st, STATUS_USAGE, "\"out\" '%.60s' is a name that journals or answers of this job file have", out);
    for (int i = 0; i < JOB_FILE_TAKEN; i++) {
        const char *taken = where->taken[i], *end = taken ? strrchr(taken, '/') : NULL;
        if (!taken || strcmp(end ? end + 1 : taken, name) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", where->out_folder, out);
        if (same_folder(path, taken)) return status_set(st, STATUS_USAGE, "\"out\" '%.60s' is a file that the run itself uses: %.120s", out, taken);
    }
    return true;
}

static bool lies_below(const char *path, const job_path_absent *absent)
{
    size_t n = strlen(absent->path);
    return n && strncmp(path, absent->path, n) == 0 && (path[n] == '/' || !path[n]);
}

bool job_path_check_links(const char *folder, const char *out, job_path_absent *absent, status *st)
{
    char path[2 * MAX_PATH + 16];
    size_t base = (size_t)snprintf(path, sizeof path, "%s/", folder);
    if (base + strlen(out) >= sizeof path) return status_set(st, STATUS_USAGE, "'%.60s…': the path is too long", out);
    memcpy(path + base, out, strlen(out) + 1);
    if (lies_below(path, absent)) return true;
    for (char *s = path + base;; s++) {
        if (*s && *s != '/') continue;
        char kept = *s;
        *s = 0;
        struct stat info;
        if (lstat(path, &info) != 0) { /* what is not there is made when the job runs */
            if (errno == ENOENT && strlen(path) < sizeof absent->path) memcpy(absent->path, path, strlen(path) + 1);
            return true;
        }
        if (S_ISLNK(info.st_mode)) return status_set(st, STATUS_INPUT, "%s: is a symbolic link; nothing is written through it", path);
        if (kept && !S_ISDIR(info.st_mode)) return status_set(st, STATUS_INPUT, "%s: is a file, a folder wanted", path);
        if (!kept && !S_ISREG(info.st_mode)) return status_set(st, STATUS_INPUT, "%s: is no regular file; nothing is written there", path);
        *s = kept;
        if (!kept) return true;
    }
}
