/* Experts: which take a token, their products over just those tokens, and the weighted sum. The
 * counts stay on the device, so nothing waits for the host; an entry is token * used + choice. */
#ifndef PDX_CUDA_KERNELS_EXPERTS_CUH
#define PDX_CUDA_KERNELS_EXPERTS_CUH

#include "tile.cuh"

enum { MOST_EXPERTS = 64, MOST_USED = 8, DEPTH = 32 };

/* The weights of all experts, handed over as a kernel's argument. */
struct expert_weights {
    const bf16 *w[MOST_EXPERTS];
};

/* best[entry], weight[entry]: the experts with the highest scores and the softmax over them. */
__global__ void choose_experts(int32_t *best, float *weight, const float *scores, int tokens,
                               int experts, int used) {
    int64_t t = (int64_t)blockIdx.x * THREADS + (int)threadIdx.x;
    if (t >= tokens) return;
    const float *s = scores + t * experts;
    uint64_t taken = 0;
    float total = 0, most = 0, share[MOST_USED];
    for (int u = 0; u < used; ++u) {
        int top = -1;
        for (int e = 0; e < experts; ++e)
            if (!(taken >> e & 1) && (top < 0 || s[e] > s[top])) top = e;
        taken |= (uint64_t)1 << top;
        if (u == 0) most = s[top];
        best[t * used + u] = top;
        total += share[u] = expf(s[top] - most);
    }
    for (int u = 0; u < used; ++u) weight[t * used + u] = share[u] / total;
}

/* list[expert][0, count[expert]): its entries in order. One block an expert; a token has an expert
 * once at most, so a list holds `tokens`. */
__global__ void list_entries(int32_t *list, int32_t *count, const int32_t *best, int tokens,
                             int used) {
    __shared__ int32_t found[THREADS];
    int64_t entries = (int64_t)tokens * used, share = (entries + THREADS - 1) / THREADS;
    int64_t from = share * (int)threadIdx.x, to = from + share < entries ? from + share : entries;
    int expert = (int)blockIdx.x;
    int32_t n = 0;
    for (int64_t i = from; i < to; ++i) n += best[i] == expert;
    found[threadIdx.x] = n;
    __syncthreads();
    int32_t before = 0;
    for (int i = 0; i < (int)threadIdx.x; ++i) before += found[i];
    if (threadIdx.x == THREADS - 1) count[expert] = before + n;
    int32_t *out = list + (int64_t)expert * tokens + before;
    for (int64_t i = from; i < to; ++i)
        if (best[i] == expert) *out++ = (int32_t)i;
}

struct expert_product {
    bf16 *out;              /* [entries][columns] */
    const bf16 *x;          /* row entry / entries_a_row */
    expert_weights weights; /* each [columns][depth] */
    const int32_t *list, *count;
    int32_t tokens, columns, depth, entries_a_row;
};

/* Grid: (tiles of columns, tiles of entries, experts); blocks beyond an expert's count end. */
__global__ void __launch_bounds__(THREADS) multiply_experts(expert_product job) {
    enum { STRIDE = DEPTH + TILE_GAP };
    __shared__ __align__(16) bf16 a[TILE * STRIDE];
    __shared__ __align__(16) bf16 b[TILE * STRIDE];
    int expert = (int)blockIdx.z, first = (int)blockIdx.y * TILE, left = (int)blockIdx.x * TILE;
    int rows = job.count[expert] - first, columns = job.columns - left;
    if (rows <= 0) return;
    const int32_t *entry = job.list + (int64_t)expert * job.tokens + first;
    const bf16 *w = job.weights.w[expert] + (int64_t)left * job.depth;
    bool whole_words = job.depth % 8 == 0;
    float sum[TILE_COLUMNS][4] = {};
    for (int k = 0; k < job.depth; k += DEPTH) {
        load_tile(a, STRIDE, DEPTH, job.depth - k, whole_words, job.x, [&](int r) {
            return r < rows ? job.x + (int64_t)(entry[r] / job.entries_a_row) * job.depth + k
                            : nullptr;
        });
        load_tile(b, STRIDE, DEPTH, job.depth - k, whole_words, job.x,
                  [&](int r) { return r < columns ? w + (int64_t)r * job.depth + k : nullptr; });
        copies_done();
        __syncthreads();
        multiply_tiles(sum, a, b, STRIDE, DEPTH);
        __syncthreads();
    }
    int lane = lane_number(), top = (int)threadIdx.x / WARP * 16 + lane / 4;
    for (int half = 0; half < 2; ++half) {
        int r = top + 8 * half;
        if (r >= rows) continue;
        bf16 *out = job.out + (int64_t)entry[r] * job.columns + left;
#pragma unroll
        for (int n = 0; n < TILE_COLUMNS; ++n)
            for (int c = 0; c < 2; ++c) {
                int d = 8 * n + 2 * (lane % 4) + c;
                if (d < columns) out[d] = to_bf16(sum[n][2 * half + c]);
            }
    }
}

/* out[t] := sum over the token's entries of weight * y. */
__global__ void add_entries(bf16 *out, const bf16 *y, const float *weight, int64_t tokens, int used,
                            int width) {
    int64_t n = (int64_t)blockIdx.x * THREADS + (int)threadIdx.x;
    if (n >= tokens * width) return;
    int64_t t = n / width, d = n % width;
    float sum = 0;
    for (int64_t i = t * used; i < (t + 1) * used; ++i)
        sum += weight[i] * to_float(y[i * width + d]);
    out[n] = to_bf16(sum);
}

#endif
