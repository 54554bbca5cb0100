/* What many edits say together: the slope of measured on predicted effects, and the weights that
 * the interventions alone would give. Both are small normal models; the slope and the spread are
 * integrated on a grid. */
#include <string.h>

#include "core/linalg.h"
#include "measure.h"

enum { SLOPES = 251, SPREADS = 15 };
static const double LEAST_SLOPE = -4, MOST_SLOPE = 6, MOST_SPREAD = 2, SPREAD_PRIOR = 0.5,
                    CAUSE_PRIOR = 0.5;

/* Cholesky with what it takes of a ridge: covariances of edits that move alike are singular. */
static pdx_status root_of(int32_t n, double *root, const double *a) {
    double trace = 0;
    for (int32_t i = 0; i < n; ++i) trace += a[i * n + i];
    for (double ridge = 1e-10; ridge < 1; ridge *= 100) {
        memcpy(root, a, (size_t)n * (size_t)n * sizeof *root);
        for (int32_t i = 0; i < n; ++i) root[i * n + i] += ridge * trace / n + 1e-14;
        if (pdx__cholesky(n, root) == PDX_OK) return PDX_OK;
    }
    return pdx__fail(PDX_ENUMERIC, "the effects of the edits have no covariance");
}

/* Mean and central 95 % of a density on ascending points. */
static pdx_estimate of_density(const double *x, const double *density, int32_t n) {
    double total = 0, mean = 0, below = 0;
    pdx_estimate out = {NAN, x[0], x[n - 1]};
    for (int32_t i = 0; i + 1 < n; ++i) {
        double mass = (density[i] + density[i + 1]) / 2 * (x[i + 1] - x[i]);
        total += mass;
        mean += mass * (x[i] + x[i + 1]) / 2;
    }
    out.value = mean / total;
    int low_found = 0, high_found = 0;
    for (int32_t i = 0; i + 1 < n; ++i) {
        double mass = (density[i] + density[i + 1]) / 2 * (x[i + 1] - x[i]) / total;
        double step = x[i + 1] - x[i];
        if (!low_found && below + mass >= 0.025) {
            out.low = x[i] + step * (0.025 - below) / mass;
            low_found = 1;
        }
        if (!high_found && below + mass >= 0.975) {
            out.high = x[i] + step * (0.975 - below) / mass;
            high_found = 1;
        }
        below += mass;
    }
    return out;
}

pdx_status pdx__calibrate(pdx_probe_calibration *out, int32_t n, const double *predicted,
                          const double *measured, const double *predicted_cov,
                          const double *measured_cov) {
    size_t square = (size_t)n * (size_t)n;
    out->edits = n;
    out->slope = out->spread = (pdx_estimate){NAN, NAN, NAN};
    out->prob_positive = NAN;
    double largest = 0;
    for (int32_t i = 0; i < n; ++i) largest = fmax(largest, fabs(predicted[i]));
    if (n < 3 || largest == 0) return PDX_OK;
    double *a = pdx__alloc(2 * square + (size_t)n + SLOPES * SPREADS, sizeof *a);
    if (!a) return PDX_ENOMEM;
    double *root = a + square, *gap = root + square, *log_density = gap + n, most = -INFINITY;
    double slope[SLOPES], spread[SPREADS], of_slope[SLOPES], of_spread[SPREADS];
    pdx_status status = PDX_OK;
    for (int32_t j = 0; j < SPREADS; ++j)
        spread[j] = MOST_SPREAD * pow((double)j / (SPREADS - 1), 2);
    for (int32_t i = 0; i < SLOPES; ++i)
        slope[i] = LEAST_SLOPE + (MOST_SLOPE - LEAST_SLOPE) * i / (SLOPES - 1);
    for (int32_t i = 0; i < SLOPES; ++i)
        for (int32_t j = 0; j < SPREADS; ++j) {
            double log_likelihood = 0, b = slope[i];
            for (size_t k = 0; k < square; ++k) a[k] = measured_cov[k] + b * b * predicted_cov[k];
            for (int32_t k = 0; k < n; ++k) {
                a[k * n + k] += spread[j] * spread[j];
                gap[k] = measured[k] - b * predicted[k];
            }
            PDX__GO(root_of(n, root, a));
            for (int32_t k = 0; k < n; ++k) log_likelihood -= log(root[k * n + k]);
            memcpy(a, gap, (size_t)n * sizeof *a);
            pdx__cholesky_solve(n, root, a);
            for (int32_t k = 0; k < n; ++k) log_likelihood -= gap[k] * a[k] / 2;
            log_likelihood -= spread[j] * spread[j] / (2 * SPREAD_PRIOR * SPREAD_PRIOR);
            log_density[i * SPREADS + j] = log_likelihood;
            most = fmax(most, log_likelihood);
        }
    memset(of_slope, 0, sizeof of_slope);
    memset(of_spread, 0, sizeof of_spread);
    for (int32_t i = 0; i < SLOPES; ++i)
        for (int32_t j = 0; j < SPREADS; ++j) {
            double density = exp(log_density[i * SPREADS + j] - most);
            double before = j ? spread[j - 1] : 0,
                   after = j + 1 < SPREADS ? spread[j + 1] : spread[j];
            of_slope[i] += density * (after - before) / 2;
            of_spread[j] += density;
        }
    out->slope = of_density(slope, of_slope, SLOPES);
    out->spread = of_density(spread, of_spread, SPREADS);
    double positive = 0, total = 0;
    for (int32_t i = 0; i < SLOPES; ++i) {
        total += of_slope[i];
        positive += slope[i] > 0 ? of_slope[i] : slope[i] == 0 ? of_slope[i] / 2 : 0;
    }
    out->prob_positive = positive / total;
done:
    pdx__free(a);
    return status;
}

/* w ~ N(0, p^2 I), measured = moved w + noise: with K = noise + p^2 moved moved',
 * mean = p^2 moved' K^-1 measured, var = p^2 - p^4 diag(moved' K^-1 moved). */
pdx_status pdx__causes(double *mean, double *sd, int32_t n, int32_t d, const double *moved,
                       const double *measured, const double *measured_cov, double spread) {
    const double prior = CAUSE_PRIOR * CAUSE_PRIOR;
    size_t square = (size_t)n * (size_t)n;
    double *k = pdx__alloc(2 * square + 2 * (size_t)n, sizeof *k);
    if (!k) return PDX_ENOMEM;
    double *root = k + square, *solved = root + square, *column = solved + n;
    for (int32_t i = 0; i < n; ++i)
        for (int32_t j = 0; j < n; ++j) {
            double shared = 0;
            for (int32_t c = 0; c < d; ++c) shared += moved[i * d + c] * moved[j * d + c];
            k[i * n + j] =
                measured_cov[i * n + j] + prior * shared + (i == j ? spread * spread : 0);
        }
    pdx_status status = root_of(n, root, k);
    if (status == PDX_OK) {
        memcpy(solved, measured, (size_t)n * sizeof *solved);
        pdx__cholesky_solve(n, root, solved);
    }
    for (int32_t c = 0; c < d && status == PDX_OK; ++c) {
        double known = 0;
        mean[c] = 0;
        for (int32_t i = 0; i < n; ++i) {
            column[i] = moved[i * d + c];
            mean[c] += prior * column[i] * solved[i];
        }
        pdx__cholesky_solve(n, root, column);
        for (int32_t i = 0; i < n; ++i) known += moved[i * d + c] * column[i];
        sd[c] = sqrt(fmax(prior - prior * prior * known, 0));
    }
    pdx__free(k);
    return status;
}
