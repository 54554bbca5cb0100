/* Label derivation. What a rule means stands in labels.h and, for users, in judgments.h. */
#include "labels.h"

#include <math.h>
#include <string.h>

const char *pdx__label_name(int32_t rule) {
    static const char *const names[] = {"auto", "order", "sum-logp", "soft", "majority", "margin"};
    return rule >= 0 && rule < (int32_t)(sizeof names / sizeof *names) ? names[rule] : "?";
}

int pdx__label_has_ties(int32_t rule, int32_t ties) {
    return (rule == PDX_LABEL_ORDER || rule == PDX_LABEL_MAJORITY) &&
           (ties == PDX_TIES_ORDINAL || ties == PDX_TIES_DAVIDSON);
}

/* Counting sort by pair, then stably by judge. */
pdx_status pdx__judgment_index_create(pdx__judgment_index *out, const pdx_judgments *judgments) {
    *out = (pdx__judgment_index){0};
    int64_t n = pdx_judgments_count(judgments), pairs = 0;
    int32_t judges = pdx_judgments_judge_count(judgments);
    pdx_judgment judgment;
    pdx_status status = PDX_OK;
    int64_t *start = NULL, *by_pair = NULL;
    for (int64_t i = 0; i < n; ++i) {
        PDX__GO(pdx_judgments_get(judgments, i, &judgment));
        if (judgment.pair >= pairs) pairs = judgment.pair + 1;
    }
    start = pdx__alloc_zero((size_t)pairs + 1, sizeof *start);
    by_pair = pdx__alloc((size_t)n, sizeof *by_pair);
    out->row = pdx__alloc((size_t)n, sizeof *out->row);
    out->pair = pdx__alloc((size_t)n, sizeof *out->pair);
    out->judge_start = pdx__alloc_zero((size_t)judges + 1, sizeof *out->judge_start);
    if (!start || !by_pair || !out->row || !out->pair || !out->judge_start) {
        status = PDX_ENOMEM;
        goto done;
    }
    for (int64_t i = 0; i < n; ++i) {
        PDX__GO(pdx_judgments_get(judgments, i, &judgment));
        ++start[judgment.pair + 1];
        ++out->judge_start[judgment.judge + 1];
    }
    for (int64_t p = 0; p < pairs; ++p) start[p + 1] += start[p];
    for (int32_t j = 0; j < judges; ++j) out->judge_start[j + 1] += out->judge_start[j];
    for (int64_t i = 0; i < n; ++i) {
        PDX__GO(pdx_judgments_get(judgments, i, &judgment));
        by_pair[start[judgment.pair]++] = i;
    }
    for (int64_t i = 0; i < n; ++i) {
        PDX__GO(pdx_judgments_get(judgments, by_pair[i], &judgment));
        int64_t at = out->judge_start[judgment.judge]++;
        out->row[at] = by_pair[i];
        out->pair[at] = judgment.pair;
    }
    memmove(out->judge_start + 1, out->judge_start, (size_t)judges * sizeof *out->judge_start);
    out->judge_start[0] = 0;
done:
    pdx__free(start);
    pdx__free(by_pair);
    if (status != PDX_OK) pdx__judgment_index_free(out);
    return status;
}

void pdx__judgment_index_free(pdx__judgment_index *index) {
    pdx__free(index->row);
    pdx__free(index->pair);
    pdx__free(index->judge_start);
    *index = (pdx__judgment_index){0};
}

static int has_logp(const pdx_judgment *j) {
    return isfinite(j->logp_first) && isfinite(j->logp_second);
}

/* The judgments of one pair in one order, averaged with their weights. */
typedef struct tally {
    int64_t votes_a, votes_b;        /* majority rule */
    int64_t none;                    /* order and soft rules: judgments that say nothing */
    int64_t labels;                  /* observations in y, weight and offset */
    double share[3], plain_share[3]; /* models of ties: sums over B, tie, A, as y and plain_y */
    double weight, y, offset;        /* sums */
    double plain_y, plain_offset;    /* sums without weights, for weights that are all 0 */
    int64_t logps;
    double logp_first, logp_second; /* sums */
    int64_t margins;
    double margin; /* sum */
} tally;

static void tally_label(tally *t, const pdx_judgment *j, double y) {
    ++t->labels;
    t->weight += j->weight;
    t->y += j->weight * y;
    t->offset += j->weight * j->offset;
    t->plain_y += y;
    t->plain_offset += j->offset;
    const double share[3] = {y == 0.5 ? 0 : 1 - y, y == 0.5, y == 0.5 ? 0 : y};
    for (int o = 0; o < 3; ++o) {
        t->share[o] += j->weight * share[o];
        t->plain_share[o] += share[o];
    }
}

/* A label, and whether it is a tie. NaN: nothing can be said. */
typedef struct reading {
    double label;
    int tie;
} reading;

/* 1: A, 0: B, 0.5: a tie; prob_a as it is. */
static reading read_hard(const pdx_judgment *j) {
    if (j->winner == PDX_WINNER_TIE) return (reading){0.5, 1};
    if (!isnan(j->prob_a)) return (reading){j->prob_a, 0};
    if (j->winner != PDX_WINNER_NONE) return (reading){j->winner == PDX_WINNER_A, 0};
    if (has_logp(j) && j->order != PDX_ORDER_UNKNOWN) {
        if (j->logp_first == j->logp_second) return (reading){0.5, 1};
        return (reading){(j->logp_first > j->logp_second) == (j->order == PDX_ORDER_AB), 0};
    }
    if (isfinite(j->margin)) return (reading){j->margin > 0, 0};
    return (reading){NAN, 0};
}

static reading read_soft(const pdx_judgment *j) {
    if (!isnan(j->prob_a)) return (reading){j->prob_a, 0};
    if (has_logp(j) && j->order != PDX_ORDER_UNKNOWN) {
        double first = j->logp_first - j->logp_second;
        return (reading){1 / (1 + exp(j->order == PDX_ORDER_AB ? -first : first)), 0};
    }
    if (isfinite(j->margin)) return (reading){1 / (1 + exp(-j->margin)), 0};
    return read_hard(j);
}

/* What a derivation works on. */
typedef struct derivation {
    pdx__labels *out;
    const pdx_dataset *dataset;
    const pdx_judgments *judgments;
    int32_t judge, rule, ties;
    double order_weight;
    int64_t unit;
} derivation;

static pdx_status meet_tie(const derivation *d, int64_t pair) {
    ++d->out->ties;
    if (d->ties != PDX_TIES_REFUSE) return PDX_OK;
    const char *id = pdx_dataset_id(d->dataset, pair);
    return pdx__fail(PDX_EINVAL, "judge '%s' called pair '%s' a tie, and ties are refused",
                     pdx_judgments_judge_name(d->judgments, d->judge), id ? id : "?");
}

static int has_model(const derivation *d) { return pdx__label_has_ties(d->rule, d->ties); }
static int keeps_ties(const derivation *d) { return d->ties == PDX_TIES_HALF || has_model(d); }

static pdx_status tally_judgment(const derivation *d, tally *t, const pdx_judgment *j) {
    reading r;
    switch (d->rule) {
    case PDX_LABEL_ORDER:
    case PDX_LABEL_SOFT:
        r = d->rule == PDX_LABEL_ORDER ? read_hard(j) : read_soft(j);
        if (isnan(r.label)) ++t->none;
        if (has_model(d)) r.tie = r.label == 0.5;
        if (r.tie) PDX__TRY(meet_tie(d, j->pair));
        if (!isnan(r.label) && (!r.tie || keeps_ties(d))) tally_label(t, j, r.label);
        break;
    case PDX_LABEL_MAJORITY:
        r = read_hard(j);
        if (isnan(r.label)) break;
        t->votes_a += r.label > 0.5;
        t->votes_b += r.label < 0.5;
        tally_label(t, j, r.label);
        break;
    default: /* sum-logp and margin */
        if (has_logp(j) && j->order != PDX_ORDER_UNKNOWN) {
            ++t->logps;
            t->logp_first += j->logp_first;
            t->logp_second += j->logp_second;
            tally_label(t, j, 0);
        } else if (isfinite(j->margin)) {
            ++t->margins;
            t->margin += j->margin;
            tally_label(t, j, 0);
        }
    }
    return PDX_OK;
}

/* Adds a row from what one or more tallies hold together. */
static int64_t append(derivation *d, int64_t pair, const tally *t, double factor, double sign) {
    pdx__labels *out = d->out;
    int64_t at = out->count++;
    out->pair[at] = pair;
    out->unit[at] = d->unit;
    out->weight[at] = factor * t->weight / (double)t->labels;
    out->y[at] = t->weight > 0 ? t->y / t->weight : t->plain_y / (double)t->labels;
    out->offset[at] = t->weight > 0 ? t->offset / t->weight : t->plain_offset / (double)t->labels;
    out->sign[at] = sign;
    out->margin[at] = out->shown_first[at] = NAN;
    out->has_sign |= sign != 0;
    out->has_offset |= out->offset[at] != 0;
    return at;
}

static tally joined(const tally *a, const tally *b) {
    tally t = *a;
    t.votes_a += b->votes_a;
    t.votes_b += b->votes_b;
    t.labels += b->labels;
    t.weight += b->weight;
    t.y += b->y;
    t.offset += b->offset;
    t.plain_y += b->plain_y;
    t.plain_offset += b->plain_offset;
    t.margins += b->margins;
    t.margin += b->margin;
    return t;
}

static const double sign_of_order[3] = {0, 1, -1};

/* A row for each outcome that has a share. */
static void append_outcomes(derivation *d, int64_t pair, const tally *t, double factor,
                            double sign) {
    for (int o = 0; o < 3; ++o) {
        if (!(t->plain_share[o] > 0)) continue;
        double share =
            t->weight > 0 ? t->share[o] / t->weight : t->plain_share[o] / (double)t->labels;
        int64_t at = append(d, pair, t, factor * share, sign);
        d->out->y[at] = 0.5 * o;
    }
}

static void derive_order(derivation *d, int64_t pair, const tally t[3]) {
    int both = t[PDX_ORDER_AB].labels && t[PDX_ORDER_BA].labels;
    double alone = 2 * d->order_weight < 1 ? 2 * d->order_weight : 1;
    for (int order = 0; order < 3; ++order) {
        d->out->no_verdict += t[order].none;
        if (!t[order].labels) continue;
        double factor = both && order != PDX_ORDER_UNKNOWN ? d->order_weight : alone;
        if (has_model(d)) append_outcomes(d, pair, &t[order], factor, sign_of_order[order]);
        else append(d, pair, &t[order], factor, sign_of_order[order]);
    }
}

static pdx_status derive_majority(derivation *d, int64_t pair, const tally t[3]) {
    tally all = joined(&t[0], &t[1]);
    all = joined(&all, &t[2]);
    if (!all.labels) {
        ++d->out->no_verdict;
        return PDX_OK;
    }
    int tie = all.votes_a == all.votes_b;
    if (tie) PDX__TRY(meet_tie(d, pair));
    if (tie && !keeps_ties(d)) return PDX_OK;
    int64_t at = append(d, pair, &all, 1, 0);
    d->out->y[at] = tie ? 0.5 : all.votes_a > all.votes_b;
    return PDX_OK;
}

/* Mean log-probabilities of an order: [0] of the response shown first, [1] of the other. */
static void mean_logp(const tally *t, double out[2]) {
    out[0] = t->logp_first / (double)t->logps;
    out[1] = t->logp_second / (double)t->logps;
}

static void note_log_odds(derivation *d, int64_t at, const double ab[2], const double ba[2]) {
    d->out->margin[at] = ((ab[0] - ab[1]) - (ba[0] - ba[1])) / 2;
    d->out->shown_first[at] = ((ab[0] - ab[1]) + (ba[0] - ba[1])) / 2;
    d->out->has_shown_first = 1;
}

static void derive_soft(derivation *d, int64_t pair, const tally t[3]) {
    tally all = {0};
    double y = 0;
    int known = 0;
    for (int order = 0; order < 3; ++order) {
        if (!t[order].labels) continue;
        all = joined(&all, &t[order]);
        y += t[order].weight > 0 ? t[order].y / t[order].weight
                                 : t[order].plain_y / (double)t[order].labels;
        ++known;
    }
    if (!known) {
        d->out->no_verdict += t[0].none || t[1].none || t[2].none;
        return;
    }
    int64_t at = append(d, pair, &all, 1, 0);
    d->out->y[at] = y / known;
    if (t[PDX_ORDER_AB].logps && t[PDX_ORDER_BA].logps) {
        double ab[2], ba[2];
        mean_logp(&t[PDX_ORDER_AB], ab);
        mean_logp(&t[PDX_ORDER_BA], ba);
        note_log_odds(d, at, ab, ba);
    }
}

/* sum-logp and margin: both orders where they are known, else (margin) the one that is, else a
 * margin that came without an order. */
static void derive_log_odds(derivation *d, int64_t pair, const tally t[3]) {
    const tally *ab = &t[PDX_ORDER_AB], *ba = &t[PDX_ORDER_BA];
    double first_ab[2], first_ba[2];
    tally both = joined(ab, ba);
    int64_t at;
    if (ab->logps) mean_logp(ab, first_ab);
    if (ba->logps) mean_logp(ba, first_ba);
    if (ab->logps && ba->logps) {
        at = append(d, pair, &both, 1, 0);
        d->out->y[at] = first_ab[0] + first_ba[1] > first_ab[1] + first_ba[0];
        note_log_odds(d, at, first_ab, first_ba);
    } else if (d->rule == PDX_LABEL_MARGIN && (ab->logps || ba->logps)) {
        at = append(d, pair, &both, 1, ab->logps ? 1 : -1);
        d->out->margin[at] = ab->logps ? first_ab[0] - first_ab[1] : first_ba[1] - first_ba[0];
        d->out->y[at] = d->out->margin[at] > 0;
    } else {
        both = joined(&both, &t[PDX_ORDER_UNKNOWN]);
        if (!both.margins) {
            ++d->out->no_verdict;
            return;
        }
        at = append(d, pair, &both, 1, 0);
        d->out->margin[at] = both.margin / (double)both.margins;
        d->out->y[at] = d->out->margin[at] > 0;
    }
}

static pdx_status derive_pair(derivation *d, const pdx__judgment_index *index, int64_t begin,
                              int64_t end) {
    tally t[3] = {{0}};
    int64_t before = d->out->count;
    for (int64_t i = begin; i < end; ++i) {
        pdx_judgment judgment;
        PDX__TRY(pdx_judgments_get(d->judgments, index->row[i], &judgment));
        tally *of_order = &t[judgment.order];
        PDX__TRY(tally_judgment(d, of_order, &judgment));
        if (d->rule == PDX_LABEL_SOFT && has_logp(&judgment)) {
            ++of_order->logps;
            of_order->logp_first += judgment.logp_first;
            of_order->logp_second += judgment.logp_second;
        }
    }
    int64_t pair = index->pair[begin];
    switch (d->rule) {
    case PDX_LABEL_ORDER: derive_order(d, pair, t); break;
    case PDX_LABEL_MAJORITY: PDX__TRY(derive_majority(d, pair, t)); break;
    case PDX_LABEL_SOFT: derive_soft(d, pair, t); break;
    default: derive_log_odds(d, pair, t);
    }
    d->unit += d->out->count > before;
    return PDX_OK;
}

/* First place in [begin, end) of an ascending list whose value is at least `value`. */
static int64_t lower_bound(const int64_t *list, int64_t begin, int64_t end, int64_t value) {
    while (begin < end) {
        int64_t middle = begin + (end - begin) / 2;
        if (list[middle] < value) begin = middle + 1;
        else end = middle;
    }
    return begin;
}

static pdx_status reserve(pdx__labels *out, int64_t count) {
    size_t n = (size_t)count;
    out->pair = pdx__alloc(n, sizeof *out->pair);
    out->unit = pdx__alloc(n, sizeof *out->unit);
    double **numbers[] = {&out->y,    &out->weight, &out->offset,
                          &out->sign, &out->margin, &out->shown_first};
    int fine = out->pair && out->unit;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
        fine &= (*numbers[i] = pdx__alloc(n, sizeof(double))) != NULL;
    return fine ? PDX_OK : PDX_ENOMEM;
}

pdx_status pdx__labels_derive(pdx__labels *out, const pdx_dataset *dataset,
                              const pdx_judgments *judgments, const pdx__judgment_index *index,
                              int32_t judge, int32_t rule, int32_t ties, double order_weight,
                              const int64_t *pairs, int64_t pair_count) {
    *out = (pdx__labels){0};
    derivation d = {out, dataset, judgments, judge, rule, ties, order_weight, 0};
    int64_t begin = index->judge_start[judge], end = index->judge_start[judge + 1];
    pdx_status status = PDX_OK;
    int64_t judgments_there = 0;
    for (int pass = 0; pass < 2; ++pass) { /* counts, then derives */
        int64_t at = begin;
        for (int64_t p = 0; p < pair_count && at < end; ++p) {
            at = lower_bound(index->pair, at, end, pairs[p]);
            int64_t stop = at;
            while (stop < end && index->pair[stop] == pairs[p]) ++stop;
            if (pass == 0) judgments_there += stop - at;
            else if (stop > at) PDX__GO(derive_pair(&d, index, at, stop));
            at = stop;
        }
        /* one judgment is at most two rows: shares of A and B */
        if (pass == 0) PDX__GO(reserve(out, (1 + has_model(&d)) * judgments_there));
    }
done:
    if (status != PDX_OK) pdx__labels_free(out);
    return status;
}

void pdx__labels_free(pdx__labels *labels) {
    pdx__free(labels->pair);
    pdx__free(labels->unit);
    pdx__free(labels->y);
    pdx__free(labels->weight);
    pdx__free(labels->offset);
    pdx__free(labels->sign);
    pdx__free(labels->margin);
    pdx__free(labels->shown_first);
    *labels = (pdx__labels){0};
}

pdx_status pdx__label_resolve(int32_t *rule, const pdx_judgments *judgments,
                              const pdx__judgment_index *index, int32_t judge, int32_t ties) {
    if (*rule != PDX_LABEL_AUTO) return PDX_OK;
    int64_t pairs = 0, pairs_both = 0, usable = 0, ordered = 0, margins = 0, probabilities = 0;
    int seen = 0; /* bit per order with log-probabilities, of the pair at hand */
    int64_t begin = index->judge_start[judge], end = index->judge_start[judge + 1];
    for (int64_t i = begin; i < end; ++i) {
        pdx_judgment j;
        PDX__TRY(pdx_judgments_get(judgments, index->row[i], &j));
        if (i == begin || index->pair[i] != index->pair[i - 1]) {
            ++pairs;
            seen = 0;
        }
        int both_before = (seen & 6) == 6;
        if (has_logp(&j)) seen |= 1 << j.order;
        pairs_both += (seen & 6) == 6 && !both_before;
        if (isnan(read_hard(&j).label)) continue;
        ++usable;
        ordered += j.order != PDX_ORDER_UNKNOWN;
        margins += isfinite(j.margin);
        probabilities += !isnan(j.prob_a);
    }
    if (pairs_both > 0 && 10 * pairs_both >= 9 * pairs) *rule = PDX_LABEL_SUM_LOGP;
    else if (ordered > 0 && 2 * ordered >= usable) *rule = PDX_LABEL_ORDER;
    else if (margins > 0 && 2 * margins >= usable) *rule = PDX_LABEL_MARGIN;
    else if (probabilities > 0)
        *rule = pdx__label_has_ties(PDX_LABEL_ORDER, ties) ? PDX_LABEL_ORDER : PDX_LABEL_SOFT;
    else *rule = PDX_LABEL_MAJORITY;
    return PDX_OK;
}
