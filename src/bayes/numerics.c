/* Integrals in closed form with their limits, and one robust quadrature. */
#include "numerics.h"

#include <math.h>
#include <stddef.h>

#include "mills.h"
#include "normal.h"

#define ROOT_TWO_PI     2.5066282746310002
#define LOG_ROOT_TWO_PI 0.91893853320467274

double pdx__softabs(double eta, double band, double *first, double *second) {
    double size = fabs(eta), root = exp(-0.5 * size), e = root * root, rest = root * (root + band);
    double share = 1 / (1 + rest);
    if (first) *first = copysign(0.5 * (1 - e) * share, eta);
    if (second) *second = (e + 0.25 * band * root * (1 + e)) * share * share;
    return 0.5 * size + log1p(rest);
}

double pdx__mills(double k) {
    static const double c[] = {PDX__MILLS_POLYNOMIAL};
    double u = 1 / (k + PDX__MILLS_CENTRE), t = (k - PDX__MILLS_CENTRE) * u;
    double p = c[PDX__MILLS_DEGREE];
    for (int i = PDX__MILLS_DEGREE - 1; i >= 0; --i) p = p * t + c[i];
    return u * p;
}

double pdx__normal_upper(double k) {
    double tail = exp(-0.5 * k * k) / ROOT_TWO_PI * pdx__mills(fabs(k));
    return k >= 0 ? tail : 1 - tail;
}

/* E a^n / E a^(n-1) by Laplace's continued fraction n/(r + (n + 1) lam/(r + ...)), which loses no
 * digits and needs no lam > 0; for r^2 > 49 lam. */
static double moment_ratio(double lam, double r, int n) {
    double eps = lam / (r * r), a = 0, b = 1; /* a/b: the tail of the fraction over r */
    for (int j = n + 9 + (int)(600 * eps); j > n; --j) {
        double next = b + a;
        a = j * eps * b;
        b = next;
    }
    return n / (r * (1 + a / b));
}

static pdx__half_line far_moments(double lam, double r) {
    double mean = moment_ratio(lam, r, 1), square = mean * moment_ratio(lam, r, 2);
    return (pdx__half_line){.log_integral = -log(r + lam * mean),
                            .mean = mean,
                            .var = square - mean * mean,
                            .cube = square * moment_ratio(lam, r, 3)};
}

pdx__half_line pdx__half_line_moments(double lam, double r) {
    if (r > 0 && r * r > 49 * lam) return far_moments(lam, r);
    if (!(lam > 0)) return (pdx__half_line){INFINITY, INFINITY, INFINITY, INFINITY};
    double root = sqrt(lam), k = r / root, inverse;
    pdx__half_line out;
    if (k >= 0) {
        double m = pdx__mills(k);
        out.log_integral = log(m / root);
        inverse = 1 / m;
    } else {
        double tail =
            exp(-0.5 * k * k) * pdx__mills(-k); /* of the normal density, times phi(0)^-1 */
        out.log_integral = 0.5 * k * k + log((ROOT_TWO_PI - tail) / root);
        inverse = exp(-0.5 * k * k) / (ROOT_TWO_PI - tail);
    }
    double hazard = inverse - k;
    out.mean = hazard / root;
    out.var = (1 - hazard * inverse) / lam; /* no digits lost where k is far below 0 */
    out.cube = (2 * out.mean - r * (out.var + out.mean * out.mean)) / lam;
    return out;
}

double pdx__half_line_quantile(double lam, double r, double v) {
    double root = sqrt(lam);
    if (v >= 1) return 0;
    if (r < 25 * root) {
        double k = r / root, upper = v * pdx__normal_upper(k);
        double z = upper < 0.5 ? -pdx__normal_quantile(upper) : pdx__normal_quantile(1 - upper);
        return fmax((z - k) / root, 0);
    }
    /* log P(A > a) is concave and -log(v)/r lies beyond the root: Newton comes down to it */
    double log_v = log(v), a = -log_v / r, base = pdx__half_line_moments(lam, r).log_integral;
    for (int i = 0; i < 8; ++i) {
        double log_integral = pdx__half_line_moments(lam, r + lam * a).log_integral;
        double step = (log_integral - base - a * (r + 0.5 * lam * a) - log_v) * exp(log_integral);
        a = fmax(a + step, 0);
        if (fabs(step) <= 1e-15 * a) break;
    }
    return a;
}

void pdx__tilted_moments(pdx__tilted *tilted) {
    pdx__half_line plus = pdx__half_line_moments(tilted->lam, tilted->rate - tilted->gam);
    pdx__half_line minus = pdx__half_line_moments(tilted->lam, tilted->rate + tilted->gam);
    double gap = minus.log_integral - plus.log_integral, e = exp(-fabs(gap));
    double large = 1 / (1 + e), small = e / (1 + e);
    double p = gap > 0 ? small : large, q = gap > 0 ? large : small;
    tilted->log_integral = fmax(plus.log_integral, minus.log_integral) + log1p(e);
    tilted->prob_positive = p;
    tilted->mean = p * plus.mean - q * minus.mean;
    double between = plus.mean + minus.mean;
    tilted->var = p * plus.var + q * minus.var + p * q * between * between;
    double m = tilted->mean, third = p * plus.cube - q * minus.cube - m * (3 * tilted->var + m * m);
    /* far from 0 the prior is a line, and the digits are gone */
    tilted->skew = m * m < 1e4 * tilted->var ? third / (tilted->var * sqrt(tilted->var)) : 0;
}

double pdx__tilted_quantile(const pdx__tilted *tilted, double p) {
    double plus = tilted->prob_positive, minus = 1 - plus;
    if (p < minus)
        return -pdx__half_line_quantile(tilted->lam, tilted->rate + tilted->gam, p / minus);
    return pdx__half_line_quantile(tilted->lam, tilted->rate - tilted->gam, (1 - p) / plus);
}

/* P(A > a) on a half line. */
static double half_line_above(double lam, double r, double a) {
    if (a <= 0) return 1;
    double whole = pdx__half_line_moments(lam, r).log_integral;
    double rest = pdx__half_line_moments(lam, r + lam * a).log_integral;
    return exp(fmin(rest - a * (r + 0.5 * lam * a) - whole, 0));
}

double pdx__tilted_below(const pdx__tilted *tilted, double a) {
    double plus = tilted->prob_positive;
    if (a < 0) return (1 - plus) * half_line_above(tilted->lam, tilted->rate + tilted->gam, -a);
    return 1 - plus * half_line_above(tilted->lam, tilted->rate - tilted->gam, a);
}

void pdx__gauss_hermite(int32_t n, double *z, double *w) {
    /* Newton on the orthonormal Hermite polynomial, from the largest root down, roots already
     * found divided out (Maehly). */
    for (int32_t i = n - 1; i >= n / 2; --i) {
        /* from beyond the root: gaps between roots shrink inwards, by less than half */
        double x = i < n - 2 ? z[i + 1] - 0.5 * (z[i + 2] - z[i + 1]) : sqrt(4.0 * n + 2),
               below = 0;
        for (int step = 0; step < 100; ++step) {
            double p = 1, q = 0, divided = 0, last = 0;
            for (int32_t k = 0; k < n; ++k) {
                double root = sqrt(k + 1), next = (x * p - last * q) / root;
                last = root;
                q = p;
                p = next;
            }
            below = q;
            for (int32_t j = i + 1; j < n; ++j) divided += 1 / (x - z[j]) + 1 / (x + z[j]);
            double move = p / (sqrt(n) * q - p * divided);
            x -= move;
            if (fabs(move) < 1e-15 * (1 + fabs(x))) break;
        }
        if (n % 2 && i == n / 2) x = 0;
        z[i] = x;
        z[n - 1 - i] = -x;
        w[i] = w[n - 1 - i] = 1 / (n * below * below);
    }
    double sum = 0;
    for (int32_t i = 0; i < n; ++i) sum += w[i];
    for (int32_t i = 0; i < n; ++i) w[i] /= sum;
}

int pdx__row_integral(double w, double offset, double band, double lam, double gam,
                      double *log_integral, double *mean, double *var) {
    double eta = gam / lam, gradient = 0, curvature = lam, last = INFINITY;
    double before = eta;
    for (int i = 0; i < 200; ++i) {
        double first, second;
        pdx__softabs(eta + offset, band, &first, &second);
        gradient = -w * first - lam * eta + gam;
        curvature = w * second + lam;
        if (fabs(gradient) > last) {
            eta = 0.5 * (eta + before);
            continue;
        }
        last = fabs(gradient);
        before = eta;
        double step = gradient / curvature, most = 2 + 0.5 * fabs(eta + offset);
        eta += fmin(fmax(step, -most), most);
        if (fabs(step) < 1e-9 / sqrt(curvature)) break;
    }
    double top = -w * pdx__softabs(eta + offset, band, NULL, NULL) - eta * (0.5 * lam * eta - gam);
    double h = fmin(0.45 / sqrt(curvature), 0.8), s0, s1, s2;
    int complete;
    do { /* a long tail is walked in longer steps rather than in thousands of them */
        enum { MOST_POINTS = 3000 };
        s0 = s1 = s2 = 0;
        complete = 1;
        for (int side = -1; side <= 1; side += 2) {
            int i = side > 0;
            for (; i < MOST_POINTS; ++i) {
                double d = side * i * h, at = eta + d;
                double l =
                    -w * pdx__softabs(at + offset, band, NULL, NULL) - at * (0.5 * lam * at - gam);
                if (!(l >= top - 38)) break;
                double e = exp(l - top);
                s0 += e;
                s1 += e * d;
                s2 += e * d * d;
            }
            complete &= i < MOST_POINTS;
        }
        h *= complete ? 1 : 4;
    } while (!complete && h < 1e12);
    double shift = s1 / s0;
    *mean = eta + shift;
    *var = s2 / s0 - shift * shift;
    *log_integral = top + log(s0 * h);
    return isfinite(*mean) && *var > 0 && isfinite(*log_integral);
}
