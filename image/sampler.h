/* sampler: from noise to a latent in some twenty evaluations of the model. Each method equals diffusers' scheduler of the
 * name beside it, step by step, on the same model outputs and noise.
 *
 *     sampler *s = sampler_new(method, &schedule, steps, 1.0, images, count, &st);
 *     x = noise · sampler_init_noise_sigma(s)               (text to image)
 *     sampler_add_noise(s, latent, noise, x)                (image to image, strength < 1)
 *     for (int i = 0; i < sampler_evaluations(s); i++) {
 *         sampler_scale_model_input(s, x, input);
 *         output = unet(input, sampler_timestep(s, i));      (with guidance)
 *         sampler_step(s, output, x, noise, &st);
 *     }
 *
 * A sampler belongs to one thread and one run. Samples are f32, images · count numbers; the methods work number by number,
 * except thresholding, which looks at each image as a whole. Results do not depend on the thread count.
 */
#ifndef AIGC_IMAGE_SAMPLER_H
#define AIGC_IMAGE_SAMPLER_H

#include <stdint.h>

#include "image/schedule.h"

typedef enum {
    SAMPLER_DDPM,            /* DDPMScheduler: Ho et al. 2020, equation 7 and the posterior variance */
    SAMPLER_DDIM,            /* DDIMScheduler: Song et al., "Denoising diffusion implicit models" (2021), equation 12 */
    SAMPLER_PNDM,            /* PNDMScheduler: Liu et al., "Pseudo numerical methods" (2022), equations 9, 11 to 13 */
    SAMPLER_EULER,           /* EulerDiscreteScheduler: Karras et al. 2022, algorithm 2 without churn, first order */
    SAMPLER_EULER_A,         /* EulerAncestralDiscreteScheduler: k-diffusion's sample_euler_ancestral */
    SAMPLER_HEUN,            /* HeunDiscreteScheduler: Karras et al. 2022, algorithm 1; two evaluations a step */
    SAMPLER_DPMPP_2M,        /* DPMSolverMultistepScheduler: Lu et al., "DPM-Solver++" (2022), algorithm 2 */
    SAMPLER_DPMPP_2M_KARRAS, /* the same with use_karras_sigmas */
    SAMPLER_DPMPP_2M_SDE,    /* the same with algorithm_type sde-dpmsolver++ */
    SAMPLER_DPMPP_SDE,       /* DPMSolverSDEScheduler: the stochastic DPM-Solver++ of k-diffusion; two evaluations a step */
    SAMPLER_UNIPC,           /* UniPCMultistepScheduler: Zhao et al., "UniPC" (2023), algorithms 5 to 8 */
    SAMPLER_LCM,             /* LCMScheduler: Luo et al., "Latent consistency models" (2023), algorithm 3 */
    SAMPLER_METHODS
} sampler_method;

/* "ddpm", "ddim", "pndm", "euler", "euler_a", "heun", "dpm++2m", "dpm++2m_karras", "dpm++2m_sde", "dpm++sde", "unipc", "lcm" */
const char *sampler_method_name(sampler_method method);

/* The names of all methods, as "ddpm, ddim, …". */
const char *sampler_method_names(void);

/* The method of that name; false: none has it. */
bool sampler_method_from_name(const char *name, sampler_method *method);

/* The method that the schedule's _class_name and settings ask for; a class that is not supported is a STATUS_INPUT. A
 * schedule without a class gives PNDM, as Stable Diffusion 1.5 does. */
bool sampler_method_of_schedule(const schedule *s, sampler_method *method, status *st);

typedef struct sampler sampler;

/* steps of the method, of which strength (0 to 1] is run: image to image starts behind the first steps · (1 − strength),
 * as diffusers' get_timesteps does. The schedule may be freed afterwards. Numbers out of range are a STATUS_USAGE, a
 * schedule that cannot be sampled so a STATUS_INPUT. */
sampler *sampler_new(sampler_method method, const schedule *schedule, int steps, double strength, int64_t images,
                     int64_t count, status *st);
void sampler_free(sampler *s); /* NULL is allowed */

/* DDIM's η (0: deterministic, 1: as DDPM). Default 0. Others ignore it. */
void sampler_set_eta(sampler *s, double eta);

/* How often the model is evaluated; more than steps where a method evaluates twice a step. May be 0 for a strength so
 * small that no step is left. */
int sampler_evaluations(const sampler *s);
double sampler_timestep(const sampler *s, int evaluation); /* 0 to T − 1, whole numbers or not */

float sampler_init_noise_sigma(const sampler *s);

/* What the model is given at the current evaluation: x itself, or x / √(σ² + 1). out may be x. */
void sampler_scale_model_input(const sampler *s, const float *x, float *out);

/* x noised to where the first evaluation begins. out may be x. */
void sampler_add_noise(const sampler *s, const float *x, const float *noise, float *out);

/* x noised to where the current evaluation stands (inpainting: the known part between steps); after the last, x itself. */
void sampler_add_noise_now(const sampler *s, const float *x, const float *noise, float *out);

/* Where a stochastic method gets its noise: draw fills out with n independent normal numbers. */
typedef struct {
    void (*draw)(void *state, float *out, int64_t n);
    void *state;
} sampler_noise;

/* One evaluation further: x, in place, by the model's output for it. noise is asked for images · count numbers at a time,
 * in the order in which diffusers draws them. */
bool sampler_step(sampler *s, const float *output, float *x, sampler_noise noise, status *st);

/* Whether the method draws noise while it runs. */
bool sampler_is_stochastic(const sampler *s);

#endif
