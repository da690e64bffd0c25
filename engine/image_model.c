#include "engine/image_model.h"

#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/config.h"
#include "core/file.h"
#include "core/nearest.h"
#include "image/compvis.h"
#include "image/family.h"
#include "image/lora.h"
#include "text/encoder_openclip.h"

/* One of the networks' tensors: of a file of its own, or of the single file. */
typedef struct {
    weights *file; /* NULL: the single file's */
    parameters *values;
} part;

struct image_model {
    char *path;
    weights *single; /* NULL for a folder */
    tokenizer *words;
    int32_t pad;     /* what fills a short prompt; −1: what the tokenizer says */
    part text_part, unet_part, vae_part;
    encoder_config text_config;
    unet_config unet_config;
    vae_config vae_config;
    linear_mode mode;
    pool *threads;
    encoder *text;
    unet *unet;
    vae *into, *out_of; /* the autoencoder's halves, built apart: most pictures begin from noise */
    schedule schedule;
    diffuse_model diffuse;
};

/* folder/name; an error when it is not there. Freed with alloc_free. */
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

/* ---- settings ---- */

/* corrects: two settings of old files as Stable Diffusion's pipeline does (diffusers, StableDiffusionPipeline.__init__): steps begin
 * at 1, and latents, which are no pixels, are not clipped. */
static bool read_schedule(image_model *m, const char *folder, bool corrects, status *st)
{
    size_t size;
    char *path = need_file(folder, "scheduler/scheduler_config.json", st), *json = path ? file_read(path, 16 << 20, &size, st) : NULL;
    bool ok = json && schedule_from_json(&m->schedule, json, size, path, st);
    if (ok && corrects) m->schedule.steps_offset = 1, m->schedule.clip_sample = 0;
    alloc_free(json);
    alloc_free(path);
    return ok;
}

/* What the folder says of itself; one without model_index.json is taken for Stable Diffusion. *corrects: as read_schedule wants it. */
static bool read_pipeline(const char *folder, bool *corrects, status *st)
{
    char *path = file_join(folder, "model_index.json", st);
    config_file *json = path && file_exists(path) ? config_open(path, st) : NULL;
    const char *class_name = json ? config_string(json, "_class_name", "StableDiffusionPipeline") : "StableDiffusionPipeline";
    bool ok = status_ok(st) && family_accepts_pipeline(class_name, path, st);
    *corrects = strncmp(class_name, "StableDiffusion", 15) == 0;
    config_close(json);
    alloc_free(path);
    return ok;
}

/* folder/name/config.json by one of the three readers. */
static bool read_settings(const char *folder, const char *name, bool (*read)(void *, const char *, status *), void *to, status *st)
{
    char *part_folder = need_file(folder, name, st), *json = part_folder ? need_file(part_folder, "config.json", st) : NULL;
    bool ok = json && read(to, json, st);
    alloc_free(json);
    alloc_free(part_folder);
    return ok;
}

static bool read_text_config(void *to, const char *path, status *st) { return encoder_config_read(to, path, st); }
static bool read_unet_config(void *to, const char *path, status *st) { return unet_config_read(to, path, st); }
static bool read_vae_config(void *to, const char *path, status *st) { return vae_config_read(to, path, st); }

static bool read_all_settings(image_model *m, const char *folder, status *st)
{
    bool corrects;
    return read_pipeline(folder, &corrects, st) && read_settings(folder, "text_encoder", read_text_config, &m->text_config, st) &&
           read_settings(folder, "unet", read_unet_config, &m->unet_config, st) &&
           read_settings(folder, "vae", read_vae_config, &m->vae_config, st) && read_schedule(m, folder, corrects, st);
}

/* The tokenizer named by the user, else folder/tokenizer. */
static bool open_tokenizer(image_model *m, const char *named, const char *folder, status *st)
{
    char *path = named ? alloc_string(named, strlen(named), st) : need_file(folder, "tokenizer", st);
    m->words = path ? tokenizer_open_folder(path, st) : NULL;
    alloc_free(path);
    return m->words != NULL;
}

/* ---- a diffusers folder ---- */

static bool open_folder_part(part *p, const char *folder, const char *name, status *st)
{
    char *path = need_file(folder, name, st);
    bool ok = path && open_part(p, path, st);
    alloc_free(path);
    return ok;
}

static bool open_folder(image_model *m, const image_model_options *o, status *st)
{
    m->pad = -1;
    return read_all_settings(m, o->path, st) && open_tokenizer(m, o->tokenizer, o->path, st) &&
           open_folder_part(&m->text_part, o->path, "text_encoder", st) && open_folder_part(&m->unet_part, o->path, "unet", st) &&
           open_folder_part(&m->vae_part, o->path, "vae", st);
}

/* ---- a single file ---- */

static const char CLIP[] = "cond_stage_model.transformer.", OPENCLIP[] = "cond_stage_model.model.";

static bool has_prefix(const weights *w, const char *prefix)
{
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        weights_at(w, i, &name);
        if (strncmp(name, prefix, strlen(prefix)) == 0) return true;
    }
    return false;
}

static bool add_text(image_model *m, bool openclip, int64_t layers, status *st)
{
    if (openclip) return encoder_openclip_add(m->text_part.values, m->single, OPENCLIP, layers, st);
    for (int64_t i = 0; i < weights_count(m->single); i++) {
        const char *name;
        const tensor *x = weights_at(m->single, i, &name);
        if (strncmp(name, CLIP, strlen(CLIP)) == 0 && !parameters_add(m->text_part.values, name + strlen(CLIP), x, m->single, st)) return false;
    }
    return true;
}

/* What a single file does not say: the schedule of Stable Diffusion; 2.x at 768 pixels predicts the velocity. */
static bool infer_settings(image_model *m, bool openclip, status *st)
{
    schedule_default_sd15(&m->schedule);
    if (!compvis_unet_config(&m->unet_config, m->single, st) || !compvis_vae_config(&m->vae_config, m->single, st)) return false;
    if (openclip) {
        m->schedule.prediction = SCHEDULE_V_PREDICTION;
        m->unet_config.sample_size = 96;
    }
    return true;
}

static bool open_single(image_model *m, const image_model_options *o, status *st)
{
    bool openclip = has_prefix(m->single, OPENCLIP);
    if (!openclip && !has_prefix(m->single, CLIP))
        return status_set(st, STATUS_INPUT, "%s: the picture model has no text_encoder in it", o->path);
    m->text_part.values = parameters_new(o->path, st);
    m->unet_part.values = parameters_new(o->path, st);
    m->vae_part.values = parameters_new(o->path, st);
    if (!status_ok(st)) return false;
    m->pad = openclip && !o->config ? 0 : -1; /* OpenCLIP fills with its first token */
    if (!(o->config ? read_all_settings(m, o->config, st) : infer_settings(m, openclip, st))) return false;
    if (!add_text(m, openclip, o->config ? m->text_config.layers : 0, st)) return false;
    if (!o->config && !encoder_config_infer(&m->text_config, m->text_part.values, st)) return false;
    if (!o->tokenizer && !o->config)
        return status_set(st, STATUS_INPUT, "%s: a single file has no tokenizer in it; 'sh samples/models.sh clip' gets CLIP's, or name a folder with one (--tokenizer)", o->path);
    return open_tokenizer(m, o->tokenizer, o->config, st) && compvis_add_unet(m->unet_part.values, m->single, &m->unet_config, st) &&
           compvis_add_vae(m->vae_part.values, m->single, &m->vae_config, st);
}

/* ---- what the user changes ---- */

/* Another autoencoder: a folder with config.json. */
static bool replace_vae(image_model *m, const char *folder, status *st)
{
    char *json = need_file(folder, "config.json", st);
    close_part(&m->vae_part);
    m->vae_part = (part){0};
    bool ok = json && vae_config_read(&m->vae_config, json, st) && open_part(&m->vae_part, folder, st);
    alloc_free(json);
    return ok;
}

static bool set_prediction(image_model *m, const char *name, status *st)
{
    if (strcmp(name, "epsilon") == 0) m->schedule.prediction = SCHEDULE_EPSILON;
    else if (strcmp(name, "v_prediction") == 0 || strcmp(name, "v") == 0) m->schedule.prediction = SCHEDULE_V_PREDICTION;
    else return status_set(st, STATUS_USAGE, "--prediction: '%.60s' found, epsilon or v_prediction wanted%s", name, nearest_in(name, "epsilon, v_prediction").text);
    return true;
}

/* FILE or FILE:STRENGTH. */
size_t image_model_lora_name(const char *text)
{
    const char *colon = strrchr(text, ':');
    char *end = NULL;
    if (colon) strtod(colon + 1, &end);
    return colon && end != colon + 1 && !*end ? (size_t)(colon - text) : strlen(text); /* else a colon of the name */
}

static bool add_lora(image_model *m, const char *text, status *st)
{
    size_t n = image_model_lora_name(text);
    double strength = text[n] ? strtod(text + n + 1, NULL) : 1;
    if (!(strength > -100 && strength < 100)) return status_set(st, STATUS_USAGE, "--lora %s: a strength from -100 to 100 is wanted", text);
    char *path = alloc_string(text, n, st);
    weights *file = path ? weights_open(path, st) : NULL;
    bool ok = file && lora_merge(m->unet_part.values, m->text_part.values, file, (float)strength, st);
    weights_close(file);
    alloc_free(path);
    return ok;
}

static bool apply_changes(image_model *m, const image_model_options *o, status *st)
{
    if (o->vae && !replace_vae(m, o->vae, st)) return false;
    if (o->prediction && !set_prediction(m, o->prediction, st)) return false;
    for (size_t i = 0; i < o->lora_count; i++)
        if (!add_lora(m, o->lora[i], st)) return false;
    return true;
}

/* The parts must be whole, and fit together. */
static bool check(image_model *m, status *st)
{
    if (!encoder_check(m->text_part.values, &m->text_config, st) || !unet_check(m->unet_part.values, &m->unet_config, st) ||
        !vae_check(m->vae_part.values, &m->vae_config, st))
        return false;
    int64_t width = m->text_config.width, context = m->unet_config.context;
    int64_t latents = m->vae_config.latent_channels, out = m->unet_config.out_channels;
    if (width != context)
        return status_set(st, STATUS_INPUT, "%s: the text encoder gives vectors of %lld values, the U-Net wants %lld", m->path,
                          (long long)width, (long long)context);
    if (latents != out)
        return status_set(st, STATUS_INPUT, "%s: the autoencoder has %lld channels, the U-Net %lld", m->path, (long long)latents, (long long)out);
    return true;
}

static bool open_any(image_model *m, const image_model_options *o, status *st)
{
    if (file_is_folder(o->path)) return open_folder(m, o, st);
    m->single = weights_open(o->path, st);
    if (!m->single) return false;
    if (!family_accepts_tensors(m->single, o->path, st)) return false;
    if (compvis_is(m->single)) return open_single(m, o, st);
    return status_set(st, STATUS_INPUT, "%s: no Stable Diffusion in one file: it has no model.diffusion_model tensors", o->path);
}

image_model *image_model_open(const image_model_options *o, pool *threads, status *st)
{
    image_model *m = alloc_zeroed(1, sizeof *m, st);
    if (!m) return NULL;
    m->mode = o->mode;
    m->threads = threads;
    m->path = alloc_string(o->path, strlen(o->path), st);
    bool ok = m->path && open_any(m, o, st) && apply_changes(m, o, st) && check(m, st);
    if (!ok) {
        image_model_close(m);
        return NULL;
    }
    m->diffuse = (diffuse_model){.autoencoder = &m->vae_config, .schedule = &m->schedule};
    return m;
}

bool image_model_build(image_model *m, unsigned parts, status *st)
{
    part *all[] = {&m->text_part, &m->unet_part, &m->vae_part};
    for (int i = 0; i < 3; i++) parameters_set_threads(all[i]->values, m->threads);
    if ((parts & IMAGE_TEXT) && !m->text) m->text = encoder_new(m->text_part.values, &m->text_config, m->mode, m->threads, st);
    if ((parts & IMAGE_UNET) && !m->unet) m->unet = unet_new(m->unet_part.values, &m->unet_config, m->mode, m->threads, st);
    if ((parts & IMAGE_VAE_ENCODER) && !m->into) m->into = vae_new(m->vae_part.values, &m->vae_config, VAE_ENCODER, m->mode, m->threads, st);
    if ((parts & IMAGE_VAE_DECODER) && !m->out_of) m->out_of = vae_new(m->vae_part.values, &m->vae_config, VAE_DECODER, m->mode, m->threads, st);
    m->diffuse.unet = m->unet;
    m->diffuse.encoder = m->into;
    m->diffuse.decoder = m->out_of;
    return status_ok(st);
}

void image_model_drop(image_model *m, unsigned parts)
{
    if (parts & IMAGE_TEXT) encoder_free(m->text), m->text = NULL;
    if (parts & IMAGE_UNET) unet_free(m->unet), m->unet = NULL;
    if (parts & IMAGE_VAE_ENCODER) vae_free(m->into), m->into = NULL;
    if (parts & IMAGE_VAE_DECODER) vae_free(m->out_of), m->out_of = NULL;
    m->diffuse.unet = m->unet;
    m->diffuse.encoder = m->into;
    m->diffuse.decoder = m->out_of;
}

void image_model_close(image_model *m)
{
    if (!m) return;
    image_model_drop(m, IMAGE_TEXT | IMAGE_UNET | IMAGE_VAE_ENCODER | IMAGE_VAE_DECODER);
    close_part(&m->text_part);
    close_part(&m->unet_part);
    close_part(&m->vae_part);
    weights_close(m->single);
    tokenizer_free(m->words);
    schedule_free(&m->schedule);
    alloc_free(m->path);
    alloc_free(m);
}

const char *image_model_path(const image_model *m) { return m->path; }
int32_t image_model_pad(const image_model *m) { return m->pad; }
const tokenizer *image_model_tokenizer(const image_model *m) { return m->words; }
const encoder_config *image_model_text_config(const image_model *m) { return &m->text_config; }
const unet_config *image_model_unet_config(const image_model *m) { return &m->unet_config; }
const vae_config *image_model_vae_config(const image_model *m) { return &m->vae_config; }
const schedule *image_model_schedule(const image_model *m) { return &m->schedule; }
const encoder *image_model_encoder(const image_model *m) { return m->text; }
const diffuse_model *image_model_diffuse(const image_model *m) { return &m->diffuse; }

int64_t image_model_side(const image_model *m)
{
    return m->unet_config.sample_size * m->vae_config.factor;
}
