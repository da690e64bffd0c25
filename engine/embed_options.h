/* embed_options: what a request for vectors may say. */
#ifndef AIGC_ENGINE_EMBED_OPTIONS_H
#define AIGC_ENGINE_EMBED_OPTIONS_H

#include "engine/options.h"

typedef struct {
    const char *model, *file;
    option_list prompts, ids; /* texts, or "1 2 3" each */
    bool normalize, exact;
} embed_options;

embed_options embed_options_default(void);

/* Writes the table, pointing into o; returns how many entries. */
int embed_options_job_table(embed_options *o, option *table);

#endif
