/* batch_options: what job_file_open asks of a batch: which options a job of each kind may have (those of its subcommand
 * that make up the product), and how a fault is told. */
#include <string.h>

#include "cli/batch.h"
#include "cli/image_options.h"
#include "cli/options.h"
#include "cli/speak_flags.h"
#include "cli/text_options.h"
#include "core/log.h"

/* The tables point into values that are thrown away: here an option is only tried. */
typedef union {
    text_options text;
    image_options image;
    speak_flags speak;
} scratch;

enum { TABLE_SIZE = 64 };

static int make_table(job_kind kind, scratch *s, option *table)
{
    switch (kind) {
    case JOB_TEXT: s->text = text_options_default(); return text_options_job_table(&s->text, table);
    case JOB_IMAGE: s->image = image_options_default(); return image_options_job_table(&s->image, table);
    case JOB_SPEAK: s->speak = speak_flags_default(); return speak_flags_job_table(&s->speak, table);
    case JOB_KINDS: break;
    }
    return 0;
}

bool batch_check_option(void *context, job_kind kind, const char *name, const char *value, status *st)
{
    (void)context;
    scratch s;
    option table[TABLE_SIZE];
    int count = make_table(kind, &s, table);
    table[count] = (option){.type = OPTION_GROUP};
    for (int i = 0; i < count; i++)
        if (table[i].type != OPTION_GROUP && strcmp(table[i].name, name) == 0)
            return !value || options_set(table, name, value, st);
    return status_set(st, STATUS_USAGE, "'%.60s' is no option of %s jobs; 'aigc %s --help' lists them", name, job_kind_name(kind), job_kind_name(kind));
}

void batch_report_fault(void *job_path, size_t line, size_t column, const char *message)
{
    if (column) log_error("%s:%zu:%zu: %s", (const char *)job_path, line, column, message);
    else log_error("%s:%zu: %s", (const char *)job_path, line, message);
}
