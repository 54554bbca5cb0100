/* Empirical Bayes for the common scale of the Laplace priors: the maximum of EP's evidence over a
 * coarse grid of log b, then by golden section. */
#include <math.h>
#include <string.h>

#include "design.h"
#include "ep.h"

typedef struct scale_job {
    pdx__problem problem;
    const pdx__prior *given;
    pdx__prior *prior;
    pdx__workspace *workspace;
    double *tau, *nu;
} scale_job;

static int is_tuned(const pdx__prior *prior) {
    return prior->kind == PDX_PRIOR_LAPLACE && prior->scale > 0 && isfinite(prior->scale);
}

static pdx_status evidence_at(scale_job *job, double log_b, double *log_z) {
    const pdx__ep_settings settings = {.tolerance = 1e-3, .max_sweeps = 150};
    const int32_t d = job->problem.design->d;
    pdx__ep ep;
    for (int32_t k = 0; k < d; ++k) {
        job->prior[k] = job->given[k];
        if (is_tuned(&job->given[k])) job->prior[k].scale = exp(log_b);
    }
    PDX__TRY(pdx__ep_run(&ep, &job->problem, NULL, &settings, job->workspace, job->tau, job->nu));
    *log_z = -INFINITY;
    pdx__ep_report report = {0};
    if (ep.usable) PDX__TRY(pdx__ep_describe(&ep, NULL, &report));
    if (ep.usable) *log_z = report.log_evidence;
    if (isnan(*log_z)) *log_z = -INFINITY;
    return PDX_OK;
}

static pdx_status maximise(scale_job *job, double *b) {
    enum { GRID = 11 };
    const double least = log(1e-3), step = log(1e5) / (GRID - 1);
    double best = -INFINITY, at = 0;
    for (int i = 0; i < GRID; ++i) {
        double log_z;
        PDX__TRY(evidence_at(job, least + i * step, &log_z));
        if (log_z <= best) continue;
        best = log_z;
        at = least + i * step;
    }
    if (!isfinite(best))
        return pdx__fail(PDX_ENUMERIC, "no prior scale from 1e-3 to 1e2 gives a proper posterior");
    const double golden = 0.5 * (sqrt(5) - 1);
    double low = fmax(at - step, least), high = fmin(at + step, log(1e2));
    double x[2] = {high - golden * (high - low), low + golden * (high - low)}, f[2];
    for (int i = 0; i < 2; ++i) PDX__TRY(evidence_at(job, x[i], &f[i]));
    while (high - low > 2e-3) {
        if (f[0] > f[1]) {
            high = x[1];
            x[1] = x[0];
            f[1] = f[0];
            x[0] = high - golden * (high - low);
            PDX__TRY(evidence_at(job, x[0], &f[0]));
        } else {
            low = x[0];
            x[0] = x[1];
            f[0] = f[1];
            x[1] = low + golden * (high - low);
            PDX__TRY(evidence_at(job, x[1], &f[1]));
        }
    }
    *b = exp(0.5 * (low + high));
    return PDX_OK;
}

pdx_status pdx__fit_empirical_bayes(double *b, const pdx__problem *problem,
                                    pdx__workspace *workspace) {
    const size_t n = (size_t)problem->design->n, d = (size_t)problem->design->d;
    int tuned = 0;
    *b = NAN;
    for (size_t k = 0; k < d; ++k) tuned |= is_tuned(&problem->prior[k]);
    PDX__REQUIRE(tuned, "no column has a Laplace prior whose scale could be found");
    scale_job job = {.problem = *problem, .given = problem->prior, .workspace = workspace};
    job.prior = pdx__alloc(d, sizeof *job.prior);
    job.tau = pdx__workspace_take(workspace, PDX__SLOT_SITES, 2 * n, sizeof *job.tau);
    pdx_status status = job.prior && job.tau ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) {
        job.nu = job.tau + n;
        job.problem.prior = job.prior;
        status = maximise(&job, b);
    }
    pdx__free(job.prior);
    return status;
}
