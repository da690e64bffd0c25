/* A picture model's folder: config.json of the U-Net, autoencoder or text encoder, over the weights of a tiny model. What is
 * accepted is checked against the weights, and where these fit the network is built and run once; what it gives is finite or
 * not, but all memory is its own. And the single-file layout, whose settings are inferred from names and shapes.
 *
 * The first byte chooses the part; a config follows as JSON, the single file as a list of changes to a good one. A mutator
 * changes numbers and names inside the JSON, as a flipped byte seldom leaves it one. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <sys/mman.h>
#include <unistd.h>

#include "image/compvis.h"
#include "tests/fuzz/fuzz.h"
#include "text/encoder.h"

enum { PART_UNET, PART_VAE, PART_TINY, PART_TEXT, PART_SINGLE, PARTS };

static const char *const FOLDER[PARTS] = {"pipe/unet", "pipe/vae", "vae_tiny", "pipe/text_encoder", "pipe.safetensors"};

/* The weights of a part, opened once: they belong to no input. */
static weights *file_of(int part)
{
    static weights *file[PARTS];
    char path[512];
    status st = {0};
    snprintf(path, sizeof path, "%s/%s", SOURCE_DIR "/tests/golden/image", FOLDER[part]);
    if (!file[part]) file[part] = weights_open(path, &st);
    FUZZ_CHECK(file[part]);
    return file[part];
}

static bool dimensions_small(const unet_config *g)
{
    for (int i = 0; i < g->level_count; i++)
        if (g->level[i].channels > 64) return false;
    return true;
}

static tensor *ones(op_ctx *c, int rank, const int64_t *dim)
{
    tensor *x = op_new(c, rank, dim);
    for (int64_t i = 0; x && i < tensor_count(x); i++) tensor_f32(x)[i] = 1;
    return x;
}

static void run_unet(op_ctx *c, parameters *p, const unet_config *g)
{
    if (!unet_check(p, g, c->st) || !dimensions_small(g)) return;
    unet *u = unet_new(p, g, LINEAR_FAST, NULL, c->st);
    FUZZ_CHECK(u || c->st->code == STATUS_NOMEM);
    unet_text *text = u ? unet_text_new(c, u, ones(c, SHAPE(1, 2, g->context))) : NULL;
    tensor *y = text ? unet_forward(c, u, ones(c, SHAPE(1, 5, 3, g->in_channels)), 7, text, 1) : NULL;
    FUZZ_CHECK(y ? y->dim[1] == 5 && y->dim[3] == g->out_channels : !status_ok(c->st));
    unet_free(u);
}

static void run_vae(op_ctx *c, parameters *p, const vae_config *g)
{
    if (!vae_check(p, g, c->st)) return;
    vae *v = vae_new(p, g, VAE_DECODER | VAE_ENCODER, LINEAR_FAST, NULL, c->st);
    tensor *y = v ? vae_decode(c, v, ones(c, SHAPE(1, 3, 2, g->latent_channels))) : NULL;
    if (y) FUZZ_CHECK(y->dim[1] == 3 * g->factor && y->dim[3] == 3);
    if (y) y = vae_encode(c, v, ones(c, SHAPE(1, g->factor, 2 * g->factor, 3)), NULL);
    FUZZ_CHECK(y || !status_ok(c->st));
    vae_free(v);
}

static void run_text(op_ctx *c, parameters *p, const encoder_config *g)
{
    if (!encoder_check(p, g, c->st)) return;
    encoder *e = encoder_new(p, g, LINEAR_FAST, NULL, c->st);
    const int32_t tokens[] = {0, 1, (int32_t)g->vocabulary - 1};
    tensor *y = e ? encoder_forward(c, e, tokens, 3, 0) : NULL;
    FUZZ_CHECK(y ? y->dim[2] == g->width : !status_ok(c->st));
    encoder_free(e);
}

/* Reads a config as the program does, from a file. */
static void run_config(int part, const char *path, op_ctx *c)
{
    unet_config unet;
    vae_config vae;
    encoder_config text;
    bool ok = part == PART_UNET ? unet_config_read(&unet, path, c->st) : part == PART_TEXT ? encoder_config_read(&text, path, c->st) : vae_config_read(&vae, path, c->st);
    FUZZ_CHECK(ok == status_ok(c->st) && (ok || c->st->msg[0]));
    parameters *p = ok ? parameters_new("fuzz", c->st) : NULL;
    if (p && parameters_add_all(p, file_of(part), c->st)) {
        if (part == PART_UNET) run_unet(c, p, &unet);
        else if (part == PART_TEXT) run_text(c, p, &text);
        else run_vae(c, p, &vae);
    }
    parameters_free(p);
}

/* ---- the single file ---- */

enum { MAX_FILE = 1 << 20 };

typedef struct {
    char *data;
    size_t header, size;
    char body[MAX_FILE];
} copy;

static void put_tensor(copy *to, const char *name, const tensor *x, int rank, const int64_t *dim)
{
    size_t bytes = dtype_of(x->type)->bytes;
    char *h = to->data + 8;
    to->header += (size_t)snprintf(h + to->header, 512, "%s\"%s\":{\"dtype\":\"F%d\",\"shape\":[", to->header > 1 ? "," : "", name, (int)bytes * 8);
    for (int i = 0; i < rank; i++) {
        to->header += (size_t)snprintf(h + to->header, 32, "%s%lld", i ? "," : "", (long long)dim[i]);
        bytes *= (size_t)dim[i];
    }
    size_t kept = bytes < tensor_bytes(x) ? bytes : tensor_bytes(x);
    if (bytes > MAX_FILE - to->size) bytes = 0;
    else memcpy(to->body + to->size, x->data, kept);
    to->header += (size_t)snprintf(h + to->header, 64, "],\"data_offsets\":[%zu,%zu]}", to->size, to->size + bytes);
    to->size += bytes;
}

/* The good file with some tensors left out, renamed or of another shape: two bytes a change, which tensor and what. */
static size_t change_file(copy *to, const weights *from, const uint8_t *change, size_t count)
{
    to->header = 1, to->size = 0;
    memset(to->body, 0, sizeof to->body);
    to->data[8] = '{';
    for (int64_t i = 0; i < weights_count(from); i++) {
        const char *name;
        char renamed[256];
        const tensor *x = weights_at(from, i, &name);
        int64_t dim[TENSOR_MAX_RANK];
        int rank = x->rank;
        bool out = false;
        memcpy(dim, x->dim, sizeof dim);
        snprintf(renamed, sizeof renamed, "%s", name);
        for (size_t k = 0; k + 2 < count; k += 3) {
            if ((change[k] | change[k + 1] << 8) % weights_count(from) != i) continue;
            uint8_t what = change[k + 2];
            if (what % 4 == 0) out = true;
            else if (what % 4 == 1 && rank) dim[what / 4 % rank] = what / 16;
            else if (what % 4 == 2 && rank) rank--;
            else for (char *s = renamed; *s; s++) if (*s >= '0' && *s <= '9') { *s = (char)('0' + what / 4 % 10); break; }
        }
        if (!out) put_tensor(to, renamed, x, rank, dim);
    }
    to->data[8 + to->header++] = '}';
    uint64_t length = to->header;
    memcpy(to->data, &length, 8);
    memcpy(to->data + 8 + to->header, to->body, to->size);
    return 8 + to->header + to->size;
}

static void run_single(op_ctx *c, const uint8_t *data, size_t size)
{
    static copy file;
    static char bytes[2 * MAX_FILE];
    file.data = bytes;
    size_t n = change_file(&file, file_of(PART_SINGLE), data, size);
    weights *w = weights_open_bytes(bytes, n, "fuzz", c->st);
    parameters *p = w && compvis_is(w) ? parameters_new("fuzz", c->st) : NULL, *q = p ? parameters_new("fuzz", c->st) : NULL;
    unet_config unet;
    vae_config vae;
    encoder_config text;
    if (q && compvis_unet_config(&unet, w, c->st) && compvis_vae_config(&vae, w, c->st)) {
        if (compvis_add_unet(p, w, &unet, c->st)) unet_check(p, &unet, c->st);
        *c->st = (status){0};
        if (compvis_add_vae(q, w, &vae, c->st)) vae_check(q, &vae, c->st);
    }
    *c->st = (status){0};
    if (q && parameters_add_all(q, w, c->st)) encoder_config_infer(&text, q, c->st);
    parameters_free(p);
    parameters_free(q);
    weights_close(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int file = -1;
    if (size < 2) return 0;
    int part = data[0] % PARTS;
    file_of(part);
    uint64_t before = alloc_in_use();
    status st = {0};
    alloc_set_budget(before + (256 << 20));
    op_ctx c = {.mem = arena_new(&st), .st = &st};
    if (part == PART_SINGLE) run_single(&c, data + 1, size - 1);
    else {
        char path[64];
        if (file < 0) file = memfd_create("config", 0);
        FUZZ_CHECK(ftruncate(file, 0) == 0 && pwrite(file, data + 1, size - 1, 0) == (ssize_t)size - 1);
        snprintf(path, sizeof path, "/proc/self/fd/%d", file);
        run_config(part, path, &c);
    }
    arena_free(c.mem);
    alloc_set_budget(0);
    FUZZ_CHECK(alloc_in_use() == before);
    return 0;
}

/* ---- the mutator: a number or a name of the JSON becomes another ---- */

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    static const char *const NAMES[] = {"DownBlock2D", "CrossAttnDownBlock2D", "UpBlock2D", "CrossAttnUpBlock2D", "UNetMidBlock2D", "AutoencoderTiny",
                                        "AutoencoderKL", "silu", "gelu", "relu", "null", "true", "false", "[8, 16]", "[2, 4]", "-1", "0.5", "1e30", "{}"};
    uint32_t state = seed;
    if (size < 3 || data[0] % PARTS == PART_SINGLE || fuzz_next(&state) % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
    char with[32];
    size_t at = 1 + fuzz_next(&state) % (size - 1), length = 0;
    bool number = fuzz_next(&state) % 2;
    for (; at < size; at++) { /* the next number, or the next name between quotes */
        bool digit = data[at] >= '0' && data[at] <= '9';
        if (number ? digit : data[at] == '"') break;
    }
    if (number) {
        while (at + length < size && data[at + length] >= '0' && data[at + length] <= '9') length++;
        snprintf(with, sizeof with, "%llu", (unsigned long long)(fuzz_next(&state) % 2 ? fuzz_next(&state) % 40 : fuzz_number(&state, 8)));
    } else {
        at += at < size;
        while (at + length < size && data[at + length] != '"') length++;
        snprintf(with, sizeof with, "%s", NAMES[fuzz_next(&state) % (sizeof NAMES / sizeof NAMES[0])]);
    }
    size_t added = strlen(with);
    if (size - length + added > max_size) return LLVMFuzzerMutate(data, size, max_size);
    memmove(data + at + added, data + at + length, size - at - length);
    memcpy(data + at, with, added);
    return size - length + added;
}
