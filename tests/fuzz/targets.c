/* The parsers of foreign input as fuzz targets: bytes in, a status out, nothing else may happen.
 * Compiled once for each, with TARGET set to the name of a function here. Ordinary runs replay
 * corpus/TARGET (replay.c); with -Dfuzz=true (clang) libFuzzer searches on. */
#include <prefdissect/prefdissect.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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

/* A file in memory only; its name into `path`. */
static int file_of(const void *data, size_t size, char path[32]) {
    int file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    snprintf(path, 32, "/proc/self/fd/%d", file);
    return file;
}

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

/* Three pairs "p0".."p2" with two properties, for what refers to a dataset. */
static pdx_dataset *three_pairs(void) {
    static const char *const names[] = {"wit", "tact"};
    static const double values[6] = {1, 0, -1, 1, 0, 0};
    static const char *const ids[] = {"p0", "p1", "p2"};
    pdx_schema *schema;
    pdx_dataset *dataset;
    if (pdx_schema_from_names(&schema, names, 2) != PDX_OK) abort();
    if (pdx_dataset_from_arrays(&dataset, schema, 3, values, ids, NULL) != PDX_OK) abort();
    pdx_schema_free(schema);
    return dataset;
}

static void load(pdx_dataset_files files, const char *group_by) {
    pdx_dataset *out;
    pdx_dataset_options options;
    pdx_dataset_options_init(&options);
    options.threads = 1;
    options.group_by = group_by;
    EXPECT(out, pdx_dataset_load(&out, &files, &options));
    const char *text;
    for (int64_t i = 0; out && files.pairs && i < pdx_dataset_count(out); ++i)
        pdx_dataset_text(out, i, "response_b", &text);
    pdx_dataset_free(out);
}

static inline void pairs(input in) { load((pdx_dataset_files){.pairs = in.path}, "scenario"); }

static inline void features(input in) { load((pdx_dataset_files){.features = in.path}, NULL); }

static inline void annotations(input in) {
    static const char text[] = "{\"id\":\"p0\",\"query\":\"q\",\"response_a\":\"a b\","
                               "\"response_b\":\"c\"}\n{\"id\":\"p1\"}\n";
    char path[32];
    int file = file_of(text, sizeof text - 1, path);
    load((pdx_dataset_files){.pairs = path, .annotations = in.path}, NULL);
    close(file);
}

static inline void resolved(input in) { load((pdx_dataset_files){.resolved = in.path}, NULL); }

static inline void table(input in) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    EXPECT(dataset, pdx_table_load(&dataset, &judgments, in.path, NULL));
    if (!dataset != !judgments) abort();
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static inline void judgments(input in) {
    pdx_judgments *out;
    pdx_dataset *dataset = three_pairs();
    pdx_judgments_options options;
    pdx_judgments_options_init(&options);
    options.judge_by = "judge,strategy";
    EXPECT(out, pdx_judgments_load(&out, dataset, &in.path, 1, &options));
    pdx_judge_rates rates;
    for (int32_t i = 0; out && i < pdx_judgments_judge_count(out); ++i)
        pdx_judgments_rates(out, dataset, i, -1, &rates);
    pdx_judgments_free(out);
    pdx_dataset_free(dataset);
}

static inline void labels(input in) {
    pdx_judgments *out;
    pdx_dataset *dataset = three_pairs();
    EXPECT(out, pdx_judgments_load_labels(&out, dataset, in.path, "judge"));
    pdx_judgments_free(out);
    pdx_dataset_free(dataset);
}

static inline void fits(input in) {
    pdx_study *out;
    EXPECT(out, pdx_study_load(&out, in.path));
    for (int32_t i = 0; out && i < pdx_study_count(out); ++i) {
        pdx_contrast contrast;
        pdx_posterior_contrast(pdx_study_get(out, i), 0, pdx_study_get(out, 0), 0, &contrast);
        pdx_posterior_verdict(pdx_study_get(out, i));
    }
    pdx_study_free(out);
}

static inline void weights(input in) {
    pdx_study *out;
    EXPECT(out, pdx_study_load_weights(&out, in.path));
    pdx_study_free(out);
}

/* ---- Foreign formats: the same bytes as the only file of a format ---- */

static char folder[64];

static void remove_folder(void) {
    static const char *const names[] = {"out/pairs.jsonl",
                                        "out/judgments.jsonl",
                                        "out/features.jsonl",
                                        "out/schema.json",
                                        "out",
                                        "judge_AB.jsonl",
                                        ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        char path[96];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        remove(path);
    }
}

static void no_log(void *user, int32_t level, const char *text) {
    (void)user;
    if (level < 0 || !*text) abort();
}

/* A folder in memory; the order of the original's log-probabilities stands in the file's name. */
static inline void import(input in, const char *format, int with_answers) {
    char link[96], out[96];
    if (!*folder) {
        snprintf(folder, sizeof folder, "/dev/shm/pdx-fuzz-XXXXXX");
        if (!mkdtemp(folder)) abort();
        atexit(remove_folder);
    }
    snprintf(link, sizeof link, "%s/judge_AB.jsonl", folder);
    snprintf(out, sizeof out, "%s/out", folder);
    unlink(link);
    if (symlink(in.path, link) != 0) abort();
    const char *path = link;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    int file = file_of(data, size, path);
    TARGET((input){path, (const char *)data, size});
    close(file);
    return 0;
}
