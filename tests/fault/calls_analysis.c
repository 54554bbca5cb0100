/* Similarity, agreement, effects, explanations, ratings, power. */
#include "calls.h"

#include <math.h>
#include <stdio.h>

static pdx_study *study;
static pdx_similarity *similarity;
static pdx_dataset *named; /* pairs that name their models */
static pdx_rating *rating;
static pdx_study *named_study;

static pdx_status similarity_create(void) {
    pdx_similarity *out = UNSET(pdx_similarity);
    pdx_similarity_options options;
    pdx_similarity_options_init(&options);
    options.draws = 5;
    options.threads = 1;
    MAKES(out, pdx_similarity_create(&out, study, &options));
    pdx_similarity_free(out);
    return PDX_OK;
}

static pdx_status similarity_cluster(void) {
    pdx_merge merge[2];
    int32_t order[2];
    MUST(pdx_similarity_cluster(similarity, -1, PDX_METRIC_PEARSON, merge, order));
    static const double distance[9] = {0, 1, 2, 1, 0, 3, 2, 3, 0};
    int32_t three[3];
    return pdx_cluster(3, distance, merge, three);
}

static pdx_status report_alike_svg(void) {
    MUST(pdx_report_similarity_svg(similarity, -1, PDX_METRIC_PEARSON, fault_path("out")));
    return pdx_report_agreement_svg(fault_judgments, fault_dataset, NULL, 0, -1,
                                    PDX_AGREEMENT_KAPPA, fault_path("out"));
}

static pdx_status study_nearer(void) {
    double probability;
    pdx_similarity_options options;
    pdx_similarity_options_init(&options);
    options.draws = 5;
    return pdx_study_nearer(&probability, study, NULL, 0, "first", "second", "first", &options);
}

static pdx_status study_append(void) {
    pdx_study *into, *from;
    MUST(pdx_study_load(&into, fault_path("fits.json")));
    pdx_status status = pdx_study_load(&from, fault_path("pooled.json"));
    if (status == PDX_OK) status = pdx_study_append(into, from);
    pdx_study_free(from);
    pdx_study_free(into);
    return status;
}

static pdx_status judgments_agreement(void) {
    pdx_agreement one, all[4];
    pdx_rate alpha;
    pdx_consistency consistency;
    MUST(pdx_judgments_agreement(fault_judgments, fault_dataset, 0, 1, 0, &one));
    MUST(pdx_judgments_agreement_all(fault_judgments, fault_dataset, NULL, 2, -1, all));
    MUST(pdx_judgments_alpha(fault_judgments, fault_dataset, NULL, 0, -1, &alpha));
    return pdx_judgments_consistency(fault_judgments, fault_dataset, 0, -1, &consistency);
}

static pdx_status posterior_effects(void) {
    pdx_effect out[PROPERTIES];
    return pdx_posterior_effects(pdx_study_get(study, 0), fault_dataset, fault_judgments, out);
}

static pdx_status posterior_surprising(void) {
    pdx_surprise out[4];
    int64_t count;
    return pdx_posterior_surprising(pdx_study_get(study, 0), fault_dataset, fault_judgments, out, 4,
                                    &count);
}

static pdx_status shapley(void) {
    double part[3] = {0.3, -0.2, 1}, phi[3];
    return pdx_shapley(3, part, 0.1, phi);
}

static pdx_status posterior_explain(void) {
    pdx_explanation out;
    pdx_attribution part[PROPERTIES];
    pdx_explain_options options;
    pdx_explain_options_init(&options);
    options.draws = 5;
    return pdx_posterior_explain(pdx_study_get(study, 0), fault_values, &options, &out, part);
}

static pdx_status rating_fit(void) {
    pdx_rating *out = UNSET(pdx_rating);
    pdx_rating_options options;
    pdx_rating_options_init(&options);
    options.judge = "first";
    options.draws = 10;
    options.threads = 1;
    MAKES(out, pdx_rating_fit(&out, named, fault_judgments, &options));
    pdx_rating_free(out);
    return PDX_OK;
}

static pdx_status rating_read(void) {
    pdx_model_rating model;
    pdx_contrast contrast;
    MUST(pdx_rating_get(rating, 0, &model));
    return pdx_rating_contrast(rating, 0, 1, &contrast);
}

static pdx_status power_pairs(void) {
    double pairs, power;
    MUST(pdx_power_pairs(&pairs, NULL));
    return pdx_power_of(&power, pairs, NULL);
}

static pdx_status power_describe(void) {
    pdx_power_options options;
    pdx_power_options_init(&options);
    return pdx_power_describe(&options, fault_dataset, 0, pdx_study_get(study, 0));
}

static pdx_status power_simulated(void) {
    pdx_rate out;
    pdx_power_options options;
    pdx_power_options_init(&options);
    options.threads = 1;
    return pdx_power_simulated(&out, 10, 2, &options);
}

static pdx_status report_create(void) {
    pdx_report *out = UNSET(pdx_report);
    pdx_report_options options;
    pdx_report_options_init(&options);
    options.draws = 5;
    options.threads = 1;
    options.truth = study;
    MAKES(out, pdx_report_create(&out, study, fault_dataset, fault_judgments, &options));
    pdx_report_free(out);
    return PDX_OK;
}

static pdx_status report_with_texts(void) {
    pdx_report *out = UNSET(pdx_report);
    pdx_report_options options;
    pdx_report_options_init(&options);
    options.draws = 0;
    MAKES(out, pdx_report_create(&out, named_study, named, NULL, &options));
    pdx_report_free(out);
    return PDX_OK;
}

static pdx_status add_and_save(pdx_report *report) {
    MUST(pdx_report_add_finding(report, "One more."));
    MUST(pdx_report_add_text(report, "Added", "A paragraph."));
    MUST(pdx_report_add_picture(report, "Added", "A picture", "of nothing", "<svg></svg>", "a\n"));
    return pdx_report_save(report, fault_path("report.html"));
}

static pdx_status report_save(void) {
    pdx_report *report;
    pdx_report_options options;
    pdx_report_options_init(&options);
    options.draws = 0;
    options.threads = 1;
    MUST(pdx_report_create(&report, named_study, NULL, NULL, &options));
    pdx_status status = add_and_save(report);
    pdx_report_free(report);
    return status;
}

const fault_call fault_analysis_calls[] = {
    {"similarity_create", similarity_create, 1},
    {"similarity_cluster", similarity_cluster, 1},
    {"report_alike_svg", report_alike_svg, 1},
    {"study_nearer", study_nearer, 1},
    {"study_append", study_append, 1},
    {"judgments_agreement", judgments_agreement, 1},
    {"posterior_effects", posterior_effects, 1},
    {"posterior_surprising", posterior_surprising, 1},
    {"shapley", shapley, 1},
    {"posterior_explain", posterior_explain, 1},
    {"rating_fit", rating_fit, 1},
    {"rating_read", rating_read, 0},
    {"power_pairs", power_pairs, 0},
    {"power_describe", power_describe, 1},
    {"power_simulated", power_simulated, 1},
    {"report_create", report_create, 1},
    {"report_with_texts", report_with_texts, 1},
    {"report_save", report_save, 1},
    {NULL, NULL, 0},
};

static pdx_status write_pairs(const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) return PDX_EIO;
    for (int i = 0; i < PAIRS; ++i)
        fprintf(file,
                "{\"id\":\"%d\",\"query\":\"q\",\"response_a\":\"a\",\"response_b\":\"b b\","
                "\"model_a\":\"m%d\",\"model_b\":\"m%d\"}\n",
                i, i % 3, (i + 1) % 3);
    return fclose(file) == 0 ? PDX_OK : PDX_EIO;
}

pdx_status fault_analysis_begin(void) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.threads = 1;
    MUST(pdx_study_fit(&study, fault_dataset, fault_judgments, &options));
    MUST(pdx_similarity_create(&similarity, study, NULL));
    pdx_study *pooled;
    options.pool = PDX_POOL_COMPLETE;
    MUST(pdx_study_fit(&pooled, fault_dataset, fault_judgments, &options));
    MUST(pdx_study_save(pooled, fault_path("pooled.json")));
    pdx_study_free(pooled);
    const char *path = fault_path("named.jsonl");
    MUST(write_pairs(path));
    pdx_dataset_files files = {.pairs = path};
    MUST(pdx_dataset_load(&named, &files, NULL));
    pdx_rating_options rating_options;
    pdx_rating_options_init(&rating_options);
    rating_options.judge = "first";
    MUST(pdx_rating_fit(&rating, named, fault_judgments, &rating_options));
    options.pool = PDX_POOL_NONE;
    options.threads = 1;
    return pdx_study_fit(&named_study, named, fault_judgments, &options);
}

void fault_analysis_end(void) {
    pdx_study_free(named_study);
    pdx_rating_free(rating);
    pdx_dataset_free(named);
    pdx_similarity_free(similarity);
    pdx_study_free(study);
}
