/* The position effect, from the fit's own column or from log-probabilities of both orders. */
#ifndef PDX_BAYES_POSITION_H
#define PDX_BAYES_POSITION_H

#include <prefdissect/posterior.h>

#include "core/alloc.h"

/* From the marginal of the position column: moments, P(> 0) and 95 % limits of the log-odds. With a
 * known cut p_first is that of verdicts that are no ties; NULL: none. */
void pdx__position_of_column(pdx_position *out, double mean, double sd, double prob_positive,
                             double low, double high, const pdx_cut *cut);

/* From log-probabilities of both orders, per pair i: b_i = [l_AB + l_BA] / 2, the mean log-odds of
 * the response shown first, in which the content cancels; u_i = [l_AB - l_BA] / 2, those of A, in
 * which the position cancels; eta_i = x_i.w of the fit. Pairs with NaN in b or u are skipped.
 * Models, z standard logistic: b_i = e + s_b z, e ~ N(0, prior_sd^2), flat in log s_b;
 * u_i = s_u (eta_i + z). The effect is e. out->known stays 0 with fewer than 3 pairs. */
pdx_status pdx__position_of_pairs(pdx_position *out, const double *b, const double *u,
                                  const double *eta, int64_t n, double prior_sd);

#endif
