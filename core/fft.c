/* fft: a real signal of N samples is a complex one of N / 2; FFTW's complex plans are twice as fast as its real ones, and
 * what joins both is a pass over the spectrum (Press et al., Numerical Recipes 12.3). */
#include "core/fft.h"

#include <fftw3.h>
#include <math.h>
#include <pthread.h>

#include "core/alloc.h"
#include "core/kernel/kernel_wave.h"

struct fft {
    int64_t n;
    fftwf_plan forward, inverse; /* of N / 2 complex numbers */
    float *turn;                 /* as core/kernel/kernel_wave.h wants it */
};

/* FFTW's planner keeps global tables. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

fft *fft_new(int64_t n, status *st)
{
    if (n < 2 || n % 2 || n > 1 << 20) {
        status_set(st, STATUS_USAGE, "a Fourier transform of %lld points asked for, an even number from 2 to 1048576 wanted",
                   (long long)n);
        return NULL;
    }
    fft *f = alloc_zeroed(1, sizeof *f, st);
    float *x = alloc_huge((size_t)n * sizeof(float), st), *spectrum = alloc_huge((size_t)(n + 2) * sizeof(float), st);
    if (f) f->turn = alloc_array((size_t)n * 2, sizeof *f->turn, st);
    if (f && f->turn && x && spectrum) {
        f->n = n;
        for (int64_t k = 0; k < n / 2; k++) { /* −i e^(−iφ) = −sin φ − i cos φ */
            double angle = 2 * M_PI * (double)k / (double)n;
            f->turn[2 * k] = f->turn[2 * k + 1] = (float)-sin(angle);
            f->turn[n + 2 * k] = (float)cos(angle);
            f->turn[n + 2 * k + 1] = (float)-cos(angle);
        }
        pthread_mutex_lock(&planner);
        f->forward = fftwf_plan_dft_1d((int)(n / 2), (fftwf_complex *)x, (fftwf_complex *)spectrum, FFTW_FORWARD, FFTW_ESTIMATE);
        f->inverse = fftwf_plan_dft_1d((int)(n / 2), (fftwf_complex *)spectrum, (fftwf_complex *)x, FFTW_BACKWARD, FFTW_ESTIMATE);
        pthread_mutex_unlock(&planner);
        if (!f->forward || !f->inverse) status_set(st, STATUS_NOMEM, "out of memory for a Fourier transform of %lld points", (long long)n);
    }
    alloc_huge_free(x, (size_t)n * sizeof(float));
    alloc_huge_free(spectrum, (size_t)(n + 2) * sizeof(float));
    if (status_ok(st)) return f;
    fft_free(f);
    return NULL;
}

void fft_free(fft *f)
{
    if (!f) return;
    pthread_mutex_lock(&planner);
    if (f->forward) fftwf_destroy_plan(f->forward);
    if (f->inverse) fftwf_destroy_plan(f->inverse);
    pthread_mutex_unlock(&planner);
    alloc_free(f->turn);
    alloc_free(f);
}

int64_t fft_size(const fft *f) { return f->n; }

void fft_forward(const fft *f, const float *x, float *spectrum)
{
    fftwf_execute_dft(f->forward, (fftwf_complex *)(uintptr_t)x, (fftwf_complex *)spectrum);
    kernel_wave_get()->unfold(spectrum, f->turn, f->n / 2);
}

void fft_inverse(const fft *f, float *spectrum, float *x)
{
    kernel_wave_get()->fold(spectrum, f->turn, 1.0f / (float)f->n, f->n / 2);
    fftwf_execute_dft(f->inverse, (fftwf_complex *)spectrum, (fftwf_complex *)x);
}
