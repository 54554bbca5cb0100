/* The logistic target: values by the formula, gradients by differences, on every instruction set;
 * NUTS on it for one weight against quadrature. */
#include "bayes/kernels.h"
#include "bayes/logit_target.h"
#include "bayes/nuts.h"
#include "core/rng.h"

#include "check.h"

enum { N = 150, D = 5 };
static double x[N * D], y[N], weight[N], offset[N];
static const pdx__prior PRIOR[D] = {{PDX_PRIOR_LAPLACE, 0.1},
                                    {PDX_PRIOR_GAUSSIAN, 2.5},
                                    {PDX_PRIOR_LAPLACE, 0},
                                    {PDX_PRIOR_LAPLACE, INFINITY},
                                    {PDX_PRIOR_LAPLACE, 0.3}};

static void fill(int whole) {
    pdx__rng rng;
    pdx__rng_init(&rng, 4, 0);
    for (int i = 0; i < N * D; ++i)
        x[i] = whole ? (double)pdx__rng_below(&rng, 3) - 1 : pdx__rng_normal(&rng);
    for (int i = 0; i < N; ++i) {
        y[i] = i % 4 ? (double)pdx__rng_below(&rng, 2) : pdx__rng_uniform(&rng);
        weight[i] = i % 7 ? 3 * pdx__rng_uniform(&rng) : 0;
        offset[i] = pdx__rng_normal(&rng);
    }
}

/* The model as posterior.h writes it, at all D weights; row weights times `factor`, 0: none. */
static double formula(const double *a, double factor, double *gradient) {
    double sum = -fabs(a[0]) / 0.1 - a[1] * a[1] / 12.5 - fabs(a[4]) / 0.3;
    const double slope[D] = {a[0] > 0 ? -10 : 10, -a[1] / 6.25, 0, 0,
                             a[4] > 0 ? -1 / 0.3 : 1 / 0.3};
    memcpy(gradient, slope, sizeof slope);
    for (int i = 0; i < N; ++i) {
        double eta = factor > 0 ? offset[i] : 0, w = factor > 0 ? factor * weight[i] : 1;
        for (int k = 0; k < D; ++k) eta += x[i * D + k] * a[k];
        sum += w * (y[i] * eta - log1p(exp(eta)));
        for (int k = 0; k < D; ++k) gradient[k] += w * (y[i] - 1 / (1 + exp(-eta))) * x[i * D + k];
    }
    return sum;
}

static void check_target(int whole, double factor, double tolerance) {
    pdx__design *design;
    pdx__logit_target *logit;
    double scaled[N];
    fill(whole);
    for (int i = 0; i < N; ++i) scaled[i] = factor * weight[i];
    OK(pdx__design_create(&design, N, D, x, NULL));
    pdx__problem problem = {.design = design,
                            .y = y,
                            .weight = factor > 0 ? scaled : NULL,
                            .offset = factor > 0 ? offset : NULL,
                            .prior = PRIOR};
    OK(pdx__logit_target_create(&logit, &problem));
    pdx__target target = pdx__logit_target_seam(logit);
    CHECK_INT(target.dim, D - 1);
    CHECK_INT(pdx__logit_target_column(logit, 2), 3);
    double origin[D] = {0.1, 0.2, 0, -0.1, 0.3}, origin_free[D - 1] = {0.1, 0.2, -0.1, 0.3};
    double got[D], expected[D];
    double base =
        target.value(target.context, origin_free, got) - formula(origin, factor, expected);
    for (int trial = 0; trial < 5; ++trial) {
        double a[D - 1] = {0.3 - trial, 0.1 * trial, trial - 2.5, -0.7};
        double at[D] = {a[0], a[1], 0, a[2], a[3]};
        double value = target.value(target.context, a, got), exact = formula(at, factor, expected);
        CHECK_NEAR(value - exact, base, tolerance * fabs(value));
        for (int k = 0; k < D - 1; ++k)
            CHECK_NEAR(got[k], expected[k + (k > 1)], tolerance * fabs(value));
    }
    pdx__logit_target_free(logit);
    pdx__design_free(design);
}

/* Small weights are summed in single precision, large ones in double. */
static void values_and_gradients(void) {
    check_target(1, 0, 1e-6);
    check_target(1, 1, 1e-6);
    check_target(0, 1, 1e-6);
    check_target(1, 1e4, 1e-12);
    check_target(0, 1e4, 1e-12);
}

static void instruction_sets_agree(void) {
    static const char *const names[] = {"plain", "avx2", "avx512"};
    static double block[D * PDX__BLOCK], w[PDX__BLOCK], o[PDX__BLOCK];
    double a[D] = {0.3, -2, 40, 0.01, 0}, gradient[D] = {0}, other[D];
    fill(0);
    for (int i = 0; i < PDX__BLOCK; ++i) {
        for (int k = 0; k < D; ++k) block[k * PDX__BLOCK + i] = x[i * D + k];
        w[i] = weight[i];
        o[i] = offset[i];
    }
    float block_float[D * PDX__BLOCK], w_float[PDX__BLOCK], o_float[PDX__BLOCK], a_float[D];
    for (int i = 0; i < D * PDX__BLOCK; ++i) block_float[i] = (float)block[i];
    for (int i = 0; i < PDX__BLOCK; ++i) {
        w_float[i] = (float)w[i];
        o_float[i] = (float)o[i];
    }
    for (int k = 0; k < D; ++k) a_float[k] = (float)a[k];
    double value =
        pdx__kernels_named("plain")->slope(gradient, a, block, 96, w, o, NULL, 0, NULL, D);
    for (int s = 0; s < 3; ++s) {
        const pdx__kernels *kernels = pdx__kernels_named(names[s]);
        if (!kernels) continue;
        memset(other, 0, sizeof other);
        CHECK_NEAR(kernels->slope(other, a, block, 96, w, o, NULL, 0, NULL, D), value,
                   1e-12 * value);
        for (int k = 0; k < D; ++k) CHECK_NEAR(other[k], gradient[k], 1e-12 * value);
        memset(other, 0, sizeof other);
        CHECK_NEAR(kernels->slope_float(other, a_float, block_float, 96, w_float, o_float, NULL, 0,
                                        NULL, D),
                   value, 1e-6 * value);
        for (int k = 0; k < D; ++k) CHECK_NEAR(other[k], gradient[k], 1e-6 * value);
    }
}

/* One weight: posterior moments by the trapezoidal rule. */
static void one_weight(void) {
    static const pdx__prior prior = {PDX_PRIOR_LAPLACE, 0.3};
    double column[N];
    fill(1);
    for (int i = 0; i < N; ++i) column[i] = x[i * D];
    for (int i = 0; i < N; ++i) y[i] = column[i] > 0 ? 0.6 : 0.4;
    pdx__design *design;
    pdx__logit_target *logit;
    OK(pdx__design_create(&design, N, 1, column, NULL));
    pdx__problem problem = {.design = design, .y = y, .prior = &prior};
    OK(pdx__logit_target_create(&logit, &problem));
    pdx__target target = pdx__logit_target_seam(logit);
    double m[3] = {0}, gradient, top = 0;
    for (int pass = 0; pass < 2; ++pass)
        for (int i = -4000; i <= 4000; ++i) {
            double a = i * 1e-3, f = target.value(target.context, &a, &gradient);
            if (!pass) top = i == -4000 || f > top ? f : top;
            else
                for (int p = 0; p < 3; ++p) m[p] += exp(f - top) * pow(a, p);
        }
    double zero[4] = {0}, mean, sd, se, rhat, ess;
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = zero;
    pdx__nuts_run run;
    OK(pdx__nuts(&run, &target, &settings));
    OK(pdx__nuts_summary(&run, &mean, &sd, &se, &rhat, &ess));
    CHECK_NEAR(mean, m[1] / m[0], 4 * se);
    CHECK_NEAR(sd / sqrt(m[2] / m[0] - pow(m[1] / m[0], 2)), 1, 0.05);
    CHECK_LE(rhat, 1.01);
    pdx__nuts_free(&run);
    pdx__logit_target_free(logit);
    pdx__design_free(design);
}

int main(void) {
    RUN(values_and_gradients);
    RUN(instruction_sets_agree);
    RUN(one_weight);
    return check_result();
}
