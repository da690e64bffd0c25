/* A tokenizer from the tokenizers library's tokenizer.json. The vocabulary and the merges, which make up nearly all of
 * the file, are walked in place; the few settings go through jansson in tokenizer_settings. */
#include <string.h>

#include "core/alloc.h"
#include "core/json_cursor.h"
#include "text/tokenizer_pipeline.h"
#include "text/tokenizer_settings.h"

/* One value of the document as it stands in the file; size 0: absent. */
typedef struct {
    const char *text;
    size_t size;
} span;

typedef struct {
    span added_tokens, normalizer, pre_tokenizer, post_processor, decoder, vocab, merges;
    tokenizer_bytes settings; /* the model's object without vocabulary and merges */
    const char *name;         /* for messages */
    char *scratch;            /* room for the longest string of the file, escapes resolved */
} document;

static bool bad_json(const json_cursor *c, const document *d, status *st)
{
    return status_set(st, STATUS_INPUT, "%s: no valid JSON of a tokenizer: byte %zu: %s was wanted", d->name,
                      (size_t)(c->at - c->start), c->wanted ? c->wanted : "the end");
}

static bool take_span(json_cursor *c, span *out)
{
    const char *from = c->at;
    if (!json_cursor_skip(c)) return false;
    *out = (span){.text = from, .size = (size_t)(c->at - from)};
    return true;
}

static bool read_model(json_cursor *c, document *d, status *st)
{
    json_text key;
    if (!json_cursor_enter(c, '{')) return bad_json(c, d, st);
    while (json_cursor_more(c, '}') && json_cursor_key(c, &key)) {
        span value;
        if (!take_span(c, &value)) break;
        if (json_cursor_is(key, "vocab")) d->vocab = value;
        else if (json_cursor_is(key, "merges")) d->merges = value;
        else if (!tokenizer_bytes_push(&d->settings, d->settings.size ? "," : "{", 1, st) ||
                 !tokenizer_bytes_push(&d->settings, key.text - 1, key.size + 2, st) || /* with its quotes */
                 !tokenizer_bytes_push(&d->settings, ":", 1, st) ||
                 !tokenizer_bytes_push(&d->settings, value.text, value.size, st))
            return false;
    }
    if (json_cursor_bad(c)) return bad_json(c, d, st);
    return !d->settings.size || tokenizer_bytes_push(&d->settings, "}", 1, st);
}

static bool read_document(document *d, const char *json, size_t size, status *st)
{
    json_cursor c = json_cursor_begin(json, size);
    json_text key;
    if (!json_cursor_enter(&c, '{')) return bad_json(&c, d, st);
    while (json_cursor_more(&c, '}') && json_cursor_key(&c, &key)) {
        span ignored, *to = &ignored;
        if (json_cursor_is(key, "model")) {
            if (!read_model(&c, d, st)) return false;
            continue;
        }
        if (json_cursor_is(key, "added_tokens")) to = &d->added_tokens;
        if (json_cursor_is(key, "normalizer")) to = &d->normalizer;
        if (json_cursor_is(key, "pre_tokenizer")) to = &d->pre_tokenizer;
        if (json_cursor_is(key, "post_processor")) to = &d->post_processor;
        if (json_cursor_is(key, "decoder")) to = &d->decoder;
        if (!take_span(&c, to)) break;
    }
    if (json_cursor_bad(&c) || !json_cursor_end(&c)) return bad_json(&c, d, st);
    if (!d->vocab.size) return status_set(st, STATUS_INPUT, "%s: model.vocab is missing", d->name);
    return true;
}

/* The string with its escapes resolved, in place or in the scratch. */
static span plain(const document *d, json_text s)
{
    if (!s.escaped) return (span){.text = s.text, .size = s.size};
    return (span){.text = d->scratch, .size = json_cursor_unescape(s, d->scratch)};
}

/* Elements of an object or array. */
static size_t count_elements(span s, char close)
{
    json_cursor c = json_cursor_begin(s.text, s.size);
    json_text key;
    size_t n = 0;
    if (!json_cursor_enter(&c, close == '}' ? '{' : '[')) return 0;
    for (; json_cursor_more(&c, close) && (close == ']' || json_cursor_key(&c, &key)) && json_cursor_skip(&c); n++) {}
    return n;
}

static bool read_vocab(tokenizer *t, const document *d, status *st)
{
    if (!tokenizer_vocab_reserve(&t->vocab, count_elements(d->vocab, '}'), d->vocab.size, st)) return false;
    json_cursor c = json_cursor_begin(d->vocab.text, d->vocab.size);
    json_text key;
    if (!json_cursor_enter(&c, '{')) return bad_json(&c, d, st);
    while (json_cursor_more(&c, '}') && json_cursor_key(&c, &key)) {
        uint64_t id;
        if (!json_cursor_u64(&c, &id)) break;
        span text = plain(d, key);
        int64_t checked = id > INT64_MAX ? INT64_MAX : (int64_t)id;
        if (!tokenizer_vocab_add(&t->vocab, checked, text.text, text.size, TOKEN_NORMAL, true, d->name, st)) return false;
    }
    return !json_cursor_bad(&c) || bad_json(&c, d, st);
}

/* One merge: "left right", or ["left", "right"]. */
static bool read_merge(json_cursor *c, tokenizer *t, const document *d, uint32_t rank, status *st)
{
    json_text first, second;
    while (c->at < c->end && strchr(" \t\r\n", *c->at) && *c->at) c->at++;
    if (c->at < c->end && *c->at == '[') {
        bool two = json_cursor_enter(c, '[') && json_cursor_more(c, ']') && json_cursor_string(c, &first) &&
                   json_cursor_more(c, ']') && json_cursor_string(c, &second);
        if (!two || json_cursor_more(c, ']') || json_cursor_bad(c))
            return json_cursor_bad(c) ? bad_json(c, d, st)
                                      : status_set(st, STATUS_INPUT, "%s: merge %u is no pair of tokens", d->name, rank);
        span left = plain(d, first);
        span right = {.text = second.text, .size = second.size};
        if (second.escaped) {
            char *behind = d->scratch + (first.escaped ? left.size : 0);
            right = (span){.text = behind, .size = json_cursor_unescape(second, behind)};
        }
        return tokenizer_vocab_add_merge(&t->vocab, left.text, left.size, right.text, right.size, t->prefix.size, rank, d->name, st);
    }
    if (!json_cursor_string(c, &first)) return bad_json(c, d, st);
    span both = plain(d, first);
    const char *space = both.size > 1 ? memchr(both.text + 1, ' ', both.size - 1) : NULL;
    size_t left = space ? (size_t)(space - both.text) : 0;
    if (!space || left + 1 == both.size)
        return status_set(st, STATUS_INPUT, "%s: merge %u is '%.*s', two tokens with a space between wanted", d->name, rank,
                          (int)(both.size < 60 ? both.size : 60), both.text);
    return tokenizer_vocab_add_merge(&t->vocab, both.text, left, space + 1, both.size - left - 1, t->prefix.size, rank, d->name, st);
}

static bool read_merges(tokenizer *t, const document *d, status *st)
{
    if (!d->merges.size) return true;
    if (!tokenizer_vocab_reserve_merges(&t->vocab, count_elements(d->merges, ']'), st)) return false;
    json_cursor c = json_cursor_begin(d->merges.text, d->merges.size);
    if (!json_cursor_enter(&c, '[')) return bad_json(&c, d, st);
    for (uint32_t rank = 0; json_cursor_more(&c, ']'); rank++)
        if (!read_merge(&c, t, d, rank, st)) return false;
    return !json_cursor_bad(&c) || bad_json(&c, d, st);
}

static bool read_all(tokenizer *t, document *d, const char *json, size_t size, status *st)
{
    if (!read_document(d, json, size, st)) return false;
    d->scratch = alloc_array(size + 1, 1, st);
    return d->scratch && read_vocab(t, d, st) &&
           tokenizer_settings_added(t, d->added_tokens.text, d->added_tokens.size, d->name, st) &&
           tokenizer_settings_model(t, d->settings.data, d->settings.size, d->name, st) && read_merges(t, d, st) &&
           tokenizer_settings_normalizer(t, d->normalizer.text, d->normalizer.size, d->name, st) &&
           tokenizer_settings_pre_tokenizer(t, d->pre_tokenizer.text, d->pre_tokenizer.size, d->name, st) &&
           tokenizer_settings_decoder(t, d->decoder.text, d->decoder.size, d->name, st) &&
           tokenizer_settings_post_processor(t, d->post_processor.text, d->post_processor.size, d->name, st);
}

bool tokenizer_json_read(tokenizer *t, const char *json, size_t size, const char *name, status *st)
{
    document d = {.name = name};
    bool ok = read_all(t, &d, json, size, st);
    alloc_free(d.scratch);
    tokenizer_bytes_free(&d.settings);
    return ok;
}

tokenizer *tokenizer_open_json(const char *json, size_t size, const char *name, status *st)
{
    tokenizer *t = tokenizer_new(st);
    if (!t || (tokenizer_json_read(t, json, size, name, st) && tokenizer_finish(t, name, st))) return t;
    tokenizer_free(t);
    return NULL;
}

/* ---- vocab.json and merges.txt ---- */

static bool read_vocab_file(tokenizer *t, const char *json, size_t size, const char *name, status *st)
{
    document d = {.name = name, .vocab = {json, size}};
    d.scratch = alloc_array(size + 1, 1, st);
    bool ok = d.scratch && read_vocab(t, &d, st);
    alloc_free(d.scratch);
    return ok;
}

static bool read_merges_file(tokenizer *t, const char *text, size_t size, const char *name, status *st)
{
    size_t lines = 1;
    for (const char *at = text; (at = memchr(at, '\n', size - (size_t)(at - text))); at++) lines++;
    if (!tokenizer_vocab_reserve_merges(&t->vocab, lines, st)) return false;
    uint32_t rank = 0;
    for (const char *at = text, *end = text + size; at < end;) {
        const char *next = memchr(at, '\n', (size_t)(end - at)), *stop = next ? next : end;
        size_t n = (size_t)(stop - at);
        if (n && at[n - 1] == '\r') n--;
        bool comment = n >= 8 && memcmp(at, "#version", 8) == 0 && rank == 0;
        if (n && !comment) {
            const char *space = n > 1 ? memchr(at + 1, ' ', n - 1) : NULL;
            size_t left = space ? (size_t)(space - at) : 0;
            if (!space || left + 1 == n)
                return status_set(st, STATUS_INPUT, "%s: merge %u is '%.*s', two tokens with a space between wanted", name, rank,
                                  (int)(n < 60 ? n : 60), at);
            if (!tokenizer_vocab_add_merge(&t->vocab, at, left, space + 1, n - left - 1, 0, rank, name, st)) return false;
            rank++;
        }
        at = next ? next + 1 : end;
    }
    return true;
}

/* CLIP's vocabulary marks the ends of words; GPT-2's has no such token. */
static bool marks_word_ends(const tokenizer *t) { return tokenizer_vocab_find(&t->vocab, "a</w>", 5) >= 0; }

bool tokenizer_json_read_merges(tokenizer *t, const char *vocab, size_t vocab_size, const char *merges, size_t merges_size,
                                const char *kind, const char *name, status *st)
{
    if (!read_vocab_file(t, vocab, vocab_size, name, st) || !read_merges_file(t, merges, merges_size, name, st)) return false;
    if (!kind) kind = marks_word_ends(t) ? "clip" : "gpt-2";
    return tokenizer_preset_apply(t, kind, strlen(kind), name, st);
}

/* The tokens that such a vocabulary names by custom, where no other file says which they are. */
static bool add_customary(tokenizer *t, const char *name, status *st)
{
    static const char *const begin[] = {"<|startoftext|>", "<s>"}, *const end[] = {"<|endoftext|>", "</s>"};
    for (int i = 0; i < 2; i++) {
        const char *text[] = {begin[i], end[i]};
        for (int k = 0; k < 2; k++) {
            int32_t id = tokenizer_vocab_find(&t->vocab, text[k], strlen(text[k]));
            if (id < 0) continue;
            if (!tokenizer_add_token(t, id, text[k], strlen(text[k]), (added_token){.special = true}, name, st)) return false;
            if (k == 0 && t->special.bos < 0) t->special.bos = id;
            if (k == 1 && t->special.eos < 0) t->special.eos = id;
        }
    }
    if (!t->suffix.size) return true;
    t->unknown = t->special.unk = t->special.pad = t->special.eos;
    if (t->special.bos >= 0) t->before[t->before_count++] = t->special.bos;
    if (t->special.eos >= 0) t->after[t->after_count++] = t->special.eos;
    return true;
}

tokenizer *tokenizer_open_merges(const char *vocab, size_t vocab_size, const char *merges, size_t merges_size,
                                 const char *kind, const char *name, status *st)
{
    tokenizer *t = tokenizer_new(st);
    if (!t || (tokenizer_json_read_merges(t, vocab, vocab_size, merges, merges_size, kind, name, st) &&
               add_customary(t, name, st) && tokenizer_finish(t, name, st)))
        return t;
    tokenizer_free(t);
    return NULL;
}
