/* What EP says beyond mean and sd: covariance, evidence, left-out rows, skewness. One more pass
 * over the rows. */
#include <math.h>
#include <string.h>

#include "design.h"
#include "ep_rows.h"
#include "ep_second.h"
#include "row_source.h"

void pdx__ep_covariance(const pdx__ep *ep, double *covariance) {
    const int32_t d = ep->d;
    memset(covariance, 0, (size_t)d * d * sizeof *covariance);
    for (int32_t i = 0; i < d; ++i) {
        const double *row = ep->root + (size_t)i * ep->ld;
        for (int32_t j = 0; j <= i; ++j)
            for (int32_t k = 0; k <= j; ++k) covariance[(size_t)j * d + k] += row[j] * row[k];
    }
    for (int32_t j = 0; j < d; ++j)
        for (int32_t k = 0; k < j; ++k)
            covariance[(size_t)k * d + j] = covariance[(size_t)j * d + k];
}

/* Log predictive likelihood of one left-out row where the cavity is broad or the weight large. */
static double predictive_row(double mean, double var, double y, double w, double removed,
                             double offset, double band) {
    double lam = 1 / var, gam = mean * lam, tilt = y - 0.5, with, without, m, v;
    if (!pdx__row_integral(w, offset, band, lam, gam + w * tilt, &with, &m, &v) ||
        !pdx__row_integral(w - removed, offset, band, lam, gam + (w - removed) * tilt, &without, &m,
                           &v))
        return NAN;
    return with - without + removed * tilt * offset;
}

void pdx__ep_left_out(const pdx__workspace *workspace, const pdx__ep_rows *r, const double *of_row,
                      int whole, double *loo) {
    double mean[PDX__BLOCK], var[PDX__BLOCK], y[PDX__BLOCK], out[PDX__BLOCK];
    double removed[PDX__BLOCK];
    for (int32_t i = 0; i < r->count; ++i) {
        y[i] = i < r->rows ? of_row[i] : 0.5;
        removed[i] = whole ? r->weight[i] : 1;
        double lam = 1 / r->var[i] - r->tau[i];
        double gam = r->mean[i] / r->var[i] - r->nu[i] - r->linear[i];
        int known = r->var[i] > 0 && r->weight[i] > 0;
        var[i] = known ? 1 / lam : 0;
        mean[i] = known ? gam / lam : r->mean[i];
    }
    workspace->kernels->predictive(out, mean, var, y, r->weight, removed, r->offset, r->band,
                                   r->count, PDX__LOO_NODES, workspace->loo_z, workspace->loo_w);
    for (int32_t i = 0; i < r->rows; ++i) {
        double w = r->weight[i];
        loo[i] = w == 0 ? NAN : out[i];
        if (var[i] > 0 && w >= removed[i] && (w > 4 || var[i] > 9))
            loo[i] = predictive_row(mean[i], var[i], y[i], w, removed[i], r->offset[i], r->band[i]);
    }
}

double pdx__ep_robust_ratio(const pdx__ep_rows *r, int32_t i) {
    double s = r->var[i], m = r->mean[i], log_integral, mean, var;
    double lam = 1 / s - r->tau[i], gam = m / s - r->nu[i];
    if (!(lam > 0) || !pdx__row_integral(r->weight[i], r->offset[i], r->band[i], lam, gam,
                                         &log_integral, &mean, &var))
        return NAN;
    return log_integral - 0.5 * m * m / s - 0.5 * log(2 * M_PI * s);
}

/* Skewness of the marginals: each row's third cumulant carried along the covariance, and those of
 * the other columns' Laplace sites. On entry skew[k] is the sum over rows. */
static void finish_skews(const pdx__ep *ep, const double *covariance, double *skew) {
    const int32_t d = ep->d;
    double *prior = ep->work; /* [d] skewness that a column's own prior gives it */
    for (int32_t j = 0; j < d; ++j) prior[j] = ep->rate[j] > 0 ? pdx__ep_marginal(ep, j).skew : 0;
    for (int32_t k = 0; k < d; ++k) {
        double sd = ep->sd[k];
        skew[k] /= sd * sd * sd;
        for (int32_t j = 0; j < d; ++j) {
            double rho = covariance[(size_t)k * (size_t)d + (size_t)j] / (sd * ep->sd[j]);
            if (j != k) skew[k] += prior[j] * rho * rho * rho;
        }
        if (!isfinite(skew[k])) skew[k] = 0;
    }
}

static double prior_evidence(const pdx__ep *ep) {
    double total = 0;
    for (int32_t k = 0; k < ep->d; ++k) {
        if (ep->gaussian[k] > 0) total += 0.5 * log(ep->gaussian[k] / (2 * M_PI));
        if (ep->rate[k] == 0) continue;
        double z = ep->mean[k] / ep->sd[k];
        total += pdx__ep_marginal(ep, k).log_integral + log(0.5 * ep->rate[k]) -
                 (0.5 * log(2 * M_PI) + log(ep->sd[k]) + 0.5 * z * z);
    }
    return total;
}

pdx_status pdx__ep_describe(pdx__ep *ep, const double *covariance, pdx__ep_report *report) {
    const pdx__workspace *workspace = ep->workspace;
    const pdx__kernels *kernels = workspace->kernels;
    pdx__ep_rows r;
    double total = 0.5 * (ep->linear_square - ep->log_det + ep->d * log(2 * M_PI)), elpd = 0;
    double ratio[PDX__BLOCK], third[PDX__BLOCK];
    pdx__ep_second second = {0};
    const int pairs = report->widen && !ep->problem->source &&
                      ep->problem->design->n <= PDX__SECOND_ROWS && ep->d <= PDX__SECOND_COLUMNS;
    if (pairs) PDX__TRY(pdx__ep_second_start(&second, ep));
    for (int32_t k = 0; report->widen && k < ep->d; ++k) report->widen[k] = 1;
    if (report->skew) memset(report->skew, 0, (size_t)ep->d * sizeof(double));
    for (int64_t b = 0; b < pdx__design_blocks(ep->problem->design); ++b) {
        pdx__ep_load(ep, b, &r);
        kernels->moments(r.mean, r.var, ep->block, r.count, ep->mean, ep->root, ep->d);
        pdx__row_sites sites = pdx__ep_row_sites(workspace, &r);
        sites.log_ratio = ratio;
        sites.third = third;
        kernels->sites(&sites);
        if (report->skew)
            kernels->skews(report->skew, ep->block, r.count, covariance, third, ep->d);
        if (pairs) pdx__ep_second_add(&second, ep, &r, third);
        double *loo = report->loo ? report->loo + b * PDX__BLOCK : NULL;
        if (loo)
            pdx__ep_left_out(workspace, &r, ep->problem->y + b * PDX__BLOCK, report->whole, loo);
        for (int32_t i = 0; i < r.rows; ++i) {
            if (r.weight[i] == 0) continue;
            total += (r.trouble[i] != 0 ? pdx__ep_robust_ratio(&r, i) : ratio[i]) +
                     r.linear[i] * r.offset[i];
            if (loo) elpd += loo[i];
        }
    }
    if (ep->problem->source)
        PDX__TRY(pdx__source_describe(ep, report->whole, &total, &elpd, report->skew));
    if (pairs) total += pdx__ep_second_finish(&second, ep, covariance, report->skew, report->widen);
    if (report->skew) finish_skews(ep, covariance, report->skew);
    report->log_evidence = total + prior_evidence(ep);
    report->elpd = report->loo || ep->problem->source ? elpd : NAN;
    return PDX_OK;
}
