/* The two models of ties as functions of theta, and a density of theta to draw from. */
#include "cut.h"

#include <math.h>

pdx__cut_values pdx__cut_at(int32_t model, double theta, pdx__cut_values *slope) {
    const double u = exp(theta), p = theta < 0 ? u / (1 + u) : 1 / (1 + exp(-theta));
    pdx__cut_values out = {.prior = theta < 0 ? theta - 2 * log1p(u) : -theta - 2 * log1p(1 / u)};
    pdx__cut_values by = {.prior = 1 - 2 * p};
    if (model == PDX_TIES_DAVIDSON) {
        out.width = by.width = 2 * u;
        out.tie = M_LN2 + theta;
        by.tie = 1;
    } else {
        const double whole = 1 + 2 * u, c_slope = 2 * u / whole; /* e^c, dc/dtheta */
        const double sinh_twice = 4 * u * (1 + u) / whole;
        out.offset = log1p(2 * u);
        out.width = whole + 1 / whole;
        out.tie = 2 * M_LN2 + theta + log1p(u) - out.offset;
        by.offset = c_slope;
        by.width = sinh_twice * c_slope;
        by.tie = out.width / sinh_twice * c_slope;
    }
    if (slope) *slope = by;
    return out;
}

double pdx__cut_size(int32_t model, double theta) {
    const pdx__cut_values at = pdx__cut_at(model, theta, NULL);
    return model == PDX_TIES_DAVIDSON ? at.width : at.offset;
}

static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }

void pdx__cut_outcomes(int32_t model, double theta, double eta, double out[3]) {
    const pdx__cut_values at = pdx__cut_at(model, theta, NULL);
    if (model == PDX_TIES_DAVIDSON) {
        const double half = exp(-0.5 * fabs(eta)), total = 1 + half * (half + at.width);
        out[eta >= 0 ? 0 : 2] = 1 / total;
        out[eta >= 0 ? 2 : 0] = half * half / total;
        out[1] = half * at.width / total;
    } else {
        out[0] = sigmoid(eta - at.offset);
        out[2] = sigmoid(-eta - at.offset);
        out[1] = exp(at.tie - fabs(eta) - log1p(exp(-fabs(eta)) * (exp(-fabs(eta)) + at.width)));
    }
}

double pdx__cut_log_odds(int32_t model, double theta, double eta) {
    if (model == PDX_TIES_DAVIDSON) return eta;
    const double c = pdx__cut_at(model, theta, NULL).offset, size = fabs(eta);
    /* log (1 + e^(size + c)) - log (1 + e^(c - size)) */
    const double low = c - size;
    return copysign(size + c + log1p(exp(-size - c)) - (low > 0 ? low : 0) - log1p(exp(-fabs(low))),
                    eta);
}

/* Parabola through the nodes i - 1, i, i + 1, evenly spaced, at x steps from node i. */
static double parabola(const double *f, int32_t i, double x) {
    return f[i] + 0.5 * x * (f[i + 1] - f[i - 1]) + 0.5 * x * x * (f[i + 1] - 2 * f[i] + f[i - 1]);
}

void pdx__cut_propose(pdx__cut_proposal *out, int32_t nodes, const double *node,
                      const double *log_z, const double *shift, int32_t d) {
    enum { FINE = 4 };
    const double step = node[1] - node[0];
    *out = (pdx__cut_proposal){.nodes = nodes, .d = d, .shift = shift};
    for (int32_t i = 0; i < nodes; ++i) out->node[i] = node[i];
    out->knots = FINE * (nodes - 1) + 1;
    for (int32_t j = 0; j < out->knots; ++j) {
        int32_t i = (j + FINE / 2) / FINE; /* the nearest node that has two neighbours */
        i = i < 1 ? 1 : i > nodes - 2 ? nodes - 2 : i;
        out->knot[j] = node[0] + step * j / FINE;
        out->log_density[j] = parabola(log_z, i, (double)j / FINE - i);
    }
    /* straight lines of the log density between knots, exponential tails */
    const int32_t last = out->knots - 1;
    const double cell = step / FINE, least = 0.5 / (step * nodes);
    out->left = fmax((out->log_density[1] - out->log_density[0]) / cell, least);
    out->right = fmax((out->log_density[last - 1] - out->log_density[last]) / cell, least);
    double top = -INFINITY, sum;
    for (int32_t j = 0; j <= last; ++j) top = fmax(top, out->log_density[j]);
    sum = exp(out->log_density[0] - top) / out->left;
    for (int32_t j = 0; j <= last; ++j) {
        out->log_density[j] -= top;
        out->mass[j] = sum;
        if (j == last) break;
        double a = exp(out->log_density[j]), grown = out->log_density[j + 1] - top;
        grown -= out->log_density[j];
        sum += a * cell * (fabs(grown) < 1e-8 ? 1 + 0.5 * grown : expm1(grown) / grown);
    }
    sum += exp(out->log_density[last]) / out->right;
    for (int32_t j = 0; j <= last; ++j) {
        out->mass[j] /= sum;
        out->log_density[j] -= log(sum);
    }
}

double pdx__cut_draw(const pdx__cut_proposal *p, double u, double *log_density) {
    const int32_t last = p->knots - 1;
    double away;
    if (u <= p->mass[0]) {
        away = log(fmax(u, 1e-300) / p->mass[0]);
        *log_density = p->log_density[0] + away;
        return p->knot[0] + away / p->left;
    }
    if (u >= p->mass[last]) {
        away = log(fmax(1 - u, 1e-300) / (1 - p->mass[last]));
        *log_density = p->log_density[last] + away;
        return p->knot[last] - away / p->right;
    }
    int32_t low = 0, high = last;
    while (high - low > 1) {
        int32_t middle = (low + high) / 2;
        if (p->mass[middle] <= u) low = middle;
        else high = middle;
    }
    const double cell = p->knot[low + 1] - p->knot[low];
    const double grown = p->log_density[low + 1] - p->log_density[low];
    const double share = (u - p->mass[low]) * exp(-p->log_density[low]) / cell;
    const double x = fabs(grown) < 1e-8 ? share : log1p(share * grown) / grown;
    *log_density = p->log_density[low] + grown * x;
    return p->knot[low] + cell * x;
}

double pdx__cut_shift(const pdx__cut_proposal *p, double theta, int32_t k) {
    const double x = (theta - p->node[0]) / (p->node[1] - p->node[0]);
    int32_t i = x > 0 ? (int32_t)fmin(x, p->nodes - 2) : 0;
    const double *at = p->shift + (int64_t)i * p->d + k;
    /* beyond the nodes it goes no further than one step */
    const double within = fmin(fmax(x - i, -1), 2);
    return at[0] + within * (at[p->d] - at[0]);
}
