/* JSON schemas: read or refused; what was read is followed to an end, and is JSON there. */
#include "core/json.h"
#include "tests/fuzz/follow_grammar.h"
#include "tests/fuzz/mutate_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    char text[FOLLOWED];
    bool whole = false;
    if (!ready) json_use_alloc();
    ready = true;
    automaton *a = read_source(ANSWER_SCHEMA, data, size);
    size_t n = a ? follow_grammar(a, data, size, text, &whole) : 0;
    if (whole) {
        json_error_t error;
        json_t *value = json_parse(text, n, JSON_DECODE_ANY, &error);
        if (!value && strstr(error.text, "too big") == NULL && strstr(error.text, "real number overflow") == NULL) fprintf(stderr, "%.*s: %s\n", (int)n, text, error.text), abort();
        json_decref(value);
    }
    automaton_free(a);
    FUZZ_CHECK(alloc_in_use() == 0);
    return 0;
}

static const char *const WORDS[] = {
    "{\"type\": \"object\"}", "{\"type\": \"string\"}", "{\"type\": [\"integer\", \"null\"]}", "\"properties\": {\"a\": ", "\"required\": [\"a\"]", "\"additionalProperties\": ", "\"patternProperties\": {\"^a\": ",
    "\"propertyNames\": {\"pattern\": \"^a\"}", "\"minProperties\": 1", "\"maxProperties\": 2", "\"items\": ", "\"prefixItems\": [", "\"minItems\": 2", "\"maxItems\": 9", "\"minLength\": 3", "\"maxLength\": 70", "\"pattern\": \"b\"", "\"pattern\": \"^[a-z]{2}$\"",
    "\"format\": \"date\"", "\"format\": \"email\"", "\"minimum\": -1.5", "\"maximum\": 12", "\"exclusiveMinimum\": 0", "\"exclusiveMaximum\": 1e3", "\"enum\": [1, \"a\", null]", "\"const\": 2.5", "\"anyOf\": [", "\"oneOf\": [", "\"allOf\": [",
    "\"$ref\": \"#\"", "\"$ref\": \"#/$defs/a\"", "\"$defs\": {\"a\": ", "true", "false", "{}", "\"multipleOf\": 1", "\"uniqueItems\": false",
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed) { return mutate_json(data, size, max_size, seed, WORDS, sizeof WORDS / sizeof WORDS[0]); }
