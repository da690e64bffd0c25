/* The text encoder, the U-Net and both autoencoders compute what transformers and diffusers do (tests/golden/gen_image.py). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/weights.h"
#include "image/compvis.h"
#include "image/unet.h"
#include "image/vae.h"
#include "text/encoder_openclip.h"
#include "text/encoder_prompt.h"

#define GOLDEN SOURCE_DIR "/tests/golden/image/"

typedef struct {
    status st;
    arena *mem;
    pool *threads;
    op_ctx c;
    weights *expected;
} bench;

static int set_up(void **state)
{
    static bench b;
    b = (bench){0};
    b.mem = arena_new(&b.st);
    b.threads = pool_new(2, &b.st);
    b.c = (op_ctx){b.mem, b.threads, &b.st};
    b.expected = weights_open(GOLDEN "expected_networks.safetensors", &b.st);
    *state = &b;
    return b.expected ? 0 : -1;
}

static int tear_down(void **state)
{
    bench *b = *state;
    weights_close(b->expected);
    pool_free(b->threads);
    arena_free(b->mem);
    return 0;
}

static void check(bench *b)
{
    if (!status_ok(&b->st)) fail_msg("%s", b->st.msg);
}

static const tensor *golden(bench *b, const char *name)
{
    const tensor *x = weights_find(b->expected, name);
    if (!x) fail_msg("no golden tensor '%s'", name);
    return x;
}

/* [B, C, H, W] -> [B, H, W, C] */
static tensor *channels_last(bench *b, const tensor *x)
{
    int64_t B = x->dim[0], C = x->dim[1], P = x->dim[2] * x->dim[3];
    tensor *y = op_new(&b->c, SHAPE(B, x->dim[2], x->dim[3], C));
    for (int64_t n = 0; n < B; n++)
        for (int64_t i = 0; i < C; i++)
            for (int64_t p = 0; p < P; p++) tensor_f32(y)[(n * P + p) * C + i] = tensor_f32(x)[(n * C + i) * P + p];
    return y;
}

static void assert_near(bench *b, const tensor *found, const tensor *wanted, double limit, const char *what)
{
    check(b);
    if (wanted->rank == 4) wanted = channels_last(b, wanted);
    char s1[96], s2[96];
    if (!tensor_shape_is(found, wanted->rank, wanted->dim))
        fail_msg("%s: shape %s, %s wanted", what, tensor_shape_text(found, s1, sizeof s1), tensor_shape_text(wanted, s2, sizeof s2));
    double worst = 0;
    for (int64_t i = 0; i < tensor_count(found); i++) {
        double d = fabs((double)tensor_f32(found)[i] - (double)tensor_f32(wanted)[i]);
        if (!(d <= worst)) worst = d;
    }
    if (!(worst <= limit)) fail_msg("%s: off by %g, at most %g wanted", what, worst, limit);
}

static parameters *open_parameters(bench *b, const char *folder, weights **file)
{
    *file = weights_open(folder, &b->st);
    check(b);
    parameters *p = parameters_new(folder, &b->st);
    parameters_add_all(p, *file, &b->st);
    check(b);
    return p;
}

static void check_encoder(bench *b, const char *folder, const char *wanted, int64_t skip)
{
    weights *file;
    parameters *p = open_parameters(b, folder, &file);
    char path[512];
    snprintf(path, sizeof path, "%s/config.json", folder);
    encoder_config config;
    encoder_config_read(&config, path, &b->st);
    check(b);
    encoder *e = encoder_new(p, &config, LINEAR_EXACT, b->threads, &b->st);
    check(b);
    const tensor *ids = golden(b, "clip.ids");
    assert_near(b, encoder_forward(&b->c, e, ids->data, ids->dim[1], skip), golden(b, wanted), 1e-4, wanted);
    encoder_free(e);
    parameters_free(p);
    weights_close(file);
}

static void test_text_encoder(void **state)
{
    check_encoder(*state, GOLDEN "pipe/text_encoder", "clip.quick", 0);
    check_encoder(*state, GOLDEN "pipe/text_encoder", "clip.quick.skip1", 1);
    check_encoder(*state, GOLDEN "clip_gelu", "clip.gelu", 0);
}

static void check_prompt(bench *b, const encoder *e, const tokenizer *t, const char *text, const char *wanted)
{
    encoder_prompt_tokens tokens;
    encoder_prompt_tokenize(b->mem, &tokens, t, encoder_config_of(e)->positions, -1, text, &b->st);
    check(b);
    assert_near(b, encoder_prompt_encode(&b->c, e, &tokens, 1, 0), golden(b, wanted), 1e-4, wanted);
}

static void test_prompts(void **state)
{
    bench *b = *state;
    weights *file;
    parameters *p = open_parameters(b, GOLDEN "pipe/text_encoder", &file);
    encoder_config config;
    encoder_config_read(&config, GOLDEN "pipe/text_encoder/config.json", &b->st);
    encoder *e = encoder_new(p, &config, LINEAR_EXACT, b->threads, &b->st);
    tokenizer *t = tokenizer_open_folder(GOLDEN "pipe/tokenizer", &b->st);
    check(b);
    check_prompt(b, e, t, "the red apple", "prompt.plain");
    check_prompt(b, e, t, "the (red:1.3) (apple) and [blue]", "prompt.weighted");
    check_prompt(b, e, t, "the red apple and the blue house on the cat and the blue apple and ((the red house))", "prompt.long");
    encoder_prompt_tokens one;
    encoder_prompt_tokenize(b->mem, &one, t, 16, -1, "cat", &b->st);
    tensor *longer = encoder_prompt_encode(&b->c, e, &one, 3, 0); /* padded with empty chunks */
    check(b);
    assert_int_equal(longer->dim[1], 48);
    tokenizer_free(t);
    encoder_free(e);
    parameters_free(p);
    weights_close(file);
}

static void test_openclip(void **state)
{
    bench *b = *state;
    weights *file = weights_open(GOLDEN "openclip.safetensors", &b->st);
    check(b);
    parameters *p = parameters_new("openclip", &b->st);
    encoder_openclip_add(p, file, "cond_stage_model.model.", 0, &b->st);
    check(b);
    encoder_config config;
    assert_true(encoder_config_infer(&config, p, &b->st));
    assert_int_equal(config.layers, 2); /* of three: the last is not used */
    assert_int_equal(config.width, 24);
    config.heads = 3; /* tiny: not of 64 values */
    encoder *e = encoder_new(p, &config, LINEAR_EXACT, b->threads, &b->st);
    check(b);
    const tensor *ids = golden(b, "clip.ids");
    assert_near(b, encoder_forward(&b->c, e, ids->data, ids->dim[1], 0), golden(b, "clip.gelu"), 1e-4, "openclip");
    encoder_free(e);
    parameters_free(p);
    weights_close(file);
}

static void check_name(const unet_config *g, const char *name, const char *wanted)
{
    char found[128] = "";
    bool known = compvis_unet_name(g, name, found, sizeof found);
    if (known != (wanted != NULL) || (known && strcmp(found, wanted) != 0)) fail_msg("%s became '%s', '%s' wanted", name, found, wanted ? wanted : "nothing");
}

/* Stable Diffusion 1.5's own names. */
static void test_compvis_names(void **state)
{
    (void)state;
    unet_config g = {.level_count = 4};
    for (int i = 0; i < 4; i++) g.level[i] = (unet_level){.layers = 2, .down_attention = i < 3, .up_attention = i < 3};
    check_name(&g, "input_blocks.0.0.weight", "conv_in.weight");
    check_name(&g, "input_blocks.1.0.in_layers.2.bias", "down_blocks.0.resnets.0.conv1.bias");
    check_name(&g, "input_blocks.3.0.op.weight", "down_blocks.0.downsamplers.0.conv.weight");
    check_name(&g, "input_blocks.8.1.transformer_blocks.0.attn2.to_k.weight", "down_blocks.2.attentions.1.transformer_blocks.0.attn2.to_k.weight");
    check_name(&g, "input_blocks.11.0.emb_layers.1.bias", "down_blocks.3.resnets.1.time_emb_proj.bias");
    check_name(&g, "input_blocks.99.0.op.weight", NULL);
    check_name(&g, "middle_block.1.norm.weight", "mid_block.attentions.0.norm.weight");
    check_name(&g, "middle_block.7.norm.weight", NULL);
    check_name(&g, "output_blocks.2.1.conv.weight", "up_blocks.0.upsamplers.0.conv.weight");
    check_name(&g, "output_blocks.5.2.conv.weight", "up_blocks.1.upsamplers.0.conv.weight");
    check_name(&g, "output_blocks.11.1.proj_out.bias", "up_blocks.3.attentions.2.proj_out.bias");
    check_name(&g, "output_blocks.11.0.skip_connection.weight", "up_blocks.3.resnets.2.conv_shortcut.weight");
    check_name(&g, "output_blocks.12.0.skip_connection.weight", NULL);
    check_name(&g, "time_embed.2.weight", "time_embedding.linear_2.weight");
    check_name(&g, "out.2.bias", "conv_out.bias");
}

static void check_parts(arena *mem, const char *text, const char *wanted)
{
    status st = {0};
    char found[256] = "";
    int count;
    encoder_prompt_part *part = encoder_prompt_parse(mem, text, &count, &st);
    for (int i = 0; i < count; i++) {
        size_t used = strlen(found);
        snprintf(found + used, sizeof found - used, "%.*s=%.4g|", (int)part[i].size, part[i].text, (double)part[i].weight);
    }
    assert_string_equal(found, wanted);
}

static void test_prompt_notation(void **state)
{
    arena *mem = ((bench *)*state)->mem;
    check_parts(mem, "", "");
    check_parts(mem, "a cat", "a cat=1|");
    check_parts(mem, "a (cat)", "a =1|cat=1.1|");
    check_parts(mem, "((a)) [b]", "a=1.21| =1|b=0.9091|");
    check_parts(mem, "(a:1.5)b", "a=1.5|b=1|");
    check_parts(mem, "(a (b:2) c:0.5)", "a =0.5|b=1| c=0.5|");
    check_parts(mem, "\\(a\\) \\\\", "(a) \\=1|");
    check_parts(mem, "(a", "a=1.1|");
    check_parts(mem, "a) b]", "a) b]=1|");
    check_parts(mem, "(a:x) [b:1.2]", "a:x=1.1| =1|b:1.2=0.9091|");
    check_parts(mem, "time: 10:30", "time: 10:30=1|");
    check_parts(mem, "()[]((", "");
}

static void check_unet(bench *b, const char *folder, const char *name, linear_mode mode, double limit)
{
    weights *file;
    char path[512];
    snprintf(path, sizeof path, "%s/config.json", folder);
    parameters *p = open_parameters(b, folder, &file);
    unet_config config;
    unet_config_read(&config, path, &b->st);
    check(b);
    unet *u = unet_new(p, &config, mode, b->threads, &b->st);
    check(b);
    snprintf(path, sizeof path, "%s.text", name);
    unet_text *text = unet_text_new(&b->c, u, golden(b, path));
    snprintf(path, sizeof path, "%s.x", name);
    tensor *y = unet_forward(&b->c, u, channels_last(b, golden(b, path)), 481, text, 7.5f);
    snprintf(path, sizeof path, "%s.y", name);
    assert_near(b, y, golden(b, path), limit, path);
    unet_free(u);
    parameters_free(p);
    weights_close(file);
}

static void test_unet(void **state)
{
    check_unet(*state, GOLDEN "pipe/unet", "unet", LINEAR_EXACT, 1e-4);
    check_unet(*state, GOLDEN "unet_sd2", "unet_sd2", LINEAR_EXACT, 1e-4);
    check_unet(*state, GOLDEN "unet_lcm", "unet_lcm", LINEAR_EXACT, 1e-4);
}

static void test_unet_fast(void **state)
{
    check_unet(*state, GOLDEN "pipe/unet", "unet", LINEAR_FAST, 0.1);
    check_unet(*state, GOLDEN "unet_sd2", "unet_sd2", LINEAR_FAST, 0.1);
}

static void check_vae(bench *b, const char *folder, const char *name)
{
    weights *file;
    char path[512];
    snprintf(path, sizeof path, "%s/config.json", folder);
    parameters *p = open_parameters(b, folder, &file);
    vae_config config;
    vae_config_read(&config, path, &b->st);
    check(b);
    vae *v = vae_new(p, &config, VAE_DECODER | VAE_ENCODER, LINEAR_EXACT, b->threads, &b->st);
    check(b);
    const tensor *noise = config.kind == VAE_KL ? channels_last(b, golden(b, "kl.noise")) : NULL;
    const tensor *picture = channels_last(b, golden(b, "vae.picture")), *z = channels_last(b, golden(b, "vae.z"));
    snprintf(path, sizeof path, "%s.encode", name);
    assert_near(b, vae_encode(&b->c, v, picture, noise), golden(b, path), 1e-4, path);
    if (noise) assert_near(b, vae_encode(&b->c, v, picture, NULL), golden(b, "kl.mean"), 1e-4, "kl.mean");
    snprintf(path, sizeof path, "%s.decode", name);
    assert_near(b, vae_decode(&b->c, v, z), golden(b, path), 1e-4, path);
    tensor *tiled = vae_decode_tiled(&b->c, v, z, 4);
    check(b);
    if (config.kind == VAE_KL) assert_near(b, tiled, golden(b, "kl.tiled"), 1e-4, "kl.tiled");
    assert_int_equal(tiled->dim[1], z->dim[1] * config.factor);
    vae_free(v);
    parameters_free(p);
    weights_close(file);
}

static void test_autoencoders(void **state)
{
    check_vae(*state, GOLDEN "pipe/vae", "kl");
    check_vae(*state, GOLDEN "vae_tiny", "tiny");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_text_encoder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_prompt_notation, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_prompts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_openclip, set_up, tear_down),
        cmocka_unit_test(test_compvis_names),
        cmocka_unit_test_setup_teardown(test_unet, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unet_fast, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_autoencoders, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
