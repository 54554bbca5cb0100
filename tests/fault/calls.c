/* One function a call (or a few that belong together). It returns the first status that is not
 * PDX_OK, and frees what it made. */
#include "calls.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char folder[64];

static const char *in_folder(const char *name) {
    static char path[16][128];
    static int turn;
    char *out = path[turn++ % 16];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

#define MUST(call)                                                                                 \
    do {                                                                                           \
        pdx_status s_ = (call);                                                                    \
        if (s_ != PDX_OK) return s_;                                                               \
    } while (0)

/* For a call that makes a handle, and NULL on failure. */
#define MAKES(out, call)                                                                           \
    do {                                                                                           \
        pdx_status s_ = (call);                                                                    \
        if (s_ != PDX_OK) return (out) ? RESULT_IS_SET : s_;                                       \
    } while (0)

/* A handle that a failing call must set to NULL. */
#define UNSET(type) ((type *)folder)

/* ---- schema ---- */

static pdx_schema *schema;

static pdx_status schema_builtin(void) {
    pdx_schema *out = UNSET(pdx_schema);
    MAKES(out, pdx_schema_builtin(&out, "li2024"));
    pdx_schema_free(out);
    MAKES(out, pdx_schema_builtin(&out, "surface"));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_from_names(void) {
    static const char *const names[] = {"brevity", "candour", "wit"};
    pdx_schema *out = UNSET(pdx_schema);
    MAKES(out, pdx_schema_from_names(&out, names, 3));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_load(void) {
    pdx_schema *out = UNSET(pdx_schema);
    MAKES(out, pdx_schema_load(&out, in_folder("schema.json")));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_save(void) { return pdx_schema_save(schema, in_folder("out")); }

/* ---- dataset: pairs p0 .. p7 of two groups, each property in {-1, 0, 1} ---- */

enum { PAIRS = 8, PROPERTIES = 29 };
static double values[PAIRS * PROPERTIES];
static const char *const ids[PAIRS] = {"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"};
static const char *const groups[PAIRS] = {"work", "work", "work", "work", "play", "play", "play"};
static pdx_dataset *dataset, *loaded;

static pdx_status dataset_from_arrays(void) {
    pdx_dataset *out = UNSET(pdx_dataset);
    MAKES(out, pdx_dataset_from_arrays(&out, schema, PAIRS, values, ids, groups));
    pdx_dataset_free(out);
    return PDX_OK;
}

static pdx_status load(pdx_dataset **out, const pdx_dataset_files *files) {
    pdx_dataset_options options;
    pdx_dataset_options_init(&options);
    options.threads = 1;
    if (files->pairs) options.group_by = "scenario,app";
    if (files->pairs) options.where = "kept=1";
    return pdx_dataset_load(out, files, &options);
}

static pdx_status dataset_load_features(void) {
    pdx_dataset *out = UNSET(pdx_dataset);
    pdx_dataset_files files = {.pairs = in_folder("pairs.jsonl"),
                               .features = in_folder("features.jsonl"),
                               .names = in_folder("schema.json")};
    MAKES(out, load(&out, &files));
    pdx_dataset_free(out);
    return PDX_OK;
}

static pdx_status dataset_load_texts(void) {
    pdx_dataset *out = UNSET(pdx_dataset);
    pdx_dataset_files files = {.pairs = in_folder("pairs.jsonl")};
    MAKES(out, load(&out, &files));
    pdx_dataset_free(out);
    return PDX_OK;
}

static pdx_status dataset_load_resolved(void) {
    pdx_dataset *out = UNSET(pdx_dataset);
    pdx_dataset_files files = {.resolved = in_folder("resolved.jsonl"),
                               .groups = in_folder("groups.json")};
    MAKES(out, load(&out, &files));
    pdx_dataset_free(out);
    return PDX_OK;
}

static pdx_status dataset_read(void) {
    double row[PROPERTIES], column[PAIRS];
    int64_t members[PAIRS];
    MUST(pdx_dataset_row(dataset, 3, row));
    MUST(pdx_dataset_column(dataset, 3, column));
    return pdx_dataset_group_pairs(dataset, 0, members);
}

static pdx_status dataset_text(void) {
    const char *text;
    return pdx_dataset_text(loaded, 3, "response_a", &text);
}

static pdx_status dataset_save_features(void) {
    return pdx_dataset_save_features(dataset, in_folder("out"));
}

static pdx_status surface_measure(void) {
    static const char text[] =
        "Sure! 1. **One** way:\n\n```c\nint x;\n```\nAnother (see https://x.org).";
    double out[30];
    return pdx_surface_measure(text, sizeof text - 1, "Which ways are there?", 21, out);
}

/* ---- judgments: two judges, both orders of every pair, with log-probabilities ---- */

static pdx_judgments *judgments;

static pdx_status judge_the_pairs(void) {
    for (int i = 0; i < 4 * PAIRS; ++i) {
        pdx_judgment one;
        pdx_judgment_init(&one);
        one.pair = i / 4;
        one.order = i % 2 ? PDX_ORDER_AB : PDX_ORDER_BA;
        one.winner = values[i / 4 * PROPERTIES] + 0.3 * (i % 3) > 0 ? PDX_WINNER_A : PDX_WINNER_B;
        double p = (one.winner == PDX_WINNER_A) == (i % 2) ? 0.7 : 0.2;
        one.logp_first = log(p);
        one.logp_second = log(0.9 - p);
        MUST(pdx_judgments_append(judgments, i % 4 < 2 ? "first" : "second", &one));
    }
    return PDX_OK;
}

static pdx_status judgments_create(void) {
    pdx_judgments *out = UNSET(pdx_judgments);
    MAKES(out, pdx_judgments_create(&out));
    pdx_judgment one;
    pdx_judgment_init(&one);
    pdx_status status = PDX_OK;
    for (int i = 0; status == PDX_OK && i < 40; ++i) {
        char judge[16];
        snprintf(judge, sizeof judge, "judge %d", i / 3);
        one.pair = i % PAIRS;
        one.winner = i % 2 ? PDX_WINNER_A : PDX_WINNER_B;
        status = pdx_judgments_append(out, judge, &one);
    }
    pdx_judgments_free(out);
    return status;
}

static pdx_status judgments_load(void) {
    pdx_judgments *out = UNSET(pdx_judgments);
    const char *paths[] = {in_folder("judgments.jsonl"), in_folder("judgments.jsonl")};
    pdx_judgments_options options;
    pdx_judgments_options_init(&options);
    options.judge_by = "judge,order";
    options.where = "order=AB";
    MAKES(out, pdx_judgments_load(&out, dataset, paths, 2, &options));
    pdx_judgments_free(out);
    return PDX_OK;
}

static pdx_status judgments_load_labels(void) {
    pdx_judgments *out = UNSET(pdx_judgments);
    MAKES(out, pdx_judgments_load_labels(&out, dataset, in_folder("labels.json"), "judge"));
    pdx_judgments_free(out);
    return PDX_OK;
}

static pdx_status table_load(void) {
    pdx_dataset *data = UNSET(pdx_dataset);
    pdx_judgments *verdicts = UNSET(pdx_judgments);
    pdx_status status = pdx_table_load(&data, &verdicts, in_folder("table.csv"), NULL);
    if (status != PDX_OK) return data || verdicts ? RESULT_IS_SET : status;
    pdx_judgments_free(verdicts);
    pdx_dataset_free(data);
    return PDX_OK;
}

static pdx_status judgments_read(void) {
    pdx_judgment one;
    pdx_judge_rates rates;
    MUST(pdx_judgments_get(judgments, 3, &one));
    return pdx_judgments_rates(judgments, dataset, 0, -1, &rates);
}

static pdx_status judgments_save(void) {
    return pdx_judgments_save(judgments, dataset, in_folder("out"));
}

static pdx_status import(void) {
    static const char *const from[][2] = {
        {"alpacaeval", "alpacaeval.json"}, {"llmbar", "llmbar.json"}, {"arena-55k", "arena.csv"}};
    for (size_t i = 0; i < sizeof from / sizeof *from; ++i) {
        pdx_import_options options;
        pdx_import_result result;
        pdx_import_options_init(&options);
        options.overwrite = 1;
        const char *path = in_folder(from[i][1]);
        MUST(pdx_import(&result, from[i][0], &path, 1, in_folder("imported"), &options));
    }
    return PDX_OK;
}

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
    options.prior = margin ? PDX_PRIOR_GAUSSIAN : soft ? PDX_PRIOR_EB : PDX_PRIOR_LAPLACE;
    options.intercept = soft;
    options.nuts_chains = 2;
    options.nuts_warmup = 100;
    options.nuts_draws = 60;
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
    return pdx_study_fit(out, dataset, judgments, &options);
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

static pdx_status study_save(void) { return pdx_study_save(study, in_folder("out")); }

static pdx_status study_load(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, pdx_study_load(&out, in_folder("fits.json")));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status study_save_weights(void) {
    return pdx_study_save_weights(study, in_folder("weights"));
}

static pdx_status study_load_weights(void) {
    pdx_study *out = UNSET(pdx_study);
    MAKES(out, pdx_study_load_weights(&out, in_folder("weights")));
    pdx_study_free(out);
    return PDX_OK;
}

static pdx_status posterior_read(void) {
    const pdx_posterior *fit = pdx_study_get(study, 0);
    pdx_certificate certificate;
    pdx_position position;
    pdx_prediction prediction;
    pdx_margin margin;
    MUST(pdx_posterior_certificate(fit, &certificate));
    MUST(pdx_posterior_position(fit, &position));
    MUST(pdx_posterior_prediction(fit, &prediction));
    return pdx_posterior_margin(fit, &margin);
}

static pdx_status posterior_predict(void) {
    double probability[PAIRS];
    return pdx_posterior_predict(pdx_study_get(study, 0), values, PAIRS, probability);
}

static pdx_status posterior_contrast(void) {
    const pdx_posterior *a = pdx_study_get(study, 0), *b = pdx_study_get(study, 1);
    pdx_contrast one, all[PROPERTIES];
    MUST(pdx_posterior_contrast(a, 0, a, 1, &one));
    MUST(pdx_posterior_contrast(a, 0, b, 0, &one));
    return pdx_posterior_contrast_all(a, b, 0.05, all);
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
                                     NULL, in_folder("out"));
}

/* ---- */

const fault_call fault_calls[] = {
    {"schema_builtin", schema_builtin, 1},
    {"schema_from_names", schema_from_names, 1},
    {"schema_load", schema_load, 1},
    {"schema_save", schema_save, 1},
    {"dataset_from_arrays", dataset_from_arrays, 1},
    {"dataset_load_features", dataset_load_features, 1},
    {"dataset_load_texts", dataset_load_texts, 1},
    {"dataset_load_resolved", dataset_load_resolved, 1},
    {"dataset_read", dataset_read, 0},
    {"dataset_text", dataset_text, 1},
    {"dataset_save_features", dataset_save_features, 1},
    {"surface_measure", surface_measure, 1},
    {"judgments_create", judgments_create, 1},
    {"judgments_load", judgments_load, 1},
    {"judgments_load_labels", judgments_load_labels, 1},
    {"table_load", table_load, 1},
    {"judgments_read", judgments_read, 1},
    {"judgments_save", judgments_save, 1},
    {"import", import, 1},
    {"fit_rows_auto", fit_rows_auto, 1},
    {"fit_rows_stis", fit_rows_stis, 1},
    {"fit_rows_nuts", fit_rows_nuts, 1},
    {"fit_rows_margin", fit_rows_margin, 1},
    {"study_fit_order", study_fit_order, 1},
    {"study_fit_margin", study_fit_margin, 1},
    {"study_fit_paper", study_fit_paper, 1},
    {"study_save", study_save, 1},
    {"study_load", study_load, 1},
    {"study_save_weights", study_save_weights, 1},
    {"study_load_weights", study_load_weights, 1},
    {"posterior_read", posterior_read, 0},
    {"posterior_predict", posterior_predict, 0},
    {"posterior_contrast", posterior_contrast, 1},
    {"simulate", simulate, 1},
    {"report_dissection_svg", report_dissection_svg, 1},
};
const size_t fault_call_count = sizeof fault_calls / sizeof *fault_calls;

static int put(const char *name, const char *text) {
    FILE *file = fopen(in_folder(name), "w");
    return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

static int put_files(void) {
    FILE *pairs = fopen(in_folder("pairs.jsonl"), "w");
    if (!pairs) return 0;
    for (int i = 0; i < PAIRS; ++i)
        fprintf(pairs,
                "{\"id\":\"p%d\",\"query\":\"Which way?\",\"response_a\":\"One: **%d**.\","
                "\"response_b\":\"Two?\\n\\n- this\\n- that\",\"scenario\":\"%s\",\"app\":%d,"
                "\"kept\":%d}\n",
                i, i, i % 2 ? "work" : "play", i % 3, i != 5);
    return fclose(pairs) == 0 &&
           put("labels.json", "[\"A\",\"B\",\"A\",\"B\",\"B\",\"A\",\"A\",\"B\"]") &&
           put("table.csv", "wit,tact,y,w,judge,group\n1,0,1,2,\"x, y\",g\n0,-1,0.5,1,z,h\n"
                            "1,1,0,1,z,g\n-1,0,1,1,\"x, y\",h\n") &&
           put("alpacaeval.json",
               "[{\"dataset\":\"d\",\"instruction\":\"Say.\",\"output_1\":\"No.\",\"generator_1\":"
               "\"m\",\"output_2\":\"Yes.\",\"generator_2\":\"n\",\"annotator\":\"j\","
               "\"preference\":1.5},{\"dataset\":\"d\",\"instruction\":\"Do.\",\"output_1\":\"No."
               "\","
               "\"generator_1\":\"m\",\"output_2\":\"Yes.\",\"generator_2\":\"n\",\"annotator\":"
               "\"j\",\"preference\":2}]") &&
           put("llmbar.json",
               "[{\"input\":\"Say.\",\"output_1\":\"No.\",\"output_2\":\"Yes.\",\"label\":1,"
               "\"results\":[{\"swap = False\":{\"completion\":[\"t\"],\"winner\":\"1\"},"
               "\"swap = True\":{\"completion\":[\"t\"],\"winner\":\"2\"}}]}]") &&
           put("arena.csv",
               "id,model_a,model_b,prompt,response_a,response_b,winner_model_a,winner_model_b,"
               "winner_tie\n1,m,n,\"[\"\"Say.\"\"]\",\"[\"\"No.\"\"]\",\"[\"\"Yes.\"\"]\",1,0,0\n");
}

pdx_status fault_calls_begin(const char *in) {
    snprintf(folder, sizeof folder, "%s", in);
    for (int i = 0; i < PAIRS * PROPERTIES; ++i) values[i] = i * 7919 % 11 % 3 - 1;
    if (!put_files()) return PDX_EIO;
    MUST(pdx_schema_builtin(&schema, "li2024"));
    MUST(pdx_schema_save(schema, in_folder("schema.json")));
    MUST(pdx_dataset_from_arrays(&dataset, schema, PAIRS, values, ids, groups));
    MUST(pdx_dataset_save_features(dataset, in_folder("features.jsonl")));
    pdx_dataset_files files = {.pairs = in_folder("pairs.jsonl")};
    MUST(load(&loaded, &files));
    MUST(pdx_judgments_create(&judgments));
    MUST(judge_the_pairs());
    MUST(pdx_judgments_save(judgments, dataset, in_folder("judgments.jsonl")));
    MUST(study_of(&study, PDX_LABEL_ORDER, 2));
    MUST(pdx_study_save(study, in_folder("fits.json")));
    return pdx_study_save_weights(study, in_folder("weights"));
}

void fault_calls_end(void) {
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(loaded);
    pdx_dataset_free(dataset);
    pdx_schema_free(schema);
}
