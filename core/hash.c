#include "core/hash.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/text_out.h"

enum { READ_SIZE = 1 << 20, MAX_DEPTH = 8 };

static void to_hex(const unsigned char *digest, hash_hex *out)
{
    for (int i = 0; i < HASH_BYTES; i++) snprintf(out->text + 2 * i, 3, "%02x", digest[i]);
}

bool hash_data(const void *data, size_t size, hash_hex *out, status *st)
{
    unsigned char digest[HASH_BYTES];
    if (EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL) != 1)
        return status_set(st, STATUS_FAIL, "SHA-256 failed");
    to_hex(digest, out);
    return true;
}

static bool stopped(const atomic_bool *stop, status *st)
{
    return stop && atomic_load(stop) && !status_set(st, STATUS_INTERRUPTED, "stopped");
}

static bool hash_file(const char *path, const atomic_bool *stop, hash_hex *out, status *st)
{
    int fd = file_open(path, st);
    FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (!f) {
        if (fd >= 0) close(fd);
        return status_set(st, STATUS_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    }
    unsigned char digest[HASH_BYTES], *buffer = alloc_array(READ_SIZE, 1, st);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = buffer && context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    for (size_t n; ok && !stopped(stop, st) && (n = fread(buffer, 1, READ_SIZE, f)) > 0;) ok = EVP_DigestUpdate(context, buffer, n) == 1;
    if (ferror(f)) ok = status_set(st, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    ok = ok && status_ok(st) && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    if (ok) to_hex(digest, out);
    else status_set(st, STATUS_FAIL, "%s: SHA-256 failed", path);
    EVP_MD_CTX_free(context);
    alloc_free(buffer);
    fclose(f);
    return ok;
}

/* Every file below root/relative, *left of them at most; see hash_walk. */
static bool walk_folder(const char *root, const char *relative, int depth, size_t *left, hash_visitor see, void *arg, status *st)
{
    char *folder = *relative ? file_join(root, relative, st) : alloc_string(root, strlen(root), st);
    DIR *d = folder ? opendir(folder) : NULL;
    if (folder && !d) status_set(st, STATUS_INPUT, "%s: cannot be opened: %s", folder, strerror(errno));
    bool ok = d != NULL;
    for (struct dirent *e; ok && status_ok(st) && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        if ((*left)-- == 0) {
            ok = status_set(st, STATUS_INPUT, "%s: more than %d files found, a model's folder wanted", root, HASH_MOST_FILES);
            break;
        }
        char *inner = *relative ? file_join(relative, e->d_name, st) : alloc_string(e->d_name, strlen(e->d_name), st);
        char *path = inner ? file_join(root, inner, st) : NULL;
        if (path && file_is_folder(path)) {
            if (depth < MAX_DEPTH) ok = walk_folder(root, inner, depth + 1, left, see, arg, st);
        } else if (path && !file_is_special(path)) ok = see(arg, path, inner);
        alloc_free(path);
        alloc_free(inner);
    }
    if (d) closedir(d);
    alloc_free(folder);
    return ok && status_ok(st);
}

bool hash_walk(const char *path, hash_visitor see, void *arg, status *st)
{
    size_t left = HASH_MOST_FILES;
    return file_is_folder(path) ? walk_folder(path, "", 0, &left, see, arg, st) : see(arg, path, "");
}

/* The "DIGEST  path" lines of a folder. */
typedef struct {
    char **line;
    size_t count, room;
    const atomic_bool *stop;
    status *st;
} listing;

static bool add_line(void *arg, const char *path, const char *relative)
{
    listing *l = arg;
    hash_hex digest;
    if (!hash_file(path, l->stop, &digest, l->st)) return false;
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        char **grown = alloc_resize(l->line, room, sizeof *grown, l->st);
        if (!grown) return false;
        l->line = grown, l->room = room;
    }
    size_t size = strlen(relative) + HASH_TEXT + 4;
    char *s = alloc_array(size, 1, l->st);
    if (!s) return false;
    snprintf(s, size, "%s  %s\n", digest.text, relative);
    l->line[l->count++] = s;
    return true;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a + HASH_TEXT, *(char *const *)b + HASH_TEXT);
}

bool hash_path_until(const char *path, const atomic_bool *stop, hash_hex *out, status *st)
{
    if (!file_is_folder(path)) return hash_file(path, stop, out, st);
    listing l = {.stop = stop, .st = st};
    text_out text = {.st = st};
    if (hash_walk(path, add_line, &l, st)) {
        if (l.count) qsort(l.line, l.count, sizeof *l.line, by_path);
        for (size_t i = 0; i < l.count; i++) text_out_add(&text, l.line[i]);
    }
    bool ok = status_ok(st) && hash_data(text.data ? text.data : "", text.size, out, st);
    for (size_t i = 0; i < l.count; i++) alloc_free(l.line[i]);
    alloc_free(l.line);
    text_out_free(&text);
    return ok;
}

bool hash_path(const char *path, hash_hex *out, status *st) { return hash_path_until(path, NULL, out, st); }
