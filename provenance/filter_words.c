#include "provenance/filter_words.h"

#include <stdint.h>
#include <string.h>

#include "core/alloc.h"
#include "text/tokenizer_unicode.h"

/* ---- tables: a number for a key ---- */

typedef struct {
    uint64_t key; /* 0: the place is free */
    uint32_t value;
} entry;

typedef struct {
    entry *at;
    size_t count, room; /* a power of two, at most half full */
} table;

static size_t place_of(const table *t, uint64_t key)
{
    uint64_t h = key * 0x9E3779B97F4A7C15;
    return (size_t)((h ^ h >> 29) & (t->room - 1));
}

static uint32_t *find(const table *t, uint64_t key)
{
    if (!t->room) return NULL;
    for (size_t i = place_of(t, key); t->at[i].key; i = (i + 1) & (t->room - 1))
        if (t->at[i].key == key) return &t->at[i].value;
    return NULL;
}

static void put(table *t, uint64_t key, uint32_t value)
{
    size_t i = place_of(t, key);
    while (t->at[i].key) i = (i + 1) & (t->room - 1);
    t->at[i] = (entry){key, value};
    t->count++;
}

/* Adds a key that is not there. */
static bool insert(table *t, uint64_t key, uint32_t value, status *st)
{
    if (2 * (t->count + 1) > t->room) {
        table more = {.room = t->room ? 2 * t->room : 64};
        more.at = alloc_zeroed(more.room, sizeof *more.at, st);
        if (!more.at) return false;
        for (size_t i = 0; i < t->room; i++)
            if (t->at[i].key) put(&more, t->at[i].key, t->at[i].value);
        alloc_free(t->at);
        *t = more;
    }
    put(t, key, value);
    return true;
}

/* ---- tokens ---- */

typedef struct {
    size_t from, to;
    uint64_t sum;         /* of its folded characters, never 0; 0: no UTF-8 stands here */
    bool letters;         /* a run of letters and digits, not a sign */
    bool parted;          /* white space, dashes or _ before it */
    bool behind_letters;  /* a letter or digit right before it */
} token;

typedef struct {
    const char *text;
    size_t size, at;
} scan;

static bool is_letter(uint32_t c)
{
    if (c < 0x80) return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
    return tokenizer_unicode_kind_of(c) <= UNICODE_NUMBER;
}

/* White space, _ and general category Pd. */
static bool is_parter(uint32_t c)
{
    static const uint32_t DASHES[] = {0x58A,  0x5BE,  0x1400, 0x1806, 0x2E17, 0x2E1A, 0x2E3A, 0x2E3B, 0x2E40, 0x2E5D,
                                      0x301C, 0x3030, 0x30A0, 0xFE31, 0xFE32, 0xFE58, 0xFE63, 0xFF0D, 0x10EAD};
    if (c < 0x80) return c == ' ' || (c >= 9 && c <= 13) || c == '_' || c == '-';
    if (tokenizer_unicode_is_space(c) || (c >= 0x2010 && c <= 0x2015)) return true;
    for (size_t i = 0; i < sizeof DASHES / sizeof *DASHES; i++)
        if (c == DASHES[i]) return true;
    return false;
}

static uint32_t in_case(uint32_t c, char how)
{
    uint32_t out[3];
    return tokenizer_unicode_case(c, how, out) == 1 ? out[0] : c;
}

/* The same for all characters that differ in their case alone (K, k and the Kelvin sign; σ, ς and Σ). */
static uint32_t folded(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return in_case(in_case(in_case(c, 'l'), 'u'), 'l');
}

/* Two sums of a token's characters, the one that is kept mixing both: 64 bits in which no two words of a list meet by chance. */
typedef struct {
    uint64_t a, b;
} sums;

static void add(sums *s, uint32_t c)
{
    s->a = (s->a ^ c) * 0x100000001B3;
    s->b = (s->b + c + 1) * 0xD6E8FEB86659FD93;
    s->b ^= s->b >> 32;
}

static uint64_t sum_of(const sums *s)
{
    uint64_t h = (s->a ^ s->b >> 7) * 0xBF58476D1CE4E5B9 + s->b;
    h ^= h >> 31;
    return h ? h : 1;
}

static bool next_token(scan *s, bool behind_letters, token *t)
{
    uint32_t c = 0;
    int n = 0;
    *t = (token){.parted = false, .behind_letters = behind_letters};
    for (; s->at < s->size; s->at += (size_t)n) {
        n = tokenizer_unicode_char(s->text + s->at, s->size - s->at, &c);
        if (n == 0 || !is_parter(c)) break;
        t->parted = true, t->behind_letters = false;
    }
    if (s->at >= s->size) return false;
    t->from = s->at;
    sums sum = {0xCBF29CE484222325, 0};
    if (n == 0) s->at++;
    else {
        t->letters = is_letter(c);
        do {
            add(&sum, folded(c));
            s->at += (size_t)n;
            n = t->letters && s->at < s->size ? tokenizer_unicode_char(s->text + s->at, s->size - s->at, &c) : 0;
        } while (n > 0 && is_letter(c));
        t->sum = sum_of(&sum);
    }
    t->to = s->at;
    return true;
}

/* ---- phrases ---- */

enum { NONE = UINT32_MAX };

/* A state: the tokens that lead to it from state 0. */
typedef struct {
    uint32_t parent, word; /* word: twice the last token's number, odd where it is parted from the one before */
    uint32_t depth;        /* tokens */
    uint32_t fail;         /* the state of the longest end of them that begins phrases too */
    uint32_t ending;       /* the first of those fails at which a phrase ends, 0: none */
    uint32_t phrase;       /* the last one that ends here, NONE: none */
} state;

typedef struct {
    uint32_t group, next; /* next: another that ends there */
    bool sign_first, sign_last;
} phrase;

typedef struct {
    size_t from;
    bool behind_letters;
} beginning;

struct filter_words {
    table words, steps; /* a token's number by its sum; a state by the one before it and a word */
    state *state;
    phrase *phrase;
    beginning *begins; /* of the last tokens of a text, as many as the longest phrase has */
    size_t states, state_room, phrases, phrase_room;
    uint32_t longest;
};

static bool grow(void **list, size_t count, size_t *room, size_t size, status *st)
{
    if (count < *room) return true;
    size_t more = *room ? 2 * *room : 64;
    if (count >= INT32_MAX) return status_set(st, STATUS_INPUT, "too many words in one list");
    void *grown = alloc_resize(*list, more, size, st);
    if (!grown) return false;
    *list = grown;
    *room = more;
    return true;
}

filter_words *filter_words_new(status *st)
{
    filter_words *w = alloc_zeroed(1, sizeof *w, st);
    if (w && grow((void **)&w->state, 0, &w->state_room, sizeof *w->state, st)) {
        w->state[w->states++] = (state){.phrase = NONE};
        return w;
    }
    filter_words_free(w);
    return NULL;
}

void filter_words_free(filter_words *w)
{
    if (!w) return;
    alloc_free(w->words.at);
    alloc_free(w->steps.at);
    alloc_free(w->state);
    alloc_free(w->phrase);
    alloc_free(w->begins);
    alloc_free(w);
}

static uint64_t step_key(uint32_t from, uint32_t word) { return ((uint64_t)from << 32 | word) + 1; }

/* The state behind `from` by that word, made where it is not there; NONE: st is set. */
static uint32_t step_to(filter_words *w, uint32_t from, uint32_t word, status *st)
{
    uint32_t *there = find(&w->steps, step_key(from, word));
    if (there) return *there;
    if (!grow((void **)&w->state, w->states, &w->state_room, sizeof *w->state, st) || !insert(&w->steps, step_key(from, word), (uint32_t)w->states, st)) return NONE;
    w->state[w->states] = (state){.parent = from, .word = word, .depth = w->state[from].depth + 1, .phrase = NONE};
    return (uint32_t)w->states++;
}

bool filter_words_add(filter_words *w, const char *text, size_t size, size_t group, status *st)
{
    scan s = {text, size, 0};
    uint32_t at = 0;
    bool first = true, sign_first = false, sign_last = false;
    for (token t; next_token(&s, false, &t); first = false) {
        if (!t.sum) return false;
        uint32_t *number = find(&w->words, t.sum), fresh = (uint32_t)w->words.count;
        if (!number && !insert(&w->words, t.sum, fresh, st)) return false;
        at = step_to(w, at, 2 * (number ? *number : fresh) + (!first && t.parted), st);
        if (at == NONE) return false;
        if (first) sign_first = !t.letters;
        sign_last = !t.letters;
    }
    if (first) return false;
    for (uint32_t p = w->state[at].phrase; p != NONE; p = w->phrase[p].next)
        if (w->phrase[p].group == group) return true;
    if (!grow((void **)&w->phrase, w->phrases, &w->phrase_room, sizeof *w->phrase, st)) return false;
    w->phrase[w->phrases] = (phrase){(uint32_t)group, w->state[at].phrase, sign_first, sign_last};
    w->state[at].phrase = (uint32_t)w->phrases++;
    if (w->state[at].depth > w->longest) w->longest = w->state[at].depth;
    return true;
}

/* From a state by a word: to the longest end that goes on so. At the beginning of a phrase nothing parts. */
static uint32_t follow(const filter_words *w, uint32_t at, uint32_t word)
{
    const uint32_t *there;
    for (; at; at = w->state[at].fail)
        if ((there = find(&w->steps, step_key(at, word)))) return *there;
    there = find(&w->steps, step_key(0, word & ~UINT32_C(1)));
    return there ? *there : 0;
}

/* The states of small depth first: each one's fail is less deep than it. */
bool filter_words_ready(filter_words *w, status *st)
{
    size_t *count = alloc_zeroed((size_t)w->longest + 2, sizeof *count, st);
    uint32_t *order = alloc_array(w->states, sizeof *order, st);
    w->begins = alloc_array((size_t)w->longest + 1, sizeof *w->begins, st);
    bool ok = count && order && w->begins;
    for (size_t i = 0; ok && i < w->states; i++) count[w->state[i].depth + 1]++;
    for (size_t d = 0; ok && d <= w->longest; d++) count[d + 1] += count[d];
    for (uint32_t i = 0; ok && i < w->states; i++) order[count[w->state[i].depth]++] = i;
    for (size_t k = 1; ok && k < w->states; k++) {
        state *s = &w->state[order[k]];
        s->fail = s->depth > 1 ? follow(w, w->state[s->parent].fail, s->word) : 0;
        s->ending = w->state[s->fail].phrase != NONE ? s->fail : w->state[s->fail].ending;
    }
    alloc_free(count);
    alloc_free(order);
    return ok;
}

/* ---- searching ---- */

static bool letter_at(const char *text, size_t size, size_t at)
{
    uint32_t c;
    return at < size && tokenizer_unicode_char(text + at, size - at, &c) > 0 && is_letter(c);
}

static bool letter_before(const char *text, size_t at)
{
    size_t from = at;
    while (from > 0 && at - from < 4) {
        uint32_t c;
        from--;
        int n = tokenizer_unicode_char(text + from, at - from, &c);
        if (n > 0) return from + (size_t)n == at && is_letter(c);
    }
    return false;
}

/* The phrases that end with the i-th token. Returns for how many groups it is the first one. */
static size_t take(const filter_words *w, uint32_t at, size_t i, size_t end, bool before_letter, filter_place *place, size_t groups)
{
    size_t found = 0;
    for (uint32_t s = w->state[at].phrase != NONE ? at : w->state[at].ending; s; s = w->state[s].ending) {
        const beginning *b = &w->begins[(i + 1 - w->state[s].depth) % w->longest];
        for (uint32_t p = w->state[s].phrase; p != NONE; p = w->phrase[p].next) {
            const phrase *f = &w->phrase[p];
            if (f->group >= groups || !place[f->group].wanted || place[f->group].found) continue;
            if ((f->sign_first && b->behind_letters) || (f->sign_last && before_letter)) continue;
            place[f->group] = (filter_place){true, true, b->from, end};
            found++;
        }
    }
    return found;
}

void filter_words_find(filter_words *w, const char *text, size_t size, size_t begin, filter_place *place, size_t groups)
{
    size_t sought = 0;
    for (size_t g = 0; g < groups; g++) {
        place[g].found = false;
        sought += place[g].wanted;
    }
    scan s = {text, size, begin};
    bool behind = letter_before(text, begin);
    if (behind) /* the end of a longer word */
        for (uint32_t c; letter_at(text, size, s.at);) s.at += (size_t)tokenizer_unicode_char(text + s.at, size - s.at, &c);
    uint32_t at = 0;
    token t;
    for (size_t i = 0; sought && w->phrases && next_token(&s, behind, &t); i++) {
        const uint32_t *number = t.sum ? find(&w->words, t.sum) : NULL;
        at = number ? follow(w, at, 2 * *number + t.parted) : 0;
        w->begins[i % w->longest] = (beginning){t.from, t.behind_letters};
        behind = t.letters;
        if (at) sought -= take(w, at, i, t.to, letter_at(text, size, t.to), place, groups);
    }
}
