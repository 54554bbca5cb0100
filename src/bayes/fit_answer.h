/* Replaces EP's numbers in a fit by those of another method. Private to the fit. */
#ifndef PDX_BAYES_FIT_ANSWER_H
#define PDX_BAYES_FIT_ANSWER_H

#include "stis.h"

pdx_status pdx__answer_by_stis(pdx__fit *fit, const pdx__ep *ep, const pdx__stis *stis,
                               const pdx__fit_settings *settings);
/* Equally weighted draws into fit->draws. */
pdx_status pdx__keep_stis_draws(pdx__fit *fit, const pdx__ep *ep, const pdx__stis *stis,
                                const pdx__fit_settings *settings);
/* Runs NUTS from EP's approximation. Sets the certificate; evidence and left-out rows stay EP's. */
pdx_status pdx__answer_by_nuts(pdx__fit *fit, const pdx__ep *ep, const pdx__fit_settings *settings);

#endif
