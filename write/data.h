/* data: a table of rows from CSV, TSV, JSON, JSON Lines or SQLite, for reports.
 *
 * Every file is a stranger's: it is checked as it is read, and a fault is told as file:line:column (of SQLite: file, row,
 * column). Text must be UTF-8 without control characters but tabs and line breaks. A table does not change once it is open;
 * any thread may read it.
 *
 * CSV as RFC 4180 has it, with a first line of column names; fields separated by commas, or by semicolons or tabs where the
 * first line holds those and no comma; in a file .tsv by tabs. Blanks around an unquoted field are no part of it. JSON: a list of objects, an
 * object with one such list among its members, or one object, a row; JSON Lines: an object a line.
 *
 * A column of CSV that holds whole numbers alone is INTEGER, one of numbers REAL, of true and false BOOLEAN; leading zeros,
 * more than 15 digits, or signs before + stay text. What is missing: an empty field, null, NaN and their like
 * (data_is_missing); nothing else is guessed. Infinities are missing.
 */
#ifndef AIGC_WRITE_DATA_H
#define AIGC_WRITE_DATA_H

#include <stddef.h>
#include <stdint.h>

#include "core/name_index.h"
#include "core/status.h"

struct json_t;

enum { DATA_COLUMNS = 1024, DATA_FIELD = 1 << 24 /* bytes of one */, DATA_WHERE = 320, DATA_JOINS = 8 };

typedef enum { DATA_MISSING, DATA_TEXT, DATA_INTEGER, DATA_REAL, DATA_BOOLEAN, DATA_NESTED } data_kind;

typedef struct {
    const char *text; /* as the file has it, quotes resolved; NULL in a SQLite NULL and in absent JSON members */
    union {
        int64_t integer; /* INTEGER and BOOLEAN */
        double real;
        const struct json_t *nested;
    };
    uint32_t size;
    uint8_t kind;
} data_cell;

typedef struct {
    char *name;     /* as in the file */
    char *variable; /* the same with _ in the place of what no variable's name may hold */
} data_column;

typedef enum { DATA_FROM_CSV, DATA_FROM_JSON, DATA_FROM_SQL } data_source;

typedef struct data_table data_table;

/* Rows of another table that belong to this one's: partner[row] is a row of it, or UINT32_MAX. */
typedef struct {
    char *name;
    data_table *table; /* owned */
    uint32_t *partner;
} data_join;

struct data_table {
    char *path;
    data_source source;
    data_column *column;
    size_t columns;
    data_cell *cell; /* [rows][columns] */
    size_t rows;
    data_join join[DATA_JOINS];
    size_t joins;
    name_index by_variable; /* columns by their variables */

    /* what the cells point into */
    char *text;
    size_t size;
    struct json_t *root;
    size_t room;     /* cells */
    size_t *record;  /* JSON: offset of each record's text, for messages */
};

typedef struct {
    const char *sql;    /* NULL: the only table */
    const char *member; /* JSON: the name of the list, NULL: the only one */
} data_options;

/* The file's rows ("-": CSV or JSON from stdin). NULL with STATUS_INPUT, STATUS_USAGE (sql where there is no SQLite file) in st. */
data_table *data_open(const char *path, const data_options *o, status *st);

/* The same of bytes, which are taken over (freed with alloc_free, also on failure); size bytes and a zero behind them. */
data_table *data_open_bytes(const char *path, char *text, size_t size, const data_options *o, status *st);
void data_close(data_table *t); /* NULL is allowed */

static inline const data_cell *data_at(const data_table *t, size_t row, size_t column) { return &t->cell[row * t->columns + column]; }

/* The place of a column by its name or variable, −1: none. */
int64_t data_find(const data_table *t, const char *name, size_t size);

/* "file:line:column" of a cell, for messages. */
void data_where(const data_table *t, size_t row, size_t column, char out[DATA_WHERE]);

/* Whether this text stands for nothing in any column ("", NaN, null …) or, loose, in one of numbers (NA, -, ? … too). */
bool data_is_missing(const char *text, size_t size, bool loose);

/* A cell's text as a key: as the file has it, of numbers without a text their digits, in out. NULL where it is missing or nested. */
enum { DATA_KEY = 40 };
const char *data_key(const data_cell *c, char out[DATA_KEY], size_t *size);

/* A decimal number: sign -, digits, point, exponent; whole: no point and no exponent, at most 15 digits. No leading zeros. */
bool data_read_number(const char *text, size_t size, double *out, bool *whole);

/* Adds the table's rows to t under a name: of each row of t the one whose `key` equals t's `column`. False: a column is not
 * there, a key is there twice, the name is a column already. `other` is taken over also on failure. */
bool data_add_join(data_table *t, const char *name, data_table *other, const char *key, const char *column, status *st);

/* ---- shared by the readers ---- */

data_table *data_new(const char *path, data_source source, status *st);
bool data_add_column(data_table *t, const char *name, size_t size, status *st); /* trimmed; refused when it is there or empty */
data_cell *data_add_row(data_table *t, status *st);                             /* its cells, all missing */
/* Types of the columns by what they hold, from text cells. */
void data_guess_types(data_table *t);

bool data_read_csv(data_table *t, char separator, status *st);
bool data_read_json(data_table *t, const char *member, status *st);
bool data_read_sql(data_table *t, const char *sql, status *st);

#endif
