/* R-hat, effective sample sizes and Pareto k-hat against ArviZ (generate.py says how). */
#include "bayes/diagnose.h"

#include "check.h"

struct chain_case {
    uint64_t seed;
    int32_t chains;
    int64_t length;
    double rho, shift, stretch, step;
    double expected[4]; /* R-hat; bulk, tail and mean ESS */
};
struct weight_case {
    uint64_t seed;
    int64_t count;
    double power;
    double expected[4]; /* k-hat; first and largest smoothed log weight; sum of squared weights */
};
#include "expected.inc"

static double next_uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53;
}

static void fill_chains(const struct chain_case *c, double *draws) {
    uint64_t state = c->seed;
    double stretch = 1;
    for (int32_t chain = 0; chain < c->chains; ++chain, stretch *= c->stretch) {
        double last = 0;
        for (int64_t i = 0; i < c->length; ++i) {
            last = c->rho * last + (next_uniform(&state) - 0.5);
            double value = last * stretch + c->shift * chain;
            draws[chain * c->length + i] = c->step > 0 ? floor(value / c->step) * c->step : value;
        }
    }
}

static void chains_agree(void) {
    for (size_t k = 0; k < sizeof CHAIN_CASES / sizeof *CHAIN_CASES; ++k) {
        const struct chain_case *c = &CHAIN_CASES[k];
        double *draws = malloc((size_t)(c->chains * c->length) * sizeof *draws), got[4];
        REQUIRE(draws);
        fill_chains(c, draws);
        OK(pdx__rhat_and_bulk(draws, c->chains, c->length, &got[0], &got[1]));
        OK(pdx__ess_tail(draws, c->chains, c->length, &got[2]));
        OK(pdx__ess_mean(draws, c->chains, c->length, &got[3]));
        for (int i = isnan(c->expected[0]); i < 4; ++i)
            CHECK_NEAR(got[i], c->expected[i], 1e-9 * fabs(c->expected[i]));
        free(draws);
    }
}

static void weights_agree(void) {
    for (size_t k = 0; k < sizeof WEIGHT_CASES / sizeof *WEIGHT_CASES; ++k) {
        const struct weight_case *c = &WEIGHT_CASES[k];
        double *log_weight = malloc((size_t)c->count * sizeof *log_weight);
        double *smoothed = malloc((size_t)c->count * sizeof *smoothed);
        double khat, largest = -INFINITY, squares = 0;
        REQUIRE(log_weight && smoothed);
        uint64_t state = c->seed;
        for (int64_t i = 0; i < c->count; ++i)
            log_weight[i] = -c->power * log(next_uniform(&state));
        OK(pdx__psis(log_weight, c->count, &khat, smoothed));
        for (int64_t i = 0; i < c->count; ++i) {
            largest = fmax(largest, smoothed[i]);
            squares += exp(2 * smoothed[i]);
        }
        CHECK_NEAR(khat, c->expected[0], 1e-9);
        CHECK_NEAR(smoothed[0], c->expected[1], 1e-9);
        CHECK_NEAR(largest, c->expected[2], 1e-9);
        CHECK_NEAR(squares, c->expected[3], 1e-9 * c->expected[3]);
        free(log_weight);
        free(smoothed);
    }
}

int main(void) {
    RUN(chains_agree);
    RUN(weights_agree);
    return check_result();
}
