/* Reports: data (CSV, JSON, JSON Lines), behind the last byte FE a schema, behind the last byte FF a template. What is read holds no control
 * character and no half of one; places are in the file; what runs writes no mark of a missing value; nothing is lost. */
#include <string.h>

#include "core/json.h"
#include "tests/fuzz/fuzz.h"
#include "write/prose.h"
#include "write/report.h"

static void hear(void *arg, const char *message)
{
    size_t *told = arg;
    FUZZ_CHECK(message[0]);
    ++*told;
}

static void check_cells(const data_table *t)
{
    FUZZ_CHECK(t->columns > 0 && t->columns <= DATA_COLUMNS);
    for (size_t i = 0; i < t->rows && i < 50; i++)
        for (size_t k = 0; k < t->columns; k++) {
            const data_cell *c = data_at(t, i, k);
            char where[DATA_WHERE], digits[DATA_KEY];
            size_t size;
            for (uint32_t n = 0; c->text && n < c->size; n++) FUZZ_CHECK((unsigned char)c->text[n] >= 0x20 || strchr("\n\t\r", c->text[n]));
            data_where(t, i, k, where);
            FUZZ_CHECK(strncmp(where, "fuzz:", 5) == 0);
            data_key(c, digits, &size);
            FUZZ_CHECK(data_find(t, t->column[k].variable, strlen(t->column[k].variable)) == (int64_t)k);
        }
}

static void write_reports(const data_table *t, const schema *s, const char *text, size_t size, report_per per)
{
    status st = {0};
    report_options o = {.locale = locale_find(size % 4 == 0 ? "de" : size % 4 == 1 ? "fr" : size % 4 == 2 ? "zh" : "en"), .seed = size, .today = 20000, .per = per, .group = t->column[0].name, .pattern = "{{ key if key is defined else index }}"};
    report *r = report_open(text, size, "template", t, s, &o, &st);
    FUZZ_CHECK(r || st.code != STATUS_OK);
    for (size_t i = 0; r && i < report_count(r) && i < 3; i++) {
        status own = {0};
        text_out out = {.st = &own};
        bool ok = report_write(r, i, &out, NULL, &own);
        FUZZ_CHECK(ok == status_ok(&own) && (ok || own.msg[0]));
        if (ok && out.size) FUZZ_CHECK(!memchr(out.data, PROSE_MISSING, out.size) && out.data[out.size] == 0);
        text_out_free(&out);
    }
    report_close(r);
}

static const uint8_t *last(const uint8_t *data, size_t size, uint8_t mark) { return size ? memrchr(data, mark, size) : NULL; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool ready;
    if (!ready) json_use_alloc();
    ready = true;
    const uint8_t *program = last(data, size, 0xFF), *end = program ? program : data + size, *columns = last(data, (size_t)(end - data), 0xFE), *stop = columns ? columns : end;
    status st = {0}, wrong = {0};
    uint64_t before = alloc_in_use();
    char *copy = alloc_string((const char *)data, (size_t)(stop - data), &st);
    data_table *t = copy ? data_open_bytes("fuzz", copy, (size_t)(stop - data), &(data_options){0}, &st) : NULL;
    FUZZ_CHECK(t || (st.code != STATUS_OK && st.msg[0]));
    schema *s = columns ? schema_parse((const char *)columns + 1, (size_t)(end - columns) - 1, "schema", 1, &wrong) : NULL;
    if (t) check_cells(t);
    if (t && s) {
        size_t told = 0, faults = schema_check(s, t, hear, &told, &wrong);
        FUZZ_CHECK(faults == SIZE_MAX || told == (faults > 100 ? 100 : faults));
    }
    if (t && program) {
        const char *text = (const char *)program + 1;
        size_t n = size - (size_t)(program - data) - 1;
        if (n && t->rows < 200) write_reports(t, s, text, n, REPORT_ROW), write_reports(t, s, text, n, REPORT_GROUP), write_reports(t, s, text, n, REPORT_ALL);
    }
    schema_free(s);
    data_close(t);
    FUZZ_CHECK(alloc_in_use() == before);
    return 0;
}

static const char *const WORDS[] = {
    "\"\"", "\"", ",", ";", "\t", "\r\n", "\n", "NaN", "1e308", "-0", "007", "2026-02-29", "2026-11-27T10:00", "{\"a\": ", "[{", "}]", "null", "\\u0001", "\xFE" "a: integer, 0..9\n", "optional", "unique", "a | b", "comma", "\xFF",
    "{{ a|words }}", "{{ a|about }}", "{{ a|large }}", "{{ a|money('EUR') }}", "{{ a|unit('km', spelled=true) }}", "{{ trend(a, b) }}", "{{ share(a, b) }}", "{{ compare(a, b) }}", "{{ count(a, 'goal', 'Tore') }}", "{{ a|plural(b) }}",
    "{{ a|verb(b, 'past') }}", "{{ rows|length }}", "{{ a|date('full') }}", "{{ a|relative }}", "{{ a|duration }}", "{{ league(rows, 'a', 'a', 'b', 'b') }}", "{{ grouped(rows, 'a') }}", "{% choose %}", "{% or %}", "{% endchoose %}",
    "{{ choose(a, b) }}", "{{ synonym('x', 'y') }}", "{{ entity(a, b, 'they')|ref }}", "{% filter prose %}", "{% endfilter %}", "{{ newsworthy([(a, b)]) }}", "{{ a|a }}", "{{ a|slug }}", "{{ a|listed }}", "{{ previous.a }}", "{{ key }}", "|default(1)",
};

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    if (seed % 3) return LLVMFuzzerMutate(data, size, max_size);
    const char *word = WORDS[seed / 3 % (sizeof WORDS / sizeof *WORDS)];
    size_t n = strlen(word), at = size ? seed / 200 % (size + 1) : 0;
    if (size + n > max_size) return LLVMFuzzerMutate(data, size, max_size);
    memmove(data + at + n, data + at, size - at);
    memcpy(data + at, word, n);
    return size + n;
}
