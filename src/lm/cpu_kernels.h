/* The CPU backend's inner loops, compiled once per instruction set from cpu_kernels.c and chosen at
 * run time. All on floats, row-major. */
#ifndef PDX_LM_CPU_KERNELS_H
#define PDX_LM_CPU_KERNELS_H

#include <stdint.h>

typedef struct pdx__cpu_kernels {
    const char *name;
    /* One head of up to four queries over `keys` keys: query r (q + r * q_stride) sees keys
     * first[r] .. last[r] (inclusive). kt: keys transposed [width][stride], stride a multiple of
     * 64, zero beyond `keys`; v [keys][width]; scratch [4][stride]; out + r * out_stride gets
     * width. */
    void (*attend)(const float *q, int64_t q_stride, int32_t rows, const float *kt, const float *v,
                   int64_t stride, int32_t width, const int32_t *first, const int32_t *last,
                   float scale, float *scratch, float *out, int64_t out_stride);
    /* gate[i] := silu(gate[i]) * up[i] */
    void (*gate)(float *gate, const float *up, int64_t count);
    /* out := x / sqrt(mean(x^2) + epsilon) * weight */
    void (*norm)(float *out, const float *x, const float *weight, int32_t width, float epsilon);
    void (*add)(float *x, const float *y, int64_t count);
    /* sum of exp(x[i] - most) */
    double (*sum_exp)(const float *x, int64_t count, float most);
} pdx__cpu_kernels;

extern const pdx__cpu_kernels pdx__cpu_kernels_plain;
#ifdef __x86_64__
extern const pdx__cpu_kernels pdx__cpu_kernels_avx2, pdx__cpu_kernels_avx512;
#endif
/* The best that this machine runs. */
const pdx__cpu_kernels *pdx__cpu_kernels_choose(void);

#endif
