/* product_amx: bf16 products by AMX tiles: two strips of 16 rows by two tiles of 16 outputs.
 *
 * Tiles 0 to 3 hold the sums, 4 and 5 the rows (16 rows of 32 elements, read in place with the rows' own stride), 6 and 7
 * the weights (16 pairs of 16 outputs). A strip of fewer rows is computed with tiles
 * of fewer rows, so that nothing behind it is read. */
#include <immintrin.h>

#include "core/kernel/product_bf16.h"
#include "core/kernel/tiles.h"

enum { PANEL = 32, ROWS = 16, STEP = 32 };

/* One strip is what a single token is: its weights come from memory once, as fast as that can give them. The processor's own
 * prefetching stops at each 4096 bytes. */
enum { AHEAD = 8192 };

static void one_strip(const product_block *b)
{
    const char *w = b->panel;
    if (b->add) {
        _tile_loadd(0, b->sum, PANEL * 4);
        _tile_loadd(1, b->sum + 16, PANEL * 4);
    } else {
        _tile_zero(0);
        _tile_zero(1);
    }
    for (int64_t i = 0; i < b->in; i += STEP)
        for (int t = 0; t < b->taps; t++, w += 2048) {
            for (int line = 0; line < 2048; line += 64) _mm_prefetch(w + AHEAD + line, _MM_HINT_T1);
            _tile_loadd(4, b->x[0] + b->tap[t] + i * 2, b->row_bytes);
            _tile_loadd(6, w, 128);
            _tile_loadd(7, w + 64, 128);
            _tile_dpbf16ps(0, 4, 6);
            _tile_dpbf16ps(1, 4, 7);
        }
    _tile_stored(0, b->sum, PANEL * 4);
    _tile_stored(1, b->sum + 16, PANEL * 4);
}

static void two_strips(const product_block *b)
{
    const char *w = b->panel;
    if (b->add) {
        _tile_loadd(0, b->sum, PANEL * 4);
        _tile_loadd(1, b->sum + 16, PANEL * 4);
        _tile_loadd(2, b->sum + ROWS * PANEL, PANEL * 4);
        _tile_loadd(3, b->sum + ROWS * PANEL + 16, PANEL * 4);
    } else {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    }
    for (int64_t i = 0; i < b->in; i += STEP)
        for (int t = 0; t < b->taps; t++, w += 2048) {
            _tile_loadd(4, b->x[0] + b->tap[t] + i * 2, b->row_bytes);
            _tile_loadd(6, w, 128);
            _tile_loadd(7, w + 64, 128);
            _tile_loadd(5, b->x[1] + b->tap[t] + i * 2, b->row_bytes);
            _tile_dpbf16ps(0, 4, 6);
            _tile_dpbf16ps(1, 4, 7);
            _tile_dpbf16ps(2, 5, 6);
            _tile_dpbf16ps(3, 5, 7);
        }
    _tile_stored(0, b->sum, PANEL * 4);
    _tile_stored(1, b->sum + 16, PANEL * 4);
    _tile_stored(2, b->sum + ROWS * PANEL, PANEL * 4);
    _tile_stored(3, b->sum + ROWS * PANEL + 16, PANEL * 4);
}

static void block(const product_block *b)
{
    bool full = b->rows[0] == ROWS && (b->rows[1] == ROWS || !b->rows[1]);
    if (!full) tiles_begin_rows(b->rows[0], b->rows[1] ? b->rows[1] : ROWS);
    if (b->rows[1]) two_strips(b);
    else one_strip(b);
    if (!full) tiles_begin();
}

const product_kernel product_amx = {
    .name = "amx", .type = DTYPE_BF16, .panel = PANEL, .rows = ROWS, .strips = 2, .step = STEP, .whole = true,
    .begin = tiles_begin, .end = tiles_end, .block = block, .soften = soften, .pairs_of_f16 = pairs_of_f16, .average = average, .finish = finish, .convert = convert, .affine = affine, .widen = widen, .norm_row = norm_row,
    .channel_sums = channel_sums,
};
