/* Surface properties: equal to the published tables of the real sets, and safe on any text. */
#include <prefdissect/prefdissect.h>
#include <time.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "core/pool.h"
#include "core/strmap.h"
#include "core/utf8.h"
#include "data/surface.h"

#define DATA "../shared/data/"

static void measure(const char *response, const char *query, double out[30]) {
    OK(pdx_surface_measure(response, strlen(response), query, query ? strlen(query) : 0, out));
}

/* Expected values from the same definitions in Python's re. */
static void a_text_is_measured(void) {
    double v[30];
    measure("# Plan\n\n1. First, don\xe2\x80\x99t worry.\n2. Then e.g. **run** `make`?\n\n"
            "```c\nint i; // you\n```\nI\xe2\x80\x99m sorry for 3.5 delays! https://a.b",
            "make and runs and make", v);
    static const double expected[30] = {
        [0] = 24, [1] = 4,  [2] = 3,  [3] = 1,  [4] = 2,       [6] = 1,  [7] = 1,
        [8] = 1,  [9] = 1,  [10] = 3, [11] = 1, [12] = 1,      [13] = 1, [15] = 1,
        [21] = 2, [22] = 1, [23] = 2, [25] = 1, [26] = 2.8333, [27] = 5, [28] = 0.5};
    for (int i = 0; i < 30; ++i)
        if (v[i] != expected[i]) CHECK_FAIL("value %d is %g, expected %g", i, v[i], expected[i]);
}

static void an_empty_text_is_all_zero(void) {
    double v[30];
    measure("", NULL, v);
    for (int i = 0; i < 30; ++i) CHECK(v[i] == 0);
    measure(" \n\n ", "", v);
    for (int i = 0; i < 30; ++i) CHECK(v[i] == 0);
}

/* Classes and case folding where PCRE2 and Python differ; values from Python 3.11. */
static void characters_are_pythons(void) {
    double v[30];
    measure("e\xcc\x81t \xc2\xb2 \xe2\x80\xbf", NULL,
            v); /* a combining accent splits; ² is a word */
    CHECK(v[0] == 3);
    measure("\xe2\x84\xaa"
            "\xc5\xbf"
            "ure \xc5\xbfure it\xe2\x80\x99\xc5\xbf okay to, m\xc4\xb1ght",
            NULL, v);
    CHECK(v[17] == 1 && v[18] == 1 && v[19] == 1);
    measure("a.\x1c\x62.\xe1\xa0\x8e", NULL, v); /* U+001C is space, U+180E is not */
    CHECK(v[1] == 1);
    measure("\xce\x9f\xce\x94\xce\x9f\xce\xa3 \xce\xbf\xce\xb4\xce\xbf\xcf\x82", NULL, v);
    CHECK(v[0] == 2 && v[25] == 0.5);
    measure("1.\n2. a\n\n\n-\n* b", NULL, v);
    CHECK(v[4] == 2 && v[5] == 2 && v[2] == 2);
}

static void lower_case_is_unicodes(void) {
    CHECK_INT(pdx__utf8_lower('Z'), 'z');
    CHECK_INT(pdx__utf8_lower(0xc9), 0xe9);
    CHECK_INT(pdx__utf8_lower(0x130), 0x130); /* depends on the language */
    CHECK_INT(pdx__utf8_lower(0x178), 0xff);
    CHECK_INT(pdx__utf8_lower(0x1e9e), 0xdf);
    CHECK_INT(pdx__utf8_lower(0x10400), 0x10428);
    CHECK_INT(pdx__utf8_lower(0x10ffff), 0x10ffff);
    int64_t changed = 0;
    for (uint32_t rune = 0; rune < 0x110000; ++rune) changed += pdx__utf8_lower(rune) != rune;
    CHECK_INT(changed, 1432);
}

static void bad_input_is_refused(void) {
    double v[30];
    FAILS(pdx_surface_measure("ab\xff", 3, NULL, 0, v), PDX_EPARSE,
          "response is not UTF-8 at byte 2");
    FAILS(pdx_surface_measure("ab", 2, "\xc3", 1, v), PDX_EPARSE, "query is not UTF-8 at byte 0");
    FAILS(pdx_surface_measure(NULL, 0, NULL, 0, v), PDX_EINVAL, "response");
    FAILS(pdx_surface_measure("", 0, NULL, 0, NULL), PDX_EINVAL, "out");
}

/* Processor seconds that a text of `unit`s takes. */
static double seconds_of(pdx__surface_scratch *scratch, const char *unit, size_t wanted,
                         char *text) {
    double v[30];
    size_t length = 0;
    struct timespec from, to;
    for (size_t n = strlen(unit); length < wanted; length += n) memcpy(text + length, unit, n);
    text[length++] = 'x';
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    CHECK_INT(pdx__surface_measure(scratch, text, length, NULL, 0, v), PDX_OK);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) + 1e-9 * (double)(to.tv_nsec - from.tv_nsec);
}

/* Texts that take time quadratic in their length with the patterns spelled carelessly: 16 times as
 * long for four times the text. */
static void long_texts_take_linear_time(void) {
    static const char *const units[] = {
        "a",   "\n", ".",   "1",     "*",  "_",  "`",  "a'",     " ",   "#",        "1.", "**a",
        "__a", "n'", "1,1", "\n \n", "- ", "!?", "I ", "sorry ", "```", "\xc3\xa9", "\r", "**`"};
#ifdef __SANITIZE_THREAD__
    return; /* its memmem goes over all that follows at every call */
#endif
    enum { LENGTH = 100000 };
    pdx__surface *surface;
    pdx__surface_scratch *scratch;
    OK(pdx__surface_create(&surface));
    OK(pdx__surface_scratch_create(&scratch, surface));
    char *text = malloc(LENGTH + 16);
    REQUIRE(text);
    for (size_t u = 0; u < sizeof units / sizeof units[0]; ++u) {
        double some = seconds_of(scratch, units[u], LENGTH / 4, text);
        double all = seconds_of(scratch, units[u], LENGTH, text);
        if (!(all < 8 * some + 0.02))
            CHECK_FAIL("\"%s\": %.3f s for %d bytes, %.3f s for a quarter", units[u], all, LENGTH,
                       some);
    }
    free(text);
    pdx__surface_scratch_free(scratch);
    pdx__surface_free(surface);
}

static pdx_status join(pdx__buf *out, const char *first, const char *second) {
    pdx__buf_clear(out);
    pdx__buf_text(out, first);
    pdx__buf_text(out, "\n\n");
    pdx__buf_text(out, second);
    return out->status;
}

/* answers.jsonl of mtbench: "question/model" -> both turns joined by a blank line. */
typedef struct answers {
    pdx__strmap keys;
    char *text[4096];
} answers;

static void load_answers(answers *out, const char *path) {
    pdx__lines lines;
    pdx__buf buf = PDX__BUF_EMPTY;
    int more;
    OK(pdx__lines_open(&lines, path));
    for (;;) {
        OK(pdx__lines_next(&lines, &more));
        if (!more) break;
        cJSON *row;
        OK(pdx__json_parse(&row, lines.line, lines.length, (pdx__where){path, lines.number}));
        cJSON *turns = cJSON_GetObjectItemCaseSensitive(row, "answers");
        OK(join(&buf, cJSON_GetArrayItem(turns, 0)->valuestring,
                cJSON_GetArrayItem(turns, 1)->valuestring));
        char key[200];
        int length = snprintf(key, sizeof key, "%d/%s",
                              cJSON_GetObjectItemCaseSensitive(row, "question")->valueint,
                              cJSON_GetObjectItemCaseSensitive(row, "model")->valuestring);
        int64_t index;
        OK(pdx__strmap_add(&out->keys, key, (size_t)length, &index, NULL));
        out->text[index] = pdx__buf_take(&buf);
        cJSON_Delete(row);
    }
    pdx__lines_close(&lines);
    pdx__buf_free(&buf);
}

static const char *string(const cJSON *row, const char *key) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(row, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static const char *answer(const answers *all, const cJSON *row, const char *model) {
    char key[200];
    int length =
        snprintf(key, sizeof key, "%d/%s",
                 cJSON_GetObjectItemCaseSensitive(row, "question")->valueint, string(row, model));
    int64_t index = pdx__strmap_find(&all->keys, key, (size_t)length);
    return index < 0 ? "" : all->text[index];
}

static int rounds_to(double difference, double published) {
    char text[64];
    snprintf(text, sizeof text, "%.4f", difference);
    return strtod(text, NULL) == published;
}

static void compare_row(const pdx_schema *schema, const cJSON *row, const double a[30],
                        const double b[30]) {
    const cJSON *published[4] = {cJSON_GetObjectItemCaseSensitive(row, "a"),
                                 cJSON_GetObjectItemCaseSensitive(row, "b"),
                                 cJSON_GetObjectItemCaseSensitive(row, "diff"),
                                 cJSON_GetObjectItemCaseSensitive(row, "cmp")};
    for (int i = 0; i < 30; ++i) {
        double value[4];
        for (int k = 0; k < 4; ++k) value[k] = cJSON_GetArrayItem(published[k], i)->valuedouble;
        if (a[i] == value[0] && b[i] == value[1] && rounds_to(a[i] - b[i], value[2]) &&
            pdx_property_compare(pdx_schema_property(schema, i), a[i], b[i]) == value[3])
            continue;
        CHECK_FAIL("%s: property %d: %g and %g, published %g and %g", string(row, "id"), i, a[i],
                   b[i], value[0], value[1]);
    }
}

static void compare_set(const char *set, int64_t pairs_expected) {
    char path[2][200];
    snprintf(path[0], sizeof path[0], DATA "%s/pairs.jsonl", set);
    snprintf(path[1], sizeof path[1], DATA "%s/features.jsonl", set);
    FILE *there = fopen(path[0], "r");
    if (!there) SKIP("%s is absent", path[0]);
    fclose(there);
    static answers all;
    int turns = !strcmp(set, "mtbench");
    if (turns) load_answers(&all, DATA "mtbench/answers.jsonl");
    pdx__surface *surface;
    pdx__surface_scratch *scratch;
    pdx_schema *schema;
    OK(pdx_schema_builtin(&schema, "surface"));
    OK(pdx__surface_create(&surface));
    OK(pdx__surface_scratch_create(&scratch, surface));
    pdx__lines lines[2];
    pdx__buf both = PDX__BUF_EMPTY;
    OK(pdx__lines_open(&lines[0], path[0]));
    OK(pdx__lines_open(&lines[1], path[1]));
    int64_t pairs = 0, bytes = 0;
    double seconds = 0;
    for (;;) {
        int more[2];
        cJSON *row[2];
        for (int k = 0; k < 2; ++k) {
            OK(pdx__lines_next(&lines[k], &more[k]));
            if (more[k])
                OK(pdx__json_parse(&row[k], lines[k].line, lines[k].length,
                                   (pdx__where){path[k], lines[k].number}));
        }
        CHECK_INT(more[0], more[1]);
        if (!more[0] || !more[1]) break;
        CHECK_TEXT(string(row[0], "id"), string(row[1], "id"));
        const char *query = string(row[0], "query");
        if (turns) {
            OK(join(&both, query, string(row[0], "query_2")));
            query = both.data;
        }
        const char *text[2] = {
            turns ? answer(&all, row[0], "model_a") : string(row[0], "response_a"),
            turns ? answer(&all, row[0], "model_b") : string(row[0], "response_b")};
        double value[2][30], start = pdx__seconds();
        for (int k = 0; k < 2; ++k) {
            OK(pdx__surface_measure(scratch, text[k], strlen(text[k]), query, strlen(query),
                                    value[k]));
            bytes += (int64_t)strlen(text[k]);
        }
        seconds += pdx__seconds() - start;
        compare_row(schema, row[1], value[0], value[1]);
        ++pairs;
        cJSON_Delete(row[0]);
        cJSON_Delete(row[1]);
    }
    CHECK_INT(pairs, pairs_expected);
    printf("%s: %lld pairs, %.0f pairs/s, %.1f MB/s\n", set, (long long)pairs,
           (double)pairs / seconds, (double)bytes / seconds / 1e6);
    for (int k = 0; k < 2; ++k) pdx__lines_close(&lines[k]);
    pdx__buf_free(&both);
    pdx_schema_free(schema);
    pdx__surface_scratch_free(scratch);
    pdx__surface_free(surface);
    for (int64_t i = 0; i < all.keys.count; ++i) pdx__free(all.text[i]);
    pdx__strmap_free(&all.keys);
}

static void llmbar_is_equal(void) { compare_set("llmbar", 827); }
static void autoj_is_equal(void) { compare_set("autoj", 971); }
static void pandalm_is_equal(void) { compare_set("pandalm", 640); }
static void judgebench_is_equal(void) { compare_set("judgebench", 435); }
static void mtbench_is_equal(void) { compare_set("mtbench", 1470); }

int main(void) {
    RUN(a_text_is_measured);
    RUN(an_empty_text_is_all_zero);
    RUN(characters_are_pythons);
    RUN(lower_case_is_unicodes);
    RUN(bad_input_is_refused);
    RUN(long_texts_take_linear_time);
    RUN(llmbar_is_equal);
    RUN(autoj_is_equal);
    RUN(pandalm_is_equal);
    RUN(judgebench_is_equal);
    RUN(mtbench_is_equal);
    return check_result();
}
