/* A dataset inside the library, and what builds one: begin, append pairs, put values, finish. */
#ifndef PDX_DATA_DATASET_H
#define PDX_DATA_DATASET_H

#include <math.h>
#include <prefdissect/dataset.h>

#include "core/strmap.h"
#include "data/schema.h"

/* One property over all pairs: bytes as long as every value is a whole number in [-127, 127], else
 * doubles. Exactly one of the two is set once there is room for a value. */
typedef struct pdx__column {
    int8_t *small;
    double *wide;
    size_t capacity;
} pdx__column;

static inline double pdx__column_get(const pdx__column *column, int64_t i) {
    return column->small ? column->small[i] : column->wide[i];
}

/* Where the lines of the pairs lie in their file (texts.c). */
typedef struct pdx__texts pdx__texts;

typedef struct pdx__reason {
    char *text;
    int64_t number;
} pdx__reason;

/* Pairs in groups while a dataset is built, in order of arrival. */
typedef struct pdx__membership {
    int64_t *pair;
    int32_t *group;
    size_t count, pair_capacity, group_capacity;
} pdx__membership;

/* Repeated annotations of one value. */
typedef struct pdx__repeats {
    int32_t looks;  /* 0: annotated once, or not known */
    float noise;    /* sd of the differences a - b; NaN: not known */
    float mean, sd; /* mean and sd of the values that each look alone would have given */
} pdx__repeats;

struct pdx_dataset {
    pdx_schema *schema;
    int32_t values; /* PDX_VALUES_* */
    int64_t n;
    pdx__strmap ids;       /* number of an id = number of its pair */
    pdx__column *column;   /* [properties] */
    pdx__repeats *repeats; /* [n][properties]; NULL: of no pair */
    size_t repeats_capacity;
    pdx__strmap groups;   /* names */
    int64_t *group_start; /* [groups + 1] into group_pair; NULL: no groups */
    int64_t *group_pair;  /* ascending within a group */
    int64_t records;      /* of the file that numbers them, those left out included */
    int64_t *record;      /* [n] record of a pair, ascending; NULL: pair i is record i */
    size_t record_capacity;
    pdx__strmap absent; /* ids of pairs that were left out: judgments of them are passed over */
    pdx__reason *reason;
    int32_t reasons;
    pdx__texts *texts; /* NULL: this dataset has none */
    pdx__membership membership;
    char sha256[65];
};

/* An empty dataset over a copy of `schema`. */
pdx_status pdx__dataset_begin(pdx_dataset **out, const pdx_schema *schema, int32_t values);
/* Room for `pairs` values in every column. */
pdx_status pdx__dataset_reserve(pdx_dataset *dataset, int64_t pairs);
/* Appends a pair (*added = 0: the id is there already). */
pdx_status pdx__dataset_append(pdx_dataset *dataset, const char *id, size_t length, int *added);
/* One value, finite, into reserved room. */
pdx_status pdx__dataset_put(pdx_dataset *dataset, int64_t pair, int32_t property, double value);
/* What repeated annotations of one value say. */
pdx_status pdx__dataset_put_repeats(pdx_dataset *dataset, int64_t pair, int32_t property,
                                    pdx__repeats repeats);
/* Puts a pair into a group, which is made where it is new. */
pdx_status pdx__dataset_join_group(pdx_dataset *dataset, int64_t pair, const char *group,
                                   size_t length);
/* Counts records that were left out. */
pdx_status pdx__dataset_leave_out(pdx_dataset *dataset, const char *reason, int64_t number);
/* The pair last appended is this record of the file that numbers them; called for every pair or for
 * none. */
pdx_status pdx__dataset_set_record(pdx_dataset *dataset, int64_t record);
/* Takes out the pairs with drop[pair] != 0, before the dataset is finished, and counts them. */
pdx_status pdx__dataset_drop(pdx_dataset *dataset, const char *drop, const char *reason);
/* Scales differences, lays out the groups, takes the hash. `grouped`: there are groups even where
 * none has a pair. */
pdx_status pdx__dataset_finish(pdx_dataset *dataset, int grouped);

/* 1 where every column is held in bytes. */
int pdx__dataset_is_small(const pdx_dataset *dataset);

#endif
