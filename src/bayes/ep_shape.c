/* The shape of one marginal: the tilted density corrected for the skewness that rows and the other
 * columns' priors give it, on a grid that has the prior's kink as a node. */
#include <math.h>

#include "ep.h"
#include "normal.h"

enum { MOST_CELLS = 400 };
#define REACH 12.0 /* sds */
#define CELL  0.08

/* One side of the split point, outward: distance t = i * step. */
typedef struct side {
    double step;
    int32_t cells;                                        /* even */
    double density[MOST_CELLS + 1], mass[MOST_CELLS + 1]; /* mass: from the split point */
} side;

/* exp(slope t - lam t^2/2) (1 + skew/6 (z^3 - 3 z)), z = z0 + direction t / sd; by recurrence,
 * since the points are evenly spaced. Adds to moments[0..2] the integrals of 1, z, z^2. */
static void fill_side(side *s, double slope, double lam, double z0, double direction, double sd,
                      double skew, double *moments) {
    const double length = (REACH - direction * z0) * sd;
    s->cells = (int32_t)(length / (CELL * sd)) / 2 * 2 + 2;
    if (s->cells > MOST_CELLS) s->cells = MOST_CELLS;
    s->step = length / s->cells;
    double value = 1, ratio = exp(s->step * (slope - 0.5 * lam * s->step));
    const double bend = exp(-lam * s->step * s->step), dz = direction * s->step / sd;
    for (int32_t i = 0; i <= s->cells; ++i) {
        double z = z0 + dz * i, f = value * (1 + skew / 6 * z * (z * z - 3));
        s->density[i] = f > 0 ? f : 0;
        value *= ratio;
        ratio *= bend;
    }
    s->mass[0] = 0;
    for (int32_t i = 0; i < s->cells; i += 2) {
        const double a = s->density[i], b = s->density[i + 1], c = s->density[i + 2];
        const double third = s->step / 3, z = z0 + dz * i;
        s->mass[i + 1] = s->mass[i] + s->step / 12 * (5 * a + 8 * b - c);
        s->mass[i + 2] = s->mass[i] + third * (a + 4 * b + c);
        const double zb = z + dz, zc = zb + dz;
        moments[0] += third * (a + 4 * b + c);
        moments[1] += third * (a * z + 4 * b * zb + c * zc);
        moments[2] += third * (a * z * z + 4 * b * zb * zb + c * zc * zc);
    }
}

/* Distance from the split point within which the side holds `mass`. */
static double distance(const side *s, double mass) {
    int32_t low = 0, high = s->cells;
    while (high - low > 1) {
        int32_t middle = (low + high) / 2;
        if (s->mass[middle] <= mass) low = middle;
        else high = middle;
    }
    /* the density is a line within the cell */
    double rest = mass - s->mass[low], a = s->density[low], b = s->density[low + 1];
    double grown = sqrt(fmax(a * a + 2 * rest * (b - a) / s->step, 0));
    double inside = a + grown > 0 ? 2 * rest / (a + grown) : 0;
    return low * s->step + fmin(fmax(inside, 0), s->step);
}

pdx__shape pdx__ep_shape(const pdx__ep *ep, int32_t k, double skew, const double *probs,
                         int32_t count, double *quantiles) {
    const pdx__tilted tilted = pdx__ep_marginal(ep, k);
    const double mean = ep->mean[k], sd = ep->sd[k];
    pdx__shape out = {mean, sd, tilted.prob_positive};
    if (fabs(skew) < 1e-9) {
        for (int32_t q = 0; q < count; ++q) quantiles[q] = pdx__tilted_quantile(&tilted, probs[q]);
        return out;
    }
    const int kink = fabs(mean) < (REACH - 1) * sd;
    const double split = kink ? 0 : mean, z0 = (split - mean) / sd;
    const double toward = tilted.gam - tilted.lam * split;
    double moments[3] = {0};
    side below, above;
    const double tilt = kink ? tilted.rate : copysign(tilted.rate, split);
    fill_side(&above, toward - tilt, tilted.lam, z0, 1, sd, skew, moments);
    fill_side(&below, -toward - (kink ? tilt : -tilt), tilted.lam, z0, -1, sd, skew, moments);
    const double low_mass = below.mass[below.cells], whole = moments[0];
    const double shift = moments[1] / whole;
    out.mean = mean + sd * shift;
    out.sd = sd * sqrt(moments[2] / whole - shift * shift);
    if (kink) out.prob_positive = above.mass[above.cells] / whole;
    for (int32_t q = 0; q < count; ++q) {
        double mass = probs[q] * whole;
        quantiles[q] = mass < low_mass ? split - distance(&below, low_mass - mass)
                                       : split + distance(&above, mass - low_mass);
    }
    return out;
}
