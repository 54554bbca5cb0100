/* Tiles in shared memory and their product on the matrix units: what attention and the experts'
 * products have in common. A block works on 64 rows, 16 a warp. */
#ifndef PDX_CUDA_TILE_CUH
#define PDX_CUDA_TILE_CUH

#include "device.h"

/* Rows and columns of a block's tile; numbers between the rows of shared memory beyond the row
 * itself, so that the eight rows of a matrix lie in different banks. */
enum { TILE = 64, TILE_GAP = 8, TILE_COLUMNS = TILE / 8 };

/* to[r][0, padded) := from(r)[0, width) and zeros, for r < TILE; from(r) is NULL for a row that is
 * not there. Rows whose `width` and distance divide by 8 are copied 16 bytes at a time
 * (`whole_words`); `base` is any valid address aligned to 16. */
template <typename From>
__device__ inline void load_tile(bf16 *to, int stride, int padded, int width, bool whole_words,
                                 const bf16 *base, From from) {
    if (whole_words) {
        int words_a_row = padded / 8;
        for (int i = (int)threadIdx.x; i < TILE * words_a_row; i += THREADS) {
            int r = i / words_a_row, at = i % words_a_row * 8;
            const bf16 *row = from(r);
            bool present = row && at < width;
            copy_async(to + r * stride + at, present ? row + at : base, present);
        }
        return;
    }
    for (int i = (int)threadIdx.x; i < TILE * padded; i += THREADS) {
        int r = i / padded, at = i % padded;
        const bf16 *row = from(r);
        to[r * stride + at] = row && at < width ? row[at] : bf16{0};
    }
}

/* sum[8][4] += rows (the warp's 16 of a) times all 64 rows of b, over `depth` columns (a multiple
 * of 16). sum[n] is a fragment of multiply_add: columns 8 n to 8 n + 7. */
__device__ inline void multiply_tiles(float (*sum)[4], const bf16 *a, const bf16 *b, int stride,
                                      int depth) {
    int lane = lane_number(), warp = (int)threadIdx.x / WARP;
    const bf16 *a_row = a + (warp * 16 + lane % 16) * stride + lane / 16 * 8;
    const bf16 *b_row = b + (lane / 16 * 8 + lane % 8) * stride + lane / 8 % 2 * 8;
    for (int k = 0; k < depth; k += 16) {
        uint32_t left[4], right[4];
        load_matrices<false>(left, a_row + k);
#pragma unroll
        for (int n = 0; n < TILE_COLUMNS; n += 2) {
            load_matrices<false>(right, b_row + n * 8 * stride + k);
            multiply_add(sum[n], left, right[0], right[1]);
            multiply_add(sum[n + 1], left, right[2], right[3]);
        }
    }
}

#endif
