/* Arms from fits, their file; outputs of models as pairs; shifts whose numbers can be counted by
 * hand; exports. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "scratch.h"

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    REQUIRE(file);
    fputs(text, file);
    fclose(file);
}

/* One judge, two groups; three properties that can be asked for, one that cannot. */
static void chosen(void) {
    pdx_arms *arms, *again;
    pdx_study *study;
    pdx_schema *schema;
    pdx_arms_options options;
    write_file(
        "schema.json",
        "{\"format\":\"prefdissect.schema\",\"version\":1,\"name\":\"s\",\"properties\":["
        "{\"id\":\"kind\",\"name\":\"kind\",\"description\":\"Warm.\",\"promptable\":true},"
        "{\"id\":\"hidden\",\"promptable\":false},"
        "{\"id\":\"bold\",\"name\":\"bold\",\"description\":\"Daring.\",\"promptable\":true},"
        "{\"id\":\"dull\",\"name\":\"dull\",\"promptable\":true}]}");
    write_file(
        "fits.json",
        "{\"format\":\"prefdissect.fits\",\"version\":1,\"columns\":[\"kind\",\"hidden\","
        "\"bold\",\"dull\"],\"options\":{},\"data_sha256\":\"\",\"fits\":["
        "{\"judge\":\"j\",\"group\":\"all\",\"n\":9,\"method\":\"ep\",\"mean\":[0.5,0.9,0.1,-0.4]},"
        "{\"judge\":\"j\",\"group\":\"work\",\"n\":9,\"method\":\"ep\",\"mean\":[-0.5,0.9,0.7,0.2]}"
        "]}");
    OK(pdx_schema_load(&schema, "schema.json"));
    OK(pdx_study_load(&study, "fits.json"));
    pdx_arms_options_init(&options);
    options.top = 1;
    OK(pdx_arms_choose(&arms, study, schema, &options));
    CHECK_INT(pdx_arms_count(arms), 4);
    CHECK_TEXT(pdx_arms_name(arms, 0), "align");
    CHECK_TEXT(pdx_arms_name(arms, 2), "diverge");
    CHECK(pdx_arms_name(arms, 4) == NULL);
    CHECK_CONTAINS(pdx_arms_message(arms, 0, "all"), "1. kind: Warm.");
    CHECK_CONTAINS(pdx_arms_message(arms, 0, "work"), "1. bold: Daring.");
    CHECK_CONTAINS(pdx_arms_message(arms, 0, "elsewhere"), "1. kind"); /* the first one */
    CHECK_TEXT(pdx_arms_message(arms, 1, "all"), "");
    CHECK_CONTAINS(pdx_arms_message(arms, 2, NULL), "1. dull\n");
    CHECK_CONTAINS(pdx_arms_message(arms, 2, "work"), "1. kind");
    for (int32_t a = 0; a < 4; ++a) CHECK(!strstr(pdx_arms_message(arms, a, NULL), "hidden"));
    OK(pdx_arms_save(arms, "arms.json"));
    OK(pdx_arms_load(&again, "arms.json"));
    CHECK_TEXT(pdx_arms_message(again, 0, "work"), pdx_arms_message(arms, 0, "work"));
    pdx_arms_free(again);
    pdx_arms_free(arms);
    options.top = 2;
    FAILS(pdx_arms_choose(&arms, study, schema, &options), PDX_EINVAL, "told to show 3");
    FAILS(pdx_arms_choose(&arms, study, NULL, NULL), PDX_EINVAL, "no built-in schema");
    options.judge = "k";
    FAILS(pdx_arms_choose(&arms, study, schema, &options), PDX_ENOTFOUND, "'k'");
    write_file("arms.json", "{\"arms\":[{\"name\":\"../x\",\"messages\":[{\"system\":\"\"}]}]}");
    FAILS(pdx_arms_load(&arms, "arms.json"), PDX_EPARSE, "'../x' is no name");
    write_file("arms.json", "{\"arms\":[{\"name\":\"x\",\"messages\":[]}]}");
    FAILS(pdx_arms_load(&arms, "arms.json"), PDX_EPARSE, "has no messages");
    pdx_study_free(study);
    pdx_schema_free(schema);
}

/* 24 queries; arm "more" wins 18 of them, "plain" wins 12; verdicts in one order. */
static void shifts(void) {
    enum { QUERIES = 24 };
    FILE *file = fopen("pairs.jsonl", "w");
    REQUIRE(file);
    for (int arm = 0; arm < 2; ++arm)
        for (int q = 0; q < QUERIES; ++q)
            fprintf(
                file,
                "{\"id\":\"%d/%d\",\"query\":\"q%d\",\"response_a\":\"four\",\"response_b\":\"%s\","
                "\"model_a\":\"base\",\"model_b\":\"%s\",\"scenario\":\"%s\"}\n",
                arm, q, q, arm ? "four" : "\xc3\xa9leven char", arm ? "plain" : "more",
                q % 2 ? "odd" : "even");
    fclose(file);
    write_file("grades.jsonl", "{\"model\":\"more\",\"query\":\"q0\",\"score\":8}\n"
                               "{\"model\":\"more\",\"query\":\"q1\",\"score\":5}\n"
                               "{\"model\":\"more\",\"query\":\"q2\",\"score\":-1}\n"
                               "{\"model\":\"gone\",\"query\":\"q2\",\"score\":3}\n");
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_shift *shift;
    pdx_shift_row row;
    pdx_dataset_files files = {.pairs = "pairs.jsonl"};
    pdx_dataset_options load;
    pdx_dataset_options_init(&load);
    load.group_by = "scenario";
    OK(pdx_dataset_load(&dataset, &files, &load));
    OK(pdx_judgments_create(&judgments));
    for (int i = 0; i < 2 * QUERIES; ++i) {
        int q = i % QUERIES;
        if (i == QUERIES + 23) continue; /* never judged: "plain", the last one */
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = i;
        j.winner = i < QUERIES ? (q < 18 ? PDX_WINNER_B : PDX_WINNER_A)
                               : (q < 12 ? PDX_WINNER_B : PDX_WINNER_A);
        OK(pdx_judgments_append(judgments, "j", &j));
    }
    pdx_shift_options options;
    pdx_shift_options_init(&options);
    options.grades = "grades.jsonl";
    options.draws = 400;
    OK(pdx_shift_measure(&shift, dataset, judgments, NULL, &options));
    CHECK_INT(pdx_shift_count(shift), 3 * 3);
    CHECK_TEXT(pdx_shift_judge(shift), "j");
    CHECK_TEXT(pdx_shift_baseline(shift), "base");
    OK(pdx_shift_get(shift, 0, &row));
    CHECK_TEXT(row.arm, "more");
    CHECK_INT(row.pairs, QUERIES);
    CHECK_NEAR(row.numbers.wins.value, 0.75, 1e-12);
    CHECK_NEAR(row.numbers.wins.high - row.numbers.wins.low, 2 * 1.96 * sqrt(0.75 * 0.25 / 24),
               0.06);
    CHECK_NEAR(row.length, 7, 0); /* characters, not bytes */
    CHECK_NEAR(row.numbers.grade.value, 6.5, 1e-12);
    CHECK_INT(row.graded, 2);
    CHECK(isnan(row.numbers.predicted.value));
    OK(pdx_shift_get(shift, 1, &row));
    CHECK_NEAR(row.numbers.wins.value, 12. / 23, 1e-12);
    CHECK_INT(row.unjudged, 1);
    OK(pdx_shift_get(shift, 2, &row));
    CHECK_TEXT(row.against, "plain");
    CHECK_NEAR(row.numbers.wins.value, 0.75 - 12. / 23, 1e-12);
    CHECK_INT(row.pairs, 23);
    CHECK_INT(row.unjudged, 1);
    /* paired: narrower than two independent rates */
    CHECK(row.numbers.wins.low > 0.02 && row.numbers.wins.high < 0.45);
    OK(pdx_shift_get(shift, 3, &row));
    CHECK_TEXT(row.group, "even");
    CHECK_INT(row.pairs, 12);
    OK(pdx_shift_save(shift, "shift.json"));
    pdx_shift_free(shift);
    options.plain = "none";
    FAILS(pdx_shift_measure(&shift, dataset, judgments, NULL, &options), PDX_EINVAL, "'none'");
    options.plain = NULL;
    write_file("grades.jsonl", "{\"model\":\"more\",\"query\":\"q0\",\"score\":11}\n");
    FAILS(pdx_shift_measure(&shift, dataset, judgments, NULL, &options), PDX_EPARSE,
          "grades.jsonl:1: field 'score' is 11");
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

static void exports(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_export_counts counts;
    pdx__buf text = PDX__BUF_EMPTY;
    write_file("pairs.jsonl",
               "{\"id\":\"a\",\"query\":\"q \\\"1\\\"\",\"response_a\":\"x\",\"response_b\":\"y\","
               "\"model_a\":\"m\",\"model_b\":\"n\",\"question\":\"81\"}\n"
               "{\"id\":\"b\",\"query\":\"q2\",\"response_a\":\"x\",\"response_b\":\"x\","
               "\"model_a\":\"m\",\"model_b\":\"n\"}\n");
    pdx_dataset_files files = {.pairs = "pairs.jsonl"};
    OK(pdx_dataset_load(&dataset, &files, NULL));
    OK(pdx_judgments_create(&judgments));
    pdx_judgment j;
    pdx_judgment_init(&j);
    j.order = PDX_ORDER_AB;
    j.winner = PDX_WINNER_B;
    OK(pdx_judgments_append(judgments, "j", &j));
    j.order = PDX_ORDER_BA;
    j.winner = PDX_WINNER_TIE;
    OK(pdx_judgments_append(judgments, "j", &j));
    OK(pdx_export_alpacaeval(&counts, dataset, judgments, NULL, "annotations.json"));
    CHECK_INT(counts.rows, 2);
    CHECK_INT(counts.no_verdict, 1);
    OK(pdx__file_read("annotations.json", 0, &text));
    CHECK_CONTAINS(text.data, "\"instruction\":\"q \\\"1\\\"\"");
    CHECK_CONTAINS(text.data, "\"preference\":1.75");
    CHECK_CONTAINS(text.data, "\"preference\":null");
    pdx__buf_free(&text);
    OK(pdx_export_mtbench(&counts, dataset, judgments, "j", "pair.jsonl"));
    OK(pdx__file_read("pair.jsonl", 0, &text));
    CHECK_CONTAINS(text.data,
                   "{\"question_id\":81,\"model_1\":\"m\",\"model_2\":\"n\",\"g1_winner\":"
                   "\"model_2\",\"g2_winner\":\"tie\"");
    CHECK_CONTAINS(text.data, "{\"question_id\":1,");
    CHECK_CONTAINS(text.data, "\"g1_winner\":\"error\"");
    pdx__buf_free(&text);
    FAILS(pdx_export_mtbench(&counts, dataset, judgments, "k", "pair.jsonl"), PDX_ENOTFOUND, "'k'");
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
}

int main(void) {
    scratch_enter();
    RUN(chosen);
    RUN(shifts);
    RUN(exports);
    scratch_leave();
    return check_result();
}
