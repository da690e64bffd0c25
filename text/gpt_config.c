/* gpt_config: defaults, bounds, and the rates of the rotary embedding. */
#include "text/gpt_config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

gpt_config gpt_config_new(const char *architecture)
{
    gpt_config c = {.embed_scale = 1, .scaling_factor = 1, .norm_eps = 1e-5f, .bos = -1, .rope_base = 10000, .rope_base_local = 10000};
    snprintf(c.architecture, sizeof c.architecture, "%s", architecture);
    return c;
}

const char *gpt_config_known(void)
{
    return "gpt2, gpt_neo, gpt_neox, opt, llama, mistral, qwen2, qwen3, gemma3, phi, phi3";
}

typedef struct {
    const char *name;
    int64_t value, min, max;
} bound;

static bool check_numbers(const gpt_config *c, const char *path, status *st)
{
    const struct {
        const char *name;
        double value, min, max;
    } numbers[] = {
        {"the norm's epsilon", (double)c->norm_eps, 0, 1},
        {"the attention's scale", (double)c->attention_scale, 1e-6, 1e3},
        {"the embedding's scale", (double)c->embed_scale, 1e-6, 1e6},
        {"the rotary base", c->rope_base, 1, 1e12},
        {"the local rotary base", c->rope_base_local, 1, 1e12},
        {"the rotary scaling factor", c->scaling_factor, 1e-3, 1e6},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        if (!(numbers[i].value >= numbers[i].min && numbers[i].value <= numbers[i].max))
            return status_set(st, STATUS_INPUT, "%s: %s is %g, %g to %g wanted", path, numbers[i].name, numbers[i].value,
                              numbers[i].min, numbers[i].max);
    if (c->scaling == ROPE_LLAMA3 && !(c->low_frequency_factor > 0 && c->high_frequency_factor > c->low_frequency_factor &&
                                       c->high_frequency_factor < 1e6 && c->original_context >= 1 && c->original_context < 1e9))
        return status_set(st, STATUS_INPUT, "%s: the llama3 rotary scaling's factors %g, %g and context %g make no sense", path,
                          c->low_frequency_factor, c->high_frequency_factor, c->original_context);
    return true;
}

bool gpt_config_check(const gpt_config *c, const char *path, status *st)
{
    const bound bounds[] = {
        {"the vocabulary's size", c->vocab, 0, 1 << 22},
        {"the context length", c->context, 1, 1 << 26},
        {"the width", c->width, 1, 1 << 16},
        {"the embedding's width", c->embed_width, 1, 1 << 16},
        {"the number of layers", c->layers, 1, GPT_MAX_LAYERS},
        {"the number of heads", c->heads, 1, 1024},
        {"the number of key heads", c->kv_heads, 1, 1024},
        {"the head size", c->head_dim, 1, GPT_MAX_HEAD_DIM},
        {"the MLP's width", c->ffn, 1, 1 << 18},
        {"the rotary size", c->rotary, 0, c->head_dim},
        {"the position offset", c->position_offset, 0, 16},
        {"the attention window", c->window, 0, INT64_C(1) << 40},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        if (bounds[i].value < bounds[i].min || bounds[i].value > bounds[i].max)
            return status_set(st, STATUS_INPUT, "%s: %s is %lld, %lld to %lld wanted", path, bounds[i].name,
                              (long long)bounds[i].value, (long long)bounds[i].min, (long long)bounds[i].max);
    if (c->heads % c->kv_heads)
        return status_set(st, STATUS_INPUT, "%s: %lld heads cannot share %lld key heads", path, (long long)c->heads,
                          (long long)c->kv_heads);
    if (c->rotary % 2)
        return status_set(st, STATUS_INPUT, "%s: the rotary size is %lld, an even one wanted", path, (long long)c->rotary);
    return check_numbers(c, path, st);
}

/* Llama 3.1: wavelengths shorter than original/high stay, those longer than original/low are divided by the factor, and
 * between the two the rates are blended. */
static double stretch(const gpt_config *c, double rate)
{
    if (c->scaling == ROPE_LINEAR) return rate / c->scaling_factor;
    if (c->scaling == ROPE_PLAIN) return rate;
    double turns = c->original_context * rate / (2 * M_PI); /* over the original context */
    if (turns < c->low_frequency_factor) return rate / c->scaling_factor;
    if (turns > c->high_frequency_factor) return rate;
    double smooth = (turns - c->low_frequency_factor) / (c->high_frequency_factor - c->low_frequency_factor);
    return (1 - smooth) * rate / c->scaling_factor + smooth * rate;
}

void gpt_config_rope_rates(const gpt_config *c, bool local, float *rate)
{
    for (int64_t i = 0; i < c->rotary / 2; i++) {
        double plain = pow(local ? c->rope_base_local : c->rope_base, -2.0 * (double)i / (double)c->rotary);
        rate[i] = (float)(local ? plain : stretch(c, plain)); /* Gemma 3 stretches its global layers only */
    }
}
