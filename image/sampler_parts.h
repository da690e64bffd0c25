/* sampler_parts: the inside of a sampler, shared by the sampler's own files and by nothing else. */
#ifndef AIGC_IMAGE_SAMPLER_PARTS_H
#define AIGC_IMAGE_SAMPLER_PARTS_H

#include "image/sampler.h"

enum { SAMPLER_HISTORY = 4 };

struct sampler {
    sampler_method method;
    schedule set;      /* the settings, unset ones filled in; its trained betas are not kept */
    int steps;         /* of the whole schedule */
    int first;         /* the evaluation to begin with (image to image) */
    int at;            /* the current evaluation, first … evaluations − 1 */
    int evaluations;   /* of the whole schedule */
    double *timestep;  /* [evaluations] */
    double *sigma;     /* [evaluations + 1] √((1 − ᾱ)/ᾱ), rounded to f32; NULL for the methods that count in ᾱ */
    float *alphas;     /* [train_steps] ᾱ_t */
    double final_alpha; /* ᾱ before the first step of training: 1, or ᾱ_0 */
    float init_noise_sigma;
    double eta;
    int64_t images, count, total; /* total = images · count */
    float *history[SAMPLER_HISTORY]; /* [total] what a method remembers, newest last; see each */
    float *kept;       /* [total] the sample that a method goes back to */
    float *noise;      /* [total] */
    float *sorted;     /* [count] for thresholding */
    int remembered;    /* outputs in history */
    int counter;       /* PNDM: evaluations done; UniPC, DPM-Solver: those that raise the order */
    bool second;       /* Heun, DPM++ SDE: the next evaluation is the second of its step */
    int order;         /* UniPC: of the last predictor */
    double middle;     /* DPM++ SDE: σ of the second evaluation */
};

/* Timesteps and sigmas of the method; s->set is complete. sampler_times.c */
bool sampler_make_times(sampler *s, status *st);

/* ᾱ at a time; below 0 it is final_alpha. */
static inline double sampler_alpha(const sampler *s, int64_t t) { return t >= 0 ? (double)s->alphas[t] : s->final_alpha; }

/* Thresholds or clips the predicted x₀ in place as the settings say. */
void sampler_limit(sampler *s, float *x0, bool clip);

/* Draws the noise of one step into s->noise. */
void sampler_draw(sampler *s, sampler_noise noise);

/* Moves history one towards the old and gives the slot for the newest of `order`. */
float *sampler_remember(sampler *s, int order);

/* One step of each family: x in place, the current evaluation is s->at. */
bool sampler_step_ddpm(sampler *s, const float *output, float *x, sampler_noise noise, status *st);      /* sampler_alpha.c */
bool sampler_step_ddim(sampler *s, const float *output, float *x, sampler_noise noise, status *st);
bool sampler_step_pndm(sampler *s, const float *output, float *x, sampler_noise noise, status *st);
bool sampler_step_lcm(sampler *s, const float *output, float *x, sampler_noise noise, status *st);
bool sampler_step_euler(sampler *s, const float *output, float *x, sampler_noise noise, status *st);     /* sampler_sigma.c */
bool sampler_step_euler_a(sampler *s, const float *output, float *x, sampler_noise noise, status *st);
bool sampler_step_heun(sampler *s, const float *output, float *x, sampler_noise noise, status *st);
bool sampler_step_dpm_sde(sampler *s, const float *output, float *x, sampler_noise noise, status *st);
bool sampler_step_dpm_multistep(sampler *s, const float *output, float *x, sampler_noise noise, status *st); /* sampler_multistep.c */
bool sampler_step_unipc(sampler *s, const float *output, float *x, sampler_noise noise, status *st);

#endif
