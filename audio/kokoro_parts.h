/* kokoro_parts: what a Kokoro model consists of. For its own files (kokoro_load takes the parts from the ONNX file, kokoro_text
 * reads the phonemes, kokoro_decoder makes the sound, kokoro_source the sines) and the tests. */
#ifndef AIGC_AUDIO_KOKORO_PARTS_H
#define AIGC_AUDIO_KOKORO_PARTS_H

#include "audio/kokoro.h"
#include "audio/loader.h"
#include "core/conv1d.h"
#include "core/conv1d_u8.h"
#include "core/weights.h"

enum {
    KOKORO_LAYERS = 12,   /* times that ALBERT's one layer is applied */
    KOKORO_HEAD = 64,     /* width of an attention head */
    KOKORO_CNNS = 8, KOKORO_LSTMS = 8, KOKORO_DECODES = 8, KOKORO_PROSODY = 3,
    KOKORO_SCALES = 2, KOKORO_KINDS = 3, KOKORO_DEPTH = 3,
    KOKORO_N_FFT = 20, KOKORO_HOP = 5, KOKORO_BINS = KOKORO_N_FFT / 2 + 1, KOKORO_HARMONICS = 9,
};

/* A convolution, or a linear layer, of weights in int8 or in floats. */
typedef struct {
    bool quantised;
    conv1d_u8 u8;
    conv1d f32;
} kokoro_conv;

typedef struct {
    const float *weight, *bias;
} kokoro_norm;

/* Both directions of an LSTM; gates in ONNX's order: input, output, forget, cell. */
typedef struct {
    int64_t width;          /* H, of one direction */
    kokoro_conv in;         /* [T, in] -> [T, 2 · 4H], with both biases */
    bool quantised;
    conv1d_u8 back[2];      /* H -> 4H */
    const float *back_f32[2]; /* [4H, H] */
} kokoro_lstm;

/* AdaIN and AdaLayerNorm: style -> γ, β of C channels each, y = (1 + γ) norm(x) + β. */
typedef struct {
    kokoro_conv fc;
    int64_t width; /* C */
} kokoro_adain;

/* AdainResBlk1d: (conv2(f(norm2(conv1(pool(f(norm1(x))))))) + shortcut(x)) / √2, f a leaky ReLU. */
typedef struct {
    kokoro_adain norm1, norm2;
    kokoro_conv conv1, conv2, shortcut;
    bool has_shortcut;
    const float *pool, *pool_bias; /* [C, 3], [C] where the block doubles the steps, else NULL */
} kokoro_residual;

/* AdaINResBlock1: x = x + b(snake(norm_b(a(snake(norm_a(x)))))), three times. */
typedef struct {
    kokoro_conv a[KOKORO_DEPTH], b[KOKORO_DEPTH];
    kokoro_adain norm_a[KOKORO_DEPTH], norm_b[KOKORO_DEPTH];
    const float *alpha_a[KOKORO_DEPTH], *alpha_b[KOKORO_DEPTH];     /* of the snakes */
    const float *inverse_a[KOKORO_DEPTH], *inverse_b[KOKORO_DEPTH]; /* 1 / alpha */
} kokoro_snake;

struct kokoro {
    arena *mem; /* the small tensors */
    weights *file; /* from kokoro_open_begin to kokoro_open_end */
    loader_later later;
    int64_t symbols, style, width; /* width: of the sequences that the decoder reads, 512 */
    struct {
        const float *words, *places, *kind; /* [symbols, E], [KOKORO_LONGEST, E], [E] */
        int64_t embedding;
        kokoro_norm norm, norm_attention, norm_mlp;
        kokoro_conv in, query, key, value, dense, wide, narrow, out;
    } bert;
    struct {
        const float *embedding; /* [symbols, width] */
        kokoro_conv cnn[KOKORO_CNNS];
        kokoro_norm norm[KOKORO_CNNS];
        int cnns;
        kokoro_lstm lstm;
    } text;
    struct {
        kokoro_lstm lstm[KOKORO_LSTMS]; /* each followed by its norm */
        kokoro_adain norm[KOKORO_LSTMS];
        int lstms;
        kokoro_lstm last, shared;
        kokoro_conv duration;
        kokoro_residual pitch[KOKORO_PROSODY], energy[KOKORO_PROSODY];
        kokoro_conv pitch_out, energy_out;
    } prosody;
    struct {
        kokoro_conv pitch, energy, text; /* F0_conv, N_conv, asr_res */
        kokoro_residual encode, decode[KOKORO_DECODES];
        int decodes;
    } decoder;
    struct {
        float harmonic[KOKORO_HARMONICS], bias; /* l_linear */
        kokoro_conv source[KOKORO_SCALES];
        kokoro_snake source_block[KOKORO_SCALES], block[KOKORO_SCALES][KOKORO_KINDS];
        conv1d up[KOKORO_SCALES];
        kokoro_conv post;
        conv1d inverse;           /* 22 -> 20: the inverse transform with its window */
        const float *window_sum;  /* what the first samples are divided by */
        int64_t window_sums;
    } generator;
};

/* kokoro_open of a file that is open; it may go when kokoro_pack has been called. */
kokoro *kokoro_read(const weights *file, bool exact, status *st);
void kokoro_pack(kokoro *k, pool *threads);

/* f(x) through w; before, add and to as op_conv1d_u8 has them. */
tensor *kokoro_apply(op_ctx *c, const tensor *x, const kokoro_conv *w, const conv1d_before *before, const tensor *add, tensor *to);

/* x: [T, in] -> [T, 2H], both directions side by side. */
tensor *kokoro_run_lstm(op_ctx *c, const tensor *x, const kokoro_lstm *w);

/* The style's γ + 1 and β: [2C]. */
const float *kokoro_style(op_ctx *c, const kokoro_adain *w, const tensor *style);

/* Scale and shift that make AdaIN of x: [T, C] one product and sum, in the arena. mean, deviation: [C], where they are known. */
bool kokoro_instance_norm(op_ctx *c, const tensor *x, const kokoro_adain *w, const tensor *style, conv1d_before *out);

/* ids -> the sequences for prosody and sound, each [T, width (+ style)]. */
tensor *kokoro_read_prosody(op_ctx *c, const kokoro *k, const int64_t *ids, int64_t count, const tensor *style);
tensor *kokoro_read_text(op_ctx *c, const kokoro *k, const int64_t *ids, int64_t count);

/* [T, width + style] -> frames of each symbol; their sum, 0 with an error. */
int64_t kokoro_durations(op_ctx *c, const kokoro *k, const tensor *prosody, float speed, int64_t *durations);

/* Each row of x as often as its duration says: [T, C] -> [F, C]. */
tensor *kokoro_stretch(op_ctx *c, const tensor *x, const int64_t *durations, int64_t frames);

/* prosody: [F, width + style] -> pitch in Hz and energy of half frames, [2F, 1] each. */
bool kokoro_curves(op_ctx *c, const kokoro *k, const tensor *prosody, const tensor *style, tensor **pitch, tensor **energy);

/* One block; x: [T, C] -> [T or 2T, C']. */
tensor *kokoro_run_residual(op_ctx *c, const tensor *x, const kokoro_residual *w, const tensor *style);

/* text: [F, width]; pitch, energy: [2F, 1] -> what the generator reads, [2F, width]. */
tensor *kokoro_decode(op_ctx *c, const kokoro *k, const tensor *text, const tensor *pitch, const tensor *energy, const tensor *style);

/* The source's magnitudes and phases: pitch [2F, 1] -> [120F + 1, 22]. */
tensor *kokoro_source(op_ctx *c, const kokoro *k, const tensor *pitch);

/* decoded: [2F, width], source: [120F + 1, 22] -> sound [600F]. */
tensor *kokoro_generate(op_ctx *c, const kokoro *k, const tensor *decoded, const tensor *source, const tensor *style);

#endif
