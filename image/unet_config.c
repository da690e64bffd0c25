/* unet_config: config.json of a UNet2DConditionModel, with every quirk that files in use have. */
#include <string.h>

#include "core/config.h"
#include "image/unet.h"

/* Keys that name a part this program does not have, unless they are absent, null or hold the harmless value. */
static void refuse_unknown_parts(config_file *json)
{
    static const char *const ABSENT[] = {"addition_embed_type", "class_embed_type", "encoder_hid_dim", "encoder_hid_dim_type",
                                         "num_class_embeds", "time_embedding_act_fn", "time_embedding_dim", "timestep_post_act",
                                         "cross_attention_norm", "reverse_transformer_layers_per_block", "num_attention_heads"};
    static const char *const FALSE[] = {"dual_cross_attention", "class_embeddings_concat", "resnet_skip_time_act",
                                        "center_input_sample", "mid_block_only_cross_attention"};
    static const struct {
        const char *key, *value;
    } FIXED[] = {{"resnet_time_scale_shift", "default"}, {"attention_type", "default"}, {"time_embedding_type", "positional"}};
    for (size_t i = 0; i < sizeof ABSENT / sizeof ABSENT[0]; i++)
        if (config_has(json, ABSENT[i])) config_refuse(json, ABSENT[i], "a value", "null");
    for (size_t i = 0; i < sizeof FALSE / sizeof FALSE[0]; i++)
        if (config_bool(json, FALSE[i], false)) config_refuse(json, FALSE[i], "true", "false");
    for (size_t i = 0; i < sizeof FIXED / sizeof FIXED[0]; i++) {
        const char *found = config_string(json, FIXED[i].key, FIXED[i].value);
        if (strcmp(found, FIXED[i].value) != 0) config_refuse(json, FIXED[i].key, found, FIXED[i].value);
    }
    const char *act = config_string(json, "act_fn", "silu");
    if (strcmp(act, "silu") != 0 && strcmp(act, "swish") != 0) config_refuse(json, "act_fn", act, "silu");
    config_int(json, "conv_in_kernel", 3, 3, 3);
    config_int(json, "conv_out_kernel", 3, 3, 3);
    config_int(json, "downsample_padding", 1, 1, 1);
    config_real(json, "mid_block_scale_factor", 1, 1, 1);
    config_real(json, "resnet_out_scale_factor", 1, 1, 1);
}

/* A value for each level, from a list as long as the levels or from one number. */
static void per_level(config_file *json, const char *key, int levels, int64_t fallback, int64_t max, int64_t *values)
{
    int n = config_ints(json, key, values, levels, 1, max);
    if (n > 1 && n != levels) config_refuse(json, key, "a list of another length", "one value for each block");
    for (int i = n; i < levels; i++) values[i] = n ? values[0] : fallback;
}

/* Sets .down_attention or .up_attention from the names of the blocks; the way up is listed coarsest first. */
static void read_block_types(config_file *json, unet_config *g, const char *key, const char *plain, const char *cross, bool up)
{
    const char *name[UNET_MAX_LEVELS];
    int n = config_strings(json, key, name, UNET_MAX_LEVELS);
    if (!n) { /* the defaults of the class: all with attention but the coarsest */
        for (int i = 0; i < g->level_count; i++) *(up ? &g->level[i].up_attention : &g->level[i].down_attention) = i < g->level_count - 1;
        return;
    }
    if (n != g->level_count) config_refuse(json, key, "a list of another length", "one name for each of block_out_channels");
    for (int i = 0; i < n && i < g->level_count; i++) {
        unet_level *level = &g->level[up ? g->level_count - 1 - i : i];
        bool has_attention = strcmp(name[i], cross) == 0;
        if (!has_attention && strcmp(name[i], plain) != 0) config_refuse(json, key, name[i], cross);
        *(up ? &level->up_attention : &level->down_attention) = has_attention;
    }
}

static void read_levels(config_file *json, unet_config *g)
{
    int64_t channels[UNET_MAX_LEVELS] = {320, 640, 1280, 1280}, heads[UNET_MAX_LEVELS], layer_count[UNET_MAX_LEVELS], depth[UNET_MAX_LEVELS];
    int n = config_ints(json, "block_out_channels", channels, UNET_MAX_LEVELS, 1, 65536);
    g->level_count = n ? n : 4;
    /* The key says dimension and means the number of heads: diffusers kept the old name (its issue 2011). */
    per_level(json, "attention_head_dim", g->level_count, 8, 65536, heads);
    per_level(json, "layers_per_block", g->level_count, 2, UNET_MAX_LAYERS, layer_count);
    per_level(json, "transformer_layers_per_block", g->level_count, 1, 64, depth);
    for (int i = 0; i < g->level_count; i++) {
        g->level[i].channels = channels[i];
        g->level[i].heads = (int)heads[i];
        g->level[i].layers = (int)layer_count[i];
        g->level[i].transformer_layers = (int)depth[i];
        if (channels[i] % g->norm_groups) config_refuse(json, "norm_num_groups", "a number", "a divisor of each of block_out_channels");
        if (channels[i] % heads[i]) config_refuse(json, "attention_head_dim", "a number", "a divisor of each of block_out_channels");
    }
    read_block_types(json, g, "down_block_types", "DownBlock2D", "CrossAttnDownBlock2D", false);
    read_block_types(json, g, "up_block_types", "UpBlock2D", "CrossAttnUpBlock2D", true);
    const char *mid = config_string(json, "mid_block_type", "UNetMidBlock2DCrossAttn");
    if (config_is_null(json, "mid_block_type")) g->mid_resnets = 0;
    else if (strcmp(mid, "UNetMidBlock2DCrossAttn") == 0) g->mid_resnets = 2;
    else if (strcmp(mid, "UNetMidBlock2D") == 0) g->mid_resnets = 1;
    else config_refuse(json, "mid_block_type", mid, "UNetMidBlock2DCrossAttn");
}

bool unet_config_read(unet_config *g, const char *path, status *st)
{
    config_file *json = config_open(path, st);
    if (!json) return false;
    *g = (unet_config){
        .in_channels = config_int(json, "in_channels", 4, 1, 64),
        .out_channels = config_int(json, "out_channels", 4, 1, 64),
        .context = config_int(json, "cross_attention_dim", 1280, 1, 65536),
        .norm_groups = (int)config_int(json, "norm_num_groups", 32, 1, 65536),
        .norm_eps = (float)config_real(json, "norm_eps", 1e-5, 0, 1),
        .linear_projection = config_bool(json, "use_linear_projection", false),
        .flip_sin_to_cos = config_bool(json, "flip_sin_to_cos", true),
        .freq_shift = (float)config_real(json, "freq_shift", 0, 0, 1),
        .guidance_embedding = config_int(json, "time_cond_proj_dim", 0, 2, 65536),
        .sample_size = config_int(json, "sample_size", 64, 1, 65536),
    };
    read_levels(json, g);
    refuse_unknown_parts(json);
    config_close(json);
    return status_ok(st);
}
