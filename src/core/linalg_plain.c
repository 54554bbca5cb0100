/* Plain loops: the oracle of the LAPACK version and the algebra of builds without BLAS. */
#include <math.h>
#include <string.h>

#include "linalg.h"

pdx_status pdx__plain_cholesky(int32_t n, double *a) {
    for (int32_t j = 0; j < n; ++j) {
        double *row = a + (size_t)j * n;
        for (int32_t i = 0; i < j; ++i) {
            const double *other = a + (size_t)i * n;
            double sum = row[i];
            for (int32_t k = 0; k < i; ++k) sum -= row[k] * other[k];
            row[i] = sum / other[i];
        }
        double pivot = row[j];
        for (int32_t k = 0; k < j; ++k) pivot -= row[k] * row[k];
        if (!(pivot > 0) || !isfinite(pivot)) return PDX_ENUMERIC;
        row[j] = sqrt(pivot);
    }
    return PDX_OK;
}

void pdx__plain_cholesky_solve(int32_t n, const double *l, double *x) {
    for (int32_t i = 0; i < n; ++i) {
        const double *row = l + (size_t)i * n;
        double sum = x[i];
        for (int32_t k = 0; k < i; ++k) sum -= row[k] * x[k];
        x[i] = sum / row[i];
    }
    for (int32_t i = n - 1; i >= 0; --i) {
        x[i] /= l[(size_t)i * n + i];
        const double *row = l + (size_t)i * n;
        for (int32_t k = 0; k < i; ++k) x[k] -= row[k] * x[i];
    }
}

void pdx__plain_cholesky_inverse(int32_t n, const double *l, double *inverse) {
    for (int32_t c = 0; c < n; ++c) {
        double *column = inverse + (size_t)c * n;
        memset(column, 0, (size_t)n * sizeof *column);
        column[c] = 1;
        pdx__plain_cholesky_solve(n, l, column);
    }
    for (int32_t i = 0; i < n; ++i)
        for (int32_t k = 0; k < i; ++k) {
            double mean = 0.5 * (inverse[(size_t)i * n + k] + inverse[(size_t)k * n + i]);
            inverse[(size_t)i * n + k] = inverse[(size_t)k * n + i] = mean;
        }
}

void pdx__plain_symv(int32_t n, const double *a, const double *x, double *y) {
    for (int32_t i = 0; i < n; ++i) {
        const double *row = a + (size_t)i * n;
        double sum = 0;
        for (int32_t k = 0; k < n; ++k) sum += row[k] * x[k];
        y[i] = sum;
    }
}
