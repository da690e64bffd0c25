#include "cli/template.h"

#include <string.h>

bool template_has_places(const char *text) { return strstr(text, "{{") != NULL; }

/* Walks the text; `out` NULL: only measures. Returns the size of the result. */
static size_t walk(const char *text, template_lookup lookup, void *context, char *out, status *st)
{
    size_t n = 0;
    while (*text && status_ok(st)) {
        const char *piece = text, *open = strstr(text, "{{");
        size_t size = open ? (size_t)(open - text) : strlen(text);
        if (!open) text += size;
        else if (open > text && open[-1] == '\\') { /* an escaped "{{" stays, its backslash goes */
            size--;
            if (out) memcpy(out + n, piece, size);
            n += size, piece = "{{", size = 2, text = open + 2;
        } else {
            if (out) memcpy(out + n, piece, size);
            n += size;
            const char *close = strstr(open, "}}"), *name = open + 2, *end = close;
            if (!close) {
                status_set(st, STATUS_INPUT, "'%.40s': '{{' is not closed by '}}'", open);
                return 0;
            }
            while (name < end && *name == ' ') name++;
            while (end > name && end[-1] == ' ') end--;
            piece = lookup(context, name, (size_t)(end - name), st);
            if (!piece) return 0;
            size = strlen(piece), text = close + 2;
        }
        if (out) memcpy(out + n, piece, size);
        n += size;
    }
    return n;
}

const char *template_fill(const char *text, template_lookup lookup, void *context, arena *mem, status *st)
{
    if (!template_has_places(text)) return text;
    size_t n = walk(text, lookup, context, NULL, st);
    if (!status_ok(st)) return NULL;
    if (!mem) return text;
    char *out = arena_alloc(mem, n + 1, st);
    if (!out) return NULL;
    walk(text, lookup, context, out, st);
    out[n] = 0;
    return out;
}
