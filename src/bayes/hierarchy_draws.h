/* Joint draws of the mean, every group's weights and tau: by the sequential sampler or by NUTS, and
 * what is made of them. */
#ifndef PDX_BAYES_HIERARCHY_DRAWS_H
#define PDX_BAYES_HIERARCHY_DRAWS_H

#include "hierarchy_fit.h"

typedef struct pdx__joint_draws {
    int32_t groups, d; /* d: free columns */
    int64_t n, parts; /* draws; they are `parts` independent runs of n / parts, one after another */
    double *value;    /* [(groups + 1) d + 1][n]: mu, each group's weights, tau */
    double *weight;   /* [n], sum 1 */
    double *log_weight;
    double *mean, *sd, *mean_se; /* [(groups + 1) d + 1] */
    double ess_fraction, sd_log_weight, khat;
} pdx__joint_draws;

/* Zeroed room; weights all 1/n. */
pdx_status pdx__joint_draws_create(pdx__joint_draws *out, int32_t groups, int32_t d, int64_t n,
                                   int64_t parts);
void pdx__joint_draws_free(pdx__joint_draws *draws); /* the members; a zeroed struct is fine */
/* Fills mean, sd and mean_se (over parts; NaN with one). */
void pdx__joint_draws_summarise(pdx__joint_draws *draws);

/* The sequential sampler in block order: tau from the nodes by their weights, mu coordinate by
 * coordinate with its Laplace priors exact, then every group given mu; weighed by the exact joint
 * density. n: a multiple of 8 x 64. `run` runs EP at a node, as when the nodes were laid. */
pdx_status pdx__hierarchy_stis(pdx__joint_draws *out, pdx__hierarchy *hierarchy,
                               const pdx__nodes *nodes, double tau_scale, pdx__node_fn run,
                               void *context, int64_t n, uint64_t seed, uint64_t stream);
/* NUTS on mu, (w - mu) / tau and log tau, from EP's answer in `fit`; worst R-hat, least bulk ESS
 * and divergences into its certificate. */
pdx_status pdx__hierarchy_nuts(pdx__joint_draws *out, pdx__hierarchy *hierarchy,
                               pdx__pooled_fit *fit, double tau_scale,
                               const pdx__fit_settings *settings);

/* The numbers of `draws` in place of EP's. */
pdx_status pdx__pooled_fit_take_draws(pdx__pooled_fit *fit, const pdx__hierarchy *hierarchy,
                                      const pdx__joint_draws *draws,
                                      const pdx__fit_settings *settings);
/* Equally weighted draws of each group and the mean, draw by draw from one joint draw. */
pdx_status pdx__pooled_fit_keep_draws(pdx__pooled_fit *fit, const pdx__hierarchy *hierarchy,
                                      const pdx__joint_draws *draws,
                                      const pdx__fit_settings *settings);

#endif
