/* The margin likelihood: a judge that gives log-probabilities gives u = x.a s + s e exactly (e
 * standard logistic), not only its sign, so per row log p = -2 g(u/s - x.a) - log s. That is a row
 * of weight 2, label 1/2 and offset -u/s of the usual model: EP needs nothing new. The scale s,
 * flat in log s, is integrated out over nodes around the mode of EP's evidence (mixture.c); the
 * posterior of a is the mixture. The certificate is made at the mode. Refinement and NUTS are left
 * out: where the certificate fails it says so. */
#include <math.h>
#include <string.h>

#include "design.h"
#include "fit_answer.h"
#include "mixture.h"

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
    pdx__nodes nodes; /* in log s */
    pdx__mixture mixture;
} margin_job;

/* EP at scale s; log evidence in *log_z. Sites stay for the next scale. */
static pdx_status run_scale(void *context, double log_scale, double *log_z) {
    margin_job *job = context;
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

/* Left-out rows at the node just run, with the scale's part, into the mixture. */
static pdx_status add_node(void *context, double relative) {
    margin_job *job = context;
    const double log_scale = job->nodes.at[job->nodes.count - 1];
    if (!job->settings->summaries) return pdx__mixture_add(&job->mixture, &job->ep, relative, NULL);
    for (int64_t i = 0; i < job->fit->n; ++i)
        job->fit->loo[i] -= (job->given_weight ? job->given_weight[i] : 1) * log_scale;
    return pdx__mixture_add(&job->mixture, &job->ep, relative, job->fit->loo);
}

/* The certificate at the mode, and draws from every node by its weight. */
static pdx_status check_and_draw(margin_job *job, double mode) {
    const pdx__fit_settings *settings = job->settings;
    pdx_certificate *c = &job->fit->certificate;
    if (settings->certify) {
        pdx__stis stis;
        double log_z;
        PDX__TRY(run_scale(job, mode, &log_z));
        PDX__TRY(
            pdx__stis_run(&stis, &job->ep, PDX__CHECK_DRAWS, settings->seed, settings->stream));
        c->ok = pdx__fit_check(c, job->ep.mean, NULL, &job->ep, &stis) && c->ess_fraction >= 0.9 &&
                job->converged;
    }
    return pdx__mixture_draw(job->fit, &job->nodes, &job->ep, run_scale, job, settings);
}

/* How much is known of the margins before anything is fitted: the scale that they have where every
 * weight is 0 (E|e| of the logistic is 2 log 2), into *log_scale. */
static pdx_status first_scale(margin_job *job, double *log_scale) {
    double size = 0, used = 0;
    for (int64_t i = 0; i < job->fit->n; ++i) {
        double w = job->given_weight ? job->given_weight[i] : 1;
        job->y[i] = 0.5;
        job->weight[i] = 2 * w;
        job->total += w;
        size += w * fabs(job->margin[i]);
        used += w * (job->margin[i] != 0);
    }
    if (!(used > 0)) return pdx__fail(PDX_ENUMERIC, "all margins are 0: they have no scale");
    *log_scale = log(size / job->total / (2 * M_LN2));
    return PDX_OK;
}

static pdx_status run(margin_job *job, double *scale_mean, double *scale_sd) {
    double mode = 0, scale[PDX__MOST_NODES];
    PDX__TRY(first_scale(job, &mode));
    PDX__TRY(find_mode(job, &mode));
    const double step = 1.2 / sqrt((1.0 / 3 + M_PI * M_PI / 9) * job->total);
    PDX__TRY(pdx__mixture_create(&job->mixture, job->ep.d, job->fit->n, job->settings->summaries));
    PDX__TRY(pdx__nodes_lay(&job->nodes, mode, step, -INFINITY, run_scale, add_node, job));
    pdx__mixture_take(&job->mixture, &job->nodes, job->ep.column, job->fit, job->settings);
    job->fit->log_evidence = job->nodes.log_evidence;
    for (int32_t i = 0; i < job->nodes.count; ++i) scale[i] = exp(job->nodes.at[i]);
    pdx__nodes_moments(&job->nodes, scale, scale_mean, scale_sd);
    pdx__fit_certificate_init(&job->fit->certificate, job->sweeps, job->converged);
    return check_and_draw(job, mode);
}

pdx_status pdx__fit_margin(pdx__fit *out, double *scale_mean, double *scale_sd,
                           const pdx__design *design, const double *margin, const double *weight,
                           const double *offset, const pdx__prior *prior,
                           const pdx__fit_settings *settings, pdx__workspace *workspace) {
    memset(out, 0, sizeof *out);
    out->d = design->d;
    out->n = design->n;
    out->log_evidence = out->elpd_loo = NAN;
    const size_t n = (size_t)out->n;
    margin_job job = {.margin = margin,
                      .given_weight = weight,
                      .given_offset = offset,
                      .settings = settings,
                      .workspace = workspace,
                      .fit = out,
                      .converged = 1};
    pdx_status status = pdx__fit_arrays(out, settings);
    double *rows = pdx__workspace_take(workspace, PDX__SLOT_MARGIN, 3 * n, sizeof(double));
    if (status == PDX_OK && !rows) status = PDX_ENOMEM;
    if (status == PDX_OK) {
        job.y = rows;
        job.weight = rows + n;
        job.offset = rows + 2 * n;
        job.problem = (pdx__problem){.design = design,
                                     .y = job.y,
                                     .weight = job.weight,
                                     .offset = job.offset,
                                     .prior = prior};
        status = run(&job, scale_mean, scale_sd);
    }
    pdx__mixture_free(&job.mixture);
    if (status != PDX_OK) pdx__fit_free(out);
    return status;
}
