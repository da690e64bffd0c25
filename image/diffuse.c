#include "image/diffuse.h"

#include <math.h>
#include <string.h>

/* ---- layouts ---- */

/* [1, C, h, w] -> [B, h, w, C], the same picture B times. */
static tensor *to_channels_last(op_ctx *c, const tensor *x, int64_t B)
{
    if (op_failed(c) || !x) return NULL;
    int64_t C = x->dim[1], P = x->dim[2] * x->dim[3];
    tensor *y = op_new(c, SHAPE(B, x->dim[2], x->dim[3], C));
    for (int64_t b = 0; y && b < B; b++)
        for (int64_t p = 0; p < P; p++)
            for (int64_t i = 0; i < C; i++) tensor_f32(y)[(b * P + p) * C + i] = tensor_f32(x)[i * P + p];
    return y;
}

/* [1, h, w, C] -> [1, C, h, w] */
static tensor *to_channels_first(op_ctx *c, const tensor *x)
{
    if (op_failed(c) || !x) return NULL;
    int64_t C = x->dim[3], P = x->dim[1] * x->dim[2];
    tensor *y = op_new(c, SHAPE(1, C, x->dim[1], x->dim[2]));
    for (int64_t i = 0; y && i < C; i++)
        for (int64_t p = 0; p < P; p++) tensor_f32(y)[i * P + p] = tensor_f32(x)[p * C + i];
    return y;
}

/* ---- noise ---- */

static tensor *draw(op_ctx *c, noise *source, int64_t channels, int64_t h, int64_t w)
{
    tensor *x = op_new(c, SHAPE(1, channels, h, w));
    if (x) noise_fill(source, x->data, tensor_count(x));
    return x;
}

tensor *diffuse_noise(op_ctx *c, noise_kind kind, uint64_t seed, int64_t channels, int64_t h, int64_t w)
{
    noise source;
    noise_seed(&source, kind, seed);
    return draw(c, &source, channels, h, w);
}

/* Along the great circle from a to b (Shoemake 1985): a mix of two noises keeps their length. */
static void turn_towards(tensor *a, const tensor *b, float share)
{
    double dot = 0, length_a = 0, length_b = 0;
    int64_t n = tensor_count(a);
    float *x = a->data;
    const float *y = b->data;
    for (int64_t i = 0; i < n; i++) {
        dot += (double)x[i] * y[i];
        length_a += (double)x[i] * x[i];
        length_b += (double)y[i] * y[i];
    }
    double cosine = dot / sqrt(length_a * length_b), angle = acos(cosine < -1 ? -1 : cosine > 1 ? 1 : cosine);
    double from = 1 - share, to = share;
    if (sin(angle) > 1e-6) from = sin((1 - share) * angle) / sin(angle), to = sin(share * angle) / sin(angle);
    for (int64_t i = 0; i < n; i++) x[i] = (float)(from * x[i] + to * y[i]);
}

/* ---- one run ---- */

typedef struct {
    op_ctx *c;
    const diffuse_model *m;
    const diffuse_request *r;
    int64_t channels, h, w; /* of the latents */
    sampler *sampler;
    noise source;
    unet_text *text;
    bool guided;
    float *alphas;   /* [train steps]: ᾱ_t */
    tensor *x;       /* [1, channels, h, w]: what becomes the picture */
    tensor *input;   /* [1, channels, h, w]: x as the network sees it */
    tensor *start;   /* [1, channels, h, w]: the starting noise */
    tensor *known;   /* [1, channels, h, w]: the init picture's latents, or NULL */
    tensor *paint;   /* [1, 1, h, w]: 1 where the mask lets paint, or NULL */
    tensor *extra;   /* [1, 1 + channels, h, w]: what a U-Net made for inpainting sees beside x, or NULL */
} run;

/* [A, T, E] and [B, T, E] -> [A + B, T, E] */
static tensor *stack(op_ctx *c, const tensor *a, const tensor *b)
{
    if (a->dim[1] != b->dim[1] || a->dim[2] != b->dim[2]) {
        status_set(c->st, STATUS_FAIL, "the prompt and its negative differ in length");
        return NULL;
    }
    tensor *y = op_new(c, SHAPE(a->dim[0] + b->dim[0], a->dim[1], a->dim[2]));
    if (!y) return NULL;
    memcpy(y->data, a->data, tensor_bytes(a));
    memcpy((char *)y->data + tensor_bytes(a), b->data, tensor_bytes(b));
    return y;
}

static bool check_noise(const tensor *given, int64_t channels, int64_t h, int64_t w, status *st)
{
    char shape[96];
    if (!given || (tensor_shape_is(given, SHAPE(1, channels, h, w)) && given->type == DTYPE_F32)) return true;
    return status_set(st, STATUS_INPUT, "the starting noise has shape %s and type %s, [1, %lld, %lld, %lld] of f32 wanted",
                      tensor_shape_text(given, shape, sizeof shape), dtype_of(given->type)->name, (long long)channels, (long long)h, (long long)w);
}

static bool begin_noise(run *s)
{
    op_ctx *c = s->c;
    const diffuse_request *r = s->r;
    if (!check_noise(r->noise, s->channels, s->h, s->w, c->st)) return false;
    if (r->noise) s->start = op_scale(c, r->noise, 1);
    else s->start = draw(c, &s->source, s->channels, s->h, s->w);
    if (s->start && r->variation_strength > 0) {
        tensor *other = diffuse_noise(c, r->noise_kind, r->variation_seed, s->channels, s->h, s->w);
        if (other) turn_towards(s->start, other, r->variation_strength);
    }
    return status_ok(c->st);
}

/* The picture's latents, drawn from the autoencoder's posterior with the run's own noise, as diffusers does. */
static tensor *encode_picture(run *s, const picture *p)
{
    size_t mark = arena_mark(s->c->mem);
    const tensor *drawn = NULL;
    if (s->m->autoencoder->kind == VAE_KL) drawn = to_channels_last(s->c, draw(s->c, &s->source, s->channels, s->h, s->w), 1);
    tensor *z = vae_encode(s->c, s->m->encoder, picture_to_tensor(s->c, p), drawn);
    return op_keep(s->c, mark, to_channels_first(s->c, z));
}

/* The mask at the latents' size, by its middle pixel in each cell: 1 where it is at least half white. */
static tensor *shrink_mask(run *s)
{
    tensor *y = op_new(s->c, SHAPE(1, 1, s->h, s->w));
    const picture *m = s->r->mask;
    for (int64_t i = 0; y && i < s->h * s->w; i++) {
        int64_t py = (i / s->w) * m->height / s->h, px = (i % s->w) * m->width / s->w;
        tensor_f32(y)[i] = m->pixel[py * m->width + px] >= 128 ? 1.0f : 0.0f;
    }
    return y;
}

/* What a U-Net with 9 input channels, made for inpainting, sees beside the latents: the mask, and the latents of the picture
 * with the place to paint in grey. */
static tensor *inpainting_input(run *s)
{
    picture *grey = picture_copy(s->r->init, s->c->st);
    if (!grey) return NULL;
    for (int64_t i = 0; i < grey->width * grey->height; i++)
        if (s->r->mask->pixel[i] >= 128) memset(grey->pixel + i * grey->channels, 127, (size_t)grey->channels);
    tensor *z = encode_picture(s, grey);
    picture_free(grey);
    tensor *y = op_new(s->c, SHAPE(1, 1 + s->channels, s->h, s->w));
    if (!y || !z) return NULL;
    memcpy(y->data, s->paint->data, tensor_bytes(s->paint));
    memcpy(tensor_f32(y) + s->h * s->w, z->data, tensor_bytes(z));
    return y;
}

static bool check_channels(const unet_config *u, int64_t channels, const diffuse_request *r, status *st)
{
    if (u->in_channels == channels) return true;
    if (u->in_channels != 2 * channels + 1)
        return status_set(st, STATUS_INPUT, "the U-Net takes %lld channels, the autoencoder has %lld", (long long)u->in_channels, (long long)channels);
    return (r->mask && r->init) || status_set(st, STATUS_USAGE, "this model was made for inpainting: a picture (--init-img) and a mask (--mask) are wanted");
}

/* What a U-Net made for inpainting sees beside the latents; others see nothing. */
static bool begin_extra(run *s)
{
    const unet_config *u = unet_config_of(s->m->unet);
    if (!check_channels(u, s->channels, s->r, s->c->st)) return false;
    return u->in_channels == s->channels || (s->extra = inpainting_input(s)) != NULL;
}

static bool begin_picture(run *s)
{
    op_ctx *c = s->c;
    const diffuse_request *r = s->r;
    if (r->mask && !(s->paint = shrink_mask(s))) return false;
    if (r->init && !(s->known = encode_picture(s, r->init))) return false;
    if (!begin_noise(s) || !begin_extra(s)) return false;
    bool from_noise = !r->init || (r->mask && r->strength >= 1); /* as diffusers' pipelines do */
    s->x = op_scale(c, s->start, sampler_init_noise_sigma(s->sampler));
    if (s->x && !from_noise) sampler_add_noise(s->sampler, s->known->data, s->start->data, s->x->data);
    return s->x != NULL;
}

/* What the network says of x at evaluation i, guided: u + g (t − u). [1, channels, h, w] */
static tensor *predict(run *s, int i)
{
    op_ctx *c = s->c;
    tensor *in = s->input = op_new(c, SHAPE(1, s->channels, s->h, s->w));
    if (!in) return NULL;
    sampler_scale_model_input(s->sampler, s->x->data, in->data);
    if (s->extra) { /* [1, 2 channels + 1, h, w] */
        tensor *wide = op_new(c, SHAPE(1, 2 * s->channels + 1, s->h, s->w));
        if (!wide) return NULL;
        memcpy(wide->data, in->data, tensor_bytes(in));
        memcpy((char *)wide->data + tensor_bytes(in), s->extra->data, tensor_bytes(s->extra));
        in = wide;
    }
    float time = (float)sampler_timestep(s->sampler, i);
    tensor *y = unet_forward(c, s->m->unet, to_channels_last(c, in, s->guided ? 2 : 1), time, s->text, s->r->guidance);
    if (!y) return NULL;
    tensor one = {.type = DTYPE_F32, .rank = 4, .dim = {1, s->h, s->w, y->dim[3]}, .data = y->data};
    if (!s->guided) return to_channels_first(c, &one);
    int64_t n = tensor_count(&one);
    float *u = tensor_f32(y);
    const float *t = u + n;
    for (int64_t k = 0; k < n; k++) u[k] += s->r->guidance * (t[k] - u[k]);
    return to_channels_first(c, &one);
}

/* x₀ from the network's input √ᾱ x₀ + √(1 − ᾱ) ε and its output: what the picture is expected to become. */
static tensor *expect(run *s, int i, const tensor *output)
{
    tensor *y = op_new(s->c, output->rank, output->dim);
    double a = s->alphas[(int)sampler_timestep(s->sampler, i)], b = sqrt(1 - a);
    a = sqrt(a);
    for (int64_t k = 0; y && k < tensor_count(y); k++) {
        double in = tensor_f32(s->input)[k], out = tensor_f32(output)[k];
        double x0 = s->m->schedule->prediction == SCHEDULE_V_PREDICTION ? a * in - b * out : s->m->schedule->prediction == SCHEDULE_SAMPLE ? out : (in - b * out) / a;
        tensor_f32(y)[k] = (float)x0;
    }
    return y;
}

/* Where the mask does not let paint, the latents are the picture's own, with the noise of where the sampler stands. */
static bool keep_known(run *s)
{
    tensor *own = op_new(s->c, s->known->rank, s->known->dim);
    if (!own) return false;
    sampler_add_noise_now(s->sampler, s->known->data, s->start->data, own->data);
    int64_t P = s->h * s->w;
    for (int64_t i = 0; i < s->channels * P; i++)
        if (tensor_f32(s->paint)[i % P] < 0.5f) tensor_f32(s->x)[i] = tensor_f32(own)[i];
    return true;
}

static void draw_for_sampler(void *state, float *out, int64_t n) { noise_fill(state, out, n); }

static bool run_steps(run *s)
{
    int count = sampler_evaluations(s->sampler);
    size_t mark = arena_mark(s->c->mem);
    for (int i = 0; i < count; i++) {
        tensor *output = predict(s, i), *expected = output ? expect(s, i, output) : NULL;
        if (!expected || !sampler_step(s->sampler, output->data, s->x->data, (sampler_noise){draw_for_sampler, &s->source}, s->c->st)) return false;
        if (s->paint && s->known && !s->extra && !keep_known(s)) return false;
        if (s->r->progress && !s->r->progress(s->r->progress_arg, i + 1, count, expected)) return false;
        arena_reset(s->c->mem, mark);
    }
    return true;
}

static bool begin_sampler(run *s)
{
    const diffuse_request *r = s->r;
    const schedule *plan = s->m->schedule;
    s->alphas = arena_alloc(s->c->mem, (size_t)plan->train_steps * sizeof *s->alphas, s->c->st);
    if (!s->alphas || !schedule_alphas(plan, 0.00085, 0.012, SCHEDULE_SCALED_LINEAR, s->alphas, s->c->st)) return false;
    s->sampler = sampler_new(r->method, plan, r->steps, r->init ? r->strength : 1, 1, s->channels * s->h * s->w, s->c->st);
    return s->sampler != NULL;
}

static tensor *run_all(run *s)
{
    const diffuse_request *r = s->r;
    s->text = unet_text_new(s->c, s->m->unet, s->guided ? stack(s->c, r->negative, r->text) : r->text);
    return s->text && begin_sampler(s) && begin_picture(s) && run_steps(s) ? s->x : NULL;
}

bool diffuse_check(const unet_config *u, const vae_config *g, const schedule *plan, const diffuse_request *r, status *st)
{
    int64_t h = r->height / g->factor, w = r->width / g->factor;
    if (!check_noise(r->noise, g->latent_channels, h, w, st) || !check_channels(u, g->latent_channels, r, st)) return false;
    sampler *s = sampler_new(r->method, plan, r->steps, r->init ? r->strength : 1, 1, g->latent_channels * h * w, st);
    sampler_free(s);
    return s != NULL;
}

tensor *diffuse_latents(op_ctx *c, const diffuse_model *m, const diffuse_request *r)
{
    const vae_config *g = m->autoencoder;
    run s = {.c = c, .m = m, .r = r, .channels = g->latent_channels, .h = r->height / g->factor, .w = r->width / g->factor,
             .guided = r->guidance > 1 && r->negative != NULL};
    if (unet_config_of(m->unet)->guidance_embedding) s.guided = false; /* a distilled model is told the scale */
    noise_seed(&s.source, r->noise_kind, r->seed);
    size_t mark = arena_mark(c->mem);
    tensor *x = run_all(&s);
    sampler_free(s.sampler);
    return op_keep(c, mark, x);
}

/* ---- from latents to pixels ---- */

static bool check_finite(op_ctx *c, const tensor *z)
{
    for (int64_t i = 0; z && i < tensor_count(z); i++)
        if (!isfinite(tensor_f32(z)[i]))
            return status_set(c->st, STATUS_INPUT, "the model's numbers left the range of f32: its weights or settings (prediction type, sampler) are not right");
    return z != NULL;
}

picture *diffuse_picture(op_ctx *c, const diffuse_model *m, const diffuse_request *r, const tensor *latents)
{
    size_t mark = arena_mark(c->mem);
    tensor *z = to_channels_last(c, latents, 1), *decoded = NULL;
    if (check_finite(c, z)) decoded = r->tile ? vae_decode_tiled(c, m->decoder, z, r->tile) : vae_decode(c, m->decoder, z);
    picture *p = picture_from_tensor(op_finite(c, decoded), c->st);
    arena_reset(c->mem, mark);
    if (!p || !r->mask || !r->init || picture_keep_unmasked(p, r->init, r->mask, c->st)) return p;
    picture_free(p);
    return NULL;
}

picture *diffuse_preview(op_ctx *c, const diffuse_model *m, const tensor *latents)
{
    size_t mark = arena_mark(c->mem);
    picture *p = picture_from_tensor(vae_decode(c, m->decoder, to_channels_last(c, latents, 1)), c->st);
    arena_reset(c->mem, mark);
    return p;
}
