/* Attention over a forest of segments. A block takes 64 query rows of one segment and one key head:
 * row r is query head r % group of token r / group, so the heads of a group share every load of
 * keys and values. Keys go by in order of position, 64 at a time, from the window's start to the
 * tile's last token; a key's place in the packed batch is found by walking up the segments. The
 * softmax is kept running (its maximum, its sum and the mix so far), in float.
 *
 * One buffer for keys and values: a second one, filled while the first is used, is the first thing
 * to measure on a device; then tiles that hold rows of several short segments. */
#ifndef PDX_CUDA_KERNELS_ATTENTION_CUH
#define PDX_CUDA_KERNELS_ATTENTION_CUH

#include "tile.cuh"

/* A block's rows: from row `first` of all (token, head of a group) rows of a segment. */
struct query_tile {
    int32_t segment, first;
};

struct attention_job {
    bf16 *out;
    const bf16 *q, *k, *v;
    const pdx__segment *segment;
    const query_tile *tile;
    pdx__attention shape;
};

/* The token at a position of the segment's sequence. */
__device__ inline int64_t token_at(const pdx__segment *all, int segment, int position) {
    while (all[segment].position > position) segment = all[segment].parent;
    return all[segment].start + (position - all[segment].position);
}

/* What a thread knows of its two rows (g and g + 8 of the warp's 16). */
template <int PADDED> struct attention_rows {
    int position[2]; /* -1: the row is not there */
    float most[2], total[2];
    float mixed[PADDED / 8][4];
};

/* Scores of one tile of keys become weights, and the running sums follow a new maximum. */
template <int PADDED>
__device__ inline void soften(attention_rows<PADDED> *rows, float (*s)[4], int first_key,
                              int window, float scale) {
    int column = 2 * (lane_number() % 4);
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        int position = rows->position[half];
        float most = rows->most[half];
#pragma unroll
        for (int n = 0; n < TILE_COLUMNS; ++n)
            for (int c = 2 * half; c < 2 * half + 2; ++c) {
                int key = first_key + 8 * n + column + c % 2;
                bool seen = key <= position && (window == 0 || position - key < window);
                s[n][c] = seen ? s[n][c] * scale : -INFINITY;
                most = fmaxf(most, s[n][c]);
            }
        most = fmaxf(most, shuffle_xor(most, 1));
        most = fmaxf(most, shuffle_xor(most, 2));
        float base = most == -INFINITY ? 0.0f : most; /* nothing seen yet: all weights are 0 */
        float fade = exp2f(rows->most[half] - base), total = 0;
#pragma unroll
        for (int n = 0; n < TILE_COLUMNS; ++n)
            for (int c = 2 * half; c < 2 * half + 2; ++c) total += s[n][c] = exp2f(s[n][c] - base);
        rows->most[half] = most;
        rows->total[half] = rows->total[half] * fade + total;
#pragma unroll
        for (int n = 0; n < PADDED / 8; ++n) {
            rows->mixed[n][2 * half] *= fade;
            rows->mixed[n][2 * half + 1] *= fade;
        }
    }
}

/* mixed += weights (in the registers that multiply_tiles left) times values [64][PADDED]. */
template <int PADDED>
__device__ inline void mix(attention_rows<PADDED> *rows, float (*s)[4], const bf16 *v, int stride) {
    int lane = lane_number();
    const bf16 *v_row = v + (lane / 8 % 2 * 8 + lane % 8) * stride + lane / 16 * 8;
#pragma unroll
    for (int k = 0; k < TILE_COLUMNS; k += 2) {
        uint32_t left[4] = {pack(s[k][0], s[k][1]), pack(s[k][2], s[k][3]),
                            pack(s[k + 1][0], s[k + 1][1]), pack(s[k + 1][2], s[k + 1][3])};
#pragma unroll
        for (int n = 0; n < PADDED / 8; n += 2) {
            uint32_t right[4];
            load_matrices<true>(right, v_row + k * 8 * stride + n * 8);
            multiply_add(rows->mixed[n], left, right[0], right[1]);
            multiply_add(rows->mixed[n + 1], left, right[2], right[3]);
        }
    }
}

/* Grid: (tiles, key heads). PADDED: the head's width rounded up to what the matrix units take. */
template <int PADDED> __global__ void __launch_bounds__(THREADS) attend(attention_job job) {
    PDX_SHARED_ROOM(room);
    enum { STRIDE = PADDED + TILE_GAP };
    bf16 *q = (bf16 *)room, *k = q + TILE * STRIDE, *v = k + TILE * STRIDE;
    const pdx__attention shape = job.shape;
    const query_tile tile = job.tile[blockIdx.x];
    const pdx__segment segment = job.segment[tile.segment];
    int width = shape.head_width, group = shape.heads / shape.kv_heads, kv = (int)blockIdx.y;
    int rows = segment.length * group - tile.first;
    if (rows > TILE) rows = TILE;
    int64_t q_width = (int64_t)shape.heads * width, k_width = (int64_t)shape.kv_heads * width;
    bool whole_words = width % 8 == 0;
    auto at = [&](int r) { /* of a query row */
                           int64_t token = segment.start + (tile.first + r) / group;
                           return token * q_width +
                                  (int64_t)(kv * group + (tile.first + r) % group) * width;
    };
    load_tile(q, STRIDE, PADDED, width, whole_words, job.q,
              [&](int r) { return r < rows ? job.q + at(r) : nullptr; });

    attention_rows<PADDED> mine;
    int lane = lane_number(), top = (int)threadIdx.x / WARP * 16 + lane / 4;
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        int r = top + 8 * half;
        mine.position[half] = r < rows ? segment.position + (tile.first + r) / group : -1;
        mine.most[half] = -INFINITY;
        mine.total[half] = 0;
    }
#pragma unroll
    for (int n = 0; n < PADDED / 8; ++n)
        for (int c = 0; c < 4; ++c) mine.mixed[n][c] = 0;

    int end = segment.position + (tile.first + rows - 1) / group + 1;
    int from = shape.window ? segment.position + tile.first / group - shape.window + 1 : 0;
    float scale = shape.scale * 1.44269504f; /* powers of two from here on */
    for (from = from > 0 ? from : 0; from < end; from += TILE) {
        auto key_at = [&](int r) {
            return token_at(job.segment, tile.segment, from + r) * k_width + kv * width;
        };
        load_tile(k, STRIDE, PADDED, width, whole_words, job.k,
                  [&](int r) { return from + r < end ? job.k + key_at(r) : nullptr; });
        load_tile(v, STRIDE, PADDED, width, whole_words, job.v,
                  [&](int r) { return from + r < end ? job.v + key_at(r) : nullptr; });
        copies_done();
        __syncthreads();
        float s[TILE_COLUMNS][4] = {};
        multiply_tiles(s, q, k, STRIDE, PADDED);
        soften(&mine, s, from, shape.window, scale);
        mix(&mine, s, v, STRIDE);
        __syncthreads(); /* the next tile takes the place of this one */
    }
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        int r = top + 8 * half;
        float total = mine.total[half];
        total += shuffle_xor(total, 1);
        total += shuffle_xor(total, 2);
        if (r >= rows) continue;
        bf16 *out = job.out + at(r);
#pragma unroll
        for (int n = 0; n < PADDED / 8; ++n)
            for (int c = 0; c < 2; ++c) {
                int d = 8 * n + 2 * (lane % 4) + c;
                if (d < width) out[d] = to_bf16(mine.mixed[n][2 * half + c] / total);
            }
    }
}

#endif
