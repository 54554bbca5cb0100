/* Differences of weights. The two marginals are put together again with their kinks (marginal.c);
 * the distribution of the difference is their numeric convolution where the fits are apart, and the
 * convolution under a normal copula of the posterior correlation where both weights are of one fit.
 * Mean and sd come from the reported moments. Which contrasts are discoveries is decided by the
 * expected share of wrong signs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "discovery.h"
#include "marginal.h"
#include "normal.h"
#include "posterior.h"

typedef struct difference {
    const pdx__marginal *a, *b;
    double correlation;
} difference;

/* P(a - b > t) */
static double exceeds(const difference *d, double t) {
    const pdx__marginal *a = d->a, *b = d->b;
    if (b->sd <= 0) return 1 - pdx__marginal_below(a, b->mean + t);
    if (a->sd <= 0) return pdx__marginal_below(b, a->mean - t);
    double sum = 0, rho = d->correlation, left = sqrt(1 - rho * rho);
    for (int k = 0; k < PDX__MARGINAL_POINTS; ++k) {
        double below = pdx__marginal_below(b, a->point[k] - t);
        if (rho != 0 && below > 0 && below < 1) {
            double of_a = pdx__normal_quantile(pdx__marginal_below(a, a->point[k]));
            double z = (pdx__normal_quantile(below) - rho * of_a) / left;
            below = isnan(z) ? below : 0.5 * erfc(-z * sqrt(0.5));
        }
        sum += a->weight[k] * below;
    }
    return sum;
}

/* t with P(a - b > t) = p, by the Illinois rule of false position. */
static double quantile(const difference *d, double centre, double sd, double p) {
    double low = centre - 12 * sd, high = centre + 12 * sd;
    double at_low = 1 - p, at_high = -p, t = centre;
    int last = 0;
    for (int round = 0; round < 100 && high - low > 1e-9 * sd; ++round) {
        t = low + (high - low) * at_low / (at_low - at_high);
        double at = exceeds(d, t) - p;
        if (fabs(at) < 1e-9) break;
        if (at > 0) {
            low = t;
            at_low = at;
            if (last > 0) at_high /= 2;
            last = 1;
        } else {
            high = t;
            at_high = at;
            if (last < 0) at_low /= 2;
            last = -1;
        }
    }
    return t;
}

/* Posterior covariance of two weights of one fit, from its matrix or its draws. */
static pdx_status covariance_of(const pdx_posterior *p, int32_t i, int32_t j, double *covariance) {
    *covariance = 0;
    if (p->covariance) {
        *covariance = p->covariance[(size_t)i * (size_t)p->d + (size_t)j];
        return PDX_OK;
    }
    if (p->draw_count < 2)
        return pdx__fail(PDX_EINVAL,
                         "a contrast within the fit of judge '%s' in group '%s' needs "
                         "its covariance, which was not kept",
                         p->judge, p->group);
    for (int64_t k = 0; k < p->draw_count; ++k)
        *covariance += (p->draws[k * p->d + i] - p->mean[i]) *
                       (p->draws[k * p->d + j] - p->mean[j]) / (double)p->draw_count;
    return PDX_OK;
}

pdx_status pdx_posterior_contrast(const pdx_posterior *a, int32_t i, const pdx_posterior *b,
                                  int32_t j, pdx_contrast *out) {
    PDX__REQUIRE(a && b && out, "pdx_posterior_contrast: an argument is NULL");
    memset(out, 0, sizeof *out);
    PDX__REQUIRE(i >= 0 && i < a->d && j >= 0 && j < b->d,
                 "columns %d and %d of fits with %d and %d", i, j, a->d, b->d);
    if (a == b && i == j) {
        out->prob_greater = 0.5;
        return PDX_OK;
    }
    pdx__marginal *first = NULL, *second = NULL;
    double covariance = 0;
    pdx_status status;
    if (a == b) PDX__GO(covariance_of(a, i, j, &covariance));
    else if (i == j) covariance = pdx__pooled_covariance(a, b, i);
    PDX__GO(pdx__marginal_create(&first, a, i));
    PDX__GO(pdx__marginal_create(&second, b, j));
    double product = first->sd * second->sd;
    /* two copies of one column reach -1, where the copula has no density */
    double rho = product > 0 ? fmax(-0.9999, fmin(0.9999, covariance / product)) : 0;
    difference d = {first, second, rho};
    out->mean = first->mean - second->mean;
    out->sd = sqrt(first->sd * first->sd + second->sd * second->sd - 2 * rho * product);
    if (out->sd > 0) {
        out->low = quantile(&d, out->mean, out->sd, 0.975);
        out->high = quantile(&d, out->mean, out->sd, 0.025);
        out->prob_greater = fmin(1, fmax(0, exceeds(&d, 0)));
    } else {
        out->low = out->high = out->mean;
        out->prob_greater = out->mean > 0 ? 1 : out->mean < 0 ? 0 : 0.5;
    }
done:
    pdx__marginal_free(first);
    pdx__marginal_free(second);
    return status;
}

typedef struct wrong_sign {
    double probability;
    int64_t place;
} wrong_sign;

static int compare_wrong(const void *a, const void *b) {
    const wrong_sign *x = a, *y = b;
    if (x->probability != y->probability) return x->probability < y->probability ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

pdx_status pdx__discover(pdx_contrast *contrast, int64_t n, double rate) {
    PDX__REQUIRE(rate >= 0 && rate <= 1, "a false discovery rate of %g", rate);
    wrong_sign *order = pdx__alloc((size_t)n, sizeof *order);
    if (!order) return PDX_ENOMEM;
    for (int64_t i = 0; i < n; ++i) {
        const double p = contrast[i].prob_greater;
        contrast[i].discovery = 0;
        order[i] = (wrong_sign){fmin(p, 1 - p), i};
    }
    qsort(order, (size_t)n, sizeof *order, compare_wrong);
    double expected = 0;
    for (int64_t k = 0; k < n; ++k) {
        expected += order[k].probability;
        if (!(expected <= rate * (double)(k + 1))) break; /* the mean only grows from here */
        contrast[order[k].place].discovery = 1;
    }
    pdx__free(order);
    return PDX_OK;
}

pdx_status pdx_posterior_contrast_all(const pdx_posterior *a, const pdx_posterior *b, double rate,
                                      pdx_contrast *out) {
    PDX__REQUIRE(a && b && out, "pdx_posterior_contrast_all: an argument is NULL");
    PDX__REQUIRE(rate >= 0 && rate <= 1, "a false discovery rate of %g", rate);
    PDX__REQUIRE(a->d == b->d, "contrasts of fits with %d and %d columns", a->d, b->d);
    for (int32_t d = 0; d < a->d; ++d)
        PDX__REQUIRE(!strcmp(a->columns[d], b->columns[d]),
                     "contrasts of fits whose column %d is '%s' and '%s'", d, a->columns[d],
                     b->columns[d]);
    for (int32_t d = 0; d < a->d; ++d) PDX__TRY(pdx_posterior_contrast(a, d, b, d, &out[d]));
    return pdx__discover(out, a->d, rate);
}

pdx_status pdx_posterior_discoveries(const pdx_posterior *posterior, double rate,
                                     pdx_contrast *out) {
    PDX__REQUIRE(posterior && out, "pdx_posterior_discoveries: an argument is NULL");
    for (int32_t k = 0; k < posterior->d; ++k) {
        pdx__marginal *m;
        PDX__TRY(pdx__marginal_create(&m, posterior, k));
        const difference d = {m, &(pdx__marginal){.mean = 0}, 0};
        out[k] = (pdx_contrast){.mean = m->mean, .sd = m->sd, .low = m->mean, .high = m->mean};
        out[k].prob_greater = m->sd > 0 ? exceeds(&d, 0) : m->mean > 0 ? 1 : m->mean < 0 ? 0 : 0.5;
        if (m->sd > 0) {
            out[k].low = quantile(&d, m->mean, m->sd, 0.975);
            out[k].high = quantile(&d, m->mean, m->sd, 0.025);
        }
        pdx__marginal_free(m);
    }
    return pdx__discover(out, posterior->d, rate);
}
