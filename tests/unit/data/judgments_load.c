/* Reading judgments: rows, filters, judges by several fields, label lists; the real sets; bad rows.
 */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "data/judgments.h"
#include "scratch.h"

static pdx_dataset *three_pairs(const char *where) {
    pdx_dataset_files files = {
        .pairs =
            scratch_file("pairs.jsonl", "{\"id\":\"p\",\"mood\":\"good\"}\n{\"id\":\"q\",\"mood\":"
                                        "\"bad\"}\n{\"id\":\"r\",\"mood\":\"good\"}\n"),
        .features =
            scratch_file("features.jsonl", "{\"properties\":[\"warm\"]}\n{\"id\":\"p\",\"cmp\":"
                                           "[1]}\n{\"id\":\"q\",\"cmp\":[0]}\n{\"id\":\"r\","
                                           "\"cmp\":[-1]}\n")};
    pdx_dataset_options options;
    pdx_dataset *dataset = NULL;
    pdx_dataset_options_init(&options);
    options.where = where;
    if (pdx_dataset_load(&dataset, &files, &options) != PDX_OK)
        CHECK_FAIL("%s", pdx_error_message());
    return dataset;
}

static pdx_status load_text(pdx_judgments **out, const pdx_dataset *dataset, const char *text,
                            const pdx_judgments_options *options) {
    const char *path = scratch_file("judgments.jsonl", text);
    return pdx_judgments_load(out, dataset, &path, 1, options);
}

static void rows_say_what_they_say(void) {
    pdx_dataset *dataset = three_pairs(NULL);
    pdx_judgments *judgments;
    pdx_judgment j;
    REQUIRE(dataset);
    OK(load_text(
        &judgments, dataset,
        "{\"pair\":\"q\",\"judge\":\"a\",\"order\":\"BA\",\"shown\":\"first\",\"winner\":\"B\","
        "\"repeat\":2,\"raw\":\"[[A]]\"}\n"
        "{\"pair\":\"p\",\"judge\":\"b\",\"order\":\"AB\",\"lp_first\":-2,\"lp_second\":-0.5,"
        "\"coverage\":0.75}\n"
        "{\"pair\":\"p\",\"judge\":\"b\",\"order\":null,\"winner\":null,\"prob_a\":0.75}\n"
        "{\"pair\":\"r\",\"judge\":\"b\",\"order\":\"BA\",\"shown\":\"second\",\"weight\":2}\n"
        "{\"pair\":\"r\",\"judge\":\"b\",\"shown\":\"tie\",\"margin\":-3,\"offset\":1}\n",
        NULL));
    CHECK_INT(pdx_judgments_count(judgments), 5);
    OK(pdx_judgments_get(judgments, 0, &j));
    CHECK_INT(j.pair, 1);
    CHECK_INT(j.order, PDX_ORDER_BA);
    CHECK_INT(j.winner, PDX_WINNER_B);
    CHECK_INT(j.repeat, 2);
    CHECK(isnan(j.logp_first));
    OK(pdx_judgments_get(judgments, 1, &j));
    CHECK_INT(j.winner, PDX_WINNER_B); /* from the log-probabilities */
    CHECK_NEAR(j.logp_second, -0.5, 0);
    CHECK_NEAR(j.coverage, 0.75, 0);
    OK(pdx_judgments_get(judgments, 2, &j));
    CHECK_INT(j.winner, PDX_WINNER_NONE);
    CHECK_NEAR(j.prob_a, 0.75, 0);
    OK(pdx_judgments_get(judgments, 3, &j));
    CHECK_INT(j.winner, PDX_WINNER_A); /* the second in BA */
    CHECK_NEAR(j.weight, 2, 0);
    OK(pdx_judgments_get(judgments, 4, &j));
    CHECK_INT(j.winner, PDX_WINNER_TIE);
    CHECK_NEAR(j.margin, -3, 0);
    CHECK_NEAR(j.offset, 1, 0);
    const char *path = scratch_path("saved.jsonl");
    pdx_judgments *back;
    OK(pdx_judgments_save(judgments, dataset, path));
    OK(pdx_judgments_load(&back, dataset, &path, 1, NULL));
    for (int row = 0; row < 5; ++row) {
        pdx_judgment k;
        OK(pdx_judgments_get(judgments, row, &j));
        OK(pdx_judgments_get(back, row, &k));
        CHECK(j.pair == k.pair && j.judge == k.judge && j.order == k.order &&
              j.winner == k.winner && j.repeat == k.repeat && j.weight == k.weight);
    }
    pdx_judgments_free(back);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static const char *const mixed =
    "{\"pair\":\"p\",\"judge\":\"a\",\"strategy\":\"cot\",\"winner\":\"A\"}\n"
    "{\"pair\":\"q\",\"judge\":\"a\",\"strategy\":\"plain\",\"winner\":\"A\"}\n"
    "{\"pair\":\"r\",\"judge\":\"b\",\"strategy\":\"cot\",\"winner\":\"B\"}\n";

static void filters_and_names_use_any_field(void) {
    pdx_dataset *dataset = three_pairs(NULL);
    pdx_judgments *judgments;
    pdx_judgments_options options;
    REQUIRE(dataset);
    pdx_judgments_options_init(&options);
    options.judge_by = "judge,strategy";
    OK(load_text(&judgments, dataset, mixed, &options));
    CHECK_INT(pdx_judgments_judge_count(judgments), 3);
    CHECK_TEXT(pdx_judgments_judge_name(judgments, 0), "a/cot");
    pdx_judgments_free(judgments);
    options.where = "strategy=cot";
    OK(load_text(&judgments, dataset, mixed, &options));
    CHECK_INT(pdx_judgments_count(judgments), 2);
    pdx_judgments_free(judgments);
    options.where = "mood=good,judge=b"; /* a field of the pair, one of the judgment */
    OK(load_text(&judgments, dataset, mixed, &options));
    CHECK_INT(pdx_judgments_count(judgments), 1);
    CHECK_INT(pdx_judgments_judge_count(judgments), 1);
    CHECK_TEXT(pdx_judgments_judge_name(judgments, 0), "b/cot");
    pdx_judgments_free(judgments);
    options.where = "mood=bad";
    OK(load_text(&judgments, dataset, mixed, &options));
    CHECK_INT(pdx_judgments_count(judgments), 1);
    pdx_judgments_free(judgments);
    options.where = "colour=red";
    FAILS(load_text(&judgments, dataset, mixed, &options), PDX_ENOTFOUND,
          "no judgment and no pair has a field 'colour'");
    CHECK(judgments == NULL);
    options.where = NULL;
    options.judge_by = "judge,colour";
    FAILS(load_text(&judgments, dataset, mixed, &options), PDX_EPARSE,
          "judgments.jsonl:1: field 'colour' is missing");
    pdx_dataset_free(dataset);
}

static int logged;
static void count_log(void *user, int32_t level, const char *text) {
    (void)user;
    CHECK_INT(level, PDX_LOG_WARNING);
    CHECK_CONTAINS(text, "1 judgments of unknown pairs");
    ++logged;
}

static void pairs_that_were_left_out_are_passed_over(void) {
    pdx_dataset *dataset = three_pairs("mood=good");
    pdx_judgments *judgments;
    pdx_judgments_options options;
    REQUIRE(dataset);
    OK(load_text(&judgments, dataset, mixed, NULL));
    CHECK_INT(pdx_judgments_count(judgments), 2);
    pdx_judgments_free(judgments);
    const char *unknown = "{\"pair\":\"z\",\"judge\":\"a\",\"winner\":\"A\"}\n"
                          "{\"pair\":\"p\",\"judge\":\"a\",\"winner\":\"A\"}\n";
    FAILS(load_text(&judgments, dataset, unknown, NULL), PDX_EPARSE,
          "judgments.jsonl:1: field 'pair': no pair 'z' in the dataset");
    pdx_judgments_options_init(&options);
    options.skip_unknown = 1;
    options.hooks.log = count_log;
    OK(load_text(&judgments, dataset, unknown, &options));
    CHECK_INT(pdx_judgments_count(judgments), 1);
    CHECK_INT(logged, 1);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void refused(const char *row, const char *message) {
    pdx_dataset *dataset = three_pairs(NULL);
    pdx_judgments *judgments;
    REQUIRE(dataset);
    FAILS(load_text(&judgments, dataset, row, NULL), PDX_EPARSE, message);
    CHECK_CONTAINS(pdx_error_message(), "judgments.jsonl:");
    CHECK(judgments == NULL);
    pdx_dataset_free(dataset);
}

#define P "{\"pair\":\"p\",\"judge\":\"a\","

static void bad_rows_are_named(void) {
    refused("", "no rows");
    refused(P "\"winner\":\"A\"}\n" P "\"winner\":",
            "judgments.jsonl:2: field 'winner': broken JSON");
    refused("[]", "expected an object, found a list");
    refused("{\"judge\":\"a\",\"winner\":\"A\"}", "field 'pair' is missing");
    refused("{\"pair\":\"p\",\"winner\":\"A\"}", "field 'judge' is missing");
    refused("{\"pair\":[],\"judge\":\"a\"}", "field 'pair': expected a string, found a list");
    refused(P "\"winner\":\"C\"}", "field 'winner': C is none of \"A\", \"B\", \"tie\", null");
    refused(P "\"order\":\"ab\"}", "field 'order': ab is none of \"AB\", \"BA\", null");
    refused(P "\"shown\":1}", "field 'shown': 1 is none of \"first\"");
    refused(P "\"order\":\"AB\",\"shown\":\"first\",\"winner\":\"B\"}", "contradict each other");
    refused(P "\"shown\":\"tie\",\"winner\":\"B\"}", "contradict each other");
    refused(P "\"shown\":\"first\"}", "field 'shown' says nothing");
    refused(P "\"lp_first\":0.5}", "field 'lp_first': 0.5 is no log-probability");
    refused(P "\"logp_second\":\"x\"}", "field 'logp_second': expected a number, found a string");
    refused(P "\"logp_second\":-1e999}", "field 'logp_second': not a finite number");
    refused(P "\"coverage\":1.5}", "field 'coverage': 1.5 is not from 0 to 1");
    refused(P "\"prob_a\":NaN}", "field 'prob_a': NaN and Infinity");
    refused(P "\"weight\":-1}", "field 'weight': -1 is below 0");
    refused(P "\"repeat\":1.5}", "field 'repeat': 1.5 is no whole number");
    refused(P "\"winner\":\"A\",\"raw\":\"\xff\"}", "field 'raw': not UTF-8");
    pdx_dataset *dataset = three_pairs(NULL);
    pdx_judgments *judgments;
    const char *folder = "/tmp", *none = NULL;
    REQUIRE(dataset);
    FAILS(pdx_judgments_load(&judgments, dataset, &folder, 1, NULL), PDX_EIO, "is a folder");
    FAILS(pdx_judgments_load(&judgments, dataset, &none, 1, NULL), PDX_EINVAL, "path 1 is NULL");
    FAILS(pdx_judgments_load(&judgments, dataset, &folder, 0, NULL), PDX_EINVAL, "empty");
    FAILS(pdx_judgments_load(&judgments, NULL, &folder, 1, NULL), PDX_EINVAL, "NULL");
    pdx_dataset_free(dataset);
}

static void label_lists_go_by_record(void) {
    pdx_dataset *dataset = three_pairs("mood=good"); /* records 0 and 2 of 3 */
    pdx_judgments *judgments;
    pdx_judgment j;
    REQUIRE(dataset);
    OK(pdx_judgments_load_labels(&judgments, dataset,
                                 scratch_file("labels.json", "[\"A\",\"A\",\"B\"]"), "human"));
    CHECK_INT(pdx_judgments_count(judgments), 2);
    OK(pdx_judgments_get(judgments, 1, &j));
    CHECK_INT(j.pair, 1);
    CHECK_INT(j.winner, PDX_WINNER_B);
    CHECK_TEXT(pdx_judgments_judge_name(judgments, 0), "human");
    pdx_judgments_free(judgments);
    FAILS(pdx_judgments_load_labels(&judgments, dataset,
                                    scratch_file("labels.json", "[\"A\",\"B\"]"), "human"),
          PDX_EPARSE, "labels.json: 2 labels, but the dataset has 3 records");
    FAILS(pdx_judgments_load_labels(&judgments, dataset,
                                    scratch_file("labels.json", "[\"A\",\"tie\",\"B\"]"), "human"),
          PDX_EPARSE, "labels.json: entry 2: expected \"A\" or \"B\", found tie");
    FAILS(pdx_judgments_load_labels(&judgments, dataset, scratch_file("labels.json", "{}"), "h"),
          PDX_EPARSE, "labels.json: expected a list, found an object");
    FAILS(pdx_judgments_load_labels(&judgments, dataset, scratch_file("labels.json", ""), "h"),
          PDX_EPARSE, "labels.json: the file is empty");
    pdx_dataset_free(dataset);
}

static void real_sets_load(void) {
    static const struct {
        const char *set, *file, *where;
        int64_t rows;
        int32_t judges;
    } files[] = {{"llmbar", "judgments", NULL, 53520, 58},
                 {"llmbar", "judgments", "strategy=Vanilla", 0, 6},
                 {"llmbar", "judgments", "subset=natural", 0, 58},
                 {"autoj", "judgments", NULL, 1942, 1},
                 {"pandalm", "judgments", NULL, 1280, 2},
                 {"judgebench", "judgments", NULL, 3350, 7},
                 {"mtbench", "judgments", NULL, 8820, 3},
                 {"mtbench", "repeats", NULL, 3240, 9},
                 {"alpacaeval", "judgments", NULL, 3246, 3}};
    if (access("../shared/data/PAIRS.md", R_OK)) SKIP("../shared/data is not there");
    for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
        char pairs[96], features[96], path[96];
        const char *paths[] = {path};
        snprintf(pairs, sizeof pairs, "../shared/data/%s/pairs.jsonl", files[i].set);
        snprintf(features, sizeof features, "../shared/data/%s/features.jsonl", files[i].set);
        snprintf(path, sizeof path, "../shared/data/%s/%s.jsonl", files[i].set, files[i].file);
        pdx_dataset_files data = {
            .pairs = pairs, .features = features, .names = "../shared/data/feature_names.json"};
        pdx_judgments_options options;
        pdx_dataset *dataset;
        pdx_judgments *judgments;
        pdx_judgments_options_init(&options);
        if (!strcmp(files[i].set, "llmbar")) options.judge_by = "judge,strategy";
        options.where = files[i].where;
        OK(pdx_dataset_load(&dataset, &data, NULL));
        OK(pdx_judgments_load(&judgments, dataset, paths, 1, &options));
        if (files[i].rows) CHECK_INT(pdx_judgments_count(judgments), files[i].rows);
        CHECK_INT(pdx_judgments_judge_count(judgments), files[i].judges);
        pdx_judge_rates rates;
        OK(pdx_judgments_rates(judgments, dataset, 0, -1, &rates));
        CHECK(rates.judgments > 0 && rates.judgments >= rates.ordered + rates.ties);
        pdx_judgments_free(judgments);
        pdx_dataset_free(dataset);
    }
}

int main(void) {
    RUN(rows_say_what_they_say);
    RUN(filters_and_names_use_any_field);
    RUN(pairs_that_were_left_out_are_passed_over);
    RUN(bad_rows_are_named);
    RUN(label_lists_go_by_record);
    RUN(real_sets_load);
    return check_result();
}
