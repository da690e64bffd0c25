/* vae: the config, the choice between the two kinds, scaling, and decoding in tiles. */
#include "image/vae.h"

#include <string.h>

#include "core/alloc.h"
#include "core/config.h"
#include "image/vae_parts.h"

static void read_kl(config_file *json, vae_config *g)
{
    int64_t channels[VAE_MAX_LEVELS] = {64};
    int n = config_ints(json, "block_out_channels", channels, VAE_MAX_LEVELS, 1, 65536);
    g->level_count = n ? n : 1;
    memcpy(g->channels, channels, sizeof channels);
    g->layers_per_block = (int)config_int(json, "layers_per_block", 1, 1, 8);
    g->norm_groups = (int)config_int(json, "norm_num_groups", 32, 1, 65536);
    g->quant_conv = config_bool(json, "use_quant_conv", true);
    g->post_quant_conv = config_bool(json, "use_post_quant_conv", true);
    g->mid_attention = config_bool(json, "mid_block_add_attention", true);
    for (int i = 0; i < g->level_count; i++)
        if (channels[i] % g->norm_groups) config_refuse(json, "norm_num_groups", "a number", "a divisor of each of block_out_channels");
    const char *name[VAE_MAX_LEVELS];
    for (int i = config_strings(json, "down_block_types", name, VAE_MAX_LEVELS) - 1; i >= 0; i--)
        if (strcmp(name[i], "DownEncoderBlock2D") != 0) config_refuse(json, "down_block_types", name[i], "DownEncoderBlock2D");
    for (int i = config_strings(json, "up_block_types", name, VAE_MAX_LEVELS) - 1; i >= 0; i--)
        if (strcmp(name[i], "UpDecoderBlock2D") != 0) config_refuse(json, "up_block_types", name[i], "UpDecoderBlock2D");
    const char *act = config_string(json, "act_fn", "silu");
    if (strcmp(act, "silu") != 0) config_refuse(json, "act_fn", act, "silu");
}

/* As many values as there are levels, or the fallback in each place. */
static void tiny_list(config_file *json, const char *key, int levels, int64_t fallback, int64_t max, int64_t *values)
{
    int n = config_ints(json, key, values, levels, 1, max);
    if (n && n != levels) config_refuse(json, key, "a list of another length", "one value for each level");
    for (int i = n; i < levels; i++) values[i] = fallback;
}

static void read_tiny(config_file *json, vae_config *g)
{
    static const int64_t ENCODER_BLOCKS[] = {1, 3, 3, 3}, DECODER_BLOCKS[] = {3, 3, 3, 1};
    int64_t encoder[VAE_MAX_LEVELS] = {0}, decoder[VAE_MAX_LEVELS] = {0};
    int n = config_ints(json, "num_decoder_blocks", decoder, VAE_MAX_LEVELS, 1, 64);
    g->level_count = n ? n : 4;
    tiny_list(json, "num_encoder_blocks", g->level_count, 0, 64, encoder);
    for (int i = 0; i < g->level_count; i++) {
        g->decoder_blocks[i] = (int)(n ? decoder[i] : DECODER_BLOCKS[i]);
        g->encoder_blocks[i] = (int)(encoder[i] ? encoder[i] : ENCODER_BLOCKS[i % 4]);
    }
    tiny_list(json, "encoder_block_out_channels", g->level_count, 64, 4096, g->encoder_channels);
    tiny_list(json, "decoder_block_out_channels", g->level_count, 64, 4096, g->channels);
    for (int i = 1; i < g->level_count; i++)
        if (g->channels[i] != g->channels[0] || g->encoder_channels[i] != g->encoder_channels[0])
            config_refuse(json, "block_out_channels", "different values", "the same at each level");
    config_int(json, "upsampling_scaling_factor", 2, 2, 2);
    const char *act = config_string(json, "act_fn", "relu"), *up = config_string(json, "upsample_fn", "nearest");
    if (strcmp(act, "relu") != 0) config_refuse(json, "act_fn", act, "relu");
    if (strcmp(up, "nearest") != 0) config_refuse(json, "upsample_fn", up, "nearest");
}

bool vae_config_read(vae_config *g, const char *path, status *st)
{
    config_file *json = config_open(path, st);
    if (!json) return false;
    const char *class = config_string(json, "_class_name", "AutoencoderKL");
    *g = (vae_config){.kind = strcmp(class, "AutoencoderTiny") == 0 ? VAE_TINY : VAE_KL};
    if (g->kind == VAE_KL && strcmp(class, "AutoencoderKL") != 0)
        config_refuse(json, "_class_name", class, "AutoencoderKL or AutoencoderTiny");
    g->latent_channels = config_int(json, "latent_channels", 4, 1, 64);
    g->scaling_factor = (float)config_real(json, "scaling_factor", g->kind == VAE_KL ? 0.18215 : 1, 1e-6, 1e6);
    g->shift_factor = (float)config_real(json, "shift_factor", 0, -1e6, 1e6);
    config_int(json, "in_channels", 3, 3, 3);
    config_int(json, "out_channels", 3, 3, 3);
    if (g->kind == VAE_KL) read_kl(json, g);
    else read_tiny(json, g);
    g->factor = 1 << (g->level_count - 1);
    config_close(json);
    return status_ok(st);
}

static bool has_encoder(const parameters *p, const vae_config *config)
{
    return config->kind == VAE_KL ? vae_kl_has_encoder(p) : vae_tiny_has_encoder(p);
}

static vae *load(layers *l, const vae_config *config, unsigned halves)
{
    vae *v = alloc_zeroed(1, sizeof *v, l->st);
    if (!v) return NULL;
    v->config = *config;
    if (config->kind == VAE_KL) v->kl = vae_kl_new(l, config, halves);
    else v->tiny = vae_tiny_new(l, config, halves);
    return v;
}

vae *vae_new(parameters *p, const vae_config *config, unsigned halves, linear_mode mode, pool *threads, status *st)
{
    if ((halves & VAE_ENCODER) && !has_encoder(p, config)) {
        status_set(st, STATUS_INPUT, "%s: this model's autoencoder has no encoder: pictures cannot go in", parameters_source(p));
        return NULL;
    }
    vae *v = load(&(layers){.from = p, .mode = mode, .threads = threads, .st = st}, config, halves);
    if (status_ok(st)) return v;
    vae_free(v);
    return NULL;
}

bool vae_check(parameters *p, const vae_config *config, status *st)
{
    size_t mark = arena_mark(parameters_memory(p));
    vae_free(load(&(layers){.from = p, .st = st, .check = true}, config, VAE_DECODER | (has_encoder(p, config) ? VAE_ENCODER : 0)));
    arena_reset(parameters_memory(p), mark);
    return status_ok(st);
}

void vae_free(vae *v)
{
    if (!v) return;
    vae_kl_free(v->kl);
    vae_tiny_free(v->tiny);
    alloc_free(v);
}

const vae_config *vae_config_of(const vae *v) { return &v->config; }

tensor *vae_decode(op_ctx *c, const vae *v, const tensor *z)
{
    tensor *x = op_scale(c, z, 1 / v->config.scaling_factor);
    for (int64_t i = 0; x && v->config.shift_factor != 0 && i < tensor_count(x); i++) tensor_f32(x)[i] += v->config.shift_factor;
    return v->kl ? vae_kl_decode(c, v->kl, x) : vae_tiny_decode(c, v->tiny, x);
}

tensor *vae_encode(op_ctx *c, const vae *v, const tensor *x, const tensor *noise)
{
    tensor *z = v->kl ? vae_kl_encode(c, v->kl, x, noise) : vae_tiny_encode(c, v->tiny, x);
    for (int64_t i = 0; z && i < tensor_count(z); i++)
        tensor_f32(z)[i] = (tensor_f32(z)[i] - v->config.shift_factor) * v->config.scaling_factor;
    return z;
}

/* x[0, top … top + h, left … left + w, :] */
static tensor *cut(op_ctx *c, const tensor *x, int64_t top, int64_t left, int64_t h, int64_t w)
{
    int64_t C = x->dim[3];
    tensor *y = op_new(c, SHAPE(1, h, w, C));
    for (int64_t r = 0; y && r < h; r++)
        memcpy(tensor_f32(y) + r * w * C, tensor_f32(x) + ((top + r) * x->dim[2] + left) * C, (size_t)(w * C) * sizeof(float));
    return y;
}

/* Adds a tile to the picture: over its first `overlap` rows (columns) its share rises from 0 to 1, unless they are the
 * picture's edge, while that of what lies there falls. */
static void blend(tensor *picture, const tensor *tile, int64_t top, int64_t left, int64_t overlap)
{
    int64_t W = picture->dim[2], w = tile->dim[2], C = tile->dim[3];
    for (int64_t y = 0; y < tile->dim[1]; y++)
        for (int64_t x = 0; x < w; x++) {
            float share = top && y < overlap ? (float)y / (float)overlap : 1;
            if (left && x < overlap) share *= (float)x / (float)overlap;
            float *to = tensor_f32(picture) + ((top + y) * W + left + x) * C;
            const float *from = tensor_f32(tile) + (y * w + x) * C;
            for (int64_t i = 0; i < C; i++) to[i] = share < 1 ? share * from[i] + (1 - share) * to[i] : from[i];
        }
}

tensor *vae_decode_tiled(op_ctx *c, const vae *v, const tensor *z, int64_t tile)
{
    if (!z || op_failed(c)) return NULL;
    int64_t h = z->dim[1], w = z->dim[2], factor = v->config.factor, step = tile - tile / 4;
    if (h <= tile && w <= tile) return vae_decode(c, v, z);
    tensor *picture = op_new(c, SHAPE(1, h * factor, w * factor, 3));
    if (!picture) return NULL;
    size_t mark = arena_mark(c->mem);
    for (int64_t top = 0;; top += step) { /* a line of tiles, then the line under the one above: where four tiles meet, all share */
        int64_t rows = h - top < tile ? h - top : tile;
        tensor *line = op_new(c, SHAPE(1, rows * factor, w * factor, 3));
        size_t part_mark = arena_mark(c->mem);
        for (int64_t left = 0; line; left += step) {
            tensor *part = vae_decode(c, v, cut(c, z, top, left, rows, w - left < tile ? w - left : tile));
            if (!part) return NULL;
            blend(line, part, 0, left * factor, tile / 4 * factor);
            arena_reset(c->mem, part_mark);
            if (left + tile >= w) break;
        }
        if (!line) return NULL;
        blend(picture, line, top * factor, 0, tile / 4 * factor);
        arena_reset(c->mem, mark);
        if (top + tile >= h) break;
    }
    return picture;
}
