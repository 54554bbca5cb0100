/* Expectation propagation on one problem: q(a) = N(mean, (L L')^-1), sites for the likelihood's
 * even part -w g of each row and for each Laplace prior; the linear part of the likelihood is
 * exact. Minka 2001; Seeger 2008, JMLR 9:759. */
#ifndef PDX_BAYES_EP_H
#define PDX_BAYES_EP_H

#include "numerics.h"
#include "workspace.h"

typedef struct pdx__ep {
    const pdx__problem *problem;
    pdx__workspace *workspace;
    int32_t d, ld;                        /* columns whose prior is not pinned; d padded */
    int32_t *column;                      /* [d] their place in the design */
    double *rate;                         /* [d] 1/b of a Laplace site, 0: no site */
    double *gaussian;                     /* [d] precision of a Gaussian prior, else 0 */
    double *site_precision, *site_linear; /* [d] of Laplace sites */
    double *tau, *nu;                     /* [n] sites of rows (the caller's arrays) */
    double *root;         /* [ld][ld] lower triangular, root' root = covariance of q */
    double *mean, *sd;    /* [d] */
    double log_det;       /* of q's precision */
    double linear_square; /* mean' precision mean */
    int32_t sweeps, converged;
    int32_t usable;    /* q is proper and finite */
    pdx_status failed; /* of rows that are not in memory */
    double *outside;   /* [d (d + 1) / 2 + d] their sums: the lower triangle by rows, linear */
    /* scratch */
    double *block, *gram_sums, *lam, *linear, *work;
} pdx__ep;

typedef struct pdx__ep_settings {
    double tolerance;   /* of max |change of mean|/sd + max |change of log sd| */
    int32_t max_sweeps; /* in all */
} pdx__ep_settings;

/* Everything in `ep` lies in the workspace (slots BLOCK to MATRIX and COLUMNS) and in tau, nu;
 * `warm` may be NULL. Fails only for want of memory; a fit that does not converge says so in `ep`.
 */
pdx_status pdx__ep_run(pdx__ep *ep, const pdx__problem *problem, const pdx__sites *warm,
                       const pdx__ep_settings *settings, pdx__workspace *workspace, double *tau,
                       double *nu);
/* Coordinates of the samplers: the free columns, then theta of a cut. Once theta's posterior is
 * known, column[d], mean[d] and sd[d] hold its. */
static inline int32_t pdx__coordinates(const pdx__ep *ep) {
    return ep->d + (ep->problem->cut != NULL);
}
/* After a run. covariance[d][d] of the free columns. */
void pdx__ep_covariance(const pdx__ep *ep, double *covariance);
/* The marginal of free column k under q with the column's own Laplace site (rate > 0) put back
 * exact; without one, q's Gaussian as lam, gam and rate 0. */
pdx__tilted pdx__ep_marginal(const pdx__ep *ep, int32_t k);

typedef struct pdx__ep_report {
    double log_evidence, elpd;
    double *loo;   /* [n] log predictive likelihood of each row left out; NULL: none, and no elpd */
    double *skew;  /* [d] skewness of each free column from the rows and the other columns' priors;
                      NULL: none */
    double *widen; /* [d] with skew: factor of each variance, second order; NULL: none */
    int whole;     /* 0: a row is left out once, with weight 1, whatever its weight; 1: with all of
                      its weight */
} pdx__ep_report;
/* One more pass over the rows. covariance[d][d]: of pdx__ep_covariance. Fails for want of memory.
 */
pdx_status pdx__ep_describe(pdx__ep *ep, const double *covariance, pdx__ep_report *report);

/* Mean, sd, P(> 0) and quantiles of free column k with its skewness: the tilted marginal times
 * 1 + skew/6 (z^3 - 3 z), z from q's mean and sd; the first correction beyond EP (Opper, Paquet &
 * Winther 2013, JMLR 14:2857). */
typedef struct pdx__shape {
    double mean, sd, prob_positive;
} pdx__shape;
pdx__shape pdx__ep_shape(const pdx__ep *ep, int32_t k, double skew, const double *probs,
                         int32_t count, double *quantiles);

#endif
