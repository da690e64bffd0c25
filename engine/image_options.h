/* image_options: the flags of picture making, shared by `aigc image` and the image jobs of a batch. */
#ifndef AIGC_ENGINE_IMAGE_OPTIONS_H
#define AIGC_ENGINE_IMAGE_OPTIONS_H

#include "engine/options.h"

#include <stdint.h>

typedef struct {
    /* what a job may say */
    const char *model, *prompt, *negative;
    int64_t width, height; /* of the result, before upscale; 0: the model's own size */
    int64_t steps;
    double guidance;
    const char *method, *rng, *noise;
    int64_t seed, variation_seed;
    double variation_strength;
    int64_t clip_skip;
    const char *init, *mask;
    double strength;
    int64_t upscale;
    bool tile;
    const char *caption, *caption_place, *font;
    double caption_size;
    option_list lora;
    const char *vae, *config, *tokenizer, *prediction;
    const char *metadata, *label_text, *filter;
    bool label, exact;
    bool steps_given, guidance_given, seed_given, upscale_given, output_given;
    /* the command line's own */
    const char *output, *file; /* output NULL: image.png, when it is not there yet */
    int64_t count, preview_every, threads;
    bool json, force, comments;
    bool quiet; /* no line of progress: a batch shows its own */
} image_options;

image_options image_options_default(void);

enum { IMAGE_OPTION_COUNT = 54 };

/* Writes the table of the flags that make up one picture, pointing into o; returns how many entries. */
int image_options_job_table(image_options *o, option *table);

/* The same and the flags of the command line alone, ended by an entry without a name. */
void image_options_table(image_options *o, option table[IMAGE_OPTION_COUNT]);

#endif
