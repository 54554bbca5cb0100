/* Agreement of judges by their verdicts, and what the order shown does to one. Shares have Wilson's
 * interval (1927). Chance-corrected coefficients have that of the jackknife over pairs; where it
 * sees no spread (both agree always), the limits of raw agreement at the same chance agreement. */
#include <math.h>
#include <string.h>

#include "verdicts.h"

pdx_rate pdx__wilson(double share, double n) {
    if (!(n > 0)) return (pdx_rate){NAN, NAN, NAN, 0};
    double z2 = PDX__Z95 * PDX__Z95, scale = 1 / (1 + z2 / n);
    double centre = (share + z2 / (2 * n)) * scale;
    double half = PDX__Z95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n)) * scale;
    return (pdx_rate){share, fmin(share, fmax(0, centre - half)),
                      fmax(share, fmin(1, centre + half)), (int64_t)(n + 0.5)};
}

/* Limits of a coefficient at most 1 from its jackknife variance; `raw` and `chance` serve where
 * that is 0. */
static pdx_rate coefficient(double value, double variance, double chance, pdx_rate raw) {
    pdx_rate out = {value, NAN, NAN, raw.n};
    if (isnan(value)) return out;
    double half = PDX__Z95 * sqrt(variance);
    out.low = fmax(-1, value - half);
    out.high = fmin(1, value + half);
    if (half > 1e-12) return out;
    out.low = fmax(-1, (raw.low - chance) / (1 - chance));
    out.high = fmin(1, (raw.high - chance) / (1 - chance));
    return out;
}

/* ---- Cohen's kappa ---- */

typedef struct table {
    double cell[3][3], n;
} table;

static double chance_agreement(const table *t) {
    double chance = 0;
    for (int c = 0; c < 3; ++c) {
        double row = 0, column = 0;
        for (int k = 0; k < 3; ++k) {
            row += t->cell[c][k];
            column += t->cell[k][c];
        }
        chance += row * column / (t->n * t->n);
    }
    return chance;
}

static double kappa_of(const table *t) {
    double same = 0, chance = chance_agreement(t);
    for (int c = 0; c < 3; ++c) same += t->cell[c][c] / t->n;
    return 1 - chance > 1e-12 ? (same - chance) / (1 - chance) : NAN;
}

static double kappa_variance(const table *t, double kappa) {
    double sum = 0;
    for (int a = 0; a < 3; ++a)
        for (int b = 0; b < 3; ++b) {
            if (!(t->cell[a][b] > 0)) continue;
            table without = *t;
            without.cell[a][b] -= 1;
            without.n -= 1;
            double change = kappa_of(&without) - kappa;
            if (isnan(change)) change = 1; /* the only pair of its kind */
            sum += t->cell[a][b] * change * change;
        }
    return sum * (t->n - 1) / t->n;
}

/* ---- Krippendorff's alpha, nominal ---- */

/* Sums over pairs with at least two verdicts. */
typedef struct coincidences {
    double same;    /* weighted coincidences of equal verdicts */
    double kind[3]; /* verdicts of each kind */
    double n;       /* verdicts */
} coincidences;

static void count_pair(coincidences *c, const int32_t kind[3], double sign) {
    double m = kind[0] + kind[1] + kind[2];
    if (m < 2) return;
    for (int k = 0; k < 3; ++k) {
        c->same += sign * kind[k] * (kind[k] - 1) / (m - 1);
        c->kind[k] += sign * kind[k];
    }
    c->n += sign * m;
}

static double chance_of(const coincidences *c) {
    double chance = 0;
    for (int k = 0; k < 3; ++k) chance += c->kind[k] * (c->kind[k] - 1) / (c->n * (c->n - 1));
    return chance;
}

static double alpha_of(const coincidences *c) {
    if (c->n < 2) return NAN;
    double chance = chance_of(c);
    return 1 - chance > 1e-12 ? (c->same / c->n - chance) / (1 - chance) : NAN;
}

/* verdict[count][stride], pairs of them. */
static void pair_kinds(int32_t kind[3], const int8_t *const *verdict, int32_t count, int64_t pair) {
    memset(kind, 0, 3 * sizeof *kind);
    for (int32_t i = 0; i < count; ++i)
        if (verdict[i][pair]) ++kind[verdict[i][pair] - 1];
}

static pdx_rate alpha_rate(const int8_t *const *verdict, int32_t count, int64_t pairs) {
    coincidences all = {0};
    int32_t kind[3];
    double used = 0, variance = 0;
    for (int64_t i = 0; i < pairs; ++i) {
        pair_kinds(kind, verdict, count, i);
        count_pair(&all, kind, 1);
        used += kind[0] + kind[1] + kind[2] >= 2;
    }
    double alpha = alpha_of(&all), known[27]; /* changes by verdicts of two: there are but few */
    for (int k = 0; k < 27; ++k) known[k] = NAN;
    for (int64_t i = 0; i < pairs; ++i) {
        pair_kinds(kind, verdict, count, i);
        if (kind[0] + kind[1] + kind[2] < 2) continue;
        double own = NAN, *change = count == 2 ? &known[9 * kind[0] + 3 * kind[1] + kind[2]] : &own;
        if (isnan(*change)) {
            coincidences without = all;
            count_pair(&without, kind, -1);
            *change = alpha_of(&without) - alpha;
            if (isnan(*change)) *change = 1;
        }
        variance += *change * *change * (used - 1) / used;
    }
    pdx_rate raw = pdx__wilson(all.n > 0 ? all.same / all.n : 0, used);
    return coefficient(alpha, variance, all.n >= 2 ? chance_of(&all) : 0, raw);
}

/* ---- the calls ---- */

static void agree(pdx_agreement *out, const int8_t *a, const int8_t *b, int64_t pairs) {
    table t = {{{0}}, 0};
    for (int64_t i = 0; i < pairs; ++i)
        if (a[i] && b[i]) {
            t.cell[a[i] - 1][b[i] - 1] += 1;
            t.n += 1;
        }
    double same = t.cell[0][0] + t.cell[1][1], decided = same + t.cell[0][1] + t.cell[1][0];
    out->pairs = (int64_t)t.n;
    out->decided = (int64_t)decided;
    out->raw_decided = pdx__wilson(decided > 0 ? same / decided : 0, decided);
    out->raw = pdx__wilson(t.n > 0 ? (same + t.cell[2][2]) / t.n : 0, t.n);
    double kappa = t.n > 0 ? kappa_of(&t) : NAN;
    out->kappa = coefficient(kappa, t.n > 0 ? kappa_variance(&t, kappa) : 0,
                             t.n > 0 ? chance_agreement(&t) : 0, out->raw);
    const int8_t *both[] = {a, b};
    out->alpha = alpha_rate(both, 2, pairs);
}

/* Leaves out the pairs on which nobody has a verdict, those outside a group above all; returns how
 * many are left, the new stride. */
static int64_t close_gaps(int8_t *verdict, int32_t count, int64_t pairs) {
    int64_t kept = 0, used = 0;
    for (int64_t i = 0; i < pairs; ++i) {
        int any = 0;
        for (int32_t j = 0; j < count; ++j) any |= verdict[j * pairs + i];
        for (int32_t j = 0; any && j < count; ++j)
            verdict[j * pairs + kept] = verdict[j * pairs + i];
        kept += any != 0;
    }
    for (int32_t j = 0; j < count; ++j, used += kept)
        memmove(verdict + used, verdict + j * pairs, (size_t)kept);
    return kept;
}

pdx_status pdx_judgments_agreement_all(const pdx_judgments *judgments, const pdx_dataset *dataset,
                                       const int32_t *judges, int32_t count, int32_t group,
                                       pdx_agreement *out) {
    PDX__REQUIRE(judgments && dataset && out, "pdx_judgments_agreement_all: an argument is NULL");
    int8_t *verdict;
    PDX__TRY(pdx__verdicts_create(&verdict, judgments, dataset, judges, count, group));
    int64_t pairs = close_gaps(verdict, count, pdx_dataset_count(dataset));
    for (int32_t a = 0; a < count; ++a)
        for (int32_t b = 0; b <= a; ++b) {
            agree(&out[(size_t)a * (size_t)count + (size_t)b], verdict + a * pairs,
                  verdict + b * pairs, pairs);
            out[(size_t)b * (size_t)count + (size_t)a] = out[(size_t)a * (size_t)count + (size_t)b];
        }
    pdx__free(verdict);
    return PDX_OK;
}

pdx_status pdx_judgments_agreement(const pdx_judgments *judgments, const pdx_dataset *dataset,
                                   int32_t judge_a, int32_t judge_b, int32_t group,
                                   pdx_agreement *out) {
    PDX__REQUIRE(judgments && dataset && out, "pdx_judgments_agreement: an argument is NULL");
    const int32_t judges[] = {judge_a, judge_b};
    int8_t *verdict;
    PDX__TRY(pdx__verdicts_create(&verdict, judgments, dataset, judges, 2, group));
    int64_t pairs = pdx_dataset_count(dataset);
    agree(out, verdict, verdict + pairs, pairs);
    pdx__free(verdict);
    return PDX_OK;
}

pdx_status pdx_judgments_alpha(const pdx_judgments *judgments, const pdx_dataset *dataset,
                               const int32_t *judges, int32_t count, int32_t group, pdx_rate *out) {
    PDX__REQUIRE(out, "pdx_judgments_alpha: 'out' is NULL");
    *out = (pdx_rate){NAN, NAN, NAN, 0};
    PDX__REQUIRE(judgments && dataset, "pdx_judgments_alpha: an argument is NULL");
    if (!judges) count = pdx_judgments_judge_count(judgments);
    int8_t *verdict;
    PDX__TRY(pdx__verdicts_create(&verdict, judgments, dataset, judges, count, group));
    int64_t pairs = pdx_dataset_count(dataset);
    const int8_t **row = pdx__alloc((size_t)count, sizeof *row);
    for (int32_t i = 0; row && i < count; ++i) row[i] = verdict + i * pairs;
    if (row) *out = alpha_rate(row, count, pairs);
    pdx__free(row);
    pdx__free(verdict);
    return row ? PDX_OK : PDX_ENOMEM;
}

/* ---- one judge and the order ---- */

typedef struct seen {
    int8_t winner[3];        /* by PDX_ORDER_*: of the last verdict, as in pdx_judgments_rates */
    int32_t showings, first; /* verdicts A or B in a known order; won by the response shown first */
} seen;

/* Share of showings won by the first; its interval is Wilson's with as many looks as would give the
 * variance seen between pairs. */
static pdx_rate first_rate(const seen *pair, int64_t n) {
    double showings = 0, first = 0, pairs = 0, square = 0;
    for (int64_t i = 0; i < n; ++i) {
        showings += pair[i].showings;
        first += pair[i].first;
        pairs += pair[i].showings > 0;
    }
    if (!(showings > 0)) return pdx__wilson(0, 0);
    double share = first / showings;
    for (int64_t i = 0; i < n; ++i) {
        double surplus = pair[i].first - share * pair[i].showings;
        square += surplus * surplus;
    }
    double variance = pairs > 1 ? square / (showings * showings) * pairs / (pairs - 1) : 0;
    double looks = variance > 0 ? share * (1 - share) / variance : pairs;
    pdx_rate out = pdx__wilson(share, fmin(looks, showings));
    out.n = (int64_t)showings;
    return out;
}

pdx_status pdx__consistency(const pdx_judgments *judgments, const pdx_dataset *dataset,
                            const pdx__judgment_index *index, int32_t judge, int32_t group,
                            pdx_consistency *out) {
    PDX__REQUIRE(judgments && dataset && out, "pdx_judgments_consistency: an argument is NULL");
    PDX__REQUIRE(judge >= 0 && judge < pdx_judgments_judge_count(judgments), "judge %d of %d",
                 judge, pdx_judgments_judge_count(judgments));
    PDX__REQUIRE(group >= -1 && group < pdx_dataset_group_count(dataset), "group %d of %d", group,
                 pdx_dataset_group_count(dataset));
    int64_t n = pdx_dataset_count(dataset);
    int64_t from = index ? index->judge_start[judge] : 0;
    int64_t to = index ? index->judge_start[judge + 1] : pdx_judgments_count(judgments);
    double both = 0, same = 0, flips = 0, to_first = 0;
    seen *pair = pdx__alloc_zero((size_t)n, sizeof *pair);
    char *inside = pdx__alloc((size_t)n, 1);
    pdx_status status = PDX_ENOMEM;
    if (!pair || !inside) goto done;
    pdx__mark_group(inside, dataset, group);
    for (int64_t i = from; i < to; ++i) {
        pdx_judgment j;
        PDX__GO(pdx_judgments_get(judgments, index ? index->row[i] : i, &j));
        if (j.judge != judge || j.pair >= n || !inside[j.pair] || j.winner == PDX_WINNER_NONE)
            continue;
        seen *at = &pair[j.pair];
        at->winner[j.order] = (int8_t)j.winner;
        if (j.winner == PDX_WINNER_TIE || j.order == PDX_ORDER_UNKNOWN) continue;
        ++at->showings;
        at->first += (j.winner == PDX_WINNER_A) == (j.order == PDX_ORDER_AB);
    }
    for (int64_t i = 0; i < n; ++i) {
        int ab = pair[i].winner[PDX_ORDER_AB], ba = pair[i].winner[PDX_ORDER_BA];
        if (!ab || !ba) continue;
        both += 1;
        same += ab == ba;
        to_first += ab == PDX_WINNER_A && ba == PDX_WINNER_B;
        flips += ab + ba == PDX_WINNER_A + PDX_WINNER_B && ab != ba;
    }
    double share = both > 0 ? 1 / both : 0;
    *out = (pdx_consistency){first_rate(pair, n), pdx__wilson(same * share, both),
                             pdx__wilson(flips * share, both), pdx__wilson(to_first * share, both)};
    status = PDX_OK;
done:
    pdx__free(pair);
    pdx__free(inside);
    return status;
}

pdx_status pdx_judgments_consistency(const pdx_judgments *judgments, const pdx_dataset *dataset,
                                     int32_t judge, int32_t group, pdx_consistency *out) {
    return pdx__consistency(judgments, dataset, NULL, judge, group, out);
}
