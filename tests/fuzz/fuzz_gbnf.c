/* GBNF: read or refused; what was read is followed to some end. */
#include "tests/fuzz/follow_grammar.h"
#include "tests/fuzz/mutate_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[FOLLOWED];
    bool whole;
    automaton *a = read_source(ANSWER_GRAMMAR, data, size);
    if (a) follow_grammar(a, data, size, text, &whole);
    automaton_free(a);
    FUZZ_CHECK(alloc_in_use() == 0);
    return 0;
}

static const char *const WORDS[] = {"root ::= ", "a ::= ", " | ", "\n", "*", "+", "?", "{2,3}", "{7}", "{5,}", "{1000}", "(", ")", "[a-z]", "[^\\n]", ".", "\"x\"", "\"\"", " a ", " b ", " root ", "\\x41", "\\u00e9", "\\U0001F600", "# c\n", "[", "]", "{", "}", "::="};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) { return mutate_json(data, size, max_size, seed, WORDS, sizeof WORDS / sizeof WORDS[0]); }
