#include "core/json.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/clean.h"
#include "core/file.h"

enum { RESERVE = 96 << 10, FILE_LIMIT = 256 << 20 };

/* One parse: its text and its reserve. Blocks of the reserve live no longer than the parse, since its result is dropped. */
typedef struct {
    const char *text;
    size_t size, at;
    bool failed;
    size_t used;
    _Alignas(16) char reserve[RESERVE];
} parse;

static _Thread_local parse *running;

static void *take(size_t bytes)
{
    void *p = alloc_for_library(bytes);
    if (p || !running) return p;
    running->failed = true;
    size_t rounded = (bytes + 15) & ~(size_t)15;
    if (bytes > RESERVE || rounded > RESERVE - running->used) return NULL;
    p = running->reserve + running->used;
    running->used += rounded;
    return p;
}

static void give_back(void *p)
{
    uintptr_t at = (uintptr_t)p, first = running ? (uintptr_t)running->reserve : 0;
    if (running && at >= first && at < first + RESERVE) return;
    alloc_free(p);
}

void json_use_alloc(void) { json_set_alloc_funcs(take, give_back); }

/* The next bytes of the text, or its end as soon as memory failed. */
static size_t feed(void *buffer, size_t room, void *arg)
{
    parse *p = arg;
    size_t n = p->size - p->at < room ? p->size - p->at : room;
    if (p->failed) return 0;
    memcpy(buffer, p->text + p->at, n);
    p->at += n;
    return n;
}

static json_t *refuse(json_error_t *error, const char *why)
{
    if (!error) return NULL;
    error->line = error->column = -1;
    snprintf(error->text, sizeof error->text, "%.*s", (int)sizeof error->text - 1, why);
    return NULL;
}

json_t *json_parse(const char *text, size_t size, size_t flags, json_error_t *error)
{
    parse p; /* the reserve is not initialised: it costs nothing unless it is used */
    p.text = text, p.size = size, p.at = 0, p.failed = false, p.used = 0;
    running = &p;
    json_t *root = json_load_callback(feed, &p, flags, error);
    if (p.failed) {
        json_decref(root);
        root = refuse(error, "out of memory");
    }
    running = NULL;
    return root;
}

/* Where a value begins (a sign may stand before it) with one of Python's words for numbers, *length bytes of them; size when none
 * follows `at`, which lies outside of strings. */
static size_t find_word(const char *text, size_t size, size_t at, size_t *length)
{
    static const char *const WORDS[] = {"Infinity", "NaN"};
    bool quoted = false;
    for (; at < size; at++) {
        if (text[at] == '"') quoted = !quoted;
        else if (quoted && text[at] == '\\') at++;
        if (quoted || (text[at] != 'I' && text[at] != 'N')) continue;
        size_t before = at && text[at - 1] == '-' ? at - 1 : at;
        if (before && !memchr(" \t\r\n:[,", text[before - 1], 7)) continue;
        for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++) {
            *length = strlen(WORDS[i]);
            if (size - at >= *length && memcmp(text + at, WORDS[i], *length) == 0) return at;
        }
    }
    return size;
}

json_t *json_parse_config(const char *text, size_t size, size_t flags, json_error_t *error)
{
    status st = {0};
    size_t length, at = find_word(text, size, 0, &length);
    if (at == size) return json_parse(text, size, flags, error);
    char *mended = alloc_array(size, 1, &st);
    if (!mended) return refuse(error, "out of memory");
    memcpy(mended, text, size);
    for (; at < size; at = find_word(text, size, at + length, &length)) memcpy(mended + at, text[at] == 'I' ? "1e308   " : "0  ", length);
    json_t *root = json_parse(mended, size, flags, error);
    alloc_free(mended);
    return root;
}

json_t *json_parse_file(const char *path, size_t flags, json_error_t *error)
{
    status st = {0};
    size_t size;
    char *text = file_read(path, FILE_LIMIT, &size, &st);
    if (!text) return refuse(error, st.msg);
    json_t *root = json_parse(text, size, flags, error);
    alloc_free(text);
    return root;
}

char *json_write(const json_t *value, size_t flags)
{
    status ignored = {0};
    size_t n = json_dumpb(value, NULL, 0, flags);
    char *text = n ? alloc_array(n + 1, 1, &ignored) : NULL;
    if (text && json_dumpb(value, text, n, flags) == n) {
        text[n] = 0;
        return text;
    }
    alloc_free(text);
    return NULL;
}

bool json_print(const json_t *value, size_t flags, status *st)
{
    text_out line = {.st = st};
    char *text = json_write(value, flags);
    if (!text) return status_set(st, STATUS_NOMEM, "out of memory for the JSON output");
    clean_json(&line, text);
    alloc_free(text);
    text_out_add(&line, "\n");
    bool ok = status_ok(st) && ((fwrite(line.data, 1, line.size, stdout) == line.size && fflush(stdout) == 0) ||
                                status_set(st, STATUS_IO, "standard output: %s", strerror(errno)));
    text_out_free(&line);
    return ok;
}
