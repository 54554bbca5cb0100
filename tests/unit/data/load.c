/* Loading datasets: pairs, features, groups, filters, texts; the real sets; every kind of bad
 * input. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "data/dataset.h"
#include "scratch.h"

static const char *pairs_file(void) {
    return scratch_file(
        "pairs.jsonl",
        "{\"id\":\"p\",\"query\":\"Say \\\"hi\\\".\",\"response_a\":\"Hi!\","
        "\"response_b\":\"Hello there.\",\"scenario\":\"chat\",\"cases\":[\"x\","
        "\"y\"],\"app\":1}\n"
        "\n"
        "{\"id\":\"q\",\"query\":[{\"role\":\"user\",\"content\":\"One?\"},{\"role\":"
        "\"user\",\"content\":\"Two?\"}],\"response_a\":\"\",\"response_b\":\"2\","
        "\"scenario\":\"sums\",\"cases\":[\"y\"],\"app\":2}\r\n"
        "{\"id\":\"r\",\"response_a\":\"A\",\"response_b\":\"B\",\"scenario\":"
        "\"chat\",\"app\":null}");
}

static const char *features_file(void) {
    return scratch_file(
        "features.jsonl",
        "{\"format\":\"prefdissect.features\",\"version\":1,\"properties\":[\"warm\","
        "{\"id\":\"brief\"}]}\n"
        "{\"id\":\"r\",\"diff\":[-3,0.5],\"cmp\":[-1,1]}\n"
        "{\"id\":\"p\",\"diff\":[1,0],\"cmp\":[1,0]}\n"
        "{\"id\":\"q\",\"diff\":[2,0],\"cmp\":[1,0]}\n");
}

static pdx_dataset *load(const char *group_by, const char *where, int32_t values) {
    pdx_dataset_files files = {.pairs = pairs_file(), .features = features_file()};
    pdx_dataset_options options;
    pdx_dataset *dataset = NULL;
    pdx_dataset_options_init(&options);
    options.group_by = group_by;
    options.where = where;
    options.values = values;
    if (pdx_dataset_load(&dataset, &files, &options) != PDX_OK)
        CHECK_FAIL("%s", pdx_error_message());
    return dataset;
}

static void pairs_and_features_meet_by_id(void) {
    pdx_dataset *dataset = load("scenario", NULL, PDX_VALUES_COMPARISON);
    REQUIRE(dataset);
    CHECK_INT(pdx_dataset_count(dataset), 3);
    CHECK_INT(pdx_schema_count(pdx_dataset_schema(dataset)), 2);
    CHECK_INT(pdx_dataset_find(dataset, "r"), 2);
    double row[2];
    OK(pdx_dataset_row(dataset, 2, row));
    CHECK_NEAR(row[0], -1, 0);
    CHECK_NEAR(row[1], 1, 0);
    CHECK_INT(pdx_dataset_group_count(dataset), 2);
    CHECK_TEXT(pdx_dataset_group_name(dataset, 0), "chat");
    CHECK_INT(pdx_dataset_group_size(dataset, 0), 2);
    const char *text;
    OK(pdx_dataset_text(dataset, 0, "query", &text));
    CHECK_TEXT(text, "Say \"hi\".");
    OK(pdx_dataset_text(dataset, 1, "query", &text));
    CHECK_TEXT(text, "One?\n\nTwo?");
    OK(pdx_dataset_text(dataset, 1, "response_a", &text));
    CHECK_TEXT(text, "");
    OK(pdx_dataset_text(dataset, 1, "app", &text));
    CHECK_TEXT(text, "2");
    OK(pdx_dataset_text(dataset, 2, "app", &text));
    CHECK(text == NULL);
    OK(pdx_dataset_text(dataset, 2, "query", &text));
    CHECK(text == NULL);
    FAILS(pdx_dataset_text(dataset, 3, "query", &text), PDX_EINVAL, "pair 3 of 3");
    scratch_file("pairs.jsonl", "{\"id\":\"z\"}\n");
    FAILS(pdx_dataset_text(dataset, 0, "query", &text), PDX_EIO, "has changed");
    pdx_dataset_free(dataset);
}

static void differences_are_divided_by_their_sd(void) {
    pdx_dataset *dataset = load(NULL, NULL, PDX_VALUES_DIFFERENCE);
    REQUIRE(dataset);
    double column[3];
    OK(pdx_dataset_column(dataset, 0, column)); /* 1, 2, -3: mean 0, sd sqrt(14/3) */
    CHECK_NEAR(column[2], -3 / sqrt(14.0 / 3), 1e-15);
    pdx_dataset_free(dataset);
}

static void any_field_groups(void) {
    pdx_dataset *dataset = load("cases", NULL, 0);
    REQUIRE(dataset);
    CHECK_INT(pdx_dataset_group_count(dataset), 2);
    CHECK_INT(pdx_dataset_group_size(dataset, 0), 1);
    CHECK_INT(pdx_dataset_group_size(dataset, 1), 2);
    pdx_dataset_free(dataset);
    dataset = load("scenario,app", NULL, 0);
    REQUIRE(dataset);
    CHECK_INT(pdx_dataset_group_count(dataset), 4);
    CHECK_TEXT(pdx_dataset_group_name(dataset, 0), "scenario=chat");
    CHECK_TEXT(pdx_dataset_group_name(dataset, 1), "app=1");
    pdx_dataset_free(dataset);
}

static void filters_leave_pairs_out(void) {
    int64_t number;
    pdx_dataset *dataset = load(NULL, "scenario=chat", 0);
    REQUIRE(dataset);
    CHECK_INT(pdx_dataset_count(dataset), 2);
    CHECK_INT(pdx_dataset_find(dataset, "q"), -1);
    CHECK_INT(pdx_dataset_left_out(dataset), 1);
    CHECK_TEXT(pdx_dataset_left_out_reason(dataset, 0, &number), "where");
    CHECK_INT(number, 1);
    const char *text;
    OK(pdx_dataset_text(dataset, 1, "response_b", &text));
    CHECK_TEXT(text, "B");
    pdx_dataset_free(dataset);
    dataset = load(NULL, "cases=y,app=1", 0);
    REQUIRE(dataset);
    CHECK_INT(pdx_dataset_count(dataset), 1);
    pdx_dataset_free(dataset);
}

static void surface_is_measured_from_texts(void) {
    pdx_dataset_files files = {.pairs = pairs_file()};
    pdx_dataset_options options;
    pdx_dataset *dataset;
    double row[32];
    OK(pdx_dataset_load(&dataset, &files, NULL));
    CHECK_INT(pdx_schema_count(pdx_dataset_schema(dataset)), 30);
    OK(pdx_dataset_row(dataset, 0, row));
    CHECK_NEAR(row[0], -1, 0); /* fewer words */
    CHECK_NEAR(row[12], 1, 0); /* an exclamation mark */
    pdx_dataset_free(dataset);
    files.features = features_file();
    pdx_dataset_options_init(&options);
    options.surface = 1;
    OK(pdx_dataset_load(&dataset, &files, &options));
    CHECK_INT(pdx_schema_count(pdx_dataset_schema(dataset)), 32);
    OK(pdx_dataset_row(dataset, 0, row));
    CHECK_NEAR(row[0], 1, 0);
    CHECK_NEAR(row[2 + 12], 1, 0);
    pdx_dataset_free(dataset);
    files.pairs = scratch_file("other.jsonl", "{\"id\":\"p\",\"response_a\":\"x\"}");
    files.features = NULL;
    FAILS(pdx_dataset_load(&dataset, &files, NULL), PDX_EPARSE,
          "other.jsonl:1: field 'response_b' is missing");
}

static void saved_features_load_again(void) {
    pdx_dataset *dataset = load(NULL, NULL, 0), *back;
    REQUIRE(dataset);
    const char *path = scratch_path("saved.jsonl");
    OK(pdx_dataset_save_features(dataset, path));
    pdx_dataset_files files = {.features = path};
    OK(pdx_dataset_load(&back, &files, NULL));
    CHECK_TEXT(pdx_dataset_sha256(back), pdx_dataset_sha256(dataset));
    pdx_dataset_free(dataset);
    pdx_dataset_free(back);
}

/* Bad input ------------------------------------------------------------------------------------ */

static void refused(const char *pairs, const char *features, int status, const char *message) {
    pdx_dataset_files files = {0};
    pdx_dataset *dataset;
    if (pairs) files.pairs = scratch_file("bad-pairs.jsonl", pairs);
    if (features) files.features = scratch_file("bad-features.jsonl", features);
    FAILS(pdx_dataset_load(&dataset, &files, NULL), status, message);
    CHECK(dataset == NULL);
}

#define HEAD    "{\"properties\":[\"warm\",\"brief\"]}\n"
#define ROW(id) "{\"id\":\"" id "\",\"cmp\":[1,0]}\n"

static void bad_rows_are_named(void) {
    const char *two = "{\"id\":\"p\"}\n{\"id\":\"q\"}\n";
    refused("", NULL, PDX_EPARSE, "bad-pairs.jsonl: no rows");
    refused("{\"id\":\"p\"}\n{\"id\":", NULL, PDX_EPARSE,
            "bad-pairs.jsonl:2: field 'id': broken JSON");
    refused("{\"query\":\"x\"}\n", NULL, PDX_EPARSE, "bad-pairs.jsonl:1: field 'id' is missing");
    refused("{\"id\":[1]}\n", NULL, PDX_EPARSE, "field 'id': expected a string, found a list");
    refused("{\"id\":\"\"}\n", NULL, PDX_EPARSE, "bad-pairs.jsonl:1: field 'id' is empty");
    refused("{\"id\":\"p\"}\n{\"id\":\"p\"}\n", NULL, PDX_EPARSE,
            "bad-pairs.jsonl:2: field 'id': 'p' occurs twice");
    refused("{\"id\":\"p\xff\"}\n", NULL, PDX_EPARSE,
            "bad-pairs.jsonl:1: field 'id': not UTF-8 at");
    refused(two, "", PDX_EPARSE, "bad-features.jsonl: no rows");
    refused(two, ROW("p"), PDX_EPARSE, "bad-features.jsonl:1: no header row names");
    refused(two, HEAD ROW("p"), PDX_EPARSE, "bad-features.jsonl: no row for pair 'q' of");
    refused(two, HEAD ROW("p") ROW("p"), PDX_EPARSE,
            "bad-features.jsonl:3: field 'id': 'p' occurs");
    refused(two, HEAD ROW("p") ROW("z"), PDX_EPARSE,
            "bad-features.jsonl:3: field 'id': no pair 'z'");
    refused(two, HEAD "{\"cmp\":[1,0]}", PDX_EPARSE, "bad-features.jsonl:2: field 'id' is missing");
    refused(two, HEAD "{\"id\":\"p\"}", PDX_EPARSE, "bad-features.jsonl:2: field 'cmp' is missing");
    refused(two, HEAD "{\"id\":\"p\",\"diff\":[1,2]}", PDX_EPARSE, "ask for differences");
    refused(two, HEAD "{\"id\":\"p\",\"cmp\":[1]}", PDX_EPARSE,
            "bad-features.jsonl:2: field 'cmp': expected 2 numbers, found 1");
    refused(two, HEAD "{\"id\":\"p\",\"cmp\":[1,NaN]}", PDX_EPARSE,
            "field 'cmp': NaN and Infinity");
    refused(two, HEAD "{\"id\":\"p\",\"cmp\":[1,1e999]}", PDX_EPARSE, "entry 2 is not a finite");
    refused(two, HEAD "{\"id\":\"p\",\"cmp\":[1,7]}", PDX_EPARSE,
            "bad-features.jsonl:2: field 'cmp': entry 2 (brief) is 7, must be -1, 0 or 1");
    refused(two, HEAD "{\"id\":\"p\",\"cmp\":\"1,0\"}", PDX_EPARSE,
            "expected a list, found a string");
    refused(NULL, NULL, PDX_EINVAL, "no pairs, features or resolved records");
}

static void bad_options_are_named(void) {
    pdx_dataset_files files = {.pairs = pairs_file(), .features = features_file()};
    pdx_dataset_options options;
    pdx_dataset *dataset;
    pdx_dataset_options_init(&options);
    options.where = "scenario";
    FAILS(pdx_dataset_load(&dataset, &files, &options), PDX_EINVAL, "expected field=value");
    options.where = "mood=good";
    FAILS(pdx_dataset_load(&dataset, &files, &options), PDX_ENOTFOUND,
          "'where': no pair has a field 'mood'");
    options.where = "scenario=sea";
    FAILS(pdx_dataset_load(&dataset, &files, &options), PDX_ENOTFOUND,
          "no pair matches 'scenario=sea'");
    options.where = NULL;
    options.group_by = "mood";
    FAILS(pdx_dataset_load(&dataset, &files, &options), PDX_ENOTFOUND,
          "'group_by': no pair has a field 'mood'");
    options.group_by = "scenario,mood";
    FAILS(pdx_dataset_load(&dataset, &files, &options), PDX_ENOTFOUND,
          "'group_by': no pair has a field 'mood'");
    options.group_by = "scenario,,app";
    FAILS(pdx_dataset_load(&dataset, &files, &options), PDX_EINVAL, "an empty field name");
    options.group_by = NULL;
    options.values = 2;
    FAILS(pdx_dataset_load(&dataset, &files, &options), PDX_EINVAL, "'values' is 2");
    FAILS(pdx_dataset_load(&dataset, NULL, NULL), PDX_EINVAL, "'files' is NULL");
    FAILS(pdx_dataset_load(NULL, &files, NULL), PDX_EINVAL, "'out' is NULL");
    files.pairs = "/tmp";
    FAILS(pdx_dataset_load(&dataset, &files, NULL), PDX_EIO, "/tmp: is a folder");
    files.pairs = "/no/such/file";
    FAILS(pdx_dataset_load(&dataset, &files, NULL), PDX_EIO, "/no/such/file: ");
}

static void long_lines_load(void) {
    size_t length = 20 << 20;
    char *text = malloc(length + 64);
    REQUIRE(text);
    memset(text, 'x', length);
    memcpy(text, "{\"id\":\"p\",\"query\":\"", 19);
    strcpy(text + length, "\"}\n");
    pdx_dataset_files files = {.pairs = scratch_file("long.jsonl", text),
                               .features = scratch_file("long-features.jsonl", HEAD ROW("p"))};
    free(text);
    pdx_dataset *dataset;
    const char *query;
    OK(pdx_dataset_load(&dataset, &files, NULL));
    OK(pdx_dataset_text(dataset, 0, "query", &query));
    CHECK_INT(strlen(query), length - 19);
    pdx_dataset_free(dataset);
}

static int32_t stop(void *user, const pdx_progress *progress) {
    (void)user;
    return progress->done > 0;
}

static void progress_can_cancel(void) {
    pdx_dataset_files files = {.pairs = pairs_file(), .features = features_file()};
    pdx_dataset_options options;
    pdx_dataset *dataset;
    pdx_dataset_options_init(&options);
    options.hooks.progress = stop;
    FAILS(pdx_dataset_load(&dataset, &files, &options), PDX_ECANCELED, "stopped");
    CHECK(dataset == NULL);
}

/* Real data ------------------------------------------------------------------------------------ */

static void real_sets_load(void) {
    static const struct {
        const char *name, *group_by;
        int64_t pairs;
        int32_t groups, texts;
    } sets[] = {{"llmbar", "subset", 827, 0, 1},     {"autoj", "group", 971, 8, 1},
                {"pandalm", "app", 640, 0, 1},       {"judgebench", "source", 435, 0, 1},
                {"mtbench", "scenario", 1470, 8, 0}, {"alpacaeval", "scenario", 2164, 5, 0}};
    if (access("../shared/data/PAIRS.md", R_OK)) SKIP("../shared/data is not there");
    for (int i = 0; i < 6; ++i) {
        char pairs[96], features[96];
        snprintf(pairs, sizeof pairs, "../shared/data/%s/pairs.jsonl", sets[i].name);
        snprintf(features, sizeof features, "../shared/data/%s/features.jsonl", sets[i].name);
        pdx_dataset_files files = {
            .pairs = pairs, .features = features, .names = "../shared/data/feature_names.json"};
        pdx_dataset_options options;
        pdx_dataset_options_init(&options);
        options.group_by = sets[i].group_by;
        for (int values = 0; values < 2; ++values) {
            pdx_dataset *dataset, *measured;
            options.values = values;
            files.features = features;
            OK(pdx_dataset_load(&dataset, &files, &options));
            CHECK_INT(pdx_dataset_count(dataset), sets[i].pairs);
            if (sets[i].groups) CHECK_INT(pdx_dataset_group_count(dataset), sets[i].groups);
            if (sets[i].texts && !values) { /* measuring gives the same dataset */
                files.features = NULL;
                OK(pdx_dataset_load(&measured, &files, &options));
                CHECK_TEXT(pdx_dataset_sha256(measured), pdx_dataset_sha256(dataset));
                pdx_dataset_free(measured);
            }
            pdx_dataset_free(dataset);
        }
    }
}

int main(void) {
    RUN(pairs_and_features_meet_by_id);
    RUN(differences_are_divided_by_their_sd);
    RUN(any_field_groups);
    RUN(filters_leave_pairs_out);
    RUN(surface_is_measured_from_texts);
    RUN(saved_features_load_again);
    RUN(bad_rows_are_named);
    RUN(bad_options_are_named);
    RUN(long_lines_load);
    RUN(progress_can_cancel);
    RUN(real_sets_load);
    return check_result();
}
