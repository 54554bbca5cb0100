/* The position effect, from the fit's own column or from log-probabilities of both orders. */
#ifndef PDX_BAYES_POSITION_H
#define PDX_BAYES_POSITION_H

#include <prefdissect/posterior.h>

#include "core/alloc.h"

/* From the marginal of the position column: moments, P(> 0) and 95 % limits of the log-odds. */
void pdx__position_of_column(pdx_position *out, double mean, double sd, double prob_positive,
                             double low, double high);

/* From log-odds b_i of the response shown first, averaged over both orders of pair i, so that the
 * content cancels; NaN entries are skipped. Model: b_i = e + s z_i, z_i standard logistic, e ~
 * N(0, prior_sd^2), flat in log s. out->known stays 0 with fewer than 3 pairs. */
pdx_status pdx__position_of_pairs(pdx_position *out, const double *b, int64_t n, double prior_sd);

#endif
