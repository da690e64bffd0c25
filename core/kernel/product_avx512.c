/* product_avx512: f32 products for AVX-512: 14 rows by 32 outputs in registers. */
#define LANES 16
#define ROWS 14
#include "core/kernel/product_f32.h"

const product_kernel product_avx512 = {
    .name = "avx512", .type = DTYPE_F32, .panel = 2 * LANES, .rows = ROWS, .strips = 1, .step = 1, .block = block, .soften = soften, .average = average,
    .finish = finish, .convert = convert, .affine = affine, .widen = widen, .norm_row = norm_row, .channel_sums = channel_sums,
    .winograd_in = winograd_in, .winograd_out = winograd_out,
};
