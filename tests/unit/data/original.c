/* The original's files as a dataset, and raw ratings resolved by the schema's rules. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "data/dataset.h"
#include "scratch.h"

#define ACCURATE                                                                                   \
    "\"accuracy\":{\"comparison\":{\"Severe\":1,\"Moderate\":0,\"Minor\":-1},"                     \
    "\"diff\":{\"Severe\":2,\"Moderate\":0,\"Minor\":-1}}"
#define UNCHECKED              "\"accuracy\":{\"comparison\":999,\"diff\":{}}"
#define RECORD(accuracy, more) "{\"query_info\":{},\"comparison\":{" accuracy more "}}\n"

static const char *records_file(void) {
    return scratch_file("resolved.jsonl",
                        RECORD(ACCURATE, ",\"friendly\":{\"comparison\":1,\"diff\":2}")
                            RECORD(UNCHECKED, "")
                                RECORD(ACCURATE, ",\"repetitive\":{\"comparison\":1,\"diff\":3}"));
}

static const char *index_file(void) {
    return scratch_file("index.json", "{\"all\":[0,1,2],\"Advice\":[2,1,0,2],\"w_stances\":[1]}");
}

static void records_make_a_dataset(void) {
    pdx_dataset_files files = {.resolved = records_file(), .groups = index_file()};
    pdx_dataset_options options;
    pdx_dataset *dataset;
    double row[29];
    int64_t number, pairs[2];
    OK(pdx_dataset_load(&dataset, &files, NULL));
    CHECK_INT(pdx_dataset_count(dataset), 2);
    CHECK_INT(dataset->records, 3);
    CHECK_TEXT(pdx_dataset_id(dataset, 1), "2");
    CHECK_TEXT(pdx_dataset_left_out_reason(dataset, 0, &number), "accuracy not applicable");
    CHECK_INT(number, 1);
    OK(pdx_dataset_row(dataset, 0, row));
    CHECK_NEAR(row[2], 1, 0);
    CHECK_NEAR(row[20], -1, 0);
    CHECK_NEAR(row[22], 1, 0);
    OK(pdx_dataset_row(dataset, 1, row));
    CHECK_NEAR(row[15], -1, 0);
    CHECK_INT(pdx_dataset_group_count(dataset), 2); /* "all" is none */
    CHECK_TEXT(pdx_dataset_group_name(dataset, 0), "Advice");
    CHECK_INT(pdx_dataset_group_size(dataset, 0), 2);
    OK(pdx_dataset_group_pairs(dataset, 0, pairs));
    CHECK_INT(pairs[0], 0);
    CHECK_INT(pairs[1], 1);
    CHECK_INT(pdx_dataset_group_size(dataset, 1), 0);
    const char *text = "";
    OK(pdx_dataset_text(dataset, 1, "query", &text)); /* rows without ids are found by number */
    CHECK(!text);
    pdx_judgments *judgments;
    OK(pdx_judgments_load_labels(&judgments, dataset,
                                 scratch_file("labels.json", "[\"A\",\"A\",\"B\"]"), "human"));
    CHECK_INT(pdx_judgments_count(judgments), 2);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    pdx_dataset_options_init(&options);
    options.values = PDX_VALUES_DIFFERENCE;
    OK(pdx_dataset_load(&dataset, &files, &options));
    OK(pdx_dataset_row(dataset, 1, row));
    CHECK_NEAR(row[15], -2, 1e-15); /* 0 and -3: sd 1.5 */
    pdx_dataset_free(dataset);
}

static void records_meet_their_pairs_by_number(void) {
    pdx_dataset_files files = {
        .pairs =
            scratch_file("pairs.jsonl", "{\"id\":\"p\",\"s\":1}\n{\"id\":\"q\",\"s\":1}\n{\"id\":"
                                        "\"r\",\"s\":2}\n"),
        .resolved = records_file(),
        .groups = index_file()};
    pdx_dataset_options options;
    pdx_dataset *dataset;
    const char *text;
    OK(pdx_dataset_load(&dataset, &files, NULL));
    CHECK_INT(pdx_dataset_count(dataset), 2);
    CHECK_TEXT(pdx_dataset_id(dataset, 1), "r");
    OK(pdx_dataset_text(dataset, 1, "s", &text));
    CHECK_TEXT(text, "2");
    pdx_dataset_free(dataset);
    pdx_dataset_options_init(&options);
    files.groups = NULL;
    options.group_by = "s";
    int64_t pair;
    OK(pdx_dataset_load(&dataset, &files, &options));
    CHECK_INT(pdx_dataset_group_size(dataset, 0), 1); /* q was left out */
    OK(pdx_dataset_group_pairs(dataset, 1, &pair));
    CHECK_INT(pair, 1);
    pdx_dataset_free(dataset);
    files.groups = index_file();
    options.group_by = NULL;
    options.where = "s=2";
    OK(pdx_dataset_load(&dataset, &files, &options));
    CHECK_INT(pdx_dataset_count(dataset), 1);
    CHECK_INT(pdx_dataset_group_size(dataset, 0), 1);
    pdx_dataset_free(dataset);
    files.pairs =
        scratch_file("four.jsonl", "{\"id\":\"p\"}\n{\"id\":\"q\"}\n{\"id\":\"r\"}\n{\"id\":"
                                   "\"s\"}\n");
    FAILS(pdx_dataset_load(&dataset, &files, NULL), PDX_EPARSE, "no record of pair 's'");
    files.pairs = scratch_file("two.jsonl", "{\"id\":\"p\"}\n{\"id\":\"q\"}\n");
    FAILS(pdx_dataset_load(&dataset, &files, NULL), PDX_EPARSE,
          "resolved.jsonl:3: record 2 has no id, and");
}

static void bad_records(const char *records, const char *index, const char *message) {
    pdx_dataset_files files = {.resolved = scratch_file("resolved.jsonl", records)};
    pdx_dataset *dataset;
    if (index) files.groups = scratch_file("index.json", index);
    FAILS(pdx_dataset_load(&dataset, &files, NULL), PDX_EPARSE, message);
    CHECK(dataset == NULL);
}

static void damage_is_named(void) {
    const char *good = RECORD(ACCURATE, "");
    bad_records("", NULL, "resolved.jsonl: no rows");
    bad_records("{}\n", NULL, "resolved.jsonl:1: field 'comparison' is missing");
    bad_records("{\"comparison\":{}}\n", NULL, "resolved.jsonl:1: field 'accuracy' is missing");
    bad_records(RECORD(ACCURATE, ",\"polite\":{\"comparison\":2}"), NULL, "resolved.jsonl:1: ");
    bad_records(RECORD(UNCHECKED, ""), NULL, "every record was left out (accuracy not applicable)");
    bad_records(good, "[]", "index.json: expected an object of groups, found a list");
    bad_records(good, "", "index.json: the file is empty");
    bad_records(good, "{\"x\":3}", "index.json: group 'x': expected a list, found a number");
    bad_records(good, "{\"x\":[0,1]}", "group 'x', entry 2: there is no record 1, only 1");
    bad_records(good, "{\"x\":[0.5]}", "group 'x', entry 1: expected a record number");
    bad_records(good, "{\"x\":[-1]}", "group 'x', entry 1: expected a record number");
    bad_records(good, "{\"all\":[0]}", "index.json: no groups");
}

static void real_index_groups(void) {
    if (access("../shared/data/gair/query_aware_idxs.json", R_OK))
        SKIP("../shared/data is not there");
    const char *path = scratch_path("many.jsonl");
    FILE *file = fopen(path, "w");
    REQUIRE(file);
    for (int i = 0; i < 5240; ++i) fputs(RECORD(ACCURATE, ""), file);
    fclose(file);
    pdx_dataset_files files = {.resolved = path,
                               .groups = "../shared/data/gair/query_aware_idxs.json"};
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    OK(pdx_dataset_load(&dataset, &files, NULL));
    CHECK_INT(pdx_dataset_group_count(dataset), 16);
    int64_t sum = 0;
    for (int32_t g = 0; g < 16; ++g) {
        const char *name = pdx_dataset_group_name(dataset, g);
        if (!strcmp(name, "w_constraints")) CHECK_INT(pdx_dataset_group_size(dataset, g), 1418);
        if (*name >= 'A' && *name <= 'Z') sum += pdx_dataset_group_size(dataset, g);
    }
    CHECK_INT(sum, 5240);
    OK(pdx_judgments_load_labels(&judgments, dataset,
                                 "../shared/data/gair/example_preference_labels.json", "human"));
    CHECK_INT(pdx_judgments_count(judgments), 5240);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

/* Raw ratings ---------------------------------------------------------------------------------- */

static const char *const small_schema =
    "{\"properties\":[{\"id\":\"calm\",\"stage\":\"query-free\",\"scale\":[0,3]},"
    "{\"id\":\"loops\",\"stage\":\"query-free\",\"scale\":[0,3],\"polarity\":-1},"
    "{\"id\":\"rules\",\"stage\":\"query-specific\",\"depends_on\":\"constraints\",\"scale\":[0,3]}"
    ","
    "{\"id\":\"errors\",\"stage\":\"error\",\"rule\":\"count\"},"
    "{\"id\":\"long\",\"stage\":\"computed\",\"rule\":\"length\"}]}";

static pdx_status resolve(pdx_dataset **out, const char *annotations, int32_t values) {
    pdx_dataset_files files = {
        .pairs =
            scratch_file("rated.jsonl",
                         "{\"id\":\"p\",\"response_a\":\"one two\",\"response_b\":\"one two three "
                         "four five\"}\n{\"id\":\"q\",\"response_a word\":40,\"response_b word\":"
                         "20}\n"),
        .annotations = scratch_file("annotations.jsonl", annotations)};
    pdx_dataset_options options;
    pdx_schema *schema;
    *out = NULL;
    pdx_dataset_options_init(&options);
    if (pdx_schema_load(&schema, scratch_file("small.json", small_schema)) != PDX_OK)
        return PDX_EIO;
    options.schema = schema;
    options.values = values;
    pdx_status status = pdx_dataset_load(out, &files, &options);
    pdx_schema_free(schema);
    return status;
}

#define FACTS(id, list)                                                                            \
    "{\"id\":\"" id "\",\"stage\":\"query\",\"values\":{\"constraints\":" list "}}\n"
#define RATINGS(id, more)                                                                          \
    "{\"id\":\"" id                                                                                \
    "\",\"stage\":\"query-free\",\"values\":{\"calm\":{\"a\":3,\"b\":1},\"loops\":"                \
    "{\"a\":2,\"b\":0}" more "}}\n"
#define ERRORS(id, errors)                                                                         \
    "{\"id\":\"" id "\",\"stage\":\"error\",\"values\":{\"errors\":" errors "}}\n"
#define COUNTS "{\"a\":2,\"b\":1}"

static void ratings_are_resolved_by_rule(void) {
    pdx_dataset *dataset;
    double row[5];
    OK(resolve(&dataset,
               FACTS("p", "[\"x\",\"y\"]") RATINGS("p", ",\"rules\":{\"a\":[3,0],\"b\":[1,1]}")
                   ERRORS("p", COUNTS) "{\"id\":\"q\",\"error\":\"time out\"}\n" FACTS("q", "[]")
                       RATINGS("q", "") ERRORS("q", COUNTS),
               PDX_VALUES_COMPARISON));
    CHECK_INT(pdx_dataset_count(dataset), 2);
    OK(pdx_dataset_row(dataset, 0, row));
    CHECK_NEAR(row[0], 1, 0);
    CHECK_NEAR(row[1], -1, 0);
    CHECK_NEAR(row[2], 1, 0); /* means 1.5 and 1 */
    CHECK_NEAR(row[3], -1, 0);
    CHECK_NEAR(row[4], -1, 0); /* 2 words against 5 */
    OK(pdx_dataset_row(dataset, 1, row));
    CHECK_NEAR(row[2], 0, 0); /* the query has no constraints */
    CHECK_NEAR(row[4], 1, 0);
    pdx_dataset_free(dataset);
}

static void unchecked_and_failed_pairs_are_left_out(void) {
    pdx_dataset *dataset;
    int64_t number;
    const char *p = FACTS("p", "null") RATINGS("p", "") ERRORS("p", COUNTS);
    char text[2048];
    snprintf(text, sizeof text, "%s%s", p, FACTS("q", "[]") RATINGS("q", "") ERRORS("q", "null"));
    OK(resolve(&dataset, text, 0));
    CHECK_INT(pdx_dataset_count(dataset), 1);
    CHECK_TEXT(pdx_dataset_left_out_reason(dataset, 0, &number), "accuracy not applicable");
    CHECK_INT(number, 1);
    pdx_dataset_free(dataset);
    snprintf(text, sizeof text, "%s%s", p,
             RATINGS("q", "") "{\"id\":\"q\",\"error\":\"refused\"}\n");
    OK(resolve(&dataset, text, 0));
    CHECK_INT(pdx_dataset_count(dataset), 1);
    CHECK_TEXT(pdx_dataset_left_out_reason(dataset, 0, &number), "annotation failed");
    pdx_dataset_free(dataset);
}

/* Two repeats in both orders; the second repeat finds no constraints. */
static void repeats_are_averaged_and_their_noise_is_kept(void) {
#define PASS(order, repeat, calm)                                                                  \
    "{\"id\":\"p\",\"stage\":\"query-free\",\"order\":\"" order "\",\"repeat\":" repeat            \
    ",\"values\":{\"calm\":" calm ",\"loops\":{\"a\":2,\"b\":0}}}\n"
#define REPEAT(repeat, list)                                                                       \
    "{\"id\":\"p\",\"stage\":\"query\",\"repeat\":" repeat ",\"values\":{\"constraints\":" list    \
    "}}\n"
    const char *text = REPEAT("0", "[\"x\"]") REPEAT("1", "[]") PASS("AB", "0", "{\"a\":0,\"b\":1}")
        PASS("BA", "0", "{\"a\":3,\"b\":1}") PASS("AB", "1", "{\"a\":0,\"b\":3}")
            PASS("AB", "1", "{\"a\":2,\"b\":1}") PASS("BA", "1", "{\"a\":1,\"b\":1}")
        /* one by one: sides of one pass */
        "{\"id\":\"p\",\"stage\":\"query-specific\",\"response\":\"a\",\"values\":{\"rules\":{"
        "\"a\":[2]}}}\n"
        "{\"id\":\"p\",\"stage\":\"query-specific\",\"response\":\"b\",\"values\":{\"rules\":{"
        "\"b\":[1]}}}\n"
        "{\"id\":\"p\",\"stage\":\"reference\",\"values\":{\"text\":\"so\"}}\n"
        "{\"id\":\"p\",\"stage\":\"error\",\"repeat\":1,\"values\":{\"errors\":null}}\n" ERRORS(
            "p", COUNTS);
    pdx_dataset *dataset;
    double row[5], noise[1];
    int64_t number;
    OK(resolve(&dataset, text, PDX_VALUES_COMPARISON));
    CHECK_INT(pdx_dataset_count(dataset), 1);
    CHECK_TEXT(pdx_dataset_left_out_reason(dataset, 0, &number), "not annotated");
    CHECK_INT(number, 1);
    OK(pdx_dataset_row(dataset, 0, row));
    CHECK_NEAR(row[0], 1, 0); /* means 1.5 and 1: the pass that was said twice counts once */
    CHECK_NEAR(row[2], 1, 0);
    CHECK_NEAR(row[3], -1, 0);                /* the other repeat could be checked */
    OK(pdx_dataset_noise(dataset, 0, noise)); /* differences -1, 2, 1, 0 */
    CHECK_NEAR(noise[0], sqrt(5.0 / 3), 1e-6);
    OK(pdx_dataset_noise(dataset, 2, noise)); /* 1, and 0 in the repeat without the fact */
    CHECK_NEAR(noise[0], sqrt(0.5), 1e-6);
    OK(pdx_dataset_noise(dataset, 3, noise));
    CHECK(isnan(noise[0]));
    pdx_repeats repeats;
    OK(pdx_dataset_repeats(dataset, 0, 0, &repeats)); /* comparisons -1, 1, 1, 0 */
    CHECK_INT(repeats.looks, 4);
    CHECK_NEAR(repeats.mean, 0.25, 1e-6);
    CHECK_NEAR(repeats.sd, sqrt(2.75 / 3), 1e-6);
    OK(pdx_dataset_repeats(dataset, 0, 3, &repeats));
    CHECK_INT(repeats.looks, 0);

    /* There and back. */
    char path[512];
    snprintf(path, sizeof path, "%s", scratch_file("noisy.jsonl", ""));
    OK(pdx_dataset_save_features(dataset, path));
    pdx_dataset_free(dataset);
    pdx_dataset_files files = {.features = path};
    OK(pdx_dataset_load(&dataset, &files, NULL));
    OK(pdx_dataset_noise(dataset, 0, noise));
    CHECK_NEAR(noise[0], sqrt(5.0 / 3), 1e-6);
    OK(pdx_dataset_noise(dataset, 3, noise));
    CHECK(isnan(noise[0]));
    FAILS(pdx_dataset_noise(dataset, 5, noise), PDX_EINVAL, "property 5 of 5");
    OK(pdx_dataset_repeats(dataset, 0, 0, &repeats));
    CHECK_INT(repeats.looks, 4);
    CHECK_NEAR(repeats.sd, sqrt(2.75 / 3), 1e-6);
    FAILS(pdx_dataset_repeats(dataset, 1, 0, &repeats), PDX_EINVAL, "pair 1 of 1");
    pdx_dataset_free(dataset);
    OK(resolve(&dataset, text, PDX_VALUES_DIFFERENCE));
    OK(pdx_dataset_row(dataset, 0, row));
    CHECK_NEAR(row[0], 0.5, 1e-12); /* a constant column is not scaled */
    CHECK_NEAR(row[2], 0.5, 1e-12); /* 1 in half of the repeats */
    pdx_dataset_free(dataset);
}

static void bad_ratings(const char *row, const char *message) {
    pdx_dataset *dataset;
    char text[2048];
    snprintf(text, sizeof text, "%s%s",
             FACTS("p", "[]") RATINGS("p", "") ERRORS("p", COUNTS) FACTS("q", "[]")
                 ERRORS("q", COUNTS),
             row);
    FAILS(resolve(&dataset, text, 0), PDX_EPARSE, message);
    CHECK(dataset == NULL);
}

static void bad_ratings_are_named(void) {
    bad_ratings("", "annotations.jsonl: pair 'q' lacks property 'calm'");
    bad_ratings(RATINGS("z", ""), "annotations.jsonl:6: field 'id': no pair 'z'");
    bad_ratings(RATINGS("q", ",\"mood\":{}"), "annotations.jsonl:6: field 'mood' is no property");
    bad_ratings("{\"id\":\"q\",\"stage\":\"x\",\"values\":{\"calm\":{\"a\":7,\"b\":1}}}",
                "annotations.jsonl:6: field 'calm', 'a': 7 is outside the scale from 0 to 3");
    bad_ratings("{\"id\":\"q\",\"stage\":\"x\",\"values\":{\"calm\":{\"a\":1}}}",
                "field 'calm', 'b' is missing or empty");
    bad_ratings("{\"id\":\"q\",\"stage\":\"x\",\"values\":{\"calm\":{\"a\":\"2\",\"b\":1}}}",
                "field 'calm', 'a': expected a number or a list of numbers");
    bad_ratings("{\"id\":\"q\",\"stage\":\"x\",\"values\":{\"calm\":2}}",
                "field 'calm': expected an object, found a number");
    bad_ratings("{\"id\":\"q\",\"stage\":\"x\"}", "annotations.jsonl:6: field 'values' is missing");
    bad_ratings("{\"id\":\"q\",\"values\":{}}", "annotations.jsonl:6: field 'stage' is missing");
    bad_ratings(FACTS("q", "\"some\""), "field 'constraints': expected true, false or a list");
    bad_ratings("{\"id\":\"q\",\"stage\":\"x\",\"order\":\"first\",\"values\":{}}",
                "field 'order' is out of its range");
    bad_ratings("{\"id\":\"q\",\"stage\":\"x\",\"response\":\"A\",\"values\":{}}",
                "field 'response' is out of its range");
    bad_ratings("{\"id\":\"q\",\"stage\":\"x\",\"repeat\":-1,\"values\":{}}",
                "field 'repeat' is out of its range");
    bad_ratings(FACTS("q", "true") RATINGS("q", ""), "pair 'q' lacks property 'rules'");
}

int main(void) {
    RUN(records_make_a_dataset);
    RUN(records_meet_their_pairs_by_number);
    RUN(damage_is_named);
    RUN(real_index_groups);
    RUN(ratings_are_resolved_by_rule);
    RUN(unchecked_and_failed_pairs_are_left_out);
    RUN(repeats_are_averaged_and_their_noise_is_kept);
    RUN(bad_ratings_are_named);
    return check_result();
}
