/* unet_load: the network's weights by their diffusers names. */
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "image/unet_parts.h"

enum { NAME_SIZE = 160 };

typedef struct {
    layers l;
    unet *u;
    int64_t time_width; /* 4 C₀ */
} loader;

/* `n` zeroed structs in the parameters' memory; NULL after an error. */
static void *table(loader *b, int n, size_t size)
{
    if (!status_ok(b->l.st)) return NULL;
    void *p = arena_alloc(parameters_memory(b->l.from), (size_t)n * size, b->l.st);
    if (p) memset(p, 0, (size_t)n * size);
    return p;
}

static void load_resnet(loader *b, unet_resnet *w, int64_t in, int64_t out, const char *name)
{
    w->norm1 = layers_affine(&b->l, in, "%s.norm1", name);
    layers_conv(&b->l, &w->conv1, out, in, 1, conv2d_pad(1), true, "%s.conv1", name);
    layers_linear(&b->l, &w->time, out, b->time_width, true, "%s.time_emb_proj", name);
    w->norm2 = layers_affine(&b->l, out, "%s.norm2", name);
    layers_conv(&b->l, &w->conv2, out, out, 1, conv2d_pad(1), true, "%s.conv2", name);
    w->has_shortcut = in != out;
    if (w->has_shortcut) layers_linear(&b->l, &w->shortcut, out, in, true, "%s.conv_shortcut", name);
}

static void load_block(loader *b, unet_block *w, int64_t channels, const char *name)
{
    int64_t C = channels, E = b->u->config.context;
    w->norm1 = layers_affine(&b->l, C, "%s.norm1", name);
    w->norm2 = layers_affine(&b->l, C, "%s.norm2", name);
    w->norm3 = layers_affine(&b->l, C, "%s.norm3", name);
    layers_linear(&b->l, &w->self_q, C, C, false, "%s.attn1.to_q", name);
    layers_linear(&b->l, &w->self_k, C, C, false, "%s.attn1.to_k", name);
    layers_linear(&b->l, &w->self_v, C, C, false, "%s.attn1.to_v", name);
    layers_linear(&b->l, &w->self_out, C, C, true, "%s.attn1.to_out.0", name);
    layers_linear(&b->l, &w->cross_q, C, C, false, "%s.attn2.to_q", name);
    layers_linear(&b->l, &w->cross_k, C, E, false, "%s.attn2.to_k", name);
    layers_linear(&b->l, &w->cross_v, C, E, false, "%s.attn2.to_v", name);
    layers_linear(&b->l, &w->cross_out, C, C, true, "%s.attn2.to_out.0", name);
    layers_linear(&b->l, &w->ff_in, 8 * C, C, true, "%s.ff.net.0.proj", name);
    layers_linear(&b->l, &w->ff_out, C, 4 * C, true, "%s.ff.net.2", name);
    w->cross_index = b->u->cross_count;
    b->u->cross[b->u->cross_count++] = w;
}

static void load_transformer(loader *b, unet_transformer *w, const unet_level *level, const char *name)
{
    w->heads = level->heads;
    w->block_count = level->transformer_layers;
    w->norm = layers_affine(&b->l, level->channels, "%s.norm", name);
    layers_linear(&b->l, &w->proj_in, level->channels, level->channels, true, "%s.proj_in", name);
    w->block = table(b, w->block_count, sizeof *w->block);
    for (int i = 0; w->block && i < w->block_count; i++) {
        char block[NAME_SIZE];
        snprintf(block, sizeof block, "%s.transformer_blocks.%d", name, i);
        load_block(b, &w->block[i], level->channels, block);
    }
    layers_linear(&b->l, &w->proj_out, level->channels, level->channels, true, "%s.proj_out", name);
}

/* Room for the resnets, and the transformers if any, of one stage. */
static bool stage_room(loader *b, unet_stage *s, int count, bool attention)
{
    s->resnet = table(b, count, sizeof *s->resnet);
    s->transformer = attention ? table(b, count, sizeof *s->transformer) : NULL;
    s->count = s->resnet ? count : 0;
    return s->resnet && (s->transformer || !attention);
}

static void load_down(loader *b, int i)
{
    const unet_config *g = &b->u->config;
    const unet_level *level = &g->level[i];
    unet_stage *s = &b->u->down[i];
    char name[NAME_SIZE];
    if (!stage_room(b, s, level->layers, level->down_attention)) return;
    for (int k = 0; k < s->count; k++) {
        int64_t in = k ? level->channels : g->level[i ? i - 1 : 0].channels;
        snprintf(name, sizeof name, "down_blocks.%d.resnets.%d", i, k);
        load_resnet(b, &s->resnet[k], in, level->channels, name);
        snprintf(name, sizeof name, "down_blocks.%d.attentions.%d", i, k);
        if (s->transformer) load_transformer(b, &s->transformer[k], level, name);
    }
    s->has_resample = i + 1 < g->level_count;
    if (s->has_resample)
        layers_conv(&b->l, &s->resample, level->channels, level->channels, 2, conv2d_pad(1), true, "down_blocks.%d.downsamplers.0.conv", i);
}

static void load_up(loader *b, int i)
{
    const unet_config *g = &b->u->config;
    int at = g->level_count - 1 - i; /* this level, finest first */
    const unet_level *level = &g->level[at];
    int64_t coarser = g->level[i ? at + 1 : at].channels, finer = g->level[at ? at - 1 : 0].channels;
    unet_stage *s = &b->u->up[i];
    char name[NAME_SIZE];
    if (!stage_room(b, s, level->layers + 1, level->up_attention)) return;
    for (int k = 0; k < s->count; k++) {
        int64_t in = k ? level->channels : coarser, skip = k + 1 < s->count ? level->channels : finer;
        snprintf(name, sizeof name, "up_blocks.%d.resnets.%d", i, k);
        load_resnet(b, &s->resnet[k], in + skip, level->channels, name);
        snprintf(name, sizeof name, "up_blocks.%d.attentions.%d", i, k);
        if (s->transformer) load_transformer(b, &s->transformer[k], level, name);
    }
    s->has_resample = at > 0;
    if (s->has_resample)
        layers_conv(&b->l, &s->resample, level->channels, level->channels, 1, conv2d_pad(1), true, "up_blocks.%d.upsamplers.0.conv", i);
}

static int count_cross(const unet_config *g)
{
    const unet_level *last = &g->level[g->level_count - 1];
    int n = g->mid_resnets > 1 ? last->transformer_layers : 0;
    for (int i = 0; i < g->level_count; i++) {
        const unet_level *level = &g->level[i];
        n += level->transformer_layers * (level->down_attention * level->layers + level->up_attention * (level->layers + 1));
    }
    return n;
}

static void load_all(loader *b)
{
    unet *u = b->u;
    const unet_config *g = &u->config;
    const unet_level *first = &g->level[0], *last = &g->level[g->level_count - 1];
    u->cross = table(b, count_cross(g), sizeof *u->cross);
    if (!u->cross) return;
    layers_conv(&b->l, &u->conv_in, first->channels, g->in_channels, 1, conv2d_pad(1), true, "conv_in");
    layers_linear(&b->l, &u->time1, b->time_width, first->channels, true, "time_embedding.linear_1");
    layers_linear(&b->l, &u->time2, b->time_width, b->time_width, true, "time_embedding.linear_2");
    if (g->guidance_embedding)
        layers_linear(&b->l, &u->guidance, first->channels, g->guidance_embedding, false, "time_embedding.cond_proj");
    for (int i = 0; i < g->level_count; i++) load_down(b, i);
    if (g->mid_resnets > 0) load_resnet(b, &u->mid_resnet[0], last->channels, last->channels, "mid_block.resnets.0");
    if (g->mid_resnets > 1) {
        load_transformer(b, &u->mid_transformer, last, "mid_block.attentions.0");
        load_resnet(b, &u->mid_resnet[1], last->channels, last->channels, "mid_block.resnets.1");
    }
    for (int i = 0; i < g->level_count; i++) load_up(b, i);
    u->norm_out = layers_affine(&b->l, first->channels, "conv_norm_out");
    layers_conv(&b->l, &u->conv_out, g->out_channels, first->channels, 1, conv2d_pad(1), true, "conv_out");
}

static unet *load(const layers *l, const unet_config *config)
{
    unet *u = alloc_zeroed(1, sizeof *u, l->st);
    if (!u) return NULL;
    u->config = *config;
    u->feed = linear_feed(l->mode);
    loader b = {*l, u, 4 * config->level[0].channels};
    load_all(&b);
    return u;
}

unet *unet_new(parameters *p, const unet_config *config, linear_mode mode, pool *threads, status *st)
{
    unet *u = load(&(layers){.from = p, .mode = mode, .threads = threads, .st = st}, config);
    if (status_ok(st)) return u;
    unet_free(u);
    return NULL;
}

bool unet_check(parameters *p, const unet_config *config, status *st)
{
    size_t mark = arena_mark(parameters_memory(p));
    unet_free(load(&(layers){.from = p, .st = st, .check = true}, config));
    arena_reset(parameters_memory(p), mark);
    return status_ok(st);
}

static void free_resnet(unet_resnet *w)
{
    conv2d_free(&w->conv1);
    conv2d_free(&w->conv2);
    linear_free(&w->time);
    linear_free(&w->shortcut);
}

static void free_transformer(unet_transformer *w)
{
    linear_free(&w->proj_in);
    linear_free(&w->proj_out);
    for (int i = 0; w->block && i < w->block_count; i++) {
        unet_block *k = &w->block[i];
        linear *all[] = {&k->self_q,  &k->self_k,  &k->self_v,    &k->self_out, &k->cross_q,
                         &k->cross_k, &k->cross_v, &k->cross_out, &k->ff_in,    &k->ff_out};
        for (size_t j = 0; j < sizeof all / sizeof all[0]; j++) linear_free(all[j]);
    }
}

static void free_stage(unet_stage *s)
{
    for (int i = 0; i < s->count; i++) {
        free_resnet(&s->resnet[i]);
        if (s->transformer) free_transformer(&s->transformer[i]);
    }
    conv2d_free(&s->resample);
}

void unet_free(unet *u)
{
    if (!u) return;
    for (int i = 0; i < UNET_MAX_LEVELS; i++) {
        free_stage(&u->down[i]);
        free_stage(&u->up[i]);
    }
    free_resnet(&u->mid_resnet[0]);
    free_resnet(&u->mid_resnet[1]);
    free_transformer(&u->mid_transformer);
    linear_free(&u->time1);
    linear_free(&u->time2);
    linear_free(&u->guidance);
    conv2d_free(&u->conv_in);
    conv2d_free(&u->conv_out);
    alloc_free(u);
}

const unet_config *unet_config_of(const unet *u) { return &u->config; }
