/* Margins beside their signs: which fit of a judge with log-probabilities to trust. */
#ifndef PDX_BAYES_MARGIN_TRUST_H
#define PDX_BAYES_MARGIN_TRUST_H

#include "refit.h"

/* AUC for the sign (eta: [n] held-out log-odds of both kinds of fit) and split-half reliability
 * (correlation of the property weights of two halves, mean over random halvings), of margins and of
 * signs. Leaves `known` and the scale as they are. */
pdx_status pdx__margin_compare(pdx__refit *refit, const double *eta_margin, const double *eta_sign,
                               pdx_margin *out);
/* A sentence on which of the two to trust into text. */
void pdx__margin_sentence(const pdx_margin *margin, char *text, size_t size);

#endif
