/* Which of many contrasts are discoveries. */
#ifndef PDX_BAYES_DISCOVERY_H
#define PDX_BAYES_DISCOVERY_H

#include <prefdissect/posterior.h>

/* Marks the largest set whose expected share of wrong signs is at most `rate`, by prob_greater
 * (Mueller, Parmigiani & Rice 2006). Ties by place. */
pdx_status pdx__discover(pdx_contrast *contrast, int64_t n, double rate);

#endif
