/* schema: the columns that a report expects, held against a table before anything is written.
 *
 * A line for each column, "name: type, …": a type (text, integer, number, boolean, date, time, moment (date and time), list, any),
 * then, between commas, `optional` (may be missing, the column too), `unique`, bounds `0..99`, `0..`, `..10` (of a text: its
 * characters), values `win | draw | loss`, `comma` (a number with a decimal comma). Empty lines and lines that begin with # say
 * nothing. JSON is read as a Table Schema (Frictionless Data, "fields" with name, type and constraints).
 *
 * A template brings its own between {#schema and #} at its beginning.
 */
#ifndef AIGC_WRITE_SCHEMA_H
#define AIGC_WRITE_SCHEMA_H

#include "write/data.h"

typedef struct schema schema;

/* size bytes of such text, that begins at a line of a file called name, for messages. NULL with STATUS_INPUT. */
schema *schema_parse(const char *text, size_t size, const char *name, size_t line, status *st);
void schema_free(schema *s);

/* The schema at a template's beginning: its text and first line; false: there is none. */
bool schema_find(const char *text, size_t size, const char **begin, size_t *length, size_t *line);

/* Holds every row against the schema, each fault told by report as "file:line:column: …"; the cells get the schema's types.
 * Returns how many faults there are; at most 100 are told. SIZE_MAX with st set: no memory. */
typedef void (*schema_report)(void *arg, const char *message);
size_t schema_check(const schema *s, data_table *t, schema_report report, void *arg, status *st);

/* Is there such a column, which the table may lack? Then its name is copied nowhere: it lives as long as the schema. */
const char *schema_optional(const schema *s, const char *variable, size_t size);
/* The name of the first column marked unique, or NULL. */
const char *schema_unique(const schema *s);

#endif
