/* Prints what audio/heteronym.c sees of a word in its sentence, with the tokens and tags of `aigc speak`.
 * usage: heteronym_features HIBARI_FOLDER < LINES     each line: the word's first byte, tab, the word, tab, the sentence
 * A line of output for each: feature, \1, value in twentieths, tab …; empty where the word was not found as a token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "audio/heteronym.h"
#include "audio/normalize.h"
#include "audio/phoneme_state.h"
#include "audio/segment.h"

static void print(void *arg, const char *feature, size_t size, int value)
{
    (void)arg;
    printf("%.*s\001%d\t", (int)size, feature, value);
}

static bool show(const phonemizer *p, const mapped_text *written, size_t place, const char *word, arena *mem, status *st)
{
    mapped_text spoken = normalize_text(written, &(normalize_options){0});
    token_list list = {.mem = mem, .st = st};
    if (!token_split(p->chain.rules, spoken.text, spoken.size, 0, &list)) return false;
    const char **text = arena_alloc(mem, (list.count + 1) * sizeof *text, st), **tag = arena_alloc(mem, (list.count + 1) * sizeof *tag, st);
    if (!text || !tag) return false;
    for (size_t i = 0; i < list.count; i++) text[i] = list.item[i].text;
    if (!tagger_run(p->chain.tags, text, list.count, tag, st)) return false;
    for (size_t i = 0; i < list.count; i++) list.item[i].tag = tag[i];
    for (size_t i = 0; i < list.count; i++) {
        const token *t = &list.item[i];
        if (spoken.from[t->from] > place || spoken.to[t->to - 1] <= place || strcasecmp(t->text, word) != 0) continue;
        heteronym_features(&list, i, print, NULL);
        return true;
    }
    return false;
}

int main(int argc, char **argv)
{
    status st = {0};
    phonemizer *p = argc == 2 ? phoneme_open(&(phoneme_options){.folder = argv[1]}, &st) : NULL;
    arena *mem = arena_new(&st);
    char *line = NULL;
    size_t room = 0;
    for (ssize_t n; p && mem && (n = getline(&line, &room, stdin)) > 0;) {
        if (line[n - 1] == '\n') line[--n] = 0;
        char *word = strchr(line, '\t'), *text = word ? strchr(word + 1, '\t') : NULL;
        if (!text) continue;
        *word++ = *text++ = 0;
        size_t place = strtoul(line, NULL, 10), at = 0, size = strlen(text);
        arena_reset(mem, 0);
        for (segment s; segment_next(text, size, &at, &s);) {
            if (place < s.from || place >= s.to) continue;
            mapped_text written = mapped_text_new(mem, &st);
            for (size_t i = s.from; i < s.to; i++) mapped_text_add(&written, text + i, 1, (uint32_t)i, (uint32_t)i + 1);
            show(p, &written, place, word, mem, &st);
        }
        putchar('\n');
    }
    if (argc != 2 || st.msg[0]) fprintf(stderr, "%s\n", argc != 2 ? "usage: heteronym_features HIBARI_FOLDER" : st.msg);
    return argc != 2 || st.msg[0] ? 1 : 0;
}
