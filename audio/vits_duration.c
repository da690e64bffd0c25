/* vits_duration: the stochastic duration predictor, run backwards: normal noise becomes log durations through spline
 * flows (Durkan et al. 2019, "Neural spline flows") conditioned on the text. */
#include <math.h>

#include "audio/vits_parts.h"

static const float NORM_EPS = 1e-5f;
static const float TAIL = 5.0f;                                       /* beyond ±5 the flow is the identity */
static const float LEAST_BIN = 1e-3f, LEAST_SLOPE = 1e-3f;            /* of a spline's bins and derivatives */

/* x + g, then for each layer x += gelu(norm(pointwise(gelu(norm(separable(x)))))). [T, H] -> [T, H]; g may be NULL. */
static tensor *dilated(op_ctx *c, const vits_dilated *w, const tensor *x, const tensor *g)
{
    tensor *y = g ? op_add(c, x, g) : (tensor *)(uintptr_t)x;
    for (int i = 0; i < w->depth; i++) {
        tensor *h = op_conv1d(c, y, &w->separable[i], NULL);
        h = op_gelu(c, op_layer_norm(c, h, w->norm_separable[i].weight, w->norm_separable[i].bias, NORM_EPS));
        h = op_conv1d(c, h, &w->pointwise[i], NULL);
        h = op_gelu(c, op_layer_norm(c, h, w->norm_pointwise[i].weight, w->norm_pointwise[i].bias, NORM_EPS));
        y = op_add(c, y, h);
    }
    return y;
}

/* Ends of BINS bins in [−TAIL, TAIL] whose sizes are a softmax of the logits, each at least LEAST_BIN of the whole. */
static void bin_ends(const float *logit, float scale, float end[VITS_BINS + 1])
{
    float size[VITS_BINS], most = logit[0] * scale, sum = 0, at = 0;
    for (int i = 1; i < VITS_BINS; i++) most = fmaxf(most, logit[i] * scale);
    for (int i = 0; i < VITS_BINS; i++) sum += size[i] = expf(logit[i] * scale - most);
    end[0] = -TAIL;
    for (int i = 0; i < VITS_BINS; i++) {
        at += LEAST_BIN + (1.0f - LEAST_BIN * VITS_BINS) * size[i] / sum;
        end[i + 1] = 2 * TAIL * at - TAIL;
    }
    end[VITS_BINS] = TAIL;
}

static float softplus(float x) { return x > 20 ? x : log1pf(expf(x)); }

/* The inverse of the monotonic rational-quadratic spline (equations 6 to 8 there) with parameters p: widths, heights,
 * inner derivatives; the outermost derivatives are 1. */
static float spline_inverse(float y, const float *p, float scale)
{
    if (!(y >= -TAIL && y <= TAIL)) return y;
    float x_end[VITS_BINS + 1], y_end[VITS_BINS + 1];
    bin_ends(p, scale, x_end);
    bin_ends(p + VITS_BINS, scale, y_end);
    int k = 0;
    while (k < VITS_BINS - 1 && y >= y_end[k + 1]) k++;
    const float *slope = p + 2 * VITS_BINS; /* inner ones: slope[k − 1] belongs to the end k */
    float left = k > 0 ? LEAST_SLOPE + softplus(slope[k - 1]) : 1.0f;
    float right = k < VITS_BINS - 1 ? LEAST_SLOPE + softplus(slope[k]) : 1.0f;
    float width = x_end[k + 1] - x_end[k], height = y_end[k + 1] - y_end[k], delta = height / width;
    float up = y - y_end[k], bend = left + right - 2 * delta;
    float a = up * bend + height * (delta - left), b = height * left - up * bend, c = -delta * up;
    float inside = b * b - 4 * a * c;
    return 2 * c / (-b - sqrtf(inside > 0 ? inside : 0)) * width + x_end[k];
}

/* One coupling: z0 shapes the spline through which z1 goes back. z: [2][T]. */
static void run_spline(op_ctx *c, const vits_spline *w, const tensor *cond, float *z0, float *z1)
{
    if (op_failed(c) || !cond) return;
    int64_t steps = cond->dim[0];
    tensor x = {.type = DTYPE_F32, .rank = 2, .dim = {steps, 1}, .data = z0};
    tensor *h = dilated(c, &w->convs, op_conv1d(c, &x, &w->pre, NULL), cond);
    h = op_conv1d(c, h, &w->proj, NULL); /* [T, 3 BINS − 1] */
    float scale = 1.0f / sqrtf((float)w->pre.out);
    for (int64_t t = 0; h && t < steps; t++) z1[t] = spline_inverse(z1[t], tensor_f32(h) + t * h->dim[1], scale);
}

tensor *vits_log_durations(op_ctx *c, const vits *v, const tensor *hidden, const tensor *g, const float *noise)
{
    tensor *x = op_conv1d(c, hidden, &v->duration.pre, NULL);
    if (x && g) x = op_add_row(c, x, tensor_f32(op_conv1d(c, g, &v->duration.cond, NULL)));
    x = op_conv1d(c, dilated(c, &v->duration.convs, x, NULL), &v->duration.proj, NULL); /* [T, H] */
    int64_t steps = x ? x->dim[0] : 0;
    tensor *z = op_new(c, SHAPE(2, steps));
    for (int64_t i = 0; z && i < 2 * steps; i++) tensor_f32(z)[i] = noise[i];
    int first = 0; /* the row that is z0: each flip exchanges them */
    for (int i = 0; z && i < v->duration.flows; i++) {
        first = 1 - first;
        run_spline(c, &v->duration.flow[i], x, tensor_f32(z) + first * steps, tensor_f32(z) + (1 - first) * steps);
    }
    first = 1 - first; /* the flip before the affine flow */
    tensor *y = op_new(c, SHAPE(steps));
    for (int64_t t = 0; y && z && t < steps; t++)
        tensor_f32(y)[t] = (tensor_f32(z)[first * steps + t] - v->duration.mean[0]) * v->duration.scale[0];
    return y;
}
