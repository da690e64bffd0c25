/* At which times the model is evaluated, and the sigmas there. NumPy's arithmetic is kept: rounding half to even, arange
 * by its first difference, interpolation with clamped ends. */
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "image/sampler_parts.h"

static bool takes_sigmas(sampler_method m)
{
    return m != SAMPLER_DDPM && m != SAMPLER_DDIM && m != SAMPLER_PNDM && m != SAMPLER_LCM;
}

static bool is_multistep(sampler_method m)
{
    return m == SAMPLER_DPMPP_2M || m == SAMPLER_DPMPP_2M_KARRAS || m == SAMPLER_DPMPP_2M_SDE || m == SAMPLER_UNIPC;
}

static bool is_two_stage(sampler_method m) { return m == SAMPLER_HEUN || m == SAMPLER_DPMPP_SDE; }

static double sigma_of(double alpha) { return (double)sqrtf((1.0f - (float)alpha) / (float)alpha); }

/* DPM-Solver leaves out the times whose log signal-to-noise ratio λ lies below lambda_min_clipped. */
static int last_time(const sampler *s)
{
    int n = s->set.train_steps;
    if (s->method == SAMPLER_UNIPC || !isfinite(s->set.lambda_min_clipped)) return n;
    int clipped = 0;
    for (int t = n - 1; t >= 0; t--, clipped++) {
        float lambda = logf(sqrtf(s->alphas[t])) - logf(sqrtf(1.0f - s->alphas[t]));
        if (lambda >= (float)s->set.lambda_min_clipped) break;
    }
    return n - clipped;
}

/* The times from the noisiest on. DPM-Solver and UniPC count one interval more and leave its end (t = 0) out. */
static bool spaced(const sampler *s, double *t, status *st)
{
    int n = s->steps, all = s->set.train_steps, offset = s->set.steps_offset, extra = is_multistep(s->method) ? 1 : 0;
    int last = extra ? last_time(s) : all;
    bool rounded = extra || !takes_sigmas(s->method);
    if (s->set.spacing == SCHEDULE_LINSPACE) {
        int count = n + extra;
        double step = count > 1 ? (double)(last - 1) / (count - 1) : 0;
        for (int i = 0; i < n; i++) {
            int k = count - 1 - i;
            double x = k == count - 1 && count > 1 ? last - 1 : step * k; /* numpy.linspace sets the end */
            t[i] = rounded ? nearbyint(x) : s->method == SAMPLER_DPMPP_SDE ? x : (double)(float)x;
        }
    } else if (s->set.spacing == SCHEDULE_LEADING) {
        int ratio = last / (n + extra);
        for (int i = 0; i < n; i++) t[i] = (double)(n - 1 - i + extra) * ratio + offset;
    } else {
        double ratio = (double)all / n, delta = (last - ratio) - last; /* numpy.arange steps by its first difference */
        for (int i = 0; i < n; i++) {
            double x = i == 0 ? last : last + i * delta;
            t[i] = nearbyint(x) - 1;
        }
    }
    for (int i = 0; i < n; i++)
        if (t[i] < 0 || t[i] > all - 1)
            return status_set(st, STATUS_INPUT, "%d steps with steps_offset %d reach time %g of %d", n, offset, t[i], all);
    return true;
}

/* numpy.interp over 0 … n − 1 */
static double interpolate(const double *y, int n, double x)
{
    if (x <= 0) return y[0];
    if (x >= n - 1) return y[n - 1];
    int i = (int)x;
    return (y[i + 1] - y[i]) * (x - i) + y[i];
}

/* The time at which the schedule has this sigma, by linear interpolation of log σ. */
static double time_of_sigma(const double *log_sigmas, int n, double sigma)
{
    double log_sigma = log(fmax(sigma, 1e-10));
    int low = 0;
    for (int i = 0; i < n; i++)
        if (log_sigma - log_sigmas[i] >= 0) low = i;
    if (low > n - 2) low = n - 2;
    double w = (log_sigmas[low] - log_sigma) / (log_sigmas[low] - log_sigmas[low + 1]);
    w = fmin(fmax(w, 0), 1);
    return (1 - w) * low + w * (low + 1);
}

/* Karras et al. 2022, equation 5, ρ = 7. */
static void karras(const sampler *s, double low, double high, double *sigma)
{
    if (!isnan(s->set.sigma_min)) low = s->set.sigma_min;
    if (!isnan(s->set.sigma_max)) high = s->set.sigma_max;
    double a = pow(high, 1 / 7.0), b = pow(low, 1 / 7.0), step = s->steps > 1 ? 1.0 / (s->steps - 1) : 0;
    for (int i = 0; i < s->steps; i++) {
        double ramp = i == s->steps - 1 && i > 0 ? 1.0 : step * i;
        sigma[i] = pow(a + ramp * (b - a), 7.0);
    }
}

/* Sigmas at the times t[steps], or Karras's own with the times that belong to them. */
static bool make_sigmas(sampler *s, double *t, double *sigma, double *all, double *logs, status *st)
{
    int n = s->set.train_steps;
    for (int i = 0; i < n; i++) {
        all[i] = sigma_of(s->alphas[i]);
        logs[i] = (double)logf((float)all[i]);
    }
    for (int i = 0; i < s->steps; i++) sigma[i] = interpolate(all, n, t[i]);
    if (s->set.karras) {
        bool whole = is_multistep(s->method); /* over the whole schedule, not only the times chosen */
        if (n < 2) return status_set(st, STATUS_INPUT, "Karras sigmas want more than one training step");
        karras(s, whole ? all[0] : sigma[s->steps - 1], whole ? all[n - 1] : sigma[0], sigma);
        for (int i = 0; i < s->steps; i++) {
            t[i] = time_of_sigma(logs, n, sigma[i]);
            bool round = whole && (s->method == SAMPLER_UNIPC || s->set.betas != SCHEDULE_COSINE);
            if (round) t[i] = nearbyint(t[i]);
            else if (whole) t[i] = trunc(t[i]);
        }
    }
    sigma[s->steps] = 0;
    bool keeps_last = s->method == SAMPLER_EULER || is_multistep(s->method);
    if (keeps_last && s->set.final_sigma_min)
        sigma[s->steps] = s->method == SAMPLER_UNIPC && s->set.karras ? sigma[s->steps - 1] : all[0];
    return true;
}

/* Every step but the last is evaluated twice: Heun again at its end, DPM++ SDE at the middle of log σ. */
static void double_times(sampler *s, const double *t, const double *sigma, const double *logs)
{
    int n = s->steps, k = 0;
    for (int i = 0; i < n; i++) {
        s->timestep[k] = s->method == SAMPLER_HEUN ? (double)(float)t[i] : t[i];
        s->sigma[k++] = (double)(float)sigma[i];
        if (i + 1 == n) break;
        double middle = exp(-(-log(sigma[i]) + (-log(sigma[i + 1]) - -log(sigma[i])) * 0.5));
        s->timestep[k] = s->method == SAMPLER_HEUN ? (double)(float)t[i + 1] : time_of_sigma(logs, s->set.train_steps, middle);
        s->sigma[k++] = (double)(float)sigma[i + 1];
    }
    s->sigma[k] = (double)(float)sigma[n];
}

/* PNDM: four Runge-Kutta evaluations for each of the first three steps unless skipped; else the second time twice. */
static bool pndm_times(sampler *s, const double *t, status *st)
{
    int n = s->steps, k = 0;
    if (s->set.skip_prk) {
        for (int i = 0; i < n; i++) {
            s->timestep[k++] = t[i];
            if (i == 1 && n > 1) s->timestep[k++] = t[i];
        }
        s->evaluations = k;
        return true;
    }
    if (n < 4) return status_set(st, STATUS_USAGE, "pndm with Runge-Kutta steps wants at least 4 steps, not %d", n);
    double half = s->set.train_steps / n / 2, pair[8];
    for (int i = 0; i < 4; i++) { /* ascending, each with the time half a step above */
        pair[2 * i] = t[3 - i];
        pair[2 * i + 1] = t[3 - i] + half;
    }
    for (int i = 12; i >= 1; i--) s->timestep[k++] = pair[i / 2]; /* pair[:-1].repeat(2)[1:-1][::-1] */
    for (int i = 3; i < n; i++) s->timestep[k++] = t[i];
    s->evaluations = k;
    return true;
}

/* LCM: of the times it was distilled on, `steps` evenly spread from the noisiest. */
static bool lcm_times(sampler *s, status *st)
{
    int original = s->set.lcm_original_steps, n = s->steps;
    if (original > s->set.train_steps)
        return status_set(st, STATUS_INPUT, "original_inference_steps %d is more than the %d of training", original,
                          s->set.train_steps);
    if (n > original) return status_set(st, STATUS_USAGE, "lcm with %d steps: this model takes at most %d", n, original);
    int k = s->set.train_steps / original;
    for (int i = 0; i < n; i++) {
        int index = (int)floor((double)original / n * i);
        s->timestep[i] = (double)(original - index) * k - 1;
    }
    s->evaluations = n;
    return true;
}

static void set_init_noise_sigma(sampler *s)
{
    double most = 0;
    for (int i = 0; i < s->evaluations; i++) most = fmax(most, s->sigma[i]);
    bool plain = s->set.spacing != SCHEDULE_LEADING;
    s->init_noise_sigma = plain ? (float)most : sqrtf((float)most * (float)most + 1.0f);
}

static bool with_sigmas(sampler *s, double *t, status *st)
{
    double *sigma = alloc_array((size_t)s->steps + 1, sizeof *sigma, st);
    double *all = alloc_array((size_t)s->set.train_steps, sizeof *all, st);
    double *logs = alloc_array((size_t)s->set.train_steps, sizeof *logs, st);
    bool ok = sigma && all && logs && make_sigmas(s, t, sigma, all, logs, st);
    if (ok && is_two_stage(s->method)) {
        s->evaluations = 2 * s->steps - 1;
        double_times(s, t, sigma, logs);
    } else if (ok) {
        s->evaluations = s->steps;
        for (int i = 0; i <= s->steps; i++) s->sigma[i] = (double)(float)sigma[i];
        for (int i = 0; i < s->steps; i++) s->timestep[i] = s->method == SAMPLER_EULER ? (double)(float)t[i] : t[i];
    }
    if (ok && !is_multistep(s->method)) set_init_noise_sigma(s);
    alloc_free(sigma);
    alloc_free(all);
    alloc_free(logs);
    return ok;
}

bool sampler_make_times(sampler *s, status *st)
{
    size_t most = (size_t)s->steps * 2 + 16;
    s->init_noise_sigma = 1;
    s->timestep = alloc_array(most, sizeof *s->timestep, st);
    if (takes_sigmas(s->method)) s->sigma = alloc_array(most + 1, sizeof *s->sigma, st);
    double *t = alloc_array((size_t)s->steps, sizeof *t, st);
    bool ok = s->timestep && t && (s->sigma || !takes_sigmas(s->method));
    if (ok && s->method == SAMPLER_LCM) ok = lcm_times(s, st);
    else if (ok) {
        ok = spaced(s, t, st);
        if (ok && s->sigma) ok = with_sigmas(s, t, st);
        else if (ok && s->method == SAMPLER_PNDM) ok = pndm_times(s, t, st);
        else if (ok) {
            memcpy(s->timestep, t, (size_t)s->steps * sizeof *t);
            s->evaluations = s->steps;
        }
    }
    alloc_free(t);
    return ok;
}
