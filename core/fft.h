/* fft: Fourier transforms of real signals by FFTW, in single precision; the only user of fftw3.h.
 *
 *     X[k] = Σ_n x[n] e^(−2πi k n / N),  0 ≤ k ≤ N / 2          fft_forward
 *     x[n] = 1/N Σ_k X[k] e^(+2πi k n / N), X Hermitian         fft_inverse
 *
 * A plan is chosen without measuring, so that every run computes the same bits. Plans are made by one thread at a time;
 * any number of threads may run one plan. A spectrum is N / 2 + 1 pairs (real, imaginary).
 */
#ifndef AIGC_CORE_FFT_H
#define AIGC_CORE_FFT_H

#include <stdint.h>

#include "core/status.h"

typedef struct fft fft;

/* A plan for signals of n ≥ 2 samples, n even and at most 2²⁰. NULL with st set. */
fft *fft_new(int64_t n, status *st);
void fft_free(fft *f); /* NULL is allowed */

int64_t fft_size(const fft *f);
static inline int64_t fft_bins(int64_t n) { return n / 2 + 1; }

/* x: [n], spectrum: [n / 2 + 1][2], not overlapping, both aligned to 64 bytes. fft_forward keeps x; fft_inverse
 * destroys the spectrum. */
void fft_forward(const fft *f, const float *x, float *spectrum);
void fft_inverse(const fft *f, float *spectrum, float *x);

#endif
