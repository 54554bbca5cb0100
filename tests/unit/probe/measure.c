/* A measured probe on data small enough to see through: log-odds and their scale, verdicts, what is
 * missing and counted, position, words and JSON. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "scratch.h"

enum { N = 60 };

/* Originals with one property x in {-1, 0, 1}; copies by "up" (x + 1 for the edited side, where it
 * is not ahead), "idle" (nothing changes) and "same". The judge's margin is 2 (w x + u), u a spread
 * that stays with the pair. */
typedef struct study {
    pdx_dataset *dataset;
    pdx_judgments *judgments;
    pdx_study *fits;
    char id[4 * N + 1][24];
    double x[4 * N + 1];
} study;

static double noise(int i) {
    double u = (i % N + 0.5) / N;
    return log(u / (1 - u));
}

static void judge_one(pdx_judgments *out, int64_t pair, double margin, double first,
                      int with_logp) {
    for (int32_t order = PDX_ORDER_AB; order <= PDX_ORDER_BA; ++order) {
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = pair;
        j.order = order;
        double odds = (order == PDX_ORDER_AB ? margin : -margin) + first;
        j.winner = (odds > 0) == (order == PDX_ORDER_AB) ? PDX_WINNER_A : PDX_WINNER_B;
        if (odds == 0) j.winner = PDX_WINNER_TIE;
        if (with_logp) {
            j.logp_first = -log1p(exp(-odds));
            j.logp_second = -log1p(exp(odds));
        }
        CHECK_INT(pdx_judgments_append(out, "j", &j), PDX_OK);
    }
}

static void make(study *s, double weight, int with_logp) {
    static const char *const columns[1] = {"long"};
    const char *ids[4 * N + 1];
    pdx_schema *schema;
    OK(pdx_judgments_create(&s->judgments));
    for (int i = 0; i < 4 * N; ++i) {
        int base = i % N, kind = i / N;
        double sign = base % 2 ? -1 : 1, x = (base * 7) % 3 - 1;
        static const char *const names[4] = {"", "up", "idle", "same"};
        if (kind)
            snprintf(s->id[i], sizeof s->id[i], "%d#%s#%c", base, names[kind],
                     sign > 0 ? 'a' : 'b');
        else snprintf(s->id[i], sizeof s->id[i], "%d", base);
        if (kind == 1 && sign * x < 1) x += sign;
        if (kind == 3) x = 0;
        s->x[i] = x;
        if (i == N + 5) continue; /* an edited pair without a judgment */
        judge_one(s->judgments, i, kind == 3 ? 0 : 2 * (weight * x + noise(i * 37 % N)), 0.5,
                  with_logp);
    }
    snprintf(s->id[4 * N], sizeof s->id[0], "gone#up#a"); /* not marked as ours: an original */
    s->x[4 * N] = 0;
    for (int i = 0; i <= 4 * N; ++i) ids[i] = s->id[i];
    OK(pdx_schema_from_names(&schema, columns, 1));
    OK(pdx_dataset_from_arrays(&s->dataset, schema, 4 * N + 1, s->x, ids, NULL));
    pdx_schema_free(schema);
    pdx_fit_options options;
    pdx_fit_options_init(&options);
    options.prior_scale = 1;
    OK(pdx_study_fit(&s->fits, s->dataset, s->judgments, &options));
}

static void release(study *s) {
    pdx_study_free(s->fits);
    pdx_judgments_free(s->judgments);
    pdx_dataset_free(s->dataset);
}

static pdx_probe_effect find(const pdx_probe *probe, const char *name) {
    pdx_probe_effect e = {0};
    for (int32_t i = 0; i < pdx_probe_count(probe); ++i)
        if (pdx_probe_get(probe, i, &e) == PDX_OK && !strcmp(e.name, name)) return e;
    CHECK_FAIL("no edit '%s'", name);
    return e;
}

static void log_odds(void) {
    static study s;
    pdx_probe *probe;
    pdx_probe_calibration calibration;
    pdx_probe_summary summary;
    make(&s, 1, 1);
    OK(pdx_probe_measure(&probe, s.dataset, s.judgments, pdx_study_get(s.fits, 0), NULL));
    CHECK_INT(pdx_probe_count(probe), 3);
    OK(pdx_probe_calibration_get(probe, &calibration));
    CHECK_NEAR(calibration.scale, 2, 0.15);
    pdx_probe_effect up = find(probe, "up"), idle = find(probe, "idle");
    CHECK_INT(up.pairs, N - 1);
    CHECK_INT(up.queries, N - 1);
    CHECK_INT(up.unjudged, 1);
    CHECK_INT(up.untouched, 1); /* "gone#up#a" counts as an original */
    /* the edited side is not ahead in two of three pairs: 2 x 2/3 in the judge's own log-odds */
    CHECK_NEAR(up.own.value, 4. / 3, 0.03);
    CHECK_NEAR(up.measured.value * calibration.scale, up.own.value, 1e-12);
    CHECK_NEAR(up.predicted.value, pdx_posterior_mean(pdx_study_get(s.fits, 0))[0] * 2 / 3, 0.02);
    CHECK_NEAR(up.gap.value, up.measured.value - up.predicted.value, 1e-12);
    CHECK(up.measured.low > 0.3 && up.measured.high < 1.1);
    CHECK(up.wins.value > 0.05 && up.turned.value > 0.05);
    CHECK_INT(up.verdict, PDX_EFFECT_AS_PREDICTED);
    CHECK_NEAR(idle.measured.value, 0, 1e-12);
    CHECK_NEAR(idle.measured.high - idle.measured.low, 0, 1e-12);
    CHECK_NEAR(idle.turned.value, 0, 0);
    CHECK_INT(idle.content, 1); /* not a built-in edit, and nothing said */
    OK(pdx_probe_summary_get(probe, &summary));
    CHECK_INT(summary.originals, N);
    CHECK_INT(summary.orphans, 0);
    CHECK_NEAR(summary.same_first.value, 1, 0);
    CHECK_NEAR(summary.same_log_odds.value, 0.5, 1e-12);
    CHECK_INT(summary.turned.n, 0); /* no edit here is known to be without content */
    CHECK_CONTAINS(pdx_probe_sentence(probe), "Of 2 edits 1 move judge 'j' for certain");
    pdx_probe_free(probe);
    release(&s);
}

static void verdicts(void) {
    static study s;
    pdx_probe *probe;
    pdx_probe_calibration calibration;
    make(&s, 1, 0);
    OK(pdx_probe_measure(&probe, s.dataset, s.judgments, pdx_study_get(s.fits, 0), NULL));
    OK(pdx_probe_calibration_get(probe, &calibration));
    CHECK(isnan(calibration.scale));
    pdx_probe_effect up = find(probe, "up"), idle = find(probe, "idle");
    CHECK(isnan(up.own.value));
    CHECK_NEAR(up.measured.value, 2. / 3, 0.25);
    CHECK(up.measured.low > 0);
    CHECK_NEAR(idle.measured.value, 0, 1e-9);
    pdx_probe_free(probe);
    release(&s);
}

static void no_taste(void) {
    static study s;
    pdx_probe *probe;
    pdx_probe_weight weight;
    make(&s, 0, 1);
    OK(pdx_probe_measure(&probe, s.dataset, s.judgments, pdx_study_get(s.fits, 0), NULL));
    CHECK_NEAR(find(probe, "up").measured.value, 0, 1e-12);
    OK(pdx_probe_weight_get(probe, 0, &weight));
    CHECK_INT(weight.verdict, PDX_WEIGHT_UNTESTED); /* by edits without content */
    pdx_probe_free(probe);
    release(&s);
}

static void json(void) {
    static study s;
    pdx_probe *probe;
    pdx__buf text = PDX__BUF_EMPTY;
    cJSON *tree;
    make(&s, 1, 1);
    OK(pdx_probe_measure(&probe, s.dataset, s.judgments, pdx_study_get(s.fits, 0), NULL));
    OK(pdx_probe_save(probe, "probe.json"));
    OK(pdx__file_read("probe.json", 0, &text));
    OK(pdx__json_parse(&tree, text.data, text.length, (pdx__where){"probe.json", 0}));
    CHECK_INT(cJSON_GetArraySize(cJSON_GetObjectItem(tree, "effects")), 3);
    const cJSON *first = cJSON_GetObjectItem(tree, "effects")->child;
    CHECK_NEAR(cJSON_GetObjectItem(cJSON_GetObjectItem(first, "measured"), "value")->valuedouble,
               find(probe, "up").measured.value, 0);
    CHECK_TEXT(cJSON_GetObjectItem(tree, "sentence")->valuestring, pdx_probe_sentence(probe));
    cJSON_Delete(tree);
    pdx__buf_free(&text);
    pdx_probe_free(probe);
    release(&s);
}

static void refused(void) {
    static study s;
    pdx_probe *probe = (pdx_probe *)&s;
    pdx_probe_options options;
    make(&s, 1, 1);
    const pdx_posterior *fit = pdx_study_get(s.fits, 0);
    pdx_probe_options_init(&options);
    options.cluster_by = "query";
    FAILS(pdx_probe_measure(&probe, s.dataset, s.judgments, fit, &options), PDX_ENOTFOUND,
          "has no field 'query' to cluster by");
    CHECK(probe == NULL);
    options.cluster_by = NULL;
    options.group = "none such";
    FAILS(pdx_probe_measure(&probe, s.dataset, s.judgments, fit, &options), PDX_ENOTFOUND,
          "no group 'none such'");
    options.group = NULL;
    options.draws = 3;
    FAILS(pdx_probe_measure(&probe, s.dataset, s.judgments, fit, &options), PDX_EINVAL, "draws");
    /* a dataset of originals only */
    static const char *const columns[1] = {"long"};
    pdx_schema *schema;
    pdx_dataset *plain;
    OK(pdx_schema_from_names(&schema, columns, 1));
    OK(pdx_dataset_from_arrays(&plain, schema, 4 * N + 1, s.x, NULL, NULL));
    FAILS(pdx_probe_measure(&probe, plain, s.judgments, fit, NULL), PDX_EINVAL,
          "no pair of this dataset is an edited copy");
    pdx_dataset_free(plain);
    pdx_schema_free(schema);
    release(&s);
}

int main(void) {
    scratch_enter();
    RUN(log_odds);
    RUN(verdicts);
    RUN(no_taste);
    RUN(json);
    RUN(refused);
    scratch_leave();
    return check_result();
}
