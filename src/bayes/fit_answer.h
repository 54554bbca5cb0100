/* Parts that pdx__fit_problem, pdx__fit_margin and pdx__fit_ties are made of. */
#ifndef PDX_BAYES_FIT_ANSWER_H
#define PDX_BAYES_FIT_ANSWER_H

#include "stis.h"

enum { PDX__CHECK_DRAWS = 512 };

/* Zeroed arrays for fit->d columns and fit->n rows. */
pdx_status pdx__fit_arrays(pdx__fit *fit, const pdx__fit_settings *settings);
/* Is EP's answer a proper posterior? With flat priors it need not be. */
int pdx__fit_is_proper(const pdx__ep *ep);
/* EP's answer, not checked. */
void pdx__fit_certificate_init(pdx_certificate *c, int32_t sweeps, int32_t converged);
/* With EP's answer in `out`: whatever else the settings ask for (certificate, draws, another
 * method), and what the gates say. */
pdx_status pdx__fit_answer(pdx__fit *out, const pdx__ep *ep, const pdx__fit_settings *settings);
/* Certificate from weighted draws into *c: 1 where they agree with the means reported and EP
 * converged. Coordinate k is mean[column[k]]; column NULL: mean[k]. */
int pdx__fit_check(pdx_certificate *c, const double *mean, const int32_t *column, const pdx__ep *ep,
                   const pdx__stis *stis);

/* Put the numbers of another method in place of EP's. */
pdx_status pdx__answer_by_stis(pdx__fit *fit, const pdx__ep *ep, const pdx__stis *stis,
                               const pdx__fit_settings *settings);
/* Equally weighted draws into fit->draws. */
pdx_status pdx__keep_stis_draws(pdx__fit *fit, const pdx__ep *ep, const pdx__stis *stis,
                                const pdx__fit_settings *settings);
/* Runs NUTS from EP's approximation. Sets the certificate; evidence and left-out rows stay EP's. */
pdx_status pdx__answer_by_nuts(pdx__fit *fit, const pdx__ep *ep, const pdx__fit_settings *settings);

#endif
