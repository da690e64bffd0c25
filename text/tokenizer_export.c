#include "text/tokenizer_export.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "text/tokenizer_pipeline.h"

/* One way to write a tokenizer: its pre-tokeniser's name, or SentencePiece with or without a space put in front. */
typedef struct {
    const char *pre; /* NULL: SentencePiece */
    bool space_prefix;
} manner;

static const manner BYTE_LEVEL[] = {{"gpt-2", false},     {"smollm", false}, {"llama-bpe", false}, {"qwen2", false},     {"gpt-4o", false},
                                    {"tekken", false},    {"olmo", false},   {"stablelm2", false}, {"command-r", false}, {"smaug-bpe", false}};
static const manner SENTENCEPIECE[] = {{NULL, true}, {NULL, false}};

/* Digits in groups, contractions in both cases, runs of white space, capitals within words, marks that NFC joins, scripts
 * without spaces, symbols: what the pre-tokenisers treat differently. */
static const char PROBE[] = "Hello World  it's IT'S we'LL  1234567 3.14,\n\n  x\t\ty \r\n camelCaseWORDs e\xCC\x81t\xC3\xA9 "
                            "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xB8\x96\xE7\x95\x8C \xD0\x9F\xD1\x80\xD0\xB8 \xF0\x9F\x98\x80\xF0\x9F\x91\x8D!?!... "
                            "a/b\\c  =='\"'' \xD9\xA3\xD9\xA4\xD9\xA5\xD9\xA6   \n if (x>=10) { return 0; }  ";

/* The merges in the order of their ranks: slot[rank], NULL where a rank is not used. Freed with alloc_free. */
static const merge_slot **merges_by_rank(const tokenizer_vocab *v, uint32_t *ranks, status *st)
{
    *ranks = 0;
    for (uint32_t i = 0; v->merge && i <= v->merge_mask; i++)
        if (v->merge[i].id >= 0 && v->merge[i].rank >= *ranks) *ranks = v->merge[i].rank + 1;
    const merge_slot **by_rank = alloc_zeroed((size_t)*ranks + 1, sizeof *by_rank, st);
    for (uint32_t i = 0; by_rank && v->merge && i <= v->merge_mask; i++)
        if (v->merge[i].id >= 0) by_rank[v->merge[i].rank] = &v->merge[i];
    return by_rank;
}

static void write_merges(const tokenizer_vocab *v, const merge_slot *const *by_rank, uint32_t ranks, gguf_writer *w, status *st)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < ranks; i++) count += by_rank[i] != NULL;
    gguf_write_array(w, "tokenizer.ggml.merges", GGUF_STRING, count);
    for (uint32_t i = 0; i < ranks && status_ok(st); i++) {
        if (!by_rank[i]) continue;
        int32_t left = (int32_t)(by_rank[i]->pair >> 32), right = (int32_t)(by_rank[i]->pair & UINT32_MAX);
        size_t a = v->span[left].length, b = v->span[right].length;
        char *both = alloc_array(a + 1 + b, 1, st);
        if (!both) return;
        memcpy(both, tokenizer_vocab_text(v, left), a);
        both[a] = ' ';
        memcpy(both + a + 1, tokenizer_vocab_text(v, right), b);
        gguf_write_string_item(w, both, a + 1 + b);
        alloc_free(both);
    }
}

/* SentencePiece merges the pair whose token has the highest score first: the negative rank of a token's first merge. */
static void write_scores(const tokenizer *t, int64_t rows, const merge_slot *const *by_rank, uint32_t ranks, gguf_writer *w, status *st)
{
    const tokenizer_vocab *v = &t->vocab;
    float *score = alloc_zeroed((size_t)rows, sizeof *score, st);
    if (!score) return;
    for (int32_t id = 0; id < v->size; id++) score[id] = v->score ? v->score[id] : -(float)ranks;
    for (uint32_t i = ranks; i-- > 0 && !v->score;)
        if (by_rank[i]) score[by_rank[i]->id] = -(float)i;
    gguf_write_array(w, "tokenizer.ggml.scores", GGUF_F32, (uint64_t)rows);
    for (int64_t id = 0; id < rows; id++) gguf_write_f32_item(w, score[id]);
    alloc_free(score);
}

static token_type type_of(const tokenizer *t, int64_t id)
{
    if (id >= t->vocab.size || t->vocab.type[id] == TOKEN_ABSENT) return TOKEN_UNUSED;
    if (t->byte_level) return (token_type)t->vocab.type[id];
    if (id == t->unknown) return TOKEN_UNKNOWN;
    for (int b = 0; b < 256 && t->byte_fallback; b++)
        if (t->byte_id[b] == id) return TOKEN_BYTE;
    return (token_type)t->vocab.type[id];
}

static void write_tokens(const tokenizer *t, int64_t rows, gguf_writer *w)
{
    gguf_write_array(w, "tokenizer.ggml.tokens", GGUF_STRING, (uint64_t)rows);
    for (int64_t id = 0; id < rows; id++) {
        char unused[32];
        size_t size;
        const char *text = id < t->vocab.size ? tokenizer_token_text(t, (int32_t)id, &size) : NULL;
        if (!text || type_of(t, id) == TOKEN_UNUSED) {
            size = (size_t)snprintf(unused, sizeof unused, "[PAD%lld]", (long long)id);
            text = unused;
        }
        gguf_write_string_item(w, text, size);
    }
    gguf_write_array(w, "tokenizer.ggml.token_type", GGUF_I32, (uint64_t)rows);
    for (int64_t id = 0; id < rows; id++) gguf_write_i32_item(w, type_of(t, id));
}

static void write_id(gguf_writer *w, const char *key, int32_t id)
{
    if (id >= 0) gguf_write_u32(w, key, (uint32_t)id);
}

static bool holds(const int32_t *list, int count, int32_t id)
{
    for (int i = 0; i < count; i++)
        if (list[i] == id) return true;
    return false;
}

static int32_t flags_of(const added_token *a)
{
    return (a->left_strip ? TOKENIZER_LEFT_STRIP : 0) | (a->right_strip ? TOKENIZER_RIGHT_STRIP : 0) | (a->single_word ? TOKENIZER_SINGLE_WORD : 0);
}

/* Added tokens that take in the white space beside them, or stand for whole words only. */
static void write_flags(const tokenizer *t, gguf_writer *w)
{
    const added_set *sets[] = {&t->raw, &t->normal};
    uint64_t count = 0;
    for (int pass = 0; pass < 2; pass++) {
        if (pass && count) gguf_write_array(w, TOKENIZER_FLAGS_KEY, GGUF_I32, 2 * count);
        for (int s = 0; s < 2; s++)
            for (int32_t i = 0; i < sets[s]->count; i++) {
                int32_t flags = flags_of(&sets[s]->token[i]);
                if (!pass) count += flags != 0;
                else if (flags) gguf_write_i32_item(w, sets[s]->token[i].id), gguf_write_i32_item(w, flags);
            }
    }
}

static void write_special(const tokenizer *t, gguf_writer *w)
{
    tokenizer_special s = tokenizer_special_ids(t);
    if (s.bos < 0 && t->before_count) s.bos = t->before[0]; /* a tokenizer.json names what it adds, not what that is */
    if (s.eos < 0 && t->after_count) s.eos = t->after[0];
    write_id(w, "tokenizer.ggml.bos_token_id", s.bos);
    write_id(w, "tokenizer.ggml.eos_token_id", s.eos);
    if (s.eot != s.eos) write_id(w, "tokenizer.ggml.eot_token_id", s.eot);
    write_id(w, "tokenizer.ggml.unknown_token_id", t->byte_level ? s.unk : t->unknown);
    write_id(w, "tokenizer.ggml.padding_token_id", s.pad);
    gguf_write_bool(w, "tokenizer.ggml.add_bos_token", s.bos >= 0 && holds(t->before, t->before_count, s.bos));
    gguf_write_bool(w, "tokenizer.ggml.add_eos_token", s.eos >= 0 && holds(t->after, t->after_count, s.eos));
    int named = 0;
    for (int i = 0; i < t->chats; i++) named += strcmp(t->chat[i].name, "default") != 0 && strlen(t->chat[i].name) <= 60;
    if (named) gguf_write_array(w, "tokenizer.chat_templates", GGUF_STRING, (uint64_t)named);
    for (int i = 0; i < t->chats; i++)
        if (strcmp(t->chat[i].name, "default") != 0 && strlen(t->chat[i].name) <= 60) gguf_write_string_item(w, t->chat[i].name, strlen(t->chat[i].name));
    for (int i = 0; i < t->chats; i++) {
        if (strlen(t->chat[i].name) > 60) continue;
        char key[100] = "tokenizer.chat_template";
        if (strcmp(t->chat[i].name, "default") != 0) snprintf(key, sizeof key, "tokenizer.chat_template.%.60s", t->chat[i].name);
        gguf_write_string(w, key, t->chat[i].text, strlen(t->chat[i].text));
    }
}

static bool write_keys(const tokenizer *t, int64_t rows, manner m, gguf_writer *w, status *st)
{
    uint32_t ranks;
    const merge_slot **by_rank = merges_by_rank(&t->vocab, &ranks, st);
    if (!by_rank) return false;
    gguf_write_string(w, "tokenizer.ggml.model", m.pre ? "gpt2" : "llama", m.pre ? 4 : 5);
    gguf_write_string(w, "tokenizer.ggml.pre", m.pre ? m.pre : "default", strlen(m.pre ? m.pre : "default"));
    if (!m.pre) gguf_write_bool(w, "tokenizer.ggml.add_space_prefix", m.space_prefix);
    write_tokens(t, rows, w);
    if (m.pre) write_merges(&t->vocab, by_rank, ranks, w, st);
    else write_scores(t, rows, by_rank, ranks, w, st);
    write_flags(t, w);
    write_special(t, w);
    alloc_free(by_rank);
    return status_ok(st);
}

static bool same_ids(const tokenizer *a, const tokenizer *b, status *st)
{
    tokenizer_ids x = {0}, y = {0};
    bool same = tokenizer_encode(a, PROBE, sizeof PROBE - 1, TOKENIZER_ADD_SPECIAL, &x, st) &&
                tokenizer_encode(b, PROBE, sizeof PROBE - 1, TOKENIZER_ADD_SPECIAL, &y, st) && x.count == y.count &&
                memcmp(x.id, y.id, (size_t)x.count * sizeof *x.id) == 0;
    tokenizer_ids_free(&x);
    tokenizer_ids_free(&y);
    return same;
}

/* Whether the keys written so read back as the same tokenizer. What our own reader refuses is no such manner either. */
static bool fits(const tokenizer *t, int64_t rows, manner m, const char *path, status *st)
{
    gguf_writer *w = gguf_write_new(st);
    size_t size = 0;
    const void *bytes = w && write_keys(t, rows, m, w, st) ? gguf_write_bytes(w, &size) : NULL;
    weights_table none = {.path = path};
    status trial = {0};
    gguf *g = bytes ? gguf_open(bytes, size, path, &none, &trial) : NULL;
    tokenizer *again = g ? tokenizer_open_gguf(g, path, &trial) : NULL;
    bool same = again && same_ids(t, again, &trial);
    if (trial.code == STATUS_NOMEM) status_set(st, trial.code, "%s", trial.msg);
    tokenizer_free(again);
    gguf_close(g);
    weights_table_free(&none);
    gguf_write_free(w);
    return same && status_ok(st);
}

bool tokenizer_export(const tokenizer *t, int64_t rows, gguf_writer *w, const char *path, status *st)
{
    const manner *m = t->byte_level ? BYTE_LEVEL : SENTENCEPIECE;
    size_t count = t->byte_level ? sizeof BYTE_LEVEL / sizeof *m : sizeof SENTENCEPIECE / sizeof *m;
    if (rows < t->vocab.size)
        return status_set(st, STATUS_INPUT, "%s: the tokenizer has %d tokens, the model's table %lld rows", path, t->vocab.size, (long long)rows);
    for (size_t i = 0; i < count && status_ok(st); i++)
        if (fits(t, rows, m[i], path, st)) return write_keys(t, rows, m[i], w, st);
    return status_set(st, STATUS_INPUT, "%s: the tokenizer does what no tokenizer of a GGUF file does", path);
}
