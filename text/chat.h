/* chat: conversations written as an instruct model was taught to read them.
 *
 * Models bring their template as a Jinja program, which runs (text/jinja.h) with the variables that transformers gives it:
 * messages, tools, documents, add_generation_prompt, the special tokens by name, and what the user adds. The tokens are those
 * of the text that it writes, nothing put before or behind: a BOS is there once, where the template writes one. The templates
 * that come with the program by name have none; there the tokenizer's own is put before the text.
 *
 * What people wrote never becomes a special token; what the template writes does, also where it joins one from pieces.
 */
#ifndef AIGC_TEXT_CHAT_H
#define AIGC_TEXT_CHAT_H

#include "text/jinja.h"
#include "text/tokenizer.h"

struct json_t;

typedef struct {
    const char *role;    /* "system", "user", "assistant", "tool", …: what the template knows */
    const char *content; /* NULL: none */
    const char *json;    /* NULL, or the whole message as a JSON object: {"role", "content", "tool_calls", …} */
} chat_message;

/* What a user asks of a template beside the conversation; all may be NULL or 0. */
typedef struct {
    const char *template; /* the model's template of this name, one that comes with the program, or a file */
    const char *const *argument; /* "NAME=JSON", each a variable of the template */
    size_t arguments;
    const char *tools;    /* a JSON list of tools in OpenAI's form */
    const char *tools_file; /* the file that they are from; NULL: they were given as they are */
    bool no_thoughts;     /* enable_thinking and thinking are false */
} chat_options;

enum { CHAT_END_TOKENS = 4 };

typedef struct {
    jinja *program;          /* NULL: there is no template */
    const tokenizer *k;
    struct json_t *given;    /* the variables beside messages and add_generation_prompt */
    const char *name;        /* for messages: "default", "chatml", the file */
    bool ours;               /* one that comes with the program */
    char *file;              /* the text of one that was read from a file, file_size bytes; NULL: it is the model's or ours */
    size_t file_size;
    bool old_system;         /* it knows "system" but not "developer", the role's newer name: that becomes "system" */
    int32_t end[CHAT_END_TOKENS]; /* tokens that end an answer: what the template writes behind one, and before a next turn */
    int64_t end_count;
} chat_template;

/* The model's template, or the one that is asked for. A model without one gives a template whose program is NULL, unless one
 * was asked for by name. t points to k and o afterwards. STATUS_USAGE for options that do not fit, STATUS_INPUT for a bad
 * template. */
bool chat_template_init(chat_template *t, const tokenizer *k, const chat_options *o, status *st);
void chat_template_free(chat_template *t);

/* The names of the templates that come with the program, as "chatml, llama2, …". */
const char *chat_builtin_names(void);
/* One of them, or NULL. */
const char *chat_builtin(const char *name);

/* The conversation as the text that ends where the assistant's next words begin. Freed with jinja_output_free. */
bool chat_render(const chat_template *t, const chat_message *messages, int64_t count, jinja_output *out, status *st);

/* chat_render as tokens. */
bool chat_encode(const chat_template *t, const chat_message *messages, int64_t count, tokenizer_ids *out, status *st);

/* The tokens of what chat_render gave. */
bool chat_encode_text(const chat_template *t, const jinja_output *text, tokenizer_ids *out, status *st);

#endif
