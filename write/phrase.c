#include "write/phrase.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void phrase_bytes(phrase *p, const char *text, size_t size)
{
    if (p->full || size >= sizeof p->text - p->size) {
        p->full = true;
        return;
    }
    memcpy(p->text + p->size, text, size);
    p->size += size;
    p->text[p->size] = 0;
}

void phrase_add(phrase *p, const char *text) { phrase_bytes(p, text, strlen(text)); }

void phrase_format(phrase *p, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(p->text + p->size, sizeof p->text - p->size, format, arguments);
    va_end(arguments);
    if (n < 0 || (size_t)n >= sizeof p->text - p->size) p->full = true, p->text[p->size] = 0;
    else p->size += (size_t)n;
}

void phrase_word(phrase *p, const char *text)
{
    if (p->size) phrase_add(p, " ");
    phrase_add(p, text);
}

void phrase_cut(phrase *p, size_t size)
{
    if (size < p->size) p->size = size, p->text[size] = 0;
}
