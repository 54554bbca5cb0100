/* Shapley values of a sigmoid with the preparation kept: many draws of one pair share it. */
#ifndef PDX_ANALYSIS_SHAPLEY_H
#define PDX_ANALYSIS_SHAPLEY_H

#include <prefdissect/analysis.h>

#include "core/alloc.h"

typedef struct pdx__shapley pdx__shapley;
pdx_status pdx__shapley_create(pdx__shapley **out, int32_t k); /* for at most k players */
void pdx__shapley_free(pdx__shapley *shapley);
/* phi[k] for part[k]; players whose part is 0 get 0. PDX_ENUMERIC where log-odds leave +-1e7. */
pdx_status pdx__shapley_run(pdx__shapley *shapley, const double *part, double start, double *phi);

#endif
