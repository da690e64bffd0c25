/* kokoro: Kokoro-82M, a voice of 24 kHz, from phoneme ids to sound. audio/MODEL.md names tensors and shapes.
 *
 * It is StyleTTS 2 without its diffusion (Li et al. 2023), with iSTFTNet as vocoder (Kaneko et al. 2022). A style of 2 · 128
 * numbers says who speaks and how. PL-BERT (an ALBERT, Lan et al. 2020) and LSTMs read the phonemes for durations, pitch and
 * energy; another encoder of convolutions and an LSTM reads them for sound. Residual blocks whose instance norms are scaled
 * and shifted by the style (AdaIN, Huang and Belongie 2017) decode the stretched sequence; the last of them work with a source
 * of sines (Wang, Takaki and Yamagishi 2019) and predict a spectrum of 11 bins for every 5 samples:
 *
 *     S = e^{x[0 … 10]} e^{i sin x[11 … 21]},   sound = ISTFT(S), n_fft 20
 *
 * Source: hexgrad/kokoro 0.9 (Apache-2.0) and its ONNX exports; what is read are those whose initialisers carry the names of
 * the modules (encoder.predictor…, decoder.decoder…), with weights in int8 (onnxruntime's dynamic quantisation), f16 or f32.
 * A model is read-only after kokoro_open and may be used by any number of threads, each with an op_ctx of its own.
 */
#ifndef AIGC_AUDIO_KOKORO_H
#define AIGC_AUDIO_KOKORO_H

#include "core/op.h"

typedef struct kokoro kokoro;

/* samples a second; samples of a frame, the unit of durations; ids of a text with the 0 before and after it. */
enum { KOKORO_RATE = 24000, KOKORO_FRAME = 600, KOKORO_LONGEST = 512 };

/* NULL with STATUS_INPUT in st. */
kokoro *kokoro_open(const char *path, status *st);
/* The same in two steps: what one thread does, and the packing of the layers, which all threads share. After the first nothing else may
 * be done with k but the second, and freeing it. */
kokoro *kokoro_open_begin(const char *path, status *st);
void kokoro_open_end(kokoro *k, pool *threads);
/* The same with all products in f32: slower, and what the quantised model comes near to. */
kokoro *kokoro_open_exact(const char *path, status *st);
void kokoro_free(kokoro *k); /* NULL is allowed */

int64_t kokoro_symbols(const kokoro *k);
int64_t kokoro_style_width(const kokoro *k); /* 256: half for the sound, half for the prosody */

/* ids: the phonemes with a 0 before and after, each below kokoro_symbols, at most KOKORO_LONGEST; speed 1 is normal, 2 twice as
 * fast. style: [kokoro_style_width]. -> [samples] in c's arena; *durations: [count] in frames, likewise. NULL with c->st set. */
tensor *kokoro_speak(op_ctx *c, const kokoro *k, const int64_t *ids, int64_t count, const float *style, float speed, int64_t **durations);

#endif
