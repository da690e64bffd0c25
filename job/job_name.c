#include "job/job_name.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

uint64_t job_name_hash(const char *s)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325); /* FNV-1a */
    for (; *s; s++) h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001B3);
    return h ^ (h >> 29);
}

const char *job_name_concat(arena *mem, const char *a, size_t an, const char *b, const char *c, status *st)
{
    size_t bn = strlen(b), cn = strlen(c);
    char *s = arena_alloc(mem, an + bn + cn + 1, st);
    if (!s) return NULL;
    memcpy(s, a, an);
    memcpy(s + an, b, bn);
    memcpy(s + an + bn, c, cn + 1);
    return s;
}

const char *job_name_beside(const char *job_path, const char *name, arena *mem, status *st)
{
    const char *slash = name[0] == '/' ? NULL : strrchr(job_path, '/');
    return slash ? job_name_concat(mem, job_path, (size_t)(slash - job_path) + 1, name, "", st) : name;
}

const char *job_name_of_row(const char *id, size_t n, uint32_t row, arena *mem, status *st)
{
    char number[16];
    snprintf(number, sizeof number, "-%u", row + 1);
    return job_name_concat(mem, id, n, number, "", st);
}

const char *job_name_numbered(const char *out, uint32_t repeat, arena *mem, status *st)
{
    const char *slash = strrchr(out, '/'), *dot = strrchr(slash ? slash : out, '.');
    size_t stem = dot && dot != out ? (size_t)(dot - out) : strlen(out);
    char number[16];
    snprintf(number, sizeof number, "-%u", repeat);
    return job_name_concat(mem, out, stem, number, out + stem, st);
}

const char *job_name_as_file(const char *id, const char *folder, const char *extension, arena *mem, status *st)
{
    enum { LONGEST = 200 };
    size_t n = strlen(id), first = strlen(folder), size = first + LONGEST + strlen(extension) + 16;
    bool changed = n > LONGEST;
    if (changed)
        for (n = LONGEST; n > 0 && ((unsigned char)id[n] & 0xC0) == 0x80;) n--; /* between characters */
    char *s = arena_alloc(mem, size, st);
    if (!s) return NULL;
    memcpy(s, folder, first);
    for (size_t i = 0; i < n; i++) {
        char c = id[i];
        bool odd = (unsigned char)c <= ' ' || strchr("/\\:*?\"<>|\x7F", c) || (i == 0 && c == '.');
        s[first + i] = odd || c == '#' ? '_' : c; /* '#' comes from "repeat" alone and needs no hash */
        changed |= odd;
    }
    if (changed) snprintf(s + first + n, size - first - n, "-%08x%s", (unsigned)job_name_hash(id), extension);
    else snprintf(s + first + n, size - first - n, "%s", extension);
    return s;
}
