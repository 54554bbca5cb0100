/* The hierarchy as a target of NUTS. Coordinates: mu (columns that are shared), z = (w - mu) / tau
 * of every group (pooled columns) or the group's own weight, log tau: non-centred, so that tau may
 * go to 0 without a funnel. Started from EP, with EP's sds as the first metric. */
#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "hierarchy_draws.h"
#include "logit_target.h"
#include "nuts.h"

typedef struct hierarchy_target {
    const pdx__hierarchy *h;
    pdx__logit_target **rows; /* [groups] likelihoods */
    pdx__prior *flat;         /* [width] */
    int32_t *of_mean;         /* [d] coordinate of mu, -1: none */
    int32_t *of_group;        /* [groups][d] coordinate, -1: none */
    int32_t dim;              /* the last is log tau */
    double tau_scale;
    double *weights, *slope; /* [d] scratch */
} hierarchy_target;

/* Log density of a prior and its slope, added. */
static double prior_at(const pdx__ep *ep, int32_t k, double a, double *slope) {
    if (ep->rate[k] > 0) {
        *slope -= ep->rate[k] * (double)((a > 0) - (a < 0));
        return -ep->rate[k] * fabs(a);
    }
    *slope -= ep->gaussian[k] * a;
    return -0.5 * ep->gaussian[k] * a * a;
}

static double weight_at(const hierarchy_target *t, const double *x, double tau, int32_t g,
                        int32_t k) {
    const int32_t mean = t->of_mean[k], own = t->of_group[g * t->h->d + k];
    if (mean < 0) return x[own];
    return own < 0 ? x[mean] : x[mean] + tau * x[own];
}

static double value(void *context, const double *x, double *gradient) {
    const hierarchy_target *t = context;
    const pdx__hierarchy *h = t->h;
    const int32_t last = t->dim - 1;
    const double tau = exp(x[last]), s = t->tau_scale;
    double sum = x[last] - 0.5 * tau * tau / (s * s);
    memset(gradient, 0, (size_t)t->dim * sizeof *gradient);
    gradient[last] = 1 - tau * tau / (s * s);
    for (int32_t k = 0; k < h->d; ++k)
        if (t->of_mean[k] >= 0)
            sum += prior_at(&h->mean, k, x[t->of_mean[k]], &gradient[t->of_mean[k]]);
    for (int32_t g = 0; g < h->groups; ++g) {
        for (int32_t k = 0; k < h->d; ++k) t->weights[k] = weight_at(t, x, tau, g, k);
        pdx__target rows = pdx__logit_target_seam(t->rows[g]);
        sum += rows.value(rows.context, t->weights, t->slope);
        for (int32_t k = 0; k < h->d; ++k) {
            const int32_t mean = t->of_mean[k], own = t->of_group[g * h->d + k];
            if (mean >= 0) gradient[mean] += t->slope[k];
            if (own < 0) continue;
            if (mean < 0) {
                gradient[own] += t->slope[k];
                sum += prior_at(&h->branch[g].ep, k, x[own], &gradient[own]);
                continue;
            }
            gradient[own] += tau * t->slope[k] - x[own];
            gradient[last] += t->slope[k] * tau * x[own];
            sum -= 0.5 * x[own] * x[own];
        }
    }
    return sum;
}

static pdx_status open_target(hierarchy_target *t, const pdx__hierarchy *h, double tau_scale) {
    const size_t d = (size_t)h->d, groups = (size_t)h->groups;
    *t = (hierarchy_target){.h = h, .tau_scale = tau_scale};
    t->rows = pdx__alloc_zero(groups, sizeof *t->rows);
    t->flat = pdx__alloc((size_t)h->width, sizeof *t->flat);
    t->of_mean = pdx__alloc(d * (groups + 1), sizeof *t->of_mean);
    t->weights = pdx__alloc(2 * d, sizeof *t->weights);
    if (!t->rows || !t->flat || !t->of_mean || !t->weights) return PDX_ENOMEM;
    t->of_group = t->of_mean + d;
    t->slope = t->weights + d;
    for (int32_t c = 0; c < h->width; ++c)
        t->flat[c] = (pdx__prior){PDX_PRIOR_GAUSSIAN, h->branch_prior[c].scale == 0 ? 0 : INFINITY};
    for (int32_t k = 0; k < h->d; ++k)
        t->of_mean[k] = h->sharing[h->mean.column[k]] == PDX__OWN ? -1 : t->dim++;
    for (int32_t g = 0; g < h->groups; ++g) {
        for (int32_t k = 0; k < h->d; ++k)
            t->of_group[g * h->d + k] =
                h->sharing[h->mean.column[k]] == PDX__COMMON ? -1 : t->dim++;
        pdx__problem problem = h->branch[g].problem;
        problem.prior = t->flat;
        PDX__TRY(pdx__logit_target_create(&t->rows[g], &problem));
    }
    ++t->dim;
    return PDX_OK;
}

static void close_target(hierarchy_target *t) {
    for (int32_t g = 0; t->rows && g < t->h->groups; ++g) pdx__logit_target_free(t->rows[g]);
    pdx__free(t->rows);
    pdx__free(t->flat);
    pdx__free(t->of_mean);
    pdx__free(t->weights);
}

/* Starts scattered about EP's answer, and its sds. */
static void place_starts(const hierarchy_target *t, const pdx__pooled_fit *fit,
                         const pdx__fit_settings *settings, double *start, double *scale) {
    const pdx__hierarchy *h = t->h;
    const double tau = fmax(fit->tau_mean, 1e-3 * t->tau_scale);
    pdx__rng rng;
    pdx__rng_init(&rng, settings->seed, settings->stream * 64 + 61);
    for (int32_t k = 0; k < h->d; ++k) {
        const int32_t c = h->mean.column[k], mean = t->of_mean[k];
        if (mean >= 0) {
            start[mean] = fit->mean.mean[c];
            scale[mean] = fit->mean.sd[c];
        }
        for (int32_t g = 0; g < h->groups; ++g) {
            const int32_t own = t->of_group[g * h->d + k];
            if (own < 0) continue;
            const double w = fit->group[g].mean[c];
            start[own] = mean < 0 ? w : (w - fit->mean.mean[c]) / tau;
            scale[own] = mean < 0 ? fit->group[g].sd[c] : 1;
        }
    }
    start[t->dim - 1] = log(tau);
    scale[t->dim - 1] = fmin(fmax(fit->tau_sd / tau, 0.05), 1);
    for (int32_t chain = settings->nuts_chains - 1; chain >= 0; --chain)
        for (int32_t i = 0; i < t->dim; ++i)
            start[chain * t->dim + i] = start[i] + 0.5 * scale[i] * pdx__rng_normal(&rng);
}

static void take_chains(pdx__joint_draws *out, const hierarchy_target *t,
                        const pdx__nuts_run *run) {
    const pdx__hierarchy *h = t->h;
    for (int64_t i = 0; i < out->n; ++i) {
        const double *x = run->draw + i * run->dim, tau = exp(x[run->dim - 1]);
        for (int32_t k = 0; k < h->d; ++k) {
            if (t->of_mean[k] >= 0) out->value[(int64_t)k * out->n + i] = x[t->of_mean[k]];
            for (int32_t g = 0; g < h->groups; ++g)
                out->value[(((int64_t)g + 1) * h->d + k) * out->n + i] = weight_at(t, x, tau, g, k);
        }
        out->value[((int64_t)h->groups + 1) * h->d * out->n + i] = tau;
    }
}

static pdx_status judge_chains(pdx_certificate *c, const hierarchy_target *t,
                               const pdx__nuts_run *run) {
    double *sd = pdx__alloc(2 * (size_t)t->dim, sizeof *sd), *mean_se = sd + t->dim;
    if (!sd) return PDX_ENOMEM;
    pdx_status status = pdx__nuts_summary(run, NULL, sd, mean_se, &c->rhat, &c->nuts_ess);
    c->method = PDX_METHOD_NUTS;
    c->checked = 1;
    c->draws = (int64_t)run->chains * run->draws;
    c->divergences = 0;
    c->mean_se = 0;
    for (int32_t k = 0; k < run->chains; ++k) c->divergences += run->divergences[k];
    for (int32_t k = 0; k < t->dim && status == PDX_OK; ++k)
        c->mean_se = fmax(c->mean_se, mean_se[k] / sd[k]);
    c->ok = c->rhat < 1.01 && c->nuts_ess > 400 && c->divergences * 1000 <= c->draws;
    pdx__free(sd);
    return status;
}

pdx_status pdx__hierarchy_nuts(pdx__joint_draws *out, pdx__hierarchy *hierarchy,
                               pdx__pooled_fit *fit, double tau_scale,
                               const pdx__fit_settings *settings) {
    hierarchy_target t = {0};
    pdx__nuts_run run = {0};
    double *start = NULL;
    pdx_status status;
    *out = (pdx__joint_draws){0};
    PDX__GO(open_target(&t, hierarchy, tau_scale));
    start = pdx__alloc((size_t)t.dim * ((size_t)settings->nuts_chains + 1), sizeof *start);
    if (!start) {
        status = PDX_ENOMEM;
        goto done;
    }
    double *scale = start + (size_t)t.dim * (size_t)settings->nuts_chains;
    place_starts(&t, fit, settings, start, scale);
    pdx__nuts_settings nuts;
    pdx__nuts_settings_init(&nuts);
    nuts.chains = settings->nuts_chains;
    nuts.warmup = settings->nuts_warmup;
    nuts.draws = settings->nuts_draws;
    nuts.target_accept = 0.9;
    nuts.seed = settings->seed;
    nuts.stream = settings->stream;
    nuts.start = start;
    nuts.scale = scale;
    pdx__target target = {t.dim, value, &t};
    PDX__GO(pdx__nuts(&run, &target, &nuts));
    PDX__GO(judge_chains(&fit->certificate, &t, &run));
    PDX__GO(pdx__joint_draws_create(out, hierarchy->groups, hierarchy->d,
                                    (int64_t)run.chains * run.draws, run.chains));
    take_chains(out, &t, &run);
    pdx__joint_draws_summarise(out);
done:
    pdx__nuts_free(&run);
    pdx__free(start);
    close_target(&t);
    if (status != PDX_OK) pdx__joint_draws_free(out);
    return status;
}
