/* write: reports from data, by a template: true because each figure and name in them comes from a row. */
#include "cli/arguments.h"
#include "cli/command.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/interrupt.h"
#include "engine/options.h"
#include "engine/output_ending.h"
#include "cli/write_out.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/log.h"
#include "write/calendar.h"

enum { MOST_TEMPLATE = 1 << 20, MOST_SCHEMA = 1 << 20 };

typedef struct {
    const char *template_file, *data, *out, *sql, *records, *per, *schema, *language, *date;
    option_list joins;
    int64_t seed, threads;
    bool check, force, raw;
} write_options;

static const help_text HELP = {
    "aigc write -t TEMPLATE -d DATA [OPTION]…",
    "Reports from data: a template, in Jinja with words for numbers, dates, names and agreement, is filled from each row of a CSV, TSV, JSON, JSON Lines or SQLite file, or from each group of rows, "
    "or from all. A sentence whose value is missing is left out. The same seed gives the same bytes. docs/write.md lists the filters and functions.",
    {{"aigc write -t samples/news/match.md -d samples/news/results.csv",
      "a report for each match, on stdout"},
     {"aigc write -t samples/news/match.md -d samples/news/results.csv -o 'out/{{id}}.md'",
      "a file for each, named by its row"}},
    NULL};

static bool parse(write_options *o, int argc, char **argv, bool *help, status *st)
{
    const char *word = NULL;
    const option table[] = {
        {0, "what", OPTION_GROUP, NULL, NULL, "From what:", 0, 0, NULL},
        {'t', "template", OPTION_STRING, &o->template_file, "FILE", "the template, - is stdin", 0, 0, NULL},
        {'d', "data", OPTION_STRING, &o->data, "FILE", "CSV, TSV, JSON, JSON Lines or SQLite; - is stdin", 0, 0, NULL},
        {0, "sql", OPTION_STRING, &o->sql, "SELECT", "of an SQLite file: the rows that this gives (its only table)", 0, 0, NULL},
        {0, "records", OPTION_STRING, &o->records, "NAME", "of a JSON object: the member that lists the rows (the only list)", 0, 0, NULL},
        {0, "join", OPTION_LIST, &o->joins, "NAME=FILE:KEY=COLUMN", "as NAME in each row: the row of another file whose KEY is this row's COLUMN; repeatable", 0, 0, NULL},
        {0, "schema", OPTION_STRING, &o->schema, "FILE", "the columns that are wanted, checked before anything is written (the template's own {#schema … #})", 0, 0, NULL},
        {0, "where", OPTION_GROUP, NULL, NULL, "To where:", 0, 0, NULL},
        {'o', "output", OPTION_STRING, &o->out, "PATH", "a file, or with {{…}} in its name one for each report (- is stdout)", 0, 0, NULL},
        {0, "per", OPTION_STRING, &o->per, "WHAT", "a report for each row, for all, or for each value of a column of this name (row)", 0, 0, NULL, "row, all"},
        {0, "force", OPTION_FLAG, &o->force, NULL, "with {{…}} in the name: replace files that are there", 0, 0, NULL},
        {0, "check", OPTION_FLAG, &o->check, NULL, "try all reports and names, tell every fault, write nothing", 0, 0, NULL},
        {0, "how", OPTION_GROUP, NULL, NULL, "How:", 0, 0, NULL},
        {0, "lang", OPTION_STRING, &o->language, "NAME", "how numbers, dates and words are written (en-GB)", 0, 0, NULL, LOCALE_NAMES},
        {'s', "seed", OPTION_INT, &o->seed, "N", "which alternatives are chosen (0)", 0, (double)OPTION_MOST_SEED, NULL},
        {0, "date", OPTION_STRING, &o->date, "DATE", "what today is, for yesterday and in two weeks (today)", 0, 0, NULL},
        {0, "raw", OPTION_FLAG, &o->raw, NULL, "no prose: blanks stay, a missing value is a dash (so for .json, .csv, .tsv, .xml)", 0, 0, NULL},
        {0, "threads", OPTION_INT, &o->threads, "N", "0: one for each core (0); the reports do not depend on it", 0, 1024, NULL},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    return arguments_parse_word(table, argc, argv, &HELP, &word, help, st) && (*help || !word || status_set(st, STATUS_USAGE, "'%s': no word is wanted here; -t names the template, -d the data", word));
}

/* ---- what is wanted ---- */

static bool read_date(const char *text, int64_t *out, status *st)
{
    time_t now = time(NULL);
    struct tm local = {0};
    moment m;
    if (text && (!calendar_read(text, strlen(text), &m) || !m.has_date)) return status_set(st, STATUS_USAGE, "--date: '%.40s' found, a date such as 2026-11-27 wanted", text);
    localtime_r(&now, &local);
    *out = text ? m.day : calendar_days((civil){local.tm_year + 1900, local.tm_mon + 1, local.tm_mday});
    return true;
}

static bool is_data_file(const char *path)
{
    static const char *const endings[] = {".json", ".jsonl", ".csv", ".tsv", ".xml", ".svg", ".srt", ".vtt", ".yaml", ".yml"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(file_ending(path), endings[i]) == 0) return true;
    return false;
}

static bool read_options(const write_options *o, report_options *r, status *st)
{
    if (!o->template_file || !o->data) return status_set(st, STATUS_USAGE, "%s is wanted, as in aigc write -t report.md -d data.csv; --help lists the options", o->template_file ? "--data" : "--template");
    if (strcmp(o->template_file, "-") == 0 && strcmp(o->data, "-") == 0) return status_set(st, STATUS_USAGE, "--template and --data cannot both be stdin");
    *r = (report_options){.locale = locale_find(o->language), .seed = (uint64_t)o->seed, .raw = o->raw || is_data_file(o->out), .pattern = write_out_has_places(o->out) ? o->out : NULL};
    if (!r->locale) return status_set(st, STATUS_USAGE, "--lang: '%.40s' found, one of %s wanted%s", o->language, LOCALE_NAMES, nearest_in(o->language, LOCALE_NAMES).text);
    r->per = strcmp(o->per, "row") == 0 ? REPORT_ROW : strcmp(o->per, "all") == 0 ? REPORT_ALL : REPORT_GROUP;
    r->group = o->per;
    return read_date(o->date, &r->today, st) && output_ending_check(OUTPUT_TEXT, "-o", o->out, st);
}

/* ---- the data ---- */

/* NAME=FILE:KEY=COLUMN */
static bool add_join(data_table *t, const char *text, const data_options *d, status *st)
{
    const char *name_end = strchr(text, '='), *column = strrchr(text, '='), *colon = column;
    while (colon && colon > text && *colon != ':') colon--;
    if (!name_end || column == name_end || *colon != ':' || colon <= name_end + 1 || colon + 1 == column || !column[1])
        return status_set(st, STATUS_USAGE, "--join: '%.100s' found, NAME=FILE:KEY=COLUMN wanted, as in team=teams.csv:name=home", text);
    char *name = alloc_string(text, (size_t)(name_end - text), st), *path = alloc_string(name_end + 1, (size_t)(colon - name_end) - 1, st), *key = alloc_string(colon + 1, (size_t)(column - colon) - 1, st);
    data_options plain = {.member = d->member};
    data_table *other = name && path && key ? data_open(path, &plain, st) : NULL;
    bool ok = other && data_add_join(t, name, other, key, column + 1, st);
    alloc_free(name);
    alloc_free(path);
    alloc_free(key);
    return ok;
}

static data_table *open_data(const write_options *o, status *st)
{
    data_options d = {.sql = o->sql, .member = o->records};
    data_table *t = data_open(o->data, &d, st);
    for (size_t i = 0; t && i < o->joins.count; i++)
        if (!add_join(t, o->joins.item[i], &d, st)) {
            data_close(t);
            return NULL;
        }
    return t;
}

static void tell_fault(void *ignored, const char *message)
{
    (void)ignored;
    log_error("%s", message);
}

/* --schema, or the template's own; *out NULL: there is none. */
static bool open_schema(const write_options *o, const char *text, size_t size, schema **out, status *st)
{
    const char *begin;
    size_t length, line;
    *out = NULL;
    if (o->schema) {
        char *own = file_read_text(o->schema, MOST_SCHEMA, &length, st);
        if (own) *out = schema_parse(own, length, o->schema, 1, st);
        alloc_free(own);
    } else if (schema_find(text, size, &begin, &length, &line)) *out = schema_parse(begin, length, o->template_file, line, st);
    return status_ok(st);
}

static bool check_data(const write_options *o, const schema *s, data_table *t, status *st)
{
    size_t faults = s ? schema_check(s, t, tell_fault, NULL, st) : 0;
    if (!faults || !status_ok(st)) return status_ok(st);
    return status_set(st, STATUS_INPUT, "%s: %zu %s against the schema; nothing is written", o->data, faults, faults == 1 ? "fault" : "faults");
}

/* ---- the run ---- */

static void tell(const write_options *o, const write_out_count *count)
{
    if (count->left_out) log_message("%zu %s, %zu %s left out for want of a value", count->written, count->written == 1 ? "report" : "reports", count->left_out, count->left_out == 1 ? "sentence" : "sentences");
    else if (o->check || write_out_has_places(o->out)) log_message("%zu %s%s", count->written, count->written == 1 ? "report" : "reports", o->check ? ", no fault" : "");
}

static void write_all(const write_options *o, const report *r, bool raw, status *st)
{
    write_out_count count = {0};
    bool files = write_out_has_places(o->out);
    pool *threads = pool_new((int)o->threads, st);
    bool ok = threads != NULL;
    if (ok && o->check) ok = (!files || write_out_files(r, o->out, false, true, threads, &count, st)) && write_out_stream(r, NULL, raw, threads, &count, st);
    else if (ok && files) ok = write_out_files(r, o->out, o->force, false, threads, &count, st);
    else if (ok) ok = write_out_stream(r, o->out, raw, threads, &count, st);
    if (ok) tell(o, &count);
    pool_free(threads);
}

void cmd_write(int argc, char **argv, status *st)
{
    write_options o = {.out = "-", .per = "row", .language = "en-GB"};
    report_options how;
    bool help = false;
    size_t size = 0;
    if (!parse(&o, argc, argv, &help, st) || help || !read_options(&o, &how, st)) return;
    char *text = file_read_text_stream(o.template_file, MOST_TEMPLATE, &size, st);
    schema *s = NULL;
    data_table *data = text && open_schema(&o, text, size, &s, st) ? open_data(&o, st) : NULL;
    report *r = data && check_data(&o, s, data, st) ? report_open(text, size, o.template_file, data, s, &how, st) : NULL;
    interrupt_install(); /* until here nothing is written, and what is read may wait: a signal ends the program at once */
    if (r) write_all(&o, r, how.raw, st);
    report_close(r);
    data_close(data);
    schema_free(s);
    alloc_free(text);
}
