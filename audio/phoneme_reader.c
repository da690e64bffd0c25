#include "audio/phoneme.h"

#include <string.h>
#include <strings.h>

#include "audio/espeak.h"
#include "audio/mapped_text.h"
#include "audio/normalize.h"
#include "audio/phoneme_espeak.h"
#include "audio/phoneme_state.h"
#include "audio/segment.h"
#include "audio/ssml.h"
#include "audio/unicode.h"
#include "core/alloc.h"
#include "core/log.h"
#include "core/utf8.h"

enum {
    FIRST_PLACEHOLDER = 0xE000, /* private characters that stand for given phonemes while text is rewritten */
    MOST_GIVEN = 0x1000,
    LONGEST_OWN_WORD = 128
};

/* Phonemes that the text itself gives: [[…]], [word](/…/), the user's file. */
typedef struct {
    const char *phonemes, *text;
} given_word;

typedef struct {
    given_word item[MOST_GIVEN];
    size_t count;
} given_list;

struct phoneme_reader {
    phonemizer *p;
    const char *text;
    size_t size, at;
    ssml_document document; /* with SSML: text is its plain text, whose places lead to what the user wrote */
    size_t event;           /* the next one */
    double rate;
    bool marked_up;
    arena *whole, *mem; /* whole: of the document; mem: of the present sentence */
    phoneme_word *word;
    size_t words, done; /* words of the present sentence, and how many were handed out */
    phoneme_sentence now;
};

/* ---- the sentence as it was written: bytes checked, given phonemes set aside ---- */

static const char *copy_text(const char *text, size_t size, arena *mem, status *st)
{
    char *s = arena_alloc(mem, size + 1, st);
    if (!s) return "";
    memcpy(s, text, size);
    s[size] = 0;
    return s;
}

static void add_given(mapped_text *m, given_list *given, const char *phonemes, const char *text, size_t from, size_t to)
{
    if (given->count == MOST_GIVEN) return;
    char mark[4];
    size_t n = utf8_encode((uint32_t)(FIRST_PLACEHOLDER + given->count), mark);
    given->item[given->count++] = (given_word){phonemes, text};
    mapped_text_add(m, mark, n, (uint32_t)from, (uint32_t)to);
}

/* [[phonemes]] at i, or [word](/phonemes/). Returns where it ends; i when there is none. */
static size_t take_given(const char *text, size_t size, size_t i, mapped_text *m, given_list *given)
{
    if (size - i > 4 && text[i + 1] == '[') {
        for (size_t end = i + 2; end + 1 < size && text[end] != '\n'; end++) {
            if (text[end] != ']' || text[end + 1] != ']') continue;
            const char *phonemes = copy_text(text + i + 2, end - i - 2, m->mem, m->st);
            add_given(m, given, phonemes, phonemes, i, end + 2);
            return end + 2;
        }
    }
    const char *close = memchr(text + i, ']', size - i);
    if (!close || close + 3 >= text + size || close[1] != '(' || close[2] != '/') return i;
    const char *end = memchr(close, ')', (size_t)(text + size - close));
    if (!end || end < close + 5 || end[-1] != '/') return i;
    add_given(m, given, copy_text(close + 3, (size_t)(end - close) - 4, m->mem, m->st),
              copy_text(text + i + 1, (size_t)(close - text) - i - 1, m->mem, m->st), i, (size_t)(end - text) + 1);
    return (size_t)(end - text) + 1;
}

static bool is_word_character(uint32_t c)
{
    return unicode_is_letter(c) || unicode_is_digit(c) || c == '\'' || c == 0x2019 || c == '-';
}

/* A word of the user's file that begins at i. Returns where it ends; i when it is none of them. */
static size_t take_own(phonemizer *p, const char *text, size_t size, size_t i, mapped_text *m, given_list *given)
{
    char key[2 * LONGEST_OWN_WORD + 8];
    size_t used = 0, end = i, best = i, value_size, best_size = 0;
    const char *best_value = NULL;
    uint32_t c;
    if (!p->own || is_word_character(unicode_before(text, i, NULL))) return i;
    while (end < size && end - i < LONGEST_OWN_WORD) {
        size_t n = unicode_decode(text + end, size - end, &c);
        if (!is_word_character(c)) break;
        used += utf8_encode(c == 0x2019 ? '\'' : unicode_lower(c), key + used);
        end += n;
        uint32_t after = 0;
        if (end < size) unicode_decode(text + end, size - end, &after);
        const char *value = is_word_character(after) && after != '\'' && after != 0x2019 && after != '-'
                                ? NULL
                                : word_table_find(p->own, key, used, &value_size);
        if (!value) continue;
        best = end;
        best_value = value;
        best_size = value_size;
    }
    if (best_value)
        add_given(m, given, copy_text(best_value, best_size, m->mem, m->st),
                  copy_text(text + i, best - i, m->mem, m->st), i, best);
    return best;
}

static bool is_private(uint32_t c)
{
    return c >= 0xE000 && c <= 0xF8FF;
}

/* The sentence's text with its places; what cannot be text is left out and said. */
static mapped_text source_text(phoneme_reader *r, size_t from, size_t to, given_list *given, status *st)
{
    mapped_text m = mapped_text_new(r->mem, st);
    for (size_t i = from; i < to;) {
        uint32_t c;
        size_t n = unicode_decode(r->text + i, to - i, &c), end = i;
        if (c == '[')
            end = take_given(r->text, to, i, &m, given);
        else if (unicode_is_letter(c) || unicode_is_digit(c))
            end = take_own(r->p, r->text, to, i, &m, given);
        if (end > i) {
            i = end;
            continue;
        }
        bool invalid = c == UNICODE_REPLACEMENT && n == 1;
        if (invalid && !r->p->warned_bytes) {
            r->p->warned_bytes = true;
            log_warning("the text has bytes that are not UTF-8 (the first at byte %zu); they are left out", i);
        }
        if (unicode_is_space(c))
            mapped_text_add(&m, " ", 1, (uint32_t)i, (uint32_t)(i + n));
        else if (!invalid && !is_private(c) && c >= ' ')
            mapped_text_add(&m, r->text + i, n, (uint32_t)i, (uint32_t)(i + n));
        i += n;
    }
    return m;
}

/* ---- its words ---- */

/* Where the placeholders stand in the rewritten text. */
static phoneme_given *find_given(const mapped_text *m, const given_list *given, size_t *count, status *st)
{
    *count = 0;
    phoneme_given *g = arena_alloc(m->mem, (given->count + 1) * sizeof *g, st);
    uint32_t c;
    for (size_t i = 0; g && i < m->size && *count < given->count;) {
        size_t n = unicode_decode(m->text + i, m->size - i, &c);
        if (is_private(c) && c - FIRST_PLACEHOLDER < given->count)
            g[(*count)++] =
                (phoneme_given){(uint32_t)i, (uint32_t)(i + n), given->item[c - FIRST_PLACEHOLDER].phonemes};
        i += n;
    }
    return g;
}

static bool is_mark(uint32_t c)
{
    static const uint32_t marks[] = {';', ':', ',', '.',    '!',    '?', 0x2014, 0x2026,
                                     '"', '(', ')', 0x201C, 0x201D, ' ', 0};
    for (int i = 0; marks[i]; i++)
        if (marks[i] == c) return true;
    return false;
}

static bool all_marks(const char *s)
{
    uint32_t c;
    for (size_t size = strlen(s), i = 0; i < size;) {
        i += unicode_decode(s + i, size - i, &c);
        if (!is_mark(c)) return false;
    }
    return s[0] != 0;
}

/* A span of the reader's text in the user's. */
static void place(const phoneme_reader *r, size_t *from, size_t *to)
{
    if (!r->marked_up || *to > r->document.text.size || *from >= *to) return;
    *to = r->document.text.to[*to - 1];
    *from = r->document.text.from[*from];
}

static bool is_given(const token *t, const given_list *given)
{
    uint32_t c = 0;
    unicode_decode(t->text, t->size ? t->size : 1, &c);
    return is_private(c) && c - FIRST_PLACEHOLDER < given->count;
}

static phoneme_word make_word(const token *t, const mapped_text *m, const given_list *given)
{
    uint32_t c = 0;
    unicode_decode(t->text, t->size ? t->size : 1, &c);
    bool set = is_given(t, given);
    return (phoneme_word){.from = m->from[t->from],
                          .to = m->to[t->to - 1],
                          .text = set ? given->item[c - FIRST_PLACEHOLDER].text : t->text,
                          .phonemes = t->phonemes,
                          .space = t->space,
                          .punctuation = all_marks(t->phonemes)};
}

/* A word whose phonemes alone are longer than a voice takes is cut into several. Returns how many words it makes; with
 * out they are written. */
static size_t cut_word(const phonemizer *p, phoneme_word w, phoneme_word *out, arena *mem, status *st)
{
    size_t size = strlen(w.phonemes), length = unicode_length(w.phonemes, size),
           parts = (length + p->longest - 1) / p->longest;
    if (parts <= 1) {
        if (out) *out = w;
        return 1;
    }
    uint32_t c;
    for (size_t k = 0, i = 0; out && k < parts; k++) {
        size_t from = i;
        for (size_t n = length * (k + 1) / parts - length * k / parts; n > 0; n--)
            i += unicode_decode(w.phonemes + i, size - i, &c);
        out[k] = w;
        out[k].phonemes = copy_text(w.phonemes + from, i - from, mem, st);
        out[k].space = w.space && k + 1 == parts;
    }
    return parts;
}

/* A token in espeak-ng's IPA. Of several marks the first counts, an ellipsis is none, and no space is before a mark. */
static void to_espeak(const phonemizer *p, token_list *tokens, size_t i)
{
    token *t = &tokens->item[i];
    bool mark = all_marks(t->phonemes), dots = strncmp(t->phonemes, "..", 2) == 0;
    const char *phonemes = espeak_from_misaki(t->phonemes, p->british, tokens->mem, tokens->st);
    if (!phonemes) return;
    t->phonemes = !mark ? phonemes : dots ? "" : copy_text(phonemes, phonemes[0] != 0, tokens->mem, tokens->st);
    if (mark && i > 0 && t->phonemes[0]) {
        t->space = t->space || tokens->item[i - 1].space;
        tokens->item[i - 1].space = false;
    }
}

/* A given word for a Piper voice: the chain has written its phonemes with our own voice's symbols. */
static void take_as_given(const phonemizer *p, token_list *tokens, token *t, const given_list *given)
{
    uint32_t c;
    if (unicode_decode(t->text, t->size, &c) != t->size) return; /* other letters are joined to it */
    const char *phonemes = phoneme_espeak_given(given->item[c - FIRST_PLACEHOLDER].phonemes, p->british, tokens);
    if (phonemes) t->phonemes = phonemes;
}

/* Says once that some letters or signs, another script's or an emoji, have no reading. */
static void warn_unread(phonemizer *p, const token *t)
{
    uint32_t c;
    if (p->warned_script || t->phonemes[0]) return;
    for (size_t i = 0; i < t->size;) {
        i += unicode_decode(t->text + i, t->size - i, &c);
        bool mark = c < 0x370 || (c >= 0x2000 && c < 0x2070) || is_private(c) || (c >= 0x3000 && c < 0x3020) ||
                    (c >= 0xFE00 && c < 0xFE10);
        if (mark) continue;
        p->warned_script = true;
        log_warning("the voice cannot read '%.60s'; that and the like is left out", t->text);
        return;
    }
}

/* Tokens with phonemes, and in `spoken` the text that their spans are of. */
static bool read_tokens(phoneme_reader *r, const mapped_text *source, const given_list *given, mapped_text *spoken,
                        token_list *tokens)
{
    const phonemizer *p = r->p;
    bool english = !p->espeak || strncasecmp(p->language, "en", 2) == 0; /* espeak-ng reads "$500" as "dollar five hundred" */
    *spoken = english ? normalize_text(source, &(normalize_options){.british = p->british}) : *source;
    size_t count;
    phoneme_given *places = find_given(spoken, given, &count, tokens->st);
    if (!status_ok(tokens->st)) return false;
    if (p->espeak) return phoneme_espeak_run(p->language, spoken, places, count, tokens);
    if (!phoneme_chain_run(&r->p->chain, spoken->text, spoken->size, places, count, tokens)) return false;
    for (size_t i = 0; i < tokens->count; i++) warn_unread(r->p, &tokens->item[i]);
    for (size_t i = 0; p->alphabet == PHONEME_ESPEAK && i < tokens->count; i++)
        if (!is_given(&tokens->item[i], given)) to_espeak(p, tokens, i);
        else take_as_given(p, tokens, &tokens->item[i], given);
    return status_ok(tokens->st);
}

static bool read_words(phoneme_reader *r, size_t from, size_t to, status *st)
{
    r->words = r->done = 0;
    given_list *given = arena_alloc(r->mem, sizeof *given, st);
    if (!given) return false;
    given->count = 0;
    mapped_text source = source_text(r, from, to, given, st), spoken;
    token_list tokens = {.mem = r->mem, .st = st};
    if (!read_tokens(r, &source, given, &spoken, &tokens)) return false;
    size_t room = 1;
    for (size_t i = 0; i < tokens.count; i++)
        room += cut_word(r->p, make_word(&tokens.item[i], &spoken, given), NULL, r->mem, st);
    r->word = arena_alloc(r->mem, room * sizeof *r->word, st);
    if (!r->word) return false;
    for (size_t i = 0; i < tokens.count; i++) {
        phoneme_word w = make_word(&tokens.item[i], &spoken, given);
        place(r, &w.from, &w.to);
        r->words += cut_word(r->p, w, r->word + r->words, r->mem, st);
    }
    return status_ok(st);
}

/* ---- pieces that a voice takes at once ---- */

static bool ends_clause(const phoneme_word *w)
{
    size_t n = strlen(w->phonemes);
    uint32_t c = unicode_before(w->phonemes, n, NULL);
    return w->punctuation && w->space && (c == ',' || c == ';' || c == ':' || c == 0x2014);
}

/* How many words from `from` make the next piece: all that fit, cut behind a clause mark where there is one. */
static size_t piece_words(const phoneme_reader *r, size_t from)
{
    size_t length = 0, clause = 0;
    for (size_t i = from; i < r->words; i++) {
        const phoneme_word *w = &r->word[i];
        length += unicode_length(w->phonemes, strlen(w->phonemes));
        if (length > r->p->longest) return clause ? clause : i > from ? i - from : 1;
        length += w->space;
        if (ends_clause(w)) clause = i + 1 - from;
    }
    return r->words - from;
}

static char *join_phonemes(const phoneme_word *word, size_t n, arena *mem, status *st)
{
    size_t size = 1, used = 0;
    for (size_t i = 0; i < n; i++) size += strlen(word[i].phonemes) + 1;
    char *out = arena_alloc(mem, size, st);
    if (!out) return NULL;
    for (size_t i = 0; i < n; i++) {
        size_t length = strlen(word[i].phonemes);
        memcpy(out + used, word[i].phonemes, length);
        used += length;
        if (word[i].space && used > 0 && out[used - 1] != ' ') out[used++] = ' ';
    }
    while (used > 0 && out[used - 1] == ' ') used--;
    out[used] = 0;
    return out;
}

/* Hands out the next piece of the present sentence; false when nothing in it sounds. */
static bool next_piece(phoneme_reader *r, phoneme_sentence *s, status *st)
{
    while (r->done < r->words) {
        size_t n = piece_words(r, r->done);
        const phoneme_word *word = r->word + r->done;
        r->done += n;
        *s = r->now;
        s->phonemes = join_phonemes(word, n, r->mem, st);
        if (!s->phonemes) return false;
        s->word = word;
        s->words = n;
        s->from = word[0].from;
        s->to = word[n - 1].to;
        if (r->done < r->words) s->ends_sentence = s->ends_paragraph = false;
        if (!s->phonemes[0]) continue;
        if (r->done == r->words) r->now.pause = -1; /* handed out with it */
        return true;
    }
    return false;
}

/* ---- the reader ---- */

phoneme_reader *phoneme_read(phonemizer *p, const char *text, size_t size, phoneme_markup markup, status *st)
{
    if (size > UINT32_MAX / 2) {
        status_set(st, STATUS_INPUT, "a text of %zu bytes; at most 2 GiB can be read at once", size);
        return NULL;
    }
    phoneme_reader *r = alloc_zeroed(1, sizeof *r, st);
    if (!r) return NULL;
    *r = (phoneme_reader){.p = p, .text = text, .size = size, .rate = 1, .marked_up = markup == PHONEME_SSML};
    r->mem = arena_new(st);
    if (r->mem && r->marked_up) {
        r->whole = arena_new(st);
        if (r->whole && ssml_parse(&r->document, text, size, r->whole, st)) {
            r->text = r->document.text.text;
            r->size = r->document.text.size;
        }
    }
    if (status_ok(st)) return r;
    phoneme_read_end(r);
    return NULL;
}

/* Takes the events at or before `at`. Returns the seconds of silence among them; negative when there is no break. */
static double take_events(phoneme_reader *r, size_t at, bool *paragraph, bool *sentence)
{
    double pause = -1;
    for (; r->event < r->document.events && r->document.event[r->event].at <= at; r->event++) {
        const ssml_event *e = &r->document.event[r->event];
        if (e->kind == SSML_BREAK) pause = (pause > 0 ? pause : 0) + e->value;
        if (e->kind == SSML_RATE) r->rate = e->value;
        if (e->kind == SSML_PARAGRAPH) *paragraph = true;
        if (e->kind != SSML_BREAK && e->kind != SSML_RATE) *sentence = true;
    }
    return pause;
}

static size_t skip_space(const phoneme_reader *r, size_t at)
{
    while (at < r->size && unicode_is_space((unsigned char)r->text[at])) at++;
    return at;
}

/* The next stretch up to an event, as one sentence or part of one. */
static bool next_sentence(phoneme_reader *r, segment *next)
{
    size_t limit = r->event < r->document.events ? r->document.event[r->event].at : r->size;
    if (limit > r->size) limit = r->size;
    if (!segment_next(r->text, limit, &r->at, next)) {
        r->at = limit;
        return false;
    }
    r->now = (phoneme_sentence){
        .rate = r->rate, .ends_paragraph = next->ends_paragraph, .ends_sentence = next->ends_sentence};
    bool paragraph = false, sentence = false, cut = skip_space(r, r->at) >= limit && limit < r->size;
    r->now.pause = cut || limit == r->size ? take_events(r, skip_space(r, r->at), &paragraph, &sentence) : -1;
    if (cut) {
        bool marked = strchr(".!?", r->text[next->to - 1]) != NULL;
        r->now.ends_paragraph = paragraph;
        r->now.ends_sentence = sentence || paragraph || marked;
    }
    return true;
}

bool phoneme_next(phoneme_reader *r, phoneme_sentence *s, status *st)
{
    while (status_ok(st)) {
        if (next_piece(r, s, st)) {
            bool last = r->done == r->words;
            if (!last) s->pause = -1;
            return true;
        }
        if (!status_ok(st)) return false;
        if (r->now.pause > 0) { /* what had a pause behind it was silent, or nothing was before it */
            *s = (phoneme_sentence){.phonemes = "", .pause = r->now.pause, .rate = r->rate, .ends_sentence = true};
            r->now.pause = -1;
            return true;
        }
        if (r->at >= r->size && r->event >= r->document.events) return false;
        arena_reset(r->mem, 0);
        r->words = r->done = 0;
        segment next;
        bool ignored = false;
        r->now = (phoneme_sentence){.pause = take_events(r, r->at, &ignored, &ignored)};
        if (r->now.pause > 0) continue;
        if (next_sentence(r, &next) && !read_words(r, next.from, next.to, st)) return false;
    }
    return false;
}

void phoneme_read_end(phoneme_reader *r)
{
    if (!r) return;
    arena_free(r->mem);
    arena_free(r->whole);
    alloc_free(r);
}
