#include "image/compvis.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char UNET[] = "model.diffusion_model.", VAE[] = "first_stage_model.";
enum { NAME_SIZE = 256 };

/* ---- names ---- */

/* A name's beginning in one layout and in the other; a list ends with NULL. */
typedef struct {
    const char *from, *to;
} beginning;

/* prefix + name with its beginning changed by the list; false when it does not fit. Names not listed stay. */
static bool write_name(char *out, size_t size, const char *prefix, const char *name, const beginning *list)
{
    for (; list->from; list++) {
        size_t n = strlen(list->from);
        if (strncmp(name, list->from, n) == 0 && (name[n] == '.' || !name[n]))
            return (size_t)snprintf(out, size, "%s%s%s", prefix, list->to, name + n) < size;
    }
    return (size_t)snprintf(out, size, "%s%s", prefix, name) < size;
}

static const beginning SAME[] = {{0}};
static const beginning RESNET[] = {{"in_layers.0", "norm1"},  {"in_layers.2", "conv1"},  {"emb_layers.1", "time_emb_proj"},
                                   {"out_layers.0", "norm2"}, {"out_layers.3", "conv2"}, {"skip_connection", "conv_shortcut"}, {0}};
static const beginning DOWNSAMPLER[] = {{"op", "conv"}, {0}};

/* input_blocks.n.m: conv_in, then for each level its layers and a downsampling. */
static bool input_name(const unet_config *g, int n, int m, const char *rest, char *out, size_t size)
{
    char prefix[64];
    if (n == 0) return m == 0 && write_name(out, size, "conv_in.", rest, SAME);
    n--;
    for (int i = 0; i < g->level_count; i++) {
        if (n < g->level[i].layers) {
            snprintf(prefix, sizeof prefix, "down_blocks.%d.%s.%d.", i, m ? "attentions" : "resnets", n);
            return m <= 1 && write_name(out, size, prefix, rest, m ? SAME : RESNET);
        }
        n -= g->level[i].layers;
        snprintf(prefix, sizeof prefix, "down_blocks.%d.downsamplers.0.", i);
        if (n == 0) return m == 0 && write_name(out, size, prefix, rest, DOWNSAMPLER);
        n--;
    }
    return false;
}

/* output_blocks.n.m: for each level, coarsest first, its layers; the last of them also upsamples. */
static bool output_name(const unet_config *g, int n, int m, const char *rest, char *out, size_t size)
{
    char prefix[64];
    for (int i = 0; i < g->level_count; i++) {
        const unet_level *level = &g->level[g->level_count - 1 - i];
        if (n > level->layers) {
            n -= level->layers + 1;
            continue;
        }
        const char *part = m == 0 ? "resnets" : m == 1 && level->up_attention ? "attentions" : "upsamplers";
        snprintf(prefix, sizeof prefix, "up_blocks.%d.%s.%d.", i, part, part[0] == 'u' ? 0 : n);
        return m <= 2 && write_name(out, size, prefix, rest, m ? SAME : RESNET);
    }
    return false;
}

bool compvis_unet_name(const unet_config *g, const char *name, char *out, size_t size)
{
    static const beginning TOP[] = {{"time_embed.0", "time_embedding.linear_1"}, {"time_embed.2", "time_embedding.linear_2"},
                                    {"time_embed.cond_proj", "time_embedding.cond_proj"}, {"out.0", "conv_norm_out"}, {"out.2", "conv_out"}, {0}};
    int n = 0, m = 0, at = 0;
    if (sscanf(name, "input_blocks.%3d.%3d.%n", &n, &m, &at) == 2 && at) return n >= 0 && m >= 0 && input_name(g, n, m, name + at, out, size);
    if (sscanf(name, "output_blocks.%3d.%3d.%n", &n, &m, &at) == 2 && at) return n >= 0 && m >= 0 && output_name(g, n, m, name + at, out, size);
    if (sscanf(name, "middle_block.%3d.%n", &n, &at) == 1 && at) {
        static const char *const MIDDLE[] = {"mid_block.resnets.0.", "mid_block.attentions.0.", "mid_block.resnets.1."};
        return n >= 0 && n < 3 && write_name(out, size, MIDDLE[n], name + at, n == 1 ? SAME : RESNET);
    }
    return write_name(out, size, "", name, TOP);
}

bool compvis_vae_name(const vae_config *g, const char *name, char *out, size_t size)
{
    static const beginning SHORTCUT[] = {{"nin_shortcut", "conv_shortcut"}, {0}};
    static const beginning ATTENTION[] = {{"norm", "group_norm"}, {"q", "to_q"}, {"k", "to_k"}, {"v", "to_v"}, {"proj_out", "to_out.0"}, {0}};
    static const beginning TOP[] = {{"encoder.norm_out", "encoder.conv_norm_out"}, {"decoder.norm_out", "decoder.conv_norm_out"}, {0}};
    char half[8], prefix[80];
    int i = 0, k = 0, at = 0;
    if (sscanf(name, "%7[a-z].mid.block_%2d.%n", half, &k, &at) == 2 && at) {
        snprintf(prefix, sizeof prefix, "%s.mid_block.resnets.%d.", half, k - 1);
        return write_name(out, size, prefix, name + at, SHORTCUT);
    }
    if (sscanf(name, "%7[a-z].mid.attn_1.%n", half, &at) == 1 && at) {
        snprintf(prefix, sizeof prefix, "%s.mid_block.attentions.0.", half);
        return write_name(out, size, prefix, name + at, ATTENTION);
    }
    if (sscanf(name, "encoder.down.%2d.block.%2d.%n", &i, &k, &at) == 2 && at) {
        snprintf(prefix, sizeof prefix, "encoder.down_blocks.%d.resnets.%d.", i, k);
        return write_name(out, size, prefix, name + at, SHORTCUT);
    }
    if (sscanf(name, "decoder.up.%2d.block.%2d.%n", &i, &k, &at) == 2 && at) { /* up is counted from the finest level */
        snprintf(prefix, sizeof prefix, "decoder.up_blocks.%d.resnets.%d.", g->level_count - 1 - i, k);
        return write_name(out, size, prefix, name + at, SHORTCUT);
    }
    if (sscanf(name, "encoder.down.%2d.downsample.%n", &i, &at) == 1 && at) {
        snprintf(prefix, sizeof prefix, "encoder.down_blocks.%d.downsamplers.0.", i);
        return write_name(out, size, prefix, name + at, SAME);
    }
    if (sscanf(name, "decoder.up.%2d.upsample.%n", &i, &at) == 1 && at) {
        snprintf(prefix, sizeof prefix, "decoder.up_blocks.%d.upsamplers.0.", g->level_count - 1 - i);
        return write_name(out, size, prefix, name + at, SAME);
    }
    return write_name(out, size, "", name, TOP);
}

bool compvis_add_unet(parameters *p, const weights *w, const unet_config *config, status *st)
{
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        char renamed[NAME_SIZE];
        const tensor *x = weights_at(w, i, &name);
        if (strncmp(name, UNET, strlen(UNET)) == 0 && compvis_unet_name(config, name + strlen(UNET), renamed, sizeof renamed) &&
            !parameters_add(p, renamed, x, w, st))
            return false;
    }
    return true;
}

bool compvis_add_vae(parameters *p, const weights *w, const vae_config *config, status *st)
{
    for (int64_t i = 0; i < weights_count(w); i++) {
        const char *name;
        char renamed[NAME_SIZE];
        const tensor *x = weights_at(w, i, &name);
        if (strncmp(name, VAE, strlen(VAE)) == 0 && compvis_vae_name(config, name + strlen(VAE), renamed, sizeof renamed) &&
            !parameters_add(p, renamed, x, w, st))
            return false;
    }
    return true;
}

/* ---- sizes ---- */

bool compvis_is(const weights *w) { return weights_find(w, "model.diffusion_model.input_blocks.0.0.weight") != NULL; }

/* The tensor prefix + the printf form; NULL when it is not there. */
__attribute__((format(printf, 3, 4))) static const tensor *look(const weights *w, const char *prefix, const char *format, ...)
{
    char name[NAME_SIZE];
    int n = snprintf(name, sizeof name, "%s", prefix);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name + n, sizeof name - (size_t)n, format, arguments);
    va_end(arguments);
    return weights_find(w, name);
}

/* One dimension of a tensor that may be absent or of another rank: 0 then. */
static int64_t dim_of(const tensor *x, int i) { return x && i < x->rank ? x->dim[i] : 0; }

/* The transformer at input_blocks.n.1, if there is one: its depth, and what it shows of the text's width. */
static void read_transformer(const weights *w, unet_config *g, unet_level *level, int n)
{
    const tensor *proj = look(w, UNET, "input_blocks.%d.1.proj_in.weight", n);
    if (!proj) return;
    level->down_attention = level->up_attention = true;
    g->linear_projection = proj->rank == 2;
    g->context = dim_of(look(w, UNET, "input_blocks.%d.1.transformer_blocks.0.attn2.to_k.weight", n), 1);
    level->transformer_layers = 0;
    while (level->transformer_layers < 64 && look(w, UNET, "input_blocks.%d.1.transformer_blocks.%d.norm1.weight", n, level->transformer_layers))
        level->transformer_layers++;
}

bool compvis_unet_config(unet_config *g, const weights *w, status *st)
{
    *g = (unet_config){.in_channels = dim_of(look(w, UNET, "input_blocks.0.0.weight"), 1), .out_channels = dim_of(look(w, UNET, "out.2.weight"), 0),
                       .norm_groups = 32, .norm_eps = 1e-5f, .flip_sin_to_cos = true, .sample_size = 64,
                       .guidance_embedding = dim_of(look(w, UNET, "time_embed.cond_proj.weight"), 1),
                       .mid_resnets = look(w, UNET, "middle_block.2.in_layers.0.weight") ? 2 : look(w, UNET, "middle_block.0.in_layers.0.weight") ? 1 : 0};
    bool sound = true;
    g->level_count = 1;
    for (int n = 1; sound; n++) {
        unet_level *level = &g->level[g->level_count - 1];
        const tensor *conv = look(w, UNET, "input_blocks.%d.0.out_layers.3.weight", n);
        if (conv && level->layers < UNET_MAX_LAYERS) {
            level->channels = dim_of(conv, 0);
            level->layers++;
            level->transformer_layers = level->transformer_layers ? level->transformer_layers : 1;
            read_transformer(w, g, level, n);
        } else if (look(w, UNET, "input_blocks.%d.0.op.weight", n) && g->level_count < UNET_MAX_LEVELS) g->level_count++;
        else break;
    }
    for (int i = 0; i < g->level_count; i++) {
        unet_level *level = &g->level[i];
        level->heads = (int)(g->context == 768 || level->channels % 64 ? 8 : level->channels / 64);
        sound = sound && level->layers > 0 && level->channels > 0 && level->channels % g->norm_groups == 0 && level->channels % level->heads == 0 &&
                level->transformer_layers > 0;
    }
    if (sound && g->in_channels > 0 && g->out_channels > 0 && g->context > 0 && g->in_channels <= 64 && g->out_channels <= 64) return true;
    return status_set(st, STATUS_INPUT, "%s: the sizes of its U-Net are not those of a Stable Diffusion; name a folder with its settings (--config)", weights_path(w));
}

bool compvis_vae_config(vae_config *g, const weights *w, status *st)
{
    *g = (vae_config){.kind = VAE_KL, .latent_channels = dim_of(look(w, VAE, "decoder.conv_in.weight"), 1), .scaling_factor = 0.18215f,
                      .norm_groups = 32, .mid_attention = look(w, VAE, "decoder.mid.attn_1.q.weight") != NULL,
                      .quant_conv = look(w, VAE, "quant_conv.weight") != NULL, .post_quant_conv = look(w, VAE, "post_quant_conv.weight") != NULL};
    bool sound = g->latent_channels > 0 && g->latent_channels <= 64;
    const tensor *conv;
    while (g->level_count < VAE_MAX_LEVELS && (conv = look(w, VAE, "decoder.up.%d.block.0.conv2.weight", g->level_count))) {
        g->channels[g->level_count] = dim_of(conv, 0);
        sound = sound && g->channels[g->level_count] > 0 && g->channels[g->level_count] % g->norm_groups == 0;
        g->level_count++;
    }
    while (g->layers_per_block < 8 && look(w, VAE, "decoder.up.0.block.%d.conv1.weight", g->layers_per_block + 1)) g->layers_per_block++;
    g->factor = 1 << (g->level_count ? g->level_count - 1 : 0);
    if (sound && g->level_count && g->layers_per_block) return true;
    return status_set(st, STATUS_INPUT, "%s: no autoencoder of a Stable Diffusion found in it; name another (--vae)", weights_path(w));
}
