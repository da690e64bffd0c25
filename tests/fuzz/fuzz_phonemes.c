/* Text → sentences, words as said, tokens and their pieces, with small dictionaries in memory. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audio/normalize.h"
#include "audio/phoneme_chain.h"
#include "audio/segment.h"
#include "core/alloc.h"

static phoneme_chain chain;

static void open_chain(void)
{
    static const char special[] =
        "{\"don't\":[\"do\",\"n't\"],\"Sept.\":[\"Sept.\"],\":)\":[\":)\"],\"10am\":[\"10\",\"am\"]}";
    static const char tags[] = "{\"tags\":[\"NN\",\"DT\",\"CD\",\".\",\":\",\"$\",\"IN\"],\"tagdict\":{\"the\":\"DT\","
                               "\".\":\".\",\"$\":\"$\",\"-\":\":\"},"
                               "\"vocab\":[\"the\"],\"weights\":{\"b\":{\"NN\":1.5},\"w=to\":{\"IN\":9.5}}}";
    static const char gold[] = "{\"the\":\"ðə\",\"to\":\"tu\",\"a\":\"ˈA\",\"A\":\"ˈA\",\"B\":\"bˈi\",\"bit\":\"bˈɪt\","
                               "\"am\":\"ˈæm\",\"used\":{\"DEFAULT\":\"jˈuzd\",\"VBD\":\"jˈust\"},"
                               "\"dot\":\"dˈɑt\",\"and\":\"ænd\",\"one\":\"wˈʌn\",\"point\":\"pˈYnt\"}";
    status st = {0};
    char *copy[4] = {alloc_string(special, sizeof special - 1, &st), alloc_string(tags, sizeof tags - 1, &st),
                     alloc_string(gold, sizeof gold - 1, &st), alloc_string("{}", 2, &st)};
    chain.rules = token_rules_build(copy[0], sizeof special - 1, "special", &st);
    chain.tags = tagger_build(copy[1], sizeof tags - 1, "tags", &st);
    chain.gold = lexicon_build(copy[2], sizeof gold - 1, "gold", &st);
    chain.silver = lexicon_build(copy[3], 2, "silver", &st);
    for (int i = 0; i < 4; i++) alloc_free(copy[i]);
    if (!status_ok(&st)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LONGEST = 400 }; /* a sentence or two: longer texts are slow and teach nothing more */
    if (!chain.rules) open_chain();
    if (size > LONGEST) size = LONGEST;
    status st = {0};
    const char *text = (const char *)data;
    char *copy = alloc_string(text, size, &st);
    size_t at = 0;
    for (segment s; segment_next(copy, size, &at, &s);) {
        if (s.to <= s.from || s.to > size || s.to - s.from > SEGMENT_LONGEST) abort();
        arena *mem = arena_new(&st);
        mapped_text in = mapped_text_new(mem, &st);
        for (size_t i = s.from; i < s.to; i++) mapped_text_add(&in, copy + i, 1, (uint32_t)i, (uint32_t)i + 1);
        mapped_text out = normalize_text(&in, &(normalize_options){.british = size & 1});
        for (size_t i = 0; i < out.size; i++)
            if (out.from[i] < s.from || out.to[i] > s.to || out.from[i] >= out.to[i]) abort();
        token_list words = {.mem = mem, .st = &st};
        phoneme_chain_run(&chain, out.text, out.size, NULL, 0, &words);
        for (size_t i = 0; i < words.count; i++)
            if (words.item[i].to > out.size || !words.item[i].phonemes) abort();
        st = (status){0}; /* there is no network for unknown words here */
        arena_free(mem);
    }
    alloc_free(copy);
    return 0;
}
