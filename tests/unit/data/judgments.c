/* Judgments: append and get, raw rates, judgments.jsonl out. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "data/judgments.h"
#include "scratch.h"

static pdx_dataset *four_pairs(void) {
    const char *const names[] = {"warm"}, *const groups[] = {"x", "x", "y", "y"};
    const double values[] = {1, 0, -1, 1};
    pdx_schema *schema = NULL;
    pdx_dataset *dataset = NULL;
    pdx_schema_from_names(&schema, names, 1);
    pdx_dataset_from_arrays(&dataset, schema, 4, values, NULL, groups);
    pdx_schema_free(schema);
    return dataset;
}

static pdx_status add(pdx_judgments *judgments, const char *judge, int64_t pair, int32_t order,
                      int32_t winner) {
    pdx_judgment judgment;
    pdx_judgment_init(&judgment);
    judgment.pair = pair;
    judgment.order = order;
    judgment.winner = winner;
    return pdx_judgments_append(judgments, judge, &judgment);
}

static void rare_columns_are_made_when_used(void) {
    pdx_judgments *judgments;
    pdx_judgment judgment;
    OK(pdx_judgments_create(&judgments));
    for (int i = 0; i < 20; ++i) OK(add(judgments, i % 2 ? "b" : "a", i, 0, PDX_WINNER_A));
    CHECK(judgments->repeat == NULL);
    for (int r = 0; r < PDX__RARE_COUNT; ++r) CHECK(judgments->rare[r] == NULL);
    pdx_judgment_init(&judgment);
    judgment.pair = 20;
    judgment.weight = 2;
    judgment.repeat = 3;
    judgment.logp_first = -0.5;
    OK(pdx_judgments_append(judgments, "c", &judgment));
    CHECK(judgments->rare[PDX__RARE_WEIGHT] != NULL);
    CHECK(judgments->rare[PDX__RARE_MARGIN] == NULL);
    for (int i = 0; i < 30; ++i) OK(add(judgments, "a", i, 0, PDX_WINNER_A));
    CHECK_INT(pdx_judgments_count(judgments), 51);
    CHECK_INT(pdx_judgments_judge_count(judgments), 3);
    CHECK_TEXT(pdx_judgments_judge_name(judgments, 2), "c");
    CHECK_INT(pdx_judgments_find_judge(judgments, "b"), 1);
    CHECK_INT(pdx_judgments_find_judge(judgments, "d"), -1);
    for (int row = 0; row < 51; ++row) {
        OK(pdx_judgments_get(judgments, row, &judgment));
        CHECK_NEAR(judgment.weight, row == 20 ? 2 : 1, 0);
        CHECK_INT(judgment.repeat, row == 20 ? 3 : 0);
        CHECK(row == 20 ? judgment.logp_first == -0.5 : isnan(judgment.logp_first));
        CHECK(isnan(judgment.margin));
        CHECK_NEAR(judgment.offset, 0, 0);
    }
    FAILS(pdx_judgments_get(judgments, 51, &judgment), PDX_EINVAL, "row 51 of 51");
    pdx_judgments_free(judgments);
    pdx_judgments_free(NULL);
}

static void many_come_and_go_at_once(void) {
    pdx_judgments *judgments;
    pdx_judgment rows[3], back[3];
    OK(pdx_judgments_create(&judgments));
    OK(add(judgments, "b", 7, 0, PDX_WINNER_A));
    for (int i = 0; i < 3; ++i) {
        pdx_judgment_init(&rows[i]);
        rows[i].pair = i;
        rows[i].weight = i + 1;
    }
    OK(pdx_judgments_append_all(judgments, "a", rows, 3));
    OK(pdx_judgments_append_all(judgments, "a", NULL, 0));
    OK(pdx_judgments_read(judgments, 1, 3, back));
    for (int i = 0; i < 3; ++i) {
        CHECK_INT(back[i].pair, i);
        CHECK_INT(back[i].judge, 1);
        CHECK_NEAR(back[i].weight, i + 1, 0);
    }
    rows[2].winner = 9; /* the good ones before it are not taken either */
    FAILS(pdx_judgments_append_all(judgments, "c", rows, 3), PDX_EINVAL, "'winner' is 9");
    CHECK_INT(pdx_judgments_count(judgments), 4);
    CHECK_INT(pdx_judgments_find_judge(judgments, "c"), -1);
    FAILS(pdx_judgments_read(judgments, 2, 3, back), PDX_EINVAL, "rows 2 to 5 of 4");
    FAILS(pdx_judgments_read(judgments, -1, 1, back), PDX_EINVAL, "rows -1");
    pdx_judgments_free(judgments);
}

static void refused(pdx_judgment judgment, const char *message) {
    pdx_judgments *judgments;
    OK(pdx_judgments_create(&judgments));
    FAILS(pdx_judgments_append(judgments, "a", &judgment), PDX_EINVAL, message);
    CHECK_INT(pdx_judgments_count(judgments), 0);
    pdx_judgments_free(judgments);
}

static void impossible_judgments_are_refused(void) {
    pdx_judgment fine, j;
    pdx_judgment_init(&fine);
    refused((j = fine, j.pair = -1, j), "'pair' is -1");
    refused((j = fine, j.order = 3, j), "'order' is 3");
    refused((j = fine, j.winner = 4, j), "'winner' is 4");
    refused((j = fine, j.logp_first = 0.1, j), "'logp_first' is 0.1");
    refused((j = fine, j.logp_second = INFINITY, j), "'logp_second'");
    refused((j = fine, j.coverage = 1.1, j), "'coverage' is 1.1");
    refused((j = fine, j.prob_a = -0.1, j), "'prob_a' is -0.1");
    refused((j = fine, j.margin = INFINITY, j), "'margin' is not finite");
    refused((j = fine, j.weight = -1, j), "'weight' is -1");
    refused((j = fine, j.weight = NAN, j), "'weight'");
    refused((j = fine, j.offset = NAN, j), "'offset' is not finite");
}

static void rates_count_orders(void) {
    pdx_dataset *dataset = four_pairs();
    pdx_judgments *judgments;
    pdx_judge_rates rates;
    REQUIRE(dataset);
    OK(pdx_judgments_create(&judgments));
    OK(add(judgments, "other", 0, PDX_ORDER_AB, PDX_WINNER_A));
    OK(add(judgments, "a", 0, PDX_ORDER_AB, PDX_WINNER_A)); /* flips to the first */
    OK(add(judgments, "a", 0, PDX_ORDER_BA, PDX_WINNER_B));
    OK(add(judgments, "a", 1, PDX_ORDER_AB, PDX_WINNER_A)); /* consistent */
    OK(add(judgments, "a", 1, PDX_ORDER_BA, PDX_WINNER_A));
    OK(add(judgments, "a", 2, PDX_ORDER_AB, PDX_WINNER_TIE));
    OK(add(judgments, "a", 2, PDX_ORDER_BA, PDX_WINNER_A));
    OK(add(judgments, "a", 3, PDX_ORDER_AB, PDX_WINNER_NONE));
    OK(add(judgments, "a", 3, PDX_ORDER_UNKNOWN, PDX_WINNER_A));
    OK(pdx_judgments_rates(judgments, dataset, 1, -1, &rates));
    CHECK_INT(rates.judgments, 8);
    CHECK_INT(rates.no_verdict, 1);
    CHECK_INT(rates.ties, 1);
    CHECK_INT(rates.ordered, 5);
    CHECK_NEAR(rates.p_first, 3.0 / 5, 1e-15);
    CHECK_INT(rates.both_orders, 3);
    CHECK_NEAR(rates.consistent, 1.0 / 3, 1e-15);
    CHECK_NEAR(rates.flip_to_first, 1.0 / 3, 1e-15);
    OK(pdx_judgments_rates(judgments, dataset, 1, 1, &rates));
    CHECK_INT(rates.judgments, 4);
    CHECK_INT(rates.both_orders, 1);
    OK(pdx_judgments_rates(judgments, dataset, 0, 1, &rates));
    CHECK_INT(rates.judgments, 0);
    CHECK(isnan(rates.p_first));
    FAILS(pdx_judgments_rates(judgments, dataset, 2, -1, &rates), PDX_EINVAL, "judge 2 of 2");
    FAILS(pdx_judgments_rates(judgments, dataset, 0, 2, &rates), PDX_EINVAL, "group 2 of 2");
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void rows_are_written(void) {
    pdx_dataset *dataset = four_pairs();
    pdx_judgments *judgments;
    pdx_judgment judgment;
    REQUIRE(dataset);
    OK(pdx_judgments_create(&judgments));
    OK(add(judgments, "a\"b", 2, PDX_ORDER_BA, PDX_WINNER_B));
    pdx_judgment_init(&judgment);
    judgment.pair = 1;
    judgment.logp_first = -0.25;
    judgment.prob_a = 0.75;
    OK(pdx_judgments_append(judgments, "c", &judgment));
    const char *path = scratch_path("judgments.jsonl");
    OK(pdx_judgments_save(judgments, dataset, path));
    char text[512] = {0};
    FILE *file = fopen(path, "r");
    CHECK(file && fread(text, 1, sizeof text - 1, file) > 0);
    if (file) fclose(file);
    CHECK_TEXT(text,
               "{\"pair\":\"2\",\"judge\":\"a\\\"b\",\"order\":\"BA\",\"shown\":\"first\","
               "\"winner\":\"B\"}\n"
               "{\"pair\":\"1\",\"judge\":\"c\",\"order\":null,\"shown\":null,\"winner\":null,"
               "\"logp_first\":-0.25,\"prob_a\":0.75}\n");
    OK(add(judgments, "a", 4, 0, 0));
    FAILS(pdx_judgments_save(judgments, dataset, path), PDX_EINVAL, "row 2 is of pair 4");
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

int main(void) {
    RUN(rare_columns_are_made_when_used);
    RUN(many_come_and_go_at_once);
    RUN(impossible_judgments_are_refused);
    RUN(rates_count_orders);
    RUN(rows_are_written);
    return check_result();
}
