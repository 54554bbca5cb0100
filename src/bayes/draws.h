/* Draws by the chunk: from EP's Gaussian with its Laplace sites put back exact, coordinate after
 * coordinate, and the log likelihood of rows at many draws. What both samplers (stis.c,
 * hierarchy_stis.c) are made of. Draws stand coordinate by coordinate, PDX__STRIDE apart, so that
 * columns do not share cache sets. */
#ifndef PDX_BAYES_DRAWS_H
#define PDX_BAYES_DRAWS_H

#include "ep.h"

/* Draws worked on at once: they stay in the cache with one block of rows. */
enum { PDX__CHUNK = 512, PDX__STRIDE = PDX__CHUNK + 16 };

typedef struct pdx__proposal {
    const pdx__ep *ep;
    double *factor; /* [d][ld] lower Cholesky factor of q's covariance */
    double *mean;   /* [PDX__CHUNK] scratch */
} pdx__proposal;

size_t pdx__proposal_doubles(const pdx__ep *ep);
/* PDX_ENUMERIC where q's covariance is singular to rounding. */
pdx_status pdx__proposal_open(pdx__proposal *out, const pdx__ep *ep, double *memory);
/* From uniforms u[k * u_stride + i]: draws a and their standard normals z, and log_density +=
 * log density of the proposal less that of the priors (log(rate/2) of each Laplace one apart).
 * `count`: a multiple of PDX__DRAWS; u and a may be the same. theta[i]: of a cut, whose place moves
 * the means; NULL: none. */
void pdx__proposal_draw(const pdx__proposal *proposal, const double *u, int64_t u_stride,
                        int32_t count, const double *theta, double *a, double *z,
                        double *log_density);

typedef struct pdx__draw_rows {
    const pdx__problem *problem;
    const pdx__ep *ep; /* its coordinates, its block as scratch */
    int32_t d;         /* pdx__coordinates */
    int in_float;      /* single precision is enough */
    double *linear;    /* [d] sum of w (y - 1/2) x */
    double constant, *loss;
    float *draw_float, *block_float, *width_float;
} pdx__draw_rows;

size_t pdx__draw_rows_doubles(const pdx__ep *ep);
size_t pdx__draw_rows_floats(const pdx__ep *ep);
pdx_status pdx__draw_rows_open(pdx__draw_rows *out, const pdx__ep *ep, double *memory,
                               float *floats);
/* log_likelihood[i] = sum over rows at draw i; where single precision is enough a is rounded to
 * what was looked at. width[i]: of the band at draw i where there is a cut; else NULL. Both
 * fail where rows that are not in memory cannot be read. */
pdx_status pdx__draw_rows_likelihood(const pdx__draw_rows *rows, double *a, const double *width,
                                     int32_t count, double *log_likelihood);

/* Weights that sum to 1 from log weights (NaN counts as 0), and what they are like. PDX_ENUMERIC
 * where none is finite. */
typedef struct pdx__weighing {
    double ess_fraction, sd_log_weight, khat, log_mean; /* log_mean: of the weights */
} pdx__weighing;
pdx_status pdx__weigh(double *log_weight, double *weight, int64_t n, pdx__weighing *out);

#endif
