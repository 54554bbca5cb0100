/* Partial pooling of groups that say little: of one pair, of one opinion, of none, alone. */
#include "pooled_data.h"

/* What a group is that says little: the average, with the spread between groups on top. */
static void check_near_average(const pdx_posterior *p, const pdx_pooled *pooled, int d,
                               double off) {
    const pdx_posterior *mean = pdx_pooled_mean(pooled);
    pdx_tau tau;
    OK(pdx_pooled_tau(pooled, &tau));
    const double spread = tau.mean * tau.mean + tau.sd * tau.sd;
    CHECK_NEAR(p->mean[d], mean->mean[d], off * mean->sd[d]);
    CHECK_NEAR(p->sd[d] / sqrt(mean->sd[d] * mean->sd[d] + spread), 1, off);
}

static void a_group_of_one_pair_is_about_the_average(void) {
    data_plan(301);
    for (int i = 0; i < 300; ++i) group_of[i] = i % 2 ? "a" : "b";
    group_of[300] = "tiny";
    data_open(301, group_of);
    for (int i = 0; i <= 300; ++i) vote("j", i, taste, PDX_ORDER_UNKNOWN, 0);
    pdx_fit_options options = quick();
    options.certificate = PDX_CERTIFICATE_ALWAYS;
    pdx_study *study = fitted(&options);
    const pdx_posterior *tiny = pdx_study_find(study, "j", "tiny");
    REQUIRE(tiny != NULL);
    CHECK_INT(pdx_posterior_rows(tiny), 1);
    CHECK_INT(tiny->certificate.ok, 1);
    for (int d = 0; d < D; ++d) {
        check_near_average(tiny, pdx_posterior_pooled(tiny), d, 0.15);
        CHECK(tiny->sd[d] > pdx_study_find(study, "j", "a")->sd[d]);
    }
    pdx_study_free(study);
    data_close();
}

/* All labels of a group equal, and one property tells them all: apart there is no end to the
 * weight but the prior's; pooled it is pulled towards it, and stays within reach of the others. */
static void a_group_of_one_opinion_stays_finite(void) {
    data_plan(240);
    for (int i = 2; i < 240; i += 3) x[i][2] = 1;
    data_open(240, group_of);
    for (int i = 0; i < 240; ++i)
        if (i % 3 == 2) say("j", i, PDX_ORDER_UNKNOWN, 1);
        else vote("j", i, taste, PDX_ORDER_UNKNOWN, 0);
    pdx_fit_options options = quick();
    options.certificate = PDX_CERTIFICATE_ALWAYS;
    pdx_study *study = fitted(&options);
    options.pool = PDX_POOL_NONE;
    pdx_study *apart = fitted(&options);
    const pdx_posterior *c = pdx_study_find(study, "j", "c"),
                        *alone = pdx_study_find(apart, "j", "c"),
                        *mean = pdx_pooled_mean(pdx_study_pooled(study, 0));
    CHECK_INT(pdx_posterior_rows(c), 80);
    CHECK_INT(c->certificate.ok, 1);
    CHECK(mean->mean[2] < c->mean[2] && c->mean[2] < alone->mean[2]);
    CHECK(c->sd[2] > pdx_study_find(study, "j", "a")->sd[2]); /* unsure, and says so */
    pdx_study_free(study);
    pdx_study_free(apart);
    data_close();
}

/* Of one group the mean is never seen: w has the prior Laplace(b) widened by tau, here by
 * quadrature over mu and tau; with no spread it is the plain fit. */
static void one_group_is_a_fit_with_a_wider_prior(void) {
    enum { ROWS = 40, MU = 400, TAU = 60, W = 200 };
    const double b = 0.2, scale = 0.4;
    int wins = 0;
    data_plan(ROWS);
    for (int i = 0; i < ROWS; ++i) {
        x[i][0] = 1;
        x[i][1] = x[i][2] = 0;
        group_of[i] = "only";
    }
    data_open(ROWS, group_of);
    for (int i = 0; i < ROWS; ++i) {
        say("j", i, PDX_ORDER_UNKNOWN, i % 4 != 0);
        wins += i % 4 != 0;
    }
    pdx_fit_options options = quick();
    options.prior_scale = b;
    options.tau_scale = scale;
    pdx_study *study = fitted(&options);
    options.tau_scale = 1e-5;
    pdx_study *narrow = fitted(&options);
    options.pool = PDX_POOL_NONE;
    pdx_study *plain = fitted(&options);
    double sum = 0, mean = 0, square = 0;
    for (int i = 0; i < W; ++i) {
        const double w = -1 + 0.02 * (i + 0.5);
        double prior = 0;
        for (int t = 0; t < TAU; ++t) {
            const double tau = 4 * scale * (t + 0.5) / TAU;
            for (int m = 0; m < MU; ++m) { /* mu = w - tau z */
                const double z = -5 + 10 * (m + 0.5) / MU;
                prior +=
                    exp(-0.5 * z * z - fabs(w - tau * z) / b - 0.5 * tau * tau / scale / scale);
            }
        }
        const double p = prior * exp(-wins * log1p(exp(-w)) - (ROWS - wins) * log1p(exp(w)));
        sum += p;
        mean += p * w;
        square += p * w * w;
    }
    mean /= sum;
    const double sd = sqrt(square / sum - mean * mean);
    const pdx_posterior *wide = pdx_study_get(study, 0), *close = pdx_study_get(narrow, 0),
                        *apart = pdx_study_get(plain, 0);
    CHECK_NEAR(wide->mean[0], mean, 0.02 * sd);
    CHECK_NEAR(wide->sd[0] / sd, 1, 0.02);
    CHECK(mean > apart->mean[0] + 0.2 * sd); /* the wider prior pulls less */
    /* A weight of one's own has an exact Laplace site in its marginal, a group's a normal one. */
    CHECK_NEAR(close->mean[0], apart->mean[0], 0.01 * sd);
    CHECK_NEAR(close->sd[0] / apart->sd[0], 1, 0.02);
    pdx_study_free(study);
    pdx_study_free(narrow);
    pdx_study_free(plain);
    data_close();
}

/* A judge that said nothing in a group has no fit there, and the others are pooled without it. */
static void a_judge_may_miss_a_group(void) {
    data_plan(240);
    data_open(240, group_of);
    for (int i = 0; i < 240; ++i) {
        vote("all", i, taste, PDX_ORDER_UNKNOWN, 0);
        if (i % 3 != 1) vote("some", i, taste, PDX_ORDER_UNKNOWN, 0);
    }
    pdx_fit_options options = quick();
    pdx_study *study = fitted(&options);
    CHECK_INT(pdx_study_count(study), 5);
    CHECK(pdx_study_find(study, "some", "b") == NULL);
    CHECK_INT(pdx_pooled_count(pdx_study_pooled(study, 0)), 3);
    const pdx_pooled *some = pdx_study_pooled(study, 1);
    CHECK_INT(pdx_pooled_count(some), 2);
    CHECK_TEXT(pdx_posterior_group(pdx_pooled_get(some, 1)), "c");
    pdx_study_free(study);
    options.pool_over = PDX_POOL_OVER_JUDGES;
    study = fitted(&options);
    CHECK_INT(pdx_study_pooled_count(study), 3);
    for (int g = 0; g < 3; ++g)
        CHECK_INT(pdx_pooled_count(pdx_study_pooled(study, g)), g == 1 ? 1 : 2);
    pdx_study_free(study);
    data_close();
}

/* A group of which every verdict is a tie keeps its fit, without rows, and counts its ties. */
static void a_group_of_ties_is_the_average(void) {
    data_plan(240);
    data_open(240, group_of);
    for (int i = 0; i < 240; ++i)
        if (i % 3 != 2) vote("j", i, taste, PDX_ORDER_UNKNOWN, 0);
        else {
            pdx_judgment j;
            pdx_judgment_init(&j);
            j.pair = i;
            j.winner = PDX_WINNER_TIE;
            OK(pdx_judgments_append(judgments, "j", &j));
        }
    pdx_fit_options options = quick();
    pdx_study *study = fitted(&options);
    const pdx_posterior *c = pdx_study_find(study, "j", "c");
    REQUIRE(c != NULL);
    CHECK_INT(pdx_posterior_rows(c), 0);
    CHECK_INT(pdx_posterior_ties(c), 80);
    for (int d = 0; d < D; ++d) check_near_average(c, pdx_posterior_pooled(c), d, 0.005);
    pdx_study_free(study);
    data_close();
}

/* A property that never differs says nothing: its weights are the priors. One that never differs
 * in one group is known there from the others alone. */
static void a_zero_column_is_its_prior(void) {
    data_plan(300);
    for (int i = 0; i < 300; ++i) {
        x[i][2] = 0;
        if (i % 3 == 0) x[i][1] = 0;
    }
    data_open(300, group_of);
    for (int i = 0; i < 300; ++i) vote("j", i, taste, PDX_ORDER_UNKNOWN, 0);
    pdx_fit_options options = quick();
    pdx_study *study = fitted(&options);
    const pdx_pooled *pooled = pdx_study_pooled(study, 0);
    const pdx_posterior *mean = pdx_pooled_mean(pooled), *a = pdx_study_find(study, "j", "a");
    pdx_contrast difference[3 * D];
    OK(pdx_pooled_differences(pooled, 0.05, difference));
    CHECK_NEAR(mean->mean[2], 0, 1e-9);
    CHECK_NEAR(mean->sd[2], 0.5 * sqrt(2), 1e-6);
    for (int g = 0; g < 3; ++g) {
        check_near_average(pdx_pooled_get(pooled, g), pooled, 2, 0.005);
        CHECK_NEAR(difference[g * D + 2].mean, 0, 1e-9);
        CHECK_INT(difference[g * D + 2].discovery, 0);
    }
    check_near_average(a, pooled, 1, 0.005);
    CHECK(fabs(mean->mean[1]) > 3 * mean->sd[2] / 10); /* and that is not the prior */
    pdx_study_free(study);
    data_close();
}

int main(void) {
    RUN(a_group_of_one_pair_is_about_the_average);
    RUN(a_group_of_one_opinion_stays_finite);
    RUN(one_group_is_a_fit_with_a_wider_prior);
    RUN(a_judge_may_miss_a_group);
    RUN(a_group_of_ties_is_the_average);
    RUN(a_zero_column_is_its_prior);
    return check_result();
}
