/* Studies: judges x groups with folds, position effects and margins, on simulated judgments; and
 * the reference fold means. */
#include <sys/stat.h>

#include "bayes/fit_options.h"
#include "bayes/folds.h"
#include "bayes/posterior.h"
#include "bayes/sample.h"
#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "core/rng.h"

enum { N = 360, D = 5, GROUPS = 3 };
static const double planted[D] = {0.9, -0.6, 0.4, 0, 0};

static double logistic(pdx__rng *rng) {
    double u = pdx__rng_uniform(rng);
    return log(u / (1 - u));
}

static void append(pdx_judgments *judgments, const char *judge, int pair, int order, double first,
                   int with_logp) {
    pdx_judgment j;
    pdx_judgment_init(&j);
    j.pair = pair;
    j.order = order;
    j.winner = (first > 0) == (order != PDX_ORDER_BA) ? PDX_WINNER_A : PDX_WINNER_B;
    if (with_logp) {
        j.logp_first = -log1p(exp(-first));
        j.logp_second = -log1p(exp(first));
    }
    OK(pdx_judgments_append(judgments, judge, &j));
}

/* "orders": verdicts in both orders, position effect 0.8; "person": no order; "logp": log-odds of
 * scale 2 in both orders, position effect 1.5; "few": one group only. */
static void simulate(pdx_dataset **dataset, pdx_judgments **judgments) {
    static const char *const names[D] = {"clear", "relevant", "length", "novel", "funny"};
    static const char *const group_names[GROUPS] = {"a", "b", "c"};
    static double x[N][D];
    const char *groups[N];
    pdx__rng rng;
    pdx__rng_init(&rng, 7, 0);
    for (int i = 0; i < N; ++i) {
        for (int d = 0; d < D; ++d) x[i][d] = (double)pdx__rng_below(&rng, 3) - 1;
        groups[i] = group_names[i % 7 == 0 ? 0 : i % 2 ? 1 : 2];
    }
    pdx_schema *schema;
    OK(pdx_schema_from_names(&schema, names, D));
    OK(pdx_dataset_from_arrays(dataset, schema, N, &x[0][0], NULL, groups));
    pdx_schema_free(schema);
    OK(pdx_judgments_create(judgments));
    for (int i = N - 1; i >= 0; --i) {
        double eta = 0;
        for (int d = 0; d < D; ++d) eta += planted[d] * x[i][d];
        append(*judgments, "orders", i, PDX_ORDER_AB, eta + 0.8 + logistic(&rng), 0);
        append(*judgments, "orders", i, PDX_ORDER_BA, -eta + 0.8 + logistic(&rng), 0);
        append(*judgments, "person", i, PDX_ORDER_UNKNOWN, eta + logistic(&rng), 0);
        double u = 2 * (eta + logistic(&rng)), b = 1.5 + 0.5 * logistic(&rng);
        append(*judgments, "logp", i, PDX_ORDER_AB, b + u, 1);
        append(*judgments, "logp", i, PDX_ORDER_BA, b - u, 1);
        if (i % 7 == 0) append(*judgments, "few", i, PDX_ORDER_UNKNOWN, eta, 0);
    }
}

static int same(const double *a, const double *b, int64_t n) {
    if (!a || !b) return a == b;
    return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

static void check_same(const pdx_posterior *p, const pdx_posterior *q) {
    REQUIRE(p && q);
    CHECK_TEXT(p->judge, q->judge);
    CHECK_TEXT(p->group, q->group);
    CHECK(same(p->mean, q->mean, p->d));
    CHECK(same(p->sd, q->sd, p->d));
    CHECK(same(p->fold_mean, q->fold_mean, p->d));
    CHECK(same(p->covariance, q->covariance, (int64_t)p->d * p->d));
    CHECK(same(p->quantiles, q->quantiles, (int64_t)p->d * p->quantile_count));
    CHECK(same(p->draws, q->draws, p->draw_count * p->d));
    CHECK(same(&p->prediction.log_loss, &q->prediction.log_loss, 1));
    CHECK(same(&p->position.mean, &q->position.mean, 1));
    CHECK(same(&p->certificate.sd_log_weight, &q->certificate.sd_log_weight, 1));
}

static void test_judges_by_groups(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    simulate(&dataset, &judgments);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = 0.5;
    options.folds = 10;
    options.draws = 16;
    pdx_study *study[3], *one;
    for (int t = 0; t < 3; ++t) {
        options.threads = 1 << t;
        OK(pdx_study_fit(&study[t], dataset, judgments, &options));
        CHECK_INT(pdx_study_count(study[t]), 3 * GROUPS + 1);
    }
    for (int i = 0; i < pdx_study_count(study[0]); ++i) {
        check_same(pdx_study_get(study[0], i), pdx_study_get(study[1], i));
        check_same(pdx_study_get(study[0], i), pdx_study_get(study[2], i));
    }
    CHECK_TEXT(study[0]->options_json, study[1]->options_json);
    CHECK_TEXT(pdx_study_get(study[0], 0)->judge, "orders"); /* judge-major */
    CHECK_TEXT(pdx_study_get(study[0], 2)->group, pdx_dataset_group_name(dataset, 2));
    CHECK(pdx_study_find(study[0], "few", "b") == NULL);
    CHECK_TEXT(study[0]->data_sha256, pdx_dataset_sha256(dataset));
    CHECK_CONTAINS(study[0]->options_json, "\"folds\":10");
    const char *only[] = {"logp"};
    options.judges = only;
    options.judge_count = 1;
    OK(pdx_study_fit(&one, dataset, judgments, &options));
    CHECK_INT(pdx_study_count(one), GROUPS);
    check_same(pdx_study_get(one, 1), pdx_study_find(study[0], "logp", one->fit[1]->group));
    pdx_study_free(one);
    only[0] = "nobody";
    FAILS(pdx_study_fit(&one, dataset, judgments, &options), PDX_ENOTFOUND, "nobody");
    CHECK(one == NULL);
    for (int t = 0; t < 3; ++t) pdx_study_free(study[t]);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

/* One group of all pairs. */
static void fit_all(pdx_study **study, const pdx_fit_options *options) {
    static double x[N][D];
    pdx_dataset *grouped, *dataset;
    pdx_judgments *judgments;
    simulate(&grouped, &judgments);
    for (int i = 0; i < N; ++i) OK(pdx_dataset_row(grouped, i, x[i]));
    OK(pdx_dataset_from_arrays(&dataset, pdx_dataset_schema(grouped), N, &x[0][0], NULL, NULL));
    OK(pdx_study_fit(study, dataset, judgments, options));
    pdx_judgments_free(judgments);
    pdx_dataset_free(grouped);
    pdx_dataset_free(dataset);
}

static void test_position_effects_and_weights(void) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = 0.5;
    pdx_study *study = NULL;
    fit_all(&study, &options);
    const pdx_posterior *orders = pdx_study_find(study, "orders", "all"),
                        *person = pdx_study_find(study, "person", "all"),
                        *logp = pdx_study_find(study, "logp", "all");
    REQUIRE(orders && person && logp);
    CHECK_TEXT(orders->label, "order");
    CHECK_TEXT(person->label, "majority");
    CHECK_TEXT(logp->label, "sum-logp");
    CHECK_INT(orders->n, 2 * N);
    CHECK_INT(logp->n, N);
    CHECK_INT(orders->d, D); /* the position column stands apart */
    CHECK_INT(person->position.known, 0);
    CHECK_INT(orders->position.known, 1);
    CHECK_NEAR(orders->position.mean, 0.8, 3 * orders->position.sd);
    CHECK_NEAR(orders->position.p_first, 1 / (1 + exp(-orders->position.mean)), 0.01);
    CHECK(orders->position.p_first_low < orders->position.p_first &&
          orders->position.p_first < orders->position.p_first_high);
    CHECK_INT(logp->position.known, 1);
    CHECK_NEAR(logp->position.mean, 1.5, 3 * logp->position.sd);
    CHECK_NEAR(logp->position.p_first, 1 / (1 + exp(-1.5 / sqrt(4.25))), 0.02);
    const pdx_posterior *const fits[] = {orders, person, logp};
    for (int i = 0; i < 3; ++i) {
        for (int d = 0; d < D; ++d) CHECK_NEAR(fits[i]->mean[d], planted[d], 3.5 * fits[i]->sd[d]);
        CHECK_INT(fits[i]->prediction.folds, 5);
        CHECK(fits[i]->prediction.auc > 0.65 && fits[i]->prediction.auc < 0.95);
        CHECK(fits[i]->prediction.accuracy > fits[i]->prediction.baseline_majority);
        CHECK(fits[i]->prediction.baseline_length > 0.4);
        CHECK(fits[i]->fold_mean == NULL);
    }
    pdx_study_free(study);
}

static void test_margins_beside_signs(void) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    const char *only[] = {"logp"};
    options.judges = only;
    options.judge_count = 1;
    options.label = PDX_LABEL_MARGIN;
    options.prior_scale = 0.5;
    pdx_study *study = NULL;
    fit_all(&study, &options);
    REQUIRE(study != NULL);
    const pdx_posterior *p = pdx_study_get(study, 0);
    CHECK_TEXT(p->label, "margin");
    CHECK_INT(p->margin.known, 1);
    CHECK_NEAR(p->margin.scale_mean, 2, 4 * p->margin.scale_sd);
    CHECK(p->margin.auc_margin > 0.7 && p->margin.auc_sign > 0.7);
    CHECK(p->margin.reliability_margin > 0.8 && p->margin.reliability_sign > 0.7);
    CHECK_CONTAINS(p->verdict, "Trust the ");
    for (int d = 0; d < D; ++d) CHECK_NEAR(p->mean[d], planted[d], 3.5 * p->sd[d]);
    pdx_study_free(study);
}

/* Rows enough that the folds of one fit go to the pool. */
static void test_folds_on_threads(void) {
    enum { MANY = 12000 };
    static int8_t x[MANY][2];
    static double y[MANY];
    static const char *const names[2] = {"clear", "length"};
    pdx__rng rng;
    pdx__rng_init(&rng, 3, 0);
    for (int i = 0; i < MANY; ++i) {
        for (int d = 0; d < 2; ++d) x[i][d] = (int8_t)(pdx__rng_below(&rng, 3) - 1);
        y[i] = x[i][0] - 0.5 * x[i][1] + logistic(&rng) > 0;
    }
    pdx__sample sample = {.judge = "j",
                          .group = "g",
                          .d = 2,
                          .columns = names,
                          .n = MANY,
                          .x_int8 = &x[0][0],
                          .y = y,
                          .length_column = 1};
    pdx_fit_options options;
    OK(pdx__fit_options_take(&options, NULL));
    options.folds = 10;
    pdx__workspace *workspace;
    OK(pdx__workspace_create(&workspace));
    pdx_posterior *fit[2];
    for (int t = 0; t < 2; ++t) {
        options.threads = 1 + 3 * t;
        OK(pdx__sample_fit(&fit[t], &sample, &options, 1, workspace));
    }
    check_same(fit[0], fit[1]);
    CHECK_NEAR(fit[0]->fold_mean[0], fit[0]->mean[0], 0.01);
    CHECK(fit[0]->prediction.accuracy > fit[0]->prediction.baseline_length);
    CHECK(fit[0]->prediction.baseline_length > fit[0]->prediction.baseline_majority + 0.02);
    pdx_posterior_free(fit[0]);
    pdx_posterior_free(fit[1]);
    pdx__workspace_free(workspace);
}

/* No rows: the prior. */
static void test_no_rows(void) {
    static const char *const names[2] = {"clear", "length"};
    double x = 0, y = 0;
    pdx__sample sample = {.judge = "j",
                          .group = "g",
                          .d = 2,
                          .columns = names,
                          .n = 0,
                          .x = &x,
                          .y = &y,
                          .length_column = 1};
    pdx_fit_options options;
    OK(pdx__fit_options_take(&options, NULL));
    options.folds = 10;
    pdx__workspace *workspace;
    OK(pdx__workspace_create(&workspace));
    pdx_posterior *fit;
    OK(pdx__sample_fit(&fit, &sample, &options, 1, workspace));
    for (int d = 0; d < 2; ++d) {
        CHECK_NEAR(fit->mean[d], 0, 1e-9);
        CHECK_NEAR(fit->fold_mean[d], 0, 1e-9);
        CHECK_NEAR(fit->sd[d], 0.1 * sqrt(2), 1e-6);
    }
    CHECK_INT(fit->prediction.folds, 0);
    pdx_posterior_free(fit);
    pdx__workspace_free(workspace);
}

static int32_t stop(void *user, const pdx_progress *progress) {
    ++*(int *)user;
    return progress->done >= 0;
}

static void test_cancel_and_misuse(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    simulate(&dataset, &judgments);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    int calls = 0;
    options.hooks.progress = stop;
    options.hooks.user = &calls;
    pdx_study *study = (pdx_study *)1;
    FAILS(pdx_study_fit(&study, dataset, judgments, &options), PDX_ECANCELED, "stop");
    CHECK(study == NULL && calls > 0);
    FAILS(pdx_study_fit(&study, NULL, judgments, NULL), PDX_EINVAL, "NULL");
    FAILS(pdx_study_fit(NULL, dataset, judgments, NULL), PDX_EINVAL, "NULL");
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

/* The reference folds take the rows in file order; the rule shuffles first, so the rows are handed
 * over in an order that the shuffle undoes. */
static void check_fold_means(const char *name, int n) {
    enum { COLUMNS = 29 };
    char path[256];
    struct stat info;
    snprintf(path, sizeof path, "../shared/data/posterior/%s.json", name);
    if (stat(path, &info) != 0) SKIP("%s is not there", path);
    pdx__buf text = PDX__BUF_EMPTY;
    cJSON *root;
    const cJSON *array;
    double expected[COLUMNS], sd[COLUMNS];
    pdx__where where = {path, 0};
    OK(pdx__file_read(path, 0, &text));
    OK(pdx__json_parse(&root, text.data, text.length, where));
    OK(pdx__json_array(root, "fold10_mean", PDX__REQUIRED, &array, where));
    OK(pdx__json_doubles(array, "fold10_mean", COLUMNS, expected, where));
    OK(pdx__json_array(root, "sd", PDX__REQUIRED, &array, where));
    OK(pdx__json_doubles(array, "sd", COLUMNS, sd, where));
    cJSON_Delete(root);
    pdx__buf_free(&text);

    double *x = pdx__alloc((size_t)n * COLUMNS, sizeof *x), *y = pdx__alloc((size_t)n, sizeof *y);
    pdx__folds folds;
    OK(pdx__folds_create(&folds, n, 10, 1, 0));
    REQUIRE(x && y);
    snprintf(path, sizeof path, "../shared/data/posterior/%s.csv", name);
    FILE *file = fopen(path, "r");
    REQUIRE(file != NULL);
    int c;
    while ((c = getc(file)) != '\n' && c != EOF) {
    }
    for (int i = 0; i < n; ++i) {
        int64_t row = folds.order[i];
        double weight;
        for (int d = 0; d < COLUMNS; ++d) REQUIRE(fscanf(file, "%lf,", &x[row * COLUMNS + d]) == 1);
        REQUIRE(fscanf(file, "%lf,%lf", &y[row], &weight) == 2);
    }
    fclose(file);
    const char *names[COLUMNS];
    for (int d = 0; d < COLUMNS; ++d) names[d] = "x";
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    OK(pdx_fit_options_preset(&options, "paper"));
    pdx_fit_options full;
    OK(pdx__fit_options_take(&full, &options));
    pdx__sample sample = {.judge = "",
                          .group = "",
                          .d = COLUMNS,
                          .columns = names,
                          .n = n,
                          .x = x,
                          .y = y,
                          .length_column = -1};
    pdx__workspace *workspace;
    OK(pdx__workspace_create(&workspace));
    pdx_posterior *fit;
    OK(pdx__sample_fit(&fit, &sample, &full, 0, workspace));
    pdx__workspace_free(workspace);
    double worst = 0;
    for (int d = 0; d < COLUMNS; ++d) {
        double off = fabs(fit->fold_mean[d] - expected[d]) / sd[d];
        if (!(off <= worst)) worst = off;
    }
    printf("%s: fold means within %.5f sd of the reference\n", name, worst);
    CHECK_LE(worst, 0.002);
    pdx_posterior_free(fit);
    pdx__folds_free(&folds);
    pdx__free(x);
    pdx__free(y);
}

static void test_reference_fold_means(void) {
    check_fold_means("dev1_n120", 120);
    check_fold_means("dev2_n400", 400);
    check_fold_means("dev3_n820", 820);
    check_fold_means("dev4_n1418", 1418);
}

int main(void) {
    RUN(test_judges_by_groups);
    RUN(test_position_effects_and_weights);
    RUN(test_margins_beside_signs);
    RUN(test_folds_on_threads);
    RUN(test_no_rows);
    RUN(test_cancel_and_misuse);
    RUN(test_reference_fold_means);
    return check_result();
}
