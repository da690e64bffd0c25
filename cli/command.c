#include "cli/command.h"

#include <string.h>

#include "cli/help.h"
#include "core/nearest.h"

static const command COMMANDS[] = {
    {"text", cmd_text, "continues or answers a prompt, or chats (-i)"},
    {"score", cmd_score, "how likely a model finds a text: logprobs and perplexity"},
    {"tokenize", cmd_tokenize, "a text or conversation as the model is given it: rendered, ids, pieces"},
    {"embed", cmd_embed, "a text as a vector"},
    {"bench", cmd_bench, "measures a model's speed"},
    {"write", cmd_write, "reports from data by a template: CSV, JSON or SQLite into true prose"},
    {"speak", cmd_speak, "text to speech"},
    {"vocode", cmd_vocode, "a mel spectrum or a sound, through a vocoder to sound"},
    {"image", cmd_image, "pictures from words, by Stable Diffusion or the small model that comes along"},
    {"inspect", cmd_inspect, "what is in a model file or folder, without loading its weights"},
    {"quantize", cmd_quantize, "a GGUF file with smaller weights, from a GGUF file or a Hugging Face folder"},
    {"batch", cmd_batch, "many jobs of all kinds from one file, resumable"},
    {"plan", cmd_batch, "what a job file will take: jobs, time, memory and disk"},
    {"worker", cmd_worker, "jobs from a Redis stream, shared by many machines"},
    {"check", cmd_check, "what files say of where they came from"},
    {"rerun", cmd_rerun, "makes an output again from the record in it, and compares"},
    {"help", cmd_help, "this list, or a command's options: aigc help COMMAND"},
    {"version", cmd_version, "the program's version and the kernels it uses on this CPU"},
    {0},
};

const command *command_table(void) { return COMMANDS; }

const command *command_find(const char *name)
{
    for (const command *c = COMMANDS; c->name; c++)
        if (strcmp(c->name, name) == 0) return c;
    return NULL;
}

bool command_unknown(const char *name, status *st)
{
    nearest n = {.word = name};
    for (const command *c = COMMANDS; c->name; c++) nearest_try(&n, c->name, strlen(c->name));
    if (n.best) return status_set(st, STATUS_USAGE, "unknown command '%.100s'; did you mean '%s'? ('aigc --help' lists them)", name, n.best);
    return status_set(st, STATUS_USAGE, "unknown command '%.100s' ('aigc --help' lists them)", name);
}

void command_print_all(FILE *out)
{
    enum { INDENT = 13 };
    int columns = help_columns();
    fprintf(out, "usage: aigc COMMAND [OPTION]…\n\n");
    for (const command *c = COMMANDS; c->name; c++) {
        fprintf(out, "  %-10s ", c->name);
        help_print_words(out, c->summary, INDENT, INDENT, columns);
    }
    fputc('\n', out);
    help_print_words(out, "'aigc help COMMAND' lists a command's options; 'man aigc' is the manual.", 0, 0, columns);
}
