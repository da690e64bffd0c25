/* report: a template and a table made into texts, one for each row, each group of rows, or all of them.
 *
 * The template is Jinja (text/jinja.h) with the filters and functions of function.c. It sees, of a row: each column by its
 * variable, `row`, `previous`, `next` and `index` (from 1); of a group: `key`, the group's column and `rows`; always `rows` (those of the
 * report: all, or the group's), `today` and the joined tables' rows by their names. What is missing in the data stays missing and
 * is left out with its sentence (prose.h).
 *
 * The same template, row, seed and date give the same bytes, whatever runs beside: alternatives are drawn from the seed and
 * the row's id (the first column marked unique, or the column `id`; else its number).
 *
 * An open report does not change; report_write and report_path may be called from many threads.
 */
#ifndef AIGC_WRITE_REPORT_H
#define AIGC_WRITE_REPORT_H

#include "core/text_out.h"
#include "write/locale.h"
#include "write/schema.h"

typedef struct report report;

typedef enum { REPORT_ROW, REPORT_GROUP, REPORT_ALL } report_per;

typedef struct {
    const locale *locale;
    uint64_t seed;
    int64_t today; /* days since 1970-01-01 (calendar.h) */
    report_per per;
    const char *group;   /* REPORT_GROUP: the column */
    const char *pattern; /* the output's path, a template too; NULL: none */
    bool raw;            /* the text as the template writes it, but for missing values */
} report_options;

/* Parses and prepares; the data and the schema (NULL: none) must outlive the report. NULL with st set: a template's fault with
 * its place, or a name in it that is no column. */
report *report_open(const char *text, size_t size, const char *name, const data_table *data, const schema *s, const report_options *o, status *st);
void report_close(report *r);

size_t report_count(const report *r);

/* Appends a report's text. *left_out grows by the sentences that were left out for want of values. False with STATUS_FAIL:
 * the place in the template, and which row. */
bool report_write(const report *r, size_t unit, text_out *out, size_t *left_out, status *st);

/* The output's path of a report by the pattern, freed with alloc_free; NULL with st set, also where a value of it is missing. */
char *report_path(const report *r, size_t unit, status *st);

/* The first row of a report, for messages. */
size_t report_row(const report *r, size_t unit);

#endif
