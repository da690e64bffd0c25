#include "audio/phoneme_espeak.h"

#include <string.h>

#include "audio/espeak.h"

typedef struct {
    espeak_clause *item;
    size_t count;
} clause_list;

static size_t word_length(const char *s, size_t size)
{
    size_t n = 0;
    while (n < size && s[n] != ' ') n++;
    return n;
}

static size_t count_words(const char *s, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size;) {
        size_t n = word_length(s + i, size - i);
        count += n > 0;
        i += n + 1;
    }
    return count;
}

static token *add(token_list *words, const mapped_text *m, size_t from, size_t to, const char *phonemes, size_t size)
{
    token *t = token_add(words, m->text + from, to - from, (uint32_t)from, (uint32_t)to);
    char *copy = t ? arena_alloc(words->mem, size + 1, words->st) : NULL;
    if (!copy) return NULL;
    memcpy(copy, phonemes, size);
    copy[size] = 0;
    t->phonemes = copy;
    return t;
}

static void add_clause(token_list *words, const mapped_text *m, const espeak_clause *c, const char *phonemes)
{
    size_t size = strlen(phonemes), at = c->from, spoken = count_words(phonemes, size);
    bool aligned = spoken == count_words(m->text + c->from, c->to - c->from);
    for (size_t i = 0, k = 0; i < size;) {
        size_t n = word_length(phonemes + i, size - i);
        if (n > 0) {
            while (aligned && at < c->to && m->text[at] == ' ') at++;
            size_t end = aligned ? at + word_length(m->text + at, c->to - at) : c->to;
            token *t = add(words, m, aligned ? at : c->from, end, phonemes + i, n);
            if (!t) return;
            t->space = ++k < spoken;
            if (aligned) at = end;
        }
        i += n + 1;
    }
    bool joins = strchr(",:;", c->mark[0]) != NULL; /* also "": behind an ellipsis */
    if (c->mark[0]) {
        token *t = add(words, m, c->to - 1, c->to, c->mark, strlen(c->mark));
        if (t) t->space = joins || c->to < m->size;
    } else if (words->count > 0) {
        words->item[words->count - 1].space = c->to < m->size;
    }
}

static bool find_clauses(const mapped_text *m, const phoneme_given *given, size_t count, clause_list *list,
                         token_list *words)
{
    list->item = arena_alloc(words->mem, (m->size + 1) * sizeof *list->item, words->st);
    if (!list->item) return false;
    for (size_t g = 0, at = 0; g <= count; g++) {
        size_t limit = g < count ? given[g].from : m->size;
        while (espeak_next_clause(m->text, limit, &at, &list->item[list->count])) list->count++;
        if (g < count) at = given[g].to;
    }
    return true;
}

const char *phoneme_espeak_given(const char *phonemes, bool british, token_list *words)
{
    static const char *const ours[] = {"A", "I", "O", "Q", "W", "Y", "T", "ʤ", "ʧ", "ᵊ"};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        if (strstr(phonemes, ours[i])) return espeak_from_misaki(phonemes, british, words->mem, words->st);
    return phonemes;
}

bool phoneme_espeak_run(const char *voice, const mapped_text *text, const phoneme_given *given, size_t count,
                        token_list *words)
{
    clause_list list = {0};
    if (!find_clauses(text, given, count, &list, words)) return false;
    const char **phonemes =
        list.count ? espeak_run(voice, text->text, list.item, list.count, words->mem, words->st) : NULL;
    if (list.count && !phonemes) return false;
    for (size_t i = 0, g = 0; i < list.count || g < count;) {
        if (g < count && (i == list.count || given[g].from < list.item[i].from)) {
            const char *said = phoneme_espeak_given(given[g].phonemes, strncmp(voice, "en-gb", 5) == 0, words);
            token *t = said ? add(words, text, given[g].from, given[g].to, said, strlen(said)) : NULL;
            if (!t) return false;
            t->space = given[g].to < text->size && text->text[given[g].to] == ' ';
            g++;
            continue;
        }
        add_clause(words, text, &list.item[i], phonemes[i]);
        i++;
        if (words->count > 0 && g < count && text->text[given[g].from ? given[g].from - 1 : 0] == ' ')
            words->item[words->count - 1].space = true;
    }
    return status_ok(words->st);
}
