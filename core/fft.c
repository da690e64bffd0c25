#include "core/fft.h"

#include <fftw3.h>
#include <pthread.h>

#include "core/alloc.h"

struct fft {
    int64_t n;
    fftwf_plan forward, inverse;
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
    if (f && x && spectrum) {
        f->n = n;
        pthread_mutex_lock(&planner);
        f->forward = fftwf_plan_dft_r2c_1d((int)n, x, (fftwf_complex *)spectrum, FFTW_ESTIMATE);
        f->inverse = fftwf_plan_dft_c2r_1d((int)n, (fftwf_complex *)spectrum, x, FFTW_ESTIMATE);
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
    alloc_free(f);
}

int64_t fft_size(const fft *f) { return f->n; }

void fft_forward(const fft *f, const float *x, float *spectrum)
{
    fftwf_execute_dft_r2c(f->forward, (float *)(uintptr_t)x, (fftwf_complex *)spectrum);
}

void fft_inverse(const fft *f, float *spectrum, float *x)
{
    fftwf_execute_dft_c2r(f->inverse, (fftwf_complex *)spectrum, x);
    float scale = 1.0f / (float)f->n;
    for (int64_t i = 0; i < f->n; i++) x[i] *= scale;
}
