/* The properties in a row of the published dataset: ratings of both responses, counted errors, word
 * numbers, and the query-specific ratings, which are there only where the query has the fact. A
 * list of ratings (one per constraint, stance or mistake) counts as its mean; words of the
 * annotator as the original's numbers for them. */
#include "import.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/number.h"
#include "data/resolved.h"
#include "li2024.h"

enum { FIRST_ERROR = 20, FIRST_SPECIFIC = 23, LENGTH = 28 };

static const struct {
    const char *words;
    double value;
} ratings[] = {
    {"strongly supported", 2},
    {"weakly supported", 1},
    {"neutral", 0},
    {"weakly opposed", -1},
    {"strongly opposed", -2},
    {"pointed out and corrected", 3},
    {"corrected without being pointed out", 2},
    {"pointed out but not corrected", 1},
    {"neither pointed out nor corrected", 0},
};

/* A rating by number or in words; NaN: not one. */
static double rating(const cJSON *value) {
    if (cJSON_IsNumber(value)) return value->valuedouble;
    if (!cJSON_IsString(value)) return NAN;
    for (size_t i = 0; i < sizeof ratings / sizeof ratings[0]; ++i)
        if (!strcasecmp(value->valuestring, ratings[i].words)) return ratings[i].value;
    double number;
    return pdx__parse_double(value->valuestring, strlen(value->valuestring), &number) ? number
                                                                                      : NAN;
}

/* The mean over a list, an object's members or one value; NaN where nothing is rated. */
static double mean_rating(const cJSON *value) {
    if (!cJSON_IsArray(value) && !cJSON_IsObject(value)) return rating(value);
    double sum = 0, count = 0;
    for (const cJSON *entry = value->child; entry; entry = entry->next) {
        double one = rating(entry);
        if (isnan(one)) continue;
        sum += one;
        ++count;
    }
    return count > 0 ? sum / count : NAN;
}

static pdx_status rated(const cJSON *row, const char *const objects[2], const char *key,
                        double out[2], pdx__where where) {
    for (int side = 0; side < 2; ++side) {
        const cJSON *object = NULL;
        PDX__TRY(pdx__json_object(row, objects[side], PDX__REQUIRED, &object, where));
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
        out[side] = rating(value);
        if (!(fabs(out[side]) <= 3))
            return pdx__fail_at(
                PDX_EPARSE, where.file, where.line,
                "field '%s', property '%s': expected a rating from 0 to 3, found %s", objects[side],
                key, isnan(out[side]) ? pdx__json_type(value) : "another number");
    }
    return PDX_OK;
}

/* Counts by severity of both responses; *applicable = 0 where they could not be checked. */
static pdx_status counted(const cJSON *row, double count[2][3], int *applicable, pdx__where where) {
    static const char *const objects[] = {"errors_response_1", "errors_response_2"};
    static const char *const severities[] = {"minor", "moderate", "severe"};
    for (int side = 0; side < 2; ++side) {
        const cJSON *object = NULL, *errors = NULL;
        const char *checked = "applicable";
        PDX__TRY(pdx__json_object(row, objects[side], PDX__REQUIRED, &object, where));
        PDX__TRY(pdx__json_string(object, "applicable or not", PDX__OPTIONAL, &checked, where));
        PDX__TRY(pdx__json_array(object, "errors", PDX__OPTIONAL, &errors, where));
        if (strcasecmp(checked, "applicable")) *applicable = 0;
        count[side][0] = count[side][1] = count[side][2] = 0;
        for (const cJSON *error = errors ? errors->child : NULL; error; error = error->next) {
            const char *severity = "";
            PDX__TRY(pdx__json_string(error, "severity", PDX__OPTIONAL, &severity, where));
            for (int i = 0; i < 3; ++i)
                if (!strcasecmp(severity, severities[i])) ++count[side][i];
        }
    }
    return PDX_OK;
}

static pdx_status words(const cJSON *row, double out[2], pdx__where where) {
    static const char *const objects[] = {"response_1", "response_2"};
    for (int side = 0; side < 2; ++side) {
        const cJSON *object = NULL;
        PDX__TRY(pdx__json_object(row, objects[side], PDX__REQUIRED, &object, where));
        PDX__TRY(pdx__json_double(object, "num_words", PDX__REQUIRED, &out[side], where));
    }
    return PDX_OK;
}

pdx_status pdx__li2024_values(const cJSON *row, const pdx_schema *schema, double *cmp, double *diff,
                              int *applicable, pdx__where where) {
    static const char *const basic[] = {"basic_response_1", "basic_response_2"};
    static const char *const specific[] = {"query-specific_response_1",
                                           "query-specific_response_2"};
    double errors[2][3], length[2];
    *applicable = 1;
    PDX__TRY(counted(row, errors, applicable, where));
    PDX__TRY(words(row, length, where));
    for (int32_t i = 0; i < PDX__ORIGINAL_PROPERTIES; ++i) {
        double value[2];
        if (i < FIRST_ERROR) PDX__TRY(rated(row, basic, pdx__original_key(i), value, where));
        for (int side = 0; side < 2; ++side) {
            if (i >= FIRST_SPECIFIC && i < LENGTH)
                value[side] = mean_rating(cJSON_GetObjectItemCaseSensitive(
                    cJSON_GetObjectItemCaseSensitive(row, specific[side]), pdx__original_key(i)));
            else if (i == LENGTH) value[side] = length[side];
            else if (i >= FIRST_ERROR) value[side] = errors[side][i - FIRST_ERROR];
        }
        const pdx_property *property = pdx_schema_property(schema, i);
        cmp[i] = pdx_property_compare(property, value[0], value[1]);
        int sign = property->rule == PDX_RULE_COUNT || property->polarity < 0 ? -1 : 1;
        diff[i] = isnan(value[0] - value[1]) ? 0 : 0 + sign * (value[0] - value[1]);
    }
    return PDX_OK;
}
