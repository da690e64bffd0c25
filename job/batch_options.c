#include "job/batch_options.h"

#include <string.h>

#include "job/batch_words.h"
#include "core/log.h"

static const char TOKEN_IDS_HELP[] = "a text as the model's token ids, \"1 2 3\", in place of \"prompt\"";

static int text_table(batch_text_options *o, option *table)
{
    *o = (batch_text_options){.text = text_options_default()};
    int count = text_options_job_table(&o->text, table);
    table[count++] = (option){0, "messages", OPTION_LIST, &o->messages, "MESSAGES", "a conversation in place of \"prompt\": [{\"role\", \"content\"}, …]", 0, 0, NULL, .about = OPTION_WORDS};
    table[count++] = (option){0, "token-ids", OPTION_LIST, &o->ids, "IDS", TOKEN_IDS_HELP, 0, 0, NULL, .about = OPTION_WORDS};
    return count;
}

static int embed_table(batch_embed_options *o, option *table)
{
    *o = (batch_embed_options){.model = "smollm2"};
    const option all[] = {
        {'m', "model", OPTION_STRING, &o->model, "MODEL", "short name, .gguf, .safetensors or Hugging Face folder (smollm2)", 0, 0, NULL, .about = OPTION_NAMED | OPTION_MODEL | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER},
        {'p', "prompt", OPTION_LIST, &o->prompts, "TEXT", "the text; repeatable", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {'f', "file", OPTION_STRING, &o->file, "FILE", "the text from a file", 0, 0, NULL, .about = OPTION_READS},
        {0, "token-ids", OPTION_LIST, &o->ids, "IDS", TOKEN_IDS_HELP, 0, 0, NULL, .about = OPTION_WORDS},
        {0, "normalize", OPTION_FLAG, &o->normalize, NULL, "a vector of length 1", 0, 0, NULL},
        {0, "exact", OPTION_FLAG, &o->exact, NULL, "full f32 arithmetic: slow, the reference's numbers", 0, 0, NULL, .about = OPTION_LOADS},
    };
    memcpy(table, all, sizeof all);
    return (int)(sizeof all / sizeof all[0]);
}

void batch_options_table(job_kind kind, batch_option_values *v, option table[BATCH_OPTION_COUNT])
{
    int count = 0;
    switch (kind) {
    case JOB_TEXT: count = text_table(&v->text, table); break;
    case JOB_IMAGE:
        v->image = image_options_default();
        count = image_options_job_table(&v->image, table);
        break;
    case JOB_SPEAK:
        v->speak = speak_flags_default();
        count = speak_flags_job_table(&v->speak, table);
        break;
    case JOB_VOCODE:
        v->vocode = vocode_flags_default();
        count = vocode_flags_job_table(&v->vocode, table);
        break;
    case JOB_EMBED: count = embed_table(&v->embed, table); break;
    case JOB_KINDS: break;
    }
    table[count] = (option){.type = OPTION_GROUP};
}

bool batch_options_set(const job *j, batch_option_values *v, status *st)
{
    option table[BATCH_OPTION_COUNT];
    batch_options_table(j->kind, v, table);
    for (size_t i = 0; i < j->option_count; i++)
        if (!options_set(table, j->option[i].name, j->option[i].value, st)) return false;
    return true;
}

void batch_checker_init(batch_checker *c, const char *job_path, job_file_report report, void *report_arg)
{
    c->job_path = job_path;
    c->report = report;
    c->report_arg = report_arg;
    c->hooks = (job_file_hooks){batch_find_option, batch_check_option, batch_words_check, batch_report_fault, c};
    for (int k = 0; k < JOB_KINDS; k++) batch_options_table((job_kind)k, &c->value[k], c->table[k]);
}

const option *batch_find_option(void *checker, job_kind kind, const char *name, status *st)
{
    batch_checker *c = checker;
    for (const option *o = c->table[kind]; o->name; o++)
        if (o->type != OPTION_GROUP && strcmp(o->name, name) == 0) return o;
    status_set(st, STATUS_USAGE, "'%.60s' is no option of %s jobs%s; 'aigc batch --schema' lists them", name, job_kind_name(kind), options_near(c->table[kind], name).text);
    return NULL;
}

bool batch_check_option(void *checker, job_kind kind, const char *name, const char *value, status *st)
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
