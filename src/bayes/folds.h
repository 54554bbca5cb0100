/* Which units each of K fits leaves out. A unit is a row, or a pair where a pair has two rows. */
#ifndef PDX_BAYES_FOLDS_H
#define PDX_BAYES_FOLDS_H

#include "core/alloc.h"

/* Fold i leaves out the units order[start[i]] .. order[start[i] + size[i] - 1]. */
typedef struct pdx__folds {
    int32_t k;
    int64_t n;
    int64_t *order; /* [n] a permutation of 0..n-1 */
    int64_t *start; /* [k] */
    int64_t *size;  /* [k] */
} pdx__folds;

/* `paper`: the original's rule: numpy's legacy shuffle of seed 0, then the fold [int(i/k*n),
 * int(i/k*n) + int(n/k)) in the arithmetic of doubles, so that some units may never be left out.
 * Else a shuffle from `seed` and folds that cover all units, sizes apart by at most one. */
pdx_status pdx__folds_create(pdx__folds *out, int64_t n, int32_t k, int32_t paper, uint64_t seed);
void pdx__folds_free(pdx__folds *folds); /* the members; a zeroed struct is fine */

#endif
