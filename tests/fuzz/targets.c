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
    int file = memfd_create("input", MFD_CLOEXEC); /* a file in memory only */
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    TARGET((input){path, (const char *)data, size});
    close(file);
    return 0;
}
