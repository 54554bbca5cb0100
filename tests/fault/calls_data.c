/* Schema, fault_dataset, fault_judgments, import. */
#include "calls.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char folder[64];

const char *fault_path(const char *name) {
    static char path[16][128];
    static int turn;
    char *out = path[turn++ % 16];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

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
    MAKES(out, pdx_schema_load(&out, fault_path("schema.json")));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_save(void) { return pdx_schema_save(schema, fault_path("out")); }

/* ---- dataset: pairs p0 .. p7 of two groups, each property in {-1, 0, 1} ---- */

double fault_values[PAIRS * PROPERTIES];
static const char *const ids[PAIRS] = {"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"};
static const char *const groups[PAIRS] = {"work", "work", "work", "work", "play", "play", "play"};
pdx_dataset *fault_dataset;

static pdx_status dataset_from_arrays(void) {
    pdx_dataset *out = UNSET(pdx_dataset);
    MAKES(out, pdx_dataset_from_arrays(&out, schema, PAIRS, fault_values, ids, groups));
    pdx_dataset_free(out);
    static const int8_t bytes[PAIRS * PROPERTIES];
    MAKES(out, pdx_dataset_from_int8(&out, schema, PAIRS, bytes, ids, groups));
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
    pdx_dataset_files files = {.pairs = fault_path("pairs.jsonl"),
                               .features = fault_path("features.jsonl"),
                               .names = fault_path("schema.json")};
    MAKES(out, load(&out, &files));
    pdx_dataset_free(out);
    return PDX_OK;
}

static pdx_status dataset_load_texts(void) {
    pdx_dataset *out = UNSET(pdx_dataset);
    pdx_dataset_files files = {.pairs = fault_path("pairs.jsonl")};
    MAKES(out, load(&out, &files));
    const char *text;
    pdx_status status = pdx_dataset_text(out, 3, "response_a", &text);
    pdx_dataset_free(out);
    return status;
}

static pdx_status dataset_load_annotations(void) {
    pdx_dataset *out = UNSET(pdx_dataset);
    pdx_dataset_files files = {.pairs = fault_path("two.jsonl"),
                               .annotations = "tests/fuzz/corpus/annotations/stages.jsonl"};
    MAKES(out, pdx_dataset_load(&out, &files, NULL));
    pdx_dataset_free(out);
    return PDX_OK;
}

static pdx_status dataset_load_resolved(void) {
    pdx_dataset *out = UNSET(pdx_dataset);
    pdx_dataset_files files = {.resolved = "tests/golden/import/li2024/resolved.jsonl",
                               .groups = "tests/golden/import/li2024/groups.json"};
    MAKES(out, load(&out, &files));
    pdx_dataset_free(out);
    return PDX_OK;
}

static pdx_status dataset_read(void) {
    double row[PROPERTIES], column[PAIRS];
    int64_t members[PAIRS];
    const int8_t *whole;
    const double *real;
    MUST(pdx_dataset_row(fault_dataset, 3, row));
    MUST(pdx_dataset_view(fault_dataset, 3, &whole, &real));
    MUST(pdx_dataset_column(fault_dataset, 3, column));
    pdx_repeats repeats;
    pdx_reliability reliability;
    MUST(pdx_dataset_noise(fault_dataset, 3, column));
    MUST(pdx_dataset_repeats(fault_dataset, 0, 3, &repeats));
    MUST(pdx_dataset_reliability(fault_dataset, 3, &reliability));
    return pdx_dataset_group_pairs(fault_dataset, 0, members);
}

static pdx_status dataset_add_group(void) {
    static const int64_t pairs[] = {1, 2};
    pdx_dataset *out;
    MAKES(out, pdx_dataset_from_arrays(&out, schema, PAIRS, fault_values, ids, groups));
    pdx_status status = pdx_dataset_add_group(out, "odd", pairs, 2);
    if (status != PDX_OK && pdx_dataset_group_count(out) != 2) status = RESULT_IS_SET;
    pdx_dataset_free(out);
    return status;
}

static pdx_status dataset_save_features(void) {
    return pdx_dataset_save_features(fault_dataset, fault_path("out"));
}

static pdx_status surface_measure(void) {
    static const char text[] =
        "Sure! 1. **One** way:\n\n```c\nint x;\n```\nAnother (see https://x.org).";
    double out[30];
    return pdx_surface_measure(text, sizeof text - 1, "Which ways are there?", 21, out);
}

/* ---- judgments: two judges, both orders of every pair, with log-probabilities ---- */

pdx_judgments *fault_judgments;

static pdx_status judge_the_pairs(void) {
    for (int i = 0; i < 4 * PAIRS; ++i) {
        pdx_judgment one;
        pdx_judgment_init(&one);
        one.pair = i / 4;
        one.order = i % 2 ? PDX_ORDER_AB : PDX_ORDER_BA;
        one.winner =
            fault_values[i / 4 * PROPERTIES] + 0.3 * (i % 3) > 0 ? PDX_WINNER_A : PDX_WINNER_B;
        double p = (one.winner == PDX_WINNER_A) == (i % 2) ? 0.7 : 0.2;
        one.logp_first = log(p);
        one.logp_second = log(0.9 - p);
        MUST(pdx_judgments_append(fault_judgments, i % 4 < 2 ? "first" : "second", &one));
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

static pdx_status judgments_append_all(void) {
    pdx_judgments *out = UNSET(pdx_judgments);
    MAKES(out, pdx_judgments_create(&out));
    pdx_judgment rows[40];
    for (int i = 0; i < 40; ++i) {
        pdx_judgment_init(&rows[i]);
        rows[i].pair = i;
        rows[i].repeat = i > 30;
        rows[i].weight = i > 20 ? 2 : 1;
    }
    pdx_status status = pdx_judgments_append_all(out, "judge", rows, 40);
    if (status != PDX_OK && pdx_judgments_count(out)) status = RESULT_IS_SET;
    pdx_judgments_free(out);
    return status;
}

static pdx_status judgments_load(void) {
    pdx_judgments *out = UNSET(pdx_judgments);
    const char *paths[] = {fault_path("judgments.jsonl"), fault_path("judgments.jsonl")};
    pdx_judgments_options options;
    pdx_judgments_options_init(&options);
    options.judge_by = "judge,order";
    options.where = "order=AB";
    MAKES(out, pdx_judgments_load(&out, fault_dataset, paths, 2, &options));
    pdx_judgments_free(out);
    return PDX_OK;
}

static pdx_status judgments_load_labels(void) {
    pdx_judgments *out = UNSET(pdx_judgments);
    MAKES(out, pdx_judgments_load_labels(&out, fault_dataset, fault_path("labels.json"), "judge"));
    pdx_judgments_free(out);
    return PDX_OK;
}

static pdx_status table_load(void) {
    pdx_dataset *data = UNSET(pdx_dataset);
    pdx_judgments *verdicts = UNSET(pdx_judgments);
    pdx_status status = pdx_table_load(&data, &verdicts, fault_path("table.csv"), NULL);
    if (status != PDX_OK) return data || verdicts ? RESULT_IS_SET : status;
    pdx_judgments_free(verdicts);
    pdx_dataset_free(data);
    return PDX_OK;
}

static pdx_status judgments_read(void) {
    pdx_judgment one, two[2];
    pdx_judge_rates rates;
    MUST(pdx_judgments_get(fault_judgments, 3, &one));
    MUST(pdx_judgments_read(fault_judgments, 3, 2, two));
    return pdx_judgments_rates(fault_judgments, fault_dataset, 0, -1, &rates);
}

static pdx_status judgments_save(void) {
    return pdx_judgments_save(fault_judgments, fault_dataset, fault_path("out"));
}

const fault_call fault_data_calls[] = {
    {"schema_builtin", schema_builtin, 1},
    {"schema_from_names", schema_from_names, 1},
    {"schema_load", schema_load, 1},
    {"schema_save", schema_save, 1},
    {"dataset_from_arrays", dataset_from_arrays, 1},
    {"dataset_load_features", dataset_load_features, 1},
    {"dataset_load_texts", dataset_load_texts, 1},
    {"dataset_load_annotations", dataset_load_annotations, 1},
    {"dataset_load_resolved", dataset_load_resolved, 1},
    {"dataset_read", dataset_read, 0},
    {"dataset_add_group", dataset_add_group, 1},
    {"dataset_save_features", dataset_save_features, 1},
    {"surface_measure", surface_measure, 1},
    {"judgments_create", judgments_create, 1},
    {"judgments_append_all", judgments_append_all, 1},
    {"judgments_load", judgments_load, 1},
    {"judgments_load_labels", judgments_load_labels, 1},
    {"table_load", table_load, 1},
    {"judgments_read", judgments_read, 1},
    {"judgments_save", judgments_save, 1},
    {NULL, NULL, 0},
};

static int put(const char *name, const char *text) {
    FILE *file = fopen(fault_path(name), "w");
    return file && fputs(text, file) >= 0 && fclose(file) == 0;
}

static int put_files(void) {
    FILE *pairs = fopen(fault_path("pairs.jsonl"), "w");
    if (!pairs) return 0;
    for (int i = 0; i < PAIRS; ++i)
        fprintf(pairs,
                "{\"id\":\"p%d\",\"query\":\"Which way?\",\"response_a\":\"One: **%d**.\","
                "\"response_b\":\"Two?\\n\\n- this\\n- that\",\"scenario\":\"%s\",\"app\":%d,"
                "\"kept\":%d}\n",
                i, i, i % 2 ? "work" : "play", i % 3, i != 5);
    return fclose(pairs) == 0 &&
           put("two.jsonl", "{\"id\":\"p0\",\"query\":\"q\",\"response_a\":\"a b\",\"response_b\":"
                            "\"c\"}\n{\"id\":\"p1\"}\n") &&
           put("labels.json", "[\"A\",\"B\",\"A\",\"B\",\"B\",\"A\",\"A\",\"B\"]") &&
           put("table.csv", "wit,tact,y,w,judge,group\n1,0,1,2,\"x, y\",g\n0,-1,0.5,1,z,h\n"
                            "1,1,0,1,z,g\n-1,0,1,1,\"x, y\",h\n");
}

pdx_status fault_data_begin(const char *in) {
    snprintf(folder, sizeof folder, "%s", in);
    for (int i = 0; i < PAIRS * PROPERTIES; ++i) fault_values[i] = i * 7919 % 11 % 3 - 1;
    if (!put_files()) return PDX_EIO;
    MUST(pdx_schema_builtin(&schema, "li2024"));
    MUST(pdx_schema_save(schema, fault_path("schema.json")));
    MUST(pdx_dataset_from_arrays(&fault_dataset, schema, PAIRS, fault_values, ids, groups));
    MUST(pdx_dataset_save_features(fault_dataset, fault_path("features.jsonl")));
    MUST(pdx_judgments_create(&fault_judgments));
    MUST(judge_the_pairs());
    return pdx_judgments_save(fault_judgments, fault_dataset, fault_path("judgments.jsonl"));
}

void fault_data_end(void) {
    pdx_judgments_free(fault_judgments);
    pdx_dataset_free(fault_dataset);
    pdx_schema_free(schema);
}
