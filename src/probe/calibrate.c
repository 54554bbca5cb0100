/* What many edits say together: the slope of measured on predicted effects, and the weights that
 * the interventions alone would give. Both are small normal models; the spread is integrated on a
 * grid. */
#include <string.h>

#include "bayes/numerics.h"
#include "core/linalg.h"
#include "measure.h"

enum { SPREADS = 61 };
static const double MOST_SPREAD = 2, SPREAD_PRIOR = 0.5, CAUSE_PRIOR = 0.5;

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

/* The slope given one spread: generalised least squares. */
typedef struct given {
    double slope, sd, log_likelihood; /* the last with a flat prior of the slope integrated out */
} given;

static double dot(const double *a, const double *b, int32_t n) {
    double sum = 0;
    for (int32_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

/* s, root [n][n], solved [n]: scratch. */
static pdx_status at_spread(given *out, int32_t n, double spread, const double *predicted,
                            const double *measured, const double *predicted_cov,
                            const double *measured_cov, double *s, double *root, double *solved) {
    for (int32_t i = 0; i < n * n; ++i) s[i] = measured_cov[i] + predicted_cov[i];
    for (int32_t i = 0; i < n; ++i) s[i * n + i] += spread * spread;
    PDX__TRY(root_of(n, root, s));
    memcpy(solved, predicted, (size_t)n * sizeof *solved);
    pdx__cholesky_solve(n, root, solved);
    double precision = dot(solved, predicted, n);
    out->slope = dot(solved, measured, n) / precision;
    out->sd = 1 / sqrt(precision);
    memcpy(solved, measured, (size_t)n * sizeof *solved);
    pdx__cholesky_solve(n, root, solved);
    out->log_likelihood =
        log(out->sd) - (dot(solved, measured, n) - out->slope * out->slope * precision) / 2;
    for (int32_t i = 0; i < n; ++i) out->log_likelihood -= log(root[i * n + i]);
    return PDX_OK;
}

/* P(slope <= x) of the mixture over spreads. */
static double below(const given *at, const double *weight, double x) {
    double sum = 0;
    for (int32_t j = 0; j < SPREADS; ++j)
        sum += weight[j] * pdx__normal_upper((at[j].slope - x) / at[j].sd);
    return sum;
}

static double quantile(const given *at, const double *weight, double p) {
    double low = INFINITY, high = -INFINITY;
    for (int32_t j = 0; j < SPREADS; ++j) {
        low = fmin(low, at[j].slope - 8 * at[j].sd);
        high = fmax(high, at[j].slope + 8 * at[j].sd);
    }
    for (int step = 0; step < 100; ++step) {
        double middle = (low + high) / 2;
        if (below(at, weight, middle) < p) low = middle;
        else high = middle;
    }
    return low;
}

pdx_status pdx__calibrate(pdx_probe_calibration *out, int32_t n, const double *predicted,
                          const double *measured, const double *predicted_cov,
                          const double *measured_cov) {
    size_t square = (size_t)n * (size_t)n;
    out->edits = n;
    out->slope = out->spread = (pdx_estimate){NAN, NAN, NAN};
    out->prob_positive = NAN;
    if (n < 3 || dot(predicted, predicted, n) == 0) return PDX_OK;
    double *s = pdx__alloc(2 * square + (size_t)n, sizeof *s);
    if (!s) return PDX_ENOMEM;
    double *root = s + square, *solved = root + square, most = -INFINITY, total = 0, mean = 0;
    double spread[SPREADS], density[SPREADS], weight[SPREADS];
    given at[SPREADS];
    pdx_status status = PDX_OK;
    for (int32_t j = 0; j < SPREADS; ++j) {
        spread[j] = MOST_SPREAD * pow((double)j / (SPREADS - 1), 2);
        PDX__GO(at_spread(&at[j], n, spread[j], predicted, measured, predicted_cov, measured_cov, s,
                          root, solved));
        at[j].log_likelihood -= spread[j] * spread[j] / (2 * SPREAD_PRIOR * SPREAD_PRIOR);
        most = fmax(most, at[j].log_likelihood);
    }
    for (int32_t j = 0; j < SPREADS; ++j) {
        double before = spread[j ? j - 1 : 0], after = spread[j + 1 < SPREADS ? j + 1 : j];
        density[j] = exp(at[j].log_likelihood - most);
        weight[j] = density[j] * (after - before) / 2;
        total += weight[j];
    }
    for (int32_t j = 0; j < SPREADS; ++j) {
        weight[j] /= total;
        mean += weight[j] * at[j].slope;
    }
    out->spread = of_density(spread, density, SPREADS);
    out->slope = (pdx_estimate){mean, quantile(at, weight, 0.025), quantile(at, weight, 0.975)};
    out->prob_positive = 1 - below(at, weight, 0);
done:
    pdx__free(s);
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
