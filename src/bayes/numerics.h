/* One-dimensional integrals that EP, the sampler and the marginals share. */
#ifndef PDX_BAYES_NUMERICS_H
#define PDX_BAYES_NUMERICS_H

#include <stdint.h>

/* G(eta) = log(2 cosh(eta/2) + band), band >= 0, and its first two derivatives (may be NULL). With
 * band 0, -G is the log likelihood's even part: log p(y | eta) = (y - 1/2) eta - G(eta). */
double pdx__softabs(double eta, double band, double *first, double *second);

double pdx__mills(double k);        /* Q(k)/phi(k), k >= 0 */
double pdx__normal_upper(double k); /* Q(k) */

/* The density exp(-lam a^2/2 - r a) on a > 0 (lam >= 0, r any sign where lam > 0, else r > 0): log
 * of its integral, mean, variance and third raw moment. Infinite where the integral is. */
typedef struct pdx__half_line {
    double log_integral, mean, var, cube;
} pdx__half_line;
pdx__half_line pdx__half_line_moments(double lam, double r);
/* The a with P(A > a) = v, v in (0, 1]. */
double pdx__half_line_quantile(double lam, double r, double v);

/* The density exp(-lam a^2/2 + gam a - |a|/b): a Gaussian cavity times a Laplace prior. */
typedef struct pdx__tilted {
    double lam, gam, rate; /* rate = 1/b */
    double log_integral, prob_positive, mean, var, skew;
} pdx__tilted;
void pdx__tilted_moments(pdx__tilted *tilted); /* fills the last five from the first three */
double pdx__tilted_quantile(const pdx__tilted *tilted, double p);
double pdx__tilted_below(const pdx__tilted *tilted, double a); /* distribution function */

/* Nodes z ascending and weights (sum 1) of E f(Z), Z standard normal. n <= 64. */
void pdx__gauss_hermite(int32_t n, double *z, double *w);

/* exp(-w G(eta + offset) - lam eta^2/2 + gam eta), lam > 0, by the trapezoidal rule around its
 * mode: log of its integral, mean and variance. For rows where EP's own nodes fail. 1: done. */
int pdx__row_integral(double w, double offset, double band, double lam, double gam,
                      double *log_integral, double *mean, double *var);

#endif
