/* The engine's one-dimensional numerics and its vector functions, each against an independent way
 * of computing the same thing: libm in long double, quadrature, or the plain kernels. */
#include <prefdissect/prefdissect.h>

#include "bayes/kernels.h"
#include "bayes/normal.h"
#include "bayes/numerics.h"
#include "bayes/sobol.h"
#include "check.h"

static const char *const kernel_names[] = {"plain", "avx2", "avx512"};

static double relative(double a, long double b) {
    return (double)(fabsl((long double)a - b) / fmaxl(fabsl(b), 1e-300L));
}

static void elementary_functions(void) {
    enum { N = 4096 };
    static double x[N], e[N], l[N], l1[N], m[N], q[N];
    for (int i = 0; i < N; ++i) x[i] = -35 + 70.0 * (i + 0.37) / N;
    for (int set = 0; set < 3; ++set) {
        const pdx__kernels *kernels = pdx__kernels_named(kernel_names[set]);
        if (!kernels) continue;
        kernels->test_functions(N, x, e, l, l1, m, q);
        double worst[5] = {0};
        for (int i = 0; i < N; ++i) {
            long double v = x[i], size = fabsl(v);
            worst[0] = fmax(worst[0], relative(e[i], expl(v)));
            worst[1] = fmax(worst[1], fabs(l[i] - (double)logl(size)) / fmax(fabs(l[i]), 0.1));
            worst[2] = fmax(worst[2], relative(l1[i], log1pl(expl(-size))));
            long double mills =
                sqrtl(acosl(-1) / 2) * expl(size * size / 2) * erfcl(size / sqrtl(2));
            worst[3] = fmax(worst[3], relative(m[i], mills));
            /* the quantile, carried back through the upper tail of the normal */
            long double p = 1 / (1 + expl(v)), back = 0.5L * erfcl(q[i] / sqrtl(2));
            worst[4] = fmax(worst[4], relative((double)back, p) / (1 + q[i] * q[i]));
        }
        CHECK_LE(worst[0], 4.5e-16);
        CHECK_LE(worst[1], 4.5e-16);
        CHECK_LE(worst[2], 9e-16);
        CHECK_LE(worst[3], 1e-14);
        CHECK_LE(worst[4], 1e-14);
    }
    double far[16], out[5][16];
    for (int i = 0; i < 16; ++i) far[i] = i % 2 ? 1e4 : -1e4;
    for (int set = 0; set < 3; ++set) {
        const pdx__kernels *kernels = pdx__kernels_named(kernel_names[set]);
        if (!kernels) continue;
        kernels->test_functions(16, far, out[0], out[1], out[2], out[3], out[4]);
        CHECK(out[0][0] >= 0 && out[0][0] < 1e-300 && isfinite(out[0][1]) && out[0][1] > 1e300);
        CHECK_NEAR(out[3][0] * 1e4, 1, 1e-7);
    }
}

/* Simpson in long double over [0, far]: integral and first three moments of exp(-lam a^2/2 - r a).
 */
static void by_quadrature(double lam, double r, long double *out) {
    enum { N = 200000 };
    long double reach = 12 / sqrtl(lam) + (r < 0 ? -r / lam : 0),
                top = r < 0 ? r * r / (2 * lam) : 0;
    if (r > 0 && 45 / r < reach) reach = 45 / r;
    long double h = reach / N;
    for (int k = 0; k < 4; ++k) out[k] = 0;
    for (int i = 0; i <= N; ++i) {
        long double a = i * h, w = (i == 0 || i == N ? 1 : i % 2 ? 4 : 2) * h / 3;
        long double f = w * expl(-lam * a * a / 2 - r * a - top);
        for (int k = 0; k < 4; ++k, f *= a) out[k] += f;
    }
    for (int k = 3; k > 0; --k) out[k] /= out[0];
    out[0] = logl(out[0]) + top;
}

static void half_lines_match_quadrature(void) {
    static const double ratios[] = {-60, -36.9, -20, -3, -0.2, 0,  0.5,
                                    2,   6.9,   7.1, 12, 29,   31, 200};
    for (size_t i = 0; i < sizeof ratios / sizeof *ratios; ++i)
        for (double lam = 0.01; lam < 1e7; lam *= 1000) {
            double r = ratios[i] * sqrt(lam);
            long double expected[4];
            by_quadrature(lam, r, expected);
            pdx__half_line h = pdx__half_line_moments(lam, r);
            CHECK_NEAR(h.log_integral, (double)expected[0], 1e-11 * fmax(1, fabs(h.log_integral)));
            CHECK_NEAR(h.mean / (double)expected[1], 1, 1e-11);
            CHECK_NEAR(h.var / (double)(expected[2] - expected[1] * expected[1]), 1, 1e-9);
            CHECK_NEAR(h.cube / (double)expected[3], 1, 1e-9);
        }
    pdx__half_line flat = pdx__half_line_moments(0, 4);
    CHECK_NEAR(flat.mean, 0.25, 1e-15);
    CHECK_NEAR(flat.var, 0.0625, 1e-15);
    CHECK_NEAR(flat.log_integral, -log(4), 1e-15);
}

static void tilted_quantiles_invert(void) {
    static const double gams[] = {-300, -30, -3, 0, 1, 9.9, 40};
    for (size_t i = 0; i < sizeof gams / sizeof *gams; ++i)
        for (double lam = 1e-6; lam < 1e4; lam *= 10) {
            pdx__tilted t = {.lam = lam, .gam = gams[i] * fmin(1, sqrt(lam)), .rate = 10};
            pdx__tilted_moments(&t);
            for (double p = 0.001; p < 1; p += 0.0499) {
                double a = pdx__tilted_quantile(&t, p);
                CHECK_NEAR(pdx__tilted_below(&t, a), p, 1e-11);
            }
            CHECK_NEAR(pdx__tilted_below(&t, 0), 1 - t.prob_positive, 1e-14);
        }
}

static void gauss_hermite_is_exact(void) {
    for (int n = 1; n <= 32; n += n < 8 ? 1 : 8) {
        double z[64], w[64], moment = 1;
        pdx__gauss_hermite(n, z, w);
        for (int power = 0; power < 2 * n && power < 24; power += 2) {
            double sum = 0;
            for (int i = 0; i < n; ++i) sum += w[i] * pow(z[i], power);
            CHECK_NEAR(sum / moment, 1, 1e-11);
            moment *= power + 1;
        }
    }
}

static void row_integrals_match_a_fine_sum(void) {
    static const double cases[][5] = {{1, 0, 0.5, 0.3},   {2, -6, 0.4, 3}, {1000, 0.5, 2, -40},
                                      {1, 0, 1e-4, 0.2},  {0.01, 3, 5, 5}, {1, 0, 0.5, 0.3, 2},
                                      {3, -6, 0.1, 3, 40}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
        double w = cases[c][0], o = cases[c][1], lam = cases[c][2], gam = cases[c][3];
        double band = cases[c][4], log_integral, mean, var;
        REQUIRE(pdx__row_integral(w, o, band, lam, gam, &log_integral, &mean, &var));
        double sd = sqrt(var), h = sd / 400, s0 = 0, s1 = 0, s2 = 0, top = -INFINITY;
        for (int pass = 0; pass < 2; ++pass)
            for (double eta = mean - 25 * sd; eta < mean + 25 * sd; eta += h) {
                double l =
                    -w * pdx__softabs(eta + o, band, NULL, NULL) - eta * (0.5 * lam * eta - gam);
                if (pass == 0) top = fmax(top, l);
                else {
                    double f = exp(l - top);
                    s0 += f;
                    s1 += f * (eta - mean);
                    s2 += f * (eta - mean) * (eta - mean);
                }
            }
        CHECK_NEAR(s1 / s0 / sd, 0, 1e-7);
        CHECK_NEAR(s2 / s0 / var, 1, 1e-7);
        CHECK_NEAR(log_integral, top + log(s0 * h), 1e-7);
    }
}

static void sobol_points_fill_intervals(void) {
    enum { N = 256, D = 165 };
    double *u = malloc(sizeof *u * D * N);
    pdx__rng rng;
    pdx__rng_init(&rng, 5, 0);
    pdx__sobol_points(u, N, D, N, &rng);
    for (int k = 0; k < PDX__SOBOL_DIMENSIONS; ++k) {
        int seen[N] = {0};
        for (int i = 0; i < N; ++i) ++seen[(int)(u[k * N + i] * N)];
        for (int i = 0; i < N; ++i) CHECK_INT(seen[i], 1);
    }
    for (int i = 0; i < D * N; ++i) CHECK(u[i] > 0 && u[i] < 1);
    /* the first two dimensions are a (0, 8, 2)-net: every 16 x 16 cell holds one point */
    int cell[256] = {0};
    for (int i = 0; i < N; ++i) ++cell[(int)(u[i] * 16) * 16 + (int)(u[N + i] * 16)];
    for (int i = 0; i < 256; ++i) CHECK_INT(cell[i], 1);
    free(u);
}

/* Every instruction set does the same sums. */
static void kernels_agree(void) {
    enum { D = 13, LD = 16, ROWS = 96 };
    static double block[LD * PDX__BLOCK], root[LD * LD];
    static float block_float[LD * PDX__BLOCK];
    double mu[LD] = {0}, weight[PDX__BLOCK], offset[PDX__BLOCK], y[PDX__BLOCK];
    double band[PDX__BLOCK], width[PDX__DRAWS];
    float weight_float[PDX__BLOCK], offset_float[PDX__BLOCK];
    float band_float[PDX__BLOCK], width_float[PDX__DRAWS];
    pdx__rng rng;
    pdx__rng_init(&rng, 11, 0);
    for (int k = 0; k < D; ++k) {
        mu[k] = pdx__rng_normal(&rng);
        for (int j = 0; j <= k; ++j) root[k * LD + j] = (j == k) + 0.1 * pdx__rng_normal(&rng);
        for (int i = 0; i < ROWS; ++i)
            block_float[k * PDX__BLOCK + i] =
                (float)(block[k * PDX__BLOCK + i] = (double)pdx__rng_below(&rng, 3) - 1);
    }
    for (int i = 0; i < ROWS; ++i) {
        weight_float[i] = (float)(weight[i] = i % 3 ? 0.5 * (i % 5) : 1);
        offset_float[i] = (float)(offset[i] = 0.25 * (i % 7) - 0.5);
        y[i] = i % 2;
        band_float[i] = (float)(band[i] = i % 4 == 1);
    }
    for (int i = 0; i < PDX__DRAWS; ++i) width_float[i] = (float)(width[i] = 0.5 + 0.01 * i);
    double first[6][PDX__BLOCK * 2] = {{0}};
    for (int set = 0; set < 3; ++set) {
        const pdx__kernels *kernels = pdx__kernels_named(kernel_names[set]);
        if (!kernels) continue;
        double out[6][PDX__BLOCK * 2] = {{0}};
        double tau[PDX__BLOCK], nu[PDX__BLOCK], trouble[PDX__BLOCK], z[8], w[8];
        kernels->moments(out[0], out[1], block, ROWS, mu, root, D);
        for (int i = 0; i < ROWS; ++i) {
            tau[i] = 0.1 * weight[i];
            nu[i] = 0.01 * i;
        }
        pdx__gauss_hermite(8, z, w);
        pdx__row_sites sites = {.count = ROWS,
                                .mean = out[0],
                                .var = out[1],
                                .weight = weight,
                                .offset = offset,
                                .band = band,
                                .tau = tau,
                                .nu = nu,
                                .trouble = trouble,
                                .nodes = 8,
                                .z = z,
                                .w = w};
        kernels->sites(&sites);
        memcpy(out[2], tau, ROWS * sizeof *tau);
        memcpy(out[2] + PDX__BLOCK, nu, ROWS * sizeof *nu);
        kernels->predictive(out[3], out[0], out[1], y, weight, weight, offset, band, ROWS, 8, z, w);
        double *sums = calloc((size_t)kernels->gram_doubles(D), sizeof *sums);
        double gram[LD * LD] = {0}, linear[LD], inverse[LD * LD];
        kernels->gram_add(sums, block, ROWS, weight, offset, D);
        kernels->gram_finish(sums, D, gram, linear);
        free(sums);
        memcpy(out[4], linear, D * sizeof *linear);
        for (int k = 0; k < D; ++k) {
            out[4][D + k] = gram[k * LD + k / 2];
            gram[k * LD + k] += 1;
        }
        out[4][2 * D] = kernels->factor(D, gram, inverse);
        for (int k = 0; k < D; ++k) out[4][2 * D + 1 + k] = inverse[k * LD + k / 2];
        double a[D * PDX__DRAWS];
        float a_float[D * PDX__DRAWS];
        for (int i = 0; i < D * PDX__DRAWS; ++i) a_float[i] = (float)(a[i] = sin(i));
        kernels->loss(out[5], a, PDX__DRAWS, PDX__DRAWS, block, ROWS, weight, offset, band, width,
                      D);
        kernels->loss_float(out[5] + PDX__BLOCK, a_float, PDX__DRAWS, PDX__DRAWS, block_float, ROWS,
                            weight_float, offset_float, band_float, width_float, D);
        for (int i = 0; i < PDX__DRAWS; ++i) CHECK_NEAR(out[5][i], out[5][PDX__BLOCK + i], 1e-3);
        double expected = 0;
        for (int i = 0; i < ROWS; ++i) {
            double eta = offset[i];
            for (int k = 0; k < D; ++k) eta += block[k * PDX__BLOCK + i] * sin(k * PDX__DRAWS + 5);
            expected += weight[i] * pdx__softabs(eta, band[i] * width[5], NULL, NULL);
        }
        CHECK_NEAR(out[5][5], expected, 1e-10);
        if (set == 0) memcpy(first, out, sizeof first);
        for (int k = 0; k < 6; ++k)
            for (int i = 0; i < 2 * PDX__BLOCK; ++i)
                CHECK_NEAR(out[k][i], first[k][i],
                           (k == 5 && i >= PDX__BLOCK ? 1e-3 : 1e-10) * (1 + fabs(first[k][i])));
    }
}

/* The sampler's inversion against the scalar quantile, in all regimes of the half line. */
static void half_line_draws_invert(void) {
    static const double cases[][3] = {{20, 10, 0}, {20, 10, 60},  {1e-9, 10, 0.001},
                                      {0, 10, 3},  {0.5, 30, -5}, {4000, 0.1, -900},
                                      {1, 1, 35}};
    for (int set = 0; set < 3; ++set) {
        const pdx__kernels *kernels = pdx__kernels_named(kernel_names[set]);
        if (!kernels) continue;
        for (size_t c = 0; c < sizeof cases / sizeof *cases; ++c) {
            double mean[PDX__DRAWS], u[PDX__DRAWS], a[PDX__DRAWS], z[PDX__DRAWS];
            double log_density[PDX__DRAWS] = {0};
            double lam = cases[c][0], rate = cases[c][1], gam = cases[c][2], precision = lam + 3;
            for (int i = 0; i < PDX__DRAWS; ++i) {
                mean[i] = (gam + 0.5) / precision;
                u[i] = (i + 0.5) / PDX__DRAWS;
            }
            pdx__half_lines lines = {.count = PDX__DRAWS,
                                     .precision = precision,
                                     .lam = lam,
                                     .site_linear = 0.5,
                                     .rate = rate,
                                     .mean = mean,
                                     .u = u,
                                     .a = a,
                                     .z = z,
                                     .log_density = log_density};
            kernels->half_lines(&lines);
            pdx__tilted t = {.lam = lam, .gam = gam, .rate = rate};
            pdx__tilted_moments(&t);
            for (int i = 0; i < PDX__DRAWS; ++i) {
                double exact = pdx__tilted_quantile(&t, u[i]);
                CHECK_NEAR(a[i], exact, 1e-9 * (fabs(exact) + sqrt(t.var)));
                CHECK_NEAR(z[i], (a[i] - mean[i]) * sqrt(precision), 1e-12 * (1 + fabs(z[i])));
                CHECK_NEAR(log_density[i], a[i] * (gam - 0.5 * lam * a[i]) - t.log_integral,
                           1e-9 * (1 + fabs(t.log_integral)));
            }
        }
    }
}

int main(void) {
    RUN(elementary_functions);
    RUN(half_lines_match_quadrature);
    RUN(tilted_quantiles_invert);
    RUN(gauss_hermite_is_exact);
    RUN(row_integrals_match_a_fine_sum);
    RUN(sobol_points_fill_intervals);
    RUN(kernels_agree);
    RUN(half_line_draws_invert);
    return check_result();
}
