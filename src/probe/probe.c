/* The handle of a measured probe: effects, calibration, weights and what concerns the judge as a
 * whole, put together from units.c, effects.c and calibrate.c. */
#include <math.h>
#include <string.h>

#include "bayes/numerics.h"
#include "core/options.h"
#include "data/dataset.h"
#include "measure.h"

static const pdx__option option_table[] = {
    {"cluster_by", PDX__OPTION_POINTER, offsetof(pdx_probe_options, cluster_by), 0, 0, 0, NULL},
    {"group", PDX__OPTION_POINTER, offsetof(pdx_probe_options, group), 0, 0, 0, NULL},
    {"draws", PDX__OPTION_INT64, offsetof(pdx_probe_options, draws), 1000, 40, 1e6, NULL},
    {"seed", PDX__OPTION_UINT64, offsetof(pdx_probe_options, seed), 1, 0, 0, NULL},
};

void(pdx_probe_options_init)(pdx_probe_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

void pdx_probe_free(pdx_probe *probe) {
    if (!probe) return;
    for (int32_t k = 0; k < probe->d; ++k) {
        if (probe->column) pdx__free(probe->column[k]);
        if (probe->shown) pdx__free(probe->shown[k]);
    }
    pdx__free(probe->column);
    pdx__free(probe->shown);
    pdx__free(probe->effect);
    pdx__free(probe->weight);
    pdx__strmap_free(&probe->names);
    pdx__free(probe->judge);
    pdx__free(probe->group);
    pdx__free(probe->label);
    pdx__free(probe->sentence);
    pdx__free(probe);
}

/* ---- calibration and weights ---- */

enum { LEAST_PAIRS = 5, LEAST_QUERIES = 3 };

static int counts(const pdx__effects *effects, int32_t e) {
    const pdx_probe_effect *x = &effects->effect[e];
    double variance = effects->measured_cov[e * effects->edits + e] +
                      effects->predicted_cov[e * effects->edits + e];
    return x->pairs >= LEAST_PAIRS && x->queries >= LEAST_QUERIES && strcmp(x->name, "same") &&
           variance > 1e-12;
}

/* The chosen edits' rows of everything. */
typedef struct subset {
    int32_t n;
    double *predicted, *measured, *predicted_cov, *measured_cov, *moved;
} subset;

static pdx_status take_subset(subset *s, const pdx__effects *f, int without_content) {
    size_t edits = (size_t)f->edits, d = (size_t)f->d;
    int32_t *which = pdx__alloc(edits, sizeof *which);
    s->n = 0;
    s->predicted = pdx__alloc(2 * edits + 2 * edits * edits + edits * d, sizeof *s->predicted);
    if (!which || !s->predicted) {
        pdx__free(which);
        return PDX_ENOMEM;
    }
    for (int32_t e = 0; e < f->edits; ++e)
        if (counts(f, e) && !(without_content && f->effect[e].content)) which[s->n++] = e;
    s->measured = s->predicted + edits;
    s->predicted_cov = s->measured + edits;
    s->measured_cov = s->predicted_cov + edits * edits;
    s->moved = s->measured_cov + edits * edits;
    for (int32_t i = 0; i < s->n; ++i) {
        s->predicted[i] = f->effect[which[i]].predicted.value;
        s->measured[i] = f->effect[which[i]].measured.value;
        memcpy(s->moved + (size_t)i * d, f->moved + (size_t)which[i] * d, d * sizeof *s->moved);
        for (int32_t j = 0; j < s->n; ++j) {
            size_t from = (size_t)which[i] * edits + (size_t)which[j];
            s->predicted_cov[i * s->n + j] = f->predicted_cov[from];
            s->measured_cov[i * s->n + j] = f->measured_cov[from];
        }
    }
    pdx__free(which);
    return PDX_OK;
}

static int32_t judge_weight(const pdx_probe_weight *w) {
    double fitted = w->fitted_prob_positive, caused = w->caused_prob_positive;
    if (!w->edits) return PDX_WEIGHT_UNTESTED;
    if (!(caused > 0.975 || caused < 0.025)) return PDX_WEIGHT_UNCLEAR;
    if (!(fitted > 0.975 || fitted < 0.025)) return PDX_WEIGHT_FOUND;
    return (fitted > 0.5) == (caused > 0.5) ? PDX_WEIGHT_CONFIRMED : PDX_WEIGHT_CONTRADICTED;
}

static pdx_status find_weights(pdx_probe *p, const pdx__effects *f,
                               const pdx_posterior *posterior) {
    subset s = {0};
    size_t d = (size_t)p->d;
    double *mean = pdx__alloc_zero(2 * d, sizeof *mean), *sd = mean + d;
    pdx_status status = PDX_ENOMEM;
    p->weight = pdx__alloc_zero(d, sizeof *p->weight);
    if (!mean || !p->weight) goto done;
    PDX__GO(take_subset(&s, f, 1));
    double spread = p->calibration.spread.value;
    if (isnan(spread)) spread = 0;
    if (s.n) PDX__GO(pdx__causes(mean, sd, s.n, p->d, s.moved, s.measured, s.measured_cov, spread));
    for (int32_t k = 0; k < p->d; ++k) {
        pdx_probe_weight *w = &p->weight[k];
        w->column = p->column[k];
        w->fitted = posterior->mean[k];
        w->fitted_prob_positive = posterior->prob_positive ? posterior->prob_positive[k] : NAN;
        for (int32_t i = 0; i < s.n; ++i) w->edits += s.moved[i * p->d + k] != 0;
        w->caused = (pdx_estimate){NAN, NAN, NAN};
        w->caused_prob_positive = NAN;
        if (w->edits) {
            w->caused =
                (pdx_estimate){mean[k], mean[k] - PDX__Z95 * sd[k], mean[k] + PDX__Z95 * sd[k]};
            w->caused_prob_positive = mean[k] > 0 ? 1 - pdx__normal_upper(mean[k] / sd[k])
                                                  : pdx__normal_upper(-mean[k] / sd[k]);
        }
        w->verdict = judge_weight(w);
    }
    status = PDX_OK;
done:
    pdx__free(s.predicted);
    pdx__free(mean);
    return status;
}

static pdx_status find_calibration(pdx_probe *p, const pdx__effects *f) {
    subset s = {0};
    pdx_status status = take_subset(&s, f, 0);
    if (status == PDX_OK)
        status = pdx__calibrate(&p->calibration, s.n, s.predicted, s.measured, s.predicted_cov,
                                s.measured_cov);
    p->calibration.scale = f->scale;
    pdx__free(s.predicted);
    return status;
}

/* ---- the judge as a whole ---- */

/* Share of decided originals whose winner some edit without content turned. */
static pdx_status find_turned(pdx_probe *p, const pdx__units *u) {
    size_t n = (size_t)u->dataset->n;
    double *turned = pdx__alloc(n, sizeof *turned); /* NaN: not tried */
    double *sum = pdx__alloc((size_t)u->clusters, sizeof *sum);
    int64_t *cluster = pdx__alloc(n, sizeof *cluster), count = 0;
    pdx_status status = turned && sum && cluster ? PDX_OK : PDX_ENOMEM;
    if (status != PDX_OK) goto done;
    for (size_t i = 0; i < n; ++i) turned[i] = NAN;
    for (int64_t i = 0; i < u->count; ++i) {
        const pdx__unit *unit = &u->unit[i];
        double before = pdx__units_wins(u, unit->original, 1) - 0.5;
        double after = pdx__units_wins(u, unit->copy, 1) - 0.5;
        if (u->content[unit->edit] || before == 0) continue;
        turned[unit->original] = turned[unit->original] == 1 || before * after < 0;
    }
    for (size_t i = 0; i < n; ++i) {
        if (isnan(turned[i])) continue;
        turned[count] = turned[i];
        cluster[count++] = u->cluster[i];
    }
    p->summary.turned = pdx__clustered_rate(turned, cluster, count, sum, u->clusters);
done:
    pdx__free(turned);
    pdx__free(sum);
    pdx__free(cluster);
    return status;
}

static pdx_status find_constant(pdx_probe *p, const pdx__units *u) {
    int64_t e = pdx__strmap_find(&u->names, "constant", 8), n = 0;
    p->summary.constant_wins = pdx__wilson(NAN, 0);
    if (e < 0) return PDX_OK;
    double *value = pdx__alloc((size_t)u->count, sizeof *value);
    double *sum = pdx__alloc((size_t)u->clusters, sizeof *sum);
    int64_t *cluster = pdx__alloc((size_t)u->count, sizeof *cluster);
    pdx_status status = value && sum && cluster ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) {
        for (int64_t i = u->unit_start[e]; i < u->unit_start[e + 1]; ++i) {
            value[n] = pdx__units_wins(u, u->unit[i].copy, u->unit[i].sign);
            cluster[n++] = u->cluster[u->unit[i].original];
        }
        p->summary.constant_wins = pdx__clustered_rate(value, cluster, n, sum, u->clusters);
    }
    pdx__free(value);
    pdx__free(sum);
    pdx__free(cluster);
    return status;
}

/* What the judge does when both sides are the same text: position alone. */
static pdx_status find_same(pdx_probe *p, const pdx__units *u, const pdx_judgments *judgments) {
    int64_t e = pdx__strmap_find(&u->names, "same", 4), n = 0, known = 0;
    pdx_probe_summary *s = &p->summary;
    s->same_first = pdx__wilson(NAN, 0);
    s->same_log_odds = (pdx_estimate){NAN, NAN, NAN};
    if (e < 0) return PDX_OK;
    int32_t judge = pdx_judgments_find_judge(judgments, p->judge);
    char *is_same = pdx__alloc_zero((size_t)u->dataset->n, 1);
    if (!is_same) return PDX_ENOMEM;
    for (int64_t i = u->unit_start[e]; i < u->unit_start[e + 1]; ++i) is_same[u->unit[i].copy] = 1;
    double first = 0, sum = 0, square = 0;
    for (int64_t r = 0; r < pdx_judgments_count(judgments); ++r) {
        pdx_judgment j;
        if (pdx_judgments_get(judgments, r, &j) != PDX_OK || j.judge != judge) continue;
        if (!is_same[j.pair] || j.order == PDX_ORDER_UNKNOWN || j.winner == PDX_WINNER_NONE)
            continue;
        int32_t shown = j.order == PDX_ORDER_AB ? PDX_WINNER_A : PDX_WINNER_B;
        first += j.winner == PDX_WINNER_TIE ? 0.5 : j.winner == shown;
        ++n;
        double odds = j.logp_first - j.logp_second;
        if (!isfinite(odds)) continue;
        ++known;
        sum += odds;
        square += odds * odds;
    }
    pdx__free(is_same);
    /* Both orders of such a pair are one prompt: half as many looks. */
    s->same_first = pdx__wilson(first / (double)n, (double)n / 2);
    s->same_first.n = n;
    double mean = sum / (double)known, looks = (double)known / 2;
    if (known >= 4)
        s->same_log_odds = pdx__estimate(
            mean, fmax(square / (double)known - mean * mean, 0) / (looks - 1), (int64_t)looks);
    return PDX_OK;
}

/* ---- putting together ---- */

static pdx_status take_names(pdx_probe *p, const pdx__units *u, const pdx_posterior *posterior) {
    const pdx_schema *schema = pdx_dataset_schema(u->dataset);
    p->judge = pdx__strdup(posterior->judge);
    p->group = pdx__strdup(posterior->group);
    p->label = pdx__strdup(posterior->label);
    p->d = posterior->d;
    p->column = pdx__alloc_zero((size_t)p->d, sizeof *p->column);
    p->shown = pdx__alloc_zero((size_t)p->d, sizeof *p->shown);
    if (!p->judge || !p->group || !p->label || !p->column || !p->shown) return PDX_ENOMEM;
    for (int32_t k = 0; k < p->d; ++k) {
        const pdx_property *property = pdx_schema_property(schema, k);
        p->column[k] = pdx__strdup(property->id);
        p->shown[k] = pdx__strdup(property->name ? property->name : property->id);
        if (!p->column[k] || !p->shown[k]) return PDX_ENOMEM;
    }
    for (int64_t e = 0; e < u->names.count; ++e) {
        const char *name = pdx__strmap_get(&u->names, e);
        PDX__TRY(pdx__strmap_add(&p->names, name, strlen(name), &(int64_t){0}, NULL));
    }
    return PDX_OK;
}

static pdx_status put_together(pdx_probe *p, const pdx__units *u, const pdx_judgments *judgments,
                               const pdx_posterior *posterior, const pdx_probe_options *options) {
    pdx__effects effects;
    PDX__TRY(take_names(p, u, posterior));
    pdx_status status = pdx__effects_create(&effects, u, posterior, options);
    if (status == PDX_OK) status = find_calibration(p, &effects);
    if (status == PDX_OK) status = find_weights(p, &effects, posterior);
    if (status == PDX_OK) {
        p->effect = effects.effect;
        p->edits = effects.edits;
        effects.effect = NULL;
        for (int32_t e = 0; e < p->edits; ++e) p->effect[e].name = pdx__strmap_get(&p->names, e);
    }
    pdx__effects_free(&effects);
    PDX__TRY(status);
    p->summary.originals = u->judged_originals;
    p->summary.orphans = u->orphans;
    p->summary.fitted_position = posterior->position;
    PDX__TRY(find_turned(p, u));
    PDX__TRY(find_constant(p, u));
    PDX__TRY(find_same(p, u, judgments));
    return pdx__probe_write_sentence(p);
}

pdx_status pdx_probe_measure(pdx_probe **out, const pdx_dataset *dataset,
                             const pdx_judgments *judgments, const pdx_posterior *posterior,
                             const pdx_probe_options *options) {
    PDX__REQUIRE(out, "pdx_probe_measure: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(dataset && judgments && posterior, "pdx_probe_measure: an argument is NULL");
    pdx_probe_options o;
    PDX__TRY(pdx__options_take(&o, sizeof o, options, option_table, PDX__ROWS(option_table),
                               "pdx_probe_options"));
    pdx_probe *probe = pdx__alloc_zero(1, sizeof *probe);
    if (!probe) return PDX_ENOMEM;
    pdx__units units;
    pdx_status status = pdx__units_create(&units, dataset, judgments, posterior, &o);
    if (status == PDX_OK) status = put_together(probe, &units, judgments, posterior, &o);
    pdx__units_free(&units);
    if (status == PDX_OK) *out = probe;
    else pdx_probe_free(probe);
    return status;
}

/* ---- getters ---- */

const char *pdx_probe_judge(const pdx_probe *probe) { return probe->judge; }

int32_t pdx_probe_count(const pdx_probe *probe) { return probe->edits; }

pdx_status pdx_probe_get(const pdx_probe *probe, int32_t i, pdx_probe_effect *out) {
    PDX__REQUIRE(probe && out, "pdx_probe_get: an argument is NULL");
    PDX__REQUIRE(i >= 0 && i < probe->edits, "edit %d of %d", i, probe->edits);
    *out = probe->effect[i];
    return PDX_OK;
}

pdx_status pdx_probe_calibration_get(const pdx_probe *probe, pdx_probe_calibration *out) {
    PDX__REQUIRE(probe && out, "pdx_probe_calibration_get: an argument is NULL");
    *out = probe->calibration;
    return PDX_OK;
}

int32_t pdx_probe_weight_count(const pdx_probe *probe) { return probe->d; }

pdx_status pdx_probe_weight_get(const pdx_probe *probe, int32_t i, pdx_probe_weight *out) {
    PDX__REQUIRE(probe && out, "pdx_probe_weight_get: an argument is NULL");
    PDX__REQUIRE(i >= 0 && i < probe->d, "weight %d of %d", i, probe->d);
    *out = probe->weight[i];
    return PDX_OK;
}

pdx_status pdx_probe_summary_get(const pdx_probe *probe, pdx_probe_summary *out) {
    PDX__REQUIRE(probe && out, "pdx_probe_summary_get: an argument is NULL");
    *out = probe->summary;
    return PDX_OK;
}

const char *pdx_probe_sentence(const pdx_probe *probe) { return probe->sentence; }
