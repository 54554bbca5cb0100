/* How far arms move a benchmark: rates of each arm, shifts between them. All numbers are functions
 * of weights of queries (1 each; in the bootstrap, how often each was drawn) and of weights of
 * properties, so one function computes them and the draws. */
#include <stdlib.h>
#include <string.h>

#include "core/options.h"
#include "core/pool.h"
#include "data/dataset.h"
#include "shift.h"

static const pdx__option option_table[] = {
    {"judge", PDX__OPTION_POINTER, offsetof(pdx_shift_options, judge), 0, 0, 0, NULL},
    {"plain", PDX__OPTION_POINTER, offsetof(pdx_shift_options, plain), 0, 0, 0, NULL},
    {"grades", PDX__OPTION_POINTER, offsetof(pdx_shift_options, grades), 0, 0, 0, NULL},
    {"draws", PDX__OPTION_INT64, offsetof(pdx_shift_options, draws), 1000, 40, 1e6, NULL},
    {"seed", PDX__OPTION_UINT64, offsetof(pdx_shift_options, seed), 1, 0, 0, NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(pdx_shift_options, hooks), 0, 0, 0, NULL},
};

void(pdx_shift_options_init)(pdx_shift_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

typedef struct work {
    pdx__benchmark b;
    const pdx_posterior *posterior;
    int32_t length_column; /* -1: none */
    double position;
    double *weight;                   /* [queries] of this draw */
    double *w;                        /* [d] of this draw */
    double *row_weight, *design;      /* [pairs], [pairs][3] of an arm's rows */
    double *y;                        /* [pairs] */
    double (*fit)[PDX__LENGTH_TERMS]; /* [arms] at the data */
    double *strength;                 /* [arms]; NaN: too few */
} work;

enum { WINS, CONTROLLED, PREDICTED, BY_LENGTH, GRADE, NUMBERS };

static int in_group(const work *k, int64_t i, int32_t group) {
    return group < 0 || k->b.in_group[(size_t)group * (size_t)k->b.n + (size_t)i];
}

/* P(win) of B with both orders alike. */
static double expect(const work *k, double eta) {
    if (k->position == 0) return pdx__sigmoid(-eta);
    return (pdx__sigmoid(-eta + k->position) + pdx__sigmoid(-eta - k->position)) / 2;
}

static double mean_of(double sum, double total) { return total > 0 ? sum / total : NAN; }

/* All numbers of one arm in one group, given the weights of this draw. */
static void numbers_of(work *k, int32_t arm, int32_t group, double out[NUMBERS]) {
    const pdx__benchmark *b = &k->b;
    double wins = 0, looks = 0, predicted = 0, by_length = 0, total = 0, grade = 0, graded = 0;
    int32_t d = b->d;
    for (int64_t i = b->start[arm]; i < b->start[arm + 1]; ++i) {
        if (!in_group(k, i, group)) continue;
        double weight = k->weight[b->query[i]];
        if (weight == 0) continue;
        if (!isnan(b->wins[i])) {
            wins += weight * b->wins[i];
            looks += weight;
        }
        if (!isnan(b->grade[i])) {
            grade += weight * b->grade[i];
            graded += weight;
        }
        if (!k->posterior) continue;
        const double *x = b->x + (size_t)i * (size_t)d;
        double eta = 0;
        for (int32_t c = 0; c < d; ++c) eta += x[c] * k->w[c];
        predicted += weight * expect(k, eta);
        if (k->length_column >= 0)
            by_length += weight * expect(k, x[k->length_column] * k->w[k->length_column]);
        total += weight;
    }
    out[WINS] = mean_of(wins, looks);
    out[GRADE] = mean_of(grade, graded);
    out[PREDICTED] = mean_of(predicted, total);
    out[BY_LENGTH] = k->length_column >= 0 ? mean_of(by_length, total) : NAN;
    out[CONTROLLED] = NAN;
    if (group >= 0 || isnan(k->strength[arm])) return;
    int64_t from = b->start[arm], n = b->start[arm + 1] - from;
    double w[PDX__LENGTH_TERMS];
    for (int64_t i = 0; i < n; ++i) k->row_weight[i] = k->weight[b->query[from + i]];
    pdx__length_rows rows = {n, b->wins + from, k->design + 3 * from, k->row_weight};
    memcpy(w, k->fit[arm], sizeof w);
    pdx__length_fit(w, &rows, k->strength[arm]);
    out[CONTROLLED] = pdx__length_rate(w, &rows);
}

/* The least of AlpacaEval's penalties: one chosen by folds sets all weights of few queries to zero,
 * which would read as exactly 50 %. */
static const double WEAKEST = 1e4;

/* The design of every arm's length regression, and its fit. */
static void prepare_lengths(work *k) {
    const pdx__benchmark *b = &k->b;
    for (int32_t arm = 0; arm < b->arms; ++arm) {
        int64_t from = b->start[arm], n = b->start[arm + 1] - from, known = 0;
        pdx__length_design(k->design + 3 * from, n, b->longer + from, NULL);
        pdx__length_rows rows = {n, b->wins + from, k->design + 3 * from, NULL};
        for (int64_t i = 0; i < n; ++i) known += !isnan(b->wins[from + i]);
        memset(k->fit[arm], 0, sizeof k->fit[arm]);
        k->strength[arm] = NAN;
        if (known < 10) continue;
        k->strength[arm] = WEAKEST;
        pdx__length_fit(k->fit[arm], &rows, k->strength[arm]);
    }
}

/* ---- rows ---- */

/* draws[NUMBERS][draws] of an arm; of a shift: differences. */
static void summarise(pdx_shift_numbers *out, const double *value, double *const draws[NUMBERS],
                      int64_t n) {
    pdx_estimate *to[NUMBERS] = {&out->wins, &out->controlled, &out->predicted,
                                 &out->predicted_length, &out->grade};
    for (int c = 0; c < NUMBERS; ++c) {
        int64_t known = 0;
        for (int64_t r = 0; r < n; ++r)
            if (!isnan(draws[c][r])) draws[c][known++] = draws[c][r];
        *to[c] = pdx__of_draws(value[c], draws[c], isnan(value[c]) ? 0 : known);
    }
}

typedef struct table {
    double *value; /* [arms][NUMBERS] */
    double *draw;  /* [arms][NUMBERS][draws] */
    double *scratch[NUMBERS];
    int64_t draws;
} table;

static void arm_row(const work *k, const table *t, int32_t arm, int32_t group, pdx_shift_row *row) {
    const pdx__benchmark *b = &k->b;
    double length = 0, pairs = 0;
    *row = (pdx_shift_row){.arm = pdx__strmap_get(&b->arm_names, arm), .length_share = NAN};
    row->group = group < 0 ? "all" : pdx__strmap_get(&b->group_names, group);
    for (int64_t i = b->start[arm]; i < b->start[arm + 1]; ++i) {
        if (!in_group(k, i, group)) continue;
        row->pairs += !isnan(b->wins[i]);
        row->unjudged += isnan(b->wins[i]);
        row->graded += !isnan(b->grade[i]);
        length += b->longer[i];
        ++pairs;
    }
    row->length = mean_of(length, pairs);
    for (int c = 0; c < NUMBERS; ++c)
        memcpy(t->scratch[c], t->draw + ((size_t)arm * NUMBERS + (size_t)c) * (size_t)t->draws,
               (size_t)t->draws * sizeof **t->scratch);
    summarise(&row->numbers, t->value + arm * NUMBERS, t->scratch, t->draws);
}

static void shift_row(const work *k, const table *t, int32_t arm, int32_t plain, int32_t group,
                      char *has, pdx_shift_row *row) {
    const pdx__benchmark *b = &k->b;
    double value[NUMBERS];
    pdx_shift_row one, other;
    arm_row(k, t, arm, group, &one);
    arm_row(k, t, plain, group, &other);
    *row = (pdx_shift_row){.arm = one.arm, .against = other.arm, .group = one.group};
    row->length = one.length - other.length;
    row->graded = one.graded < other.graded ? one.graded : other.graded;
    memset(has, 0, (size_t)b->queries);
    for (int32_t side = 0; side < 2; ++side) {
        int32_t a = side ? plain : arm;
        for (int64_t i = b->start[a]; i < b->start[a + 1]; ++i)
            if (in_group(k, i, group) && !isnan(b->wins[i])) has[b->query[i]] |= (char)(1 << side);
    }
    for (int64_t q = 0; q < b->queries; ++q) {
        row->pairs += has[q] == 3;
        row->unjudged += has[q] == 1 || has[q] == 2;
    }
    for (int c = 0; c < NUMBERS; ++c) {
        const double *x = t->draw + ((size_t)arm * NUMBERS + (size_t)c) * (size_t)t->draws;
        const double *y = t->draw + ((size_t)plain * NUMBERS + (size_t)c) * (size_t)t->draws;
        value[c] = t->value[arm * NUMBERS + c] - t->value[plain * NUMBERS + c];
        for (int64_t r = 0; r < t->draws; ++r) t->scratch[c][r] = x[r] - y[r];
    }
    summarise(&row->numbers, value, t->scratch, t->draws);
    const pdx_estimate *wins = &row->numbers.wins;
    int certain = wins->low > 0 || wins->high < 0;
    row->length_share = certain ? 1 - row->numbers.controlled.value / wins->value : NAN;
}

/* Values and draws of all arms in a group, then their rows. */
static pdx_status one_group(work *k, table *t, int32_t group, int32_t plain, const double *weights,
                            const pdx_shift_options *o, char *has, pdx_shift_row *rows) {
    const pdx__benchmark *b = &k->b;
    pdx__rng rng;
    double start = pdx__seconds(), told = start;
    for (int64_t q = 0; q < b->queries; ++q) k->weight[q] = 1;
    if (k->posterior) memcpy(k->w, k->posterior->mean, (size_t)b->d * sizeof *k->w);
    for (int32_t a = 0; a < b->arms; ++a) numbers_of(k, a, group, t->value + a * NUMBERS);
    pdx__rng_init(&rng, o->seed, 1); /* the same queries for every group */
    for (int64_t r = 0; r < t->draws; ++r) {
        double now = pdx__seconds();
        if (o->hooks.progress && now - told > 0.25) {
            pdx_progress progress = {"draws", r, t->draws, now - start};
            told = now;
            if (o->hooks.progress(o->hooks.user, &progress))
                return pdx__fail(PDX_ECANCELED, "stopped on request");
        }
        memset(k->weight, 0, (size_t)b->queries * sizeof *k->weight);
        for (int64_t q = 0; q < b->queries; ++q)
            ++k->weight[pdx__rng_below(&rng, (uint64_t)b->queries)];
        if (weights) memcpy(k->w, weights + r * b->d, (size_t)b->d * sizeof *k->w);
        for (int32_t a = 0; a < b->arms; ++a) {
            double out[NUMBERS];
            numbers_of(k, a, group, out);
            for (int c = 0; c < NUMBERS; ++c) t->draw[(a * NUMBERS + c) * t->draws + r] = out[c];
        }
    }
    for (int32_t a = 0; a < b->arms; ++a) arm_row(k, t, a, group, rows++);
    for (int32_t a = 0; a < b->arms; ++a)
        if (a != plain) shift_row(k, t, a, plain, group, has, rows++);
    return PDX_OK;
}

static int32_t find_plain(const pdx__benchmark *b, const char *name) {
    const char *wanted = name ? name : "plain";
    int64_t at = pdx__strmap_find(&b->arm_names, wanted, strlen(wanted));
    return at < 0 && !name ? 0 : (int32_t)at;
}

static pdx_status measure(pdx_shift *shift, work *k, const pdx_shift_options *o) {
    const pdx__benchmark *b = &k->b;
    size_t arms = (size_t)b->arms, draws = (size_t)o->draws, d = (size_t)b->d;
    int32_t plain = find_plain(b, o->plain), groups = (int32_t)b->group_names.count;
    PDX__REQUIRE(plain >= 0, "there is no arm '%.60s' to compare with", o->plain);
    table t = {.draws = o->draws};
    double *weights = NULL;
    char *has = pdx__alloc((size_t)b->queries, 1);
    pdx__rng rng;
    pdx_status status = PDX_ENOMEM;
    t.value =
        pdx__alloc(arms * NUMBERS + arms * NUMBERS * draws + NUMBERS * draws, sizeof *t.value);
    shift->row = pdx__alloc_zero((2 * arms - 1) * (size_t)(groups + 1), sizeof *shift->row);
    if (!has || !t.value || !shift->row) goto done;
    t.draw = t.value + arms * NUMBERS;
    for (int c = 0; c < NUMBERS; ++c)
        t.scratch[c] = t.draw + arms * NUMBERS * draws + (size_t)c * draws;
    if (k->posterior && pdx__has_spread(k->posterior)) {
        weights = pdx__alloc(draws * d, sizeof *weights);
        if (!weights) goto done;
        pdx__rng_init(&rng, o->seed, 0);
        PDX__GO(pdx__draw_weights(weights, k->posterior, o->draws, &rng));
    }
    prepare_lengths(k);
    status = PDX_OK;
    for (int32_t g = -1; g < groups; ++g) {
        PDX__GO(one_group(k, &t, g, plain, weights, o, has, shift->row + shift->count));
        shift->count += (int32_t)(2 * arms - 1);
    }
done:
    pdx__free(t.value);
    pdx__free(weights);
    pdx__free(has);
    return status;
}

static pdx_status make_room(work *k) {
    size_t n = (size_t)k->b.n, arms = (size_t)k->b.arms;
    k->weight =
        pdx__alloc_zero((size_t)k->b.queries + (size_t)k->b.d + 4 * n + arms, sizeof *k->weight);
    k->fit = pdx__alloc_zero(arms, sizeof *k->fit);
    if (!k->weight || !k->fit) return PDX_ENOMEM;
    k->w = k->weight + k->b.queries;
    k->row_weight = k->w + k->b.d;
    k->design = k->row_weight + n;
    k->strength = k->design + 3 * n;
    return PDX_OK;
}

void pdx_shift_free(pdx_shift *shift) {
    if (!shift) return;
    pdx__strmap_free(&shift->arms);
    pdx__strmap_free(&shift->groups);
    pdx__free(shift->judge);
    pdx__free(shift->baseline);
    pdx__free(shift->row);
    pdx__free(shift);
}

pdx_status pdx_shift_measure(pdx_shift **out, const pdx_dataset *dataset,
                             const pdx_judgments *judgments, const pdx_posterior *posterior,
                             const pdx_shift_options *options) {
    PDX__REQUIRE(out, "pdx_shift_measure: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(dataset && judgments, "pdx_shift_measure: an argument is NULL");
    pdx_shift_options o;
    PDX__TRY(pdx__options_take(&o, sizeof o, options, option_table, PDX__ROWS(option_table),
                               "pdx_shift_options"));
    work k = {.posterior = posterior, .length_column = -1};
    pdx_shift *shift = pdx__alloc_zero(1, sizeof *shift);
    pdx_status status = shift ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) status = pdx__benchmark_read(&k.b, dataset, judgments, posterior, &o);
    if (status == PDX_OK && posterior) {
        for (int32_t c = 0; c < posterior->d; ++c)
            if (!strcmp(posterior->columns[c], "words") || !strcmp(posterior->columns[c], "length"))
                k.length_column = c;
        if (posterior->position.known && k.b.has_sign) k.position = posterior->position.mean;
    }
    if (status == PDX_OK) status = make_room(&k);
    if (status == PDX_OK) status = measure(shift, &k, &o);
    if (status == PDX_OK) { /* names live on in the handle */
        shift->arms = k.b.arm_names;
        shift->groups = k.b.group_names;
        shift->judge = k.b.judge;
        shift->baseline = k.b.baseline;
        memset(&k.b.arm_names, 0, sizeof k.b.arm_names);
        memset(&k.b.group_names, 0, sizeof k.b.group_names);
        k.b.judge = k.b.baseline = NULL;
        *out = shift;
    } else pdx_shift_free(shift);
    pdx__benchmark_free(&k.b);
    pdx__free(k.weight);
    pdx__free(k.fit);
    return status;
}

int32_t pdx_shift_count(const pdx_shift *shift) { return shift->count; }
const char *pdx_shift_judge(const pdx_shift *shift) { return shift->judge; }
const char *pdx_shift_baseline(const pdx_shift *shift) { return shift->baseline; }

pdx_status pdx_shift_get(const pdx_shift *shift, int32_t i, pdx_shift_row *out) {
    PDX__REQUIRE(shift && out, "pdx_shift_get: an argument is NULL");
    PDX__REQUIRE(i >= 0 && i < shift->count, "row %d of %d", i, shift->count);
    *out = shift->row[i];
    return PDX_OK;
}
