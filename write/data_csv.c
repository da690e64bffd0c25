/* CSV and TSV: RFC 4180. Fields are resolved where they lie: what a quoted one loses is filled with blanks behind it, so that
 * the offsets of all others stay those of the file, for messages. */
#include <stdio.h>
#include <string.h>

#include "write/data.h"

typedef struct {
    data_table *t;
    char *s;
    size_t at, end;
    char separator;
} reader;

static char guess_separator(const char *s, size_t size)
{
    const char *stop = memchr(s, '\n', size);
    size_t line = stop ? (size_t)(stop - s) : size;
    if (memchr(s, ',', line)) return ',';
    if (memchr(s, ';', line)) return ';';
    return memchr(s, '\t', line) ? '\t' : ',';
}

static bool fail_at(const reader *r, size_t offset, status *st, const char *what)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (r->s[i] == '\n') line++, column = 1;
        else column += ((unsigned char)r->s[i] & 0xC0) != 0x80;
    }
    return status_set(st, STATUS_INPUT, "%s:%zu:%zu: %s", r->t->path, line, column, what);
}

static bool at_end_of_line(const reader *r) { return r->at >= r->end || r->s[r->at] == '\n' || (r->s[r->at] == '\r' && (r->at + 1 >= r->end || r->s[r->at + 1] == '\n')); }

static bool quoted_field(reader *r, char **text, size_t *size, status *st)
{
    size_t open = r->at++, from = r->at, to = from;
    for (;; r->at++) {
        const char *quote = r->at < r->end ? memchr(r->s + r->at, '"', r->end - r->at) : NULL;
        if (!quote) return fail_at(r, open, st, "a quote that is never closed");
        size_t n = (size_t)(quote - r->s) - r->at;
        if (to != r->at) memmove(r->s + to, r->s + r->at, n);
        to += n;
        r->at += n + 1;
        if (r->at >= r->end || r->s[r->at] != '"') break;
        r->s[to++] = '"';
    }
    if (r->at - 1 > to) memset(r->s + to, ' ', r->at - 1 - to);
    while (r->at < r->end && r->s[r->at] == ' ') r->at++;
    *text = r->s + from, *size = to - from;
    if (r->at < r->end && r->s[r->at] != r->separator && !at_end_of_line(r)) return fail_at(r, r->at, st, "text behind a closing quote; a quote within quotes is written \"\"");
    return true;
}

/* One field, and the separator behind it; *last: it ends the record, whose line's end is taken too. */
static bool field(reader *r, char **text, size_t *size, bool *last, status *st)
{
    while (r->at < r->end && (r->s[r->at] == ' ' || (r->s[r->at] == '\t' && r->separator != '\t'))) r->at++;
    if (r->at < r->end && r->s[r->at] == '"') {
        if (!quoted_field(r, text, size, st)) return false;
    } else {
        size_t from = r->at;
        while (r->at < r->end && r->s[r->at] != r->separator && r->s[r->at] != '\n') r->at++;
        size_t to = r->at;
        if (to > from && r->s[to - 1] == '\r' && (to == r->end || r->s[to] == '\n')) r->at = --to;
        while (to > from && (r->s[to - 1] == ' ' || r->s[to - 1] == '\t')) to--;
        *text = r->s + from, *size = to - from;
    }
    if (*size > DATA_FIELD) return fail_at(r, (size_t)(*text - r->s), st, "a field of more than 16 MiB");
    *last = at_end_of_line(r);
    if (r->at < r->end) r->at += *last && r->s[r->at] == '\r' && r->at + 1 < r->end ? 2 : 1;
    return true;
}

static bool record(reader *r, status *st)
{
    size_t begin = r->at, fields = 0, size;
    char *text;
    data_cell *row = data_add_row(r->t, st);
    if (!row) return false;
    for (bool last = false; !last; fields++) {
        size_t from = r->at;
        if (!field(r, &text, &size, &last, st)) return false;
        if (fields >= r->t->columns) return fail_at(r, from, st, "more fields than the first line has names");
        row[fields] = (data_cell){.text = text, .size = (uint32_t)size, .kind = DATA_TEXT};
    }
    if (fields == r->t->columns) return true;
    char what[120];
    snprintf(what, sizeof what, "%zu fields found, %zu wanted as in the first line", fields, r->t->columns);
    return fail_at(r, begin, st, what);
}

bool data_read_csv(data_table *t, char separator, status *st)
{
    reader r = {.t = t, .s = t->text, .end = t->size, .separator = separator ? separator : guess_separator(t->text, t->size)};
    char *text;
    size_t size;
    for (bool last = false; !last;)
        if (!field(&r, &text, &size, &last, st) || !data_add_column(t, text, size, st)) return false;
    while (r.at < r.end) {
        if (at_end_of_line(&r)) { /* an empty line is no row */
            r.at += r.s[r.at] == '\r' && r.at + 1 < r.end ? 2 : 1;
            continue;
        }
        if (!record(&r, st)) return false;
    }
    data_guess_types(t);
    return true;
}
