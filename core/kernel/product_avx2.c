/* product_avx2: f32 products for AVX2: 6 rows by 16 outputs in registers. */
#define LANES 8
#define ROWS 6
#include "core/kernel/product_f32.h"

const product_kernel product_avx2 = {
    .name = "avx2", .type = DTYPE_F32, .panel = 2 * LANES, .rows = ROWS, .strips = 1, .step = 1, .block = block, .soften = soften, .average = average,
    .finish = finish, .convert = convert, .affine = affine, .widen = widen, .norm_row = norm_row, .channel_sums = channel_sums,
    .winograd_in = winograd_in, .winograd_out = winograd_out,
};
