/* image_parts: how long the parts of a picture model take: image_parts FOLDER unet|vae fast|exact RUNS [BATCH]
 *
 * FOLDER is a diffusers folder. Each run is one evaluation of the U-Net on 64×64 latents and 77 text vectors of noise, or
 * one decoding of them. Prints one JSON object: the first run (which touches memory for the first time), the median of the
 * others, and the largest resident memory. tests/bench/image.sh calls it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/log.h"
#include "core/op.h"
#include "core/rng.h"
#include "image/unet.h"
#include "image/vae.h"
#include "tests/bench/median.h"

enum { SIDE = 64, TOKENS = 77, MAX_RUNS = 100 };

typedef struct {
    op_ctx c;
    parameters *from;
    weights *file;
    unet *unet;
    unet_text *text;
    vae *vae;
    tensor *x;
} bench;

static tensor *noise(op_ctx *c, int rank, const int64_t *dim, uint64_t seed)
{
    rng r = rng_seeded(seed);
    tensor *x = op_new(c, rank, dim);
    for (int64_t i = 0; x && i < tensor_count(x); i++) tensor_f32(x)[i] = (float)rng_normal(&r);
    return x;
}

static bool open_part(bench *b, const char *folder, const char *part, linear_mode mode, int64_t batch)
{
    char path[4096];
    status *st = b->c.st;
    snprintf(path, sizeof path, "%s/%s", folder, part);
    b->file = weights_open(path, st);
    b->from = parameters_new(path, st);
    if (!b->file || !b->from || !parameters_add_all(b->from, b->file, st)) return false;
    snprintf(path, sizeof path, "%s/%s/config.json", folder, part);
    if (strcmp(part, "vae") == 0) {
        vae_config config;
        b->vae = vae_config_read(&config, path, st) ? vae_new(b->from, &config, VAE_DECODER, mode, b->c.threads, st) : NULL;
        b->x = b->vae ? noise(&b->c, SHAPE(1, SIDE, SIDE, config.latent_channels), 1) : NULL;
        return b->x != NULL;
    }
    unet_config config;
    b->unet = unet_config_read(&config, path, st) ? unet_new(b->from, &config, mode, b->c.threads, st) : NULL;
    if (!b->unet) return false;
    b->x = noise(&b->c, SHAPE(batch, SIDE, SIDE, config.in_channels), 1);
    b->text = unet_text_new(&b->c, b->unet, noise(&b->c, SHAPE(batch, TOKENS, config.context), 2));
    return b->text != NULL;
}

int main(int count, char **argument)
{
    if (count < 5) {
        fprintf(stderr, "usage: image_parts FOLDER unet|vae fast|exact RUNS [BATCH]\n");
        return 2;
    }
    status st = {0};
    bench b = {.c = {.mem = arena_new(&st), .threads = pool_new(0, &st), .st = &st}};
    linear_mode mode = strcmp(argument[3], "exact") == 0 ? LINEAR_EXACT : LINEAR_FAST;
    int runs = (int)strtol(argument[4], NULL, 10);
    if (runs < 1 || runs > MAX_RUNS) runs = 5;
    double begun = log_seconds(), opened = 0, first = 0, time[MAX_RUNS];
    if (status_ok(&st) && open_part(&b, argument[1], argument[2], mode, count > 5 ? strtol(argument[5], NULL, 10) : 1)) {
        opened = log_seconds() - begun;
        size_t mark = arena_mark(b.c.mem);
        for (int i = 0; i <= runs && status_ok(&st); i++) {
            begun = log_seconds();
            if (b.unet) unet_forward(&b.c, b.unet, b.x, 500, b.text, 0);
            else vae_decode(&b.c, b.vae, b.x);
            *(i ? &time[i - 1] : &first) = log_seconds() - begun;
            arena_reset(b.c.mem, mark);
        }
    }
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    if (status_ok(&st))
        printf("{\"part\": \"%s\", \"mode\": \"%s\", \"kernels\": \"%s\", \"open\": %.3f, \"first\": %.3f, \"median\": %.3f, \"peak_mb\": %ld}\n",
               argument[2], argument[3], product_kernel_of(linear_feed(mode))->name, opened, first, median(time, runs), usage.ru_maxrss >> 10);
    else fprintf(stderr, "image_parts: %s\n", st.msg);
    unet_free(b.unet);
    vae_free(b.vae);
    parameters_free(b.from);
    weights_close(b.file);
    pool_free(b.c.threads);
    arena_free(b.c.mem);
    return status_exit_code(&st);
}
