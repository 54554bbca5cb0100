/* Fits, studies, posteriors, simulation, report. */
#include "calls.h"

#include <math.h>
#include <stdio.h>

/* ---- fits ---- */

static pdx_study *study;

static pdx_status fit_rows(int32_t method, int soft, int margin) {
    enum { ROWS = 30, COLUMNS = 4 };
    double x[ROWS * COLUMNS], y[ROWS], weight[ROWS], offset[ROWS];
    for (int i = 0; i < ROWS * COLUMNS; ++i) x[i] = soft ? sin(i) : i * 31 % 7 % 3 - 1;
    for (int i = 0; i < ROWS; ++i) {
        y[i] = margin ? cos(i) + x[i * COLUMNS] : soft ? 0.5 + 0.4 * sin(3 * i) : i * 5 % 3 > 0;
        weight[i] = 1 + i % 2;
        offset[i] = 0.1 * (i % 3);
    }
    pdx_rows rows = {.size = sizeof rows, .d = COLUMNS, .n = ROWS, .x = x};
    if (margin) rows.margin = y;
    else rows.y = y;
    if (soft) rows.weight = weight;
    if (soft) rows.offset = offset;
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.method = method;
    options.threads = 1;
    options.folds = soft ? 2 : 0;
    options.draws = 20;
    options.prior = margin ? PDX_PRIOR_GAUSSIAN : PDX_PRIOR_LAPLACE;
    options.intercept = soft;
    options.nuts_chains = 2;
    options.nuts_warmup = 100;
    options.nuts_draws = 60;
    pdx_posterior *out = UNSET(pdx_posterior);
    MAKES(out, pdx_fit_rows(&out, &rows, &options));
    pdx_posterior_free(out);
    return PDX_OK;
}

static pdx_status fit_rows_empirical_bayes(void) {
    static const double x[] = {1, -1, 0, 1}, y[] = {1, 0, 1, 1};
    pdx_rows rows = {.size = sizeof rows, .d = 1, .n = 4, .x = x, .y = y};
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior = PDX_PRIOR_EB;
    options.method = PDX_METHOD_EP;
    options.predict = 0;
    options.threads = 1;
    pdx_posterior *out = UNSET(pdx_posterior);
    MAKES(out, pdx_fit_rows(&out, &rows, &options));
    pdx_posterior_free(out);
    return PDX_OK;
}

static pdx_status fit_rows_ties(void) {
    enum { ROWS = 24 };
    double x[ROWS], y[ROWS], offset[ROWS];
    for (int i = 0; i < ROWS; ++i) {
        x[i] = i * 31 % 7 % 3 - 1;
        y[i] = 0.5 * (i * 5 % 3);
        offset[i] = 0.1 * (i % 3);
    }
    pdx_rows rows = {.size = sizeof rows, .d = 1, .n = ROWS, .x = x, .y = y, .offset = offset};
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.ties = PDX_TIES_ORDINAL;
    options.prior = PDX_PRIOR_EB;
    options.threads = 1;
    options.draws = 20;
    pdx_posterior *out = UNSET(pdx_posterior);
    MAKES(out, pdx_fit_rows(&out, &rows, &options));
    pdx_posterior_free(out);
    return PDX_OK;
}

static pdx_status fit_rows_auto(void) { return fit_rows(PDX_METHOD_AUTO, 0, 0); }
static pdx_status fit_rows_stis(void) { return fit_rows(PDX_METHOD_STIS, 1, 0); }
static pdx_status fit_rows_nuts(void) { return fit_rows(PDX_METHOD_NUTS, 0, 0); }
static pdx_status fit_rows_margin(void) { return fit_rows(PDX_METHOD_AUTO, 0, 1); }

static pdx_status study_of(pdx_study **out, int32_t label, int32_t folds) {
    pdx_fit_options options;
    MUST(pdx_fit_options_preset(&options, folds == 10 ? "paper" : "default"));
    options.label = label;
    options.folds = folds;
    options.threads = 1;
    return pdx_study_fit(out, fault_dataset, fault_judgments, &options);
}

static pdx_status study_fit_order(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, study_of(&out, PDX_LABEL_ORDER, 2));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status study_fit_margin(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, study_of(&out, PDX_LABEL_MARGIN, 0));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status study_fit_paper(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, study_of(&out, PDX_LABEL_SUM_LOGP, 10));
    pdx_study_free(out);
    return PDX_OK;
}

/* Eight pairs, one property that was annotated thrice. */
static pdx_dataset *noisy;
static pdx_judgments *verdicts_of_noisy;

static pdx_status make_noisy(void) {
    const char *path = fault_path("noisy.jsonl");
    FILE *file = fopen(path, "w");
    if (!file) return PDX_EIO;
    fputs("{\"properties\":[{\"id\":\"warm\"}]}\n", file);
    for (int i = 0; i < PAIRS; ++i)
        fprintf(file,
                "{\"id\":\"%d\",\"cmp\":[%d],\"noise\":[0.5],\"looks\":[3],\"look_mean\":[%d],"
                "\"look_sd\":[0.5]}\n",
                i, i % 3 - 1, i % 3 - 1);
    fclose(file);
    pdx_dataset_files files = {.features = path};
    MUST(pdx_dataset_load(&noisy, &files, NULL));
    MUST(pdx_judgments_create(&verdicts_of_noisy));
    for (int i = 0; i < PAIRS; ++i) {
        pdx_judgment judgment;
        pdx_judgment_init(&judgment);
        judgment.pair = i;
        judgment.winner = i % 2 ? PDX_WINNER_A : PDX_WINNER_B;
        MUST(pdx_judgments_append(verdicts_of_noisy, "j", &judgment));
    }
    return PDX_OK;
}

static pdx_status study_fit_imputations(void) {
    pdx_study *out = UNSET(pdx_study);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.imputations = 2;
    options.draws = 3;
    options.threads = 1;
    MAKES(out, pdx_study_fit(&out, noisy, verdicts_of_noisy, &options));
    pdx_noise noise;
    MUST(pdx_posterior_noise(pdx_study_get(out, 0), 0, &noise));
    pdx_status status = pdx_study_save(out, fault_path("noisy.json"));
    pdx_study_free(out);
    if (status != PDX_OK) return status;
    out = UNSET(pdx_study);
    MAKES(out, pdx_study_load(&out, fault_path("noisy.json")));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status study_save(void) { return pdx_study_save(study, fault_path("out")); }

static pdx_status posterior_save(void) {
    return pdx_posterior_save(pdx_study_get(study, 0), fault_path("out"));
}

static pdx_status study_load(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, pdx_study_load(&out, fault_path("fits.json")));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status study_save_weights(void) {
    return pdx_study_save_weights(study, fault_path("weights"));
}

static pdx_status study_load_weights(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, pdx_study_load_weights(&out, fault_path("weights")));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status posterior_read(void) {
    const pdx_posterior *fit = pdx_study_get(study, 0);
    pdx_certificate certificate;
    pdx_position position;
    pdx_prediction prediction;
    pdx_margin margin;
    pdx_cut cut;
    MUST(pdx_posterior_cut(fit, &cut));
    MUST(pdx_posterior_certificate(fit, &certificate));
    MUST(pdx_posterior_position(fit, &position));
    MUST(pdx_posterior_prediction(fit, &prediction));
    return pdx_posterior_margin(fit, &margin);
}

static pdx_status posterior_predict(void) {
    double probability[3 * PAIRS];
    MUST(pdx_posterior_predict_outcomes(pdx_study_get(study, 0), fault_values, PAIRS, probability));
    return pdx_posterior_predict(pdx_study_get(study, 0), fault_values, PAIRS, probability);
}

static pdx_status posterior_contrast(void) {
    const pdx_posterior *a = pdx_study_get(study, 0), *b = pdx_study_get(study, 1);
    pdx_contrast one, all[PROPERTIES];
    MUST(pdx_posterior_contrast(a, 0, a, 1, &one));
    MUST(pdx_posterior_contrast(a, 0, b, 0, &one));
    return pdx_posterior_contrast_all(a, b, 0.05, all);
}

/* ---- column files ---- */

static pdx_status columns_write(void) {
    static const char *const names[] = {"a", "b"};
    static const double x[] = {1, -1, 0, 1}, y[] = {1, 0};
    const pdx_rows rows = {.size = sizeof rows, .d = 2, .n = 2, .x = x, .y = y};
    pdx_columns_writer *out = UNSET(pdx_columns_writer);
    MAKES(out, pdx_columns_create(&out, fault_path("out.columns"), names, 2, PDX_COLUMNS_INT8,
                                  PDX_COLUMNS_JUDGE));
    pdx_status status = pdx_columns_append(out, &rows, "judge", NULL);
    if (status == PDX_OK) return pdx_columns_finish(out);
    pdx_columns_abandon(out);
    return status;
}

static pdx_status columns_from_table(void) {
    int64_t rows;
    return pdx_columns_from_table(&rows, fault_path("table.csv"), fault_path("table.columns"),
                                  NULL);
}

static pdx_status columns_fit(void) {
    pdx_columns *columns = UNSET(pdx_columns);
    pdx_study *out = UNSET(pdx_study);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.threads = 1;
    options.draws = 20;
    MAKES(columns, pdx_columns_open(&columns, fault_path("table.columns")));
    pdx_status status = pdx_columns_fit(&out, columns, &options, NULL);
    pdx_columns_free(columns);
    if (status != PDX_OK) return out ? RESULT_IS_SET : status;
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status columns_sums(void) {
    static const double request[] = {1, 5, 1, -1, -1, 64, 0, 0}; /* the loss at 64 draws of one */
    pdx_columns *columns = UNSET(pdx_columns);
    double asked[8 + 64] = {0}, sums[64];
    for (int i = 0; i < 8; ++i) asked[i] = request[i];
    MAKES(columns, pdx_columns_open(&columns, fault_path("table.columns")));
    pdx_status status = pdx_columns_sums(columns, 0, 1, asked, 8 + 64, sums, 64, 1);
    pdx_columns_free(columns);
    return status;
}

/* ---- partial pooling ---- */

static pdx_status pooled_study(pdx_study **out, int32_t method, int32_t over) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.label = PDX_LABEL_ORDER;
    options.method = method;
    options.pool = PDX_POOL_PARTIAL;
    options.pool_over = over;
    options.predict = 0;
    options.threads = 1;
    options.draws = 5;
    options.nuts_chains = 2;
    options.nuts_warmup = 10;
    options.nuts_draws = 10;
    return pdx_study_fit(out, fault_dataset, fault_judgments, &options);
}

static pdx_status study_fit_pooled_judges(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, pooled_study(&out, PDX_METHOD_EP, PDX_POOL_OVER_JUDGES));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status study_fit_pooled_nuts(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, pooled_study(&out, PDX_METHOD_NUTS, PDX_POOL_OVER_GROUPS));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status pooled_read(void) {
    const pdx_pooled *pooled = pdx_study_pooled(study, 0);
    pdx_contrast all[2 * PROPERTIES];
    pdx_tau tau;
    pdx_pooling pooling;
    MUST(pdx_pooled_tau(pooled, &tau));
    MUST(pdx_study_pooling(study, NULL, &pooling));
    MUST(pdx_pooled_differences(pooled, 0.05, all));
    return pdx_posterior_discoveries(pdx_pooled_mean(pooled), 0.05, all);
}

static pdx_status drift_fit(void) {
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.threads = 1;
    pdx_posterior *out = UNSET(pdx_posterior);
    MAKES(out, pdx_drift_fit(&out, fault_dataset, fault_judgments,
                             pdx_judgments_judge_name(fault_judgments, 0),
                             pdx_judgments_judge_name(fault_judgments, 1), NULL, &options));
    pdx_posterior_free(out);
    return PDX_OK;
}

/* ---- simulation, report ---- */

static pdx_status simulate(void) {
    pdx_dataset *data = UNSET(pdx_dataset);
    pdx_judgments *verdicts = UNSET(pdx_judgments);
    pdx_study *truth = UNSET(pdx_study);
    pdx_simulate_options options;
    pdx_simulate_options_init(&options);
    options.pairs = 20;
    options.scenarios = 2;
    pdx_status status = pdx_simulate(&data, &verdicts, &truth, &options);
    if (status != PDX_OK) return data || verdicts || truth ? RESULT_IS_SET : status;
    pdx_study_free(truth);
    pdx_judgments_free(verdicts);
    pdx_dataset_free(data);
    return PDX_OK;
}

static pdx_status report_dissection_svg(void) {
    static const char *const judges[] = {"first", "second"};
    return pdx_report_dissection_svg(study, pdx_posterior_group(pdx_study_get(study, 0)), judges, 2,
                                     NULL, fault_path("out"));
}

static pdx_status report_of_fits_svg(void) {
    const pdx_posterior *fits[] = {pdx_study_get(study, 0), pdx_study_get(study, 1)};
    const char *const names[] = {"tight", "wide"};
    const double two[] = {1, 2};
    pdx_calibration_points points = {
        .size = sizeof points, .count = 2, .names = names, .predicted = two, .measured = two};
    MUST(pdx_report_contrast_svg(fits[0], fits[1], 0.05, fault_path("out")));
    MUST(pdx_report_position_svg(study, NULL, fault_dataset, fault_judgments, fault_path("out")));
    MUST(pdx_report_prior_svg(fits, names, 2, fault_path("out")));
    MUST(pdx_report_waterfall_svg(fits[0], fault_values, NULL, "pair", fault_path("out")));
    return pdx_report_calibration_svg(&points, "title", fault_path("out"));
}

const fault_call fault_fit_calls[] = {
    {"fit_rows_auto", fit_rows_auto, 1},
    {"fit_rows_empirical_bayes", fit_rows_empirical_bayes, 1},
    {"fit_rows_stis", fit_rows_stis, 1},
    {"fit_rows_nuts", fit_rows_nuts, 1},
    {"fit_rows_margin", fit_rows_margin, 1},
    {"fit_rows_ties", fit_rows_ties, 1},
    {"study_fit_order", study_fit_order, 1},
    {"study_fit_margin", study_fit_margin, 1},
    {"study_fit_paper", study_fit_paper, 1},
    {"study_fit_imputations", study_fit_imputations, 1},
    {"study_save", study_save, 1},
    {"posterior_save", posterior_save, 1},
    {"study_load", study_load, 1},
    {"study_save_weights", study_save_weights, 1},
    {"study_load_weights", study_load_weights, 1},
    {"posterior_read", posterior_read, 0},
    {"posterior_predict", posterior_predict, 0},
    {"posterior_contrast", posterior_contrast, 1},
    {"columns_write", columns_write, 1},
    {"columns_from_table", columns_from_table, 1},
    {"columns_fit", columns_fit, 1},
    {"columns_sums", columns_sums, 1},
    {"study_fit_pooled_judges", study_fit_pooled_judges, 1},
    {"study_fit_pooled_nuts", study_fit_pooled_nuts, 1},
    {"pooled_read", pooled_read, 1},
    {"drift_fit", drift_fit, 1},
    {"simulate", simulate, 1},
    {"report_dissection_svg", report_dissection_svg, 1},
    {"report_of_fits_svg", report_of_fits_svg, 1},
    {NULL, NULL, 0},
};

pdx_status fault_fit_begin(void) {
    MUST(study_of(&study, PDX_LABEL_ORDER, 2));
    MUST(make_noisy());
    MUST(pdx_study_save(study, fault_path("fits.json")));
    FILE *table = fopen(fault_path("table.csv"), "w");
    if (!table) return PDX_EIO;
    fputs("a,b,y,judge,group\n1,0.5,1,x,g\n0,1,0,y,g\n-1,1,0,y,h\n", table);
    fclose(table);
    return pdx_study_save_weights(study, fault_path("weights"));
}

void fault_fit_end(void) {
    pdx_study_free(study);
    pdx_judgments_free(verdicts_of_noisy);
    pdx_dataset_free(noisy);
}
