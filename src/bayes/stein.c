/* Weighted least squares of what is wanted on control variates whose posterior mean is zero: the
 * intercept is the estimate. One Gram matrix a randomisation, so that the spread between them gives
 * the standard error. */
#include "stein.h"

#include <math.h>
#include <string.h>

#include "core/linalg.h"
#include "kernels.h"
#include "logit_target.h"
#include "workspace.h"

enum { WANTED = 3, MOST_COLUMNS = 1024 }; /* a, a^2 and [a > 0] of each weight */

/* Columns of one draw: 1, the controls, what is wanted. */
typedef struct layout {
    int32_t d, functions, controls, columns;
} layout;

static layout plan(int32_t d) {
    layout l = {.d = d, .functions = 4};
    while (l.functions > 0 && 1 + d * (l.functions + WANTED) > MOST_COLUMNS) --l.functions;
    l.controls = 1 + d * l.functions;
    l.columns = l.controls + d * WANTED;
    return l;
}

/* One draw into column `at` of block[columns][PDX__BLOCK]; in units of EP's sd. */
static void put_draw(const layout *l, const pdx__ep *ep, const double *a, const double *score,
                     double *block, int32_t at) {
    double *out = block + at;
    *out = 1;
    out += PDX__BLOCK;
    for (int32_t k = 0; k < l->d; ++k) {
        double x = a[k] / ep->sd[k], g = score[k] * ep->sd[k];
        double size = fabs(x), side = (double)((x > 0) - (x < 0));
        double stein[4] = {g, 1 + x * g, side + size * g, 2 * size + x * size * g};
        for (int32_t f = 0; f < l->functions; ++f, out += PDX__BLOCK) *out = stein[f];
    }
    for (int32_t k = 0; k < l->d; ++k) {
        double off = (a[k] - ep->mean[k]) / ep->sd[k];
        double wanted[WANTED] = {off, off * off, a[k] > 0};
        for (int32_t f = 0; f < WANTED; ++f, out += PDX__BLOCK) *out = wanted[f];
    }
}

/* Gram matrix of the draws of one randomisation: gram[columns padded]^2, lower triangle. */
static void add_draws(const layout *l, const pdx__stis *stis, const pdx__ep *ep,
                      const pdx__target *target, int64_t from, int64_t to, double *block,
                      double *sums, double *point) {
    const pdx__kernels *kernels = ep->workspace->kernels;
    double weight[PDX__BLOCK], zero[PDX__BLOCK] = {0};
    for (int64_t first = from; first < to; first += PDX__BLOCK) {
        int32_t count = (int32_t)(to - first < PDX__BLOCK ? to - first : PDX__BLOCK);
        for (int32_t i = 0; i < count; ++i) {
            for (int32_t k = 0; k < l->d; ++k) point[k] = stis->draw[k * stis->n + first + i];
            target->value(target->context, point, point + l->d);
            put_draw(l, ep, point, point + l->d, block, i);
            weight[i] = stis->weight[first + i];
        }
        int32_t padded = (count + PDX__PANEL - 1) / PDX__PANEL * PDX__PANEL;
        for (int32_t c = 0; c < l->columns; ++c)
            for (int32_t i = count; i < padded; ++i) block[(size_t)c * PDX__BLOCK + i] = 0;
        for (int32_t i = count; i < padded; ++i) weight[i] = 0;
        kernels->gram_add(sums, block, padded, weight, zero, l->columns);
    }
}

typedef struct rooms {
    double *block, *sums, *gram, *part, *total, *normal, *beta, *point;
} rooms;

static pdx_status take_rooms(rooms *r, const layout *l, const pdx__kernels *kernels) {
    size_t ld = (size_t)pdx__column_pad(l->columns), m = (size_t)l->controls;
    r->block = pdx__alloc_aligned(ld * PDX__BLOCK, sizeof(double));
    r->sums = pdx__alloc_aligned((size_t)kernels->gram_doubles(l->columns), sizeof(double));
    r->gram = pdx__alloc_aligned(ld * ld + ld, sizeof(double));
    r->total = pdx__alloc_zero(ld * ld, sizeof(double));
    r->part = pdx__alloc_zero(PDX__RANDOMISATIONS * ld, sizeof(double));
    r->normal = pdx__alloc(m * m, sizeof(double));
    r->beta = pdx__alloc(m, sizeof(double));
    r->point = pdx__alloc(2 * (size_t)l->d, sizeof(double));
    return r->block && r->sums && r->gram && r->total && r->part && r->normal && r->beta && r->point
               ? PDX_OK
               : PDX_ENOMEM;
}

static void free_rooms(rooms *r) {
    double *all[] = {r->block, r->sums, r->gram, r->part, r->total, r->normal, r->beta, r->point};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i) pdx__free(all[i]);
}

/* The normal matrix of the controls, with a ridge far below what matters: two controls may be the
 * same (a column of zeros has score -sign(a)/b). */
static pdx_status factor_controls(const layout *l, rooms *r) {
    size_t ld = (size_t)pdx__column_pad(l->columns), m = (size_t)l->controls;
    for (size_t i = 0; i < m; ++i) {
        for (size_t k = 0; k <= i; ++k) r->normal[i * m + k] = r->total[i * ld + k];
        r->normal[i * m + i] *= 1 + 1e-10;
        r->normal[i * m + i] += 1e-14;
    }
    return pdx__cholesky((int32_t)m, r->normal);
}

/* Estimate of wanted column c, and its standard error over randomisations. */
static double estimate(const layout *l, rooms *r, int32_t c, double *se) {
    size_t ld = (size_t)pdx__column_pad(l->columns);
    double spread = 0;
    for (int32_t i = 0; i < l->controls; ++i) r->beta[i] = r->total[(size_t)c * ld + (size_t)i];
    pdx__cholesky_solve(l->controls, r->normal, r->beta);
    for (int p = 0; p < PDX__RANDOMISATIONS; ++p) {
        const double *sum = r->part + (size_t)p * ld;
        double off = sum[c];
        for (int32_t i = 0; i < l->controls; ++i) off -= r->beta[i] * sum[i];
        spread += off * off;
    }
    *se = sqrt(spread * PDX__RANDOMISATIONS / (PDX__RANDOMISATIONS - 1.0));
    return r->beta[0];
}

static pdx_status sharpen(pdx__stis *stis, const pdx__ep *ep, const layout *l, rooms *r,
                          const pdx__target *target) {
    const pdx__kernels *kernels = ep->workspace->kernels;
    const size_t ld = (size_t)pdx__column_pad(l->columns);
    const int64_t each = stis->n / PDX__RANDOMISATIONS;
    for (int p = 0; p < PDX__RANDOMISATIONS; ++p) {
        memset(r->sums, 0, (size_t)kernels->gram_doubles(l->columns) * sizeof(double));
        add_draws(l, stis, ep, target, p * each, (p + 1) * each, r->block, r->sums, r->point);
        kernels->gram_finish(r->sums, l->columns, r->gram, r->gram + ld * ld);
        for (size_t i = 0; i < (size_t)l->columns; ++i) {
            r->part[(size_t)p * ld + i] = r->gram[i * ld];
            for (size_t k = 0; k <= i; ++k) r->total[i * ld + k] += r->gram[i * ld + k];
        }
    }
    PDX__TRY(factor_controls(l, r));
    for (int32_t k = 0; k < l->d; ++k) {
        double se, unused;
        double mean = estimate(l, r, l->controls + WANTED * k, &se);
        double square = estimate(l, r, l->controls + WANTED * k + 1, &unused);
        double positive = estimate(l, r, l->controls + WANTED * k + 2, &unused);
        if (!isfinite(mean + square) || square <= mean * mean) return PDX_ENUMERIC;
        stis->mean[k] = ep->mean[k] + mean * ep->sd[k];
        stis->sd[k] = sqrt(square - mean * mean) * ep->sd[k];
        stis->mean_se[k] = se * ep->sd[k];
        stis->prob_positive[k] = fmin(fmax(positive, 0), 1);
    }
    return PDX_OK;
}

pdx_status pdx__stein_sharpen(pdx__stis *stis, const pdx__ep *ep) {
    layout l = plan(stis->d);
    if (l.functions == 0 || l.d == 0) return PDX_OK; /* too many weights: plain averages */
    rooms r = {0};
    pdx__logit_target *logit = NULL;
    pdx_status status = take_rooms(&r, &l, ep->workspace->kernels);
    if (status == PDX_OK) status = pdx__logit_target_create(&logit, ep->problem);
    if (status == PDX_OK) {
        pdx__target target = pdx__logit_target_seam(logit);
        status = sharpen(stis, ep, &l, &r, &target);
        if (status == PDX_ENUMERIC) status = PDX_OK; /* no worse than before */
    }
    pdx__logit_target_free(logit);
    free_rooms(&r);
    return status;
}
