/* How good draws are. Vehtari, Gelman, Simpson, Carpenter & Buerkner 2021 (rank-normalised split
 * R-hat, bulk and tail ESS); Vehtari et al. 2024 (Pareto-smoothed importance sampling). */
#ifndef PDX_BAYES_DIAGNOSE_H
#define PDX_BAYES_DIAGNOSE_H

#include "core/alloc.h"

/* draws of one quantity, chain-major: draws[chain * length + i]. Constant draws give NaN. */
pdx_status pdx__rhat_and_bulk(const double *draws, int32_t chains, int64_t length, double *rhat,
                              double *bulk); /* bulk ESS: both stand on the same ranks */
pdx_status pdx__ess_tail(const double *draws, int32_t chains, int64_t length, double *ess);
pdx_status pdx__ess_mean(const double *draws, int32_t chains, int64_t length, double *ess);

/* Pareto tail index of n log weights (Zhang & Stephens 2009 with the prior of PSIS; tail of
 * min(n/5, 3 sqrt(n)) weights); `smoothed` (may be NULL) gets smoothed log weights, normalised to
 * sum one. khat = NaN where the tail has fewer than 5 distinct weights. */
pdx_status pdx__psis(const double *log_weight, int64_t n, double *khat, double *smoothed);

#endif
