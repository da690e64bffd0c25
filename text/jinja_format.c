/* The format method, and % between a string and values. Formats are not zero-terminated: all is read within their sizes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/jinja_value.h"

/* Whether c is one of these characters; 0 is none of any. */
static bool is_one_of(char c, const char *set) { return c && strchr(set, c) != NULL; }

/* ---- {} ---- */

/* {}, {0}, {name} without members, conversions and format specifications. */
static const jinja_value *format_field(jinja_context *r, const jinja_node *at, const char *field, size_t size, size_t *next, const jinja_arguments *a)
{
    char digits[12];
    if (!jinja_spend(r, size / 16)) return NULL;
    for (size_t i = 0; i < size; i++)
        if (is_one_of(field[i], ".[!:{")) return jinja_fail(r, at, "format: '{%.*s}' is not known here; {}, {0} and {name} are", size > 40 ? 40 : (int)size, field), NULL;
    bool number = size > 0 && size < sizeof digits;
    for (size_t i = 0; i < size && number; i++) number = field[i] >= '0' && field[i] <= '9';
    size_t index = *next;
    if (number) {
        memcpy(digits, field, size);
        digits[size] = 0;
        index = (size_t)strtoull(digits, NULL, 10);
    } else if (!size) (*next)++;
    const jinja_value *found = number || !size ? index < a->count ? &a->item[index] : NULL : jinja_dict_get_text(r, &a->named, field, size);
    if (!found) jinja_fail(r, at, "format: nothing is given for '{%.*s}'", size > 40 ? 40 : (int)size, field);
    return found;
}

jinja_value jinja_format_braces(jinja_context *r, const jinja_node *at, jinja_string *s, const char *name, const jinja_arguments *a)
{
    (void)name;
    jinja_builder b = {0};
    size_t next = 0;
    for (size_t i = 0, n; i < s->size && jinja_spend(r, 1); i += n) {
        char c = s->text[i];
        n = 1;
        if ((c == '{' || c == '}') && i + 1 < s->size && s->text[i + 1] == c) n = 2;
        else if (c == '}') return jinja_fail(r, at, "format: a '}' that nothing opened");
        else if (c == '{') {
            const char *end = memchr(s->text + i, '}', s->size - i);
            if (!end) return jinja_fail(r, at, "format: a '{' that nothing closes");
            const jinja_value *v = format_field(r, at, s->text + i + 1, (size_t)(end - s->text) - i - 1, &next, a);
            if (v) jinja_write(r, at, &b, *v);
            n = (size_t)(end - s->text) - i + 1;
            continue;
        }
        jinja_build(r, &b, s->text + i, 1, s->origin ? s->origin + i : NULL, s->whole);
    }
    return jinja_built(r, &b);
}

/* ---- % ---- */

enum { NUMBER_MOST = 300 }; /* of a width and of a precision */

typedef struct {
    char flags[6]; /* those of "-+ 0#" that stand there, each once */
    int width, precision; /* −1: none */
    char kind;     /* 0: this is no format that is known here */
    size_t size;   /* bytes of it, its letter too */
} conversion;

/* Digits within size bytes: their number, above NUMBER_MOST for all that is larger. */
static int read_number(const char *text, size_t size, size_t *at)
{
    int n = 0;
    for (; *at < size && text[*at] >= '0' && text[*at] <= '9'; ++*at) n = n > NUMBER_MOST ? n : 10 * n + (text[*at] - '0');
    return n;
}

/* What stands behind a %: [flags][width][.precision]letter. */
static conversion read_conversion(jinja_context *r, const char *text, size_t size)
{
    conversion c = {.width = -1, .precision = -1};
    size_t n = 0, flags = 0;
    for (; n < size && is_one_of(text[n], "-+ 0#"); n++)
        if (!strchr(c.flags, text[n])) c.flags[flags++] = text[n];
    if (n < size && text[n] >= '1' && text[n] <= '9') c.width = read_number(text, size, &n);
    if (n < size && text[n] == '.') n++, c.precision = read_number(text, size, &n);
    bool fits = c.width <= NUMBER_MOST && c.precision <= NUMBER_MOST && jinja_spend(r, n / 16 + (size_t)(c.width + c.precision + 2));
    c.kind = fits && n < size ? text[n] : 0;
    c.size = n < size ? n + 1 : n;
    return c;
}

/* A number as C writes it. */
static void write_number(jinja_context *r, jinja_builder *b, const conversion *c, const char *length, int64_t i, double x)
{
    char how[48], width[12] = "", precision[13] = "", out[400]; /* 1e60 with 300 decimals, or 300 wide */
    if (c->width >= 0) snprintf(width, sizeof width, "%d", c->width);
    if (c->precision >= 0) snprintf(precision, sizeof precision, ".%d", c->precision);
    snprintf(how, sizeof how, "%%%s%s%s%s", c->flags, width, precision, length);
    int wrote = *length == c->kind && !length[1] ? snprintf(out, sizeof out, how, x) : snprintf(out, sizeof out, how, i);
    jinja_build(r, b, out, wrote > 0 && wrote < (int)sizeof out ? (size_t)wrote : 0, NULL, JINJA_OWN);
}

/* One conversion of a % format, and its text. text is behind the %. Returns the bytes read. */
static size_t format_one(jinja_context *r, const jinja_node *at, const char *text, size_t size, jinja_value v, jinja_builder *b)
{
    conversion c = read_conversion(r, text, size);
    const char real[2] = {c.kind, 0};
    double x = 0;
    int64_t i = 0;
    if (v.kind == VALUE_FLOAT && (c.kind == 'd' || c.kind == 'i') && v.f > -9e18 && v.f < 9e18) v = jinja_int((int64_t)v.f);
    /* Where C and Python part: signs of hexadecimal numbers, 0o, zeros before a precision. */
    bool signed_ = is_one_of(c.kind, "diu"), differs = c.kind == 'o' ? strpbrk(c.flags, "+ #") != NULL : !signed_ && strpbrk(c.flags, "+ ") != NULL;
    differs = differs || (c.precision >= 0 && strchr(c.flags, '0') != NULL);
    if ((c.kind == 's' || c.kind == 'r') && c.size == 1) {
        if (c.kind == 's') jinja_write(r, at, b, v);
        else jinja_write_repr(r, at, b, v, 0);
    } else if (is_one_of(c.kind, "diuxXo") && !differs && jinja_integer(v, &i) && (i >= 0 || c.kind == 'd' || c.kind == 'i'))
        write_number(r, b, &c, c.kind == 'x' ? PRIx64 : c.kind == 'X' ? PRIX64 : c.kind == 'o' ? PRIo64 : PRId64, i, 0);
    else if (is_one_of(c.kind, "fFeEgG") && jinja_number(v, &x) && x < 1e60 && x > -1e60) write_number(r, b, &c, real, 0, x);
    else jinja_fail(r, at, "the %% format '%%%.*s' with a value of type '%s' is not known here", c.size > 40 ? 40 : (int)c.size, text, jinja_type(v));
    return c.size;
}

jinja_value jinja_format_percent(jinja_context *r, const jinja_node *at, const jinja_string *format, jinja_value values)
{
    jinja_builder b = {0};
    jinja_list one = {.item = &values, .count = 1};
    const jinja_list *all = values.kind == VALUE_TUPLE ? values.list : &one;
    size_t used = 0;
    for (size_t i = 0; i < format->size && jinja_spend(r, 1);) {
        if (format->text[i] != '%') {
            jinja_build(r, &b, format->text + i, 1, format->origin ? format->origin + i : NULL, format->whole);
            i++;
        } else if (i + 1 < format->size && format->text[i + 1] == '%') {
            jinja_build(r, &b, "%", 1, NULL, format->origin ? format->origin[i] : format->whole);
            i += 2;
        } else if (used >= all->count) return jinja_fail(r, at, "a %% format wants more values than %zu", all->count);
        else i += 1 + format_one(r, at, format->text + i + 1, format->size - i - 1, all->item[used++], &b);
    }
    if (used < all->count && values.kind != VALUE_DICT) return jinja_fail(r, at, "a %% format takes %zu values, %zu are given", used, all->count);
    return jinja_built(r, &b);
}
