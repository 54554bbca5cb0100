/* How far the columns of a design say the same. */
#ifndef PDX_ANALYSIS_EFFECTS_H
#define PDX_ANALYSIS_EFFECTS_H

#include "analysis.h"

/* From gram[d][d] = sum of w x x' (destroyed): variance inflation of each column (1 for a column of
 * zeros, infinity for a copy), its nearest column (-1: none) and their correlation about zero (both
 * may be NULL). */
pdx_status pdx__inflation(double *inflation, int32_t *partner, double *correlation, int32_t d,
                          double *gram);
/* sum of w x x' over pairs; pair NULL: all of the dataset, weight NULL: 1. */
pdx_status pdx__gram(double *gram, const pdx_dataset *dataset, int64_t n, const int64_t *pair,
                     const double *weight);

#endif
