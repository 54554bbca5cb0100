/* Calibration of partial pooling (simulation-based, Talts et al. 2018): tau, the mean and the
 * groups from their priors, labels from the groups, many times. Whatever the data, intervals must
 * cover as often as they say. Numbers of one data set depend on each other, so errors are taken
 * between data sets. */
#include "bayes/hierarchy_fit.h"
#include "core/rng.h"

#include "check.h"

enum { SETS = 500, D = 6, GROUPS = 5, MOST_ROWS = 80, PROBS = 19 };
static const double b = 0.3, tau_scale = 0.4;

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

typedef struct truth {
    double tau, mu[D], w[GROUPS][D];
} truth;

static int8_t x[GROUPS][MOST_ROWS * D];
static double y[GROUPS][MOST_ROWS];

/* Groups of 4 to 80 rows; the last column is 0 in all of the first group. */
static void simulate(pdx__rng *rng, truth *t, pdx__design **design) {
    static const int rows[GROUPS] = {4, 20, 40, 60, 80};
    t->tau = fabs(tau_scale * pdx__rng_normal(rng));
    for (int d = 0; d < D; ++d) t->mu[d] = pdx__rng_laplace(rng, b);
    for (int g = 0; g < GROUPS; ++g) {
        for (int d = 0; d < D; ++d) t->w[g][d] = t->mu[d] + t->tau * pdx__rng_normal(rng);
        for (int i = 0; i < rows[g]; ++i) {
            double eta = 0, shared = pdx__rng_normal(rng);
            for (int d = 0; d < D; ++d) {
                double z = 0.5 * shared * (d % 3 - 1) + pdx__rng_normal(rng);
                x[g][i * D + d] = z > 0.8 ? 1 : z < -0.8 ? -1 : 0;
                if (g == 0 && d == D - 1) x[g][i * D + d] = 0;
                eta += x[g][i * D + d] * t->w[g][d];
            }
            y[g][i] = pdx__rng_uniform(rng) < 1 / (1 + exp(-eta));
        }
        OK(pdx__design_create(&design[g], rows[g], D, NULL, x[g]));
    }
}

/* Coverage at 90 and 95 % and the rank of the truth among 19 quantiles. */
typedef struct coverage {
    tally cover90, cover95, bin[PROBS + 1];
} coverage;

typedef struct one_set {
    double inside90, inside95, hits[PROBS + 1], count;
} one_set;

static void look(one_set *set, double value, const double *quantiles) {
    int rank = 0;
    for (int q = 1; q <= PROBS; ++q) rank += quantiles[q] < value;
    set->inside90 += rank >= 1 && rank < PROBS;
    set->inside95 += quantiles[0] < value && value < quantiles[PROBS + 1];
    ++set->hits[rank];
    ++set->count;
}

static void close_set(coverage *c, const one_set *set) {
    tally_add(&c->cover90, set->inside90 / set->count);
    tally_add(&c->cover95, set->inside95 / set->count);
    for (int k = 0; k <= PROBS; ++k) tally_add(&c->bin[k], set->hits[k] / set->count);
}

static void judge(const coverage *c, const char *name) {
    CHECK_NEAR(tally_z(&c->cover90, 0.90), 0, 4);
    CHECK_NEAR(tally_z(&c->cover95, 0.95), 0, 4);
    for (int k = 0; k <= PROBS; ++k) CHECK_NEAR(tally_z(&c->bin[k], 1.0 / (PROBS + 1)), 0, 4.5);
    printf("%s: cover %.4f %.4f\n", name, c->cover90.sum / c->cover90.count,
           c->cover95.sum / c->cover95.count);
}

static void intervals_cover(void) {
    double probs[PROBS + 2];
    pdx__rng rng;
    pdx__prior prior[D];
    static const pdx__sharing sharing[D];
    static coverage of_mu, of_w, of_tau;
    pdx__workspace *workspace;
    pdx__rng_init(&rng, 31, 0);
    probs[0] = 0.025;
    probs[PROBS + 1] = 0.975;
    for (int q = 1; q <= PROBS; ++q) probs[q] = q / (PROBS + 1.0);
    for (int d = 0; d < D; ++d) prior[d] = (pdx__prior){PDX_PRIOR_LAPLACE, b};
    const pdx__fit_settings settings = {.method = PDX_METHOD_EP,
                                        .summaries = 1,
                                        .quantile_probs = probs,
                                        .quantile_count = PROBS + 2};
    OK(pdx__workspace_create(&workspace));
    for (int set = 0; set < SETS; ++set) {
        truth t;
        pdx__design *design[GROUPS];
        pdx__problem problem[GROUPS];
        pdx__hierarchy h;
        pdx__pooled_fit fit;
        one_set mu = {0}, w = {0}, tau = {0};
        simulate(&rng, &t, design);
        for (int g = 0; g < GROUPS; ++g)
            problem[g] = (pdx__problem){.design = design[g], .y = y[g]};
        OK(pdx__hierarchy_create(&h, problem, GROUPS, prior, sharing, workspace));
        OK(pdx__pooled_fit_run(&fit, &h, tau_scale, &settings));
        look(&tau, t.tau, fit.tau_quantiles);
        for (int d = 0; d < D; ++d) {
            look(&mu, t.mu[d], fit.mean.quantiles + d * (PROBS + 2));
            for (int g = 0; g < GROUPS; ++g)
                look(&w, t.w[g][d], fit.group[g].quantiles + d * (PROBS + 2));
        }
        close_set(&of_mu, &mu);
        close_set(&of_w, &w);
        close_set(&of_tau, &tau);
        pdx__pooled_fit_free(&fit);
        pdx__hierarchy_free(&h);
        for (int g = 0; g < GROUPS; ++g) pdx__design_free(design[g]);
    }
    pdx__workspace_free(workspace);
    judge(&of_mu, "mu");
    judge(&of_w, "w");
    judge(&of_tau, "tau");
}

int main(void) {
    RUN(intervals_cover);
    return check_result();
}
