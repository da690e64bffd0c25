/* The JSON beside a Piper voice: refused with a message or understood, whatever it holds. */
#include <stdint.h>
#include <stdlib.h>

#include "audio/piper.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    status st = {0};
    bool ok = piper_check_config((const char *)data, size, "input", &st);
    if (ok != status_ok(&st)) abort();
    return 0;
}
