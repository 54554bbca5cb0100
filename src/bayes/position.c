/* Position effects. P(first | responses equal) is the chance that the verdict of one showing is
 * "first" where no property differs: sigmoid(e) for a column of the logistic model. For
 * log-probabilities a showing gives the log-odds e + s_b z + s_u z' (what the fit cannot explain
 * counts as chance here as it does for verdicts), positive with chance sigmoid(e / s), s^2 = s_b^2
 * + s_u^2, the logistic of the same variance. So judges with log-probabilities and judges with
 * verdicts stand in one table. */
#include "position.h"

#include <math.h>
#include <stdlib.h>

#include "cut.h"

static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }

/* Log-odds of first among verdicts where ties are an outcome. */
static double among_verdicts(const pdx_cut *cut, double e) {
    return cut && cut->known ? pdx__cut_log_odds(cut->model, cut->logit_mean, e) : e;
}

/* E sigmoid(x) for x ~ N(mean, sd^2): the trapezoid rule over +-8 sd converges geometrically. */
static double mean_sigmoid(double mean, double sd, const pdx_cut *cut) {
    double total = 0, mass = 0;
    for (int i = -64; i <= 64; ++i) {
        double z = i / 8.0, density = exp(-z * z / 2);
        total += density * sigmoid(among_verdicts(cut, mean + sd * z));
        mass += density;
    }
    return total / mass;
}

void pdx__position_of_column(pdx_position *out, double mean, double sd, double prob_positive,
                             double low, double high, const pdx_cut *cut) {
    *out = (pdx_position){.known = 1, .mean = mean, .sd = sd, .prob_positive = prob_positive};
    out->p_first = mean_sigmoid(mean, sd, cut);
    out->p_first_low = sigmoid(among_verdicts(cut, low));
    out->p_first_high = sigmoid(among_verdicts(cut, high));
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Gradient and negative Hessian of the log posterior in (e, t = log s). With z = (b - e) / s a row
 * is -2 log(2 cosh(z / 2)) - t, so d/dz = -tanh(z / 2). */
typedef struct slope {
    double value, e, t, ee, et, tt;
} slope;

static slope log_posterior(const double *b, int64_t n, double prior_sd, double e, double t) {
    double s = exp(t), precision = 1 / (prior_sd * prior_sd);
    slope out = {
        -e * e * precision / 2 - (double)n * t, -e * precision, -(double)n, precision, 0, 0};
    for (int64_t i = 0; i < n; ++i) {
        double z = (b[i] - e) / s, h = tanh(z / 2), k = (1 - h * h) / 2;
        out.value -= fabs(z) + 2 * log1p(exp(-fabs(z)));
        out.e += h / s;
        out.t += h * z;
        out.ee += k / (s * s);
        out.et += (k * z + h) / s;
        out.tt += k * z * z + h * z;
    }
    return out;
}

typedef struct estimate {
    double e, t, var_e, var_t; /* t = log s */
} estimate;

/* Newton from the median and the spread of the quartiles (log 9 scales of a logistic apart), then
 * Laplace's approximation. `b` sorted. A constant list gets a tiny scale rather than none. */
static estimate locate(const double *b, int64_t n, double prior_sd) {
    double e = b[n / 2], spread = (b[n - 1 - n / 4] - b[n / 4]) / log(9.0);
    double least = 1e-6 * (1 + fabs(e)), t = log(fmax(spread, least));
    slope here = log_posterior(b, n, prior_sd, e, t);
    for (int step = 0; step < 100; ++step) {
        double det = here.ee * here.tt - here.et * here.et, de, dt;
        if (det > 0 && here.tt > 0) {
            de = (here.tt * here.e - here.et * here.t) / det;
            dt = (here.ee * here.t - here.et * here.e) / det;
        } else { /* uphill by coordinates */
            de = here.e / here.ee;
            dt = here.t > 0 ? 0.5 : -0.5;
        }
        double reach = fabs(dt) > 1 ? 1 / fabs(dt) : 1, next_t;
        slope next;
        do {
            next_t = fmax(t + reach * dt, log(least));
            next = log_posterior(b, n, prior_sd, e + reach * de, next_t);
            if (next.value >= here.value) break;
            reach /= 2;
        } while (reach > 1e-10);
        if (!(next.value > here.value)) break;
        e += reach * de;
        t = next_t;
        here = next;
    }
    double det = here.ee * here.tt - here.et * here.et;
    if (!(det > 0)) return (estimate){e, t, 1 / here.ee, 0};
    return (estimate){e, t, here.tt / det, here.ee / det};
}

/* log s_u and its variance: Newton on c = 1/s for sum [log c - |c u - eta| - ...], concave in c,
 * with steps in log c. */
static void residual_scale(const double *u, const double *eta, int64_t n, double *t, double *var) {
    double size = 0;
    for (int64_t i = 0; i < n; ++i) size += fabs(u[i]) / (double)n;
    *t = log(fmax(size, 1e-6));
    for (int step = 0; step < 50; ++step) {
        double c = exp(-*t), slope_t = -(double)n, curve = 0;
        for (int64_t i = 0; i < n; ++i) {
            double v = c * u[i], h = tanh((v - eta[i]) / 2), k = (1 - h * h) / 2;
            slope_t += v * h;
            curve += k * v * v + fabs(v * h);
        }
        double move = slope_t / fmax(curve, 1e-12);
        *t = fmax(*t + fmin(fmax(move, -2), 2), log(1e-6));
        *var = 1 / fmax(curve, 1);
        if (fabs(move) < 1e-6) break;
    }
}

pdx_status pdx__position_of_pairs(pdx_position *out, const double *b, const double *u,
                                  const double *eta, int64_t n, double prior_sd) {
    *out = (pdx_position){.known = 0,
                          .mean = NAN,
                          .sd = NAN,
                          .prob_positive = NAN,
                          .p_first = NAN,
                          .p_first_low = NAN,
                          .p_first_high = NAN};
    double *known = pdx__alloc((size_t)n, 3 * sizeof *known);
    if (!known) return PDX_ENOMEM;
    double *known_u = known + n, *known_eta = known + 2 * n;
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i) {
        if (!isfinite(b[i]) || !isfinite(u[i])) continue;
        known[count] = b[i];
        known_u[count] = u[i];
        known_eta[count++] = eta[i];
    }
    if (count >= 3) {
        double t_u, var_u;
        residual_scale(known_u, known_eta, count, &t_u, &var_u);
        qsort(known, (size_t)count, sizeof *known, ascending);
        estimate at = locate(known, count, prior_sd);
        double square_b = exp(2 * at.t), square_u = exp(2 * t_u), square = square_b + square_u;
        double share_b = square_b / square, share_u = square_u / square;
        double ratio = at.e / sqrt(square);
        double var_log_s = share_b * share_b * at.var_t + share_u * share_u * var_u;
        double sd_ratio = sqrt(at.var_e / square + ratio * ratio * var_log_s);
        pdx__position_of_column(out, ratio, sd_ratio, 0, ratio - 1.959963984540054 * sd_ratio,
                                ratio + 1.959963984540054 * sd_ratio, NULL);
        out->mean = at.e;
        out->sd = sqrt(at.var_e);
        out->prob_positive = erfc(-out->mean / (out->sd * sqrt(2.0))) / 2;
    }
    pdx__free(known);
    return PDX_OK;
}
