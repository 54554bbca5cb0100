/* Diagnostics of draws: split R-hat, effective sample sizes, Pareto-smoothed weights.
 *
 * Autocovariances are summed directly, lag by lag, and only as far as Geyer's initial monotone
 * sequence reaches: for chains worth keeping that is some tens of lags, fewer operations than a
 * fast Fourier transform. Importance weights are taken as
 * independent (relative efficiency 1). */
#include "diagnose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "normal.h"

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* 1 where all values are finite and not all the same. */
static int varies(const double *value, int64_t n) {
    int different = 0;
    for (int64_t i = 0; i < n; ++i) {
        if (!isfinite(value[i])) return 0;
        different |= value[i] != value[0];
    }
    return different;
}

/* Halves of every chain as chains of their own, the middle draw of an odd length left out. */
static pdx_status split_chains(double **out, const double *draws, int32_t chains, int64_t length) {
    int64_t half = length / 2;
    double *split = pdx__alloc((size_t)(2 * chains * half), sizeof *split);
    *out = split;
    if (!split) return PDX_ENOMEM;
    for (int32_t c = 0; c < chains; ++c) {
        const double *chain = draws + c * length;
        memcpy(split + 2 * c * half, chain, (size_t)half * sizeof *split);
        memcpy(split + (2 * c + 1) * half, chain + length - half, (size_t)half * sizeof *split);
    }
    return PDX_OK;
}

/* Value and place of a draw, for ranking. */
typedef struct ranked {
    double value;
    int64_t place;
} ranked;

static int compare_ranked(const void *a, const void *b) {
    return compare_doubles(&((const ranked *)a)->value, &((const ranked *)b)->value);
}

/* Replaces n values by the normal scores of their fractional ranks; ties share the mean rank.
 * Returns the median of the values too, where it is asked for. */
static pdx_status rank_normalise(double *value, int64_t n, double *median) {
    ranked *order = pdx__alloc((size_t)n, sizeof *order);
    if (!order) return PDX_ENOMEM;
    for (int64_t i = 0; i < n; ++i) order[i] = (ranked){value[i], i};
    qsort(order, (size_t)n, sizeof *order, compare_ranked);
    if (median) *median = 0.5 * (order[(n - 1) / 2].value + order[n / 2].value);
    for (int64_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && order[end].value == order[i].value;) ++end;
        double rank = 0.5 * (double)(i + 1 + end);
        double score = pdx__normal_quantile((rank - 0.375) / ((double)n + 0.25));
        for (int64_t k = i; k < end; ++k) value[order[k].place] = score;
    }
    pdx__free(order);
    return PDX_OK;
}

/* Mean and variance (n - 1) of one chain. */
static void moments(const double *chain, int64_t n, double *mean, double *variance) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; ++i) sum += chain[i];
    *mean = sum / (double)n;
    for (int64_t i = 0; i < n; ++i) squares += (chain[i] - *mean) * (chain[i] - *mean);
    *variance = squares / (double)(n - 1);
}

/* Mean within-chain variance W and variance of the chain means B/n. */
static void variances(const double *draws, int32_t chains, int64_t n, double *within,
                      double *between) {
    double mean_of_means = 0, sum = 0;
    *within = *between = 0;
    for (int32_t c = 0; c < chains; ++c) {
        double mean, variance;
        moments(draws + c * n, n, &mean, &variance);
        *within += variance / chains;
        /* Welford's update: exact where the means agree to many digits */
        double step = mean - mean_of_means;
        mean_of_means += step / (c + 1);
        sum += step * (mean - mean_of_means);
    }
    if (chains > 1) *between = sum / (chains - 1);
}

static double potential_scale_reduction(const double *draws, int32_t chains, int64_t n) {
    double within, between;
    variances(draws, chains, n, &within, &between);
    return sqrt(between / within + (double)(n - 1) / (double)n);
}

/* Mean over chains of the autocovariance at `lag`; draws are centred within chains. */
static double autocovariance(const double *centred, int32_t chains, int64_t n, int64_t lag) {
    double sum = 0;
    for (int32_t c = 0; c < chains; ++c) {
        const double *x = centred + c * n;
        double part[4] = {0};
        int64_t i = 0;
        for (; i + 4 + lag <= n; i += 4)
            for (int k = 0; k < 4; ++k) part[k] += x[i + k] * x[i + k + lag];
        for (; i + lag < n; ++i) part[0] += x[i] * x[i + lag];
        sum += part[0] + part[1] + (part[2] + part[3]);
    }
    return sum / ((double)n * chains);
}

/* Effective sample size of chains of n draws, centred within chains as a side effect. Geyer's
 * initial monotone sequence on the sums of neighbouring autocorrelations (Vehtari et al. 2021,
 * section 3); the first even autocorrelation past the end is added once where it is positive, which
 * matters for antithetic chains only. */
static double effective_size(double *draws, int32_t chains, int64_t n) {
    double within, between, total = (double)chains * (double)n;
    if (!varies(draws, chains * n)) return NAN;
    variances(draws, chains, n, &within, &between);
    double marginal = within * (double)(n - 1) / (double)n + between;
    for (int32_t c = 0; c < chains; ++c) {
        double mean, variance;
        moments(draws + c * n, n, &mean, &variance);
        for (int64_t i = 0; i < n; ++i) draws[c * n + i] -= mean;
    }
    double even = 1;
    double odd = 1 - (within - autocovariance(draws, chains, n, 1)) / marginal;
    double sum = 0, lowest = INFINITY;
    int64_t t = 1;
    while (t < n - 3 && even + odd > 0) {
        lowest = fmin(lowest, even + odd);
        sum += lowest;
        even = 1 - (within - autocovariance(draws, chains, n, t + 1)) / marginal;
        odd = 1 - (within - autocovariance(draws, chains, n, t + 2)) / marginal;
        t += 2;
    }
    double time = -1 + 2 * sum + fmax(even, 0);
    return total / fmax(time, 1 / log10(total));
}

static pdx_status check_draws(const double *draws, int32_t chains, int64_t length,
                              const double *out) {
    PDX__REQUIRE(draws && out && chains > 0 && length >= 0, "draws of %d chains of %lld", chains,
                 (long long)length);
    return PDX_OK;
}

enum { SHORTEST_CHAIN = 4 };

pdx_status pdx__rhat_and_bulk(const double *draws, int32_t chains, int64_t length, double *rhat,
                              double *bulk) {
    PDX__TRY(check_draws(draws, chains, length, rhat));
    PDX__TRY(check_draws(draws, chains, length, bulk));
    *rhat = *bulk = NAN;
    if (length < SHORTEST_CHAIN || !varies(draws, chains * length)) return PDX_OK;
    double *split = NULL, *folded = NULL, median;
    int64_t half = length / 2, n = 2 * chains * half;
    pdx_status status;
    PDX__GO(split_chains(&split, draws, chains, length));
    PDX__GO(split_chains(&folded, draws, chains, length));
    PDX__GO(rank_normalise(split, n, &median));
    for (int64_t i = 0; i < n; ++i) folded[i] = fabs(folded[i] - median);
    PDX__GO(rank_normalise(folded, n, NULL));
    double location = potential_scale_reduction(split, 2 * chains, half);
    double spread = potential_scale_reduction(folded, 2 * chains, half);
    *rhat = location > spread || isnan(spread) ? location : spread;
    *bulk = effective_size(split, 2 * chains, half);
done:
    pdx__free(split);
    pdx__free(folded);
    return status;
}

pdx_status pdx__ess_mean(const double *draws, int32_t chains, int64_t length, double *ess) {
    PDX__TRY(check_draws(draws, chains, length, ess));
    *ess = NAN;
    if (length < SHORTEST_CHAIN || !varies(draws, chains * length)) return PDX_OK;
    double *split = NULL;
    PDX__TRY(split_chains(&split, draws, chains, length));
    *ess = effective_size(split, 2 * chains, length / 2);
    pdx__free(split);
    return PDX_OK;
}

/* Quantile of sorted values, linear between order statistics (type 7). */
static double sorted_quantile(const double *sorted, int64_t n, double p) {
    double place = p * (double)(n - 1), low = floor(place);
    int64_t i = (int64_t)low, next = i + 1 < n ? i + 1 : i;
    return sorted[i] + (place - low) * (sorted[next] - sorted[i]);
}

pdx_status pdx__ess_tail(const double *draws, int32_t chains, int64_t length, double *ess) {
    PDX__TRY(check_draws(draws, chains, length, ess));
    *ess = NAN;
    if (length < SHORTEST_CHAIN || !varies(draws, chains * length)) return PDX_OK;
    double *split = NULL, *indicator = NULL, least = INFINITY;
    int64_t half = length / 2, n = 2 * chains * half;
    pdx_status status;
    PDX__GO(split_chains(&split, draws, chains, length));
    indicator = pdx__alloc((size_t)(chains * length), sizeof *indicator);
    PDX__GO(indicator ? PDX_OK : PDX_ENOMEM);
    memcpy(indicator, draws, (size_t)(chains * length) * sizeof *indicator);
    qsort(indicator, (size_t)(chains * length), sizeof *indicator, compare_doubles);
    double edge[2] = {sorted_quantile(indicator, chains * length, 0.05),
                      sorted_quantile(indicator, chains * length, 0.95)};
    for (int k = 0; k < 2; ++k) {
        for (int64_t i = 0; i < n; ++i) indicator[i] = split[i] <= edge[k];
        double size = effective_size(indicator, 2 * chains, half);
        if (isnan(size) || size < least) least = size;
    }
    *ess = least;
done:
    pdx__free(split);
    pdx__free(indicator);
    return status;
}

/* Generalised Pareto distribution on n sorted exceedances by the quasi-Bayesian estimate of Zhang &
 * Stephens 2009; the shape is shrunk towards 1/2 with the weight of ten observations. `work` has
 * 2 (30 + sqrt(n)) places. */
static void fit_pareto(const double *excess, int64_t n, double *work, double *shape,
                       double *scale) {
    int64_t grid = 30 + (int64_t)sqrt((double)n);
    double *theta = work, *log_profile = work + grid;
    double quartile = excess[(int64_t)((double)n / 4 + 0.5) - 1], highest = -INFINITY;
    for (int64_t g = 0; g < grid; ++g) {
        theta[g] =
            (1 - sqrt((double)grid / ((double)g + 0.5))) / (3 * quartile) + 1 / excess[n - 1];
        double k = 0;
        for (int64_t i = 0; i < n; ++i) k += log1p(-theta[g] * excess[i]);
        k /= (double)n;
        log_profile[g] = (double)n * (log(-theta[g] / k) - k - 1);
        if (log_profile[g] > highest) highest = log_profile[g];
    }
    double sum = 0, mean = 0;
    for (int64_t g = 0; g < grid; ++g) {
        double weight = exp(log_profile[g] - highest);
        if (!(weight > 0)) continue; /* NaN too: theta = 0 */
        sum += weight;
        mean += weight * theta[g];
    }
    mean /= sum;
    double k = 0;
    for (int64_t i = 0; i < n; ++i) k += log1p(-mean * excess[i]);
    k /= (double)n;
    *scale = -k / mean;
    *shape = ((double)n * k + 5) / ((double)n + 10);
}

static double pareto_quantile(double p, double shape, double scale) {
    double log_survival = log1p(-p);
    return shape == 0 ? -scale * log_survival : scale * expm1(-shape * log_survival) / shape;
}

pdx_status pdx__psis(const double *log_weight, int64_t n, double *khat, double *smoothed) {
    PDX__REQUIRE(log_weight && khat && n > 0, "%lld weights", (long long)n);
    double highest = -INFINITY;
    int undefined = 0;
    for (int64_t i = 0; i < n; ++i) {
        undefined |= isnan(log_weight[i]);
        if (log_weight[i] > highest) highest = log_weight[i];
    }
    if (undefined || !isfinite(highest)) { /* no weight, an infinite one or an undefined one */
        *khat = INFINITY;
        for (int64_t i = 0; smoothed && i < n; ++i) smoothed[i] = NAN;
        return PDX_OK;
    }
    *khat = NAN;
    ranked *order = pdx__alloc((size_t)n, sizeof *order);
    double *excess = NULL;
    pdx_status status = order ? PDX_OK : PDX_ENOMEM;
    if (!order) goto done;
    for (int64_t i = 0; i < n; ++i) order[i] = (ranked){log_weight[i] - highest, i};
    qsort(order, (size_t)n, sizeof *order, compare_ranked);
    for (int64_t i = 0; smoothed && i < n; ++i) smoothed[order[i].place] = order[i].value;

    int64_t tail = (int64_t)ceil(fmin((double)n / 5, 3 * sqrt((double)n)));
    if (tail < n) {
        double log_cut = fmax(order[n - tail - 1].value, -708); /* exp() stays a normal number */
        int64_t first = n - tail, distinct = 0;
        while (first < n && order[first].value <= log_cut) ++first;
        while (first > 0 && order[first - 1].value > log_cut) --first;
        tail = n - first;
        for (int64_t i = first; i < n; ++i)
            distinct += i == first || order[i].value != order[i - 1].value;
        excess = pdx__alloc((size_t)(tail + 2 * (31 + (int64_t)sqrt((double)n))), sizeof *excess);
        status = excess ? PDX_OK : PDX_ENOMEM;
        if (!excess) goto done;
        if (distinct >= 5) {
            double cut = exp(log_cut), scale;
            for (int64_t i = 0; i < tail; ++i) excess[i] = exp(order[first + i].value) - cut;
            fit_pareto(excess, tail, excess + tail, khat, &scale);
            for (int64_t i = 0; smoothed && isfinite(*khat) && i < tail; ++i) {
                double p = ((double)i + 0.5) / (double)tail;
                double value = log(pareto_quantile(p, *khat, scale) + cut);
                smoothed[order[first + i].place] = fmin(value, 0);
            }
        }
    }
    if (smoothed) {
        double sum = 0;
        for (int64_t i = 0; i < n; ++i) sum += exp(smoothed[i]);
        for (int64_t i = 0; i < n; ++i) smoothed[i] -= log(sum);
    }
done:
    pdx__free(order);
    pdx__free(excess);
    return status;
}
