/* Real judges on surface properties: position effects agree in sign and order with the raw rates of
 * choosing the response shown first. */
#include <sys/stat.h>

#include <prefdissect/prefdissect.h>

#include "check.h"

enum { MOST_JUDGES = 80 };

static int compare(double a, double b) { return (a > b) - (a < b); }

/* Share of pairs of judges that two lists order alike (Kendall's tau, ties out). */
static double order_agreement(const double *a, const double *b, int n) {
    double alike = 0, unlike = 0;
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < i; ++j) {
            int product = compare(a[i], a[j]) * compare(b[i], b[j]);
            alike += product > 0;
            unlike += product < 0;
        }
    return alike + unlike > 0 ? (alike - unlike) / (alike + unlike) : 1;
}

static void check_set(const char *set, const char *judge_by, double least_agreement) {
    char pairs[128], features[128], judged[128];
    snprintf(pairs, sizeof pairs, "../shared/data/%s/pairs.jsonl", set);
    snprintf(features, sizeof features, "../shared/data/%s/features.jsonl", set);
    snprintf(judged, sizeof judged, "../shared/data/%s/judgments.jsonl", set);
    struct stat info;
    if (stat(judged, &info) != 0) SKIP("%s is not there", judged);
    pdx_dataset_files files = {
        .pairs = pairs, .features = features, .names = "../shared/data/feature_names.json"};
    pdx_judgments_options reading;
    pdx_judgments_options_init(&reading);
    reading.judge_by = judge_by;
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    const char *path = judged;
    OK(pdx_dataset_load(&dataset, &files, NULL));
    OK(pdx_judgments_load(&judgments, dataset, &path, 1, &reading));
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.predict = 0;
    options.certificate = PDX_CERTIFICATE_NEVER;
    pdx_study *study;
    OK(pdx_study_fit(&study, dataset, judgments, &options));
    double raw[MOST_JUDGES], fitted[MOST_JUDGES], effect[MOST_JUDGES];
    int n = 0, clear = 0;
    for (int32_t i = 0; i < pdx_study_count(study) && n < MOST_JUDGES; ++i) {
        const pdx_posterior *p = pdx_study_get(study, i);
        int32_t judge = pdx_judgments_find_judge(judgments, pdx_posterior_judge(p));
        pdx_judge_rates rates;
        pdx_position position;
        OK(pdx_judgments_rates(judgments, dataset, judge, -1, &rates));
        OK(pdx_posterior_position(p, &position));
        if (!position.known || rates.ordered < 100) continue;
        double se = 0.5 / sqrt((double)rates.ordered);
        if (fabs(rates.p_first - 0.5) > 3 * se) {
            ++clear;
            CHECK_INT(compare(position.mean, 0), compare(rates.p_first, 0.5));
            CHECK(rates.p_first > 0.5 ? position.prob_positive > 0.9
                                      : position.prob_positive < 0.1);
        }
        raw[n] = rates.p_first;
        effect[n] = position.mean;
        fitted[n++] = position.p_first;
    }
    double agreement = order_agreement(raw, fitted, n);
    printf("%s: %d judges, %d with a clear position effect, order agreement %.3f\n", set, n, clear,
           agreement);
    for (int i = 0; i < n && n <= 8; ++i)
        printf("  raw rate of first %.3f, effect %+.3f, P(first | equal) %.3f\n", raw[i], effect[i],
               fitted[i]);
    CHECK(n > 0);
    CHECK(agreement >= least_agreement);
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void test_llmbar(void) { check_set("llmbar", "judge,strategy", 0.9); }
static void test_mtbench(void) { check_set("mtbench", NULL, 1); }
static void test_autoj(void) { check_set("autoj", NULL, 1); }
static void test_alpacaeval(void) { check_set("alpacaeval", NULL, 1); }

/* A judge with log-probabilities in one order, nine in ten of them for the same side: its margins
 * say more than their signs. */
static void test_margins_of_alpacaevals_weighted_judge(void) {
    static const char judged[] = "../shared/data/alpacaeval/judgments.jsonl";
    struct stat info;
    if (stat(judged, &info) != 0) SKIP("%s is not there", judged);
    pdx_dataset_files files = {.pairs = "../shared/data/alpacaeval/pairs.jsonl",
                               .features = "../shared/data/alpacaeval/features.jsonl",
                               .names = "../shared/data/feature_names.json"};
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    const char *path = judged, *judge = "weighted_alpaca_eval_gpt4_turbo";
    OK(pdx_dataset_load(&dataset, &files, NULL));
    OK(pdx_judgments_load(&judgments, dataset, &path, 1, NULL));
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.label = PDX_LABEL_MARGIN;
    options.judges = &judge;
    options.judge_count = 1;
    options.certificate = PDX_CERTIFICATE_NEVER;
    pdx_study *study;
    OK(pdx_study_fit(&study, dataset, judgments, &options));
    pdx_margin margin;
    OK(pdx_posterior_margin(pdx_study_get(study, 0), &margin));
    printf("alpacaeval: %s\n", pdx_posterior_verdict(pdx_study_get(study, 0)));
    CHECK_INT(margin.known, 1);
    CHECK(margin.reliability_margin > margin.reliability_sign + 0.05);
    CHECK_NEAR(margin.auc_margin, margin.auc_sign, 0.03);
    CHECK_CONTAINS(pdx_posterior_verdict(pdx_study_get(study, 0)), "Trust the margins");
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

int main(void) {
    RUN(test_llmbar);
    RUN(test_mtbench);
    RUN(test_autoj);
    RUN(test_alpacaeval);
    RUN(test_margins_of_alpacaevals_weighted_judge);
    return check_result();
}
