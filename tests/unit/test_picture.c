/* Pictures: files as Pillow reads them, refused when damaged; resampling as Pillow's; masks, captions, text chunks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/file.h"
#include "core/npy.h"
#include "image/caption.h"
#include "image/image_file.h"

#define GOLDEN SOURCE_DIR "/tests/golden/image_files/"

static void check_pixels(const picture *p, const char *npy, int limit)
{
    status st = {0};
    arena *mem = arena_new(&st);
    tensor *wanted = npy_read(mem, npy, &st);
    assert_non_null(wanted);
    assert_int_equal(p->height, wanted->dim[0]);
    assert_int_equal(p->width, wanted->dim[1]);
    const uint8_t *w = wanted->data;
    for (int64_t i = 0; i < tensor_count(wanted); i++)
        if (abs(p->pixel[i] - w[i]) > limit) fail_msg("%s: value %d is %d, %d wanted", npy, (int)i, p->pixel[i], w[i]);
    arena_free(mem);
}

static void test_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int limit;
    } FILES[] = {{"rgb.png", 0},     {"grey.png", 0},       {"bits.png", 0},     {"grey16.png", 0},     {"palette.png", 0},
                 {"alpha.png", 1},   {"grey_alpha.png", 1}, {"baseline.jpg", 3}, {"progressive.jpg", 3}, {"grey.jpg", 3},
                 {"inks.jpg", 3},     {"turned2.png", 0},    {"turned3.png", 0},  {"turned4.png", 0},    {"turned5.png", 0},
                 {"turned6.png", 0},  {"turned7.png", 0},    {"turned8.png", 0},  {"turned2.jpg", 3},    {"turned3.jpg", 3},
                 {"turned4.jpg", 3},  {"turned5.jpg", 3},    {"turned6.jpg", 3},  {"turned7.jpg", 3},    {"turned8.jpg", 3}};
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        status st = {0};
        char path[300], npy[310];
        snprintf(path, sizeof path, GOLDEN "%s", FILES[i].name);
        snprintf(npy, sizeof npy, "%s.npy", path);
        picture *p = image_file_read(path, 3, &st);
        if (!p) fail_msg("%s", st.msg);
        check_pixels(p, npy, FILES[i].limit);
        picture_free(p);
        p = image_file_read(path, 1, &st);
        if (!p) fail_msg("%s", st.msg);
        assert_int_equal(p->channels, 1);
        picture_free(p);
    }
}

/* Chunks that tell a gamma change no stored colour: the same pixels, with 3 channels and with 1. */
static void test_gamma(void **state)
{
    (void)state;
    for (int channels = 1; channels <= 3; channels += 2) {
        status st = {0};
        picture *p = image_file_read(GOLDEN "alpha.png", channels, &st), *q = image_file_read(GOLDEN "alpha_gamma.png", channels, &st);
        assert_non_null(q);
        assert_memory_equal(p->pixel, q->pixel, (size_t)(p->width * p->height * channels));
        picture_free(p);
        picture_free(q);
    }
}

/* A file cut at any byte, or with a byte changed, is refused or read; nothing leaks (asan) and an error is said. */
static void test_damaged(void **state)
{
    (void)state;
    static const char *const FILES[] = {"rgb.png", "palette.png", "alpha.png", "baseline.jpg", "progressive.jpg", "inks.jpg", "turned6.png", "turned8.jpg"};
    uint64_t before = alloc_in_use();
    for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
        status st = {0};
        char path[300];
        size_t size;
        snprintf(path, sizeof path, GOLDEN "%s", FILES[i]);
        char *data = file_read(path, 1 << 20, &size, &st);
        for (size_t cut = 0; cut < size; cut++) {
            st = (status){0};
            picture *p = image_file_decode(data, cut, "cut", 3, &st);
            assert_true(p != NULL || st.code == STATUS_INPUT);
            if (strstr(path, ".png") && cut + 12 < size) assert_null(p); /* all but the last chunk is needed */
            picture_free(p);
        }
        for (size_t at = 0; at < size; at++) {
            st = (status){0};
            data[at] ^= 0x55;
            picture *p = image_file_decode(data, size, "flipped", 3, &st);
            data[at] ^= 0x55;
            assert_true(p != NULL || st.code == STATUS_INPUT || st.code == STATUS_NOMEM);
            picture_free(p);
        }
        alloc_free(data);
    }
    assert_int_equal(alloc_in_use(), before);
}

/* 100 bytes that promise 16,000 by 16,000 pixels are refused before memory is asked for. */
static void test_bomb(void **state)
{
    (void)state;
    static const unsigned char BOMB[] = {0x89, 'P', 'N', 'G', '\r', '\n', 26, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0, 0, 0x3E, 0x80,
                                         0, 0, 0x3E, 0x80, 8, 2, 0, 0, 0, 0x3B, 0x0E, 0x7A, 0x5C, 0, 0, 0, 0, 'I', 'D', 'A', 'T'};
    status st = {0};
    assert_null(image_file_decode(BOMB, sizeof BOMB, "bomb.png", 3, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    assert_true(alloc_peak() < (64u << 20));
    st = (status){0};
    assert_null(image_file_decode("GIF89a", 6, "x.gif", 3, &st));
    assert_non_null(strstr(st.msg, "neither a PNG nor a JPEG"));
}

static void test_write_and_read_back(void **state)
{
    (void)state;
    status st = {0};
    picture *p = picture_new(5, 3, 3, &st);
    for (int i = 0; i < 45; i++) p->pixel[i] = (uint8_t)(i * 5);
    char *data = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&data, &size);
    image_file_text text[] = {{"parameters", "plain, Seed: 1"}, {"Comment", "gr\xC3\xBC\xC3\x9F"}};
    assert_true(image_file_write_png(f, p, text, 2, &st));
    fclose(f);
    assert_non_null(memmem(data, size, "tEXtparameters\0plain, Seed: 1", 29));
    assert_non_null(memmem(data, size, "iTXtComment", 11));
    assert_non_null(memmem(data, size, "gr\xC3\xBC\xC3\x9F", 6));
    picture *q = image_file_decode(data, size, "memory", 3, &st);
    assert_non_null(q);
    assert_memory_equal(p->pixel, q->pixel, 45);
    picture_free(p);
    picture_free(q);
    free(data);
}

static void test_resize(void **state)
{
    (void)state;
    status st = {0};
    picture *p = image_file_read(GOLDEN "rgb.png", 3, &st);
    picture *up = picture_resize(p, 40, 31, PICTURE_LANCZOS, &st), *down = picture_resize(p, 7, 5, PICTURE_LANCZOS, &st);
    check_pixels(up, GOLDEN "lanczos_up.npy", 1);
    check_pixels(down, GOLDEN "lanczos_down.npy", 1);
    picture *same = picture_resize(p, 17, 13, PICTURE_NEAREST, &st);
    assert_memory_equal(same->pixel, p->pixel, 17 * 13 * 3);
    picture *flat = picture_new(4, 4, 1, &st);
    memset(flat->pixel, 200, 16);
    picture *wide = picture_resize(flat, 9, 23, PICTURE_MITCHELL, &st);
    for (int i = 0; i < 9 * 23; i++) assert_int_equal(wide->pixel[i], 200); /* a flat picture stays flat */
    picture_free(wide);
    picture_free(flat);
    picture_free(same);
    picture_free(up);
    picture_free(down);
    picture_free(p);
}

static void test_mask(void **state)
{
    (void)state;
    status st = {0};
    picture *to = picture_new(4, 1, 3, &st), *from = picture_new(4, 1, 3, &st), *mask = picture_new(4, 1, 1, &st);
    memset(to->pixel, 200, 12);
    memset(from->pixel, 100, 12);
    mask->pixel[1] = 255;
    mask->pixel[2] = 128;
    assert_true(picture_keep_unmasked(to, from, mask, &st));
    assert_int_equal(to->pixel[0], 100);
    assert_int_equal(to->pixel[3], 200);
    assert_int_equal(to->pixel[6], 150);
    assert_int_equal(to->pixel[9], 100);
    mask->channels = 3;
    assert_false(picture_keep_unmasked(to, from, mask, &st));
    picture_free(to);
    picture_free(from);
    picture_free(mask);
}

static int dark_pixels(const picture *p, int64_t from_row)
{
    int n = 0;
    for (int64_t i = from_row * p->width; i < p->width * p->height; i++) n += p->pixel[i * 3] < 100;
    return n;
}

static void test_caption(void **state)
{
    (void)state;
    status st = {0};
    const char *font = caption_find_font(NULL, &st);
    if (!font) skip();
    picture *p = picture_new(200, 50, 3, &st);
    memset(p->pixel, 255, 200 * 50 * 3);
    picture *under = caption_draw(p, "A caption of several words that need two lines \xC3\xA9\xF0\x9F\x98\x80", CAPTION_UNDER, font, 16, &st);
    if (!under) fail_msg("%s", st.msg);
    assert_int_equal(under->width, 200);
    assert_true(under->height > 50 + 2 * 16);
    assert_memory_equal(under->pixel, p->pixel, 200 * 50 * 3); /* the picture itself is not touched */
    assert_true(dark_pixels(under, 50) > 100);
    picture *corner = caption_draw(p, "AI", CAPTION_CORNER, font, 0, &st);
    assert_int_equal(corner->height, 50);
    assert_int_equal(corner->pixel[0], 255);
    assert_true(corner->pixel[200 * 50 * 3 - 1] < 255);
    assert_null(caption_draw(p, "a\xFF\xC3", CAPTION_OVER, font, 12, &st)); /* bytes that are no UTF-8 */
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    assert_true(caption_check("two\nlines\xE2\x80\x8D\xEF\xB8\x8F", font, &st)); /* a joiner and a variation selector are not seen */
    assert_false(caption_check("b \xF3\xB0\x80\x80", font, &st));                  /* U+F0000 has no glyph anywhere */
    assert_int_equal(st.code, STATUS_USAGE);
    assert_non_null(strstr(st.msg, "(U+F0000)"));
    st = (status){0};
    assert_null(caption_draw(p, "x", CAPTION_OVER, GOLDEN "rgb.png", 12, &st));
    assert_int_equal(st.code, STATUS_INPUT);
    st = (status){0};
    assert_null(caption_find_font("/no/such/font.ttf", &st));
    picture_free(corner);
    picture_free(under);
    picture_free(p);
}

/* A widened picture holds the narrow one in its middle; a plain ground goes on as it is, and far out it is the edge's mean. */
static void test_widen(void **state)
{
    (void)state;
    status st = {0};
    picture *p = picture_new(4, 4, 1, &st);
    assert_non_null(p);
    for (int i = 0; i < 16; i++) p->pixel[i] = 100;
    p->pixel[5] = 7; /* not at the edge */
    picture *wide = picture_widen(p, 10, 4, &st);
    assert_non_null(wide);
    for (int y = 0; y < 4; y++) assert_memory_equal(wide->pixel + y * 10 + 3, p->pixel + y * 4, 4);
    for (int y = 0; y < 4; y++) assert_true(wide->pixel[y * 10] == 100 && wide->pixel[y * 10 + 2] == 100 && wide->pixel[y * 10 + 9] == 100);
    picture_free(wide);
    p->pixel[4] = 220; /* one of the twelve at the edge */
    wide = picture_widen(p, 4, 12, &st);
    assert_non_null(wide);
    assert_memory_equal(wide->pixel + 4 * 4, p->pixel, 16);
    assert_int_equal(wide->pixel[0], 110);
    picture_free(wide);
    picture_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files), cmocka_unit_test(test_gamma), cmocka_unit_test(test_damaged), cmocka_unit_test(test_bomb), cmocka_unit_test(test_write_and_read_back),
        cmocka_unit_test(test_resize), cmocka_unit_test(test_widen), cmocka_unit_test(test_mask), cmocka_unit_test(test_caption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
