/* Length-controlled win rate: Dubois, Galambosi, Liang & Hashimoto 2024 (arXiv 2404.04475), as
 * AlpacaEval 0.6.6 fits it: L1 penalty without intercept, its strength from ten values by five
 * folds, soft labels. Left out: the rows of "gamed" baselines that AlpacaEval adds with weight 0.1
 * to fits on its own 805 instructions; they come from its own data and fit no others. */
#include "length.h"

#include <math.h>
#include <string.h>

#include "core/rng.h"
#include "measure.h"

enum { FOLDS = 5, STRENGTHS = 10, SWEEPS = 2000 };

void pdx__length_design(double *x, int64_t n, const double *difference, const double *difficulty) {
    double mean = 0, square = 0;
    for (int64_t i = 0; i < n; ++i) mean += difference[i] / (double)n;
    for (int64_t i = 0; i < n; ++i) square += (difference[i] - mean) * (difference[i] - mean);
    double sd = n > 1 ? sqrt(square / (double)(n - 1)) : 0;
    for (int64_t i = 0; i < n; ++i) {
        x[3 * i] = sd > 0 ? tanh(difference[i] / sd) : 0;
        x[3 * i + 1] = 1;
        x[3 * i + 2] = difficulty ? difficulty[i] : 0;
    }
}

static double eta_of(const double *w, const double *x) {
    return w[0] * x[0] + w[1] * x[1] + w[2] * x[2];
}

static int counts(const pdx__length_rows *rows, int64_t i) {
    return !isnan(rows->y[i]) && (!rows->weight || rows->weight[i] > 0);
}

/* Gradient and curvature of c x cross entropy along term k. */
static void slope_along(const pdx__length_rows *rows, const double *w, double c, int k,
                        double *first, double *second) {
    *first = *second = 0;
    for (int64_t i = 0; i < rows->n; ++i) {
        if (!counts(rows, i)) continue;
        double x = rows->x[3 * i + k], weight = rows->weight ? rows->weight[i] : 1;
        double p = pdx__sigmoid(eta_of(w, rows->x + 3 * i));
        *first += weight * (p - rows->y[i]) * x;
        *second += weight * p * (1 - p) * x * x;
    }
    *first *= c;
    *second *= c;
}

static double shrink(double z, double by) { return z > by ? z - by : z < -by ? z + by : 0; }

/* Coordinate descent; every step is the exact minimum along its term, by damped Newton. */
void pdx__length_fit(double w[PDX__LENGTH_TERMS], const pdx__length_rows *rows, double c) {
    for (int sweep = 0; sweep < SWEEPS; ++sweep) {
        double moved = 0;
        for (int k = 0; k < PDX__LENGTH_TERMS; ++k) {
            for (int step = 0; step < 20; ++step) {
                double first, second;
                slope_along(rows, w, c, k, &first, &second);
                if (!(second > 0)) break;
                /* a quarter of the weights bounds the curvature: damp long steps */
                double next = shrink(w[k] - first / second, 1 / second);
                double change = fmax(fmin(next - w[k], 1), -1);
                w[k] += change;
                moved = fmax(moved, fabs(change));
                if (fabs(change) < 1e-9) break;
            }
        }
        if (moved < 1e-8) return;
    }
}

static double cross_entropy(double y, double eta) {
    return eta > 0 ? (1 - y) * eta + log1p(exp(-eta)) : -y * eta + log1p(exp(eta));
}

/* Folds as scikit-learn's GroupKFold makes them of single rows: the last row is in the first. */
pdx_status pdx__length_choose(double *c, const pdx__length_rows *rows) {
    double *weight = pdx__alloc((size_t)rows->n, sizeof *weight), score[STRENGTHS] = {0};
    int32_t *fold = pdx__alloc((size_t)rows->n, sizeof *fold);
    int64_t known = 0, at = 0;
    pdx_status status = weight && fold ? PDX_OK : PDX_ENOMEM;
    if (status != PDX_OK) goto done;
    for (int64_t i = 0; i < rows->n; ++i) known += counts(rows, i);
    for (int64_t i = 0; i < rows->n; ++i)
        fold[i] = counts(rows, i) ? (int32_t)((known - 1 - at++) % FOLDS) : -1;
    for (int32_t f = 0; f < FOLDS; ++f) {
        double w[PDX__LENGTH_TERMS] = {0};
        pdx__length_rows train = *rows;
        train.weight = weight;
        for (int64_t i = 0; i < rows->n; ++i)
            weight[i] = fold[i] < 0 || fold[i] == f ? 0 : rows->weight ? rows->weight[i] : 1;
        for (int32_t s = 0; s < STRENGTHS; ++s) {
            double sum = 0, held = 0;
            pdx__length_fit(w, &train, pow(10, -4 + 8. * s / (STRENGTHS - 1)));
            for (int64_t i = 0; i < rows->n; ++i) {
                if (fold[i] != f) continue;
                sum += cross_entropy(rows->y[i], eta_of(w, rows->x + 3 * i));
                ++held;
            }
            if (held > 0) score[s] += sum / held;
        }
    }
    int32_t best = 0;
    for (int32_t s = 1; s < STRENGTHS; ++s)
        if (score[s] < score[best]) best = s;
    *c = pow(10, -4 + 8. * best / (STRENGTHS - 1));
done:
    pdx__free(weight);
    pdx__free(fold);
    return status;
}

double pdx__length_rate(const double w[PDX__LENGTH_TERMS], const pdx__length_rows *rows) {
    double sum = 0, total = 0;
    for (int64_t i = 0; i < rows->n; ++i) {
        double weight = rows->weight ? rows->weight[i] : 1;
        sum += weight * pdx__sigmoid(w[1] + w[2] * rows->x[3 * i + 2]);
        total += weight;
    }
    return sum / total;
}

pdx_status pdx_length_controlled(pdx_length_control *out, int64_t n, const double *preference,
                                 const double *length_difference, const double *difficulty,
                                 int64_t draws, uint64_t seed) {
    PDX__REQUIRE(out && preference && length_difference,
                 "pdx_length_controlled: an argument is NULL");
    memset(out, 0, sizeof *out);
    PDX__REQUIRE(n > 0 && draws >= 0 && draws <= 1000000,
                 "pdx_length_controlled: %lld rows, %lld draws", (long long)n, (long long)draws);
    for (int64_t i = 0; i < n; ++i) {
        PDX__REQUIRE(isnan(preference[i]) || (preference[i] >= 0 && preference[i] <= 1),
                     "row %lld: the preference is %g, not in [0, 1]", (long long)i, preference[i]);
        PDX__REQUIRE(isfinite(length_difference[i]) && (!difficulty || isfinite(difficulty[i])),
                     "row %lld: length difference or difficulty is not finite", (long long)i);
        out->n += !isnan(preference[i]);
    }
    PDX__REQUIRE(out->n >= 2 * FOLDS, "%lld preferences are too few to control for length",
                 (long long)out->n);
    double *x = pdx__alloc((size_t)n * 3, sizeof *x),
           *weight = pdx__alloc((size_t)n, sizeof *weight);
    double *rate = pdx__alloc((size_t)draws + 1, sizeof *rate);
    double *raw = pdx__alloc((size_t)draws + 1, sizeof *raw);
    pdx_status status = x && weight && rate && raw ? PDX_OK : PDX_ENOMEM;
    if (status != PDX_OK) goto done;
    pdx__length_rows rows = {n, preference, x, NULL};
    double w[PDX__LENGTH_TERMS] = {0}, wins = 0;
    pdx__length_design(x, n, length_difference, difficulty);
    PDX__GO(pdx__length_choose(&out->strength, &rows));
    pdx__length_fit(w, &rows, out->strength);
    for (int64_t i = 0; i < n; ++i)
        if (!isnan(preference[i])) wins += preference[i] / (double)out->n;
    out->weight_length = w[0];
    out->weight_model = w[1];
    out->weight_difficulty = w[2];
    rows.weight = weight;
    pdx__rng rng;
    pdx__rng_init(&rng, seed, 0);
    for (int64_t r = 0; r < draws; ++r) {
        double v[PDX__LENGTH_TERMS] = {w[0], w[1], w[2]}, sum = 0, total = 0;
        memset(weight, 0, (size_t)n * sizeof *weight);
        for (int64_t i = 0; i < n; ++i) ++weight[pdx__rng_below(&rng, (uint64_t)n)];
        pdx__length_fit(v, &rows, out->strength);
        rate[r] = pdx__length_rate(v, &rows);
        for (int64_t i = 0; i < n; ++i) {
            if (isnan(preference[i])) continue;
            sum += weight[i] * preference[i];
            total += weight[i];
        }
        raw[r] = total > 0 ? sum / total : wins;
    }
    rows.weight = NULL;
    out->controlled = pdx__of_draws(pdx__length_rate(w, &rows), rate, draws);
    out->raw = pdx__of_draws(wins, raw, draws);
done:
    pdx__free(x);
    pdx__free(weight);
    pdx__free(rate);
    pdx__free(raw);
    return status;
}
