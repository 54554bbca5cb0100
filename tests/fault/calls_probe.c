/* Edits, the pairs of a probe, and what is measured with them. */
#include "calls.h"

#include <stdio.h>

static pdx_edits *edits;
static pdx_dataset *texts, *probed;
static pdx_judgments *judged;
static pdx_study *fits;
static pdx_probe *probe;
static pdx_study *pair_fits;

static pdx_status write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    if (!file) return PDX_EIO;
    fputs(text, file);
    return fclose(file) == 0 ? PDX_OK : PDX_EIO;
}

static pdx_status edits_create(void) {
    pdx_edits *out = UNSET(pdx_edits);
    MAKES(out, pdx_edits_create(&out, fault_path("edits.json")));
    pdx_edits_free(out);
    return PDX_OK;
}

static pdx_status edits_get(void) {
    pdx_edit edit;
    return pdx_edits_get(edits, 0, &edit);
}

static pdx_status edits_apply(void) {
    const char *out;
    MUST(pdx_edits_apply(edits, pdx_edits_find(edits, "hedges-added"), "It is. It was.", NULL, 1,
                         &out));
    return pdx_edits_apply(edits, pdx_edits_find(edits, "sentences-shuffled"), "It is. It was.",
                           NULL, 1, &out);
}

static pdx_status probe_write(void) {
    static const char *const names[] = {"same", "hedges-added", "blank-line"};
    pdx_probe_counts counts;
    pdx_probe_write_options options;
    pdx_probe_write_options_init(&options);
    options.edits = names;
    options.edit_count = 3;
    options.texts = fault_path("texts.jsonl");
    return pdx_probe_write(&counts, texts, edits, fault_path("out"), &options);
}

static pdx_status probe_measure(void) {
    pdx_probe *out = UNSET(pdx_probe);
    pdx_probe_options options;
    pdx_probe_options_init(&options);
    options.draws = 40;
    MAKES(out, pdx_probe_measure(&out, probed, judged, pdx_study_get(fits, 0), &options));
    pdx_probe_free(out);
    return PDX_OK;
}

static pdx_status probe_get(void) {
    pdx_probe_effect effect;
    pdx_probe_calibration calibration;
    pdx_probe_weight weight;
    pdx_probe_summary summary;
    MUST(pdx_probe_get(probe, 0, &effect));
    MUST(pdx_probe_calibration_get(probe, &calibration));
    MUST(pdx_probe_weight_get(probe, 0, &weight));
    return pdx_probe_summary_get(probe, &summary);
}

static pdx_status length_controlled(void) {
    double preference[12], difference[12];
    pdx_length_control out;
    for (int i = 0; i < 12; ++i) {
        preference[i] = (i * 5 % 7) / 6.;
        difference[i] = i * 3 % 5 - 2;
    }
    return pdx_length_controlled(&out, 12, preference, difference, NULL, 5, 1);
}

/* ---- benchmarks ---- */

static pdx_arms *arms;
static pdx_dataset *pairs;
static pdx_judgments *verdicts;
static pdx_shift *shift;

static pdx_status arms_choose(void) {
    pdx_arms *out = UNSET(pdx_arms);
    pdx_arms_options options;
    pdx_arms_options_init(&options);
    options.top = 1;
    MAKES(out, pdx_arms_choose(&out, pair_fits, NULL, &options));
    pdx_arms_free(out);
    return PDX_OK;
}

static pdx_status arms_load(void) {
    pdx_arms *out = UNSET(pdx_arms);
    MAKES(out, pdx_arms_load(&out, fault_path("arms.json")));
    pdx_arms_free(out);
    return PDX_OK;
}

static pdx_status arms_save(void) { return pdx_arms_save(arms, fault_path("out")); }

/* Nothing is sent: the journal answers. */
static pdx_http_options offline(const char *journal) {
    pdx_http_options http;
    pdx_http_options_init(&http);
    http.url = "http://127.0.0.1:9";
    http.model = "m";
    http.offline = 1;
    http.journal = fault_path(journal);
    return http;
}

static pdx_status arms_generate(void) {
    pdx_generate_result result;
    pdx_http_options http = offline("arms.journal");
    pdx_status status = pdx_arms_generate(&result, arms, texts, fault_path("made"), &http, NULL);
    return status == PDX_ENETWORK ? PDX_OK : status;
}

static const char *const two_outputs[1] = {"tests/golden/probe/arm.json"};

static pdx_status outputs_pair(void) {
    pdx_outputs_counts counts;
    return pdx_outputs_pair(&counts, two_outputs, 1, "tests/golden/probe/base.json", NULL,
                            fault_path("out"), NULL);
}

static pdx_status outputs_grade(void) {
    pdx_generate_result result;
    pdx_http_options http = offline("grades.journal");
    pdx_status status =
        pdx_outputs_grade(&result, two_outputs, 1, NULL, fault_path("out"), &http, NULL);
    return status == PDX_ENETWORK ? PDX_OK : status;
}

static pdx_status shift_measure(void) {
    pdx_shift *out = UNSET(pdx_shift);
    pdx_shift_options options;
    pdx_shift_options_init(&options);
    options.draws = 40;
    MAKES(out, pdx_shift_measure(&out, pairs, verdicts, NULL, &options));
    pdx_shift_free(out);
    return PDX_OK;
}

static pdx_status shift_get(void) {
    pdx_shift_row row;
    return pdx_shift_get(shift, 0, &row);
}

static pdx_status shift_save(void) { return pdx_shift_save(shift, fault_path("out")); }

static pdx_status export_alpacaeval(void) {
    pdx_export_counts counts;
    return pdx_export_alpacaeval(&counts, pairs, verdicts, NULL, fault_path("out"));
}

static pdx_status export_mtbench(void) {
    pdx_export_counts counts;
    return pdx_export_mtbench(&counts, pairs, verdicts, NULL, fault_path("out"));
}

static pdx_status export_preferences(void) {
    pdx_export_counts counts;
    return pdx_export_preferences(&counts, pairs, pdx_study_get(pair_fits, 0), 0.5, 0,
                                  fault_path("out"));
}

/* Twelve pairs of one arm, from outputs that lie in the tree. */
static pdx_status make_benchmark(void) {
    pdx_outputs_counts counts;
    MUST(pdx_outputs_pair(&counts, two_outputs, 1, "tests/golden/probe/base.json", NULL,
                          fault_path("arm-pairs.jsonl"), NULL));
    pdx_dataset_files files = {.pairs = fault_path("arm-pairs.jsonl")};
    MUST(pdx_dataset_load(&pairs, &files, NULL));
    MUST(pdx_judgments_create(&verdicts));
    for (int i = 0; i < 2 * pdx_dataset_count(pairs); ++i) {
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = i / 2;
        j.order = i % 2 ? PDX_ORDER_AB : PDX_ORDER_BA;
        j.winner = i % 3 ? PDX_WINNER_A : PDX_WINNER_B;
        MUST(pdx_judgments_append(verdicts, "j", &j));
    }
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.threads = 1;
    MUST(pdx_study_fit(&pair_fits, pairs, verdicts, &options));
    MUST(write_text(fault_path("arms.json"),
                    "{\"judge\":\"j\",\"arms\":[{\"name\":\"align\",\"messages\":[{\"system\":"
                    "\"Be long.\",\"properties\":[\"words\"]}]}]}"));
    MUST(pdx_arms_load(&arms, fault_path("arms.json")));
    return pdx_shift_measure(&shift, pairs, verdicts, NULL, NULL);
}

static pdx_status probe_save(void) { return pdx_probe_save(probe, fault_path("out")); }

/* Six originals; of each a copy by three edits, and one by "same"; log-probabilities. */
static pdx_status make_probe(void) {
    enum { ORIGINALS = 6, ALL = 5 * ORIGINALS };
    static const char *const columns[2] = {"long", "bold"};
    static const char *const kinds[5] = {"", "#one#a", "#two#b", "#three#a", "#same#b"};
    static char id[ALL][24];
    const char *ids[ALL];
    double x[ALL][2];
    pdx_schema *schema;
    MUST(pdx_schema_from_names(&schema, columns, 2));
    MUST(pdx_judgments_create(&judged));
    for (int i = 0; i < ALL; ++i) {
        int kind = i / ORIGINALS, base = i % ORIGINALS;
        snprintf(id[i], sizeof id[i], "o%d%s", base, kinds[kind]);
        ids[i] = id[i];
        x[i][0] = base % 3 - 1 + (kind == 1);
        x[i][1] = (base + kind) % 2;
        for (int32_t order = PDX_ORDER_AB; order <= PDX_ORDER_BA; ++order) {
            pdx_judgment j;
            pdx_judgment_init(&j);
            j.pair = i;
            j.order = order;
            j.winner = PDX_WINNER_A;
            j.logp_first = -0.1 - 0.05 * (i % 4);
            j.logp_second = -1 - 0.1 * (i % 5) - 0.3 * order;
            MUST(pdx_judgments_append(judged, "j", &j));
        }
    }
    MUST(pdx_dataset_from_arrays(&probed, schema, ALL, x[0], ids, NULL));
    pdx_schema_free(schema);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.threads = 1;
    MUST(pdx_study_fit(&fits, probed, judged, &options));
    return pdx_probe_measure(&probe, probed, judged, pdx_study_get(fits, 0), NULL);
}

pdx_status fault_probe_begin(void) {
    MUST(make_probe());
    MUST(write_text(fault_path("edits.json"),
                    "{\"edits\":[{\"name\":\"own\",\"pattern\":\"a\",\"replacement\":\"b\"}]}"));
    MUST(write_text(fault_path("originals.jsonl"),
                    "{\"id\":\"t1\",\"query\":\"q\",\"response_a\":\"It is one.\",\"response_b\":"
                    "\"It is two.\"}\n{\"id\":\"t2\",\"query\":\"r\",\"response_a\":\"A cat.\","
                    "\"response_b\":\"\"}\n"));
    MUST(write_text(
        fault_path("texts.jsonl"),
        "{\"pair\":\"t1\",\"edit\":\"mine\",\"side\":\"a\",\"response\":\"It was.\"}\n"));
    pdx_dataset_files files = {.pairs = fault_path("originals.jsonl")};
    MUST(pdx_dataset_load(&texts, &files, NULL));
    MUST(make_benchmark());
    return pdx_edits_create(&edits, NULL);
}

void fault_probe_end(void) {
    pdx_shift_free(shift);
    pdx_arms_free(arms);
    pdx_study_free(pair_fits);
    pdx_judgments_free(verdicts);
    pdx_dataset_free(pairs);
    pdx_probe_free(probe);
    pdx_study_free(fits);
    pdx_judgments_free(judged);
    pdx_dataset_free(probed);
    pdx_edits_free(edits);
    pdx_dataset_free(texts);
}

const fault_call fault_probe_calls[] = {
    {"pdx_edits_create", edits_create, 1},
    {"pdx_edits_get", edits_get, 0},
    {"pdx_edits_apply", edits_apply, 1},
    {"pdx_probe_write", probe_write, 1},
    {"pdx_probe_measure", probe_measure, 1},
    {"pdx_probe_get", probe_get, 0},
    {"pdx_probe_save", probe_save, 1},
    {"pdx_length_controlled", length_controlled, 1},
    {"pdx_arms_choose", arms_choose, 1},
    {"pdx_arms_load", arms_load, 1},
    {"pdx_arms_save", arms_save, 1},
    {"pdx_arms_generate", arms_generate, 1},
    {"pdx_outputs_pair", outputs_pair, 1},
    {"pdx_outputs_grade", outputs_grade, 1},
    {"pdx_shift_measure", shift_measure, 1},
    {"pdx_shift_get", shift_get, 0},
    {"pdx_shift_save", shift_save, 1},
    {"pdx_export_alpacaeval", export_alpacaeval, 1},
    {"pdx_export_mtbench", export_mtbench, 1},
    {"pdx_export_preferences", export_preferences, 1},
    {0},
};
