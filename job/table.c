#include "job/table.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/json.h"

enum { MAX_COLUMNS = 256 };

struct table {
    file_mapping file;
    char *path, *columns;
    bool is_json;
    char separator;
    size_t *row;  /* offset of each row; [rows + 1], the last is the end */
    size_t rows, room;
    char *name[MAX_COLUMNS];
    size_t names;
};

/* One field of a CSV record. Writes the unquoted text (never longer than the field) to out, unless out is NULL, and
 * moves *at behind the field. *last: the record ends here. false for a quote that is never closed. */
static bool csv_field(const table *t, size_t *at, size_t end, char *out, size_t *size, bool *last)
{
    const char *s = t->file.data;
    size_t i = *at, n = 0;
    if (i < end && s[i] == '"') {
        for (i++;; i++) {
            if (i >= end) return false;
            if (s[i] == '"') {
                if (i + 1 >= end || s[i + 1] != '"') break;
                i++;
            }
            if (out) out[n] = s[i];
            n++;
        }
        i++;
    }
    while (i < end && s[i] != t->separator && s[i] != '\n') {
        if (!(s[i] == '\r' && (i + 1 == end || s[i + 1] == '\n'))) {
            if (out) out[n] = s[i];
            n++;
        }
        i++;
    }
    *last = i >= end || s[i] == '\n';
    *at = i < end ? i + 1 : end;
    *size = n;
    return true;
}

static bool add_row(table *t, size_t offset, status *st)
{
    if (t->rows == t->room) {
        size_t room = t->room ? 2 * t->room : 256;
        size_t *grown = alloc_resize(t->row, room, sizeof *grown, st);
        if (!grown) return false;
        t->row = grown, t->room = room;
    }
    t->row[t->rows++] = offset;
    return true;
}

static char guess_separator(const char *s, size_t size)
{
    size_t line = 0;
    while (line < size && s[line] != '\n') line++;
    if (memchr(s, ',', line)) return ',';
    if (memchr(s, ';', line)) return ';';
    return memchr(s, '\t', line) ? '\t' : ',';
}

static bool index_csv(table *t, size_t at, status *st)
{
    size_t end = t->file.size, line = 1, size;
    bool last = false;
    t->separator = guess_separator((const char *)t->file.data + at, end - at);
    while (!last) { /* the header */
        if (t->names == MAX_COLUMNS) return status_set(st, STATUS_INPUT, "%s:1: more than %d columns", t->path, MAX_COLUMNS);
        size_t next = at;
        if (!csv_field(t, &next, end, NULL, &size, &last))
            return status_set(st, STATUS_INPUT, "%s:1: a quote is never closed", t->path);
        char *name = alloc_zeroed(size + 1, 1, st);
        if (!name) return false;
        csv_field(t, &at, end, name, &size, &last);
        t->name[t->names++] = name;
    }
    const char *s = t->file.data;
    while (at < end) {
        line++;
        if (s[at] == '\n' || (s[at] == '\r' && at + 1 < end && s[at + 1] == '\n')) { /* an empty line is no row */
            at += s[at] == '\r' ? 2 : 1;
            continue;
        }
        if (!add_row(t, at, st)) return false;
        size_t fields = 0;
        for (last = false; !last; fields++)
            if (!csv_field(t, &at, end, NULL, &size, &last))
                return status_set(st, STATUS_INPUT, "%s: record %zu: a quote is never closed", t->path, line);
        if (fields != t->names)
            return status_set(st, STATUS_INPUT, "%s: record %zu: %zu fields found, %zu wanted as in the first line", t->path,
                              line, fields, t->names);
    }
    return add_row(t, end, st);
}

static bool index_json(table *t, size_t at, status *st)
{
    const char *s = t->file.data;
    for (size_t line = 1; at < t->file.size; line++) {
        const char *stop = memchr(s + at, '\n', t->file.size - at);
        size_t end = stop ? (size_t)(stop - s) : t->file.size, first = at;
        while (first < end && (s[first] == ' ' || s[first] == '\t' || s[first] == '\r')) first++;
        if (first < end) {
            if (s[first] != '{') return status_set(st, STATUS_INPUT, "%s:%zu: a JSON object wanted", t->path, line);
            if (!add_row(t, at, st)) return false;
        }
        at = stop ? end + 1 : end;
    }
    if (t->rows == 0) return add_row(t, at, st);
    json_t *root = json_parse(s + t->row[0], (t->rows > 1 ? t->row[1] : at) - t->row[0], 0, NULL);
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        if (t->names < MAX_COLUMNS && (t->name[t->names] = alloc_string(key, strlen(key), st))) t->names++;
    }
    json_decref(root);
    return status_ok(st) && add_row(t, at, st);
}

static bool join_names(table *t, status *st)
{
    size_t size = 1, used = 0;
    for (size_t i = 0; i < t->names; i++) size += strlen(t->name[i]) + 2;
    t->columns = alloc_zeroed(size, 1, st);
    for (size_t i = 0; t->columns && i < t->names; i++)
        used += (size_t)snprintf(t->columns + used, size - used, "%s%s", i ? ", " : "", t->name[i]);
    return t->columns != NULL;
}

table *table_open(const char *path, status *st)
{
    table *t = alloc_zeroed(1, sizeof *t, st);
    if (!t) return NULL;
    t->path = alloc_string(path, strlen(path), st);
    bool ok = t->path && file_map(&t->file, path, st);
    if (ok) {
        const char *s = t->file.data;
        size_t at = t->file.size >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0, first = at;
        while (first < t->file.size && strchr(" \t\r\n", s[first])) first++;
        t->is_json = first < t->file.size && s[first] == '{';
        ok = (t->is_json ? index_json : index_csv)(t, at, st) && join_names(t, st);
        if (ok) t->rows--; /* the end is no row */
    }
    if (ok) return t;
    table_close(t);
    return NULL;
}

void table_close(table *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->names; i++) alloc_free(t->name[i]);
    file_unmap(&t->file);
    alloc_free(t->path);
    alloc_free(t->columns);
    alloc_free(t->row);
    alloc_free(t);
}

size_t table_rows(const table *t) { return t->rows; }

size_t table_row_bytes(const table *t) { return t->rows ? t->file.size / t->rows : 0; }

const char *table_columns(const table *t) { return t->columns; }

static size_t column_index(const table *t, const char *column)
{
    size_t i = 0;
    while (i < t->names && strcmp(t->name[i], column) != 0) i++;
    return i;
}

bool table_has(const table *t, const char *column) { return column_index(t, column) < t->names; }

static const char *missing(const table *t, size_t row, const char *column, status *st)
{
    status_set(st, STATUS_INPUT, "%s: row %zu: no column '%s'; there are: %s", t->path, row + 1, column, t->columns);
    return NULL;
}

static const char *csv_cell(const table *t, size_t row, const char *column, arena *mem, status *st)
{
    size_t index = column_index(t, column), at = t->row[row], end = t->row[row + 1], size;
    bool last = false;
    if (index == t->names) return missing(t, row, column, st);
    for (size_t i = 0; i < index; i++) csv_field(t, &at, end, NULL, &size, &last);
    size_t again = at;
    csv_field(t, &again, end, NULL, &size, &last);
    char *text = arena_alloc(mem, size + 1, st);
    if (!text) return NULL;
    csv_field(t, &at, end, text, &size, &last);
    text[size] = 0;
    if (!memchr(text, 0, size)) return text;
    status_set(st, STATUS_INPUT, "%s: row %zu: '%s' holds a zero byte", t->path, row + 1, column);
    return NULL;
}

static const char *json_cell(const table *t, size_t row, const char *column, arena *mem, status *st)
{
    json_error_t error;
    json_t *root = json_parse((const char *)t->file.data + t->row[row], t->row[row + 1] - t->row[row], 0, &error);
    if (!root) {
        status_set(st, STATUS_INPUT, "%s: row %zu, column %d: %s", t->path, row + 1, error.column, error.text);
        return NULL;
    }
    json_t *value = json_object_get(root, column);
    char number[40];
    const char *text = json_string_value(value);
    if (json_is_integer(value)) snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value)), text = number;
    else if (json_is_real(value)) snprintf(number, sizeof number, "%.17g", json_real_value(value)), text = number;
    else if (json_is_boolean(value)) text = json_is_true(value) ? "true" : "false";
    else if (!text) text = "";
    char *copy = NULL;
    if (json_is_object(value) || json_is_array(value))
        status_set(st, STATUS_INPUT, "%s: row %zu: '%s' is no plain value", t->path, row + 1, column);
    else if (!value && !table_has(t, column)) missing(t, row, column, st);
    else if ((copy = arena_alloc(mem, strlen(text) + 1, st))) memcpy(copy, text, strlen(text) + 1);
    json_decref(root);
    return copy;
}

const char *table_cell(const table *t, size_t row, const char *column, arena *mem, status *st)
{
    return (t->is_json ? json_cell : csv_cell)(t, row, column, mem, st);
}
