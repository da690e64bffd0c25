/* Every sampling method gives what diffusers' scheduler gives on the same model outputs and noise
 * (tests/golden/gen_sampler.py), and settings that cannot be sampled are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "core/weights.h"
#include "image/sampler.h"

#define GOLDEN SOURCE_DIR "/tests/golden/sampler."

enum { IMAGES = 2, COUNT = 6, TOTAL = IMAGES * COUNT, ROWS = 64 };

typedef struct {
    const float *rows;
    int drawn;
} table_noise;

static void draw_row(void *state, float *out, int64_t n)
{
    table_noise *t = state;
    assert_true(n == TOTAL && t->drawn < ROWS);
    memcpy(out, t->rows + t->drawn++ * TOTAL, TOTAL * sizeof *out);
}

static const float *floats(const weights *w, const char *name)
{
    const tensor *x = weights_find(w, name);
    assert_non_null(x);
    return tensor_f32(x);
}

/* The largest difference, as a share of the largest number wanted. */
static double difference(const float *found, const float *want)
{
    double most = 0, scale = 1e-6;
    for (int i = 0; i < TOTAL; i++) {
        most = fmax(most, isfinite(found[i]) ? fabs((double)found[i] - want[i]) : INFINITY);
        scale = fmax(scale, fabs(want[i]));
    }
    return most / scale;
}

typedef struct {
    const float *outputs, *noise, *start, *inputs, *samples;
    const double *times;
    int bad;
    double worst;
} golden;

static void complain(golden *g, const char *what, const json_t *c, int at, double found, double want)
{
    char *text = json_dumps(c, JSON_COMPACT);
    if (g->bad++ < 12) printf("%s at evaluation %d: %.9g, %.9g wanted: %s\n", what, at, found, want, text);
    free(text);
}

static void check_case(golden *g, const json_t *c)
{
    status st = {0};
    char *config = json_dumps(json_object_get(c, "config"), 0);
    schedule set;
    if (!schedule_from_json(&set, config, strlen(config), "golden", &st)) fail_msg("%s", st.msg);
    free(config);
    sampler_method method;
    assert_true(sampler_method_from_name(json_string_value(json_object_get(c, "method")), &method));
    int steps = (int)json_integer_value(json_object_get(c, "steps"));
    double strength = json_number_value(json_object_get(c, "strength"));
    sampler *s = sampler_new(method, &set, steps, strength, IMAGES, COUNT, &st);
    schedule_free(&set);
    if (!s) fail_msg("%s", st.msg);
    sampler_set_eta(s, json_number_value(json_object_get(c, "eta")));
    int n = (int)json_integer_value(json_object_get(c, "evaluations"));
    double init = json_number_value(json_object_get(c, "init_noise_sigma"));
    if (sampler_evaluations(s) != n) complain(g, "evaluations", c, 0, sampler_evaluations(s), n);
    if (fabs(sampler_init_noise_sigma(s) - init) > 1e-6 * init) complain(g, "initial sigma", c, 0, sampler_init_noise_sigma(s), init);
    float x[TOTAL], input[TOTAL];
    if (strength < 1) sampler_add_noise(s, g->start, g->noise + (ROWS - 1) * TOTAL, x);
    else
        for (int i = 0; i < TOTAL; i++) x[i] = g->start[i] * sampler_init_noise_sigma(s);
    table_noise t = {.rows = g->noise};
    for (int i = 0; i < n && i < sampler_evaluations(s); i++) {
        double time = sampler_timestep(s, i), d = difference(x, g->samples + i * TOTAL);
        g->worst = fmax(g->worst, d);
        if (fabs(time - g->times[i]) > 1e-3) complain(g, "time", c, i, time, g->times[i]);
        if (d > 2e-6) complain(g, "sample", c, i, d, 0);
        /* each step by itself: an error would else be seen again in all that follow */
        memcpy(x, g->samples + i * TOTAL, sizeof x);
        sampler_scale_model_input(s, x, input);
        if (i == n - 1 && difference(input, g->inputs) > 1e-6) complain(g, "input", c, i, difference(input, g->inputs), 0);
        if (!sampler_step(s, g->outputs + i * TOTAL, x, (sampler_noise){draw_row, &t}, &st)) fail_msg("%s", st.msg);
    }
    double d = difference(x, g->samples + n * TOTAL);
    g->worst = fmax(g->worst, d);
    if (d > 2e-6) complain(g, "last sample", c, n, d, 0);
    assert_false(sampler_step(s, g->outputs, x, (sampler_noise){draw_row, &t}, &st)); /* behind the end */
    sampler_free(s);
    g->samples += (n + 1) * TOTAL;
    g->inputs += TOTAL;
    g->times += n;
}

static void test_equal_to_diffusers(void **state)
{
    (void)state;
    status st = {0};
    weights *w = weights_open(GOLDEN "safetensors", &st);
    json_error_t error;
    json_t *cases = json_load_file(GOLDEN "json", 0, &error);
    assert_true(w && json_array_size(cases) > 200);
    golden g = {.outputs = floats(w, "outputs"),
                .noise = floats(w, "noise"),
                .start = floats(w, "start"),
                .inputs = floats(w, "inputs"),
                .samples = floats(w, "samples"),
                .times = weights_find(w, "times")->data};
    uint64_t before = alloc_in_use();
    for (size_t i = 0; i < json_array_size(cases); i++) check_case(&g, json_array_get(cases, i));
    assert_int_equal(alloc_in_use(), before);
    printf("%zu cases, largest difference %.2g\n", json_array_size(cases), g.worst);
    weights_close(w);
    json_decref(cases);
    assert_int_equal(g.bad, 0);
}

static void refused(const char *config, sampler_method method, int steps, double strength, const char *message)
{
    status st = {0};
    schedule set;
    sampler *s = NULL;
    if (schedule_from_json(&set, config, strlen(config), "config", &st)) s = sampler_new(method, &set, steps, strength, 1, 6, &st);
    assert_null(s);
    schedule_free(&set);
    if (!strstr(st.msg, message)) fail_msg("'%s' has no '%s'", st.msg, message);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("[]", SAMPLER_DDIM, 10, 1, "no valid JSON object");
    refused("{\"num_train_timesteps\": 0}", SAMPLER_DDIM, 10, 1, "num_train_timesteps");
    refused("{\"num_train_timesteps\": 1000000}", SAMPLER_DDIM, 10, 1, "num_train_timesteps");
    refused("{\"beta_schedule\": \"new\"}", SAMPLER_DDIM, 10, 1, "'new'");
    refused("{\"prediction_type\": \"flow_prediction\"}", SAMPLER_DDIM, 10, 1, "'flow_prediction'");
    refused("{\"use_flow_sigmas\": true}", SAMPLER_UNIPC, 10, 1, "use_flow_sigmas");
    refused("{\"beta_start\": \"x\"}", SAMPLER_DDIM, 10, 1, "beta_start");
    refused("{\"trained_betas\": [0.1, 0.2]}", SAMPLER_DDIM, 10, 1, "trained_betas");
    refused("{\"num_train_timesteps\": 2, \"trained_betas\": [0.1, 1.5]}", SAMPLER_DDIM, 1, 1, "trained_betas");
    refused("{\"steps_offset\": 5000}", SAMPLER_DDIM, 10, 1, "steps_offset");
    refused("{}", SAMPLER_DDIM, 0, 1, "0 steps");
    refused("{}", SAMPLER_DDIM, 1001, 1, "1001 steps");
    refused("{}", SAMPLER_DDIM, 10, 0, "strength");
    refused("{}", SAMPLER_DDIM, 10, NAN, "strength");
    refused("{}", SAMPLER_LCM, 51, 1, "at most 50");
    refused("{}", SAMPLER_PNDM, 3, 1, "at least 4");
    refused("{\"prediction_type\": \"sample\"}", SAMPLER_EULER_A, 3, 1, "predicts the sample");
    refused("{\"solver_order\": 4}", SAMPLER_UNIPC, 3, 1, "solver_order");
    schedule set;
    status st = {0};
    const char flow[] = "{\"_class_name\": \"FlowMatchEulerDiscreteScheduler\"}";
    assert_true(schedule_from_json(&set, flow, sizeof flow - 1, "config", &st));
    sampler_method method;
    assert_false(sampler_method_of_schedule(&set, &method, &st));
    assert_non_null(strstr(st.msg, "FlowMatchEuler"));
}

/* As save_pretrained writes it. */
static void test_minus_infinity(void **state)
{
    (void)state;
    static const char config[] = "{\n  \"_class_name\": \"DPMSolverMultistepScheduler\",\n  \"lambda_min_clipped\": -Infinity,\n  \"solver_order\": 2\n}";
    schedule set;
    status st = {0};
    assert_true(schedule_from_json(&set, config, sizeof config - 1, "config", &st));
    assert_true(set.lambda_min_clipped == -INFINITY);
    sampler *s = sampler_new(SAMPLER_DPMPP_2M, &set, 4, 1, 1, 6, &st);
    assert_non_null(s);
    sampler_free(s);
    schedule_free(&set);
}

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLER_METHODS; i++) {
        sampler_method method;
        assert_true(sampler_method_from_name(sampler_method_name((sampler_method)i), &method));
        assert_int_equal(method, i);
        assert_non_null(strstr(sampler_method_names(), sampler_method_name((sampler_method)i)));
    }
    schedule set;
    status st = {0};
    const char config[] = "{\"_class_name\": \"DPMSolverMultistepScheduler\", \"use_karras_sigmas\": true}";
    assert_true(schedule_from_json(&set, config, sizeof config - 1, "config", &st));
    sampler_method method;
    assert_true(sampler_method_of_schedule(&set, &method, &st));
    assert_int_equal(method, SAMPLER_DPMPP_2M_KARRAS);
    assert_false(sampler_method_from_name("eular", &method));
}

/* The N-th allocation fails, for every N: a clear error and nothing lost. */
static void test_no_memory(void **state)
{
    (void)state;
    schedule set;
    schedule_default_sd15(&set);
    uint64_t before = alloc_in_use();
    for (int method = 0; method < SAMPLER_METHODS; method++)
        for (uint64_t n = 1;; n++) {
            status st = {0};
            alloc_fail_at(n);
            sampler *s = sampler_new((sampler_method)method, &set, 10, 1, 1, 64, &st);
            alloc_fail_at(0);
            bool made = s;
            sampler_free(s);
            assert_int_equal(alloc_in_use(), before);
            if (made) break;
            assert_int_equal(st.code, STATUS_NOMEM);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equal_to_diffusers),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_minus_infinity),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
