/* Kernels that go over rows or single numbers: embedding, norms, rotation, activation. */
#ifndef PDX_CUDA_KERNELS_ROWS_CUH
#define PDX_CUDA_KERNELS_ROWS_CUH

#include "device.h"

/* The row of this warp; each takes one. */
__device__ inline int64_t row_of_warp() {
    return (int64_t)blockIdx.x * WARPS + (int)threadIdx.x / WARP;
}

__device__ inline int64_t number_of_thread() {
    return (int64_t)blockIdx.x * THREADS + (int)threadIdx.x;
}

__global__ void embed_rows(float *out, const bf16 *table, const int32_t *id, int tokens,
                           int width) {
    int64_t t = row_of_warp();
    if (t >= tokens) return;
    const bf16 *row = table + (int64_t)id[t] * width;
    for (int d = lane_number(); d < width; d += WARP) out[t * width + d] = to_float(row[d]);
}

/* out row i := the norm of row i of x + add, which x becomes; or of row chosen[i], x left as it is
 * (a row may be chosen twice). `add` may be NULL, and may be `out` where no rows are chosen. */
__global__ void norm_rows(bf16 *out, float *x, const bf16 *add, const float *weight,
                          const int32_t *chosen, int rows, int width, float epsilon) {
    int64_t i = row_of_warp();
    if (i >= rows) return;
    int64_t from = (chosen ? chosen[i] : i) * width;
    float squares = 0;
    for (int d = lane_number(); d < width; d += WARP) {
        float value = x[from + d] + (add ? to_float(add[from + d]) : 0.0f);
        if (add && !chosen) x[from + d] = value;
        squares += value * value;
    }
    float scale = rsqrtf(warp_sum(squares) / (float)width + epsilon);
    for (int d = lane_number(); d < width; d += WARP) {
        float value = x[from + d] + (add && chosen ? to_float(add[from + d]) : 0.0f);
        out[i * width + d] = to_bf16(value * scale * weight[d]);
    }
}

/* Heads of a row, each by itself, in place. */
__global__ void norm_heads(bf16 *x, const float *weight, int64_t heads, int width, float epsilon) {
    int64_t h = row_of_warp();
    if (h >= heads) return;
    bf16 *head = x + h * width;
    float squares = 0;
    for (int d = lane_number(); d < width; d += WARP) {
        float value = to_float(head[d]);
        squares += value * value;
    }
    float scale = rsqrtf(warp_sum(squares) / (float)width + epsilon);
    for (int d = lane_number(); d < width; d += WARP)
        head[d] = to_bf16(to_float(head[d]) * scale * weight[d]);
}

/* turn[t][i] := cos and sin of position[t] * frequency[i], in double: positions are large. */
__global__ void make_turns(float *turn, const int32_t *position, const float *frequency,
                           int64_t tokens, int pairs) {
    int64_t n = number_of_thread();
    if (n >= tokens * pairs) return;
    double angle = (double)position[n / pairs] * frequency[n % pairs];
    turn[2 * n] = (float)cos(angle);
    turn[2 * n + 1] = (float)sin(angle);
}

/* Pair i of a head: its dimensions step * i and step * i + apart. */
__global__ void rotate_pairs(bf16 *x, const float *turn, int64_t tokens, int heads, int width,
                             int pairs, int step, int apart, float factor) {
    int64_t n = number_of_thread();
    if (n >= tokens * heads * pairs) return;
    int i = (int)(n % pairs);
    int64_t head = n / pairs, at = (head / heads * pairs + i) * 2;
    bf16 *first = x + head * width + step * i, *second = first + apart;
    float c = turn[at] * factor, s = turn[at + 1] * factor;
    float a = to_float(*first), b = to_float(*second);
    *first = to_bf16(a * c - b * s);
    *second = to_bf16(a * s + b * c);
}

__device__ inline float gated(float gate, float up) { return gate / (1.0f + expf(-gate)) * up; }

/* gate := silu(gate) * up; eight numbers a thread. */
__global__ void gate_numbers(bf16 *gate, const bf16 *up, int64_t count) {
    int64_t from = 8 * number_of_thread();
    if (from >= count) return;
    if (from + 8 > count) {
        for (int64_t i = from; i < count; ++i)
            gate[i] = to_bf16(gated(to_float(gate[i]), to_float(up[i])));
        return;
    }
    words g = *(const words *)(gate + from), u = *(const words *)(up + from);
    for (int i = 0; i < 4; ++i)
        g.w[i] = pack(gated(low(g.w[i]), low(u.w[i])), gated(high(g.w[i]), high(u.w[i])));
    *(words *)(gate + from) = g;
}

/* For products whose library call has no fused bias. */
__global__ void add_bias(bf16 *x, const bf16 *bias, int64_t count, int width) {
    int64_t n = number_of_thread();
    if (n < count) x[n] = to_bf16(to_float(x[n]) + to_float(bias[n % width]));
}

#endif
