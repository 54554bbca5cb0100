/* Every instruction set that this machine has gives the answer of the plain one: the same fits,
 * whichever processor they run on. */
#include <prefdissect/prefdissect.h>

#include "bayes/workspace.h"
#include "check.h"
#include "core/rng.h"

enum { N = 170, D = 13 };
static double x[N * D], y[N], weight[N], offset[N];
static pdx__prior prior[D];
static const double probs[] = {0.025, 0.5, 0.975};

/* Whole numbers and reals (two layouts), soft and hard labels, rows of weight 0, three priors. */
static void make_problem(int real) {
    pdx__rng rng;
    pdx__rng_init(&rng, 5, (uint64_t)real);
    for (int i = 0; i < N; ++i) {
        double eta = 0;
        for (int k = 0; k < D; ++k) {
            double value = real ? pdx__rng_normal(&rng) : (double)pdx__rng_below(&rng, 3) - 1;
            x[i * D + k] = value;
            eta += value * (k % 3 - 1) * 0.3;
        }
        double p = 1 / (1 + exp(-eta));
        y[i] = i % 4 ? (pdx__rng_uniform(&rng) < p) : p;
        weight[i] = i % 7 ? 1 : i % 3 ? 0.5 : 0;
        offset[i] = i % 5 ? 0 : 0.4;
    }
    for (int k = 0; k < D; ++k)
        prior[k] = k == 0   ? (pdx__prior){PDX_PRIOR_GAUSSIAN, 2.5}
                   : k == 1 ? (pdx__prior){PDX_PRIOR_LAPLACE, 0}
                            : (pdx__prior){PDX_PRIOR_LAPLACE, 0.1};
}

static void fit_with(const pdx__kernels *kernels, pdx__fit *fit) {
    memset(fit, 0, sizeof *fit);
    pdx__design *design;
    pdx__workspace *workspace;
    OK(pdx__design_create(&design, N, D, x, NULL));
    OK(pdx__workspace_create(&workspace));
    workspace->kernels = kernels;
    pdx__problem problem = {
        .design = design, .y = y, .weight = weight, .offset = offset, .prior = prior};
    pdx__fit_settings settings = {.method = PDX_METHOD_STIS,
                                  .certify = 1,
                                  .summaries = 1,
                                  .seed = 1,
                                  .quantile_probs = probs,
                                  .quantile_count = 3};
    OK(pdx__fit_problem(fit, &problem, &settings, NULL, workspace));
    pdx__workspace_free(workspace);
    pdx__design_free(design);
}

static void compare(const char *name) {
    const pdx__kernels *kernels = pdx__kernels_named(name);
    if (!kernels) SKIP("this machine or build has no %s", name);
    CHECK_TEXT(kernels->name, name);
    for (int real = 0; real < 2; ++real) {
        pdx__fit plain, fast;
        make_problem(real);
        fit_with(pdx__kernels_named("plain"), &plain);
        fit_with(kernels, &fast);
        REQUIRE(plain.mean && fast.mean);
        for (int k = 0; k < D; ++k) {
            double sd = plain.sd[k];
            CHECK_NEAR(fast.mean[k], plain.mean[k], 1e-4 * sd);
            CHECK_NEAR(fast.sd[k], sd, 1e-4 * sd);
            CHECK_NEAR(fast.prob_positive[k], plain.prob_positive[k], 1e-4);
            for (int q = 0; q < 3; ++q)
                CHECK_NEAR(fast.quantiles[k * 3 + q], plain.quantiles[k * 3 + q], 1e-4 * sd);
        }
        CHECK_NEAR(fast.log_evidence, plain.log_evidence, 1e-4);
        CHECK_NEAR(fast.elpd_loo, plain.elpd_loo, 1e-6);
        CHECK_NEAR(fast.certificate.ess_fraction, plain.certificate.ess_fraction, 1e-3);
        pdx__fit_free(&plain);
        pdx__fit_free(&fast);
    }
}

static void avx2(void) { compare("avx2"); }
static void avx512(void) { compare("avx512"); }

static void the_best_is_one_of_them(void) {
    CHECK(pdx__kernels_named(pdx__kernels_best()->name) == pdx__kernels_best());
    CHECK(pdx__kernels_named("abacus") == NULL);
}

int main(void) {
    RUN(avx2);
    RUN(avx512);
    RUN(the_best_is_one_of_them);
    return check_result();
}
