/* The pre-tokenisers known by name: what GGUF's tokenizer.ggml.pre means, and what the tokenizer classes of a folder
 * without tokenizer.json do. The expressions are those of the models' own tokenizer files. */
#include <string.h>

#include "text/tokenizer_pipeline.h"

/* GPT-2 (openai/gpt-2, encoder.py) */
#define GPT2 "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"
/* OpenAI's cl100k with numbers in groups of up to `digits`, as LLaMA-3 and Qwen2 use it */
#define CL100K(digits)                                                                                                   \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}" digits                                           \
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
/* OpenAI's o200k: words begin with capitals and go on in small letters */
#define O200K_UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define O200K_LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define O200K(tail, digits)                                                                                              \
    "[^\\r\\n\\p{L}\\p{N}]?" O200K_UPPER "*" O200K_LOWER "+" tail "|[^\\r\\n\\p{L}\\p{N}]?" O200K_UPPER "+" O200K_LOWER    \
    "*" tail "|\\p{N}" digits "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define CONTRACTION "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
/* CLIP (openai/CLIP, simple_tokenizer.py) */
#define CLIP                                                                                                             \
    "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"

typedef struct {
    const char *name;
    const char *expression;
    bool digits;        /* every digit a piece of its own, before the expression */
    bool nfc;
    bool ignore_merges;
} preset;

static const preset presets[] = {
    {"gpt-2", GPT2, false, false, false},
    {"gpt2", GPT2, false, false, false},
    {"default", GPT2, false, false, false},
    {"phi-2", GPT2, false, false, false},
    {"mpt", GPT2, false, false, false},
    {"olmo", GPT2, false, true, false},
    {"jina-en", GPT2, false, false, false},
    {"roberta-bpe", GPT2, false, false, false},
    {"smollm", GPT2, true, false, false},
    {"starcoder", GPT2, true, false, false},
    {"refact", GPT2, true, false, false},
    {"command-r", GPT2, true, true, false},
    {"codeshell", GPT2, true, false, false},
    {"exaone", GPT2, true, false, false},
    {"llama-bpe", CL100K("{1,3}"), false, false, true},
    {"llama3", CL100K("{1,3}"), false, false, true},
    {"llama-v3", CL100K("{1,3}"), false, false, true},
    {"falcon3", CL100K("{1,3}"), false, false, true},
    {"dbrx", CL100K("{1,3}"), false, false, false},
    {"smaug-bpe", CL100K("{1,3}"), false, false, true},
    {"chatglm-bpe", CL100K("{1,3}"), false, false, false},
    {"qwen2", CL100K(""), false, true, false},
    {"stablelm2", CL100K(""), false, false, false},
    {"deepseek-r1-qwen", CL100K(""), false, true, false},
    {"megrez", CL100K(""), false, true, false},
    {"gpt-4o", O200K(CONTRACTION, "{1,3}"), false, false, true},
    {"tekken", O200K("", ""), false, false, true},
};

static bool add_split(tokenizer *t, const char *expression, bool keep_matches_only, const char *where, status *st)
{
    tokenizer_step *s = &t->step[t->steps];
    *s = (tokenizer_step){.kind = STEP_SPLIT, .behaviour = keep_matches_only ? SPLIT_REMOVED : SPLIT_ISOLATED};
    s->invert = keep_matches_only;
    s->pattern.kind = PATTERN_REGEX;
    s->pattern.regex = tokenizer_regex_new(expression, strlen(expression), where, st);
    if (!s->pattern.regex) return false;
    t->steps++;
    return true;
}

static bool apply_clip(tokenizer *t, const char *where, status *st)
{
    static const char spaces[] = "\\s+";
    tokenizer_normaliser *n = &t->normaliser[1];
    t->normaliser[0] = (tokenizer_normaliser){.kind = NORMALISE_UNICODE, .form = UNICODE_NFC};
    *n = (tokenizer_normaliser){.kind = NORMALISE_REPLACE, .pattern.kind = PATTERN_REGEX};
    n->pattern.regex = tokenizer_regex_new(spaces, sizeof spaces - 1, where, st);
    if (!n->pattern.regex || !tokenizer_text_set(&n->text, " ", 1, where, st)) {
        tokenizer_regex_free(n->pattern.regex);
        return false;
    }
    t->normaliser[2] = (tokenizer_normaliser){.kind = NORMALISE_LOWER};
    t->normalisers = 3;
    t->suffix_is_space = true;
    return tokenizer_text_set(&t->suffix, "</w>", 4, where, st) && add_split(t, CLIP, true, where, st);
}

bool tokenizer_preset_apply(tokenizer *t, const char *name, size_t size, const char *where, status *st)
{
    t->byte_level = true;
    if (size == 4 && memcmp(name, "clip", 4) == 0) return apply_clip(t, where, st);
    const preset *p = NULL;
    for (size_t i = 0; i < sizeof presets / sizeof *presets && !p; i++)
        if (strlen(presets[i].name) == size && memcmp(presets[i].name, name, size) == 0) p = &presets[i];
    if (!p)
        return status_set(st, STATUS_INPUT, "%s: the pre-tokenizer '%.*s' is not known", where, (int)(size < 60 ? size : 60),
                          name);
    if (p->nfc) t->normaliser[t->normalisers++] = (tokenizer_normaliser){.kind = NORMALISE_UNICODE, .form = UNICODE_NFC};
    if (p->digits)
        t->step[t->steps++] = (tokenizer_step){.kind = STEP_SPLIT, .pattern.kind = PATTERN_NUMERIC, .behaviour = SPLIT_ISOLATED};
    t->ignore_merges = p->ignore_merges;
    return add_split(t, p->expression, false, where, st);
}
