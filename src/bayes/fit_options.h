/* The options of a fit: one table drives defaults, checks and the JSON text. */
#ifndef PDX_BAYES_FIT_OPTIONS_H
#define PDX_BAYES_FIT_OPTIONS_H

#include <prefdissect/posterior.h>

#include "core/options.h"

/* full := defaults, then what the caller gave (NULL: nothing), checked; quantile_probs is never
 * NULL afterwards (the caller's array or a static one). The length of prior_scales is the caller's
 * word: pdx__fit_options_scales checks it against d columns. */
pdx_status pdx__fit_options_take(pdx_fit_options *full, const pdx_fit_options *given);
pdx_status pdx__fit_options_scales(const pdx_fit_options *full, int32_t d);
void pdx__fit_options_json(pdx__buf *out, const pdx_fit_options *options);
const pdx__option *pdx__fit_options_table(size_t *rows);

#endif
