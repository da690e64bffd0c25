#include "text/generate_text.h"

#include <string.h>

size_t generate_text_broken_tail(const char *text, size_t size)
{
    for (size_t n = 1; n <= 3 && n <= size; n++) {
        unsigned char c = (unsigned char)text[size - n];
        if ((c & 0xC0) == 0x80) continue; /* a byte within a character: its first one is further left */
        size_t whole = c >= 0xF0 && c < 0xF8 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
        return c >= 0xC0 && c < 0xF8 && n < whole ? n : 0;
    }
    return 0;
}

/* The longest end of the text that is a beginning of `stop` but not all of it. */
static size_t begun(const char *text, size_t size, const char *stop)
{
    size_t most = strlen(stop);
    if (most > 0) most--;
    if (most > size) most = size;
    for (size_t n = most; n > 0; n--)
        if (memcmp(text + size - n, stop, n) == 0) return n;
    return 0;
}

bool generate_text_scan(const char *text, size_t size, size_t released, const char *const *stop, int64_t stop_count, size_t *certain)
{
    bool found = false;
    size_t held = generate_text_broken_tail(text, size);
    for (int64_t i = 0; i < stop_count; i++) {
        size_t length = strlen(stop[i]);
        const char *at = length && size > released ? memmem(text + released, size - released, stop[i], length) : NULL;
        if (at && (!found || (size_t)(at - text) < *certain)) {
            *certain = (size_t)(at - text);
            found = true;
        }
        size_t hold = begun(text + released, size - released, stop[i]);
        if (hold > held) held = hold;
    }
    if (!found) *certain = size - held;
    if (*certain < released) *certain = released;
    return found;
}
