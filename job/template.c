#include "job/template.h"

#include <string.h>

#include "core/text_out.h"

/* Adds n bytes unless the result would grow too long. */
static bool add(text_out *out, const char *bytes, size_t n, status *st)
{
    if (n > TEMPLATE_MOST_BYTES || out->size > TEMPLATE_MOST_BYTES - n)
        return status_set(st, STATUS_INPUT, "a text of more than %d bytes found when its '{{…}}' are filled in, a shorter one wanted", TEMPLATE_MOST_BYTES);
    text_out_bytes(out, bytes, n);
    return status_ok(st);
}

/* The value of the place that opens at `open`; *behind it. */
static const char *value_of(const char *open, template_lookup lookup, void *context, const char **behind, status *st)
{
    const char *close = strstr(open, "}}"), *name = open + 2, *end = close;
    if (!close) {
        status_set(st, STATUS_INPUT, "'%.40s': '{{' is not closed by '}}'", open);
        return NULL;
    }
    while (name < end && *name == ' ') name++;
    while (end > name && end[-1] == ' ') end--;
    *behind = close + 2;
    return lookup(context, name, (size_t)(end - name), st);
}

static bool walk(const char *text, template_lookup lookup, void *context, text_out *out, status *st)
{
    size_t places = 0;
    for (const char *open; (open = strstr(text, "{{"));) {
        bool escaped = open > text && open[-1] == '\\'; /* the braces stay, the backslash goes */
        const char *behind = open + 2, *value = "{{";
        if (!add(out, text, (size_t)(open - text) - escaped, st)) return false;
        if (!escaped && ++places > TEMPLATE_MOST_PLACES)
            return status_set(st, STATUS_INPUT, "more than %d places '{{…}}' in one text", TEMPLATE_MOST_PLACES);
        if (!escaped) value = value_of(open, lookup, context, &behind, st);
        if (!value || !add(out, value, strlen(value), st)) return false;
        text = behind;
    }
    return add(out, text, strlen(text), st);
}

const char *template_fill(const char *text, template_lookup lookup, void *context, arena *mem, status *st)
{
    if (!strstr(text, "{{")) return text;
    text_out out = {.st = st};
    char *filled = walk(text, lookup, context, &out, st) && mem ? arena_alloc(mem, out.size + 1, st) : NULL;
    if (filled) {
        if (out.size) memcpy(filled, out.data, out.size);
        filled[out.size] = 0;
    }
    text_out_free(&out);
    return !status_ok(st) ? NULL : mem ? filled : text;
}
