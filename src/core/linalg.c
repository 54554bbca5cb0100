/* The build's choice of dense algebra: LAPACKE and CBLAS where there are (PDX_HAVE_LAPACKE) and the
 * matrix is large, else the plain loops. Small matrices come by the thousand from the library's own
 * threads: there OpenBLAS would start threads inside threads, and ends the process where it finds
 * no memory for them. A row-major lower triangle is a column-major upper one: no transposition. */
#include "linalg.h"

#ifdef PDX_HAVE_LAPACKE
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <string.h>

enum { SMALL = 256 };

pdx_status pdx__cholesky(int32_t n, double *a) {
    if (n == 0) return PDX_OK;
    if (LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', n, a, n) != 0) return PDX_ENUMERIC;
    for (int32_t i = 0; i < n; ++i) /* a NaN or an infinity is not noticed by every LAPACK */
        if (!isfinite(a[(size_t)i * n + i])) return PDX_ENUMERIC;
    return PDX_OK;
}

void pdx__cholesky_inverse(int32_t n, const double *l, double *inverse) {
    if (n < SMALL) {
        pdx__plain_cholesky_inverse(n, l, inverse);
        return;
    }
    memcpy(inverse, l, (size_t)n * n * sizeof *inverse);
    LAPACKE_dpotri_work(LAPACK_COL_MAJOR, 'U', n, inverse, n);
    for (int32_t i = 0; i < n; ++i)
        for (int32_t k = 0; k < i; ++k) inverse[(size_t)k * n + i] = inverse[(size_t)i * n + k];
}

void pdx__cholesky_solve(int32_t n, const double *l, double *x) {
    if (n < SMALL) {
        pdx__plain_cholesky_solve(n, l, x);
        return;
    }
    LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, 'U', n, 1, l, n, x, n);
}

void pdx__symv(int32_t n, const double *a, const double *x, double *y) {
    if (n < SMALL) {
        pdx__plain_symv(n, a, x, y);
        return;
    }
    cblas_dsymv(CblasColMajor, CblasUpper, n, 1.0, a, n, x, 1, 0.0, y, 1);
}
#else
pdx_status pdx__cholesky(int32_t n, double *a) { return pdx__plain_cholesky(n, a); }
void pdx__cholesky_inverse(int32_t n, const double *l, double *inverse) {
    pdx__plain_cholesky_inverse(n, l, inverse);
}
void pdx__cholesky_solve(int32_t n, const double *l, double *x) {
    pdx__plain_cholesky_solve(n, l, x);
}
void pdx__symv(int32_t n, const double *a, const double *x, double *y) {
    pdx__plain_symv(n, a, x, y);
}
#endif
