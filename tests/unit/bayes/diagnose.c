/* Diagnostics where the answer is known without another tool: edges, failures, speed of growth. The
 * agreement with ArviZ is in tests/golden/diagnostics. */
#include "bayes/diagnose.h"
#include "bayes/normal.h"
#include "core/rng.h"

#include "check.h"

static double draws[4 * 2000];

static void fill(double rho, double shift) {
    pdx__rng rng;
    pdx__rng_init(&rng, 3, 0);
    for (int c = 0; c < 4; ++c)
        for (int i = 0; i < 2000; ++i) {
            double last = i ? draws[c * 2000 + i - 1] - shift * c : 0;
            draws[c * 2000 + i] = rho * last + pdx__rng_normal(&rng) + shift * c;
        }
}

static void normal_quantile_inverts(void) {
    for (double p = 1e-300; p < 0.6; p = p < 0.01 ? p * 7 : p + 0.003) {
        double z = pdx__normal_quantile(p), back = 0.5 * erfc(-z * 0.70710678118654752);
        /* d log p/d log z = -z^2 far out, which magnifies the rounding of z */
        CHECK_NEAR(back / p, 1, 1e-15 * (2 + z * z));
    }
    CHECK_NEAR(pdx__normal_quantile(0.975), 1.959963984540054, 1e-15);
    CHECK_NEAR(pdx__normal_quantile(0.25), -pdx__normal_quantile(0.75), 1e-16);
    CHECK(pdx__normal_quantile(0) == -INFINITY && pdx__normal_quantile(1) == INFINITY);
    CHECK(isnan(pdx__normal_quantile(-0.1)) && isnan(pdx__normal_quantile(NAN)));
}

static void independent_draws(void) {
    double rhat, bulk, tail, mean;
    fill(0, 0);
    OK(pdx__rhat_and_bulk(draws, 4, 2000, &rhat, &bulk));
    OK(pdx__ess_tail(draws, 4, 2000, &tail));
    OK(pdx__ess_mean(draws, 4, 2000, &mean));
    CHECK_NEAR(rhat, 1, 0.005);
    CHECK_NEAR(bulk, 8000, 1200);
    CHECK_NEAR(tail, 8000, 1200);
    CHECK_NEAR(mean, 8000, 1200);
}

/* AR(1): ESS = n (1 - rho)/(1 + rho). */
static void autocorrelated_draws(void) {
    double mean;
    fill(0.8, 0);
    OK(pdx__ess_mean(draws, 4, 2000, &mean));
    CHECK_NEAR(mean, 8000 / 9.0, 200);
}

static void chains_apart(void) {
    double rhat, bulk;
    fill(0, 2);
    OK(pdx__rhat_and_bulk(draws, 4, 2000, &rhat, &bulk));
    CHECK(rhat > 1.5);
    CHECK(bulk < 20);
}

static void undefined_draws(void) {
    double rhat, ess;
    for (int i = 0; i < 8000; ++i) draws[i] = 0.25;
    OK(pdx__rhat_and_bulk(draws, 4, 2000, &rhat, &ess));
    CHECK(isnan(rhat) && isnan(ess));
    OK(pdx__ess_tail(draws, 4, 2000, &ess));
    CHECK(isnan(ess));
    fill(0, 0);
    draws[77] = NAN;
    OK(pdx__rhat_and_bulk(draws, 4, 2000, &rhat, &ess));
    CHECK(isnan(rhat) && isnan(ess));
    OK(pdx__ess_mean(draws, 1, 3, &ess));
    CHECK(isnan(ess));
    FAILS(pdx__rhat_and_bulk(NULL, 4, 2000, &rhat, &ess), PDX_EINVAL, "4 chains");
}

static void psis_edges(void) {
    double weights[64] = {0}, smoothed[64], khat, sum = 0;
    OK(pdx__psis(weights, 64, &khat, smoothed)); /* all equal: no tail */
    CHECK(isnan(khat));
    for (int i = 0; i < 64; ++i) sum += exp(smoothed[i]);
    CHECK_NEAR(sum, 1, 1e-14);
    for (int i = 0; i < 64; ++i) weights[i] = i % 3 ? -0.1 * i : -INFINITY;
    OK(pdx__psis(weights, 64, &khat, smoothed));
    CHECK(isfinite(khat));
    CHECK(smoothed[0] == -INFINITY);
    weights[5] = NAN;
    OK(pdx__psis(weights, 64, &khat, smoothed));
    CHECK(khat == INFINITY && isnan(smoothed[0]));
    for (int i = 0; i < 64; ++i) weights[i] = -INFINITY;
    OK(pdx__psis(weights, 64, &khat, NULL));
    CHECK(khat == INFINITY);
    weights[9] = 0;
    OK(pdx__psis(weights, 64, &khat, NULL));
    CHECK(isnan(khat));
    OK(pdx__psis(weights + 9, 1, &khat, smoothed));
    CHECK(isnan(khat));
}

int main(void) {
    RUN(normal_quantile_inverts);
    RUN(independent_draws);
    RUN(autocorrelated_draws);
    RUN(chains_apart);
    RUN(undefined_draws);
    RUN(psis_edges);
    return check_result();
}
