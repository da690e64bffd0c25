#include "write/schema.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/alloc.h"
#include "core/json.h"
#include "core/nearest.h"
#include "core/utf8.h"
#include "write/calendar.h"

enum { MOST_TOLD = 100, MOST_NAME = 200, WHY = 320 };

typedef enum { TYPE_ANY, TYPE_TEXT, TYPE_INTEGER, TYPE_NUMBER, TYPE_BOOLEAN, TYPE_DATE, TYPE_TIME, TYPE_MOMENT, TYPE_LIST } column_type;
static const char *const TYPES[] = {"any", "text", "integer", "number", "boolean", "date", "time", "moment", "list"};
static const char TYPE_LIST_TEXT[] = "any, text, integer, number, boolean, date, time, moment, list";

typedef struct {
    char *name, *variable;
    char *values; /* "a|b|c" between bars, trimmed; NULL: any */
    column_type type;
    bool optional, unique, comma, has_least, has_most;
    double least, most;
} column;

struct schema {
    column *column;
    size_t columns, room;
};

void schema_free(schema *s)
{
    if (!s) return;
    for (size_t i = 0; i < s->columns; i++) {
        alloc_free(s->column[i].name);
        alloc_free(s->column[i].variable);
        alloc_free(s->column[i].values);
    }
    alloc_free(s->column);
    alloc_free(s);
}

bool schema_find(const char *text, size_t size, const char **begin, size_t *length, size_t *line)
{
    size_t i = 0;
    *line = 1;
    while (i < size && strchr(" \t\r\n", text[i]) && text[i]) *line += text[i++] == '\n';
    static const char opening[] = "{#schema";
    if (size - i < sizeof opening - 1 || memcmp(text + i, opening, sizeof opening - 1) != 0) return false;
    const char *end = memmem(text + i, size - i, "#}", 2);
    if (!end) return false;
    *begin = text + i + sizeof opening - 1;
    *length = (size_t)(end - *begin);
    if (*length && (*begin)[*length - 1] == '-') --*length;
    return true;
}

/* ---- reading: lines ---- */

static void trim(const char **text, size_t *size)
{
    while (*size && strchr(" \t\r", **text)) ++*text, --*size;
    while (*size && strchr(" \t\r", (*text)[*size - 1])) --*size;
}

static column *add_column(schema *s, const char *name, size_t size, status *st)
{
    if (s->columns == DATA_COLUMNS) return status_set(st, STATUS_INPUT, "the schema: more than %d columns", DATA_COLUMNS), NULL;
    if (s->columns == s->room) {
        size_t room = s->room ? 2 * s->room : 16;
        column *more = alloc_resize(s->column, room, sizeof *more, st);
        if (!more) return NULL;
        s->column = more, s->room = room;
    }
    column *c = &s->column[s->columns];
    *c = (column){.name = alloc_string(name, size, st)};
    if (c->name) s->columns++;
    if (!c->name || !(c->variable = alloc_string(name, size, st))) return NULL;
    for (char *p = c->variable; *p; p++)
        if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9'))) *p = '_';
    return c;
}

static bool read_bound(const char *text, size_t size, bool *has, double *out)
{
    bool whole;
    trim(&text, &size);
    if (!size) return true;
    return *has = data_read_number(text, size, out, &whole);
}

static bool read_item(column *c, const char *text, size_t size, char *why, status *st)
{
    const char *dots = memmem(text, size, "..", 2);
    if (size == 8 && memcmp(text, "optional", 8) == 0) return c->optional = true;
    if (size == 6 && memcmp(text, "unique", 6) == 0) return c->unique = true;
    if (size == 5 && memcmp(text, "comma", 5) == 0) return c->comma = true;
    bool values = memchr(text, '|', size);
    if (values ? c->values != NULL : dots && (c->has_least || c->has_most)) return snprintf(why, WHY, "'%.*s': %s are given once", size > 60 ? 60 : (int)size, text, values ? "values" : "bounds"), false;
    if (values) return (c->values = alloc_string(text, size, st)) != NULL;
    if (dots && read_bound(text, (size_t)(dots - text), &c->has_least, &c->least) && read_bound(dots + 2, size - (size_t)(dots - text) - 2, &c->has_most, &c->most)) return true;
    snprintf(why, WHY, "'%.*s' is none of optional, unique, comma, bounds (0..99), values (a | b)", size > 60 ? 60 : (int)size, text);
    return false;
}

static bool read_type(column *c, const char *text, size_t size, char *why)
{
    char word[32];
    for (int i = 0; i < (int)(sizeof TYPES / sizeof *TYPES); i++)
        if (strlen(TYPES[i]) == size && memcmp(TYPES[i], text, size) == 0) return c->type = (column_type)i, true;
    snprintf(word, sizeof word, "%.*s", size > 30 ? 30 : (int)size, text);
    snprintf(why, WHY, "type '%s' found, one of %s wanted%s", word, TYPE_LIST_TEXT, nearest_in(word, TYPE_LIST_TEXT).text);
    return false;
}

static bool read_line(schema *s, const char *text, size_t size, char *why, status *st)
{
    const char *colon = NULL;
    for (size_t i = 0; i < size; i++)
        if (text[i] == ':') colon = text + i; /* the last before the type: names may hold one, types none */
    const char *name = text;
    size_t name_size = colon ? (size_t)(colon - text) : 0;
    trim(&name, &name_size);
    if (!name_size || name_size > MOST_NAME) return snprintf(why, WHY, "'NAME: TYPE' wanted"), false;
    for (size_t i = 0; i < s->columns; i++)
        if (strlen(s->column[i].name) == name_size && memcmp(s->column[i].name, name, name_size) == 0) return snprintf(why, WHY, "the column '%.60s' is there twice", s->column[i].name), false;
    column *c = add_column(s, name, name_size, st);
    if (!c) return false;
    bool first = true;
    for (const char *at = colon + 1, *end = text + size; at <= end; first = false) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end, *item = at;
        size_t n = (size_t)(stop - at);
        trim(&item, &n);
        if (!(first ? read_type(c, item, n, why) : read_item(c, item, n, why, st))) return false;
        at = stop + 1;
    }
    return true;
}

static bool read_lines(schema *s, const char *text, size_t size, const char *name, size_t line, status *st)
{
    for (size_t at = 0; at < size; line++) {
        const char *stop = memchr(text + at, '\n', size - at), *from = text + at;
        size_t n = stop ? (size_t)(stop - from) : size - at;
        char why[WHY] = "";
        at += n + 1;
        trim(&from, &n);
        if (!n || *from == '#') continue;
        if (!read_line(s, from, n, why, st)) {
            utf8_mend(why);
            return status_set(st, STATUS_INPUT, "%s:%zu:1: the schema: %s", name, line, why);
        }
    }
    return s->columns || status_set(st, STATUS_INPUT, "%s:%zu:1: the schema names no column", name, line);
}

/* ---- reading: a Table Schema ---- */

static bool read_constraints(column *c, const json_t *k, status *st)
{
    const json_t *least = json_object_get(k, "minimum"), *most = json_object_get(k, "maximum"), *values = json_object_get(k, "enum");
    c->optional = !json_is_true(json_object_get(k, "required"));
    c->unique = json_is_true(json_object_get(k, "unique"));
    if (json_is_number(least)) c->has_least = true, c->least = json_number_value(least);
    if (json_is_number(most)) c->has_most = true, c->most = json_number_value(most);
    if (!json_is_array(values)) return true;
    size_t size = 2;
    for (size_t i = 0; i < json_array_size(values); i++) size += json_string_length(json_array_get(values, i)) + 1;
    if (!(c->values = alloc_zeroed(size, 1, st))) return false;
    for (size_t i = 0, used = 0; i < json_array_size(values); i++) used += (size_t)snprintf(c->values + used, size - used, "%s|", json_is_string(json_array_get(values, i)) ? json_string_value(json_array_get(values, i)) : "");
    return true;
}

static bool read_json(schema *s, const char *text, size_t size, const char *name, status *st)
{
    static const struct {
        const char *theirs;
        column_type ours;
    } types[] = {{"string", TYPE_TEXT}, {"integer", TYPE_INTEGER}, {"number", TYPE_NUMBER}, {"boolean", TYPE_BOOLEAN}, {"date", TYPE_DATE}, {"time", TYPE_TIME}, {"datetime", TYPE_MOMENT}, {"array", TYPE_LIST}, {"any", TYPE_ANY},
                 {"object", TYPE_ANY}, {"year", TYPE_INTEGER}};
    json_error_t error;
    json_t *root = json_parse(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!root) return status_set(st, error.line < 0 ? STATUS_NOMEM : STATUS_INPUT, "%s:%d:%d: %s", name, error.line, error.column, error.text);
    const json_t *fields = json_object_get(root, "fields");
    bool ok = json_array_size(fields) > 0 || status_set(st, STATUS_INPUT, "%s: a Table Schema with \"fields\" wanted", name);
    for (size_t i = 0; ok && i < json_array_size(fields); i++) {
        const json_t *f = json_array_get(fields, i);
        const char *field = json_string_value(json_object_get(f, "name")), *type = json_string_value(json_object_get(f, "type"));
        if (!field || !*field || strlen(field) > MOST_NAME) ok = status_set(st, STATUS_INPUT, "%s: field %zu has no name", name, i + 1);
        column *c = ok ? add_column(s, field, strlen(field), st) : NULL;
        bool known = !type;
        for (size_t k = 0; c && type && k < sizeof types / sizeof *types; k++)
            if (strcmp(types[k].theirs, type) == 0) c->type = types[k].ours, known = true;
        if (c && !known) ok = status_set(st, STATUS_INPUT, "%s: field '%.60s': the type '%.30s' is not known here", name, field, type);
        ok = ok && c && read_constraints(c, json_object_get(f, "constraints"), st);
    }
    json_decref(root);
    return ok;
}

schema *schema_parse(const char *text, size_t size, const char *name, size_t line, status *st)
{
    schema *s = alloc_zeroed(1, sizeof *s, st);
    size_t i = 0;
    while (i < size && strchr(" \t\r\n", text[i]) && text[i]) i++;
    bool ok = s && (i < size && text[i] == '{' ? read_json(s, text, size, name, st) : read_lines(s, text, size, name, line, st));
    if (ok) return s;
    schema_free(s);
    return NULL;
}

const char *schema_optional(const schema *s, const char *variable, size_t size)
{
    for (size_t i = 0; s && i < s->columns; i++)
        if (s->column[i].optional && strlen(s->column[i].variable) == size && memcmp(s->column[i].variable, variable, size) == 0) return s->column[i].name;
    return NULL;
}

const char *schema_unique(const schema *s)
{
    for (size_t i = 0; s && i < s->columns; i++)
        if (s->column[i].unique) return s->column[i].name;
    return NULL;
}

/* ---- checking ---- */

typedef struct {
    data_table *t;
    schema_report report;
    void *arg;
    size_t faults;
} checker;

static void tell(checker *k, size_t row, size_t at, const char *what, const data_cell *c)
{
    char where[DATA_WHERE], message[480], digits[DATA_KEY];
    size_t size;
    if (++k->faults > MOST_TOLD) return;
    data_where(k->t, row, at, where);
    const char *text = data_key(c, digits, &size);
    if (text) snprintf(message, sizeof message, "%s: '%.*s' found in column '%.60s', %s wanted", where, size > 40 ? 40 : (int)size, text, k->t->column[at].name, what);
    else snprintf(message, sizeof message, "%s: nothing found in column '%.60s', %s wanted", where, k->t->column[at].name, what);
    utf8_mend(message);
    k->report(k->arg, message);
}

static bool read_comma(const data_cell *c, double *out, bool *whole)
{
    char text[64];
    size_t n = 0;
    if (!c->text || c->size >= sizeof text) return false;
    for (uint32_t i = 0; i < c->size; i++) {
        if (c->text[i] == '.' && i + 3 < c->size) continue; /* 1.234,5 */
        text[n++] = c->text[i] == ',' ? '.' : c->text[i];
    }
    return data_read_number(text, n, out, whole);
}

/* The cell as the schema's type; false: it is none. */
static bool convert(const column *c, data_cell *cell)
{
    double x = 0;
    bool whole = false;
    moment m;
    switch (c->type) {
    case TYPE_TEXT: /* 007 and 12 as they are written */
        if (cell->kind != DATA_TEXT && cell->text) cell->kind = DATA_TEXT;
        return cell->kind == DATA_TEXT;
    case TYPE_INTEGER: case TYPE_NUMBER:
        if (cell->kind == DATA_TEXT && !(c->comma ? read_comma(cell, &x, &whole) : data_read_number(cell->text, cell->size, &x, &whole))) return false;
        if (cell->kind == DATA_REAL) x = cell->real;
        if (cell->kind == DATA_INTEGER && !c->comma) return true;
        if (cell->kind == DATA_INTEGER) x = (double)cell->integer;
        if (cell->kind == DATA_BOOLEAN || cell->kind == DATA_NESTED) return false;
        if (c->comma && cell->text && !read_comma(cell, &x, &whole)) return false;
        if (c->type == TYPE_INTEGER && (x != floor(x) || fabs(x) > 9e15)) return false;
        if (c->type == TYPE_INTEGER) cell->kind = DATA_INTEGER, cell->integer = (int64_t)x;
        else cell->kind = DATA_REAL, cell->real = x;
        return true;
    case TYPE_BOOLEAN:
        if (cell->kind == DATA_BOOLEAN) return true;
        if (cell->kind == DATA_INTEGER && (cell->integer == 0 || cell->integer == 1)) return cell->kind = DATA_BOOLEAN, true;
        if (cell->kind != DATA_TEXT) return false;
        if ((cell->size == 3 && strncasecmp(cell->text, "yes", 3) == 0) || (cell->size == 4 && strncasecmp(cell->text, "true", 4) == 0)) return cell->kind = DATA_BOOLEAN, cell->integer = 1, true;
        if ((cell->size == 2 && strncasecmp(cell->text, "no", 2) == 0) || (cell->size == 5 && strncasecmp(cell->text, "false", 5) == 0)) return cell->kind = DATA_BOOLEAN, cell->integer = 0, true;
        return false;
    case TYPE_DATE: return cell->kind == DATA_TEXT && calendar_read(cell->text, cell->size, &m) && m.has_date;
    case TYPE_TIME: return cell->kind == DATA_TEXT && calendar_read(cell->text, cell->size, &m) && m.has_time;
    case TYPE_MOMENT: return cell->kind == DATA_TEXT && calendar_read(cell->text, cell->size, &m) && m.has_time && m.has_date;
    case TYPE_LIST: return cell->kind == DATA_NESTED && json_is_array(cell->nested);
    default: return true;
    }
}

static bool is_value(const char *values, const char *text, size_t size)
{
    while (*values) {
        const char *bar = strchr(values, '|'), *from = values;
        size_t n = bar ? (size_t)(bar - values) : strlen(values);
        values += n + (bar != NULL);
        trim(&from, &n);
        if (n == size && memcmp(from, text, n) == 0) return true;
    }
    return false;
}

static bool within(const column *c, const data_cell *cell)
{
    double x = cell->kind == DATA_INTEGER ? (double)cell->integer : cell->kind == DATA_REAL ? cell->real : 0;
    if (cell->kind == DATA_TEXT)
        for (uint32_t i = 0; i < cell->size; i++) x += ((unsigned char)cell->text[i] & 0xC0) != 0x80;
    return !(c->has_least && x < c->least) && !(c->has_most && x > c->most);
}

static void check_cell(checker *k, const column *c, size_t row, size_t at)
{
    data_cell *cell = &k->t->cell[row * k->t->columns + at];
    char wanted[160], digits[DATA_KEY];
    size_t size;
    if (cell->kind == DATA_MISSING && cell->size && c->type == TYPE_TEXT) cell->kind = DATA_TEXT; /* a text "null" is one where text is said */
    if (cell->kind == DATA_MISSING) {
        if (!c->optional) tell(k, row, at, c->type == TYPE_ANY ? "a value" : TYPES[c->type], cell);
        return;
    }
    if (!convert(c, cell)) {
        tell(k, row, at, TYPES[c->type], cell);
        return;
    }
    const char *text = data_key(cell, digits, &size);
    if (c->values && text && !is_value(c->values, text, size)) {
        snprintf(wanted, sizeof wanted, "one of %.120s", c->values);
        tell(k, row, at, wanted, cell);
    } else if (!within(c, cell)) {
        char least[40] = "", most[40] = "";
        if (c->has_least) snprintf(least, sizeof least, "%.15g", c->least);
        if (c->has_most) snprintf(most, sizeof most, "%.15g", c->most);
        snprintf(wanted, sizeof wanted, "%s..%s%s", least, most, cell->kind == DATA_TEXT ? " characters" : "");
        tell(k, row, at, wanted, cell);
    }
}

static bool check_unique(checker *k, size_t at, status *st)
{
    name_index index = {0};
    bool ok = true, fresh;
    size_t size;
    char (*digits)[DATA_KEY] = alloc_array(k->t->rows + 1, DATA_KEY, st);
    ok = digits != NULL;
    for (size_t i = 0; ok && i < k->t->rows; i++) {
        const char *text = data_key(data_at(k->t, i, at), digits[i], &size);
        if (text && (ok = name_index_add(&index, text, size, (uint32_t)i, &fresh, st)) && !fresh) tell(k, i, at, "a value that no other row has", data_at(k->t, i, at));
    }
    name_index_free(&index);
    alloc_free(digits);
    return ok;
}

size_t schema_check(const schema *s, data_table *t, schema_report report, void *arg, status *st)
{
    checker k = {.t = t, .report = report, .arg = arg};
    for (size_t i = 0; i < s->columns; i++) {
        const column *c = &s->column[i];
        int64_t at = data_find(t, c->name, strlen(c->name));
        if (at < 0 && c->optional) continue;
        if (at < 0) {
            char message[480];
            nearest n = {.word = c->name};
            for (size_t q = 0; q < t->columns; q++) nearest_try(&n, t->column[q].name, strlen(t->column[q].name));
            snprintf(message, sizeof message, "%.200s:1:1: the column '%.80s' is wanted and not there%s%.60s%s", t->path, c->name, n.best ? "; is it '" : "", n.best ? n.best : "", n.best ? "'?" : "");
            utf8_mend(message);
            if (++k.faults <= MOST_TOLD) report(arg, message);
            continue;
        }
        for (size_t row = 0; row < t->rows; row++) check_cell(&k, c, row, (size_t)at);
        if (c->unique && !check_unique(&k, (size_t)at, st)) return SIZE_MAX;
    }
    return k.faults;
}
