/* Kokoro's ONNX: the small model of tests/golden with bytes changed (each four bytes of the input: three for the place, one for what
 * changes there; what is over: 1 for f32, 2 to speak). What opens has to speak, or to say why not. */
#include "audio/kokoro_parts.h"
#include "tests/fuzz/fuzz.h"

static char *base;
static size_t base_size;

/* Not by the program's own memory, whose use is checked to end at 0. */
static void read_base(void)
{
    FILE *f = fopen(SOURCE_DIR "/tests/golden/kokoro_tiny.onnx", "rb");
    base = malloc(1 << 20);
    FUZZ_CHECK(f && base);
    base_size = fread(base, 1, 1 << 20, f);
    FUZZ_CHECK(base_size > 1000 && base_size < 1 << 20);
    fclose(f);
}

static void speak(const kokoro *k)
{
    status st = {0};
    op_ctx c = {.mem = arena_new(&st), .st = &st};
    static float style[1024 + 2];
    const int64_t ids[] = {0, 1, 0};
    int64_t *durations;
    for (size_t i = 0; i < sizeof style / sizeof style[0]; i++) style[i] = (float)(i % 7) * 0.1f;
    FUZZ_CHECK(kokoro_style_width(k) <= 1024);
    tensor *y = kokoro_speak(&c, k, ids, 3, style, 4, &durations);
    FUZZ_CHECK((y != NULL) == status_ok(&st));
    if (y) fuzz_touch(y->data, tensor_bytes(y));
    arena_free(c.mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    status st = {0};
    if (!base) read_base();
    if (size > 64) return 0;
    uint8_t *bytes = malloc(base_size);
    memcpy(bytes, base, base_size);
    for (size_t i = 0; i + 4 <= size; i += 4) bytes[(data[i] | data[i + 1] << 8 | data[i + 2] << 16) % base_size] ^= data[i + 3];
    weights *w = fuzz_open(bytes, base_size);
    kokoro *k = w ? kokoro_read(w, size % 2, &st) : NULL;
    FUZZ_CHECK(!w || (k != NULL) == status_ok(&st));
    if (k) kokoro_pack(k, NULL);
    if (k && size % 4 >= 2) speak(k);
    kokoro_free(k);
    fuzz_close(w);
    free(bytes);
    return 0;
}
