/* Numbers from draws: the weighted ones of the sampler and the chains of NUTS. */
#include "fit_answer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/rng.h"
#include "cut.h"
#include "design.h"
#include "logit_target.h"
#include "nuts.h"

/* Covariance of the coordinates into that of all columns. */
static void spread_covariance(pdx__fit *fit, const pdx__ep *ep, const double *small) {
    memset(fit->covariance, 0, (size_t)fit->d * (size_t)fit->d * sizeof *fit->covariance);
    const int32_t d = pdx__coordinates(ep);
    for (int32_t i = 0; i < d; ++i)
        for (int32_t j = 0; j < d; ++j)
            fit->covariance[(size_t)ep->column[i] * (size_t)fit->d + (size_t)ep->column[j]] =
                small[(size_t)i * (size_t)d + (size_t)j];
}

pdx_status pdx__answer_by_stis(pdx__fit *fit, const pdx__ep *ep, const pdx__stis *stis,
                               const pdx__fit_settings *settings) {
    fit->certificate.method = PDX_METHOD_STIS;
    for (int32_t k = 0; k < stis->d; ++k) {
        const int32_t c = ep->column[k];
        fit->mean[c] = stis->mean[k];
        fit->sd[c] = stis->sd[k];
        fit->prob_positive[c] = stis->prob_positive[k];
        if (settings->summaries)
            PDX__TRY(
                pdx__stis_quantiles(stis, k, settings->quantile_probs, settings->quantile_count,
                                    fit->quantiles + (size_t)c * (size_t)settings->quantile_count));
    }
    if (!settings->summaries) return PDX_OK;
    double *small = pdx__alloc((size_t)stis->d * (size_t)stis->d, sizeof *small);
    if (!small) return PDX_ENOMEM;
    pdx__stis_covariance(stis, small);
    spread_covariance(fit, ep, small);
    pdx__free(small);
    fit->log_evidence = stis->log_evidence;
    return PDX_OK;
}

pdx_status pdx__keep_stis_draws(pdx__fit *fit, const pdx__ep *ep, const pdx__stis *stis,
                                const pdx__fit_settings *settings) {
    const int64_t count = settings->draws;
    int64_t *index = pdx__alloc((size_t)count, sizeof *index);
    fit->draws = pdx__alloc_zero((size_t)count * (size_t)fit->d, sizeof *fit->draws);
    if (!index || !fit->draws) {
        pdx__free(index);
        return PDX_ENOMEM;
    }
    fit->draw_count = count;
    pdx_status status = pdx__stis_resample(stis, count, settings->seed, settings->stream, index);
    for (int64_t i = 0; i < count && status == PDX_OK; ++i)
        for (int32_t k = 0; k < stis->d; ++k)
            fit->draws[i * fit->d + ep->column[k]] = stis->draw[k * stis->n + index[i]];
    pdx__free(index);
    return status;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void take_chains(pdx__fit *fit, const pdx__ep *ep, const pdx__nuts_run *run,
                        const pdx__fit_settings *settings, double *column, double *small) {
    const int64_t n = (int64_t)run->chains * run->draws;
    const int32_t d = run->dim;
    for (int32_t k = 0; k < d; ++k) {
        const int32_t c = ep->column[k];
        int64_t positive = 0;
        for (int64_t i = 0; i < n; ++i) {
            column[i] = run->draw[i * d + k];
            positive += column[i] > 0;
        }
        fit->prob_positive[c] = (double)positive / (double)n;
        if (!settings->summaries) continue;
        qsort(column, (size_t)n, sizeof *column, by_value);
        for (int32_t q = 0; q < settings->quantile_count; ++q) {
            double at = settings->quantile_probs[q] * (double)(n - 1);
            int64_t low = (int64_t)at, high = low + 1 < n ? low + 1 : low;
            fit->quantiles[(size_t)c * (size_t)settings->quantile_count + (size_t)q] =
                column[low] + (at - (double)low) * (column[high] - column[low]);
        }
    }
    if (!settings->summaries) return;
    memset(small, 0, (size_t)d * (size_t)d * sizeof *small);
    for (int64_t i = 0; i < n; ++i)
        for (int32_t j = 0; j < d; ++j)
            for (int32_t k = 0; k <= j; ++k)
                small[j * d + k] += (run->draw[i * d + j] - fit->mean[ep->column[j]]) *
                                    (run->draw[i * d + k] - fit->mean[ep->column[k]]) /
                                    (double)(n - 1);
    for (int32_t j = 0; j < d; ++j)
        for (int32_t k = 0; k < j; ++k) small[k * d + j] = small[j * d + k];
    spread_covariance(fit, ep, small);
}

static pdx_status keep_chain_draws(pdx__fit *fit, const pdx__ep *ep, const pdx__nuts_run *run,
                                   int64_t wanted) {
    const int64_t n = (int64_t)run->chains * run->draws;
    const int64_t count = wanted < n ? wanted : n;
    if (count == 0) return PDX_OK;
    fit->draws = pdx__alloc_zero((size_t)count * (size_t)fit->d, sizeof *fit->draws);
    if (!fit->draws) return PDX_ENOMEM;
    fit->draw_count = count;
    for (int64_t i = 0; i < count; ++i)
        for (int32_t k = 0; k < run->dim; ++k)
            fit->draws[i * fit->d + ep->column[k]] = run->draw[i * n / count * run->dim + k];
    return PDX_OK;
}

static void draw_starts(const pdx__ep *ep, int32_t chains, uint64_t seed, uint64_t stream,
                        double *start) {
    pdx__rng rng;
    pdx__rng_init(&rng, seed, stream * 64 + 63);
    const pdx__cut *cut = ep->problem->cut;
    for (int32_t c = 0; c < chains; ++c) {
        double *a = start + (size_t)c * (size_t)pdx__coordinates(ep);
        memcpy(a, ep->mean, (size_t)ep->d * sizeof *a);
        for (int32_t i = 0; i < ep->d; ++i) {
            double v = pdx__rng_normal(&rng);
            for (int32_t k = 0; k <= i; ++k) a[k] += v * ep->root[(size_t)i * (size_t)ep->ld + k];
        }
        if (cut) a[ep->d] = cut->mean + cut->sd * pdx__rng_normal(&rng);
    }
}

/* covariance[d][d] of the free columns -> [d + 1][d + 1], theta of the cut on its own. */
static void add_cut(const pdx__ep *ep, double *covariance) {
    const int32_t d = ep->d, wide = d + 1;
    for (int32_t i = d - 1; i >= 0; --i)
        memmove(covariance + i * wide, covariance + i * d, (size_t)d * sizeof *covariance);
    for (int32_t k = 0; k < d; ++k) covariance[k * wide + d] = covariance[d * wide + k] = 0;
    covariance[d * wide + d] = ep->sd[d] * ep->sd[d];
}

pdx_status pdx__answer_by_nuts(pdx__fit *fit, const pdx__ep *ep,
                               const pdx__fit_settings *settings) {
    pdx_certificate *c = &fit->certificate;
    const size_t d = (size_t)pdx__coordinates(ep);
    if (d == 0) return PDX_OK; /* every weight is pinned */
    pdx__nuts_settings nuts;
    pdx__nuts_settings_init(&nuts);
    nuts.chains = settings->nuts_chains;
    nuts.warmup = settings->nuts_warmup;
    nuts.draws = settings->nuts_draws;
    nuts.seed = settings->seed;
    nuts.stream = settings->stream;
    const size_t n = (size_t)nuts.chains * (size_t)nuts.draws;
    pdx__logit_target *logit = NULL;
    pdx__nuts_run run = {0};
    pdx_status status = PDX_OK;
    double *start = pdx__alloc((size_t)nuts.chains * d, sizeof *start);
    double *covariance = pdx__alloc(d * d, sizeof *covariance);
    double *column = pdx__alloc(n > 3 * d ? n : 3 * d, sizeof *column);
    if (!start || !covariance || !column) {
        status = PDX_ENOMEM;
        goto done;
    }
    draw_starts(ep, nuts.chains, settings->seed, settings->stream, start);
    pdx__ep_covariance(ep, covariance);
    if (ep->problem->cut) add_cut(ep, covariance);
    nuts.start = start;
    nuts.covariance = covariance;
    PDX__GO(pdx__logit_target_create(&logit, ep->problem));
    pdx__target target = pdx__logit_target_seam(logit);
    PDX__GO(pdx__nuts(&run, &target, &nuts));
    double *mean = column, *sd = column + d, *mean_se = column + 2 * d;
    PDX__GO(pdx__nuts_summary(&run, mean, sd, mean_se, &c->rhat, &c->nuts_ess));
    c->method = PDX_METHOD_NUTS;
    c->checked = 1;
    c->draws = (int64_t)n;
    c->divergences = 0;
    c->mean_se = 0;
    for (int32_t k = 0; k < nuts.chains; ++k) c->divergences += run.divergences[k];
    for (size_t k = 0; k < d; ++k) {
        fit->mean[ep->column[k]] = mean[k];
        fit->sd[ep->column[k]] = sd[k];
        c->mean_se = fmax(c->mean_se, mean_se[k] / sd[k]);
    }
    c->ok = c->rhat < 1.01 && c->nuts_ess > 400 && c->divergences * 1000 <= (int64_t)n;
    take_chains(fit, ep, &run, settings, column, covariance);
    PDX__GO(keep_chain_draws(fit, ep, &run, settings->draws));
done:
    pdx__free(start);
    pdx__free(covariance);
    pdx__free(column);
    pdx__nuts_free(&run);
    pdx__logit_target_free(logit);
    return status;
}
