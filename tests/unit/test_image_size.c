/* What size a picture gets and at which it is drawn: the flags, the init picture and the model, in all their meetings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "engine/image_size.h"

enum { SD = 512, ICON = 128 };

static const struct {
    image_size_wish wish; /* width, height, init_width, init_height, upscale, side, factor, enlarges */
    image_size wanted;    /* width, height, upscale, drawn_width, drawn_height, padded, odd */
} CASES[] = {
    /* a model that draws many sizes */
    {{0, 0, 0, 0, 0, SD, 8, 1}, {512, 512, 1, 512, 512, false, false}},
    {{768, 512, 0, 0, 0, SD, 8, 1}, {768, 512, 1, 768, 512, false, false}},
    {{256, 1024, 0, 0, 2, SD, 8, 1}, {256, 1024, 2, 256, 1024, false, false}},
    {{500, 300, 0, 0, 0, SD, 8, 1}, {500, 300, 1, 504, 304, false, true}},
    {{64, 64, 0, 0, 0, SD, 8, 1}, {64, 64, 1, 512, 512, false, true}},
    {{4096, 1024, 0, 0, 0, SD, 8, 1}, {4096, 1024, 1, 1024, 256, false, true}},
    {{0, 0, 500, 500, 0, SD, 8, 1}, {500, 500, 1, 504, 504, false, true}},
    {{0, 0, 3, 1, 0, SD, 8, 1}, {3, 1, 1, 888, 296, false, true}},
    /* one that enlarges its square four times */
    {{0, 0, 0, 0, 0, ICON, 8, 4}, {512, 512, 1, 128, 128, false, false}},
    {{512, 512, 0, 0, 0, ICON, 8, 4}, {512, 512, 1, 128, 128, false, false}},
    {{128, 128, 0, 0, 4, ICON, 8, 4}, {128, 128, 4, 128, 128, false, false}}, /* as records of before say the default */
    {{0, 0, 0, 0, 1, ICON, 8, 4}, {128, 128, 1, 128, 128, false, false}},
    {{0, 0, 0, 0, 2, ICON, 8, 4}, {512, 512, 2, 128, 128, false, false}},
    {{1024, 1024, 0, 0, 0, ICON, 8, 4}, {1024, 1024, 1, 128, 128, false, true}},
    {{100, 100, 0, 0, 2, ICON, 8, 4}, {100, 100, 2, 128, 128, false, true}},
    {{512, 256, 0, 0, 0, ICON, 8, 4}, {512, 256, 1, 128, 128, true, true}},
    {{0, 0, 500, 500, 0, ICON, 8, 4}, {500, 500, 1, 128, 128, false, true}},
    {{0, 0, 512, 256, 0, ICON, 8, 4}, {512, 256, 1, 184, 88, false, true}},
    {{0, 0, 512, 512, 1, ICON, 8, 4}, {512, 512, 1, 128, 128, false, false}},
};

static void test_plan(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        image_size found = image_size_plan(&CASES[i].wish), wanted = CASES[i].wanted;
        if (found.width != wanted.width || found.height != wanted.height || found.upscale != wanted.upscale ||
            found.drawn_width != wanted.drawn_width || found.drawn_height != wanted.drawn_height || found.padded != wanted.padded || found.odd != wanted.odd)
            fail_msg("case %d: %d x %d times %d of %d x %d, padded %d, odd %d", (int)i, (int)found.width, (int)found.height, (int)found.upscale,
                     (int)found.drawn_width, (int)found.drawn_height, found.padded, found.odd);
    }
}

/* The flags of a plan give that plan again: a repetition draws the same picture. */
static void test_repeat(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        image_size first = image_size_plan(&CASES[i].wish);
        image_size_wish again = CASES[i].wish;
        again.width = first.width;
        again.height = first.height;
        again.upscale = first.upscale;
        image_size second = image_size_plan(&again);
        assert_int_equal(second.width * second.upscale, first.width * first.upscale);
        assert_int_equal(second.height * second.upscale, first.height * first.upscale);
        assert_int_equal(second.drawn_width, first.drawn_width);
        assert_int_equal(second.drawn_height, first.drawn_height);
        assert_int_equal(second.padded, first.padded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_plan), cmocka_unit_test(test_repeat)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
