/* The distribution of one weight, put together again from what a posterior reports of it. */
#ifndef PDX_BAYES_MARGINAL_H
#define PDX_BAYES_MARGINAL_H

#include "posterior.h"

enum { PDX__MARGINAL_CELLS = 384, PDX__MARGINAL_POINTS = 2 * PDX__MARGINAL_CELLS };

typedef struct pdx__marginal {
    double mean, sd;    /* as reported; sd 0: a point, and the tables below are empty */
    double start, step; /* cells [start + k step, start + (k + 1) step] */
    double below[PDX__MARGINAL_CELLS + 1];   /* distribution function at their ends */
    double density[PDX__MARGINAL_CELLS + 1]; /* and its derivative */
    double point[PDX__MARGINAL_POINTS];      /* quadrature: integral of g = sum weight g(point) */
    double weight[PDX__MARGINAL_POINTS];
    int32_t knots;     /* of the correction of `below` towards the reported probabilities */
    double *from, *to; /* [knots] ascending, from 0 to 1 */
} pdx__marginal;

/* Weight d of a posterior that has sds. PDX_EINVAL where it has means only. */
pdx_status pdx__marginal_create(pdx__marginal **out, const pdx_posterior *posterior, int32_t d);
void pdx__marginal_free(pdx__marginal *marginal);
double pdx__marginal_below(const pdx__marginal *marginal, double x); /* P(weight < x) */

#endif
