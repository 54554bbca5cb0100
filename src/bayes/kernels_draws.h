/* Kernels over draws: lanes are draws. The inversion of one conditional of the sequential sampler,
 * and the likelihood of all draws over a block of rows. Included by kernels.c only. */
#ifndef PDX_BAYES_KERNELS_DRAWS_H
#define PDX_BAYES_KERNELS_DRAWS_H

#include "kernels.h"
#include "simd.h"

#define ROOT_TWO_PI 2.5066282746310002

/* int_0^inf exp(-lam a^2/2 - r a) da for r >= 0, lam = root^2 >= 0 (not both zero). */
static inline vd half_line_integral(vd r, double root) {
    static const double c[] = {PDX__MILLS_POLYNOMIAL};
    const double shift = PDX__MILLS_CENTRE * root;
    vd u = 1.0 / (r + shift), t = (r - shift) * u;
    vd p = all(c[PDX__MILLS_DEGREE]);
    for (int i = PDX__MILLS_DEGREE - 1; i >= 0; --i) p = p * t + c[i];
    return u * p;
}

typedef struct half_line {
    vd rate, upper, log_integral; /* r; Q(r / root); log of the integral for any sign of r */
} half_line;

static inline half_line half_line_of(vd r, double lam, double root) {
    vd size = magnitude(r), square = size * size * (0.5 / fmax(lam, 1e-300));
    vd integral = half_line_integral(size, root), e = vector_exp(-square);
    vd tail = e * integral; /* int_|r|.. in units of the integral over the whole normal */
    const double whole = ROOT_TWO_PI / fmax(root, 1e-150);
    vl negative = r < 0.0;
    vd log_integral = vector_log(greater_of(pick(negative, whole - tail, integral), all(1e-300)));
    half_line out;
    out.rate = r;
    out.upper = pick(negative, 1.0 - tail / whole, tail / whole);
    out.log_integral = log_integral + pick(negative, square, all(0.0));
    return out;
}

/* a with log P(A > a) = log_v on a half line whose normal tail is too far out for the quantile. */
static vd far_quantile(vd log_v, vd r, vd log_integral, double lam, double root) {
    vd a = -log_v / r;
    for (int i = 0; i < 4; ++i) {
        vd integral = half_line_integral(greater_of(r + lam * a, all(1e-300)), root);
        vd f = vector_log(integral) - log_integral - a * (r + 0.5 * lam * a) - log_v;
        a = greater_of(a + f * integral, all(0.0));
    }
    return a;
}

static void half_lines(const pdx__half_lines *in) {
    const double lam = in->lam, root = sqrt(lam), root_precision = sqrt(in->precision);
    for (int32_t i = 0; i < in->count; i += LANES) {
        vd mean = load(in->mean + i), u = load(in->u + i);
        vd gam = mean * in->precision - in->site_linear;
        half_line plus = half_line_of(in->rate - gam, lam, root);
        half_line minus = half_line_of(in->rate + gam, lam, root);
        vd gap = minus.log_integral - plus.log_integral, e = vector_exp(-magnitude(gap));
        vd large = 1.0 / (1.0 + e), small = e * large;
        vl minus_larger = gap > 0.0;
        vd p_minus = pick(minus_larger, large, small), p_plus = pick(minus_larger, small, large);
        vl negative = u < p_minus;
        vd v = lesser_of(pick(negative, u / p_minus, (1.0 - u) / p_plus), all(1.0));
        vd r = pick(negative, minus.rate, plus.rate);
        vd upper = v * pick(negative, minus.upper, plus.upper);
        upper = lesser_of(greater_of(upper, all(1e-300)), all(1 - 0x1p-53));
        vl far = r >= 25 * root;
        vd a = (vector_upper_quantile(upper) * root - r) * (1 / fmax(lam, 1e-300));
        if (any(far)) {
            vd log_integral = pick(negative, minus.log_integral, plus.log_integral);
            vd log_v = vector_log(greater_of(v, all(1e-300)));
            a = pick(far, far_quantile(log_v, pick(far, r, all(1.0)), log_integral, lam, root), a);
        }
        a = greater_of(a, all(0.0));
        a = pick(negative, -a, a);
        store(in->a + i, a);
        store(in->z + i, (a - mean) * root_precision);
        vd larger = pick(minus_larger, minus.log_integral, plus.log_integral);
        store(in->log_density + i,
              load(in->log_density + i) + a * (gam - 0.5 * lam * a) - larger - vector_log1p(e));
    }
}

/* z with P(Z <= z) = u. */
static void normal_quantiles(int64_t count, const double *u, double *z) {
    for (int64_t i = 0; i < count; i += LANES) store(z + i, -vector_upper_quantile(load(u + i)));
}

static void combine(double *out, int64_t count, double base, int32_t d, const double *coefficient,
                    const double *value, int64_t stride) {
    for (int64_t i = 0; i < count; i += 4 * LANES) {
        vd sum[4];
        for (int q = 0; q < 4; ++q) sum[q] = all(base);
        for (int32_t k = 0; k < d; ++k)
            for (int q = 0; q < 4; ++q)
                sum[q] += load(value + k * stride + i + q * LANES) * coefficient[k];
        for (int q = 0; q < 4; ++q) store(out + i + q * LANES, sum[q]);
    }
}

static void project(double *sum, const double *block, int32_t count, const double *c, int32_t d) {
    for (int32_t k = 0; k < d; ++k) {
        vd part = {0};
        for (int32_t i = 0; i < count; i += LANES)
            part += load(block + (int64_t)k * PDX__BLOCK + i) * load(c + i);
        sum[k] += sum_lanes(part);
    }
}

/* Tiles of 4 rows x TILE_DRAWS vectors of draws. */
enum { TILE_ROWS = 4, TILE_DRAWS = LANES == 8 ? 4 : 2, FLUSH_ROWS = 16 };

/* May the factors of FLUSH_ROWS rows in floats, of a block in doubles, be multiplied up? */
static int may_multiply(const double *weight, const float *weight_float, int32_t rows,
                        const double *width, const float *width_float, int64_t count) {
    const double widest = 100;
    for (int32_t i = 0; i < rows; ++i) {
        double w = weight ? weight[i] : (double)weight_float[i];
        if (w != 0 && w != 1) return 0;
    }
    for (int64_t c = 0; c < count; ++c)
        if ((width && width[c] > widest) || (width_float && (double)width_float[c] > widest))
            return 0;
    return 1;
}

static void loss(double *sum, const double *a, int64_t stride, int64_t count, const double *block,
                 int32_t rows, const double *weight, const double *offset, const double *band,
                 const double *width, int32_t d) {
    const int ones = may_multiply(weight, NULL, rows, width, NULL, count);
    for (int64_t c = 0; c < count; c += TILE_DRAWS * LANES) {
        vd total[TILE_DRAWS] = {{0}}, product[TILE_DRAWS];
        for (int q = 0; q < TILE_DRAWS; ++q) product[q] = all(1.0);
        for (int32_t i = 0; i < rows; i += TILE_ROWS) {
            vd eta[TILE_ROWS][TILE_DRAWS];
            for (int r = 0; r < TILE_ROWS; ++r)
                for (int q = 0; q < TILE_DRAWS; ++q) eta[r][q] = all(offset[i + r]);
            for (int32_t k = 0; k < d; ++k)
                for (int q = 0; q < TILE_DRAWS; ++q) {
                    vd draw = load(a + k * stride + c + q * LANES);
                    for (int r = 0; r < TILE_ROWS; ++r)
                        eta[r][q] += draw * block[(int64_t)k * PDX__BLOCK + i + r];
                }
            for (int r = 0; r < TILE_ROWS; ++r)
                for (int q = 0; q < TILE_DRAWS; ++q) {
                    const double w = weight[i + r];
                    vd size = magnitude(eta[r][q]);
                    vd e = width ? beside(size, load(width + c + q * LANES) * band[i + r])
                                 : vector_exp(-size);
                    total[q] += size * (0.5 * w);
                    if (ones) product[q] *= 1.0 + e * w;
                    else if (width) total[q] += vector_log(1.0 + e) * w;
                    else total[q] += vector_log1p(e) * w;
                }
        }
        for (int q = 0; q < TILE_DRAWS; ++q) {
            double *to = sum + c + q * LANES;
            store(to, load(to) + total[q] + (ones ? vector_log(product[q]) : all(0.0)));
        }
    }
}

/* A vector of floats as two of doubles. */
static inline void widen(vf v, vd *low, vd *high) {
    typedef float half_vf __attribute__((vector_size(VECTOR_BYTES / 2)));
    half_vf part;
    memcpy(&part, &v, sizeof part);
    *low = __builtin_convertvector(part, vd);
    memcpy(&part, (const char *)&v + sizeof part, sizeof part);
    *high = __builtin_convertvector(part, vd);
}

static inline vf beside_float(vf size, vf band) {
    vf half = vector_exp_float(-0.5f * size);
    return half * (half + band);
}

static void loss_float(double *sum, const float *a, int64_t stride, int64_t count,
                       const float *block, int32_t rows, const float *weight, const float *offset,
                       const float *band, const float *width, int32_t d) {
    const int ones = may_multiply(NULL, weight, rows, NULL, width, count);
    for (int64_t c = 0; c < count; c += TILE_DRAWS * FLOAT_LANES) {
        vd total[2 * TILE_DRAWS] = {{0}}, product[2 * TILE_DRAWS];
        for (int q = 0; q < 2 * TILE_DRAWS; ++q) product[q] = all(1.0);
        for (int32_t j = 0; j < rows; j += FLUSH_ROWS) {
            vf part[TILE_DRAWS] = {{0}}, factor[TILE_DRAWS];
            for (int q = 0; q < TILE_DRAWS; ++q) factor[q] = all_float(1.0f);
            for (int32_t i = j; i < j + FLUSH_ROWS; i += TILE_ROWS) {
                vf eta[TILE_ROWS][TILE_DRAWS];
                for (int r = 0; r < TILE_ROWS; ++r)
                    for (int q = 0; q < TILE_DRAWS; ++q) eta[r][q] = all_float(offset[i + r]);
                for (int32_t k = 0; k < d; ++k)
                    for (int q = 0; q < TILE_DRAWS; ++q) {
                        vf draw = load_float(a + k * stride + c + q * FLOAT_LANES);
                        for (int r = 0; r < TILE_ROWS; ++r)
                            eta[r][q] += draw * block[(int64_t)k * PDX__BLOCK + i + r];
                    }
                for (int r = 0; r < TILE_ROWS; ++r)
                    for (int q = 0; q < TILE_DRAWS; ++q) {
                        const float w = weight[i + r];
                        vf size = magnitude_float(eta[r][q]), e;
                        if (width)
                            e = beside_float(size,
                                             load_float(width + c + q * FLOAT_LANES) * band[i + r]);
                        else e = vector_exp_float(-size);
                        part[q] += size * (0.5f * w);
                        if (ones) factor[q] *= 1.0f + e * w;
                        else if (!width) part[q] += vector_log1p_float(e) * w;
                        else {
                            vd low, high;
                            widen(1.0f + e, &low, &high);
                            total[2 * q] += vector_log(low) * weight[i + r];
                            total[2 * q + 1] += vector_log(high) * weight[i + r];
                        }
                    }
            }
            for (int q = 0; q < TILE_DRAWS; ++q) {
                vd low, high;
                widen(part[q], &low, &high);
                total[2 * q] += low;
                total[2 * q + 1] += high;
                if (!ones) continue;
                widen(factor[q], &low, &high);
                product[2 * q] *= low;
                product[2 * q + 1] *= high;
            }
        }
        for (int q = 0; q < 2 * TILE_DRAWS; ++q) {
            double *to = sum + c + q * LANES;
            store(to, load(to) + total[q] + (ones ? vector_log(product[q]) : all(0.0)));
        }
    }
}

#endif
