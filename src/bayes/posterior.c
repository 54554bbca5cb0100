/* A posterior as users see it: making, freeing, reading, predicting, and the sentence on trust. */
#include "posterior.h"

#include <math.h>
#include <string.h>

#include "core/buf.h"
#include "cut.h"
#include "numerics.h"

void pdx_posterior_free(pdx_posterior *posterior) {
    if (!posterior) return;
    for (int32_t k = 0; posterior->columns && k < posterior->d; ++k)
        pdx__free(posterior->columns[k]);
    void *blocks[] = {posterior->judge,     posterior->group,          posterior->label,
                      posterior->verdict,   posterior->columns,        posterior->mean,
                      posterior->sd,        posterior->prob_positive,  posterior->covariance,
                      posterior->fold_mean, posterior->quantile_probs, posterior->quantiles,
                      posterior->draws,     posterior->noise};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) pdx__free(blocks[i]);
    pdx__free(posterior);
}

static pdx_status fill(pdx_posterior *p, const char *judge, const char *group, int32_t d,
                       const char *const *columns) {
    p->judge = pdx__strdup(judge ? judge : "");
    p->group = pdx__strdup(group ? group : "");
    p->label = pdx__strdup("");
    p->verdict = pdx__strdup("");
    p->columns = pdx__alloc_zero((size_t)d, sizeof *p->columns);
    p->mean = pdx__alloc_zero((size_t)d, sizeof *p->mean);
    if (!p->judge || !p->group || !p->label || !p->verdict || !p->columns || !p->mean)
        return PDX_ENOMEM;
    p->d = d;
    for (int32_t k = 0; k < d; ++k) {
        p->mean[k] = NAN;
        p->columns[k] = pdx__strdup(columns[k]);
        if (!p->columns[k]) return PDX_ENOMEM;
    }
    p->log_evidence = p->elpd_loo = p->prior_scale = NAN;
    p->certificate = (pdx_certificate){.ess_fraction = NAN,
                                       .sd_log_weight = NAN,
                                       .khat = NAN,
                                       .delta = NAN,
                                       .delta_se = NAN,
                                       .rhat = NAN,
                                       .nuts_ess = NAN,
                                       .mean_se = NAN};
    p->position = (pdx_position){.mean = NAN,
                                 .sd = NAN,
                                 .prob_positive = NAN,
                                 .p_first = NAN,
                                 .p_first_low = NAN,
                                 .p_first_high = NAN};
    p->prediction = (pdx_prediction){.accuracy = NAN,
                                     .log_loss = NAN,
                                     .auc = NAN,
                                     .baseline_majority = NAN,
                                     .baseline_length = NAN};
    p->margin = (pdx_margin){.scale_mean = NAN,
                             .scale_sd = NAN,
                             .auc_margin = NAN,
                             .auc_sign = NAN,
                             .reliability_margin = NAN,
                             .reliability_sign = NAN};
    p->cut = (pdx_cut){.mean = NAN,
                       .sd = NAN,
                       .low = NAN,
                       .high = NAN,
                       .p_tie = NAN,
                       .p_tie_low = NAN,
                       .p_tie_high = NAN,
                       .logit_mean = NAN,
                       .logit_sd = NAN,
                       .accuracy = NAN,
                       .log_loss = NAN,
                       .share_log_loss = NAN};
    return PDX_OK;
}

pdx_status pdx__posterior_create(pdx_posterior **out, const char *judge, const char *group,
                                 int32_t d, const char *const *columns) {
    *out = NULL;
    pdx_posterior *p = pdx__alloc_zero(1, sizeof *p);
    if (!p) return PDX_ENOMEM;
    pdx_status status = fill(p, judge, group, d, columns);
    if (status != PDX_OK) {
        pdx_posterior_free(p);
        return status;
    }
    *out = p;
    return PDX_OK;
}

/* What was checked, what it showed, and what that means for the reader. */
static void write_verdict(pdx__buf *out, const pdx_certificate *c) {
    static const char *const names[] = {"?", "EP", "importance sampling", "NUTS"};
    const char *name = names[c->method >= 0 && c->method <= 3 ? c->method : 0];
    if (!c->checked) {
        if (c->method == PDX_METHOD_EP && !c->ep_converged && c->ep_sweeps > 0)
            pdx__buf_printf(out, "Do not trust these numbers: EP did not converge in %d sweeps.",
                            c->ep_sweeps);
        else if (c->method == PDX_METHOD_EP)
            pdx__buf_text(out, "EP's answer, not certified: usually within 0.002 standard "
                               "deviations; ask for a certificate to be sure.");
        else pdx__buf_text(out, "Not certified: how the numbers were made is not known here.");
        return;
    }
    if (c->method == PDX_METHOD_NUTS) {
        pdx__buf_printf(out,
                        "%s: the faster methods could not be certified, so NUTS answered: "
                        "R-hat %.3f, effective draws at least %.0f, %lld divergences, means "
                        "within %.2g standard deviations.",
                        c->ok ? "Trustworthy" : "Do not trust these numbers", c->rhat, c->nuts_ess,
                        (long long)c->divergences, 2 * c->mean_se);
        return;
    }
    if (c->method == PDX_METHOD_EP && c->ok)
        pdx__buf_printf(out,
                        "Trustworthy: %lld independent importance draws agree with EP (effective "
                        "share %.1f %%, largest difference %.3f standard deviations, its own error "
                        "%.3f).",
                        (long long)c->draws, 100 * c->ess_fraction, c->delta, c->delta_se);
    else
        pdx__buf_printf(out,
                        "%s: %s, %lld draws of which %.1f %% are effective, means within %.2g "
                        "standard deviations%s.",
                        c->ok ? "Trustworthy" : "Do not trust these numbers", name,
                        (long long)c->draws, 100 * c->ess_fraction, 2 * c->mean_se,
                        c->ok ? "" : "; the check failed");
}

pdx_status pdx__posterior_write_verdict(pdx_posterior *posterior) {
    pdx__buf text = PDX__BUF_EMPTY;
    write_verdict(&text, &posterior->certificate);
    char *verdict = pdx__buf_take(&text);
    if (!verdict) return PDX_ENOMEM;
    pdx__free(posterior->verdict);
    posterior->verdict = verdict;
    return PDX_OK;
}

enum { ETA_NODES = 32, CUT_NODES = 16 };

static pdx_status check_rows(const double *x, int64_t n, int32_t d) {
    PDX__REQUIRE(n >= 0, "pdx_posterior_predict: n is %lld", (long long)n);
    for (int64_t i = 0; i < n * d; ++i)
        PDX__REQUIRE(isfinite(x[i]), "row %lld, column %lld of x is not finite",
                     (long long)(i / d + 1), (long long)(i % d + 1));
    return PDX_OK;
}

static void eta_of(const pdx_posterior *posterior, const double *row, double *mean, double *sd) {
    const int32_t d = posterior->d;
    double var = 0;
    *mean = 0;
    for (int32_t k = 0; k < d; ++k) {
        *mean += row[k] * posterior->mean[k];
        if (posterior->covariance) {
            const double *c = posterior->covariance + (size_t)k * (size_t)d;
            for (int32_t j = 0; j < d; ++j) var += row[k] * row[j] * c[j];
        } else if (posterior->sd) {
            double s = row[k] * posterior->sd[k];
            var += s * s;
        }
    }
    *sd = sqrt(fmax(var, 0));
}

pdx_status pdx_posterior_predict_outcomes(const pdx_posterior *posterior, const double *x,
                                          int64_t n, double *probability) {
    PDX__REQUIRE(posterior && probability && (x || n == 0),
                 "pdx_posterior_predict_outcomes: NULL argument");
    PDX__TRY(check_rows(x, n, posterior->d));
    const pdx_cut *cut = &posterior->cut;
    double z[ETA_NODES], w[ETA_NODES], t[CUT_NODES] = {0}, v[CUT_NODES] = {1}, mean, sd, p[3];
    pdx__gauss_hermite(ETA_NODES, z, w);
    if (cut->known) pdx__gauss_hermite(CUT_NODES, t, v);
    for (int64_t i = 0; i < n; ++i) {
        double *out = probability + 3 * i;
        eta_of(posterior, x + i * posterior->d, &mean, &sd);
        out[0] = out[1] = out[2] = 0;
        for (int32_t k = 0; k < ETA_NODES; ++k)
            for (int32_t c = 0; c < (cut->known ? CUT_NODES : 1); ++c) {
                const double theta =
                    cut->known ? cut->logit_mean + cut->logit_sd * t[c] : -INFINITY;
                pdx__cut_outcomes(cut->known ? cut->model : PDX_TIES_DAVIDSON, theta,
                                  mean + sd * z[k], p);
                for (int o = 0; o < 3; ++o) out[o] += w[k] * v[c] * p[o];
            }
    }
    return PDX_OK;
}

pdx_status pdx_posterior_predict(const pdx_posterior *posterior, const double *x, int64_t n,
                                 double *probability) {
    PDX__REQUIRE(posterior && probability && (x || n == 0), "pdx_posterior_predict: NULL argument");
    PDX__TRY(check_rows(x, n, posterior->d));
    double z[ETA_NODES], w[ETA_NODES], mean, sd;
    pdx__gauss_hermite(ETA_NODES, z, w);
    for (int64_t i = 0; i < n; ++i) {
        eta_of(posterior, x + i * posterior->d, &mean, &sd);
        probability[i] = 0;
        for (int32_t k = 0; k < ETA_NODES; ++k) {
            double eta = mean + sd * z[k];
            if (posterior->cut.known)
                eta = pdx__cut_log_odds(posterior->cut.model, posterior->cut.logit_mean, eta);
            probability[i] += w[k] * (eta >= 0 ? 1 / (1 + exp(-eta)) : exp(eta) / (1 + exp(eta)));
        }
    }
    return PDX_OK;
}

/* ---- getters ---- */

#define GETTER(type, name, member, absent)                                                         \
    type pdx_posterior_##name(const pdx_posterior *posterior) {                                    \
        return posterior ? posterior->member : (absent);                                           \
    }
GETTER(const char *, judge, judge, "")
GETTER(const char *, group, group, "")
GETTER(const char *, label, label, "")
GETTER(const char *, verdict, verdict, "")
GETTER(int64_t, rows, n, 0)
GETTER(int32_t, dim, d, 0)
GETTER(int64_t, ties, ties, 0)
GETTER(int32_t, imputations, imputations, 0)
GETTER(int64_t, no_verdict, no_verdict, 0)
GETTER(const double *, mean, mean, NULL)
GETTER(const double *, sd, sd, NULL)
GETTER(const double *, prob_positive, prob_positive, NULL)
GETTER(const double *, covariance, covariance, NULL)
GETTER(const double *, fold_mean, fold_mean, NULL)
GETTER(int32_t, quantile_count, quantile_count, 0)
GETTER(const double *, quantile_probs, quantile_probs, NULL)
GETTER(const double *, quantiles, quantiles, NULL)
GETTER(int64_t, draw_count, draw_count, 0)
GETTER(const double *, draws, draws, NULL)
GETTER(const pdx_pooled *, pooled, pooled, NULL)
GETTER(double, log_evidence, log_evidence, NAN)
GETTER(double, elpd_loo, elpd_loo, NAN)
GETTER(double, prior_scale, prior_scale, NAN)

const char *pdx_posterior_column(const pdx_posterior *posterior, int32_t d) {
    return posterior && d >= 0 && d < posterior->d ? posterior->columns[d] : NULL;
}

#define COPIER(type, name)                                                                         \
    pdx_status pdx_posterior_##name(const pdx_posterior *posterior, type *out) {                   \
        PDX__REQUIRE(out, "pdx_posterior_" #name ": NULL argument");                               \
        memset(out, 0, sizeof *out);                                                               \
        PDX__REQUIRE(posterior, "pdx_posterior_" #name ": NULL argument");                         \
        *out = posterior->name;                                                                    \
        return PDX_OK;                                                                             \
    }
COPIER(pdx_certificate, certificate)
COPIER(pdx_position, position)
COPIER(pdx_prediction, prediction)
COPIER(pdx_margin, margin)
COPIER(pdx_cut, cut)

pdx_status pdx_posterior_noise(const pdx_posterior *posterior, int32_t column, pdx_noise *out) {
    PDX__REQUIRE(out, "pdx_posterior_noise: NULL argument");
    memset(out, 0, sizeof *out);
    PDX__REQUIRE(posterior, "pdx_posterior_noise: NULL argument");
    PDX__REQUIRE(column >= 0 && column < posterior->d, "pdx_posterior_noise: column %d of %d",
                 column, posterior->d);
    if (posterior->noise) *out = posterior->noise[column];
    return PDX_OK;
}
