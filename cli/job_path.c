#include "cli/job_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_PART = 255, MAX_PATH = 4000 };

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
        if (!end && part[0] == '.') return status_set(st, STATUS_USAGE, "\"out\" '%.60s' is a hidden file", out);
    }
    return true;
}

/* Calls lstat for each part of folder/out; makes missing folders when asked to. */
static bool walk(const char *folder, const char *out, bool make, status *st)
{
    char path[2 * MAX_PATH + 16];
    size_t base = (size_t)snprintf(path, sizeof path, "%s/", folder);
    if (base + strlen(out) >= sizeof path) return status_set(st, STATUS_USAGE, "'%.60s…': the path is too long", out);
    memcpy(path + base, out, strlen(out) + 1);
    for (char *s = path + base;; s++) {
        if (*s && *s != '/') continue;
        char kept = *s;
        *s = 0;
        struct stat info;
        bool exists = lstat(path, &info) == 0;
        if (exists && S_ISLNK(info.st_mode)) return status_set(st, STATUS_INPUT, "%s: is a symbolic link; nothing is written through it", path);
        if (kept && exists && !S_ISDIR(info.st_mode)) return status_set(st, STATUS_INPUT, "%s: is a file, a folder wanted", path);
        if (kept && !exists && (!make || (mkdir(path, 0777) != 0 && errno != EEXIST)))
            return !make || status_set(st, STATUS_IO, "%s: cannot be made: %s", path, strerror(errno));
        *s = kept;
        if (!kept) return true;
    }
}

bool job_path_check_links(const char *folder, const char *out, status *st) { return walk(folder, out, false, st); }

bool job_path_make_folders(const char *folder, const char *out, status *st) { return walk(folder, out, true, st); }
