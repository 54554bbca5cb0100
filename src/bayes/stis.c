/* The sampler itself: chunks of draws, coordinate by coordinate, then their likelihood over blocks
 * of rows. What is made of the weighted draws is in stis_summary.c. */
#include "stis.h"

#include <math.h>
#include <string.h>

#include "cut.h"
#include "design.h"
#include "diagnose.h"
#include "row_source.h"
#include "sobol.h"

/* Draws worked on at once: they stay in the cache with one block of rows. Columns are a little more
 * than that apart, so that they do not share cache sets. */
enum { CHUNK = 512, STRIDE = CHUNK + 16 };

typedef struct sampler {
    const pdx__ep *ep;
    const pdx__kernels *kernels;
    int32_t d, ld; /* coordinates; padded free columns */
    int in_float;
    double *factor;                    /* [free][ld] lower Cholesky factor of q's covariance */
    double *linear;                    /* [d] t = sum of w (y - 1/2) x */
    double constant;                   /* of the log weight */
    double *a, *z;                     /* [d][STRIDE] */
    double *mean, *log_density, *loss; /* [CHUNK] */
    double *theta, *width;             /* [CHUNK] of a cut, else not looked at */
    float *draw_float, *block_float, *width_float;
} sampler;

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

/* Sums over rows that are the same for every draw, and whether single precision will do: its
 * rounding, 6e-8 of each row's w |eta|, must stay below 1e-3 in the log weight. */
static pdx_status prepare_rows(sampler *s) {
    const pdx__problem *problem = s->ep->problem;
    loss_rows r;
    double mean[PDX__BLOCK], square = 0;
    memset(s->linear, 0, (size_t)s->d * sizeof *s->linear);
    for (int64_t b = 0; b < pdx__design_blocks(problem->design); ++b) {
        load_rows(problem, b, &r);
        pdx__design_expand(problem->design, s->kernels, b, s->ep->column, s->d, s->ep->block);
        s->kernels->project(s->linear, s->ep->block, r.count, r.linear, s->d);
        s->kernels->moments(mean, NULL, s->ep->block, r.count, s->ep->mean, NULL, s->ep->d);
        for (int32_t i = 0; i < r.count; ++i) {
            double size = r.weight[i] * (1 + fabs(mean[i]) + fabs(r.offset[i]));
            s->constant += r.linear[i] * r.offset[i];
            square += size * size;
        }
    }
    if (problem->source) PDX__TRY(pdx__source_linear(s->ep, s->linear, &s->constant, &square));
    s->in_float = sqrt(square) * 6e-8 <= 1e-3 && s->ep->problem->design->largest <= 1e4;
    for (int32_t k = 0; k < s->ep->d; ++k)
        if (s->ep->rate[k] > 0) s->constant += log(0.5 * s->ep->rate[k]);
    return PDX_OK;
}

/* theta of a chunk's draws from the last row of uniforms; the column of the cut. */
static void draw_cut(sampler *s, const double *u, int32_t count) {
    const pdx__cut *cut = s->ep->problem->cut;
    double *c = s->a + (size_t)s->ep->d * STRIDE;
    for (int32_t i = 0; i < count; ++i) {
        double log_density;
        s->theta[i] = pdx__cut_draw(cut->proposal, u[i], &log_density);
        const pdx__cut_values at = pdx__cut_at(cut->model, s->theta[i], NULL);
        c[i] = at.offset;
        s->width[i] = at.width;
        s->log_density[i] += log_density - at.prior - cut->ties * at.tie;
    }
}

/* Draws of one chunk from uniforms u[k * stride + i], and log density of the proposal less the
 * priors. */
static void draw_chunk(sampler *s, const double *u, int64_t stride, int32_t count) {
    const pdx__ep *ep = s->ep;
    const pdx__cut *cut = ep->problem->cut;
    memset(s->log_density, 0, (size_t)count * sizeof(double));
    if (cut) draw_cut(s, u + ep->d * stride, count);
    for (int32_t k = 0; k < ep->d; ++k) {
        const double *row = s->factor + (size_t)k * s->ld;
        const double scale = row[k], precision = 1 / (scale * scale);
        double *z = s->z + (size_t)k * STRIDE, *a = s->a + (size_t)k * STRIDE;
        s->kernels->combine(s->mean, count, ep->mean[k], k, row, s->z, STRIDE);
        for (int32_t i = 0; cut && i < count; ++i)
            s->mean[i] += pdx__cut_shift(cut->proposal, s->theta[i], k);
        if (ep->rate[k] > 0) {
            double lam = precision - ep->site_precision[k];
            pdx__half_lines lines = {.count = count,
                                     .precision = precision,
                                     .lam = lam > 1e-14 * precision ? lam : 0,
                                     .site_linear = ep->site_linear[k],
                                     .rate = ep->rate[k],
                                     .mean = s->mean,
                                     .u = u + k * stride,
                                     .a = a,
                                     .z = z,
                                     .log_density = s->log_density};
            s->kernels->half_lines(&lines);
            continue;
        }
        /* Gaussian or flat prior: q's conditional, with its own density against the prior's */
        const double g = ep->gaussian[k];
        const double base = 0.5 * log(precision) - (g > 0 ? 0.5 * log(g) : 0.5 * log(2 * M_PI));
        s->kernels->normal_quantiles(count, u + k * stride, z);
        for (int32_t i = 0; i < count; ++i) {
            a[i] = s->mean[i] + scale * z[i];
            s->log_density[i] += base - 0.5 * z[i] * z[i] + 0.5 * g * a[i] * a[i];
        }
    }
}

static pdx_status weigh_chunk(sampler *s, int32_t count, double *log_weight) {
    const pdx__problem *problem = s->ep->problem;
    const double *width = problem->cut ? s->width : NULL;
    const float *width_float = problem->cut ? s->width_float : NULL;
    loss_rows r;
    for (int32_t i = 0; width_float && i < count; ++i) s->width_float[i] = (float)width[i];
    if (s->in_float) /* the draw is what the likelihood saw */
        for (int32_t k = 0; k < s->d; ++k)
            for (int32_t i = 0; i < count; ++i)
                s->a[k * STRIDE + i] = s->draw_float[k * STRIDE + i] = (float)s->a[k * STRIDE + i];
    memset(s->loss, 0, (size_t)count * sizeof(double));
    for (int64_t b = 0; b < pdx__design_blocks(problem->design); ++b) {
        load_rows(problem, b, &r);
        if (s->in_float) {
            pdx__design_expand_float(problem->design, s->kernels, b, s->ep->column, s->d,
                                     s->block_float);
            s->kernels->loss_float(s->loss, s->draw_float, STRIDE, count, s->block_float, r.count,
                                   r.weight_float, r.offset_float, r.band_float, width_float, s->d);
        } else {
            pdx__design_expand(problem->design, s->kernels, b, s->ep->column, s->d, s->ep->block);
            s->kernels->loss(s->loss, s->a, STRIDE, count, s->ep->block, r.count, r.weight,
                             r.offset, r.band, width, s->d);
        }
    }
    if (problem->source)
        PDX__TRY(pdx__source_loss(s->ep, s->a, STRIDE, count, s->in_float, s->loss));
    s->kernels->combine(log_weight, count, s->constant, s->d, s->linear, s->a, STRIDE);
    for (int32_t i = 0; i < count; ++i) log_weight[i] -= s->loss[i] + s->log_density[i];
    return PDX_OK;
}

static pdx_status prepare(sampler *s, pdx__stis *out, const pdx__ep *ep, int64_t n) {
    pdx__workspace *workspace = ep->workspace;
    const size_t d = (size_t)pdx__coordinates(ep), ld = (size_t)ep->ld;
    *s = (sampler){.ep = ep, .kernels = workspace->kernels, .d = (int32_t)d, .ld = ep->ld};
    *out = (pdx__stis){.d = (int32_t)d, .n = n};
    size_t doubles = 2 * d * ld + 2 * d * STRIDE + 5 * CHUNK + 5 * d;
    double *points = pdx__workspace_take(workspace, PDX__SLOT_POINTS, doubles, sizeof(double));
    float *floats = pdx__workspace_take(workspace, PDX__SLOT_FLOATS,
                                        d * (STRIDE + PDX__BLOCK) + CHUNK, sizeof(float));
    out->draw = pdx__workspace_take(workspace, PDX__SLOT_DRAWS, d * (size_t)n, sizeof(double));
    out->weight = pdx__workspace_take(workspace, PDX__SLOT_WEIGHTS, 2 * (size_t)n, sizeof(double));
    if (!points || !floats || !out->draw || !out->weight) return PDX_ENOMEM;
    out->log_weight = out->weight + n;
    s->factor = points;
    s->a = s->factor + 2 * d * ld;
    s->z = s->a + d * STRIDE;
    s->mean = s->z + d * STRIDE;
    s->log_density = s->mean + CHUNK;
    s->loss = s->log_density + CHUNK;
    s->theta = s->loss + CHUNK;
    s->width = s->theta + CHUNK;
    s->linear = s->width + CHUNK;
    out->mean = s->linear + d;
    out->sd = out->mean + d;
    out->mean_se = out->sd + d;
    out->prob_positive = out->mean_se + d;
    s->draw_float = floats;
    s->block_float = floats + d * STRIDE;
    s->width_float = s->block_float + d * PDX__BLOCK;
    return PDX_OK;
}

/* The lower factor of the covariance root' root: with J the reversal of the order of coordinates,
 * precision = L L' means covariance = R' R with R = L^-1 lower, so its Cholesky factor is computed
 * afresh from the product. */
static pdx_status factor_covariance(sampler *s) {
    const int32_t d = s->ep->d, ld = s->ld;
    double *covariance = s->factor + (size_t)d * ld;
    pdx__ep_covariance(s->ep, covariance);
    for (int32_t j = 0; j < d; ++j) {
        double *row = s->factor + (size_t)j * ld;
        for (int32_t k = 0; k <= j; ++k) {
            const double *other = s->factor + (size_t)k * ld;
            double sum = covariance[(size_t)j * d + k];
            for (int32_t i = 0; i < k; ++i) sum -= row[i] * other[i];
            if (k < j) row[k] = sum / other[k];
            else if (sum > 0) row[k] = sqrt(sum);
            else return pdx__fail(PDX_ENUMERIC, "the covariance of EP is singular");
        }
    }
    return PDX_OK;
}

static pdx_status normalise(pdx__stis *out) {
    double top = -INFINITY, sum = 0, square = 0, mean = 0, spread = 0;
    for (int64_t i = 0; i < out->n; ++i) {
        if (isnan(out->log_weight[i])) out->log_weight[i] = -INFINITY;
        top = fmax(top, out->log_weight[i]);
    }
    if (!isfinite(top)) return pdx__fail(PDX_ENUMERIC, "no importance weight is finite");
    for (int64_t i = 0; i < out->n; ++i) {
        double w = exp(out->log_weight[i] - top);
        out->weight[i] = w;
        sum += w;
        square += w * w;
        mean += (out->log_weight[i] - top) / (double)out->n;
    }
    for (int64_t i = 0; i < out->n; ++i) {
        double off = out->log_weight[i] - top - mean;
        out->weight[i] /= sum;
        spread += off * off;
    }
    out->ess_fraction = sum * sum / square / (double)out->n;
    out->sd_log_weight = sqrt(spread / (double)out->n);
    out->log_evidence = top + log(sum / (double)out->n);
    out->khat = NAN; /* says nothing where the weights are all but equal */
    if (out->sd_log_weight >= 0.01 && isfinite(out->sd_log_weight))
        PDX__TRY(pdx__psis(out->log_weight, out->n, &out->khat, NULL));
    return PDX_OK;
}

/* Mean and sd of the weighted draws; the standard error of the mean from the spread of the mean
 * between randomisations, each of which weighs by its own sum of weights. */
static void summarise(pdx__stis *out) {
    const int64_t each = out->n / PDX__RANDOMISATIONS;
    for (int32_t k = 0; k < out->d; ++k) {
        const double *a = out->draw + k * out->n;
        double total = 0, square = 0, spread = 0, positive = 0;
        double part[PDX__RANDOMISATIONS], weight[PDX__RANDOMISATIONS];
        const double origin = a[0];
        for (int r = 0; r < PDX__RANDOMISATIONS; ++r) {
            double sum = 0, w = 0;
            for (int64_t i = r * each; i < (r + 1) * each; ++i) {
                double off = a[i] - origin, wo = out->weight[i] * off;
                sum += wo;
                square += wo * off;
                w += out->weight[i];
                positive += a[i] > 0 ? out->weight[i] : 0;
            }
            part[r] = sum;
            weight[r] = w;
            total += sum;
        }
        for (int r = 0; r < PDX__RANDOMISATIONS; ++r) {
            double off = part[r] - weight[r] * total;
            spread += off * off;
        }
        out->mean[k] = origin + total;
        out->prob_positive[k] = fmin(positive, 1);
        out->sd[k] = sqrt(fmax(square - total * total, 0));
        out->mean_se[k] = sqrt(spread * PDX__RANDOMISATIONS / (PDX__RANDOMISATIONS - 1.0));
    }
}

pdx_status pdx__stis_run(pdx__stis *out, const pdx__ep *ep, int64_t n, uint64_t seed,
                         uint64_t stream) {
    sampler s;
    PDX__TRY(prepare(&s, out, ep, n));
    PDX__TRY(factor_covariance(&s));
    PDX__TRY(prepare_rows(&s));
    const int64_t each = n / PDX__RANDOMISATIONS;
    for (int r = 0; r < PDX__RANDOMISATIONS; ++r) {
        pdx__rng rng;
        pdx__rng_init(&rng, seed, stream * 64 + 1 + (uint64_t)r);
        pdx__sobol_points(out->draw + r * each, n, s.d, each, &rng);
    }
    for (int64_t first = 0; first < n; first += CHUNK) {
        int32_t count = (int32_t)(n - first < CHUNK ? n - first : CHUNK);
        draw_chunk(&s, out->draw + first, n, count); /* which holds the uniforms */
        PDX__TRY(weigh_chunk(&s, count, out->log_weight + first));
        for (int32_t k = 0; k < s.d; ++k)
            memcpy(out->draw + k * n + first, k < ep->d ? s.a + k * STRIDE : s.theta,
                   (size_t)count * sizeof(double));
    }
    PDX__TRY(normalise(out));
    summarise(out);
    return PDX_OK;
}
