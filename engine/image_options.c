#include "engine/image_options.h"

#include <string.h>

#include "image/sampler.h"

image_options image_options_default(void)
{
    return (image_options){.model = "icons", .steps = 25, .guidance = 7, .rng = "own", .clip_skip = 1, .strength = 0.75,
                           .caption_place = "under", .upscale = 1, .metadata = "full", .count = 1};
}

static int append(option *table, const option *more, int count)
{
    memcpy(table, more, (size_t)count * sizeof *table);
    return count;
}

int image_options_job_table(image_options *o, option *table)
{
    const double most = (double)OPTION_MOST_SEED, side = 16384;
    const option all[] = {
        {0, "what", OPTION_GROUP, NULL, NULL, "What to draw:", 0, 0, NULL},
        {'m', "model", OPTION_STRING, &o->model, "MODEL", "short name, diffusers folder or Stable Diffusion .safetensors (icons)", 0, 0, NULL, "icons", .about = OPTION_NAMED | OPTION_MODEL | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER},
        {'p', "prompt", OPTION_STRING, &o->prompt, "TEXT", "what the picture shows; (words:1.3) weighs them", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {'n', "negative-prompt", OPTION_STRING, &o->negative, "TEXT", "what it does not show", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {'W', "width", OPTION_INT, &o->width, "N", "width of the result in pixels (the model's own)", 1, side, NULL},
        {'H', "height", OPTION_INT, &o->height, "N", "its height", 1, side, NULL},
        {0, "how", OPTION_GROUP, NULL, NULL, "How it is drawn:", 0, 0, NULL},
        {0, "steps", OPTION_INT, &o->steps, "N", "evaluations of the network (25, or what the model says)", 1, 1000, &o->steps_given},
        {0, "cfg-scale", OPTION_REAL, &o->guidance, "X", "how strongly the words pull; up to 1: half the work (7, or what the model says)", 0, 100, &o->guidance_given},
        {0, "sampling-method", OPTION_STRING, &o->method, "NAME", "how steps are taken (the model's own)", 0, 0, NULL, sampler_method_names(), .about = OPTION_CHOICE},
        {'s', "seed", OPTION_INT, &o->seed, "N", "same seed, same picture (a fresh one, told on stderr)", 0, most, &o->seed_given, .about = OPTION_APART},
        {0, "rng", OPTION_STRING, &o->rng, "NAME", "whose noise the seed gives (own)", 0, 0, NULL, "own, torch, cuda", .about = OPTION_CHOICE},
        {0, "noise", OPTION_STRING, &o->noise, "FILE", "the starting noise: a NumPy array [1, 4, height/8, width/8] of f32", 0, 0, NULL, .about = OPTION_READS | OPTION_INPUT},
        {0, "variation-seed", OPTION_INT, &o->variation_seed, "N", "turn the noise towards this seed's (0)", 0, most, NULL},
        {0, "variation-strength", OPTION_REAL, &o->variation_strength, "X", "by how much, 0 to 1 (0)", 0, 1, NULL},
        {0, "clip-skip", OPTION_INT, &o->clip_skip, "N", "take the text encoder's N-th last layer (1)", 1, 64, NULL, .about = OPTION_LOADS},
        {0, "from", OPTION_GROUP, NULL, NULL, "From a picture:", 0, 0, NULL},
        {0, "init-img", OPTION_STRING, &o->init, "FILE", "start from this PNG or JPEG", 0, 0, NULL, .about = OPTION_READS | OPTION_INPUT},
        {0, "strength", OPTION_REAL, &o->strength, "X", "how far to leave it, 0 to 1 (0.75)", 0, 1, NULL},
        {0, "mask", OPTION_STRING, &o->mask, "FILE", "paint only where this picture is white; the rest stays to the bit", 0, 0, NULL, .about = OPTION_READS | OPTION_INPUT},
        {0, "finishing", OPTION_GROUP, NULL, NULL, "What happens to the result:", 0, 0, NULL},
        {0, "upscale", OPTION_INT, &o->upscale, "N", "enlarge the result 2 or 4 times by resampling; 1: as the model draws it", 1, 4, &o->upscale_given},
        {0, "tile", OPTION_FLAG, &o->tile, NULL, "decode large pictures in tiles: less memory", 0, 0, NULL},
        {0, "caption", OPTION_STRING, &o->caption, "TEXT", "text set with the picture", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {0, "caption-place", OPTION_STRING, &o->caption_place, "WHERE", "where it stands (under)", 0, 0, NULL, "under, over, corner", .about = OPTION_CHOICE},
        {0, "caption-size", OPTION_REAL, &o->caption_size, "N", "height of its letters in pixels (fits the picture)", 0, 1000, NULL},
        {0, "font", OPTION_STRING, &o->font, "FILE", "its font (DejaVu Sans, or $AIGC_FONT)", 0, 0, NULL, .about = OPTION_READS | OPTION_INPUT},
        {0, "label", OPTION_FLAG, &o->label, NULL, "say in a corner of the picture that it is AI-generated", 0, 0, NULL},
        {0, "label-text", OPTION_STRING, &o->label_text, "TEXT", "the label in other words (AI-generated)", 0, 0, NULL, .about = OPTION_WORDS | OPTION_RECORDED},
        {0, "filter", OPTION_STRING, &o->filter, "FILE", "hold words against the list in FILE: warn or refuse (exit code 5)", 0, 0, NULL, .about = OPTION_READS},
        {0, "metadata", OPTION_STRING, &o->metadata, "HOW", "what the file says of its making; hash: without the words; none: AI-generated, no more (full)", 0, 0, NULL, "full, hash, none", .about = OPTION_HOW | OPTION_LOADS},
        {0, "parts", OPTION_GROUP, NULL, NULL, "Parts of the model:", 0, 0, NULL},
        {0, "lora", OPTION_LIST, &o->lora, "FILE[:X]", "add a LoRA file with strength X (1); repeatable", 0, 0, NULL, .about = OPTION_READS | OPTION_LOADS | OPTION_INPUT},
        {0, "vae", OPTION_STRING, &o->vae, "FOLDER", "another autoencoder, such as a tiny one", 0, 0, NULL, .about = OPTION_NAMED | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER | OPTION_APART},
        {0, "config", OPTION_STRING, &o->config, "FOLDER", "a diffusers folder whose settings describe a single file", 0, 0, NULL, .about = OPTION_READS | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER},
        {0, "tokenizer", OPTION_STRING, &o->tokenizer, "FOLDER", "another tokenizer (the model's own, or clip)", 0, 0, NULL, .about = OPTION_NAMED | OPTION_LOADS | OPTION_INPUT | OPTION_FOLDER | OPTION_APART},
        {0, "prediction", OPTION_STRING, &o->prediction, "NAME", "what the network predicts (what the model says)", 0, 0, NULL, "epsilon, v_prediction", .about = OPTION_CHOICE | OPTION_LOADS},
        {0, "exact", OPTION_FLAG, &o->exact, NULL, "full f32 arithmetic: slow, the reference's numbers", 0, 0, NULL, .about = OPTION_LOADS},
    };
    return append(table, all, (int)(sizeof all / sizeof all[0]));
}

void image_options_table(image_options *o, option table[IMAGE_OPTION_COUNT])
{
    const option rest[] = {
        {0, "running", OPTION_GROUP, NULL, NULL, "How it runs:", 0, 0, NULL},
        {'o', "output", OPTION_STRING, &o->output, "FILE", "the PNG to write, .png or without an ending; - is stdout (image.png); further ones are FILE-2.png, …", 0, 0, &o->output_given, .about = OPTION_WRITES},
        {0, "force", OPTION_FLAG, &o->force, NULL, "without -o: overwrite an image.png that is there", 0, 0, NULL, .about = OPTION_APART},
        {'b', "batch-count", OPTION_INT, &o->count, "N", "N pictures of each prompt, with seeds counted up (1)", 1, 10000, NULL, .about = OPTION_APART},
        {'f', "file", OPTION_STRING, &o->file, "FILE", "prompts from a file, one a line; - is stdin", 0, 0, NULL, .about = OPTION_READS},
        {0, "comments", OPTION_FLAG, &o->comments, NULL, "leave out lines of that file that begin with #", 0, 0, NULL, .about = OPTION_APART},
        {0, "preview-every", OPTION_INT, &o->preview_every, "N", "write FILE-preview.png each N steps", 1, 1000, NULL, .about = OPTION_APART},
        {'t', "threads", OPTION_INT, &o->threads, "N", "0: one for each core (0); the picture does not depend on it", 0, 1024, NULL, .about = OPTION_APART},
        {0, "json", OPTION_FLAG, &o->json, NULL, "a JSON object for each picture on stdout", 0, 0, NULL, .about = OPTION_APART},
        {0, NULL, OPTION_FLAG, NULL, NULL, NULL, 0, 0, NULL},
    };
    int count = image_options_job_table(o, table);
    append(table + count, rest, (int)(sizeof rest / sizeof rest[0]));
}
