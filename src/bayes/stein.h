/* Zero-variance control variates for the sequential sampler. Under the posterior p, E[phi' + phi
 * g] = 0 for every tame function phi of one weight, g its score d log p / da (Stein's identity).
 * Four such functions a weight (1, a, |a|, a|a|: the last two know the kink of the Laplace prior)
 * explain nearly all of the variance of a; what is left is averaged. Mira, Solgi & Imparato 2013,
 * Stat. Comput. 23:653; with importance weights here. */
#ifndef PDX_BAYES_STEIN_H
#define PDX_BAYES_STEIN_H

#include "stis.h"

/* Replaces mean, sd, mean_se and prob_positive of a run by their regressed estimates. The run's
 * draws and weights stay; so do its averages where the regression is singular or too large. */
pdx_status pdx__stein_sharpen(pdx__stis *stis, const pdx__ep *ep);

#endif
