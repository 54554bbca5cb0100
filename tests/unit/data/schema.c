/* Schemas: the built-in ones, the comparison rules, JSON in and out, and its errors. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "scratch.h"

static void builtin_properties_stand_in_order(void) {
    pdx_schema *schema;
    OK(pdx_schema_builtin(&schema, "li2024"));
    CHECK_INT(pdx_schema_count(schema), 29);
    CHECK_TEXT(pdx_schema_property(schema, 0)->id, "harmlessness");
    CHECK_INT(pdx_schema_find(schema, "non_repetitive"), 15);
    CHECK_INT(pdx_schema_find(schema, "non-repetitive"), 15);
    CHECK_INT(pdx_schema_property(schema, 15)->polarity, -1);
    CHECK_INT(pdx_schema_find(schema, "no_minor_errors"), 20);
    CHECK_INT(pdx_schema_find(schema, "lengthy"), 28);
    CHECK_INT(pdx_schema_find(schema, "taste"), -1);
    CHECK(pdx_schema_property(schema, 29) == NULL);
    CHECK(pdx_schema_property(schema, -1) == NULL);
    pdx_schema_free(schema);
    OK(pdx_schema_builtin(&schema, "surface"));
    CHECK_INT(pdx_schema_count(schema), 30);
    CHECK_INT(pdx_schema_property(schema, 27)->rule, PDX_RULE_ABS);
    pdx_schema_free(schema);
    FAILS(pdx_schema_builtin(&schema, "other"), PDX_ENOTFOUND, "no built-in schema 'other'");
    CHECK(schema == NULL);
    FAILS(pdx_schema_builtin(NULL, "li2024"), PDX_EINVAL, "out");
    FAILS(pdx_schema_builtin(&schema, NULL), PDX_EINVAL, "name");
}

static void li2024_matches_the_shared_weights(void) {
    FILE *file = fopen("../shared/data/posterior/dev1_n120.csv", "r");
    if (!file) SKIP("../shared/data is not there");
    char line[2048], *rest = line;
    CHECK(fgets(line, sizeof line, file) != NULL);
    fclose(file);
    pdx_schema *schema;
    OK(pdx_schema_builtin(&schema, "li2024"));
    for (int32_t i = 0; i < 29; ++i)
        CHECK_TEXT(pdx_schema_property(schema, i)->id, strsep(&rest, ","));
    pdx_schema_free(schema);
}

static void surface_matches_the_shared_names(void) {
    if (access("../shared/data/feature_names.json", R_OK)) SKIP("../shared/data is not there");
    pdx_schema *schema, *named;
    OK(pdx_schema_builtin(&schema, "surface"));
    OK(pdx_schema_load(&named, "../shared/data/feature_names.json"));
    CHECK_INT(pdx_schema_count(named), 30);
    for (int32_t i = 0; i < 30; ++i) {
        const pdx_property *a = pdx_schema_property(schema, i), *b = pdx_schema_property(named, i);
        CHECK_TEXT(a->id, b->id);
        CHECK_INT(a->rule, b->rule);
        CHECK_NEAR(a->tolerance, b->tolerance, 0);
    }
    pdx_schema_free(schema);
    pdx_schema_free(named);
}

static int32_t compare(int32_t rule, double tolerance, double a, double b) {
    pdx_property property = {.rule = rule, .tolerance = tolerance, .polarity = 1};
    int32_t result = pdx_property_compare(&property, a, b);
    CHECK_INT(pdx_property_compare(&property, b, a), -result);
    property.polarity = -1;
    CHECK_INT(pdx_property_compare(&property, a, b), -result);
    return result;
}

static void rules_compare(void) {
    CHECK_INT(compare(PDX_RULE_SIGN, 0, 2, 1), 1);
    CHECK_INT(compare(PDX_RULE_SIGN, 0, 1, 1), 0);
    CHECK_INT(compare(PDX_RULE_REL, 0.05, 20, 19), 0);
    CHECK_INT(compare(PDX_RULE_REL, 0.05, 19, 18), 1);
    CHECK_INT(compare(PDX_RULE_ABS, 0.1, 4.4, 4.3), 0);
    CHECK_INT(compare(PDX_RULE_ABS, 0.1, 4.4, 4.2999), 1);
    CHECK_INT(compare(PDX_RULE_NONZERO, 0, 3, 1), 0);
    CHECK_INT(compare(PDX_RULE_NONZERO, 0, 3, 0), 1);
    CHECK_INT(compare(PDX_RULE_COUNT, 0, 3, 1), -1);
    CHECK_INT(pdx_property_compare(NULL, 1, 2), 0);
    pdx_property sign = {.polarity = 1};
    CHECK_INT(pdx_property_compare(&sign, NAN, 2), 0);
}

static void length_rule_has_the_original_thresholds(void) {
    const int longer_from[] = {1, 3, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19};
    for (int shorter = 0; shorter < 12; ++shorter) {
        CHECK_INT(compare(PDX_RULE_LENGTH, 0, longer_from[shorter], shorter), 1);
        CHECK_INT(compare(PDX_RULE_LENGTH, 0, longer_from[shorter] - 1, shorter), 0);
    }
    CHECK_INT(compare(PDX_RULE_LENGTH, 0, 22, 12), 1); /* gap 10, ratio 0.55 */
    CHECK_INT(compare(PDX_RULE_LENGTH, 0, 21, 12), 0);
    CHECK_INT(compare(PDX_RULE_LENGTH, 0, 100, 80), 1); /* ratio 0.8, gap 20 */
    CHECK_INT(compare(PDX_RULE_LENGTH, 0, 100, 81), 0);
    CHECK_INT(compare(PDX_RULE_LENGTH, 0, 400, 360), 1); /* ratio 0.9, gap 40 */
    CHECK_INT(compare(PDX_RULE_LENGTH, 0, 400, 361), 0);
    CHECK_INT(compare(PDX_RULE_LENGTH, 0, 5000, 4600), 0);
}

static void json_round_trips(void) {
    pdx_schema *schema, *back;
    OK(pdx_schema_builtin(&schema, "li2024"));
    const char *path = scratch_path("schema.json");
    OK(pdx_schema_save(schema, path));
    OK(pdx_schema_load(&back, path));
    CHECK_INT(pdx_schema_count(back), 29);
    CHECK_TEXT(pdx_schema_name(back), "li2024");
    for (int32_t i = 0; i < 29; ++i) {
        const pdx_property *a = pdx_schema_property(schema, i), *b = pdx_schema_property(back, i);
        CHECK_TEXT(a->id, b->id);
        CHECK_TEXT(a->name, b->name);
        CHECK_TEXT(a->description, b->description);
        CHECK_INT(a->stage, b->stage);
        CHECK_INT(a->rule, b->rule);
        CHECK_INT(a->polarity, b->polarity);
        CHECK_INT(a->promptable, b->promptable);
        CHECK_NEAR(a->scale_least, b->scale_least, 0);
        CHECK_NEAR(a->scale_most, b->scale_most, 0);
        CHECK(!a->depends_on == !b->depends_on);
        if (a->depends_on) CHECK_TEXT(a->depends_on, b->depends_on);
    }
    pdx_schema_free(schema);
    pdx_schema_free(back);
}

static void names_make_a_schema(void) {
    pdx_schema *schema;
    const char *const names[] = {"warm", "brief"}, *const twice[] = {"warm", "warm"};
    OK(pdx_schema_from_names(&schema, names, 2));
    CHECK_INT(pdx_schema_find(schema, "brief"), 1);
    pdx_schema_free(schema);
    FAILS(pdx_schema_from_names(&schema, twice, 2), PDX_EINVAL, "property 2: the id 'warm'");
    FAILS(pdx_schema_from_names(&schema, names, 0), PDX_EINVAL, "no names");
}

static void refused(const char *text, const char *message) {
    pdx_schema *schema;
    FAILS(pdx_schema_load(&schema, scratch_file("bad.json", text)), PDX_EPARSE, message);
    CHECK_CONTAINS(pdx_error_message(), "bad.json:");
    CHECK(schema == NULL);
}

static void damaged_json_is_refused(void) {
    pdx_schema *schema;
    refused("", "the file is empty");
    refused("{\"properties\":[{\"id\":\"a\"}", "broken JSON");
    refused("[]", "expected an object, found a list");
    refused("{}", "field 'properties' is missing");
    refused("{\"properties\":[]}", "no properties");
    refused("{\"properties\":[{\"id\":\"a\"},{\"name\":\"b\"}]}",
            "property 2: field 'id' is missing");
    refused("{\"properties\":[\"a\",{\"id\":\"b\",\"rule\":\"best\"}]}",
            "property 2 ('b'): field 'rule': 'best' is none of sign, rel, abs");
    refused("{\"properties\":[{\"id\":\"b\",\"stage\":3}]}",
            "property 1 ('b'): field 'stage': expected a string, found a number");
    refused("{\"properties\":[{\"id\":\"b\",\"polarity\":0}]}", "field 'polarity' is 0");
    refused("{\"properties\":[{\"id\":\"b\",\"scale\":[3,0]}]}", "field 'scale': expected");
    refused("{\"properties\":[{\"id\":\"b\",\"scale\":[1]}]}", "field 'scale': expected");
    refused("{\"properties\":[{\"id\":\"b\",\"tolerance\":-1}]}", "field 'tolerance' is below 0");
    refused("{\"properties\":[\"a\",\"a\"]}", "property 2: the id 'a' occurs twice");
    refused("{\"features\":[{\"name\":\"a\",\"kind\":\"big\"}]}",
            "'big' is none of int, rel, real");
    refused("{\"properties\":[\"\xff\"]}", "not UTF-8 at byte");
    FAILS(
        pdx_schema_load(&schema, scratch_file("v.json", "{\"version\":2,\"properties\":[\"a\"]}")),
        PDX_EUNSUPPORTED, "v.json: version 2 is not known");
    FAILS(pdx_schema_load(&schema,
                          scratch_file("lines.json", "{\"name\":\"a [{\",\n\"properties\":[\n"
                                                     "\"a\",{\"id\":\"b\",\"scale\":[0,1]},\n"
                                                     "{\"id\":\"c\",\n\"rule\":\"zz\"}]}")),
          PDX_EPARSE, "lines.json:4: property 3 ('c'): field 'rule': 'zz'");
    FAILS(pdx_schema_load(&schema, scratch_file("cut.json", "{\"properties\":[\n{\"id\":\n")),
          PDX_EPARSE, "cut.json:3: broken JSON");
    FAILS(pdx_schema_load(&schema, "/tmp"), PDX_EIO, "/tmp: is a folder");
    FAILS(pdx_schema_load(&schema, "/no/such.json"), PDX_EIO, "/no/such.json: ");
    OK(pdx_schema_load(
        &schema,
        scratch_file("open.json", "{\"properties\":[{\"id\":\"b\",\"scale\":[1,null]}]}")));
    CHECK(pdx_schema_property(schema, 0)->scale_most == INFINITY);
    FAILS(pdx_schema_save(schema, "/no/such/folder/s.json"), PDX_EIO, "/no/such/folder/s.json");
    pdx_schema_free(schema);
}

int main(void) {
    RUN(builtin_properties_stand_in_order);
    RUN(li2024_matches_the_shared_weights);
    RUN(surface_matches_the_shared_names);
    RUN(rules_compare);
    RUN(length_rule_has_the_original_thresholds);
    RUN(json_round_trips);
    RUN(names_make_a_schema);
    RUN(damaged_json_is_refused);
    return check_result();
}
