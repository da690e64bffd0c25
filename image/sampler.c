#include "image/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "image/sampler_parts.h"

/* What the scheduler class of a method takes for a setting that the file leaves out, and what it keeps. */
typedef struct {
    const char *name, *class_name;
    bool (*step)(sampler *s, const float *output, float *x, sampler_noise noise, status *st);
    double beta_start, beta_end;
    schedule_betas betas;
    schedule_spacing spacing;
    int clip_sample, set_alpha_to_one;
    int history;     /* outputs remembered */
    bool takes_sample_prediction;
    bool clips;      /* knows clip_sample */
    bool thresholds; /* knows thresholding */
    bool takes_karras, takes_rescale;
} method_info;

static const method_info methods[SAMPLER_METHODS] = {
    [SAMPLER_DDPM] = {"ddpm", "DDPMScheduler", sampler_step_ddpm, 0.0001, 0.02, SCHEDULE_LINEAR, SCHEDULE_LEADING, 1, 1, 1,
                      true, true, true, false, true},
    [SAMPLER_DDIM] = {"ddim", "DDIMScheduler", sampler_step_ddim, 0.0001, 0.02, SCHEDULE_LINEAR, SCHEDULE_LEADING, 1, 1, 1,
                      true, true, true, false, true},
    [SAMPLER_PNDM] = {"pndm", "PNDMScheduler", sampler_step_pndm, 0.0001, 0.02, SCHEDULE_LINEAR, SCHEDULE_LEADING, 0, 0, 4,
                      false, false, false, false, false},
    [SAMPLER_EULER] = {"euler", "EulerDiscreteScheduler", sampler_step_euler, 0.0001, 0.02, SCHEDULE_LINEAR,
                       SCHEDULE_LINSPACE, 0, 1, 0, true, false, false, true, true},
    [SAMPLER_EULER_A] = {"euler_a", "EulerAncestralDiscreteScheduler", sampler_step_euler_a, 0.0001, 0.02, SCHEDULE_LINEAR,
                         SCHEDULE_LINSPACE, 0, 1, 0, false, false, false, false, true},
    [SAMPLER_HEUN] = {"heun", "HeunDiscreteScheduler", sampler_step_heun, 0.00085, 0.012, SCHEDULE_LINEAR,
                      SCHEDULE_LINSPACE, 0, 1, 1, true, true, false, true, false},
    [SAMPLER_DPMPP_2M] = {"dpm++2m", "DPMSolverMultistepScheduler", sampler_step_dpm_multistep, 0.0001, 0.02,
                          SCHEDULE_LINEAR, SCHEDULE_LINSPACE, 0, 1, 3, true, false, true, true, true},
    [SAMPLER_DPMPP_2M_KARRAS] = {"dpm++2m_karras", "", sampler_step_dpm_multistep, 0.0001, 0.02, SCHEDULE_LINEAR,
                                 SCHEDULE_LINSPACE, 0, 1, 3, true, false, true, true, true},
    [SAMPLER_DPMPP_2M_SDE] = {"dpm++2m_sde", "", sampler_step_dpm_multistep, 0.0001, 0.02, SCHEDULE_LINEAR,
                              SCHEDULE_LINSPACE, 0, 1, 3, true, false, true, true, true},
    [SAMPLER_DPMPP_SDE] = {"dpm++sde", "DPMSolverSDEScheduler", sampler_step_dpm_sde, 0.00085, 0.012, SCHEDULE_LINEAR,
                           SCHEDULE_LINSPACE, 0, 1, 1, false, false, false, true, false},
    [SAMPLER_UNIPC] = {"unipc", "UniPCMultistepScheduler", sampler_step_unipc, 0.0001, 0.02, SCHEDULE_LINEAR,
                       SCHEDULE_LINSPACE, 0, 1, 3, true, false, true, true, true},
    [SAMPLER_LCM] = {"lcm", "LCMScheduler", sampler_step_lcm, 0.00085, 0.012, SCHEDULE_SCALED_LINEAR, SCHEDULE_LEADING, 0, 1,
                     1, true, true, true, false, true},
};

const char *sampler_method_name(sampler_method method) { return methods[method].name; }

bool sampler_method_from_name(const char *name, sampler_method *method)
{
    for (int i = 0; i < SAMPLER_METHODS; i++)
        if (strcmp(name, methods[i].name) == 0) {
            *method = (sampler_method)i;
            return true;
        }
    return false;
}

const char *sampler_method_names(void) { return "ddpm, ddim, pndm, euler, euler_a, heun, dpm++2m, dpm++2m_karras, dpm++2m_sde, dpm++sde, unipc, lcm"; }

bool sampler_method_of_schedule(const schedule *s, sampler_method *method, status *st)
{
    *method = SAMPLER_PNDM;
    if (!s->class_name[0]) return true;
    for (int i = 0; i < SAMPLER_METHODS; i++)
        if (strcmp(s->class_name, methods[i].class_name) == 0) {
            *method = (sampler_method)i;
            if (i == SAMPLER_DPMPP_2M && s->karras) *method = SAMPLER_DPMPP_2M_KARRAS;
            if (i == SAMPLER_DPMPP_2M && s->algorithm == SCHEDULE_SDE_DPMSOLVERPP) *method = SAMPLER_DPMPP_2M_SDE;
            return true;
        }
    return status_set(st, STATUS_INPUT, "the scheduler '%s' is not supported; --sampling-method names one that is", s->class_name);
}

/* Fills in what is unset and drops what the method's class does not know. */
static bool settle(sampler *s, const schedule *given, status *st)
{
    const method_info *m = &methods[s->method];
    schedule *set = &s->set;
    *set = *given;
    set->trained = NULL;
    if (set->spacing == SCHEDULE_UNSET) set->spacing = (int)m->spacing;
    if (set->clip_sample == SCHEDULE_UNSET) set->clip_sample = m->clip_sample;
    if (set->set_alpha_to_one == SCHEDULE_UNSET) set->set_alpha_to_one = m->set_alpha_to_one;
    if (set->betas == SCHEDULE_UNSET) set->betas = (int)m->betas;
    if (!m->clips) set->clip_sample = 0;
    if (!m->thresholds) set->thresholding = false;
    if (!m->takes_karras) set->karras = false;
    if (!m->takes_rescale) set->rescale_zero_snr = false;
    if (s->method == SAMPLER_DPMPP_2M_KARRAS) set->karras = true;
    set->algorithm = s->method == SAMPLER_DPMPP_2M_SDE ? SCHEDULE_SDE_DPMSOLVERPP : SCHEDULE_DPMSOLVERPP;
    if (set->prediction == SCHEDULE_SAMPLE && !m->takes_sample_prediction)
        return status_set(st, STATUS_INPUT, "%s cannot sample a model that predicts the sample itself", m->name);
    schedule own = *given;
    own.rescale_zero_snr = set->rescale_zero_snr;
    s->alphas = alloc_array((size_t)set->train_steps, sizeof *s->alphas, st);
    if (!s->alphas || !schedule_alphas(&own, m->beta_start, m->beta_end, m->betas, s->alphas, st)) return false;
    bool in_alphas = s->method == SAMPLER_DDPM || s->method == SAMPLER_DDIM || s->method == SAMPLER_PNDM || s->method == SAMPLER_LCM;
    /* no signal at all would be an infinite sigma: diffusers takes a little */
    if (set->rescale_zero_snr && !in_alphas) s->alphas[set->train_steps - 1] = 0x1p-24f;
    s->final_alpha = set->set_alpha_to_one || s->method == SAMPLER_DDPM ? 1.0 : (double)s->alphas[0];
    return true;
}

static bool make_buffers(sampler *s, status *st)
{
    size_t n = (size_t)s->total;
    for (int i = 0; i < methods[s->method].history; i++)
        if (!(s->history[i] = alloc_array(n, sizeof(float), st))) return false;
    s->kept = alloc_array(n, sizeof(float), st);
    s->noise = alloc_array(n, sizeof(float), st);
    if (s->set.thresholding) s->sorted = alloc_array((size_t)s->count, sizeof(float), st);
    return s->kept && s->noise && (s->sorted || !s->set.thresholding);
}

static bool set_up(sampler *s, const schedule *given, double strength, status *st)
{
    if (!settle(s, given, st)) return false;
    if (s->steps < 1 || s->steps > s->set.train_steps)
        return status_set(st, STATUS_USAGE, "%d steps: 1 to %d are possible", s->steps, s->set.train_steps);
    if (!sampler_make_times(s, st) || !make_buffers(s, st)) return false;
    int run = (int)(s->steps * strength);
    int order = s->method == SAMPLER_HEUN || s->method == SAMPLER_DPMPP_SDE ? 2 : 1;
    s->first = (s->steps - (run < s->steps ? run : s->steps)) * order;
    if (s->first > s->evaluations) s->first = s->evaluations;
    s->at = s->first;
    return true;
}

sampler *sampler_new(sampler_method method, const schedule *given, int steps, double strength, int64_t images, int64_t count,
                     status *st)
{
    int64_t total;
    if (!(strength > 0 && strength <= 1)) {
        status_set(st, STATUS_USAGE, "a strength of %g: above 0 to 1 is possible", strength);
        return NULL;
    }
    if (images < 1 || count < 1 || __builtin_mul_overflow(images, count, &total)) {
        status_set(st, STATUS_USAGE, "%lld images of %lld numbers cannot be sampled", (long long)images, (long long)count);
        return NULL;
    }
    sampler *s = alloc_zeroed(1, sizeof *s, st);
    if (!s) return NULL;
    s->method = method;
    s->steps = steps;
    s->images = images;
    s->count = count;
    s->total = total;
    if (set_up(s, given, strength, st)) return s;
    sampler_free(s);
    return NULL;
}

void sampler_free(sampler *s)
{
    if (!s) return;
    alloc_free(s->timestep);
    alloc_free(s->sigma);
    alloc_free(s->alphas);
    for (int i = 0; i < SAMPLER_HISTORY; i++) alloc_free(s->history[i]);
    alloc_free(s->kept);
    alloc_free(s->noise);
    alloc_free(s->sorted);
    alloc_free(s);
}

void sampler_set_eta(sampler *s, double eta) { s->eta = eta; }

int sampler_evaluations(const sampler *s) { return s->evaluations - s->first; }

double sampler_timestep(const sampler *s, int evaluation) { return s->timestep[s->first + evaluation]; }

float sampler_init_noise_sigma(const sampler *s) { return s->init_noise_sigma; }

bool sampler_is_stochastic(const sampler *s)
{
    sampler_method m = s->method;
    return m == SAMPLER_DDPM || m == SAMPLER_EULER_A || m == SAMPLER_DPMPP_2M_SDE || m == SAMPLER_DPMPP_SDE ||
           m == SAMPLER_LCM || (m == SAMPLER_DDIM && s->eta > 0);
}

/* The methods of k-diffusion keep x = x₀ + σ ε; the others keep √ᾱ x₀ + √(1 − ᾱ) ε. */
static bool keeps_variance_exploding(const sampler *s)
{
    sampler_method m = s->method;
    return m == SAMPLER_EULER || m == SAMPLER_EULER_A || m == SAMPLER_HEUN || m == SAMPLER_DPMPP_SDE;
}

void sampler_scale_model_input(const sampler *s, const float *x, float *out)
{
    float scale = 1;
    if (keeps_variance_exploding(s) && s->at < s->evaluations) {
        float sigma = s->method == SAMPLER_DPMPP_SDE && s->second ? (float)s->middle : (float)s->sigma[s->at];
        scale = sqrtf(sigma * sigma + 1.0f);
    }
    for (int64_t i = 0; i < s->total; i++) out[i] = scale == 1.0f ? x[i] : x[i] / scale;
}

static void add_noise_at(const sampler *s, int at, const float *x, const float *noise, float *out)
{
    float keep = 1, add = 0;
    if (at >= s->evaluations) {
        /* nothing is left to do: no noise */
    } else if (keeps_variance_exploding(s)) {
        add = (float)s->sigma[at];
    } else if (s->sigma) {
        float sigma = (float)s->sigma[at];
        keep = 1.0f / sqrtf(sigma * sigma + 1.0f);
        add = sigma * keep;
    } else {
        float alpha = s->alphas[(int64_t)s->timestep[at]];
        keep = sqrtf(alpha);
        add = sqrtf(1.0f - alpha);
    }
    for (int64_t i = 0; i < s->total; i++) out[i] = keep * x[i] + add * noise[i];
}

void sampler_add_noise(const sampler *s, const float *x, const float *noise, float *out)
{
    add_noise_at(s, s->first, x, noise, out);
}

void sampler_add_noise_now(const sampler *s, const float *x, const float *noise, float *out)
{
    add_noise_at(s, s->at, x, noise, out);
}

bool sampler_step(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    if (s->at >= s->evaluations) return status_set(st, STATUS_FAIL, "the sampler is already behind its last step");
    if (!methods[s->method].step(s, output, x, noise, st)) return false;
    s->at++;
    return true;
}

/* ---- shared by the steps ---- */

void sampler_draw(sampler *s, sampler_noise noise) { noise.draw(noise.state, s->noise, s->total); }

float *sampler_remember(sampler *s, int order)
{
    float *oldest = s->history[0];
    for (int i = 0; i + 1 < order; i++) s->history[i] = s->history[i + 1];
    return s->history[order - 1] = oldest;
}

static int compare_floats(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Imagen's dynamic thresholding: the quantile of |x₀| over an image, at least 1, becomes the new 1. */
static void threshold(sampler *s, float *x0)
{
    for (int64_t i = 0; i < s->count; i++) s->sorted[i] = fabsf(x0[i]);
    qsort(s->sorted, (size_t)s->count, sizeof *s->sorted, compare_floats);
    float rank = (float)s->set.threshold_ratio * (float)(s->count - 1), below = floorf(rank), w = rank - below;
    int64_t i = (int64_t)below, next = i + 1 < s->count ? i + 1 : i;
    float a = s->sorted[i], b = s->sorted[next], q = w < 0.5f ? a + w * (b - a) : b - (b - a) * (1.0f - w);
    float limit = fminf(fmaxf(q, 1.0f), (float)s->set.sample_max);
    for (int64_t k = 0; k < s->count; k++) x0[k] = fminf(fmaxf(x0[k], -limit), limit) / limit;
}

void sampler_limit(sampler *s, float *x0, bool clip)
{
    if (s->set.thresholding) {
        for (int64_t b = 0; b < s->images; b++) threshold(s, x0 + b * s->count);
    } else if (clip && s->set.clip_sample) {
        float range = (float)s->set.clip_range;
        for (int64_t i = 0; i < s->total; i++) x0[i] = fminf(fmaxf(x0[i], -range), range);
    }
}
