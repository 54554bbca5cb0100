/* Multiple imputation of properties that were measured with error. The pairs' true properties X are
 * known but for that error (error_model.h), and verdicts follow from X. Gibbs sampling: X given the
 * weights, exactly (the verdict tilts only the direction of the weights, in which one number is
 * drawn on a grid), then the weights given X from EP. Imputations that left the verdicts out would
 * pull the weights towards zero (Moons et al. 2006, J. Clin. Epidemiol. 59:1092). Every kept X
 * gives an EP fit; their mixture is the posterior. Binary labels only. */
#include "impute.h"

#include <math.h>
#include <string.h>

#include "core/pool.h"
#include "core/rng.h"
#include "design.h"
#include "error_model.h"
#include "fit_answer.h"
#include "mixture.h"

enum { BURN = 10, THIN = 3, GRID = 41, MOST_ROWS = 64 /* of one pair */ };

typedef struct imputing {
    const pdx__refit *refit;
    const pdx__errors *errors;
    int32_t d, dim;
    int64_t n, units;
    int64_t *first;  /* [units + 1] rows of a unit */
    double *base;    /* [n][dim] the design as measured */
    double *x;       /* [n][dim] imputed */
    double *weights; /* [dim] */
    double *work;    /* [4 d] */
    pdx__error_model model;
    pdx__sites sites;
    double *site_memory;
    pdx__rng rng;
} imputing;

static pdx_status open(imputing *m) {
    const size_t n = (size_t)m->n, d = (size_t)m->d, dim = (size_t)m->dim;
    m->first = pdx__alloc((size_t)m->units + 1, sizeof *m->first);
    m->base = pdx__alloc(2 * n * dim + dim + 4 * d, sizeof(double));
    m->site_memory = pdx__alloc_zero(2 * n + 2 * dim, sizeof(double));
    if (!m->first || !m->base || !m->site_memory) return PDX_ENOMEM;
    m->x = m->base + n * dim;
    m->weights = m->x + n * dim;
    m->work = m->weights + dim;
    m->sites = (pdx__sites){m->site_memory, m->site_memory + n, m->site_memory + 2 * n,
                            m->site_memory + 2 * n + dim};
    for (int64_t i = 0; i < m->n; ++i) {
        pdx__design_row(m->refit->design, i, m->base + (size_t)i * dim);
        const int64_t unit = pdx__refit_unit(m->refit, i);
        if (i == 0 || unit != pdx__refit_unit(m->refit, i - 1)) m->first[unit] = i;
    }
    m->first[m->units] = m->n;
    for (int64_t u = 0; u < m->units; ++u)
        if (m->first[u + 1] - m->first[u] > MOST_ROWS)
            return pdx__fail(PDX_EUNSUPPORTED, "a pair with more than %d labels of one judge",
                             MOST_ROWS);
    pdx__rng_init(&m->rng, m->refit->options->seed, m->refit->stream * 64 + 61);
    PDX__TRY(
        pdx__error_model_create(&m->model, m->errors, m->d, m->units, m->base, m->first, m->dim));
    memcpy(m->x, m->base, n * dim * sizeof(double));
    return PDX_OK;
}

static void close(imputing *m) {
    pdx__free(m->first);
    pdx__free(m->base);
    pdx__free(m->site_memory);
    pdx__error_model_free(&m->model);
}

/* Log likelihood of a unit's rows at eta of its properties. */
static double unit_likelihood(const imputing *m, int64_t unit, const double *rest, double eta) {
    const pdx__sample *s = m->refit->sample;
    double sum = 0;
    for (int64_t i = m->first[unit]; i < m->first[unit + 1]; ++i) {
        const double at = eta + rest[i - m->first[unit]], w = s->weight ? s->weight[i] : 1;
        sum += w * ((s->y[i] - 0.5) * at - pdx__softabs(at, 0, NULL, NULL));
    }
    return sum;
}

/* eta ~ N(mean, sd^2) x likelihood, by inversion on a grid over six sds either way. */
static double draw_eta(imputing *m, int64_t unit, const double *rest, double mean, double sd) {
    double log_f[GRID], mass[GRID], top = -INFINITY;
    for (int i = 0; i < GRID; ++i) {
        const double z = 12.0 * i / (GRID - 1) - 6;
        log_f[i] = unit_likelihood(m, unit, rest, mean + sd * z) - 0.5 * z * z;
        top = fmax(top, log_f[i]);
    }
    mass[0] = 0;
    for (int i = 1; i < GRID; ++i)
        mass[i] = mass[i - 1] + exp(log_f[i] - top) + exp(log_f[i - 1] - top);
    const double u = pdx__rng_uniform(&m->rng) * mass[GRID - 1];
    int i = 1;
    while (i < GRID - 1 && mass[i] < u) ++i;
    const double share = (u - mass[i - 1]) / (mass[i] - mass[i - 1]);
    return mean + sd * (12.0 * (i - 1 + share) / (GRID - 1) - 6);
}

static void impute_unit(imputing *m, int64_t unit) {
    const pdx__sample *s = m->refit->sample;
    const int32_t d = m->d;
    const pdx__error_pattern *p = &m->model.pattern[m->model.of_unit[unit]];
    const double *mean = m->model.mean;
    const double *base = m->base + m->first[unit] * m->dim;
    double *centre = m->work, *truth = centre + d, *z = truth + d, rest[MOST_ROWS];
    double eta_centre = 0, eta = 0;
    for (int32_t k = 0; k < d; ++k) z[k] = pdx__rng_normal(&m->rng);
    for (int32_t j = 0; j < d; ++j) {
        centre[j] = mean[j];
        for (int32_t k = 0; k < d; ++k) centre[j] += p->gain[j * d + k] * (base[k] - mean[k]);
        if (!(m->errors->noise[j] > 0)) centre[j] = base[j];
        truth[j] = centre[j];
        for (int32_t k = 0; k <= j; ++k) truth[j] += p->root[j * d + k] * z[k];
        eta_centre += centre[j] * m->weights[j];
        eta += truth[j] * m->weights[j];
    }
    for (int64_t i = m->first[unit]; i < m->first[unit + 1]; ++i) {
        double *at = &rest[i - m->first[unit]];
        *at = s->offset ? s->offset[i] : 0;
        for (int32_t k = d; k < m->dim; ++k) *at += m->base[i * m->dim + k] * m->weights[k];
    }
    if (p->along_sd > 1e-9) {
        const double drawn = draw_eta(m, unit, rest, eta_centre, p->along_sd);
        const double step = (drawn - eta) / (p->along_sd * p->along_sd);
        for (int32_t k = 0; k < d; ++k) truth[k] += p->along[k] * step;
    }
    for (int64_t i = m->first[unit]; i < m->first[unit + 1]; ++i)
        memcpy(m->x + i * m->dim, truth, (size_t)d * sizeof *truth);
}

static void impute(imputing *m) {
    pdx__error_model_aim(&m->model, m->weights);
    for (int64_t u = 0; u < m->units; ++u) impute_unit(m, u);
}

/* EP on rows x; warm sites are kept for the next. */
static pdx_status fit_x(pdx__ep *ep, pdx__design **design, const pdx__refit *r, const double *x,
                        const pdx__prior *prior, pdx__problem *problem, pdx__sites *sites,
                        int warm) {
    const pdx__ep_settings settings = {.tolerance = 3e-3, .max_sweeps = 200};
    const pdx__sample *s = r->sample;
    PDX__TRY(pdx__design_create(design, s->n, r->dim, x, NULL));
    *problem = (pdx__problem){
        .design = *design, .y = s->y, .weight = s->weight, .offset = s->offset, .prior = prior};
    PDX__TRY(pdx__ep_run(ep, problem, warm ? sites : NULL, &settings, r->scratch.workspace,
                         sites->tau, sites->nu));
    if (!ep->usable)
        return pdx__fail(PDX_ENUMERIC, "the posterior given imputed properties is not proper");
    for (int32_t k = 0; k < ep->d; ++k) {
        sites->t[ep->column[k]] = ep->site_precision[k];
        sites->h[ep->column[k]] = ep->site_linear[k];
    }
    return PDX_OK;
}

static void draw_weights(imputing *m, const pdx__ep *ep) {
    memset(m->weights, 0, (size_t)m->dim * sizeof *m->weights);
    for (int32_t k = 0; k < ep->d; ++k) m->weights[ep->column[k]] = ep->mean[k];
    for (int32_t i = 0; i < ep->d; ++i) {
        const double v = pdx__rng_normal(&m->rng);
        for (int32_t k = 0; k <= i; ++k)
            m->weights[ep->column[k]] += v * ep->root[(size_t)i * (size_t)ep->ld + k];
    }
}

/* Draws of the weights from the fit at hand, rows [from, to) of out->draws. */
static pdx_status keep_draws(pdx__fit *out, const pdx__ep *ep, int64_t from, int64_t to,
                             uint64_t seed, uint64_t stream) {
    if (to <= from) return PDX_OK;
    int64_t n = 512;
    while (n < to - from) n *= 2;
    pdx__stis stis;
    int64_t *index = pdx__alloc((size_t)(to - from), sizeof *index);
    pdx_status status = index ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) status = pdx__stis_run(&stis, ep, n, seed, stream);
    if (status == PDX_OK) status = pdx__stis_resample(&stis, to - from, seed, stream, index);
    for (int64_t i = from; i < to && status == PDX_OK; ++i)
        for (int32_t k = 0; k < ep->d; ++k)
            out->draws[i * out->d + ep->column[k]] = stis.draw[k * stis.n + index[i - from]];
    pdx__free(index);
    return status;
}

/* One turn: X given the weights, the weights given X; every THIN-th after BURN is kept. */
static pdx_status turn(imputing *m, int32_t t, int32_t imputations, pdx__fit *out,
                       pdx__mixture *mixture) {
    const pdx_fit_options *o = m->refit->options;
    pdx__design *design = NULL;
    pdx__problem problem;
    pdx__ep ep;
    if (pdx__pool_stopping()) return pdx__fail(PDX_ECANCELED, "stopped on request");
    impute(m);
    pdx_status status =
        fit_x(&ep, &design, m->refit, m->x, m->refit->prior, &problem, &m->sites, 1);
    if (status == PDX_OK && t >= BURN && (t - BURN) % THIN == 0) {
        const int64_t kept = mixture->count;
        status = pdx__mixture_add(mixture, &ep, 1, NULL);
        if (status == PDX_OK)
            status = keep_draws(out, &ep, out->draw_count * kept / imputations,
                                out->draw_count * (kept + 1) / imputations, o->seed,
                                m->refit->stream * 128 + (uint64_t)kept);
    }
    if (status == PDX_OK) draw_weights(m, &ep);
    pdx__design_free(design);
    return status;
}

static pdx_status make_room(pdx__fit *out, const pdx__refit *r, pdx__fit_settings *settings) {
    const pdx_fit_options *o = r->options;
    out->d = r->dim;
    PDX__TRY(pdx__fit_arrays(out, settings));
    if (o->draws == 0) return PDX_OK;
    out->draws = pdx__alloc_zero((size_t)o->draws * (size_t)r->dim, sizeof *out->draws);
    if (!out->draws) return PDX_ENOMEM;
    out->draw_count = o->draws;
    return PDX_OK;
}

pdx_status pdx__impute(pdx__fit *out, const pdx__refit *r, const pdx__fit *full,
                       int32_t imputations) {
    imputing m = {.refit = r,
                  .errors = r->sample->errors,
                  .d = r->sample->d,
                  .dim = r->dim,
                  .n = r->sample->n,
                  .units = r->units};
    pdx__mixture mixture = {0};
    pdx__nodes nodes = {.count = imputations};
    pdx_status status = PDX_OK;
    int32_t free_columns = 0, *column = NULL;
    double *probs = NULL;
    pdx__fit_settings settings;
    memset(out, 0, sizeof *out);
    PDX__GO(pdx__refit_settings(&settings, &probs, r));
    PDX__GO(make_room(out, r, &settings));
    PDX__GO(open(&m));
    column = pdx__alloc((size_t)r->dim, sizeof *column);
    if (!column) {
        status = PDX_ENOMEM;
        goto done;
    }
    for (int32_t k = 0; k < r->dim; ++k)
        if (r->prior[k].scale != 0) column[free_columns++] = k;
    PDX__GO(pdx__mixture_create(&mixture, free_columns, 0, 1));
    memcpy(m.weights, full->mean, (size_t)r->dim * sizeof(double));
    memcpy(m.sites.tau, full->sites.tau, (size_t)m.n * sizeof(double));
    memcpy(m.sites.nu, full->sites.nu, (size_t)m.n * sizeof(double));
    memcpy(m.sites.t, full->sites.t, (size_t)r->dim * sizeof(double));
    memcpy(m.sites.h, full->sites.h, (size_t)r->dim * sizeof(double));
    for (int32_t t = 0; mixture.count < imputations; ++t)
        PDX__GO(turn(&m, t, imputations, out, &mixture));
    for (int32_t i = 0; i < imputations; ++i) nodes.weight[i] = 1.0 / imputations;
    pdx__mixture_take(&mixture, &nodes, column, out, &settings);
done:
    pdx__free(probs);
    pdx__free(column);
    pdx__mixture_free(&mixture);
    close(&m);
    if (status != PDX_OK) pdx__fit_free(out);
    return status;
}

/* ---- simulation-extrapolation ---- */

/* Weights with errors of `more` times the variance added, averaged over several draws, into
 * mean[dim]. */
static pdx_status with_more_error(double *mean, imputing *m, const pdx__fit *full, double more) {
    enum { REPLICATES = 16 };
    memset(mean, 0, (size_t)m->dim * sizeof *mean);
    const int32_t replicates = more > 0 ? REPLICATES : 1;
    pdx_status status = PDX_OK;
    for (int32_t r = 0; r < replicates && status == PDX_OK; ++r) {
        for (int64_t u = 0; u < m->units; ++u)
            for (int32_t k = 0; k < m->d; ++k) {
                if (!(m->errors->noise[k] > 0)) continue;
                const double sd =
                    sqrt(more * pdx__error_variance(m->errors, k, m->errors->looks[u]));
                const double error = sd > 0 ? sd * pdx__rng_normal(&m->rng) : 0;
                for (int64_t i = m->first[u]; i < m->first[u + 1]; ++i)
                    m->x[i * m->dim + k] = m->base[i * m->dim + k] + error;
            }
        pdx__design *design = NULL;
        pdx__problem problem;
        pdx__ep ep;
        if (pdx__pool_stopping()) return pdx__fail(PDX_ECANCELED, "stopped on request");
        status = fit_x(&ep, &design, m->refit, m->x, m->refit->prior, &problem, &m->sites,
                       full->sites.tau != NULL);
        for (int32_t k = 0; status == PDX_OK && k < ep.d; ++k)
            mean[ep.column[k]] += ep.mean[k] / replicates;
        pdx__design_free(design);
    }
    return status;
}

pdx_status pdx__simex(double *simex, const pdx__refit *r, const pdx__fit *full) {
    imputing m = {.refit = r,
                  .errors = r->sample->errors,
                  .d = r->sample->d,
                  .dim = r->dim,
                  .n = r->sample->n,
                  .units = r->units};
    pdx_status status = open(&m);
    double *mean = pdx__alloc((size_t)r->dim, sizeof *mean);
    if (status == PDX_OK && !mean) status = PDX_ENOMEM;
    memset(simex, 0, (size_t)r->dim * sizeof *simex);
    if (status == PDX_OK) {
        memcpy(m.sites.tau, full->sites.tau, (size_t)m.n * sizeof(double));
        memcpy(m.sites.nu, full->sites.nu, (size_t)m.n * sizeof(double));
        memcpy(m.sites.t, full->sites.t, (size_t)r->dim * sizeof(double));
        memcpy(m.sites.h, full->sites.h, (size_t)r->dim * sizeof(double));
    }
    /* least squares of a parabola through error 1, 1.5, ... 3 times, at 0: t = -2 ... 2, at -4 */
    for (int t = -2; t <= 2 && status == PDX_OK; ++t) {
        status = with_more_error(mean, &m, full, 0.5 * (t + 2));
        for (int32_t k = 0; k < r->dim && status == PDX_OK; ++k)
            simex[k] += mean[k] * (0.2 - 0.4 * t + (t * t - 2));
    }
    pdx__free(mean);
    close(&m);
    return status;
}
