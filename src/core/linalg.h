/* Dense algebra on small symmetric matrices. Row-major, leading dimension = n. Two implementations
 * of this one page: LAPACKE and CBLAS (linalg.c) and plain loops (linalg_plain.c), which are the
 * oracle in the tests and serve builds without BLAS. */
#ifndef PDX_CORE_LINALG_H
#define PDX_CORE_LINALG_H

#include "status.h"

/* Lower triangle of `a` becomes L with a = L L'; the upper triangle is not read and not written.
 * PDX_ENUMERIC where `a` is not positive definite (no message is formatted: EP tries again). */
pdx_status pdx__cholesky(int32_t n, double *a);
/* From L: the full symmetric inverse of L L' into `inverse` (both triangles). */
void pdx__cholesky_inverse(int32_t n, const double *l, double *inverse);
/* x := (L L')^-1 x. */
void pdx__cholesky_solve(int32_t n, const double *l, double *x);
/* y := A x for a full symmetric A. */
void pdx__symv(int32_t n, const double *a, const double *x, double *y);

pdx_status pdx__plain_cholesky(int32_t n, double *a);
void pdx__plain_cholesky_inverse(int32_t n, const double *l, double *inverse);
void pdx__plain_cholesky_solve(int32_t n, const double *l, double *x);
void pdx__plain_symv(int32_t n, const double *a, const double *x, double *y);

#endif
