/* Journals: any bytes, and records whose checksums hold around any JSON. What is read can be found again, and a record that
 * is added to a damaged journal is there when it is opened anew. */
#include "tests/fuzz/fuzz.h"

#include <unistd.h>

#include "job/journal.h"
#include "core/file.h"
#include "core/hash.h"
#include "core/log.h"

/* Gives a line the checksum that its bytes ask for, so that what stands behind the check is reached. */
static void mend_line(uint8_t *line, size_t size)
{
    status st = {0};
    hash_hex digest;
    if (size > 17 && hash_data(line + 17, size - 17, &digest, &st)) {
        memcpy(line, digest.text, 16);
        line[16] = ' ';
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    size = LLVMFuzzerMutate(data, size, max_size);
    if (seed % 4 == 0) return size;
    for (size_t at = 0, end; at < size; at = end + 1) {
        for (end = at; end < size && data[end] != '\n'; end++) {}
        mend_line(data + at, end - at);
    }
    return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    status st = {0};
    if (!path[0]) snprintf(path, sizeof path, "/dev/shm/aigc-fuzz-journal-%d", (int)getpid());
    log_set_level(LOG_QUIET);
    FILE *to = fopen(path, "wb");
    FUZZ_CHECK(to && fwrite(data, 1, size, to) == size && fclose(to) == 0);
    uint64_t before = alloc_in_use();
    journal *j = journal_open(path, &st);
    if (j) {
        size_t count = journal_count(j);
        for (size_t i = 0; i < count; i++) FUZZ_CHECK(journal_find(j, journal_at(j, i)->id) == journal_at(j, i));
        journal_record r = {.id = "added by the test", .done = true, .output_count = 1};
        FUZZ_CHECK(hash_data("x", 1, &r.inputs, &st));
        r.output[0] = (journal_output){"o", r.inputs};
        bool new = !journal_find(j, r.id);
        FUZZ_CHECK(journal_add(j, &r, &st));
        journal_close(j);
        FUZZ_CHECK((j = journal_open(path, &st)) != NULL);
        FUZZ_CHECK(journal_count(j) == count + new && journal_find(j, r.id)->done);
        journal_close(j);
    }
    unlink(path);
    FUZZ_CHECK(alloc_in_use() == before);
    return 0;
}
