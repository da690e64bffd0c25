#include "core/clean.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static const char REPLACEMENT[] = "\xEF\xBF\xBD"; /* U+FFFD */

/* The bytes that a character takes which begins with b; 0: none does. */
static size_t length_of(unsigned char b) { return b < 0x80 ? 1 : b < 0xC2 ? 0 : b < 0xE0 ? 2 : b < 0xF0 ? 3 : b < 0xF5 ? 4 : 0; }

/* How many of the n > 0 bytes at text belong to one character (*whole) or to the beginning of one. A byte that is neither
 * counts by itself, with *code = U+FFFD. */
static size_t take(const char *text, size_t n, uint32_t *code, bool *whole)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t length = length_of(s[0]);
    *whole = true;
    *code = 0xFFFD;
    if (length == 0) return 1;
    uint32_t c = length == 1 ? s[0] : s[0] & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if (i == n) {
            *whole = false;
            return n;
        }
        if ((s[i] & 0xC0) != 0x80) return 1;
        c = c << 6 | (s[i] & 0x3F);
    }
    bool good = c < 0x110000 && (c < 0xD800 || c > 0xDFFF) && (length < 3 || c >= (length == 3 ? 0x800u : 0x10000u));
    if (!good) return 1;
    *code = c;
    return length;
}

/* C0, DEL and C1; Unicode's bidirectional controls; its separators of lines and paragraphs; the byte order mark. */
static bool steers(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x206F) || c == 0xFEFF;
}

static bool put(uint32_t c, const char *bytes, size_t n, clean_kind kind, FILE *out)
{
    if (c == '\n' || c == '\t') return fputc(kind == CLEAN_TEXT ? (int)c : ' ', out) != EOF;
    if (c == '\r') return kind == CLEAN_LINE ? fputc(' ', out) != EOF : fputs(REPLACEMENT, out) != EOF;
    if (steers(c) || c == 0xFFFD) return fputs(REPLACEMENT, out) != EOF;
    return fwrite(bytes, 1, n, out) == n;
}

bool clean_piece(clean_state *s, clean_kind kind, const char *text, size_t size, FILE *out)
{
    uint32_t c;
    bool whole;
    while (s->count && size) { /* the held bytes and one more make a character, a longer beginning, or none */
        char joined[5];
        memcpy(joined, s->held, s->count);
        joined[s->count] = *text;
        size_t n = take(joined, s->count + 1, &c, &whole);
        if (!whole) {
            s->held[s->count++] = *text++;
            size--;
        } else if (n > s->count) {
            if (!put(c, joined, n, kind, out)) return false;
            s->count = 0;
            text++, size--;
        } else if (!clean_end(s, out)) return false;
    }
    while (size) {
        size_t n = take(text, size, &c, &whole);
        if (!whole) {
            memcpy(s->held, text, n);
            s->count = n;
            break;
        }
        if (!put(c, text, n, kind, out)) return false;
        text += n;
        size -= n;
    }
    return true;
}

bool clean_end(clean_state *s, FILE *out)
{
    bool any = s->count > 0;
    s->count = 0;
    return !any || fputs(REPLACEMENT, out) != EOF;
}

void clean_print(FILE *out, clean_kind kind, const char *text, size_t most)
{
    clean_state s = {0};
    size_t all = strlen(text), shown = most && all > most ? most : all;
    clean_piece(&s, kind, text, shown, out);
    if (shown < all) fprintf(out, " … (%zu bytes)", all); /* a character that is cut there is left out */
    else clean_end(&s, out);
}

void clean_padded(FILE *out, const char *text, size_t width)
{
    size_t n = strlen(text);
    clean_print(out, CLEAN_LINE, text, 0);
    fprintf(out, "%*s", n < width ? (int)(width - n) : 0, "");
}

void clean_json(text_out *to, const char *json)
{
    uint32_t c;
    bool whole;
    const char *from = json;
    for (size_t left = strlen(json), n; left; left -= n, json += n) {
        n = take(json, left, &c, &whole);
        if (c < 0x7F || !whole || c == 0xFFFD || !steers(c)) continue; /* JSON's own line breaks stand between its values */
        text_out_bytes(to, from, (size_t)(json - from));
        text_out_format(to, "\\u%04x", c);
        from = json + n;
    }
    text_out_add(to, from);
}

/* ---- the terminal ---- */

static FILE *terminal; /* stdout as it was */
static clean_state cut;

static ssize_t write_clean(void *cookie, const char *text, size_t size)
{
    (void)cookie;
    return clean_piece(&cut, CLEAN_TEXT, text, size, terminal) && fflush(terminal) == 0 ? (ssize_t)size : 0; /* 0: the stream's error */
}

static int close_clean(void *cookie)
{
    (void)cookie;
    bool ended = clean_end(&cut, terminal);
    return ended && fflush(terminal) == 0 ? 0 : EOF;
}

void clean_terminal(void)
{
    if (terminal || !isatty(STDOUT_FILENO)) return;
    FILE *cleaned = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_clean, .close = close_clean});
    if (!cleaned) return;
    setvbuf(cleaned, NULL, _IOLBF, BUFSIZ);
    terminal = stdout;
    stdout = cleaned;
}
