/* The parsers of foreign input as fuzz targets: bytes in, a status out, nothing else may happen.
 * Compiled once for each, with TARGET set to the name of a function here. Ordinary runs replay
 * corpus/TARGET (replay.c); with -Dfuzz=true (clang) libFuzzer searches on. */
#include <prefdissect/prefdissect.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the targets only one is used in each program. */
#pragma GCC diagnostic ignored "-Wunused-function"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input, as a file and in memory. */
typedef struct input {
    const char *path;
    const char *text;
    size_t size;
} input;

/* A call makes a handle or says why not. */
#define EXPECT(out, call)                                                                          \
    do {                                                                                           \
        pdx_status status_ = (call);                                                               \
        if ((status_ == PDX_OK) != ((out) != NULL)) abort();                                       \
        if (status_ != PDX_OK && !*pdx_error_message()) abort();                                   \
    } while (0)

static inline void schema(input in) {
    pdx_schema *out;
    EXPECT(out, pdx_schema_load(&out, in.path));
    for (int32_t i = 0; out && i < pdx_schema_count(out); ++i)
        pdx_property_compare(pdx_schema_property(out, i), 1, 2);
    pdx_schema_free(out);
}

static inline void surface(input in) {
    double values[30];
    pdx_surface_measure(in.text, in.size, in.text, in.size / 2, values);
}

/* Edits of a user's, applied: patterns may fail, texts may not break. */
static inline void edits(input in) {
    pdx_edits *out;
    EXPECT(out, pdx_edits_create(&out, in.path));
    for (int32_t i = 0; out && i < pdx_edits_count(out); ++i) {
        const char *text;
        pdx_status status =
            pdx_edits_apply(out, i, "One. Two words, 3 of 4.\n\n- a **b**", "other", 1, &text);
        if ((status == PDX_OK) != (text != NULL)) abort();
    }
    pdx_edits_free(out);
}

static inline void arms(input in) {
    pdx_arms *out;
    EXPECT(out, pdx_arms_load(&out, in.path));
    for (int32_t i = 0; out && i < pdx_arms_count(out); ++i)
        if (!pdx_arms_message(out, i, "all")) abort();
    pdx_arms_free(out);
}

/* ---- A folder in memory, with files that go with the input ---- */

static char folder[64];

static void remove_folder(void) {
    static const char *const names[] = {"out/pairs.jsonl",
                                        "out/judgments.jsonl",
                                        "out/features.jsonl",
                                        "out/schema.json",
                                        "out",
                                        "judge_AB.jsonl",
                                        "pairs.jsonl",
                                        "schema.json",
                                        "again.json",
                                        "weights/model_Advice_fitted_paras.jsonl",
                                        "weights",
                                        ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        char path[96];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

static const char *in_folder(const char *name) {
    static char paths[4][96];
    static int turn;
    char *path = paths[turn++ % 4];
    if (!*folder) {
        snprintf(folder, sizeof folder, "/dev/shm/pdx-fuzz-XXXXXX");
        if (!mkdtemp(folder)) abort();
        atexit(remove_folder);
        write_file(in_folder("pairs.jsonl"),
                   "{\"id\":\"p0\",\"query\":\"Why?\",\"response_a\":\"So.\",\"response_b\":"
                   "\"It is so.\",\"scenario\":\"x\"}\n"
                   "{\"id\":\"p1\",\"query\":\"How?\",\"response_a\":\"Thus.\",\"response_b\":"
                   "\"Like this.\"}\n"
                   "{\"id\":\"p2\",\"response_a\":\"\",\"response_b\":\"1 2 3\"}\n");
        write_file(in_folder("schema.json"),
                   "{\"properties\":[{\"id\":\"calm\",\"scale\":[0,3]},{\"id\":\"care\",\"stage\":"
                   "\"query-specific\",\"depends_on\":\"feelings\"},{\"id\":\"slips\",\"stage\":"
                   "\"error\",\"rule\":\"count\"},{\"id\":\"length\",\"rule\":\"length\"}]}");
    }
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* ---- Datasets ---- */

static void look_at(const pdx_dataset *dataset) {
    static const char *const fields[] = {"query", "response_a", "scenario", "id"};
    const char *text;
    for (int64_t i = 0; i < pdx_dataset_count(dataset) && i < 4; ++i)
        for (int f = 0; f < 4; ++f) pdx_dataset_text(dataset, i, fields[f], &text);
    for (int32_t g = 0; g < pdx_dataset_group_count(dataset); ++g) {
        int64_t *members = malloc((size_t)(pdx_dataset_group_size(dataset, g) + 1) * 8);
        if (!members || pdx_dataset_group_pairs(dataset, g, members) != PDX_OK) abort();
        free(members);
    }
    double *column = malloc((size_t)(pdx_dataset_count(dataset) + 1) * sizeof *column);
    if (!column) abort();
    for (int32_t k = 0; k < pdx_schema_count(pdx_dataset_schema(dataset)); ++k)
        if (pdx_dataset_column(dataset, k, column) != PDX_OK) abort();
    free(column);
}

static void load(pdx_dataset_files files, int32_t values, const pdx_schema *properties,
                 const char *group_by) {
    pdx_dataset_options options;
    pdx_dataset *out;
    pdx_dataset_options_init(&options);
    options.values = values;
    options.schema = properties;
    options.group_by = group_by;
    options.threads = 1;
    EXPECT(out, pdx_dataset_load(&out, &files, &options));
    if (out) look_at(out);
    pdx_dataset_free(out);
}

static inline void pairs(input in) {
    load((pdx_dataset_files){.pairs = in.path}, PDX_VALUES_COMPARISON, NULL, "scenario,cases");
}

static inline void features(input in) {
    load((pdx_dataset_files){.features = in.path}, PDX_VALUES_COMPARISON, NULL, NULL);
    load((pdx_dataset_files){.features = in.path}, PDX_VALUES_DIFFERENCE, NULL, NULL);
    load((pdx_dataset_files){.features = in.path, .names = in_folder("schema.json")},
         PDX_VALUES_DIFFERENCE, NULL, NULL);
}

static inline void annotations(input in) {
    pdx_schema *properties;
    if (pdx_schema_load(&properties, in_folder("schema.json")) != PDX_OK) abort();
    load((pdx_dataset_files){.pairs = in_folder("pairs.jsonl"), .annotations = in.path},
         PDX_VALUES_COMPARISON, properties, NULL);
    load((pdx_dataset_files){.pairs = in_folder("pairs.jsonl"), .annotations = in.path},
         PDX_VALUES_COMPARISON, NULL, NULL);
    pdx_schema_free(properties);
}

static inline void resolved(input in) {
    load((pdx_dataset_files){.resolved = in.path}, PDX_VALUES_COMPARISON, NULL, NULL);
    load((pdx_dataset_files){.resolved = in.path}, PDX_VALUES_DIFFERENCE, NULL, NULL);
}

static inline void groups(input in) {
    load((pdx_dataset_files){.pairs = in_folder("pairs.jsonl"), .groups = in.path},
         PDX_VALUES_COMPARISON, NULL, NULL);
}

/* ---- Judgments ---- */

static pdx_dataset *three_pairs(void) {
    static const char *const names[] = {"warm", "brief"};
    static const char *const ids[] = {"p0", "p1", "p2"};
    static const double values[] = {1, 0, -1, 1, 0, -1};
    pdx_schema *properties;
    pdx_dataset *dataset;
    if (pdx_schema_from_names(&properties, names, 2) != PDX_OK ||
        pdx_dataset_from_arrays(&dataset, properties, 3, values, ids, NULL) != PDX_OK)
        abort();
    pdx_schema_free(properties);
    return dataset;
}

static void look_at_judgments(const pdx_judgments *judgments, const pdx_dataset *dataset) {
    pdx_judge_rates rates;
    for (int32_t j = 0; j < pdx_judgments_judge_count(judgments); ++j)
        if (pdx_judgments_rates(judgments, dataset, j, -1, &rates) != PDX_OK) abort();
}

/* What was read must be written, and read again as the same number of rows. */
static void judged_by(input in, const char *judge_by) {
    pdx_dataset *dataset = three_pairs();
    pdx_judgments *out, *again;
    pdx_judgments_options options;
    pdx_judgments_options_init(&options);
    options.skip_unknown = 1;
    options.judge_by = judge_by;
    EXPECT(out, pdx_judgments_load(&out, dataset, &in.path, 1, &options));
    if (out && pdx_judgments_count(out)) {
        const char *path = in_folder("again.json");
        look_at_judgments(out, dataset);
        if (pdx_judgments_save(out, dataset, path) != PDX_OK ||
            pdx_judgments_load(&again, dataset, &path, 1, NULL) != PDX_OK ||
            pdx_judgments_count(out) != pdx_judgments_count(again))
            abort();
        pdx_judgments_free(again);
    }
    pdx_judgments_free(out);
    pdx_dataset_free(dataset);
}

static inline void judgments(input in) {
    judged_by(in, NULL);
    judged_by(in, "judge,strategy");
}

static inline void labels(input in) {
    pdx_dataset *dataset = three_pairs();
    pdx_judgments *out;
    EXPECT(out, pdx_judgments_load_labels(&out, dataset, in.path, "judge"));
    pdx_judgments_free(out);
    pdx_dataset_free(dataset);
}

static inline void table(input in) {
    pdx_dataset *dataset;
    pdx_judgments *rows;
    pdx_status status = pdx_table_load(&dataset, &rows, in.path, NULL);
    if ((status == PDX_OK) != (dataset && rows) || (!dataset != !rows)) abort();
    if (rows) look_at_judgments(rows, dataset);
    pdx_judgments_free(rows);
    pdx_dataset_free(dataset);
}

/* ---- Fits ---- */

/* What was read must be written, and read again. */
static inline void fits(input in) {
    pdx_study *out, *again;
    EXPECT(out, pdx_study_load(&out, in.path));
    if (out) {
        const char *path = in_folder("again.json");
        if (pdx_study_save(out, path) != PDX_OK || pdx_study_load(&again, path) != PDX_OK ||
            pdx_study_count(out) != pdx_study_count(again))
            abort();
        pdx_study_free(again);
    }
    for (int32_t i = 0; out && i < pdx_study_count(out); ++i) {
        pdx_contrast contrast;
        pdx_posterior_contrast(pdx_study_get(out, i), 0, pdx_study_get(out, 0), 0, &contrast);
        pdx_posterior_verdict(pdx_study_get(out, i));
    }
    pdx_study_free(out);
}

static inline void weights(input in) {
    pdx_study *out;
    EXPECT(out, pdx_study_load_weights(&out, in.path)); /* the community's file */
    pdx_study_free(out);
    const char *file = in_folder("weights/model_Advice_fitted_paras.jsonl");
    mkdir(in_folder("weights"), 0700);
    unlink(file);
    if (symlink(in.path, file) != 0) abort();
    EXPECT(out, pdx_study_load_weights(&out, in_folder("weights"))); /* the original's folder */
    pdx_study_free(out);
}

/* ---- Foreign formats: the same bytes as the only file of a format ---- */

static void no_log(void *user, int32_t level, const char *text) {
    (void)user;
    if (level < 0 || !*text) abort();
}

/* The order of the original's log-probabilities stands in the file's name. */
static inline void import(input in, const char *format, int with_answers) {
    const char *path = in_folder("judge_AB.jsonl"), *out = in_folder("out");
    unlink(path);
    if (symlink(in.path, path) != 0) abort();
    pdx_import_options options;
    pdx_import_result result;
    pdx_import_options_init(&options);
    options.overwrite = 1;
    options.hooks.log = no_log;
    if (with_answers) options.answers = options.questions = path;
    pdx_status status = pdx_import(&result, format, &path, 1, out, &options);
    if ((status == PDX_OK) != (result.pairs > 0)) abort();
    if (status != PDX_OK && !*pdx_error_message()) abort();
}

#define IMPORTS(name, format, with_answers)                                                        \
    static inline void import_##name(input in) { import(in, format, with_answers); }
IMPORTS(li2024, "li2024", 0)
IMPORTS(alpacaeval, "alpacaeval", 0)
IMPORTS(mtbench, "mtbench", 0)
IMPORTS(mtbench_answers, "mtbench", 1)
IMPORTS(mtbench_single, "mtbench-single", 0)
IMPORTS(mtbench_human, "mtbench-human", 0)
IMPORTS(arena_hard, "arena-hard", 1)
IMPORTS(annotated_pairs, "annotated-pairs", 0)
IMPORTS(llmbar, "llmbar", 0)
IMPORTS(judgebench, "judgebench", 0)
IMPORTS(arena_33k, "arena-33k", 0)
IMPORTS(arena_55k, "arena-55k", 0)
IMPORTS(rewardbench, "rewardbench", 0)
IMPORTS(ultrafeedback, "ultrafeedback", 0)

/* A model's outputs against themselves: every query has its answer. */
static inline void outputs(input in) {
    pdx_outputs_counts counts;
    const char *out = in_folder("pairs.jsonl");
    pdx_status status = pdx_outputs_pair(&counts, &in.path, 1, in.path, in.path, out, NULL);
    if (status != PDX_OK) status = pdx_outputs_pair(&counts, &in.path, 1, in.path, NULL, out, NULL);
    if (status == PDX_OK && (!counts.pairs || counts.missing || counts.foreign)) abort();
    if (status != PDX_OK && !*pdx_error_message()) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    int file = memfd_create("input", MFD_CLOEXEC); /* a file in memory only */
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    TARGET((input){path, (const char *)data, size});
    close(file);
    return 0;
}
