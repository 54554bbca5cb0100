/* Warmup of NUTS: the step size by dual averaging, the sds of a diagonal metric in windows that
 * double. Hoffman & Gelman 2014, section 3.2; the windows are those of Stan's reference manual. */
#ifndef PDX_BAYES_ADAPT_H
#define PDX_BAYES_ADAPT_H

#include "core/alloc.h"

/* Dual averaging of log(step) towards a mean acceptance of `target`. */
typedef struct pdx__step_adapt {
    double target, centre, error, log_average;
    int64_t count;
} pdx__step_adapt;

void pdx__step_start(pdx__step_adapt *adapt, double target, double step);
double pdx__step_update(pdx__step_adapt *adapt, double accept); /* the step to try next */
double pdx__step_final(const pdx__step_adapt *adapt);           /* the average of the steps */

/* Where the windows of a warmup end. Draws before `first` and from `last` on adapt the step only.
 */
typedef struct pdx__windows {
    int32_t first, last, end, length;
} pdx__windows;

void pdx__windows_start(pdx__windows *windows, int32_t warmup);
/* 1 where draw i counts for the variances. */
int pdx__windows_hold(const pdx__windows *windows, int32_t i);
/* 1 where a window ends after draw i; moves on to the next. */
int pdx__windows_end(pdx__windows *windows, int32_t i);

/* Running means and squares of dim variables. */
typedef struct pdx__welford {
    int64_t count;
    int32_t dim;
    double *mean, *squares; /* [dim] */
} pdx__welford;

void pdx__welford_clear(pdx__welford *welford);
void pdx__welford_add(pdx__welford *welford, const double *x);
/* Replaces scale[dim] by the sds, pulled a little towards a small part of the old scale, so that a
 * short window cannot give a degenerate one. */
void pdx__welford_scale(const pdx__welford *welford, double *scale);

#endif
