/* Products with panels: every level gives the bits of plain C, for any number of rows and outputs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "core/rng.h"

enum { MAX_ROWS = 40, MAX_IN = 70, MAX_OUT = 150, GUARD = 16 };

static void check_f32(void **state)
{
    const kernel_table *tested = kernel_find(*state), *truth = kernel_find("c");
    if (!tested) skip();
    static float x[MAX_ROWS * MAX_IN], w[(MAX_OUT + PANEL) * MAX_IN], want[MAX_ROWS * MAX_OUT + GUARD], got[MAX_ROWS * MAX_OUT + GUARD];
    rng r = rng_seeded(1);
    for (size_t i = 0; i < sizeof x / sizeof x[0]; i++) x[i] = (float)rng_normal(&r);
    for (size_t i = 0; i < sizeof w / sizeof w[0]; i++) w[i] = (float)rng_normal(&r);
    x[7] = INFINITY, x[MAX_IN + 3] = NAN;
    static const int64_t outs[] = {1, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 127, 128, 129, 150};
    for (int64_t rows = 1; rows <= MAX_ROWS; rows++)
        for (size_t o = 0; o < sizeof outs / sizeof outs[0]; o++)
            for (int64_t in = 1; in <= MAX_IN; in += 23)
                for (int more = 0; more < 2; more++) {
                    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) want[i] = got[i] = (float)i;
                    truth->panel->f32(want, MAX_OUT, x, MAX_IN, rows, w, in, outs[o], more);
                    tested->panel->f32(got, MAX_OUT, x, MAX_IN, rows, w, in, outs[o], more);
                    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) /* a NaN's sign is nobody's promise */
                        if (memcmp(&want[i], &got[i], sizeof(float)) != 0 && !(isnan(want[i]) && isnan(got[i])))
                            fail_msg("%s f32, %d rows, %d -> %d, place %zu: %.9g wanted, %.9g found", tested->name, (int)rows,
                                     (int)in, (int)outs[o], i, (double)want[i], (double)got[i]);
                }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(check_f32, "avx2"),
        cmocka_unit_test_prestate(check_f32, "avx512"),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
