/* tiles: the AMX tile registers, eight of 16 rows by 64 bytes. */
#ifndef AIGC_CORE_TILES_H
#define AIGC_CORE_TILES_H

#include <immintrin.h>
#include <stdint.h>

typedef struct {
    uint8_t palette, start_row, reserved[14]; /* palette: 1 */
    uint16_t row_bytes[16];
    uint8_t rows[16];
} tile_config;

static inline void tiles_load(const tile_config *c)
{
    __asm__ volatile("" : : "r"(c) : "memory"); /* GCC 12's intrinsic tells the compiler of its first 8 bytes only */
    _tile_loadconfig(c);
}

/* Tiles 0, 1 and 4 of `first` rows, 2, 3 and 5 of `second`, the others of 16: two strips of rows, their sums, and weights. */
static inline void tiles_begin_rows(int first, int second)
{
    tile_config c = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        c.row_bytes[i] = 64;
        c.rows[i] = (uint8_t)(i == 0 || i == 1 || i == 4 ? first : i == 2 || i == 3 || i == 5 ? second : 16);
    }
    tiles_load(&c);
}

static inline void tiles_begin(void) { tiles_begin_rows(16, 16); }

static inline void tiles_end(void) { _tile_release(); }

#endif
