/* The JSON files of the lexicons, the tagger and the tokenizer, by the first byte; then look-ups in what they gave. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audio/lexicon.h"
#include "audio/tagger.h"
#include "audio/token.h"
#include "core/alloc.h"
#include "core/arena.h"

static void look_up(lexicon *l)
{
    static const char *const words[] = {"a", "the", "read", "Read", "x", ""};
    for (size_t i = 0; i < 6; i++) {
        lexicon_reading r;
        if (lexicon_find(l, words[i], strlen(words[i]), "VBD", true, &r) && r.phonemes && r.size)
            (void)(r.phonemes[0] + r.phonemes[r.size - 1]);
    }
    lexicon_close(l);
}

static void tag(tagger *t)
{
    static const char *const words[] = {"The", "cat", "read", "1999", "well-known", "."};
    const char *tags[6];
    status st = {0};
    tagger_run(t, words, 6, tags, &st);
    tagger_close(t);
}

static void split(token_rules *r)
{
    status st = {0};
    arena *mem = arena_new(&st);
    token_list list = {.mem = mem, .st = &st};
    static const char text[] = "(don't) 10am Sept. a--b :) 5km/h U.S.";
    if (token_split(r, text, sizeof text - 1, 0, &list))
        for (size_t i = 0; i < list.count; i++)
            if (list.item[i].to > sizeof text - 1 || list.item[i].from > list.item[i].to) abort();
    arena_free(mem);
    token_rules_close(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1) return 0;
    status st = {0};
    char *json = alloc_string((const char *)data + 1, size - 1, &st);
    if (data[0] % 3 == 0) {
        lexicon *l = lexicon_build(json, size - 1, "fuzz", &st);
        if (l) look_up(l);
    } else if (data[0] % 3 == 1) {
        tagger *t = tagger_build(json, size - 1, "fuzz", &st);
        if (t) tag(t);
    } else {
        token_rules *r = token_rules_build(json, size - 1, "fuzz", &st);
        if (r) split(r);
    }
    alloc_free(json);
    return 0;
}
