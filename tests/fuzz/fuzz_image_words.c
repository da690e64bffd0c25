/* The list of what a picture model knows, and a prompt: what stands before the first zero byte is the prompt. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/image_words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *prompt = (const char *)data, *end = memchr(data, 0, size);
    if (!end) return 0;
    status st = {0};
    image_words *w = image_words_parse(end + 1, size - (size_t)(end + 1 - prompt), "words.txt", &st);
    if (!w) return 0;
    const char *name[IMAGE_WORDS_NEAREST];
    (void)image_words_known(w, prompt);
    for (int i = image_words_nearest(w, prompt, name); i-- > 0;)
        if (strlen(name[i]) > IMAGE_WORDS_NAME) abort();
    image_words_close(w);
    return 0;
}
