/* Effects alone and together, and surprising labels, on judges whose tastes are known. */
#include <prefdissect/prefdissect.h>

#include "bayes/posterior.h"
#include "check.h"
#include "core/rng.h"

enum { N = 600, D = 4 };
static double x[N * D], truth[N];
static pdx_dataset *dataset;
static pdx_judgments *judgments;
static pdx_study *study;

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

/* The judge likes `cause`; `shadow` goes along with it and counts for nothing; `plain` is liked by
 * itself; `never` never differs. Every label but that of pair 7 follows the log-odds at random. */
static void begin(void) {
    static const char *const names[D] = {"cause", "shadow", "plain", "never"};
    pdx_schema *schema;
    pdx__rng rng;
    pdx__rng_init(&rng, 3, 0);
    OK(pdx_schema_from_names(&schema, names, D));
    for (int i = 0; i < N; ++i) {
        double *row = x + i * D;
        for (int k = 0; k < 3; ++k) row[k] = (double)pdx__rng_below(&rng, 3) - 1;
        if (pdx__rng_uniform(&rng) < 0.8) row[1] = row[0];
        row[3] = 0;
        truth[i] = 1.5 * row[0] + 0.8 * row[2];
    }
    x[7 * D] = x[7 * D + 1] = x[7 * D + 2] = 1;
    OK(pdx_dataset_from_arrays(&dataset, schema, N, x, NULL, NULL));
    OK(pdx_judgments_create(&judgments));
    for (int i = 0; i < N; ++i) {
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = i;
        j.winner =
            i != 7 && pdx__rng_uniform(&rng) < sigmoid(truth[i]) ? PDX_WINNER_A : PDX_WINNER_B;
        OK(pdx_judgments_append(judgments, "judge", &j));
    }
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = 0.5;
    OK(pdx_study_fit(&study, dataset, judgments, &options));
    pdx_schema_free(schema);
}

static void shadows(void) {
    pdx_effect e[D];
    OK(pdx_posterior_effects(pdx_study_get(study, 0), dataset, judgments, e));
    CHECK(e[1].alone_low > 0.3);                       /* alone it looks like an effect */
    CHECK(e[1].joint_low < 0.15 && e[1].joint < 0.35); /* beside its cause it does not */
    CHECK_INT(e[1].parted, 1);
    CHECK_INT(e[1].partner, 0);
    CHECK(e[1].partner_correlation > 0.7 && e[1].inflation > 2);
    CHECK_INT(e[2].parted, 0);
    CHECK(e[2].inflation < 1.1 && e[2].joint_low > 0);
    CHECK(e[0].wins.value > 0.7 && e[0].wins.low < e[0].wins.value);
    CHECK_NEAR(e[0].differs, 0.67, 0.06);
    CHECK(isnan(e[3].wins.value) && e[3].wins.n == 0);
    CHECK_NEAR(e[3].differs, 0, 0);
    CHECK_NEAR(e[3].inflation, 1, 0);
    CHECK_INT(e[3].partner, -1);
    CHECK_NEAR(e[3].alone, 0, 1e-9);
    CHECK_NEAR(e[3].joint_low, log(0.05) * 0.5, 1e-2); /* the prior's own quantile */
}

/* Closed form against a fit without the observation. */
static void left_out(void) {
    const pdx_posterior *fit = pdx_study_get(study, 0);
    pdx_surprise all[N + 1];
    int64_t count;
    OK(pdx_posterior_surprising(fit, dataset, judgments, all, N + 1, &count));
    CHECK_INT(count, N);
    CHECK(all[0].log_score < log(0.15));
    for (int i = 0; i < N; ++i)
        CHECK_NEAR(exp(all[i].log_score),
                   all[i].y > 0 ? all[i].probability : 1 - all[i].probability, 1e-12);
    for (int i = 0, met = 0; !met; ++i) { /* the planted one is among the first tenth */
        met = all[i].pair == 7;
        REQUIRE(i < N / 10);
    }
    for (int i = 1; i < N; ++i) CHECK(all[i - 1].log_score <= all[i].log_score);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = 0.5;
    options.predict = 0;
    for (int i = 0; i < N; i += 150) {
        double y[N], weight[N], p;
        for (int k = 0; k < N; ++k) {
            y[all[k].pair] = all[k].y;
            weight[all[k].pair] = k != i;
        }
        pdx_rows rows = {.size = sizeof rows, .d = D, .n = N, .x = x, .y = y, .weight = weight};
        pdx_posterior *without;
        OK(pdx_fit_rows(&without, &rows, &options));
        OK(pdx_posterior_predict(without, x + all[i].pair * D, 1, &p));
        CHECK_NEAR(all[i].probability, p, 0.003);
        pdx_posterior_free(without);
    }
    OK(pdx_posterior_surprising(fit, dataset, judgments, all, 3, &count));
    CHECK_INT(count, 3);
}

/* Labels of both orders weigh one half: the rule for weights agrees with the closed form's cousin,
 * a sum over a fine grid. */
static void half_weights(void) {
    pdx_judgments *both;
    pdx_study *fits;
    OK(pdx_judgments_create(&both));
    for (int i = 0; i < N; ++i)
        for (int32_t order = PDX_ORDER_AB; order <= PDX_ORDER_BA; ++order) {
            pdx_judgment j;
            OK(pdx_judgments_get(judgments, i, &j));
            j.order = order;
            OK(pdx_judgments_append(both, "judge", &j));
        }
    OK(pdx_study_fit(&fits, dataset, both, NULL));
    const pdx_posterior *fit = pdx_study_get(fits, 0);
    pdx_surprise first;
    int64_t count;
    OK(pdx_posterior_surprising(fit, dataset, both, &first, 1, &count));
    const double *row = x + first.pair * D;
    CHECK(first.order == PDX_ORDER_AB || first.order == PDX_ORDER_BA);
    double sign = first.order == PDX_ORDER_AB ? 1 : -1, top = 0, bottom = 0;
    double m = sign * fit->position.mean, var = fit->position.sd * fit->position.sd;
    for (int k = 0; k < D; ++k) {
        m += fit->mean[k] * row[k];
        for (int j = 0; j < D; ++j) var += row[k] * row[j] * fit->covariance[k * D + j];
    }
    for (double z = -9; z <= 9; z += 0.001) {
        double eta = m + sqrt(var) * z, p = sigmoid(first.y > 0 ? eta : -eta),
               density = exp(-z * z / 2);
        top += density * sqrt(p);
        bottom += density / sqrt(p);
    }
    CHECK_NEAR(first.log_score, log(top / bottom), 1e-9);
    pdx_study_free(fits);
    pdx_judgments_free(both);
}

static void misuse(void) {
    const pdx_posterior *fit = pdx_study_get(study, 0);
    static const char *const names[D] = {"cause", "shadow", "other", "never"};
    pdx_posterior *other;
    pdx_effect e[D];
    pdx_surprise s;
    int64_t count;
    OK(pdx__posterior_create(&other, "judge", "all", D, names));
    CHECK_INT(pdx_posterior_effects(other, dataset, judgments, e), PDX_EINVAL);
    CHECK(strstr(pdx_error_message(), "column 3"));
    CHECK_INT(pdx_posterior_surprising(other, dataset, judgments, &s, 1, &count), PDX_EINVAL);
    CHECK(strstr(pdx_error_message(), "means only"));
    pdx_posterior_free(other);
    static const char *const same[D] = {"cause", "shadow", "plain", "never"};
    OK(pdx__posterior_create(&other, "nobody", "all", D, same));
    memset(other->mean, 0, D * sizeof(double));
    CHECK_INT(pdx_posterior_effects(other, dataset, judgments, e), PDX_ENOTFOUND);
    pdx_posterior_free(other);
    OK(pdx__posterior_create(&other, "judge", "nowhere", D, same));
    CHECK_INT(pdx_posterior_effects(other, dataset, judgments, e), PDX_ENOTFOUND);
    pdx_posterior_free(other);
    OK(pdx__posterior_create(&other, "judge", "all", D, same)); /* means only: still told apart */
    memset(other->mean, 0, D * sizeof(double));
    OK(pdx_posterior_effects(other, dataset, judgments, e));
    CHECK(isnan(e[0].joint_low) && e[0].parted == 0 && e[0].alone > 0);
    pdx_posterior_free(other);
    CHECK_INT(pdx_posterior_effects(NULL, dataset, judgments, e), PDX_EINVAL);
    CHECK_INT(pdx_posterior_surprising(fit, dataset, NULL, &s, 1, &count), PDX_EINVAL);
}

int main(void) {
    RUN(begin);
    RUN(shadows);
    RUN(left_out);
    RUN(half_weights);
    RUN(misuse);
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    return check_result();
}
