/* From prompt to PNG as diffusers' pipelines do it (tests/golden/gen_image.py): each method, from pictures, into masks; the
 * same bytes for any number of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/image_session.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/weights.h"
#include "image/image_file.h"

#define GOLDEN SOURCE_DIR "/tests/golden/image/"

static image_options base_options(void)
{
    image_options o = image_options_default();
    o.model = GOLDEN "pipe";
    o.prompt = "the red apple";
    o.negative = "blue";
    o.guidance = 3;
    o.steps = 6;
    o.guidance_given = o.steps_given = o.exact = true;
    o.noise = GOLDEN "noise.npy";
    return o;
}

/* The PNG's bytes; freed with alloc_free. */
static char *draw(const image_options *o, int threads, size_t *size)
{
    status st = {0};
    char path[] = "/tmp/aigc-picture-XXXXXX";
    close(mkstemp(path));
    pool *p = pool_new(threads, &st);
    image_session *s = image_session_open(o, p, &st);
    image_result result;
    if (s) image_session_draw(s, o, 5, path, &result, &st);
    image_session_close(s);
    pool_free(p);
    if (!status_ok(&st)) fail_msg("%s", st.msg);
    char *data = file_read(path, 1 << 20, size, &st);
    unlink(path);
    assert_non_null(data);
    return data;
}

static void check_against(const image_options *o, const char *wanted_name, double decibels)
{
    status st = {0};
    weights *file = weights_open(GOLDEN "expected_pictures.safetensors", &st);
    const tensor *wanted = weights_find(file, wanted_name);
    assert_non_null(wanted);
    size_t size;
    char *data = draw(o, 2, &size);
    picture *p = image_file_decode(data, size, wanted_name, 3, &st);
    assert_non_null(p);
    assert_int_equal(p->height, wanted->dim[0]);
    assert_int_equal(p->width, wanted->dim[1]);
    picture *mask = o->mask ? image_file_read(o->mask, 1, &st) : NULL; /* diffusers does not put the kept pixels back */
    double sum = 0;
    int64_t n = 0;
    for (int64_t i = 0; i < tensor_count(wanted); i++) {
        if (mask && !mask->pixel[i / 3]) continue;
        double d = p->pixel[i] / 255.0 - (double)tensor_f32(wanted)[i];
        sum += d * d;
        n++;
    }
    picture_free(mask);
    double psnr = 10 * log10((double)n / sum);
    if (!(psnr >= decibels)) fail_msg("%s: %.1f dB, %.0f wanted", wanted_name, psnr, decibels);
    picture_free(p);
    alloc_free(data);
    weights_close(file);
}

static void check_method(const char *name, const char *noise_of)
{
    image_options o = base_options();
    o.method = name;
    o.rng = noise_of;
    if (strcmp(name, "lcm") == 0) o.steps = 4;
    check_against(&o, name, 40);
    o.exact = false;
    check_against(&o, name, 30);
}

static void test_methods(void **state)
{
    (void)state;
    static const char *const QUIET[] = {"ddim", "pndm", "euler", "heun", "dpm++2m", "dpm++2m_karras", "unipc"};
    for (size_t i = 0; i < sizeof QUIET / sizeof QUIET[0]; i++) check_method(QUIET[i], "own");
    static const char *const NOISY[] = {"ddpm", "euler_a", "dpm++2m_sde", "dpm++sde", "lcm"}; /* they draw on the way, from torch's generator */
    for (size_t i = 0; i < sizeof NOISY / sizeof NOISY[0]; i++) check_method(NOISY[i], "torch");
}

/* The starting noise from torch's seed; from a picture; into a mask: noise drawn in diffusers' order. */
static void test_pictures_in(void **state)
{
    (void)state;
    image_options o = base_options();
    o.noise = NULL;
    o.rng = "torch";
    check_against(&o, "torch", 40);
    o.steps = 10;
    o.init = GOLDEN "picture.png";
    o.strength = 0.6;
    check_against(&o, "img2img", 40);
    o.method = "euler";
    check_against(&o, "img2img_euler", 40);
    o.method = NULL;
    o.mask = GOLDEN "mask.png";
    o.strength = 0.8;
    check_against(&o, "inpaint", 40);
}

/* The same weights in CompVis' layout, with the folder's settings: the same pixels. */
static void test_single_file(void **state)
{
    (void)state;
    image_options o = base_options();
    o.exact = false;
    size_t size, single_size;
    status st = {0};
    char *folder = draw(&o, 2, &size);
    o.model = GOLDEN "pipe.safetensors";
    o.config = GOLDEN "pipe";
    char *single = draw(&o, 2, &single_size);
    picture *p = image_file_decode(folder, size, "folder", 3, &st), *q = image_file_decode(single, single_size, "single", 3, &st);
    assert_memory_equal(p->pixel, q->pixel, 16 * 16 * 3);
    picture_free(p);
    picture_free(q);
    alloc_free(folder);
    alloc_free(single);
}

/* A Turbo model's way: two steps, no guidance. */
static void test_few_steps(void **state)
{
    (void)state;
    image_options o = base_options();
    o.method = "euler_a";
    o.rng = "torch";
    o.steps = 2;
    o.guidance = 0;
    check_against(&o, "turbo", 40);
    o.exact = false;
    check_against(&o, "turbo", 30);
}

/* pipe with another scheduler, in a folder of its own; remove_model takes it away. */
static void make_model(char folder[], const char *scheduler)
{
    static const char *const PARTS[] = {"text_encoder", "tokenizer", "unet", "vae"};
    char from[512], to[512];
    assert_non_null(mkdtemp(folder));
    for (int i = 0; i < 4; i++) {
        snprintf(from, sizeof from, "%spipe/%s", GOLDEN, PARTS[i]);
        snprintf(to, sizeof to, "%s/%s", folder, PARTS[i]);
        assert_int_equal(symlink(from, to), 0);
    }
    snprintf(from, sizeof from, "%s%s", GOLDEN, scheduler);
    snprintf(to, sizeof to, "%s/scheduler", folder);
    assert_int_equal(symlink(from, to), 0);
}

static void remove_model(const char *folder)
{
    static const char *const PARTS[] = {"text_encoder", "tokenizer", "unet", "vae", "scheduler"};
    char path[512];
    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, PARTS[i]);
        unlink(path);
    }
    rmdir(folder);
}

/* Steps counted from the noisiest back, as Turbo's scheduler_config.json wants them. */
static void test_trailing(void **state)
{
    (void)state;
    char folder[] = "/tmp/aigc-trailing-XXXXXX";
    make_model(folder, "trailing");
    image_options o = base_options();
    o.model = folder;
    check_against(&o, "trailing_ddim", 40);
    o.method = "euler_a";
    o.rng = "torch";
    o.guidance = 0;
    o.steps = 1;
    check_against(&o, "trailing_euler_a_1", 40);
    o.steps = 4;
    check_against(&o, "trailing_euler_a_4", 40);
    o.exact = false;
    check_against(&o, "trailing_euler_a_4", 30);
    remove_model(folder);
}

/* What is asked of the words reaches the picture: an earlier layer's vectors; more chunks than one, weights, a shorter negative. */
static void test_words(void **state)
{
    (void)state;
    image_options o = base_options();
    o.clip_skip = 2;
    check_against(&o, "clip_skip", 40);
    o.clip_skip = 1;
    o.prompt = "the red apple and the blue house on the cat and the blue apple and ((the red house))";
    check_against(&o, "long_weighted", 40);
}

static void test_lora(void **state)
{
    (void)state;
    image_options o = base_options();
    o.lora = (option_list){{GOLDEN "lora_kohya.safetensors:0.7"}, 1};
    check_against(&o, "lora_kohya", 40);
    o.lora = (option_list){{GOLDEN "lora_peft.safetensors:0.7"}, 1};
    check_against(&o, "lora_peft", 40);
    o.lora = (option_list){{GOLDEN "lora_processor.safetensors:0.7"}, 1};
    check_against(&o, "lora_processor", 40);
    o.exact = false; /* merged in f32, packed as bf16 */
    check_against(&o, "lora_processor", 30);
    o.exact = true;
    o.lora = (option_list){{GOLDEN "lora_kohya.safetensors:0.7", GOLDEN "lora_kohya.safetensors:-0.7"}, 2}; /* there and back */
    check_against(&o, "ddim", 40);
}

static void test_threads(void **state)
{
    (void)state;
    image_options o = base_options();
    o.exact = false;
    o.noise = NULL;
    o.width = o.height = 40;
    size_t first_size, size;
    char *first = draw(&o, 1, &first_size);
    for (int threads = 2; threads <= 8; threads += 3) {
        char *data = draw(&o, threads, &size);
        assert_int_equal(size, first_size);
        assert_memory_equal(data, first, size);
        alloc_free(data);
    }
    alloc_free(first);
}

static void test_mask_keeps_pixels(void **state)
{
    (void)state;
    image_options o = base_options();
    o.init = GOLDEN "picture.png";
    o.mask = GOLDEN "mask.png";
    o.noise = NULL;
    size_t size;
    status st = {0};
    char *data = draw(&o, 2, &size);
    picture *p = image_file_decode(data, size, "drawn", 3, &st), *from = image_file_read(o.init, 3, &st), *mask = image_file_read(o.mask, 1, &st);
    int painted = 0;
    for (int i = 0; i < 16 * 16; i++) {
        if (!mask->pixel[i]) assert_memory_equal(p->pixel + 3 * i, from->pixel + 3 * i, 3);
        else painted += memcmp(p->pixel + 3 * i, from->pixel + 3 * i, 3) != 0;
    }
    assert_true(painted > 60);
    picture_free(p);
    picture_free(from);
    picture_free(mask);
    alloc_free(data);
}

/* From a picture of 32 × 32 drawn at half its sides and enlarged: what the mask keeps is the picture's own again. */
static void test_mask_keeps_pixels_enlarged(void **state)
{
    (void)state;
    image_options o = base_options();
    char path[] = "/tmp/aigc-mask-XXXXXX";
    close(mkstemp(path));
    status st = {0};
    picture *small = image_file_read(GOLDEN "picture.png", 3, &st), *from = picture_resize(small, 32, 32, PICTURE_LANCZOS, &st);
    file_output *f = file_create(path, &st);
    assert_true(image_file_write_png(file_stream(f), from, NULL, 0, &st) && file_commit(f, &st));
    o.init = path;
    o.mask = GOLDEN "mask.png";
    o.noise = NULL;
    o.width = o.height = 16;
    o.upscale = 2;
    o.upscale_given = true;
    size_t size;
    char *data = draw(&o, 2, &size);
    picture *p = image_file_decode(data, size, "drawn", 3, &st), *mask = image_file_read(o.mask, 1, &st);
    assert_true(p->width == 32 && p->height == 32);
    for (int y = 0; y < 32; y++)
        for (int x = 0; x < 32; x++)
            if (!mask->pixel[y / 2 * 16 + x / 2]) assert_memory_equal(p->pixel + 3 * (32 * y + x), from->pixel + 3 * (32 * y + x), 3);
    unlink(path);
    picture_free(small);
    picture_free(from);
    picture_free(p);
    picture_free(mask);
    alloc_free(data);
}

static void test_variation(void **state)
{
    (void)state;
    image_options o = base_options();
    o.noise = NULL;
    o.rng = "torch";
    o.variation_seed = 6;
    o.variation_strength = 0.3;
    check_against(&o, "variation", 40);
    o = base_options();
    o.noise = NULL;
    size_t size[3];
    char *plain = draw(&o, 2, &size[0]);
    o.variation_seed = 5; /* turned towards itself */
    o.variation_strength = 0.5;
    char *same = draw(&o, 2, &size[1]);
    o.variation_seed = 6;
    char *other = draw(&o, 2, &size[2]);
    status st = {0};
    picture *p = image_file_decode(plain, size[0], "plain", 3, &st), *q = image_file_decode(same, size[1], "same", 3, &st),
            *r = image_file_decode(other, size[2], "other", 3, &st);
    assert_memory_equal(p->pixel, q->pixel, 16 * 16 * 3);
    assert_memory_not_equal(p->pixel, r->pixel, 16 * 16 * 3);
    picture_free(p);
    picture_free(q);
    picture_free(r);
    alloc_free(plain);
    alloc_free(same);
    alloc_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods),
        cmocka_unit_test(test_pictures_in),
        cmocka_unit_test(test_single_file),
        cmocka_unit_test(test_few_steps),
        cmocka_unit_test(test_trailing),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_lora),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_mask_keeps_pixels),
        cmocka_unit_test(test_mask_keeps_pixels_enlarged),
        cmocka_unit_test(test_variation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
