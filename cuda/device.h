/* What the kernels are written in: bfloat16, warp exchanges, matrix-unit instructions and
 * asynchronous copies as inline functions. Each has two bodies: the device's instruction, and a
 * plain twin with the same meaning lane by lane for emulate.h. */
#ifndef PDX_CUDA_DEVICE_H
#define PDX_CUDA_DEVICE_H

#include <stdint.h>

#ifdef __CUDACC__
#include <cuda_bf16.h>
#include <cuda_runtime.h>
#define PDX_LAUNCH(kernel, grid, block, shared_bytes, stream, ...)                                 \
    kernel<<<grid, block, shared_bytes, stream>>>(__VA_ARGS__)
#define PDX_SHARED_ROOM(name) extern __shared__ __align__(128) unsigned char name[]
#else
#include "emulate.h"
#endif

/* Threads of every block: four warps. */
enum { WARP = 32, WARPS = 4, THREADS = WARP * WARPS };

struct bf16 {
    uint16_t bits;
};

__host__ __device__ inline float to_float(bf16 x) {
    uint32_t bits = (uint32_t)x.bits << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* To the nearest, ties to even; a NaN stays one. */
__host__ __device__ inline bf16 to_bf16(float value) {
#ifdef __CUDA_ARCH__
    return bf16{__bfloat16_as_ushort(__float2bfloat16_rn(value))};
#else
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u) return bf16{(uint16_t)(bits >> 16 | 0x40)};
    return bf16{(uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
#endif
}

/* Two numbers in one register, the first in the low half. */
__device__ inline uint32_t pack(float low, float high) {
    return (uint32_t)to_bf16(low).bits | (uint32_t)to_bf16(high).bits << 16;
}
__device__ inline float low(uint32_t two) { return to_float(bf16{(uint16_t)two}); }
__device__ inline float high(uint32_t two) { return to_float(bf16{(uint16_t)(two >> 16)}); }

/* Sixteen bytes, moved at once. */
struct alignas(16) words {
    uint32_t w[4];
};

__device__ inline int lane_number() {
#ifdef __CUDACC__
    return (int)(threadIdx.x % WARP);
#else
    return emulate::lane();
#endif
}

/* The value of the lane whose number differs in the bits of `mask`. */
template <typename T> __device__ inline T shuffle_xor(T value, int mask) {
#ifdef __CUDACC__
    return __shfl_xor_sync(0xffffffffu, value, mask);
#else
    return emulate::exchange(value)[emulate::lane() ^ mask];
#endif
}

/* Over the whole warp; every lane gets it. */
template <typename T> __device__ inline T warp_sum(T value) {
    for (int mask = WARP / 2; mask; mask /= 2) value += shuffle_xor(value, mask);
    return value;
}
__device__ inline float warp_max(float value) {
    for (int mask = WARP / 2; mask; mask /= 2) value = fmaxf(value, shuffle_xor(value, mask));
    return value;
}

/* Four 8 x 8 matrices from shared memory: lane i gives the address of row i % 8 of matrix i / 8
 * (16 bytes, aligned to 16); register r of lane i then holds of matrix r row i / 4, columns
 * 2 (i % 4) and the next; transposed: column i / 4, rows 2 (i % 4) and the next. */
template <bool TRANSPOSED> __device__ inline void load_matrices(uint32_t r[4], const bf16 *row) {
#ifdef __CUDACC__
    uint32_t at = (uint32_t)__cvta_generic_to_shared(row);
    if (TRANSPOSED)
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                     : "r"(at)
                     : "memory");
    else
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                     : "r"(at)
                     : "memory");
#else
    if ((uintptr_t)row % 16) abort();
    auto rows = emulate::exchange(row);
    int lane = emulate::lane(), i = lane / 4, k = 2 * (lane % 4);
    for (int j = 0; j < 4; ++j) {
        bf16 first = TRANSPOSED ? rows[8 * j + k][i] : rows[8 * j + i][k];
        bf16 second = TRANSPOSED ? rows[8 * j + k + 1][i] : rows[8 * j + i][k + 1];
        r[j] = (uint32_t)first.bits | (uint32_t)second.bits << 16;
    }
#endif
}

/* c (16 x 8, float) += a (16 x 16) b (16 x 8). With g = lane / 4 and t = 2 (lane % 4):
 * a: rows g, g + 8, g, g + 8; columns t, t, t + 8, t + 8 (and the next of each);
 * b: rows t and t + 8 (and the next of each) of column g;
 * c: row g columns t, t + 1; row g + 8 columns t, t + 1. */
__device__ inline void multiply_add(float c[4], const uint32_t a[4], uint32_t b0, uint32_t b1) {
#ifdef __CUDACC__
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
#else
    struct fragments {
        uint32_t a[4], b[2];
    } mine = {{a[0], a[1], a[2], a[3]}, {b0, b1}};
    auto all = emulate::exchange(mine);
    int g = emulate::lane() / 4, t = emulate::lane() % 4;
    for (int k = 0; k < 4; ++k) { /* columns 2k, 2k + 1 and 2k + 8, 2k + 9 of a */
        fragments left = all[4 * g + k];
        for (int n = 0; n < 2; ++n) {
            fragments right = all[4 * (2 * t + n) + k];
            for (int half = 0; half < 2; ++half)
                for (int r = 0; r < 2; ++r)
                    c[2 * r + n] += low(left.a[2 * half + r]) * low(right.b[half]) +
                                    high(left.a[2 * half + r]) * high(right.b[half]);
        }
    }
#endif
}

/* Starts a copy of 16 bytes into shared memory; zeros where not `present` (`from` must then still
 * be a valid address). Both ends aligned to 16. */
__device__ inline void copy_async(void *to, const void *from, bool present) {
#ifdef __CUDACC__
    uint32_t at = (uint32_t)__cvta_generic_to_shared(to);
    int bytes = present ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;"
                 :
                 : "r"(at), "l"(from), "r"(bytes)
                 : "memory");
#else
    if (((uintptr_t)to | (uintptr_t)from) % 16) abort();
    if (present) memcpy(to, from, 16);
    else memset(to, 0, 16);
#endif
}

/* Waits for this thread's copies; a __syncthreads then shows them to the block. */
__device__ inline void copies_done() {
#ifdef __CUDACC__
    asm volatile("cp.async.wait_all;" ::: "memory");
#endif
}

#endif
