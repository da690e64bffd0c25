#include "core/hash.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

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

static bool hash_file(const char *path, hash_hex *out, status *st)
{
    FILE *f = fopen(path, "rb");
    if (!f) return status_set(st, STATUS_INPUT, "%s: cannot be opened: %s", path, strerror(errno));
    unsigned char digest[HASH_BYTES], *buffer = alloc_array(READ_SIZE, 1, st);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = buffer && context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1;
    for (size_t n; ok && (n = fread(buffer, 1, READ_SIZE, f)) > 0;) ok = EVP_DigestUpdate(context, buffer, n) == 1;
    if (ferror(f)) ok = status_set(st, STATUS_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    ok = ok && EVP_DigestFinal_ex(context, digest, NULL) == 1;
    if (ok) to_hex(digest, out);
    else status_set(st, STATUS_FAIL, "%s: SHA-256 failed", path);
    EVP_MD_CTX_free(context);
    alloc_free(buffer);
    fclose(f);
    return ok;
}

/* A growing text of "DIGEST  path" lines. */
typedef struct {
    char **line;
    size_t count, room;
} listing;

static bool add_line(listing *l, const hash_hex *digest, const char *path, status *st)
{
    if (l->count == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        char **grown = alloc_resize(l->line, room, sizeof *grown, st);
        if (!grown) return false;
        l->line = grown, l->room = room;
    }
    size_t size = strlen(path) + HASH_TEXT + 4;
    char *s = alloc_array(size, 1, st);
    if (!s) return false;
    snprintf(s, size, "%s  %s\n", digest->text, path);
    l->line[l->count++] = s;
    return true;
}

static bool list_folder(listing *l, const char *root, const char *relative, int depth, status *st)
{
    char *folder = *relative ? file_join(root, relative, st) : alloc_string(root, strlen(root), st);
    DIR *d = folder ? opendir(folder) : NULL;
    if (folder && !d) status_set(st, STATUS_INPUT, "%s: cannot be opened: %s", folder, strerror(errno));
    for (struct dirent *e; d && status_ok(st) && (e = readdir(d));) {
        if (e->d_name[0] == '.') continue;
        char *inner = *relative ? file_join(relative, e->d_name, st) : alloc_string(e->d_name, strlen(e->d_name), st);
        char *path = inner ? file_join(root, inner, st) : NULL;
        hash_hex digest;
        if (path && file_is_folder(path)) {
            if (depth < MAX_DEPTH) list_folder(l, root, inner, depth + 1, st);
        } else if (path && hash_file(path, &digest, st)) add_line(l, &digest, inner, st);
        alloc_free(path);
        alloc_free(inner);
    }
    if (d) closedir(d);
    alloc_free(folder);
    return status_ok(st);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a + HASH_TEXT, *(char *const *)b + HASH_TEXT);
}

bool hash_path(const char *path, hash_hex *out, status *st)
{
    if (!file_is_folder(path)) return hash_file(path, out, st);
    listing l = {0};
    size_t size = 0, used = 0;
    char *text = NULL;
    if (list_folder(&l, path, "", 0, st)) {
        if (l.count) qsort(l.line, l.count, sizeof *l.line, by_path);
        for (size_t i = 0; i < l.count; i++) size += strlen(l.line[i]);
        text = alloc_array(size + 1, 1, st);
        for (size_t i = 0; text && i < l.count; i++) {
            size_t n = strlen(l.line[i]);
            memcpy(text + used, l.line[i], n);
            used += n;
        }
    }
    bool ok = text && hash_data(text, used, out, st);
    for (size_t i = 0; i < l.count; i++) alloc_free(l.line[i]);
    alloc_free(l.line);
    alloc_free(text);
    return ok;
}
