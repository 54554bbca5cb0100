/* A pdx__problem as a target of the samplers: log posterior density and gradient over the columns
 * that are free. A column whose prior has scale 0 is pinned at 0 and is no dimension of the target;
 * one of infinite scale has a flat prior. theta of a cut is the last dimension. The Laplace kink
 * has gradient 0 at exactly 0. */
#ifndef PDX_BAYES_LOGIT_TARGET_H
#define PDX_BAYES_LOGIT_TARGET_H

#include "fit.h"
#include "target.h"

typedef struct pdx__logit_target pdx__logit_target;
/* Borrows the problem's arrays. Use by one thread. */
pdx_status pdx__logit_target_create(pdx__logit_target **out, const pdx__problem *problem);
void pdx__logit_target_free(pdx__logit_target *logit);
/* Borrows `logit`. target.dim = number of free columns. */
pdx__target pdx__logit_target_seam(pdx__logit_target *logit);
/* Column of the design of dimension k. */
int32_t pdx__logit_target_column(const pdx__logit_target *logit, int32_t k);

#endif
