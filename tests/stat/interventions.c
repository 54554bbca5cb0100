/* Simulated judges whose weights are known, asked about pairs and about edited copies of them:
 * measured and predicted effects are right as often as their intervals say, a judge that looks at
 * position only shows no effect of content, an edit that changes nothing shows none. */
#include <prefdissect/prefdissect.h>

#include "core/rng.h"

#include "check.h"

enum { D = 8, EDITS = 7, N = 150, RUNS = 400, ALL = N * (1 + EDITS) };
static const double PRIOR = 0.3, MOVES = 0.7, AHEAD = 0.2, POSITION = 0.8, SCALE = 1.7;

/* How a judge answers. */
enum { MARGINS, MARGINS_KEPT, VERDICTS };
typedef struct judge_kind {
    int answers; /* MARGINS_KEPT: what is no property stays with the pair when it is edited */
    int blind;   /* position only */
} judge_kind;

/* Edit e moves property e; the last ones two or none: what truth says of each. */
static const double moved[EDITS][D] = {
    {1}, {0, 1}, {0, 0, 1}, {0, 0, 0, 1}, {0, 0, 0, 0, 1, 1}, {1, 0, 0, 0, 0, 0, 1}, {0}};
static const char *const names[EDITS] = {"e0", "e1", "e2", "e3", "two", "pair", "nothing"};

typedef struct tally {
    int measured, predicted, wins, gap, of, slope, slopes, clear, pure;
} tally;

static double logistic(pdx__rng *rng) {
    double u = pdx__rng_uniform(rng);
    return log(u / (1 - u));
}

typedef struct world {
    double x[ALL][D], weight[D];
    double truth[EDITS]; /* over all pairs that there might be */
    double here[EDITS];  /* on these pairs */
    double wins[EDITS];
    pdx_dataset *originals, *all;
    pdx_judgments *judged, *judged_all;
} world;

static double dot(const double *a, const double *b) {
    double sum = 0;
    for (int k = 0; k < D; ++k) sum += a[k] * b[k];
    return sum;
}

static double sigmoid(double z) { return 1 / (1 + exp(-z)); }

static pdx_status answer(pdx_judgments *out, int64_t pair, double eta, double kept,
                         const judge_kind *kind, pdx__rng *rng) {
    double noise = kind->answers == MARGINS_KEPT ? kept : logistic(rng);
    double by_order = 0.2 * pdx__rng_normal(rng);
    for (int32_t order = PDX_ORDER_AB; order <= PDX_ORDER_BA; ++order) {
        double sign = order == PDX_ORDER_AB ? 1 : -1;
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = pair;
        j.order = order;
        if (kind->answers == VERDICTS) {
            double p = sigmoid(eta + sign * POSITION);
            j.winner = pdx__rng_uniform(rng) < p ? PDX_WINNER_A : PDX_WINNER_B;
        } else {
            double first = sign * SCALE * (eta + noise + sign * (POSITION + by_order));
            j.logp_first = log(sigmoid(first));
            j.logp_second = log(sigmoid(-first));
            j.winner = (first > 0) == (order == PDX_ORDER_AB) ? PDX_WINNER_A : PDX_WINNER_B;
        }
        pdx_status status = pdx_judgments_append(out, "simulated", &j);
        if (status != PDX_OK) return status;
    }
    return PDX_OK;
}

static pdx_status make_world(world *w, const judge_kind *kind, pdx__rng *rng) {
    static char id[ALL][32];
    const char *ids[ALL];
    double kept[N], sign[N];
    memset(w->here, 0, sizeof w->here);
    memset(w->wins, 0, sizeof w->wins);
    for (int k = 0; k < D; ++k) w->weight[k] = kind->blind ? 0 : pdx__rng_laplace(rng, PRIOR);
    for (int e = 0; e < EDITS; ++e) w->truth[e] = MOVES * (1 - AHEAD) * dot(moved[e], w->weight);
    for (int i = 0; i < N; ++i) {
        kept[i] = logistic(rng);
        sign[i] = pdx__rng_uniform(rng) < 0.5 ? 1 : -1;
        snprintf(id[i], sizeof id[i], "%d", i);
        for (int k = 0; k < D; ++k) {
            double u = pdx__rng_uniform(rng);
            w->x[i][k] = u < AHEAD ? 1 : u < 2 * AHEAD ? -1 : 0;
        }
        for (int e = 0; e < EDITS; ++e) {
            int at = N + e * N + i;
            snprintf(id[at], sizeof id[at], "%d#%s#%c", i, names[e], sign[i] > 0 ? 'a' : 'b');
            for (int k = 0; k < D; ++k) {
                /* one step ahead for the edited side, unless it is ahead already */
                int steps =
                    moved[e][k] && sign[i] * w->x[i][k] < 1 && pdx__rng_uniform(rng) < MOVES;
                w->x[at][k] = w->x[i][k] + (steps ? sign[i] : 0);
            }
            double before = dot(w->x[i], w->weight), after = dot(w->x[at], w->weight);
            w->here[e] += sign[i] * (after - before) / N;
            w->wins[e] += sign[i] * (sigmoid(after) - sigmoid(before)) / N;
        }
    }
    for (int i = 0; i < ALL; ++i) ids[i] = id[i];
    pdx_schema *schema;
    static const char *const columns[D] = {"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"};
    pdx_status status = pdx_schema_from_names(&schema, columns, D);
    if (status == PDX_OK)
        status = pdx_dataset_from_arrays(&w->originals, schema, N, w->x[0], ids, NULL);
    if (status == PDX_OK)
        status = pdx_dataset_from_arrays(&w->all, schema, ALL, w->x[0], ids, NULL);
    if (status == PDX_OK) status = pdx_judgments_create(&w->judged);
    if (status == PDX_OK) status = pdx_judgments_create(&w->judged_all);
    for (int i = 0; i < ALL && status == PDX_OK; ++i) {
        pdx__rng before = *rng;
        status = answer(w->judged_all, i, dot(w->x[i], w->weight), kept[i % N], kind, rng);
        if (i < N && status == PDX_OK)
            status = answer(w->judged, i, dot(w->x[i], w->weight), kept[i], kind, &before);
    }
    pdx_schema_free(schema);
    return status;
}

static int holds(const pdx_estimate *e, double truth) {
    return e->low <= truth && truth <= e->high;
}

static pdx_status one_run(tally *t, const judge_kind *kind, pdx__rng *rng) {
    static world w;
    pdx_status status = make_world(&w, kind, rng);
    pdx_study *study = NULL;
    pdx_probe *probe = NULL;
    pdx_probe_calibration calibration;
    pdx_fit_options fit;
    pdx_fit_options_init(&fit);
    fit.prior_scale = PRIOR;
    fit.predict = 0;
    fit.certificate = PDX_CERTIFICATE_NEVER;
    fit.threads = 1;
    pdx_probe_options options;
    pdx_probe_options_init(&options);
    options.draws = 200;
    if (status == PDX_OK) status = pdx_study_fit(&study, w.originals, w.judged, &fit);
    if (status == PDX_OK)
        status = pdx_probe_measure(&probe, w.all, w.judged_all, pdx_study_get(study, 0), &options);
    for (int32_t i = 0; status == PDX_OK && i < pdx_probe_count(probe); ++i) {
        pdx_probe_effect e;
        pdx_probe_get(probe, i, &e);
        int k = 0;
        while (strcmp(names[k], e.name)) ++k;
        ++t->of;
        t->measured += holds(&e.measured, w.truth[k]);
        t->clear += e.measured.low > 0 || e.measured.high < 0;
        if (kind->answers == MARGINS_KEPT && k == EDITS - 1)
            t->pure += fabs(e.measured.value) > 1e-9 || e.turned.value > 0;
        if (k == EDITS - 1) {
            --t->of;
            t->measured -= holds(&e.measured, w.truth[k]);
            continue;
        }
        t->predicted += holds(&e.predicted, w.here[k]);
        t->wins += holds(&e.wins_predicted, w.wins[k]);
        t->gap += holds(&e.gap, 0);
    }
    if (status == PDX_OK) {
        pdx_probe_calibration_get(probe, &calibration);
        ++t->slopes;
        t->slope += holds(&calibration.slope, 1);
    }
    pdx_probe_free(probe);
    pdx_study_free(study);
    pdx_dataset_free(w.originals);
    pdx_dataset_free(w.all);
    pdx_judgments_free(w.judged);
    pdx_judgments_free(w.judged_all);
    return status;
}

static tally run(const judge_kind *kind, int runs, uint64_t seed) {
    tally t = {0};
    for (int r = 0; r < runs; ++r) {
        pdx__rng rng;
        pdx__rng_init(&rng, seed, (uint64_t)r);
        CHECK_INT(one_run(&t, kind, &rng), PDX_OK);
    }
    printf("measured %.4f, predicted %.4f, P(win) predicted %.4f, gap %.4f, slope %.4f\n",
           t.measured / (double)t.of, t.predicted / (double)t.of, t.wins / (double)t.of,
           t.gap / (double)t.of, t.slope / (double)t.slopes);
    return t;
}

static void check_share(const char *what, int count, int of) {
    double share = count / (double)of;
    if (!(share >= 0.93 && share <= 0.97))
        CHECK_FAIL("%s: %.4f of the intervals hold", what, share);
}

static void known_weights(void) {
    judge_kind kind = {.answers = MARGINS};
    tally t = run(&kind, RUNS, 41);
    check_share("measured", t.measured, t.of);
    check_share("predicted", t.predicted, t.of);
    check_share("P(win) predicted", t.wins, t.of);
    check_share("gap", t.gap, t.of);
    CHECK(t.slope > 0.93 * t.slopes); /* on the safe side: it allows for a spread, here 0 */
}

static void noise_that_stays(void) {
    judge_kind kind = {.answers = MARGINS_KEPT};
    tally t = run(&kind, RUNS, 42);
    check_share("measured", t.measured, t.of);
    check_share("predicted", t.predicted, t.of);
    CHECK(t.slope > 0.93 * t.slopes);
    CHECK_INT(t.pure, 0); /* an edit that changes nothing has no effect at all */
}

static void verdicts_only(void) {
    judge_kind kind = {.answers = VERDICTS};
    tally t = run(&kind, RUNS, 43);
    check_share("measured", t.measured, t.of);
    check_share("gap", t.gap, t.of);
    CHECK(t.predicted > 0.93 * t.of); /* both orders weigh as one look: on the safe side */
}

static void position_only(void) {
    for (int answers = MARGINS; answers <= VERDICTS; answers += VERDICTS - MARGINS) {
        judge_kind kind = {.answers = answers, .blind = 1};
        tally t = run(&kind, RUNS / 2, 44);
        check_share("no effect of content", t.measured, t.of);
    }
}

int main(void) {
    RUN(known_weights);
    RUN(noise_that_stays);
    RUN(verdicts_only);
    RUN(position_only);
    return check_result();
}
