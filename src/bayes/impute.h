/* Noise of the annotator in the properties: what the fit says once it is allowed for. */
#ifndef PDX_BAYES_IMPUTE_H
#define PDX_BAYES_IMPUTE_H

#include "refit.h"

/* The weights with the true properties as unknowns: `imputations` fits mixed, into `out` (mean, sd,
 * quantiles, P(> 0), covariance, draws; no evidence, sites or left-out rows). `full`: the fit that
 * takes the properties as exact. */
pdx_status pdx__impute(pdx__fit *out, const pdx__refit *refit, const pdx__fit *full,
                       int32_t imputations);
/* Simulation-extrapolation (Cook & Stefanski 1994): simex[dim] weights extrapolated to no error. */
pdx_status pdx__simex(double *simex, const pdx__refit *refit, const pdx__fit *full);

#endif
