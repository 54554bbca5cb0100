/* EP: the sweeps. Each sweep is one pass over blocks of rows: moments of eta under q, update of the
 * row sites, sums for the next solve. What the fit reports beyond mean and sd (evidence, left-out
 * rows, marginals) is in ep_report.c. */
#include "ep.h"

#include <math.h>
#include <string.h>

#include "design.h"
#include "ep_rows.h"
#include "ep_steps.h"
#include "row_source.h"

void pdx__ep_load(const pdx__ep *ep, int64_t b, pdx__ep_rows *r) {
    const pdx__problem *problem = ep->problem;
    const pdx__kernels *kernels = ep->workspace->kernels;
    const int64_t first = b * PDX__BLOCK;
    pdx__design_expand(problem->design, kernels, b, ep->column, ep->d, ep->block);
    r->rows = pdx__design_block_rows(problem->design, b);
    r->count = pdx__design_block_panels(problem->design, b) * PDX__PANEL;
    for (int32_t i = 0; i < r->count; ++i) {
        int real = i < r->rows;
        r->weight[i] = !real ? 0 : problem->weight ? problem->weight[first + i] : 1;
        r->offset[i] = real && problem->offset ? problem->offset[first + i] : 0;
        r->band[i] = real && problem->band ? problem->band[first + i] : 0;
        r->tau[i] = real ? ep->tau[first + i] : 0;
        r->nu[i] = real ? ep->nu[first + i] : 0;
        r->linear[i] = real ? r->weight[i] * (problem->y[first + i] - 0.5) : 0;
    }
}

static void clear_sums(pdx__ep *ep) {
    memset(ep->gram_sums, 0,
           (size_t)ep->workspace->kernels->gram_doubles(ep->d) * sizeof *ep->gram_sums);
}

static void add_block(pdx__ep *ep, int64_t b, pdx__ep_rows *r) {
    memcpy(ep->tau + b * PDX__BLOCK, r->tau, (size_t)r->rows * sizeof(double));
    memcpy(ep->nu + b * PDX__BLOCK, r->nu, (size_t)r->rows * sizeof(double));
    for (int32_t i = 0; i < r->count; ++i) r->linear[i] += r->nu[i];
    ep->workspace->kernels->gram_add(ep->gram_sums, ep->block, r->count, r->tau, r->linear, ep->d);
}

void pdx__ep_bound_sites(pdx__ep_rows *r) {
    for (int32_t i = 0; i < r->count; ++i) {
        double size = fabs(r->mean[i] + r->offset[i]);
        double curvature = size < 1e-4 ? 0.25 : tanh(0.5 * size) / (2 * size);
        r->tau[i] = r->weight[i] * curvature;
        r->nu[i] = -r->tau[i] * r->offset[i];
    }
}

void pdx__ep_robust_site(pdx__ep_rows *r, int32_t i) {
    double lam = 1 / r->var[i] - r->tau[i], gam = r->mean[i] / r->var[i] - r->nu[i];
    double log_integral, mean, var;
    if (!(lam > 0) || !pdx__row_integral(r->weight[i], r->offset[i], r->band[i], lam, gam,
                                         &log_integral, &mean, &var))
        return;
    r->tau[i] = fmax(1 / var - lam, 1e-14 * r->weight[i]);
    r->nu[i] = mean / var - gam;
}

static void update_rows(pdx__ep *ep, pdx__ep_rows *r, double damping) {
    const pdx__workspace *workspace = ep->workspace;
    double tau[PDX__BLOCK], nu[PDX__BLOCK];
    workspace->kernels->moments(r->mean, r->var, ep->block, r->count, ep->mean, ep->root, ep->d);
    memcpy(tau, r->tau, sizeof tau);
    memcpy(nu, r->nu, sizeof nu);
    pdx__row_sites sites = pdx__ep_row_sites(workspace, r);
    workspace->kernels->sites(&sites);
    for (int32_t i = 0; i < r->rows; ++i) {
        if (r->trouble[i] != 0) pdx__ep_robust_site(r, i);
        if (damping < 1) {
            r->tau[i] = tau[i] + damping * (r->tau[i] - tau[i]);
            r->nu[i] = nu[i] + damping * (r->nu[i] - nu[i]);
        }
    }
}

void pdx__ep_pass(pdx__ep *ep, pdx__pass_kind kind, double damping) {
    pdx__ep_rows r;
    clear_sums(ep);
    if (ep->problem->source && ep->failed == PDX_OK)
        ep->failed = pdx__source_sites(ep, kind != PDX__PASS_EP);
    for (int64_t b = 0; b < pdx__design_blocks(ep->problem->design); ++b) {
        pdx__ep_load(ep, b, &r);
        if (kind == PDX__PASS_EP) update_rows(ep, &r, damping);
        if (kind == PDX__PASS_BOUND) {
            ep->workspace->kernels->moments(r.mean, NULL, ep->block, r.count, ep->mean, NULL,
                                            ep->d);
            pdx__ep_bound_sites(&r);
        }
        add_block(ep, b, &r);
    }
}

static void add_outside(const pdx__ep *ep, double *lam, double *linear) {
    const double *sum = ep->outside;
    for (int32_t i = 0; i < ep->d; ++i)
        for (int32_t k = 0; k <= i; ++k) lam[(size_t)i * (size_t)ep->ld + (size_t)k] += *sum++;
    for (int32_t k = 0; k < ep->d; ++k) linear[k] += *sum++;
}

void pdx__ep_natural(const pdx__ep *ep, double *lam, double *linear) {
    const int32_t d = ep->d, ld = ep->ld;
    memset(lam, 0, (size_t)ld * ld * sizeof *lam);
    ep->workspace->kernels->gram_finish(ep->gram_sums, d, lam, linear);
    if (ep->outside) add_outside(ep, lam, linear);
    for (int32_t k = 0; k < d; ++k) {
        lam[(size_t)k * ld + k] += ep->site_precision[k] + ep->gaussian[k];
        linear[k] += ep->site_linear[k];
    }
}

int pdx__ep_solve(pdx__ep *ep, double *change) {
    const int32_t d = ep->d, ld = ep->ld;
    double *before = ep->work, *half = ep->work + ld;
    ep->log_det = ep->workspace->kernels->factor(d, ep->lam, ep->root);
    if (!isfinite(ep->log_det)) return 0;
    memcpy(before, ep->mean, (size_t)d * sizeof *before);
    double *var = ep->work + 2 * ld;
    memset(ep->mean, 0, (size_t)ld * sizeof *ep->mean);
    memset(var, 0, (size_t)ld * sizeof *var);
    ep->linear_square = 0;
    for (int32_t i = 0; i < d; ++i) {
        const double *row = ep->root + (size_t)i * ld;
        double sum = 0;
        for (int32_t k = 0; k <= i; ++k) sum += row[k] * ep->linear[k];
        half[i] = sum;
        ep->linear_square += sum * sum;
        for (int32_t k = 0; k <= i; ++k) {
            ep->mean[k] += sum * row[k];
            var[k] += row[k] * row[k];
        }
    }
    double mean_change = 0, sd_change = 0;
    for (int32_t k = 0; k < d; ++k) {
        double sd = sqrt(var[k]);
        if (!isfinite(ep->mean[k]) || !(sd > 0) || !isfinite(sd)) return 0;
        mean_change = fmax(mean_change, fabs(ep->mean[k] - before[k]) / sd);
        sd_change = fmax(sd_change, fabs(log(sd / ep->sd[k])));
        ep->sd[k] = sd;
    }
    *change = mean_change + sd_change;
    return 1;
}

static pdx__tilted cavity(const pdx__ep *ep, int32_t k) {
    double precision = 1 / (ep->sd[k] * ep->sd[k]);
    pdx__tilted out = {.lam = precision - ep->site_precision[k],
                       .gam = ep->mean[k] * precision - ep->site_linear[k],
                       .rate = ep->rate[k]};
    if (out.lam < 1e-14 * precision) out.lam = 0;
    return out;
}

pdx__tilted pdx__ep_marginal(const pdx__ep *ep, int32_t k) {
    pdx__tilted tilted = cavity(ep, k);
    pdx__tilted_moments(&tilted);
    return tilted;
}

/* Sites to q. */
static int solve(pdx__ep *ep, double *change) {
    pdx__ep_natural(ep, ep->lam, ep->linear);
    return pdx__ep_solve(ep, change);
}

void pdx__ep_update_priors(pdx__ep *ep, double damping) {
    for (int32_t k = 0; k < ep->d; ++k) {
        if (ep->rate[k] == 0) continue;
        pdx__tilted tilted = pdx__ep_marginal(ep, k);
        double precision = 1 / tilted.var;
        double t = fmax(precision - tilted.lam, 1e-14 * precision);
        double h = tilted.mean * precision - tilted.gam;
        if (!isfinite(t) || !isfinite(h)) continue;
        ep->site_precision[k] += damping * (t - ep->site_precision[k]);
        ep->site_linear[k] += damping * (h - ep->site_linear[k]);
    }
}

#define MANY 1e4 /* rows: one that weighs as much may drag the first sweeps anywhere */

/* Is one of the rows that the other fit had, and this one has not, as good as the whole of it? */
static int lost_heavy(const pdx__problem *problem, const pdx__sites *warm) {
    for (int64_t i = 0; problem->weight && i < problem->design->n; ++i)
        if (problem->weight[i] == 0 && fabs(warm->nu[i]) > 0.1 * MANY) return 1;
    return 0;
}

int pdx__ep_seed(pdx__ep *ep, const pdx__sites *warm) {
    const pdx__problem *problem = ep->problem;
    const int64_t n = problem->design->n;
    if (warm && lost_heavy(problem, warm)) warm = NULL;
    for (int32_t k = 0; k < ep->d; ++k) {
        ep->mean[k] = 0;
        ep->sd[k] = 1;
        ep->site_precision[k] = warm ? warm->t[ep->column[k]] : 0.5 * ep->rate[k] * ep->rate[k];
        ep->site_linear[k] = warm ? warm->h[ep->column[k]] : 0;
        if (ep->rate[k] == 0) ep->site_precision[k] = ep->site_linear[k] = 0;
    }
    double heaviest = 0;
    for (int64_t i = 0; i < n; ++i) {
        double w = problem->weight ? problem->weight[i] : 1;
        heaviest = fmax(heaviest, w);
        ep->tau[i] = w == 0 ? 0 : warm ? warm->tau[i] : 0.22 * w;
        ep->nu[i] = w == 0 ? 0 : warm ? warm->nu[i] : 0;
    }
    return !warm && (problem->offset || heaviest > MANY);
}

static void start(pdx__ep *ep, const pdx__sites *warm) {
    const int far = pdx__ep_seed(ep, warm);
    pdx__ep_pass(ep, far ? PDX__PASS_BOUND : PDX__PASS_KEEP, 1);
    if (!far) return;
    double change;
    for (int i = 0; i < 5; ++i) {
        if (!solve(ep, &change) || change < 0.3) break;
        pdx__ep_pass(ep, PDX__PASS_BOUND, 1);
    }
}

size_t pdx__ep_doubles(int32_t width) {
    const size_t ld = (size_t)pdx__column_pad(width);
    return 10 * ld + 2 * ld * ld;
}

pdx_status pdx__ep_place(pdx__ep *ep, const pdx__problem *problem, pdx__workspace *workspace,
                         double *memory, int32_t *column) {
    const int32_t width = problem->design->d;
    const int32_t ld = pdx__column_pad(width);
    *ep = (pdx__ep){.problem = problem, .workspace = workspace, .column = column};
    ep->block =
        pdx__workspace_take(workspace, PDX__SLOT_BLOCK, (size_t)ld * PDX__BLOCK, sizeof(double));
    ep->gram_sums =
        pdx__workspace_take(workspace, PDX__SLOT_GRAM_SUMS,
                            (size_t)workspace->kernels->gram_doubles(width), sizeof(double));
    if (!ep->block || !ep->gram_sums) return PDX_ENOMEM;
    double **slot[] = {&ep->rate, &ep->gaussian, &ep->site_precision, &ep->site_linear,
                       &ep->mean, &ep->sd,       &ep->linear};
    for (int i = 0; i < 7; ++i) *slot[i] = memory + (size_t)i * ld;
    ep->work = memory + (size_t)7 * ld;
    ep->lam = memory + (size_t)10 * ld;
    ep->root = ep->lam + (size_t)ld * ld;
    for (int32_t k = 0; k < width; ++k) {
        const pdx__prior *prior = &problem->prior[k];
        if (prior->scale == 0) continue;
        double inverse = 1 / prior->scale; /* 0 for a flat prior */
        ep->column[ep->d] = k;
        ep->rate[ep->d] = prior->kind == PDX_PRIOR_GAUSSIAN ? 0 : inverse;
        ep->gaussian[ep->d++] = prior->kind == PDX_PRIOR_GAUSSIAN ? inverse * inverse : 0;
    }
    ep->ld = pdx__column_pad(ep->d);
    memset(ep->block, 0, (size_t)ld * PDX__BLOCK * sizeof(double));
    if (!problem->source) return PDX_OK;
    ep->outside = pdx__workspace_take(workspace, PDX__SLOT_OUTSIDE,
                                      (size_t)pdx__source_site_sums(ep->d), sizeof(double));
    return ep->outside ? PDX_OK : PDX_ENOMEM;
}

pdx_status pdx__ep_run(pdx__ep *ep, const pdx__problem *problem, const pdx__sites *warm,
                       const pdx__ep_settings *settings, pdx__workspace *workspace, double *tau,
                       double *nu) {
    const int32_t width = problem->design->d;
    int32_t *column =
        pdx__workspace_take(workspace, PDX__SLOT_COLUMNS, (size_t)width, sizeof *column);
    double *memory =
        pdx__workspace_take(workspace, PDX__SLOT_MATRIX, pdx__ep_doubles(width), sizeof *memory);
    if (!column || !memory) return PDX_ENOMEM;
    PDX__TRY(pdx__ep_place(ep, problem, workspace, memory, column));
    ep->tau = tau;
    ep->nu = nu;
    /* undamped; where that wanders or breaks, damped, and at last strongly damped */
    static const double damping[] = {1, 0.5, 0.2};
    static const int32_t until[] = {30, 130, INT32_MAX};
    int stage = 0;
    start(ep, warm);
    while (ep->sweeps < settings->max_sweeps && ep->failed == PDX_OK) {
        double change;
        ep->usable = solve(ep, &change);
        if (!ep->usable) {
            if (++stage == 3) break;
            ep->sweeps = until[stage - 1];
            start(ep, NULL);
            continue;
        }
        ep->converged = ep->sweeps > 0 && change < settings->tolerance;
        if (ep->converged) break;
        pdx__ep_pass(ep, PDX__PASS_EP, damping[stage]);
        pdx__ep_update_priors(ep, damping[stage]);
        ++ep->sweeps;
        if (ep->sweeps >= until[stage]) ++stage;
    }
    return ep->failed;
}
