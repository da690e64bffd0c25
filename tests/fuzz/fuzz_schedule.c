/* scheduler_config.json: what is accepted can be sampled with every method, to the end, or is refused with a message. The
 * first two bytes choose the steps and the strength, the JSON follows. */
#include "image/sampler.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/mutate_json.h"

enum { COUNT = 4 };

static void draw(void *state, float *out, int64_t n)
{
    (void)state;
    for (int64_t i = 0; i < n; i++) out[i] = 0.5f;
}

static void run(sampler_method method, const schedule *set, int steps, double strength)
{
    status st = {0};
    sampler *s = sampler_new(method, set, steps, strength, 1, COUNT, &st);
    FUZZ_CHECK(s ? status_ok(&st) : st.code == STATUS_INPUT || st.code == STATUS_USAGE);
    float x[COUNT] = {0.1f, -0.2f, 0.3f, 1}, output[COUNT] = {1, 0, -1, 0.5f}, input[COUNT];
    if (s) sampler_add_noise(s, x, output, x);
    for (int i = 0; s && i < sampler_evaluations(s); i++) {
        double t = sampler_timestep(s, i);
        FUZZ_CHECK(t >= 0 && t < SCHEDULE_MAX_TRAIN_STEPS);
        sampler_scale_model_input(s, x, input);
        FUZZ_CHECK(sampler_step(s, output, x, (sampler_noise){draw, NULL}, &st) || !status_ok(&st));
        if (!status_ok(&st)) break;
        sampler_add_noise_now(s, x, output, input);
    }
    sampler_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3) return 0;
    status st = {0};
    schedule set;
    alloc_set_budget(16 << 20);
    bool ok = schedule_from_json(&set, (const char *)data + 2, size - 2, "fuzz", &st);
    FUZZ_CHECK(ok == status_ok(&st) && (ok || (st.code == STATUS_INPUT && st.msg[0])));
    sampler_method method;
    if (ok) sampler_method_of_schedule(&set, &method, &st);
    for (int m = 0; ok && m < SAMPLER_METHODS; m++) run((sampler_method)m, &set, data[0] % 40, (data[1] + 1) / 256.0);
    schedule_free(&set);
    alloc_set_budget(0);
    FUZZ_CHECK(alloc_in_use() == 0);
    return 0;
}

static const char *const WORDS[] = {
    "\"beta_schedule\":\"squaredcos_cap_v2\",", "\"timestep_spacing\":\"trailing\",", "\"timestep_spacing\":\"linspace\",", "\"steps_offset\":1,",
    "\"use_karras_sigmas\":true,", "\"trained_betas\":[0.5],", "\"solver_order\":3,", "\"num_train_timesteps\":1,", "null", "1e-9", "0.999999", "true",
};

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
    return mutate_json(data, size, max_size, seed, WORDS, sizeof WORDS / sizeof WORDS[0]);
}
