/* The likelihood and its gradient at one point, for NUTS. Lanes are rows: a block is read for eta =
 * x.a and, still in the nearest cache, again for the gradient. Included by kernels.c only. */
#ifndef PDX_BAYES_KERNELS_SLOPE_H
#define PDX_BAYES_KERNELS_SLOPE_H

#include "kernels.h"
#include "simd.h"

static double slope(double *gradient, const double *a, const double *block, int32_t count,
                    const double *weight, const double *offset, int32_t d) {
    enum { PANEL = PDX__PANEL / LANES }; /* vectors of a panel */
    vd total = {0}, slopes[PDX__BLOCK / LANES];
    const int32_t vectors = count / LANES;
    for (int32_t v = 0; v < vectors; v += PANEL) {
        vd eta[PANEL];
        for (int i = 0; i < PANEL; ++i) eta[i] = load(offset + (v + i) * LANES);
        for (int32_t k = 0; k < d; ++k)
            for (int i = 0; i < PANEL; ++i)
                eta[i] += load(block + (int64_t)k * PDX__BLOCK + (v + i) * LANES) * a[k];
        for (int i = 0; i < PANEL; ++i) {
            vd w = load(weight + (v + i) * LANES), size = magnitude(eta[i]);
            vd e = vector_exp(-size), half = w * (0.5 - 0.5 * e) / (1.0 + e);
            total += w * (0.5 * size + vector_log1p(e));
            slopes[v + i] = pick(eta[i] < 0.0, -half, half);
        }
    }
    for (int32_t k = 0; k < d; ++k, block += PDX__BLOCK) {
        vd sum[2] = {{0}};
        for (int32_t v = 0; v < vectors; v += 2) {
            sum[0] += load(block + v * LANES) * slopes[v];
            sum[1] += load(block + (v + 1) * LANES) * slopes[v + 1];
        }
        gradient[k] += sum_lanes(sum[0] + sum[1]);
    }
    return sum_lanes(total);
}

#endif
