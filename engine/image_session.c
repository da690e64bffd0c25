#include "engine/image_session.h"

#include <stdio.h>
#include <string.h>

#include "engine/image_origin.h"
#include "engine/image_size.h"
#include "engine/image_text.h"
#include "engine/image_words.h"
#include "core/interrupt.h"
#include "engine/model_path.h"
#include "core/alloc.h"
#include "core/config.h"
#include "core/file.h"
#include "core/log.h"
#include "core/npy.h"
#include "core/utf8.h"
#include "image/caption.h"
#include "image/image_file.h"

enum { TILE = 64 /* latents: 512 pixels */, LABEL_LEAST = 9 /* pixels that can be read */ };
static const double LABEL_SHARE = 0.05; /* of the shorter side: the least that GB 45438-2025, 5.2 asks of a label's letters */

struct image_session {
    image_model *model;
    pool *threads;
    arena *mem;
    origin_files files; /* of the model, for the record in each picture */
    bool last;          /* parts are dropped as soon as their work is done */
    int64_t steps, upscale; /* the model's own values; 0: it names none */
    double guidance;
    image_words *words; /* what the model knows, where it says so */
    image_listener listener;
    int64_t told_width, told_height; /* the size of which it was last said that it is not drawn as such */
};

/* The settings that a model's maker found best, in a file aigc.json of its folder (docs/formats.md). */
static bool read_advice(image_session *s, status *st)
{
    char *path = file_join(image_model_path(s->model), "aigc.json", st);
    config_file *json = path && file_exists(path) ? config_open(path, st) : NULL;
    alloc_free(path);
    if (!json) return status_ok(st);
    s->steps = config_int(json, "steps", 0, 1, 1000);
    s->guidance = config_real(json, "cfg_scale", 0, 0, 100);
    s->upscale = config_int(json, "upscale", 0, 1, 4);
    const char *name = config_string(json, "words", NULL);
    if (name && strchr(name, '/')) config_refuse(json, "words", name, "the name of a file in the same folder");
    char *list = name && status_ok(st) ? file_join(image_model_path(s->model), name, st) : NULL;
    config_close(json);
    if (list) s->words = image_words_open(list, st);
    alloc_free(list);
    return status_ok(st);
}

image_session *image_session_open(const image_options *o, pool *threads, status *st)
{
    image_session *s = alloc_zeroed(1, sizeof *s, st);
    char *path = s ? model_path_find(o->model, st) : NULL;
    char *words = path && o->tokenizer ? model_path_find(o->tokenizer, st) : NULL;
    status absent = {0}; /* a single file needs CLIP's tokenizer; whether one is missed is told later */
    if (path && !words && !o->config && !file_is_folder(path)) words = model_path_find("clip", &absent);
    char *autoencoder = path && o->vae ? model_path_find(o->vae, st) : NULL;
    if (path && status_ok(st)) {
        image_model_options options = {.path = path, .vae = autoencoder, .config = o->config, .tokenizer = words, .prediction = o->prediction,
                                       .lora = o->lora.item, .lora_count = o->lora.count, .mode = o->exact ? LINEAR_EXACT : LINEAR_FAST};
        s->threads = threads;
        s->mem = arena_new(st);
        if (strcmp(o->metadata, "none") != 0) image_origin_add_model(&s->files, o, path, autoencoder, o->tokenizer ? words : NULL, st);
        s->model = s->mem ? image_model_open(&options, threads, st) : NULL;
    }
    alloc_free(path);
    alloc_free(words);
    alloc_free(autoencoder);
    if (s && s->model && read_advice(s, st)) return s;
    image_session_close(s);
    return NULL;
}

void image_session_close(image_session *s)
{
    if (!s) return;
    origin_files_free(&s->files);
    image_model_close(s->model);
    image_words_close(s->words);
    arena_free(s->mem);
    alloc_free(s);
}

void image_session_last(image_session *s) { s->last = true; }

void image_session_listen(image_session *s, const image_listener *l) { s->listener = l ? *l : (image_listener){0}; }

bool image_session_doubts(const image_session *s, const char *prompt, char *text, size_t size)
{
    const char *name[IMAGE_WORDS_NEAREST];
    if (!s->words || image_words_known(s->words, prompt)) return false;
    int found = image_words_nearest(s->words, prompt, name);
    int used = snprintf(text, size, "the model knows no word of this prompt%s", found ? "; the nearest that it knows: " : "");
    for (int i = 0; i < found && used > 0 && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, "%s%s", i ? ", " : "", name[i]);
    return true;
}

const char *image_session_model_path(const image_session *s) { return image_model_path(s->model); }

/* ---- one picture ---- */

typedef struct {
    image_session *s;
    const image_options *o;
    const char *path;
    op_ctx *c;
    diffuse_request request;
    picture *init, *mask;         /* as read */
    picture *fitted, *fitted_mask; /* at the size that is drawn; the same pictures where that is theirs */
    image_size size;
    int64_t steps;
    double guidance, begun;
} drawing;

/* A size that is not drawn as such is told, once where many pictures have it. */
static void tell_size(const drawing *d)
{
    image_session *s = d->s;
    const image_size *z = &d->size;
    if (!z->odd || (s->told_width == z->width && s->told_height == z->height)) return;
    s->told_width = z->width;
    s->told_height = z->height;
    log_message("%lld x %lld pixels: the model draws %lld x %lld, which are %s", (long long)z->width, (long long)z->height,
                (long long)z->drawn_width, (long long)z->drawn_height, z->padded ? "resampled and set in the middle" : "resampled");
}

/* Size, steps and guidance: the flags', else the model's, else those for all. */
static bool settle(drawing *d, status *st)
{
    const image_options *o = d->o;
    const image_session *s = d->s;
    d->steps = o->steps_given || !s->steps ? o->steps : s->steps;
    d->guidance = o->guidance_given || s->guidance == 0 ? o->guidance : s->guidance;
    if (o->upscale == 3) return status_set(st, STATUS_USAGE, "--upscale 3: 1, 2 or 4 is wanted");
    image_size_wish wish = {.width = o->width, .height = o->height, .upscale = o->upscale_given ? o->upscale : 0,
                            .side = image_model_side(s->model), .factor = image_model_vae_config(s->model)->factor,
                            .enlarges = s->upscale ? s->upscale : 1};
    if (d->init) wish.init_width = d->init->width, wish.init_height = d->init->height;
    d->size = image_size_plan(&wish);
    d->request.width = d->size.drawn_width;
    d->request.height = d->size.drawn_height;
    tell_size(d);
    return true;
}

/* p at that size; p itself where that is its own. */
static picture *resized(picture *p, int64_t width, int64_t height, picture_filter filter, status *st)
{
    if (!p || (p->width == width && p->height == height)) return p;
    return picture_resize(p, width, height, filter, st);
}

static void free_pictures(drawing *d)
{
    if (d->fitted != d->init) picture_free(d->fitted);
    if (d->fitted_mask != d->mask) picture_free(d->fitted_mask);
    picture_free(d->init);
    picture_free(d->mask);
}

static bool read_pictures(drawing *d, status *st)
{
    const image_options *o = d->o;
    if (o->mask && !o->init) return status_set(st, STATUS_USAGE, "--mask: a picture to mask is wanted too (--init-img)");
    if (o->init && !(d->init = image_file_read(o->init, 3, st))) return false;
    if (o->mask && !(d->mask = image_file_read(o->mask, 1, st))) return false;
    return true;
}

static bool choose_noise(drawing *d, uint64_t seed, status *st)
{
    const image_options *o = d->o;
    diffuse_request *r = &d->request;
    if (!image_text_rng(o->rng, &r->noise_kind, st)) return false;
    r->seed = seed;
    r->variation_seed = (uint64_t)o->variation_seed;
    r->variation_strength = (float)o->variation_strength;
    r->noise = o->noise ? npy_read(d->c->mem, o->noise, st) : NULL;
    return status_ok(st);
}

/* The work of these parts is done; where no more pictures follow they go. */
static void done(drawing *d, unsigned parts)
{
    if (d->s->last) image_model_drop(d->s->model, parts);
}

/* A tag for a file is told how to be given here, where otherwise its letters would be drawn. */
static bool accept_words(const char *text, const char *what, status *st)
{
    size_t size;
    const char *tag = encoder_prompt_find_tag(text, &size);
    return !tag || status_set(st, STATUS_INPUT, "the %s has the tag %.*s at byte %zu: files are not taken from a prompt; a LoRA is given by --lora FILE:STRENGTH, in a job by \"lora\"",
                              what, utf8_fit(tag, size < 80 ? (int)size : 80), tag, (size_t)(tag - text) + 1);
}

/* The prompt and its negative as tokens. */
static bool read_prompts(drawing *d, encoder_prompt_tokens *text, encoder_prompt_tokens *negative)
{
    image_model *m = d->s->model;
    const tokenizer *t = image_model_tokenizer(m);
    int32_t pad = image_model_pad(m);
    const encoder_config *g = image_model_text_config(m);
    if (d->o->clip_skip > g->layers)
        return status_set(d->c->st, STATUS_USAGE, "--clip-skip %lld: the text encoder has %lld layers", (long long)d->o->clip_skip, (long long)g->layers);
    if (!accept_words(d->o->prompt, "prompt", d->c->st) || (d->o->negative && !accept_words(d->o->negative, "negative prompt", d->c->st))) return false;
    return encoder_prompt_tokenize(d->c->mem, text, t, g->positions, pad, d->o->prompt, d->c->st) &&
           encoder_prompt_tokenize(d->c->mem, negative, t, g->positions, pad, d->o->negative ? d->o->negative : "", d->c->st);
}

/* The prompt and, where guidance needs it, its negative, made equally long. */
static bool encode_prompts(drawing *d)
{
    image_model *m = d->s->model;
    encoder_prompt_tokens text, negative;
    if (!read_prompts(d, &text, &negative)) return false;
    if (encoder_prompt_has_break(d->o->prompt)) log_warning("the prompt's BREAK is read as a word: where a prompt is cut into chunks cannot be chosen");
    if (!image_model_build(m, IMAGE_TEXT, d->c->st)) return false;
    const encoder *e = image_model_encoder(m);
    int64_t chunks = d->guidance > 1 && negative.chunks > text.chunks ? negative.chunks : text.chunks;
    d->request.text = encoder_prompt_encode(d->c, e, &text, chunks, d->o->clip_skip - 1);
    if (d->guidance > 1) d->request.negative = encoder_prompt_encode(d->c, e, &negative, chunks, d->o->clip_skip - 1);
    done(d, IMAGE_TEXT);
    return status_ok(d->c->st);
}

/* ---- what is written on it ---- */

/* p (taken over) with the text. */
static picture *set_text(const drawing *d, picture *p, const char *text, caption_place place, double size, status *st)
{
    const char *font = caption_find_font(d->o->font, st);
    picture *with = font ? caption_draw(p, text, place, font, size, st) : NULL;
    picture_free(p);
    return with;
}

/* p (taken over) with the label that people see, where that is asked for. */
static picture *set_label(const drawing *d, picture *p, status *st)
{
    if (!p || (!d->o->label && !d->o->label_text)) return p;
    int64_t side = p->width < p->height ? p->width : p->height;
    double size = (double)side * LABEL_SHARE;
    return set_text(d, p, d->o->label_text ? d->o->label_text : "AI-generated", CAPTION_CORNER, size < LABEL_LEAST ? LABEL_LEAST : size, st);
}

/* ---- progress ---- */

/* "dir/name.png" -> "dir/name-preview.png"; freed with alloc_free. */
static char *preview_path(const char *path, status *st)
{
    size_t size = strlen(path) + 16, stem = strlen(path);
    if (stem > 4 && strcmp(path + stem - 4, ".png") == 0) stem -= 4;
    char *name = alloc_array(size, 1, st);
    if (name) snprintf(name, size, "%.*s-preview.png", (int)stem, path);
    return name;
}

/* A preview says that it is generated, and no more: no run makes it as its product. */
static bool write_marked(file_output *f, const picture *p, const drawing *d, status *st)
{
    image_options o = *d->o;
    image_result none = {0};
    image_origin made;
    o.metadata = "none";
    if (!image_origin_make(&made, &o, &none, &d->s->files, image_model_path(d->s->model), st)) return false;
    bool ok = image_file_write_png(file_stream(f), p, made.chunk, made.count, st);
    image_origin_free(&made);
    return ok;
}

static bool write_preview(drawing *d, const tensor *latents, status *st)
{
    char *name = preview_path(d->path, st);
    bool ready = name && image_model_build(d->s->model, IMAGE_VAE_DECODER, st);
    picture *p = ready ? set_label(d, diffuse_preview(d->c, image_model_diffuse(d->s->model), latents), st) : NULL;
    file_output *f = p ? file_create(name, st) : NULL;
    if (f && write_marked(f, p, d, st)) file_commit(f, st);
    else file_abort(f);
    picture_free(p);
    alloc_free(name);
    return status_ok(st);
}

static bool on_step(void *arg, int step, int steps, const tensor *expected)
{
    drawing *d = arg;
    double spent = log_seconds() - d->begun;
    if (!d->o->quiet) log_progress("drawing %d/%d, %.0f s left", step, steps, spent / step * (steps - step));
    if (d->o->preview_every && step % d->o->preview_every == 0 && step < steps) return write_preview(d, expected, d->c->st);
    if (d->s->listener.on_step && !d->s->listener.on_step(d->s->listener.arg, step, steps, d->c->st)) return false;
    return interrupt_check(d->c->st);
}

/* ---- finishing ---- */

/* Where the mask is black, p is the picture it came from, which what was drawn at another size would not be. */
static bool keep_masked(const drawing *d, picture *p, status *st)
{
    picture *from = resized(d->init, p->width, p->height, PICTURE_LANCZOS, st);
    picture *mask = from ? resized(d->mask, p->width, p->height, PICTURE_NEAREST, st) : NULL;
    bool ok = mask && picture_keep_unmasked(p, from, mask, st);
    if (from != d->init) picture_free(from);
    if (mask != d->mask) picture_free(mask);
    return ok;
}

/* p (taken over) at the size asked for. */
static picture *give_size(const drawing *d, picture *p, status *st)
{
    int64_t width = d->size.width * d->size.upscale, height = d->size.height * d->size.upscale;
    int64_t least = width < height ? width : height;
    if (p->width == width && p->height == height) return p;
    picture *sized = d->size.padded ? picture_resize(p, least, least, PICTURE_LANCZOS, st) : picture_resize(p, width, height, PICTURE_LANCZOS, st);
    picture_free(p);
    if (sized && d->size.padded) {
        p = sized;
        sized = picture_widen(p, width, height, st);
        picture_free(p);
    }
    if (!sized || !d->mask || keep_masked(d, sized, st)) return sized;
    picture_free(sized);
    return NULL;
}

/* p (taken over) sized, captioned and labelled. */
static picture *finish(const drawing *d, picture *p, status *st)
{
    caption_place place;
    if (p) p = give_size(d, p, st);
    bool captioned = p && d->o->caption && image_text_place(d->o->caption_place, &place, st), below = captioned && place == CAPTION_UNDER;
    if (below) p = set_label(d, p, st); /* on the picture, not on its caption */
    if (captioned) p = set_text(d, p, d->o->caption, place, d->o->caption_size, st);
    if (!below) p = set_label(d, p, st);
    if (status_ok(st)) return p;
    picture_free(p);
    return NULL;
}

/* o with what was settled on, which a repetition must be told. */
static image_options settled(const drawing *d)
{
    image_options o = *d->o;
    o.width = d->size.width;
    o.height = d->size.height;
    o.steps = d->steps;
    o.guidance = d->guidance;
    o.upscale = d->size.upscale;
    o.method = sampler_method_name(d->request.method);
    return o;
}

/* Into its file, where it has one, and to those who hear of it. */
static bool give_out(drawing *d, file_output *f, const picture *p, const image_result *result, status *st)
{
    image_options o = settled(d);
    image_origin made;
    const image_listener *l = &d->s->listener;
    if (!image_origin_make(&made, &o, result, &d->s->files, image_model_path(d->s->model), st)) return false;
    bool ok = !f || image_file_write_png(file_stream(f), p, made.chunk, made.count, st);
    if (ok && l->on_picture) l->on_picture(l->arg, p, &made, result, st);
    image_origin_free(&made);
    return ok && status_ok(st);
}

/* The networks, one after the other: text encoder (in encode_prompts), U-Net, decoder. */
static picture *run_networks(drawing *d, status *st)
{
    image_model *m = d->s->model;
    if (!encode_prompts(d) || !image_model_build(m, IMAGE_UNET | (d->init ? IMAGE_VAE_ENCODER : 0), st)) return NULL;
    const diffuse_model *networks = image_model_diffuse(m);
    d->begun = log_seconds();
    const tensor *latents = diffuse_latents(d->c, networks, &d->request);
    log_progress_end();
    done(d, IMAGE_UNET | IMAGE_VAE_ENCODER);
    return latents && image_model_build(m, IMAGE_VAE_DECODER, st) ? diffuse_picture(d->c, networks, &d->request, latents) : NULL;
}

/* All that is settled before the networks run. */
static bool prepare(drawing *d, uint64_t seed, status *st)
{
    const image_options *o = d->o;
    const schedule *plan = image_model_schedule(d->s->model);
    if (!read_pictures(d, st) || !settle(d, st) || !choose_noise(d, seed, st) || !image_text_method(o->method, plan, &d->request.method, st))
        return false;
    d->fitted = resized(d->init, d->request.width, d->request.height, PICTURE_LANCZOS, st);
    d->fitted_mask = resized(d->mask, d->request.width, d->request.height, PICTURE_NEAREST, st);
    if (!status_ok(st)) return false;
    d->request.steps = (int)d->steps;
    d->request.guidance = (float)d->guidance;
    d->request.init = d->fitted;
    d->request.mask = d->fitted_mask;
    d->request.strength = o->strength;
    d->request.tile = o->tile ? TILE : 0;
    d->request.progress = on_step;
    d->request.progress_arg = d;
    return true;
}

static picture *draw(drawing *d, uint64_t seed, status *st) { return prepare(d, seed, st) ? finish(d, run_networks(d, st), st) : NULL; }

/* What stands in the file and on the picture, tried on a black one. */
static bool check_finish(const drawing *d, status *st)
{
    image_options o = settled(d);
    image_result result = {.width = o.width, .height = o.height, .steps = d->steps, .guidance = d->guidance, .method = d->request.method, .seed = d->request.seed};
    image_origin made = {0};
    bool marked = o.caption || o.label || o.label_text;
    picture *p = marked ? picture_new(d->request.width, d->request.height, 3, st) : NULL;
    if (p) p = finish(d, p, st);
    picture_free(p);
    bool ok = status_ok(st) && image_origin_make(&made, &o, &result, &d->s->files, image_model_path(d->s->model), st);
    if (ok) image_origin_free(&made);
    return ok;
}

bool image_session_check(image_session *s, const image_options *o, uint64_t seed, status *st)
{
    op_ctx c = {.mem = s->mem, .threads = s->threads, .st = st};
    drawing d = {.s = s, .o = o, .c = &c};
    encoder_prompt_tokens text, negative;
    size_t mark = arena_mark(s->mem);
    bool ok = prepare(&d, seed, st) && read_prompts(&d, &text, &negative) &&
              diffuse_check(image_model_unet_config(s->model), image_model_vae_config(s->model), image_model_schedule(s->model), &d.request, st) &&
              check_finish(&d, st);
    free_pictures(&d);
    arena_reset(s->mem, mark);
    return ok;
}

bool image_session_draw(image_session *s, const image_options *o, uint64_t seed, const char *path, image_result *result, status *st)
{
    double begun = log_seconds();
    op_ctx c = {.mem = s->mem, .threads = s->threads, .st = st};
    drawing d = {.s = s, .o = o, .path = path, .c = &c};
    size_t mark = arena_mark(s->mem);
    file_output *f = path ? file_create(path, st) : NULL; /* first: an output that cannot be written is told before the work */
    picture *p = f || !path ? draw(&d, seed, st) : NULL;
    if (p) {
        *result = (image_result){.width = p->width, .height = p->height, .steps = d.steps, .guidance = d.guidance,
                                 .method = d.request.method, .seed = seed};
        if (give_out(&d, f, p, result, st) && f) {
            file_commit(f, st);
            f = NULL;
        }
    }
    file_abort(f);
    picture_free(p);
    free_pictures(&d);
    arena_reset(s->mem, mark);
    result->seconds = log_seconds() - begun;
    return status_ok(st);
}
