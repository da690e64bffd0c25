#include "core/hash_cache.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/home.h"
#include "core/text_out.h"

enum { FRESH_SECONDS = 2, LINE = 2 * HASH_TEXT };

/* ---- where it is remembered ---- */

/* The folder, made when it is missing; NULL where that fails. Freed with alloc_free. */
static char *cache_folder(status *st)
{
    char *folder = home_cache("sha256", st);
    if (folder && (mkdir(folder, 0700) == 0 || errno == EEXIST)) return folder;
    alloc_free(folder);
    return NULL;
}

/* ---- what it is remembered by ---- */

/* One line for each file below path: what must change when the file does. false: it cannot be told, or changed just now. */
static bool describe(void *arg, const char *path, const char *relative)
{
    text_out *t = arg;
    struct stat info;
    struct timespec now;
    if (stat(path, &info) != 0 || clock_gettime(CLOCK_REALTIME, &now) != 0) return false;
    if (info.st_mtim.tv_sec + FRESH_SECONDS > now.tv_sec) return false;
    text_out_format(t, "%s %lld %lld.%09ld %lld.%09ld %llu\n", relative, (long long)info.st_size, (long long)info.st_mtim.tv_sec,
                    info.st_mtim.tv_nsec, (long long)info.st_ctim.tv_sec, info.st_ctim.tv_nsec, (unsigned long long)info.st_ino);
    return status_ok(t->st);
}

/* The file that remembers path's digest as it is now; NULL where there can be none. */
static char *entry_of(const char *path)
{
    status st = {0}; /* whatever goes wrong: it is not remembered */
    text_out t = {.st = &st};
    char real[PATH_MAX], *folder = NULL, *entry = NULL;
    hash_hex key;
    bool there = realpath(path, real) != NULL;
    if (there) text_out_format(&t, "%s\n", real);
    if (there && hash_walk(path, describe, &t, &st) && t.data && hash_data(t.data, t.size, &key, &st) && (folder = cache_folder(&st)))
        entry = file_join(folder, key.text, &st);
    alloc_free(folder);
    text_out_free(&t);
    return entry;
}

/* What an entry holds, zero-terminated: the digest, and the digest of that and of the entry's own name, so that a byte which
 * has changed on the disk is no other file's digest. */
static bool line_of(const char *entry, const char *digest, char line[LINE + 1])
{
    status ignored = {0};
    text_out t = {.st = &ignored};
    hash_hex check;
    text_out_format(&t, "%s %s", strrchr(entry, '/') + 1, digest);
    bool ok = t.data && hash_data(t.data, t.size, &check, &ignored);
    if (ok) snprintf(line, LINE + 1, "%.64s %.64s\n", digest, check.text);
    text_out_free(&t);
    return ok;
}

static bool recall(const char *entry, hash_hex *out)
{
    status ignored = {0};
    size_t size;
    char *text = entry && file_exists(entry) ? file_read(entry, 1024, &size, &ignored) : NULL;
    char digest[HASH_TEXT], line[LINE + 1];
    bool ok = text && size == LINE;
    if (ok) {
        memcpy(digest, text, HASH_TEXT - 1);
        digest[HASH_TEXT - 1] = 0;
        ok = line_of(entry, digest, line) && memcmp(line, text, LINE) == 0;
    }
    if (ok) memcpy(out->text, digest, HASH_TEXT);
    alloc_free(text);
    return ok;
}

/* The digest, read from the file itself. before: the entry that described it when reading began. */
static bool find_out(const char *path, const char *before, const atomic_bool *stop, hash_hex *out, status *st)
{
    if (!hash_path_until(path, stop, out, st)) return false;
    char *now = before ? entry_of(path) : NULL;
    if (now && strcmp(now, before) == 0) {
        status ignored = {0};
        char line[LINE + 1];
        if (line_of(now, out->text, line)) file_write(now, line, LINE, &ignored);
    }
    alloc_free(now);
    return true;
}

bool hash_cache_path(const char *path, hash_hex *out, status *st)
{
    char *entry = entry_of(path);
    bool ok = recall(entry, out) || find_out(path, entry, NULL, out, st);
    alloc_free(entry);
    return ok;
}

/* ---- in a thread of its own ---- */

struct hash_task {
    char *path, *entry;
    hash_hex digest;
    status st;
    atomic_bool stop;
    pthread_t thread;
    bool running;
};

static void *work(void *arg)
{
    hash_task *t = arg;
    find_out(t->path, t->entry, &t->stop, &t->digest, &t->st);
    return NULL;
}

hash_task *hash_task_start(const char *path, status *st)
{
    hash_task *t = alloc_zeroed(1, sizeof *t, st);
    if (!t) return NULL;
    t->path = alloc_string(path, strlen(path), st);
    t->entry = t->path ? entry_of(path) : NULL;
    if (t->path && !recall(t->entry, &t->digest)) {
        t->running = pthread_create(&t->thread, NULL, work, t) == 0;
        if (!t->running) work(t);
    }
    if (t->path) return t;
    hash_task_free(t);
    return NULL;
}

bool hash_task_wait(hash_task *t, hash_hex *out, status *st)
{
    if (t->running) pthread_join(t->thread, NULL);
    t->running = false;
    if (!status_ok(&t->st)) return status_set(st, t->st.code, "%s", t->st.msg);
    *out = t->digest;
    return true;
}

void hash_task_free(hash_task *t)
{
    if (!t) return;
    atomic_store(&t->stop, true);
    if (t->running) pthread_join(t->thread, NULL);
    alloc_free(t->path);
    alloc_free(t->entry);
    alloc_free(t);
}
