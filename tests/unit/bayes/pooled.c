/* Partial pooling of studies: what users may bring, and what must hold whatever the data. */
#include "bayes/posterior.h"
#include "check.h"
#include "core/file.h"
#include "core/rng.h"
#include "scratch.h"

enum { D = 3, MOST = 600 };
static const double taste[D] = {0.9, -0.6, 0.3};

static double x[MOST][D];
static const char *group_of[MOST];
static pdx_dataset *dataset;
static pdx_judgments *judgments;
static pdx__rng rng;

/* Pairs in groups a, b, c by turns; a test changes x and group_of before data_open. */
static void data_plan(int n) {
    static const char *const names[] = {"a", "b", "c"};
    pdx__rng_init(&rng, 5, 0);
    for (int i = 0; i < n; ++i) {
        for (int d = 0; d < D; ++d) x[i][d] = (double)pdx__rng_below(&rng, 3) - 1;
        group_of[i] = names[i % 3];
    }
}

static void data_open(int n, const char *const *groups) {
    static const char *const names[D] = {"clear", "length", "novel"};
    pdx_schema *schema;
    OK(pdx_schema_from_names(&schema, names, D));
    OK(pdx_dataset_from_arrays(&dataset, schema, n, &x[0][0], NULL, groups));
    OK(pdx_judgments_create(&judgments));
    pdx_schema_free(schema);
}

static void data_close(void) {
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void say(const char *judge, int pair, int order, int a_wins) {
    pdx_judgment j;
    pdx_judgment_init(&j);
    j.pair = pair;
    j.order = order;
    j.winner = a_wins ? PDX_WINNER_A : PDX_WINNER_B;
    OK(pdx_judgments_append(judgments, judge, &j));
}

static double dot(const double *a, const double *b) {
    double sum = 0;
    for (int d = 0; d < D; ++d) sum += a[d] * b[d];
    return sum;
}

/* A judge with weights w on pair i, who prefers the response that is shown first by `first`. */
static void vote(const char *judge, int i, const double *w, int order, double first) {
    double eta = order == PDX_ORDER_AB ? first : order == PDX_ORDER_BA ? -first : 0;
    eta += dot(w, x[i]);
    say(judge, i, order, pdx__rng_uniform(&rng) < 1 / (1 + exp(-eta)));
}

static pdx_fit_options quick(void) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = 0.5;
    options.predict = 0;
    options.certificate = PDX_CERTIFICATE_NEVER;
    options.pool = PDX_POOL_PARTIAL;
    options.threads = 1;
    return options;
}

/* Empirical Bayes is not pooled: refused by name, and apart by default, each with its own scale. */
static void empirical_bayes_stays_apart(void) {
    pdx_study *study, *apart;
    pdx_pooling pooling;
    data_plan(180);
    data_open(180, group_of);
    for (int i = 0; i < 180; ++i) vote("j", i, taste, PDX_ORDER_UNKNOWN, 0);
    pdx_fit_options options = quick();
    options.prior = PDX_PRIOR_EB;
    options.predict = 1;
    FAILS(pdx_study_fit(&study, dataset, judgments, &options), PDX_EUNSUPPORTED, "empirical Bayes");
    options.pool = PDX_POOL_NONE;
    OK(pdx_study_fit(&apart, dataset, judgments, &options));
    options.pool = PDX_POOL_AUTO;
    OK(pdx_study_fit(&study, dataset, judgments, &options));
    CHECK_INT(pdx_study_pooled_count(study), 0);
    CHECK_INT(pdx_study_count(study), 3);
    for (int g = 0; g < 3; ++g) {
        const pdx_posterior *p = pdx_study_get(study, g), *q = pdx_study_get(apart, g);
        CHECK(pdx_posterior_pooled(p) == NULL);
        CHECK(pdx_posterior_prior_scale(p) != options.prior_scale);
        CHECK(pdx_posterior_prior_scale(p) == pdx_posterior_prior_scale(q));
        for (int d = 0; d < D; ++d) CHECK(p->mean[d] == q->mean[d] && p->sd[d] == q->sd[d]);
    }
    OK(pdx_study_pooling(study, "j", &pooling)); /* ways to pool are not compared with one scale */
    CHECK_INT(pooling.folds, 0);
    pdx_study_free(study);
    pdx_study_free(apart);
    data_close();
}

static pdx_study *fitted(const pdx_fit_options *options) {
    pdx_study *study = NULL;
    CHECK_INT(pdx_study_fit(&study, dataset, judgments, options), PDX_OK);
    if (!study) exit(check_result());
    return study;
}

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

static double apart(const pdx_study *one, const pdx_study *other) {
    double most = 0;
    for (int i = 0; i < pdx_study_count(one); ++i)
        for (int d = 0; d < D; ++d)
            most = fmax(most, fabs(one->fit[i]->mean[d] - other->fit[i]->mean[d]) +
                                  fabs(one->fit[i]->sd[d] - other->fit[i]->sd[d]));
    return most;
}

/* Pairs that lie in two groups, counted in four ways. */
static void pairs_in_several_groups_count_as_asked(void) {
    enum { N = 240 };
    static const double halves[] = {0.5, 0.5}, ones[] = {1, 1}, first[] = {1, 0};
    int64_t in_a[N], in_b[N], alone[N], only = 0, b = 0, a = 0;
    data_plan(N);
    for (int i = 0; i < N; ++i) {
        if (i % 3 != 2) in_a[a++] = i;
        if (i % 3 != 0) in_b[b++] = i;
        if (i % 3 == 2) alone[only++] = i;
    }
    data_open(N, NULL);
    OK(pdx_dataset_add_group(dataset, "a", in_a, a));
    OK(pdx_dataset_add_group(dataset, "b", in_b, b));
    for (int i = 0; i < N; ++i) vote("j", i, taste, PDX_ORDER_UNKNOWN, 0);
    pdx_fit_options options = quick();
    pdx_study *share = fitted(&options), *whole, *weighted;
    options.overlap = PDX_OVERLAP_WHOLE;
    whole = fitted(&options);
    CHECK(apart(share, whole) > 0.01);
    CHECK(share->fit[0]->sd[0] > whole->fit[0]->sd[0]); /* half of a pair tells less */
    options.group_weights = halves;                     /* which have the word over `overlap` */
    weighted = fitted(&options);
    CHECK(apart(share, weighted) == 0);
    pdx_study_free(weighted);
    options.group_weights = ones;
    options.overlap = PDX_OVERLAP_SHARE;
    weighted = fitted(&options);
    CHECK(apart(whole, weighted) == 0);
    pdx_study_free(weighted);
    pdx_study_free(share);
    pdx_study_free(whole);
    options.group_weights = first; /* b is then of the pairs that lie in nothing else */
    weighted = fitted(&options);
    pdx_judgments *same = judgments;
    pdx_dataset_free(dataset);
    data_open(N, NULL);
    pdx_judgments_free(judgments);
    judgments = same;
    OK(pdx_dataset_add_group(dataset, "a", in_a, a));
    OK(pdx_dataset_add_group(dataset, "b", alone, only));
    options.group_weights = NULL;
    whole = fitted(&options);
    CHECK_LE(apart(whole, weighted), 1e-6);
    pdx_study_free(whole);
    pdx_study_free(weighted);
    data_close();
}

/* Judges of one taste but for one weight of one of them: that is what is found. */
static void the_judge_that_differs_is_found(void) {
    static const double other[D] = {0.9, 0.6, 0.3};
    static const char *const names[] = {"one", "two", "three", "odd"};
    data_plan(MOST);
    data_open(MOST, NULL);
    for (int i = 0; i < MOST; ++i)
        for (int j = 0; j < 4; ++j) vote(names[j], i, j == 3 ? other : taste, PDX_ORDER_UNKNOWN, 0);
    pdx_fit_options options = quick();
    options.pool_over = PDX_POOL_OVER_JUDGES;
    pdx_study *study = fitted(&options);
    const pdx_pooled *pooled = pdx_study_pooled(study, 0);
    pdx_contrast difference[4 * D];
    CHECK_INT(pdx_study_pooled_count(study), 1);
    CHECK_INT(pdx_pooled_over(pooled), PDX_POOL_OVER_JUDGES);
    CHECK_INT(pdx_pooled_count(pooled), 4);
    OK(pdx_pooled_differences(pooled, 0.05, difference));
    for (int j = 0; j < 4; ++j) {
        CHECK_TEXT(pdx_posterior_judge(pdx_pooled_get(pooled, j)), names[j]);
        for (int d = 0; d < D; ++d)
            if (d != 1) CHECK_INT(difference[j * D + d].discovery, 0);
    }
    CHECK_INT(difference[3 * D + 1].discovery, 1);
    CHECK(difference[3 * D + 1].prob_greater > 0.99);
    CHECK(difference[3 * D + 1].mean > 0.5);
    pdx_study_free(study);
    data_close();
}

/* Versions of a judge on the same pairs: a planted change is found where it is, no change is none,
 * and a judge that says the same again is only the prior. */
static void drift_finds_what_changed(void) {
    static const double changed[D] = {0.9, -0.6, 1.5};
    pdx_posterior *drift;
    pdx_contrast found[D];
    data_plan(MOST);
    data_open(MOST, group_of);
    for (int i = 0; i < MOST; ++i) {
        const int verdict = pdx__rng_uniform(&rng) < 1 / (1 + exp(-dot(taste, x[i])));
        say("v1", i, PDX_ORDER_UNKNOWN, verdict);
        say("again", i, PDX_ORDER_UNKNOWN, verdict);
        vote("v2", i, taste, PDX_ORDER_UNKNOWN, 0);
        vote("v3", i, changed, PDX_ORDER_UNKNOWN, 0);
    }
    pdx_fit_options options = quick();
    OK(pdx_drift_fit(&drift, dataset, judgments, "v1", "v3", NULL, &options));
    OK(pdx_posterior_discoveries(drift, 0.05, found));
    CHECK_INT(found[2].discovery, 1);
    CHECK_NEAR(found[2].mean, 1.2, 3.5 * found[2].sd);
    CHECK(found[2].mean > 0.6);
    CHECK_INT(found[0].discovery + found[1].discovery, 0);
    const int64_t disagree = pdx_posterior_rows(drift);
    CHECK(disagree > 0 && disagree < MOST);
    CHECK_INT(pdx_posterior_ties(drift), MOST - disagree);
    pdx_posterior_free(drift);
    OK(pdx_drift_fit(&drift, dataset, judgments, "v1", "v2", NULL, &options));
    OK(pdx_posterior_discoveries(drift, 0.05, found));
    for (int d = 0; d < D; ++d) CHECK_INT(found[d].discovery, 0);
    pdx_posterior_free(drift);
    OK(pdx_drift_fit(&drift, dataset, judgments, "v1", "again", NULL, &options));
    CHECK_INT(pdx_posterior_rows(drift), 0);
    for (int d = 0; d < D; ++d) {
        CHECK_NEAR(drift->mean[d], 0, 1e-9);
        CHECK_NEAR(drift->sd[d], 0.5 * sqrt(2), 1e-6);
    }
    pdx_posterior_free(drift);
    data_close();
}

/* The position effect is one for all groups, and each judge's own. */
static void position_is_not_pooled(void) {
    data_plan(360);
    data_open(360, group_of);
    for (int i = 0; i < 360; ++i)
        for (int order = 0; order < 2; ++order) {
            vote("hasty", i, taste, order ? PDX_ORDER_BA : PDX_ORDER_AB, 0.8);
            vote("fair", i, taste, order ? PDX_ORDER_BA : PDX_ORDER_AB, 0);
        }
    pdx_fit_options options = quick();
    pdx_position position, all, mean;
    pdx_study *study = fitted(&options);
    options.pool = PDX_POOL_COMPLETE;
    pdx_study *one = fitted(&options);
    options.pool = PDX_POOL_PARTIAL;
    for (int j = 0; j < 2; ++j) {
        const char *judge = j ? "fair" : "hasty";
        OK(pdx_posterior_position(pdx_study_find(one, judge, "all"), &all));
        OK(pdx_posterior_position(pdx_pooled_mean(pdx_study_pooled(study, j)), &mean));
        for (int g = 0; g < 3; ++g) {
            OK(pdx_posterior_position(pdx_study_get(study, 3 * j + g), &position));
            CHECK_INT(position.known, 1);
            CHECK_NEAR(position.mean, all.mean, 0.1 * all.sd);
            CHECK_NEAR(position.sd / all.sd, 1, 0.05);
            CHECK_NEAR(position.mean, mean.mean, 1e-9);
        }
        CHECK_NEAR(position.mean, j ? 0 : 0.8, 3 * all.sd);
    }
    pdx_study_free(study);
    pdx_study_free(one);
    options.pool_over = PDX_POOL_OVER_JUDGES;
    study = fitted(&options);
    for (int g = 0; g < 3; ++g) {
        pdx_position hasty, fair;
        OK(pdx_posterior_position(pdx_study_find(study, "hasty", group_of[g]), &hasty));
        OK(pdx_posterior_position(pdx_study_find(study, "fair", group_of[g]), &fair));
        CHECK(hasty.mean - fair.mean > 0.4);
    }
    pdx_study_free(study);
    data_close();
}

/* Draws in place of EP, by the sampler or NUTS, give the same intervals of tau and position. */
static void draws_give_the_same_intervals(void) {
    static const int32_t methods[] = {PDX_METHOD_STIS, PDX_METHOD_NUTS};
    data_plan(120);
    data_open(120, group_of);
    for (int i = 0; i < 120; ++i)
        for (int order = 0; order < 2; ++order)
            vote("j", i, taste, order ? PDX_ORDER_BA : PDX_ORDER_AB, 0.8);
    pdx_fit_options options = quick();
    options.nuts_chains = 2;
    options.nuts_warmup = 300;
    options.nuts_draws = 3000;
    pdx_study *ep = fitted(&options);
    pdx_position position, other;
    pdx_tau tau, of_draws;
    OK(pdx_pooled_tau(pdx_study_pooled(ep, 0), &tau));
    OK(pdx_posterior_position(pdx_study_get(ep, 1), &position));
    for (int m = 0; m < 2; ++m) {
        options.method = methods[m];
        pdx_study *study = fitted(&options);
        OK(pdx_pooled_tau(pdx_study_pooled(study, 0), &of_draws));
        OK(pdx_posterior_position(pdx_study_get(study, 1), &other));
        CHECK_NEAR(of_draws.low, tau.low, 0.1 * tau.sd);
        CHECK_NEAR(of_draws.high, tau.high, 0.3 * tau.sd);
        CHECK_NEAR(other.p_first_low, position.p_first_low, 0.01);
        CHECK_NEAR(other.p_first_high, position.p_first_high, 0.01);
        pdx_study_free(study);
    }
    pdx_study_free(ep);
    data_close();
}

static void read_whole(const char *path, pdx__buf *out) { OK(pdx__file_read(path, 0, out)); }

/* fits.json keeps all of it: written, read and written again, byte for byte. */
static void saved_and_loaded_is_the_same(void) {
    data_plan(240);
    data_open(240, group_of);
    for (int i = 0; i < 240; ++i) {
        vote("one", i, taste, PDX_ORDER_UNKNOWN, 0);
        vote("two", i, taste, PDX_ORDER_UNKNOWN, 0);
    }
    scratch_enter();
    for (int over = PDX_POOL_OVER_GROUPS; over <= PDX_POOL_OVER_JUDGES; ++over) {
        pdx_fit_options options = quick();
        options.pool_over = over;
        options.predict = 1;
        pdx_study *study = fitted(&options), *loaded;
        OK(pdx_study_save(study, "fits.json"));
        OK(pdx_study_load(&loaded, "fits.json"));
        OK(pdx_study_save(loaded, "again.json"));
        pdx__buf first = PDX__BUF_EMPTY, second = PDX__BUF_EMPTY;
        read_whole("fits.json", &first);
        read_whole("again.json", &second);
        CHECK_TEXT(first.data, second.data);
        pdx__buf_free(&first);
        pdx__buf_free(&second);
        CHECK_INT(pdx_study_pooled_count(loaded), over ? 3 : 2);
        for (int i = 0; i < pdx_study_pooled_count(study); ++i) {
            const pdx_pooled *a = pdx_study_pooled(study, i), *b = pdx_study_pooled(loaded, i);
            pdx_contrast of_a[3 * D], of_b[3 * D];
            pdx_tau tau, again;
            CHECK_INT(pdx_pooled_over(b), over);
            CHECK_INT(pdx_pooled_count(b), pdx_pooled_count(a));
            OK(pdx_pooled_tau(a, &tau));
            OK(pdx_pooled_tau(b, &again));
            CHECK(!memcmp(&tau, &again, sizeof tau));
            OK(pdx_pooled_differences(a, 0.05, of_a));
            OK(pdx_pooled_differences(b, 0.05, of_b));
            for (int k = 0; k < pdx_pooled_count(a) * D; ++k) {
                CHECK(of_a[k].mean == of_b[k].mean && of_a[k].high == of_b[k].high);
                CHECK_INT(of_a[k].discovery, of_b[k].discovery);
            }
            for (int k = 0; k < pdx_pooled_count(b); ++k)
                CHECK(pdx_posterior_pooled(pdx_pooled_get(b, k)) == b);
            OK(pdx_posterior_contrast(pdx_pooled_get(a, 0), 0, pdx_pooled_get(a, 1), 0, of_a));
            OK(pdx_posterior_contrast(pdx_pooled_get(b, 0), 0, pdx_pooled_get(b, 1), 0, of_b));
            CHECK(of_a->sd == of_b->sd);
            const double alone = hypot(pdx_pooled_get(a, 0)->sd[0], pdx_pooled_get(a, 1)->sd[0]);
            CHECK(of_a->sd < 0.999 * alone); /* what they share cancels */
        }
        pdx_pooling before, after;
        OK(pdx_study_pooling(study, NULL, &before));
        OK(pdx_study_pooling(loaded, NULL, &after));
        CHECK(before.folds > 0 && before.log_loss_partial == after.log_loss_partial);
        pdx_study_free(study);
        pdx_study_free(loaded);
    }
    scratch_leave();
    data_close();
}

int main(void) {
    RUN(empirical_bayes_stays_apart);
    RUN(a_group_of_one_pair_is_about_the_average);
    RUN(a_group_of_one_opinion_stays_finite);
    RUN(one_group_is_a_fit_with_a_wider_prior);
    RUN(a_judge_may_miss_a_group);
    RUN(a_group_of_ties_is_the_average);
    RUN(a_zero_column_is_its_prior);
    RUN(pairs_in_several_groups_count_as_asked);
    RUN(the_judge_that_differs_is_found);
    RUN(drift_finds_what_changed);
    RUN(position_is_not_pooled);
    RUN(draws_give_the_same_intervals);
    RUN(saved_and_loaded_is_the_same);
    return check_result();
}
