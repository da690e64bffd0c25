#include "text/chat.h"

#include <string.h>

#include "core/alloc.h"
#include "text/text_buffer.h"

/* What a family writes around a message. Where the system text goes into the first user message (merge), the text itself
 * stands between system_open and system_close there. */
typedef struct {
    const char *name;
    const char *system_open, *system_close;
    const char *user_open, *user_close;
    const char *assistant_open, *assistant_close;
    bool merge; /* the system text stands in the first user message */
    bool merge_last; /* … in the last */
    bool trim;  /* white space around a content is dropped */
    const char *end;   /* the token that ends the assistant's turn */
    const char *begin; /* the token that begins a turn, where there is one: small models write it in place of the end */
} family;

static const family FAMILIES[] = {
    [CHAT_NONE] = {.name = "none"},
    [CHAT_UNKNOWN] = {.name = "unknown"},
    [CHAT_CHATML] = {"ChatML", "<|im_start|>system\n", "<|im_end|>\n", "<|im_start|>user\n", "<|im_end|>\n", "<|im_start|>assistant\n",
                     "<|im_end|>\n", false, false, false, "<|im_end|>", "<|im_start|>"},
    [CHAT_LLAMA2] = {"Llama 2", "<<SYS>>\n", "\n<</SYS>>\n\n", "[INST] ", " [/INST]", " ", " </s><s>", true, false, true, "</s>", NULL},
    [CHAT_LLAMA3] = {"Llama 3", "<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>", "<|start_header_id|>user<|end_header_id|>\n\n",
                     "<|eot_id|>", "<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>", false, false, true, "<|eot_id|>", "<|start_header_id|>"},
    [CHAT_MISTRAL] = {"Mistral", "", "\n\n", "[INST] ", " [/INST]", " ", "</s>", true, true, false, "</s>", NULL},
    [CHAT_GEMMA] = {"Gemma", "", "\n\n", "<start_of_turn>user\n", "<end_of_turn>\n", "<start_of_turn>model\n", "<end_of_turn>\n", true, false,
                    true, "<end_of_turn>", "<start_of_turn>"},
    [CHAT_ZEPHYR] = {"Zephyr", "<|system|>\n", "</s>\n", "<|user|>\n", "</s>\n", "<|assistant|>\n", "</s>\n", false, false, false, "</s>", NULL},
    [CHAT_PHI3] = {"Phi 3", "<|system|>\n", "<|end|>\n", "<|user|>\n", "<|end|>\n", "<|assistant|>\n", "<|end|>\n", false, false, false, "<|end|>", "<|user|>"},
    [CHAT_PHI4] = {"Phi 4", "<|im_start|>system<|im_sep|>", "<|im_end|>", "<|im_start|>user<|im_sep|>", "<|im_end|>",
                   "<|im_start|>assistant<|im_sep|>", "<|im_end|>", false, false, false, "<|im_end|>", "<|im_start|>"},
};

chat_family chat_recognise(const char *jinja)
{
    if (!jinja || !*jinja) return CHAT_NONE;
    if (strstr(jinja, "<|im_sep|>")) return CHAT_PHI4;
    if (strstr(jinja, "<|im_start|>")) return CHAT_CHATML;
    if (strstr(jinja, "<|start_header_id|>")) return CHAT_LLAMA3;
    if (strstr(jinja, "<start_of_turn>")) return CHAT_GEMMA;
    if (strstr(jinja, "<<SYS>>")) return CHAT_LLAMA2;
    if (strstr(jinja, "[INST]")) return CHAT_MISTRAL;
    if (strstr(jinja, "<|end|>") && strstr(jinja, "<|assistant|>")) return CHAT_PHI3;
    if (strstr(jinja, "<|assistant|>") && strstr(jinja, "eos_token")) return CHAT_ZEPHYR;
    return CHAT_UNKNOWN;
}

const char *chat_family_name(chat_family f) { return FAMILIES[f].name; }

/* A ChatML template may bring a system text of its own as a literal: '<|im_start|>system\n…<|im_end|>'. The line's end is a
 * line's end or the two characters \n. */
static char *literal_system(const char *jinja, status *st)
{
    static const char mark[] = "<|im_start|>system";
    const char *to = jinja, *odd = jinja; /* the next end of a turn and the next trace of an expression: looked for once each */
    for (const char *at = jinja; (at = strstr(at, mark)); at++) {
        const char *from = at + strlen(mark);
        if (to < from && !(to = strstr(from, "<|im_end|>"))) return NULL;
        if (*from == '\n') from++;
        else if (from[0] == '\\' && from[1] == 'n') from += 2;
        else continue;
        if (odd < from) odd = from + strcspn(from, "'\"\\{");
        if (to > from && odd >= to) return alloc_string(from, (size_t)(to - from), st);
    }
    return NULL;
}

bool chat_template_init(chat_template *t, const char *jinja, status *st)
{
    *t = (chat_template){.family = chat_recognise(jinja)};
    if (t->family == CHAT_CHATML) t->default_system = literal_system(jinja, st);
    return status_ok(st);
}

void chat_template_free(chat_template *t)
{
    alloc_free(t->default_system);
    *t = (chat_template){0};
}

/* ---- rendering, as pieces that are either marks or what people wrote ---- */

typedef bool (*piece_sink)(void *arg, const char *text, size_t size, bool mark, status *st);

typedef struct {
    piece_sink sink;
    void *arg;
    status *st;
} writer;

static bool mark(const writer *w, const char *text) { return w->sink(w->arg, text, strlen(text), true, w->st); }

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool content(const writer *w, const char *text, bool trim)
{
    size_t n = strlen(text);
    while (trim && n && is_space(*text)) text++, n--;
    while (trim && n && is_space(text[n - 1])) n--;
    return w->sink(w->arg, text, n, false, w->st);
}

static bool check_roles(const chat_message *m, int64_t count, status *st)
{
    int64_t first = count > 0 && strcmp(m[0].role, "system") == 0;
    for (int64_t i = first; i < count; i++) {
        const char *wanted = (i - first) % 2 ? "assistant" : "user";
        if (strcmp(m[i].role, wanted) != 0)
            return status_set(st, STATUS_FAIL, "message %lld of the conversation is from '%.40s', '%s' wanted", (long long)i + 1, m[i].role, wanted);
    }
    if ((count - first) % 2 == 0) return status_set(st, STATUS_FAIL, "the conversation does not end with a user's message");
    return true;
}

static bool render(const chat_template *t, const chat_message *m, int64_t count, const writer *w)
{
    const family *f = &FAMILIES[t->family];
    if (!f->user_open) return status_set(w->st, STATUS_FAIL, "there is no chat template");
    if (!check_roles(m, count, w->st)) return false;
    const char *system = strcmp(m[0].role, "system") == 0 ? m[0].content : t->default_system;
    int64_t first = strcmp(m[0].role, "system") == 0, merged = f->merge_last ? count - 1 : first;
    if (system && !f->merge && !(mark(w, f->system_open) && content(w, system, f->trim) && mark(w, f->system_close))) return false;
    for (int64_t i = first; i < count; i++) {
        bool user = (i - first) % 2 == 0;
        if (!mark(w, user ? f->user_open : f->assistant_open)) return false;
        if (system && f->merge && i == merged && !(mark(w, f->system_open) && content(w, system, f->trim) && mark(w, f->system_close)))
            return false;
        if (!content(w, m[i].content, f->trim) || !mark(w, user ? f->user_close : f->assistant_close)) return false;
    }
    /* Llama 2 and Mistral have no words before an answer, only the space that is part of its first token. */
    return strcmp(f->assistant_open, " ") == 0 || mark(w, f->assistant_open);
}

static bool append(void *arg, const char *text, size_t size, bool is_mark, status *st)
{
    (void)is_mark;
    return text_buffer_append(arg, text, size, st);
}

char *chat_render(const chat_template *t, const chat_message *messages, int64_t count, status *st)
{
    text_buffer b = {0};
    if (render(t, messages, count, &(writer){append, &b, st})) return b.data;
    text_buffer_free(&b);
    return NULL;
}

/* Whether what people wrote holds the text of a special token. */
static bool holds_special(const tokenizer *k, const char *text, bool *holds, status *st)
{
    tokenizer_ids ids = {0};
    bool ok = tokenizer_encode(k, text, strlen(text), TOKENIZER_PARSE_SPECIAL, &ids, st);
    for (int64_t i = 0; ok && i < ids.count; i++) *holds = *holds || tokenizer_is_special(k, ids.id[i]);
    tokenizer_ids_free(&ids);
    return ok;
}

typedef struct {
    const tokenizer *k;
    tokenizer_ids *ids;
} encoder;

static bool encode_piece(void *arg, const char *text, size_t size, bool is_mark, status *st)
{
    encoder *e = arg;
    return tokenizer_encode(e->k, text, size, is_mark ? TOKENIZER_PARSE_SPECIAL : 0, e->ids, st);
}

bool chat_encode(const chat_template *t, const tokenizer *k, const chat_message *messages, int64_t count, tokenizer_ids *out, status *st)
{
    bool special = false;
    for (int64_t i = 0; i < count; i++)
        if (!holds_special(k, messages[i].content, &special, st)) return false;
    if (special) { /* piece by piece, so that marks can be told from content; else as one text, as the model was taught */
        encoder e = {k, out};
        return tokenizer_encode(k, "", 0, TOKENIZER_ADD_SPECIAL, out, st) && render(t, messages, count, &(writer){encode_piece, &e, st});
    }
    char *text = chat_render(t, messages, count, st);
    bool ok = text && tokenizer_encode(k, text, strlen(text), TOKENIZER_ADD_SPECIAL | TOKENIZER_PARSE_SPECIAL, out, st);
    alloc_free(text);
    return ok;
}

int64_t chat_end_tokens(const chat_template *t, const tokenizer *k, int32_t id[CHAT_END_TOKENS])
{
    const char *const text[CHAT_END_TOKENS] = {FAMILIES[t->family].end, FAMILIES[t->family].begin};
    int64_t count = 0;
    for (int i = 0; i < CHAT_END_TOKENS; i++) {
        int32_t found = text[i] ? tokenizer_find(k, text[i], strlen(text[i])) : -1;
        if (found >= 0) id[count++] = found;
    }
    return count;
}
