/* One fit: EP, and its summaries. */
#include "fit.h"

#include <math.h>
#include <string.h>

#include "design.h"
#include "ep.h"
#include "normal.h"

void pdx__fit_free(pdx__fit *fit) {
    double *blocks[] = {fit->mean,      fit->sd,      fit->prob_positive, fit->covariance,
                        fit->quantiles, fit->draws,   fit->loo,           fit->sites.tau,
                        fit->sites.nu,  fit->sites.t, fit->sites.h};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) pdx__free(blocks[i]);
    memset(fit, 0, sizeof *fit);
}

static pdx_status make_arrays(pdx__fit *fit, const pdx__fit_settings *settings) {
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

static void take_marginals(pdx__fit *fit, const pdx__ep *ep, const pdx__fit_settings *settings) {
    const int32_t count = settings->quantile_count;
    for (int32_t k = 0; k < fit->d; ++k) fit->prob_positive[k] = 0.5; /* pinned at 0 */
    for (int32_t k = 0; k < ep->d; ++k) {
        const int32_t c = ep->column[k];
        fit->mean[c] = ep->mean[k];
        fit->sd[c] = ep->sd[k];
        fit->sites.t[c] = ep->site_precision[k];
        fit->sites.h[c] = ep->site_linear[k];
        pdx__tilted tilted = {0};
        if (ep->rate[k] > 0) tilted = pdx__ep_marginal(ep, k);
        fit->prob_positive[c] =
            ep->rate[k] > 0 ? tilted.prob_positive : pdx__normal_upper(-ep->mean[k] / ep->sd[k]);
        if (!settings->summaries) continue;
        for (int32_t q = 0; q < count; ++q) {
            double p = settings->quantile_probs[q];
            fit->quantiles[(size_t)c * count + q] =
                ep->rate[k] > 0 ? pdx__tilted_quantile(&tilted, p)
                                : ep->mean[k] + ep->sd[k] * pdx__normal_quantile(p);
        }
    }
}

static void take_covariance(pdx__fit *fit, const pdx__ep *ep) {
    double *small = fit->covariance;
    pdx__ep_covariance(ep, small);
    if (ep->d == fit->d) return;
    /* spread from the free columns to all, from the end so that nothing is overwritten */
    for (int32_t i = ep->d - 1; i >= 0; --i)
        for (int32_t j = ep->d - 1; j >= 0; --j) {
            double value = small[(size_t)i * ep->d + j];
            small[(size_t)i * ep->d + j] = 0;
            small[(size_t)ep->column[i] * fit->d + ep->column[j]] = value;
        }
}

pdx_status pdx__fit_problem(pdx__fit *out, const pdx__problem *problem,
                            const pdx__fit_settings *settings, const pdx__sites *warm,
                            pdx__workspace *workspace) {
    const double tolerance = settings->summaries ? 1e-3 : 3e-3;
    pdx__ep_settings ep_settings = {.tolerance = tolerance, .max_sweeps = 500};
    pdx__ep ep;
    pdx_status status = PDX_OK;
    memset(out, 0, sizeof *out);
    out->d = problem->design->d;
    out->n = problem->design->n;
    PDX__GO(make_arrays(out, settings));
    PDX__GO(
        pdx__ep_run(&ep, problem, warm, &ep_settings, workspace, out->sites.tau, out->sites.nu));
    if (!ep.usable) {
        status = pdx__fail(PDX_ENUMERIC, "the posterior is not proper: a flat prior needs data "
                                         "that bound every weight");
        goto done;
    }
    take_marginals(out, &ep, settings);
    out->log_evidence = out->elpd_loo = NAN;
    if (settings->summaries) {
        take_covariance(out, &ep);
        pdx__ep_evidence(&ep, &out->log_evidence, out->loo, &out->elpd_loo);
    }
    out->certificate = (pdx_certificate){.method = PDX_METHOD_EP,
                                         .ep_sweeps = ep.sweeps,
                                         .ep_converged = ep.converged,
                                         .ess_fraction = NAN,
                                         .sd_log_weight = NAN,
                                         .khat = NAN,
                                         .delta = NAN,
                                         .delta_se = NAN,
                                         .rhat = NAN,
                                         .nuts_ess = NAN};
done:
    if (status != PDX_OK) pdx__fit_free(out);
    return status;
}
