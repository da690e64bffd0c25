/* Job files: any bytes, and job files put together from their parts. Every job that is handed out is whole and keeps its
 * promises: its output stays inside the folder, its needs are other jobs, its options are known. */
#include "tests/fuzz/fuzz.h"

#include "job/batch_options.h"
#include "job/job_file.h"
#include "job/job_path.h"

static const char *const PARTS[] = {
    "{\"id\": \"a\", \"kind\": \"text\", \"prompt\": \"x\"}\n", "{\"id\": \"b\", \"kind\": \"speak\", \"text\": \"{{a.text}}\", \"out\": \"d/b.wav\"}\n",
    "{\"defaults\": {\"tokens\": 5, \"steps\": 2}}\n", "{\"defaults\": {\"seed\": 3}, \"kind\": \"image\"}\n", "{\"kind\": \"image\", \"prompt\": \"p\", \"repeat\": 3}\n",
    "{\"id\": \"c\", \"kind\": \"vocode\", \"input\": \"{{b.file}}\", \"needs\": [\"a\", \"b\"]}\n", "{\"kind\": \"embed\", \"prompt\": [\"x\", \"y\"]}\n",
    "{\"kind\": \"text\", \"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n",
    "{\"custom_id\": \"q\", \"method\": \"POST\", \"url\": \"/v1/chat/completions\", \"body\": {\"model\": \"m\", \"messages\": [{\"role\": \"user\", \"content\": \"x\"}], \"n\": 2}}\n",
    "{\"custom_id\": \"r\", \"method\": \"POST\", \"url\": \"/v1/images/generations\", \"body\": {\"prompt\": \"p\", \"size\": \"64x64\"}}\n",
    "{\"custom_id\": \"s\", \"method\": \"POST\", \"url\": \"/v1/audio/speech\", \"body\": {\"input\": \"p\", \"response_format\": \"wav\"}}\n",
    "{\"custom_id\": \"t\", \"method\": \"POST\", \"url\": \"/v1/embeddings\", \"body\": {\"input\": [\"p\"], \"encoding_format\": \"base64\"}}\n",
    "{\"custom_id\": \"u\", \"method\": \"POST\", \"url\": \"/v1/completions\", \"body\": {\"prompt\": \"p\", \"stop\": [\"a\"], \"logprobs\": 1}}\n",
    "--prompt \"a 'b'\" --steps 3 --sampler_name \"Euler a\" --batch_size 2\n", "\n", "\"\\u00e4\\ud83d\\ude00\"", "{{row.x}}", "{{a#2.text}}", "..", "/", "\\{{", "}}", "[", "{", "\"", ",",
};
enum { PART_COUNT = sizeof PARTS / sizeof PARTS[0] };

/* Bytes, or a part put in, or a line taken out. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    uint32_t state = seed;
    uint32_t kind = fuzz_next(&state) % 4;
    if (kind < 2 || size == 0) return LLVMFuzzerMutate(data, size, max_size);
    size_t at = fuzz_next(&state) % (size + 1);
    if (kind == 2) {
        const char *part = PARTS[fuzz_next(&state) % PART_COUNT];
        size_t n = strlen(part);
        if (n > 20) /* lines go between lines */
            while (at > 0 && data[at - 1] != '\n') at--;
        if (size + n > max_size) return size;
        memmove(data + at + n, data + at, size - at);
        memcpy(data + at, part, n);
        return size + n;
    }
    size_t end = at;
    while (at > 0 && data[at - 1] != '\n') at--;
    while (end < size && data[end] != '\n') end++;
    if (end < size) end++;
    memmove(data + at, data + end, size - end);
    return size - (end - at);
}

static const char *no_text(void *context, size_t job, const char *what, status *st)
{
    (void)job, (void)st;
    FUZZ_CHECK(strcmp(what, "text") == 0 || strcmp(what, "file") == 0);
    return context;
}

static void hear(void *arg, size_t line, size_t column, const char *message)
{
    size_t *count = arg;
    FUZZ_CHECK(line > 0 && message[0] && column < (1U << 20));
    (*count)++;
}

static void check_job(batch_checker *checker, const job_file *f, size_t i, arena *mem)
{
    status st = {0};
    job j;
    FUZZ_CHECK(job_file_get(f, i, mem, &j, &st));
    FUZZ_CHECK(job_file_find(f, j.id) == i && j.kind == job_file_kind(f, i) && j.choices >= 1);
    FUZZ_CHECK(job_path_check(j.out, &st));
    for (size_t k = 0; k < j.need_count; k++) FUZZ_CHECK(j.need[k] < job_file_count(f) && j.need[k] != i);
    for (size_t k = 0; k < j.option_count; k++) {
        FUZZ_CHECK(batch_find_option(checker, j.kind, j.option[k].name, &st));
        FUZZ_CHECK(!j.option[k].waits || job_file_fill(f, i, j.option[k].value, no_text, (void *)(uintptr_t) "7", mem, &st));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static batch_checker checker;
    status st = {0};
    size_t faults = 0;
    uint64_t before = alloc_in_use();
    batch_checker_init(&checker, "fuzz", hear, &faults);
    job_file *f = job_file_open_bytes("/nowhere/fuzz.jsonl", data, size, &(job_file_where){0}, &checker.hooks, &st);
    FUZZ_CHECK(f || st.code != STATUS_OK);
    if (f) {
        arena *mem = arena_new(&st);
        FUZZ_CHECK(job_file_faults(f) == faults);
        for (size_t i = 0; mem && i < job_file_count(f) && i < 50; i++) {
            size_t mark = arena_mark(mem);
            check_job(&checker, f, i, mem);
            arena_reset(mem, mark);
        }
        arena_free(mem);
    }
    job_file_close(f);
    FUZZ_CHECK(alloc_in_use() == before);
    return 0;
}
