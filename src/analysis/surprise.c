/* Labels that a fit did not expect: the leave-one-out probability of each observation.
 *
 * Under the posterior of all rows the log-odds of a row are eta ~ N(m, s^2). Taking the row's own
 * likelihood p(y | eta)^w out again gives p(y | the rest) = E p^(1 - w) / E p^(-w), and since 1/p =
 * 1 + e^-eta for y = 1, at w = 1 that is 1 / (1 + exp(-m + s^2 / 2)): no refit, no draws. Left out:
 * the shape of the posterior beyond its covariance, and the correlation of the position effect with
 * the weights. A margin counts by its sign. */
#include <math.h>
#include <stdlib.h>

#include "analysis.h"
#include "bayes/numerics.h"

enum { NODES = 32 };

typedef struct rule {
    double z[NODES], w[NODES];
} rule;

/* log p(y = 1 | the rest) for eta ~ N(m, s2) with a label y = 1 of weight w in it; the caller turns
 * signs for y = 0. */
static double log_left_out(const rule *r, double m, double s2, double w) {
    double s = sqrt(s2), top = 0, bottom = 0;
    if (w == 1) {
        double odds = -m + s2 / 2; /* log of (1 - p) / p */
        return odds > 0 ? -odds - log1p(exp(-odds)) : -log1p(exp(odds));
    }
    /* p^-w <= 2^w e^(w max(0, -eta)): centred where the larger of its ends has its mean */
    double shift = m < 0 ? w * s2 : 0, largest = -INFINITY, term[NODES], one[NODES];
    for (int k = 0; k < NODES; ++k) {
        double eta = m - shift + s * r->z[k];
        one[k] = eta > 0 ? -log1p(exp(-eta)) : eta - log1p(exp(eta)); /* log p */
        /* weight of the shifted rule: N(eta; m, s2) / N(eta; m - shift, s2) */
        term[k] = -w * one[k] + (s2 > 0 ? shift * (s * r->z[k] - shift / 2) / s2 : 0);
        largest = fmax(largest, term[k]);
    }
    for (int k = 0; k < NODES; ++k) {
        double share = r->w[k] * exp(term[k] - largest);
        bottom += share;
        top += share * exp(one[k]);
    }
    return log(top / bottom);
}

static int most_surprising(const void *a, const void *b) {
    const pdx_surprise *x = a, *y = b;
    if (x->log_score != y->log_score) return x->log_score < y->log_score ? -1 : 1;
    if (x->pair != y->pair) return x->pair < y->pair ? -1 : 1;
    return (x->order > y->order) - (x->order < y->order);
}

static double variance_of(const pdx_posterior *p, const double *x) {
    double var = 0;
    for (int32_t k = 0; k < p->d; ++k) {
        if (!p->covariance) var += x[k] * x[k] * p->sd[k] * p->sd[k];
        else if (x[k] != 0) {
            const double *row = p->covariance + (size_t)k * (size_t)p->d;
            for (int32_t j = 0; j < p->d; ++j) var += x[k] * row[j] * x[j];
        }
    }
    return fmax(var, 0);
}

static pdx_status score(pdx_surprise *out, const pdx_posterior *p, const pdx_dataset *dataset,
                        const pdx__labels *rows) {
    rule r;
    pdx__gauss_hermite(NODES, r.z, r.w);
    double *x = pdx__alloc((size_t)p->d, sizeof *x);
    if (!x) return PDX_ENOMEM;
    for (int64_t i = 0; i < rows->count; ++i) {
        pdx_status status = pdx_dataset_row(dataset, rows->pair[i], x);
        if (status != PDX_OK) {
            pdx__free(x);
            return status;
        }
        double m = rows->offset[i], s2 = variance_of(p, x), sign = rows->sign[i];
        for (int32_t k = 0; k < p->d; ++k) m += p->mean[k] * x[k];
        if (sign != 0 && p->position.known) {
            m += sign * p->position.mean;
            s2 += p->position.sd * p->position.sd;
        }
        double y = rows->y[i] > 0.5,
               score_of = log_left_out(&r, y > 0 ? m : -m, s2, rows->weight[i]);
        out[i] = (pdx_surprise){rows->pair[i],
                                sign > 0   ? PDX_ORDER_AB
                                : sign < 0 ? PDX_ORDER_BA
                                           : PDX_ORDER_UNKNOWN,
                                y, y > 0 ? exp(score_of) : -expm1(score_of), score_of};
    }
    pdx__free(x);
    return PDX_OK;
}

pdx_status pdx__surprises_of_rows(const pdx_posterior *posterior, const pdx_dataset *dataset,
                                  const pdx__labels *rows, pdx_surprise *out, int64_t capacity,
                                  int64_t *count) {
    pdx_surprise *all = pdx__alloc((size_t)rows->count, sizeof *all);
    pdx_status status = all ? score(all, posterior, dataset, rows) : PDX_ENOMEM;
    if (status == PDX_OK) {
        qsort(all, (size_t)rows->count, sizeof *all, most_surprising);
        for (; *count < capacity && *count < rows->count; ++*count) out[*count] = all[*count];
    }
    pdx__free(all);
    return status;
}

pdx_status pdx_posterior_surprising(const pdx_posterior *posterior, const pdx_dataset *dataset,
                                    const pdx_judgments *judgments, pdx_surprise *out,
                                    int64_t capacity, int64_t *count) {
    PDX__REQUIRE(count, "pdx_posterior_surprising: 'count' is NULL");
    *count = 0;
    PDX__REQUIRE(posterior && dataset && judgments && (out || capacity == 0),
                 "pdx_posterior_surprising: an argument is NULL");
    PDX__REQUIRE(posterior->sd,
                 "the fit of judge '%s' in group '%s' has means only: what surprises it is not "
                 "known",
                 posterior->judge, posterior->group);
    pdx__labels rows;
    PDX__TRY(pdx__rows_of_posterior(&rows, posterior, dataset, judgments, NULL, posterior->group,
                                    PDX_TIES_DROP));
    pdx_status status = pdx__surprises_of_rows(posterior, dataset, &rows, out, capacity, count);
    pdx__labels_free(&rows);
    return status;
}
