/* The two adaptations of a NUTS warmup, apart from the sampler so that each can be tested. */
#include "adapt.h"

#include <math.h>
#include <string.h>

void pdx__step_start(pdx__step_adapt *adapt, double target, double step) {
    /* first tries go to ten times the step: too large costs less than too small */
    *adapt = (pdx__step_adapt){.target = target, .centre = log(10 * step), .log_average = 0};
}

double pdx__step_update(pdx__step_adapt *adapt, double accept) {
    const double strength = 0.05, delay = 10, forget = 0.75;
    double n = (double)++adapt->count, share = 1 / (n + delay);
    adapt->error = (1 - share) * adapt->error + share * (adapt->target - accept);
    double log_step = adapt->centre - sqrt(n) / strength * adapt->error;
    double weight = pow(n, -forget);
    adapt->log_average = weight * log_step + (1 - weight) * adapt->log_average;
    return exp(log_step);
}

double pdx__step_final(const pdx__step_adapt *adapt) { return exp(adapt->log_average); }

void pdx__windows_start(pdx__windows *windows, int32_t warmup) {
    int32_t before = 75, after = 50, length = 25;
    if (before + length + after > warmup) {
        before = (int32_t)(0.15 * warmup);
        after = (int32_t)(0.1 * warmup);
        length = warmup - before - after;
    }
    *windows = (pdx__windows){before, warmup - after, before + length, length};
}

int pdx__windows_hold(const pdx__windows *windows, int32_t i) {
    return i >= windows->first && i < windows->last;
}

int pdx__windows_end(pdx__windows *windows, int32_t i) {
    if (i + 1 != windows->end || windows->end > windows->last) return 0;
    windows->length *= 2;
    /* the last window takes what the one after it could not fill */
    int32_t end = windows->end + windows->length;
    windows->end = end + 2 * windows->length > windows->last ? windows->last : end;
    if (i + 1 == windows->last) windows->end = windows->last + 1;
    return 1;
}

void pdx__welford_clear(pdx__welford *welford) {
    welford->count = 0;
    memset(welford->mean, 0, (size_t)welford->dim * sizeof(double));
    memset(welford->squares, 0, (size_t)welford->dim * sizeof(double));
}

void pdx__welford_add(pdx__welford *welford, const double *x) {
    double n = (double)++welford->count;
    for (int32_t d = 0; d < welford->dim; ++d) {
        double step = x[d] - welford->mean[d];
        welford->mean[d] += step / n;
        welford->squares[d] += step * (x[d] - welford->mean[d]);
    }
}

void pdx__welford_scale(const pdx__welford *welford, double *scale) {
    if (welford->count < 2) return;
    double n = (double)welford->count;
    for (int32_t d = 0; d < welford->dim; ++d) {
        double variance = welford->squares[d] / (n - 1);
        double pulled = (n * variance + 5e-3 * scale[d] * scale[d]) / (n + 5);
        if (pulled > 0 && isfinite(pulled)) scale[d] = sqrt(pulled);
    }
}
