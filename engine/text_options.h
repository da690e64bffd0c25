/* text_options: the flags of text generation, shared by `aigc text` and the text jobs of a batch. */
#ifndef AIGC_ENGINE_TEXT_OPTIONS_H
#define AIGC_ENGINE_TEXT_OPTIONS_H

#include "engine/options.h"
#include "text/sample.h"

typedef struct {
    const char *model, *prompt, *file; /* file "-": stdin */
    const char *system, *task, *examples, *on_length;
    const char *output, *metadata, *filter; /* output NULL: stdout */
    option_list fields;          /* NAME=VALUE for templates */
    const char *chat_template, *think, *tools; /* tools: a JSON list, or a file with one */
    option_list template_args;   /* NAME=JSON */
    const char *json_schema, *grammar, *regex; /* what the answer must be (engine/text_constraint.h) */
    option_list choices;
    bool raw;                    /* no chat template */
    int64_t tokens;
    bool tokens_given;
    sample_options sample;
    bool temperature_given;
    int64_t seed;
    bool seed_given;
    option_list stop;
    bool ignore_end, logprobs, shift, exact, label;
    int64_t context, threads, parallel;
    bool interactive, json;
    /* of a request from elsewhere, in place of prompt */
    option_list prompts;         /* several texts */
    option_list messages;        /* a conversation, "ROLE:CONTENT" or a JSON object each */
    option_list ids;             /* texts as token ids, "1 2 3" each */
} text_options;

text_options text_options_default(void);

/* What a table cannot say: --think's words, whether what the answer must be is good. */
bool text_options_check(const text_options *o, status *st);

enum { TEXT_OPTION_COUNT = 64 };

/* Writes the table of the flags that make up one generation (what a job may say too), pointing into o: count entries. */
int text_options_job_table(text_options *o, option *table);

/* The same and what a request from elsewhere may say: messages, token ids. */
int text_options_request_table(text_options *o, option *table);

/* The first and the flags of the command line alone, ended by an entry without a name. */
void text_options_table(text_options *o, option table[TEXT_OPTION_COUNT]);

#endif
