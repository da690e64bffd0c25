#include "write/data.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/clean.h"
#include "core/file.h"
#include "core/json_cursor.h"
#include "core/nearest.h"
#include "core/utf8.h"

static const size_t MOST_BYTES = (size_t)2 << 30;

/* ---- what the readers use ---- */

data_table *data_new(const char *path, data_source source, status *st)
{
    data_table *t = alloc_zeroed(1, sizeof *t, st);
    if (!t) return NULL;
    t->source = source;
    t->path = alloc_string(strcmp(path, "-") == 0 ? "standard input" : path, strlen(strcmp(path, "-") == 0 ? "standard input" : path), st);
    if (t->path) return t;
    data_close(t);
    return NULL;
}

void data_close(data_table *t)
{
    if (!t) return;
    for (size_t i = 0; i < t->joins; i++) {
        data_close(t->join[i].table);
        alloc_free(t->join[i].name);
        alloc_free(t->join[i].partner);
    }
    for (size_t i = 0; i < t->columns; i++) {
        alloc_free(t->column[i].name);
        alloc_free(t->column[i].variable);
    }
    name_index_free(&t->by_variable);
    alloc_free(t->column);
    alloc_free(t->cell);
    alloc_free(t->record);
    json_decref(t->root);
    alloc_free(t->text);
    alloc_free(t->path);
    alloc_free(t);
}

static bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

bool data_add_column(data_table *t, const char *name, size_t size, status *st)
{
    while (size && (*name == ' ' || *name == '\t')) name++, size--;
    while (size && (name[size - 1] == ' ' || name[size - 1] == '\t' || name[size - 1] == '\r')) size--;
    if (!size) return status_set(st, STATUS_INPUT, "%s: column %zu has no name; a first line of names is wanted", t->path, t->columns + 1);
    if (memchr(name, 0, size) || size > 200) return status_set(st, STATUS_INPUT, "%s: the name of column %zu holds a zero byte or is longer than 200 bytes", t->path, t->columns + 1);
    if (t->columns == DATA_COLUMNS) return status_set(st, STATUS_INPUT, "%s: more than %d columns", t->path, DATA_COLUMNS);
    if (!t->column && !(t->column = alloc_zeroed(DATA_COLUMNS, sizeof *t->column, st))) return false;
    data_column c = {.name = alloc_string(name, size, st), .variable = alloc_string(name, size, st)};
    if (!c.name || !c.variable) {
        alloc_free(c.name);
        alloc_free(c.variable);
        return false;
    }
    for (char *p = c.variable; *p; p++)
        if (!is_word(*p)) *p = '_';
    bool fresh = false, ok = name_index_add(&t->by_variable, c.variable, size, (uint32_t)t->columns, &fresh, st);
    t->column[t->columns++] = c;
    if (ok && !fresh) return status_set(st, STATUS_INPUT, "%s: the column '%s' is there twice", t->path, c.name);
    return ok;
}

int64_t data_find(const data_table *t, const char *name, size_t size)
{
    int64_t at = name_index_find(&t->by_variable, name, size);
    if (at >= 0) return at;
    for (size_t i = 0; i < t->columns; i++)
        if (strlen(t->column[i].name) == size && memcmp(t->column[i].name, name, size) == 0) return (int64_t)i;
    return -1;
}

data_cell *data_add_row(data_table *t, status *st)
{
    if (t->rows >= UINT32_MAX - 1) return status_set(st, STATUS_INPUT, "%s: more than 4 thousand million rows", t->path), NULL;
    if ((t->rows + 1) * t->columns > t->room) {
        size_t room = t->room ? 2 * t->room : 64 * t->columns;
        data_cell *more = alloc_resize(t->cell, room, sizeof *more, st);
        if (!more) return NULL;
        t->cell = more, t->room = room;
    }
    data_cell *row = t->cell + t->rows * t->columns;
    memset(row, 0, t->columns * sizeof *row);
    t->rows++;
    return row;
}

/* ---- what a field means ---- */

bool data_is_missing(const char *text, size_t size, bool loose)
{
    static const char *const always[] = {"NaN", "nan", "NULL", "null", "None", "N/A", "n/a", "#N/A"},
                      *const numbers[] = {"NA", "na", "NAN", "-", "–", "—", "?", ".", "none", "Null"};
    if (!size) return true;
    if (size > 4) return false;
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        if (strlen(always[i]) == size && memcmp(always[i], text, size) == 0) return true;
    for (size_t i = 0; loose && i < sizeof numbers / sizeof *numbers; i++)
        if (strlen(numbers[i]) == size && memcmp(numbers[i], text, size) == 0) return true;
    return false;
}

bool data_read_number(const char *text, size_t size, double *out, bool *whole)
{
    char copy[64];
    size_t i = 0, digits = 0;
    if (!size || size >= sizeof copy) return false;
    i += text[0] == '-';
    size_t first = i;
    while (i < size && text[i] >= '0' && text[i] <= '9') i++;
    digits = i - first;
    if (!digits || (digits > 1 && text[first] == '0')) return false; /* 007 is a name */
    *whole = i == size && digits <= 15;
    if (i == size && digits > 15) return false;
    if (i < size && text[i] == '.') {
        size_t point = ++i;
        while (i < size && text[i] >= '0' && text[i] <= '9') i++;
        if (i == point || i - point + digits > 17) return false;
    }
    if (i < size && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        i += i < size && (text[i] == '-' || text[i] == '+');
        size_t exponent = i;
        while (i < size && text[i] >= '0' && text[i] <= '9') i++;
        if (i == exponent) return false;
    }
    if (i != size) return false;
    memcpy(copy, text, size);
    copy[size] = 0;
    *out = strtod(copy, NULL);
    return isfinite(*out);
}

typedef enum { GUESS_INTEGER, GUESS_REAL, GUESS_TEXT } guess;

static bool read_boolean(const data_cell *c, bool *out)
{
    if (c->size == 4 && strncasecmp(c->text, "true", 4) == 0) return *out = true, true;
    if (c->size == 5 && strncasecmp(c->text, "false", 5) == 0) return *out = false, true;
    return false;
}

static void guess_column(data_table *t, size_t column)
{
    guess g = GUESS_INTEGER;
    bool booleans = true, any = false, whole, b;
    double x;
    for (size_t i = 0; i < t->rows && (g != GUESS_TEXT || booleans); i++) {
        const data_cell *c = data_at(t, i, column);
        if (data_is_missing(c->text, c->size, g != GUESS_TEXT)) continue;
        if (booleans && !read_boolean(c, &b)) booleans = false;
        if (g != GUESS_TEXT && !data_read_number(c->text, c->size, &x, &whole)) g = GUESS_TEXT;
        else if (g == GUESS_INTEGER && !whole) g = GUESS_REAL;
        any = true;
    }
    for (size_t i = 0; i < t->rows; i++) {
        data_cell *c = &t->cell[i * t->columns + column];
        if (data_is_missing(c->text, c->size, any && g != GUESS_TEXT)) {
            c->kind = DATA_MISSING;
            continue;
        }
        c->kind = DATA_TEXT;
        if (any && booleans && read_boolean(c, &b)) c->kind = DATA_BOOLEAN, c->integer = b;
        else if (g != GUESS_TEXT && data_read_number(c->text, c->size, &x, &whole)) {
            if (g == GUESS_INTEGER) c->kind = DATA_INTEGER, c->integer = (int64_t)x;
            else c->kind = DATA_REAL, c->real = x;
        }
    }
}

void data_guess_types(data_table *t)
{
    for (size_t i = 0; i < t->columns; i++) guess_column(t, i);
}

/* ---- places ---- */

/* back: columns that stand on the line in the file and not in the text. */
static void place_of(const data_table *t, size_t offset, size_t back, char out[DATA_WHERE])
{
    size_t line = 1, begin = 0, column = 1;
    for (const char *p = t->text; (p = memchr(p, '\n', offset - (size_t)(p - t->text))); p++) line++, begin = (size_t)(p - t->text) + 1;
    for (size_t i = begin; i < offset; i++) column += ((unsigned char)t->text[i] & 0xC0) != 0x80;
    snprintf(out, DATA_WHERE, "%.220s:%zu:%zu", t->path, line, column > back ? column - back : 1);
}

/* The offset of a member's value in a JSON record; of the record where it has none. */
static size_t json_offset(const data_table *t, size_t row, size_t column)
{
    size_t at = t->record ? t->record[row] : 0;
    json_cursor c = json_cursor_begin(t->text + at, t->size - at);
    json_text key;
    if (!json_cursor_enter(&c, '{')) return at;
    while (json_cursor_more(&c, '}') && json_cursor_key(&c, &key)) {
        const char *name = t->column[column].name;
        bool found = !key.escaped && key.size == strlen(name) && memcmp(key.text, name, key.size) == 0;
        while (c.at < c.end && strchr(" \t\r\n", *c.at)) c.at++;
        if (found) return (size_t)(c.at - t->text);
        if (!json_cursor_skip(&c)) break;
    }
    return at;
}

/* The line may begin within a quoted field before, whose line break stands further left than in the file, by the quotes that
 * were doubled before it: those that are still there. */
static size_t moved_back(const data_table *t, size_t row, size_t column)
{
    size_t back = 0;
    for (size_t i = 0; i < column; i++) {
        const data_cell *c = data_at(t, row, i);
        const char *last = c->size ? memrchr(c->text, '\n', c->size) : NULL;
        if (!last) continue;
        back = 0;
        for (const char *p = c->text; p < last; p++) back += *p == '"';
    }
    return back;
}

void data_where(const data_table *t, size_t row, size_t column, char out[DATA_WHERE])
{
    if (t->source == DATA_FROM_SQL) snprintf(out, DATA_WHERE, "%.160s: row %zu, column '%.80s'", t->path, row + 1, t->column[column].name);
    else if (t->source == DATA_FROM_JSON) place_of(t, json_offset(t, row, column), 0, out);
    else {
        size_t at = (size_t)(data_at(t, row, column)->text - t->text);
        place_of(t, at && t->text[at - 1] == '"' ? at - 1 : at, moved_back(t, row, column), out);
    }
    utf8_mend(out);
}

/* ---- opening ---- */

/* UTF-8 without control characters: what reports are written from may end on a terminal, in HTML, in a name. */
static bool check_text(const data_table *t, status *st)
{
    const unsigned char *s = (const unsigned char *)t->text;
    char where[DATA_WHERE];
    for (size_t i = 0, n; i < t->size; i += n) {
        n = 1;
        if (s[i] >= 0x20 && s[i] < 0x7F) continue;
        if (s[i] == '\n' || s[i] == '\t' || s[i] == '\r') continue;
        n = s[i] < 0x80 ? 0 : utf8_length(t->text + i, t->size - i);
        if (n && !(n == 2 && s[i] == 0xC2 && s[i + 1] < 0xA0)) continue; /* C1 controls */
        place_of(t, i, 0, where);
        return status_set(st, STATUS_INPUT, "%s: %s", where, n == 0 && s[i] >= 0x80 ? "bytes that are no UTF-8; iconv makes a text UTF-8" : "a control character");
    }
    return true;
}

data_table *data_open_bytes(const char *path, char *text, size_t size, const data_options *o, status *st)
{
    size_t first = 0;
    while (first < size && strchr(" \t\r\n", text[first]) && text[first]) first++;
    bool json = first < size && (text[first] == '{' || text[first] == '[');
    data_table *t = data_new(path, json ? DATA_FROM_JSON : DATA_FROM_CSV, st);
    if (!t) {
        alloc_free(text);
        return NULL;
    }
    t->text = text, t->size = size;
    bool ok = first < size || status_set(st, STATUS_INPUT, "%s: the file is empty", t->path);
    ok = ok && check_text(t, st);
    ok = ok && (json ? data_read_json(t, o->member, st) : data_read_csv(t, strcasecmp(file_ending(path), ".tsv") == 0 ? '\t' : 0, st));
    if (ok) return t;
    data_close(t);
    return NULL;
}

static bool is_sqlite(const char *path, status *st)
{
    char magic[16] = {0};
    if (strcmp(path, "-") == 0 || file_is_special(path)) return false;
    int fd = file_open(path, st);
    FILE *f = fd >= 0 ? fdopen(fd, "rb") : NULL;
    if (!f) return false;
    size_t n = fread(magic, 1, sizeof magic, f);
    fclose(f);
    return n == sizeof magic && memcmp(magic, "SQLite format 3", 16) == 0;
}

data_table *data_open(const char *path, const data_options *o, status *st)
{
    size_t size;
    bool sql = is_sqlite(path, st);
    if (!status_ok(st)) return NULL;
    if (sql) {
        data_table *t = data_new(path, DATA_FROM_SQL, st);
        if (t && data_read_sql(t, o->sql, st)) return t;
        data_close(t);
        return NULL;
    }
    if (o->sql) return status_set(st, STATUS_USAGE, "--sql: '%s' is no SQLite file", path), NULL;
    char *text = file_read_text_stream(path, MOST_BYTES, &size, st);
    return text ? data_open_bytes(path, text, size, o, st) : NULL;
}

const char *data_key(const data_cell *c, char out[DATA_KEY], size_t *size)
{
    *size = c->size;
    if (c->kind == DATA_MISSING || c->kind == DATA_NESTED) return NULL;
    if (c->text) return c->text;
    if (c->kind == DATA_REAL) *size = (size_t)snprintf(out, DATA_KEY, "%.15g", c->real);
    else if (c->kind == DATA_BOOLEAN) *size = (size_t)snprintf(out, DATA_KEY, "%s", c->integer ? "true" : "false");
    else *size = (size_t)snprintf(out, DATA_KEY, "%lld", (long long)c->integer);
    return out;
}

/* ---- joined tables ---- */

static bool wanted_column(const data_table *t, const char *name, size_t *at, status *st)
{
    int64_t found = data_find(t, name, strlen(name));
    if (found >= 0) return *at = (size_t)found, true;
    nearest n = {.word = name};
    for (size_t i = 0; i < t->columns; i++) nearest_try(&n, t->column[i].name, strlen(t->column[i].name));
    return status_set(st, STATUS_USAGE, "%s: there is no column '%.80s'%s%s%s", t->path, name, n.best ? "; did you mean '" : "", n.best ? n.best : "", n.best ? "'?" : "");
}

static bool match(data_join *j, const data_table *t, size_t column, size_t key, status *st)
{
    name_index index = {0};
    bool ok, fresh;
    char where[DATA_WHERE], buffer[DATA_KEY];
    size_t size;
    char (*digits)[DATA_KEY] = alloc_array(j->table->rows + 1, DATA_KEY, st); /* the index points at its names */
    ok = digits != NULL;
    for (size_t i = 0; ok && i < j->table->rows; i++) {
        const char *text = data_key(data_at(j->table, i, key), digits[i], &size);
        if (!text) continue;
        ok = name_index_add(&index, text, size, (uint32_t)i, &fresh, st);
        if (!ok || fresh) continue;
        data_where(j->table, i, key, where);
        ok = status_set(st, STATUS_INPUT, "%s: '%.*s' is there a second time, so it says not which row is joined", where, size > 60 ? 60 : (int)size, text);
    }
    for (size_t i = 0; ok && i < t->rows; i++) {
        const char *text = data_key(data_at(t, i, column), buffer, &size);
        int64_t found = text ? name_index_find(&index, text, size) : -1;
        j->partner[i] = found < 0 ? UINT32_MAX : (uint32_t)found;
    }
    name_index_free(&index);
    alloc_free(digits);
    return ok;
}

bool data_add_join(data_table *t, const char *name, data_table *other, const char *key, const char *column, status *st)
{
    size_t from = 0, to = 0;
    data_join j = {.table = other};
    bool ok = (t->joins < DATA_JOINS || status_set(st, STATUS_USAGE, "more than %d joined tables", DATA_JOINS)) && wanted_column(t, column, &from, st) && wanted_column(other, key, &to, st);
    for (size_t i = 0; ok && i < strlen(name); i++) ok = is_word(name[i]) || status_set(st, STATUS_USAGE, "'%s': the name of a joined table is letters, digits and _ alone", name);
    if (ok && (!*name || data_find(t, name, strlen(name)) >= 0)) ok = status_set(st, STATUS_USAGE, "'%s': that is the name of a column already, or none", name);
    ok = ok && (j.name = alloc_string(name, strlen(name), st)) && (j.partner = alloc_array(t->rows + 1, sizeof *j.partner, st)) && match(&j, t, from, to, st);
    if (ok) return t->join[t->joins++] = j, true;
    alloc_free(j.name);
    alloc_free(j.partner);
    data_close(other);
    return false;
}
