/* stft: from sound to its spectrum frame by frame, and back.
 *
 *     S[f, k] = Σ_n w[n] x[f · hop + n − n_fft / 2] e^(−2πi k n / n_fft)
 *
 * as torch.stft and librosa.stft define it (center = True: x is extended by n_fft / 2 on both ends, by reflection or
 * with zeros), and its inverse by overlap-add divided by the sum of squared windows (Griffin and Lim 1984, equation 6),
 * as torch.istft does. A spectrum is [F, bins, 2]: real and imaginary parts together.
 */
#ifndef AIGC_AUDIO_STFT_H
#define AIGC_AUDIO_STFT_H

#include "core/fft.h"
#include "core/op.h"

typedef struct {
    int64_t n_fft, hop;
    const fft *plan;
    float *window; /* [n_fft], a periodic Hann window of `length` ≤ n_fft samples with zeros around it */
    float *window_squares; /* [n_fft] */
} stft;

/* NULL in st on sizes no transform has. */
bool stft_init(stft *s, int64_t n_fft, int64_t hop, int64_t window_length, status *st);
void stft_free(stft *s);

typedef enum { STFT_REFLECT, STFT_ZEROS } stft_edge;

/* x: [n] -> [F, bins, 2], F = n / hop + 1. Reflection wants n > n_fft / 2. */
tensor *stft_forward(op_ctx *c, const stft *s, const tensor *x, stft_edge edge);

/* spectrum: [F, bins, 2] -> [samples]; samples ≤ (F − 1) · hop is torch's default length, F · hop what vocoders use. */
tensor *stft_inverse(op_ctx *c, const stft *s, const tensor *spectrum, int64_t samples);

#endif
