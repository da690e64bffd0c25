#include "engine/cue.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"

static void print_time(FILE *out, double seconds, cue_format format)
{
    int64_t ms = (int64_t)(seconds * 1000 + 0.5);
    fprintf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 "%c%03" PRId64, ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, format == CUE_SRT ? ',' : '.', ms % 1000);
}

typedef struct {
    FILE *out;
    cue_format format;
    bool space;    /* one is due before the next character */
    char last[2];  /* the two characters before, as far as they are ASCII */
    bool any;
} cue_line;

static bool opens_tag(char before, char c)
{
    return (before == '<' && ((c | 32) >= 'a' && (c | 32) <= 'z')) || (before == '<' && c == '/') || (before == '{' && c == '\\');
}

static void put_byte(cue_line *l, char c)
{
    bool vtt = l->format == CUE_VTT;
    if ((unsigned char)c <= ' ' || c == 127) { /* all white space is one space: no line can end inside a cue */
        l->space = l->any;
        return;
    }
    if (l->space) fputc(' ', l->out);
    if (l->space) l->last[0] = l->last[1] = ' ';
    if (vtt && c == '<') fputs("&lt;", l->out);
    else if (vtt && c == '>') fputs("&gt;", l->out);
    else if (vtt && c == '&') fputs("&amp;", l->out);
    else if (!vtt && c == '>' && l->last[0] == '-' && l->last[1] == '-') fputs("\xE2\x80\xBA", l->out); /* › */
    else {
        if (!vtt && opens_tag(l->last[1], c)) fputs("\xE2\x81\xA0", l->out);
        fputc(c, l->out);
    }
    l->last[0] = l->last[1];
    l->last[1] = c;
    l->space = false;
    l->any = true;
}

/* SSML's markup at text, n > 0 bytes: how many it takes, and what character it is, 0: none. */
static size_t read_markup(const char *text, size_t n, uint32_t *c)
{
    static const struct {
        const char *name;
        char c;
    } ENTITIES[] = {{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}};
    *c = 0;
    if (*text == '<') {
        bool comment = n >= 4 && memcmp(text, "<!--", 4) == 0;
        const char *end = comment ? memmem(text, n, "-->", 3) : memchr(text, '>', n);
        return end ? (size_t)(end - text) + (comment ? 3 : 1) : n;
    }
    for (size_t i = 0; i < sizeof ENTITIES / sizeof ENTITIES[0]; i++) {
        size_t size = strlen(ENTITIES[i].name);
        if (n < size || memcmp(text, ENTITIES[i].name, size) != 0) continue;
        *c = (unsigned char)ENTITIES[i].c;
        return size;
    }
    const char *end = memchr(text, ';', n < 12 ? n : 12);
    if (!end || text[1] != '#') return 1;
    unsigned long code = text[2] == 'x' ? strtoul(text + 3, NULL, 16) : strtoul(text + 2, NULL, 10);
    *c = code < 0x110000 ? (uint32_t)code : 0xFFFD;
    return (size_t)(end - text) + 1;
}

static void put_text(cue_line *l, const char *text, size_t size, bool ssml)
{
    for (size_t i = 0; i < size;) {
        uint32_t c;
        char bytes[4];
        if (!ssml || (text[i] != '<' && text[i] != '&')) {
            put_byte(l, text[i++]);
            continue;
        }
        i += read_markup(text + i, size - i, &c);
        size_t n = c ? utf8_encode(c, bytes) : 0;
        for (size_t k = 0; k < n; k++) put_byte(l, bytes[k]);
    }
}

void cue_write(FILE *out, cue_format format, int64_t number, double start, double end, const char *text, size_t size, bool ssml)
{
    cue_line line = {.out = out, .format = format};
    if (format == CUE_SRT) fprintf(out, "%" PRId64 "\n", number);
    print_time(out, start, format);
    fputs(" --> ", out);
    print_time(out, end, format);
    fputc('\n', out);
    put_text(&line, text, size, ssml);
    fputs("\n\n", out);
}
