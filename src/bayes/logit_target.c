/* The logistic posterior as a target, with labels only in a linear term: log lik = t.a -
 * sum_n w_n g(x_n.a + o_n) + const with g(eta) = log(2 cosh(eta/2)), t = sum_n w_n (y_n - 1/2) x_n.
 * The rows are kept expanded for the kernels where they are few enough; else each block is expanded
 * again at every evaluation. Likelihoods are summed in single precision where that moves the log
 * density by less than 1e-3, far below what the acceptance of a step can see. */
#include "logit_target.h"

#include <math.h>
#include <string.h>

#include "cut.h"
#include "design.h"
#include "kernels.h"

enum { MOST_EXPANDED = 32 << 20 }; /* bytes */
static const double MOST_FLOAT_WEIGHT = 1e-3 / 6e-8;

struct pdx__logit_target {
    const pdx__design *design;
    const pdx__kernels *kernels;
    const pdx__prior *prior; /* [columns of the design] */
    const pdx__cut *cut;     /* NULL: none; its column is the last */
    int32_t dim;
    int64_t blocks;
    int32_t *column; /* [dim] */
    double *linear;  /* t [dim] */
    double *weight;  /* [blocks][PDX__BLOCK], 0 for rows that are not there */
    double *offset;
    double *band; /* NULL without a cut */
    double *x;    /* [blocks][dim][PDX__BLOCK], or one block */
    int expanded;
    /* in place of x, weight and offset where single precision is enough */
    float *x_float, *weight_float, *offset_float, *band_float, *a_float;
    double *a; /* [dim] with a cut: the point as the rows see it */
};

static const double *block_of(const pdx__logit_target *l, int64_t b) {
    if (l->expanded) return l->x + b * l->dim * PDX__BLOCK;
    pdx__design_expand(l->design, l->kernels, b, l->column, l->dim, l->x);
    return l->x;
}

static const float *float_block_of(const pdx__logit_target *l, int64_t b) {
    if (l->expanded) return l->x_float + b * l->dim * PDX__BLOCK;
    pdx__design_expand_float(l->design, l->kernels, b, l->column, l->dim, l->x_float);
    return l->x_float;
}

/* Adds the gradient of sum w g to `gradient`, and returns the sum. */
static double even_part(const pdx__logit_target *l, const double *a, double width, double *by_width,
                        double *gradient) {
    double sum = 0;
    for (int32_t k = 0; l->x_float && k < l->dim; ++k) l->a_float[k] = (float)a[k];
    for (int64_t b = 0; b < l->blocks; ++b) {
        int32_t count = pdx__design_block_panels(l->design, b) * PDX__PANEL;
        int64_t at = b * PDX__BLOCK;
        if (l->x_float)
            sum += l->kernels->slope_float(gradient, l->a_float, float_block_of(l, b), count,
                                           l->weight_float + at, l->offset_float + at,
                                           l->band_float ? l->band_float + at : NULL, width,
                                           by_width, l->dim);
        else
            sum += l->kernels->slope(gradient, a, block_of(l, b), count, l->weight + at,
                                     l->offset + at, l->band ? l->band + at : NULL, width, by_width,
                                     l->dim);
    }
    return sum;
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
    memset(gradient, 0, (size_t)l->dim * sizeof *gradient);
    const int32_t last = l->dim - 1;
    pdx__cut_values at = {0}, slope = {0};
    double by_width = 0;
    if (l->cut) {
        at = pdx__cut_at(l->cut->model, a[last], &slope);
        memcpy(l->a, a, (size_t)last * sizeof *a);
        l->a[last] = at.offset;
        a = l->a;
    }
    double sum = -even_part(l, a, at.width, &by_width, gradient);
    for (int32_t k = 0; k < l->dim; ++k) {
        gradient[k] = l->linear[k] - gradient[k];
        sum += l->linear[k] * a[k];
        if (k == last && l->cut) {
            gradient[k] = gradient[k] * slope.offset - by_width * slope.width +
                          l->cut->ties * slope.tie + slope.prior;
            sum += l->cut->ties * at.tie + at.prior;
        } else sum += add_prior(&l->prior[l->column[k]], a[k], &gradient[k]);
    }
    return sum;
}

static pdx_status take_columns(pdx__logit_target *l) {
    int32_t d = pdx__design_dim(l->design);
    l->column = pdx__alloc((size_t)d, sizeof *l->column);
    if (!l->column) return PDX_ENOMEM;
    for (int32_t k = 0; k < d; ++k)
        if (l->prior[k].scale > 0) l->column[l->dim++] = k;
    if (l->cut) l->column[l->dim++] = l->cut->column;
    l->linear = pdx__alloc_zero((size_t)l->dim, sizeof *l->linear);
    return l->linear ? PDX_OK : PDX_ENOMEM;
}

/* Weights and offsets, in single precision too where that is enough. */
static pdx_status take_weights(pdx__logit_target *l, const pdx__problem *problem) {
    int64_t n = pdx__design_rows(l->design);
    size_t rows = (size_t)l->blocks * PDX__BLOCK;
    double total = 0;
    l->weight = pdx__alloc_zero(rows, sizeof *l->weight);
    l->offset = pdx__alloc_zero(rows, sizeof *l->offset);
    if (l->cut) {
        l->band = pdx__alloc_zero(rows, sizeof *l->band);
        l->a = pdx__alloc((size_t)l->dim, sizeof *l->a);
        if (!l->band || !l->a) return PDX_ENOMEM;
        for (int64_t i = 0; i < n; ++i) l->band[i] = l->cut->band[i];
    }
    if (!l->weight || !l->offset) return PDX_ENOMEM;
    for (int64_t i = 0; i < n; ++i) {
        l->weight[i] = problem->weight ? problem->weight[i] : 1;
        l->offset[i] = problem->offset ? problem->offset[i] : 0;
        total += l->weight[i];
    }
    if (total > MOST_FLOAT_WEIGHT) return PDX_OK;
    l->weight_float = pdx__alloc(rows, sizeof(float));
    l->offset_float = pdx__alloc(rows, sizeof(float));
    l->a_float = pdx__alloc((size_t)l->dim, sizeof(float));
    if (!l->weight_float || !l->offset_float || !l->a_float) return PDX_ENOMEM;
    if (l->band && !(l->band_float = pdx__alloc(rows, sizeof(float)))) return PDX_ENOMEM;
    for (size_t i = 0; i < rows; ++i) {
        if (l->band) l->band_float[i] = (float)l->band[i];
        l->weight_float[i] = (float)l->weight[i];
        l->offset_float[i] = (float)l->offset[i];
    }
    return PDX_OK;
}

static pdx_status take_rows(pdx__logit_target *l, const pdx__problem *problem) {
    size_t rows = (size_t)l->blocks * PDX__BLOCK, dim = (size_t)l->dim;
    l->expanded = rows * dim * sizeof(double) <= MOST_EXPANDED;
    size_t held = l->expanded ? rows : PDX__BLOCK;
    int single = l->weight_float != NULL;
    l->x = pdx__alloc_aligned(single ? PDX__BLOCK : held, dim * sizeof *l->x);
    if (!l->x) return PDX_ENOMEM;
    if (single) {
        l->x_float = pdx__alloc_aligned(held, dim * sizeof *l->x_float);
        if (!l->x_float) return PDX_ENOMEM;
    }
    for (int64_t b = 0; b < l->blocks; ++b) {
        size_t at = l->expanded ? (size_t)b * dim * PDX__BLOCK : 0;
        double *x = l->x + (single ? 0 : at);
        pdx__design_expand(l->design, l->kernels, b, l->column, l->dim, x);
        if (single)
            pdx__design_expand_float(l->design, l->kernels, b, l->column, l->dim, l->x_float + at);
        for (int32_t i = 0; i < pdx__design_block_rows(l->design, b); ++i) {
            int64_t row = b * PDX__BLOCK + i;
            double pull = l->weight[row] > 0 ? l->weight[row] * (problem->y[row] - 0.5) : 0;
            for (int32_t k = 0; k < l->dim; ++k) l->linear[k] += pull * x[k * PDX__BLOCK + i];
        }
    }
    return PDX_OK;
}

pdx_status pdx__logit_target_create(pdx__logit_target **out, const pdx__problem *problem) {
    *out = NULL;
    pdx__logit_target *l = pdx__alloc_zero(1, sizeof *l);
    if (!l) return PDX_ENOMEM;
    l->design = problem->design;
    l->kernels = pdx__kernels_best();
    l->prior = problem->prior;
    l->cut = problem->cut;
    l->blocks = pdx__design_blocks(problem->design);
    pdx_status status = take_columns(l);
    if (status == PDX_OK) status = take_weights(l, problem);
    if (status == PDX_OK) status = take_rows(l, problem);
    if (status != PDX_OK) {
        pdx__logit_target_free(l);
        return status;
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
    pdx__free(logit->x_float);
    pdx__free(logit->weight_float);
    pdx__free(logit->offset_float);
    pdx__free(logit->band_float);
    pdx__free(logit->a_float);
    pdx__free(logit->a);
    pdx__free(logit->band);
    pdx__free(logit);
}

pdx__target pdx__logit_target_seam(pdx__logit_target *logit) {
    return (pdx__target){logit->dim, value, logit};
}

int32_t pdx__logit_target_column(const pdx__logit_target *logit, int32_t k) {
    return logit->column[k];
}
