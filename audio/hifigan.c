#include "audio/hifigan.h"

#include <string.h>

#include "core/kernel/kernel.h"
#include "core/kernel/kernel_wave.h"

enum { STRETCH_BYTES = 512 * 1024 }; /* of one activation of a stretch: a few of them fit the L2 cache */
static const float LAST_SLOPE = 0.01f;

/* ---- loading ---- */
static bool has_conv(loader *l, const char *prefix)
{
    size_t mark = arena_mark(l->mem);
    loader_weight found;
    bool there = loader_find_weight(l, prefix, &found);
    arena_reset(l->mem, mark);
    return there;
}

static int64_t taps_of(loader *l, const char *prefix)
{
    size_t mark = arena_mark(l->mem);
    loader_weight found;
    int64_t taps = loader_find_weight(l, prefix, &found) ? found.dim[2] : 1;
    arena_reset(l->mem, mark);
    return taps;
}

/* The dilation of step i where no node says it: as published for V1 and V2 (type 1) and V3 (type 2). */
static int64_t dilation_of(const hifigan_config *config, int kind, int i, bool two)
{
    static const int64_t first[] = {1, 3, 5}, second[][2] = {{1, 2}, {2, 6}, {3, 12}};
    if (config->dilation[kind][i]) return config->dilation[kind][i];
    if (two) return i < 3 ? first[i] : 1;
    return kind < 3 && i < 2 ? second[kind][i] : 1;
}

static bool load_block(loader *l, hifigan_block *b, const char *prefix, int kind, int64_t width, const hifigan_config *config)
{
    b->two = has_conv(l, loader_format("%s.convs1.0", prefix).text);
    const char *list = b->two ? "convs1" : "convs";
    for (int i = 0; i < HIFIGAN_DEPTH; i++) {
        loader_name name = loader_format("%s.%s.%d", prefix, list, i);
        if (!has_conv(l, name.text)) break;
        int64_t dilation = dilation_of(config, kind, i, b->two);
        conv1d_options o = {.dilation = dilation, .pad = (taps_of(l, name.text) - 1) / 2 * dilation};
        b->depth = i + 1;
        if (!loader_conv(l, &b->a[i], name.text, width, width, o)) return false;
        if (!b->two) continue;
        name = loader_format("%s.convs2.%d", prefix, i);
        if (!loader_conv(l, &b->b[i], name.text, width, width, (conv1d_options){.pad = (taps_of(l, name.text) - 1) / 2})) return false;
    }
    return b->depth > 0 || status_set(l->st, STATUS_INPUT, "%s: no convolution of the residual block '%s'", weights_path(l->file), prefix);
}

static bool load_scale(loader *l, hifigan *w, const char *prefix, int i, int64_t in, const hifigan_config *config)
{
    loader_name name = loader_format("%sups.%d", prefix, i);
    int64_t taps = taps_of(l, name.text), stride = config->rate[i] ? config->rate[i] : taps / 2;
    conv1d_options o = {.stride = stride, .pad = taps > stride ? (taps - stride) / 2 : 0, .transposed = true};
    if (stride < 1 || !loader_conv(l, &w->up[i], name.text, -1, in, o))
        return status_set(l->st, STATUS_INPUT, "%s: '%s' does not enlarge its input", weights_path(l->file), name.text);
    for (int k = 0; k < w->kinds; k++)
        if (!load_block(l, &w->block[i][k], loader_format("%sresblocks.%d", prefix, i * w->kinds + k).text, k, w->up[i].out, config)) return false;
    return true;
}

static bool has_block(loader *l, const char *prefix, int i)
{
    return has_conv(l, loader_format("%sresblocks.%d.convs.0", prefix, i).text) ||
           has_conv(l, loader_format("%sresblocks.%d.convs1.0", prefix, i).text);
}

bool hifigan_load(loader *l, hifigan *w, const char *prefix, const hifigan_config *config)
{
    w->slope = 0.1f;
    loader_name pre = loader_format("%sconv_pre", prefix), post = loader_format("%sconv_post", prefix);
    if (!loader_conv(l, &w->pre, pre.text, -1, -1, (conv1d_options){.pad = (taps_of(l, pre.text) - 1) / 2})) return false;
    int scales = 0, blocks = 0;
    while (scales <= HIFIGAN_SCALES && has_conv(l, loader_format("%sups.%d", prefix, scales).text)) scales++;
    while (blocks <= HIFIGAN_SCALES * HIFIGAN_KINDS && has_block(l, prefix, blocks)) blocks++;
    if (scales < 1 || scales > HIFIGAN_SCALES || blocks % scales || blocks / scales < 1 || blocks / scales > HIFIGAN_KINDS)
        return status_set(l->st, STATUS_INPUT, "%s: %d scales and %d residual blocks are no HiFi-GAN", weights_path(l->file), scales, blocks);
    w->kinds = blocks / scales;
    for (int64_t width = w->pre.out; w->scales < scales; width = w->up[w->scales++].out)
        if (!load_scale(l, w, prefix, w->scales, width, config)) return false;
    int64_t last = w->up[scales - 1].out;
    loader_name cond = loader_format("%scond", prefix);
    w->has_cond = has_conv(l, cond.text);
    if (w->has_cond && !loader_conv(l, &w->cond, cond.text, w->pre.out, -1, (conv1d_options){0})) return false;
    return loader_conv(l, &w->post, post.text, 1, last, (conv1d_options){.pad = (taps_of(l, post.text) - 1) / 2});
}

void hifigan_free(hifigan *w)
{
    conv1d_free(&w->pre);
    conv1d_free(&w->post);
    conv1d_free(&w->cond);
    for (int i = 0; i < HIFIGAN_SCALES; i++) {
        conv1d_free(&w->up[i]);
        for (int k = 0; k < HIFIGAN_KINDS; k++)
            for (int d = 0; d < HIFIGAN_DEPTH; d++) {
                conv1d_free(&w->block[i][k].a[d]);
                conv1d_free(&w->block[i][k].b[d]);
            }
    }
}

int64_t hifigan_hop(const hifigan *w)
{
    int64_t hop = 1;
    for (int i = 0; i < w->scales; i++) hop *= w->up[i].o.stride;
    return hop;
}

/* ---- running ---- */

/* Steps that a convolution sees beyond its output, on one side. */
static int64_t reach(const conv1d *w) { return (w->taps - 1) * w->o.dilation; }

static int64_t block_reach(const hifigan_block *b)
{
    int64_t sum = 0;
    for (int i = 0; i < b->depth; i++) sum += reach(&b->a[i]) + (b->two ? reach(&b->b[i]) : 0);
    return sum;
}

static int64_t scale_reach(const hifigan *w, int i)
{
    int64_t most = 0;
    for (int k = 0; k < w->kinds; k++) {
        int64_t r = block_reach(&w->block[i][k]);
        if (r > most) most = r;
    }
    return most;
}

static tensor *run_block(op_ctx *c, const hifigan *w, const hifigan_block *b, const tensor *x)
{
    tensor *h = (tensor *)(uintptr_t)x;
    for (int i = 0; i < b->depth; i++) {
        conv1d_extra step = {.leaky = true, .slope = w->slope, .add = b->two ? NULL : h};
        tensor *y = op_conv1d(c, h, &b->a[i], &step);
        if (b->two) y = op_conv1d(c, y, &b->b[i], &(conv1d_extra){.leaky = true, .slope = w->slope, .add = h});
        h = y;
    }
    return h;
}

/* The sum of the blocks; the division by their number is left to the next convolution. */
static tensor *run_blocks(op_ctx *c, const hifigan *w, int scale, const tensor *x)
{
    tensor *sum = run_block(c, w, &w->block[scale][0], x);
    for (int k = 1; k < w->kinds; k++) {
        size_t mark = arena_mark(c->mem);
        tensor *h = run_block(c, w, &w->block[scale][k], x);
        if (h) kernel_get()->add(sum->data, sum->data, h->data, tensor_count(sum));
        arena_reset(c->mem, mark);
    }
    return sum;
}

/* Rows from … to of x, in place. */
static tensor rows_of(const tensor *x, int64_t from, int64_t to)
{
    return (tensor){.type = DTYPE_F32, .rank = 2, .dim = {to - from, x->dim[1]}, .data = tensor_f32(x) + from * x->dim[1]};
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* All stretches of one scale: u [T, C] -> [T, C], or for the last scale, with post and tanh, [T, 1]. */
static tensor *run_scale(op_ctx *c, const hifigan *w, int scale, const tensor *u)
{
    if (op_failed(c)) return NULL;
    bool last = scale == w->scales - 1;
    int64_t steps = u->dim[0], width = last ? 1 : u->dim[1], around = scale_reach(w, scale) + (last ? reach(&w->post) : 0);
    int64_t stretch = STRETCH_BYTES / (u->dim[1] * (int64_t)sizeof(float));
    tensor *y = op_new(c, SHAPE(steps, width));
    for (int64_t from = 0; y && from < steps; from += stretch) {
        size_t mark = arena_mark(c->mem);
        int64_t to = least(from + stretch, steps), first = from > around ? from - around : 0;
        tensor part = rows_of(u, first, least(to + around, steps));
        tensor *h = run_blocks(c, w, scale, &part);
        if (last) h = op_conv1d(c, h, &w->post, &(conv1d_extra){.leaky = true, .slope = LAST_SLOPE, .scale = 1.0f / (float)w->kinds});
        if (!h) return NULL;
        memcpy(tensor_f32(y) + from * width, tensor_f32(h) + (from - first) * width, (size_t)((to - from) * width) * sizeof(float));
        arena_reset(c->mem, mark);
    }
    if (y && last) kernel_wave_get()->tanh(y->data, y->data, tensor_count(y));
    return y;
}

tensor *hifigan_run(op_ctx *c, const hifigan *w, const tensor *x, const tensor *g)
{
    tensor *h = op_conv1d(c, x, &w->pre, NULL); /* [F, C] */
    if (h && g && w->has_cond) h = op_add_row(c, h, tensor_f32(op_conv1d(c, g, &w->cond, NULL)));
    for (int i = 0; i < w->scales; i++) {
        conv1d_extra up = {.leaky = true, .slope = w->slope, .scale = i > 0 ? 1.0f / (float)w->kinds : 1.0f};
        h = run_scale(c, w, i, op_conv1d(c, h, &w->up[i], &up)); /* [F · rates, C / 2] */
    }
    if (op_failed(c)) return NULL;
    return tensor_reshape(c->mem, c->st, h, SHAPE(tensor_count(h)));
}
