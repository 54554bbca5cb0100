/* prefdissect/schema.h: what is measured: an ordered list of properties of a response.
 *
 * Two schemas are built in: "li2024", the 29 properties of Li et al. 2024 ("Dissecting Human and
 * LLM Preferences", ACL 2024, arXiv 2402.11296) in the order of the published weights, and
 * "surface", 30 properties that the library computes from the texts alone. Users replace them by a
 * JSON file.
 *
 * A schema is immutable once made and may be shared by threads. */
#ifndef PREFDISSECT_SCHEMA_H
#define PREFDISSECT_SCHEMA_H

#include <prefdissect/common.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdx_schema pdx_schema;

/* How a property comes to be known. */
enum {
    PDX_STAGE_QUERY_FREE = 0,     /* rated from the response alone */
    PDX_STAGE_QUERY_AWARE = 1,    /* rated from query and response */
    PDX_STAGE_QUERY_SPECIFIC = 2, /* rated only where the query has the fact it depends on */
    PDX_STAGE_ERROR = 3,          /* counted from the list of errors against a reference */
    PDX_STAGE_COMPUTED = 4        /* computed from the text without a model */
};

/* How the values a and b of the two responses become one comparison in {-1, 0, 1}. */
enum {
    PDX_RULE_SIGN = 0,    /* sign(a - b) */
    PDX_RULE_REL = 1,     /* 0 where |a-b| <= tolerance * max(|a|,|b|), else sign(a - b) */
    PDX_RULE_ABS = 2,     /* 0 where |a-b| <= tolerance, else sign(a - b) */
    PDX_RULE_NONZERO = 3, /* sign([a > 0] - [b > 0]) */
    PDX_RULE_COUNT = 4,   /* fewer is better: sign(b - a) (errors) */
    PDX_RULE_LENGTH = 5   /* the original's length rule: thresholds by word count */
};

typedef struct pdx_property {
    const char *id;          /* unique, stable: "harmlessness" */
    const char *name;        /* short, for people: "harmless" */
    const char *description; /* one sentence for annotators and readers */
    int32_t stage;           /* PDX_STAGE_* */
    int32_t rule;            /* PDX_RULE_* */
    int32_t polarity;        /* +1; -1: the comparison is negated after the rule (repetition) */
    int32_t promptable;      /* 1: a model can be told to show it (probe.h's arms ask for it) */
    double scale_least;      /* values outside [scale_least, scale_most] are refused */
    double scale_most;       /* infinity: no upper end */
    double tolerance;        /* of the rule */
    const char *depends_on;  /* query-specific: the query fact it needs; else NULL */
} pdx_property;

/* A built-in schema by name ("li2024", "surface"). */
PDX_API pdx_status pdx_schema_builtin(pdx_schema **out, const char *name);
/* schema.json: {"format":"prefdissect.schema","version":1,"name":str,"properties":[{"id","name",
 * "description","stage":"query-free|query-aware|query-specific|error|computed","rule":"sign|rel|
 * abs|nonzero|count|length","polarity":1|-1,"scale":[least,most|null],"tolerance":num,
 * "depends_on":str,"promptable":bool}]}. Only "id" is required. Also reads the feature_names form
 * {"features":[{"name","kind":"int|rel|real","tolerance"}]}. */
PDX_API pdx_status pdx_schema_load(pdx_schema **out, const char *path);
PDX_API pdx_status pdx_schema_save(const pdx_schema *schema, const char *path);
/* A schema of `count` plain real-valued properties (rule SIGN, no scale) from names. */
PDX_API pdx_status pdx_schema_from_names(pdx_schema **out, const char *const *names, int32_t count);
PDX_API void pdx_schema_free(pdx_schema *schema);

PDX_API int32_t pdx_schema_count(const pdx_schema *schema);
PDX_API const char *pdx_schema_name(const pdx_schema *schema);
/* Borrowed, lives as long as the schema; NULL where `index` is out of range. */
PDX_API const pdx_property *pdx_schema_property(const pdx_schema *schema, int32_t index);
/* Index of a property by id or by short name, -1 where there is none. */
PDX_API int32_t pdx_schema_find(const pdx_schema *schema, const char *id);

/* Comparison of two values by the property's rule, times its polarity: -1, 0 or 1.
 * 0 where a value is NaN. */
PDX_API int32_t pdx_property_compare(const pdx_property *property, double a, double b);

#ifdef __cplusplus
}
#endif
#endif
