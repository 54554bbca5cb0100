/* Position effects. P(first | responses equal) is the chance that the judge's verdict is "first"
 * where the responses do not differ: sigmoid(e) for a column of the logistic model; sigmoid(e / s)
 * for log-probabilities, whose log-odds e + s z are positive with that chance. So a judge with
 * log-probabilities and one with verdicts stand in one table. */
#include "position.h"

#include <math.h>
#include <stdlib.h>

static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }

/* E sigmoid(x) for x ~ N(mean, sd^2): the trapezoid rule over +-8 sd converges geometrically. */
static double mean_sigmoid(double mean, double sd) {
    double total = 0, mass = 0;
    for (int i = -64; i <= 64; ++i) {
        double z = i / 8.0, density = exp(-z * z / 2);
        total += density * sigmoid(mean + sd * z);
        mass += density;
    }
    return total / mass;
}

void pdx__position_of_column(pdx_position *out, double mean, double sd, double prob_positive,
                             double low, double high) {
    *out = (pdx_position){.known = 1, .mean = mean, .sd = sd, .prob_positive = prob_positive};
    out->p_first = mean_sigmoid(mean, sd);
    out->p_first_low = sigmoid(low);
    out->p_first_high = sigmoid(high);
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

pdx_status pdx__position_of_pairs(pdx_position *out, const double *b, int64_t n, double prior_sd) {
    *out = (pdx_position){.known = 0,
                          .mean = NAN,
                          .sd = NAN,
                          .prob_positive = NAN,
                          .p_first = NAN,
                          .p_first_low = NAN,
                          .p_first_high = NAN};
    double *known = pdx__alloc((size_t)n, sizeof *known);
    if (!known) return PDX_ENOMEM;
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i)
        if (isfinite(b[i])) known[count++] = b[i];
    if (count < 3) {
        pdx__free(known);
        return PDX_OK;
    }
    /* Newton from the median and the spread of the quartiles (log 9 scales of a logistic apart). A
       constant list gets a tiny scale rather than none. */
    qsort(known, (size_t)count, sizeof *known, ascending);
    double e = known[count / 2];
    double spread = (known[count - 1 - count / 4] - known[count / 4]) / log(9.0);
    double least = 1e-6 * (1 + fabs(e));
    double t = log(spread > least ? spread : least);
    slope here = log_posterior(known, count, prior_sd, e, t);
    for (int step = 0; step < 100; ++step) {
        double det = here.ee * here.tt - here.et * here.et, de, dt;
        if (det > 0 && here.tt > 0) {
            de = (here.tt * here.e - here.et * here.t) / det;
            dt = (here.ee * here.t - here.et * here.e) / det;
        } else { /* uphill by coordinates */
            de = here.e / here.ee;
            dt = here.t > 0 ? 0.5 : -0.5;
        }
        double reach = fabs(dt) > 1 ? 1 / fabs(dt) : 1;
        slope next;
        do {
            next = log_posterior(known, count, prior_sd, e + reach * de,
                                 fmax(t + reach * dt, log(least)));
            if (next.value >= here.value) break;
            reach /= 2;
        } while (reach > 1e-10);
        if (!(next.value > here.value)) break;
        e += reach * de;
        t = fmax(t + reach * dt, log(least));
        here = next;
    }
    pdx__free(known);
    /* Laplace's approximation, then r = e / s by the delta method. */
    double det = here.ee * here.tt - here.et * here.et, s = exp(t), ratio = e / s;
    double var_e = det > 0 ? here.tt / det : 1 / here.ee;
    double var_t = det > 0 ? here.ee / det : 0, cov = det > 0 ? -here.et / det : 0;
    double sd_ratio = sqrt(var_e / (s * s) - 2 * ratio * cov / s + ratio * ratio * var_t);
    out->known = 1;
    out->mean = e;
    out->sd = sqrt(var_e);
    out->prob_positive = erfc(-out->mean / (out->sd * sqrt(2.0))) / 2;
    out->p_first = mean_sigmoid(ratio, sd_ratio);
    out->p_first_low = sigmoid(ratio - 1.959963984540054 * sd_ratio);
    out->p_first_high = sigmoid(ratio + 1.959963984540054 * sd_ratio);
    return PDX_OK;
}
