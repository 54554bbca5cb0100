/* The page's document, first part: names, fits and their weights, and what each judge and group has
 * of them. */
#include <math.h>
#include <string.h>

#include "bayes/posterior.h"
#include "encode.h"
#include "report.h"

static void put_text_member(pdx__buf *out, const char *key, const char *text) {
    pdx__buf_printf(out, ",\"%s\":", key);
    pdx__json_text(out, text);
}

/* "name":[...] of one whole number a fit. */
static void put_ints(pdx__buf *out, const char *key, const pdx__report_source *s,
                     int64_t (*value)(const pdx_posterior *)) {
    pdx__buf_printf(out, ",\"%s\":[", key);
    for (int32_t f = 0; f < s->fits; ++f)
        pdx__buf_printf(out, "%s%lld", f ? "," : "", (long long)value(pdx_study_get(s->study, f)));
    pdx__buf_char(out, ']');
}

/* The same of texts: the distinct ones once, and which of them each fit has. */
static void put_texts(pdx__buf *out, const char *key, const pdx__report_source *s,
                      const char *(*value)(const pdx_posterior *)) {
    pdx__strmap map = {0};
    pdx__buf which = PDX__BUF_EMPTY;
    for (int32_t f = 0; f < s->fits && out->status == PDX_OK; ++f) {
        const char *text = value(pdx_study_get(s->study, f));
        int64_t index = 0;
        out->status = pdx__strmap_add(&map, text, strlen(text), &index, NULL);
        pdx__buf_printf(&which, "%s%lld", f ? "," : "", (long long)index);
    }
    pdx__buf_printf(out, ",\"%s\":{\"of\":[", key);
    for (int64_t i = 0; i < map.count; ++i) {
        if (i) pdx__buf_char(out, ',');
        pdx__json_text(out, pdx__strmap_get(&map, i));
    }
    pdx__buf_text(out, "],\"which\":[");
    if (which.status == PDX_OK) pdx__buf_append(out, which.data, which.length);
    else if (out->status == PDX_OK) out->status = which.status;
    pdx__buf_text(out, "]}");
    pdx__buf_free(&which);
    pdx__strmap_free(&map);
}

/* Posteriors in a row: all fits of a study, or what the groups of each judge share. */
typedef struct list {
    const pdx_study *study;
    int32_t count;
    const pdx_posterior *(*get)(const pdx_study *, int32_t);
} list;

/* An array of one number a cell, filled by `value`, then written. */
typedef double (*cell_fn)(const pdx_posterior *fit, int32_t k);
static void put_cells(pdx__buf *out, const char *key, const list *of, int32_t columns,
                      cell_fn value, void (*put)(pdx__buf *, const double *, size_t)) {
    size_t count = (size_t)of->count * (size_t)columns;
    double *all = pdx__alloc(count, sizeof *all);
    if (!all) {
        out->status = PDX_ENOMEM;
        return;
    }
    for (int32_t f = 0; f < of->count; ++f)
        for (int32_t k = 0; k < columns; ++k)
            all[(size_t)f * (size_t)columns + (size_t)k] = value(of->get(of->study, f), k);
    pdx__buf_printf(out, ",\"%s\":", key);
    put(out, all, count);
    pdx__free(all);
}

static double mean_of(const pdx_posterior *p, int32_t k) { return pdx_posterior_mean(p)[k]; }
static double sd_of(const pdx_posterior *p, int32_t k) {
    return pdx_posterior_sd(p) ? pdx_posterior_sd(p)[k] : NAN;
}
static double positive_of(const pdx_posterior *p, int32_t k) {
    return pdx_posterior_prob_positive(p) ? pdx_posterior_prob_positive(p)[k] : NAN;
}
static double low_of(const pdx_posterior *p, int32_t k) {
    double low, high;
    pdx__report_limits(p, k, &low, &high);
    return low;
}
static double high_of(const pdx_posterior *p, int32_t k) {
    double low, high;
    pdx__report_limits(p, k, &low, &high);
    return high;
}

static double position_of(const pdx_posterior *p, int32_t k) {
    pdx_position e;
    if (pdx_posterior_position(p, &e) != PDX_OK || !e.known) return NAN;
    const double values[] = {e.mean, e.p_first, e.p_first_low, e.p_first_high};
    return values[k];
}
static double effect_of_order(const pdx_posterior *p, int32_t k) { return position_of(p, k); }
static double first_of(const pdx_posterior *p, int32_t k) { return position_of(p, 1 + k); }

static double prediction_of(const pdx_posterior *p, int32_t k) {
    pdx_prediction e;
    if (pdx_posterior_prediction(p, &e) != PDX_OK || !e.folds) return NAN;
    const double values[] = {e.accuracy, e.baseline_majority, e.baseline_length, e.log_loss, e.auc};
    return values[k];
}

static int64_t rows_of(const pdx_posterior *p) { return pdx_posterior_rows(p); }
static int64_t ties_of(const pdx_posterior *p) { return pdx_posterior_ties(p); }
static int64_t silent_of(const pdx_posterior *p) { return pdx_posterior_no_verdict(p); }
/* -1: not checked; 0: did not hold; 1: held. */
static int64_t certified(const pdx_posterior *p) {
    pdx_certificate c;
    if (pdx_posterior_certificate(p, &c) != PDX_OK || !c.checked) return -1;
    return c.ok != 0;
}
/* 1 where the fit says more than means. */
static int64_t spread_of(const pdx_posterior *p) { return pdx_posterior_sd(p) != NULL; }

static double scale_of(const pdx_posterior *p, int32_t k) {
    (void)k;
    return pdx_posterior_prior_scale(p);
}

static int any_spread(const pdx__report_source *s) {
    for (int32_t f = 0; f < s->fits; ++f)
        if (spread_of(pdx_study_get(s->study, f))) return 1;
    return 0;
}

static void put_names(pdx__buf *out, const pdx__report_source *s) {
    pdx__buf_text(out, ",\"judges\":[");
    for (int32_t j = 0; j < s->judges; ++j) {
        if (j) pdx__buf_char(out, ',');
        pdx__json_text(out, pdx__report_judge(s, j));
    }
    pdx__buf_printf(out, "],\"fitted_judges\":%d,\"fitted_groups\":%d,\"groups\":[",
                    s->fitted_judges, s->fitted_groups);
    for (int32_t g = 0; g < s->groups; ++g) {
        pdx__buf_text(out, g ? ",{\"name\":" : "{\"name\":");
        pdx__json_text(out, pdx__report_group(s, g));
        int64_t pairs = s->data_group[g] == -2 ? -1
                        : s->data_group[g] == -1
                            ? pdx_dataset_count(s->dataset)
                            : pdx_dataset_group_size(s->dataset, s->data_group[g]);
        if (pairs >= 0) pdx__buf_printf(out, ",\"pairs\":%lld", (long long)pairs);
        pdx__buf_char(out, '}');
    }
    pdx__buf_text(out, "],\"properties\":[");
    for (int32_t k = 0; k < s->d; ++k) {
        const pdx_property *p = pdx__report_described(s, k);
        pdx__buf_text(out, k ? ",{\"id\":" : "{\"id\":");
        pdx__json_text(out, pdx_posterior_column(pdx_study_get(s->study, 0), k));
        put_text_member(out, "name", pdx__report_property(s, k));
        if (p && p->description && *p->description) put_text_member(out, "about", p->description);
        pdx__buf_char(out, '}');
    }
    pdx__buf_char(out, ']');
}

/* Planted weights in the order of the fits; NaN where there are none. */
static void put_truth(pdx__buf *out, const pdx__report_source *s) {
    if (!s->options->truth) return;
    size_t d = (size_t)s->d, count = (size_t)s->fits * (d + 1);
    double *all = pdx__alloc(count, sizeof *all);
    if (!all) {
        out->status = PDX_ENOMEM;
        return;
    }
    for (int32_t f = 0; f < s->fits; ++f) {
        const pdx_posterior *p = pdx_study_get(s->study, f);
        const pdx_posterior *t =
            pdx_study_find(s->options->truth, pdx_posterior_judge(p), pdx_posterior_group(p));
        double *row = all + (size_t)f * (d + 1);
        int same = t && pdx_posterior_dim(t) == s->d;
        for (int32_t k = 0; k < s->d; ++k)
            row[k] = same && !strcmp(pdx_posterior_column(t, k), pdx_posterior_column(p, k))
                         ? pdx_posterior_mean(t)[k]
                         : NAN;
        row[d] = t ? effect_of_order(t, 0) : NAN;
    }
    pdx__buf_text(out, ",\"truth\":");
    pdx__json_rounded(out, all, count);
    pdx__free(all);
}

/* Weights, limits and P(weight > 0) of each of a list. */
static void put_weights(pdx__buf *out, const pdx__report_source *s, const list *of) {
    put_cells(out, "mean", of, s->d, mean_of, pdx__json_exact);
    if (!any_spread(s)) return;
    put_cells(out, "sd", of, s->d, sd_of, pdx__json_rounded);
    put_cells(out, "low", of, s->d, low_of, pdx__json_rounded);
    put_cells(out, "high", of, s->d, high_of, pdx__json_rounded);
    put_cells(out, "positive", of, s->d, positive_of, pdx__json_rounded);
}

static const pdx_posterior *shared_by(const pdx_study *study, int32_t i) {
    return pdx_pooled_mean(pdx_study_pooled(study, i));
}

/* What the groups of each judge share, where they were pooled partially: the average weights, and
 * how far groups scatter about them. Judges in a group, pooled, are left out: a judge of their mean
 * is none of the page's. */
static void put_pooled(pdx__buf *out, const pdx__report_source *s) {
    const list pooled = {s->study, pdx_study_pooled_count(s->study), shared_by};
    if (!pooled.count || pdx_pooled_over(pdx_study_pooled(s->study, 0)) != PDX_POOL_OVER_GROUPS)
        return;
    pdx__buf_text(out, ",\n\"pooled\":{\"judge\":[");
    for (int32_t i = 0; i < pooled.count; ++i) {
        const char *judge = pdx_posterior_judge(shared_by(s->study, i));
        pdx__buf_printf(out, "%s%lld", i ? "," : "",
                        (long long)pdx__strmap_find(&s->judge, judge, strlen(judge)));
    }
    pdx__buf_text(out, "],\"tau\":[");
    for (int32_t i = 0; i < pooled.count; ++i) {
        pdx_tau tau = {NAN, NAN, NAN, NAN, NAN};
        if (pdx_pooled_tau(pdx_study_pooled(s->study, i), &tau) != PDX_OK) tau.mean = NAN;
        if (i) pdx__buf_char(out, ',');
        pdx__buf_json_double(out, tau.mean);
    }
    pdx__buf_char(out, ']');
    put_weights(out, s, &pooled);
    pdx__buf_char(out, '}');
}

void pdx__report_put_study(pdx__buf *out, const pdx__report_source *s) {
    const list fits = {s->study, s->fits, pdx_study_get};
    put_names(out, s);
    pdx__buf_printf(out, ",\"options\":%s", s->study->options_json);
    pdx__buf_text(out, ",\n\"fits\":{\"judge\":[");
    for (int32_t f = 0; f < s->fits; ++f)
        pdx__buf_printf(out, "%s%d", f ? "," : "", s->fit_judge[f]);
    pdx__buf_text(out, "],\"group\":[");
    for (int32_t f = 0; f < s->fits; ++f)
        pdx__buf_printf(out, "%s%d", f ? "," : "", s->fit_group[f]);
    pdx__buf_char(out, ']');
    put_ints(out, "rows", s, rows_of);
    put_ints(out, "ties", s, ties_of);
    put_ints(out, "no_verdict", s, silent_of);
    put_ints(out, "certified", s, certified);
    put_texts(out, "label", s, pdx_posterior_label);
    put_texts(out, "verdict", s, pdx_posterior_verdict);
    put_cells(out, "position", &fits, 1, effect_of_order, pdx__json_exact);
    put_cells(out, "first", &fits, 3, first_of, pdx__json_rounded);
    put_cells(out, "prediction", &fits, 5, prediction_of, pdx__json_rounded);
    put_cells(out, "prior_scale", &fits, 1, scale_of, pdx__json_rounded);
    put_weights(out, s, &fits);
    put_truth(out, s);
    pdx__buf_char(out, '}');
    put_pooled(out, s);
}
