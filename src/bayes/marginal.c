/* What a fit reports of a weight (mean, sd, P(> 0), some quantiles) turned back into a density.
 *
 * A normal density is poor where the Laplace prior's kink shows. Under EP the marginal is exactly
 * exp(-lam a^2/2 + gam a - r |a|), three numbers; here they are found from the report alone,
 * without asking which prior made it: for each r the two others follow from mean and sd (a convex
 * problem in two unknowns), and r is the one that comes nearest to the quantiles. What is left (a
 * skewed weight of a fit by NUTS) is corrected by moving mass between the reported quantiles, so
 * that they and P(> 0) are met exactly. Draws are not used: a thousand of them say less than this.
 * Integrals are sums over cells of two Gauss-Legendre points; 0 is always an end of a cell, so the
 * kink costs nothing. Left out: joint shapes (contrast.c joins two marginals by their correlation).
 */
#include "marginal.h"

#include <math.h>
#include <string.h>

/* The density in units of the sd, on cells of which one ends at 0. */
typedef struct shape {
    double lam, gam, r;
} shape;

/* sd either side of the mean: a Laplace density there is e^-17 of its peak */
static const double REACH = 12;
enum {
    COARSE = 4,
    FINE = PDX__MARGINAL_CELLS / 24
}; /* cells to one sd: for the search, the table */

static double log_density(const shape *s, double x) {
    return (s->gam - 0.5 * s->lam * x) * x - s->r * fabs(x);
}

/* Sums over the cells of 1, x, x^2, x^3, x^4, the density scaled by e^-top. */
static void power_sums(const shape *s, double mean, double top, double sum[5]) {
    const double step = 1.0 / COARSE, offset = 0.5 / sqrt(3.0);
    const double first = floor((mean - REACH) * COARSE);
    memset(sum, 0, 5 * sizeof *sum);
    for (int k = 0; k < (int)(2 * REACH) * COARSE; ++k)
        for (int side = -1; side <= 1; side += 2) {
            double x = (first + k + 0.5 + side * offset) * step;
            double f = exp(log_density(s, x) - top) * 0.5 * step;
            for (int p = 0; p < 5; ++p, f *= x) sum[p] += f;
        }
}

/* Peak of the log density. */
static double peak(const shape *s) {
    double pull = fabs(s->gam) - s->r;
    return pull > 0 && s->lam > 0 ? 0.5 * pull * pull / s->lam : 0;
}

/* lam and gam that give mean `mean` and sd 1 for this r, from a first guess; 0 where there are none
 * with lam >= 0. Newton's method on the convex function log integral - (moments) . (lam, gam). */
static int match_moments(shape *s, double mean) {
    const double square = mean * mean + 1;
    for (int round = 0; round < 60; ++round) {
        double sum[5], top = peak(s);
        power_sums(s, mean, top, sum);
        double m[5];
        for (int p = 0; p < 5; ++p) m[p] = sum[p] / sum[0];
        /* theta = (gam, -lam/2) with statistics (x, x^2) */
        double g0 = m[1] - mean, g1 = m[2] - square;
        double h00 = m[2] - m[1] * m[1], h01 = m[3] - m[1] * m[2], h11 = m[4] - m[2] * m[2];
        double determinant = h00 * h11 - h01 * h01;
        if (!(determinant > 0)) return 0;
        double d0 = (h11 * g0 - h01 * g1) / determinant, d1 = (h00 * g1 - h01 * g0) / determinant;
        double value = log(sum[0]) + top - mean * s->gam + 0.5 * square * s->lam;
        double decrease = g0 * d0 + g1 * d1, length = 1;
        if (decrease < 1e-18) return s->lam > -1e-4;
        shape next = *s;
        for (int halvings = 0; halvings < 40; ++halvings, length /= 2) {
            next.gam = s->gam - length * d0;
            next.lam = s->lam + 2 * length * d1;
            if (next.lam < -0.05) continue;
            top = peak(&next);
            power_sums(&next, mean, top, sum);
            double moved = log(sum[0]) + top - mean * next.gam + 0.5 * square * next.lam;
            if (moved <= value - 1e-4 * length * decrease + 1e-14 * fabs(value)) break;
        }
        *s = next;
    }
    return 0;
}

/* Tables of a density in units of the sd; step is a fraction of the sd. */
static void tabulate(pdx__marginal *m, const shape *s) {
    const double mean = m->mean / m->sd, offset = 0.5 / sqrt(3.0), top = peak(s);
    const double first = floor((mean - REACH) * FINE);
    double sum = 0;
    m->step = m->sd / FINE;
    m->start = first * m->step;
    for (int k = 0; k <= PDX__MARGINAL_CELLS; ++k) {
        m->below[k] = sum;
        m->density[k] = exp(log_density(s, (first + k) / FINE) - top);
        for (int side = 0; k < PDX__MARGINAL_CELLS && side < 2; ++side) {
            double place = first + k + 0.5 + (side ? offset : -offset);
            m->point[2 * k + side] = place * m->step;
            m->weight[2 * k + side] = exp(log_density(s, place / FINE) - top) * 0.5 * m->step;
            sum += m->weight[2 * k + side];
        }
    }
    for (int k = 0; k <= PDX__MARGINAL_CELLS; ++k) {
        m->below[k] /= sum;
        m->density[k] /= sum;
    }
    for (int k = 0; k < PDX__MARGINAL_POINTS; ++k) m->weight[k] /= sum;
}

/* The distribution function of the tables: cubic in each cell, by values and slopes at its ends. */
static double table_below(const pdx__marginal *m, double x) {
    double place = (x - m->start) / m->step;
    if (!(place > 0)) return 0;
    if (place >= PDX__MARGINAL_CELLS) return 1;
    int k = (int)place;
    double t = place - k, rest = 1 - t;
    return m->below[k] * rest * rest * (1 + 2 * t) + m->below[k + 1] * t * t * (1 + 2 * rest) +
           m->step * t * rest * (m->density[k] * rest - m->density[k + 1] * t);
}

/* Which stretch between knots holds u. */
static int32_t stretch_of(const pdx__marginal *m, double u) {
    int32_t k = 1;
    while (k + 1 < m->knots && u > m->from[k]) ++k;
    return k;
}

static double corrected(const pdx__marginal *m, double u) {
    int32_t k = stretch_of(m, u);
    double share = (u - m->from[k - 1]) / (m->from[k] - m->from[k - 1]);
    return m->to[k - 1] + share * (m->to[k] - m->to[k - 1]);
}

/* Knots (table's probability -> reported one) at the quantiles and at 0; those that would not
 * ascend are left out. */
static void add_knot(pdx__marginal *m, double x, double p) {
    double u = table_below(m, x);
    if (!(u > m->from[m->knots - 1] + 1e-6 && u < 1 - 1e-6)) return;
    if (!(p > m->to[m->knots - 1] + 1e-6 && p < 1 - 1e-6)) return;
    m->from[m->knots] = u;
    m->to[m->knots++] = p;
}

static void correct(pdx__marginal *m, const pdx_posterior *posterior, int32_t d) {
    int32_t count = posterior->quantiles ? posterior->quantile_count : 0, k = 0;
    const double *quantile = count ? posterior->quantiles + (size_t)d * (size_t)count : NULL;
    double zero = posterior->prob_positive ? 1 - posterior->prob_positive[d] : NAN;
    m->knots = 1;
    m->from[0] = m->to[0] = 0;
    for (; k < count && quantile[k] < 0; ++k)
        add_knot(m, quantile[k], posterior->quantile_probs[k]);
    add_knot(m, 0, zero);
    for (; k < count; ++k) add_knot(m, quantile[k], posterior->quantile_probs[k]);
    m->from[m->knots] = m->to[m->knots] = 1;
    ++m->knots;
    for (int i = 0; i < PDX__MARGINAL_POINTS; ++i) {
        int32_t s = stretch_of(m, table_below(m, m->point[i]));
        m->weight[i] *= (m->to[s] - m->to[s - 1]) / (m->from[s] - m->from[s - 1]);
    }
}

/* Mean square distance of the tables from the reported probabilities; 0 without any. */
static double misfit(const pdx__marginal *m, const pdx_posterior *posterior, int32_t d) {
    double sum = 0;
    for (int32_t k = 0; posterior->quantiles && k < posterior->quantile_count; ++k) {
        double p = posterior->quantile_probs[k];
        double error =
            table_below(
                m,
                posterior->quantiles[(size_t)d * (size_t)posterior->quantile_count + (size_t)k]) -
            p;
        sum += error * error / (p * (1 - p));
    }
    return sum;
}

/* Tries one r from the guess *s; misfit INFINITY where it cannot be. */
static double try_kink(pdx__marginal *m, shape *s, double r, const pdx_posterior *posterior,
                       int32_t d) {
    s->r = r;
    if (!match_moments(s, m->mean / m->sd)) {
        *s = (shape){1, m->mean / m->sd, 0};
        return INFINITY;
    }
    tabulate(m, s);
    return misfit(m, posterior, d);
}

/* The best r in [0, sqrt 2] (the Laplace density itself), by a golden section. */
static void find_shape(pdx__marginal *m, const pdx_posterior *posterior, int32_t d) {
    const double golden = 0.61803398874989485;
    const shape normal = {1, m->mean / m->sd, 0};
    shape s = normal;
    if (posterior->quantiles && fabs(normal.gam) < REACH) {
        double low = 0, high = sqrt(2.0);
        double left = high - golden * high, right = golden * high;
        double at_left = try_kink(m, &s, left, posterior, d);
        double at_right = try_kink(m, &s, right, posterior, d);
        while (high - low > 2e-3) {
            if (at_left <= at_right) {
                high = right;
                right = left;
                at_right = at_left;
                left = high - golden * (high - low);
                at_left = try_kink(m, &s, left, posterior, d);
            } else {
                low = left;
                left = right;
                at_left = at_right;
                right = low + golden * (high - low);
                at_right = try_kink(m, &s, right, posterior, d);
            }
        }
        double best = 0.5 * (low + high);
        if (!isfinite(try_kink(m, &s, best, posterior, d))) s = normal;
    }
    tabulate(m, &s);
}

pdx_status pdx__marginal_create(pdx__marginal **out, const pdx_posterior *posterior, int32_t d) {
    *out = NULL;
    if (!posterior->sd || !isfinite(posterior->sd[d]) || !isfinite(posterior->mean[d]))
        return pdx__fail(PDX_EINVAL, "the fit of judge '%s' in group '%s' has means only",
                         posterior->judge, posterior->group);
    size_t knots = 3 + (size_t)(posterior->quantiles ? posterior->quantile_count : 0);
    pdx__marginal *m = pdx__alloc_zero(1, sizeof *m + 2 * knots * sizeof(double));
    if (!m) return PDX_ENOMEM;
    m->mean = posterior->mean[d];
    m->sd = posterior->sd[d];
    m->from = (double *)(m + 1);
    m->to = m->from + knots;
    if (m->sd > 0) {
        find_shape(m, posterior, d);
        correct(m, posterior, d);
    }
    *out = m;
    return PDX_OK;
}

void pdx__marginal_free(pdx__marginal *marginal) { pdx__free(marginal); }

double pdx__marginal_below(const pdx__marginal *marginal, double x) {
    if (marginal->sd > 0) return corrected(marginal, table_below(marginal, x));
    return x < marginal->mean ? 0 : x > marginal->mean ? 1 : 0.5;
}
