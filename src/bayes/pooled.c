/* What the groups of a partially pooled fit share, as users see it. */
#include <math.h>
#include <string.h>

#include "discovery.h"
#include "posterior.h"

pdx_status pdx__pooled_create(pdx_pooled **out, const char *judge, const char *group, int32_t over,
                              int32_t count) {
    *out = NULL;
    pdx_pooled *p = pdx__alloc_zero(1, sizeof *p);
    if (!p) return PDX_ENOMEM;
    p->over = over;
    p->count = count;
    p->judge = pdx__strdup(judge);
    p->group = pdx__strdup(group);
    p->fit = pdx__alloc_zero((size_t)count, sizeof *p->fit);
    p->tau = (pdx_tau){NAN, NAN, NAN, NAN, NAN};
    if (!p->judge || !p->group || !p->fit) {
        pdx__pooled_free(p);
        return PDX_ENOMEM;
    }
    *out = p;
    return PDX_OK;
}

void pdx__pooled_free(pdx_pooled *pooled) {
    if (!pooled) return;
    pdx_posterior_free(pooled->mean);
    pdx__free(pooled->judge);
    pdx__free(pooled->group);
    pdx__free(pooled->fit);
    pdx__free(pooled->tau_quantiles);
    pdx__free(pooled->difference);
    pdx__free(pooled->cross);
    pdx__free(pooled);
}

double pdx__pooled_covariance(const pdx_posterior *a, const pdx_posterior *b, int32_t column) {
    if (!a->pooled || a->pooled != b->pooled || !a->pooled->cross) return 0;
    int64_t i = a->pooled_number, j = b->pooled_number;
    if (i == j) return 0;
    if (i < j) {
        i = b->pooled_number;
        j = a->pooled_number;
    }
    return a->pooled->cross[(i * (i - 1) / 2 + j) * a->d + column];
}

int32_t pdx_study_pooled_count(const pdx_study *study) { return study ? study->pooled_count : 0; }

const pdx_pooled *pdx_study_pooled(const pdx_study *study, int32_t i) {
    return study && i >= 0 && i < study->pooled_count ? study->pooled[i] : NULL;
}

int32_t pdx_pooled_over(const pdx_pooled *pooled) {
    return pooled ? pooled->over : PDX_POOL_OVER_GROUPS;
}

int32_t pdx_pooled_count(const pdx_pooled *pooled) { return pooled ? pooled->count : 0; }

const pdx_posterior *pdx_pooled_get(const pdx_pooled *pooled, int32_t i) {
    return pooled && i >= 0 && i < pooled->count ? pooled->fit[i] : NULL;
}

const pdx_posterior *pdx_pooled_mean(const pdx_pooled *pooled) {
    return pooled ? pooled->mean : NULL;
}

pdx_status pdx_pooled_tau(const pdx_pooled *pooled, pdx_tau *out) {
    PDX__REQUIRE(out, "pdx_pooled_tau: NULL argument");
    *out = (pdx_tau){0};
    PDX__REQUIRE(pooled, "pdx_pooled_tau: NULL argument");
    *out = pooled->tau;
    return PDX_OK;
}

const double *pdx_pooled_tau_quantiles(const pdx_pooled *pooled) {
    return pooled ? pooled->tau_quantiles : NULL;
}

pdx_status pdx_pooled_differences(const pdx_pooled *pooled, double rate, pdx_contrast *out) {
    PDX__REQUIRE(pooled && out, "pdx_pooled_differences: an argument is NULL");
    PDX__REQUIRE(pooled->difference, "the differences of judge '%s' from the average are not known",
                 pooled->judge);
    const int64_t n = (int64_t)pooled->count * pooled->mean->d;
    memcpy(out, pooled->difference, (size_t)n * sizeof *out);
    return pdx__discover(out, n, rate);
}

pdx_status pdx_study_pooling(const pdx_study *study, const char *judge, pdx_pooling *out) {
    PDX__REQUIRE(out, "pdx_study_pooling: NULL argument");
    *out = (pdx_pooling){0};
    PDX__REQUIRE(study, "pdx_study_pooling: NULL argument");
    double weight = 0,
           *sums[] = {&out->log_loss_none, &out->log_loss_complete, &out->log_loss_partial,
                      &out->accuracy_none, &out->accuracy_complete, &out->accuracy_partial};
    int known = !judge;
    for (int32_t i = 0; i < study->count && !known; ++i)
        known = !strcmp(study->fit[i]->judge, judge);
    for (int32_t i = 0; i < study->pooling_count; ++i) {
        const pdx__pooling *from = &study->pooling[i];
        if (judge && strcmp(from->judge, judge)) continue;
        const pdx_pooling *n = &from->numbers;
        const double parts[] = {n->log_loss_none, n->log_loss_complete, n->log_loss_partial,
                                n->accuracy_none, n->accuracy_complete, n->accuracy_partial};
        for (int k = 0; k < 6; ++k) *sums[k] += from->weight * parts[k];
        out->folds = n->folds;
        out->n += n->n;
        weight += from->weight;
    }
    for (int k = 0; k < 6; ++k) *sums[k] = weight > 0 ? *sums[k] / weight : NAN;
    if (!known) return pdx__fail(PDX_ENOTFOUND, "no fit of judge '%s'", judge);
    return PDX_OK;
}
