/* tiles: the AMX tile registers, eight of 16 rows by 64 bytes, for kernels that use all of them in full. */
#ifndef AIGC_CORE_TILES_H
#define AIGC_CORE_TILES_H

#include <immintrin.h>
#include <stdint.h>

static inline void tiles_begin(void)
{
    struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t row_bytes[16];
        uint8_t rows[16];
    } c = {.palette = 1};
    for (int i = 0; i < 8; i++) {
        c.row_bytes[i] = 64;
        c.rows[i] = 16;
    }
    __asm__ volatile("" : : "r"(&c) : "memory"); /* GCC 12's intrinsic tells the compiler of its first 8 bytes only */
    _tile_loadconfig(&c);
}

static inline void tiles_end(void) { _tile_release(); }

#endif
