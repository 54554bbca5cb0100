/* The likelihood and its gradient at one point, for NUTS. Lanes are rows: a block is read for eta =
 * x.a and, still in the nearest cache, again for the gradient. Floats sum over one block only.
 * Included by kernels.c only. */
#ifndef PDX_BAYES_KERNELS_SLOPE_H
#define PDX_BAYES_KERNELS_SLOPE_H

#include "kernels_draws.h"

/* Sum of the lanes by halves: the plain sum waits for every one of its additions. */
static inline double sum_halves(vd x) {
    double part[LANES];
    store(part, x);
    for (int width = LANES / 2; width > 0; width /= 2)
        for (int i = 0; i < width; ++i) part[i] += part[i + width];
    return part[0];
}

static double slope(double *gradient, const double *a, const double *block, int32_t count,
                    const double *weight, const double *offset, const double *band, double width,
                    double *by_width, int32_t d) {
    enum { PANEL = PDX__PANEL / LANES }; /* vectors of a panel */
    vd total = {0}, widened = {0}, slopes[PDX__BLOCK / LANES];
    const int32_t vectors = count / LANES;
    for (int32_t v = 0; v < vectors; v += PANEL) {
        vd eta[PANEL];
        for (int i = 0; i < PANEL; ++i) eta[i] = load(offset + (v + i) * LANES);
        for (int32_t k = 0; k < d; ++k)
            for (int i = 0; i < PANEL; ++i)
                eta[i] += load(block + (int64_t)k * PDX__BLOCK + (v + i) * LANES) * a[k];
        for (int i = 0; i < PANEL; ++i) {
            vd w = load(weight + (v + i) * LANES), size = magnitude(eta[i]);
            vd root = vector_exp(-0.5 * size), e = root * root, rest = e;
            if (band) {
                vd share = load(band + (v + i) * LANES);
                rest += root * share * width;
                widened += w * root * share / (1.0 + rest);
            }
            vd half = w * (0.5 - 0.5 * e) / (1.0 + rest);
            total += w * (0.5 * size + (band ? vector_log(1.0 + rest) : vector_log1p(e)));
            slopes[v + i] = pick(eta[i] < 0.0, -half, half);
        }
    }
    for (int32_t k = 0; k < d; ++k, block += PDX__BLOCK) {
        vd sum[2] = {{0}};
        for (int32_t v = 0; v < vectors; v += 2) {
            sum[0] += load(block + v * LANES) * slopes[v];
            sum[1] += load(block + (v + 1) * LANES) * slopes[v + 1];
        }
        gradient[k] += sum_halves(sum[0] + sum[1]);
    }
    if (band) *by_width += sum_lanes(widened);
    return sum_lanes(total);
}

static double slope_float(double *gradient, const float *a, const float *block, int32_t count,
                          const float *weight, const float *offset, const float *band, double width,
                          double *by_width, int32_t d) {
    enum { PANEL = PDX__PANEL / FLOAT_LANES };
    vd low, high, logs = {0};
    vf total = {0}, widened = {0}, slopes[PDX__BLOCK / FLOAT_LANES];
    const int32_t vectors = count / FLOAT_LANES;
    for (int32_t v = 0; v < vectors; v += PANEL) {
        vf eta[PANEL], odd[PANEL] = {{0}}; /* few vectors to a panel: shorter chains of sums */
        const float *x = block + v * FLOAT_LANES;
        for (int i = 0; i < PANEL; ++i) eta[i] = load_float(offset + (v + i) * FLOAT_LANES);
        for (int32_t k = 0; k + 1 < d; k += 2, x += 2 * PDX__BLOCK)
            for (int i = 0; i < PANEL; ++i) {
                eta[i] += load_float(x + i * FLOAT_LANES) * a[k];
                odd[i] += load_float(x + PDX__BLOCK + i * FLOAT_LANES) * a[k + 1];
            }
        for (int i = 0; i < PANEL; ++i) {
            if (d % 2) odd[i] += load_float(x + i * FLOAT_LANES) * a[d - 1];
            eta[i] += odd[i];
            vf w = load_float(weight + (v + i) * FLOAT_LANES), size = magnitude_float(eta[i]);
            vf root = vector_exp_float(-0.5f * size), e = root * root, rest = e;
            if (band) {
                vf share = load_float(band + (v + i) * FLOAT_LANES);
                rest += root * share * (float)width;
                widened += w * root * share / (1.0f + rest);
                vd w_low, w_high;
                widen(1.0f + rest, &low, &high);
                widen(w, &w_low, &w_high);
                logs += w_low * vector_log(low) + w_high * vector_log(high);
                total += w * (0.5f * size);
            } else total += w * (0.5f * size + vector_log1p_float(e));
            vf half = w * (0.5f - 0.5f * e) / (1.0f + rest);
            slopes[v + i] = (vf)((vi)half | ((vi)eta[i] & INT32_MIN));
        }
    }
    for (int32_t k = 0; k < d; ++k, block += PDX__BLOCK) {
        vf sum[2] = {{0}};
        for (int32_t v = 0; v < vectors; v += 2) {
            sum[0] += load_float(block + v * FLOAT_LANES) * slopes[v];
            sum[1] += load_float(block + (v + 1) * FLOAT_LANES) * slopes[v + 1];
        }
        widen(sum[0] + sum[1], &low, &high);
        gradient[k] += sum_halves(low + high);
    }
    if (band) {
        widen(widened, &low, &high);
        *by_width += sum_lanes(low + high);
    }
    widen(total, &low, &high);
    return sum_lanes(low + high + logs);
}

#endif
