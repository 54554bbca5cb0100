/* A dataset from arrays: getters, groups, hash, features.jsonl out. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "data/dataset.h"
#include "scratch.h"

static const char *const names[] = {"warm", "brief"}, *const ids[] = {"p", "q", "r"};
static const char *const groups[] = {"x", "y", "x"};

static pdx_dataset *make(const double *values) {
    pdx_schema *schema = NULL;
    pdx_dataset *dataset = NULL;
    pdx_schema_from_names(&schema, names, 2);
    pdx_dataset_from_arrays(&dataset, schema, 3, values, ids, groups);
    pdx_schema_free(schema);
    return dataset;
}

static void arrays_come_back(void) {
    const double values[] = {1, 0.5, -1, 300, -0.0, 0};
    pdx_dataset *dataset = make(values);
    REQUIRE(dataset);
    CHECK_INT(pdx_dataset_count(dataset), 3);
    CHECK_INT(pdx_dataset_find(dataset, "r"), 2);
    CHECK_INT(pdx_dataset_find(dataset, "s"), -1);
    CHECK_TEXT(pdx_dataset_id(dataset, 1), "q");
    CHECK(pdx_dataset_id(dataset, 3) == NULL);
    CHECK(dataset->column[0].small != NULL);
    CHECK(dataset->column[1].wide != NULL);
    CHECK(!pdx__dataset_is_small(dataset));
    double row[2], column[3];
    OK(pdx_dataset_row(dataset, 1, row));
    CHECK_NEAR(row[0], -1, 0);
    CHECK_NEAR(row[1], 300, 0);
    OK(pdx_dataset_column(dataset, 1, column));
    CHECK_NEAR(column[0], 0.5, 0);
    FAILS(pdx_dataset_row(dataset, 3, row), PDX_EINVAL, "pair 3 of 3");
    FAILS(pdx_dataset_column(dataset, 2, column), PDX_EINVAL, "property 2 of 2");
    CHECK_INT(pdx_dataset_group_count(dataset), 2);
    CHECK_TEXT(pdx_dataset_group_name(dataset, 0), "x");
    CHECK_INT(pdx_dataset_group_size(dataset, 0), 2);
    int64_t pairs[2];
    OK(pdx_dataset_group_pairs(dataset, 0, pairs));
    CHECK_INT(pairs[0], 0);
    CHECK_INT(pairs[1], 2);
    CHECK_INT(pdx_dataset_left_out(dataset), 0);
    pdx_dataset_free(dataset);
    pdx_dataset_free(NULL);
}

static void hash_names_the_data(void) {
    const double values[] = {1, 0, -1, 0.5, 0, 0}, minus[] = {1, 0, -1, 0.5, -0.0, -0.0};
    const double other[] = {1, 0, -1, 0.5, 0, 1};
    pdx_dataset *a = make(values), *b = make(minus), *c = make(other);
    REQUIRE(a && b && c);
    CHECK_INT(strlen(pdx_dataset_sha256(a)), 64);
    CHECK_TEXT(pdx_dataset_sha256(a), pdx_dataset_sha256(b));
    CHECK(strcmp(pdx_dataset_sha256(a), pdx_dataset_sha256(c)));
    pdx_dataset_free(a);
    pdx_dataset_free(b);
    pdx_dataset_free(c);
}

static void features_are_written_with_a_header(void) {
    const double ternary[] = {1, 0, -1, 1, 0, 0}, real[] = {1, 0.5, -1, 1, 0, 0};
    const char *path = scratch_path("features.jsonl");
    for (int round = 0; round < 2; ++round) {
        pdx_dataset *dataset = make(round ? real : ternary);
        REQUIRE(dataset);
        OK(pdx_dataset_save_features(dataset, path));
        char line[2][2048] = {{0}};
        FILE *file = fopen(path, "r");
        CHECK(file && fgets(line[0], 2048, file) && fgets(line[1], 2048, file));
        if (file) fclose(file);
        CHECK_CONTAINS(line[0], "\"format\":\"prefdissect.features\",\"version\":1");
        CHECK_CONTAINS(line[0], "\"id\":\"brief\"");
        CHECK_TEXT(line[1],
                   round ? "{\"id\":\"p\",\"diff\":[1,0.5]}\n" : "{\"id\":\"p\",\"cmp\":[1,0]}\n");
        FAILS(pdx_dataset_save_features(dataset, "/tmp"), PDX_EIO, "/tmp: is a folder");
        pdx_dataset_free(dataset);
    }
}

static void columns_are_lent(void) {
    const double values[] = {1, 0.5, -1, 300, 0, 0};
    pdx_dataset *dataset = make(values);
    const int8_t *whole;
    const double *real;
    REQUIRE(dataset);
    OK(pdx_dataset_view(dataset, 0, &whole, &real));
    CHECK(whole && !real);
    CHECK_INT(whole[1], -1);
    OK(pdx_dataset_view(dataset, 1, &whole, &real));
    CHECK(!whole && real);
    CHECK_NEAR(real[1], 300, 0);
    FAILS(pdx_dataset_view(dataset, 2, &whole, &real), PDX_EINVAL, "property 2 of 2");
    pdx_dataset_free(dataset);
}

static void groups_are_added(void) {
    const double values[] = {1, 0, -1, 1, 0, 0};
    const int64_t two[] = {0, 1}, falling[] = {1, 0}, far[] = {3};
    int64_t pairs[2];
    pdx_dataset *dataset = make(values);
    REQUIRE(dataset);
    OK(pdx_dataset_add_group(dataset, "z", two, 2));
    OK(pdx_dataset_add_group(dataset, "none", NULL, 0));
    CHECK_INT(pdx_dataset_group_count(dataset), 4);
    CHECK_TEXT(pdx_dataset_group_name(dataset, 2), "z");
    OK(pdx_dataset_group_pairs(dataset, 2, pairs));
    CHECK_INT(pairs[1], 1);
    CHECK_INT(pdx_dataset_group_size(dataset, 3), 0);
    OK(pdx_dataset_group_pairs(dataset, 0, pairs)); /* x: p and r, as before */
    CHECK_INT(pairs[1], 2);
    FAILS(pdx_dataset_add_group(dataset, "x", two, 2), PDX_EINVAL, "a group 'x' already");
    FAILS(pdx_dataset_add_group(dataset, "w", falling, 2), PDX_EINVAL, "entry 1 is pair 0");
    FAILS(pdx_dataset_add_group(dataset, "w", far, 1), PDX_EINVAL, "entry 0 is pair 3");
    CHECK_INT(pdx_dataset_group_count(dataset), 4);
    pdx_dataset_free(dataset);
    pdx_schema *schema;
    OK(pdx_schema_from_names(&schema, names, 2));
    OK(pdx_dataset_from_arrays(&dataset, schema, 3, values, NULL, NULL));
    OK(pdx_dataset_add_group(dataset, "first", two, 2));
    CHECK_INT(pdx_dataset_group_count(dataset), 1);
    pdx_dataset_free(dataset);
    pdx_schema_free(schema);
}

static void bytes_are_the_same_as_doubles(void) {
    const double values[] = {1, 0, -1, 127, -127, 0};
    const int8_t bytes[] = {1, 0, -1, 127, -127, 0};
    pdx_schema *schema;
    pdx_dataset *a, *b;
    OK(pdx_schema_from_names(&schema, names, 2));
    OK(pdx_dataset_from_arrays(&a, schema, 3, values, ids, groups));
    OK(pdx_dataset_from_int8(&b, schema, 3, bytes, ids, groups));
    CHECK_TEXT(pdx_dataset_sha256(b), pdx_dataset_sha256(a));
    CHECK_INT(pdx_dataset_group_count(b), 2);
    pdx_dataset_free(a);
    pdx_dataset_free(b);
    FAILS(pdx_dataset_from_int8(&b, schema, 3, NULL, ids, groups), PDX_EINVAL, "NULL");
    pdx_schema_free(schema);
}

static void bad_arrays_are_refused(void) {
    const double values[] = {1, 0, 0, 1}, infinite[] = {1, 0, INFINITY, 0};
    const char *const twice[] = {"p", "p"};
    pdx_schema *schema;
    pdx_dataset *dataset;
    OK(pdx_schema_from_names(&schema, names, 2));
    FAILS(pdx_dataset_from_arrays(&dataset, schema, 2, infinite, NULL, NULL), PDX_EINVAL,
          "row 1, property 'warm' is not finite");
    CHECK(dataset == NULL);
    FAILS(pdx_dataset_from_arrays(&dataset, schema, 2, values, twice, NULL), PDX_EINVAL,
          "the id 'p' occurs twice");
    FAILS(pdx_dataset_from_arrays(&dataset, schema, 0, values, NULL, NULL), PDX_EINVAL, "no pairs");
    FAILS(pdx_dataset_from_arrays(&dataset, NULL, 2, values, NULL, NULL), PDX_EINVAL, "NULL");
    OK(pdx_dataset_from_arrays(&dataset, schema, 2, values, NULL, NULL));
    CHECK_TEXT(pdx_dataset_id(dataset, 1), "1");
    CHECK_INT(pdx_dataset_group_count(dataset), 0);
    CHECK(pdx__dataset_is_small(dataset));
    pdx_dataset_free(dataset);
    pdx_schema_free(schema);
}

int main(void) {
    RUN(arrays_come_back);
    RUN(hash_names_the_data);
    RUN(features_are_written_with_a_header);
    RUN(columns_are_lent);
    RUN(groups_are_added);
    RUN(bytes_are_the_same_as_doubles);
    RUN(bad_arrays_are_refused);
    return check_result();
}
