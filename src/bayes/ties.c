/* Ties as an outcome: EP at fixed theta, theta integrated out over nodes around the mode of EP's
 * evidence (mixture.c), and the samplers with theta as one more coordinate as certificate,
 * refinement and fallback. What theta and its rows are stands in cut.h. */
#include <math.h>
#include <string.h>

#include "cut.h"
#include "design.h"
#include "fit_answer.h"
#include "mixture.h"

typedef struct ties_job {
    pdx__problem given;   /* with the cut, offsets without it */
    pdx__problem problem; /* at one theta */
    pdx__cut cut;
    pdx__cut_proposal proposal;
    double *side;          /* [n] column of the cut: what an offset gains by c */
    double *offset, *band; /* [n] of the problem */
    double *banded;        /* [n] of the cut */
    double *shift;         /* [nodes][d] of the proposal */
    const pdx__fit_settings *settings;
    const pdx__sites *warm;
    pdx__workspace *workspace;
    pdx__ep ep;
    pdx__fit *fit;
    int32_t sweeps, converged;
    pdx__nodes nodes;
    pdx__mixture mixture;
} ties_job;

static double weight_of(const ties_job *job, int64_t row) {
    return job->given.weight ? job->given.weight[row] : 1;
}

/* EP at theta. Sites stay for the next theta. */
static pdx_status run_ep(ties_job *job, double theta) {
    pdx__fit *fit = job->fit;
    const pdx__cut_values at = pdx__cut_at(job->cut.model, theta, NULL);
    const pdx__ep_settings settings = {.tolerance = job->settings->summaries ? 1e-3 : 3e-3,
                                       .max_sweeps = 200};
    for (int64_t i = 0; i < fit->n; ++i) {
        job->offset[i] = (job->given.offset ? job->given.offset[i] : 0) + at.offset * job->side[i];
        job->band[i] = at.width * job->banded[i];
    }
    PDX__TRY(pdx__ep_run(&job->ep, &job->problem, job->warm, &settings, job->workspace,
                         fit->sites.tau, fit->sites.nu));
    if (!pdx__fit_is_proper(&job->ep))
        return pdx__fail(PDX_ENUMERIC, "the posterior is not proper: a flat prior needs data that "
                                       "bound every weight");
    job->warm = &fit->sites;
    job->sweeps = job->ep.sweeps > job->sweeps ? job->ep.sweeps : job->sweeps;
    job->converged &= job->ep.converged;
    for (int32_t k = 0; k < job->ep.d; ++k) {
        fit->sites.t[job->ep.column[k]] = job->ep.site_precision[k];
        fit->sites.h[job->ep.column[k]] = job->ep.site_linear[k];
    }
    return PDX_OK;
}

/* The same with log evidence and prior in *log_z, and the left-out rows. */
static pdx_status run_theta(void *context, double theta, double *log_z) {
    ties_job *job = context;
    const pdx__cut_values at = pdx__cut_at(job->cut.model, theta, NULL);
    pdx__ep_report report = {.loo = job->fit->loo};
    PDX__TRY(run_ep(job, theta));
    PDX__TRY(pdx__ep_describe(&job->ep, NULL, &report));
    *log_z = report.log_evidence + job->cut.ties * at.tie + at.prior;
    return PDX_OK;
}

/* d log evidence / d theta with q held, and the derivative of that. */
static double slope(const ties_job *job, double theta, double *bend) {
    enum { STEPS = 2 };
    const double h = 1e-3;
    const pdx__ep *ep = &job->ep;
    const pdx__design *design = job->problem.design;
    const pdx__workspace *workspace = job->workspace;
    pdx__cut_values at[STEPS], by[STEPS];
    double mean[PDX__BLOCK], var[PDX__BLOCK], sum[STEPS];
    for (int s = 0; s < STEPS; ++s) {
        at[s] = pdx__cut_at(job->cut.model, theta + s * h, &by[s]);
        sum[s] = job->cut.ties * by[s].tie + by[s].prior;
    }
    for (int64_t b = 0; b < pdx__design_blocks(design); ++b) {
        const int32_t rows = pdx__design_block_rows(design, b);
        pdx__design_expand(design, workspace->kernels, b, ep->column, ep->d, ep->block);
        workspace->kernels->moments(mean, var, ep->block,
                                    pdx__design_block_panels(design, b) * PDX__PANEL, ep->mean,
                                    ep->root, ep->d);
        for (int32_t i = 0; i < rows; ++i) {
            const int64_t row = b * PDX__BLOCK + i;
            const double w = weight_of(job, row), side = job->side[row], sd = sqrt(var[i]);
            const double base = mean[i] + (job->given.offset ? job->given.offset[row] : 0);
            if (w == 0) continue;
            for (int s = 0; s < STEPS; ++s) {
                const double band = at[s].width * job->banded[row];
                double pull = 0, room = 0;
                for (int q = 0; q < PDX__NODES; ++q) {
                    const double eta = base + side * at[s].offset + sd * workspace->z[q];
                    const double root = exp(-0.5 * fabs(eta));
                    const double share = workspace->w[q] / (1 + root * (root + band));
                    pull += copysign(0.5 * (1 - root * root) * share, eta);
                    room += root * share;
                }
                sum[s] += w * ((job->given.y[row] - 0.5 - pull) * side * by[s].offset -
                               room * job->banded[row] * by[s].width);
            }
        }
    }
    *bend = (sum[1] - sum[0]) / h;
    return sum[0];
}

/* Newton by the curvature with q held, which is no flatter than theta's own; then by secants. */
static pdx_status find_mode(ties_job *job, double *theta, double *curvature) {
    double at = *theta, last = at, last_slope = 0;
    for (int i = 0; i < 30; ++i) {
        double bend, here;
        PDX__TRY(run_ep(job, at));
        here = slope(job, at, &bend);
        *curvature = fmin(bend, -1e-3);
        double by = *curvature, secant = (here - last_slope) / (at - last);
        if (i > 0 && at != last && secant < 0.3 * by && secant > by) by = secant;
        const double step = fmin(fmax(-here / by, -2), 2);
        last = at;
        last_slope = here;
        if (fabs(step) < 0.2 / sqrt(-by)) break;
        at += step;
    }
    *theta = last;
    return PDX_OK;
}

static pdx_status add_node(void *context, double relative) {
    ties_job *job = context;
    if (!job->settings->summaries) return pdx__mixture_add(&job->mixture, &job->ep, relative, NULL);
    const double theta = job->nodes.at[job->nodes.count - 1];
    const double tie = pdx__cut_at(job->cut.model, theta, NULL).tie;
    for (int64_t i = 0; i < job->fit->n; ++i)
        if (job->given.y[i] == 0.5) job->fit->loo[i] += tie;
    return pdx__mixture_add(&job->mixture, &job->ep, relative, job->fit->loo);
}

/* The nodes in ascending order, as what theta is drawn from around the run at hand. */
static pdx_status propose(ties_job *job) {
    const pdx__nodes *nodes = &job->nodes;
    const int32_t count = nodes->count, d = job->ep.d;
    double at[PDX__MOST_NODES], log_z[PDX__MOST_NODES];
    job->shift = pdx__alloc((size_t)count * (size_t)d, sizeof *job->shift);
    if (!job->shift) return PDX_ENOMEM;
    for (int32_t i = 0; i < count; ++i) {
        int32_t place = 0;
        for (int32_t j = 0; j < count; ++j) place += nodes->at[j] < nodes->at[i];
        at[place] = nodes->at[i];
        log_z[place] = nodes->log_z[i];
        for (int32_t k = 0; k < d; ++k)
            job->shift[(size_t)place * (size_t)d + (size_t)k] =
                job->mixture.mean[(size_t)i * (size_t)d + (size_t)k] - job->ep.mean[k];
    }
    pdx__cut_propose(&job->proposal, count, at, log_z, job->shift, d);
    job->cut.proposal = &job->proposal;
    return PDX_OK;
}

/* theta's own summaries into the fit's column of the cut. */
static void take_theta(ties_job *job) {
    pdx__fit *fit = job->fit;
    const pdx__fit_settings *settings = job->settings;
    const pdx__nodes *nodes = &job->nodes;
    const int32_t c = job->cut.column, d = job->ep.d;
    double unused, low = 0, high = 1;
    double cut[PDX__MOST_NODES], share[PDX__MOST_NODES];
    for (int32_t i = 0; i < nodes->count; ++i) {
        cut[i] = pdx__cut_size(job->cut.model, nodes->at[i]);
        share[i] = 1 / (1 + exp(-nodes->at[i]));
    }
    pdx__nodes_moments(nodes, cut, &fit->cut_mean, &fit->cut_sd);
    pdx__nodes_moments(nodes, share, &fit->p_tie, &unused);
    pdx__nodes_moments(nodes, nodes->at, &fit->mean[c], &fit->sd[c]);
    job->cut.mean = fit->mean[c];
    job->cut.sd = fit->sd[c];
    for (int i = 0; i < 40; ++i) { /* P(theta <= 0) */
        double middle = 0.5 * (low + high);
        if (pdx__cut_draw(&job->proposal, middle, &unused) < 0) low = middle;
        else high = middle;
    }
    fit->prob_positive[c] = 1 - low;
    if (!settings->summaries) return;
    for (int32_t q = 0; q < settings->quantile_count; ++q)
        fit->quantiles[(size_t)c * (size_t)settings->quantile_count + (size_t)q] =
            pdx__cut_draw(&job->proposal, settings->quantile_probs[q], &unused);
    const size_t width = (size_t)fit->d, row = (size_t)c;
    fit->covariance[row * width + row] = fit->sd[c] * fit->sd[c];
    for (int32_t k = 0; k < d; ++k) {
        const size_t other = (size_t)job->ep.column[k];
        double sum = 0;
        for (int32_t i = 0; i < nodes->count; ++i)
            sum += nodes->weight[i] * (nodes->at[i] - fit->mean[c]) *
                   job->mixture.mean[(size_t)i * (size_t)d + (size_t)k];
        fit->covariance[row * width + other] = fit->covariance[other * width + row] = sum;
    }
}

/* EP at the mode once more, made ready for the samplers: theta is one of their coordinates. */
static pdx_status check_and_draw(ties_job *job, double mode) {
    pdx__ep *ep = &job->ep;
    PDX__TRY(run_ep(job, mode));
    PDX__TRY(propose(job));
    take_theta(job);
    pdx__fit_certificate_init(&job->fit->certificate, job->sweeps, job->converged);
    ep->problem = &job->given;
    ep->converged &= job->converged;
    ep->column[ep->d] = job->cut.column;
    ep->mean[ep->d] = job->cut.mean;
    ep->sd[ep->d] = job->cut.sd;
    return pdx__fit_answer(job->fit, ep, job->settings);
}

static pdx_status run(ties_job *job, double start) {
    pdx__fit *fit = job->fit;
    double total = 0, mode = start, curvature;
    for (int64_t i = 0; i < fit->n; ++i) {
        const double y = job->given.y[i], w = weight_of(job, i);
        const int ordinal = job->cut.model == PDX_TIES_ORDINAL;
        job->side[i] = !ordinal || y == 0.5 ? 0 : y > 0.5 ? -1 : 1;
        job->banded[i] = !ordinal || y == 0.5;
        job->cut.ties += y == 0.5 ? w : 0;
        total += w;
    }
    if (isnan(start)) mode = log((job->cut.ties + 0.5) / (total - job->cut.ties + 0.5));
    PDX__TRY(find_mode(job, &mode, &curvature));
    PDX__TRY(pdx__mixture_create(&job->mixture, job->ep.d, fit->n, job->settings->summaries));
    PDX__TRY(pdx__nodes_lay(&job->nodes, mode, 1.2 / sqrt(-curvature), -INFINITY, run_theta,
                            add_node, job));
    pdx__mixture_take(&job->mixture, &job->nodes, job->ep.column, fit, job->settings);
    fit->log_evidence = job->nodes.log_evidence;
    return check_and_draw(job, mode);
}

pdx_status pdx__fit_ties(pdx__fit *out, int32_t model, double start, const pdx__problem *problem,
                         const pdx__fit_settings *settings, const pdx__sites *warm,
                         pdx__workspace *workspace) {
    memset(out, 0, sizeof *out);
    out->d = problem->design->d;
    out->n = problem->design->n;
    out->log_evidence = out->elpd_loo = NAN;
    const size_t n = (size_t)out->n;
    ties_job job = {.given = *problem,
                    .problem = *problem,
                    .cut = {.model = model, .column = out->d - 1},
                    .settings = settings,
                    .warm = warm,
                    .workspace = workspace,
                    .fit = out,
                    .converged = 1};
    pdx_status status = pdx__fit_arrays(out, settings);
    double *rows = pdx__workspace_take(workspace, PDX__SLOT_MARGIN, 4 * n, sizeof(double));
    if (status == PDX_OK && !rows) status = PDX_ENOMEM;
    if (status == PDX_OK) {
        job.side = rows;
        job.problem.offset = job.offset = rows + n;
        job.problem.band = job.band = rows + 2 * n;
        job.cut.band = job.banded = rows + 3 * n;
        job.given.cut = &job.cut;
        status = run(&job, start);
    }
    pdx__mixture_free(&job.mixture);
    pdx__free(job.shift);
    if (status != PDX_OK) pdx__fit_free(out);
    return status;
}
