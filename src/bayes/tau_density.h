/* The posterior of tau from the nodes of its evidence, which stand at half steps from 0. */
#ifndef PDX_BAYES_TAU_DENSITY_H
#define PDX_BAYES_TAU_DENSITY_H

#include "hierarchy_fit.h"

/* Where node i stands. */
static inline double pdx__tau_node(int64_t i, double step) { return ((double)i + 0.5) * step; }

/* fit->tau_mean, tau_sd and tau_quantiles from fit->nodes, over a fine grid: tau itself has a kink
 * at 0, which nodes miss. */
void pdx__tau_describe(pdx__pooled_fit *fit, double step, const pdx__fit_settings *settings);

#endif
