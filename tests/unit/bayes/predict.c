/* AUC, held-out scores and position effects against values worked out by other means. */
#include "bayes/predict.h"

#include "bayes/position.h"
#include "check.h"
#include "core/rng.h"

static void test_auc(void) {
    double score[] = {0.1, 0.4, 0.35, 0.8, NAN}, y[] = {0, 0, 1, 1, 1}, auc;
    OK(pdx__auc(score, y, NULL, 5, &auc));
    CHECK_NEAR(auc, 0.75, 1e-15);
    double tied[] = {1, 1, 1, 1};
    OK(pdx__auc(tied, y, NULL, 4, &auc));
    CHECK_NEAR(auc, 0.5, 1e-15);
    OK(pdx__auc(score, y, NULL, 2, &auc)); /* one class */
    CHECK(isnan(auc));
    double weight[] = {1, 3, 1, 1, 1};
    OK(pdx__auc(score, y, weight, 5, &auc)); /* the lost pair counts thrice: 5 of 8 */
    CHECK_NEAR(auc, 0.625, 1e-15);
    double soft_y[] = {0.25, 0.75}, soft_score[] = {0, 1};
    OK(pdx__auc(soft_score, soft_y, NULL, 2, &auc));
    CHECK_NEAR(auc, 0.75 * 0.75 + 0.5 * (0.25 * 0.75 + 0.75 * 0.25), 1e-15);
}

static void test_scores(void) {
    pdx__heldout h;
    OK(pdx__heldout_create(&h, 3));
    double y[] = {1, 0, 1};
    h.eta[0] = 2, h.majority[0] = 1, h.length[0] = 0.5;
    h.eta[1] = 1, h.majority[1] = 1, h.length[1] = 0;
    pdx_prediction p;
    OK(pdx__heldout_score(&h, y, NULL, 5, &p));
    CHECK_INT(p.n, 2);
    CHECK_INT(p.folds, 5);
    CHECK_NEAR(p.accuracy, 0.5, 1e-15);
    CHECK_NEAR(p.log_loss, (log1p(exp(-2)) + log1p(exp(1))) / 2, 1e-15);
    CHECK_NEAR(p.auc, 1, 1e-15);
    CHECK_NEAR(p.baseline_majority, 0.5, 1e-15);
    CHECK_NEAR(p.baseline_length, 0.75, 1e-15);
    pdx__heldout_free(&h);
}

static void test_correlation(void) {
    double a[] = {1, 2, 3, 4}, b[] = {2, 4, 6, 8}, c[] = {1, 1, 1, 1}, d[] = {1, 3, 2, 4};
    CHECK_NEAR(pdx__correlation(a, b, 4), 1, 1e-15);
    CHECK_NEAR(pdx__correlation(a, d, 4), 0.8, 1e-15);
    CHECK(isnan(pdx__correlation(a, c, 4)));
}

static void test_position_of_a_column(void) {
    pdx_position p;
    pdx__position_of_column(&p, 0, 1, 0.5, -2, 2, NULL);
    CHECK_INT(p.known, 1);
    CHECK_NEAR(p.p_first, 0.5, 1e-14);
    CHECK_NEAR(p.p_first_low, 1 / (1 + exp(2)), 1e-15);
    pdx__position_of_column(&p, 1, 0, 1, 1, 1, NULL);
    CHECK_NEAR(p.p_first, 1 / (1 + exp(-1)), 1e-14);
    pdx__position_of_column(&p, 1, 1, 1, 1, 1, NULL);
    CHECK_NEAR(p.p_first, 0.6967346701436834, 1e-12); /* 64 Gauss-Hermite nodes (numpy) */
}

static double logistic(pdx__rng *rng) {
    double u = pdx__rng_uniform(rng);
    return log(u / (1 - u));
}

static void test_position_of_pairs_finds_location_and_scales(void) {
    enum { N = 4000 };
    static double b[N], u[N], eta[N];
    pdx__rng rng;
    pdx__rng_init(&rng, 1, 1);
    for (int i = 0; i < N; ++i) {
        b[i] = i % 10 == 9 ? NAN : 0.8 + 0.5 * logistic(&rng);
        eta[i] = pdx__rng_normal(&rng);
        u[i] = 1.2 * (eta[i] + logistic(&rng));
    }
    pdx_position p;
    OK(pdx__position_of_pairs(&p, b, u, eta, N, 2.5));
    CHECK_INT(p.known, 1);
    CHECK_NEAR(p.sd, 0.5 * sqrt(3.0 / (0.9 * N)), 0.0006);
    CHECK_NEAR(p.mean, 0.8, 3 * p.sd);
    CHECK_NEAR(p.prob_positive, 1, 1e-12);
    CHECK_NEAR(p.p_first, 1 / (1 + exp(-0.8 / 1.3)), 0.01);
    CHECK(p.p_first_low < p.p_first && p.p_first < p.p_first_high);
}

static void test_position_of_few_or_equal_pairs(void) {
    double b[] = {0.3, 0.3, 0.3, 0.3, NAN}, u[] = {1, -1, 2, -2, 0}, eta[] = {0, 0, 0, 0, 0};
    pdx_position p;
    OK(pdx__position_of_pairs(&p, b, u, eta, 5, 2.5));
    CHECK_NEAR(p.mean, 0.3, 1e-4);
    CHECK(p.p_first > 0.5 && p.p_first < 0.7);
    CHECK(p.p_first_low >= 0 && p.p_first_high <= 1);
    double none[] = {0, 0, 0, 0, 0};
    OK(pdx__position_of_pairs(&p, b, none, eta, 5, 2.5)); /* a judge that never wavers */
    CHECK(p.p_first > 0.99);
    OK(pdx__position_of_pairs(&p, b, u, eta, 2, 2.5));
    CHECK_INT(p.known, 0);
    CHECK(isnan(p.mean));
}

int main(void) {
    RUN(test_auc);
    RUN(test_scores);
    RUN(test_correlation);
    RUN(test_position_of_a_column);
    RUN(test_position_of_pairs_finds_location_and_scales);
    RUN(test_position_of_few_or_equal_pairs);
    return check_result();
}
