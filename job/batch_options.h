/* batch_options: the options that jobs may have, by kind: those of the subcommands that make up the product. */
#ifndef AIGC_JOB_BATCH_OPTIONS_H
#define AIGC_JOB_BATCH_OPTIONS_H

#include "engine/image_options.h"
#include "job/job_file.h"
#include "engine/options.h"
#include "engine/speak_flags.h"
#include "engine/text_options.h"
#include "engine/vocode_flags.h"

typedef struct {
    text_options text;
    option_list messages; /* "ROLE:CONTENT" each, in place of a prompt */
    option_list ids;      /* "1 2 3" each: a prompt as token ids */
} batch_text_options;

typedef struct {
    const char *model, *file;
    option_list prompts, ids;
    bool normalize, exact;
} batch_embed_options;

typedef union {
    batch_text_options text;
    image_options image;
    speak_flags speak;
    vocode_flags vocode;
    batch_embed_options embed;
} batch_option_values;

enum { BATCH_OPTION_COUNT = 64, BATCH_TEXTS_MAX = 64 /* of one request */ };

/* The table of a kind's options, pointing into v, which it sets to the defaults; ended by an entry without a name. */
void batch_options_table(job_kind kind, batch_option_values *v, option table[BATCH_OPTION_COUNT]);

/* v with the job's options. */
bool batch_options_set(const job *j, batch_option_values *v, status *st);

/* What job_file_open's callbacks ask and tell: the tables of all kinds, made once, and who hears of faults. It points into
 * itself and must not be moved. */
typedef struct {
    batch_option_values value[JOB_KINDS];
    option table[JOB_KINDS][BATCH_OPTION_COUNT];
    const char *job_path;    /* for messages */
    job_file_report report;  /* NULL: faults are told on stderr */
    void *report_arg;
    job_file_hooks hooks;    /* what job_file_open takes */
} batch_checker;

void batch_checker_init(batch_checker *c, const char *job_path, job_file_report report, void *report_arg);

/* The kind's option of that name, and whether a value is good for it, as job_file_hooks ask. `checker` is a batch_checker. */
const option *batch_find_option(void *checker, job_kind kind, const char *name, status *st);
bool batch_check_option(void *checker, job_kind kind, const char *name, const char *value, status *st);

/* Tells a fault as file:line:column. `checker` is a batch_checker. */
void batch_report_fault(void *checker, size_t line, size_t column, const char *message);

/* Writes the JSON Schema (draft 2020-12) of a line of a job file to stdout, made from these tables. */
void batch_options_print_schema(status *st);

#endif
