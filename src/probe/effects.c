/* The effect of each edit, measured and predicted, with the covariances between edits: they share
 * pairs, and they share weights. Each number is a mean of pairs' contributions, so the sandwich
 * estimate needs only the contributions summed by cluster. */
#include <stdlib.h>
#include <string.h>

#include "data/dataset.h"
#include "measure.h"

void pdx__effects_free(pdx__effects *effects) {
    pdx__free(effects->effect);
    pdx__free(effects->moved);
    pdx__free(effects->measured_cov);
    pdx__free(effects->predicted_cov);
}

/* ---- intervals ---- */

/* 0.975 quantile of Student's t, Cornish-Fisher (within 0.5 % from 4 degrees on). */
static double t975(double degrees) {
    double z = PDX__Z95, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
    if (!(degrees >= 1)) return NAN;
    if (degrees < 2) return 12.706;
    if (degrees < 3) return 4.303;
    if (degrees < 4) return 3.182;
    return z + (z3 + z) / (4 * degrees) + (5 * z5 + 16 * z3 + 3 * z) / (96 * degrees * degrees) +
           (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * degrees * degrees * degrees);
}

pdx_estimate pdx__estimate(double value, double variance, int64_t clusters) {
    double half = t975((double)clusters - 1) * sqrt(variance);
    return (pdx_estimate){value, value - half, value + half};
}

pdx_rate pdx__clustered_rate(const double *value, const int64_t *cluster, int64_t n, double *sum,
                             int64_t clusters) {
    double mean = 0, spread = 0, looks = (double)n;
    memset(sum, 0, (size_t)clusters * sizeof *sum);
    for (int64_t i = 0; i < n; ++i) mean += value[i] / (double)n;
    for (int64_t i = 0; i < n; ++i) sum[cluster[i]] += value[i] - mean;
    for (int64_t g = 0; g < clusters; ++g) spread += sum[g] * sum[g] / ((double)n * (double)n);
    if (spread > 0) looks = fmin(looks, mean * (1 - mean) / spread);
    pdx_rate rate = pdx__wilson(n ? mean : NAN, looks);
    rate.n = n;
    return rate;
}

/* ---- contributions ---- */

typedef struct work {
    const pdx__units *u;
    const pdx_posterior *posterior;
    pdx__effects *out;
    int32_t edits;
    int64_t clusters;
    int with_margins;
    double *margin, *gap, *wins, *own; /* [edits][clusters] */
    double *scale_part;                /* [clusters] of log scale */
    double *sum;                       /* [clusters] scratch */
    double *row[2];                    /* [d] */
} work;

static const pdx__unit *begin(const work *w, int32_t e) { return w->u->unit + w->u->unit_start[e]; }
static const pdx__unit *end(const work *w, int32_t e) {
    return w->u->unit + w->u->unit_start[e + 1];
}

static double contributed(const work *w, const double *part, int32_t e, int32_t f) {
    double sum = 0;
    const double *a = part + (size_t)e * (size_t)w->clusters;
    const double *b = part + (size_t)f * (size_t)w->clusters;
    for (int64_t g = 0; g < w->clusters; ++g) sum += a[g] * b[g];
    return sum * (double)w->clusters / fmax((double)w->clusters - 1, 1);
}

/* The scale that makes margins / scale - eta logistic: zero of the score in log scale, which
 * falls. */
static double score(const work *w, double scale, double *part, double *information) {
    const pdx__units *u = w->u;
    double sum = 0;
    *information = 0;
    for (int64_t i = 0; i < u->dataset->n; ++i) {
        double m = u->cluster[i] < 0 ? NAN : pdx__units_margin(u, i, 1);
        if (isnan(m)) continue;
        double ratio = m / scale, t = tanh((ratio - u->eta[i]) / 2), one = t * ratio - 1;
        sum += one;
        *information += (1 - t * t) / 2 * ratio * ratio + t * ratio;
        if (part) part[u->cluster[i]] += one;
    }
    return sum;
}

static void find_scale(work *w) {
    double low = 1e-12, high = 1e12, information;
    if (!(score(w, low, NULL, &information) > 0)) {
        w->out->scale = NAN; /* all margins are 0: they have no scale */
        return;
    }
    for (int step = 0; step < 200 && high / low > 1 + 1e-13; ++step) {
        double middle = sqrt(low * high);
        if (score(w, middle, NULL, &information) > 0) low = middle;
        else high = middle;
    }
    w->out->scale = sqrt(low * high);
    score(w, w->out->scale, w->scale_part, &information);
    for (int64_t g = 0; g < w->clusters; ++g) w->scale_part[g] /= information;
}

/* Shift of a logistic regression whose offset is the fit: the b at which sigmoid(offset + b) has
 * the mean of y; half an observation on each side keeps it finite. */
typedef struct shift {
    double b, information;
} shift;

/* P(win) of the edited side of an original, its log-odds shifted by b. */
static double shifted(const work *w, const pdx__unit *i, double b, double *slope) {
    const pdx__units *u = w->u;
    return pdx__units_expect(u, i->original, i->sign, u->eta[i->original] + i->sign * b,
                             u->position, slope);
}

static shift find_shift(const work *w, int32_t e, int after) {
    const pdx__units *u = w->u;
    double low = -60, high = 60;
    shift s = {0, 0};
    for (int step = 0; step < 100 && high - low > 1e-12; ++step) {
        s.b = (low + high) / 2;
        double sum = 0.5 - pdx__sigmoid(s.b), slope;
        s.information = pdx__sigmoid(s.b) * pdx__sigmoid(-s.b);
        for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) {
            double p = shifted(w, i, s.b, &slope);
            sum += pdx__units_wins(u, after ? i->copy : i->original, i->sign) - p;
            s.information += slope;
        }
        if (sum > 0) low = s.b;
        else high = s.b;
    }
    return s;
}

static double by_verdicts(work *w, int32_t e) {
    const pdx__units *u = w->u;
    shift before = find_shift(w, e, 0), after = find_shift(w, e, 1);
    double *part = w->margin + (size_t)e * (size_t)w->clusters;
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) {
        double slope, p0 = shifted(w, i, before.b, &slope), p1 = shifted(w, i, after.b, &slope);
        part[u->cluster[i->original]] +=
            (pdx__units_wins(u, i->copy, i->sign) - p1) / after.information -
            (pdx__units_wins(u, i->original, i->sign) - p0) / before.information;
    }
    return after.b - before.b;
}

static double change(const work *w, const pdx__unit *i) {
    return pdx__units_margin(w->u, i->copy, i->sign) -
           pdx__units_margin(w->u, i->original, i->sign);
}

static double by_margins(work *w, int32_t e, double n, double *own) {
    double scale = w->out->scale, mean = 0;
    double *part = w->margin + (size_t)e * (size_t)w->clusters;
    double *raw = w->own + (size_t)e * (size_t)w->clusters;
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) mean += change(w, i) / n;
    *own = mean;
    if (isnan(scale)) scale = 1;
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) {
        raw[w->u->cluster[i->original]] += (change(w, i) - mean) / n;
        part[w->u->cluster[i->original]] += (change(w, i) - mean) / (n * scale);
    }
    for (int64_t g = 0; g < w->clusters; ++g) part[g] -= mean / scale * w->scale_part[g];
    return mean / scale;
}

/* ---- one edit ---- */

static pdx_status find_moved(work *w, int32_t e, double n) {
    const pdx__units *u = w->u;
    int32_t d = w->out->d;
    double *moved = w->out->moved + (size_t)e * (size_t)d;
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) {
        PDX__TRY(pdx_dataset_row(u->dataset, i->copy, w->row[1]));
        PDX__TRY(pdx_dataset_row(u->dataset, i->original, w->row[0]));
        for (int32_t k = 0; k < d; ++k) moved[k] += i->sign * (w->row[1][k] - w->row[0][k]) / n;
    }
    return PDX_OK;
}

static int64_t count_clusters(const work *w, int32_t e, char *seen) {
    int64_t count = 0;
    memset(seen, 0, (size_t)w->clusters);
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) {
        char *s = &seen[w->u->cluster[i->original]];
        count += !*s;
        *s = 1;
    }
    return count;
}

/* Share of decided originals whose winner changed. `value` and `cluster` are scratch. */
static pdx_rate find_turned(const work *w, int32_t e, double *value, int64_t *cluster) {
    int64_t n = 0;
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) {
        double before = pdx__units_wins(w->u, i->original, 1) - 0.5;
        double after = pdx__units_wins(w->u, i->copy, 1) - 0.5;
        if (before == 0) continue;
        value[n] = before * after < 0;
        cluster[n++] = w->u->cluster[i->original];
    }
    return pdx__clustered_rate(value, cluster, n, w->sum, w->clusters);
}

static pdx_status one_edit(work *w, int32_t e, char *seen, double *value, int64_t *cluster) {
    const pdx__units *u = w->u;
    pdx_probe_effect *out = &w->out->effect[e];
    double n = (double)(end(w, e) - begin(w, e)), own = NAN, wins = 0, predicted = 0;
    *out = (pdx_probe_effect){.name = pdx__strmap_get(&u->names, e), .content = u->content[e]};
    out->pairs = (int64_t)n;
    out->unjudged = u->unjudged[e];
    out->untouched = u->copies[e] < u->originals ? u->originals - u->copies[e] : 0;
    out->queries = count_clusters(w, e, seen);
    out->turned = find_turned(w, e, value, cluster);
    double *gap = w->gap + (size_t)e * (size_t)w->clusters;
    double *win_part = w->wins + (size_t)e * (size_t)w->clusters;
    if (n == 0) {
        pdx_estimate none = {NAN, NAN, NAN};
        out->measured = out->predicted = out->gap = out->own = none;
        out->wins = out->wins_predicted = none;
        return PDX_OK;
    }
    PDX__TRY(find_moved(w, e, n));
    double measured = w->with_margins ? by_margins(w, e, n, &own) : by_verdicts(w, e);
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) {
        predicted += i->sign * (u->eta[i->copy] - u->eta[i->original]) / n;
        wins +=
            (pdx__units_wins(u, i->copy, i->sign) - pdx__units_wins(u, i->original, i->sign)) / n;
    }
    memcpy(gap, w->margin + (size_t)e * (size_t)w->clusters, (size_t)w->clusters * sizeof *gap);
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i) {
        int64_t g = u->cluster[i->original];
        gap[g] -= (i->sign * (u->eta[i->copy] - u->eta[i->original]) - predicted) / n;
        win_part[g] += (pdx__units_wins(u, i->copy, i->sign) -
                        pdx__units_wins(u, i->original, i->sign) - wins) /
                       n;
    }
    out->measured = pdx__estimate(measured, contributed(w, w->margin, e, e), out->queries);
    out->own = pdx__estimate(own, contributed(w, w->own, e, e), out->queries);
    out->wins = pdx__estimate(wins, contributed(w, w->wins, e, e), out->queries);
    out->predicted.value = predicted;
    return PDX_OK;
}

/* ---- predictions ---- */

pdx_estimate pdx__of_draws(double value, double *draws, int64_t n) {
    if (n < 2) return (pdx_estimate){value, NAN, NAN};
    qsort(draws, (size_t)n, sizeof *draws, pdx__ascending);
    return (pdx_estimate){value, pdx__sorted_quantile(draws, n, 0.025),
                          pdx__sorted_quantile(draws, n, 0.975)};
}

/* Expected change of P(win) of edit e, given eta of all pairs. */
static double expected_wins(const work *w, int32_t e, const double *eta, double position) {
    double sum = 0, slope;
    for (const pdx__unit *i = begin(w, e); i < end(w, e); ++i)
        sum += pdx__units_expect(w->u, i->copy, i->sign, eta[i->copy], position, &slope) -
               pdx__units_expect(w->u, i->original, i->sign, eta[i->original], position, &slope);
    return sum / (double)(end(w, e) - begin(w, e));
}

static double dot(const double *a, const double *b, int32_t n) {
    double sum = 0;
    for (int32_t k = 0; k < n; ++k) sum += a[k] * b[k];
    return sum;
}

static void covariance_of(double *out, const double *draws, int32_t edits, int64_t n) {
    for (int32_t e = 0; e < edits; ++e)
        for (int32_t f = 0; f <= e; ++f) {
            const double *a = draws + e * n, *b = draws + f * n;
            double ma = 0, mb = 0, sum = 0;
            for (int64_t r = 0; r < n; ++r) {
                ma += a[r] / (double)n;
                mb += b[r] / (double)n;
            }
            for (int64_t r = 0; r < n; ++r) sum += (a[r] - ma) * (b[r] - mb);
            out[e * edits + f] = out[f * edits + e] = n > 1 ? sum / (double)(n - 1) : 0;
        }
}

static pdx_status predict(work *w, const pdx_probe_options *options) {
    const pdx__units *u = w->u;
    const pdx_posterior *posterior = w->posterior;
    int32_t edits = w->edits, d = w->out->d;
    int64_t n = pdx__has_spread(posterior) ? options->draws : 0, pairs = u->dataset->n;
    size_t each = (size_t)edits * (size_t)(n + 1);
    double *weights = pdx__alloc((size_t)(n + 1) * (size_t)d, sizeof *weights);
    double *log_odds = pdx__alloc(each, sizeof *log_odds);
    double *wins = pdx__alloc(each, sizeof *wins);
    double *eta = pdx__alloc((size_t)pairs, sizeof *eta);
    pdx__rng rng;
    pdx_status status = PDX_ENOMEM;
    if (!weights || !log_odds || !wins || !eta) goto done;
    pdx__rng_init(&rng, options->seed, 0);
    if (n) PDX__GO(pdx__draw_weights(weights, posterior, n, &rng));
    status = PDX_OK;
    for (int64_t r = 0; r < n; ++r) {
        const double *weight = weights + r * d;
        double position = u->position;
        if (position != 0 && isfinite(posterior->position.sd))
            position += posterior->position.sd * pdx__rng_normal(&rng);
        for (int64_t i = 0; i < pairs; ++i) {
            PDX__GO(pdx_dataset_row(u->dataset, i, w->row[0]));
            eta[i] = dot(weight, w->row[0], d);
        }
        for (int32_t e = 0; e < edits; ++e) {
            log_odds[e * n + r] = dot(weight, w->out->moved + e * d, d);
            wins[e * n + r] = expected_wins(w, e, eta, position);
        }
    }
    covariance_of(w->out->predicted_cov, log_odds, edits, n);
    for (int32_t e = 0; e < edits; ++e) {
        pdx_probe_effect *out = &w->out->effect[e];
        double mean = 0;
        if (!out->pairs) continue;
        for (int64_t r = 0; r < n; ++r) mean += wins[e * n + r] / (double)n;
        if (!n) mean = expected_wins(w, e, u->eta, u->position);
        out->predicted = pdx__of_draws(out->predicted.value, log_odds + e * n, n);
        out->wins_predicted = pdx__of_draws(mean, wins + e * n, n);
        double variance = contributed(w, w->gap, e, e) + w->out->predicted_cov[e * edits + e];
        out->gap =
            pdx__estimate(out->measured.value - out->predicted.value, variance, out->queries);
    }
done:
    pdx__free(weights);
    pdx__free(log_odds);
    pdx__free(wins);
    pdx__free(eta);
    return status;
}

static int32_t verdict_of(const pdx_probe_effect *e) {
    if (!(e->gap.low > 0 || e->gap.high < 0)) return PDX_EFFECT_AS_PREDICTED;
    int up = e->measured.low > 0, down = e->measured.high < 0;
    if ((up && e->predicted.high < 0) || (down && e->predicted.low > 0)) return PDX_EFFECT_OPPOSITE;
    return fabs(e->measured.value) > fabs(e->predicted.value) ? PDX_EFFECT_STRONGER
                                                              : PDX_EFFECT_WEAKER;
}

/* ---- all of them ---- */

static pdx_status make_room(work *w) {
    size_t edits = (size_t)w->edits, d = (size_t)w->out->d, each = edits * (size_t)w->clusters;
    w->out->effect = pdx__alloc_zero(edits, sizeof *w->out->effect);
    w->out->moved = pdx__alloc_zero(edits * d, sizeof *w->out->moved);
    w->out->measured_cov = pdx__alloc_zero(edits * edits, sizeof *w->out->measured_cov);
    w->out->predicted_cov = pdx__alloc_zero(edits * edits, sizeof *w->out->predicted_cov);
    w->margin = pdx__alloc_zero(4 * each + 2 * (size_t)w->clusters + 2 * d, sizeof *w->margin);
    if (!w->out->effect || !w->out->moved || !w->out->measured_cov || !w->out->predicted_cov ||
        !w->margin)
        return PDX_ENOMEM;
    w->gap = w->margin + each;
    w->wins = w->gap + each;
    w->own = w->wins + each;
    w->scale_part = w->own + each;
    w->sum = w->scale_part + w->clusters;
    w->row[0] = w->sum + w->clusters;
    w->row[1] = w->row[0] + d;
    return PDX_OK;
}

pdx_status pdx__effects_create(pdx__effects *out, const pdx__units *units,
                               const pdx_posterior *posterior, const pdx_probe_options *options) {
    memset(out, 0, sizeof *out);
    work w = {.u = units, .posterior = posterior, .out = out};
    w.edits = out->edits = (int32_t)units->names.count;
    w.clusters = units->clusters;
    out->d = posterior->d;
    out->scale = NAN;
    char *seen = pdx__alloc((size_t)w.clusters, 1);
    double *value = pdx__alloc((size_t)units->count, sizeof *value);
    int64_t *cluster = pdx__alloc((size_t)units->count, sizeof *cluster);
    pdx_status status = PDX_ENOMEM;
    if (!seen || !value || !cluster) goto done;
    PDX__GO(make_room(&w));
    w.with_margins = 1;
    for (int64_t i = 0; i < units->count && w.with_margins; ++i)
        w.with_margins = !isnan(change(&w, &units->unit[i]));
    if (w.with_margins) find_scale(&w);
    for (int32_t e = 0; e < w.edits; ++e) PDX__GO(one_edit(&w, e, seen, value, cluster));
    for (int32_t e = 0; e < w.edits; ++e)
        for (int32_t f = 0; f < w.edits; ++f)
            out->measured_cov[e * w.edits + f] = contributed(&w, w.margin, e, f);
    PDX__GO(predict(&w, options));
    for (int32_t e = 0; e < w.edits; ++e) out->effect[e].verdict = verdict_of(&out->effect[e]);
done:
    pdx__free(w.margin);
    pdx__free(seen);
    pdx__free(value);
    pdx__free(cluster);
    return status;
}
