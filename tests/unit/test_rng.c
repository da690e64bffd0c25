/* PyTorch's normal numbers, bit for bit on the CPU (tests/golden/gen_rng.py), and our own generator's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "core/rng_torch.h"
#include "core/weights.h"

static void test_torch_cpu(void **state)
{
    (void)state;
    static const int sizes[] = {3, 16, 5, 33, 1, 1, 15, 17, 4096, 2, 31};
    static const uint64_t seeds[] = {0, 42, 4294967295, (UINT64_C(1) << 40) + 5};
    status st = {0};
    weights *w = weights_open(SOURCE_DIR "/tests/golden/rng.safetensors", &st);
    assert_non_null(w);
    for (int k = 0; k < 4; k++) {
        char name[40];
        snprintf(name, sizeof name, "cpu.%llu", (unsigned long long)seeds[k]);
        const float *want = tensor_f32(weights_need(w, &st, name, 1, (int64_t[]){-1}));
        rng_torch r;
        rng_torch_seed(&r, seeds[k]);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            float found[4096];
            rng_torch_normal(&r, found, sizes[i]);
            for (int j = 0; j < sizes[i]; j++)
                if (memcmp(found + j, want + j, sizeof(float)) != 0)
                    fail_msg("seed %s, call %zu, number %d: %.9g, %.9g wanted", name, i, j, found[j], want[j]);
            want += sizes[i];
        }
    }
    float found[256];
    rng_torch r;
    rng_torch_seed(&r, 7);
    rng_torch_normal(&r, found, 256);
    assert_memory_equal(found, tensor_f32(weights_find(w, "latent.7")), sizeof found);
    weights_close(w);
}

/* Known answers: the Random123 library's kat_vectors for Philox4x32-10, and torch.manual_seed(0); torch.randn(3, 4,
 * device="cuda") as it is widely printed. */
static void test_torch_cuda(void **state)
{
    (void)state;
    uint32_t zero[4] = {0}, ones[4] = {UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX};
    rng_philox((uint32_t[]){0, 0}, zero);
    assert_memory_equal(zero, ((uint32_t[]){0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8}), sizeof zero);
    rng_philox((uint32_t[]){UINT32_MAX, UINT32_MAX}, ones);
    assert_memory_equal(ones, ((uint32_t[]){0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD}), sizeof ones);
    uint32_t pi[4] = {0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344};
    rng_philox((uint32_t[]){0xA4093822, 0x299F31D0}, pi);
    assert_memory_equal(pi, ((uint32_t[]){0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1}), sizeof pi);

    static const float want[12] = {-0.92466259f, -0.42534415f, -2.6438457f,  0.14518388f, -0.12086647f, -0.57972564f,
                                   -0.62285122f, -0.32838709f, -1.07454231f, -0.36314407f, -1.67105067f, 2.26550497f};
    rng_cuda r = rng_cuda_seeded(0);
    float found[12], again[12];
    rng_cuda_normal(&r, found, 12);
    for (int i = 0; i < 12; i++) assert_true(fabsf(found[i] - want[i]) < 1e-6f);
    rng_cuda_normal(&r, again, 12);
    assert_true(fabsf(again[0] - found[0]) > 1e-6f); /* the offset moved on */
}

/* Mean and variance of many numbers are those of a normal distribution, for each generator. */
static void test_moments(void **state)
{
    (void)state;
    enum { COUNT = 65536 };
    static float x[3][COUNT];
    rng ours = rng_seeded(5);
    for (int i = 0; i < COUNT; i++) x[0][i] = (float)rng_normal(&ours);
    rng_torch cpu;
    rng_torch_seed(&cpu, 5);
    rng_torch_normal(&cpu, x[1], COUNT);
    rng_cuda cuda = rng_cuda_seeded(5);
    rng_cuda_normal(&cuda, x[2], COUNT);
    for (int k = 0; k < 3; k++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < COUNT; i++) {
            sum += (double)x[k][i];
            squares += (double)x[k][i] * (double)x[k][i];
        }
        assert_true(fabs(sum / COUNT) < 0.02 && fabs(squares / COUNT - 1) < 0.03);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_torch_cpu),
        cmocka_unit_test(test_torch_cuda),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
