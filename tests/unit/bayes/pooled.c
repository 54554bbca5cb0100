/* Partial pooling of studies: what is pooled and what is not, and what comes back. */
#include "core/file.h"
#include "pooled_data.h"
#include "scratch.h"

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
    RUN(pairs_in_several_groups_count_as_asked);
    RUN(the_judge_that_differs_is_found);
    RUN(drift_finds_what_changed);
    RUN(position_is_not_pooled);
    RUN(draws_give_the_same_intervals);
    RUN(saved_and_loaded_is_the_same);
    return check_result();
}
