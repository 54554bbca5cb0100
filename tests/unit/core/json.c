/* JSON in: what RFC 8259 allows and nothing else; every refusal names file, line, byte or field. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/json.h"

static const pdx__where here = {"file.json", 7};

static pdx_status parse(const char *text, size_t length) {
    char *exact = malloc(length ? length : 1); /* no NUL after it: reading past the end is seen */
    if (!exact) abort();
    memcpy(exact, text, length);
    cJSON *tree;
    pdx_status status = pdx__json_parse(&tree, exact, length, here);
    CHECK((tree != NULL) == (status == PDX_OK));
    cJSON_Delete(tree);
    free(exact);
    return status;
}

static void what_is_json(void) {
    static const char *const good[] = {"null",
                                       " true ",
                                       "[]",
                                       "{}",
                                       "[1, -0.5e+3 ,0]",
                                       "\"\"",
                                       "{\"a\":1}",
                                       "\t\r\n[ ]\n\n",
                                       "1e999",
                                       "\"\\u00e9\"",
                                       "\"\\ud83d\\ude00\"",
                                       "[[],{}]",
                                       "\"\xc3\xa9\"",
                                       "\"\x7f\"",
                                       "-0",
                                       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""};
    for (size_t i = 0; i < sizeof good / sizeof *good; ++i) OK(parse(good[i], strlen(good[i])));
}

#define REFUSES(text, part) FAILS(parse(text, sizeof text - 1), PDX_EPARSE, "file.json:7: " part)

static void what_is_not(void) {
    REFUSES("", "broken JSON at byte 1: the text ends too early");
    REFUSES("  ", "broken JSON at byte 3: the text ends too early");
    REFUSES("[1,2", "broken JSON at byte 5: the text ends too early");
    REFUSES("{\"a\":", "broken JSON at byte 6: the text ends too early");
    REFUSES("\"ab", "broken JSON at byte 4: the text ends too early");
    REFUSES("\"ab\\", "broken JSON at byte 5: the text ends too early");
    REFUSES("nul", "broken JSON at byte 1: expected a value");
    REFUSES("NaN", "broken JSON at byte 1: expected a value");
    REFUSES("[1,]", "broken JSON at byte 4: expected a value");
    REFUSES("[1 2]", "broken JSON at byte 4: expected ',' or ']'");
    REFUSES("{\"a\" 1}", "broken JSON at byte 6: expected ':'");
    REFUSES("{a:1}", "broken JSON at byte 2: expected a string");
    REFUSES("{\"a\":1,}", "broken JSON at byte 8: expected a string");
    REFUSES("{\"a\":1]", "broken JSON at byte 7: expected ',' or '}'");
    REFUSES("01", "broken JSON at byte 2: more text after the JSON value");
    REFUSES("{} {}", "broken JSON at byte 4: more text after the JSON value");
    REFUSES("1.", "broken JSON at byte 3: the text ends too early");
    REFUSES("[1.]", "broken JSON at byte 4: expected a digit");
    REFUSES("[-]", "broken JSON at byte 3: expected a digit");
    REFUSES("[1e+]", "broken JSON at byte 5: expected a digit");
    REFUSES("\"a\nb\"", "broken JSON at byte 3: a control character in a string");
    REFUSES("\"\\x\"", "broken JSON at byte 3: an unknown escape in a string");
    REFUSES("\"\\u12g4\"", "broken JSON at byte 6: expected four hexadecimal digits");
    REFUSES("\"\\u0000\"", "broken JSON at byte 8: a NUL character in a string");
    REFUSES("\"\\ud800\"", "broken JSON at byte 8: half of a surrogate pair in a string");
    REFUSES("\"\\ude00\"", "broken JSON at byte 8: half of a surrogate pair in a string");
    REFUSES("[1,\0]", "broken JSON at byte 4: expected a value");
    REFUSES("\"\xff\"", "not UTF-8 at byte 2");
}

static void depth_has_an_end(void) {
    char text[500];
    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    OK(parse(text, 400));
    memset(text, '[', 201);
    memset(text + 201, ']', 201);
    FAILS(parse(text, 402), PDX_EPARSE, "nested too deep");
    memset(text, '[', sizeof text);
    FAILS(parse(text, sizeof text), PDX_EPARSE, "nested too deep");
}

static void members_are_typed(void) {
    static const char text[] =
        "{\"s\":\"x\",\"n\":2.5,\"i\":-3,\"b\":true,\"l\":[1,2],\"o\":{},\"z\":null,\"big\":1e999,"
        "\"far\":1e17,\"mixed\":[1,\"2\"]}";
    cJSON *tree;
    OK(pdx__json_parse(&tree, text, sizeof text - 1, here));
    const char *s = "kept";
    double n = 1, two[2] = {0, 0};
    int64_t i = 0;
    int32_t b = 0;
    const cJSON *value;
    OK(pdx__json_string(tree, "s", PDX__REQUIRED, &s, here));
    CHECK_TEXT(s, "x");
    OK(pdx__json_double(tree, "n", PDX__REQUIRED, &n, here));
    CHECK(n == 2.5);
    OK(pdx__json_int(tree, "i", PDX__REQUIRED, &i, here));
    CHECK_INT(i, -3);
    OK(pdx__json_bool(tree, "b", PDX__REQUIRED, &b, here));
    CHECK_INT(b, 1);
    OK(pdx__json_array(tree, "l", PDX__REQUIRED, &value, here));
    OK(pdx__json_doubles(value, "l", 2, two, here));
    CHECK(two[0] == 1 && two[1] == 2);
    FAILS(pdx__json_doubles(value, "l", 3, two, here), PDX_EPARSE,
          "file.json:7: field 'l': expected 3 numbers, found 2");
    FAILS(pdx__json_doubles(value, "l", 1, two, here), PDX_EPARSE, "expected 1 numbers, found 2");
    OK(pdx__json_array(tree, "mixed", PDX__REQUIRED, &value, here));
    FAILS(pdx__json_doubles(value, "mixed", 2, two, here), PDX_EPARSE,
          "field 'mixed', entry 2: expected a finite number, found a string");
    OK(pdx__json_object(tree, "o", PDX__REQUIRED, &value, here));

    OK(pdx__json_double(tree, "absent", PDX__OPTIONAL, &n, here));
    OK(pdx__json_double(tree, "z", PDX__OPTIONAL, &n, here));
    CHECK(n == 2.5);
    FAILS(pdx__json_double(tree, "absent", PDX__REQUIRED, &n, here), PDX_EPARSE,
          "file.json:7: field 'absent' is missing");
    FAILS(pdx__json_double(tree, "z", PDX__REQUIRED, &n, here), PDX_EPARSE, "'z' is missing");
    FAILS(pdx__json_double(tree, "s", PDX__OPTIONAL, &n, here), PDX_EPARSE,
          "field 's': expected a number, found a string");
    FAILS(pdx__json_string(tree, "l", PDX__OPTIONAL, &s, here), PDX_EPARSE, "found a list");
    FAILS(pdx__json_bool(tree, "i", PDX__OPTIONAL, &b, here), PDX_EPARSE, "found a number");
    FAILS(pdx__json_array(tree, "o", PDX__OPTIONAL, &value, here), PDX_EPARSE, "found an object");
    FAILS(pdx__json_object(tree, "b", PDX__OPTIONAL, &value, here), PDX_EPARSE, "true or false");
    FAILS(pdx__json_double(tree, "big", PDX__OPTIONAL, &n, here), PDX_EPARSE, "not a finite");
    FAILS(pdx__json_int(tree, "n", PDX__OPTIONAL, &i, here), PDX_EPARSE, "a whole number");
    FAILS(pdx__json_int(tree, "far", PDX__OPTIONAL, &i, here), PDX_EPARSE, "a whole number");
    FAILS(pdx__json_double(cJSON_GetObjectItem(tree, "l"), "n", PDX__REQUIRED, &n, here),
          PDX_EPARSE, "expected an object, found a list");
    cJSON_Delete(tree);
}

int main(void) {
    RUN(what_is_json);
    RUN(what_is_not);
    RUN(depth_has_an_end);
    RUN(members_are_typed);
    return check_result();
}
