/* Studies to pool: judges of known taste on pairs in groups, fitted with quick options. */
#ifndef PDX_TEST_POOLED_DATA_H
#define PDX_TEST_POOLED_DATA_H

#include "bayes/posterior.h"
#include "check.h"
#include "core/rng.h"

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

static pdx_study *fitted(const pdx_fit_options *options) {
    pdx_study *study = NULL;
    CHECK_INT(pdx_study_fit(&study, dataset, judgments, options), PDX_OK);
    if (!study) exit(check_result());
    return study;
}

#endif
