/* Chunks of draws and their likelihood. */
#include "draws.h"

#include <math.h>
#include <string.h>

#include "cut.h"
#include "design.h"
#include "diagnose.h"
#include "row_source.h"

/* ---- the proposal ---- */

size_t pdx__proposal_doubles(const pdx__ep *ep) {
    return (size_t)ep->d * (size_t)(ep->ld + ep->d) + PDX__CHUNK;
}

/* The lower factor of the covariance root' root: with J the reversal of the order of coordinates,
 * precision = L L' means covariance = R' R with R = L^-1 lower, so its Cholesky factor is computed
 * afresh from the product. */
pdx_status pdx__proposal_open(pdx__proposal *out, const pdx__ep *ep, double *memory) {
    const int32_t d = ep->d, ld = ep->ld;
    double *covariance = memory + (size_t)d * ld;
    *out = (pdx__proposal){ep, memory, covariance + (size_t)d * d};
    pdx__ep_covariance(ep, covariance);
    for (int32_t j = 0; j < d; ++j) {
        double *row = out->factor + (size_t)j * ld;
        for (int32_t k = 0; k <= j; ++k) {
            const double *other = out->factor + (size_t)k * ld;
            double sum = covariance[(size_t)j * d + k];
            for (int32_t i = 0; i < k; ++i) sum -= row[i] * other[i];
            if (k < j) row[k] = sum / other[k];
            else if (sum > 0) row[k] = sqrt(sum);
            else return pdx__fail(PDX_ENUMERIC, "the covariance of EP is singular");
        }
    }
    return PDX_OK;
}

void pdx__proposal_draw(const pdx__proposal *proposal, const double *u, int64_t u_stride,
                        int32_t count, const double *theta, double *a, double *z,
                        double *log_density) {
    const pdx__ep *ep = proposal->ep;
    const pdx__kernels *kernels = ep->workspace->kernels;
    double *mean = proposal->mean;
    for (int32_t k = 0; k < ep->d; ++k) {
        const double *row = proposal->factor + (size_t)k * ep->ld;
        const double scale = row[k], precision = 1 / (scale * scale);
        double *z_k = z + (size_t)k * PDX__STRIDE, *a_k = a + (size_t)k * PDX__STRIDE;
        kernels->combine(mean, count, ep->mean[k], k, row, z, PDX__STRIDE);
        for (int32_t i = 0; theta && i < count; ++i)
            mean[i] += pdx__cut_shift(ep->problem->cut->proposal, theta[i], k);
        if (ep->rate[k] > 0) {
            double lam = precision - ep->site_precision[k];
            pdx__half_lines lines = {.count = count,
                                     .precision = precision,
                                     .lam = lam > 1e-14 * precision ? lam : 0,
                                     .site_linear = ep->site_linear[k],
                                     .rate = ep->rate[k],
                                     .mean = mean,
                                     .u = u + k * u_stride,
                                     .a = a_k,
                                     .z = z_k,
                                     .log_density = log_density};
            kernels->half_lines(&lines);
            continue;
        }
        /* Gaussian or flat prior: q's conditional, with its own density against the prior's */
        const double g = ep->gaussian[k];
        const double base = 0.5 * log(precision) - (g > 0 ? 0.5 * log(g) : 0.5 * log(2 * M_PI));
        kernels->normal_quantiles(count, u + k * u_stride, z_k);
        for (int32_t i = 0; i < count; ++i) {
            a_k[i] = mean[i] + scale * z_k[i];
            log_density[i] += base - 0.5 * z_k[i] * z_k[i] + 0.5 * g * a_k[i] * a_k[i];
        }
    }
}

/* ---- the likelihood ---- */

/* Rows of one block for the likelihood. */
typedef struct loss_rows {
    int32_t count;
    double weight[PDX__BLOCK], offset[PDX__BLOCK], linear[PDX__BLOCK], band[PDX__BLOCK];
    float weight_float[PDX__BLOCK], offset_float[PDX__BLOCK], band_float[PDX__BLOCK];
} loss_rows;

static void load_rows(const pdx__problem *problem, int64_t b, loss_rows *r) {
    const int64_t first = b * PDX__BLOCK;
    const int32_t rows = pdx__design_block_rows(problem->design, b);
    r->count = pdx__design_block_panels(problem->design, b) * PDX__PANEL;
    for (int32_t i = 0; i < r->count; ++i) {
        int real = i < rows;
        r->weight[i] = !real ? 0 : problem->weight ? problem->weight[first + i] : 1;
        r->offset[i] = real && problem->offset ? problem->offset[first + i] : 0;
        r->linear[i] = real ? r->weight[i] * (problem->y[first + i] - 0.5) : 0;
        r->weight_float[i] = (float)r->weight[i];
        r->band[i] = real && problem->cut ? problem->cut->band[first + i] : 0;
        r->offset_float[i] = (float)r->offset[i];
        r->band_float[i] = (float)r->band[i];
    }
}

size_t pdx__draw_rows_doubles(const pdx__ep *ep) {
    return (size_t)pdx__coordinates(ep) + PDX__CHUNK;
}

size_t pdx__draw_rows_floats(const pdx__ep *ep) {
    return (size_t)pdx__coordinates(ep) * (PDX__STRIDE + PDX__BLOCK) + PDX__CHUNK;
}

/* Sums over rows that are the same for every draw, and whether single precision will do: its
 * rounding, 6e-8 of each row's w |eta|, must stay below 1e-3 in the log weight. */
pdx_status pdx__draw_rows_open(pdx__draw_rows *out, const pdx__ep *ep, double *memory,
                               float *floats) {
    const pdx__problem *problem = ep->problem;
    const pdx__kernels *kernels = ep->workspace->kernels;
    *out = (pdx__draw_rows){.problem = problem,
                            .ep = ep,
                            .d = pdx__coordinates(ep),
                            .linear = memory,
                            .draw_float = floats};
    out->loss = memory + out->d;
    out->block_float = floats + (size_t)out->d * PDX__STRIDE;
    out->width_float = out->block_float + (size_t)out->d * PDX__BLOCK;
    loss_rows r;
    double mean[PDX__BLOCK], square = 0;
    memset(out->linear, 0, (size_t)out->d * sizeof *out->linear);
    for (int64_t b = 0; b < pdx__design_blocks(problem->design); ++b) {
        load_rows(problem, b, &r);
        pdx__design_expand(problem->design, kernels, b, ep->column, out->d, ep->block);
        kernels->project(out->linear, ep->block, r.count, r.linear, out->d);
        kernels->moments(mean, NULL, ep->block, r.count, ep->mean, NULL, ep->d);
        for (int32_t i = 0; i < r.count; ++i) {
            double size = r.weight[i] * (1 + fabs(mean[i]) + fabs(r.offset[i]));
            out->constant += r.linear[i] * r.offset[i];
            square += size * size;
        }
    }
    if (problem->source) PDX__TRY(pdx__source_linear(ep, out->linear, &out->constant, &square));
    out->in_float = sqrt(square) * 6e-8 <= 1e-3 && problem->design->largest <= 1e4;
    return PDX_OK;
}

pdx_status pdx__draw_rows_likelihood(const pdx__draw_rows *rows, double *a, const double *width,
                                     int32_t count, double *log_likelihood) {
    const pdx__problem *problem = rows->problem;
    const pdx__ep *ep = rows->ep;
    const pdx__kernels *kernels = ep->workspace->kernels;
    const float *width_float = width ? rows->width_float : NULL;
    loss_rows r;
    for (int32_t i = 0; width && i < count; ++i) rows->width_float[i] = (float)width[i];
    if (rows->in_float) /* the draw is what the likelihood saw */
        for (int32_t k = 0; k < rows->d; ++k)
            for (int32_t i = 0; i < count; ++i)
                a[k * PDX__STRIDE + i] = rows->draw_float[k * PDX__STRIDE + i] =
                    (float)a[k * PDX__STRIDE + i];
    memset(rows->loss, 0, (size_t)count * sizeof(double));
    for (int64_t b = 0; b < pdx__design_blocks(problem->design); ++b) {
        load_rows(problem, b, &r);
        if (rows->in_float) {
            pdx__design_expand_float(problem->design, kernels, b, ep->column, rows->d,
                                     rows->block_float);
            kernels->loss_float(rows->loss, rows->draw_float, PDX__STRIDE, count, rows->block_float,
                                r.count, r.weight_float, r.offset_float, r.band_float, width_float,
                                rows->d);
        } else {
            pdx__design_expand(problem->design, kernels, b, ep->column, rows->d, ep->block);
            kernels->loss(rows->loss, a, PDX__STRIDE, count, ep->block, r.count, r.weight, r.offset,
                          r.band, width, rows->d);
        }
    }
    if (problem->source)
        PDX__TRY(pdx__source_loss(ep, a, PDX__STRIDE, count, rows->in_float, rows->loss));
    kernels->combine(log_likelihood, count, rows->constant, rows->d, rows->linear, a, PDX__STRIDE);
    for (int32_t i = 0; i < count; ++i) log_likelihood[i] -= rows->loss[i];
    return PDX_OK;
}

/* ---- weights ---- */

pdx_status pdx__weigh(double *log_weight, double *weight, int64_t n, pdx__weighing *out) {
    double top = -INFINITY, sum = 0, square = 0, mean = 0, spread = 0;
    for (int64_t i = 0; i < n; ++i) {
        if (isnan(log_weight[i])) log_weight[i] = -INFINITY;
        top = fmax(top, log_weight[i]);
    }
    if (!isfinite(top)) return pdx__fail(PDX_ENUMERIC, "no importance weight is finite");
    for (int64_t i = 0; i < n; ++i) {
        double w = exp(log_weight[i] - top);
        weight[i] = w;
        sum += w;
        square += w * w;
        mean += (log_weight[i] - top) / (double)n;
    }
    for (int64_t i = 0; i < n; ++i) {
        double off = log_weight[i] - top - mean;
        weight[i] /= sum;
        spread += off * off;
    }
    out->ess_fraction = sum * sum / square / (double)n;
    out->sd_log_weight = sqrt(spread / (double)n);
    out->log_mean = top + log(sum / (double)n);
    out->khat = NAN; /* says nothing where the weights are all but equal */
    if (out->sd_log_weight >= 0.01 && isfinite(out->sd_log_weight))
        PDX__TRY(pdx__psis(log_weight, n, &out->khat, NULL));
    return PDX_OK;
}
