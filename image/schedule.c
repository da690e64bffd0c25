#include "image/schedule.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/alloc.h"
#include "core/json.h"

/* What diffusers' schedulers take for a setting that the file does not give, where all of them agree. */
static const schedule agreed = {
    .train_steps = 1000,
    .beta_start = NAN,
    .beta_end = NAN,
    .betas = SCHEDULE_UNSET,
    .spacing = SCHEDULE_UNSET,
    .set_alpha_to_one = SCHEDULE_UNSET,
    .clip_sample = SCHEDULE_UNSET,
    .clip_range = 1.0,
    .threshold_ratio = 0.995,
    .sample_max = 1.0,
    .sigma_min = NAN,
    .sigma_max = NAN,
    .solver_order = 2,
    .lower_order_final = true,
    .lambda_min_clipped = -INFINITY,
    .lcm_original_steps = 50,
    .lcm_scaling = 10.0,
};

void schedule_default_sd15(schedule *s)
{
    *s = agreed;
    s->beta_start = 0.00085;
    s->beta_end = 0.012;
    s->betas = SCHEDULE_SCALED_LINEAR;
    s->steps_offset = 1;
    s->set_alpha_to_one = 0;
    s->clip_sample = 0;
    s->skip_prk = true;
}

void schedule_free(schedule *s)
{
    alloc_free(s->trained);
    s->trained = NULL;
}

/* ---- scheduler_config.json ---- */

typedef struct {
    const json_t *json;
    const char *name;
    status *st;
} reader;

/* The value at key; NULL: absent, or null. */
static const json_t *get(const reader *r, const char *key)
{
    const json_t *value = json_object_get(r->json, key);
    return json_is_null(value) ? NULL : value;
}

static bool wrong(const reader *r, const char *key, const char *wanted)
{
    return status_set(r->st, STATUS_INPUT, "%s: '%s' is not %s", r->name, key, wanted);
}

static bool get_int(const reader *r, const char *key, int low, int high, int *out)
{
    const json_t *value = get(r, key);
    if (!value) return true;
    json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < low || n > high)
        return status_set(r->st, STATUS_INPUT, "%s: '%s' is no whole number from %d to %d", r->name, key, low, high);
    *out = (int)n;
    return true;
}

static bool get_number(const reader *r, const char *key, double low, double high, double *out)
{
    const json_t *value = get(r, key);
    if (!value) return true;
    double x = json_number_value(value);
    if (!json_is_number(value) || !(x >= low && x <= high))
        return status_set(r->st, STATUS_INPUT, "%s: '%s' is no number from %g to %g", r->name, key, low, high);
    *out = x;
    return true;
}

static bool get_bool(const reader *r, const char *key, bool *out)
{
    const json_t *value = get(r, key);
    if (!value) return true;
    if (!json_is_boolean(value)) return wrong(r, key, "true or false");
    *out = json_is_true(value);
    return true;
}

static bool get_flag(const reader *r, const char *key, int *out)
{
    bool flag = *out > 0, given = get(r, key);
    if (!get_bool(r, key, &flag)) return false;
    if (given) *out = flag;
    return true;
}

/* The place of the string at key in names[count]; −2 with st set when it is none of them; `absent` when it is not there. */
static int get_name(const reader *r, const char *key, const char *const *names, int count, int absent)
{
    const json_t *value = get(r, key);
    const char *found = json_string_value(value);
    if (!value) return absent;
    for (int i = 0; found && i < count; i++)
        if (strcmp(found, names[i]) == 0) return i;
    status_set(r->st, STATUS_INPUT, "%s: '%s' is '%.60s', which is not supported", r->name, key, found ? found : "no string");
    return -2;
}

static bool read_trained(const reader *r, schedule *s)
{
    const json_t *list = get(r, "trained_betas");
    if (!list) return true;
    if (!json_is_array(list) || json_array_size(list) != (size_t)s->train_steps)
        return wrong(r, "trained_betas", "a list of num_train_timesteps numbers");
    s->trained = alloc_array((size_t)s->train_steps, sizeof(float), r->st);
    if (!s->trained) return false;
    for (int i = 0; i < s->train_steps; i++) {
        double beta = json_is_number(json_array_get(list, (size_t)i)) ? json_number_value(json_array_get(list, (size_t)i)) : -1;
        if (!(beta >= 0 && beta < 1)) return wrong(r, "trained_betas", "a list of numbers from 0 to below 1");
        s->trained[i] = (float)beta;
    }
    return true;
}

/* Settings of kinds of sampling that are not here: refused rather than passed over. */
static bool refuse_unsupported(const reader *r)
{
    static const char *const flags[] = {"use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas"};
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (json_is_true(json_object_get(r->json, flags[i])))
            return status_set(r->st, STATUS_INPUT, "%s: '%s' is not supported", r->name, flags[i]);
    if (json_is_false(json_object_get(r->json, "predict_x0"))) return wrong(r, "predict_x0", "true, which alone is supported");
    if (json_array_size(json_object_get(r->json, "disable_corrector")) > 0)
        return wrong(r, "disable_corrector", "empty, which alone is supported");
    static const char *const linear[] = {"linear"}, *const discrete[] = {"discrete"};
    return get_name(r, "interpolation_type", linear, 1, 0) >= 0 && get_name(r, "timestep_type", discrete, 1, 0) >= 0;
}

static bool read_names(const reader *r, schedule *s)
{
    static const char *const betas[] = {"linear", "scaled_linear", "squaredcos_cap_v2", "sigmoid"};
    static const char *const predictions[] = {"epsilon", "v_prediction", "sample"};
    static const char *const spacings[] = {"leading", "trailing", "linspace"};
    static const char *const finals[] = {"zero", "sigma_min"};
    static const char *const algorithms[] = {"dpmsolver++", "sde-dpmsolver++"};
    static const char *const solvers[] = {"midpoint", "heun", "bh2", "bh1", "logrho"};
    static const char *const variances[] = {"fixed_small", "fixed_small_log", "fixed_large"};
    int prediction = get_name(r, "prediction_type", predictions, 3, SCHEDULE_EPSILON);
    int final = get_name(r, "final_sigmas_type", finals, 2, 0);
    int algorithm = get_name(r, "algorithm_type", algorithms, 2, 0);
    int solver = get_name(r, "solver_type", solvers, 5, 0);
    int variance = get_name(r, "variance_type", variances, 3, 0);
    s->betas = get_name(r, "beta_schedule", betas, 4, SCHEDULE_UNSET);
    s->spacing = get_name(r, "timestep_spacing", spacings, 3, SCHEDULE_UNSET);
    if (!status_ok(r->st)) return false;
    s->prediction = (schedule_prediction)prediction;
    s->final_sigma_min = final == 1;
    s->algorithm = (schedule_algorithm)algorithm;
    s->solver_heun = solver == 1 || solver == 3;
    s->variance = (schedule_variance)variance;
    const char *class_name = json_string_value(get(r, "_class_name"));
    if (class_name) {
        size_t n = strnlen(class_name, sizeof s->class_name - 1);
        memcpy(s->class_name, class_name, n);
    }
    return true;
}

static bool read_settings(const reader *r, schedule *s)
{
    return get_int(r, "num_train_timesteps", 1, SCHEDULE_MAX_TRAIN_STEPS, &s->train_steps) &&
           get_number(r, "beta_start", 0, 1, &s->beta_start) && get_number(r, "beta_end", 0, 1, &s->beta_end) &&
           get_int(r, "steps_offset", 0, SCHEDULE_MAX_TRAIN_STEPS, &s->steps_offset) &&
           get_bool(r, "rescale_betas_zero_snr", &s->rescale_zero_snr) &&
           get_flag(r, "set_alpha_to_one", &s->set_alpha_to_one) && get_flag(r, "clip_sample", &s->clip_sample) &&
           get_number(r, "clip_sample_range", 1e-6, 1e6, &s->clip_range) && get_bool(r, "thresholding", &s->thresholding) &&
           get_number(r, "dynamic_thresholding_ratio", 0, 1, &s->threshold_ratio) &&
           get_number(r, "sample_max_value", 1e-6, 1e6, &s->sample_max) && get_bool(r, "use_karras_sigmas", &s->karras) &&
           get_number(r, "sigma_min", 1e-9, 1e9, &s->sigma_min) && get_number(r, "sigma_max", 1e-9, 1e9, &s->sigma_max) &&
           get_bool(r, "skip_prk_steps", &s->skip_prk) && get_int(r, "solver_order", 1, 3, &s->solver_order) &&
           get_bool(r, "lower_order_final", &s->lower_order_final) && get_bool(r, "euler_at_final", &s->euler_at_final) &&
           get_int(r, "original_inference_steps", 1, SCHEDULE_MAX_TRAIN_STEPS, &s->lcm_original_steps) &&
           get_number(r, "timestep_scaling", 0, 1e6, &s->lcm_scaling);
}

bool schedule_from_json(schedule *s, const char *json, size_t size, const char *name, status *st)
{
    *s = agreed;
    json_error_t error;
    json_t *root = json_parse_config(json, size, 0, &error);
    if (!json_is_object(root)) {
        json_decref(root);
        return status_set(st, STATUS_INPUT, "%s: no valid JSON object: line %d: %s", name, error.line, error.text);
    }
    reader r = {.json = root, .name = name, .st = st};
    bool ok = refuse_unsupported(&r) && read_names(&r, s) && read_settings(&r, s) && read_trained(&r, s);
    const json_t *lambda = get(&r, "lambda_min_clipped"); /* "-inf" is written as a string by some */
    if (json_is_number(lambda) && json_number_value(lambda) > -FLT_MAX) /* what lies below, such as -Infinity, clips nothing */
        s->lambda_min_clipped = json_number_value(lambda);
    json_decref(root);
    return ok;
}

/* ---- ᾱ ---- */

/* Nichol and Dhariwal, "Improved denoising diffusion probabilistic models" (2021), equation 17. */
static double cosine(double t)
{
    double c = cos((t + 0.008) / 1.008 * M_PI / 2);
    return c * c;
}

/* torch.linspace in f32: from the nearer end. */
static float linspace(float from, float to, int i, int n)
{
    float step = n > 1 ? (to - from) / (float)(n - 1) : 0;
    return i < n / 2 || n == 1 ? from + step * (float)i : to - step * (float)(n - i - 1);
}

static void make_betas(const schedule *s, double start, double end, schedule_betas kind, float *beta)
{
    int n = s->train_steps;
    for (int i = 0; i < n; i++) {
        switch (kind) {
        case SCHEDULE_LINEAR: beta[i] = linspace((float)start, (float)end, i, n); break;
        case SCHEDULE_SCALED_LINEAR:
            beta[i] = linspace((float)sqrt(start), (float)sqrt(end), i, n);
            beta[i] *= beta[i];
            break;
        case SCHEDULE_COSINE:
            beta[i] = (float)fmin(1 - cosine((double)(i + 1) / n) / cosine((double)i / n), 0.999);
            break;
        case SCHEDULE_SIGMOID:
            beta[i] = 1 / (1 + expf(-linspace(-6, 6, i, n))) * (float)(end - start) + (float)start;
            break;
        }
    }
}

/* ᾱ from β in place: the product in f64, each rounded to f32, as torch.cumprod does. */
static void multiply_up(float *x, int n)
{
    double product = 1;
    for (int i = 0; i < n; i++) x[i] = (float)(product *= (double)(1.0f - x[i]));
}

/* Lin et al. 2023, algorithm 1: shifts √ᾱ so that the last is 0, scales it so that the first stays. x holds ᾱ and gets ᾱ
 * made anew of the betas that follow, since diffusers goes through them. */
static void rescale(float *x, int n)
{
    float first = sqrtf(x[0]), last = sqrtf(x[n - 1]), previous = 1;
    for (int i = 0; i < n; i++) {
        float root = sqrtf(x[i]);
        root = (root - last) * (first / (first - last));
        float bar = root * root;
        x[i] = 1.0f - (i == 0 ? bar : bar / previous);
        previous = bar;
    }
    multiply_up(x, n);
}

bool schedule_alphas(const schedule *s, double beta_start, double beta_end, schedule_betas betas, float *out, status *st)
{
    double start = isnan(s->beta_start) ? beta_start : s->beta_start, end = isnan(s->beta_end) ? beta_end : s->beta_end;
    schedule_betas kind = s->betas == SCHEDULE_UNSET ? betas : (schedule_betas)s->betas;
    if (s->trained) memcpy(out, s->trained, (size_t)s->train_steps * sizeof *out);
    else make_betas(s, start, end, kind, out);
    multiply_up(out, s->train_steps);
    if (s->rescale_zero_snr) {
        if (s->train_steps < 2) return status_set(st, STATUS_INPUT, "rescale_betas_zero_snr wants more than one training step");
        rescale(out, s->train_steps);
    }
    for (int i = 0; i < s->train_steps; i++)
        if (!(out[i] >= 0 && out[i] <= 1))
            return status_set(st, STATUS_INPUT, "the noise schedule gives %g of signal at step %d", (double)out[i], i);
    return true;
}
