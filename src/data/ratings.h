/* Ratings while annotations.jsonl is read: for every pair and property a list of passes, each with
 * the values of both responses. A pass is one repeat in one order of presentation. */
#ifndef PDX_DATA_RATINGS_H
#define PDX_DATA_RATINGS_H

#include "core/alloc.h"

/* A value that is not there yet, and one that the annotator could not give. */
#define PDX__RATING_ABSENT NAN
#define PDX__RATING_NULL   INFINITY

typedef struct pdx__rating {
    uint32_t next; /* in its list, counted from 1; 0 ends it */
    int32_t pass;
    double value[2]; /* of responses a and b */
} pdx__rating;

typedef struct pdx__ratings {
    int64_t columns;
    uint32_t *first; /* [pairs][columns], counted from 1 */
    pdx__rating *list;
    size_t count, capacity;
} pdx__ratings;

pdx_status pdx__ratings_open(pdx__ratings *ratings, int64_t pairs, int32_t columns);
void pdx__ratings_free(pdx__ratings *ratings);
/* One side (0: a, 1: b) in a pass; it replaces what the pass had. */
pdx_status pdx__ratings_put(pdx__ratings *ratings, int64_t pair, int32_t column, int32_t pass,
                            int side, double value);
/* Walks the list: `at` starts at NULL; NULL at its end. */
const pdx__rating *pdx__ratings_next(const pdx__ratings *ratings, int64_t pair, int32_t column,
                                     const pdx__rating *at);

#endif
