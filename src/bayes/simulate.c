/* A study with planted truth.
 *
 * Properties: z = loadings.f + noise, f the latent factors of a pair, every z of variance 1; the
 * comparison is the sign of z where |z| passes the quantile that leaves the asked share of zeros.
 * Property d belongs to factor d mod factors.
 *
 * A verdict on (pair, order): eta = x.w(judge, scenario) + e in order AB, - e in order BA.
 * - Judges with log-probabilities: the log-odds of A over B is eta + L + d in order AB and
 *   eta + L - d in order BA: L logistic noise of the pair, d (normal, sd 0.25) what the order adds.
 *   The sum over orders is positive with probability sigmoid(x.w) exactly, as the label rule of the
 *   sum assumes; in one order P(A) = sigmoid(eta) within 0.003.
 * - Judges with ties follow one of the models of cut.h, its cut set so that the mean of P(tie) is
 *   the asked share. By Davidson's P(A | no tie) = sigmoid(eta) exactly, so that dropping ties
 * leaves the weights as planted.
 *
 * Left out: texts, and noise in the properties (annotators that err). */
#include <prefdissect/simulate.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bayes/cut.h"
#include "bayes/normal.h"
#include "bayes/posterior.h"
#include "bayes/simulate_judges.h"
#include "core/options.h"
#include "core/pool.h"
#include "core/rng.h"
#include "data/dataset.h"

#define ROW(name, kind, initial, least, most)                                                      \
    { #name, kind, offsetof(pdx_simulate_options, name), initial, least, most, NULL }
static const pdx__option table[] = {
    ROW(pairs, PDX__OPTION_INT64, 1200, 1, 1e9),
    ROW(scenarios, PDX__OPTION_INT32, 4, 1, PDX__NAMED_SCENARIOS),
    ROW(factors, PDX__OPTION_INT32, 4, 0, 1000),
    ROW(zeros, PDX__OPTION_DOUBLE, 0.7, 0, 1),
    ROW(prior_scale, PDX__OPTION_DOUBLE, 0.3, 0, 100),
    ROW(scenario_sd, PDX__OPTION_DOUBLE, 0.1, 0, 100),
    ROW(judges, PDX__OPTION_INT32, 3, 1, 1000),
    ROW(ties, PDX__OPTION_DOUBLE, 0.1, 0, 0.99),
    ROW(repeats, PDX__OPTION_INT32, 1, 1, 1000),
    ROW(schema, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(seed, PDX__OPTION_UINT64, 1, 0, 0),
    ROW(hooks, PDX__OPTION_HOOKS, 0, 0, 0),
    ROW(tie_model, PDX__OPTION_INT32, PDX_TIES_DAVIDSON, PDX_TIES_ORDINAL, PDX_TIES_DAVIDSON),
};

void(pdx_simulate_options_init)(pdx_simulate_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, table, PDX__ROWS(table));
}

/* Streams of random numbers: what one part draws does not depend on how much another drew, so the
 * pairs stay the same when a judge is added. */
enum { STREAM_LOADINGS = 1, STREAM_PAIRS = 2, STREAM_JUDGE = 16 };
#define LEAST_LOADING 0.5
#define MOST_LOADING  0.8
#define POSITION_SD   0.6  /* of judges beyond the named ones */
#define ORDER_SD      0.25 /* what the order adds to a log-odds, beyond the position effect */

typedef struct simulation {
    pdx_simulate_options options;
    pdx_schema *builtin; /* where the caller gave no schema */
    const pdx_schema *schema;
    int32_t d;
    double *loading; /* [d] on the property's factor */
    double *weight;  /* [scenarios][d] of the judge at work */
    double *row;     /* [d] */
    double *factor;  /* [factors] */
    double *eta;     /* [pairs] x.w of the judge at work */
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *truth; /* NULL: not asked for */
    const char **names;
    int64_t done;       /* pairs made and judged */
    double start, told; /* seconds: of the call, of the last progress */
} simulation;

static void release(simulation *s) {
    pdx_schema_free(s->builtin);
    pdx__free(s->loading);
    pdx__free(s->weight);
    pdx__free(s->row);
    pdx__free(s->factor);
    pdx__free(s->eta);
    pdx__free(s->names);
    pdx_dataset_free(s->dataset);
    pdx_judgments_free(s->judgments);
    pdx_study_free(s->truth);
}

static pdx_status prepare(simulation *s) {
    s->schema = s->options.schema;
    if (!s->schema) {
        PDX__TRY(pdx_schema_builtin(&s->builtin, "li2024"));
        s->schema = s->builtin;
    }
    s->d = pdx_schema_count(s->schema);
    size_t d = (size_t)s->d;
    s->loading = pdx__alloc_zero(d, sizeof *s->loading);
    s->weight = pdx__alloc_zero(d * (size_t)s->options.scenarios, sizeof *s->weight);
    s->row = pdx__alloc_zero(d, sizeof *s->row);
    s->factor = pdx__alloc_zero((size_t)s->options.factors, sizeof *s->factor);
    s->eta = pdx__alloc_zero((size_t)s->options.pairs, sizeof *s->eta);
    s->names = pdx__alloc_zero(d, sizeof *s->names);
    if (!s->loading || !s->weight || !s->row || !s->factor || !s->eta || !s->names)
        return PDX_ENOMEM;
    for (int32_t k = 0; k < s->d; ++k) s->names[k] = pdx_schema_property(s->schema, k)->id;
    return PDX_OK;
}

/* One more pair made or judged; asks the caller four times a second at most. */
static pdx_status tell(simulation *s) {
    const pdx_hooks *hooks = &s->options.hooks;
    int64_t total = s->options.pairs * (1 + s->options.judges);
    if (++s->done < total && s->done % 1024) return PDX_OK;
    double now = pdx__seconds();
    if (!hooks->progress || (s->done < total && now - s->told < 0.25)) return PDX_OK;
    s->told = now;
    pdx_progress progress = {"pairs", s->done, total, now - s->start};
    if (hooks->progress(hooks->user, &progress)) return pdx__fail(PDX_ECANCELED, "stopped");
    return PDX_OK;
}

static int32_t scenario_of(const simulation *s, int64_t pair) {
    return (int32_t)(pair % s->options.scenarios);
}

static pdx_status make_pairs(simulation *s) {
    const pdx_simulate_options *o = &s->options;
    pdx__rng rng;
    pdx__rng_init(&rng, o->seed, STREAM_LOADINGS);
    for (int32_t k = 0; k < s->d; ++k)
        s->loading[k] = LEAST_LOADING + (MOST_LOADING - LEAST_LOADING) * pdx__rng_uniform(&rng);
    double threshold = -pdx__normal_quantile((1 - o->zeros) / 2);

    PDX__TRY(pdx__dataset_begin(&s->dataset, s->schema, PDX_VALUES_COMPARISON));
    PDX__TRY(pdx__dataset_reserve(s->dataset, o->pairs));
    pdx__rng_init(&rng, o->seed, STREAM_PAIRS);
    for (int64_t i = 0; i < o->pairs; ++i) {
        char id[32];
        int added, length = snprintf(id, sizeof id, "sim/%06lld", (long long)i);
        const char *scenario = pdx__simulated_scenarios[scenario_of(s, i)];
        PDX__TRY(pdx__dataset_append(s->dataset, id, (size_t)length, &added));
        PDX__TRY(pdx__dataset_join_group(s->dataset, i, scenario, strlen(scenario)));
        for (int32_t f = 0; f < o->factors; ++f) s->factor[f] = pdx__rng_normal(&rng);
        for (int32_t k = 0; k < s->d; ++k) {
            double z = pdx__rng_normal(&rng);
            if (o->factors) {
                double loading = s->loading[k];
                z = loading * s->factor[k % o->factors] + sqrt(1 - loading * loading) * z;
            }
            PDX__TRY(pdx__dataset_put(s->dataset, i, k,
                                      z > threshold    ? 1
                                      : z < -threshold ? -1
                                                       : 0));
        }
        PDX__TRY(tell(s));
    }
    return pdx__dataset_finish(s->dataset, 1);
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double log_sigmoid(double x) { return x > 0 ? -log1p(exp(-x)) : x - log1p(exp(x)); }

static double tie_probability(int32_t model, double theta, double eta) {
    double p[3];
    pdx__cut_outcomes(model, theta, eta, p);
    return p[1];
}

/* Logit of P(tie | eta = 0) with which the mean over pairs of P(tie) is the asked share: by
 * bisection. */
static double tie_logit(const simulation *s) {
    double low = -40, high = 700;
    if (s->options.ties <= 0) return low;
    while (high - low > 1e-10) {
        double theta = 0.5 * (low + high), sum = 0;
        for (int64_t i = 0; i < s->options.pairs; ++i)
            sum += tie_probability(s->options.tie_model, theta, s->eta[i]);
        if (sum > s->options.ties * (double)s->options.pairs) high = theta;
        else low = theta;
    }
    return low;
}

/* Into the planted fits of the judge at hand, the last ones. */
static void note_cut(const simulation *s, double theta, int32_t scenarios) {
    const int32_t model = s->options.tie_model;
    for (int32_t g = 1; s->truth && s->options.ties > 0 && g <= scenarios; ++g) {
        pdx_cut *cut = &s->truth->fit[s->truth->count - g]->cut;
        cut->known = 1;
        cut->model = model;
        cut->mean = pdx__cut_size(model, theta);
        cut->p_tie = sigmoid(theta);
        cut->logit_mean = theta;
        cut->logit_sd = 0;
    }
}

static pdx_status add_row(simulation *s, const pdx__simulated_judge *judge, int64_t pair,
                          int32_t order, int32_t repeat, double margin, int tie, double coverage) {
    pdx_judgment row;
    pdx_judgment_init(&row);
    row.pair = pair;
    row.order = order;
    row.repeat = repeat;
    row.winner = tie ? PDX_WINNER_TIE : margin > 0 ? PDX_WINNER_A : PDX_WINNER_B;
    if (judge->with_probabilities) {
        double first = order == PDX_ORDER_AB ? margin : -margin;
        row.logp_first = log(coverage) + log_sigmoid(first);
        row.logp_second = log(coverage) + log_sigmoid(-first);
        row.coverage = coverage;
    }
    return pdx_judgments_append(s->judgments, judge->name, &row);
}

static pdx_status judge_pairs(simulation *s, const pdx__simulated_judge *judge, int32_t scenarios,
                              pdx__rng *rng) {
    const int32_t model = s->options.tie_model;
    const double theta = judge->with_probabilities ? -40 : tie_logit(s);
    if (!judge->with_probabilities) note_cut(s, theta, scenarios);
    int32_t repeats = judge->with_probabilities ? 1 : s->options.repeats;
    for (int64_t i = 0; i < s->options.pairs; ++i) {
        double noise = pdx__rng_uniform(rng), by_order = ORDER_SD * pdx__rng_normal(rng);
        double coverage = 1 - 0.05 * pdx__rng_uniform(rng);
        for (int32_t r = 0; r < repeats; ++r)
            for (int32_t order = PDX_ORDER_AB; order <= PDX_ORDER_BA; ++order) {
                double sign = order == PDX_ORDER_AB ? 1 : -1;
                double eta = s->eta[i] + sign * judge->position, margin = eta;
                int tie = 0;
                if (judge->with_probabilities) margin += sign * by_order;
                else {
                    noise = pdx__rng_uniform(rng);
                    tie = pdx__rng_uniform(rng) < tie_probability(model, theta, eta);
                    margin = pdx__cut_log_odds(model, theta, eta);
                }
                margin += log(noise / (1 - noise));
                PDX__TRY(add_row(s, judge, i, order, r, margin, tie, coverage));
            }
        PDX__TRY(tell(s));
    }
    return PDX_OK;
}

static pdx_status note_truth(simulation *s, const pdx__simulated_judge *judge, int32_t scenario,
                             const double *weight) {
    pdx_posterior *p = NULL;
    PDX__TRY(
        pdx__posterior_create(&p, judge->name, pdx__simulated_scenarios[scenario], s->d, s->names));
    s->truth->fit[s->truth->count++] = p;
    memcpy(p->mean, weight, (size_t)s->d * sizeof *weight);
    p->n = pdx_dataset_group_size(s->dataset, scenario);
    p->position.known = 1;
    p->position.mean = judge->position;
    p->position.p_first = sigmoid(judge->position);
    pdx__free(p->label);
    p->label = pdx__strdup("planted");
    pdx__free(p->verdict);
    p->verdict = pdx__strdup("The truth that a simulation planted.");
    return p->label && p->verdict ? PDX_OK : PDX_ENOMEM;
}

static pdx_status make_judge(simulation *s, int32_t number) {
    const pdx_simulate_options *o = &s->options;
    pdx__rng rng;
    pdx__rng_init(&rng, o->seed, STREAM_JUDGE + (uint64_t)number);
    char name[32];
    pdx__simulated_judge judge = {name, 0, 1};
    if (number < PDX__NAMED_JUDGES) judge = pdx__simulated_judges[number];
    else {
        snprintf(name, sizeof name, "model-%d", (int)number + 1);
        judge.position = POSITION_SD * pdx__rng_normal(&rng);
    }
    int32_t scenarios = o->scenarios < o->pairs ? o->scenarios : (int32_t)o->pairs;
    for (int32_t k = 0; k < s->d; ++k) {
        double drawn = pdx__rng_laplace(&rng, o->prior_scale);
        double common = pdx__simulated_weight(number, s->names[k]);
        if (isnan(common)) common = drawn;
        for (int32_t g = 0; g < scenarios; ++g)
            s->weight[g * s->d + k] = common + o->scenario_sd * pdx__rng_normal(&rng);
    }
    for (int32_t g = 0; s->truth && g < scenarios; ++g)
        PDX__TRY(note_truth(s, &judge, g, s->weight + (size_t)g * (size_t)s->d));
    for (int64_t i = 0; i < o->pairs; ++i) {
        PDX__TRY(pdx_dataset_row(s->dataset, i, s->row));
        const double *weight = s->weight + (size_t)scenario_of(s, i) * (size_t)s->d;
        s->eta[i] = 0;
        for (int32_t k = 0; k < s->d; ++k) s->eta[i] += s->row[k] * weight[k];
    }
    return judge_pairs(s, &judge, scenarios, &rng);
}

pdx_status pdx_simulate(pdx_dataset **dataset, pdx_judgments **judgments, pdx_study **truth,
                        const pdx_simulate_options *options) {
    if (dataset) *dataset = NULL;
    if (judgments) *judgments = NULL;
    if (truth) *truth = NULL;
    PDX__REQUIRE(dataset && judgments, "dataset and judgments are needed");
    simulation s = {.start = pdx__seconds()};
    pdx_status status;
    PDX__GO(pdx__options_take(&s.options, sizeof s.options, options, table, PDX__ROWS(table),
                              "pdx_simulate_options"));
    PDX__GO(prepare(&s));
    PDX__GO(make_pairs(&s));
    PDX__GO(pdx_judgments_create(&s.judgments));
    if (truth) PDX__GO(pdx__study_create(&s.truth, s.options.judges * s.options.scenarios));
    for (int32_t j = 0; j < s.options.judges; ++j) PDX__GO(make_judge(&s, j));
    *dataset = s.dataset;
    *judgments = s.judgments;
    if (truth) *truth = s.truth;
    s.dataset = NULL;
    s.judgments = NULL;
    s.truth = NULL;
done:
    release(&s);
    return status;
}
