/* Shapley values against all subsets, efficiency to the last bit, and what explanations add. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/rng.h"
#include "bayes/posterior.h"

static double sigmoid(double z) { return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z)); }

/* By definition: sum over subsets S without j of |S|! (k - |S| - 1)! / k! times what j adds. */
static void brute_force(int k, const double *part, double start, double *phi) {
    long subsets = 1L << k;
    double share[32], *value = malloc((size_t)subsets * sizeof *value);
    for (int size = 0; size < k; ++size)
        share[size] = exp(lgamma(size + 1) + lgamma(k - size) - lgamma(k + 1));
    for (long s = 0; s < subsets; ++s) {
        double z = start;
        for (int j = 0; j < k; ++j)
            if (s >> j & 1) z += part[j];
        value[s] = sigmoid(z);
    }
    for (int j = 0; j < k; ++j) {
        phi[j] = 0;
        for (long s = 0; s < subsets; ++s)
            if (!(s >> j & 1))
                phi[j] += share[__builtin_popcountl(s)] * (value[s | 1L << j] - value[s]);
    }
    free(value);
}

static void compare(int k, double scale, double start, uint64_t seed, double tolerance) {
    double part[32], phi[32], expected[32], sum = 0, whole = start;
    pdx__rng rng;
    pdx__rng_init(&rng, seed, 0);
    for (int j = 0; j < k; ++j) whole += part[j] = scale * pdx__rng_normal(&rng);
    OK(pdx_shapley(k, part, start, phi));
    brute_force(k, part, start, expected);
    for (int j = 0; j < k; ++j) {
        CHECK_NEAR(phi[j], expected[j], tolerance);
        sum += phi[j];
    }
    CHECK_NEAR(sum, sigmoid(whole) - sigmoid(start), 4e-16);
}

static void all_subsets(void) {
    for (int k = 1; k <= 14; ++k) {
        compare(k, 0.3, 0, (uint64_t)k, 1e-12);
        compare(k, 2, -0.7, (uint64_t)(100 + k), 1e-12);
    }
    compare(6, 30, 4, 7, 1e-12); /* saturated */
    compare(20, 0.4, 0.2, 9, 1e-12);
}

static void few_nodes_are_enough(void) {
    /* more players than the first rule is exact for: against the same game with equal parts, whose
     * values are equal shares */
    enum { K = 200 };
    double part[K], phi[K];
    for (int j = 0; j < K; ++j) part[j] = 0.05;
    OK(pdx_shapley(K, part, -5, phi));
    for (int j = 0; j < K; ++j) CHECK_NEAR(phi[j], (sigmoid(5) - sigmoid(-5)) / K, 1e-13);
    /* and pairs of opposite parts: their values cancel */
    for (int j = 0; j < K; ++j) part[j] = j % 2 ? -1.5 : 1.5;
    OK(pdx_shapley(K, part, 0, phi));
    for (int j = 0; j < K; j += 2) CHECK_NEAR(phi[j], -phi[j + 1], 1e-12);
}

static void edges(void) {
    double part[3] = {0, 0.5, 0}, phi[3] = {9, 9, 9};
    OK(pdx_shapley(3, part, 0, phi));
    CHECK_NEAR(phi[0], 0, 0);
    CHECK_NEAR(phi[1], sigmoid(0.5) - 0.5, 1e-15);
    CHECK_NEAR(phi[2], 0, 0);
    OK(pdx_shapley(0, NULL, 0.3, NULL));
    part[0] = NAN;
    CHECK_INT(pdx_shapley(3, part, 0, phi), PDX_EINVAL);
    part[0] = 1e9;
    CHECK_INT(pdx_shapley(3, part, 0, phi), PDX_ENUMERIC);
    CHECK_INT(pdx_shapley(3, NULL, 0, phi), PDX_EINVAL);
    part[0] = 2000; /* thousands of nodes, still exact */
    part[2] = -1999;
    double expected[3];
    OK(pdx_shapley(3, part, 0, phi));
    brute_force(3, part, 0, expected);
    for (int j = 0; j < 3; ++j) CHECK_NEAR(phi[j], expected[j], 1e-11);
}

static void explanation(void) {
    static const char *const names[] = {"a", "b", "c"};
    const double x[] = {1, -1, 0}, sd[] = {0.1, 0.2, 0.3};
    pdx_posterior *p;
    pdx_explanation e;
    pdx_attribution part[3];
    OK(pdx__posterior_create(&p, "j", "all", 3, names));
    p->mean[0] = 0.5;
    p->mean[1] = 0.2;
    p->mean[2] = 1;
    OK(pdx_posterior_explain(p, x, NULL, &e, part));
    CHECK_NEAR(e.start, 0.5, 0);
    CHECK_NEAR(e.log_odds, 0.3, 1e-15);
    CHECK_NEAR(e.probability, sigmoid(0.3), 1e-15);
    CHECK_NEAR(e.start + part[0].share + part[1].share + part[2].share, e.probability, 1e-15);
    CHECK_NEAR(part[1].log_odds, -0.2, 1e-15);
    CHECK(part[2].share == 0);
    CHECK(isnan(e.probability_low) && isnan(part[0].share_low)); /* means only */
    p->sd = malloc(sizeof sd);
    memcpy(p->sd, sd, sizeof sd);
    p->position = (pdx_position){.known = 1, .mean = 0.4, .sd = 0.05};
    pdx_explain_options options;
    pdx_explain_options_init(&options);
    options.order = PDX_ORDER_BA;
    options.draws = 4000;
    OK(pdx_posterior_explain(p, x, &options, &e, part));
    CHECK_NEAR(e.start, sigmoid(-0.4), 1e-15);
    /* sd of the log-odds: sqrt(.01 + .04 + .0025) */
    CHECK_NEAR(log(e.probability_low / (1 - e.probability_low)), -0.1 - 1.96 * 0.2291, 0.03);
    CHECK_NEAR(part[0].log_odds_high, 0.5 + 1.96 * 0.1, 0.01);
    CHECK(part[0].share_low < part[0].share && part[0].share < part[0].share_high);
    CHECK_NEAR(part[2].share_high, 0, 0);
    p->mean[0] = NAN;
    CHECK_INT(pdx_posterior_explain(p, x, NULL, &e, part), PDX_EINVAL);
    pdx_posterior_free(p);
}

int main(void) {
    RUN(all_subsets);
    RUN(few_nodes_are_enough);
    RUN(edges);
    RUN(explanation);
    return check_result();
}
