/* Similarity of judges: the published weights against plain loops of this file, uncertainty against
 * known posteriors, and what is missing or constant. */
#include <prefdissect/prefdissect.h>

#include "bayes/posterior.h"
#include "check.h"
#include "core/alloc.h"

static const char gair[] = "../shared/data/gair/fitted_paras_comparison";
static const char *const names[] = {"a", "b", "c", "d"};

static double rank_of(const double *x, int d, int k) {
    double below = 0, same = 0;
    for (int j = 0; j < d; ++j) {
        below += x[j] < x[k];
        same += x[j] == x[k];
    }
    return below + (same + 1) / 2;
}

/* In extended precision, by the textbook. */
static double measure(int metric, const double *a, const double *b, int d) {
    long double sum = 0, ma = 0, mb = 0, aa = 0, bb = 0;
    double x[64], y[64];
    for (int k = 0; k < d; ++k) {
        x[k] = metric == PDX_METRIC_SPEARMAN ? rank_of(a, d, k) : a[k];
        y[k] = metric == PDX_METRIC_SPEARMAN ? rank_of(b, d, k) : b[k];
        ma += x[k];
        mb += y[k];
    }
    for (int k = 0; k < d; ++k) {
        long double u = x[k] - ma / d, v = y[k] - mb / d, difference = (long double)x[k] - y[k];
        aa += u * u;
        bb += v * v;
        if (metric == PDX_METRIC_L1) sum += fabsl(difference);
        else if (metric == PDX_METRIC_L2) sum += difference * difference;
        else sum += u * v;
    }
    if (metric == PDX_METRIC_L1) return (double)(-sum / d);
    if (metric == PDX_METRIC_L2) return (double)(-sqrtl(sum) / d);
    return (double)(sum / (sqrtl(aa) * sqrtl(bb)));
}

static void published(void) {
    pdx_study *study;
    if (pdx_study_load_weights(&study, gair) != PDX_OK) SKIP("no %s", gair);
    pdx_similarity *s;
    OK(pdx_similarity_create(&s, study, NULL));
    int32_t judges = pdx_similarity_judge_count(s), groups = pdx_similarity_group_count(s);
    int32_t scenarios = 0;
    CHECK_INT(judges, 33);
    CHECK_INT(groups, 16);
    for (int32_t g = 0; g < groups; ++g) scenarios += pdx_similarity_is_scenario(s, g);
    CHECK_INT(scenarios, 11);
    for (int metric = 0; metric < PDX_METRIC_COUNT; ++metric) {
        const double *overall = pdx_similarity_matrix(s, -1, metric);
        for (int32_t a = 0; a < judges; ++a)
            for (int32_t b = 0; b < judges; ++b) {
                double mean = 0;
                for (int32_t g = 0; g < groups; ++g) {
                    const char *group = pdx_similarity_group(s, g);
                    const pdx_posterior *of_a =
                        pdx_study_find(study, pdx_similarity_judge(s, a), group);
                    const pdx_posterior *of_b =
                        pdx_study_find(study, pdx_similarity_judge(s, b), group);
                    double expected =
                        measure(metric, pdx_posterior_mean(of_a), pdx_posterior_mean(of_b), 29);
                    CHECK_NEAR(pdx_similarity_matrix(s, g, metric)[a * judges + b], expected,
                               1e-13);
                    if (group[0] >= 'A' && group[0] <= 'Z') mean += expected / 11;
                }
                CHECK_NEAR(overall[a * judges + b], mean, 1e-13);
            }
    }
    CHECK(pdx_similarity_low(s, -1, 0) == NULL);
    CHECK(strstr(pdx_similarity_note(s), "means only"));
    CHECK(pdx_similarity_matrix(s, 16, 0) == NULL && pdx_similarity_matrix(s, 0, 4) == NULL);
    pdx_merge merge[32];
    int32_t order[33], seen[33] = {0};
    OK(pdx_similarity_cluster(s, -1, PDX_METRIC_PEARSON, merge, order));
    for (int i = 0; i < 33; ++i) ++seen[order[i]];
    for (int i = 0; i < 33; ++i) CHECK_INT(seen[i], 1);
    OK(pdx_similarity_cluster(s, -1, PDX_METRIC_L2, merge, order));
    double p;
    CHECK_INT(pdx_study_nearer(&p, study, NULL, 0, pdx_similarity_judge(s, 0),
                               pdx_similarity_judge(s, 1), pdx_similarity_judge(s, 2), NULL),
              PDX_EINVAL);
    pdx_similarity_free(s);
    pdx_study_free(study);
}

/* A study of fits with equal sds; sd 0: means only. */
static void add(pdx_study *study, const char *judge, const char *group, const double *mean,
                double sd) {
    pdx_posterior *p;
    if (pdx__posterior_create(&p, judge, group, 4, names) != PDX_OK) exit(1);
    memcpy(p->mean, mean, 4 * sizeof *mean);
    if (sd > 0) {
        p->sd = pdx__alloc(4, sizeof *p->sd);
        for (int k = 0; k < 4; ++k) p->sd[k] = sd;
    }
    study->fit[study->count++] = p;
}

static const double up[] = {1, 2, 3, 4}, near_up[] = {1, 2.1, 3, 4.3}, down[] = {4, 3, 2, 1},
                    flat[] = {0.3, 0.3, 0.3, 0.3};

static void uncertainty(void) {
    pdx_study *study;
    pdx_similarity *s;
    OK(pdx__study_create(&study, 6));
    add(study, "up", "all", up, 0.05);
    add(study, "near", "all", near_up, 0.05);
    add(study, "down", "all", down, 0.05);
    OK(pdx_similarity_create(&s, study, NULL));
    const double *value = pdx_similarity_matrix(s, -1, 0), *low = pdx_similarity_low(s, -1, 0);
    const double *high = pdx_similarity_high(s, -1, 0), *mean = pdx_similarity_mean(s, -1, 0);
    CHECK_NEAR(value[0], 1, 1e-15);
    CHECK_NEAR(low[0], 1, 1e-12);
    CHECK_NEAR(value[2], -1, 1e-15);
    CHECK(low[1] < mean[1] && mean[1] < high[1] && low[1] > 0.98 && high[1] < 1);
    CHECK(low[1] == low[3]);
    double p;
    OK(pdx_study_nearer(&p, study, "all", 0, "up", "near", "down", NULL));
    CHECK_NEAR(p, 1, 0);
    OK(pdx_study_nearer(&p, study, NULL, PDX_METRIC_L1, "up", "down", "near", NULL));
    CHECK_NEAR(p, 0, 0);
    OK(pdx_study_nearer(&p, study, NULL, PDX_METRIC_L2, "down", "up", "up", NULL));
    CHECK_NEAR(p, 0.5, 0);
    double other;
    OK(pdx_study_nearer(&p, study, NULL, PDX_METRIC_L2, "near", "up", "down", NULL));
    OK(pdx_study_nearer(&other, study, NULL, PDX_METRIC_L2, "near", "down", "up", NULL));
    CHECK_NEAR(p + other, 1, 1e-15);
    CHECK_INT(pdx_study_nearer(&p, study, NULL, 0, "up", "near", "who", NULL), PDX_ENOTFOUND);
    CHECK_INT(pdx_study_nearer(&p, study, "none", 0, "up", "near", "down", NULL), PDX_ENOTFOUND);
    /* the same numbers on any number of threads */
    pdx_similarity_options options;
    pdx_similarity_options_init(&options);
    pdx_similarity *again;
    options.threads = 3;
    OK(pdx_similarity_create(&again, study, &options));
    CHECK(!memcmp(low, pdx_similarity_low(again, -1, 0), 9 * sizeof *low));
    pdx_similarity_free(again);
    /* chosen judges, in the order asked for */
    const char *const two[] = {"down", "up"};
    options.judges = two;
    options.judge_count = 2;
    options.draws = 0;
    OK(pdx_similarity_create(&again, study, &options));
    CHECK_INT(pdx_similarity_judge_count(again), 2);
    CHECK(!strcmp(pdx_similarity_judge(again, 0), "down"));
    CHECK(!pdx_similarity_high(again, -1, 0));
    pdx_similarity_free(again);
    pdx_similarity_free(s);
    pdx_study_free(study);
}

static void missing_and_constant(void) {
    pdx_study *study;
    pdx_similarity *s;
    pdx_merge merge[3];
    int32_t order[4];
    OK(pdx__study_create(&study, 8));
    add(study, "up", "One", up, 0.1);
    add(study, "up", "Two", up, 0.1);
    add(study, "up", "case", up, 0.1);
    add(study, "down", "One", down, 0); /* means only, and no fit in the others */
    add(study, "flat", "One", flat, 0.1);
    add(study, "flat", "Two", near_up, 0.1);
    OK(pdx_similarity_create(&s, study, NULL));
    CHECK_INT(pdx_similarity_is_scenario(s, 0), 1);
    CHECK_INT(pdx_similarity_is_scenario(s, 2), 0);
    const double *one = pdx_similarity_matrix(s, 0, 0), *two = pdx_similarity_matrix(s, 1, 0);
    const double *overall = pdx_similarity_matrix(s, -1, 0);
    CHECK(isnan(two[1]) && isnan(two[4])); /* up with down, down with itself */
    CHECK_NEAR(overall[1], one[1], 0);
    CHECK(isnan(one[2]) && isnan(one[8])); /* flat */
    CHECK_NEAR(overall[2], two[2], 1e-15);
    CHECK(isnan(pdx_similarity_low(s, 0, 0)[1]));
    CHECK(!isnan(pdx_similarity_low(s, 0, PDX_METRIC_L1)[2]));
    CHECK(pdx_similarity_low(s, -1, 0)[2] <= overall[2]);
    CHECK(strstr(pdx_similarity_note(s), "'down' has no fit in group 'Two'"));
    CHECK(strstr(pdx_similarity_note(s), "'flat' in group 'One' are all equal"));
    OK(pdx_similarity_cluster(s, 1, 0, merge, order));
    for (int i = 0; i < 2; ++i) CHECK(isfinite(merge[i].height));
    pdx_similarity_free(s);
    const char *const who[] = {"nobody"};
    pdx_similarity_options options;
    pdx_similarity_options_init(&options);
    options.judges = who;
    options.judge_count = 1;
    CHECK_INT(pdx_similarity_create(&s, study, &options), PDX_ENOTFOUND);
    CHECK(s == NULL);
    options.judges = NULL;
    options.scenarios = who;
    options.scenario_count = 1;
    CHECK_INT(pdx_similarity_create(&s, study, &options), PDX_ENOTFOUND);
    CHECK_INT(pdx_similarity_create(NULL, study, NULL), PDX_EINVAL);
    CHECK_INT(pdx_similarity_create(&s, NULL, NULL), PDX_EINVAL);
    study->fit[3]->columns[2][0] = 'X';
    CHECK_INT(pdx_similarity_create(&s, study, NULL), PDX_EINVAL);
    CHECK(strstr(pdx_error_message(), "column 3 of the fit of judge 'down' in group 'One' is 'X'"));
    pdx_study_free(study);
    /* one judge alone */
    OK(pdx__study_create(&study, 1));
    add(study, "up", "all", up, 0.1);
    OK(pdx_similarity_create(&s, study, NULL));
    CHECK_NEAR(pdx_similarity_matrix(s, -1, 0)[0], 1, 1e-15);
    OK(pdx_similarity_cluster(s, -1, 0, NULL, order));
    pdx_similarity_free(s);
    pdx_study_free(study);
}

int main(void) {
    RUN(published);
    RUN(uncertainty);
    RUN(missing_and_constant);
    return check_result();
}
