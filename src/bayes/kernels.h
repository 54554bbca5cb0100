/* The inner loops of the fit, compiled several times from one source (kernels.c, kernels_draws.c)
 * for different instruction sets and chosen at run time. Rows come in panels of 32 and are worked
 * on in blocks of up to 128, expanded to x[column][128]; missing rows are zeros of weight 0.
 * Numbers of one machine are the same for any thread count; between instruction sets they differ by
 * rounding. Nothing here allocates or fails but `factor`. */
#ifndef PDX_BAYES_KERNELS_H
#define PDX_BAYES_KERNELS_H

#include <stdint.h>

enum { PDX__PANEL = 32, PDX__BLOCK = 128, PDX__COLUMN_PAD = 8, PDX__DRAWS = 64 };

/* The likelihood of a row has the even part -w G(eta), G = log(2 cosh(eta/2) + band): band 0 is the
 * logistic's g, a band > 0 leaves room for a third outcome, a tie (ties.h). */

/* EP's sites of one block of rows; every array has PDX__BLOCK entries, `count` (a multiple of
 * PDX__PANEL) are looked at. Site of a row: exp(-tau eta^2/2 + nu eta), eta = x.a. */
typedef struct pdx__row_sites {
    int32_t count;
    const double *mean, *var; /* of eta under q */
    const double *weight, *offset, *band;
    double *tau, *nu;  /* in: the sites; out: their update */
    double *log_ratio; /* NULL, or log E_q[likelihood/site], and tau, nu stay */
    double *third;     /* with log_ratio: third cumulant of eta given the likelihood, over var^3 */
    double *trouble;   /* nonzero: the rule failed, tau and nu stay */
    int32_t nodes;     /* Gauss-Hermite: z[nodes], w[nodes], weights sum to 1 */
    const double *z, *w;
} pdx__row_sites;

/* One coordinate of the sequential sampler over `count` draws (a multiple of PDX__DRAWS): a
 * Gaussian conditional of q with its Laplace site taken out, times the Laplace prior. */
typedef struct pdx__half_lines {
    int32_t count;
    double precision; /* of the conditional of q */
    double lam;       /* precision less the site's, >= 0 */
    double site_linear;
    double rate;         /* 1/b > 0 */
    const double *mean;  /* [count] of the conditional of q */
    const double *u;     /* [count] uniforms in (0, 1) */
    double *a;           /* [count] out: the draws */
    double *z;           /* [count] out: (a - mean) sqrt(precision) */
    double *log_density; /* [count] += -lam a^2/2 + gam a - log(I+ + I-), gam = mean precision -
                            site_linear */
} pdx__half_lines;

typedef struct pdx__kernels {
    const char *name;
    /* Columns `column[0..d)` of `panels` panels (x_int8 or x: [panel][width][32]) as
     * block[d][128]. */
    void (*expand)(double *block, const int8_t *x_int8, const double *x, int32_t width,
                   int32_t panels, const int32_t *column, int32_t d);
    void (*expand_float)(float *block, const int8_t *x_int8, const double *x, int32_t width,
                         int32_t panels, const int32_t *column, int32_t d);
    /* mean = x.mu, var = |root x|^2 (root lower triangular, leading dimension ld = d padded; rows d
     * to ld are zero); var may be NULL. */
    void (*moments)(double *mean, double *var, const double *block, int32_t count, const double *mu,
                    const double *root, int32_t d);
    void (*sites)(const pdx__row_sites *sites);
    /* Log of the predictive likelihood of left-out rows: log E_c[l^w] - log E_c[l^(w-removed)],
     * with eta ~ N(mean, var) (the cavity), l = exp((y - 1/2) eta - G(eta)), eta += offset. */
    void (*predictive)(double *out, const double *mean, const double *var, const double *y,
                       const double *weight, const double *removed, const double *offset,
                       const double *band, int32_t count, int32_t nodes, const double *z,
                       const double *w);
    /* sum[k] += over rows of third (covariance x)_k^3; covariance[d][d]. */
    void (*skews)(double *sum, const double *block, int32_t count, const double *covariance,
                  const double *third, int32_t d);
    /* white[d][128] = root x; sum[a(a+1)(a+2)/6 + b(b+1)/2 + c] += over rows of third x_a x_b x_c
     * for a >= b >= c. */
    void (*whiten)(double *white, const double *block, int32_t count, const double *root,
                   int32_t d);
    void (*cubes)(double *sum, const double *block, int32_t count, const double *third, int32_t d);
    /* sums += over rows of tau x x' and nu x, in a layout of its own; gram_doubles(d) says its
     * size. gram_finish reduces it into the lower triangle of gram[ld][ld] and linear[d]. */
    int64_t (*gram_doubles)(int32_t d);
    void (*gram_add)(double *sums, const double *block, int32_t count, const double *tau,
                     const double *nu, int32_t d);
    void (*gram_finish)(const double *sums, int32_t d, double *gram, double *linear);
    /* lam[ld][ld], lower triangle given, is destroyed. root[ld][ld] = L^-1 with lam = L L', zeros
     * elsewhere. Log determinant of lam; NaN where lam is not positive definite. */
    double (*factor)(int32_t d, double *lam, double *root);

    /* A Gaussian factor exp(-a'Na/2 + h'a) as a factor of b, where a = b + R z, R = diag(scale) and
     * z is standard normal: out = N - Y'Y, out_linear = h - Y'y with Y = root R N, y = root R h,
     * root' root = (I + R N R)^-1. precision, out: full symmetric [ld][ld], apart. root[ld][ld] and
     * y_matrix[ld][ld], y[d] are out too. Returns the log of the factor's constant; NaN where I + R
     * N R is not positive definite. */
    double (*across)(int32_t d, const double *precision, const double *linear, const double *scale,
                     double *out, double *out_linear, double *root, double *y_matrix, double *y);

    /* Inversion of a Gaussian x Laplace conditional, draw by draw. */
    void (*half_lines)(const pdx__half_lines *lines);
    /* z with P(Z <= z) = u; count a multiple of PDX__DRAWS. */
    void (*normal_quantiles)(int64_t count, const double *u, double *z);
    /* out[i] = base + sum over k of coefficient[k] value[k][i]; value[d][stride], count a multiple
     * of PDX__DRAWS. */
    void (*combine)(double *out, int64_t count, double base, int32_t d, const double *coefficient,
                    const double *value, int64_t stride);
    /* sum[k] += over rows of c x_k. */
    void (*project)(double *sum, const double *block, int32_t count, const double *c, int32_t d);
    /* sum[draw] += sum over rows of w G(x.a + offset); a[d][stride]: columns of draws (count of
     * them, a multiple of PDX__DRAWS); rows: a multiple of PDX__PANEL. The band of a row under a
     * draw is band[row] width[draw]; width NULL: 0. */
    void (*loss)(double *sum, const double *a, int64_t stride, int64_t count, const double *block,
                 int32_t rows, const double *weight, const double *offset, const double *band,
                 const double *width, int32_t d);
    void (*loss_float)(double *sum, const float *a, int64_t stride, int64_t count,
                       const float *block, int32_t rows, const float *weight, const float *offset,
                       const float *band, const float *width, int32_t d);

    /* At one point a: gradient[d] += sum over rows of w G'(eta) x, eta = x.a + offset; returns the
     * sum of w G(eta). `count` is a multiple of PDX__PANEL; rows of weight 0 add nothing. The band
     * of a row is band[row] width, and *by_width += the derivative of the sum by width; band NULL:
     * 0. */
    double (*slope)(double *gradient, const double *a, const double *block, int32_t count,
                    const double *weight, const double *offset, const double *band, double width,
                    double *by_width, int32_t d);
    double (*slope_float)(double *gradient, const float *a, const float *block, int32_t count,
                          const float *weight, const float *offset, const float *band, double width,
                          double *by_width, int32_t d);

    /* Elementwise functions for the tests; count a multiple of 16. */
    void (*test_functions)(int64_t count, const double *x, double *exp_x, double *log_x,
                           double *log1p_x, double *mills_x, double *quantile_x);
} pdx__kernels;

static inline int32_t pdx__column_pad(int32_t d) {
    return (d + PDX__COLUMN_PAD - 1) / PDX__COLUMN_PAD * PDX__COLUMN_PAD;
}

/* The best for this machine; or one by name ("plain", "avx2", "avx512"), NULL where this build or
 * machine lacks it. */
const pdx__kernels *pdx__kernels_best(void);
const pdx__kernels *pdx__kernels_named(const char *name);

#endif
