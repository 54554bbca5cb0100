/* The scanner: what it reads, what it refuses, and that cJSON agrees. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/json.h"
#include "core/number.h"
#include "core/rng.h"
#include "data/scan.h"

static const pdx__where where = {"f.jsonl", 7};

static pdx_status walk(const char *text, size_t length) {
    pdx__scan scan;
    int more = 1;
    pdx_status status = pdx__scan_open(&scan, text, length, where);
    while (status == PDX_OK && more) status = pdx__scan_member(&scan, &more);
    return status;
}

static pdx_status walk_list(const char *text, size_t length) {
    pdx__scan scan;
    int more = 1;
    pdx_status status = pdx__scan_open_list(&scan, text, length, where);
    while (status == PDX_OK && more) status = pdx__scan_item(&scan, &more);
    return status;
}

static void members_come_in_order(void) {
    const char *text = " {\"a\" : \"x\\n\\u00e9\\ud83d\\ude00\" ,\"b\\u0062\":[1,-2.5e1,[]],"
                       "\"c\":{\"d\":null,\"e\":true}} ";
    pdx__scan scan, inside;
    pdx__buf buf = PDX__BUF_EMPTY;
    int more;
    OK(pdx__scan_open(&scan, text, strlen(text), where));
    OK(pdx__scan_member(&scan, &more));
    CHECK(more && pdx__span_is(scan.key, "a"));
    OK(pdx__scan_text(&scan, &buf));
    CHECK_TEXT(buf.data, "x\n\xc3\xa9\xf0\x9f\x98\x80");
    CHECK(pdx__span_is(scan.value, "x\n\xc3\xa9\xf0\x9f\x98\x80"));
    CHECK(!pdx__span_is(scan.value, "x\n\xc3\xa9\xf0\x9f\x98"));
    OK(pdx__scan_member(&scan, &more));
    CHECK(more && pdx__span_is(scan.key, "bb") && !pdx__span_is(scan.key, "b"));
    pdx__scan_inside(&inside, scan.value);
    CHECK(pdx__scan_next(&inside));
    CHECK_NEAR(pdx__span_number(inside.value), 1, 0);
    CHECK(pdx__scan_next(&inside));
    CHECK_NEAR(pdx__span_number(inside.value), -25, 0);
    CHECK(pdx__scan_next(&inside));
    CHECK_INT(inside.value.kind, PDX__KIND_LIST);
    CHECK(!pdx__scan_next(&inside));
    OK(pdx__scan_member(&scan, &more));
    pdx__scan_inside(&inside, scan.value);
    CHECK(pdx__scan_next(&inside) && pdx__span_is(inside.key, "d"));
    CHECK_INT(inside.value.kind, PDX__KIND_NULL);
    CHECK(pdx__scan_next(&inside) && pdx__span_is(inside.key, "e"));
    CHECK(!pdx__scan_next(&inside));
    OK(pdx__scan_member(&scan, &more));
    CHECK(!more);
    OK(walk("{}", 2));
    pdx__buf_free(&buf);
}

static void lone_surrogates_are_replaced(void) {
    const char *text = "{\"a\":\"\\ud800x\\u0000\\udc00\"}";
    pdx__scan scan;
    pdx__buf buf = PDX__BUF_EMPTY;
    int more;
    OK(pdx__scan_open(&scan, text, strlen(text), where));
    OK(pdx__scan_member(&scan, &more));
    OK(pdx__scan_text(&scan, &buf));
    CHECK_TEXT(buf.data, "\xEF\xBF\xBDx\xEF\xBF\xBD\xEF\xBF\xBD");
    pdx__buf_free(&buf);
}

static void numbers_are_exact(void) {
    pdx__rng rng;
    pdx__rng_init(&rng, 3, 1);
    for (int i = 0; i < 20000; ++i) {
        char text[40];
        int64_t digits = (int64_t)(pdx__rng_next(&rng) % 100000000000000u) - 50000000000000;
        if (i % 3 == 0) snprintf(text, sizeof text, "%lld", (long long)digits);
        else if (i % 3 == 1) snprintf(text, sizeof text, "%.*f", i % 7 + 1, (double)digits / 1e9);
        else snprintf(text, sizeof text, "%.17g", (double)digits * 1.7e-3);
        CHECK_NEAR(pdx__span_number((pdx__span){text, strlen(text), PDX__KIND_NUMBER}),
                   strtod(text, NULL), 0);
    }
    CHECK(isinf(pdx__span_number((pdx__span){"1e999", 5, PDX__KIND_NUMBER})));
}

static void refused(const char *text, const char *message) {
    FAILS(walk(text, strlen(text)), PDX_EPARSE, message);
    CHECK_CONTAINS(pdx_error_message(), "f.jsonl:7: ");
}

static void broken_json_is_refused_by_name(void) {
    refused("", "the text ends too early");
    refused("[1]", "expected an object, found a list");
    refused("{\"a\":1", "the text ends too early");
    refused("{\"a\":\"x", "field 'a': broken JSON: the text ends too early");
    refused("{\"a\":1}x", "more text after the JSON value, at byte 8");
    refused("{\"a\":1,}", "broken JSON at byte 8");
    refused("{\"a\":[1 2]}", "field 'a': broken JSON at byte 9");
    refused("{\"a\":01}", "broken JSON at byte 7");
    refused("{\"a\":1.}", "field 'a': broken JSON at byte 8");
    refused("{\"a\":NaN}", "field 'a': NaN and Infinity are no JSON numbers (byte 6)");
    refused("{\"a\":-Infinity}", "field 'a': NaN and Infinity are no JSON numbers");
    refused("{\"a\":None}", "broken JSON at byte 6");
    refused("{\"a\":\"\\x\"}", "broken JSON at byte 7");
    refused("{\"a\":\"\\u12g4\"}", "broken JSON at byte 7");
    refused("{\"a\":\"\t\"}", "broken JSON at byte 7");
    refused("{\"a\":\"longer text \xff\"}", "field 'a': not UTF-8 at byte 19");
    refused("{a:1}", "broken JSON at byte 2");
    char deep[600] = "{\"a\":";
    memset(deep + 5, '[', 300);
    refused(deep, "nested deeper than 200");
}

static void lists_are_read_item_by_item(void) {
    const char *text = " [\"A\", 2,{\"a\":[]} ] ";
    pdx__scan scan;
    int more;
    OK(pdx__scan_open_list(&scan, text, strlen(text), where));
    OK(pdx__scan_item(&scan, &more));
    CHECK(more && pdx__span_is(scan.value, "A"));
    OK(pdx__scan_item(&scan, &more));
    CHECK(more && pdx__span_number(scan.value) == 2);
    OK(pdx__scan_item(&scan, &more));
    CHECK(more && scan.value.kind == PDX__KIND_OBJECT);
    OK(pdx__scan_item(&scan, &more));
    CHECK(!more);
    OK(walk_list("[]", 2));
    FAILS(walk_list("{}", 2), PDX_EPARSE, "f.jsonl:7: expected a list, found an object");
    FAILS(walk_list("[1,]", 4), PDX_EPARSE, "broken JSON at byte 4");
    FAILS(walk_list("[1 2]", 5), PDX_EPARSE, "broken JSON at byte 4");
    FAILS(walk_list("[1}", 3), PDX_EPARSE, "broken JSON at byte 3");
    FAILS(walk_list("[1", 2), PDX_EPARSE, "the text ends too early");
    FAILS(walk_list("[1]]", 4), PDX_EPARSE, "more text after the JSON value, at byte 4");
}

static void typed_values_are_checked(void) {
    const char *text = "{\"a\":[1,\"x\",3]}";
    pdx__scan scan;
    int more;
    double out[3];
    pdx__buf buf = PDX__BUF_EMPTY;
    OK(pdx__scan_open(&scan, text, strlen(text), where));
    OK(pdx__scan_member(&scan, &more));
    FAILS(pdx__scan_doubles(&scan, 3, out), PDX_EPARSE,
          "f.jsonl:7: field 'a': entry 2: expected a number, found a string");
    FAILS(pdx__scan_double(&scan, out), PDX_EPARSE, "expected a number, found a list");
    FAILS(pdx__scan_text(&scan, &buf), PDX_EPARSE, "expected a string, found a list");
    text = "{\"a\":[1,2,1e999]}";
    OK(pdx__scan_open(&scan, text, strlen(text), where));
    OK(pdx__scan_member(&scan, &more));
    FAILS(pdx__scan_doubles(&scan, 3, out), PDX_EPARSE, "entry 3 is not a finite number");
    FAILS(pdx__scan_doubles(&scan, 2, out), PDX_EPARSE, "expected 2 numbers, found 3");
    FAILS(pdx__scan_doubles(&scan, 4, out), PDX_EPARSE, "entry 3 is not");
    pdx__buf_free(&buf);
}

/* Random damage to a good text: whatever the scanner accepts, cJSON accepts too. */
static void damage(const char *good, pdx_status (*scan)(const char *, size_t)) {
    const char alphabet[] = "{}[]\",:\\ 0123e.-+tfnu\xc3\x01x";
    pdx__rng rng;
    pdx__rng_init(&rng, 5, 1);
    size_t length = strlen(good);
    int accepted = 0;
    for (int i = 0; i < 20000; ++i) {
        char text[256];
        memcpy(text, good, length + 1);
        int edits = 1 + i % 3;
        for (int e = 0; e < edits; ++e)
            text[pdx__rng_below(&rng, length)] =
                alphabet[pdx__rng_below(&rng, sizeof alphabet - 1)];
        if (scan(text, length) != PDX_OK) continue;
        ++accepted;
        cJSON *tree;
        OK(pdx__json_parse(&tree, text, length, where));
        cJSON_Delete(tree);
    }
    CHECK(accepted > 1000);
}

static void accepts_no_more_than_the_oracle(void) {
    damage("{\"id\":\"p/1\",\"q\":\"a \\\"b\\\" \\u00e9 \xc3\xa9 long enough text\","
           "\"cmp\":[1,-1,0,2.5e-3,0.1],\"o\":{\"x\":[true,false,null]}}",
           walk);
    damage("[\"A\",\"B\", \"A\" ,\"long enough\",0.25,{\"x\":[true,false,null]},\"B\"]", walk_list);
}

int main(void) {
    RUN(members_come_in_order);
    RUN(lone_surrogates_are_replaced);
    RUN(numbers_are_exact);
    RUN(broken_json_is_refused_by_name);
    RUN(lists_are_read_item_by_item);
    RUN(typed_values_are_checked);
    RUN(accepts_no_more_than_the_oracle);
    return check_result();
}
