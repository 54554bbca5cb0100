/* The posterior under partial pooling: EP at nodes of tau, mixed by its evidence; a certificate
 * from the sequential sampler; joint NUTS where that fails. */
#ifndef PDX_BAYES_HIERARCHY_FIT_H
#define PDX_BAYES_HIERARCHY_FIT_H

#include "hierarchy.h"
#include "mixture.h"

typedef struct pdx__pooled_fit {
    int32_t groups, d; /* d: columns of the designs */
    pdx__fit mean;     /* of mu; n = 0 */
    pdx__fit *group;   /* [groups] */
    double tau_mean, tau_sd;
    double *tau_quantiles;    /* [quantile_count] */
    pdx_contrast *difference; /* [groups][d] w_g - mu; no discoveries yet */
    double *cross; /* [groups (groups - 1) / 2][d] covariance of one column's weights in groups g >
                      h, at g (g - 1) / 2 + h */
    double log_evidence;
    pdx_certificate certificate; /* of all at once */
    pdx__nodes nodes;            /* of tau */
} pdx__pooled_fit;

/* tau ~ half-normal(tau_scale). With settings->summaries the whole of it; without, means and sds
 * only. */
pdx_status pdx__pooled_fit_run(pdx__pooled_fit *out, pdx__hierarchy *hierarchy, double tau_scale,
                               const pdx__fit_settings *settings);
/* The same without summaries, at the nodes that a fit of much the same rows found. */
pdx_status pdx__pooled_fit_again(pdx__pooled_fit *out, pdx__hierarchy *hierarchy,
                                 const pdx__nodes *nodes, double tau_scale,
                                 const pdx__fit_settings *settings);
void pdx__pooled_fit_free(pdx__pooled_fit *fit); /* the members; a zeroed struct is fine */

#endif
