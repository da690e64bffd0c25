/* table: the rows of a CSV or JSONL file, for mail-merge.
 *
 * CSV as RFC 4180 has it: a first line of column names, fields separated by commas (or by semicolons or tabs when the
 * first line holds those and no comma), quoted fields with "" for a quote and line breaks inside. A byte order mark is
 * skipped. JSONL: one object a line; strings, numbers and booleans are taken as text, null and absent as empty. The file
 * is mapped and indexed; a row is taken apart when asked for. May be read from any thread.
 */
#ifndef AIGC_JOB_TABLE_H
#define AIGC_JOB_TABLE_H

#include <stddef.h>

#include "core/arena.h"
#include "core/status.h"

typedef struct table table;

/* JSONL when the first byte that is no white space is '{', else CSV. NULL with STATUS_INPUT that names file and line. */
table *table_open(const char *path, status *st);
void table_close(table *t);

size_t table_rows(const table *t); /* without the CSV header */

/* The length of a row, on average, and of the header. */
size_t table_row_bytes(const table *t);

/* Is there such a column? For JSONL: in the first row. */
bool table_has(const table *t, const char *column);

/* The names of all columns, joined by ", ", for messages. */
const char *table_columns(const table *t);

/* The text of a cell in mem; NULL with STATUS_INPUT for a column that the row does not have. */
const char *table_cell(const table *t, size_t row, const char *column, arena *mem, status *st);

#endif
