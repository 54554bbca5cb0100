/* Simulation-based calibration (Talts et al. 2018, arXiv 1804.06788): weights from the prior,
 * labels from the weights, 1,000 times. Whatever the data, intervals must then cover as often as
 * they say, and the rank of the truth among the posterior's quantiles must be uniform. Weights of
 * one data set depend on each other, so errors are taken between data sets. */
#include <prefdissect/prefdissect.h>

#include "core/rng.h"

#include "check.h"

enum { SETS = 1000, D = 29, MOST_ROWS = 400, BINS = 40 };

typedef struct tally {
    double sum, squares; /* over data sets, of one number each */
    int count;
} tally;

static void tally_add(tally *t, double value) {
    t->sum += value;
    t->squares += value * value;
    ++t->count;
}

/* Distance of the mean from what is expected, in standard errors. */
static double tally_z(const tally *t, double expected) {
    double mean = t->sum / t->count, variance = t->squares / t->count - mean * mean;
    return (mean - expected) / sqrt(variance / (t->count - 1));
}

static int8_t x[MOST_ROWS * D];
static double y[MOST_ROWS], truth[D];

/* Ternary properties with a shared factor, 70 % zeros; labels of weights ~ Laplace(0, b). */
static void simulate(pdx__rng *rng, int n, double b) {
    for (int d = 0; d < D; ++d) truth[d] = pdx__rng_laplace(rng, b);
    for (int i = 0; i < n; ++i) {
        double shared = pdx__rng_normal(rng), eta = 0;
        for (int d = 0; d < D; ++d) {
            double z = 0.5 * shared * (d % 3 - 1) + pdx__rng_normal(rng);
            x[i * D + d] = z > 1.1 ? 1 : z < -1.1 ? -1 : 0;
            eta += x[i * D + d] * truth[d];
        }
        y[i] = pdx__rng_uniform(rng) < 1 / (1 + exp(-eta));
    }
}

/* By EP alone: the truth's rank among quantiles. Certified: its rank among posterior draws, of
 * whichever method the certificate let answer. */
static void calibrate(int n, double b, int certified, int sets) {
    static double rank_count[D][BINS];
    double probs[BINS - 1];
    tally cover90 = {0}, cover95 = {0}, bin[BINS] = {{0}};
    pdx__rng rng;
    pdx__rng_init(&rng, 21, (uint64_t)(n + 1000 * b));
    memset(rank_count, 0, sizeof rank_count);
    for (int q = 0; q < BINS - 1; ++q) probs[q] = (q + 1) / (double)BINS;
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = b;
    options.predict = options.covariance = 0;
    options.threads = 1;
    options.certificate = certified ? PDX_CERTIFICATE_ALWAYS : PDX_CERTIFICATE_NEVER;
    options.draws = certified ? BINS - 1 : 0;
    options.quantile_probs = probs;
    options.quantile_count = BINS - 1;
    for (int set = 0; set < sets; ++set) {
        simulate(&rng, n, b);
        pdx_rows rows = {.size = sizeof rows, .d = D, .n = n, .x_int8 = x, .y = y};
        pdx_posterior *posterior;
        options.seed = (uint64_t)set + 1;
        OK(pdx_fit_rows(&posterior, &rows, &options));
        const double *value =
            certified ? pdx_posterior_draws(posterior) : pdx_posterior_quantiles(posterior);
        const int64_t of_column = certified ? 1 : BINS - 1, of_next = certified ? D : 1;
        double inside90 = 0, inside95 = 0, hits[BINS] = {0};
        REQUIRE(value && (!certified || pdx_posterior_draw_count(posterior) == BINS - 1));
        for (int d = 0; d < D; ++d) {
            int rank = 0;
            for (int q = 0; q < BINS - 1; ++q)
                rank += value[d * of_column + q * of_next] < truth[d];
            ++hits[rank];
            ++rank_count[d][rank];
            inside90 += rank >= 2 && rank < BINS - 2;
            inside95 += rank >= 1 && rank < BINS - 1;
        }
        tally_add(&cover90, inside90 / D);
        tally_add(&cover95, inside95 / D);
        for (int k = 0; k < BINS; ++k) tally_add(&bin[k], hits[k] / D);
        pdx_posterior_free(posterior);
    }
    CHECK_NEAR(tally_z(&cover90, 0.90), 0, 4);
    CHECK_NEAR(tally_z(&cover95, 0.95), 0, 4);
    for (int k = 0; k < BINS; ++k) CHECK_NEAR(tally_z(&bin[k], 1.0 / BINS), 0, 4.5);
    double worst = 0; /* Kolmogorov's statistic: above 2.5 once in 3,700 over all columns */
    for (int d = 0; d < D; ++d) {
        double below = 0;
        for (int k = 0; k < BINS; ++k) {
            below += rank_count[d][k] / sets;
            worst = fmax(worst, fabs(below - (k + 1) / (double)BINS) * sqrt(sets));
        }
    }
    CHECK_LE(worst, 2.5);
    printf("N = %d, b = %g, %d sets%s: cover %.4f %.4f, worst KS %.2f\n", n, b, sets,
           certified ? ", draws" : "", cover90.sum / sets, cover95.sum / sets, worst);
}

static void few_rows(void) { calibrate(10, 0.1, 0, SETS); }
static void few_rows_wide_prior(void) { calibrate(10, 1, 0, SETS); }
static void some_rows(void) { calibrate(120, 0.1, 0, SETS); }
static void some_rows_wide_prior(void) { calibrate(120, 1, 0, SETS); }
static void many_rows(void) { calibrate(400, 0.1, 0, SETS); }
static void many_rows_wide_prior(void) { calibrate(400, 1, 0, SETS); }
static void certified_draws(void) { calibrate(120, 0.1, 1, SETS); }
static void certified_draws_wide_prior(void) { calibrate(120, 0.3, 1, SETS / 2); }

int main(void) {
    RUN(few_rows);
    RUN(few_rows_wide_prior);
    RUN(some_rows);
    RUN(some_rows_wide_prior);
    RUN(many_rows);
    RUN(many_rows_wide_prior);
    RUN(certified_draws);
    RUN(certified_draws_wide_prior);
    return check_result();
}
