/* The methods written in ᾱ: DDPM, DDIM, PNDM, LCM. */
#include <math.h>
#include <string.h>

#include "image/sampler_parts.h"

/* x₀ by what the model predicts: from ε, v or x₀ itself. sqrt(0) divides for ε when ᾱ is 0, as it does in diffusers. */
static void predict_x0(const sampler *s, const float *output, const float *x, double alpha, float *x0)
{
    float root = sqrtf((float)alpha), rest = sqrtf(1.0f - (float)alpha);
    for (int64_t i = 0; i < s->total; i++) {
        switch (s->set.prediction) {
        case SCHEDULE_EPSILON: x0[i] = (x[i] - rest * output[i]) / root; break;
        case SCHEDULE_V_PREDICTION: x0[i] = root * x[i] - rest * output[i]; break;
        case SCHEDULE_SAMPLE: x0[i] = output[i]; break;
        }
    }
}

/* Ho et al. 2020: x_{t−1} = (√ᾱ' β / (1 − ᾱ)) x₀ + (√α (1 − ᾱ') / (1 − ᾱ)) x + √variance · z, where ' is the next time. */
bool sampler_step_ddpm(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)st;
    int64_t t = (int64_t)s->timestep[s->at], next = s->at + 1 < s->evaluations ? (int64_t)s->timestep[s->at + 1] : -1;
    double bar = sampler_alpha(s, t), bar_next = next >= 0 ? sampler_alpha(s, next) : 1.0;
    double alpha = bar / bar_next, beta = 1 - alpha;
    float *x0 = s->history[0];
    predict_x0(s, output, x, bar, x0);
    sampler_limit(s, x0, true);
    float of_x0 = (float)(sqrt(bar_next) * beta / (1 - bar)), of_x = (float)(sqrt(alpha) * (1 - bar_next) / (1 - bar));
    float deviation = 0;
    if (t > 0) {
        double variance = fmax((1 - bar_next) / (1 - bar) * beta, 1e-20);
        deviation = (float)sqrt(s->set.variance == SCHEDULE_FIXED_LARGE ? beta : variance);
        sampler_draw(s, noise);
    }
    for (int64_t i = 0; i < s->total; i++) {
        x[i] = of_x0 * x0[i] + of_x * x[i];
        if (t > 0) x[i] += deviation * s->noise[i];
    }
    return true;
}

/* Song et al. 2021, equation 12: x' = √ᾱ' x₀ + √(1 − ᾱ' − σ²) ε + σ z, with σ = η √((1 − ᾱ')/(1 − ᾱ) (1 − ᾱ/ᾱ')). */
bool sampler_step_ddim(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)st;
    int64_t t = (int64_t)s->timestep[s->at], next = t - s->set.train_steps / s->steps;
    double bar = sampler_alpha(s, t), bar_next = sampler_alpha(s, next);
    float root = sqrtf((float)bar), rest = sqrtf(1.0f - (float)bar);
    float *x0 = s->history[0];
    predict_x0(s, output, x, bar, x0);
    for (int64_t i = 0; i < s->total; i++) /* ε, into kept: of x₀ before it is limited */
        s->kept[i] = s->set.prediction == SCHEDULE_EPSILON        ? output[i]
                     : s->set.prediction == SCHEDULE_V_PREDICTION ? root * output[i] + rest * x[i]
                                                                  : (x[i] - root * output[i]) / rest;
    sampler_limit(s, x0, true);
    double sigma = s->eta * sqrt((1 - bar_next) / (1 - bar) * (1 - bar / bar_next));
    float of_x0 = (float)sqrt(bar_next), of_epsilon = (float)sqrt(1 - bar_next - sigma * sigma);
    if (s->eta > 0) sampler_draw(s, noise);
    for (int64_t i = 0; i < s->total; i++) {
        x[i] = of_x0 * x0[i] + of_epsilon * s->kept[i];
        if (s->eta > 0) x[i] += (float)sigma * s->noise[i];
    }
    return true;
}

/* Liu et al. 2022, equation 9 (the transfer φ), with ε in place of the model's v. */
static void pndm_transfer(const sampler *s, const float *from, const float *output, int64_t t, int64_t next, float *x)
{
    double bar = sampler_alpha(s, t), bar_next = sampler_alpha(s, next);
    float root = (float)sqrt(bar), rest = (float)sqrt(1 - bar);
    float of_x = (float)sqrt(bar_next / bar), difference = (float)(bar_next - bar);
    float below = (float)(bar * sqrt(1 - bar_next) + sqrt(bar * (1 - bar) * bar_next));
    for (int64_t i = 0; i < s->total; i++) {
        float epsilon = s->set.prediction == SCHEDULE_V_PREDICTION ? root * output[i] + rest * from[i] : output[i];
        x[i] = of_x * from[i] - difference * epsilon / below;
    }
}

/* Runge-Kutta (Liu et al., equation 13): outputs weigh 1/6, 1/3, 1/3, 1/6. The running sum is kept in noise, which PNDM
 * does not draw; the sample at the step's start in kept; the first output of each step becomes part of the history. */
static void pndm_runge_kutta(sampler *s, const float *output, float *x)
{
    int phase = s->counter % 4;
    int64_t half = s->counter % 2 ? 0 : s->set.train_steps / s->steps / 2;
    int64_t next = (int64_t)s->timestep[s->at] - half, t = (int64_t)s->timestep[s->counter / 4 * 4];
    static const float weight[] = {1.0f / 6, 1.0f / 3, 1.0f / 3, 1.0f / 6};
    if (phase == 0) {
        memcpy(sampler_remember(s, 4), output, (size_t)s->total * sizeof *output);
        if (s->remembered < 4) s->remembered++;
        memcpy(s->kept, x, (size_t)s->total * sizeof *x);
        memset(s->noise, 0, (size_t)s->total * sizeof *x);
    }
    for (int64_t i = 0; i < s->total; i++) s->noise[i] += weight[phase] * output[i];
    pndm_transfer(s, s->kept, phase == 3 ? s->noise : output, t, next, x);
}

/* Linear multistep (Liu et al., equation 12) by as many outputs as there are; the first step is done twice. */
static void pndm_multistep(sampler *s, const float *output, float *x)
{
    static const float weight[4][4] = {{0, 0, 0, 1},
                                       {0, 0, -1 / 2.0f, 3 / 2.0f},
                                       {0, 5 / 12.0f, -16 / 12.0f, 23 / 12.0f},
                                       {-9 / 24.0f, 37 / 24.0f, -59 / 24.0f, 55 / 24.0f}};
    int64_t t = (int64_t)s->timestep[s->at], ratio = s->set.train_steps / s->steps, next = t - ratio;
    size_t bytes = (size_t)s->total * sizeof *x;
    if (s->counter != 1) {
        memcpy(sampler_remember(s, 4), output, bytes);
        if (s->remembered < 4) s->remembered++;
    } else {
        next = t;
        t += ratio;
        if (t >= s->set.train_steps) t = s->set.train_steps - 1;
    }
    const float *const *e = (const float *const *)s->history;
    if (s->remembered == 1 && s->counter == 1) { /* the mean of both outputs, from where the first step began */
        for (int64_t i = 0; i < s->total; i++) s->noise[i] = (output[i] + e[3][i]) / 2;
        pndm_transfer(s, s->kept, s->noise, t, next, x);
        return;
    }
    if (s->counter == 0) memcpy(s->kept, x, bytes);
    const float *w = weight[s->remembered - 1];
    for (int64_t i = 0; i < s->total; i++) {
        float sum = w[3] * e[3][i];
        for (int k = 2; k >= 4 - s->remembered; k--) sum += w[k] * e[k][i];
        s->noise[i] = sum;
    }
    pndm_transfer(s, x, s->noise, t, next, x);
}

bool sampler_step_pndm(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)noise;
    if (!s->set.skip_prk && s->counter < 12) pndm_runge_kutta(s, output, x);
    else if (!s->set.skip_prk && s->remembered < 3)
        return status_set(st, STATUS_USAGE, "pndm cannot start behind its Runge-Kutta steps; take another method");
    else pndm_multistep(s, output, x);
    s->counter++;
    return true;
}

/* Luo et al. 2023: f = c_skip x + c_out x₀, then noise again to the next time, except at the end. */
bool sampler_step_lcm(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)st;
    int64_t t = (int64_t)s->timestep[s->at];
    bool last = s->at + 1 == s->evaluations;
    double scaled = (double)t * s->set.lcm_scaling, data = 0.5;
    float skip = (float)(data * data / (scaled * scaled + data * data)), out = (float)(scaled / sqrt(scaled * scaled + data * data));
    float *x0 = s->history[0];
    predict_x0(s, output, x, sampler_alpha(s, t), x0);
    sampler_limit(s, x0, true);
    double bar = last ? 1.0 : sampler_alpha(s, (int64_t)s->timestep[s->at + 1]);
    float root = sqrtf((float)bar), rest = sqrtf(1.0f - (float)bar);
    if (!last) sampler_draw(s, noise);
    for (int64_t i = 0; i < s->total; i++) {
        float denoised = out * x0[i] + skip * x[i];
        x[i] = last ? denoised : root * denoised + rest * s->noise[i];
    }
    return true;
}
