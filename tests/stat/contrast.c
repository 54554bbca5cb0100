/* Contrasts between judges with planted weights: probabilities mean what they say, and the share of
 * wrong signs among discoveries keeps to its rate. */
#include <prefdissect/prefdissect.h>

#include "core/rng.h"

#include "check.h"

enum { D = 29, N = 300, PAIRS = 100 };
static const double SCALE = 0.3, RATE = 0.1;

/* A judge of its own labels of the same rows. */
static pdx_status fit_judge(pdx_posterior **out, const int8_t *x, double *weight, pdx__rng *rng) {
    static double y[N];
    for (int d = 0; d < D; ++d) weight[d] = pdx__rng_laplace(rng, SCALE);
    for (int i = 0; i < N; ++i) {
        double eta = 0;
        for (int d = 0; d < D; ++d) eta += x[i * D + d] * weight[d];
        y[i] = pdx__rng_uniform(rng) < 1 / (1 + exp(-eta));
    }
    pdx_rows rows = {.size = sizeof rows, .d = D, .n = N, .x_int8 = x, .y = y};
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = SCALE;
    options.predict = 0;
    options.certificate = PDX_CERTIFICATE_NEVER;
    options.threads = 1;
    return pdx_fit_rows(out, &rows, &options);
}

static void planted_judges(void) {
    static int8_t x[N * D];
    pdx__rng rng;
    pdx__rng_init(&rng, 31, 0);
    int discoveries = 0, wrong = 0, inside = 0, greater[4] = {0}, of[4] = {0};
    double claimed[4] = {0};
    for (int pair = 0; pair < PAIRS; ++pair) {
        double of_a[D], of_b[D];
        pdx_posterior *a, *b;
        pdx_contrast contrast[D];
        for (int i = 0; i < N * D; ++i) {
            double z = pdx__rng_normal(&rng);
            x[i] = z > 1.04 ? 1 : z < -1.04 ? -1 : 0;
        }
        OK(fit_judge(&a, x, of_a, &rng));
        OK(fit_judge(&b, x, of_b, &rng));
        OK(pdx_posterior_contrast_all(a, b, RATE, contrast));
        for (int d = 0; d < D; ++d) {
            const pdx_contrast *c = &contrast[d];
            double truth = of_a[d] - of_b[d];
            inside += truth > c->low && truth < c->high;
            discoveries += c->discovery;
            wrong += c->discovery && (truth > 0) != (c->prob_greater > 0.5);
            int quarter = (int)fmin(3, 4 * c->prob_greater);
            ++of[quarter];
            greater[quarter] += truth > 0;
            claimed[quarter] += c->prob_greater;
        }
        pdx_posterior_free(a);
        pdx_posterior_free(b);
    }
    int all = PAIRS * D;
    printf("%d of %d are discoveries, %d of them wrong; 95 %% intervals hold %.4f\n", discoveries,
           all, wrong, inside / (double)all);
    CHECK_NEAR(inside / (double)all, 0.95, 4 * sqrt(0.95 * 0.05 / all));
    CHECK(discoveries > all / 10);
    CHECK_NEAR(wrong / (double)discoveries, RATE, 0.04); /* the largest set comes near its rate */
    for (int q = 0; q < 4; ++q)
        CHECK_NEAR(greater[q] / (double)of[q], claimed[q] / of[q], 2 / sqrt(of[q]));
}

/* All pairs of judges of a simulated study, scenario by scenario, labels as each judge gives them
 * (verdicts in both orders, or the sign of summed log-odds). The prior of the fit is about that of
 * the planted weights, so the rate is kept, though not met as closely as above. */
static void simulated_study(void) {
    enum { JUDGES = 6 };
    pdx_simulate_options options;
    pdx_simulate_options_init(&options);
    options.judges = JUDGES;
    options.seed = 5;
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *truth, *study;
    OK(pdx_simulate(&dataset, &judgments, &truth, &options));
    pdx_fit_options fit;
    pdx_fit_options_init(&fit);
    fit.prior_scale = SCALE;
    fit.certificate = PDX_CERTIFICATE_NEVER;
    fit.predict = 0;
    OK(pdx_study_fit(&study, dataset, judgments, &fit));
    int all = 0, discoveries = 0, wrong = 0;
    for (int32_t i = 0; i < pdx_study_count(study); ++i)
        for (int32_t j = 0; j < i; ++j) {
            const pdx_posterior *a = pdx_study_get(study, i), *b = pdx_study_get(study, j);
            const char *group = pdx_posterior_group(a);
            if (strcmp(group, pdx_posterior_group(b))) continue;
            const pdx_posterior *of_a = pdx_study_find(truth, pdx_posterior_judge(a), group);
            const pdx_posterior *of_b = pdx_study_find(truth, pdx_posterior_judge(b), group);
            REQUIRE(of_a && of_b && pdx_posterior_dim(a) == D);
            pdx_contrast contrast[D];
            OK(pdx_posterior_contrast_all(a, b, RATE, contrast));
            for (int d = 0; d < D; ++d, ++all) {
                double gap = pdx_posterior_mean(of_a)[d] - pdx_posterior_mean(of_b)[d];
                discoveries += contrast[d].discovery;
                wrong += contrast[d].discovery && (gap > 0) != (contrast[d].prob_greater > 0.5);
            }
        }
    printf("%d of %d are discoveries, %d of them wrong\n", discoveries, all, wrong);
    CHECK_INT(all, 4 * JUDGES * (JUDGES - 1) / 2 * D);
    CHECK(discoveries > all / 10);
    CHECK_LE(wrong / (double)discoveries, RATE + 0.03);
    pdx_study_free(study);
    pdx_study_free(truth);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

int main(void) {
    RUN(planted_judges);
    RUN(simulated_study);
    return check_result();
}
