/* tau is integrated out: EP's evidence is an even, smooth function of tau, so nodes at half steps
 * from 0 are the trapezoidal rule of a density on the whole line, whether it piles up at 0 or
 * stands apart from it. */
#include "hierarchy_fit.h"

#include <math.h>
#include <string.h>

#include "core/pool.h"
#include "design.h"
#include "fit_answer.h"
#include "hierarchy_draws.h"
#include "tau_density.h"

typedef struct pooled_job {
    pdx__hierarchy *h;
    const pdx__fit_settings *settings;
    double tau_scale;
    pdx__pooled_fit *fit;
    pdx__mixture mean, *group, *difference; /* [groups] */
    double *draft;                          /* [groups][d][d] and [2][ld][ld] + [ld] */
    double relative;
    int32_t converged;
} pooled_job;

static pdx_status run_tau(void *context, double tau, double *log_z) {
    pooled_job *job = context;
    const double s = job->tau_scale;
    PDX__TRY(pdx__hierarchy_run(job->h, tau, job->settings->summaries ? 1e-3 : 3e-3, 300));
    PDX__TRY(pdx__hierarchy_evidence(job->h, log_z));
    *log_z += 0.5 * log(2 / M_PI) - log(s) - 0.5 * tau * tau / (s * s);
    job->converged &= job->h->converged;
    return PDX_OK;
}

/* ---- where the nodes lie ---- */

#define MOST_BEND 0.64

/* A step that resolves the density, and the node next to its mode: climbs on a grid, and draws a
 * finer one while the density bends by more than MOST_BEND, that of a normal density at a step of
 * 0.8 sds. What tau's posterior has of its own, heavy shoulders where some directions are much
 * better known than others, needs more than the 1.2 sds that would do for the normal. */
static pdx_status find_grid(pooled_job *job, double *step, int64_t *start) {
    double z[4]; /* at start - 1 to start + 2 */
    *step = job->tau_scale;
    *start = 0;
    for (int round = 0; round < 12; ++round) {
        PDX__TRY(run_tau(job, pdx__tau_node(*start, *step), &z[1]));
        PDX__TRY(run_tau(job, pdx__tau_node(*start + 1, *step), &z[2]));
        while (z[2] > z[1]) {
            z[1] = z[2];
            ++*start;
            PDX__TRY(run_tau(job, pdx__tau_node(*start + 1, *step), &z[2]));
        }
        z[0] = z[1]; /* even about 0 */
        while (*start > 0) {
            PDX__TRY(run_tau(job, pdx__tau_node(*start - 1, *step), &z[0]));
            if (z[0] <= z[1]) break;
            z[2] = z[1];
            z[1] = z[0];
            --*start;
        }
        PDX__TRY(run_tau(job, pdx__tau_node(*start + 2, *step), &z[3]));
        const double here = 2 * z[1] - z[0] - z[2], beyond = 2 * z[2] - z[1] - z[3];
        const double bend = fmax(here, beyond);
        if (bend <= MOST_BEND) break;
        const double mode = pdx__tau_node(*start, *step) + 0.5 * (z[2] - z[0]) / bend * *step;
        *step *= fmax(sqrt(0.8 * MOST_BEND / bend), 0.2);
        *start = (int64_t)fmax(mode / *step, 0);
    }
    return PDX_OK;
}

/* ---- at one node ---- */

/* The difference of every group from the mean, and how the groups' weights vary together. */
static void add_links(pooled_job *job, double relative) {
    pdx__hierarchy *h = job->h;
    const int32_t d = h->d, ld = h->ld;
    const size_t square = (size_t)ld * (size_t)ld, block = (size_t)d * (size_t)d;
    double *root = job->draft + (size_t)h->groups * block, *y_matrix = root + square;
    double *y = y_matrix + square, *line = y + ld;
    const double *top = h->mean.root;
    for (int32_t g = 0; g < h->groups; ++g) {
        double *with = job->draft + (size_t)g * block; /* sd units of mu in w_g: [d][d] */
        pdx__mixture *m = &job->difference[g];
        const size_t base = (size_t)m->count * (size_t)d;
        pdx__hierarchy_branch(h, g, root, y_matrix, y);

        for (int32_t k = 0; k < d; ++k) { /* one coordinate of mu: its direction, the answer */
            for (int32_t i = 0; i < d; ++i) {
                double sum = 0;
                for (int32_t j = 0; j <= k; ++j)
                    sum += y_matrix[(size_t)i * ld + j] * top[(size_t)k * ld + j];
                line[i] = sum;
            }
            for (int32_t i = 0; i < d; ++i) {
                double sum = 0;
                for (int32_t j = i; j < d; ++j) sum += root[(size_t)j * ld + i] * line[j];
                with[(size_t)i * d + k] = -h->scale[i] * sum;
            }
        }
        for (int32_t i = 0; i < d; ++i) {
            double own = 0, from_mean = 0;
            for (int32_t j = i; j < d; ++j)
                own += root[(size_t)j * ld + i] * root[(size_t)j * ld + i];
            for (int32_t k = 0; k < d; ++k) {
                from_mean += with[(size_t)i * d + k] * with[(size_t)i * d + k];
                if (i <= k) with[(size_t)i * d + k] += top[(size_t)k * ld + i];
            }
            m->mean[base + (size_t)i] = h->branch[g].ep.mean[i] - h->mean.mean[i];
            m->sd[base + (size_t)i] = sqrt(h->scale[i] * h->scale[i] * own + from_mean);
            m->tilted[base + (size_t)i] = (pdx__tilted){0};
        }
        ++m->count;
        m->relative += relative;
    }
    double *cross = job->fit->cross;
    for (int32_t g = 1; g < h->groups; ++g)
        for (int32_t other = 0; other < g; ++other, cross += job->fit->d)
            for (int32_t i = 0; i < d; ++i) {
                const double *a = job->draft + (size_t)g * block + (size_t)i * d;
                const double *b = job->draft + (size_t)other * block + (size_t)i * d;
                double sum = h->branch[g].ep.mean[i] * h->branch[other].ep.mean[i];
                for (int32_t k = 0; k < d; ++k) sum += a[k] * b[k];
                cross[h->mean.column[i]] += relative * sum;
            }
}

static pdx_status add_node(void *context, double relative) {
    pooled_job *job = context;
    pdx__hierarchy *h = job->h;
    const int whole = job->settings->summaries;
    PDX__TRY(pdx__mixture_add(&job->mean, &h->mean, relative, NULL));
    for (int32_t g = 0; g < h->groups; ++g) {
        pdx__ep *ep = &h->branch[g].ep;
        pdx__ep_report report = {.loo = job->fit->group[g].loo};
        if (whole) PDX__TRY(pdx__ep_describe(ep, NULL, &report));
        PDX__TRY(pdx__mixture_add(&job->group[g], ep, relative, report.loo));
    }
    job->relative += relative;
    if (whole) add_links(job, relative);
    return PDX_OK;
}

/* ---- the fit ---- */

static pdx_status open_fit(pdx__fit *fit, int32_t d, int64_t n, const pdx__fit_settings *settings) {
    fit->d = d;
    fit->n = n;
    fit->log_evidence = fit->elpd_loo = NAN;
    return pdx__fit_arrays(fit, settings);
}

static pdx_status open_all(pooled_job *job) {
    pdx__pooled_fit *fit = job->fit;
    const pdx__hierarchy *h = job->h;
    const pdx__fit_settings *settings = job->settings;
    const size_t groups = (size_t)h->groups, d = (size_t)h->d, ld = (size_t)h->ld;
    const int whole = settings->summaries;
    *fit = (pdx__pooled_fit){.groups = h->groups, .d = h->width, .log_evidence = NAN};
    PDX__TRY(open_fit(&fit->mean, h->width, 0, settings));
    fit->group = pdx__alloc_zero(groups, sizeof *fit->group);
    job->group = pdx__alloc_zero(groups, sizeof *job->group);
    job->difference = pdx__alloc_zero(groups, sizeof *job->difference);
    if (!fit->group || !job->group || !job->difference) return PDX_ENOMEM;
    PDX__TRY(pdx__mixture_create(&job->mean, h->d, 0, whole));
    for (int32_t g = 0; g < h->groups; ++g) {
        const int64_t n = h->branch[g].problem.design->n;
        PDX__TRY(open_fit(&fit->group[g], h->width, n, settings));
        PDX__TRY(pdx__mixture_create(&job->group[g], h->d, n, whole));
        if (whole) PDX__TRY(pdx__mixture_create(&job->difference[g], h->d, 0, 0));
    }
    if (!whole) return PDX_OK;
    fit->tau_quantiles = pdx__alloc((size_t)settings->quantile_count, sizeof(double));
    fit->difference = pdx__alloc_zero(groups * (size_t)h->width, sizeof *fit->difference);
    fit->cross = pdx__alloc_zero(groups * (groups - 1) / 2 * (size_t)h->width, sizeof(double));
    job->draft = pdx__alloc(groups * d * d + 2 * ld * ld + 2 * ld, sizeof(double));
    return fit->tau_quantiles && fit->difference && fit->cross && job->draft ? PDX_OK : PDX_ENOMEM;
}

static pdx_status take_differences(pooled_job *job) {
    static const double limits[] = {0.025, 0.975};
    const pdx__fit_settings settings = {
        .summaries = 1, .quantile_probs = limits, .quantile_count = 2};
    pdx__pooled_fit *fit = job->fit;
    pdx__fit one = {0};
    pdx_status status = open_fit(&one, fit->d, 0, &settings);
    for (int32_t g = 0; g < fit->groups && status == PDX_OK; ++g) {
        pdx__mixture_take(&job->difference[g], &fit->nodes, job->h->mean.column, &one, &settings);
        for (int32_t c = 0; c < fit->d; ++c)
            fit->difference[g * fit->d + c] = (pdx_contrast){.mean = one.mean[c],
                                                             .sd = one.sd[c],
                                                             .low = one.quantiles[2 * c],
                                                             .high = one.quantiles[2 * c + 1],
                                                             .prob_greater = one.prob_positive[c]};
    }
    pdx__fit_free(&one);
    return status;
}

static pdx_status take_all(pooled_job *job, double step) {
    pdx__pooled_fit *fit = job->fit;
    const pdx__fit_settings *settings = job->settings;
    const int32_t *column = job->h->mean.column;
    pdx__nodes_moments(&fit->nodes, fit->nodes.at, &fit->tau_mean, &fit->tau_sd);
    pdx__mixture_take(&job->mean, &fit->nodes, column, &fit->mean, settings);
    for (int32_t g = 0; g < fit->groups; ++g)
        pdx__mixture_take(&job->group[g], &fit->nodes, column, &fit->group[g], settings);
    fit->log_evidence = fit->nodes.log_evidence;
    fit->certificate = (pdx_certificate){.method = PDX_METHOD_EP,
                                         .ep_sweeps = job->h->sweeps,
                                         .ep_converged = job->converged,
                                         .ess_fraction = NAN,
                                         .sd_log_weight = NAN,
                                         .khat = NAN,
                                         .delta = NAN,
                                         .delta_se = NAN,
                                         .rhat = NAN,
                                         .nuts_ess = NAN};
    if (!settings->summaries) return PDX_OK;
    double *cross = fit->cross;
    for (int32_t g = 1; g < fit->groups; ++g)
        for (int32_t other = 0; other < g; ++other, cross += fit->d)
            for (int32_t c = 0; c < fit->d; ++c)
                cross[c] =
                    cross[c] / job->relative - fit->group[g].mean[c] * fit->group[other].mean[c];
    pdx__tau_describe(fit, step, settings);
    return take_differences(job);
}

/* Largest distance of the means from those of draws, and its error, as pdx__fit_check. */
static int agrees(pooled_job *job, const pdx__joint_draws *draws) {
    const pdx__pooled_fit *fit = job->fit;
    pdx_certificate *c = &job->fit->certificate;
    const int64_t columns = ((int64_t)draws->groups + 1) * draws->d + 1;
    double worst = -INFINITY, pooled = 0;
    c->checked = 1;
    c->draws = draws->n;
    c->ess_fraction = draws->ess_fraction;
    c->sd_log_weight = draws->sd_log_weight;
    c->khat = draws->khat;
    c->delta = c->delta_se = c->mean_se = 0;
    for (int64_t i = 0; i < columns; ++i)
        pooled += pow(draws->mean_se[i] / draws->sd[i], 2) / (double)columns;
    for (int64_t i = 0; i < columns; ++i) {
        const int64_t block = i / draws->d;
        const int32_t column = job->h->mean.column[i % draws->d];
        double mean = block == 0               ? fit->mean.mean[column]
                      : block <= draws->groups ? fit->group[block - 1].mean[column]
                                               : fit->tau_mean;
        double delta = fabs(mean - draws->mean[i]) / draws->sd[i];
        double se = fmax(draws->mean_se[i] / draws->sd[i], sqrt(pooled));
        worst = fmax(worst, delta - 4 * se);
        if (delta < c->delta) continue;
        c->delta = delta;
        c->delta_se = se;
    }
    return job->converged && worst <= 0.01;
}

enum { LEAST_REFINED = 8192, MOST_REFINED = 131072, MOST_VALUES = 1 << 25 };

static pdx_status by_draws(pooled_job *job, pdx__joint_draws *draws, int64_t n) {
    const pdx__fit_settings *settings = job->settings;
    pdx__joint_draws_free(draws);
    return pdx__hierarchy_stis(draws, job->h, &job->fit->nodes, job->tau_scale, run_tau, job, n,
                               settings->seed, settings->stream);
}

/* More draws until every mean is known to `target` sds. *ok: well enough to report. */
static pdx_status refine(pooled_job *job, pdx__joint_draws *draws, double target, int *ok) {
    pdx_certificate *c = &job->fit->certificate;
    const int64_t columns = ((int64_t)job->h->groups + 1) * job->h->d + 1;
    for (int64_t n = LEAST_REFINED; n <= MOST_REFINED; n *= 4) {
        if (n > LEAST_REFINED && n * columns > MOST_VALUES) break;
        if (pdx__pool_stopping()) return pdx__fail(PDX_ECANCELED, "stopped on request");
        PDX__TRY(by_draws(job, draws, n));
        agrees(job, draws);
        for (int64_t i = 0; i < columns; ++i)
            if (draws->sd[i] > 0) c->mean_se = fmax(c->mean_se, draws->mean_se[i] / draws->sd[i]);
        *ok = c->mean_se <= 0.03 && !(c->khat > 0.7) && c->ess_fraction >= 0.02;
        if (c->mean_se <= target && *ok) break;
    }
    return PDX_OK;
}

static pdx_status by_nuts(pooled_job *job, pdx__joint_draws *draws) {
    pdx__joint_draws_free(draws);
    PDX__TRY(pdx__hierarchy_nuts(draws, job->h, job->fit, job->tau_scale, job->settings));
    return pdx__pooled_fit_take_draws(job->fit, job->h, draws, job->settings);
}

/* The certificate, and who answers where it fails: more draws, then NUTS. */
static pdx_status answer(pooled_job *job, pdx__joint_draws *draws) {
    const pdx__fit_settings *settings = job->settings;
    pdx_certificate *c = &job->fit->certificate;
    int ok = 0;
    if (settings->method == PDX_METHOD_NUTS) PDX__TRY(by_nuts(job, draws));
    else if (settings->method == PDX_METHOD_STIS) {
        PDX__TRY(refine(job, draws, 1e-3, &ok));
        c->ok = ok;
        c->method = PDX_METHOD_STIS;
        PDX__TRY(pdx__pooled_fit_take_draws(job->fit, job->h, draws, settings));
    } else if (settings->certify) {
        PDX__TRY(by_draws(job, draws, PDX__CHECK_DRAWS));
        c->ok = agrees(job, draws) && !(c->khat > 0.7 && c->sd_log_weight > 0.5) &&
                c->ess_fraction >= 0.5;
        if (settings->method == PDX_METHOD_AUTO && !c->ok) {
            if (c->ess_fraction >= 0.05) PDX__TRY(refine(job, draws, 5e-3, &ok));
            if (ok) {
                c->ok = 1;
                c->method = PDX_METHOD_STIS;
                PDX__TRY(pdx__pooled_fit_take_draws(job->fit, job->h, draws, settings));
            } else PDX__TRY(by_nuts(job, draws));
        }
    }
    if (settings->draws == 0) return PDX_OK;
    int64_t n = PDX__CHECK_DRAWS;
    while (n < settings->draws) n *= 2;
    if (c->method != PDX_METHOD_NUTS && draws->n < settings->draws)
        PDX__TRY(by_draws(job, draws, n));
    return pdx__pooled_fit_keep_draws(job->fit, job->h, draws, settings);
}

static void close_job(pooled_job *job) {
    for (int32_t g = 0; g < job->h->groups; ++g) {
        if (job->group) pdx__mixture_free(&job->group[g]);
        if (job->difference) pdx__mixture_free(&job->difference[g]);
    }
    pdx__mixture_free(&job->mean);
    pdx__free(job->group);
    pdx__free(job->difference);
    pdx__free(job->draft);
}

pdx_status pdx__pooled_fit_run(pdx__pooled_fit *out, pdx__hierarchy *hierarchy, double tau_scale,
                               const pdx__fit_settings *settings) {
    pooled_job job = {
        .h = hierarchy, .settings = settings, .tau_scale = tau_scale, .fit = out, .converged = 1};
    pdx__joint_draws draws = {0};
    double step = 0;
    int64_t start = 0;
    pdx_status status = open_all(&job);
    if (status == PDX_OK) status = find_grid(&job, &step, &start);
    job.converged = 1;
    if (status == PDX_OK)
        status = pdx__nodes_lay(&out->nodes, pdx__tau_node(start, step), step, 0, run_tau, add_node,
                                &job);
    if (status == PDX_OK) status = take_all(&job, step);
    if (status == PDX_OK && settings->summaries) status = answer(&job, &draws);
    pdx__joint_draws_free(&draws);
    close_job(&job);
    if (status != PDX_OK) pdx__pooled_fit_free(out);
    return status;
}

pdx_status pdx__pooled_fit_again(pdx__pooled_fit *out, pdx__hierarchy *hierarchy,
                                 const pdx__nodes *nodes, double tau_scale,
                                 const pdx__fit_settings *settings) {
    pooled_job job = {
        .h = hierarchy, .settings = settings, .tau_scale = tau_scale, .fit = out, .converged = 1};
    double top = 0;
    pdx_status status = open_all(&job);
    for (int32_t i = 0; i < nodes->count && status == PDX_OK; ++i) {
        double log_z;
        if (nodes->weight[i] < 0.01) continue;
        out->nodes.at[out->nodes.count] = nodes->at[i];
        status = run_tau(&job, nodes->at[i], &log_z);
        if (out->nodes.count == 0) top = log_z;
        out->nodes.log_z[out->nodes.count++] = log_z;
        if (status == PDX_OK) status = add_node(&job, exp(log_z - top));
    }
    if (status == PDX_OK) {
        pdx__nodes_weigh(&out->nodes);
        status = take_all(&job, 0);
    }
    close_job(&job);
    if (status != PDX_OK) pdx__pooled_fit_free(out);
    return status;
}

void pdx__pooled_fit_free(pdx__pooled_fit *fit) {
    for (int32_t g = 0; fit->group && g < fit->groups; ++g) pdx__fit_free(&fit->group[g]);
    pdx__fit_free(&fit->mean);
    pdx__free(fit->group);
    pdx__free(fit->tau_quantiles);
    pdx__free(fit->difference);
    pdx__free(fit->cross);
    *fit = (pdx__pooled_fit){0};
}
