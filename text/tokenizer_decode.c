/* Ids back to bytes. Every rule works on one token and the little that tokenizer_decoder remembers, so that a stream
 * gives the same bytes as the whole. */
#include <string.h>

#include "text/tokenizer_pipeline.h"

/* The value of <0x0A>, or −1. */
static int byte_of_name(const char *text, size_t size)
{
    if (size != 6 || memcmp(text, "<0x", 3) != 0 || text[5] != '>') return -1;
    int value = 0;
    for (int i = 3; i < 5; i++) {
        char c = text[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* The bytes that a token in GPT-2's alphabet stands for. A token with a character outside it stands for its own text. */
static bool push_alphabet(const char *text, size_t size, tokenizer_bytes *out, status *st)
{
    size_t had = out->size;
    for (size_t i = 0; i < size;) {
        uint32_t c = 0;
        int n = tokenizer_unicode_char(text + i, size - i, &c), byte = n ? tokenizer_alphabet_byte(c) : -1;
        if (byte < 0) {
            out->size = had;
            return tokenizer_bytes_push(out, text, size, st);
        }
        if (!tokenizer_bytes_push(out, &(char){(char)byte}, 1, st)) return false;
        i += (size_t)n;
    }
    return true;
}

/* Text in which t->space stands for " "; the first strip_left spaces of the whole text are left out. */
static bool push_spaced(const tokenizer *t, tokenizer_decoder *d, const char *text, size_t size, tokenizer_bytes *out,
                        status *st)
{
    for (size_t i = 0; i < size;) {
        bool mark = t->space.size && size - i >= t->space.size && memcmp(text + i, t->space.data, t->space.size) == 0;
        char c = mark ? ' ' : text[i];
        i += mark ? t->space.size : 1;
        if (c == ' ' && d->stripped < t->strip_left) {
            d->stripped++;
            continue;
        }
        d->stripped = t->strip_left; /* the first other character ends the stripping */
        if (!tokenizer_bytes_push(out, &c, 1, st)) return false;
    }
    return true;
}

static bool push_word_end(const tokenizer *t, tokenizer_decoder *d, size_t *size, const char *text)
{
    if (!t->suffix_is_space || *size < t->suffix.size || !t->suffix.size) return false;
    if (memcmp(text + *size - t->suffix.size, t->suffix.data, t->suffix.size) != 0) return false;
    *size -= t->suffix.size;
    d->pending_space = true;
    return true;
}

static bool decode_one(const tokenizer *t, tokenizer_decoder *d, int32_t id, tokenizer_bytes *out, status *st)
{
    if (id < 0 || id >= t->vocab.size)
        return status_set(st, STATUS_FAIL, "token id %d is outside the vocabulary of %d", id, t->vocab.size);
    bool added = t->added[id];
    if ((t->added[id] & ADDED_SPECIAL) && !d->special) return true;
    const char *text = tokenizer_vocab_text(&t->vocab, id);
    size_t size = t->vocab.span[id].length;
    bool space = d->pending_space || (t->join_with_space && d->started);
    d->pending_space = false;
    d->started = true;
    if (space && !tokenizer_bytes_push(out, " ", 1, st)) return false;
    if (!added) push_word_end(t, d, &size, text);
    if (t->byte_level) return added ? tokenizer_bytes_push(out, text, size, st) : push_alphabet(text, size, out, st);
    int byte = t->byte_fallback ? byte_of_name(text, size) : -1;
    if (byte >= 0) return push_spaced(t, d, &(char){(char)byte}, 1, out, st);
    return push_spaced(t, d, text, size, out, st);
}

bool tokenizer_decode(const tokenizer *t, tokenizer_decoder *d, const int32_t *id, int64_t count, tokenizer_bytes *out,
                      status *st)
{
    for (int64_t i = 0; i < count; i++)
        if (!decode_one(t, d, id[i], out, st)) return false;
    return true;
}
