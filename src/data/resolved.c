/* Resolved records of the original system. Their files are laid out by record number only: which
 * record belongs to which pair is for the caller to know. */
#include "resolved.h"

#include <math.h>
#include <string.h>

enum { REPETITION = 15, FIRST_ERROR = 20 };

static const char *const keys[PDX__ORIGINAL_PROPERTIES] = {
    "harmlessness",
    "grammar, spelling, punctuation, and code-switching",
    "friendly",
    "polite",
    "interactive",
    "authoritative tone",
    "funny and humorous",
    "metaphors, personification, similes, hyperboles, irony, parallelism",
    "complex word usage and sentence structure",
    "use of direct and explicit supporting materials",
    "well formatted",
    "admit limitations or mistakes",
    "persuade user",
    "step by step solution",
    "use of informal expressions",
    "repetitive",
    "clear and understandable",
    "relevance without considering inaccuracy",
    "innovative and novel",
    "information richness without considering inaccuracy",
    NULL,
    NULL,
    NULL,
    "clarify user intent",
    "showing empathetic",
    "satisfying explicit constraints",
    "supporting explicit subjective stances",
    "correcting explicit mistakes or biases",
    "length",
};
static const char *const severities[] = {"Minor", "Moderate", "Severe"};
static const struct {
    const char *name, *key, *holds; /* holds NULL: a list that is not empty */
} cases[PDX__ORIGINAL_CASES] = {
    {"express_feeling", "explicitly express feelings", "Yes"},
    {"intent_unclear", "clear intent", "No"},
    {"w_constraints", "explicit constraints", NULL},
    {"w_mistakes", "explicit mistakes or biases", NULL},
    {"w_stances", "explicit subjective stances", NULL},
};

const char *pdx__original_key(int32_t property) {
    return property >= 0 && property < PDX__ORIGINAL_PROPERTIES ? keys[property] : NULL;
}

const char *pdx__original_case(int32_t which) {
    return which >= 0 && which < PDX__ORIGINAL_CASES ? cases[which].name : NULL;
}

uint32_t pdx__original_cases(const cJSON *facts) {
    uint32_t found = 0;
    for (int i = 0; i < PDX__ORIGINAL_CASES; ++i) {
        const cJSON *fact = cJSON_GetObjectItemCaseSensitive(facts, cases[i].key);
        int holds = cases[i].holds
                        ? cJSON_IsString(fact) && !strcmp(fact->valuestring, cases[i].holds)
                        : cJSON_IsArray(fact) && fact->child;
        if (holds) found |= 1u << i;
    }
    return found;
}

static pdx_status ternary(const cJSON *object, const char *key, const char *property, double *out,
                          pdx__where where) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    double number = cJSON_IsNumber(value) ? value->valuedouble : NAN;
    if (number != -1 && number != 0 && number != 1)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "property '%s', field '%s': expected -1, 0 or 1, found %s", property,
                            key, isnan(number) ? pdx__json_type(value) : "another number");
    *out = number;
    return PDX_OK;
}

static double difference(const cJSON *entry, double comparison) {
    return cJSON_IsNumber(entry) && isfinite(entry->valuedouble) ? entry->valuedouble : comparison;
}

/* The three severities; *applicable = 0 for the number 999. */
static pdx_status errors(const cJSON *all, double *cmp, double *diff, int *applicable,
                         pdx__where where) {
    const cJSON *accuracy = NULL;
    PDX__TRY(pdx__json_object(all, "accuracy", PDX__REQUIRED, &accuracy, where));
    const cJSON *comparison = cJSON_GetObjectItemCaseSensitive(accuracy, "comparison");
    if (cJSON_IsNumber(comparison) && comparison->valuedouble == 999) {
        *applicable = 0;
        return PDX_OK;
    }
    const cJSON *differences = cJSON_GetObjectItemCaseSensitive(accuracy, "diff");
    for (int i = 0; i < 3; ++i) {
        PDX__TRY(ternary(comparison, severities[i], "accuracy", &cmp[FIRST_ERROR + i], where));
        diff[FIRST_ERROR + i] = difference(
            cJSON_GetObjectItemCaseSensitive(differences, severities[i]), cmp[FIRST_ERROR + i]);
    }
    return PDX_OK;
}

pdx_status pdx__original_values(const cJSON *record, double cmp[PDX__ORIGINAL_PROPERTIES],
                                double diff[PDX__ORIGINAL_PROPERTIES], int *applicable,
                                pdx__where where) {
    const cJSON *all = NULL;
    *applicable = 1;
    PDX__TRY(pdx__json_object(record, "comparison", PDX__REQUIRED, &all, where));
    PDX__TRY(errors(all, cmp, diff, applicable, where));
    for (int i = 0; i < PDX__ORIGINAL_PROPERTIES && *applicable; ++i) {
        if (!keys[i]) continue;
        const cJSON *entry = NULL;
        cmp[i] = diff[i] = 0;
        PDX__TRY(pdx__json_object(all, keys[i], PDX__OPTIONAL, &entry, where));
        if (!entry) continue;
        PDX__TRY(ternary(entry, "comparison", keys[i], &cmp[i], where));
        diff[i] = difference(cJSON_GetObjectItemCaseSensitive(entry, "diff"), cmp[i]);
        if (i == REPETITION) {
            cmp[i] = 0 - cmp[i]; /* never a minus zero */
            diff[i] = 0 - diff[i];
        }
    }
    return PDX_OK;
}
