/* The simulator: what it makes has the shares, correlations and rates that were asked for. Limits
 * are five standard errors. */
#include <prefdissect/prefdissect.h>

#include "bayes/simulate_judges.h"
#include "check.h"
#include "core/sha256.h"

typedef struct study {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *truth;
} study;

static void release(study *s) {
    pdx_dataset_free(s->dataset);
    pdx_judgments_free(s->judgments);
    pdx_study_free(s->truth);
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

static void shares_and_correlations(void) {
    enum { N = 20000, D = 29, FACTORS = 3 };
    pdx_simulate_options o;
    pdx_simulate_options_init(&o);
    o.pairs = N;
    o.factors = FACTORS;
    o.zeros = 0.6;
    o.judges = 1;
    study s;
    OK(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o));
    CHECK_INT(pdx_dataset_count(s.dataset), N);
    CHECK_INT(pdx_schema_count(pdx_dataset_schema(s.dataset)), D);
    static double x[D][N];
    for (int k = 0; k < D; ++k) {
        OK(pdx_dataset_column(s.dataset, k, x[k]));
        double zeros = 0, sum = 0;
        for (int i = 0; i < N; ++i) {
            CHECK(x[k][i] == 0 || fabs(x[k][i]) == 1);
            zeros += x[k][i] == 0;
            sum += x[k][i];
        }
        CHECK_NEAR(zeros / N, 0.6, 5 * sqrt(0.24 / N));
        CHECK_NEAR(sum / N, 0, 5 * sqrt(0.4 / N));
    }
    /* Loadings are 0.5 to 0.8, so latent correlations within a factor are 0.25 to 0.64; signs with
     * 60 % zeros keep about four fifths of that. Across factors there is none. */
    for (int a = 0; a < D; ++a)
        for (int b = a + 1; b < D; ++b) {
            double product = 0;
            for (int i = 0; i < N; ++i) product += x[a][i] * x[b][i];
            double correlation = product / (0.4 * N);
            if (a % FACTORS == b % FACTORS) {
                CHECK(correlation > 0.12 && correlation < 0.6);
            } else CHECK_NEAR(correlation, 0, 5 / sqrt(N));
        }
    release(&s);
}

/* Verdicts against the planted weights: for each judge and order the share of A over pairs, and its
 * covariance with x.w, are what sigmoid(x.w +- e) predicts. */
static void verdicts_follow_the_planted_weights(void) {
    enum { N = 20000, D = 29 };
    pdx_simulate_options o;
    pdx_simulate_options_init(&o);
    o.pairs = N;
    o.judges = 4;
    o.scenarios = 2;
    o.repeats = 2;
    o.ties = 0.2;
    study s;
    OK(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o));
    CHECK_INT(pdx_judgments_judge_count(s.judgments), 4);
    CHECK_INT(pdx_judgments_count(s.judgments), N * (4 + 2 + 2 + 2));
    CHECK_INT(pdx_study_count(s.truth), 8);
    static double eta[4][N];
    double effect[4];
    for (int j = 0; j < 4; ++j)
        for (int64_t i = 0; i < N; ++i) {
            double x[D];
            OK(pdx_dataset_row(s.dataset, i, x));
            const pdx_posterior *t =
                pdx_study_find(s.truth, pdx_judgments_judge_name(s.judgments, j),
                               pdx_dataset_group_name(s.dataset, (int)(i % 2)));
            REQUIRE(t);
            pdx_position position;
            OK(pdx_posterior_position(t, &position));
            effect[j] = position.mean;
            eta[j][i] = 0;
            for (int k = 0; k < D; ++k) eta[j][i] += pdx_posterior_mean(t)[k] * x[k];
        }
    CHECK(effect[0] == 0 && effect[1] == 0.3 && effect[2] == 1.2);
    double rows[4] = {0}, ties[4] = {0}, won[4][2] = {{0}}, tilt[4][2] = {{0}};
    double won_var[4][2] = {{0}}, tilt_var[4][2] = {{0}};
    static double sum_margin[4][N];
    for (int64_t r = 0; r < pdx_judgments_count(s.judgments); ++r) {
        pdx_judgment v;
        OK(pdx_judgments_get(s.judgments, r, &v));
        int j = v.judge, ba = v.order == PDX_ORDER_BA;
        CHECK(v.order == PDX_ORDER_AB || ba);
        ++rows[j];
        if (v.winner == PDX_WINNER_TIE) {
            ++ties[j];
            continue;
        }
        double e = eta[j][v.pair], p = sigmoid(e + (ba ? -effect[j] : effect[j]));
        double residual = (v.winner == PDX_WINNER_A) - p;
        won[j][ba] += residual;
        won_var[j][ba] += p * (1 - p);
        tilt[j][ba] += residual * e;
        tilt_var[j][ba] += p * (1 - p) * e * e;
        if (j == 0) {
            CHECK(isnan(v.logp_first) && isnan(v.coverage));
            continue;
        }
        CHECK_NEAR(exp(v.logp_first) + exp(v.logp_second), v.coverage, 1e-12);
        CHECK(v.coverage > 0.94 && v.coverage <= 1);
        double margin = (v.logp_first - v.logp_second) * (ba ? -1 : 1);
        CHECK((margin > 0) == (v.winner == PDX_WINNER_A));
        sum_margin[j][v.pair] += margin;
    }
    for (int j = 0; j < 4; ++j)
        for (int ba = 0; ba < 2; ++ba) {
            /* the two repeats of the human are independent */
            CHECK_LE(fabs(won[j][ba]), 5 * sqrt(won_var[j][ba]));
            CHECK_LE(fabs(tilt[j][ba]), 5 * sqrt(tilt_var[j][ba]));
        }
    CHECK_NEAR(ties[0] / rows[0], 0.2, 5 * sqrt(0.16 / rows[0]));
    CHECK(ties[1] + ties[2] + ties[3] == 0);
    /* The sign of the sum over orders has no position effect left. */
    for (int j = 1; j < 4; ++j) {
        double residual = 0, variance = 0;
        for (int i = 0; i < N; ++i) {
            double p = sigmoid(eta[j][i]);
            residual += ((sum_margin[j][i] > 0) - p) * eta[j][i];
            variance += p * (1 - p) * eta[j][i] * eta[j][i];
        }
        CHECK_LE(fabs(residual), 5 * sqrt(variance));
    }
    /* Raw rates of choosing the first rise with the planted effect. */
    pdx_judge_rates rates[3];
    for (int j = 0; j < 3; ++j) OK(pdx_judgments_rates(s.judgments, s.dataset, j, -1, &rates[j]));
    CHECK_NEAR(rates[0].p_first, 0.5, 0.01);
    CHECK(rates[1].p_first > 0.53 && rates[1].p_first < 0.58);
    CHECK(rates[2].p_first > 0.68 && rates[2].p_first < 0.78);
    release(&s);
}

static void planted_weights_are_spread_as_asked(void) {
    pdx_simulate_options o;
    pdx_simulate_options_init(&o);
    o.pairs = 16;
    o.scenarios = 16;
    o.judges = 20;
    o.scenario_sd = 0.05;
    study s;
    OK(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o));
    CHECK_INT(pdx_study_count(s.truth), 320);
    double spread = 0, size = 0, count = 0, within = 0;
    for (int i = 0; i < 320; ++i) {
        const pdx_posterior *t = pdx_study_get(s.truth, i);
        for (int k = 0; k < 29; ++k) {
            double common = 0;
            for (int g = 0; g < 16; ++g)
                common += pdx_posterior_mean(pdx_study_get(s.truth, i / 16 * 16 + g))[k] / 16;
            double apart = pdx_posterior_mean(t)[k] - common;
            spread += apart * apart * 16 / 15;
            ++within;
            if (i >= 3 * 16 && i % 16 == 0) {
                size += fabs(common);
                ++count;
            } else if (i == 0)
                CHECK_NEAR(common, pdx__simulated_weight(0, pdx_posterior_column(t, k)),
                           5 * 0.05 / 4);
        }
    }
    CHECK_NEAR(sqrt(spread / within), 0.05, 0.002);
    CHECK_NEAR(size / count, 0.3, 5 * 0.3 / sqrt(count)); /* mean |Laplace(0, b)| = b */
    release(&s);
}

static void fingerprint(char hex[65], const pdx_simulate_options *o) {
    study s;
    OK(pdx_simulate(&s.dataset, &s.judgments, &s.truth, o));
    pdx__sha256 hash;
    pdx__sha256_init(&hash);
    pdx__sha256_add(&hash, pdx_dataset_sha256(s.dataset), 64);
    for (int64_t r = 0; r < pdx_judgments_count(s.judgments); ++r) {
        pdx_judgment v;
        OK(pdx_judgments_get(s.judgments, r, &v));
        double numbers[] = {(double)v.pair, v.judge,      v.order,       v.winner,
                            v.repeat,       v.logp_first, v.logp_second, v.coverage};
        pdx__sha256_add(&hash, numbers, sizeof numbers);
    }
    pdx__sha256_hex(&hash, hex);
    release(&s);
}

static void a_seed_decides_every_byte(void) {
    pdx_simulate_options o;
    pdx_simulate_options_init(&o);
    char first[65], again[65], other[65];
    fingerprint(first, &o);
    fingerprint(again, &o);
    CHECK_TEXT(first, again);
    fingerprint(again, &o);
    o.seed = 2;
    fingerprint(other, &o);
    CHECK(strcmp(first, other));
}

static void judges_do_not_change_the_pairs(void) {
    pdx_simulate_options o;
    pdx_simulate_options_init(&o);
    char hash[65];
    study s;
    OK(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o));
    snprintf(hash, sizeof hash, "%s", pdx_dataset_sha256(s.dataset));
    double weight = pdx_posterior_mean(pdx_study_get(s.truth, 0))[5];
    release(&s);
    o.judges = 7;
    OK(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o));
    CHECK_TEXT(pdx_dataset_sha256(s.dataset), hash);
    CHECK(pdx_posterior_mean(pdx_study_get(s.truth, 0))[5] == weight);
    release(&s);
}

static void other_schemas_and_extremes(void) {
    static const char *const names[] = {"one", "two"};
    pdx_schema *schema;
    OK(pdx_schema_from_names(&schema, names, 2));
    pdx_simulate_options o;
    pdx_simulate_options_init(&o);
    o.schema = schema;
    o.pairs = 3; /* fewer than scenarios */
    o.factors = 0;
    study s;
    OK(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o));
    pdx_schema_free(schema);
    CHECK_INT(pdx_study_count(s.truth), 9);
    CHECK_TEXT(pdx_posterior_column(pdx_study_get(s.truth, 0), 1), "two");
    CHECK_INT(pdx_dataset_group_count(s.dataset), 3);
    release(&s);
    pdx_simulate_options_init(&o);
    o.pairs = 50;
    o.zeros = 1;
    o.ties = 0;
    o.prior_scale = o.scenario_sd = 0;
    OK(pdx_simulate(&s.dataset, &s.judgments, NULL, &o));
    double x[50];
    OK(pdx_dataset_column(s.dataset, 0, x));
    for (int i = 0; i < 50; ++i) CHECK(x[i] == 0);
    s.truth = NULL;
    release(&s);
    o.zeros = 0;
    o.ties = 0.99;
    o.scenario_sd = 100; /* weights at which cosh would overflow */
    OK(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o));
    OK(pdx_dataset_column(s.dataset, 0, x));
    for (int i = 0; i < 50; ++i) CHECK(fabs(x[i]) == 1);
    release(&s);
}

static int32_t stop(void *user, const pdx_progress *progress) {
    ++*(int *)user;
    return progress->done > 0;
}

static void misuse_and_stopping(void) {
    pdx_simulate_options o;
    pdx_simulate_options_init(&o);
    study s;
    FAILS(pdx_simulate(NULL, &s.judgments, NULL, &o), PDX_EINVAL, "dataset");
    o.zeros = 1.5;
    FAILS(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o), PDX_EINVAL, "zeros");
    CHECK(!s.dataset && !s.judgments && !s.truth);
    pdx_simulate_options_init(&o);
    int calls = 0;
    o.hooks.progress = stop;
    o.hooks.user = &calls;
    FAILS(pdx_simulate(&s.dataset, &s.judgments, &s.truth, &o), PDX_ECANCELED, "stopped");
    CHECK_INT(calls, 1);
    CHECK(!s.dataset && !s.judgments && !s.truth);
}

int main(void) {
    RUN(shares_and_correlations);
    RUN(verdicts_follow_the_planted_weights);
    RUN(planted_weights_are_spread_as_asked);
    RUN(a_seed_decides_every_byte);
    RUN(judges_do_not_change_the_pairs);
    RUN(other_schemas_and_extremes);
    RUN(misuse_and_stopping);
    return check_result();
}
