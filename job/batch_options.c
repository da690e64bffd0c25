#include "job/batch_options.h"

#include <string.h>

#include "job/batch_words.h"
#include "core/log.h"

/* Of a completion request each prompt stands for itself. */
static bool add_prompt(const job *j, const job_option *o, request_options *v, status *st)
{
    option_list *all = &v->text.prompts;
    if (j->kind != KIND_TEXT || j->form != JOB_FORM_COMPLETION || strcmp(o->name, "prompt") != 0) return true;
    if (all->count == OPTION_LIST_MAX) return status_set(st, STATUS_USAGE, "more than %d prompts", OPTION_LIST_MAX);
    all->item[all->count++] = o->value;
    return true;
}

bool batch_options_set(const job *j, request_options *v, status *st)
{
    option table[KIND_OPTION_COUNT];
    kind_of(j->kind)->table(v, table);
    for (size_t i = 0; i < j->option_count; i++)
        if (!options_set(table, j->option[i].name, j->option[i].value, st) || !add_prompt(j, &j->option[i], v, st)) return false;
    return true;
}

void batch_checker_init(batch_checker *c, const char *job_path, job_file_report report, void *report_arg)
{
    c->job_path = job_path;
    c->report = report;
    c->report_arg = report_arg;
    c->hooks = (job_file_hooks){batch_find_option, batch_check_option, batch_words_check, batch_report_fault, c};
    for (int k = 0; k < KIND_COUNT; k++) {
        kind_of((request_kind)k)->defaults(&c->value[k]);
        kind_of((request_kind)k)->table(&c->value[k], c->table[k]);
    }
}

const option *batch_find_option(void *checker, request_kind kind, const char *name, status *st)
{
    batch_checker *c = checker;
    for (const option *o = c->table[kind]; o->name; o++)
        if (o->type != OPTION_GROUP && strcmp(o->name, name) == 0) return o;
    status_set(st, STATUS_USAGE, "'%.60s' is no option of %s jobs%s; 'aigc batch --schema' lists them", name, kind_name(kind), options_near(c->table[kind], name).text);
    return NULL;
}

bool batch_check_option(void *checker, request_kind kind, const char *name, const char *value, status *st)
{
    const option *o = batch_find_option(checker, kind, name, st);
    if (o && o->type == OPTION_LIST) ((option_list *)o->value)->count = 0; /* only tried, not collected */
    return o && options_set(o, name, value, st);
}

void batch_report_fault(void *checker, size_t line, size_t column, const char *message)
{
    const batch_checker *c = checker;
    if (c->report) c->report(c->report_arg, line, column, message);
    else if (column) log_error("%s:%zu:%zu: %s", c->job_path, line, column, message);
    else log_error("%s:%zu: %s", c->job_path, line, message);
}
