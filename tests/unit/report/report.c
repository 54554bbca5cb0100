/* The report's page: whole, the same bytes each time, its document true JSON, and nothing in it
 * that a hostile text could run or end. How it looks and works is for tests/programs/report.py. */
#include <prefdissect/prefdissect.h>

#include <math.h>
#include <stdio.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "report/encode.h"

#define PAGE  "build-test-report.html"
#define PAIRS "build-test-report-pairs.jsonl"

#define HOSTILE "</script><script>alert(1)</script>\xe2\x80\xae\xe2\x80\xa8&lt;<!--"

static const char *const columns[] = {"alpha", "be</script>ta"};

/* 40 pairs in two groups, with texts that attack; judge "first-lover" is moved by the order. */
static void make(pdx_dataset **dataset, pdx_judgments **judgments, pdx_study **study) {
    FILE *file = fopen(PAIRS, "w");
    REQUIRE(file);
    for (int i = 0; i < 40; ++i)
        fprintf(file,
                "{\"id\":\"p<%d>\",\"scenario\":\"%s\",\"query\":\"</script>%d\",\"response_a\":"
                "\"%.*s\",\"response_b\":\"\\u202e<img src=x onerror=alert(1)>&quot;\"}\n",
                i, i % 2 ? "odd" : "</title>", i, 1 + i,
                "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd");
    fclose(file);
    pdx_dataset_files files = {.pairs = PAIRS};
    pdx_dataset_options options;
    pdx_dataset_options_init(&options);
    options.group_by = "scenario";
    OK(pdx_dataset_load(dataset, &files, &options));
    OK(pdx_judgments_create(judgments));
    for (int i = 0; i < 80; ++i) {
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = i / 2;
        j.order = i % 2 ? PDX_ORDER_BA : PDX_ORDER_AB;
        j.winner = i / 2 % 3 ? PDX_WINNER_B : PDX_WINNER_A;
        OK(pdx_judgments_append(*judgments, HOSTILE, &j));
        j.winner = (i % 2) == (i % 7 == 0) ? PDX_WINNER_A : PDX_WINNER_B;
        OK(pdx_judgments_append(*judgments, "first-lover", &j));
    }
    pdx_fit_options fit;
    pdx_fit_options_init(&fit);
    fit.predict = 0;
    OK(pdx_study_fit(study, *dataset, *judgments, &fit));
}

static char *saved(const pdx_report *report) {
    pdx__buf text = PDX__BUF_EMPTY;
    CHECK_INT(pdx_report_save(report, PAGE), PDX_OK);
    CHECK_INT(pdx__file_read(PAGE, 0, &text), PDX_OK);
    remove(PAGE);
    return pdx__buf_take(&text);
}

static int count(const char *text, const char *part) {
    int number = 0;
    for (const char *at = text; (at = strstr(at, part)); at += strlen(part)) ++number;
    return number;
}

static cJSON *document_of(const char *page) {
    const char *from = strstr(page, "id=\"document\">");
    CHECK(from);
    from += from ? strlen("id=\"document\">") : 0;
    const char *to = from ? strstr(from, "</script>") : NULL;
    CHECK(to);
    cJSON *document = NULL;
    size_t length = to ? (size_t)(to - from) : 0;
    CHECK_INT(pdx__json_parse(&document, from, length, (pdx__where){PAGE, 0}), PDX_OK);
    return document;
}

static void a_hostile_study_is_held(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *study;
    pdx_report *report, *again;
    make(&dataset, &judgments, &study);
    pdx_report_options options;
    pdx_report_options_init(&options);
    options.title = HOSTILE;
    options.draws = 20;
    options.text_chars = 20;
    OK(pdx_report_create(&report, study, dataset, judgments, &options));
    CHECK(pdx_report_finding_count(report) >= 3);
    for (int i = 0; i < pdx_report_finding_count(report); ++i) {
        CHECK(strlen(pdx_report_finding(report, i)) > 10);
        CHECK(!strstr(pdx_report_finding(report, i), "nan"));
    }
    CHECK(!pdx_report_finding(report, pdx_report_finding_count(report)));
    char *plain = saved(report);
    OK(pdx_report_add_finding(report, HOSTILE));
    OK(pdx_report_add_text(report, HOSTILE, "one " HOSTILE "\n\ntwo"));
    OK(pdx_report_add_picture(report, HOSTILE, HOSTILE, HOSTILE,
                              "<svg><script>alert(1)</script></svg>", "a,b\n1," HOSTILE "\n"));
    char *page = saved(report);
    /* the hostile pieces add one inert element, of the CSV, and no other tag that they hold */
    CHECK_INT(count(page, "<script"), count(plain, "<script") + 1);
    CHECK_INT(count(page, "</script"), count(plain, "</script") + 1);
    CHECK_INT(count(plain, "<script"), 3); /* document, fitter, script */
    CHECK_INT(count(page, "<img src=x"), 0);
    CHECK_INT(count(page, "<!--"), 0);
    CHECK_INT(count(page, "\xe2\x80\xae"
                          "\xe2\x80\xa8"),
              0);
    CHECK_CONTAINS(page, "[U+202E]");
    CHECK_CONTAINS(page, "default-src 'none'; script-src 'sha256-");
    CHECK_CONTAINS(page, "data:image/svg+xml;base64,PHN2Zz4");
    CHECK_INT(count(page, "://"), count(page, "http://www.w3.org/2000/svg"));
    cJSON *document = document_of(page);
    cJSON *judges = cJSON_GetObjectItem(document, "judges");
    CHECK_INT(cJSON_GetArraySize(judges), 2);
    CHECK_TEXT(cJSON_GetArrayItem(judges, 0)->valuestring, HOSTILE);
    cJSON *texts = cJSON_GetObjectItem(document, "texts");
    CHECK_INT(cJSON_GetArraySize(texts), 40);
    for (cJSON *one = texts->child; one; one = one->next) {
        cJSON *of = cJSON_GetArrayItem(one, 1), *cut = cJSON_GetArrayItem(one, 2);
        int pair = cJSON_GetArrayItem(one, 0)->valueint;
        int length = (int)strlen(cJSON_GetArrayItem(of, 1)->valuestring);
        CHECK_INT(length, pair + 1 < 20 ? pair + 1 : 20);
        CHECK_INT(cJSON_GetArrayItem(cut, 1)->valueint, pair + 1 - length);
    }
    cJSON_Delete(document);
    OK(pdx_report_create(&again, study, dataset, judgments, &options));
    char *twice = saved(again);
    CHECK(!strcmp(plain, twice));
    pdx__free(plain);
    pdx__free(page);
    pdx__free(twice);
    pdx_report_free(report);
    pdx_report_free(again);
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    remove(PAIRS);
}

static void texts_give_way(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *study;
    pdx_report *report;
    make(&dataset, &judgments, &study);
    pdx_report_options options;
    pdx_report_options_init(&options);
    options.draws = 0;
    options.pairs_shown = 7;
    OK(pdx_report_create(&report, study, dataset, judgments, &options));
    char *page = saved(report);
    size_t all = strlen(page);
    cJSON *document = document_of(page);
    CHECK_INT(cJSON_GetArraySize(cJSON_GetObjectItem(document, "texts")), 7);
    CHECK_INT(cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(document, "pairs"), "id")),
              40);
    cJSON_Delete(document);
    pdx__free(page);
    pdx_report_free(report);
    options.max_bytes = (int64_t)all - 200;
    OK(pdx_report_create(&report, study, dataset, judgments, &options));
    page = saved(report);
    CHECK((int64_t)strlen(page) <= options.max_bytes);
    document = document_of(page);
    int kept = cJSON_GetArraySize(cJSON_GetObjectItem(document, "texts"));
    if (kept < 1 || kept > 6) CHECK_FAIL("%d texts", kept);
    cJSON_Delete(document);
    pdx__free(page);
    pdx_report_free(report);
    pdx_study_free(study);
    pdx_judgments_free(judgments);
    pdx_dataset_free(dataset);
    remove(PAIRS);
}

static void misuse_is_told(void) {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *study, *other;
    pdx_report *report;
    make(&dataset, &judgments, &study);
    CHECK_INT(pdx_report_create(&report, NULL, NULL, NULL, NULL), PDX_EINVAL);
    CHECK_INT(pdx_report_create(&report, study, NULL, judgments, NULL), PDX_EINVAL);
    double x[4] = {1, 0, -1, 1}, y[2] = {1, 0};
    pdx_posterior *fit;
    pdx_rows rows = {.size = sizeof rows, .d = 2, .n = 2, .x = x, .y = y, .names = columns};
    OK(pdx_fit_rows(&fit, &rows, NULL));
    pdx_posterior_free(fit);
    pdx_schema *schema;
    pdx_dataset *small;
    pdx_judgments *few;
    OK(pdx_schema_from_names(&schema, columns, 2));
    OK(pdx_dataset_from_arrays(&small, schema, 2, x, NULL, NULL));
    OK(pdx_judgments_create(&few));
    pdx_judgment j;
    pdx_judgment_init(&j);
    j.winner = PDX_WINNER_A;
    OK(pdx_judgments_append(few, "solo", &j));
    OK(pdx_study_fit(&other, small, few, NULL));
    CHECK_INT(pdx_report_create(&report, other, dataset, judgments, NULL), PDX_EINVAL);
    CHECK_CONTAINS(pdx_error_message(), "2 columns");
    CHECK(!report);
    /* one judge, one pair judged, no groups, no texts: a page all the same */
    OK(pdx_report_create(&report, other, small, few, NULL));
    CHECK(pdx_report_finding_count(report) >= 1);
    CHECK_INT(pdx_report_add_text(report, "", "x"), PDX_EINVAL);
    CHECK_INT(pdx_report_add_picture(report, "h", "t", NULL, "no picture", NULL), PDX_EINVAL);
    CHECK_INT(pdx_report_add_finding(report, NULL), PDX_EINVAL);
    CHECK_INT(pdx_report_save(report, "/nonexistent/x.html"), PDX_EIO);
    pdx_report_free(report);
    OK(pdx_study_append(study, other)); /* of other columns */
    CHECK_INT(pdx_report_create(&report, study, NULL, NULL, NULL), PDX_EINVAL);
    CHECK_CONTAINS(pdx_error_message(), "solo");
    pdx_report_free(NULL);
    pdx_study_free(other);
    pdx_study_free(study);
    pdx_schema_free(schema);
    pdx_judgments_free(few);
    pdx_judgments_free(judgments);
    pdx_dataset_free(small);
    pdx_dataset_free(dataset);
    remove(PAIRS);
}

static void numbers_are_packed(void) {
    pdx__buf out = PDX__BUF_EMPTY;
    pdx__json_rounded(&out, (double[]){1, -0.5, NAN, 0}, 4);
    /* 32767, -16384 (rounded away from zero), -32768, 0, little-endian */
    CHECK_TEXT(out.data, "{\"scale\":1,\"i16\":\"/38AwACAAAA=\"}");
    pdx__buf_clear(&out);
    pdx__json_exact(&out, (double[]){1}, 1);
    CHECK_TEXT(out.data, "{\"f64\":\"AAAAAAAA8D8=\"}");
    pdx__buf_clear(&out);
    pdx__json_indices(&out, (int64_t[]){1, 258}, 2);
    CHECK_TEXT(out.data, "{\"u32\":\"AQAAAAIBAAA=\"}");
    pdx__buf_clear(&out);
    pdx__base64(&out, "fooba", 5);
    CHECK_TEXT(out.data, "Zm9vYmE=");
    pdx__buf_clear(&out);
    pdx__html_text(&out, "a\xff<b>\x01");
    CHECK_TEXT(out.data, "a\xef\xbf\xbd&lt;b&gt;[U+0001]");
    pdx__buf_free(&out);
}

int main(void) {
    RUN(numbers_are_packed);
    RUN(a_hostile_study_is_held);
    RUN(texts_give_way);
    RUN(misuse_is_told);
    return check_result();
}
