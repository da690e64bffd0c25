#include "audio/oov.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "audio/unicode.h"
#include "core/alloc.h"
#include "core/json.h"
#include "core/weights.h"

enum { HEADS = 4, MOST_LAYERS = 12, MOST_SYMBOLS = 2048, LONGEST_SYMBOL = 8, MOST_WIDTH = 4096 };
static const float NORM_EPSILON = 1e-5f;

/* y = x W + b; W: [in, out], float or int8. */
typedef struct {
    int64_t in, out;
    const float *weight;     /* NULL when quantised */
    const int8_t *quantised; /* W = scale · (quantised − zero) */
    float scale;
    int zero;
    const float *bias; /* [out] */
} product;

typedef struct {
    const float *norm1_weight, *norm1_bias, *norm2_weight, *norm2_bias;
    product qkv, merge, up, down;
} layer;

struct oov {
    weights *file;
    arena *mem; /* converted weights */
    int64_t width, symbols, slots, longest;
    const float *embedding; /* [inputs + 1, C], row 0 for padding */
    const float *position;  /* [longest, C] */
    const float *norm_weight, *norm_bias;
    int layers;
    layer block[MOST_LAYERS];
    product head; /* C → slots × (symbols + 1) */
    uint32_t input[MOST_SYMBOLS];
    size_t inputs;
    char output[MOST_SYMBOLS][LONGEST_SYMBOL];
};

/* ---- opening ---- */

static const float *need_f32(oov *o, const char *name, int rank, const int64_t *dim, status *st)
{
    const tensor *x = weights_need(o->file, st, name, rank, dim);
    return x ? weights_f32(o->mem, x, st) : NULL;
}

/* The exporter dropped the names of the weights of matrix products, but their order is that of the network. */
static const tensor *next_product(const oov *o, int64_t *at, const char **name)
{
    for (; *at < weights_count(o->file); (*at)++) {
        const tensor *x = weights_at(o->file, *at, name);
        size_t n = strlen(*name);
        bool quantised = n > 10 && strcmp(*name + n - 10, "_quantized") == 0;
        if (strncmp(*name, "onnx::MatMul_", 13) != 0 || x->rank != 2) continue;
        if (x->type != DTYPE_F32 && !(quantised && x->type == DTYPE_I8)) continue;
        (*at)++;
        return x;
    }
    return NULL;
}

static bool read_quantisation(oov *o, product *w, const char *name, status *st)
{
    char other[96];
    snprintf(other, sizeof other, "%.*s_scale", (int)(strlen(name) - 10) & 63, name);
    const tensor *scale = weights_find(o->file, other);
    snprintf(other, sizeof other, "%.*s_zero_point", (int)(strlen(name) - 10) & 63, name);
    const tensor *zero = weights_find(o->file, other);
    if (!scale || tensor_count(scale) != 1 || scale->type != DTYPE_F32 || !zero || tensor_count(zero) != 1 ||
        zero->type != DTYPE_I8)
        return status_set(st, STATUS_INPUT, "%s: '%s' has no scale or zero point", weights_path(o->file), name);
    memcpy(&w->scale, scale->data, sizeof w->scale);
    w->zero = *(const int8_t *)zero->data;
    return true;
}

static bool read_product(oov *o, product *w, int64_t *at, int64_t in, int64_t out, const char *bias, status *st)
{
    const char *name = "";
    const tensor *x = next_product(o, at, &name);
    if (!x || x->dim[0] != in || x->dim[1] != out)
        return status_set(st, STATUS_INPUT, "%s: a matrix of %lld by %lld was expected, found %s",
                          weights_path(o->file), (long long)in, (long long)out, x ? name : "none");
    *w = (product){.in = in, .out = out, .bias = need_f32(o, bias, 1, (int64_t[]){out}, st)};
    if (x->type == DTYPE_I8) {
        w->quantised = x->data;
        read_quantisation(o, w, name, st);
    } else {
        w->weight = weights_f32(o->mem, x, st);
    }
    return status_ok(st);
}

static bool read_layer(oov *o, int i, int64_t *at, status *st)
{
    layer *b = &o->block[i];
    int64_t C = o->width, wide;
    char name[96];
    const float **norm[] = {&b->norm1_weight, &b->norm1_bias, &b->norm2_weight, &b->norm2_bias};
    static const char *const part[] = {"norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"};
    for (int n = 0; n < 4; n++) {
        snprintf(name, sizeof name, "m.layers.%d.%s", i, part[n]);
        *norm[n] = need_f32(o, name, 1, (int64_t[]){C}, st);
    }
    snprintf(name, sizeof name, "m.layers.%d.linear1.bias", i);
    const tensor *bias = weights_need(o->file, st, name, 1, (int64_t[]){-1});
    if (!bias) return false;
    wide = bias->dim[0];
    if (wide < 1 || wide > MOST_WIDTH)
        return status_set(st, STATUS_INPUT, "%s: a layer of width %lld", weights_path(o->file), (long long)wide);
    char qkv[96], merge[96], down[96];
    snprintf(qkv, sizeof qkv, "m.layers.%d.self_attn.in_proj_bias", i);
    snprintf(merge, sizeof merge, "m.layers.%d.self_attn.out_proj.bias", i);
    snprintf(down, sizeof down, "m.layers.%d.linear2.bias", i);
    return read_product(o, &b->qkv, at, C, 3 * C, qkv, st) && read_product(o, &b->merge, at, C, C, merge, st) &&
           read_product(o, &b->up, at, C, wide, name, st) && read_product(o, &b->down, at, wide, C, down, st);
}

static bool read_network(oov *o, status *st)
{
    const tensor *embedding = weights_need(o->file, st, "m.emb.weight", 2, (int64_t[]){-1, -1});
    if (!embedding) return false;
    o->width = embedding->dim[1];
    if (embedding->dim[0] != (int64_t)o->inputs + 1 || o->width < HEADS || o->width % HEADS != 0 ||
        o->width > MOST_WIDTH)
        return status_set(st, STATUS_INPUT, "%s: %lld embeddings of width %lld for an alphabet of %zu characters",
                          weights_path(o->file), (long long)embedding->dim[0], (long long)o->width, o->inputs);
    o->embedding = weights_f32(o->mem, embedding, st);
    o->position = need_f32(o, "m.pos", 2, (int64_t[]){o->longest, o->width}, st);
    o->norm_weight = need_f32(o, "m.norm.weight", 1, (int64_t[]){o->width}, st);
    o->norm_bias = need_f32(o, "m.norm.bias", 1, (int64_t[]){o->width}, st);
    int64_t at = 0;
    char name[64];
    for (; o->layers < MOST_LAYERS && status_ok(st); o->layers++) {
        snprintf(name, sizeof name, "m.layers.%d.norm1.weight", o->layers);
        if (!weights_find(o->file, name)) break;
        if (!read_layer(o, o->layers, &at, st)) return false;
    }
    return status_ok(st) && read_product(o, &o->head, &at, o->width, o->slots * (o->symbols + 1), "m.head.bias", st);
}

static bool read_alphabets(oov *o, const char *path, status *st)
{
    json_error_t error;
    json_t *root = json_parse_file(path, 0, &error);
    if (!root) return status_set(st, STATUS_INPUT, "%s: line %d: %s", path, error.line, error.text);
    json_t *in = json_object_get(root, "in"), *out = json_object_get(root, "out");
    o->inputs = json_array_size(in);
    o->symbols = (int64_t)json_array_size(out);
    o->slots = json_integer_value(json_object_get(root, "slots"));
    o->longest = json_integer_value(json_object_get(root, "maxlen"));
    bool sound = o->inputs > 0 && o->inputs <= MOST_SYMBOLS && o->symbols > 0 && o->symbols <= MOST_SYMBOLS &&
                 o->slots > 0 && o->slots <= 16 && o->longest > 0 && o->longest <= 1024;
    for (size_t i = 0; sound && i < o->inputs; i++) {
        const char *s = json_string_value(json_array_get(in, i));
        sound = s && s[0] && unicode_decode(s, strlen(s), &o->input[i]) == strlen(s);
    }
    for (size_t i = 0; sound && i < (size_t)o->symbols; i++) {
        const char *s = json_string_value(json_array_get(out, i));
        sound = s && strlen(s) < LONGEST_SYMBOL;
        if (sound) memcpy(o->output[i], s, strlen(s) + 1);
    }
    json_decref(root);
    return sound || status_set(st, STATUS_INPUT,
                               "%s: 'in', 'out' (lists of characters), 'slots' and 'maxlen' were expected", path);
}

oov *oov_open(const char *path, status *st)
{
    oov *o = alloc_zeroed(1, sizeof *o, st);
    size_t size = strlen(path);
    char *alphabets = o ? alloc_array(size + 6, 1, st) : NULL;
    if (alphabets) {
        bool onnx = size > 5 && strcmp(path + size - 5, ".onnx") == 0;
        snprintf(alphabets, size + 6, "%.*s.json", (int)(onnx ? size - 5 : size), path);
        if (read_alphabets(o, alphabets, st)) o->file = weights_open(path, st);
        if (o->file) o->mem = arena_new(st);
        if (o->mem) read_network(o, st);
    }
    alloc_free(alphabets);
    if (status_ok(st)) return o;
    oov_close(o);
    return NULL;
}

void oov_close(oov *o)
{
    if (!o) return;
    arena_free(o->mem);
    weights_close(o->file);
    alloc_free(o);
}

/* ---- the forward pass; T rows throughout ---- */

static void add_products(const product *w, const float *x, float *y, int64_t T)
{
    for (int64_t t = 0; t < T; t++) {
        float *row = y + t * w->out;
        memcpy(row, w->bias, (size_t)w->out * sizeof *row);
        for (int64_t i = 0; i < w->in; i++) {
            float value = x[t * w->in + i];
            const float *weight = w->weight + i * w->out;
            for (int64_t o = 0; o < w->out; o++) row[o] += value * weight[o];
        }
    }
}

/* DynamicQuantizeLinear: one scale and zero point for all of x, in 8 unsigned bits. q receives the values less the
 * zero. */
static float quantise(const float *x, int32_t *q, int64_t n)
{
    float low = 0, high = 0;
    for (int64_t i = 0; i < n; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    float scale = (high - low) / 255;
    if (!(scale > 0)) scale = 1;
    float zero = nearbyintf(-low / scale);
    for (int64_t i = 0; i < n; i++) {
        float v = nearbyintf(x[i] / scale) + zero;
        v = v < 0 ? 0 : v > 255 ? 255 : v;
        q[i] = (int32_t)(v - zero);
    }
    return scale;
}

static void add_int8_products(const product *w, const float *x, float *y, int64_t T, int32_t *q, int32_t *sum)
{
    float scale = quantise(x, q, T * w->in) * w->scale;
    for (int64_t t = 0; t < T; t++) {
        memset(sum, 0, (size_t)w->out * sizeof *sum);
        for (int64_t i = 0; i < w->in; i++) {
            int32_t value = q[t * w->in + i];
            const int8_t *weight = w->quantised + i * w->out;
            for (int64_t o = 0; o < w->out; o++) sum[o] += value * (weight[o] - w->zero);
        }
        for (int64_t o = 0; o < w->out; o++) y[t * w->out + o] = (float)sum[o] * scale + w->bias[o];
    }
}

/* x: [T, in] → [T, out] in mem; NULL when memory is out. */
static float *apply(const product *w, const float *x, int64_t T, arena *mem, status *st)
{
    if (!x) return NULL;
    float *y = arena_alloc(mem, (size_t)(T * w->out) * sizeof *y, st);
    if (y && w->weight) add_products(w, x, y, T);
    if (y && !w->weight) {
        int32_t *q = arena_alloc(mem, (size_t)(T * w->in) * sizeof *q, st);
        int32_t *sum = arena_alloc(mem, (size_t)w->out * sizeof *sum, st);
        if (!q || !sum) return NULL;
        add_int8_products(w, x, y, T, q, sum);
    }
    return y;
}

static float *normalise(const float *x, const float *weight, const float *bias, int64_t T, int64_t C, arena *mem,
                        status *st)
{
    float *y = x ? arena_alloc(mem, (size_t)(T * C) * sizeof *y, st) : NULL;
    for (int64_t t = 0; y && t < T; t++) {
        const float *row = x + t * C;
        double mean = 0, variance = 0;
        for (int64_t i = 0; i < C; i++) mean += row[i];
        mean /= (double)C;
        for (int64_t i = 0; i < C; i++) variance += (row[i] - mean) * (row[i] - mean);
        float scale = 1 / sqrtf((float)(variance / (double)C) + NORM_EPSILON);
        for (int64_t i = 0; i < C; i++) y[t * C + i] = (row[i] - (float)mean) * scale * weight[i] + bias[i];
    }
    return y;
}

/* One head's softmax(q kᵀ / √D) v for the query row q, with keys and values strided through qkv. */
static void attend(const float *qkv, float *out, float *score, int64_t t, int64_t head, int64_t T, int64_t C)
{
    int64_t D = C / HEADS;
    const float *q = qkv + t * 3 * C + head * D;
    float most = -INFINITY, total = 0, scale = 1 / sqrtf((float)D);
    for (int64_t j = 0; j < T; j++) {
        const float *k = qkv + j * 3 * C + C + head * D;
        float s = 0;
        for (int64_t d = 0; d < D; d++) s += q[d] * k[d];
        score[j] = s * scale;
        most = score[j] > most ? score[j] : most;
    }
    for (int64_t j = 0; j < T; j++) total += score[j] = expf(score[j] - most);
    float *y = out + t * C + head * D;
    memset(y, 0, (size_t)D * sizeof *y);
    for (int64_t j = 0; j < T; j++) {
        const float *v = qkv + j * 3 * C + 2 * C + head * D;
        for (int64_t d = 0; d < D; d++) y[d] += score[j] / total * v[d];
    }
}

static void add_to(float *x, const float *y, int64_t n)
{
    for (int64_t i = 0; y && i < n; i++) x[i] += y[i];
}

static bool run_layer(const layer *b, float *x, int64_t T, int64_t C, arena *mem, status *st)
{
    float *qkv = apply(&b->qkv, normalise(x, b->norm1_weight, b->norm1_bias, T, C, mem, st), T, mem, st); /* [T, 3C] */
    float *mixed = arena_alloc(mem, (size_t)(T * C) * sizeof *mixed, st);
    float *score = arena_alloc(mem, (size_t)T * sizeof *score, st);
    if (!qkv || !mixed || !score) return false;
    for (int64_t head = 0; head < HEADS; head++)
        for (int64_t t = 0; t < T; t++) attend(qkv, mixed, score, t, head, T, C);
    add_to(x, apply(&b->merge, mixed, T, mem, st), T * C);
    float *wide = apply(&b->up, normalise(x, b->norm2_weight, b->norm2_bias, T, C, mem, st), T, mem, st); /* [T, F] */
    for (int64_t i = 0; wide && i < T * b->up.out; i++)
        wide[i] = 0.5f * wide[i] * (1 + erff(wide[i] * 0.70710678f)); /* GELU */
    add_to(x, apply(&b->down, wide, T, mem, st), T * C);
    return status_ok(st);
}

/* Symbols of T characters, repeats and blanks dropped, appended to out. */
static bool read_part(const oov *o, const int32_t *id, int64_t T, char *out, size_t *used, arena *mem, status *st)
{
    int64_t C = o->width, choices = o->symbols + 1;
    float *x = arena_alloc(mem, (size_t)(T * C) * sizeof *x, st);
    if (!x) return false;
    for (int64_t t = 0; t < T; t++)
        for (int64_t i = 0; i < C; i++) x[t * C + i] = o->embedding[id[t] * C + i] + o->position[t * C + i];
    for (int i = 0; i < o->layers; i++)
        if (!run_layer(&o->block[i], x, T, C, mem, st)) return false;
    float *score = apply(&o->head, normalise(x, o->norm_weight, o->norm_bias, T, C, mem, st), T, mem,
                         st); /* [T · slots, choices] */
    if (!score) return false;
    int64_t previous = 0;
    for (int64_t place = 0; place < T * o->slots; place++) {
        int64_t best = 0;
        for (int64_t i = 1; i < choices; i++)
            if (score[place * choices + i] > score[place * choices + best]) best = i;
        if (best != previous && best != 0) {
            size_t n = strlen(o->output[best - 1]);
            memcpy(out + *used, o->output[best - 1], n);
            *used += n;
        }
        previous = best;
    }
    return true;
}

static size_t encode(const oov *o, const char *word, size_t size, int32_t *id)
{
    size_t n = 0;
    uint32_t c;
    for (size_t i = 0; i < size;) {
        i += unicode_decode(word + i, size - i, &c);
        for (size_t k = 0; k < o->inputs; k++) {
            if (o->input[k] != c) continue;
            id[n++] = (int32_t)k + 1;
            break;
        }
    }
    return n;
}

const char *oov_run(const oov *o, const char *word, size_t size, arena *mem, status *st)
{
    int32_t *id = arena_alloc(mem, (size + 1) * sizeof *id, st);
    if (!id) return NULL;
    size_t count = encode(o, word, size, id), used = 0, longest = (size_t)o->longest;
    char *out = arena_alloc(mem, count * (size_t)o->slots * LONGEST_SYMBOL + 1, st);
    if (!out) return NULL;
    size_t parts = (count + longest - 1) / longest;
    for (size_t i = 0; i < parts; i++) {
        size_t from = count * i / parts, to = count * (i + 1) / parts, mark = arena_mark(mem);
        bool ok = read_part(o, id + from, (int64_t)(to - from), out, &used, mem, st);
        arena_reset(mem, mark);
        if (!ok) return NULL;
    }
    out[used] = 0;
    return out;
}
