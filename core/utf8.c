#include "core/utf8.h"

#include <stdbool.h>
#include <string.h>

size_t utf8_length(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80) return 1;
    size_t n = s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
    if (s[0] < 0xC2 || s[0] > 0xF4 || size < n) return 0;
    for (size_t i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80) return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool outside = (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF4 && s[1] >= 0x90); /* surrogates, above 10FFFF */
    return overlong || outside ? 0 : n;
}

size_t utf8_encode(uint32_t c, char *out)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6) out[i] = (char)(0x80 | (c & 0x3F));
    out[0] = (char)(0xF0U << (4 - n) | c);
    return n;
}

size_t utf8_cut(const char *text, size_t size, size_t limit)
{
    if (size <= limit) return size;
    size_t n = limit;
    for (int back = 0; back < 3 && n > 0 && ((unsigned char)text[n] & 0xC0) == 0x80; back++) n--;
    return utf8_length(text + n, size - n) > limit - n ? n : limit; /* bytes that are no UTF-8 are cut anywhere */
}

int utf8_fit(const char *text, int limit)
{
    size_t n = strnlen(text, (size_t)limit + 4);
    return (int)utf8_cut(text, n, (size_t)limit);
}

void utf8_mend(char *text)
{
    char *to = text;
    bool broken = false;
    for (size_t left = strlen(text); left;) {
        size_t n = utf8_length(text, left);
        if (n) memmove(to, text, n), to += n;
        else if (!broken) *to++ = '?';
        broken = n == 0;
        text += n ? n : 1;
        left -= n ? n : 1;
    }
    *to = 0;
}
