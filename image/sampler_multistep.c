/* The methods that use the model's earlier outputs: DPM-Solver++ (also as a stochastic equation) and UniPC. Both work on
 * predictions of x₀ in λ = log(α/σ), where the sample is α x₀ + σ ε and α² + σ² = 1. */
#include <math.h>
#include <string.h>

#include "image/sampler_parts.h"

/* A time of the schedule: σ here is that of the scaled sample. */
typedef struct {
    double alpha, sigma, lambda;
} point;

static point point_at(const sampler *s, int i)
{
    double sigma = s->sigma[i], alpha = 1 / sqrt(sigma * sigma + 1);
    return (point){.alpha = alpha, .sigma = sigma * alpha, .lambda = -log(sigma)};
}

/* x₀ by what the model predicts at the current time, limited as the settings say. */
static void predict_x0(sampler *s, const float *output, const float *x, float *x0)
{
    point p = point_at(s, s->at);
    float alpha = (float)p.alpha, sigma = (float)p.sigma;
    for (int64_t i = 0; i < s->total; i++) {
        switch (s->set.prediction) {
        case SCHEDULE_EPSILON: x0[i] = (x[i] - sigma * output[i]) / alpha; break;
        case SCHEDULE_V_PREDICTION: x0[i] = alpha * x[i] - sigma * output[i]; break;
        case SCHEDULE_SAMPLE: x0[i] = output[i]; break;
        }
    }
    sampler_limit(s, x0, false);
}

/* The weights of one DPM-Solver++ step: x' = of_x x + d[0] D₀ + d[1] D₁ + d[2] D₂ + of_noise z. */
typedef struct {
    double of_x, d[3], of_noise;
} weights;

/* Lu et al. 2022, equations 4.1 and 9, and the SDE forms of its section 5; e is e^{−h} − 1, or e^{−2h} − 1. */
static weights dpm_weights(const sampler *s, int order, point from, point to, double h)
{
    bool stochastic = s->set.algorithm == SCHEDULE_SDE_DPMSOLVERPP;
    double rate = stochastic ? 2 * h : h, e = expm1(-rate);
    weights w = {.of_x = to.sigma / from.sigma * (stochastic ? exp(-h) : 1), .d = {-to.alpha * e, 0, 0}};
    if (stochastic) w.of_noise = to.sigma * sqrt(-e);
    if (order == 2 && !s->set.solver_heun) w.d[1] = 0.5 * w.d[0];
    else if (order >= 2) w.d[1] = to.alpha * (e / rate + 1);
    if (order == 3)
        w.d[2] = stochastic ? to.alpha * ((-e - rate) / (rate * rate) - 0.5) : -to.alpha * ((e + rate) / (rate * rate) - 0.5);
    return w;
}

/* The differences D₁ and D₂ of the outputs m are combined into weights of the outputs themselves. */
static void dpm_combine(const sampler *s, int order, double h, weights w, double m[3])
{
    point now = point_at(s, s->at);
    m[0] = w.d[0];
    m[1] = m[2] = 0;
    if (order < 2) return;
    double r0 = (now.lambda - point_at(s, s->at - 1).lambda) / h;
    double first[3] = {1 / r0, -1 / r0, 0}; /* D₁ of the newest two */
    double d1[3] = {first[0], first[1], 0}, d2[3] = {0, 0, 0};
    if (order == 3) {
        double r1 = (point_at(s, s->at - 1).lambda - point_at(s, s->at - 2).lambda) / h, second[3] = {0, 1 / r1, -1 / r1};
        for (int k = 0; k < 3; k++) {
            d1[k] += r0 / (r0 + r1) * (first[k] - second[k]);
            d2[k] = (first[k] - second[k]) / (r0 + r1);
        }
    }
    for (int k = 0; k < 3; k++) m[k] += w.d[1] * d1[k] + w.d[2] * d2[k];
}

static int dpm_order(const sampler *s)
{
    int left = s->evaluations - s->at;
    bool few = s->evaluations < 15;
    bool last = left == 1 && (s->set.euler_at_final || (s->set.lower_order_final && few) || !s->set.final_sigma_min);
    bool second_last = left == 2 && s->set.lower_order_final && few;
    if (s->set.solver_order == 1 || s->counter < 1 || last) return 1;
    return s->set.solver_order == 2 || s->counter < 2 || second_last ? 2 : 3;
}

bool sampler_step_dpm_multistep(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)st;
    float *newest = sampler_remember(s, s->set.solver_order);
    predict_x0(s, output, x, newest);
    point from = point_at(s, s->at), to = point_at(s, s->at + 1);
    double h = to.lambda - from.lambda, m[3];
    int order = dpm_order(s);
    weights w = dpm_weights(s, order, from, to, h);
    dpm_combine(s, order, h, w, m);
    bool stochastic = s->set.algorithm == SCHEDULE_SDE_DPMSOLVERPP;
    if (stochastic) sampler_draw(s, noise);
    float *const *newest_first[3] = {&s->history[s->set.solver_order - 1], order > 1 ? &s->history[s->set.solver_order - 2] : NULL,
                                     order > 2 ? &s->history[s->set.solver_order - 3] : NULL};
    for (int64_t i = 0; i < s->total; i++) {
        float sum = (float)w.of_x * x[i];
        for (int k = 0; k < order; k++) sum += (float)m[k] * (*newest_first[k])[i];
        if (stochastic) sum += (float)w.of_noise * s->noise[i];
        x[i] = sum;
    }
    if (s->counter < s->set.solver_order) s->counter++;
    return true;
}

/* ---- UniPC ---- */

/* Solves a[n][n] r = b by elimination with row exchange. */
static void solve(double a[3][3], double *b, int n, double *r)
{
    for (int k = 0; k < n; k++) {
        int pivot = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(a[i][k]) > fabs(a[pivot][k])) pivot = i;
        for (int j = 0; j < n; j++) {
            double swap = a[k][j];
            a[k][j] = a[pivot][j];
            a[pivot][j] = swap;
        }
        double swap = b[k];
        b[k] = b[pivot];
        b[pivot] = swap;
        for (int i = k + 1; i < n; i++) {
            double f = a[i][k] / a[k][k];
            for (int j = k; j < n; j++) a[i][j] -= f * a[k][j];
            b[i] -= f * b[k];
        }
    }
    for (int i = n - 1; i >= 0; i--) {
        r[i] = b[i];
        for (int j = i + 1; j < n; j++) r[i] -= a[i][j] * r[j];
        r[i] /= a[i][i];
    }
}

/* One update of Zhao et al. 2023 from sigma index `from` to from + 1 with predictions m[0] (at from), m[1] … before it, and,
 * for the corrector, `ahead` at the end. x' = of_x x − α' (e^{−h} − 1) m₀ − α' B Σ ρ_k (m_k − m₀)/r_k. */
static void unipc_update(const sampler *s, int from, int order, const float *const *m, const float *ahead, const float *x,
                         float *out)
{
    point a = point_at(s, from), b = point_at(s, from + 1);
    double h = b.lambda - a.lambda, e = expm1(-h), scale = s->set.solver_heun ? -h : e;
    double ratio[3] = {1, 1, 1}, rho[3] = {0, 0, 0}, matrix[3][3], right[3], phi = e / -h - 1, factorial = 1;
    int n = order;
    for (int k = 1; k < order; k++) ratio[k - 1] = (point_at(s, from - k).lambda - a.lambda) / h;
    ratio[order - 1] = 1; /* the end of the step */
    for (int i = 0; i < order; i++) {
        for (int k = 0; k < order; k++) matrix[i][k] = pow(ratio[k], i);
        right[i] = phi * factorial / scale;
        factorial *= i + 2;
        phi = phi / -h - 1 / factorial;
    }
    if (!ahead) n = order - 1;
    if (n == 1) rho[0] = 0.5; /* as the paper's code has it: half, in place of the solution */
    else if (n > 1) solve(matrix, right, n, rho);
    float of_x = (float)(b.sigma / a.sigma), of_m0 = (float)(-b.alpha * e), of_sum = (float)(b.alpha * scale);
    if (order == 1 && !ahead) of_sum = 0; /* there is no sum, and bh1's scale is infinite at the end */
    for (int64_t i = 0; i < s->total; i++) {
        float m0 = m[0][i], sum = 0;
        for (int k = 1; k < order; k++) sum += (float)rho[k - 1] * ((m[k][i] - m0) / (float)ratio[k - 1]);
        if (ahead) sum += (float)rho[order - 1] * (ahead[i] - m0);
        out[i] = of_x * x[i] + of_m0 * m0 - of_sum * sum;
    }
}

/* Corrects the sample it came to with the output found there, then predicts the next. kept is the (corrected) sample that
 * the last step began with; noise, which UniPC does not draw, holds the new prediction. */
bool sampler_step_unipc(sampler *s, const float *output, float *x, sampler_noise noise, status *st)
{
    (void)noise;
    (void)st;
    int most = s->set.solver_order;
    const float *m[3];
    predict_x0(s, output, x, s->noise);
    for (int k = 0; k < most; k++) m[k] = s->history[most - 1 - k];
    if (s->at > s->first) unipc_update(s, s->at - 1, s->order, m, s->noise, s->kept, x);
    size_t bytes = (size_t)s->total * sizeof *x;
    memcpy(sampler_remember(s, most), s->noise, bytes);
    memcpy(s->kept, x, bytes);
    int left = s->evaluations - s->at, order = s->set.lower_order_final && left < most ? left : most;
    s->order = order < s->counter + 1 ? order : s->counter + 1;
    for (int k = 0; k < most; k++) m[k] = s->history[most - 1 - k];
    unipc_update(s, s->at, s->order, m, NULL, s->kept, x);
    if (s->counter < most) s->counter++;
    return true;
}
