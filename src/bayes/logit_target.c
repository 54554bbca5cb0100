/* The logistic posterior as a target, with labels only in a linear term: log lik = t.a -
 * sum_n w_n g(x_n.a + o_n) + const with g(eta) = log(2 cosh(eta/2)), t = sum_n w_n (y_n - 1/2) x_n.
 * The rows are kept expanded for the kernels where they are few enough; else each block is expanded
 * again at every evaluation. */
#include "logit_target.h"

#include <math.h>
#include <string.h>

#include "design.h"
#include "kernels.h"

enum { MOST_EXPANDED = 32 << 20 }; /* bytes */

struct pdx__logit_target {
    const pdx__design *design;
    const pdx__kernels *kernels;
    const pdx__prior *prior; /* [columns of the design] */
    int32_t dim;
    int64_t blocks;
    int32_t *column; /* [dim] */
    double *linear;  /* t [dim] */
    double *weight;  /* [blocks][PDX__BLOCK], 0 for rows that are not there */
    double *offset;
    double *x; /* [blocks][dim][PDX__BLOCK], or one block */
    int expanded;
};

static const double *block_of(const pdx__logit_target *l, int64_t b) {
    if (l->expanded) return l->x + b * l->dim * PDX__BLOCK;
    pdx__design_expand(l->design, l->kernels, b, l->column, l->dim, l->x);
    return l->x;
}

/* Adds the prior's log density and its gradient. */
static double add_prior(const pdx__prior *prior, double a, double *gradient) {
    if (isinf(prior->scale)) return 0;
    double z = a / prior->scale;
    if (prior->kind == PDX_PRIOR_LAPLACE) {
        *gradient -= (double)((z > 0) - (z < 0)) / prior->scale;
        return -fabs(z);
    }
    *gradient -= z / prior->scale;
    return -0.5 * z * z;
}

static double value(void *context, const double *a, double *gradient) {
    const pdx__logit_target *l = context;
    double sum = 0;
    memset(gradient, 0, (size_t)l->dim * sizeof *gradient);
    for (int64_t b = 0; b < l->blocks; ++b)
        sum -= l->kernels->slope(gradient, a, block_of(l, b),
                                 pdx__design_block_panels(l->design, b) * PDX__PANEL,
                                 l->weight + b * PDX__BLOCK, l->offset + b * PDX__BLOCK, l->dim);
    for (int32_t k = 0; k < l->dim; ++k) {
        gradient[k] = l->linear[k] - gradient[k];
        sum += l->linear[k] * a[k];
        sum += add_prior(&l->prior[l->column[k]], a[k], &gradient[k]);
    }
    return sum;
}

pdx_status pdx__logit_target_create(pdx__logit_target **out, const pdx__problem *problem) {
    *out = NULL;
    int64_t n = pdx__design_rows(problem->design);
    int32_t d = pdx__design_dim(problem->design);
    pdx__logit_target *l = pdx__alloc_zero(1, sizeof *l);
    if (!l) return PDX_ENOMEM;
    l->design = problem->design;
    l->kernels = pdx__kernels_best();
    l->prior = problem->prior;
    l->blocks = pdx__design_blocks(problem->design);
    for (int32_t k = 0; k < d; ++k) l->dim += problem->prior[k].scale > 0;
    size_t rows = (size_t)l->blocks * PDX__BLOCK, dim = (size_t)l->dim;
    l->expanded = rows * dim * sizeof(double) <= MOST_EXPANDED;
    l->column = pdx__alloc(dim, sizeof *l->column);
    l->linear = pdx__alloc_zero(dim, sizeof *l->linear);
    l->weight = pdx__alloc_zero(rows, sizeof *l->weight);
    l->offset = pdx__alloc_zero(rows, sizeof *l->offset);
    l->x = pdx__alloc_aligned(l->expanded ? rows : PDX__BLOCK, dim * sizeof *l->x);
    if (!l->column || !l->linear || !l->weight || !l->offset || !l->x) {
        pdx__logit_target_free(l);
        return PDX_ENOMEM;
    }
    for (int32_t k = 0, next = 0; k < d; ++k)
        if (problem->prior[k].scale > 0) l->column[next++] = k;
    for (int64_t i = 0; i < n; ++i) {
        l->weight[i] = problem->weight ? problem->weight[i] : 1;
        l->offset[i] = problem->offset ? problem->offset[i] : 0;
    }
    for (int64_t b = 0; b < l->blocks; ++b) {
        double *x = l->x + (l->expanded ? b * l->dim * PDX__BLOCK : 0);
        pdx__design_expand(l->design, l->kernels, b, l->column, l->dim, x);
        for (int32_t i = 0; i < pdx__design_block_rows(l->design, b); ++i) {
            int64_t row = b * PDX__BLOCK + i;
            double pull = l->weight[row] > 0 ? l->weight[row] * (problem->y[row] - 0.5) : 0;
            for (int32_t k = 0; k < l->dim; ++k) l->linear[k] += pull * x[k * PDX__BLOCK + i];
        }
    }
    *out = l;
    return PDX_OK;
}

void pdx__logit_target_free(pdx__logit_target *logit) {
    if (!logit) return;
    pdx__free(logit->column);
    pdx__free(logit->linear);
    pdx__free(logit->weight);
    pdx__free(logit->offset);
    pdx__free(logit->x);
    pdx__free(logit);
}

pdx__target pdx__logit_target_seam(pdx__logit_target *logit) {
    return (pdx__target){logit->dim, value, logit};
}

int32_t pdx__logit_target_column(const pdx__logit_target *logit, int32_t k) {
    return logit->column[k];
}
