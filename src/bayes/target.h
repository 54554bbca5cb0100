/* The seam of the samplers: a differentiable log density. Samplers never see a dataset, so they are
 * tested on densities with known answers. */
#ifndef PDX_BAYES_TARGET_H
#define PDX_BAYES_TARGET_H

#include <stdint.h>

typedef struct pdx__target {
    int32_t dim;
    /* log density (up to a constant) at x[dim], its gradient into gradient[dim]. -INFINITY or NaN
     * where the density is zero or undefined. Called by one thread per context. */
    double (*value)(void *context, const double *x, double *gradient);
    void *context;
} pdx__target;

#endif
