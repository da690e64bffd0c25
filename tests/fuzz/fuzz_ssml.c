/* SSML → plain text and events. */
#include <stdint.h>
#include <stdlib.h>

#include "audio/ssml.h"
#include "core/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    status st = {0};
    arena *mem = arena_new(&st);
    ssml_document d;
    if (ssml_parse(&d, (const char *)data, size, mem, &st))
        for (size_t i = 0; i < d.events; i++)
            if (d.event[i].at > d.text.size || (i > 0 && d.event[i].at < d.event[i - 1].at)) abort();
    arena_free(mem);
    return 0;
}
