/* JSON and JSON Lines: read by jansson; the places of records, for messages, by core/json_cursor. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/json_cursor.h"
#include "write/data.h"

/* Bytes that jansson may decode from \u escapes: control characters, which no report may hold. */
static bool is_clean(const char *s, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)s[i] < 0x20 && s[i] != '\n' && s[i] != '\t' && s[i] != '\r') return false;
    return true;
}

static bool nested_is_clean(const json_t *value, int depth)
{
    const char *key;
    json_t *member;
    if (depth > 64) return false;
    if (json_is_string(value)) return is_clean(json_string_value(value), json_string_length(value));
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!nested_is_clean(json_array_get(value, i), depth + 1)) return false;
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
        if (!is_clean(key, strlen(key)) || !nested_is_clean(member, depth + 1)) return false;
    return true;
}

static bool take(data_cell *c, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_NULL: return true;
    case JSON_STRING:
        c->text = json_string_value(value);
        c->size = (uint32_t)json_string_length(value);
        c->kind = data_is_missing(c->text, c->size, false) ? DATA_MISSING : DATA_TEXT;
        return json_string_length(value) <= DATA_FIELD && is_clean(c->text, c->size);
    case JSON_INTEGER: c->kind = DATA_INTEGER, c->integer = json_integer_value(value); return true;
    case JSON_REAL: c->kind = DATA_REAL, c->real = json_real_value(value); return true;
    case JSON_TRUE: case JSON_FALSE: c->kind = DATA_BOOLEAN, c->integer = json_is_true(value); return true;
    default: c->kind = DATA_NESTED, c->nested = value; return nested_is_clean(value, 0);
    }
}

/* All names first, so that every row has all columns. */
static bool add_names(data_table *t, name_index *known, const json_t *record, status *st)
{
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)(uintptr_t)record, key, member)
    {
        bool fresh;
        if (!name_index_add(known, key, strlen(key), (uint32_t)t->columns, &fresh, st) || (fresh && !data_add_column(t, key, strlen(key), st))) return false;
    }
    return true;
}

static bool add_record(data_table *t, const name_index *known, const json_t *record, size_t row, status *st)
{
    const char *key;
    json_t *member;
    data_cell *cells = data_add_row(t, st);
    if (!cells) return false;
    json_object_foreach((json_t *)(uintptr_t)record, key, member)
    {
        int64_t column = name_index_find(known, key, strlen(key));
        if (column < 0 || take(&cells[column], member)) continue;
        char where[DATA_WHERE];
        data_where(t, row, (size_t)column, where);
        return status_set(st, STATUS_INPUT, "%s: a control character, or a value that is too long or nested too deep", where);
    }
    return true;
}

static bool add_all(data_table *t, const json_t *list, status *st)
{
    name_index known = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(list); i++) {
        const json_t *record = json_array_get(list, i);
        if (!json_is_object(record)) ok = status_set(st, STATUS_INPUT, "%s: item %zu of the list is no object", t->path, i + 1);
        ok = ok && add_names(t, &known, record, st);
    }
    if (ok && !t->columns) ok = status_set(st, STATUS_INPUT, "%s: there are no rows with members", t->path);
    /* every row has all columns: a few bytes a row must not make a thousand cells */
    if (ok && t->columns * json_array_size(list) > 4 * t->size + 65536) ok = status_set(st, STATUS_INPUT, "%s: %zu columns for %zu rows that have few of them", t->path, t->columns, json_array_size(list));
    for (size_t i = 0; ok && i < json_array_size(list); i++) ok = add_record(t, &known, json_array_get(list, i), i, st);
    name_index_free(&known);
    return ok;
}

/* ---- where records begin ---- */

static void mark_records(data_table *t, json_cursor *c)
{
    for (size_t i = 0; i < t->rows && json_cursor_more(c, ']'); i++) {
        while (c->at < c->end && strchr(" \t\r\n", *c->at)) c->at++;
        t->record[i] = (size_t)(c->at - t->text);
        json_cursor_skip(c);
    }
}

/* The list among the members: by its name or the only one. */
static const json_t *find_list(data_table *t, const char *member, const char **name, status *st)
{
    const json_t *found = NULL;
    const char *key;
    json_t *value;
    json_object_foreach(t->root, key, value)
    {
        if (member ? strcmp(key, member) != 0 : !(json_is_array(value) && json_is_object(json_array_get(value, 0)))) continue;
        if (found) return status_set(st, STATUS_USAGE, "%s: more than one list of objects ('%s', '%s'); --records says which", t->path, *name, key), NULL;
        found = value, *name = key;
    }
    if (member && !json_is_array(found)) return status_set(st, STATUS_USAGE, "--records: %s has no list '%s'", t->path, member), NULL;
    return found;
}

static bool read_whole(data_table *t, const char *member, status *st)
{
    json_cursor c = json_cursor_begin(t->text, t->size);
    const char *name = NULL;
    json_t *single = NULL;
    const json_t *list = json_is_array(t->root) ? t->root : find_list(t, member, &name, st);
    if (!status_ok(st)) return false;
    if (!list) { /* one object: a row */
        if (!(single = json_array()) || json_array_append(single, t->root) != 0) {
            json_decref(single);
            return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
        }
        json_decref(t->root); /* the list holds it */
        list = t->root = single;
    }
    if (!(t->record = alloc_zeroed(json_array_size(list) + 1, sizeof *t->record, st))) return false;
    t->rows = json_array_size(list); /* while records are marked */
    json_text key;
    if (name && json_cursor_enter(&c, '{'))
        while (json_cursor_more(&c, '}') && json_cursor_key(&c, &key)) {
            if (!key.escaped && json_cursor_is(key, name)) break;
            if (!json_cursor_skip(&c)) break;
        }
    if (!single && !json_cursor_bad(&c) && json_cursor_enter(&c, '[')) mark_records(t, &c);
    t->rows = 0;
    return add_all(t, list, st);
}

static bool read_lines(data_table *t, status *st)
{
    size_t lines = 1, count = 0, line = 1;
    for (size_t i = 0; i < t->size; i++) lines += t->text[i] == '\n';
    if (!(t->record = alloc_zeroed(lines + 1, sizeof *t->record, st))) return false;
    if (!(t->root = json_array())) return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
    for (size_t at = 0; at < t->size; line++) {
        const char *stop = memchr(t->text + at, '\n', t->size - at);
        size_t end = stop ? (size_t)(stop - t->text) : t->size, first = at;
        while (first < end && strchr(" \t\r", t->text[first])) first++;
        if (first < end) {
            json_error_t error;
            json_t *record = json_parse(t->text + first, end - first, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
            if (!record && error.line < 0) return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
            if (!record) return status_set(st, STATUS_INPUT, "%s:%zu:%d: %s", t->path, line, error.column + (int)(first - at), error.text);
            t->record[count++] = first;
            if (json_array_append_new(t->root, record) != 0) return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
        }
        at = end + 1;
    }
    return add_all(t, t->root, st);
}

bool data_read_json(data_table *t, const char *member, status *st)
{
    json_error_t error;
    json_t *root = json_parse(t->text, t->size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (root) {
        t->root = root;
        return read_whole(t, member, st);
    }
    if (error.line < 0) return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
    /* more text behind a first object, which ends its line: JSON Lines */
    json_cursor c = json_cursor_begin(t->text, t->size);
    bool lines = json_cursor_skip(&c) && memchr(t->text, '{', (size_t)(c.at - t->text)) && !memchr(t->text, '[', 1);
    while (lines && c.at < c.end && (*c.at == ' ' || *c.at == '\t' || *c.at == '\r')) c.at++;
    if (lines && c.at < c.end && *c.at == '\n') return read_lines(t, st);
    return status_set(st, STATUS_INPUT, "%s:%d:%d: %s", t->path, error.line, error.column, error.text);
}
