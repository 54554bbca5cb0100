/* The density of tau between the nodes that a fit laid; see tau_density.h. */
#include "tau_density.h"

#include <math.h>

/* Log density at a tau from the nodes: even about 0, a polynomial through four neighbours. */
typedef struct tau_density {
    double step, value[2 * PDX__MOST_NODES];
    int64_t first; /* half step of value[0] */
    int32_t count;
} tau_density;

static void collect_tau(tau_density *density, const pdx__nodes *nodes, double step) {
    density->step = step;
    density->first = INT64_MAX;
    density->count = nodes->count;
    for (int32_t i = 0; i < nodes->count; ++i)
        density->first = (int64_t)fmin((double)density->first, floor(nodes->at[i] / step));
    for (int32_t i = 0; i < nodes->count; ++i)
        density->value[(int64_t)floor(nodes->at[i] / step) - density->first] =
            nodes->log_z[i] - nodes->log_z[0];
}

static double log_density(const tau_density *t, double tau) {
    double place = tau / t->step - 0.5, sum = 0;
    int64_t from = (int64_t)floor(place) - 1, least = t->first == 0 ? -t->count : t->first;
    int64_t last = t->first + t->count - 1;
    int32_t points = 4;
    if (last - least + 1 < points) points = (int32_t)(last - least + 1);
    if (from > last - points + 1) from = last - points + 1;
    if (from < least) from = least;
    for (int32_t i = 0; i < points; ++i) {
        int64_t at = from + i, mirrored = at < 0 ? -1 - at : at;
        double term = t->value[mirrored - t->first];
        for (int32_t j = 0; j < points; ++j)
            if (j != i) term *= (place - (double)(from + j)) / (double)(i - j);
        sum += term;
    }
    return sum;
}

void pdx__tau_describe(pdx__pooled_fit *fit, double step, const pdx__fit_settings *settings) {
    enum { CELLS = 2000 };
    tau_density t;
    double mass[CELLS + 1], mean = 0, square = 0;
    collect_tau(&t, &fit->nodes, step);
    const double low = t.first == 0 ? 0 : pdx__tau_node(t.first, step) - 0.5 * step;
    const double high = pdx__tau_node(t.first + t.count - 1, step) + 0.5 * step;
    const double cell = (high - low) / CELLS;
    mass[0] = 0;
    for (int i = 0; i < CELLS; ++i) {
        const double at = low + (i + 0.5) * cell, density = exp(log_density(&t, at));
        mass[i + 1] = mass[i] + density;
        mean += density * at;
        square += density * at * at;
    }
    fit->tau_mean = mean / mass[CELLS];
    fit->tau_sd = sqrt(fmax(square / mass[CELLS] - fit->tau_mean * fit->tau_mean, 0));
    for (int32_t q = 0; q < settings->quantile_count; ++q) {
        const double wanted = settings->quantile_probs[q] * mass[CELLS];
        int i = 0;
        while (i < CELLS - 1 && mass[i + 1] < wanted) ++i;
        fit->tau_quantiles[q] = low + cell * (i + (wanted - mass[i]) / (mass[i + 1] - mass[i]));
    }
}
