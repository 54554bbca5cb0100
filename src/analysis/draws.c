/* Draws of a posterior's weights for everything that has no closed form: kept draws where a fit has
 * enough of them, else Gaussian ones from mean and covariance. The kinks of the Laplace prior are
 * lost in the latter, which matters for single weights near zero (posterior.h has those exactly)
 * and hardly for functions of all of them. */
#include <math.h>
#include <string.h>

#include "analysis.h"

int pdx__has_spread(const pdx_posterior *posterior) {
    if (posterior->draws && posterior->draw_count > 0) return 1;
    if (!posterior->sd) return 0;
    for (int32_t k = 0; k < posterior->d; ++k)
        if (!isfinite(posterior->sd[k])) return 0;
    return 1;
}

void pdx__semidefinite_root(int32_t n, double *a) {
    for (int32_t j = 0; j < n; ++j) {
        double *row = a + (size_t)j * (size_t)n, pivot = row[j];
        for (int32_t k = 0; k < j; ++k) pivot -= row[k] * row[k];
        double root = pivot > 1e-12 * row[j] ? sqrt(pivot) : 0;
        for (int32_t i = j + 1; i < n; ++i) {
            double *below = a + (size_t)i * (size_t)n, sum = below[j];
            for (int32_t k = 0; k < j; ++k) sum -= below[k] * row[k];
            below[j] = root > 0 ? sum / root : 0;
        }
        row[j] = root;
        for (int32_t k = j + 1; k < n; ++k) row[k] = 0;
    }
}

pdx_status pdx__draw_weights(double *out, const pdx_posterior *posterior, int64_t n,
                             pdx__rng *rng) {
    size_t d = (size_t)posterior->d;
    if (posterior->draws && (posterior->draw_count >= n || !posterior->sd)) {
        for (int64_t i = 0; i < n; ++i)
            memcpy(out + (size_t)i * d, posterior->draws + (size_t)(i % posterior->draw_count) * d,
                   d * sizeof *out);
        return PDX_OK;
    }
    double *root = pdx__alloc_zero((d + 1) * d, sizeof *root), *z = root + d * d;
    if (!root) return PDX_ENOMEM;
    if (posterior->covariance) memcpy(root, posterior->covariance, d * d * sizeof *root);
    else
        for (size_t k = 0; k < d; ++k) root[k * d + k] = posterior->sd[k] * posterior->sd[k];
    pdx__semidefinite_root(posterior->d, root);
    for (int64_t i = 0; i < n; ++i) {
        double *draw = out + (size_t)i * d;
        for (size_t k = 0; k < d; ++k) z[k] = pdx__rng_normal(rng);
        for (size_t k = 0; k < d; ++k) {
            draw[k] = posterior->mean[k];
            for (size_t j = 0; j <= k; ++j) draw[k] += root[k * d + j] * z[j];
        }
    }
    pdx__free(root);
    return PDX_OK;
}

int pdx__ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double pdx__sorted_quantile(const double *sorted, int64_t n, double p) {
    double place = p * (double)(n - 1);
    int64_t below = (int64_t)place;
    if (below + 1 >= n) return sorted[n - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}
