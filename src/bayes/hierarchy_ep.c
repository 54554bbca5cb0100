/* EP of the hierarchy at one tau. A sweep: every group's rows update their sites under the group's
 * marginal and tell the mean what they found; the mean, with its Laplace sites, tells every group
 * what the others found. On a star of Gaussian factors that is exact: each marginal is that of the
 * joint Gaussian. */
#include "hierarchy.h"

#include <math.h>
#include <string.h>

#include "design.h"
#include "ep_steps.h"

#define FAR 1e8 /* variance of the link of a column that is not shared, over its prior's */

static size_t sites_doubles(const pdx__problem *problem, int32_t width) {
    return 2 * ((size_t)problem->design->n + (size_t)width);
}

static pdx__sites cut_sites(double **at, int64_t n, int32_t width) {
    pdx__sites out = {*at, *at + n, *at + 2 * n, *at + 2 * n + width};
    *at += 2 * ((size_t)n + (size_t)width);
    return out;
}

static pdx_status take_memory(pdx__hierarchy *h, const pdx__problem *problem) {
    const size_t width = (size_t)h->width, groups = (size_t)h->groups;
    const size_t ld = (size_t)pdx__column_pad(h->width), square = ld * ld;
    const size_t each = pdx__ep_doubles(h->width) + 2 * (square + ld);
    size_t sites = 2 * width;
    for (size_t g = 0; g < groups; ++g) sites += sites_doubles(&problem[g], h->width);
    h->branch = pdx__alloc_zero(groups, sizeof *h->branch);
    h->mean_prior = pdx__alloc(width, sizeof *h->mean_prior);
    h->branch_prior = pdx__alloc(width, sizeof *h->branch_prior);
    h->columns = pdx__alloc(width * (groups + 1), sizeof *h->columns);
    h->memory = pdx__alloc_aligned(groups * each + pdx__ep_doubles(h->width) + 5 * square + ld,
                                   sizeof *h->memory);
    h->sites_memory = pdx__alloc_zero(sites, sizeof *h->sites_memory);
    return h->branch && h->mean_prior && h->branch_prior && h->columns && h->memory &&
                   h->sites_memory
               ? PDX_OK
               : PDX_ENOMEM;
}

static pdx_status place(pdx__hierarchy *h, const pdx__problem *problem) {
    const size_t ld = (size_t)pdx__column_pad(h->width), square = ld * ld;
    double *at = h->memory, *sites = h->sites_memory;
    h->mean_problem = (pdx__problem){.design = h->empty, .prior = h->mean_prior};
    PDX__TRY(pdx__ep_place(&h->mean, &h->mean_problem, h->workspace, at, h->columns));
    at += pdx__ep_doubles(h->width);
    h->sites = cut_sites(&sites, 0, h->width);
    h->d = h->mean.d;
    h->ld = h->mean.ld;
    for (int32_t g = 0; g < h->groups; ++g) {
        pdx__branch *b = &h->branch[g];
        b->problem = problem[g];
        b->problem.prior = h->branch_prior;
        PDX__TRY(pdx__ep_place(&b->ep, &b->problem, h->workspace, at,
                               h->columns + (size_t)(g + 1) * (size_t)h->width));
        at += pdx__ep_doubles(h->width);
        b->sites = cut_sites(&sites, b->problem.design->n, h->width);
        b->ep.tau = b->sites.tau;
        b->ep.nu = b->sites.nu;
        b->precision = at;
        b->message = at + square;
        b->linear = at + 2 * square;
        b->message_linear = b->linear + ld;
        at += 2 * (square + ld);
    }
    h->full = at;
    h->scratch = at + square;
    h->scale = at + 5 * square;
    return PDX_OK;
}

pdx_status pdx__hierarchy_create(pdx__hierarchy *h, const pdx__problem *problem, int32_t groups,
                                 const pdx__prior *prior, const pdx__sharing *sharing,
                                 pdx__workspace *workspace) {
    *h = (pdx__hierarchy){.groups = groups,
                          .width = problem[0].design->d,
                          .sharing = sharing,
                          .workspace = workspace};
    pdx_status status = take_memory(h, problem);
    if (status == PDX_OK) status = pdx__design_create(&h->empty, 0, h->width, NULL, NULL);
    for (int32_t c = 0; c < h->width && status == PDX_OK; ++c) {
        const int own = sharing[c] == PDX__OWN, pinned = prior[c].scale == 0;
        const pdx__prior flat = {PDX_PRIOR_GAUSSIAN, INFINITY}, unit = {PDX_PRIOR_GAUSSIAN, 1};
        h->mean_prior[c] = own && !pinned ? unit : prior[c];
        h->branch_prior[c] = own || pinned ? prior[c] : flat;
    }
    if (status == PDX_OK) status = place(h, problem);
    if (status != PDX_OK) pdx__hierarchy_free(h);
    return status;
}

void pdx__hierarchy_free(pdx__hierarchy *h) {
    pdx__design_free(h->empty);
    pdx__free(h->branch);
    pdx__free(h->mean_prior);
    pdx__free(h->branch_prior);
    pdx__free(h->columns);
    pdx__free(h->memory);
    pdx__free(h->sites_memory);
    *h = (pdx__hierarchy){0};
}

static void copy_sites(pdx__sites *to, const pdx__sites *from, int64_t n, int32_t width) {
    memcpy(to->tau, from->tau, 2 * ((size_t)n + (size_t)width) * sizeof(double));
}

void pdx__hierarchy_warm(pdx__hierarchy *h, const pdx__hierarchy *from) {
    copy_sites(&h->sites, &from->sites, 0, h->width);
    for (int32_t g = 0; g < h->groups; ++g)
        copy_sites(&h->branch[g].sites, &from->branch[g].sites, h->branch[g].problem.design->n,
                   h->width);
    h->warm = from->warm;
}

static void keep_sites(pdx__sites *sites, const pdx__ep *ep) {
    for (int32_t k = 0; k < ep->d; ++k) {
        sites->t[ep->column[k]] = ep->site_precision[k];
        sites->h[ep->column[k]] = ep->site_linear[k];
    }
}

static void set_scales(pdx__hierarchy *h, double tau) {
    h->tau = tau;
    memset(h->scale, 0, (size_t)h->ld * sizeof *h->scale);
    for (int32_t k = 0; k < h->d; ++k) {
        const int32_t c = h->mean.column[k];
        if (h->sharing[c] == PDX__POOLED) h->scale[k] = tau;
        else if (h->sharing[c] == PDX__OWN) {
            double own = h->branch_prior[c].scale;
            h->scale[k] = sqrt(FAR) * (isinf(own) ? 1e4 : own);
        }
    }
}

static void mirror(double *a, int32_t d, int32_t ld) {
    for (int32_t i = 0; i < d; ++i)
        for (int32_t k = 0; k < i; ++k) a[(size_t)k * ld + i] = a[(size_t)i * ld + k];
}

/* After a pass over the group's rows: what they say, of its weights and of the mean. */
static int speak(pdx__hierarchy *h, pdx__branch *b) {
    const size_t square = (size_t)h->ld * (size_t)h->ld;
    double *root = h->scratch, *y_matrix = root + square, *y = y_matrix + square;
    pdx__ep_natural(&b->ep, b->precision, b->linear);
    mirror(b->precision, h->d, h->ld);
    b->log_constant = h->workspace->kernels->across(
        h->d, b->precision, b->linear, h->scale, b->message, b->message_linear, root, y_matrix, y);
    return isfinite(b->log_constant);
}

/* q from what the groups and the priors say: of the mean, then of every group. 0: not proper. */
static int solve(pdx__hierarchy *h, double *change) {
    const int32_t d = h->d, ld = h->ld;
    const size_t square = (size_t)ld * (size_t)ld;
    double *others = h->scratch + 3 * square, *linear = h->mean.work, part;
    memset(h->full, 0, square * sizeof *h->full);
    memset(h->mean.linear, 0, (size_t)ld * sizeof *h->mean.linear);
    for (int32_t k = 0; k < d; ++k) {
        h->full[(size_t)k * ld + k] = h->mean.site_precision[k] + h->mean.gaussian[k];
        h->mean.linear[k] = h->mean.site_linear[k];
    }
    for (int32_t g = 0; g < h->groups; ++g) {
        const pdx__branch *b = &h->branch[g];
        for (size_t i = 0; i < square; ++i) h->full[i] += b->message[i];
        for (int32_t k = 0; k < d; ++k) h->mean.linear[k] += b->message_linear[k];
    }
    memcpy(h->mean.lam, h->full, square * sizeof *h->full);
    if (!pdx__ep_solve(&h->mean, change)) return 0;
    for (int32_t g = 0; g < h->groups; ++g) {
        pdx__branch *b = &h->branch[g];
        double *root = h->scratch, *y_matrix = root + square, *y = y_matrix + square;
        for (size_t i = 0; i < square; ++i) others[i] = h->full[i] - b->message[i];
        for (int32_t k = 0; k < d; ++k) linear[k] = h->mean.linear[k] - b->message_linear[k];
        double constant = h->workspace->kernels->across(d, others, linear, h->scale, b->ep.lam,
                                                        b->ep.linear, root, y_matrix, y);
        if (!isfinite(constant)) return 0;
        for (size_t i = 0; i < square; ++i) b->ep.lam[i] += b->precision[i];
        for (int32_t k = 0; k < d; ++k) b->ep.linear[k] += b->linear[k];
        if (!pdx__ep_solve(&b->ep, &part)) return 0;
        *change = fmax(*change, part);
    }
    return 1;
}

static int pass(pdx__hierarchy *h, pdx__pass_kind kind, double damping) {
    int proper = 1;
    for (int32_t g = 0; g < h->groups; ++g) {
        pdx__branch *b = &h->branch[g];
        pdx__ep_pass(&b->ep, kind, damping);
        if (kind == PDX__PASS_EP) pdx__ep_update_priors(&b->ep, damping);
        proper &= speak(h, b);
    }
    if (kind == PDX__PASS_EP) pdx__ep_update_priors(&h->mean, damping);
    return proper;
}

static int start(pdx__hierarchy *h, int warm) {
    int far = 0;
    double change;
    pdx__ep_seed(&h->mean, warm ? &h->sites : NULL);
    for (int32_t g = 0; g < h->groups; ++g)
        far |= pdx__ep_seed(&h->branch[g].ep, warm ? &h->branch[g].sites : NULL);
    int proper = pass(h, far ? PDX__PASS_BOUND : PDX__PASS_KEEP, 1);
    for (int i = 0; far && proper && i < 5; ++i) {
        if (!solve(h, &change) || change < 0.3) break;
        proper = pass(h, PDX__PASS_BOUND, 1);
    }
    return proper;
}

pdx_status pdx__hierarchy_run(pdx__hierarchy *h, double tau, double tolerance, int32_t max_sweeps) {
    /* as EP of one problem: undamped, then damped, then strongly damped */
    static const double damping[] = {1, 0.5, 0.2};
    static const int32_t until[] = {30, 130, INT32_MAX};
    int stage = 0, converged = 0;
    int32_t sweeps = 0;
    set_scales(h, tau);
    int proper = start(h, h->warm);
    h->usable = 0;
    while (sweeps < max_sweeps) {
        double change;
        h->usable = proper && solve(h, &change);
        if (!h->usable) {
            if (++stage == 3) break;
            sweeps = until[stage - 1];
            proper = start(h, 0);
            continue;
        }
        converged = sweeps > 0 && change < tolerance;
        if (converged) break;
        proper = pass(h, PDX__PASS_EP, damping[stage]);
        if (++sweeps >= until[stage]) ++stage;
    }
    if (!h->usable)
        return pdx__fail(PDX_ENUMERIC, "the posterior is not proper: a flat prior needs data that "
                                       "bound every weight");
    h->warm = 1;
    h->sweeps = sweeps > h->sweeps ? sweeps : h->sweeps;
    h->converged = converged;
    keep_sites(&h->sites, &h->mean);
    for (int32_t g = 0; g < h->groups; ++g) keep_sites(&h->branch[g].sites, &h->branch[g].ep);
    return PDX_OK;
}

/* What pdx__ep_describe adds for the Gaussian part. */
static double gaussian_part(const pdx__ep *ep) {
    return 0.5 * (ep->linear_square - ep->log_det + ep->d * log(2 * M_PI));
}

pdx_status pdx__hierarchy_evidence(pdx__hierarchy *h, double *log_z) {
    pdx__ep_report report = {0};
    PDX__TRY(pdx__ep_describe(&h->mean, NULL, &report));
    *log_z = report.log_evidence;
    for (int32_t k = 0; k < h->d; ++k) /* the link of a column that is not shared says nothing */
        if (h->sharing[h->mean.column[k]] == PDX__OWN)
            *log_z += h->groups * (0.5 * log(2 * M_PI) + log(h->scale[k]));
    for (int32_t g = 0; g < h->groups; ++g) {
        pdx__branch *b = &h->branch[g];
        PDX__TRY(pdx__ep_describe(&b->ep, NULL, &report));
        *log_z += report.log_evidence - gaussian_part(&b->ep) + b->log_constant;
    }
    return PDX_OK;
}

void pdx__hierarchy_branch(const pdx__hierarchy *h, int32_t g, double *root, double *y_matrix,
                           double *y) {
    const pdx__branch *b = &h->branch[g];
    const size_t square = (size_t)h->ld * (size_t)h->ld;
    h->workspace->kernels->across(h->d, b->precision, b->linear, h->scale, h->scratch + square,
                                  h->scratch + 2 * square, root, y_matrix, y);
}
