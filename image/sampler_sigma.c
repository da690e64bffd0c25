/* The methods of k-diffusion, which keep x = x₀ + σ ε: Euler, ancestral Euler, Heun, the stochastic DPM-Solver++. */
#include <math.h>
#include <string.h>

#include "image/sampler_parts.h"

/* x₀ by what the model predicts at sigma. v is of the scaled sample: x₀ = x/(σ² + 1) − v σ/√(σ² + 1). */
static void predict_x0(const sampler *s, const float *output, const float *x, double at, float *x0)
{
    float sigma = (float)at, of_v = -sigma / sqrtf(sigma * sigma + 1.0f), below = sigma * sigma + 1.0f;
    for (int64_t i = 0; i < s->total; i++) {
        switch (s->set.prediction) {
        case SCHEDULE_EPSILON: x0[i] = x[i] - sigma * output[i]; break;
        case SCHEDULE_V_PREDICTION: x0[i] = output[i] * of_v + x[i] / below; break;
        case SCHEDULE_SAMPLE: x0[i] = output[i]; break;
        }
    }
}

/* Karras et al. 2022: x' = x + (σ' − σ) (x − x₀)/σ. */
bool sampler_step_euler(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)noise;
    (void)st;
    float sigma = (float)s->sigma[s->at], dt = (float)s->sigma[s->at + 1] - sigma;
    predict_x0(s, output, x, s->sigma[s->at], s->kept);
    for (int64_t i = 0; i < s->total; i++) x[i] += (x[i] - s->kept[i]) / sigma * dt;
    return true;
}

/* The ancestral split of a step to σ': down to √(σ'² − up²), then noise of up² = σ'² (σ² − σ'²)/σ². In f32 in diffusers'
 * order: the difference below cancels nearly all where σ is large, so that its rounding is seen in the sample. */
bool sampler_step_euler_a(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)st;
    float from = (float)s->sigma[s->at], to = (float)s->sigma[s->at + 1];
    float up = sqrtf(to * to * (from * from - to * to) / (from * from)), down = sqrtf(to * to - up * up);
    float dt = down - from;
    predict_x0(s, output, x, from, s->kept);
    sampler_draw(s, noise);
    for (int64_t i = 0; i < s->total; i++) {
        x[i] += (x[i] - s->kept[i]) / from * dt;
        x[i] += s->noise[i] * up;
    }
    return true;
}

/* Karras et al. 2022, algorithm 1: the mean of the slopes at both ends of the step; the last step is Euler's. history[0]
 * keeps the first slope, kept the sample it began with. */
bool sampler_step_heun(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)noise;
    (void)st;
    float *slope = s->history[0], *x0 = s->noise;
    double sigma = s->sigma[s->at];
    predict_x0(s, output, x, sigma, x0);
    sampler_limit(s, x0, true);
    if (!s->second) {
        float dt = (float)s->sigma[s->at + 1] - (float)sigma;
        memcpy(s->kept, x, (size_t)s->total * sizeof *x);
        for (int64_t i = 0; i < s->total; i++) {
            slope[i] = (x[i] - x0[i]) / (float)sigma;
            x[i] += slope[i] * dt;
        }
    } else {
        float dt = (float)sigma - (float)s->sigma[s->at - 1];
        for (int64_t i = 0; i < s->total; i++) {
            float mean = (slope[i] + (x[i] - x0[i]) / (float)sigma) / 2;
            x[i] = s->kept[i] + mean * dt;
        }
    }
    s->second = !s->second;
    return true;
}

/* The noise of a step from σ to `to` as an increment of one Brownian motion over σ: the second stage of a step goes
 * further than the first, so its noise holds the first's (history[0]) and new noise for the rest. */
static void brownian(sampler *s, sampler_noise noise, double from, double middle, double to)
{
    float *first = s->history[0];
    sampler_draw(s, noise);
    if (!s->second) {
        memcpy(first, s->noise, (size_t)s->total * sizeof *first);
        return;
    }
    double before = from - middle, after = middle - to;
    float a = (float)sqrt(before / (before + after)), b = (float)sqrt(after / (before + after));
    for (int64_t i = 0; i < s->total; i++) s->noise[i] = a * first[i] + b * s->noise[i];
}

/* k-diffusion's sample_dpmpp_sde with r = 1/2: an ancestral exponential step to the middle of log σ, then from the
 * beginning the whole step with the x₀ found there. x' = (down/σ) x + (1 − down/σ) x₀ + up z. */
bool sampler_step_dpm_sde(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)st;
    double from = s->sigma[s->second ? s->at - 1 : s->at], end = s->sigma[s->second ? s->at : s->at + 1];
    double middle = end > 0 ? exp((log(from) + log(end)) / 2) : 0;
    float *x0 = s->kept;
    if (end <= 0) { /* Euler */
        predict_x0(s, output, x, from, x0);
        for (int64_t i = 0; i < s->total; i++) x[i] += (x[i] - x0[i]) / (float)from * (float)(end - from);
        return true;
    }
    double to = s->second ? end : middle;
    double up = fmin(to, sqrt(to * to * (from * from - to * to) / (from * from))), down = sqrt(to * to - up * up);
    float of_x = (float)(down / from), of_x0 = (float)(1 - down / from);
    brownian(s, noise, from, middle, to);
    if (!s->second) {
        float *start = x0;
        memcpy(start, x, (size_t)s->total * sizeof *x);
        predict_x0(s, output, start, from, x);
        for (int64_t i = 0; i < s->total; i++) x[i] = of_x * start[i] + of_x0 * x[i] + s->noise[i] * (float)up;
    } else {
        predict_x0(s, output, x, middle, x);
        for (int64_t i = 0; i < s->total; i++) x[i] = of_x * s->kept[i] + of_x0 * x[i] + s->noise[i] * (float)up;
    }
    s->middle = middle;
    s->second = !s->second;
    return true;
}
