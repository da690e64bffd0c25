/* hibari: the default voice, from phoneme ids to sound at 24 kHz. audio/MODEL.md names tensors and shapes.
 *
 * Two text encoders of ConvNeXt and transformer blocks read the phonemes: one for prosody (durations, the pitch and
 * energy of every 12.5 ms), one for sound. A ConvNeXt decoder predicts five parts of a spectrum for each frame, from
 * which the sound is composed and brought back by one inverse STFT (n_fft 1200, hop 300):
 *
 *     S = e^{lh} e^{iπ tanh θ} STFT(pulses(f0)) + e^{ln} Z + e^{lr} e^{iφ},  Z complex normal noise
 *
 * Source: hibari-tts 0.2.1 (Apache-2.0), hibari.onnx and its dsp.py. ConvNeXt: Liu et al. 2022; harmonic plus noise:
 * Stylianou 2001; spectrum prediction: Siuzdak 2023 (Vocos). A voice is read-only after hibari_open and may be used by
 * any number of threads, each with an op_ctx of its own.
 */
#ifndef AIGC_AUDIO_HIBARI_H
#define AIGC_AUDIO_HIBARI_H

#include "core/op.h"

typedef struct hibari hibari;

enum { HIBARI_RATE = 24000, HIBARI_HOP = 300 }; /* samples a second; samples a frame */

/* Opens hibari.onnx, or one of its sister voices. NULL with STATUS_INPUT in st. */
hibari *hibari_open(const char *path, status *st);
/* The same without quantised activations: slower, and what the quantised voice comes near to. */
hibari *hibari_open_exact(const char *path, status *st);
void hibari_free(hibari *v); /* NULL is allowed */

typedef struct {
    int64_t count;      /* F */
    int64_t *durations; /* [ids]: in pairs of frames (600 samples) */
    tensor *f0;         /* [F] Hz; below 40: unvoiced */
    tensor *decoded;    /* [F, C]: what the head reads */
    tensor *head;       /* [F, 5 · 601] where it is known (tests); NULL: made from decoded, a part at a time */
} hibari_frames;

/* ids: the phonemes with a 0 before and after, each below hibari_symbols; speed 1 is normal, 2 twice as fast. What comes
 * out lies in c's arena. false with c->st set. */
bool hibari_forward(op_ctx *c, const hibari *v, const int64_t *ids, int64_t count, float speed, hibari_frames *out);
int64_t hibari_symbols(const hibari *v);

/* The head's values for frames from … from + count: [count, 5 · 601], lh, θ, ln, lr, φ of each frame. */
tensor *hibari_head(op_ctx *c, const hibari *v, const hibari_frames *frames, int64_t from, int64_t count);

/* The sound of the frames: [F · 300]. Noise comes from the seed, or is `noise` [F, 601, 2] where that is not NULL (tests). */
tensor *hibari_wave(op_ctx *c, const hibari *v, const hibari_frames *frames, uint64_t seed, const tensor *noise);

#endif
