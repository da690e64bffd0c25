#include "text/constraint_source.h"

#include <string.h>

#include "core/alloc.h"
#include "core/log.h"
#include "core/text_out.h"
#include "text/grammar_gbnf.h"
#include "text/grammar_list.h"
#include "text/grammar_schema.h"
#include "text/pattern.h"
#include "text/thoughts.h"

enum { KEPT = 16, MOST_MARK = 64 };
static const double LOOK_AHEAD = 0.02; /* seconds spent on what masks will need */

/* ---- answers ---- */

static bool set_root(grammar *g, grammar_node n, status *st)
{
    int32_t root = grammar_rule(g, "root", 4);
    grammar_define(g, root, n);
    grammar_set_root(g, root);
    return status_ok(st);
}

static bool read_choices(grammar *g, const constraint_source *s, status *st)
{
    grammar_list l = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < s->choices; i++) ok = grammar_list_add(&l, grammar_literal(g, s->choice[i], strlen(s->choice[i])), st);
    ok = ok && set_root(g, grammar_choice(g, l.item, l.count), st);
    grammar_list_free(&l);
    return ok;
}

static bool read_regex(grammar *g, const constraint_source *s, status *st)
{
    pattern *p = pattern_parse(s->text, s->size, false, s->where, st);
    bool ok = p && set_root(g, pattern_to_grammar(p, g, CHARACTERS_PLAIN, st), st);
    pattern_free(p);
    return ok;
}

static bool read_answer(grammar *g, const constraint_source *s, status *st)
{
    switch (s->kind) {
    case ANSWER_GRAMMAR: return grammar_read_gbnf(g, s->text, s->size, s->where, st);
    case ANSWER_REGEX: return read_regex(g, s, st);
    case ANSWER_CHOICE: return read_choices(g, s, st);
    case ANSWER_SCHEMA: return grammar_read_schema(g, s->text, s->size, s->where, st);
    }
    return false;
}

/* ---- thoughts ---- */

/* How much of the mark a text ends with, when it ended with `have` bytes of it and this byte comes (Knuth, Morris and Pratt 1977). */
static size_t matched(const char *mark, size_t have, uint8_t byte)
{
    char seen[MOST_MARK + 1];
    memcpy(seen, mark, have);
    seen[have] = (char)byte;
    for (size_t n = have + 1; n > 0; n--)
        if (memcmp(seen + have + 1 - n, mark, n) == 0) return n;
    return 0;
}

/* Any bytes up to the mark's end, which then calls `behind`: a rule for each number of its bytes that have come. */
static grammar_node up_to_mark(grammar *g, const char *mark, grammar_node behind, status *st)
{
    int32_t rule[MOST_MARK + 1];
    size_t size = strlen(mark);
    for (size_t i = 0; i < size; i++) rule[i] = grammar_rule(g, "thoughts", 8);
    for (size_t i = 0; i < size && status_ok(st); i++) {
        grammar_list l = {0};
        bool ok = true;
        for (int byte = 0, last; ok && byte < 256; byte = last + 1) {
            size_t to = matched(mark, i, (uint8_t)byte);
            for (last = byte; last < 255 && matched(mark, i, (uint8_t)(last + 1)) == to; last++) {}
            grammar_node part[2] = {grammar_byte_range(g, (uint8_t)byte, (uint8_t)last), to == size ? behind : grammar_call(g, rule[to])};
            ok = grammar_list_add(&l, grammar_sequence(g, part, 2), st);
        }
        if (ok) grammar_define(g, rule[i], grammar_choice(g, l.item, l.count));
        grammar_list_free(&l);
    }
    return status_ok(st) ? grammar_call(g, rule[0]) : -1;
}

/* The answer, with thoughts before it where they may come. */
static bool add_thoughts(grammar *g, const constraint_thoughts *first, const tokenizer *k, status *st)
{
    static const grammar_range blanks[] = {{'\t', '\r'}, {' ', ' '}};
    grammar_node way[THOUGHTS_MARKS + 1] = {grammar_call(g, grammar_root(g))};
    size_t ways = 1;
    grammar_node space = grammar_repeat(g, grammar_class(g, blanks, 2, false), 0, GRAMMAR_ANY_TIMES), rest[2] = {space, way[0]};
    grammar_node behind = grammar_sequence(g, rest, 2);
    if (first->closing) way[0] = up_to_mark(g, first->closing, behind, st);
    for (int i = 0; !first->closing && first->may_come && k && i < THOUGHTS_MARKS; i++) {
        const char *open, *close;
        thoughts_marks(i, &open, &close);
        int32_t mark = tokenizer_find(k, open, strlen(open));
        if (mark < 0 || tokenizer_is_special(k, mark)) continue; /* a special one would leave no text */
        grammar_node part[3] = {space, grammar_literal(g, open, strlen(open)), up_to_mark(g, close, behind, st)};
        way[ways++] = grammar_sequence(g, part, 3);
    }
    return ways == 1 && !first->closing ? status_ok(st) : set_root(g, grammar_choice(g, way, ways), st);
}

automaton *constraint_source_read(const constraint_source *s, const constraint_thoughts *first, const tokenizer *k, status *st)
{
    grammar *g = grammar_new(st);
    automaton *a = g && read_answer(g, s, st) && add_thoughts(g, first, k, st) ? automaton_new(g, st) : NULL;
    if (!a && st->code == STATUS_USAGE && s->where && strncmp(st->msg, s->where, strlen(s->where)) != 0) {
        status named = {0};
        status_set(&named, STATUS_USAGE, "%.200s: %s", s->where, st->msg);
        *st = named;
    }
    grammar_free(g);
    return a;
}

/* ---- the store ---- */

struct constraint_store {
    const tokenizer *k;
    int32_t vocab;
    token_trie *trie;
    struct kept {
        char *key;
        size_t size;
        constraint *constraint;
        uint64_t age;
    } kept[KEPT];
    uint64_t asked;
};

constraint_store *constraint_store_new(const tokenizer *k, int32_t vocab, status *st)
{
    constraint_store *s = alloc_zeroed(1, sizeof *s, st);
    if (s) *s = (constraint_store){.k = k, .vocab = vocab};
    return s;
}

static void drop(struct kept *x)
{
    alloc_free(x->key);
    constraint_release(x->constraint);
    *x = (struct kept){0};
}

void constraint_store_free(constraint_store *s)
{
    if (!s) return;
    for (int i = 0; i < KEPT; i++) drop(&s->kept[i]);
    token_trie_free(s->trie);
    alloc_free(s);
}

/* All that makes a constraint, one behind the other. */
static char *key_of(const constraint_source *s, const constraint_thoughts *first, size_t *size, status *st)
{
    text_out key = {.st = st};
    text_out_format(&key, "%d %d %s %zu ", s->kind, first->may_come, first->closing ? first->closing : "-", s->size);
    if (s->text) text_out_bytes(&key, s->text, s->size);
    for (size_t i = 0; i < s->choices; i++) {
        text_out_format(&key, "%zu ", strlen(s->choice[i]));
        text_out_add(&key, s->choice[i]);
    }
    *size = key.size;
    return text_out_take(&key);
}

static constraint *make(constraint_store *s, const constraint_source *source, const constraint_thoughts *first, status *st)
{
    double begin = log_seconds();
    automaton *a = constraint_source_read(source, first, s->k, st);
    double read = log_seconds();
    if (a && !s->trie) s->trie = token_trie_new(s->k, s->vocab, st);
    if (a && !s->trie) {
        automaton_free(a);
        return NULL;
    }
    double listed = log_seconds();
    int32_t states = a ? a->states : 0, rules = a ? a->rules : 0;
    constraint *c = a && s->trie ? constraint_new(a, s->trie, st) : NULL;
    if (c && !constraint_warm(c, LOOK_AHEAD, st)) {
        constraint_release(c);
        return NULL;
    }
    if (c) log_verbose("%s: %d states in %d rules, read in %.1f ms; %d tokens listed in %.1f ms; looked ahead for %.1f ms", source->where ? source->where : "the answer", states, rules,
                       1e3 * (read - begin), s->trie->tokens, 1e3 * (listed - read), 1e3 * (log_seconds() - listed));
    return c;
}

constraint *constraint_store_get(constraint_store *s, const constraint_source *source, const constraint_thoughts *first, status *st)
{
    size_t size;
    char *key = key_of(source, first, &size, st);
    struct kept *oldest = &s->kept[0];
    if (!key) return NULL;
    for (int i = 0; i < KEPT; i++) {
        struct kept *x = &s->kept[i];
        if (x->key && x->size == size && memcmp(x->key, key, size) == 0) {
            alloc_free(key);
            x->age = ++s->asked;
            return constraint_retain(x->constraint);
        }
        if (x->age < oldest->age) oldest = x;
    }
    constraint *c = make(s, source, first, st);
    if (!c) {
        alloc_free(key);
        return NULL;
    }
    drop(oldest);
    *oldest = (struct kept){key, size, c, ++s->asked};
    return constraint_retain(c);
}
