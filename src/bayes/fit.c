/* One fit: EP, its summaries, and the gates that decide which method answers: EP where the
 * certificate holds, more draws of the sampler where it does not, NUTS where those fail too. */
#include "fit.h"

#include <math.h>
#include <string.h>

#include "core/pool.h"
#include "design.h"
#include "ep.h"
#include "fit_answer.h"
#include "stein.h"
#include "stis.h"

void pdx__fit_free(pdx__fit *fit) {
    double *blocks[] = {fit->mean,      fit->sd,      fit->prob_positive, fit->covariance,
                        fit->quantiles, fit->draws,   fit->loo,           fit->sites.tau,
                        fit->sites.nu,  fit->sites.t, fit->sites.h};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) pdx__free(blocks[i]);
    memset(fit, 0, sizeof *fit);
}

pdx_status pdx__fit_arrays(pdx__fit *fit, const pdx__fit_settings *settings) {
    size_t d = (size_t)fit->d, n = (size_t)fit->n;
    struct {
        double **block;
        size_t count;
    } arrays[] = {
        {&fit->mean, d},
        {&fit->sd, d},
        {&fit->prob_positive, d},
        {&fit->sites.tau, n},
        {&fit->sites.nu, n},
        {&fit->sites.t, d},
        {&fit->sites.h, d},
        /* summaries */
        {&fit->covariance, d * d},
        {&fit->quantiles, d * (size_t)settings->quantile_count},
        {&fit->loo, n},
    };
    for (size_t i = 0; i < (settings->summaries ? 10 : 7); ++i) {
        *arrays[i].block = pdx__alloc_zero(arrays[i].count, sizeof(double));
        if (!*arrays[i].block) return PDX_ENOMEM;
    }
    return PDX_OK;
}

static void take_means(pdx__fit *fit, const pdx__ep *ep) {
    for (int32_t k = 0; k < fit->d; ++k) fit->prob_positive[k] = 0.5; /* pinned at 0 */
    for (int32_t k = 0; k < ep->d; ++k) {
        const int32_t c = ep->column[k];
        fit->mean[c] = ep->mean[k];
        fit->sd[c] = ep->sd[k];
        fit->prob_positive[c] = pdx__ep_marginal(ep, k).prob_positive;
        fit->sites.t[c] = ep->site_precision[k];
        fit->sites.h[c] = ep->site_linear[k];
    }
}

/* Everything EP has to say: marginals with their skewness, covariance, evidence, left-out rows. */
static pdx_status take_summaries(pdx__fit *fit, pdx__ep *ep, const pdx__fit_settings *settings) {
    const size_t d = (size_t)ep->d, count = (size_t)settings->quantile_count;
    double *covariance =
        pdx__workspace_take(ep->workspace, PDX__SLOT_SITES, d * d + 2 * d, sizeof *covariance);
    if (!covariance) return PDX_ENOMEM;
    pdx__ep_report report = {.loo = settings->without_loo ? NULL : fit->loo,
                             .skew = covariance + d * d,
                             .widen = covariance + d * d + d};
    pdx__ep_covariance(ep, covariance);
    PDX__TRY(pdx__ep_describe(ep, covariance, &report));
    fit->log_evidence = report.log_evidence;
    fit->elpd_loo = report.elpd;
    for (int32_t k = 0; k < ep->d; ++k) {
        const size_t c = (size_t)ep->column[k];
        pdx__shape shape = pdx__ep_shape(ep, k, report.skew[k], settings->quantile_probs,
                                         settings->quantile_count, fit->quantiles + c * count);
        const double wider = sqrt(report.widen[k]);
        fit->mean[c] = shape.mean;
        fit->sd[c] = shape.sd * wider;
        for (size_t q = 0; q < count; ++q)
            fit->quantiles[c * count + q] =
                shape.mean + wider * (fit->quantiles[c * count + q] - shape.mean);
        fit->prob_positive[c] = shape.prob_positive;
    }
    for (size_t i = 0; i < d; ++i)
        for (size_t j = 0; j < d; ++j) {
            const size_t ci = (size_t)ep->column[i], cj = (size_t)ep->column[j];
            fit->covariance[ci * (size_t)fit->d + cj] =
                covariance[i * d + j] * (fit->sd[ci] / ep->sd[i]) * (fit->sd[cj] / ep->sd[j]);
        }
    return PDX_OK;
}

/* Does an independent estimate agree within its own error? The error of one column over 8
 * randomisations is itself uncertain, so no column's counts for less than the average. */
int pdx__fit_check(pdx_certificate *c, const double *mean, const int32_t *column, const pdx__ep *ep,
                   const pdx__stis *stis) {
    double worst = -INFINITY, pooled = 0;
    for (int32_t k = 0; k < stis->d; ++k) {
        double se = stis->mean_se[k] / ep->sd[k];
        pooled += se * se / stis->d;
    }
    c->checked = 1;
    c->draws = stis->n;
    c->ess_fraction = stis->ess_fraction;
    c->sd_log_weight = stis->sd_log_weight;
    c->khat = stis->khat;
    c->delta = c->delta_se = 0;
    for (int32_t k = 0; k < stis->d; ++k) {
        double delta = fabs(mean[column ? column[k] : k] - stis->mean[k]) / ep->sd[k];
        double se = fmax(stis->mean_se[k] / ep->sd[k], sqrt(pooled));
        worst = fmax(worst, delta - 4 * se);
        if (delta < c->delta) continue;
        c->delta = delta;
        c->delta_se = se;
    }
    return ep->converged && worst <= 0.01;
}

enum { LEAST_REFINED = 8192, MOST_REFINED = 131072 };

/* More draws until the means are known to `target` sds. *ok: they are known well enough to report.
 */
static pdx_status refine(pdx__stis *stis, pdx_certificate *c, const double *mean, const pdx__ep *ep,
                         double target, const pdx__fit_settings *settings, int *ok) {
    for (int64_t n = LEAST_REFINED; n <= MOST_REFINED; n *= 4) {
        if (pdx__pool_stopping()) return pdx__fail(PDX_ECANCELED, "stopped on request");
        PDX__TRY(pdx__stis_run(stis, ep, n, settings->seed, settings->stream));
        PDX__TRY(pdx__stein_sharpen(stis, ep));
        pdx__fit_check(c, mean, ep->column, ep, stis);
        c->mean_se = 0;
        for (int32_t k = 0; k < stis->d; ++k)
            c->mean_se = fmax(c->mean_se, stis->mean_se[k] / stis->sd[k]);
        *ok = c->mean_se <= 0.01 && !(c->khat > 0.7) && c->ess_fraction >= 0.02;
        if (c->mean_se <= target && *ok) break;
    }
    return PDX_OK;
}

static int64_t enough_draws(int64_t draws) {
    int64_t n = PDX__CHECK_DRAWS;
    while (n < draws) n *= 2;
    return n;
}

pdx_status pdx__fit_answer(pdx__fit *out, const pdx__ep *ep, const pdx__fit_settings *settings) {
    pdx_certificate *c = &out->certificate;
    const int method = settings->method;
    pdx__stis stis = {0};
    int ok = 0;
    if (method == PDX_METHOD_NUTS) return pdx__answer_by_nuts(out, ep, settings);
    if (method == PDX_METHOD_STIS) {
        PDX__TRY(refine(&stis, c, out->mean, ep, 1e-4, settings, &ok));
        c->ok = ok;
        PDX__TRY(pdx__answer_by_stis(out, ep, &stis, settings));
    } else if (settings->certify) {
        PDX__TRY(pdx__stis_run(&stis, ep, PDX__CHECK_DRAWS, settings->seed, settings->stream));
        /* the tail index says little of weights that are all but equal */
        int agrees = pdx__fit_check(c, out->mean, ep->column, ep, &stis) &&
                     !(c->khat > 0.7 && c->sd_log_weight > 0.1);
        c->ok = agrees && c->ess_fraction >= 0.9;
        if (method == PDX_METHOD_AUTO && !c->ok) {
            if (c->ess_fraction >= 0.2)
                PDX__TRY(refine(&stis, c, out->mean, ep, 1e-3, settings, &ok));
            if (!ok) return pdx__answer_by_nuts(out, ep, settings);
            c->ok = 1;
            PDX__TRY(pdx__answer_by_stis(out, ep, &stis, settings));
        }
    }
    if (settings->draws == 0) return PDX_OK;
    if (stis.n < settings->draws)
        PDX__TRY(pdx__stis_run(&stis, ep, enough_draws(settings->draws), settings->seed,
                               settings->stream));
    return pdx__keep_stis_draws(out, ep, &stis, settings);
}

/* With flat priors: does the direction of EP's mean within their columns separate the rows by
 * label? Then the density does not fall along it and there is no posterior. */
static int is_separated(const pdx__ep *ep) {
    const pdx__problem *problem = ep->problem;
    const pdx__design *design = problem->design;
    double *row = ep->block, largest = 0; /* scratch that holds at least one row */
    for (int64_t i = 0; i < design->n; ++i) {
        double w = problem->weight ? problem->weight[i] : 1, y = problem->y[i], eta = 0, size = 0;
        if (w == 0) continue;
        pdx__design_row(design, i, row);
        for (int32_t k = 0; k < ep->d; ++k) {
            if (ep->rate[k] != 0 || ep->gaussian[k] != 0) continue;
            double term = row[ep->column[k]] * ep->mean[k];
            eta += term;
            size += fabs(term);
        }
        double slack = 1e-9 * size;
        if ((y > 0 && eta < -slack) || (y < 1 && eta > slack)) return 0;
        largest = fmax(largest, size);
    }
    return largest > 0;
}

static int has_flat_prior(const pdx__problem *problem) {
    int flat = 0;
    for (int32_t k = 0; k < problem->design->d; ++k) flat |= isinf(problem->prior[k].scale);
    return flat;
}

int pdx__fit_is_proper(const pdx__ep *ep) {
    if (!ep->usable) return 0;
    return !has_flat_prior(ep->problem) || (ep->converged && !is_separated(ep));
}

void pdx__fit_certificate_init(pdx_certificate *c, int32_t sweeps, int32_t converged) {
    *c = (pdx_certificate){.method = PDX_METHOD_EP,
                           .ep_sweeps = sweeps,
                           .ep_converged = converged,
                           .ess_fraction = NAN,
                           .sd_log_weight = NAN,
                           .khat = NAN,
                           .delta = NAN,
                           .delta_se = NAN,
                           .rhat = NAN,
                           .nuts_ess = NAN};
}

pdx_status pdx__fit_problem(pdx__fit *out, const pdx__problem *problem,
                            const pdx__fit_settings *settings, const pdx__sites *warm,
                            pdx__workspace *workspace) {
    pdx__ep_settings ep_settings = {.tolerance = settings->summaries ? 1e-3 : 3e-3,
                                    .max_sweeps = 500};
    pdx__ep ep;
    /* with a flat prior that the data do not bound EP wanders off */
    if (has_flat_prior(problem)) ep_settings.max_sweeps = 150;
    pdx_status status = PDX_OK;
    memset(out, 0, sizeof *out);
    out->d = problem->design->d;
    out->n = problem->design->n;
    PDX__GO(pdx__fit_arrays(out, settings));
    PDX__GO(
        pdx__ep_run(&ep, problem, warm, &ep_settings, workspace, out->sites.tau, out->sites.nu));
    if (!pdx__fit_is_proper(&ep)) {
        status = pdx__fail(PDX_ENUMERIC, "the posterior is not proper: a flat prior needs data "
                                         "that bound every weight");
        goto done;
    }
    take_means(out, &ep);
    out->log_evidence = out->elpd_loo = NAN;
    if (settings->summaries) PDX__GO(take_summaries(out, &ep, settings));
    pdx__fit_certificate_init(&out->certificate, ep.sweeps, ep.converged);
    PDX__GO(pdx__fit_answer(out, &ep, settings));
done:
    if (status != PDX_OK) pdx__fit_free(out);
    return status;
}
