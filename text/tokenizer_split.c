/* The steps of text before BPE: normalising, and cutting into pieces. They keep the meaning of the tokenizers library's
 * normalizers and pre_tokenizers of the same names. Each step hands its pieces to the next at once, so that nothing is
 * listed; only a step that changes text has a buffer. */
#include <string.h>

#include "core/alloc.h"
#include "text/tokenizer_pipeline.h"

static bool regex_find(tokenizer_work *w, const tokenizer_regex *r, const char *text, size_t size, size_t from,
                       size_t *begin, size_t *end, bool *found)
{
    if (!w->regex) w->regex = tokenizer_regex_buffers_new(w->text_size, w->st);
    if (!w->regex) return false;
    int result = tokenizer_regex_find(r, w->regex, text, size, from, begin, end, w->st);
    *found = result > 0;
    return result >= 0;
}

/* The first match at or behind `from` that is not empty. Without one, *begin = *end = size. text is UTF-8. */
static bool find_match(tokenizer_work *w, const tokenizer_pattern *p, const char *text, size_t size, size_t from,
                       size_t *begin, size_t *end)
{
    *begin = *end = size;
    if (p->kind == PATTERN_LITERAL) {
        const char *at = p->literal.size ? memmem(text + from, size - from, p->literal.data, p->literal.size) : NULL;
        if (at) {
            *begin = (size_t)(at - text);
            *end = *begin + p->literal.size;
        }
        return true;
    }
    while (from < size) {
        uint32_t c = 0;
        int n = 1;
        bool found = false;
        if (p->kind == PATTERN_REGEX) {
            size_t b, e;
            if (!regex_find(w, p->regex, text, size, from, &b, &e, &found)) return false;
            if (!found) return true;
            if (e > b) {
                *begin = b;
                *end = e;
                return true;
            }
            from = b; /* an empty match: go on one character behind it */
            if (from < size) n = tokenizer_unicode_char(text + from, size - from, &c);
        } else {
            n = tokenizer_unicode_char(text + from, size - from, &c);
            if (tokenizer_unicode_is_numeric(c)) {
                *begin = from;
                *end = from + (size_t)n;
                return true;
            }
        }
        from += n > 0 ? (size_t)n : 1;
    }
    return true;
}

/* ---- normalising ---- */

/* Appends what a step of the file puts into the text. No tokenizer known makes a text many times as long, but the steps of a
 * file could, one by another: all that they put in counts against the text's own size. */
static bool put_in(tokenizer_work *w, const tokenizer_text *text, tokenizer_bytes *out)
{
    size_t limit = w->text_size * TOKENIZER_MAX_GROWTH + TOKENIZER_MAX_GROWTH * (size_t)TOKENIZER_MAX_PIECE;
    w->put_in += text->size;
    if (w->put_in > limit)
        return status_set(w->st, STATUS_INPUT, "the tokenizer's steps add more than %zu bytes to a text of %zu: they are not followed", limit,
                          w->text_size);
    return tokenizer_bytes_push(out, text->data, text->size, w->st);
}

static bool replace_all(tokenizer_work *w, const tokenizer_normaliser *n, const char *text, size_t size,
                        tokenizer_bytes *out)
{
    size_t done = 0;
    while (done < size) {
        size_t begin, end;
        if (!find_match(w, &n->pattern, text, size, done, &begin, &end)) return false;
        if (!tokenizer_bytes_push(out, text + done, begin - done, w->st)) return false;
        if (begin == end) return true;
        if (!put_in(w, &n->text, out)) return false;
        done = end;
    }
    return true;
}

static bool strip(const tokenizer_normaliser *n, const char *text, size_t size, tokenizer_bytes *out, status *st)
{
    size_t begin = 0, end = 0; /* end: behind the last character that is no space */
    bool all_space = true;
    for (size_t i = 0; i < size;) {
        uint32_t c = 0;
        int length = tokenizer_unicode_char(text + i, size - i, &c);
        size_t next = i + (length > 0 ? (size_t)length : 1);
        if (!tokenizer_unicode_is_space(c)) {
            if (all_space) begin = i;
            all_space = false;
            end = next;
        }
        i = next;
    }
    if (all_space && size) return true;
    if (!n->left) begin = 0;
    if (!n->right) end = size;
    return tokenizer_bytes_push(out, text + begin, end - begin, st);
}

static bool normalise_valid(tokenizer_work *w, const tokenizer_normaliser *n, const char *text, size_t size,
                            tokenizer_bytes *out)
{
    switch (n->kind) {
    case NORMALISE_UNICODE: return tokenizer_unicode_normalise(n->form, text, size, out, w->st);
    case NORMALISE_LOWER: return tokenizer_unicode_lower(text, size, out, w->st);
    case NORMALISE_REPLACE: return replace_all(w, n, text, size, out);
    case NORMALISE_STRIP: return strip(n, text, size, out, w->st);
    case NORMALISE_PREPEND: break;
    }
    return tokenizer_bytes_push(out, text, size, w->st);
}

/* One step over text that may hold bytes which are no UTF-8: those are kept as they are. */
static bool normalise_step(tokenizer_work *w, const tokenizer_normaliser *n, const char *text, size_t size,
                           tokenizer_bytes *out)
{
    if (n->kind == NORMALISE_PREPEND && size && !put_in(w, &n->text, out)) return false;
    while (size) {
        size_t valid = tokenizer_unicode_valid(text, size);
        if (valid && !normalise_valid(w, n, text, valid, out)) return false;
        if (valid < size && !tokenizer_bytes_push(out, text + valid, 1, w->st)) return false;
        size_t done = valid < size ? valid + 1 : valid;
        text += done;
        size -= done;
    }
    return true;
}

bool tokenizer_split_normalise(tokenizer_work *w, const char *text, size_t size, const char **out, size_t *out_size)
{
    for (int i = 0; i < w->t->normalisers; i++) {
        tokenizer_bytes *to = &w->normal[i % 2];
        to->size = 0;
        if (!normalise_step(w, &w->t->normaliser[i], text, size, to)) return false;
        text = to->data;
        size = to->size;
    }
    *out = text;
    *out_size = size;
    return true;
}

/* ---- cutting ---- */

/* Joins matches and the text between them into pieces. */
typedef struct {
    tokenizer_work *w;
    const char *text;
    int next; /* the step the pieces go to */
    split_behaviour behaviour;
    size_t begin, end;      /* the piece not yet handed on */
    bool has_match, is_match; /* what the last range was */
} joiner;

static bool hand_on(joiner *j)
{
    size_t begin = j->begin, end = j->end;
    j->begin = j->end;
    if (begin == end) return true;
    bool ok = tokenizer_split_piece(j->w, j->next, j->text + begin, end - begin);
    j->w->at_start = false;
    return ok;
}

/* The range from j->end to `end`, a match or what lies between two. */
static bool take_range(joiner *j, size_t end, bool match)
{
    if (end == j->end) return true;
    bool join = false;
    switch (j->behaviour) {
    case SPLIT_ISOLATED:
    case SPLIT_REMOVED: break;
    case SPLIT_CONTIGUOUS: join = match == j->is_match; break;
    case SPLIT_WITH_PREVIOUS: join = match && !j->is_match; break;
    case SPLIT_WITH_NEXT: join = !match && j->is_match; break;
    }
    if (!join && !hand_on(j)) return false;
    j->end = end;
    j->is_match = match;
    if (match && j->behaviour == SPLIT_REMOVED) {
        j->begin = end;
        j->w->at_start = false;
    }
    return true;
}

static bool split_valid(tokenizer_work *w, const tokenizer_step *s, int next, const char *text, size_t size)
{
    joiner j = {.w = w, .text = text, .next = next, .behaviour = s->behaviour};
    size_t done = 0;
    while (done < size) {
        size_t begin, end;
        if (!find_match(w, &s->pattern, text, size, done, &begin, &end)) return false;
        if (!take_range(&j, begin, s->invert) || !take_range(&j, end, !s->invert)) return false;
        done = end;
    }
    return hand_on(&j);
}

static bool split(tokenizer_work *w, const tokenizer_step *s, int next, const char *text, size_t size)
{
    while (size) {
        size_t valid = tokenizer_unicode_valid(text, size);
        if (valid && !split_valid(w, s, next, text, valid)) return false;
        size_t bad = valid;
        uint32_t c;
        while (bad < size && tokenizer_unicode_char(text + bad, size - bad, &c) == 0) bad++;
        if (bad > valid && !tokenizer_split_piece(w, next, text + valid, bad - valid)) return false;
        w->at_start = false;
        text += bad;
        size -= bad;
    }
    return true;
}

static bool starts_with(const char *text, size_t size, const tokenizer_text *s)
{
    return size >= s->size && memcmp(text, s->data, s->size) == 0;
}

static bool prepend_space(tokenizer_work *w, int step, const char *text, size_t size)
{
    if (text[0] == ' ') return tokenizer_split_piece(w, step + 1, text, size);
    tokenizer_bytes *b = &w->step[step];
    b->size = 0;
    if (!put_in(w, &(tokenizer_text){" ", 1}, b) || !tokenizer_bytes_push(b, text, size, w->st)) return false;
    return tokenizer_split_piece(w, step + 1, b->data, b->size);
}

static bool metaspace(tokenizer_work *w, const tokenizer_step *s, int step, const char *text, size_t size)
{
    const tokenizer_text *mark = &s->pattern.literal;
    tokenizer_bytes *b = &w->step[step];
    b->size = 0;
    bool marked = text[0] == ' ' || starts_with(text, size, mark);
    bool prepend = s->prepend == PREPEND_ALWAYS || (s->prepend == PREPEND_FIRST && w->at_start);
    if (prepend && !marked && !put_in(w, mark, b)) return false;
    for (size_t i = 0; i < size;) {
        const char *space = memchr(text + i, ' ', size - i);
        size_t end = space ? (size_t)(space - text) : size;
        if (!tokenizer_bytes_push(b, text + i, end - i, w->st)) return false;
        if (space && !put_in(w, mark, b)) return false;
        i = space ? end + 1 : end;
    }
    if (!s->split) return tokenizer_split_piece(w, step + 1, b->data, b->size);
    return split(w, s, step + 1, b->data, b->size);
}

bool tokenizer_split_piece(tokenizer_work *w, int step, const char *text, size_t size)
{
    if (!size) return true;
    if (step >= w->t->steps) return tokenizer_bpe_piece(w, text, size);
    const tokenizer_step *s = &w->t->step[step];
    switch (s->kind) {
    case STEP_SPLIT: return split(w, s, step + 1, text, size);
    case STEP_PREPEND_SPACE: return prepend_space(w, step, text, size);
    case STEP_METASPACE: return metaspace(w, s, step, text, size);
    }
    return false;
}

void tokenizer_split_free(tokenizer_work *w)
{
    for (int i = 0; i < 2; i++) tokenizer_bytes_free(&w->normal[i]);
    for (int i = 0; i < TOKENIZER_MAX_STEPS; i++) tokenizer_bytes_free(&w->step[i]);
    tokenizer_regex_buffers_free(w->regex);
}
