/* The sequential tilted importance sampler: coordinates are drawn one after another from EP's
 * Gaussian conditional times the exact Laplace prior, by inversion of scrambled Sobol points, and
 * weighted by the exact posterior. Certificate, refinement and source of draws. */
#ifndef PDX_BAYES_STIS_H
#define PDX_BAYES_STIS_H

#include "ep.h"

enum { PDX__RANDOMISATIONS = 8 };

typedef struct pdx__stis {
    int32_t d;          /* coordinates: free columns as in ep, then theta of a cut */
    int64_t n;          /* draws: PDX__RANDOMISATIONS runs of n / PDX__RANDOMISATIONS each */
    double *draw;       /* [d][n] */
    double *weight;     /* [n] normalised, sum 1 */
    double *log_weight; /* [n] */
    /* summaries */
    double ess_fraction, sd_log_weight, khat, log_evidence;
    double *mean, *sd, *mean_se, *prob_positive; /* [d]; se over randomisations */
} pdx__stis;

/* n: a multiple of 8 x 64. Arrays lie in the workspace (slots DRAWS to WEIGHTS) until the next run.
 * ep must be usable. PDX_ENUMERIC where no weight is finite. */
pdx_status pdx__stis_run(pdx__stis *out, const pdx__ep *ep, int64_t n, uint64_t seed,
                         uint64_t stream);

/* After a run. covariance[d][d]. */
void pdx__stis_covariance(const pdx__stis *stis, double *covariance);
/* Weighted quantiles of column k; probs ascending. */
pdx_status pdx__stis_quantiles(const pdx__stis *stis, int32_t k, const double *probs, int32_t count,
                               double *out);
/* index[count] of draws with equal weights, by systematic resampling, in random order. */
pdx_status pdx__stis_resample(const pdx__stis *stis, int64_t count, uint64_t seed, uint64_t stream,
                              int64_t *index);

#endif
