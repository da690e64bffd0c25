#include "image/picture.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

picture *picture_new(int64_t width, int64_t height, int channels, status *st)
{
    size_t size;
    if (width < 1 || height < 1 || __builtin_mul_overflow((size_t)width, (size_t)height, &size)) {
        status_set(st, STATUS_FAIL, "a picture of %lld by %lld pixels cannot be made", (long long)width, (long long)height);
        return NULL;
    }
    picture *p = alloc_zeroed(1, sizeof *p, st);
    if (!p) return NULL;
    *p = (picture){width, height, channels, alloc_zeroed(size, (size_t)channels, st)};
    if (p->pixel) return p;
    picture_free(p);
    return NULL;
}

void picture_free(picture *p)
{
    if (!p) return;
    alloc_free(p->pixel);
    alloc_free(p);
}

static size_t byte_count(const picture *p) { return (size_t)p->width * (size_t)p->height * (size_t)p->channels; }

picture *picture_copy(const picture *p, status *st)
{
    picture *copy = picture_new(p->width, p->height, p->channels, st);
    if (copy) memcpy(copy->pixel, p->pixel, byte_count(p));
    return copy;
}

static double sinc(double x) { return x == 0 ? 1 : sin(M_PI * x) / (M_PI * x); }

static double lanczos(double x) { return fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0; }

static double mitchell(double x)
{
    x = fabs(x);
    if (x < 1) return (7 * x * x * x - 12 * x * x + 16.0 / 3) / 6;
    if (x < 2) return (-7.0 / 3 * x * x * x + 12 * x * x - 20 * x + 32.0 / 3) / 6;
    return 0;
}

static double nearest(double x) { return x >= -0.5 && x < 0.5 ? 1 : 0; }

/* What one output sample is made of: `count` input samples from `from` on, with their weights. */
typedef struct {
    int64_t from, count;
    float *weight;
} taps;

/* The taps of all outputs, in one block; freed with alloc_free. */
static taps *find_taps(int64_t in, int64_t out, picture_filter filter, status *st)
{
    double (*kernel)(double) = filter == PICTURE_LANCZOS ? lanczos : filter == PICTURE_MITCHELL ? mitchell : nearest;
    double scale = (double)in / (double)out, stretch = scale > 1 && filter != PICTURE_NEAREST ? scale : 1;
    double support = (filter == PICTURE_LANCZOS ? 3 : filter == PICTURE_MITCHELL ? 2 : 0.5) * stretch;
    size_t room = (size_t)ceil(support) * 2 + 2;
    taps *all = alloc_array((size_t)out, sizeof(taps) + room * sizeof(float), st);
    if (!all) return NULL;
    float *weight = (float *)(all + out);
    for (int64_t i = 0; i < out; i++, weight += room) {
        double center = ((double)i + 0.5) * scale, sum = 0;
        int64_t from = (int64_t)floor(center - support), to = (int64_t)ceil(center + support);
        if (from < 0) from = 0;
        if (to > in) to = in;
        if (to - from > (int64_t)room) to = from + (int64_t)room;
        for (int64_t k = from; k < to; k++) sum += kernel(((double)k + 0.5 - center) / stretch);
        for (int64_t k = from; k < to; k++) weight[k - from] = (float)(kernel(((double)k + 0.5 - center) / stretch) / sum);
        all[i] = (taps){from, to - from, weight};
    }
    return all;
}

static uint8_t to_byte(float x) { return (uint8_t)(x < 0 ? 0 : x > 255 ? 255 : lrintf(x)); }

/* First along rows into floats, then along columns. */
static bool resample(picture *to, const picture *from, const taps *across, const taps *down, status *st)
{
    size_t stride = (size_t)to->width * (size_t)to->channels;
    float *wide = alloc_array((size_t)from->height, stride * sizeof(float), st); /* [from's height, to's width, C] */
    float *line = alloc_array(stride, sizeof(float), st);
    int C = from->channels;
    for (int64_t y = 0; wide && line && y < from->height; y++)
        for (int64_t x = 0; x < to->width; x++)
            for (int i = 0; i < C; i++) {
                const uint8_t *source = from->pixel + (y * from->width + across[x].from) * C + i;
                float sum = 0;
                for (int64_t k = 0; k < across[x].count; k++) sum += across[x].weight[k] * (float)source[k * C];
                wide[(size_t)y * stride + (size_t)(x * C + i)] = sum;
            }
    for (int64_t y = 0; wide && line && y < to->height; y++) {
        memset(line, 0, stride * sizeof(float));
        for (int64_t k = 0; k < down[y].count; k++)
            for (size_t i = 0; i < stride; i++) line[i] += down[y].weight[k] * wide[(size_t)(down[y].from + k) * stride + i];
        for (size_t i = 0; i < stride; i++) to->pixel[(size_t)y * stride + i] = to_byte(line[i]);
    }
    bool ok = wide && line;
    alloc_free(wide);
    alloc_free(line);
    return ok;
}

picture *picture_resize(const picture *p, int64_t width, int64_t height, picture_filter filter, status *st)
{
    picture *to = picture_new(width, height, p->channels, st);
    taps *across = to ? find_taps(p->width, width, filter, st) : NULL;
    taps *down = across ? find_taps(p->height, height, filter, st) : NULL;
    bool ok = down && resample(to, p, across, down, st);
    alloc_free(across);
    alloc_free(down);
    if (ok) return to;
    picture_free(to);
    return NULL;
}

/* The mean colour of p's outermost pixels. */
static void edge_colour(const picture *p, double mean[4])
{
    int64_t count = 0;
    for (int i = 0; i < 4; i++) mean[i] = 0;
    for (int64_t y = 0; y < p->height; y++) {
        bool whole = y == 0 || y == p->height - 1;
        for (int64_t x = 0; x < p->width; x += whole || p->width == 1 ? 1 : p->width - 1, count++)
            for (int i = 0; i < p->channels; i++) mean[i] += p->pixel[(y * p->width + x) * p->channels + i];
    }
    for (int i = 0; i < p->channels; i++) mean[i] /= (double)count;
}

static int64_t clamp(int64_t x, int64_t most) { return x < 0 ? 0 : x > most ? most : x; }

picture *picture_widen(const picture *p, int64_t width, int64_t height, status *st)
{
    picture *to = picture_new(width, height, p->channels, st);
    double mean[4], reach = (double)(p->width < p->height ? p->width : p->height) / 4;
    if (!to) return NULL;
    edge_colour(p, mean);
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) {
            int64_t px = x - (width - p->width) / 2, py = y - (height - p->height) / 2;
            int64_t ex = clamp(px, p->width - 1), ey = clamp(py, p->height - 1);
            double share = hypot((double)(px - ex), (double)(py - ey)) / reach; /* of the mean */
            for (int i = 0; i < p->channels; i++) {
                double own = p->pixel[(ey * p->width + ex) * p->channels + i];
                to->pixel[(y * width + x) * p->channels + i] = to_byte((float)(own + (mean[i] - own) * (share < 1 ? share : 1)));
            }
        }
    return to;
}

tensor *picture_to_tensor(op_ctx *c, const picture *p)
{
    tensor *x = p ? op_new(c, SHAPE(1, p->height, p->width, p->channels)) : NULL;
    for (size_t i = 0, n = x ? byte_count(p) : 0; i < n; i++) tensor_f32(x)[i] = (float)p->pixel[i] / 255 * 2 - 1;
    return x;
}

picture *picture_from_tensor(const tensor *x, status *st)
{
    picture *p = x ? picture_new(x->dim[2], x->dim[1], (int)x->dim[3], st) : NULL;
    for (size_t i = 0, n = p ? byte_count(p) : 0; i < n; i++) {
        float v = (tensor_f32(x)[i] / 2 + 0.5f) * 255;
        p->pixel[i] = v == v ? to_byte(v) : 0;
    }
    return p;
}

bool picture_keep_unmasked(picture *to, const picture *from, const picture *mask, status *st)
{
    if (to->width != from->width || to->height != from->height || mask->width != to->width || mask->height != to->height ||
        to->channels != from->channels || mask->channels != 1)
        return status_set(st, STATUS_FAIL, "the picture, its source and its mask differ in size");
    int C = to->channels;
    for (int64_t i = 0, n = to->width * to->height; i < n * C; i++) {
        int share = mask->pixel[i / C];
        to->pixel[i] = (uint8_t)((to->pixel[i] * share + from->pixel[i] * (255 - share) + 127) / 255);
    }
    return true;
}

void picture_paste(picture *to, const picture *from, int64_t left, int64_t top)
{
    int64_t first = left < 0 ? -left : 0, end = from->width < to->width - left ? from->width : to->width - left;
    for (int64_t y = top < 0 ? -top : 0; y < from->height && y + top < to->height && first < end; y++)
        memcpy(to->pixel + ((y + top) * to->width + left + first) * to->channels,
               from->pixel + (y * from->width + first) * from->channels, (size_t)((end - first) * to->channels));
}
