/* image_model: a whole picture model in memory: tokenizer, text encoder, U-Net, autoencoder, noise schedule. */
#ifndef AIGC_ENGINE_IMAGE_MODEL_H
#define AIGC_ENGINE_IMAGE_MODEL_H

#include "image/diffuse.h"
#include "text/encoder_prompt.h"

typedef struct {
    const char *path;      /* a diffusers folder or a single file (model_path_find has been asked) */
    const char *vae;       /* a folder or file with another autoencoder, or NULL */
    const char *config;    /* a diffusers folder whose config files describe a single file, or NULL */
    const char *tokenizer; /* a folder, where the model brings none; NULL */
    const char *prediction; /* "epsilon", "v_prediction", or NULL: what the model says */
    const char *const *lora; /* FILE or FILE:STRENGTH each */
    size_t lora_count;
    linear_mode mode;
} image_model_options;

typedef struct image_model image_model;

/* Reads the settings and checks that every part has its tensors, in the shapes wanted: what a model lacks is told here, by a
 * STATUS_INPUT that names it. A network is built when it is first asked for. threads must outlive the model. */
image_model *image_model_open(const image_model_options *o, pool *threads, status *st);
void image_model_close(image_model *m); /* NULL is allowed */

/* How many bytes of FILE or FILE:STRENGTH are the file's name. */
size_t image_model_lora_name(const char *text);

const char *image_model_path(const image_model *m);
int32_t image_model_pad(const image_model *m); /* the token that fills a short prompt; −1: the tokenizer's */
const tokenizer *image_model_tokenizer(const image_model *m);
const encoder_config *image_model_text_config(const image_model *m);
const unet_config *image_model_unet_config(const image_model *m);
const vae_config *image_model_vae_config(const image_model *m);
const schedule *image_model_schedule(const image_model *m);

typedef enum { IMAGE_TEXT = 1, IMAGE_UNET = 2, IMAGE_VAE_ENCODER = 4, IMAGE_VAE_DECODER = 8 } image_model_part;

/* Builds those of the parts (a | b) that are not there yet. */
bool image_model_build(image_model *m, unsigned parts, status *st);

/* Frees those of the parts that are there: their memory is then free for others. They can be built again. */
void image_model_drop(image_model *m, unsigned parts);

/* What is built; the other parts are NULL. */
const encoder *image_model_encoder(const image_model *m);
const diffuse_model *image_model_diffuse(const image_model *m);

/* The side in pixels of what it was trained on. */
int64_t image_model_side(const image_model *m);

#endif
