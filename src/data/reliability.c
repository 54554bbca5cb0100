/* How well repeated annotations of a property agree: Krippendorff's alpha with the interval metric,
 * from each pair's mean and standard deviation over its looks; the jackknife over pairs gives its
 * interval. */
#include <math.h>

#include "data/dataset.h"

/* Sums over pairs with at least two looks. */
typedef struct looks_sums {
    double pairs, n; /* pairs; looks */
    double first, square;
    double within; /* sum of squares within pairs */
    double apart;  /* sum over pairs of m s^2: half the observed disagreement, times n */
} looks_sums;

static void count(looks_sums *s, const pdx_repeats *r, double sign) {
    const double m = r->looks, within = (m - 1) * r->sd * r->sd;
    s->pairs += sign;
    s->n += sign * m;
    s->first += sign * m * r->mean;
    s->square += sign * (within + m * r->mean * r->mean);
    s->within += sign * within;
    s->apart += sign * m * r->sd * r->sd;
}

static double alpha_of(const looks_sums *s) {
    if (s->pairs < 2) return NAN;
    const double total = s->square - s->first * s->first / s->n; /* about the common mean */
    const double expected = total / (s->n - 1);
    return expected > 1e-12 * (1 + s->square / s->n) ? 1 - s->apart / s->n / expected : NAN;
}

pdx_status pdx_dataset_reliability(const pdx_dataset *dataset, int32_t property,
                                   pdx_reliability *out) {
    const double z95 = 1.959963984540054;
    PDX__REQUIRE(out, "pdx_dataset_reliability: an argument is NULL");
    *out = (pdx_reliability){NAN, NAN, NAN, NAN, NAN, 0};
    PDX__REQUIRE(dataset, "pdx_dataset_reliability: an argument is NULL");
    PDX__REQUIRE(property >= 0 && property < dataset->schema->count,
                 "pdx_dataset_reliability: property %d of %d", property, dataset->schema->count);
    looks_sums all = {0};
    double variance = 0, looks = 0;
    pdx_repeats r;
    for (int64_t i = 0; i < dataset->n; ++i) {
        PDX__TRY(pdx_dataset_repeats(dataset, i, property, &r));
        if (r.looks > 1) count(&all, &r, 1);
        looks += r.looks > 1 ? r.looks : 1;
    }
    out->pairs = (int64_t)all.pairs;
    if (!(all.pairs > 0)) return PDX_OK;
    out->noise = sqrt(all.within / (all.n - all.pairs));
    out->looks = looks / (double)dataset->n;
    out->alpha = alpha_of(&all);
    for (int64_t i = 0; i < dataset->n && all.pairs > 2; ++i) {
        PDX__TRY(pdx_dataset_repeats(dataset, i, property, &r));
        if (r.looks < 2) continue;
        looks_sums without = all;
        count(&without, &r, -1);
        const double change = alpha_of(&without) - out->alpha;
        variance += isnan(change) ? 1 : change * change;
    }
    if (isnan(out->alpha) || !(all.pairs > 2)) return PDX_OK;
    const double half = z95 * sqrt(variance * (all.pairs - 1) / all.pairs);
    out->low = fmax(-1, out->alpha - half);
    out->high = fmin(1, out->alpha + half);
    return PDX_OK;
}
