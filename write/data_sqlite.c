/* SQLite: the only file with sqlite3.h. The file is opened to be read alone; a statement may read tables and call functions of
 * SQLite, nothing else (no other file, no extension, no pragma that changes anything); it is stopped where it runs too long.
 * SQLite's memory is core/alloc's. */
#include <math.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "write/data.h"

enum { MOST_TABLES = 40 };
static const int64_t MOST_STEPS = INT64_C(4000000000); /* of SQLite's machine; a table of a million rows takes some ten million */

/* ---- memory: a block's size stands before it ---- */

enum { HEADER = 16 };

static void *take(int n)
{
    status st = {0};
    char *block = alloc_array((size_t)n + HEADER, 1, &st);
    if (!block) return NULL;
    memcpy(block, &n, sizeof n);
    return block + HEADER;
}

static void give_back(void *p) { alloc_free((char *)p - HEADER); }

static void *resize(void *p, int n)
{
    status st = {0};
    char *block = alloc_resize((char *)p - HEADER, (size_t)n + HEADER, 1, &st);
    if (!block) return NULL;
    memcpy(block, &n, sizeof n);
    return block + HEADER;
}

static int size_of(void *p)
{
    int n;
    memcpy(&n, (char *)p - HEADER, sizeof n);
    return n;
}

static int round_up(int n) { return (n + 7) & ~7; }
static int begin(void *ignored) { return (void)ignored, SQLITE_OK; }
static void end(void *ignored) { (void)ignored; }

static void configure(void)
{
    static const sqlite3_mem_methods memory = {take, give_back, resize, size_of, round_up, begin, end, NULL};
    sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* ---- what a statement may do ---- */

static int allow(void *ignored, int action, const char *a, const char *b, const char *c, const char *d)
{
    (void)ignored, (void)a, (void)c, (void)d;
    if (action == SQLITE_FUNCTION) return b && sqlite3_stricmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
    return action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ? SQLITE_OK : SQLITE_DENY;
}

static int count_steps(void *steps)
{
    *(int64_t *)steps -= 100000;
    return *(int64_t *)steps <= 0;
}

static bool fail(const data_table *t, sqlite3 *db, const char *what, status *st)
{
    int code = sqlite3_errcode(db);
    if (code == SQLITE_NOMEM) return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
    if (code == SQLITE_INTERRUPT) return status_set(st, STATUS_INPUT, "%s: the statement runs too long and was stopped", t->path);
    if (code == SQLITE_AUTH || strcmp(sqlite3_errmsg(db), "not authorized") == 0) return status_set(st, STATUS_USAGE, "--sql: a SELECT wanted, which reads and does nothing else (%.200s)", sqlite3_errmsg(db));
    int at = sqlite3_error_offset(db);
    if (code == SQLITE_ERROR && at >= 0) return status_set(st, STATUS_USAGE, "--sql: at byte %d: %.300s", at + 1, sqlite3_errmsg(db));
    return status_set(st, STATUS_INPUT, "%s: %s: %.300s", t->path, what, sqlite3_errmsg(db));
}

/* ---- rows ---- */

/* Text goes behind what is there; cells keep offsets while the block may move. */
static bool add_text(data_table *t, size_t *room, data_cell *c, const char *text, size_t size, status *st)
{
    if (t->size + size + 1 > *room) {
        size_t wanted = 2 * (t->size + size + 1) + 4096;
        char *more = alloc_resize(t->text, wanted, 1, st);
        if (!more) return false;
        t->text = more, *room = wanted;
    }
    memcpy(t->text + t->size, text, size);
    c->text = (const char *)(uintptr_t)t->size;
    c->size = (uint32_t)size;
    t->size += size;
    t->text[t->size++] = 0;
    return true;
}

static bool is_clean(const char *s, size_t size)
{
    for (size_t i = 0, n; i < size; i += n) {
        unsigned char b = (unsigned char)s[i];
        n = b < 0x80 ? 1 : utf8_length(s + i, size - i);
        if (!n || (b < 0x20 && b != '\n' && b != '\t' && b != '\r') || b == 0x7F || (b == 0xC2 && n == 2 && (unsigned char)s[i + 1] < 0xA0)) return false;
    }
    return true;
}

static bool add_cell(data_table *t, sqlite3_stmt *s, int column, data_cell *c, size_t *room, status *st)
{
    switch (sqlite3_column_type(s, column)) {
    case SQLITE_NULL: return true;
    case SQLITE_INTEGER: c->kind = DATA_INTEGER, c->integer = sqlite3_column_int64(s, column); return true;
    case SQLITE_FLOAT:
        c->real = sqlite3_column_double(s, column);
        c->kind = isfinite(c->real) ? DATA_REAL : DATA_MISSING;
        return true;
    default: break;
    }
    if (sqlite3_column_type(s, column) == SQLITE_BLOB) return status_set(st, STATUS_INPUT, "%s: row %zu, column '%.80s': a blob, text or a number wanted", t->path, t->rows, t->column[column].name);
    const char *text = (const char *)sqlite3_column_text(s, column);
    size_t size = (size_t)sqlite3_column_bytes(s, column);
    if (!text) return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
    if (size > DATA_FIELD || !is_clean(text, size)) return status_set(st, STATUS_INPUT, "%s: row %zu, column '%.80s': no UTF-8, a control character or more than 16 MiB", t->path, t->rows, t->column[column].name);
    if (data_is_missing(text, size, false)) return true;
    c->kind = DATA_TEXT;
    return add_text(t, room, c, text, size, st);
}

static bool read_rows(data_table *t, sqlite3 *db, sqlite3_stmt *s, status *st)
{
    int columns = sqlite3_column_count(s), code;
    size_t room = 0;
    if (!columns) return status_set(st, STATUS_USAGE, "--sql: a SELECT wanted");
    for (int i = 0; i < columns; i++) {
        const char *name = sqlite3_column_name(s, i);
        if (!name) return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
        if (!data_add_column(t, name, strlen(name), st)) return false;
    }
    while ((code = sqlite3_step(s)) == SQLITE_ROW) {
        data_cell *row = data_add_row(t, st);
        if (!row) return false;
        for (int i = 0; i < columns; i++)
            if (!add_cell(t, s, i, &row[i], &room, st)) return false;
    }
    if (code != SQLITE_DONE) return fail(t, db, "cannot be read", st);
    for (size_t i = 0; i < t->rows * t->columns; i++)
        if (t->cell[i].kind == DATA_TEXT) t->cell[i].text = t->text + (uintptr_t)t->cell[i].text;
    return true;
}

/* The name of the only table, quoted in a statement; an error that lists them where there are more. */
static bool only_table(const data_table *t, sqlite3 *db, char *sql, size_t size, status *st)
{
    char names[300] = "";
    int count = 0;
    sqlite3_stmt *s = NULL;
    bool ok = sqlite3_prepare_v2(db, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", -1, &s, NULL) == SQLITE_OK;
    while (ok && count < MOST_TABLES && sqlite3_step(s) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        size_t used = strlen(names);
        if (!name) break;
        snprintf(names + used, sizeof names - used, "%s%.100s", count ? ", " : "", name);
        if (!count++) sqlite3_snprintf((int)size, sql, "SELECT * FROM \"%w\"", name);
    }
    sqlite3_finalize(s);
    utf8_mend(names);
    if (!ok) return fail(t, db, "cannot be read", st);
    if (count == 1) return true;
    if (!count) return status_set(st, STATUS_INPUT, "%s: there is no table in it", t->path);
    return status_set(st, STATUS_USAGE, "%s: which table? --sql \"SELECT * FROM …\" says; there are %s", t->path, names);
}

bool data_read_sql(data_table *t, const char *sql, status *st)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char own[400];
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int64_t steps = MOST_STEPS;
    const char *rest = "";
    pthread_once(&once, configure);
    bool ok = sqlite3_open_v2(t->path, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK;
    if (!db) return status_set(st, STATUS_NOMEM, "%s: out of memory", t->path);
    if (!ok) fail(t, db, "cannot be opened", st);
    sqlite3_limit(db, SQLITE_LIMIT_LENGTH, DATA_FIELD);
    sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, (int *)NULL);
    sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, (int *)NULL);
    sqlite3_set_authorizer(db, allow, NULL);
    sqlite3_progress_handler(db, 100000, count_steps, &steps);
    ok = ok && (sql || only_table(t, db, own, sizeof own, st));
    if (ok && sqlite3_prepare_v2(db, sql ? sql : own, -1, &s, &rest) != SQLITE_OK) ok = fail(t, db, "cannot be read", st);
    rest += strspn(rest, " \t\r\n;");
    if (ok && (!s || *rest)) ok = status_set(st, STATUS_USAGE, "--sql: one SELECT wanted");
    ok = ok && read_rows(t, db, s, st);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return ok;
}
