/* Nodes in one unknown and the mixture over them. What is mixed are EP's marginals with the exact
 * Laplace prior of their own column; the corrections for skewness that a fit without such an
 * unknown gets are left out. */
#include "mixture.h"

#include <math.h>
#include <string.h>

#include "normal.h"
#include "stis.h"

enum { DRAW_BATCH = 512 };

/* ---- nodes ---- */

typedef struct laying {
    pdx__nodes *nodes;
    pdx__node_fn run;
    pdx_status (*add)(void *context, double relative);
    void *context;
} laying;

static pdx_status lay_one(laying *l, double at, double *relative) {
    pdx__nodes *nodes = l->nodes;
    const int32_t i = nodes->count;
    nodes->at[i] = at;
    PDX__TRY(l->run(l->context, at, &nodes->log_z[i]));
    ++nodes->count;
    *relative = exp(nodes->log_z[i] - nodes->log_z[0]);
    return l->add ? l->add(l->context, *relative) : PDX_OK;
}

pdx_status pdx__nodes_lay(pdx__nodes *nodes, double start, double step, double least,
                          pdx__node_fn run, pdx_status (*add)(void *context, double relative),
                          void *context) {
    laying l = {nodes, run, add, context};
    double relative;
    nodes->count = 0;
    PDX__TRY(lay_one(&l, start, &relative));
    for (int side = -1; side <= 1; side += 2)
        for (int i = 1; i <= PDX__MOST_NODES / 2; ++i) {
            double at = start + side * i * step;
            if (at <= least) break;
            PDX__TRY(lay_one(&l, at, &relative));
            if (relative < 1e-3) break;
        }
    nodes->log_evidence = nodes->log_z[0] + log(pdx__nodes_weigh(nodes) * step);
    return PDX_OK;
}

double pdx__nodes_weigh(pdx__nodes *nodes) {
    double sum = 0;
    for (int32_t i = 0; i < nodes->count; ++i)
        sum += nodes->weight[i] = exp(nodes->log_z[i] - nodes->log_z[0]);
    for (int32_t i = 0; i < nodes->count; ++i) nodes->weight[i] /= sum;
    return sum;
}

void pdx__nodes_moments(const pdx__nodes *nodes, const double *value, double *mean, double *sd) {
    double square = 0;
    *mean = 0;
    for (int32_t i = 0; i < nodes->count; ++i) *mean += nodes->weight[i] * value[i];
    for (int32_t i = 0; i < nodes->count; ++i) {
        double off = value[i] - *mean;
        square += nodes->weight[i] * off * off;
    }
    *sd = sqrt(square);
}

/* ---- the mixture ---- */

pdx_status pdx__mixture_create(pdx__mixture *out, int32_t d, int64_t n, int joint) {
    const size_t columns = (size_t)d, each = (size_t)PDX__MOST_NODES * columns;
    *out = (pdx__mixture){.d = d, .n = n};
    out->mean = pdx__alloc(2 * each, sizeof *out->mean);
    out->tilted = pdx__alloc(each, sizeof *out->tilted);
    if (joint) {
        out->second = pdx__alloc_zero(columns * columns, sizeof *out->second);
        out->inverse_loo = pdx__alloc_zero((size_t)n, sizeof *out->inverse_loo);
    }
    if (!out->mean || !out->tilted || (joint && (!out->second || !out->inverse_loo))) {
        pdx__mixture_free(out);
        return PDX_ENOMEM;
    }
    out->sd = out->mean + each;
    return PDX_OK;
}

void pdx__mixture_free(pdx__mixture *mixture) {
    pdx__free(mixture->mean);
    pdx__free(mixture->tilted);
    pdx__free(mixture->second);
    pdx__free(mixture->inverse_loo);
    *mixture = (pdx__mixture){0};
}

static pdx_status add_joint(pdx__mixture *m, const pdx__ep *ep, double relative) {
    const int32_t d = m->d;
    double *covariance = pdx__alloc((size_t)d * (size_t)d, sizeof *covariance);
    if (!covariance) return PDX_ENOMEM;
    pdx__ep_covariance(ep, covariance);
    for (int32_t j = 0; j < d; ++j)
        for (int32_t k = 0; k < d; ++k)
            m->second[j * d + k] += relative * (covariance[j * d + k] + ep->mean[j] * ep->mean[k]);
    pdx__free(covariance);
    return PDX_OK;
}

pdx_status pdx__mixture_add(pdx__mixture *m, const pdx__ep *ep, double relative,
                            const double *loo) {
    const size_t base = (size_t)m->count * (size_t)m->d;
    for (int32_t k = 0; k < m->d; ++k) {
        size_t to = base + (size_t)k;
        m->mean[to] = ep->mean[k];
        m->sd[to] = ep->sd[k];
        m->tilted[to] = ep->rate[k] > 0 ? pdx__ep_marginal(ep, k) : (pdx__tilted){0};
    }
    ++m->count;
    m->relative += relative;
    for (int64_t i = 0; loo && i < m->n; ++i) m->inverse_loo[i] += relative * exp(-loo[i]);
    return m->second ? add_joint(m, ep, relative) : PDX_OK;
}

static double below(const pdx__mixture *m, const pdx__nodes *nodes, int32_t k, double a) {
    double sum = 0;
    for (int32_t i = 0; i < m->count; ++i) {
        size_t at = (size_t)i * (size_t)m->d + (size_t)k;
        sum += nodes->weight[i] * (m->tilted[at].rate > 0
                                       ? pdx__tilted_below(&m->tilted[at], a)
                                       : pdx__normal_upper((m->mean[at] - a) / m->sd[at]));
    }
    return sum;
}

static double density(const pdx__mixture *m, const pdx__nodes *nodes, int32_t k, double a) {
    double sum = 0;
    for (int32_t i = 0; i < m->count; ++i) {
        size_t at = (size_t)i * (size_t)m->d + (size_t)k;
        const pdx__tilted *t = &m->tilted[at];
        double z = (a - m->mean[at]) / m->sd[at];
        sum += nodes->weight[i] *
               (t->rate > 0
                    ? exp(a * (t->gam - 0.5 * t->lam * a) - t->rate * fabs(a) - t->log_integral)
                    : exp(-0.5 * z * z) / (m->sd[at] * 2.5066282746310002));
    }
    return sum;
}

/* Newton from the mean of the nodes' own quantiles, kept between the smallest and the largest. */
static double quantile(const pdx__mixture *m, const pdx__nodes *nodes, int32_t k, double sd,
                       double p) {
    double low = INFINITY, high = -INFINITY, at = 0;
    for (int32_t i = 0; i < m->count; ++i) {
        size_t of = (size_t)i * (size_t)m->d + (size_t)k;
        double q = m->tilted[of].rate > 0 ? pdx__tilted_quantile(&m->tilted[of], p)
                                          : m->mean[of] + m->sd[of] * pdx__normal_quantile(p);
        low = fmin(low, q);
        high = fmax(high, q);
        at += nodes->weight[i] * q;
    }
    for (int i = 0; i < 60 && high - low > 1e-6 * sd; ++i) {
        double f = below(m, nodes, k, at) - p;
        if (f < 0) low = at;
        else high = at;
        double next = at - f / density(m, nodes, k, at);
        if (!(next >= low && next <= high)) next = 0.5 * (low + high);
        double step = fabs(next - at);
        at = next;
        if (step < 1e-6 * sd) break;
    }
    return at;
}

static void take_column(const pdx__mixture *m, const pdx__nodes *nodes, int32_t k, int32_t c,
                        pdx__fit *fit, const pdx__fit_settings *settings) {
    double mean = 0, square = 0;
    for (int32_t i = 0; i < m->count; ++i)
        mean += nodes->weight[i] * m->mean[(size_t)i * (size_t)m->d + (size_t)k];
    for (int32_t i = 0; i < m->count; ++i) {
        size_t at = (size_t)i * (size_t)m->d + (size_t)k;
        double off = m->mean[at] - mean;
        square += nodes->weight[i] * (m->sd[at] * m->sd[at] + off * off);
    }
    fit->mean[c] = mean;
    fit->sd[c] = sqrt(square);
    fit->prob_positive[c] = fmin(fmax(1 - below(m, nodes, k, 0), 0), 1);
    for (int32_t q = 0; settings->summaries && q < settings->quantile_count; ++q)
        fit->quantiles[(size_t)c * (size_t)settings->quantile_count + (size_t)q] =
            quantile(m, nodes, k, fit->sd[c], settings->quantile_probs[q]);
}

void pdx__mixture_take(const pdx__mixture *m, const pdx__nodes *nodes, const int32_t *column,
                       pdx__fit *fit, const pdx__fit_settings *settings) {
    for (int32_t c = 0; c < fit->d; ++c) fit->prob_positive[c] = 0.5; /* pinned at 0 */
    for (int32_t k = 0; k < m->d; ++k) take_column(m, nodes, k, column[k], fit, settings);
    if (!settings->summaries) return;
    for (int32_t j = 0; m->second && j < m->d; ++j)
        for (int32_t k = 0; k < m->d; ++k)
            fit->covariance[(size_t)column[j] * (size_t)fit->d + (size_t)column[k]] =
                m->second[j * m->d + k] / m->relative - fit->mean[column[j]] * fit->mean[column[k]];
    if (m->inverse_loo) fit->elpd_loo = 0;
    for (int64_t i = 0; m->inverse_loo && i < m->n; ++i) {
        fit->loo[i] = -log(m->inverse_loo[i] / m->relative);
        if (!isnan(fit->loo[i])) fit->elpd_loo += fit->loo[i];
    }
}

pdx_status pdx__mixture_draw(pdx__fit *fit, const pdx__nodes *nodes, const pdx__ep *ep,
                             pdx__node_fn run, void *context, const pdx__fit_settings *settings) {
    if (settings->draws == 0) return PDX_OK;
    const int32_t d = fit->d;
    int64_t *index = pdx__alloc((size_t)settings->draws, sizeof *index);
    fit->draws = pdx__alloc_zero((size_t)settings->draws * (size_t)d, sizeof(double));
    pdx_status status = index && fit->draws ? PDX_OK : PDX_ENOMEM;
    int64_t done = 0;
    double share = 0;
    for (int32_t i = 0; i < nodes->count && status == PDX_OK; ++i) {
        share += nodes->weight[i];
        int64_t upto = i + 1 == nodes->count ? settings->draws
                                             : (int64_t)(share * (double)settings->draws + 0.5);
        if (upto <= done) continue;
        int64_t n = DRAW_BATCH;
        while (n < upto - done) n *= 2;
        const uint64_t stream = settings->stream * PDX__MOST_NODES + (uint64_t)i;
        pdx__stis stis;
        double log_z;
        PDX__GO(run(context, nodes->at[i], &log_z));
        PDX__GO(pdx__stis_run(&stis, ep, n, settings->seed, stream));
        PDX__GO(pdx__stis_resample(&stis, upto - done, settings->seed, stream, index));
        for (int64_t r = done; r < upto; ++r)
            for (int32_t k = 0; k < ep->d; ++k)
                fit->draws[r * d + ep->column[k]] = stis.draw[k * stis.n + index[r - done]];
        done = upto;
    }
    fit->draw_count = status == PDX_OK ? settings->draws : 0;
done:
    pdx__free(index);
    return status;
}
