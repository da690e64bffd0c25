/* hibari_parts: what a hibari voice consists of. For the voice's own files (hibari_load takes the parts from the ONNX
 * file, hibari runs them, hibari_wave turns frames into sound) and the tests. */
#ifndef AIGC_AUDIO_HIBARI_PARTS_H
#define AIGC_AUDIO_HIBARI_PARTS_H

#include "audio/hibari.h"
#include "audio/stft.h"
#include "core/conv1d.h"
#include "core/linear_u8.h"

enum { HIBARI_BLOCKS = 16, HIBARI_HEADS = 2, HIBARI_N_FFT = 1200, HIBARI_BINS = HIBARI_N_FFT / 2 + 1, HIBARI_PARTS = 5 };

typedef struct {
    const float *weight, *bias;
} hibari_norm;

/* Weights in int8; the activations too, as onnxruntime has it, or (hibari_open_exact) in f32. */
typedef struct {
    linear_u8 quantised;
    conv1d exact; /* of one tap */
    bool is_exact;
} hibari_linear;

/* x + γ · W₂ gelu(W₁ norm(depthwise(x))) */
typedef struct {
    conv1d depthwise;
    hibari_norm norm;
    hibari_linear wide, narrow;
    const float *gamma;
} hibari_convnext;

/* A transformer block with its norms first; the same block is applied `repeats` times. */
typedef struct {
    hibari_norm norm_attention, norm_mlp;
    hibari_linear qkv, out, wide, narrow;
    int repeats;
} hibari_attention;

typedef struct {
    const float *embedding; /* [symbols, C] */
    int64_t symbols, width;
    hibari_convnext conv[HIBARI_BLOCKS];
    int convs;
    hibari_attention attention;
    hibari_norm norm;
} hibari_text;

struct hibari {
    arena *mem; /* the small tensors */
    hibari_text sound, prosody;
    conv1d duration_in, duration_out;
    conv1d prosody_in, prosody_out;
    hibari_convnext prosody_block[HIBARI_BLOCKS];
    int prosody_blocks;
    conv1d decoder_in;
    hibari_convnext decoder_block[HIBARI_BLOCKS];
    int decoder_blocks;
    hibari_norm decoder_norm;
    hibari_linear head; /* C -> 5 · 601 */
    stft transform;
};

/* One block each, in place: x: [T, C]. */
bool hibari_run_convnext(op_ctx *c, tensor *x, const hibari_convnext *w);
bool hibari_run_attention(op_ctx *c, tensor *x, const hibari_attention *w);

#endif
