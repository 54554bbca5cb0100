/* What is made of weighted draws: covariance, quantiles, equally weighted draws. */
#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "stis.h"

void pdx__stis_covariance(const pdx__stis *stis, double *covariance) {
    const int32_t d = stis->d;
    for (int32_t j = 0; j < d; ++j)
        for (int32_t k = 0; k <= j; ++k) {
            const double *a = stis->draw + j * stis->n, *b = stis->draw + k * stis->n;
            double sum = 0;
            for (int64_t i = 0; i < stis->n; ++i)
                sum += stis->weight[i] * (a[i] - stis->mean[j]) * (b[i] - stis->mean[k]);
            covariance[(size_t)j * d + k] = covariance[(size_t)k * d + j] = sum;
        }
}

pdx_status pdx__stis_quantiles(const pdx__stis *stis, int32_t k, const double *probs, int32_t count,
                               double *out) {
    /* weights gathered in narrow cells between the extremes, linear within a cell: no sort */
    enum { CELLS = 8192 };
    const double *a = stis->draw + k * stis->n;
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < stis->n; ++i) {
        if (stis->weight[i] == 0) continue;
        low = fmin(low, a[i]);
        high = fmax(high, a[i]);
    }
    double *cell = pdx__alloc_zero(CELLS, sizeof *cell);
    if (!cell) return PDX_ENOMEM;
    const double width = (high - low) / CELLS;
    for (int64_t i = 0; i < stis->n && width > 0; ++i) {
        double at = (a[i] - low) / width;
        if (stis->weight[i] > 0) cell[at < CELLS ? (int)at : CELLS - 1] += stis->weight[i];
    }
    double below = 0;
    int at = 0;
    for (int32_t q = 0; q < count; ++q) {
        if (q > 0 && probs[q] < probs[q - 1]) below = at = 0; /* they need not ascend */
        while (at < CELLS - 1 && below + cell[at] < probs[q]) below += cell[at++];
        double share = cell[at] > 0 ? (probs[q] - below) / cell[at] : 0;
        out[q] = low + width * (at + fmin(fmax(share, 0), 1));
    }
    pdx__free(cell);
    return PDX_OK;
}

pdx_status pdx__stis_resample(const pdx__stis *stis, int64_t count, uint64_t seed, uint64_t stream,
                              int64_t *index) {
    /* In random order: of Sobol points in their own order every second one would be half of the
     * cube. It also says nothing then which of two fits' draws are compared with each other. */
    int64_t *order = pdx__alloc((size_t)stis->n, sizeof *order);
    if (!order) return PDX_ENOMEM;
    pdx__rng rng;
    pdx__rng_init(&rng, seed, stream * 64);
    for (int64_t i = 0; i < stis->n; ++i) {
        int64_t other = (int64_t)pdx__rng_below(&rng, (uint64_t)i + 1);
        order[i] = order[other];
        order[other] = i;
    }
    double start = pdx__rng_uniform(&rng), sum = stis->weight[order[0]];
    int64_t from = 0;
    for (int64_t i = 0; i < count; ++i) {
        double at = ((double)i + start) / (double)count;
        while (sum < at && from < stis->n - 1) sum += stis->weight[order[++from]];
        index[i] = order[from];
    }
    pdx__free(order);
    return PDX_OK;
}
