/* The public functions, the added tokens, and what is left to do when a reader has filled a tokenizer. */
#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/utf8.h"
#include "text/tokenizer_pipeline.h"
#include "text/tokenizer_unicode.h"

tokenizer *tokenizer_new(status *st)
{
    tokenizer *t = alloc_zeroed(1, sizeof *t, st);
    if (!t) return NULL;
    t->special = (tokenizer_special){.bos = -1, .eos = -1, .eot = -1, .pad = -1, .unk = -1};
    t->unknown = -1;
    return t;
}

void tokenizer_free(tokenizer *t)
{
    if (!t) return;
    tokenizer_vocab_free(&t->vocab);
    alloc_free(t->added_text);
    alloc_free(t->raw.token);
    alloc_free(t->normal.token);
    alloc_free(t->added);
    for (int i = 0; i < t->normalisers; i++) tokenizer_regex_free(t->normaliser[i].pattern.regex);
    for (int i = 0; i < t->steps; i++) tokenizer_regex_free(t->step[i].pattern.regex);
    for (int i = 0; i < t->chats; i++) alloc_free(t->chat[i].name), alloc_free(t->chat[i].text);
    alloc_free(t);
}

void tokenizer_ids_free(tokenizer_ids *ids)
{
    alloc_free(ids->id);
    *ids = (tokenizer_ids){0};
}

void tokenizer_bytes_free(tokenizer_bytes *bytes)
{
    alloc_free(bytes->data);
    *bytes = (tokenizer_bytes){0};
}

bool tokenizer_ids_push(tokenizer_ids *ids, const int32_t *id, int64_t count, status *st)
{
    if (ids->room - ids->count < count) {
        int64_t room = (ids->count + count) * 2 < 64 ? 64 : (ids->count + count) * 2;
        int32_t *grown = alloc_resize(ids->id, (size_t)room, sizeof *grown, st);
        if (!grown) return false;
        ids->id = grown;
        ids->room = room;
    }
    for (int64_t i = 0; i < count; i++) ids->id[ids->count + i] = id[i];
    ids->count += count;
    return true;
}

bool tokenizer_bytes_push(tokenizer_bytes *bytes, const char *data, size_t size, status *st)
{
    if (bytes->room - bytes->size < size || !bytes->data) {
        size_t room = (bytes->size + size) * 2 < 64 ? 64 : (bytes->size + size) * 2;
        char *grown = alloc_resize(bytes->data, room, 1, st);
        if (!grown) return false;
        bytes->data = grown;
        bytes->room = room;
    }
    if (size) memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return true;
}

bool tokenizer_text_set(tokenizer_text *out, const char *data, size_t size, const char *where, status *st)
{
    if (size > sizeof out->data)
        return status_set(st, STATUS_INPUT, "%s: a setting of %zu bytes, at most %zu are supported", where, size,
                          sizeof out->data);
    if (size) memcpy(out->data, data, size);
    out->size = size;
    return true;
}

/* ---- GPT-2's alphabet: printable Latin-1 stands for itself, the other 68 bytes for U+0100 onwards ---- */

static bool stands_for_itself(int byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

uint32_t tokenizer_alphabet_code_point(int byte)
{
    if (stands_for_itself(byte)) return (uint32_t)byte;
    uint32_t n = 256;
    for (int b = 0; b < byte; b++) n += !stands_for_itself(b);
    return n;
}

int tokenizer_alphabet_byte(uint32_t c)
{
    if (c < 256) return stands_for_itself((int)c) ? (int)c : -1;
    if (c < 256 + 33) return (int)c - 256;            /* 00 to 20 */
    if (c < 256 + 33 + 34) return (int)c - 289 + 127; /* 7F to A0 */
    return c == 256 + 67 ? 0xAD : -1;
}

/* ---- added tokens ---- */

static bool push_added(tokenizer *t, added_set *set, int32_t *room, added_token a, const char *text, status *st)
{
    if (t->added_text_room - t->added_text_size < a.length) {
        size_t wanted = (t->added_text_size + a.length) * 2;
        char *grown = wanted < UINT32_MAX ? alloc_resize(t->added_text, wanted, 1, st) : NULL;
        if (!grown) return status_set(st, STATUS_INPUT, "the added tokens have more than 2^31 bytes of text");
        t->added_text = grown;
        t->added_text_room = wanted;
    }
    if (set->count == *room) {
        int32_t wanted = *room ? *room * 2 : 32;
        added_token *grown = alloc_resize(set->token, (size_t)wanted, sizeof *grown, st);
        if (!grown) return false;
        set->token = grown;
        *room = wanted;
    }
    a.offset = (uint32_t)t->added_text_size;
    memcpy(t->added_text + t->added_text_size, text, a.length);
    t->added_text_size += a.length;
    set->token[set->count++] = a;
    return true;
}

bool tokenizer_add_token(tokenizer *t, int64_t id, const char *text, size_t size, added_token flags, const char *where,
                         status *st)
{
    tokenizer_vocab *v = &t->vocab;
    token_type type = flags.special ? TOKEN_CONTROL : TOKEN_USER;
    if (id >= 0 && id < v->size && v->type[id] != TOKEN_ABSENT) {
        if (v->span[id].length != size || memcmp(tokenizer_vocab_text(v, (int32_t)id), text, size) != 0)
            return status_set(st, STATUS_INPUT, "%s: added token '%.*s' has the id %lld of the token '%.*s'", where,
                              (int)(size < 60 ? size : 60), text, (long long)id,
                              (int)(v->span[id].length < 60 ? v->span[id].length : 60),
                              tokenizer_vocab_text(v, (int32_t)id));
        if (v->type[id] != TOKEN_UNKNOWN) v->type[id] = (uint8_t)type;
    } else if (!tokenizer_vocab_add(v, id, text, size, type, true, where, st)) {
        return false;
    }
    if (!size) return true; /* found nowhere */
    if (size > TOKENIZER_MAX_PIECE) /* it is looked for at every byte of a text */
        return status_set(st, STATUS_INPUT, "%s: an added token of %zu bytes, at most %d are supported", where, size, TOKENIZER_MAX_PIECE);
    flags.id = (int32_t)id;
    flags.length = (uint32_t)size;
    return push_added(t, flags.normalised ? &t->normal : &t->raw, &t->added_room[flags.normalised], flags, text, st);
}

static int compare_added(const void *x, const void *y, void *text)
{
    const added_token *a = x, *b = y;
    uint32_t n = a->length < b->length ? a->length : b->length;
    int order = memcmp((char *)text + a->offset, (char *)text + b->offset, n);
    if (order) return order;
    return a->length != b->length ? (a->length < b->length ? -1 : 1) : (a->id < b->id ? -1 : a->id > b->id);
}

static void sort_added(tokenizer *t, added_set *set)
{
    if (set->count) qsort_r(set->token, (size_t)set->count, sizeof *set->token, compare_added, t->added_text);
    int32_t at = 0;
    for (int b = 0; b < 257; b++) {
        while (at < set->count && (unsigned char)t->added_text[set->token[at].offset] < b) at++;
        set->first[b] = at;
    }
}

/* The longest added token at the front of text, or NULL: the range of candidates is narrowed byte by byte. */
static const added_token *added_at(const tokenizer *t, const added_set *set, const char *text, size_t size)
{
    unsigned char byte = (unsigned char)text[0];
    int32_t low = set->first[byte], high = set->first[byte + 1];
    const added_token *found = NULL;
    for (size_t n = 1; low < high; n++) {
        if (set->token[low].length == n) found = &set->token[low]; /* the shortest of its range comes first */
        while (low < high && set->token[low].length == n) low++;
        if (n == size) break;
        unsigned char next = (unsigned char)text[n];
        for (int32_t end = high; low < end;) { /* first whose byte n is not below next */
            int32_t middle = low + (end - low) / 2;
            if ((unsigned char)t->added_text[set->token[middle].offset + n] < next) low = middle + 1;
            else end = middle;
        }
        int32_t from = low;
        for (int32_t end = high; from < end;) {
            int32_t middle = from + (end - from) / 2;
            if ((unsigned char)t->added_text[set->token[middle].offset + n] <= next) from = middle + 1;
            else end = middle;
        }
        high = from;
    }
    return found;
}

static size_t character_before(const char *text, size_t at, uint32_t *c)
{
    for (size_t n = 1; n <= 4 && n <= at; n++)
        if (tokenizer_unicode_char(text + at - n, n, c) == (int)n) return n;
    *c = 0;
    return 1;
}

/* A single_word token counts only where no word character touches it. */
static bool stands_alone(const char *text, size_t size, size_t begin, size_t end)
{
    uint32_t c = 0;
    if (begin > 0) {
        character_before(text, begin, &c);
        if (tokenizer_unicode_is_word(c)) return false;
    }
    return end >= size || !tokenizer_unicode_char(text + end, size - end, &c) || !tokenizer_unicode_is_word(c);
}

static size_t strip_before(const char *text, size_t floor, size_t at)
{
    uint32_t c;
    while (at > floor) {
        size_t n = character_before(text, at, &c);
        if (n > at - floor || !tokenizer_unicode_is_space(c)) break;
        at -= n;
    }
    return at;
}

static size_t strip_after(const char *text, size_t size, size_t at)
{
    uint32_t c;
    for (int n; at < size && (n = tokenizer_unicode_char(text + at, size - at, &c)) > 0; at += (size_t)n)
        if (!tokenizer_unicode_is_space(c)) break;
    return at;
}

/* Whether one of the bytes from … to was typed by a person. */
static bool is_given(const tokenizer_work *w, size_t from, size_t to) { return w->given && memchr(w->given + from, 1, to - from); }

/* The first added token at or behind `from`, with the spaces it takes along; NULL: none. `from` of a later call is the
 * end of the match, *search where to look on (a token that is not wanted is passed over). */
static const added_token *find_added(const tokenizer_work *w, const added_set *set, const char *text, size_t size,
                                     size_t from, size_t *search, size_t *begin, size_t *end)
{
    if (!set->count) return NULL;
    for (size_t i = *search; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (set->first[byte] == set->first[byte + 1]) continue;
        const added_token *a = added_at(w->t, set, text + i, size - i);
        if (!a) continue;
        size_t stop = i + a->length;
        if ((a->special && (!(w->flags & TOKENIZER_PARSE_SPECIAL) || is_given(w, i, stop))) || (a->single_word && !stands_alone(text, size, i, stop))) {
            i = stop - 1;
            continue;
        }
        *search = stop;
        *begin = a->left_strip ? strip_before(text, from, i) : i;
        *end = a->right_strip ? strip_after(text, size, stop) : stop;
        if (*begin < from) *begin = from;
        if (*end < from) *end = from;
        return a;
    }
    *search = size;
    return NULL;
}

/* ---- encoding ---- */

static bool encode_normal(tokenizer_work *w, const char *text, size_t size)
{
    size_t done = 0, search = 0, begin, end;
    const added_token *a;
    while ((a = find_added(w, &w->t->normal, text, size, done, &search, &begin, &end))) {
        if (begin > done && !tokenizer_split_piece(w, 0, text + done, begin - done)) return false;
        w->at_start = false;
        if (!tokenizer_ids_push(w->out, &a->id, 1, w->st)) return false;
        done = end;
    }
    bool ok = tokenizer_split_piece(w, 0, text + done, size - done);
    w->at_start = false;
    return ok;
}

static bool encode_one(tokenizer_work *w, const char *text, size_t size)
{
    const char *normal;
    size_t normal_size;
    return tokenizer_split_normalise(w, text, size, &normal, &normal_size) && encode_normal(w, normal, normal_size);
}

/* Whether a special token is among those that are looked for in normalised text. */
static bool has_normal_special(const tokenizer *t)
{
    for (int32_t i = 0; i < t->normal.count; i++)
        if (t->normal.token[i].special) return true;
    return false;
}

/* size bytes between two added tokens. Where the normalised text is searched for special tokens, too, its bytes are no longer
 * those that are marked as given: then the runs of given and other bytes are encoded each for itself. */
static bool encode_raw(tokenizer_work *w, const char *text, size_t size, const uint8_t *given)
{
    const uint8_t *all = w->given;
    int flags = w->flags;
    bool ok = true, mixed = given && size && has_normal_special(w->t);
    if (!size) return true;
    w->given = NULL;
    for (size_t from = 0, to; ok && mixed && from < size; from = to) {
        for (to = from; to < size && (given[to] != 0) == (given[from] != 0);) to++;
        w->flags = given[from] ? flags & ~TOKENIZER_PARSE_SPECIAL : flags;
        ok = encode_one(w, text + from, to - from);
    }
    if (!mixed) ok = encode_one(w, text, size);
    w->flags = flags, w->given = all;
    return ok;
}

static bool encode_all(tokenizer_work *w, const char *text, size_t size)
{
    const tokenizer *t = w->t;
    bool around = w->flags & TOKENIZER_ADD_SPECIAL;
    size_t done = 0, search = 0, begin, end;
    const added_token *a;
    if (around && !tokenizer_ids_push(w->out, t->before, t->before_count, w->st)) return false;
    while ((a = find_added(w, &t->raw, text, size, done, &search, &begin, &end))) {
        if (begin > done && !encode_raw(w, text + done, begin - done, w->given ? w->given + done : NULL)) return false;
        w->at_start = false;
        if (!tokenizer_ids_push(w->out, &a->id, 1, w->st)) return false;
        done = end;
    }
    if (!encode_raw(w, text + done, size - done, w->given ? w->given + done : NULL)) return false;
    return !around || tokenizer_ids_push(w->out, t->after, t->after_count, w->st);
}

bool tokenizer_encode(const tokenizer *t, const char *text, size_t size, int flags, tokenizer_ids *out, status *st)
{
    return tokenizer_encode_marked(t, text, NULL, size, flags, out, st);
}

bool tokenizer_encode_marked(const tokenizer *t, const char *text, const uint8_t *given, size_t size, int flags, tokenizer_ids *out, status *st)
{
    if (size > INT32_MAX / 8)
        return status_set(st, STATUS_INPUT, "a text of %zu bytes: at most %d are encoded in one piece", size, INT32_MAX / 8);
    tokenizer_work w = {.t = t, .out = out, .st = st, .flags = flags, .given = given, .at_start = true, .text_size = size};
    int64_t had = out->count;
    bool ok = encode_all(&w, text, size);
    if (!ok) out->count = had;
    tokenizer_split_free(&w);
    tokenizer_bpe_free(&w);
    return ok;
}

/* ---- what a reader leaves to do ---- */

static void fill_byte_ids(tokenizer *t)
{
    for (int b = 0; b < 256; b++) {
        char text[4 + TOKENIZER_MAX_PIECE];
        if (!t->byte_level) {
            static const char digit[] = "0123456789ABCDEF";
            char name[6] = {'<', '0', 'x', digit[b >> 4], digit[b & 15], '>'};
            t->byte_id[b] = t->byte_id_last[b] = tokenizer_vocab_find(&t->vocab, name, sizeof name);
            continue;
        }
        size_t n = utf8_encode(tokenizer_alphabet_code_point(b), text);
        t->byte_id[b] = tokenizer_vocab_find(&t->vocab, text, n);
        memcpy(text + n, t->suffix.data, t->suffix.size);
        t->byte_id_last[b] = tokenizer_vocab_find(&t->vocab, text, n + t->suffix.size);
    }
}

static void find_space_cuts(tokenizer *t)
{
    const tokenizer_vocab *v = &t->vocab;
    t->space_cuts = !t->byte_level && !t->ignore_merges && !t->prefix.size && !t->suffix.size &&
                    tokenizer_vocab_find(v, "\xE2\x96\x81", 3) >= 0;
    for (int32_t id = 0; id < v->size && t->space_cuts; id++) {
        const char *text = tokenizer_vocab_text(v, id), *end = text + v->span[id].length;
        for (const char *at = text + 1; at < end && (at = memmem(at, (size_t)(end - at), "\xE2\x96\x81", 3)); at++)
            t->cut_not_after[(unsigned char)at[-1]] = true;
    }
}

void tokenizer_add_end(tokenizer *t, int32_t id)
{
    if (id < 0 || t->end_count == TOKENIZER_MAX_END || tokenizer_is_end(t, id)) return;
    t->end[t->end_count++] = id;
}

/* Tokens that end an answer whatever else the file says: the names that chat models give them. The first found that is
 * no EOS is the end of a turn. */
static void find_end_tokens(tokenizer *t)
{
    static const char *const names[] = {"<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<|eom_id|>", "<|end_of_text|>",
                                        "<|endoftext|>", "</s>", "<eos>", "<EOT>", "<|END_OF_TURN_TOKEN|>"};
    tokenizer_add_end(t, t->special.eos);
    tokenizer_add_end(t, t->special.eot);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int32_t id = tokenizer_vocab_find(&t->vocab, names[i], strlen(names[i]));
        if (id < 0 || !(t->added[id] & ADDED_SPECIAL)) continue;
        tokenizer_add_end(t, id);
        if (t->special.eot < 0 && i < 5) t->special.eot = id;
    }
}

bool tokenizer_add_chat(tokenizer *t, const char *name, size_t name_size, const char *text, size_t size, status *st)
{
    for (int i = 0; i < t->chats; i++)
        if (strlen(t->chat[i].name) == name_size && memcmp(t->chat[i].name, name, name_size) == 0) return true;
    if (t->chats == TOKENIZER_MAX_TEMPLATES || !size) return true;
    t->chat[t->chats].name = alloc_string(name, name_size, st);
    t->chat[t->chats].text = t->chat[t->chats].name ? alloc_string(text, size, st) : NULL;
    return t->chat[t->chats++].text != NULL;
}

static bool check_id(const tokenizer *t, int32_t id, const char *what, const char *where, status *st)
{
    if (id < t->vocab.size && (id < 0 || t->vocab.type[id] != TOKEN_ABSENT)) return true;
    return status_set(st, STATUS_INPUT, "%s: the %s token has id %d and no token has it (%d tokens)", where, what, id,
                      t->vocab.size);
}

bool tokenizer_finish(tokenizer *t, const char *where, status *st)
{
    if (t->vocab.size == 0) return status_set(st, STATUS_INPUT, "%s: the vocabulary is empty", where);
    if (!t->vocab.slot) return status_set(st, STATUS_INPUT, "%s: no token has a text", where);
    if (!t->vocab.merge && !tokenizer_vocab_reserve_merges(&t->vocab, 0, st)) return false;
    const tokenizer_special *s = &t->special;
    if (!check_id(t, s->bos, "BOS", where, st) || !check_id(t, s->eos, "EOS", where, st) ||
        !check_id(t, s->eot, "EOT", where, st) || !check_id(t, s->pad, "padding", where, st) ||
        !check_id(t, s->unk, "unknown", where, st) || !check_id(t, t->unknown, "unknown", where, st))
        return false;
    for (int i = 0; i < t->before_count; i++)
        if (!check_id(t, t->before[i], "first", where, st)) return false;
    for (int i = 0; i < t->after_count; i++)
        if (!check_id(t, t->after[i], "last", where, st)) return false;
    t->added = alloc_zeroed((size_t)t->vocab.size, 1, st);
    if (!t->added) return false;
    const added_set *sets[] = {&t->raw, &t->normal};
    for (int k = 0; k < 2; k++)
        for (int32_t i = 0; i < sets[k]->count; i++)
            t->added[sets[k]->token[i].id] = ADDED_TOKEN | (sets[k]->token[i].special ? ADDED_SPECIAL : 0);
    sort_added(t, &t->raw);
    sort_added(t, &t->normal);
    fill_byte_ids(t);
    find_space_cuts(t);
    find_end_tokens(t);
    return true;
}

/* ---- the vocabulary ---- */

bool tokenizer_limit(tokenizer *t, int32_t rows)
{
    enum { MOST = 256 };
    added_set *sets[] = {&t->raw, &t->normal};
    if (t->vocab.size <= rows) return true;
    if (rows < 1 || t->vocab.size - rows > MOST) return false;
    for (int32_t id = rows; id < t->vocab.size; id++)
        if (t->vocab.type[id] != TOKEN_ABSENT && !(t->added[id] & ADDED_TOKEN)) return false;
    const int32_t used[] = {t->special.bos, t->special.eos, t->special.eot, t->special.unk, t->unknown};
    for (size_t i = 0; i < sizeof used / sizeof *used; i++)
        if (used[i] >= rows) return false;
    for (int i = 0; i < t->before_count; i++)
        if (t->before[i] >= rows) return false;
    for (int i = 0; i < t->after_count; i++)
        if (t->after[i] >= rows) return false;
    for (int k = 0; k < 2; k++) {
        int32_t kept = 0;
        for (int32_t i = 0; i < sets[k]->count; i++)
            if (sets[k]->token[i].id < rows) sets[k]->token[kept++] = sets[k]->token[i];
        sets[k]->count = kept;
        sort_added(t, sets[k]);
    }
    int kept = 0;
    for (int i = 0; i < t->end_count; i++)
        if (t->end[i] < rows) t->end[kept++] = t->end[i];
    t->end_count = kept;
    if (t->special.pad >= rows) t->special.pad = -1;
    t->vocab.size = rows;
    return true;
}

int32_t tokenizer_size(const tokenizer *t) { return t->vocab.size; }

const char *tokenizer_token_text(const tokenizer *t, int32_t id, size_t *size)
{
    bool known = id >= 0 && id < t->vocab.size;
    *size = known ? t->vocab.span[id].length : 0;
    return known ? tokenizer_vocab_text(&t->vocab, id) : "";
}

int32_t tokenizer_find(const tokenizer *t, const char *text, size_t size)
{
    return tokenizer_vocab_find(&t->vocab, text, size);
}

tokenizer_special tokenizer_special_ids(const tokenizer *t) { return t->special; }

bool tokenizer_is_special(const tokenizer *t, int32_t id)
{
    return id >= 0 && id < t->vocab.size && (t->added[id] & ADDED_SPECIAL);
}

bool tokenizer_is_end(const tokenizer *t, int32_t id)
{
    for (int i = 0; i < t->end_count; i++)
        if (t->end[i] == id) return true;
    return false;
}

bool tokenizer_adds_bos(const tokenizer *t) { return t->before_count > 0; }

const char *tokenizer_chat_template(const tokenizer *t, const char *name)
{
    for (int i = 0; i < t->chats; i++)
        if (strcmp(t->chat[i].name, name) == 0) return t->chat[i].text;
    return NULL;
}
