/* Chat templates: a program, behind the last byte FF, which no UTF-8 holds, the JSON of its variables. What runs writes bytes with
 * an origin each, which are the program's own where there is no variable; the bounds hold; nothing is lost. */
#include <jansson.h>

#include "core/json.h"
#include "text/jinja.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_json.h"

static size_t variables_of(const json_t *object, jinja_variable *out, size_t most)
{
    size_t n = 0;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) if (n < most) out[n++] = (jinja_variable){key, value, JINJA_GIVEN, "role"};
    return n;
}

static void run(const jinja *t, const json_t *variables)
{
    jinja_variable v[8];
    jinja_input in = {v, variables_of(variables, v, 8), 1722000000};
    status st = {0};
    jinja_output out;
    uint64_t before = alloc_in_use();
    alloc_set_budget(before + (512 << 20));
    bool ok = jinja_run(t, &in, &out, &st);
    FUZZ_CHECK(ok == status_ok(&st) && (ok || st.msg[0]) && st.code != STATUS_NOMEM);
    for (size_t i = 0; ok && i < out.size; i++) FUZZ_CHECK(out.origin[i] == JINJA_OWN || (out.origin[i] == JINJA_GIVEN && in.count));
    if (ok) FUZZ_CHECK(out.text[out.size] == 0);
    jinja_output_free(&out);
    alloc_set_budget(0);
    FUZZ_CHECK(alloc_in_use() == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready) json_use_alloc();
    ready = true;
    size_t end = size;
    while (end > 0 && data[end - 1] != 0xFF) end--;
    size_t program = end ? end - 1 : size;
    json_t *variables = end ? json_parse((const char *)data + end, size - end, JSON_ALLOW_NUL, NULL) : NULL;
    char *copy = malloc(program + 1); /* of the very size, so that reading past it is seen */
    memcpy(copy, data, program);
    status st = {0};
    jinja *t = jinja_parse(copy, program, "fuzz", &st);
    free(copy);
    FUZZ_CHECK(st.code == (t ? STATUS_OK : STATUS_INPUT) && (t || st.msg[0]));
    if (t) run(t, json_is_object(variables) ? variables : NULL);
    jinja_free(t);
    json_decref(variables);
    FUZZ_CHECK(alloc_in_use() == 0);
    return 0;
}

static const char *const WORDS[] = {
    "{% for m in messages %}", "{% endfor %}", "{% if a %}", "{% elif b %}", "{% else %}", "{% endif %}", "{% set x = ", "{% set x %}", "{% endset %}", "{% macro m(a, b=1) %}", "{% endmacro %}", "{{ m(1) }}",
    "{% call m() %}", "{% endcall %}", "{% filter upper %}", "{% endfilter %}", "{% raw %}", "{% endraw %}", "{#", "#}", "{%-", "-%}", "{{-", "-}}", "{{ ", " }}", "{% break %}", "{% continue %}", "namespace(x=1)",
    "loop.index", "loop(", "recursive", "caller()", "|tojson(indent=2)", "|map(attribute='a')", "|selectattr('a','equalto',1)", "|join(', ')", "|sort", "|trim", "|default('x')", "|replace('a','b')", "|indent(2)", "|list", "|int", "|round(1)",
    " is defined", " is not none", " in ", " not in ", " if a else b", "[1:]", "[::-1]", "[-1]", ".split('x')", ".strip()", ".items()", ".get('a')", "range(9)", " ~ ", " ** ", " // ", " % ", "'%5.1f' % 2", "'{}'.format(1)", "\\u00e9", "9223372036854775807", "1e308",
    "\xF0\x9F\x98\x80", "\xC3\x9F", "\xCE\xA3", "{'a': 1}", "(1, 2)", "raise_exception('x')", "strftime_now('%Y')",
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    return mutate_json(data, size, max_size, seed, WORDS, sizeof WORDS / sizeof WORDS[0]);
}
