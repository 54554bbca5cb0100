/* Every allocation of every public call made to fail in turn: alone, and with all that follow. The
 * call must give PDX_ENOMEM (or do without), leave *out NULL, no block and no file behind.
 * A new public call gets a function here and a row in the table at the end (covered.py looks). */
#include <prefdissect/prefdissect.h>

#include <dirent.h>
#include <unistd.h>

#include "check.h"
#include "memory.h"

static char folder[] = "/tmp/pdx-oom-XXXXXX";

static const char *in_folder(const char *name) {
    static char path[8][128];
    static int turn;
    char *out = path[turn++ % 8];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

/* The call's status is returned where it is not PDX_OK; then `out` must be NULL. */
#define MAKES(out, call)                                                                           \
    do {                                                                                           \
        pdx_status s_ = (call);                                                                    \
        if (s_ != PDX_OK) {                                                                        \
            if (out) CHECK_FAIL("%s failed and set its result", #call);                            \
            return s_;                                                                             \
        }                                                                                          \
    } while (0)

#define MUST(call)                                                                                 \
    do {                                                                                           \
        pdx_status s_ = (call);                                                                    \
        if (s_ != PDX_OK) return s_;                                                               \
    } while (0)

static pdx_schema *schema;

static pdx_status schema_builtin(void) {
    pdx_schema *out = (pdx_schema *)folder;
    MAKES(out, pdx_schema_builtin(&out, "li2024"));
    pdx_schema_free(out);
    MAKES(out, pdx_schema_builtin(&out, "surface"));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_from_names(void) {
    static const char *const names[] = {"brevity", "candour", "wit"};
    pdx_schema *out = (pdx_schema *)folder;
    MAKES(out, pdx_schema_from_names(&out, names, 3));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_load(void) {
    pdx_schema *out = (pdx_schema *)folder;
    MAKES(out, pdx_schema_load(&out, in_folder("schema.json")));
    pdx_schema_free(out);
    return PDX_OK;
}

static pdx_status schema_save(void) { return pdx_schema_save(schema, in_folder("out")); }

/* pairs p0 .. p7 of two groups, with a value in {-1, 0, 1} of each property */
enum { PAIRS = 8, PROPERTIES = 29 };
static double values[PAIRS * PROPERTIES];
static const char *const ids[PAIRS] = {"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"};
static const char *const groups[PAIRS] = {"work", "work", "work", "work", "play", "play", "play"};
static pdx_dataset *dataset;
static pdx_judgments *judgments;

static pdx_status dataset_from_arrays(void) {
    pdx_dataset *out = (pdx_dataset *)folder;
    MAKES(out, pdx_dataset_from_arrays(&out, schema, PAIRS, values, ids, groups));
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

static pdx_status dataset_save_features(void) {
    return pdx_dataset_save_features(dataset, in_folder("out"));
}

static pdx_status surface_measure(void) {
    static const char text[] =
        "Sure! 1. **One** way:\n\n```c\nint x;\n```\nAnother (see https://x.org).";
    double out[30];
    return pdx_surface_measure(text, sizeof text - 1, "Which ways are there?", 21, out);
}

static pdx_status judgments_create(void) {
    pdx_judgments *out = (pdx_judgments *)folder;
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

static pdx_status judgments_read(void) {
    pdx_judgment one;
    pdx_judge_rates rates;
    MUST(pdx_judgments_get(judgments, 3, &one));
    return pdx_judgments_rates(judgments, dataset, 0, -1, &rates);
}

static pdx_status judgments_save(void) {
    return pdx_judgments_save(judgments, dataset, in_folder("out"));
}

static pdx_study *truth;

static pdx_status simulate(void) {
    pdx_dataset *made = (pdx_dataset *)folder;
    pdx_judgments *judged = (pdx_judgments *)folder;
    pdx_study *planted = (pdx_study *)folder;
    pdx_simulate_options options;
    pdx_simulate_options_init(&options);
    options.pairs = 20;
    options.judges = 4;
    MAKES(made || judged || planted, pdx_simulate(&made, &judged, &planted, &options));
    pdx_dataset_free(made);
    pdx_judgments_free(judged);
    pdx_study_free(planted);
    return PDX_OK;
}

static pdx_status report_dissection_svg(void) {
    return pdx_report_dissection_svg(truth, NULL, NULL, 0, truth, in_folder("out"));
}

/* Two judges, both orders of every pair, with log-probabilities; the first prefers property 0. */
static void judge_the_pairs(void) {
    for (int i = 0; i < 4 * PAIRS; ++i) {
        pdx_judgment one;
        pdx_judgment_init(&one);
        one.pair = i / 4;
        one.order = i % 2 ? PDX_ORDER_AB : PDX_ORDER_BA;
        one.winner = values[i / 4 * PROPERTIES] + 0.3 * (i % 3) > 0 ? PDX_WINNER_A : PDX_WINNER_B;
        double p = (one.winner == PDX_WINNER_A) == (i % 2) ? 0.7 : 0.2;
        one.logp_first = log(p);
        one.logp_second = log(0.9 - p);
        OK(pdx_judgments_append(judgments, i % 4 < 2 ? "first" : "second", &one));
    }
}

static void make_inputs(void) {
    for (int i = 0; i < PAIRS * PROPERTIES; ++i) values[i] = i * 7919 % 11 % 3 - 1;
    OK(pdx_schema_builtin(&schema, "li2024"));
    OK(pdx_schema_save(schema, in_folder("schema.json")));
    OK(pdx_dataset_from_arrays(&dataset, schema, PAIRS, values, ids, groups));
    OK(pdx_judgments_create(&judgments));
    judge_the_pairs();
    pdx_dataset *made;
    pdx_judgments *judged;
    OK(pdx_simulate(&made, &judged, &truth, NULL));
    pdx_dataset_free(made);
    pdx_judgments_free(judged);
}

static void free_inputs(void) {
    pdx_study_free(truth);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    pdx_schema_free(schema);
}

static const struct row {
    const char *name;
    pdx_status (*call)(void);
    int no_memory; /* 1: it allocates nothing */
} rows[] = {
    {"schema_builtin", schema_builtin, 0},
    {"schema_from_names", schema_from_names, 0},
    {"schema_load", schema_load, 0},
    {"schema_save", schema_save, 0},
    {"dataset_from_arrays", dataset_from_arrays, 0},
    {"dataset_read", dataset_read, 1},
    {"dataset_save_features", dataset_save_features, 0},
    {"surface_measure", surface_measure, 0},
    {"judgments_create", judgments_create, 0},
    {"judgments_read", judgments_read, 0},
    {"judgments_save", judgments_save, 0},
    {"simulate", simulate, 0},
    {"report_dissection_svg", report_dissection_svg, 0},
};

static int files_in_folder(void) {
    int count = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir)) ++count;
    if (dir) closedir(dir);
    return count;
}

static pdx_status attempt(const struct row *row, long fail_at, int which, long *asked,
                          long *refused) {
    long live;
    int before = files_in_folder();
    memory_arm(fail_at, which);
    pdx_status status = row->call();
    memory_disarm(asked, refused, &live);
    if (live)
        CHECK_FAIL("%s, allocation %ld refused: %ld blocks are left", row->name, fail_at, live);
    if (status != PDX_OK && (status != PDX_ENOMEM || !*refused))
        CHECK_FAIL("%s, allocation %ld refused: %s: %s", row->name, fail_at,
                   pdx_status_name(status), pdx_error_message());
    if (status != PDX_OK && files_in_folder() != before)
        CHECK_FAIL("%s, allocation %ld refused: a file is left", row->name, fail_at);
    return status;
}

static void exhaust(const struct row *row) {
    long asked, refused;
    int failures = check_failures;
    /* The first calls fill what libraries keep for good (stdio, thread stacks). */
    for (int i = 0; i < 2; ++i) OK(row->call());
    OK(attempt(row, 0, MEMORY_NONE, &asked, &refused));
    long total = asked, tries = 0;
    CHECK(row->no_memory == (total == 0));
    for (int which = MEMORY_ONE; which <= MEMORY_ALL; ++which)
        /* Each of the first hundred, then ever fewer: loops repeat themselves. */
        for (long k = 0; k < total && check_failures < failures + 3; k += 1 + k / 100, ++tries)
            attempt(row, k, which, &asked, &refused);
    printf("%s: %ld allocations, %ld tries\n", row->name, total, tries);
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    RUN(make_inputs);
    for (size_t i = 0; i < sizeof rows / sizeof *rows && !check_failures; ++i) {
        check_test = rows[i].name;
        ++check_tests;
        exhaust(&rows[i]);
    }
    free_inputs();
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0) return 1;
    return check_result();
}
