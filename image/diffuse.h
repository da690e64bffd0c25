/* diffuse: from noise (or a picture) and text to a picture: the loop of latent diffusion.
 *
 * Ho et al., "Denoising Diffusion Probabilistic Models" (2020); classifier-free guidance, Ho and Salimans (2022); starting
 * from a picture, Meng et al., "SDEdit" (2022). Latents are kept in the order [1, 4, h, w] in which other tools draw and
 * store noise; the networks see [B, h, w, 4].
 */
#ifndef AIGC_IMAGE_DIFFUSE_H
#define AIGC_IMAGE_DIFFUSE_H

#include "image/noise.h"
#include "image/picture.h"
#include "image/sampler.h"
#include "image/unet.h"
#include "image/vae.h"

/* The parts of a model. Only those that a call needs must be there. */
typedef struct {
    const unet *unet;
    const vae *encoder, *decoder; /* of the autoencoder */
    const vae_config *autoencoder;
    const schedule *schedule;
} diffuse_model;

/* Called after each evaluation of the network with its number (1 … count) and what the picture is then expected to become,
 * as latents [1, 4, h, w]; false stops the run with the error that it has set. */
typedef bool (*diffuse_progress)(void *arg, int number, int count, const tensor *expected);

typedef struct {
    int64_t width, height;    /* pixels: multiples of the autoencoder's factor */
    sampler_method method;
    int steps;
    const tensor *text;       /* [1, T, E] */
    const tensor *negative;   /* [1, T, E]; not used when guidance ≤ 1 */
    float guidance;           /* 0 … 1: the text alone, half the work */
    noise_kind noise_kind;
    uint64_t seed;
    const tensor *noise;      /* the starting noise [1, 4, h, w], f32, instead of the seed's; or NULL */
    uint64_t variation_seed;
    float variation_strength; /* 0 … 1: how far the starting noise is turned towards variation_seed's */
    const picture *init;      /* NULL, or a picture of width × height to start from */
    const picture *mask;      /* NULL, or one channel, same size: where it is 0 the picture stays, to the bit */
    double strength;          /* with init: 0 … 1, the share of the steps that is run */
    int64_t tile;             /* 0, or the side in latents of the tiles in which the result is decoded */
    diffuse_progress progress; /* or NULL */
    void *progress_arg;
} diffuse_request;

/* What diffuse_latents would refuse of a request's numbers (noise of a wrong shape, steps that the method has not, no picture for a
 * model made for inpainting), known without the networks. */
bool diffuse_check(const unet_config *u, const vae_config *g, const schedule *plan, const diffuse_request *r, status *st);

/* The picture's latents [1, 4, h, w], in c's arena; NULL with the error in c's status. Needs the U-Net, and the encoder where
 * r has a picture to start from. */
tensor *diffuse_latents(op_ctx *c, const diffuse_model *m, const diffuse_request *r);

/* The picture of these latents, as r wants it decoded and masked; NULL with the error in c's status. Needs the decoder alone:
 * a U-Net that is not used again may have left memory. */
picture *diffuse_picture(op_ctx *c, const diffuse_model *m, const diffuse_request *r, const tensor *latents);

/* A look at latents [1, 4, h, w], such as those given to diffuse_progress. Needs the decoder. */
picture *diffuse_preview(op_ctx *c, const diffuse_model *m, const tensor *latents);

/* The starting noise of a seed: [1, channels, h, w]. */
tensor *diffuse_noise(op_ctx *c, noise_kind kind, uint64_t seed, int64_t channels, int64_t h, int64_t w);

#endif
