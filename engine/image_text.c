#include "engine/image_text.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/model_path.h"
#include "core/alloc.h"
#include "core/nearest.h"

/* What A1111 calls the methods, and the noise schedules that it names apart. */
static const char *const SHOWN[SAMPLER_METHODS] = {
    [SAMPLER_DDPM] = "DDPM",         [SAMPLER_DDIM] = "DDIM",         [SAMPLER_PNDM] = "PLMS",
    [SAMPLER_EULER] = "Euler",       [SAMPLER_EULER_A] = "Euler a",   [SAMPLER_HEUN] = "Heun",
    [SAMPLER_DPMPP_2M] = "DPM++ 2M", [SAMPLER_DPMPP_2M_KARRAS] = "DPM++ 2M, Schedule type: Karras",
    [SAMPLER_DPMPP_2M_SDE] = "DPM++ 2M SDE", [SAMPLER_DPMPP_SDE] = "DPM++ SDE", [SAMPLER_UNIPC] = "UniPC",
    [SAMPLER_LCM] = "LCM",
};

bool image_text_method(const char *name, const schedule *plan, sampler_method *method, status *st)
{
    if (!name) return sampler_method_of_schedule(plan, method, st);
    if (sampler_method_from_name(name, method)) return true;
    return status_set(st, STATUS_USAGE, "--sampling-method: '%.60s' found, one of %s wanted%s", name, sampler_method_names(), nearest_in(name, sampler_method_names()).text);
}

bool image_text_rng(const char *name, noise_kind *kind, status *st)
{
    if (strcmp(name, "own") == 0) *kind = NOISE_OWN;
    else if (strcmp(name, "torch") == 0 || strcmp(name, "cpu") == 0) *kind = NOISE_TORCH;
    else if (strcmp(name, "cuda") == 0) *kind = NOISE_CUDA;
    else return status_set(st, STATUS_USAGE, "--rng: '%.60s' found, own, torch or cuda wanted%s", name, nearest_in(name, "own, torch, cuda").text);
    return true;
}

bool image_text_place(const char *name, caption_place *place, status *st)
{
    if (strcmp(name, "under") == 0) *place = CAPTION_UNDER;
    else if (strcmp(name, "over") == 0) *place = CAPTION_OVER;
    else if (strcmp(name, "corner") == 0) *place = CAPTION_CORNER;
    else return status_set(st, STATUS_USAGE, "--caption-place: '%.60s' found, under, over or corner wanted%s", name, nearest_in(name, "under, over, corner").text);
    return true;
}

bool image_text_check_captions(const image_options *o, status *st)
{
    const char *words[] = {o->caption, o->label_text};
    for (int i = 0; i < 2; i++) {
        const char *font = words[i] ? caption_find_font(o->font, st) : NULL;
        if (words[i] && (!font || !caption_check(words[i], font, st))) return false;
    }
    return true;
}

/* A text that grows; a failed allocation leaves NULL and the error in st. */
typedef struct {
    char *text;
    size_t used;
    status *st;
} writer;

__attribute__((format(printf, 2, 3))) static void say(writer *w, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (!status_ok(w->st) || n < 0) return;
    size_t more = (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    char *grown = alloc_resize(w->text, w->used + more + 1, 1, w->st);
    if (!grown) return;
    memcpy(grown + w->used, line, more + 1);
    w->text = grown;
    w->used += more;
}

/* Text of any length. */
static void say_text(writer *w, const char *text)
{
    for (size_t n = strlen(text), at = 0; at < n; at += 500) say(w, "%.500s", text + at);
}

char *image_text_parameters(const image_options *o, const image_result *r, int64_t width, int64_t height, const char *model, const char *sha256,
                            bool words, status *st)
{
    writer w = {.st = st};
    if (words) say_text(&w, o->prompt);
    if (words && o->negative && *o->negative) {
        say(&w, "\nNegative prompt: ");
        say_text(&w, o->negative);
    }
    say(&w, "%sSteps: %lld, Sampler: %s, CFG scale: %g, Seed: %llu, Size: %lldx%lld", words ? "\n" : "", (long long)r->steps,
        SHOWN[r->method], r->guidance, (unsigned long long)r->seed, (long long)width, (long long)height);
    if (sha256) say(&w, ", Model hash: %.10s", sha256);
    say(&w, ", Model: %s", model_path_name(model));
    if (o->variation_strength > 0)
        say(&w, ", Variation seed: %lld, Variation seed strength: %g", (long long)o->variation_seed, o->variation_strength);
    if (o->init) say(&w, ", Denoising strength: %g", o->strength);
    if (o->clip_skip > 1) say(&w, ", Clip skip: %lld", (long long)o->clip_skip);
    say(&w, ", RNG: %s, Version: aigc %s", strcmp(o->rng, "cuda") == 0 ? "GPU" : strcmp(o->rng, "own") == 0 ? "aigc" : "CPU", AIGC_VERSION);
    if (status_ok(st)) return w.text;
    alloc_free(w.text);
    return NULL;
}

json_t *image_text_json(const image_options *o, const image_result *r, const char *path, const char *model, status *st)
{
    json_t *j = json_pack("{ss* ss* ss* ss sI sI sI sf ss sI sf}", "file", path, "prompt", o->prompt, "negative_prompt", o->negative,
                          "model", model_path_name(model), "width", (json_int_t)r->width, "height", (json_int_t)r->height, "steps",
                          (json_int_t)r->steps, "cfg_scale", r->guidance, "sampling_method", sampler_method_name(r->method), "seed", (json_int_t)r->seed,
                          "seconds", r->seconds);
    if (!j) status_set(st, STATUS_FAIL, "--json: the prompt or a file's name is no UTF-8 text");
    return j;
}
