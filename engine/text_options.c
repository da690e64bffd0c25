#include "engine/text_options.h"

#include <string.h>

#include "engine/text_constraint.h"
#include "text/prompt.h"

text_options text_options_default(void)
{
    return (text_options){
        .model = "smollm2", .tokens = 512, .parallel = 1, .metadata = "full", .think = "show",
        .sample = {.temperature = 0.7, .top_k = 40, .top_p = 0.9, .min_p = 0.05, .repeat_penalty = 1.1, .penalty_window = 64},
    };
}

bool text_options_check(const text_options *o, status *st)
{
    if (strcmp(o->think, "show") == 0 || strcmp(o->think, "hide") == 0 || strcmp(o->think, "off") == 0) return text_constraint_check(o, st);
    return status_set(st, STATUS_USAGE, "--think: '%.40s' found, show, hide or off wanted", o->think);
}

static int append(option *table, const option *more, int count)
{
    memcpy(table, more, (size_t)count * sizeof *table);
    return count;
}

int text_options_job_table(text_options *o, option *table)
{
    const double most = 1e15;
    const option all[] = {
        {0, "what", OPTION_GROUP, NULL, NULL, "What to write:", 0, 0, NULL},
        {'m', "model", OPTION_STRING, &o->model, "MODEL", "short name, .gguf, .safetensors or Hugging Face folder (smollm2)", 0, 0, NULL, "smollm2, gemma3", .about = OPTION_NAMED | OPTION_MODEL | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER},
        {'p', "prompt", OPTION_STRING, &o->prompt, "TEXT", "the prompt; with -f the file's text follows it", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {'f', "file", OPTION_STRING, &o->file, "FILE", "the prompt from a file, - is stdin", 0, 0, NULL, .about = OPTION_READS},
        {0, "system", OPTION_STRING, &o->system, "TEXT", "what the model is told before the conversation", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {0, "raw", OPTION_FLAG, &o->raw, NULL, "continue the prompt as it is, without the model's chat template", 0, 0, NULL},
        {0, "chat-template", OPTION_STRING, &o->chat_template, "NAME", "the chat template: one of the model's, chatml, llama3, mistral, gemma, …, or a Jinja file", 0, 0, NULL, .about = OPTION_NAMED | OPTION_INPUT},
        {0, "template-arg", OPTION_LIST, &o->template_args, "NAME=JSON", "a variable of the chat template, such as enable_thinking=false; repeatable", 0, 0, NULL, .about = OPTION_WORDS | OPTION_CHOICE},
        {0, "tools", OPTION_STRING, &o->tools, "FILE", "tools that the model may call, a JSON list in OpenAI's form, for its chat template", 0, 0, NULL, .about = OPTION_NAMED | OPTION_WORDS | OPTION_INPUT},
        {0, "think", OPTION_STRING, &o->think, "HOW", "thoughts before an answer; off asks the template for none (show)", 0, 0, NULL, "show, hide, off", .about = OPTION_CHOICE},
        {0, "task", OPTION_STRING, &o->task, "TASK", "what to do with the prompt, or a template file with {{input}}", 0, 0, NULL, prompt_tasks(), .about = OPTION_NAMED | OPTION_APART},
        {0, "field", OPTION_LIST, &o->fields, "NAME=TEXT", "a field of the task's template, such as language=French; repeatable", 0, 0, NULL, .about = OPTION_WORDS | OPTION_APART},
        {0, "examples", OPTION_STRING, &o->examples, "FILE", "JSON lines {\"input\", \"output\"} shown to the model first", 0, 0, NULL, .about = OPTION_READS | OPTION_INPUT},
        {'n', "tokens", OPTION_INT, &o->tokens, "N", "the most tokens to write, -1: no limit but the context (512)", -1, most, &o->tokens_given},
        {0, "on-length", OPTION_STRING, &o->on_length, "HOW", "what becomes of a text that -n or the context cuts; sentence: it ends with the last whole one (warn, unless -n was given)", 0, 0, NULL, "keep, warn, fail, sentence", .about = OPTION_CHOICE},
        {0, "stop", OPTION_LIST, &o->stop, "TEXT", "ends the answer before this text; repeatable", 0, 0, NULL, .about = OPTION_CHOICE},
        {0, "ignore-end", OPTION_FLAG, &o->ignore_end, NULL, "go on when the model ends its text", 0, 0, NULL},
        {0, "json-schema", OPTION_STRING, &o->json_schema, "FILE", "the answer is JSON that is valid under this schema, a file or the text itself", 0, 0, NULL, .about = OPTION_NAMED | OPTION_INPUT},
        {0, "grammar", OPTION_STRING, &o->grammar, "FILE", "the answer fits this grammar (GBNF), a file or the text itself", 0, 0, NULL, .about = OPTION_NAMED | OPTION_INPUT},
        {0, "regex", OPTION_STRING, &o->regex, "PATTERN", "the answer matches this pattern as a whole", 0, 0, NULL, .about = OPTION_CHOICE},
        {0, "choice", OPTION_LIST, &o->choices, "TEXT", "the answer is one of these; repeatable", 0, 0, NULL, .about = OPTION_CHOICE},
        {0, "sampling", OPTION_GROUP, NULL, NULL, "How the next token is picked:", 0, 0, NULL},
        {0, "temp", OPTION_REAL, &o->sample.temperature, "X", "temperature, 0: always the likeliest token (0.7; 0.2 with --task)", 0, 100, &o->temperature_given},
        {0, "top-k", OPTION_INT, &o->sample.top_k, "N", "among the N likeliest, 0: off (40)", 0, 1e9, NULL},
        {0, "top-p", OPTION_REAL, &o->sample.top_p, "X", "among the likeliest that make up X together, 1: off (0.9)", 0, 1, NULL},
        {0, "min-p", OPTION_REAL, &o->sample.min_p, "X", "not below X times the likeliest, 0: off (0.05)", 0, 1, NULL},
        {0, "repeat-penalty", OPTION_REAL, &o->sample.repeat_penalty, "X", "against tokens lately written, 1: off (1.1)", 0.01, 100, NULL},
        {0, "presence-penalty", OPTION_REAL, &o->sample.presence_penalty, "X", "off the logit of tokens lately written (0)", -100, 100, NULL},
        {0, "frequency-penalty", OPTION_REAL, &o->sample.frequency_penalty, "X", "the same for every time (0)", -100, 100, NULL},
        {0, "repeat-last-n", OPTION_INT, &o->sample.penalty_window, "N", "how many tokens are lately, 0: all (64)", 0, 1e9, NULL},
        {'s', "seed", OPTION_INT, &o->seed, "N", "same seed, same text (a fresh one, told with -v and --json)", 0, (double)OPTION_MOST_SEED, &o->seed_given, .about = OPTION_APART},
        {0, "label", OPTION_FLAG, &o->label, NULL, "begin with front matter that says AI-generated and how", 0, 0, NULL},
        {0, "filter", OPTION_STRING, &o->filter, "FILE", "hold words and text against the list in FILE: warn or refuse (exit code 5)", 0, 0, NULL, .about = OPTION_READS},
        {0, "metadata", OPTION_STRING, &o->metadata, "HOW", "what is recorded of its making; hash: without the words (full)", 0, 0, NULL, "full, hash, none", .about = OPTION_HOW},
        {0, "logprobs", OPTION_FLAG, &o->logprobs, NULL, "with --json: the logarithm of each token's probability", 0, 0, NULL, .about = OPTION_APART},
    };
    return append(table, all, (int)(sizeof all / sizeof all[0]));
}

int text_options_request_table(text_options *o, option *table)
{
    const option more[] = {
        {0, "messages", OPTION_LIST, &o->messages, "MESSAGES", "a conversation in place of \"prompt\": [{\"role\", \"content\"}, …]", 0, 0, NULL, .about = OPTION_WORDS},
        {0, "token-ids", OPTION_LIST, &o->ids, "IDS", "a text as the model's token ids, \"1 2 3\", in place of \"prompt\"", 0, 0, NULL, .about = OPTION_WORDS},
    };
    int count = text_options_job_table(o, table);
    return count + append(table + count, more, (int)(sizeof more / sizeof more[0]));
}

void text_options_table(text_options *o, option table[TEXT_OPTION_COUNT])
{
    const option rest[] = {
        {0, "running", OPTION_GROUP, NULL, NULL, "How it runs:", 0, 0, NULL},
        {'o', "output", OPTION_STRING, &o->output, "FILE", "write the text to FILE, of any ending that texts have, and how it was made to FILE.origin.json (stdout)", 0, 0, NULL, .about = OPTION_WRITES},
        {'i', "interactive", OPTION_FLAG, &o->interactive, NULL, "chat on the terminal; /help lists its commands", 0, 0, NULL, .about = OPTION_APART},
        {'b', "parallel", OPTION_INT, &o->parallel, "N", "N texts at once, with seeds counted up from --seed (1)", 1, 256, NULL},
        {'c', "ctx", OPTION_INT, &o->context, "N", "positions of context, 0: the model's (0)", 0, 1 << 26, NULL},
        {0, "shift", OPTION_FLAG, &o->shift, NULL, "when the context is full drop its older half and go on", 0, 0, NULL},
        {'t', "threads", OPTION_INT, &o->threads, "N", "0: one for each core (0); the text does not depend on it", 0, 1024, NULL, .about = OPTION_APART},
        {0, "exact", OPTION_FLAG, &o->exact, NULL, "full f32 arithmetic: slow, the reference's numbers", 0, 0, NULL, .about = OPTION_LOADS},
        {0, "json", OPTION_FLAG, &o->json, NULL, "one JSON object: text, tokens, seed, stop reason, timings", 0, 0, NULL, .about = OPTION_APART},
        {0, NULL, OPTION_GROUP, NULL, NULL, NULL, 0, 0, NULL},
    };
    table += text_options_job_table(o, table);
    append(table, rest, (int)(sizeof rest / sizeof rest[0]));
}
