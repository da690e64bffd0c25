/* PNG and JPEG files: any bytes decode to a picture or to an error, without leaks and within bounds. */
#include "core/alloc.h"
#include "image/image_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    alloc_set_budget(64 << 20); /* a small file may not ask for more */
    for (int channels = 1; channels <= 3; channels += 2) {
        status st = {0};
        picture *p = image_file_decode(data, size, "fuzz", channels, &st);
        uint64_t sum = 0;
        for (int64_t i = 0; p && i < p->width * p->height * p->channels; i++) sum += p->pixel[i];
        if ((p == NULL) == status_ok(&st) || sum == UINT64_MAX) __builtin_trap();
        picture_free(p);
    }
    return 0;
}
