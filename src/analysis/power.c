/* How many pairs an effect needs. The information of one pair on the weight w of a property that
 * differs in a share f of the pairs is f v (1 - R^2), v = E sigmoid'(w + background) (Hsieh, Bloch
 * & Larsen 1998 with the logistic's own variance), so the estimate from n pairs is about N(w, 1 /
 * (n f v (1 - R^2))). A weight is found where P(its sign | data) reaches a level; with the Laplace
 * prior that is the tilted density of numerics.h, whose threshold is found by bisection. The
 * simulator makes such studies and fits them, and so checks all of this. */
#include <math.h>

#include "analysis.h"
#include "bayes/normal.h"
#include "bayes/numerics.h"
#include "core/options.h"
#include "core/pool.h"
#include "effects.h"

#define ROW(name, kind, initial, least, most)                                                      \
    { #name, kind, offsetof(pdx_power_options, name), initial, least, most, NULL }
static const pdx__option table[] = {
    ROW(effect, PDX__OPTION_DOUBLE, 0.2, -100, 100),
    ROW(differs, PDX__OPTION_DOUBLE, 0.3, 0, 1e6),
    ROW(background, PDX__OPTION_DOUBLE, 0.5, 0, 100),
    ROW(shared, PDX__OPTION_DOUBLE, 0, 0, 1),
    ROW(power, PDX__OPTION_DOUBLE, 0.8, 0, 1),
    ROW(level, PDX__OPTION_DOUBLE, 0.975, 0.5, 1),
    ROW(prior_scale, PDX__OPTION_DOUBLE, 0.1, 0, INFINITY),
    ROW(seed, PDX__OPTION_UINT64, 1, 0, 0),
    ROW(threads, PDX__OPTION_INT32, 0, 0, 4096),
    ROW(hooks, PDX__OPTION_HOOKS, 0, 0, 0),
};
static const double MOST_PAIRS = 1e12;

void(pdx_power_options_init)(pdx_power_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, table, PDX__ROWS(table));
}

static pdx_status take(pdx_power_options *full, const pdx_power_options *given) {
    PDX__TRY(
        pdx__options_take(full, sizeof *full, given, table, PDX__ROWS(table), "power options"));
    PDX__REQUIRE(full->effect != 0, "power options: an 'effect' of 0 is never found");
    PDX__REQUIRE(full->differs > 0,
                 "power options: 'differs' is 0: a property that never differs tells nothing");
    PDX__REQUIRE(full->shared < 1, "power options: 'shared' is 1: the others say it all");
    PDX__REQUIRE(full->power > 0 && full->power < 1, "power options: 'power' must be in (0, 1)");
    PDX__REQUIRE(full->level < 1, "power options: 'level' must be below 1");
    PDX__REQUIRE(full->prior_scale > 0, "power options: a 'prior_scale' of 0 pins the weight to 0");
    full->effect = fabs(full->effect);
    return PDX_OK;
}

static double log_partition(double eta) {
    return eta > 0 ? eta + log1p(exp(-eta)) : log1p(exp(eta));
}

/* f v (1 - R^2), with v = 2 E KL(w + background || background) / w^2: the information between 0 and
 * w, which is what decides how much of the likelihood reaches 0. */
static double information(const pdx_power_options *o) {
    enum { NODES = 64 };
    double z[NODES], w[NODES], divergence = 0, size = o->differs > 1 ? sqrt(o->differs) : 1;
    pdx__gauss_hermite(NODES, z, w);
    for (int k = 0; k < NODES; ++k) {
        double without = o->background * z[k], step = o->effect * size, with = without + step;
        divergence +=
            w[k] * (pdx__sigmoid(with) * step - log_partition(with) + log_partition(without));
    }
    double v = 2 * divergence / (o->effect * o->effect * size * size);
    if (o->effect * size < 1e-3) { /* the difference is all rounding: its limit */
        v = 0;
        for (int k = 0; k < NODES; ++k) {
            double p = pdx__sigmoid(o->background * z[k]);
            v += w[k] * p * (1 - p);
        }
    }
    return o->differs * v * (1 - o->shared);
}

/* The least estimate, in standard errors, that counts as found. */
static double threshold(const pdx_power_options *o, double se) {
    double rate = 1 / o->prior_scale, low = 0, high = 40 + rate * se;
    if (rate == 0) return pdx__normal_quantile(o->level);
    for (int round = 0; round < 100 && high - low > 1e-10 * (1 + high); ++round) {
        double middle = 0.5 * (low + high);
        pdx__tilted tilted = {.lam = 1 / (se * se), .gam = middle / se, .rate = rate};
        pdx__tilted_moments(&tilted);
        if (tilted.prob_positive >= o->level) high = middle;
        else low = middle;
    }
    return 0.5 * (low + high);
}

static double power_of(const pdx_power_options *o, double one, double pairs) {
    double se = 1 / sqrt(pairs * one);
    return pdx__normal_upper(threshold(o, se) - o->effect / se);
}

pdx_status pdx_power_of(double *power, double pairs, const pdx_power_options *options) {
    PDX__REQUIRE(power, "pdx_power_of: 'power' is NULL");
    *power = NAN;
    pdx_power_options o;
    PDX__TRY(take(&o, options));
    PDX__REQUIRE(pairs > 0 && pairs <= MOST_PAIRS, "power of %g pairs", pairs);
    *power = power_of(&o, information(&o), pairs);
    return PDX_OK;
}

pdx_status pdx_power_pairs(double *pairs, const pdx_power_options *options) {
    PDX__REQUIRE(pairs, "pdx_power_pairs: 'pairs' is NULL");
    *pairs = NAN;
    pdx_power_options o;
    PDX__TRY(take(&o, options));
    double one = information(&o), low = 0, high = log(MOST_PAIRS);
    if (!(power_of(&o, one, MOST_PAIRS) >= o.power))
        return pdx__fail(PDX_ENUMERIC, "even %g pairs do not find an effect of %g", MOST_PAIRS,
                         o.effect);
    while (high - low > 1e-7) {
        double middle = 0.5 * (low + high);
        if (power_of(&o, one, exp(middle)) >= o.power) high = middle;
        else low = middle;
    }
    *pairs = ceil(exp(high) - 1e-6 * exp(high));
    return PDX_OK;
}

pdx_status pdx_power_describe(pdx_power_options *options, const pdx_dataset *dataset,
                              int32_t property, const pdx_posterior *posterior) {
    PDX__REQUIRE(options && dataset, "pdx_power_describe: an argument is NULL");
    int32_t d = pdx_schema_count(pdx_dataset_schema(dataset));
    int64_t n = pdx_dataset_count(dataset);
    PDX__REQUIRE(property >= 0 && property < d, "property %d of %d", property, d);
    PDX__REQUIRE(n > 0, "the dataset has no pairs");
    PDX__REQUIRE(!posterior || posterior->d == d, "a fit with %d columns, %d properties",
                 posterior ? posterior->d : 0, d);
    size_t width = (size_t)d;
    double *gram = pdx__alloc(width * width + 2 * width, sizeof *gram), square = 0;
    if (!gram) return PDX_ENOMEM;
    double *inflation = gram + width * width, *x = inflation + width;
    pdx_status status;
    PDX__GO(pdx__gram(gram, dataset, n, NULL, NULL));
    double differs = gram[(size_t)property * width + (size_t)property] / (double)n;
    PDX__GO(pdx__inflation(inflation, NULL, NULL, d, gram));
    for (int64_t i = 0; posterior && i < n; ++i) {
        PDX__GO(pdx_dataset_row(dataset, i, x));
        double eta = 0;
        for (int32_t k = 0; k < d; ++k) eta += k == property ? 0 : posterior->mean[k] * x[k];
        square += eta * eta / (double)n;
    }
    options->differs = differs;
    options->shared = 1 - 1 / inflation[property];
    if (posterior) options->background = sqrt(square);
done:
    pdx__free(gram);
    return status;
}

/* ---- the simulator ---- */

enum { COLUMNS = 9 }; /* the property, and eight that make the background */

typedef struct job {
    pdx_power_options options;
    int64_t pairs;
    char *found; /* [studies] */
} job;

/* Each column differs in the wanted share of pairs. The property copies the first of the others,
 * which then weighs nothing, in a share R of the pairs, so that R^2 of it is shared. */
static pdx_status simulate(void *context, int64_t study, int32_t worker) {
    const job *j = context;
    const pdx_power_options *o = &j->options;
    size_t n = (size_t)j->pairs;
    (void)worker;
    double *x = pdx__alloc(n * (COLUMNS + 1), sizeof *x), *y = x + n * COLUMNS;
    if (!x) return PDX_ENOMEM;
    pdx__rng rng;
    pdx__rng_init(&rng, o->seed, (uint64_t)study);
    double share = fmin(1, o->differs), size = o->differs > 1 ? sqrt(o->differs) : 1;
    double copied = sqrt(o->shared);
    int first = o->shared > 0 ? 2 : 1;
    double weight = o->background / sqrt(o->differs * (COLUMNS - first));
    for (size_t i = 0; i < n; ++i) {
        double *row = x + i * COLUMNS, eta = 0;
        for (int k = 0; k < COLUMNS; ++k)
            row[k] = pdx__rng_uniform(&rng) >= share ? 0
                     : pdx__rng_uniform(&rng) < 0.5  ? size
                                                     : -size;
        if (pdx__rng_uniform(&rng) < copied) row[0] = row[1];
        for (int k = first; k < COLUMNS; ++k) eta += (k % 2 ? weight : -weight) * row[k];
        y[i] = pdx__rng_uniform(&rng) < pdx__sigmoid(eta + o->effect * row[0]);
    }
    pdx_rows rows = {.size = sizeof rows, .d = COLUMNS, .n = j->pairs, .x = x, .y = y};
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = o->prior_scale;
    options.method = PDX_METHOD_EP;
    options.certificate = PDX_CERTIFICATE_NEVER;
    options.predict = 0;
    options.threads = 1;
    pdx_posterior *fit;
    pdx_status status = pdx_fit_rows(&fit, &rows, &options);
    if (status == PDX_OK) j->found[study] = fit->prob_positive[0] >= o->level;
    pdx_posterior_free(fit);
    pdx__free(x);
    return status;
}

pdx_status pdx_power_simulated(pdx_rate *out, int64_t pairs, int64_t studies,
                               const pdx_power_options *options) {
    PDX__REQUIRE(out, "pdx_power_simulated: 'out' is NULL");
    *out = (pdx_rate){NAN, NAN, NAN, 0};
    PDX__REQUIRE(pairs >= 1 && pairs <= 10000000 && studies >= 1 && studies <= 1000000,
                 "%lld studies of %lld pairs", (long long)studies, (long long)pairs);
    job j = {.pairs = pairs};
    PDX__TRY(take(&j.options, options));
    j.found = pdx__alloc_zero((size_t)studies, 1);
    if (!j.found) return PDX_ENOMEM;
    pdx_status status = pdx__pool_run(pdx__pool_threads(j.options.threads, studies), studies,
                                      simulate, &j, &j.options.hooks, "studies");
    if (status == PDX_OK) {
        double found = 0;
        for (int64_t i = 0; i < studies; ++i) found += j.found[i];
        *out = pdx__wilson(found / (double)studies, (double)studies);
    }
    pdx__free(j.found);
    return status;
}
