/* Edits, the pairs of a probe, and what is measured with them. */
#include "calls.h"

#include <stdio.h>

static pdx_edits *edits;
static pdx_dataset *texts, *probed;
static pdx_judgments *judged;
static pdx_study *fits;
static pdx_probe *probe;

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
    return pdx_edits_create(&edits, NULL);
}

void fault_probe_end(void) {
    pdx_probe_free(probe);
    pdx_study_free(fits);
    pdx_judgments_free(judged);
    pdx_dataset_free(probed);
    pdx_edits_free(edits);
    pdx_dataset_free(texts);
}

const fault_call fault_probe_calls[] = {
    {"pdx_edits_create", edits_create, 1},   {"pdx_edits_get", edits_get, 0},
    {"pdx_edits_apply", edits_apply, 1},     {"pdx_probe_write", probe_write, 1},
    {"pdx_probe_measure", probe_measure, 1}, {"pdx_probe_get", probe_get, 0},
    {"pdx_probe_save", probe_save, 1},       {0},
};
