/* The margin likelihood: a judge that gives log-probabilities gives u = x.a s + s e exactly (e
 * standard logistic), not only its sign, so per row log p = -2 g(u/s - x.a) - log s. That is a row
 * of weight 2, label 1/2 and offset -u/s of the usual model: EP needs nothing new. The scale s,
 * flat in log s, is integrated out over nodes around the mode of EP's evidence; the posterior of a
 * is the mixture. The certificate is made at the mode. Refinement and NUTS are left out: where the
 * certificate fails it says so. */
#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "design.h"
#include "fit_answer.h"
#include "normal.h"

enum { MOST_NODES = 25, DRAW_BATCH = 512 };

typedef struct node {
    double log_scale, log_z; /* log evidence, -log s of the rows included */
    double weight;
} node;

typedef struct margin_job {
    pdx__problem problem; /* at one scale */
    const double *margin, *given_weight, *given_offset;
    double *y, *weight, *offset; /* [n] */
    double total;                /* sum of given weights */
    const pdx__fit_settings *settings;
    pdx__workspace *workspace;
    pdx__ep ep;
    pdx__fit *fit;
    int warm;
    int32_t sweeps, converged;
    node nodes[MOST_NODES];
    int32_t count;
    pdx__tilted *tilted; /* [MOST_NODES][d] marginals of all nodes */
    double *mean, *sd;   /* [MOST_NODES][d] */
} margin_job;

/* EP at scale s; log evidence in *log_z. Sites stay for the next scale. */
static pdx_status run_scale(margin_job *job, double log_scale, double *log_z) {
    const double inverse = exp(-log_scale);
    const int64_t n = job->problem.design->n;
    const pdx__ep_settings settings = {.tolerance = job->settings->summaries ? 1e-3 : 3e-3,
                                       .max_sweeps = 200};
    for (int64_t i = 0; i < n; ++i)
        job->offset[i] = (job->given_offset ? job->given_offset[i] : 0) - job->margin[i] * inverse;
    PDX__TRY(pdx__ep_run(&job->ep, &job->problem, job->warm ? &job->fit->sites : NULL, &settings,
                         job->workspace, job->fit->sites.tau, job->fit->sites.nu));
    if (!job->ep.usable)
        return pdx__fail(PDX_ENUMERIC, "the posterior given the margins is not proper");
    job->warm = 1;
    job->sweeps = job->ep.sweeps > job->sweeps ? job->ep.sweeps : job->sweeps;
    job->converged &= job->ep.converged;
    for (int32_t k = 0; k < job->ep.d; ++k) {
        job->fit->sites.t[job->ep.column[k]] = job->ep.site_precision[k];
        job->fit->sites.h[job->ep.column[k]] = job->ep.site_linear[k];
    }
    pdx__ep_report report = {.loo = job->fit->loo, .whole = 1};
    PDX__TRY(pdx__ep_describe(&job->ep, NULL, &report));
    *log_z = report.log_evidence - job->total * log_scale;
    return PDX_OK;
}

/* d log evidence / d log s under q: less each row's mean of 2 w g'(eta) u/s, less its weight. */
static double slope(const margin_job *job, double log_scale) {
    const pdx__ep *ep = &job->ep;
    const pdx__workspace *workspace = job->workspace;
    double mean[PDX__BLOCK], var[PDX__BLOCK], sum = -job->total;
    for (int64_t b = 0; b < pdx__design_blocks(job->problem.design); ++b) {
        const int32_t rows = pdx__design_block_rows(job->problem.design, b);
        pdx__design_expand(job->problem.design, workspace->kernels, b, ep->column, ep->d,
                           ep->block);
        workspace->kernels->moments(mean, var, ep->block,
                                    pdx__design_block_panels(job->problem.design, b) * PDX__PANEL,
                                    ep->mean, ep->root, ep->d);
        for (int32_t i = 0; i < rows; ++i) {
            const int64_t row = b * PDX__BLOCK + i;
            double sd = sqrt(var[i]), pull = 0;
            for (int q = 0; q < PDX__NODES; ++q)
                pull += workspace->w[q] *
                        tanh(0.5 * (mean[i] + sd * workspace->z[q] + job->offset[row]));
            sum -= 0.5 * job->weight[row] * pull * job->margin[row] * exp(-log_scale);
        }
    }
    return sum;
}

/* Newton with the curvature that log s has where no weight is unknown, then secants where they are
 * steeper. Far above the mode it is flatter, but steps by that curvature overshoot to scales at
 * which EP labours. */
static pdx_status find_mode(margin_job *job, double *log_scale) {
    double at = *log_scale, last = at, last_slope = 0, curvature = -(1.0 / 3 + M_PI * M_PI / 9);
    curvature *= job->total;
    for (int i = 0; i < 20; ++i) {
        double log_z;
        PDX__TRY(run_scale(job, at, &log_z));
        double here = slope(job, at);
        if (i > 0 && at != last) {
            double secant = (here - last_slope) / (at - last);
            if (secant < curvature && secant > 5 * curvature) curvature = secant;
        }
        double step = fmin(fmax(-here / curvature, -1), 1);
        last = at;
        last_slope = here;
        if (fabs(step) < 0.2 / sqrt(-curvature)) break;
        at += step;
    }
    *log_scale = at;
    return PDX_OK;
}

static pdx_status add_node(margin_job *job, double log_scale) {
    node *added = &job->nodes[job->count];
    const size_t d = (size_t)job->problem.design->d, base = (size_t)job->count * d;
    added->log_scale = log_scale;
    PDX__TRY(run_scale(job, log_scale, &added->log_z));
    ++job->count;
    for (int32_t k = 0; k < job->ep.d; ++k) {
        size_t to = base + (size_t)k;
        job->mean[to] = job->ep.mean[k];
        job->sd[to] = job->ep.sd[k];
        job->tilted[to] = job->ep.rate[k] > 0 ? pdx__ep_marginal(&job->ep, k) : (pdx__tilted){0};
    }
    return PDX_OK;
}

/* Covariances and left-out rows of the node just run, relative to the weight of the mode; they are
 * divided by the sum of weights at the end. */
static pdx_status add_joint(margin_job *job, double weight, double *joint, double *inverse_loo) {
    const int32_t d = job->ep.d;
    if (!job->settings->summaries) return PDX_OK;
    double *covariance = pdx__alloc((size_t)d * (size_t)d, sizeof *covariance);
    if (!covariance) return PDX_ENOMEM;
    pdx__ep_covariance(&job->ep, covariance);
    for (int32_t j = 0; j < d; ++j)
        for (int32_t k = 0; k < d; ++k)
            joint[j * d + k] +=
                weight * (covariance[j * d + k] + job->ep.mean[j] * job->ep.mean[k]);
    pdx__free(covariance);
    const node *at = &job->nodes[job->count - 1];
    for (int64_t i = 0; i < job->fit->n; ++i) {
        double w = job->given_weight ? job->given_weight[i] : 1;
        inverse_loo[i] += weight * exp(-(job->fit->loo[i] - w * at->log_scale));
    }
    return PDX_OK;
}

/* Nodes outward from the mode, so far as their weight counts. */
static pdx_status lay_nodes(margin_job *job, double mode, double *joint, double *inverse_loo) {
    const double step = 1.2 / sqrt((1.0 / 3 + M_PI * M_PI / 9) * job->total);
    PDX__TRY(add_node(job, mode));
    const double top = job->nodes[0].log_z;
    PDX__TRY(add_joint(job, 1, joint, inverse_loo));
    for (int side = -1; side <= 1; side += 2)
        for (int i = 1; i <= MOST_NODES / 2; ++i) {
            PDX__TRY(add_node(job, mode + side * i * step));
            double weight = exp(job->nodes[job->count - 1].log_z - top);
            PDX__TRY(add_joint(job, weight, joint, inverse_loo));
            if (weight < 1e-3) break;
        }
    double sum = 0;
    for (int32_t i = 0; i < job->count; ++i)
        sum += job->nodes[i].weight = exp(job->nodes[i].log_z - top);
    for (int32_t i = 0; i < job->count; ++i) job->nodes[i].weight /= sum;
    job->fit->log_evidence = top + log(sum * step);
    return PDX_OK;
}

static double mixture_below(const margin_job *job, int32_t k, double a) {
    const int32_t d = job->problem.design->d;
    double sum = 0;
    for (int32_t i = 0; i < job->count; ++i) {
        size_t at = (size_t)i * (size_t)d + (size_t)k;
        sum += job->nodes[i].weight * (job->ep.rate[k] > 0
                                           ? pdx__tilted_below(&job->tilted[at], a)
                                           : pdx__normal_upper((job->mean[at] - a) / job->sd[at]));
    }
    return sum;
}

/* Between the smallest and the largest of the nodes' own quantiles; bisection with a chord step. */
static double mixture_quantile(const margin_job *job, int32_t k, double p) {
    const int32_t d = job->problem.design->d;
    double low = INFINITY, high = -INFINITY;
    for (int32_t i = 0; i < job->count; ++i) {
        size_t at = (size_t)i * (size_t)d + (size_t)k;
        double q = job->ep.rate[k] > 0 ? pdx__tilted_quantile(&job->tilted[at], p)
                                       : job->mean[at] + job->sd[at] * pdx__normal_quantile(p);
        low = fmin(low, q);
        high = fmax(high, q);
    }
    double f_low = mixture_below(job, k, low) - p, f_high = mixture_below(job, k, high) - p;
    for (int i = 0; i < 60 && high - low > 1e-7 * job->sd[k]; ++i) {
        double share = i % 3 == 2 || !(f_high > f_low) ? 0.5 : -f_low / (f_high - f_low);
        double at = low + fmin(fmax(share, 0.01), 0.99) * (high - low);
        double f = mixture_below(job, k, at) - p;
        if (f < 0) {
            low = at;
            f_low = f;
        } else {
            high = at;
            f_high = f;
        }
    }
    return 0.5 * (low + high);
}

static void take_mixture(margin_job *job, const double *joint, const double *inverse_loo) {
    pdx__fit *fit = job->fit;
    const pdx__fit_settings *settings = job->settings;
    const int32_t d = fit->d, free = job->ep.d;
    double total = 0;
    for (int32_t i = 0; i < job->count; ++i)
        total += exp(job->nodes[i].log_z - job->nodes[0].log_z);
    for (int32_t c = 0; c < d; ++c) fit->prob_positive[c] = 0.5;
    for (int32_t k = 0; k < free; ++k) {
        double mean = 0, square = 0;
        for (int32_t i = 0; i < job->count; ++i) {
            size_t at = (size_t)i * (size_t)d + (size_t)k;
            mean += job->nodes[i].weight * job->mean[at];
        }
        for (int32_t i = 0; i < job->count; ++i) {
            size_t at = (size_t)i * (size_t)d + (size_t)k;
            double off = job->mean[at] - mean;
            square += job->nodes[i].weight * (job->sd[at] * job->sd[at] + off * off);
        }
        const int32_t c = job->ep.column[k];
        fit->mean[c] = mean;
        fit->sd[c] = sqrt(square);
        fit->prob_positive[c] = 1 - mixture_below(job, k, 0);
        for (int32_t q = 0; settings->summaries && q < settings->quantile_count; ++q)
            fit->quantiles[(size_t)c * (size_t)settings->quantile_count + (size_t)q] =
                mixture_quantile(job, k, settings->quantile_probs[q]);
    }
    if (!settings->summaries) return;
    for (int32_t j = 0; j < free; ++j)
        for (int32_t k = 0; k < free; ++k) {
            const int32_t cj = job->ep.column[j], ck = job->ep.column[k];
            fit->covariance[(size_t)cj * (size_t)d + (size_t)ck] =
                joint[j * free + k] / total - fit->mean[cj] * fit->mean[ck];
        }
    fit->elpd_loo = 0;
    for (int64_t i = 0; i < fit->n; ++i) {
        fit->loo[i] = -log(inverse_loo[i] / total);
        if (!isnan(fit->loo[i])) fit->elpd_loo += fit->loo[i];
    }
}

/* The certificate at the mode, and draws from every node by its weight. */
static pdx_status check_and_draw(margin_job *job, double mode) {
    const pdx__fit_settings *settings = job->settings;
    pdx_certificate *c = &job->fit->certificate;
    pdx__stis stis;
    double log_z;
    if (settings->certify) {
        PDX__TRY(run_scale(job, mode, &log_z));
        PDX__TRY(
            pdx__stis_run(&stis, &job->ep, PDX__CHECK_DRAWS, settings->seed, settings->stream));
        c->ok = pdx__fit_check(c, job->ep.mean, NULL, &job->ep, &stis) && c->ess_fraction >= 0.9 &&
                job->converged;
    }
    if (settings->draws == 0) return PDX_OK;
    const int32_t d = job->fit->d;
    int64_t *index = pdx__alloc((size_t)settings->draws, sizeof *index);
    job->fit->draws = pdx__alloc_zero((size_t)settings->draws * (size_t)d, sizeof(double));
    pdx_status status = index && job->fit->draws ? PDX_OK : PDX_ENOMEM;
    int64_t done = 0;
    double below = 0;
    for (int32_t i = 0; i < job->count && status == PDX_OK; ++i) {
        below += job->nodes[i].weight;
        int64_t upto = i + 1 == job->count ? settings->draws
                                           : (int64_t)(below * (double)settings->draws + 0.5);
        if (upto <= done) continue;
        int64_t n = DRAW_BATCH;
        while (n < upto - done) n *= 2;
        const uint64_t stream = settings->stream * MOST_NODES + (uint64_t)i;
        PDX__GO(run_scale(job, job->nodes[i].log_scale, &log_z));
        PDX__GO(pdx__stis_run(&stis, &job->ep, n, settings->seed, stream));
        PDX__GO(pdx__stis_resample(&stis, upto - done, settings->seed, stream, index));
        for (int64_t r = done; r < upto; ++r)
            for (int32_t k = 0; k < job->ep.d; ++k)
                job->fit->draws[r * d + job->ep.column[k]] =
                    stis.draw[k * stis.n + index[r - done]];
        done = upto;
    }
    job->fit->draw_count = status == PDX_OK ? settings->draws : 0;
done:
    pdx__free(index);
    return status;
}

static pdx_status run(margin_job *job, double *scale_mean, double *scale_sd) {
    const int64_t n = job->fit->n;
    const size_t d = (size_t)job->fit->d;
    double size = 0, used = 0;
    for (int64_t i = 0; i < n; ++i) {
        double w = job->given_weight ? job->given_weight[i] : 1;
        job->y[i] = 0.5;
        job->weight[i] = 2 * w;
        job->total += w;
        size += w * fabs(job->margin[i]);
        used += w * (job->margin[i] != 0);
    }
    if (!(used > 0)) return pdx__fail(PDX_ENUMERIC, "all margins are 0: they have no scale");
    double mode = log(size / job->total / (2 * M_LN2)); /* E|e| of the logistic is 2 log 2 */
    double *joint = pdx__alloc_zero(d * d, sizeof *joint);
    double *inverse_loo = pdx__alloc_zero((size_t)n, sizeof *inverse_loo);
    pdx_status status = joint && inverse_loo ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) status = find_mode(job, &mode);
    if (status == PDX_OK) status = lay_nodes(job, mode, joint, inverse_loo);
    if (status == PDX_OK) {
        double mean = 0, square = 0;
        take_mixture(job, joint, inverse_loo);
        for (int32_t i = 0; i < job->count; ++i) {
            double s = exp(job->nodes[i].log_scale);
            mean += job->nodes[i].weight * s;
            square += job->nodes[i].weight * s * s;
        }
        *scale_mean = mean;
        *scale_sd = sqrt(fmax(square - mean * mean, 0));
        job->fit->certificate = (pdx_certificate){.method = PDX_METHOD_EP,
                                                  .ep_sweeps = job->sweeps,
                                                  .ep_converged = job->converged,
                                                  .ess_fraction = NAN,
                                                  .sd_log_weight = NAN,
                                                  .khat = NAN,
                                                  .delta = NAN,
                                                  .delta_se = NAN,
                                                  .rhat = NAN,
                                                  .nuts_ess = NAN};
        status = check_and_draw(job, mode);
    }
    pdx__free(joint);
    pdx__free(inverse_loo);
    return status;
}

pdx_status pdx__fit_margin(pdx__fit *out, double *scale_mean, double *scale_sd,
                           const pdx__design *design, const double *margin, const double *weight,
                           const double *offset, const pdx__prior *prior,
                           const pdx__fit_settings *settings, pdx__workspace *workspace) {
    memset(out, 0, sizeof *out);
    out->d = design->d;
    out->n = design->n;
    out->log_evidence = out->elpd_loo = NAN;
    const size_t n = (size_t)out->n, nodes = (size_t)MOST_NODES * (size_t)out->d;
    margin_job job = {.margin = margin,
                      .given_weight = weight,
                      .given_offset = offset,
                      .settings = settings,
                      .workspace = workspace,
                      .fit = out,
                      .converged = 1};
    pdx_status status = pdx__fit_arrays(out, settings);
    double *rows =
        pdx__workspace_take(workspace, PDX__SLOT_MARGIN, 3 * n + 2 * nodes, sizeof(double));
    job.tilted = pdx__alloc(nodes, sizeof *job.tilted);
    if (status == PDX_OK && (!rows || !job.tilted)) status = PDX_ENOMEM;
    if (status == PDX_OK) {
        job.y = rows;
        job.weight = rows + n;
        job.offset = rows + 2 * n;
        job.mean = rows + 3 * n;
        job.sd = job.mean + nodes;
        job.problem = (pdx__problem){design, job.y, job.weight, job.offset, prior};
        status = run(&job, scale_mean, scale_sd);
    }
    pdx__free(job.tilted);
    if (status != PDX_OK) pdx__fit_free(out);
    return status;
}
