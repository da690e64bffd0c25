/* mel: banks of triangular filters on the mel scale, as librosa.filters.mel makes them, and mel spectra of sounds.
 *
 *     Slaney's scale:  3 f / 200 below 1 kHz, 15 + 27 log_6.4(f / 1000) above;   HTK's:  2595 log10(1 + f / 700)
 *     filter m rises from f_m to f_{m+1} and falls to f_{m+2}, f evenly spaced in mel, area 1 (2 / (f_{m+2} − f_m))
 */
#ifndef AIGC_AUDIO_MEL_H
#define AIGC_AUDIO_MEL_H

#include "audio/stft.h"

typedef struct {
    int64_t rate, n_fft, hop, window, bands;
    double lowest, highest; /* Hz; highest 0: half the rate */
    bool htk;
} mel_options;

typedef struct {
    mel_options o;
    float *filter; /* [bands, n_fft / 2 + 1] */
    stft transform;
} mel;

/* {0} fields take HiFi-GAN's values: 22050 Hz, 1024 points, hop 256, 80 bands. STATUS_USAGE where they do not go together. */
bool mel_init(mel *m, mel_options o, status *st);
void mel_free(mel *m);

/* x: [n] -> ln max(filters · |STFT|, 1e−5), [F, bands]; F = n / hop + 1 (x reflected at its ends). */
tensor *mel_spectrum(op_ctx *c, const mel *m, const tensor *x);

/* Sound [n] from a mel spectrum [F, bands] without weights: magnitudes ≥ 0 whose bands are those asked for, by
 * multiplicative updates (Lee and Seung 2001); phases by Griffin and Lim 1984 with momentum (Perraudin et al. 2013). */
tensor *mel_griffin_lim(op_ctx *c, const mel *m, const tensor *spectrum, int iterations, uint64_t seed);

#endif
