/* What files say of themselves: any bytes give a report, within bounds and without leaks. */
#include "provenance/provenance.h"
#include "core/json.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    json_use_alloc();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    status st = {0};
    uint64_t before = alloc_in_use();
    alloc_set_budget(before + (64 << 20));
    json_t *report = provenance_read_bytes(data, size, &st);
    FUZZ_CHECK((report != NULL) == status_ok(&st));
    json_decref(report);
    FUZZ_CHECK(alloc_in_use() == before);
    alloc_set_budget(0);
    return 0;
}
