/* Kernels over rows: lanes are rows. What EP does to each block, and the small dense algebra of its
 * solve. The kernels of the samplers are in kernels_draws.h and kernels_slope.h. */
#include "kernels.h"
#include "kernels_draws.h"
#include "kernels_slope.h"
#include "simd.h"

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)

static void expand(double *block, const int8_t *x_int8, const double *x, int32_t width,
                   int32_t panels, const int32_t *column, int32_t d) {
    for (int32_t p = 0; p < panels; ++p)
        for (int32_t k = 0; k < d; ++k) {
            int64_t from = ((int64_t)p * width + column[k]) * PDX__PANEL;
            double *to = block + (int64_t)k * PDX__BLOCK + p * PDX__PANEL;
            if (x_int8)
                for (int i = 0; i < PDX__PANEL; ++i) to[i] = x_int8[from + i];
            else memcpy(to, x + from, PDX__PANEL * sizeof *to);
        }
}

static void expand_float(float *block, const int8_t *x_int8, const double *x, int32_t width,
                         int32_t panels, const int32_t *column, int32_t d) {
    for (int32_t p = 0; p < panels; ++p)
        for (int32_t k = 0; k < d; ++k) {
            int64_t from = ((int64_t)p * width + column[k]) * PDX__PANEL;
            float *to = block + (int64_t)k * PDX__BLOCK + p * PDX__PANEL;
            if (x_int8)
                for (int i = 0; i < PDX__PANEL; ++i) to[i] = x_int8[from + i];
            else
                for (int i = 0; i < PDX__PANEL; ++i) to[i] = (float)x[from + i];
        }
}

/* ---- moments of eta: four rows of the root against a strip of vectors of rows ---- */

enum { STRIP = LANES == 8 ? 4 : LANES == 4 ? 2 : 2 }; /* STRIP x 4 sums stay in registers */

static void moments(double *mean, double *var, const double *block, int32_t count, const double *mu,
                    const double *root, int32_t d) {
    const int32_t ld = pdx__column_pad(d);
    for (int32_t i = 0; i < count; i += STRIP * LANES) {
        const double *x = block + i;
        vd m[STRIP] = {0}, v[STRIP] = {0};
        for (int32_t k = 0; k < d; ++k)
            for (int s = 0; s < STRIP; ++s)
                m[s] += load(x + (int64_t)k * PDX__BLOCK + s * LANES) * mu[k];
        for (int s = 0; s < STRIP; ++s) store(mean + i + s * LANES, m[s]);
        if (!var) continue;
        for (int32_t j = 0; j < d; j += 4) {
            const double *r = root + (int64_t)j * ld;
            vd sum[4][STRIP] = {{{0}}};
            const int32_t stop = j + 4 < d ? j + 4 : d;
            for (int32_t k = 0; k < stop; ++k) {
                vd xs[STRIP];
                for (int s = 0; s < STRIP; ++s)
                    xs[s] = load(x + (int64_t)k * PDX__BLOCK + s * LANES);
                for (int q = 0; q < 4; ++q)
                    for (int s = 0; s < STRIP; ++s) sum[q][s] += xs[s] * r[q * ld + k];
            }
            for (int q = 0; q < 4; ++q)
                for (int s = 0; s < STRIP; ++s) v[s] += sum[q][s] * sum[q][s];
        }
        for (int s = 0; s < STRIP; ++s) store(var + i + s * LANES, v[s]);
    }
}

/* ---- sites ---- */

/* -w (G(eta) - g0) + linear d + quadratic d^2, exponentiated; G = |eta|/2 + log(1 + beside). */
static inline vd node_weight(vd eta, vd band, vd g0, vd w, vd exponent) {
    vd size = magnitude(eta);
    vd g = 0.5 * size + vector_log(1.0 + beside(size, band));
    return vector_exp(exponent - w * (g - g0));
}

/* The same for w = 1: no logarithm. */
static inline vd node_weight_one(vd eta, vd band, vd g0, vd exponent) {
    vd size = magnitude(eta);
    return vector_exp(exponent + g0 - 0.5 * size) / (1.0 + beside(size, band));
}

static void sites(const pdx__row_sites *in) {
    for (int32_t i = 0; i < in->count; i += LANES) {
        vd m = load(in->mean + i), s = load(in->var + i);
        vd w = load(in->weight + i), tau = load(in->tau + i), nu = load(in->nu + i);
        vd base = m + load(in->offset + i), band = load(in->band + i);
        vl used = (w > 0.0) & (s > 0.0);
        vl ones = (w == 1.0) | ~used;
        vd sd = square_root(s), slope = (tau * m - nu) * sd, bend = 0.5 * tau * s;
        vd size = magnitude(base), g0 = 0.5 * size + vector_log(1.0 + beside(size, band));
        vd s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
        const int all_ones = !any(~ones);
        for (int32_t k = 0; k < in->nodes; ++k) {
            const double z = in->z[k];
            vd exponent = (slope + bend * z) * z, eta = base + sd * z;
            vd r = in->w[k] * (all_ones ? node_weight_one(eta, band, g0, exponent)
                                        : node_weight(eta, band, g0, w, exponent));
            s0 += r;
            s1 += r * z;
            s2 += r * (z * z);
            s3 += r * (z * z * z);
        }
        vd em = s1 / s0, ev = s2 / s0 - em * em;
        vl good = (magnitude(em) <= 1.5) & (ev >= 0.2) & (ev <= 3.0) & (magnitude(base) < 600.0);
        vl trouble = used & ~good;
        store(in->trouble + i, (vd)(trouble & (vl)all(1.0)));
        if (in->log_ratio) {
            vd ratio =
                vector_log(greater_of(s0, all(1e-300))) - w * g0 - nu * m + 0.5 * tau * m * m;
            store(in->log_ratio + i, pick(used, ratio, -w * g0));
            vd third = s3 / s0 - em * (3.0 * (s2 / s0) - 2.0 * em * em);
            store(in->third + i, pick(used & good, third / (s * sd), all(0.0)));
            continue;
        }
        vd inverse = 1.0 / s;
        vd new_tau = greater_of(tau + (1.0 / ev - 1.0) * inverse, 1e-14 * w);
        vd new_nu = nu + ((m + sd * em) / ev - m) * inverse;
        new_tau = pick(used, new_tau, all(0.0));
        new_nu = pick(used, new_nu, all(0.0));
        store(in->tau + i, pick(trouble, tau, new_tau));
        store(in->nu + i, pick(trouble, nu, new_nu));
    }
}

static void predictive(double *out, const double *mean, const double *var, const double *y,
                       const double *weight, const double *removed, const double *offset,
                       const double *band, int32_t count, int32_t nodes, const double *z,
                       const double *w) {
    for (int32_t i = 0; i < count; i += LANES) {
        vd base = load(mean + i) + load(offset + i), sd = square_root(load(var + i));
        vd tilt = load(y + i) - 0.5, power = load(weight + i);
        vd out_of = load(removed + i), less = power - out_of;
        vd size = magnitude(base), tied = load(band + i);
        vd l0 = tilt * base - 0.5 * size - vector_log(1.0 + beside(size, tied));
        vd with = {0}, without = {0};
        const int all_ones = !any(less != 0.0);
        for (int32_t k = 0; k < nodes; ++k) {
            vd eta = base + sd * z[k];
            size = magnitude(eta);
            vd l = tilt * eta - 0.5 * size - vector_log(1.0 + beside(size, tied)) - l0;
            with += w[k] * vector_exp(power * l);
            if (!all_ones) without += w[k] * vector_exp(less * l);
        }
        vd value = out_of * l0 + vector_log(greater_of(with, all(1e-300)));
        if (!all_ones) value -= vector_log(greater_of(without, all(1e-300)));
        store(out + i, value);
    }
}

static void skews(double *sum, const double *block, int32_t count, const double *covariance,
                  const double *third, int32_t d) {
    for (int32_t j = 0; j < d; j += 4) {
        const int32_t rows = d - j < 4 ? d - j : 4;
        const double *c[4];
        for (int q = 0; q < 4; ++q) c[q] = covariance + (int64_t)(j + (q < rows ? q : 0)) * d;
        vd total[4] = {{0}};
        for (int32_t i = 0; i < count; i += STRIP * LANES) {
            vd u[4][STRIP] = {{{0}}};
            for (int32_t k = 0; k < d; ++k) {
                vd x[STRIP];
                for (int s = 0; s < STRIP; ++s)
                    x[s] = load(block + (int64_t)k * PDX__BLOCK + i + s * LANES);
                for (int q = 0; q < 4; ++q)
                    for (int s = 0; s < STRIP; ++s) u[q][s] += x[s] * c[q][k];
            }
            for (int s = 0; s < STRIP; ++s) {
                vd weight = load(third + i + s * LANES);
                for (int q = 0; q < 4; ++q) total[q] += weight * u[q][s] * u[q][s] * u[q][s];
            }
        }
        for (int q = 0; q < rows; ++q) sum[j + q] += sum_lanes(total[q]);
    }
}

static void whiten(double *white, const double *block, int32_t count, const double *root,
                   int32_t d) {
    const int32_t ld = pdx__column_pad(d);
    for (int32_t i = 0; i < count; i += STRIP * LANES)
        for (int32_t j = 0; j < d; ++j) {
            const double *r = root + (int64_t)j * ld;
            vd sum[STRIP] = {{0}};
            for (int32_t k = 0; k <= j; ++k)
                for (int s = 0; s < STRIP; ++s)
                    sum[s] += load(block + (int64_t)k * PDX__BLOCK + i + s * LANES) * r[k];
            for (int s = 0; s < STRIP; ++s)
                store(white + (int64_t)j * PDX__BLOCK + i + s * LANES, sum[s]);
        }
}

static void cubes(double *sum, const double *block, int32_t count, const double *third, int32_t d) {
    enum { TOGETHER = 8 };
    double product[PDX__BLOCK];
    for (int32_t a = 0; a < d; ++a)
        for (int32_t b = 0; b <= a; ++b) {
            const double *xa = block + (int64_t)a * PDX__BLOCK,
                         *xb = block + (int64_t)b * PDX__BLOCK;
            for (int32_t i = 0; i < count; i += LANES)
                store(product + i, load(third + i) * load(xa + i) * load(xb + i));
            for (int32_t c = 0; c <= b; c += TOGETHER) {
                const int32_t many = b + 1 - c < TOGETHER ? b + 1 - c : TOGETHER;
                const double *xc = block + (int64_t)c * PDX__BLOCK;
                vd part[TOGETHER] = {{0}};
                if (many == TOGETHER)
                    for (int32_t i = 0; i < count; i += LANES)
                        for (int q = 0; q < TOGETHER; ++q)
                            part[q] += load(product + i) * load(xc + q * PDX__BLOCK + i);
                else
                    for (int q = 0; q < many; ++q)
                        for (int32_t i = 0; i < count; i += LANES)
                            part[q] += load(product + i) * load(xc + q * PDX__BLOCK + i);
                for (int q = 0; q < many; ++q) *sum++ += sum_lanes(part[q]);
            }
        }
}

/* ---- sums of tau x x': tiles of 4 x 4 columns, each sum a vector over rows ---- */

enum { TILE = 4, TILE_SIZE = TILE * TILE * LANES };

static int64_t gram_doubles(int32_t d) {
    int64_t tiles = (d + TILE - 1) / TILE;
    return tiles * (tiles + 1) / 2 * TILE_SIZE + tiles * TILE * LANES;
}

static void gram_add(double *sums, const double *block, int32_t count, const double *tau,
                     const double *nu, int32_t d) {
    const int32_t tiles = (d + TILE - 1) / TILE;
    double *linear = sums + (int64_t)tiles * (tiles + 1) / 2 * TILE_SIZE;
    for (int32_t p = 0; p < tiles; ++p) {
        const double *row = block + (int64_t)p * TILE * PDX__BLOCK;
        vd first[TILE];
        for (int a = 0; a < TILE; ++a) first[a] = load(linear + (p * TILE + a) * LANES);
        for (int32_t i = 0; i < count; i += LANES)
            for (int a = 0; a < TILE; ++a)
                first[a] += load(row + a * PDX__BLOCK + i) * load(nu + i);
        for (int a = 0; a < TILE; ++a) store(linear + (p * TILE + a) * LANES, first[a]);
        for (int32_t q = 0; q <= p; ++q) {
            const double *column = block + (int64_t)q * TILE * PDX__BLOCK;
            vd sum[TILE][TILE];
            for (int a = 0; a < TILE; ++a)
                for (int b = 0; b < TILE; ++b) sum[a][b] = load(sums + (a * TILE + b) * LANES);
            for (int32_t i = 0; i < count; i += LANES) {
                vd weight = load(tau + i), scaled[TILE];
                for (int a = 0; a < TILE; ++a) scaled[a] = load(row + a * PDX__BLOCK + i) * weight;
                for (int b = 0; b < TILE; ++b) {
                    vd x = load(column + b * PDX__BLOCK + i);
                    for (int a = 0; a < TILE; ++a) sum[a][b] += scaled[a] * x;
                }
            }
            for (int a = 0; a < TILE; ++a)
                for (int b = 0; b < TILE; ++b) store(sums + (a * TILE + b) * LANES, sum[a][b]);
            sums += TILE_SIZE;
        }
    }
}

static void gram_finish(const double *sums, int32_t d, double *gram, double *linear) {
    const int32_t ld = pdx__column_pad(d), tiles = (d + TILE - 1) / TILE;
    const double *last = sums + (int64_t)tiles * (tiles + 1) / 2 * TILE_SIZE;
    for (int32_t p = 0; p < tiles; ++p)
        for (int32_t q = 0; q <= p; ++q, sums += TILE_SIZE)
            for (int a = 0; a < TILE; ++a)
                for (int b = 0; b < TILE; ++b)
                    gram[(int64_t)(p * TILE + a) * ld + q * TILE + b] =
                        sum_lanes(load(sums + (a * TILE + b) * LANES));
    for (int32_t k = 0; k < d; ++k) linear[k] = sum_lanes(load(last + k * LANES));
}

/* ---- Cholesky factor and its inverse, row operations ---- */

static double factor(int32_t d, double *lam, double *root) {
    const int32_t ld = pdx__column_pad(d);
    double log_det = 0;
    /* lam becomes the upper factor U = L', row by row; the lower triangle is mirrored first */
    for (int32_t i = 0; i < d; ++i)
        for (int32_t k = 0; k < i; ++k) lam[(int64_t)k * ld + i] = lam[(int64_t)i * ld + k];
    for (int32_t i = 0; i < d; ++i)
        for (int32_t k = d; k < ld; ++k) lam[(int64_t)i * ld + k] = 0;
    for (int32_t j = 0; j < d; ++j) {
        double *row = lam + (int64_t)j * ld;
        double pivot = row[j];
        if (!(pivot > 0) || !(pivot < INFINITY)) return NAN;
        log_det += log(pivot);
        const double scale = 1 / sqrt(pivot);
        const int32_t from = j / LANES * LANES;
        for (int32_t k = from; k < ld; k += LANES) store(row + k, load(row + k) * scale);
        for (int32_t i = j + 1; i < d; ++i) {
            double *other = lam + (int64_t)i * ld;
            const double f = row[i];
            for (int32_t k = i / LANES * LANES; k < ld; k += LANES)
                store(other + k, load(other + k) - load(row + k) * f);
        }
    }
    memset(root, 0, (size_t)ld * ld * sizeof *root);
    for (int32_t i = 0; i < d; ++i) {
        double *row = root + (int64_t)i * ld;
        const double scale = 1 / lam[(int64_t)i * ld + i];
        for (int32_t c = 0; c <= i; c += LANES) {
            vd sum = {0};
            for (int32_t k = c; k < i; ++k)
                sum -= load(root + (int64_t)k * ld + c) * lam[(int64_t)k * ld + i];
            store(row + c, sum * scale);
        }
        row[i] = scale;
    }
    return log_det;
}

/* out = of - y' y over rows of y; four rows of the result at a time. */
static void subtract_square(double *out, const double *of, const double *y, int32_t d) {
    const int32_t ld = pdx__column_pad(d);
    for (int32_t j = 0; j < ld; j += 4) /* rows from d on are zeros */
        for (int32_t c = 0; c < ld; c += LANES) {
            vd sum[4];
            for (int q = 0; q < 4; ++q) sum[q] = load(of + (int64_t)(j + q) * ld + c);
            for (int32_t i = 0; i < d; ++i) {
                const double *row = y + (int64_t)i * ld;
                vd right = load(row + c);
                for (int q = 0; q < 4; ++q) sum[q] -= right * row[j + q];
            }
            for (int q = 0; q < 4; ++q) store(out + (int64_t)(j + q) * ld + c, sum[q]);
        }
}

static double across(int32_t d, const double *precision, const double *linear, const double *scale,
                     double *out, double *out_linear, double *root, double *y_matrix, double *y) {
    const int32_t ld = pdx__column_pad(d);
    for (int32_t i = 0; i < d; ++i) {
        for (int32_t k = 0; k <= i; ++k)
            out[(int64_t)i * ld + k] = scale[i] * scale[k] * precision[(int64_t)i * ld + k];
        out[(int64_t)i * ld + i] += 1;
    }
    const double log_det = factor(d, out, root);
    double square = 0;
    memset(y_matrix, 0, (size_t)ld * ld * sizeof *y_matrix);
    memcpy(out_linear, linear, (size_t)d * sizeof *out_linear);
    for (int32_t i = 0; i < d; ++i) {
        const double *r = root + (int64_t)i * ld;
        for (int32_t c = 0; c < ld; c += LANES) {
            vd sum = {0};
            for (int32_t k = 0; k <= i; ++k)
                sum += load(precision + (int64_t)k * ld + c) * (r[k] * scale[k]);
            store(y_matrix + (int64_t)i * ld + c, sum);
        }
        y[i] = 0;
        for (int32_t k = 0; k <= i; ++k) y[i] += r[k] * scale[k] * linear[k];
        square += y[i] * y[i];
        for (int32_t k = 0; k < d; ++k) out_linear[k] -= y[i] * y_matrix[(int64_t)i * ld + k];
    }
    subtract_square(out, precision, y_matrix, d);
    return 0.5 * (square - log_det);
}

static void test_functions(int64_t count, const double *x, double *exp_x, double *log_x,
                           double *log1p_x, double *mills_x, double *quantile_x) {
    for (int64_t i = 0; i < count; i += LANES) {
        vd v = load(x + i);
        store(exp_x + i, vector_exp(v));
        store(log_x + i, vector_log(magnitude(v)));
        store(log1p_x + i, vector_log1p(vector_exp(-magnitude(v))));
        store(mills_x + i, vector_mills(magnitude(v)));
        store(quantile_x + i, vector_upper_quantile(1.0 / (1.0 + vector_exp(v))));
    }
}

extern const pdx__kernels JOIN(pdx__kernels_, PDX_KERNELS);
const pdx__kernels JOIN(pdx__kernels_, PDX_KERNELS) = {
    .name = PDX_KERNELS_NAME,
    .expand = expand,
    .expand_float = expand_float,
    .moments = moments,
    .sites = sites,
    .predictive = predictive,
    .skews = skews,
    .whiten = whiten,
    .cubes = cubes,
    .gram_doubles = gram_doubles,
    .gram_add = gram_add,
    .gram_finish = gram_finish,
    .factor = factor,
    .across = across,
    .half_lines = half_lines,
    .normal_quantiles = normal_quantiles,
    .combine = combine,
    .project = project,
    .loss = loss,
    .loss_float = loss_float,
    .slope = slope,
    .slope_float = slope_float,
    .test_functions = test_functions,
};
