/* A posterior as users see it: making, freeing, reading, predicting, and the sentence on trust. */
#include "posterior.h"

#include <math.h>
#include <string.h>

#include "core/buf.h"
#include "numerics.h"

void pdx_posterior_free(pdx_posterior *posterior) {
    if (!posterior) return;
    for (int32_t k = 0; posterior->columns && k < posterior->d; ++k)
        pdx__free(posterior->columns[k]);
    void *blocks[] = {posterior->judge,     posterior->group,          posterior->label,
                      posterior->verdict,   posterior->columns,        posterior->mean,
                      posterior->sd,        posterior->prob_positive,  posterior->covariance,
                      posterior->fold_mean, posterior->quantile_probs, posterior->quantiles,
                      posterior->draws};
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

/* E sigmoid(eta), eta ~ N(mean, var). */
static double mean_sigmoid(double mean, double var, const double *z, const double *w, int32_t n) {
    double sum = 0, sd = sqrt(var);
    for (int32_t k = 0; k < n; ++k) {
        double eta = mean + sd * z[k];
        sum += w[k] * (eta >= 0 ? 1 / (1 + exp(-eta)) : exp(eta) / (1 + exp(eta)));
    }
    return sum;
}

pdx_status pdx_posterior_predict(const pdx_posterior *posterior, const double *x, int64_t n,
                                 double *probability) {
    enum { NODES = 32 };
    PDX__REQUIRE(posterior && probability && (x || n == 0), "pdx_posterior_predict: NULL argument");
    PDX__REQUIRE(n >= 0, "pdx_posterior_predict: n is %lld", (long long)n);
    const int32_t d = posterior->d;
    double z[NODES], w[NODES];
    for (int64_t i = 0; i < n * d; ++i)
        PDX__REQUIRE(isfinite(x[i]), "row %lld, column %lld of x is not finite",
                     (long long)(i / d + 1), (long long)(i % d + 1));
    pdx__gauss_hermite(NODES, z, w);
    for (int64_t i = 0; i < n; ++i) {
        const double *row = x + i * d;
        double mean = 0, var = 0;
        for (int32_t k = 0; k < d; ++k) {
            mean += row[k] * posterior->mean[k];
            if (posterior->covariance) {
                const double *c = posterior->covariance + (size_t)k * (size_t)d;
                for (int32_t j = 0; j < d; ++j) var += row[k] * row[j] * c[j];
            } else if (posterior->sd) {
                double s = row[k] * posterior->sd[k];
                var += s * s;
            }
        }
        probability[i] = mean_sigmoid(mean, fmax(var, 0), z, w, NODES);
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
