#include "core/linear_pack.h"

#include <math.h>
#include <string.h>

#include "core/half.h"
#include "core/kernel/kernel.h"

typedef const uint8_t *bytes;

bool linear_pack_kind(dtype type, panel_kind *kind)
{
    switch (type) {
    case DTYPE_Q4_0: *kind = PANEL_Q4; return true;
    case DTYPE_Q4_1:
    case DTYPE_Q4_K: *kind = PANEL_Q4_MIN; return true;
    case DTYPE_IQ4_NL: *kind = PANEL_Q4_TABLE; return true;
    case DTYPE_Q3_K: *kind = PANEL_Q4_16; return true;
    case DTYPE_Q2_K: *kind = PANEL_Q4_MIN16; return true;
    case DTYPE_Q5_0: *kind = PANEL_Q5; return true;
    case DTYPE_Q5_1:
    case DTYPE_Q5_K: *kind = PANEL_Q5_MIN; return true;
    case DTYPE_Q6_K: *kind = PANEL_Q6_16; return true;
    case DTYPE_Q8_0:
    case DTYPE_Q8_K: *kind = PANEL_Q8; return true;
    default: return false;
    }
}

panel_form linear_pack_form(panel_kind kind)
{
    static const panel_form FORM[PANEL_KINDS] = {
        [PANEL_Q4] = PANEL_FORM_Q4,       [PANEL_Q4_MIN] = PANEL_FORM_Q4_MIN,     [PANEL_Q4_TABLE] = PANEL_FORM_Q4_TABLE,
        [PANEL_Q4_16] = PANEL_FORM_Q4_16, [PANEL_Q4_MIN16] = PANEL_FORM_Q4_MIN16, [PANEL_Q5] = PANEL_FORM_Q5,
        [PANEL_Q5_MIN] = PANEL_FORM_Q5_MIN, [PANEL_Q6_16] = PANEL_FORM_Q6_16,     [PANEL_Q8] = PANEL_FORM_Q8,
    };
    return FORM[kind];
}

/* ---- the blocks of 256, unfolded ---- */

typedef struct {
    uint8_t code[256];
    float scale[16], min[16]; /* of each group; the weight is scale · (code − offset) + min */
} unfolded;

static float f16_at(bytes p) { return half_from_f16((uint16_t)(p[0] | p[1] << 8)); }

static void unfold_q2_k(bytes p, unfolded *u)
{
    bytes q = p + 16;
    for (int i = 0; i < 256; i++) u->code[i] = q[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3;
    for (int g = 0; g < 16; g++) {
        u->scale[g] = f16_at(p + 80) * (float)(p[g] & 15);
        u->min[g] = -(f16_at(p + 82) * (float)(p[g] >> 4));
    }
}

static void unfold_q3_k(bytes p, unfolded *u)
{
    bytes high = p, q = p + 32, scales = p + 96;
    for (int i = 0; i < 256; i++) /* −4 … 3, stored above the offset of 8 */
        u->code[i] = (uint8_t)((q[i / 128 * 32 + i % 32] >> i / 32 % 4 * 2 & 3) + (high[i % 32] >> i / 32 & 1 ? 8 : 4));
    for (int g = 0; g < 16; g++) {
        int low4 = scales[g % 8] >> g / 8 * 4 & 15, high2 = scales[8 + g % 4] >> g / 4 * 2 & 3;
        u->scale[g] = f16_at(p + 108) * (float)((low4 | high2 << 4) - 32);
    }
}

/* The 6-bit scales and minima of q4_k and q5_k. */
static void unfold_scales(bytes p, unfolded *u)
{
    bytes s = p + 4;
    for (int j = 0; j < 8; j++) {
        int scale = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
        int min = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | s[j] >> 6 << 4;
        u->scale[j] = f16_at(p) * (float)scale;
        u->min[j] = -(f16_at(p + 2) * (float)min);
    }
}

static void unfold_q4_k(bytes p, unfolded *u)
{
    unfold_scales(p, u);
    for (int i = 0; i < 256; i++) u->code[i] = p[16 + i / 64 * 32 + i % 32] >> i / 32 % 2 * 4 & 15;
}

static void unfold_q5_k(bytes p, unfolded *u)
{
    unfold_scales(p, u);
    for (int i = 0; i < 256; i++)
        u->code[i] = (uint8_t)((p[48 + i / 64 * 32 + i % 32] >> i / 32 % 2 * 4 & 15) | (p[16 + i % 32] >> i / 32 & 1) << 4);
}

static void unfold_q6_k(bytes p, unfolded *u)
{
    for (int i = 0; i < 256; i++) {
        int half = i / 128, within = i % 128;
        u->code[i] = (uint8_t)((p[half * 64 + within % 64] >> within / 64 * 4 & 15) |
                               (p[128 + half * 32 + within % 32] >> within / 32 * 2 & 3) << 4);
    }
    for (int g = 0; g < 16; g++) u->scale[g] = f16_at(p + 208) * (float)(int8_t)p[192 + g];
}

static void unfold_q8_k(bytes p, unfolded *u)
{
    memcpy(u->scale, p, sizeof u->scale[0]);
    for (int j = 1; j < 8; j++) u->scale[j] = u->scale[0];
    memcpy(u->code, p + 4, 256);
}

static void unfold(dtype type, bytes p, unfolded *u)
{
    switch (type) {
    case DTYPE_Q2_K: unfold_q2_k(p, u); break;
    case DTYPE_Q3_K: unfold_q3_k(p, u); break;
    case DTYPE_Q4_K: unfold_q4_k(p, u); break;
    case DTYPE_Q5_K: unfold_q5_k(p, u); break;
    case DTYPE_Q6_K: unfold_q6_k(p, u); break;
    default: unfold_q8_k(p, u); break;
    }
}

float linear_pack_unit(dtype type, const void *blocks, int64_t count)
{
    /* where a block's own scales lie, and the largest integer they are multiplied by */
    int at[2] = {0, -1};
    float times = 63;
    switch (type) {
    case DTYPE_Q2_K: at[0] = 80, at[1] = 82, times = 15; break;
    case DTYPE_Q3_K: at[0] = 108, times = 32; break;
    case DTYPE_Q4_K:
    case DTYPE_Q5_K: at[1] = 2; break;
    case DTYPE_Q6_K: at[0] = 208, times = 128; break;
    case DTYPE_Q8_K: times = 1; break;
    default: return 1.0f;
    }
    float most = 0.0f;
    bytes p = blocks;
    for (int64_t b = 0; b < count; b++, p += dtype_of(type)->bytes)
        for (int i = 0; i < 2 && at[i] >= 0; i++) {
            float scale;
            if (type == DTYPE_Q8_K) memcpy(&scale, p, sizeof scale);
            else scale = f16_at(p + at[i]);
            scale = fabsf(scale) * times;
            if (scale > most && scale < INFINITY) most = scale;
        }
    if (!(most > 1e-30f)) return 1.0f;
    int exponent;
    frexpf(most, &exponent);
    return ldexpf(1.0f, exponent - 14); /* the largest becomes 2¹³ … 2¹⁴: 28 powers of two below it are normal numbers */
}

/* ---- into panels ---- */

typedef struct {
    panel_form form;
    int64_t blocks;
    uint8_t *panel;
} packing;

static void put_f16(uint8_t *at, float value)
{
    uint16_t h = half_to_f16(value);
    memcpy(at, &h, sizeof h);
}

/* 32 codes of one output as the form stores them. */
static void put_codes(const packing *k, int64_t block, int64_t lane, const uint8_t *code)
{
    panel_form f = k->form;
    uint8_t *low = k->panel + panel_code_at(f, k->blocks), *high = k->panel + panel_high_at(f, k->blocks);
    if (f.bits == 8) {
        for (int g = 0; g < 8; g++) memcpy(low + block * 512 + g * 64 + lane * 4, code + 4 * g, 4);
        return;
    }
    for (int i = 0; i < 16; i++)
        low[block * 256 + i / 4 * 64 + lane * 4 + i % 4] = (uint8_t)((code[i] & 15) | (code[16 + i] & 15) << 4);
    for (int i = 0; f.bits == 5 && i < 32; i++) {
        int64_t bit = lane * 4 + i % 4;
        high[block * 64 + i / 4 * 8 + bit / 8] |= (uint8_t)((code[i] >> 4) << bit % 8);
    }
    for (int i = 0; f.bits == 6 && i < 32; i++)
        high[block * 128 + i / 16 * 64 + lane * 4 + i % 4] |= (uint8_t)((code[i] >> 4) << i % 16 / 4 * 2);
}

static void pack_unfolded(const packing *k, dtype type, bytes row, int64_t lane, float unit)
{
    int groups = 256 / k->form.group;
    uint8_t *mins = k->panel + panel_min_at(k->form, k->blocks);
    for (int64_t super = 0; super < k->blocks / 8; super++, row += dtype_of(type)->bytes) {
        unfolded u;
        unfold(type, row, &u);
        for (int g = 0; g < groups; g++) {
            int64_t at = ((super * groups + g) * PANEL + lane) * 2;
            put_f16(k->panel + at, u.scale[g] / unit);
            if (k->form.min) put_f16(mins + at, u.min[g] / unit);
        }
        for (int b = 0; b < 8; b++) put_codes(k, super * 8 + b, lane, u.code + b * 32);
    }
}

/* Blocks of 32: a scale, perhaps a minimum, perhaps four bytes of fifth bits, then the codes as the panel wants them. */
static void pack_plain(const packing *k, dtype type, bytes row, int64_t lane)
{
    panel_form f = k->form;
    int head = f.min ? 4 : 2, row_bytes = dtype_of(type)->bytes;
    uint8_t *mins = k->panel + panel_min_at(f, k->blocks), *low = k->panel + panel_code_at(f, k->blocks) + lane * 4;
    for (int64_t b = 0; b < k->blocks; b++, row += row_bytes) {
        memcpy(k->panel + (b * PANEL + lane) * 2, row, 2);
        if (f.min) memcpy(mins + (b * PANEL + lane) * 2, row + 2, 2);
        if (f.bits == 5) {
            uint8_t code[32];
            for (int i = 0; i < 16; i++) {
                code[i] = (uint8_t)((row[head + 4 + i] & 15) | (row[head + i / 8] >> i % 8 & 1) << 4);
                code[16 + i] = (uint8_t)(row[head + 4 + i] >> 4 | (row[head + 2 + i / 8] >> i % 8 & 1) << 4);
            }
            put_codes(k, b, lane, code);
        } else if (f.bits == 4) {
            for (int j = 0; j < 4; j++) memcpy(low + b * 256 + j * 64, row + head + 4 * j, 4);
        } else {
            for (int g = 0; g < 8; g++) memcpy(low + b * 512 + g * 64, row + head + 4 * g, 4);
        }
    }
}

void linear_pack_panel(dtype type, uint8_t *dst, const void *rows, int64_t count, int64_t in, float unit)
{
    panel_kind kind;
    if (!linear_pack_kind(type, &kind)) return;
    packing k = {linear_pack_form(kind), in / PANEL_BLOCK, dst};
    int64_t row_bytes = in / dtype_of(type)->block * dtype_of(type)->bytes;
    const panel_kernels *kernels = kernel_get()->panel;
    if (kernels->interleave && count == PANEL && dtype_of(type)->block == PANEL_BLOCK && k.form.bits != 5 && row_bytes < INT32_MAX / PANEL) {
        kernels->interleave(k.form, dst, rows, row_bytes, dtype_of(type)->bytes, k.blocks);
        return;
    }
    for (int64_t lane = 0; lane < count; lane++) {
        bytes row = (bytes)rows + lane * row_bytes;
        if (dtype_of(type)->block == 256) pack_unfolded(&k, type, row, lane, unit);
        else pack_plain(&k, type, row, lane);
    }
}
