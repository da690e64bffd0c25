#include "cli/image_model.h"

#include <string.h>

#include "core/alloc.h"
#include "core/file.h"

/* One of the networks and what it holds of its file. */
typedef struct {
    weights *file;
    parameters *values;
} part;

struct image_model {
    char *path;
    tokenizer *words;
    part text_part, unet_part, vae_part;
    encoder *text;
    unet *unet;
    vae *vae;
    schedule schedule;
    diffuse_model diffuse;
};

/* folder/name, with "…" the error when it is not there. */
static char *need_file(const char *folder, const char *name, status *st)
{
    char *path = file_join(folder, name, st);
    if (!path || file_exists(path)) return path;
    status_set(st, STATUS_INPUT, "%s: the picture model has no %s", folder, name);
    alloc_free(path);
    return NULL;
}

static bool open_part(part *p, const char *folder, status *st)
{
    p->file = weights_open(folder, st);
    p->values = p->file ? parameters_new(folder, st) : NULL;
    return p->values && parameters_add_all(p->values, p->file, st);
}

static void close_part(part *p)
{
    parameters_free(p->values);
    weights_close(p->file);
}

static bool open_text(image_model *m, const char *folder, const image_model_options *o, pool *threads, status *st)
{
    encoder_config config;
    char *path = need_file(folder, "text_encoder", st), *json = path ? need_file(path, "config.json", st) : NULL;
    if (json && encoder_config_read(&config, json, st) && open_part(&m->text_part, path, st))
        m->text = encoder_new(m->text_part.values, &config, o->mode, threads, st);
    alloc_free(json);
    alloc_free(path);
    return m->text != NULL;
}

static bool open_unet(image_model *m, const char *folder, const image_model_options *o, pool *threads, status *st)
{
    unet_config config;
    char *path = need_file(folder, "unet", st), *json = path ? need_file(path, "config.json", st) : NULL;
    if (json && unet_config_read(&config, json, st) && open_part(&m->unet_part, path, st))
        m->unet = unet_new(m->unet_part.values, &config, o->mode, threads, st);
    alloc_free(json);
    alloc_free(path);
    return m->unet != NULL;
}

static bool open_vae(image_model *m, const char *path, const image_model_options *o, pool *threads, status *st)
{
    vae_config config;
    char *json = need_file(path, "config.json", st);
    if (json && vae_config_read(&config, json, st) && open_part(&m->vae_part, path, st))
        m->vae = vae_new(m->vae_part.values, &config, o->mode, threads, st);
    alloc_free(json);
    return m->vae != NULL;
}

static bool read_schedule(image_model *m, const char *path, status *st)
{
    size_t size;
    char *json = file_read(path, 16 << 20, &size, st);
    bool ok = json && schedule_from_json(&m->schedule, json, size, path, st);
    alloc_free(json);
    return ok;
}

static bool open_folder(image_model *m, const image_model_options *o, pool *threads, status *st)
{
    char *words = need_file(o->path, "tokenizer", st), *autoencoder = words ? need_file(o->path, "vae", st) : NULL;
    char *steps = autoencoder ? need_file(o->path, "scheduler/scheduler_config.json", st) : NULL;
    if (steps) m->words = tokenizer_open_folder(o->tokenizer ? o->tokenizer : words, st);
    bool ok = m->words && read_schedule(m, steps, st) && open_text(m, o->path, o, threads, st) && open_unet(m, o->path, o, threads, st) &&
              open_vae(m, o->vae ? o->vae : autoencoder, o, threads, st);
    alloc_free(steps);
    alloc_free(autoencoder);
    alloc_free(words);
    return ok;
}

/* The parts must fit together. */
static bool check(const image_model *m, status *st)
{
    int64_t width = encoder_config_of(m->text)->width, context = unet_config_of(m->unet)->context;
    int64_t latents = vae_config_of(m->vae)->latent_channels, out = unet_config_of(m->unet)->out_channels;
    if (width != context)
        return status_set(st, STATUS_INPUT, "%s: the text encoder gives vectors of %lld values, the U-Net wants %lld", m->path,
                          (long long)width, (long long)context);
    if (latents != out)
        return status_set(st, STATUS_INPUT, "%s: the autoencoder has %lld channels, the U-Net %lld", m->path, (long long)latents, (long long)out);
    return true;
}

image_model *image_model_open(const image_model_options *o, pool *threads, status *st)
{
    image_model *m = alloc_zeroed(1, sizeof *m, st);
    if (!m) return NULL;
    m->path = alloc_string(o->path, strlen(o->path), st);
    bool ok = m->path && open_folder(m, o, threads, st) && check(m, st);
    if (!ok) {
        image_model_close(m);
        return NULL;
    }
    m->diffuse = (diffuse_model){m->unet, m->vae, &m->schedule};
    return m;
}

void image_model_close(image_model *m)
{
    if (!m) return;
    encoder_free(m->text);
    unet_free(m->unet);
    vae_free(m->vae);
    close_part(&m->text_part);
    close_part(&m->unet_part);
    close_part(&m->vae_part);
    tokenizer_free(m->words);
    schedule_free(&m->schedule);
    alloc_free(m->path);
    alloc_free(m);
}

const char *image_model_path(const image_model *m) { return m->path; }
const tokenizer *image_model_tokenizer(const image_model *m) { return m->words; }
const encoder *image_model_encoder(const image_model *m) { return m->text; }
const diffuse_model *image_model_diffuse(const image_model *m) { return &m->diffuse; }

int64_t image_model_side(const image_model *m)
{
    return unet_config_of(m->unet)->sample_size * vae_config_of(m->vae)->factor;
}
