#include "engine/embed_options.h"

#include <string.h>

embed_options embed_options_default(void) { return (embed_options){.model = "smollm2"}; }

int embed_options_job_table(embed_options *o, option *table)
{
    const option all[] = {
        {'m', "model", OPTION_STRING, &o->model, "MODEL", "short name, .gguf, .safetensors or Hugging Face folder (smollm2)", 0, 0, NULL, .about = OPTION_NAMED | OPTION_MODEL | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER},
        {'p', "prompt", OPTION_LIST, &o->prompts, "TEXT", "the text; repeatable", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {'f', "file", OPTION_STRING, &o->file, "FILE", "the text from a file", 0, 0, NULL, .about = OPTION_READS},
        {0, "token-ids", OPTION_LIST, &o->ids, "IDS", "a text as the model's token ids, \"1 2 3\", in place of \"prompt\"", 0, 0, NULL, .about = OPTION_WORDS},
        {0, "normalize", OPTION_FLAG, &o->normalize, NULL, "a vector of length 1", 0, 0, NULL},
        {0, "exact", OPTION_FLAG, &o->exact, NULL, "full f32 arithmetic: slow, the reference's numbers", 0, 0, NULL, .about = OPTION_LOADS},
    };
    memcpy(table, all, sizeof all);
    return (int)(sizeof all / sizeof all[0]);
}
