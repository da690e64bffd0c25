#include "audio/phoneme_chain.h"

#include <stdio.h>
#include <string.h>

#include "audio/pronounce.h"
#include "audio/unicode.h"
#include "core/alloc.h"
#include "core/file.h"

enum { MOST_PIECES = 24 }; /* no dictionary word has more */

/* ---- opening ---- */

static char *chain_path(const char *folder, bool british, const char *american_name, const char *british_name, status *st)
{
    return file_join(folder, british ? british_name : american_name, st);
}

bool phoneme_chain_open_part(phoneme_chain *c, const char *folder, bool british, int part, status *st)
{
    char *path = NULL;
    if (part == 0) {
        c->british = british;
        c->network_path = chain_path(folder, british, "oov.onnx", "oov_gb.onnx", st);
        path = file_join(folder, "tokenizer_exceptions.json", st);
        if (status_ok(st)) c->rules = token_rules_open(path, st);
    } else if (part == 1) {
        path = file_join(folder, "tagger.json.gz", st);
        if (path) c->tags = tagger_open(path, st);
    } else if (part == 2) {
        path = chain_path(folder, british, "lexicon_us_gold.json.gz", "lexicon_gb_gold.json.gz", st);
        if (path) c->gold = lexicon_open(path, st);
    } else {
        path = chain_path(folder, british, "lexicon_us_silver.json.gz", "lexicon_gb_silver.json.gz", st);
        if (path) c->silver = lexicon_open(path, st);
    }
    alloc_free(path);
    return status_ok(st);
}

void phoneme_chain_close(phoneme_chain *c)
{
    token_rules_close(c->rules);
    tagger_close(c->tags);
    lexicon_close(c->gold);
    lexicon_close(c->silver);
    heteronym_close(c->heteronyms);
    oov_close(c->network);
    alloc_free(c->network_path);
    *c = (phoneme_chain){0};
}

/* ---- classes of tokens ---- */

static bool only(const char *text, const char *set)
{
    uint32_t c;
    for (size_t size = strlen(text), i = 0; i < size;) {
        size_t n = unicode_decode(text + i, size - i, &c);
        char one[5] = {0};
        memcpy(one, text + i, n);
        if (!strstr(set, one)) return false;
        i += n;
    }
    return true;
}

static bool is_junk(const char *text)
{
    return only(text, "',-._‘’/");
} /* marks inside words, silent */
static bool is_pause(const char *text)
{
    return unicode_length(text, strlen(text)) == 1 && only(text, ";:,.!?—…");
}

static bool is_tag_of_mark(const char *tag)
{
    static const char *const tags[] = {".", ",", "-LRB-", "-RRB-", "``", "\"\"", "''", ":", "$", "#", "NFP"};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (strcmp(tag, tags[i]) == 0) return true;
    return false;
}

static bool all_letters_ascii(const char *text)
{
    for (; *text; text++)
        if (!unicode_is_letter((unsigned char)*text) || (unsigned char)*text >= 0x80) return false;
    return true;
}

/* The voice's own marks among a token's characters. */
static const char *marks_of(const token *t, arena *mem, status *st)
{
    if (strcmp(t->tag, "-LRB-") == 0) return "(";
    if (strcmp(t->tag, "-RRB-") == 0) return ")";
    if (strcmp(t->tag, "``") == 0) return "“";
    if (strcmp(t->tag, "\"\"") == 0 || strcmp(t->tag, "''") == 0) return "”";
    char *out = arena_alloc(mem, t->size + 1, st);
    if (!out) return "";
    size_t used = 0;
    uint32_t c;
    for (size_t i = 0; i < t->size;) {
        size_t n = unicode_decode(t->text + i, t->size - i, &c);
        char one[5] = {0};
        memcpy(one, t->text + i, n);
        if (strstr(";:,.!?—…\"“”", one)) {
            memcpy(out + used, one, n);
            used += n;
        }
        i += n;
    }
    out[used] = 0;
    return out;
}

/* What needs no dictionary: dashes and punctuation. Leaves phonemes NULL for everything else. */
static void read_marks(token *t, arena *mem, status *st)
{
    if (strcmp(t->tag, "$") == 0 &&
        (strcmp(t->text, "$") == 0 || strcmp(t->text, "£") == 0 || strcmp(t->text, "€") == 0))
        t->phonemes = "";
    else if (strcmp(t->tag, ":") == 0 && (strcmp(t->text, "-") == 0 || strcmp(t->text, "–") == 0))
        t->phonemes = "—";
    else if (is_tag_of_mark(t->tag) && !all_letters_ascii(t->text))
        t->phonemes = marks_of(t, mem, st);
}

/* ---- tokens and parts of speech ---- */

static bool add_tagged(const phoneme_chain *c, const char *text, uint32_t from, uint32_t to, token_list *out)
{
    size_t first = out->count;
    if (!token_split(c->rules, text + from, to - from, from, out)) return false;
    size_t n = out->count - first;
    const char **word = arena_alloc(out->mem, (n + 1) * sizeof *word, out->st),
               **tag = arena_alloc(out->mem, (n + 1) * sizeof *tag, out->st);
    if (!word || !tag) return false;
    for (size_t i = 0; i < n; i++) word[i] = out->item[first + i].text;
    if (!tagger_run(c->tags, word, n, tag, out->st)) return false;
    for (size_t i = 0; i < n; i++) out->item[first + i].tag = tag[i];
    return true;
}

/* Tokens with tags; each given stretch is one token with its phonemes. */
static bool tokenise(const phoneme_chain *c, const char *text, size_t size, const phoneme_given *given, size_t count,
                     token_list *out)
{
    uint32_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (!add_tagged(c, text, at, given[i].from, out)) return false;
        token *t = token_add(out, text + given[i].from, given[i].to - given[i].from, given[i].from, given[i].to);
        if (!t) return false;
        t->tag = "NN";
        t->phonemes = given[i].phonemes;
        t->space = given[i].to < size && text[given[i].to] == ' ';
        at = given[i].to;
    }
    return add_tagged(c, text, at, (uint32_t)size, out);
}

/* Words: runs of pieces without a space between them. first[i] is the index of word i's first piece; single[i] tells a
 * word that is one piece from a run. */
typedef struct {
    uint32_t first, count;
    bool run;
} word_span;

typedef struct {
    token_list piece;
    word_span *word;
    size_t words;
} word_list;

static bool split_words(const token_list *tokens, word_list *w)
{
    bool open = false; /* the last word is a run that may grow */
    w->piece = (token_list){.mem = tokens->mem, .st = tokens->st};
    size_t room = 1;
    for (size_t i = 0; i < tokens->count; i++) room += tokens->item[i].size + 1;
    w->word = arena_alloc(tokens->mem, room * sizeof *w->word, tokens->st);
    if (!w->word) return false;
    for (size_t i = 0; i < tokens->count; i++) {
        const token *t = &tokens->item[i];
        size_t first = w->piece.count;
        if (t->phonemes) {
            token *copy = token_add(&w->piece, t->text, t->size, t->from, t->to);
            if (!copy) return false;
            copy->tag = t->tag;
            copy->space = t->space;
            copy->phonemes = t->phonemes;
        } else if (!token_split_inside(t, &w->piece)) {
            return false;
        }
        if (w->piece.count == first + 1) w->piece.item[first].reading = t->reading;
        for (size_t k = first; k < w->piece.count; k++) {
            token *p = &w->piece.item[k];
            if (!p->phonemes) read_marks(p, tokens->mem, tokens->st);
            bool grows = open && !p->phonemes && !w->piece.item[k - 1].space;
            if (grows) {
                p->head = false;
                w->word[w->words - 1].count++;
                continue;
            }
            open = !p->phonemes && !p->space;
            w->word[w->words++] = (word_span){(uint32_t)k, 1, false};
        }
    }
    for (size_t i = 0; i < w->words; i++) w->word[i].run = w->word[i].count > 1;
    return status_ok(tokens->st);
}

/* ---- pronouncing ---- */

/* Symbols that reach this point by themselves. */
static const char *symbol_phonemes(uint32_t c)
{
    static const struct {
        uint32_t c;
        const char *phonemes;
    } symbol[] = {{'/', "slˈæʃ"},    {'=', "ˈikwᵊlz"},     {'+', "plˈʌs"},      {'&', "ænd"},    {'@', "æt"},
                  {'%', "pəɹsˈɛnt"}, {'#', "hˈæʃ"},        {'*', "ˈæstəɹˌɪsk"}, {'~', "tˈɪldə"}, {'^', "kˈɛɹət"},
                  {'<', "lˈɛs ðən"}, {'>', "ɡɹˈATəɹ ðən"}, {0x2014, "—"}};
    for (size_t i = 0; i < sizeof symbol / sizeof *symbol; i++)
        if (symbol[i].c == c) return symbol[i].phonemes;
    return "";
}

typedef struct {
    char *text;
    size_t used, room;
    arena *mem;
    status *st;
} string_builder;

static void append(string_builder *b, const char *s, const char *between)
{
    size_t n = strlen(s), gap = b->used && n ? strlen(between) : 0;
    if (!status_ok(b->st)) return;
    if (b->used + n + gap + 1 > b->room) {
        size_t room = (b->room + n + gap) * 2 + 64;
        char *grown = arena_alloc(b->mem, room, b->st);
        if (!grown) return;
        if (b->used) memcpy(grown, b->text, b->used);
        b->text = grown;
        b->room = room;
    }
    memcpy(b->text + b->used, between, gap);
    memcpy(b->text + b->used + gap, s, n);
    b->used += gap + n;
    b->text[b->used] = 0;
}

static const char *guess(phoneme_chain *c, const char *word, size_t size, arena *mem, status *st)
{
    if (!c->network && c->network_path) c->network = oov_open(c->network_path, st);
    return c->network ? oov_run(c->network, word, size, mem, st) : NULL;
}

/* How many bytes of text from i belong to one piece: letters with apostrophes between, or one other character. */
static size_t guess_piece(const char *text, size_t size, size_t i, bool *letters)
{
    uint32_t c;
    size_t n = unicode_decode(text + i, size - i, &c);
    *letters = unicode_is_letter(c);
    if (!*letters) return n;
    for (size_t at = i + n; at < size; n = at - i) {
        size_t step = unicode_decode(text + at, size - at, &c);
        if ((c == '\'' || c == 0x2019) && at + step < size) {
            uint32_t after;
            unicode_decode(text + at + step, size - at - step, &after);
            if (!unicode_is_letter(after)) break;
        } else if (!unicode_is_letter(c)) {
            break;
        }
        at += step;
    }
    return n;
}

/* A word that no dictionary knows: its letters go to the network, symbols are named. */
static const char *read_unknown(phoneme_chain *c, const token *t, arena *mem, status *st)
{
    string_builder b = {.mem = mem, .st = st};
    for (size_t i = 0; i < t->size;) {
        bool letters;
        size_t n = guess_piece(t->text, t->size, i, &letters);
        const char *phonemes;
        if (letters) {
            phonemes = guess(c, t->text + i, n, mem, st);
        } else {
            uint32_t symbol;
            unicode_decode(t->text + i, n, &symbol);
            phonemes = symbol_phonemes(symbol);
        }
        if (phonemes) append(&b, phonemes, " ");
        i += n;
    }
    return b.text ? b.text : "";
}

/* What the word before needs to know of this one. */
static void look_back(pronouncer *p, const char *phonemes, const token *t)
{
    uint32_t c;
    for (size_t size = strlen(phonemes), i = 0; i < size;) {
        size_t n = unicode_decode(phonemes + i, size - i, &c);
        char one[5] = {0};
        memcpy(one, phonemes + i, n);
        i += n;
        bool vowel = pronounce_is_vowel(c), pause = strstr(";:,.!?—…", one) != NULL;
        if (!vowel && !pause && !pronounce_is_consonant(c)) continue;
        p->next = pause ? NEXT_UNKNOWN : vowel ? NEXT_VOWEL : NEXT_CONSONANT;
        break;
    }
    p->next_is_to = strcmp(t->text, "to") == 0 || strcmp(t->text, "To") == 0 ||
                    (strcmp(t->text, "TO") == 0 && t->tag && (strcmp(t->tag, "TO") == 0 || strcmp(t->tag, "IN") == 0));
}

static int capital_weight(const char *text)
{
    int weight = 0;
    uint32_t c;
    for (size_t size = strlen(text), i = 0; i < size;) {
        i += unicode_decode(text + i, size - i, &c);
        weight += unicode_lower(c) == c ? 1 : 2;
    }
    return weight;
}

/* n pieces as one token: their text, the span, and the tag of the weightiest. */
static token merged(const token *piece, size_t n, arena *mem, status *st)
{
    string_builder text = {.mem = mem, .st = st};
    token t = piece[0];
    int most = -1;
    for (size_t i = 0; i < n; i++) {
        append(&text, piece[i].text, "");
        if (i + 1 < n && piece[i].space) append(&text, " ", "");
        int weight = capital_weight(piece[i].text);
        if (weight > most) t.tag = piece[i].tag;
        if (weight > most) most = weight;
    }
    t.text = text.text ? text.text : "";
    t.size = text.used;
    t.to = piece[n - 1].to;
    t.space = piece[n - 1].space;
    t.phonemes = NULL;
    if (n > 1) t.reading = NULL;
    return t;
}

/* Whether a run mixes letters, digits and signs, or has a slash: then its pieces are set off by spaces. */
static bool is_mixed(const token *piece, size_t n)
{
    bool kind[3] = {0};
    for (size_t i = 0; i < n; i++) {
        uint32_t c;
        if (i + 1 < n && piece[i].space) return true;
        if (strchr(piece[i].text, '/')) return true;
        for (size_t at = 0; at < piece[i].size;) {
            size_t step = unicode_decode(piece[i].text + at, piece[i].size - at, &c);
            char one[5] = {0};
            memcpy(one, piece[i].text + at, step);
            at += step;
            if (strstr("',-._‘’/", one)) continue;
            kind[unicode_is_letter(c) ? 0 : unicode_is_digit(c) ? 1 : 2] = true;
        }
    }
    return kind[0] + kind[1] + kind[2] > 1;
}

/* The stress of a compound read piece by piece: the lighter half of its stressed pieces steps back. */
static void balance(const pronouncer *p, token *piece, size_t n)
{
    size_t count = 0, stressed = 0, first = n, second = n;
    for (size_t i = 0; i < n; i++) {
        if (!piece[i].phonemes || !piece[i].phonemes[0]) continue;
        if (count == 0) first = i;
        if (count == 1) second = i;
        count++;
        stressed += strstr(piece[i].phonemes, "ˈ") != NULL;
    }
    if (count == 2 && unicode_length(piece[first].text, piece[first].size) == 1) {
        piece[second].phonemes = pronounce_restress(p, piece[second].phonemes, STRESS_LOWER_HALF);
        return;
    }
    if (count < 2 || stressed <= (count + 1) / 2) return;
    bool *done = arena_alloc(p->mem, n, p->st);
    if (!done) return;
    memset(done, 0, n);
    for (size_t step = 0; step < count / 2;
         step++) { /* unstressed before stressed, light before heavy, left before right */
        size_t best = n;
        long best_key = 0;
        for (size_t i = 0; i < n; i++) {
            if (done[i] || !piece[i].phonemes || !piece[i].phonemes[0]) continue;
            long key = (strstr(piece[i].phonemes, "ˈ") ? 1000000L : 0) + pronounce_weight(piece[i].phonemes);
            if (best < n && key >= best_key) continue;
            best = i;
            best_key = key;
        }
        if (best == n) break;
        done[best] = true;
    }
    for (size_t i = 0; i < n; i++)
        if (done[i]) piece[i].phonemes = pronounce_restress(p, piece[i].phonemes, STRESS_LOWER_HALF);
}

static void settle_run(const pronouncer *p, token *piece, size_t n)
{
    bool mixed = is_mixed(piece, n);
    for (size_t i = 0; i < n; i++) {
        if (piece[i].phonemes) {
            if (i > 0) piece[i].prespace = mixed;
        } else if (i + 1 == n && is_pause(piece[i].text)) {
            piece[i].phonemes = piece[i].text;
        } else if (is_junk(piece[i].text)) {
            piece[i].phonemes = "";
        }
    }
    if (!mixed) balance(p, piece, n);
}

/* A run of pieces: the longest stretch that ends at `right` and that the dictionaries know is taken, from the right end
 * on; if some piece is known by no stretch, the whole run is left to the network. */
static void pronounce_run(phoneme_chain *c, pronouncer *p, token *piece, size_t n)
{
    size_t left = n > MOST_PIECES ? n - MOST_PIECES : 0, right = n;
    while (left < right && status_ok(p->st)) {
        bool fixed = false;
        for (size_t i = left; i < right; i++) fixed = fixed || piece[i].phonemes;
        const char *phonemes = NULL;
        token whole = {0};
        if (!fixed) {
            whole = merged(piece + left, right - left, p->mem, p->st);
            phonemes = whole.reading ? whole.reading : pronounce_token(p, whole.text, whole.tag);
        }
        if (phonemes) {
            piece[left].phonemes = phonemes;
            for (size_t i = left + 1; i < right; i++) piece[i].phonemes = "";
            look_back(p, phonemes, &whole);
            right = left;
            left = right > MOST_PIECES ? right - MOST_PIECES : 0;
        } else if (left + 1 < right) {
            left++;
        } else {
            right--;
            if (!piece[right].phonemes && !is_junk(piece[right].text)) {
                whole = merged(piece, n, p->mem, p->st);
                piece[0].phonemes = read_unknown(c, &whole, p->mem, p->st);
                for (size_t i = 1; i < n; i++) piece[i].phonemes = "";
                return;
            }
            if (!piece[right].phonemes) piece[right].phonemes = "";
            left = right > MOST_PIECES ? right - MOST_PIECES : 0;
        }
    }
    settle_run(p, piece, n);
}

/* The voice has no flap or glottal stop of its own: ɾ is written T, ʔ t. */
static const char *voice_symbols(const char *phonemes, arena *mem, status *st)
{
    size_t size = strlen(phonemes), used = 0;
    char *out = arena_alloc(mem, size + 1, st);
    if (!out) return "";
    for (size_t i = 0; i < size;) {
        bool flap = strncmp(phonemes + i, "ɾ", 2) == 0, stop = strncmp(phonemes + i, "ʔ", 2) == 0;
        out[used++] = flap ? 'T' : stop ? 't' : phonemes[i];
        i += flap || stop ? 2 : 1;
    }
    out[used] = 0;
    return out;
}

static bool emit(const token *piece, size_t n, token_list *words)
{
    token whole = merged(piece, n, words->mem, words->st);
    string_builder b = {.mem = words->mem, .st = words->st};
    for (size_t i = 0; i < n; i++) {
        if (!piece[i].phonemes || !piece[i].phonemes[0]) continue;
        bool spaced = piece[i].prespace && b.used && b.text[b.used - 1] != ' ';
        append(&b, piece[i].phonemes, spaced ? " " : "");
    }
    token *t = token_add(words, whole.text, whole.size, whole.from, whole.to);
    if (!t) return false;
    t->tag = whole.tag;
    t->space = whole.space;
    t->phonemes = voice_symbols(b.text ? b.text : "", words->mem, words->st);
    return true;
}

/* Whether word i is the "point" of a decimal, which is not stressed: a figure follows it. */
static bool is_decimal_point(const word_list *w, size_t i)
{
    static const char *const figures[] = {"zero", "one", "two",   "three", "four",
                                          "five", "six", "seven", "eight", "nine"};
    if (i + 1 >= w->words || strcmp(w->piece.item[w->word[i].first].text, "point") != 0) return false;
    const char *next = w->piece.item[w->word[i + 1].first].text;
    for (int k = 0; k < 10; k++)
        if (strcmp(figures[k], next) == 0) return true;
    return false;
}

bool phoneme_chain_run(phoneme_chain *c, const char *text, size_t size, const phoneme_given *given, size_t given_count,
                       token_list *words)
{
    token_list tokens = {.mem = words->mem, .st = words->st};
    word_list w = {0};
    if (!tokenise(c, text, size, given, given_count, &tokens)) return false;
    for (size_t i = 0; c->heteronyms && i < tokens.count; i++)
        if (!tokens.item[i].phonemes) tokens.item[i].reading = heteronym_read(c->heteronyms, &tokens, i, c->british);
    if (!split_words(&tokens, &w)) return false;
    pronouncer p = {.gold = c->gold, .silver = c->silver, .british = c->british, .mem = words->mem, .st = words->st};
    for (size_t i = w.words; i > 0 && status_ok(words->st); i--) {
        token *piece = w.piece.item + w.word[i - 1].first;
        if (w.word[i - 1].run) {
            pronounce_run(c, &p, piece, w.word[i - 1].count);
            continue;
        }
        if (!piece->phonemes && is_decimal_point(&w, i - 1))
            piece->phonemes = pronounce_plain(&p, "point", STRESS_NONE);
        if (!piece->phonemes) piece->phonemes = piece->reading ? piece->reading : pronounce_token(&p, piece->text, piece->tag);
        if (!piece->phonemes) piece->phonemes = read_unknown(c, piece, words->mem, words->st);
        look_back(&p, piece->phonemes, piece);
    }
    for (size_t i = 0; i < w.words && status_ok(words->st); i++)
        emit(w.piece.item + w.word[i].first, w.word[i].count, words);
    return status_ok(words->st);
}
