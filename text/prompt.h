/* prompt: prompts that need no hand-writing: templates with {{fields}}, the tasks that come with the program, and examples
 * (input and output pairs) for few-shot prompting. */
#ifndef AIGC_TEXT_PROMPT_H
#define AIGC_TEXT_PROMPT_H

#include <stdint.h>

#include "core/status.h"

/* The template of a task: summarize, translate, rewrite, title, continue, code; NULL: no such task. All have {{input}},
 * and translate {{language}}, rewrite {{style}}, code {{language}}. */
const char *prompt_task(const char *name);

/* What a task takes for a field that is not given, or NULL. */
const char *prompt_task_default(const char *task, const char *field);

/* The names of all tasks, as "summarize, translate, …". */
const char *prompt_tasks(void);

typedef struct {
    const char *name, *value;
} prompt_field;

enum { PROMPT_MOST_BYTES = 16 << 20 };

/* The template with each {{name}} replaced by the field of that name (spaces inside the braces do not matter); freed with
 * alloc_free. An unknown {{name}} is a STATUS_USAGE that says which fields there are; an unclosed one, and a text that would
 * grow past PROMPT_MOST_BYTES, is a STATUS_INPUT. `task` names the template in messages. Values are not looked into: a {{ in
 * a value stays. */
char *prompt_fill(const char *task, const char *text, const prompt_field *fields, int64_t count, status *st);

typedef struct {
    char *input, *output;
} prompt_example;

typedef struct {
    prompt_example *item;
    int64_t count;
} prompt_examples;

/* From JSON lines {"input": …, "output": …}; blank lines are skipped. A bad line is a STATUS_INPUT with file:line. */
bool prompt_examples_read(prompt_examples *e, const char *path, status *st);
void prompt_examples_free(prompt_examples *e);

/* For models without a chat template: "Input: …\nOutput: …\n\n" for each example, then the input and an open "Output:".
 * Without examples a copy of the input. Freed with alloc_free. */
char *prompt_with_examples(const prompt_examples *e, const char *input, status *st);

#endif
