/* Patterns: read or refused; what was read matches as the set of characters' automaton says, too. */
#include "tests/fuzz/follow_grammar.h"
#include "tests/fuzz/mutate_json.h"
#include "text/language.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[FOLLOWED];
    bool whole = false;
    status st = {0};
    automaton *a = read_source(ANSWER_REGEX, data, size);
    size_t n = a ? follow_grammar(a, data, size, text, &whole) : 0;
    pattern *p = whole ? pattern_parse((const char *)data, size, false, "fuzz", &st) : NULL;
    language *l = p ? language_of_pattern(p, &st) : NULL;
    if (l) FUZZ_CHECK(language_holds(l, text, n));
    language_free(l);
    pattern_free(p);
    automaton_free(a);
    FUZZ_CHECK(alloc_in_use() == 0);
    return 0;
}

static const char *const WORDS[] = {"(", ")", "(?:", "(?<n>", "|", "*", "+", "?", "*?", "{2}", "{2,}", "{0,3}", "{70,90}", "[a-z]", "[^a]", "[\\d\\W]", "\\d", "\\w", "\\s", "\\D", "\\W", "\\S", ".", "^", "$", "\\u00e9", "\\x41", "\\u{1F600}", "\\n", "\\\\", "-", "]", "[", "(?=", "\\b"};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) { return mutate_json(data, size, max_size, seed, WORDS, sizeof WORDS / sizeof WORDS[0]); }
