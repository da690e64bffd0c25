/* vits_parts: what a VITS voice consists of. For its own files: vits_load takes the parts from the ONNX file,
 * vits_duration is the duration predictor, vits the rest of the forward pass. */
#ifndef AIGC_AUDIO_VITS_PARTS_H
#define AIGC_AUDIO_VITS_PARTS_H

#include "audio/attention.h"
#include "audio/hifigan.h"
#include "audio/vits.h"

enum { VITS_LAYERS = 12, VITS_FLOWS = 8, VITS_DEPTH = 8, VITS_BINS = 10 };

typedef struct {
    const float *weight, *bias;
} vits_norm;

typedef struct {
    conv1d q, k, v, out, wide, narrow;
    attention_relative relative;
    vits_norm norm_attention, norm_mlp;
} vits_layer;

/* Dilated depth-separable convolutions (DDSConv). */
typedef struct {
    conv1d separable[VITS_DEPTH], pointwise[VITS_DEPTH];
    vits_norm norm_separable[VITS_DEPTH], norm_pointwise[VITS_DEPTH];
    int depth;
} vits_dilated;

typedef struct {
    conv1d pre, proj;
    vits_dilated convs;
} vits_spline;

typedef struct {
    conv1d pre, post, cond;
    conv1d in[VITS_DEPTH], skip[VITS_DEPTH];
    int depth;
} vits_coupling;

struct vits {
    arena *mem;
    const float *embedding, *speakers; /* [symbols, H]; [speakers, G] or NULL */
    int64_t symbols, width, speaker_count, speaker_width, latent, heads;
    vits_layer layer[VITS_LAYERS];
    int layers;
    conv1d proj; /* H -> mean and log deviation */
    struct {
        conv1d pre, proj, cond;
        vits_dilated convs;
        vits_spline flow[VITS_FLOWS]; /* in the order they run */
        int flows;
        float mean[2], scale[2]; /* the last, affine flow: (z − mean) · scale */
    } duration;
    vits_coupling flow[VITS_FLOWS]; /* in the order they run */
    int flows;
    hifigan decoder;
};

/* hidden: [T, H], g: [1, G] or NULL -> log durations [T]. noise: [2][T] normal numbers, already scaled. */
tensor *vits_log_durations(op_ctx *c, const vits *v, const tensor *hidden, const tensor *g, const float *noise);

#endif
