/* Times a tokenizer: opening it, and encoding files. usage: tokenizer MODEL.gguf|tokenizer.json FILE… (tokenizer.sh) */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/gguf.h"
#include "core/log.h"
#include "core/weights.h"
#include "text/tokenizer.h"

enum { ROUNDS = 7 };

static tokenizer *open_once(const char *path, double *seconds, status *st)
{
    size_t size = 0, n = strlen(path);
    bool is_gguf = n > 5 && strcmp(path + n - 5, ".gguf") == 0;
    weights *w = is_gguf ? weights_open(path, st) : NULL;
    char *json = is_gguf ? NULL : file_read(path, (size_t)1 << 28, &size, st);
    double start = log_seconds();
    tokenizer *t = NULL;
    if (w) t = tokenizer_open_gguf(weights_gguf(w), path, st);
    if (json) t = tokenizer_open_json(json, size, path, st);
    *seconds = log_seconds() - start;
    weights_close(w);
    alloc_free(json);
    return t;
}

static double encode_once(const tokenizer *t, const char *text, size_t size, int64_t *count, status *st)
{
    tokenizer_ids ids = {0};
    double start = log_seconds();
    tokenizer_encode(t, text, size, TOKENIZER_PARSE_SPECIAL, &ids, st);
    double seconds = log_seconds() - start;
    *count = ids.count;
    tokenizer_ids_free(&ids);
    return seconds;
}

int main(int argc, char **argv)
{
    status st = {0};
    tokenizer *t = NULL;
    double first = 0, best = 1e9;
    for (int i = 0; argc > 1 && i < ROUNDS && status_ok(&st); i++) {
        double seconds;
        tokenizer_free(t);
        t = open_once(argv[1], &seconds, &st);
        if (i == 0) first = seconds;
        if (seconds < best) best = seconds;
    }
    if (t) printf("open: first %.1f ms, best of %d %.1f ms\n", first * 1e3, ROUNDS, best * 1e3);
    for (int f = 2; t && f < argc && status_ok(&st); f++) {
        size_t size;
        char *text = file_read(argv[f], (size_t)1 << 28, &size, &st);
        int64_t count = 0;
        best = 1e9;
        for (int i = 0; text && i < ROUNDS; i++) {
            double seconds = encode_once(t, text, size, &count, &st);
            if (seconds < best) best = seconds;
        }
        if (text) printf("%s: %zu bytes, %lld ids, %.1f MB/s\n", argv[f], size, (long long)count, (double)size / best * 1e-6);
        alloc_free(text);
    }
    tokenizer_free(t);
    if (!status_ok(&st)) fprintf(stderr, "%s\n", st.msg);
    return !t || !status_ok(&st);
}
