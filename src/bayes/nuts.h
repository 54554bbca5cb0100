/* The no-U-turn sampler on a pdx__target: multinomial sampling of the trajectory, the generalised
 * U-turn criterion with the checks between neighbouring subtrees, dual averaging of the step size.
 * Hoffman & Gelman 2014, JMLR 15:1593; Betancourt 2017, arXiv 1701.02434. */
#ifndef PDX_BAYES_NUTS_H
#define PDX_BAYES_NUTS_H

#include "core/alloc.h"
#include "target.h"

typedef struct pdx__nuts_settings {
    int32_t chains, warmup, draws; /* warmup steps and kept draws of each chain */
    double step;          /* to begin with; kept where warmup is 0. 0: found at the start */
    int32_t max_depth;    /* trajectories of at most 2^max_depth - 1 steps */
    double target_accept; /* of dual averaging, in (0, 1) */
    uint64_t seed, stream;
    const double *start;      /* [chains][dim] */
    const double *covariance; /* [dim][dim], the metric for all of the run; NULL: a diagonal one
                                 is adapted in windows, from `scale` */
    const double *scale;      /* [dim] first guess of the sds (no covariance); NULL: ones */
    const pdx_hooks *hooks;   /* may be NULL; counts iterations over all chains */
} pdx__nuts_settings;

/* 4 chains x (500 + 2000), depth 10, acceptance 0.8, seed 1; no start. */
void pdx__nuts_settings_init(pdx__nuts_settings *settings);

typedef struct pdx__nuts_run {
    int32_t chains, draws, dim;
    double *draw;         /* [chains][draws][dim] */
    double *step_size;    /* [chains] after warmup */
    double *accept;       /* [chains] mean acceptance statistic after warmup */
    double *depth;        /* [chains] mean tree depth after warmup */
    int64_t *divergences; /* [chains] after warmup */
    int64_t gradients;    /* evaluations of the target in all */
} pdx__nuts_run;

/* Chains run one after another on the caller's thread; each has random numbers of its own, so chain
 * c is the same however many there are. PDX_ENUMERIC where the density at a start is zero or
 * undefined, or the covariance is not positive definite. */
pdx_status pdx__nuts(pdx__nuts_run *out, const pdx__target *target,
                     const pdx__nuts_settings *settings);
void pdx__nuts_free(pdx__nuts_run *run); /* the members; a zeroed struct is fine */

/* What the draws say, and how far they can be trusted. mean[dim], sd[dim], mean_se[dim] (Monte
 * Carlo error of the mean); the worst R-hat and the smallest bulk ESS over dimensions. Any may be
 * NULL. */
pdx_status pdx__nuts_summary(const pdx__nuts_run *run, double *mean, double *sd, double *mean_se,
                             double *worst_rhat, double *least_ess);

#endif
