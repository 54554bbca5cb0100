/* prefdissect/dataset.h: pairs of responses, their groups and their properties.
 *
 * A dataset holds n pairs in the order of its file. Each pair has a unique id, a row of D property
 * comparisons (or real-valued differences), always "response A minus response B", and any number of
 * fields (scenario, model_a, ...) that group or filter. Texts stay in the file and are read when
 * asked for. A loaded dataset may be shared by threads for reading, texts apart (pdx_dataset_text
 * uses a buffer of the handle). */
#ifndef PREFDISSECT_DATASET_H
#define PREFDISSECT_DATASET_H

#include <prefdissect/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdx_dataset pdx_dataset;

enum {
    PDX_VALUES_COMPARISON = 0, /* the comparison in {-1, 0, 1} of each property ("cmp") */
    PDX_VALUES_DIFFERENCE = 1  /* a - b ("diff"), each column divided by its standard deviation */
};

/* Which files make a dataset. NULL members are absent. One of `pairs`, `features` and `resolved` is
 * needed; its rows are the pairs, in their order. At most one of `features`, `annotations` (with
 * `pairs`) and `resolved`. Rows meet pairs by "id"; resolved records that have none, by number. */
typedef struct pdx_dataset_files {
    const char *pairs;       /* pairs.jsonl */
    const char *features;    /* features.jsonl: {"id","diff":[D],"cmp":[D]}; the first row may be a
                                header {"properties":[...]} as in schema.json */
    const char *names;       /* schema.json or feature_names.json of `features` without a header */
    const char *annotations; /* annotations.jsonl (annotate.h says what its rows hold), resolved by
                                the schema's rules. Repeats and orders of one pair are averaged.
                                Left out, and counted: pairs that no row speaks of, whose annotation
                                failed, or whose errors could not be checked */
    const char *resolved;    /* the original's resolved records (a JSON Lines file) */
    const char *groups;      /* the original's query_aware_idxs.json: group -> record numbers; its
                                group "all" is passed over, as in the original's fits */
} pdx_dataset_files;

typedef struct pdx_dataset_options {
    uint32_t size;            /* set by pdx_dataset_options_init */
    int32_t values;           /* PDX_VALUES_*; default comparison */
    const pdx_schema *schema; /* of annotations; default "li2024". Copied. */
    const char *group_by;     /* field(s) whose value is the group, "scenario" or "scenario,app";
                                 a pair lies in one group per field, or in one for each entry where
                                 the field is a list. Names of groups are values, "field=value" with
                                 several fields. Default NULL: no groups */
    const char *where; /* "field=value[,field=value]": pairs that do not match are left out */
    int32_t threads;   /* 0 (default): all cores */
    int32_t surface;   /* 1: the surface properties too, computed from the texts, behind the
                          others; default 0: only where there are no others; -1: not even then,
                          for callers that want the texts alone (the schema is then empty) */
    pdx_hooks hooks;
} pdx_dataset_options;

PDX_API void pdx_dataset_options_init(pdx_dataset_options *options, uint32_t size);
#define pdx_dataset_options_init(options)                                                          \
    pdx_dataset_options_init((options), (uint32_t)sizeof *(options))

/* Loads pairs with their properties. Pairs without properties (or the other way round) are an error
 * that names the first of them. Without features, annotations or resolved records the 30 surface
 * properties are computed from the texts. Errors: PDX_EIO, PDX_EPARSE ("pairs.jsonl:7: ..."). */
PDX_API pdx_status pdx_dataset_load(pdx_dataset **out, const pdx_dataset_files *files,
                                    const pdx_dataset_options *options);
/* From memory: values[n][D] row-major, finite. ids: n unique strings, or NULL for "0", "1", ...
 * groups: n names, or NULL. Everything is copied. */
PDX_API pdx_status pdx_dataset_from_arrays(pdx_dataset **out, const pdx_schema *schema, int64_t n,
                                           const double *values, const char *const *ids,
                                           const char *const *groups);
/* The same from bytes. */
PDX_API pdx_status pdx_dataset_from_int8(pdx_dataset **out, const pdx_schema *schema, int64_t n,
                                         const int8_t *values, const char *const *ids,
                                         const char *const *groups);
PDX_API void pdx_dataset_free(pdx_dataset *dataset);

PDX_API int64_t pdx_dataset_count(const pdx_dataset *dataset);
PDX_API const pdx_schema *pdx_dataset_schema(const pdx_dataset *dataset); /* borrowed */
PDX_API const char *pdx_dataset_id(const pdx_dataset *dataset, int64_t pair);
PDX_API int64_t pdx_dataset_find(const pdx_dataset *dataset, const char *id); /* -1: absent */
/* values of one pair into out[D]. */
PDX_API pdx_status pdx_dataset_row(const pdx_dataset *dataset, int64_t pair, double *out);
/* One property over all pairs into out[n]. */
PDX_API pdx_status pdx_dataset_column(const pdx_dataset *dataset, int32_t property, double *out);

/* Noise of one property over all pairs into out[n]: the sample standard deviation of the difference
 * a - b over repeated annotations of the pair, in the unit of the differences; NaN where it was
 * annotated once. From annotations, or "noise":[D] (null: not known) in the rows of features. */
PDX_API pdx_status pdx_dataset_noise(const pdx_dataset *dataset, int32_t property, double *out);

/* What repeated annotations say of one property of one pair: how many looks there were (0: one, or
 * not known), and the mean and sample standard deviation of the values that each look alone would
 * have given, compared or as differences like the dataset's own. */
typedef struct pdx_repeats {
    int32_t looks;
    double mean, sd;
} pdx_repeats;
PDX_API pdx_status pdx_dataset_repeats(const pdx_dataset *dataset, int64_t pair, int32_t property,
                                       pdx_repeats *out);

/* How well repeated annotations of a property agree, over the pairs that have them. */
typedef struct pdx_reliability {
    double alpha, low,
        high;      /* Krippendorff's alpha (interval metric; 2011) of one look's values, 95 %
                      interval; NaN: no two pairs with repeats, or all values alike */
    double noise;  /* sd of one look about the mean of many, in the unit of the values */
    double looks;  /* mean number of looks over all pairs */
    int64_t pairs; /* with repeats */
} pdx_reliability;
PDX_API pdx_status pdx_dataset_reliability(const pdx_dataset *dataset, int32_t property,
                                           pdx_reliability *out);

/* One property over all pairs as the dataset holds it, borrowed: *whole[n] where every value is a
 * whole number in [-127, 127], else *real[n]; the other one is NULL. */
PDX_API pdx_status pdx_dataset_view(const pdx_dataset *dataset, int32_t property,
                                    const int8_t **whole, const double **real);

/* Adds a group behind those that are there; pairs ascending, each once. PDX_EINVAL where the name
 * is taken. Not while other threads read the dataset. */
PDX_API pdx_status pdx_dataset_add_group(pdx_dataset *dataset, const char *name,
                                         const int64_t *pairs, int64_t count);
PDX_API int32_t pdx_dataset_group_count(const pdx_dataset *dataset); /* 0: none were asked for */
PDX_API const char *pdx_dataset_group_name(const pdx_dataset *dataset, int32_t group);
PDX_API int64_t pdx_dataset_group_size(const pdx_dataset *dataset, int32_t group);
/* Pair numbers of a group, ascending, into out[size]. */
PDX_API pdx_status pdx_dataset_group_pairs(const pdx_dataset *dataset, int32_t group, int64_t *out);

/* A field of a pair as text, NULL where the pair lacks it or it is not a string or a number.
 * It is read from the file of the pairs; a list of messages gives their contents, a blank line
 * between. Valid until the next call on this handle. PDX_EIO where the file has gone. */
PDX_API pdx_status pdx_dataset_text(const pdx_dataset *dataset, int64_t pair, const char *field,
                                    const char **out);
/* Records that were left out while loading and why ("accuracy not applicable": 3, "where": 20).
 * The count of reasons; then reason i and its number. */
PDX_API int32_t pdx_dataset_left_out(const pdx_dataset *dataset);
PDX_API const char *pdx_dataset_left_out_reason(const pdx_dataset *dataset, int32_t i,
                                                int64_t *number);
/* SHA-256 (hex) over ids, property ids and values. */
PDX_API const char *pdx_dataset_sha256(const pdx_dataset *dataset);

/* Writes features.jsonl with a header row naming the properties; "noise" and
 * "looks", "look_mean" and "look_sd" (pdx_repeats) where they are known. */
PDX_API pdx_status pdx_dataset_save_features(const pdx_dataset *dataset, const char *path);

/* The 30 surface properties of one text in the order of the "surface" schema, out[30]. `query` may
 * be NULL (query_overlap is then 0). Texts are UTF-8 of the given lengths. Prepares its patterns
 * anew on every call, about half a millisecond; a dataset prepares them once for all its pairs. */
PDX_API pdx_status pdx_surface_measure(const char *response, size_t response_length,
                                       const char *query, size_t query_length, double out[30]);

/* Other tools' files -> ours. pdx_import_format lists the formats. Writes pairs.jsonl,
 * judgments.jsonl and, where the format carries properties, features.jsonl and schema.json into
 * `folder` (made where it is absent), all of them or, on failure, none. Several files of one format
 * make one set: a pair that several judges saw is written once. A judge that gave no verdict keeps
 * its row, with "winner":null. */
typedef struct pdx_import_options {
    uint32_t size;
    uint64_t seed;       /* draws the order of chosen/rejected pairs; default 1 */
    int32_t overwrite;   /* 1: replace files that are there (those of the four that this import
                            does not write are removed); default 0: PDX_EINVAL */
    const char *answers; /* mtbench, arena-hard: answers of the models, a file or a folder; without
                            it the pairs have no texts */
    const char *questions; /* mtbench, arena-hard: question.jsonl */
    pdx_hooks hooks;       /* log tells row by row what was left out and why */
    const char *baseline;  /* mtbench-single: the model that the others are compared with, NULL:
                              every  two models are; arena-hard: of rows that name none */
} pdx_import_options;
typedef struct pdx_import_result {
    int64_t pairs;
    int64_t judgments; /* rows, those without a verdict included */
    int64_t left_out;  /* records left out and verdicts missing: each a line in the log */
} pdx_import_result;
PDX_API void pdx_import_options_init(pdx_import_options *options, uint32_t size);
#define pdx_import_options_init(options)                                                           \
    pdx_import_options_init((options), (uint32_t)sizeof *(options))
PDX_API pdx_status pdx_import(pdx_import_result *result, const char *format,
                              const char *const *paths, int32_t count, const char *folder,
                              const pdx_import_options *options);
/* Name of format i ("li2024", ...), NULL past the end; *what: one line for help texts. */
PDX_API const char *pdx_import_format(int32_t i, const char **what);

#ifdef __cplusplus
}
#endif
#endif
