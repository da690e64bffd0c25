/* schedule: how a diffusion model was trained to be noised, and how its scheduler_config.json wants it sampled.
 *
 * A sample at time t is √ᾱ_t x₀ + √(1 − ᾱ_t) ε (Ho et al., "Denoising diffusion probabilistic models", 2020, equation 4);
 * ᾱ_t is the product of 1 − β up to t. The settings have diffusers' names and meaning. One that the file does not give
 * takes the default of the scheduler class that is used, which differ; such a setting is "unset" here (−1, or NaN).
 */
#ifndef AIGC_IMAGE_SCHEDULE_H
#define AIGC_IMAGE_SCHEDULE_H

#include <stddef.h>

#include "core/status.h"

typedef enum { SCHEDULE_EPSILON, SCHEDULE_V_PREDICTION, SCHEDULE_SAMPLE } schedule_prediction; /* what the model gives */
typedef enum { SCHEDULE_LEADING, SCHEDULE_TRAILING, SCHEDULE_LINSPACE } schedule_spacing;
typedef enum { SCHEDULE_LINEAR, SCHEDULE_SCALED_LINEAR, SCHEDULE_COSINE, SCHEDULE_SIGMOID } schedule_betas;
typedef enum { SCHEDULE_DPMSOLVERPP, SCHEDULE_SDE_DPMSOLVERPP } schedule_algorithm;
typedef enum { SCHEDULE_FIXED_SMALL, SCHEDULE_FIXED_SMALL_LOG, SCHEDULE_FIXED_LARGE } schedule_variance;

enum { SCHEDULE_UNSET = -1, SCHEDULE_MAX_TRAIN_STEPS = 10000 };

typedef struct {
    char class_name[64]; /* _class_name, such as "DDIMScheduler"; empty: not said */
    int train_steps;     /* T */
    double beta_start, beta_end; /* NaN: unset */
    int betas;           /* schedule_betas, or unset */
    float *trained;      /* [train_steps] trained_betas, or NULL; owned */
    schedule_prediction prediction;
    int spacing;         /* schedule_spacing, or unset */
    int steps_offset;
    bool rescale_zero_snr; /* Lin et al., "Common diffusion noise schedules and sample steps are flawed" (2023) */
    int set_alpha_to_one, clip_sample; /* 0, 1, or unset */
    double clip_range;
    bool thresholding;   /* Saharia et al., "Imagen" (2022), section 2.3 */
    double threshold_ratio, sample_max;
    bool karras;         /* Karras et al., "Elucidating the design space" (2022), equation 5 */
    double sigma_min, sigma_max; /* NaN: the schedule's own */
    bool final_sigma_min; /* final_sigmas_type: the last sigma is the smallest, not zero */
    bool skip_prk;       /* PNDM */
    schedule_algorithm algorithm; /* DPM-Solver multistep */
    int solver_order;    /* DPM-Solver multistep, UniPC: 1 to 3 */
    int solver_heun;     /* DPM-Solver: solver_type heun, not midpoint; UniPC: bh1, not bh2 */
    bool lower_order_final, euler_at_final;
    double lambda_min_clipped; /* −infinity: none */
    schedule_variance variance; /* DDPM */
    int lcm_original_steps;
    double lcm_scaling;  /* timestep_scaling */
} schedule;

/* Stable Diffusion 1.5: scaled_linear from 0.00085 to 0.012, epsilon, offset 1. */
void schedule_default_sd15(schedule *s);

/* Reads scheduler_config.json (size bytes; name is for messages). A value that is out of range, or a kind of noise or
 * solver that is not supported (flow matching, learned variance, …), is a STATUS_INPUT. schedule_free also after failure. */
bool schedule_from_json(schedule *s, const char *json, size_t size, const char *name, status *st);
void schedule_free(schedule *s);

/* ᾱ_t for t = 0 … train_steps − 1 into out, with the betas' unset settings replaced by these defaults. f32 as in diffusers. */
bool schedule_alphas(const schedule *s, double beta_start, double beta_end, schedule_betas betas, float *out, status *st);

#endif
