/* NUTS where the answer is known and hard: strong correlations, Neal's funnel, kinks far from the
 * origin; and the joint distribution test of Geweke 2004 (JASA 99:799) on the logistic target. */
#include "bayes/logit_target.h"
#include "bayes/nuts.h"
#include "core/rng.h"

#include "check.h"

enum { WIDE = 50 };
static const double zeros[4 * WIDE];

/* Random walk: x_0 ~ N(0, 1), x_i ~ N(x_(i-1), 0.1): sd from 1 to 1.22, neighbours correlated by
 * 0.99 and more. */
static double walk_value(void *context, const double *x, double *gradient) {
    (void)context;
    double sum = -0.5 * x[0] * x[0];
    gradient[0] = -x[0];
    for (int i = 1; i < WIDE; ++i) {
        double pull = (x[i] - x[i - 1]) / 0.01;
        sum -= 0.5 * pull * (x[i] - x[i - 1]);
        gradient[i - 1] += pull;
        gradient[i] = -pull;
    }
    return sum;
}

static void random_walk(void) {
    pdx__target target = {WIDE, walk_value, NULL};
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = zeros;
    pdx__nuts_run run;
    double mean[WIDE], sd[WIDE], se[WIDE], rhat, ess;
    OK(pdx__nuts(&run, &target, &settings));
    OK(pdx__nuts_summary(&run, mean, sd, se, &rhat, &ess));
    CHECK_LE(rhat, 1.02);
    for (int i = 0; i < WIDE; ++i) {
        CHECK_NEAR(mean[i], 0, 4 * se[i]);
        CHECK_NEAR(sd[i] / sqrt(1 + 0.01 * i), 1, 0.08);
    }
    pdx__nuts_free(&run);
}

/* v ~ N(0, 3), x_i ~ N(0, e^(v/2)): no step size fits the neck, which NUTS under-visits. */
static double funnel_value(void *context, const double *x, double *gradient) {
    (void)context;
    double v = x[0], precision = exp(-v), squares = 0;
    for (int i = 1; i < 10; ++i) {
        squares += x[i] * x[i];
        gradient[i] = -x[i] * precision;
    }
    gradient[0] = -v / 9 - 4.5 + 0.5 * squares * precision;
    return -v * v / 18 - 4.5 * v - 0.5 * squares * precision;
}

static void funnel(void) {
    pdx__target target = {10, funnel_value, NULL};
    pdx__nuts_settings settings;
    pdx__nuts_settings_init(&settings);
    settings.start = zeros;
    settings.target_accept = 0.95;
    pdx__nuts_run run;
    double mean[10], sd[10];
    OK(pdx__nuts(&run, &target, &settings));
    OK(pdx__nuts_summary(&run, mean, sd, NULL, NULL, NULL));
    CHECK_NEAR(mean[0], 0, 1);
    CHECK_NEAR(sd[0], 3, 0.8);
    pdx__nuts_free(&run);
}

/* Geweke: alternating y | a (the simulator) and a | y (NUTS) must leave the prior of a unchanged.
 * The step is fixed, so that every draw is of one Markov kernel. */
static void joint_distribution(void) {
    enum { N = 12, D = 3, ROUNDS = 40000, MOMENTS = 4 };
    static double moment[D][MOMENTS][ROUNDS];
    static const double expected[MOMENTS] = {0, 0.5, 0.5, 0.5}; /* of Laplace(0, 1/2) */
    pdx__prior prior[D];
    double x[N * D], y[N], a[D];
    pdx__rng rng;
    pdx__rng_init(&rng, 11, 0);
    for (int i = 0; i < N * D; ++i) x[i] = (double)pdx__rng_below(&rng, 3) - 1;
    for (int d = 0; d < D; ++d) {
        prior[d] = (pdx__prior){PDX_PRIOR_LAPLACE, 0.5};
        a[d] = pdx__rng_laplace(&rng, 0.5);
    }
    pdx__design *design;
    OK(pdx__design_create(&design, N, D, x, NULL));
    for (int round = 0; round < ROUNDS; ++round) {
        for (int i = 0; i < N; ++i) {
            double eta = 0;
            for (int d = 0; d < D; ++d) eta += x[i * D + d] * a[d];
            y[i] = pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta));
        }
        pdx__logit_target *logit;
        pdx__problem problem = {.design = design, .y = y, .prior = prior};
        OK(pdx__logit_target_create(&logit, &problem));
        pdx__target target = pdx__logit_target_seam(logit);
        pdx__nuts_settings settings;
        pdx__nuts_settings_init(&settings);
        settings.chains = settings.draws = 1;
        settings.warmup = 0;
        settings.step = 0.4;
        settings.seed = 12;
        settings.stream = (uint64_t)round;
        settings.start = a;
        pdx__nuts_run run;
        OK(pdx__nuts(&run, &target, &settings));
        memcpy(a, run.draw, sizeof a);
        pdx__nuts_free(&run);
        pdx__logit_target_free(logit);
        for (int d = 0; d < D; ++d) {
            moment[d][0][round] = a[d];
            moment[d][1][round] = fabs(a[d]);
            moment[d][2][round] = a[d] * a[d];
            moment[d][3][round] = a[d] > 0;
        }
    }
    for (int d = 0; d < D; ++d)
        for (int m = 0; m < MOMENTS; ++m) {
            pdx__nuts_run one = {.chains = 1, .draws = ROUNDS, .dim = 1, .draw = moment[d][m]};
            double mean, se;
            OK(pdx__nuts_summary(&one, &mean, NULL, &se, NULL, NULL));
            CHECK_NEAR(mean, expected[m], 4 * se);
            CHECK_LE(se, 0.02);
        }
    pdx__design_free(design);
}

int main(void) {
    RUN(random_walk);
    RUN(funnel);
    RUN(joint_distribution);
    return check_result();
}
