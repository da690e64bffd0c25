/* A tokenizer from GGUF metadata (github.com/ggml-org/ggml, docs/gguf.md, "Tokenizer"). tokenizer.ggml.model is "gpt2"
 * for byte-level BPE with merges, "llama" for SentencePiece BPE, whose merges follow from the scores. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/gguf.h"
#include "core/log.h"
#include "text/tokenizer_pipeline.h"

static bool is(gguf_string s, const char *text) { return s.size == strlen(text) && memcmp(s.text, text, s.size) == 0; }

static bool read_tokens(tokenizer *t, const gguf *g, const char *path, status *st)
{
    const gguf_value *tokens = gguf_get_array(g, "tokenizer.ggml.tokens");
    const gguf_value *types = gguf_get_array(g, "tokenizer.ggml.token_type");
    if (!tokens || tokens->item != GGUF_STRING || !tokens->count)
        return status_set(st, STATUS_INPUT, "%s: tokenizer.ggml.tokens is missing, empty or no array of strings", path);
    if (types && types->count != tokens->count)
        return status_set(st, STATUS_INPUT, "%s: tokenizer.ggml.token_type has %llu entries for %llu tokens", path,
                          (unsigned long long)types->count, (unsigned long long)tokens->count);
    if (!tokenizer_vocab_reserve(&t->vocab, tokens->count, tokens->size, st)) return false;
    gguf_string s;
    int64_t id = 0;
    for (gguf_strings it = gguf_strings_of(tokens); gguf_strings_next(&it, &s); id++) {
        int64_t type = TOKEN_NORMAL;
        if (types && (!gguf_item_i64(types, (uint64_t)id, &type) || type < 0 || type > TOKEN_BYTE))
            return status_set(st, STATUS_INPUT, "%s: tokenizer.ggml.token_type[%lld] is no type of a token (0 to 6)", path,
                              (long long)id);
        if (type == TOKEN_ABSENT) type = TOKEN_NORMAL;
        if (!tokenizer_vocab_add(&t->vocab, id, s.text, s.size, (token_type)type, false, path, st)) return false;
    }
    return true;
}

/* Whether a token is written as chat models write the marks of turns. Some files give them the type of plain words, and a
 * turn would then never end. */
static bool is_turn_mark(const char *text, size_t size)
{
    static const char *const others[] = {"<start_of_turn>", "<end_of_turn>", "[INST]", "[/INST]"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strlen(others[i]) == size && memcmp(others[i], text, size) == 0) return true;
    if (size < 6 || memcmp(text, "<|", 2) != 0 || memcmp(text + size - 2, "|>", 2) != 0) return false;
    for (size_t i = 2; i < size - 2; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '_')) return false;
    return true;
}

/* Phi 3's marks take in the white space behind them, all but these. */
static bool phi3_strips(const tokenizer *t, int32_t id)
{
    gguf_string s = {.text = tokenizer_vocab_text(&t->vocab, id), .size = t->vocab.span[id].length};
    return t->vocab.type[id] == TOKEN_CONTROL && !is(s, "<unk>") && !is(s, "<s>") && !is(s, "<|endoftext|>");
}

/* TOKENIZER_… flags of each token, freed with alloc_free: what our own files say, as pairs of an id and flags, for GGUF has no
 * key for it. Phi 3's files of others say nothing. */
static uint8_t *read_flags(const gguf *g, const tokenizer *t, status *st)
{
    const gguf_value *list = gguf_get_array(g, TOKENIZER_FLAGS_KEY);
    gguf_string architecture = {.text = "", .size = 0};
    uint8_t *flags = alloc_zeroed((size_t)t->vocab.size, 1, st);
    int64_t id, bits;
    for (uint64_t i = 0; flags && list && i + 1 < list->count; i += 2)
        if (gguf_item_i64(list, i, &id) && gguf_item_i64(list, i + 1, &bits) && id >= 0 && id < t->vocab.size) flags[id] = (uint8_t)(bits & 7);
    gguf_get_string(g, "general.architecture", &architecture);
    for (int32_t k = 0; flags && !list && t->by_score && is(architecture, "phi3") && k < t->vocab.size; k++)
        if (phi3_strips(t, k)) flags[k] = TOKENIZER_RIGHT_STRIP;
    return flags;
}

/* Control tokens are found in the raw text; the user's own symbols too, but with SentencePiece after normalising. */
static bool mark_added(tokenizer *t, const gguf *g, const char *path, status *st)
{
    tokenizer_vocab *v = &t->vocab;
    int32_t mended = 0;
    bool ok = true;
    uint8_t *bits = read_flags(g, t, st);
    for (int32_t id = 0; bits && ok && id < v->size; id++) {
        if (v->type[id] == TOKEN_NORMAL && is_turn_mark(tokenizer_vocab_text(v, id), v->span[id].length)) v->type[id] = TOKEN_CONTROL, mended++;
        token_type type = v->type[id];
        if (type != TOKEN_CONTROL && type != TOKEN_UNKNOWN && type != TOKEN_USER) continue;
        added_token flags = {.special = type != TOKEN_USER, .normalised = type == TOKEN_USER && t->by_score};
        flags.left_strip = bits[id] & TOKENIZER_LEFT_STRIP, flags.right_strip = bits[id] & TOKENIZER_RIGHT_STRIP, flags.single_word = bits[id] & TOKENIZER_SINGLE_WORD;
        ok = tokenizer_add_token(t, id, tokenizer_vocab_text(v, id), v->span[id].length, flags, path, st);
    }
    alloc_free(bits);
    if (mended) log_verbose("%s: %d marks of turns are typed as plain words; they are taken as marks", path, mended);
    return bits && ok;
}

static bool has_token(const tokenizer *t, const char *text) { return tokenizer_vocab_find(&t->vocab, text, strlen(text)) >= 0; }

/* The pre-tokenizer of a file that names none, as files of before May 2024 do not: told by marks that one family has. */
static const char *guess_pre(const tokenizer *t, const gguf *g, const char *path)
{
    gguf_string architecture = {.text = "", .size = 0};
    gguf_get_string(g, "general.architecture", &architecture);
    if (has_token(t, "<|begin_of_text|>") && has_token(t, "<|end_of_text|>")) return "llama-bpe";
    if (is(architecture, "qwen2") || is(architecture, "qwen2moe") || (has_token(t, "<|im_start|>") && t->vocab.size > 150000)) return "qwen2";
    if (is(architecture, "command-r")) return "command-r";
    if (is(architecture, "starcoder2") || is(architecture, "starcoder")) return "starcoder";
    if (is(architecture, "gpt2") || is(architecture, "phi2")) return "gpt-2";
    log_warning("%s: tokenizer.ggml.pre is missing: texts are cut as GPT-2 cuts them, which may not be how this model was taught", path);
    return "default";
}

static bool read_merges(tokenizer *t, const gguf *g, const char *path, status *st)
{
    const gguf_value *merges = gguf_get_array(g, "tokenizer.ggml.merges");
    if (!merges || merges->item != GGUF_STRING)
        return status_set(st, STATUS_INPUT, "%s: tokenizer.ggml.merges is missing or no array of strings", path);
    if (!tokenizer_vocab_reserve_merges(&t->vocab, merges->count, st)) return false;
    gguf_string s;
    uint32_t rank = 0;
    for (gguf_strings it = gguf_strings_of(merges); gguf_strings_next(&it, &s); rank++) {
        const char *space = s.size > 1 ? memchr(s.text + 1, ' ', s.size - 1) : NULL;
        size_t left = space ? (size_t)(space - s.text) : 0;
        if (!space || left + 1 == s.size)
            return status_set(st, STATUS_INPUT, "%s: tokenizer.ggml.merges[%u] is '%.*s', two tokens with a space between wanted",
                              path, rank, (int)(s.size < 60 ? s.size : 60), s.text);
        if (!tokenizer_vocab_add_merge(&t->vocab, s.text, left, space + 1, s.size - left - 1, 0, rank, path, st)) return false;
    }
    return true;
}

static bool read_scores(tokenizer *t, const gguf *g, const char *path, status *st)
{
    const gguf_value *scores = gguf_get_array(g, "tokenizer.ggml.scores");
    if (!scores || scores->count != (uint64_t)t->vocab.size)
        return status_set(st, STATUS_INPUT, "%s: tokenizer.ggml.scores is missing or has not one score for each of %d tokens",
                          path, t->vocab.size);
    t->vocab.score = alloc_array((size_t)t->vocab.size, sizeof(float), st);
    if (!t->vocab.score) return false;
    for (int32_t id = 0; id < t->vocab.size; id++) {
        double score;
        if (!gguf_item_f64(scores, (uint64_t)id, &score) || !isfinite(score))
            return status_set(st, STATUS_INPUT, "%s: tokenizer.ggml.scores[%d] is no finite number", path, id);
        t->vocab.score[id] = (float)score;
    }
    return true;
}

/* SentencePiece: spaces are written "▁", and one is put before the text unless the file says no. */
static bool set_sentencepiece(tokenizer *t, const gguf *g, const char *path, status *st)
{
    static const char mark[] = "\xE2\x96\x81";
    bool prefix = true;
    gguf_get_bool(g, "tokenizer.ggml.add_space_prefix", &prefix);
    t->by_score = t->byte_fallback = t->fuse_unknown = true;
    if (prefix) {
        tokenizer_normaliser *n = &t->normaliser[t->normalisers++];
        *n = (tokenizer_normaliser){.kind = NORMALISE_PREPEND};
        if (!tokenizer_text_set(&n->text, mark, 3, path, st)) return false;
        t->strip_left = 1;
    }
    tokenizer_normaliser *n = &t->normaliser[t->normalisers++];
    *n = (tokenizer_normaliser){.kind = NORMALISE_REPLACE, .pattern.kind = PATTERN_LITERAL};
    return tokenizer_text_set(&n->pattern.literal, " ", 1, path, st) && tokenizer_text_set(&n->text, mark, 3, path, st) &&
           tokenizer_text_set(&t->space, mark, 3, path, st);
}

static bool read_id(const tokenizer *t, const gguf *g, const char *key, int32_t *out, const char *path, status *st)
{
    uint64_t id;
    if (!gguf_find(g, key)) return true;
    if (!gguf_get_u64(g, key, &id)) return true; /* −1 in some files: none */
    if (id == UINT32_MAX) return true;
    if (id >= (uint64_t)t->vocab.size)
        return status_set(st, STATUS_INPUT, "%s: %s is %llu, the vocabulary has %d tokens", path, key, (unsigned long long)id,
                          t->vocab.size);
    *out = (int32_t)id;
    return true;
}

static bool read_special(tokenizer *t, const gguf *g, bool sentencepiece, bool byte_pairs_add_bos, const char *path, status *st)
{
    tokenizer_special *s = &t->special;
    if (sentencepiece) *s = (tokenizer_special){.bos = t->vocab.size > 1 ? 1 : -1, .eos = t->vocab.size > 2 ? 2 : -1, .eot = -1, .pad = -1, .unk = 0};
    if (!read_id(t, g, "tokenizer.ggml.bos_token_id", &s->bos, path, st) ||
        !read_id(t, g, "tokenizer.ggml.eos_token_id", &s->eos, path, st) ||
        !read_id(t, g, "tokenizer.ggml.eot_token_id", &s->eot, path, st) ||
        !read_id(t, g, "tokenizer.ggml.unknown_token_id", &s->unk, path, st) ||
        !read_id(t, g, "tokenizer.ggml.padding_token_id", &s->pad, path, st))
        return false;
    bool add_bos = sentencepiece || byte_pairs_add_bos, add_eos = false;
    gguf_get_bool(g, "tokenizer.ggml.add_bos_token", &add_bos);
    gguf_get_bool(g, "tokenizer.ggml.add_eos_token", &add_eos);
    if (add_bos && s->bos >= 0) t->before[t->before_count++] = s->bos;
    if (add_eos && s->eos >= 0) t->after[t->after_count++] = s->eos;
    if (sentencepiece) t->unknown = s->unk; /* byte-level vocabularies drop the few bytes they lack */
    return true;
}

/* tokenizer.chat_template, and the others by the names that tokenizer.chat_templates lists. */
static bool read_templates(tokenizer *t, const gguf *g, status *st)
{
    gguf_string text, name;
    const gguf_value *names = gguf_get_array(g, "tokenizer.chat_templates");
    if (gguf_get_string(g, "tokenizer.chat_template", &text) && !tokenizer_add_chat(t, "default", 7, text.text, text.size, st)) return false;
    if (!names || names->item != GGUF_STRING) return true;
    for (gguf_strings it = gguf_strings_of(names); gguf_strings_next(&it, &name);) {
        char key[100];
        if (name.size > 60 || memchr(name.text, 0, name.size)) continue;
        snprintf(key, sizeof key, "tokenizer.chat_template.%.*s", (int)name.size, name.text);
        if (gguf_get_string(g, key, &text) && !tokenizer_add_chat(t, name.text, name.size, text.text, text.size, st)) return false;
    }
    return true;
}

static bool read_all(tokenizer *t, const gguf *g, const char *path, status *st)
{
    gguf_string model, pre;
    if (!gguf_get_string(g, "tokenizer.ggml.model", &model))
        return status_set(st, STATUS_INPUT, "%s: tokenizer.ggml.model is missing: the file has no tokenizer", path);
    bool sentencepiece = is(model, "llama");
    if (!sentencepiece && !is(model, "gpt2"))
        return status_set(st, STATUS_INPUT, "%s: the tokenizer model '%.*s' is not supported (gpt2, llama)", path,
                          (int)(model.size < 60 ? model.size : 60), model.text);
    if (!read_tokens(t, g, path, st)) return false;
    if (!gguf_get_string(g, "tokenizer.ggml.pre", &pre)) {
        pre.text = sentencepiece ? "default" : guess_pre(t, g, path);
        pre.size = strlen(pre.text);
    }
    bool ok = sentencepiece ? set_sentencepiece(t, g, path, st) && read_scores(t, g, path, st)
                            : tokenizer_preset_apply(t, pre.text, pre.size, path, st) && read_merges(t, g, path, st);
    bool add_bos = !sentencepiece && (is(pre, "llama-bpe") || is(pre, "llama3") || is(pre, "llama-v3"));
    return ok && mark_added(t, g, path, st) && read_special(t, g, sentencepiece, add_bos, path, st) && read_templates(t, g, st) && tokenizer_finish(t, path, st);
}

tokenizer *tokenizer_open_gguf(const gguf *g, const char *path, status *st)
{
    tokenizer *t = tokenizer_new(st);
    if (!t || read_all(t, g, path, st)) return t;
    tokenizer_free(t);
    return NULL;
}
