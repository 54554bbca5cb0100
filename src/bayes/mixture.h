/* A model with one more unknown (the margins' scale, the cut between verdict and tie, the spread
 * between groups): EP is run with the unknown held at each of a few nodes, the nodes are weighed by
 * EP's evidence, and the posterior of the weights is the mixture. */
#ifndef PDX_BAYES_MIXTURE_H
#define PDX_BAYES_MIXTURE_H

#include "ep.h"

enum { PDX__MOST_NODES = 101 };

/* Values of the unknown, the first one first added, and what they weigh. */
typedef struct pdx__nodes {
    int32_t count;
    double at[PDX__MOST_NODES];
    double log_z[PDX__MOST_NODES];  /* log evidence with the unknown's prior density */
    double weight[PDX__MOST_NODES]; /* sum 1 */
    double log_evidence;            /* with the unknown integrated out */
} pdx__nodes;

/* EP with the unknown at `at`; *log_z as in pdx__nodes. */
typedef pdx_status (*pdx__node_fn)(void *context, double at, double *log_z);

/* Nodes `step` apart, `start` first, then outward so far as their weight counts: the trapezoidal
 * rule, whose error falls exponentially for a smooth density where the step is not above 1.2 sds.
 * `at` stays above `least`: for a density that is even about `least`, start half a step (or a step
 * and a half, ...) above it. `add` (at every node once more than that node's run) is told the
 * weight relative to the first node; may be NULL. */
pdx_status pdx__nodes_lay(pdx__nodes *nodes, double start, double step, double least,
                          pdx__node_fn run, pdx_status (*add)(void *context, double relative),
                          void *context);
/* Weights from log_z; returns their sum relative to the first node. */
double pdx__nodes_weigh(pdx__nodes *nodes);
/* Mean and sd of a function of the unknown, value[count] at the nodes. */
void pdx__nodes_moments(const pdx__nodes *nodes, const double *value, double *mean, double *sd);

/* What EP said of `d` columns at the nodes. */
typedef struct pdx__mixture {
    int32_t d, count;
    int64_t n;           /* rows whose left-out likelihood is mixed too */
    double *mean, *sd;   /* [PDX__MOST_NODES][d] */
    pdx__tilted *tilted; /* [PDX__MOST_NODES][d] marginals; rate 0: the normal one of mean and sd */
    double *second;      /* [d][d] sum of relative weight x (covariance + mean mean'), or NULL */
    double *inverse_loo; /* [n] sum of relative weight / left-out likelihood, or NULL */
    double relative;     /* sum of the relative weights */
} pdx__mixture;

/* joint: covariance and left-out rows too. */
pdx_status pdx__mixture_create(pdx__mixture *out, int32_t d, int64_t n, int joint);
void pdx__mixture_free(pdx__mixture *mixture); /* the members; a zeroed struct is fine */
/* The node that EP stands at; its weight relative to the first node. loo[n]: log likelihoods of
 * left-out rows; NULL without joint. */
pdx_status pdx__mixture_add(pdx__mixture *mixture, const pdx__ep *ep, double relative,
                            const double *loo);
/* Mean, sd and P(> 0) of the mixture, and with settings->summaries quantiles, covariance and
 * left-out rows, into `fit`, whose column column[k] is the mixture's k. */
void pdx__mixture_take(const pdx__mixture *mixture, const pdx__nodes *nodes, const int32_t *column,
                       pdx__fit *fit, const pdx__fit_settings *settings);

/* settings->draws equally weighted draws from the nodes by their weights, each from the sampler
 * around the EP that `run` leaves in `ep`. */
pdx_status pdx__mixture_draw(pdx__fit *fit, const pdx__nodes *nodes, const pdx__ep *ep,
                             pdx__node_fn run, void *context, const pdx__fit_settings *settings);

#endif
