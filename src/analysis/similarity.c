/* Similarity of judges by their weights: the four measures of Li et al. 2024 in every group and
 * overall, and what posterior draws say of their uncertainty. A task is one pair of judges; draws
 * of a judge in a group come from a stream of their own, so results do not depend on threads. */
#include "similarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/options.h"
#include "core/pool.h"

#define ROW(name, kind, initial, least, most)                                                      \
    { #name, kind, offsetof(pdx_similarity_options, name), initial, least, most, NULL }
static const pdx__option table[] = {
    ROW(draws, PDX__OPTION_INT64, 400, 0, 1e6),
    ROW(seed, PDX__OPTION_UINT64, 1, 0, 0),
    ROW(threads, PDX__OPTION_INT32, 0, 0, 4096),
    ROW(judges, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(judge_count, PDX__OPTION_INT32, 0, 0, INT32_MAX),
    ROW(scenarios, PDX__OPTION_POINTER, 0, 0, 0),
    ROW(scenario_count, PDX__OPTION_INT32, 0, 0, INT32_MAX),
    ROW(hooks, PDX__OPTION_HOOKS, 0, 0, 0),
};

void(pdx_similarity_options_init)(pdx_similarity_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, table, PDX__ROWS(table));
}

pdx_status pdx__similarity_options_take(pdx_similarity_options *full,
                                        const pdx_similarity_options *given) {
    PDX__TRY(pdx__options_take(full, sizeof *full, given, table, PDX__ROWS(table),
                               "similarity options"));
    PDX__REQUIRE(full->draws != 1, "similarity options: 'draws' is 1, must be 0 or at least 2");
    return PDX_OK;
}

/* ---- the measures ---- */

double pdx__correlate(const double *a, const double *b, int32_t d) {
    double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0, size_a = 0, size_b = 0;
    for (int32_t k = 0; k < d; ++k) {
        mean_a += a[k];
        mean_b += b[k];
        size_a = fmax(size_a, fabs(a[k]));
        size_b = fmax(size_b, fabs(b[k]));
    }
    mean_a /= d;
    mean_b /= d;
    for (int32_t k = 0; k < d; ++k) {
        double x = a[k] - mean_a, y = b[k] - mean_b;
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    /* equal weights leave only the rounding of their mean */
    double least = 1e-28 * d;
    if (!(aa > least * size_a * size_a) || !(bb > least * size_b * size_b)) return NAN;
    return fmax(-1, fmin(1, ab / sqrt(aa * bb)));
}

typedef struct place {
    double value;
    int32_t at;
} place;

static int by_value(const void *a, const void *b) {
    double x = ((const place *)a)->value, y = ((const place *)b)->value;
    return (x > y) - (x < y);
}

void pdx__average_ranks(double *rank, const double *value, int32_t d, void *scratch) {
    place *sorted = scratch;
    for (int32_t k = 0; k < d; ++k) sorted[k] = (place){value[k], k};
    qsort(sorted, (size_t)d, sizeof *sorted, by_value);
    for (int32_t from = 0, to; from < d; from = to) {
        for (to = from + 1; to < d && sorted[to].value == sorted[from].value; ++to) {
        }
        for (int32_t k = from; k < to; ++k) rank[sorted[k].at] = 0.5 * (from + to + 1);
    }
}

size_t pdx__rank_scratch(int32_t d) { return (size_t)d * sizeof(place); }

void pdx__measure(double out[PDX_METRIC_COUNT], const pdx__weights *a, const pdx__weights *b,
                  int32_t d) {
    double absolute = 0, square = 0;
    for (int32_t k = 0; k < d; ++k) {
        double difference = a->value[k] - b->value[k];
        absolute += fabs(difference);
        square += difference * difference;
    }
    out[PDX_METRIC_PEARSON] = pdx__correlate(a->value, b->value, d);
    out[PDX_METRIC_SPEARMAN] = pdx__correlate(a->rank, b->rank, d);
    out[PDX_METRIC_L1] = -absolute / d;
    out[PDX_METRIC_L2] = -sqrt(square) / d;
}

int pdx__is_scenario(const char *group) { return group[0] >= 'A' && group[0] <= 'Z'; }

/* ---- comparing ---- */

typedef struct job {
    pdx_similarity *out;
    const pdx_similarity_options *options;
    const pdx_posterior **fit; /* [judges][groups], NULL: none */
    pdx__weights *mean;        /* [judges][groups] */
    pdx__weights *draw;        /* [judges][groups]: [draws][d]; NULL: none */
    double **scratch;          /* [threads]: [2][metrics][draws] */
    double *block;             /* behind mean */
} job;

static void set_both(const pdx_similarity *s, int table_of, int32_t group, int32_t metric,
                     int32_t a, int32_t b, double value) {
    *pdx__similarity_entry(s, table_of, group, metric, a, b) = value;
    *pdx__similarity_entry(s, table_of, group, metric, b, a) = value;
}

/* Mean and interval of values[n], which are sorted here; NaN values are left out. */
static void summarise(const pdx_similarity *s, int32_t group, int32_t metric, int32_t a, int32_t b,
                      double *values, int64_t n) {
    double sum = 0;
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i)
        if (!isnan(values[i])) {
            sum += values[i];
            values[count++] = values[i];
        }
    if (!count) return;
    qsort(values, (size_t)count, sizeof *values, pdx__ascending);
    set_both(s, PDX__SIMILARITY_MEAN, group, metric, a, b, sum / (double)count);
    set_both(s, PDX__SIMILARITY_LOW, group, metric, a, b,
             pdx__sorted_quantile(values, count, 0.025));
    set_both(s, PDX__SIMILARITY_HIGH, group, metric, a, b,
             pdx__sorted_quantile(values, count, 0.975));
}

/* One pair of judges in all groups. Overall: means over the scenarios that both have; over draws
 * only where every one of them has draws, so that value and interval are of the same thing. */
static void compare(const job *j, int32_t a, int32_t b, double *scratch) {
    pdx_similarity *s = j->out;
    int64_t draws = j->options->draws;
    double *here = scratch, *overall = scratch + PDX_METRIC_COUNT * draws;
    double total[PDX_METRIC_COUNT] = {0};
    int32_t known[PDX_METRIC_COUNT] = {0};
    int uncertain = 1;
    memset(overall, 0, (size_t)(PDX_METRIC_COUNT * draws) * sizeof *overall);
    for (int32_t g = 0; g < s->groups; ++g) {
        size_t at_a = (size_t)a * (size_t)s->groups + (size_t)g;
        size_t at_b = (size_t)b * (size_t)s->groups + (size_t)g;
        if (!j->fit[at_a] || !j->fit[at_b]) continue;
        double value[PDX_METRIC_COUNT];
        int counts[PDX_METRIC_COUNT];
        pdx__measure(value, &j->mean[at_a], &j->mean[at_b], s->d);
        for (int32_t m = 0; m < PDX_METRIC_COUNT; ++m) {
            set_both(s, PDX__SIMILARITY_VALUE, g, m, a, b, value[m]);
            counts[m] = s->scenario[g] && !isnan(value[m]);
            if (!counts[m]) continue;
            total[m] += value[m];
            ++known[m];
        }
        const pdx__weights *of_a = &j->draw[at_a], *of_b = &j->draw[at_b];
        if (!of_a->value || !of_b->value) {
            uncertain &= !s->scenario[g];
            continue;
        }
        for (int64_t i = 0; i < draws; ++i) {
            int64_t row = i * s->d;
            pdx__weights left = {of_a->value + row, of_a->rank + row};
            pdx__weights right = {of_b->value + row, of_b->rank + row};
            pdx__measure(value, &left, &right, s->d);
            for (int32_t m = 0; m < PDX_METRIC_COUNT; ++m) {
                here[m * draws + i] = value[m];
                if (counts[m]) overall[m * draws + i] += value[m];
            }
        }
        for (int32_t m = 0; m < PDX_METRIC_COUNT; ++m)
            summarise(s, g, m, a, b, here + m * draws, draws);
    }
    for (int32_t m = 0; m < PDX_METRIC_COUNT; ++m) {
        if (!known[m]) continue;
        set_both(s, PDX__SIMILARITY_VALUE, s->groups, m, a, b, total[m] / known[m]);
        if (!uncertain || !draws) continue;
        for (int64_t i = 0; i < draws; ++i) overall[m * draws + i] /= known[m];
        summarise(s, s->groups, m, a, b, overall + m * draws, draws);
    }
}

static pdx_status compare_all(void *context, int64_t task, int32_t worker) {
    const job *j = context;
    int32_t a = (int32_t)task;
    for (int32_t b = 0; b <= a; ++b) compare(j, a, b, j->scratch[worker]);
    return pdx__pool_stopping() ? pdx__fail(PDX_ECANCELED, "stopped on request") : PDX_OK;
}

/* Draws of one judge in one group, with their ranks. */
static pdx_status draw_cell(void *context, int64_t cell, int32_t worker) {
    const job *j = context;
    const pdx_posterior *fit = j->fit[cell];
    int64_t draws = j->options->draws;
    (void)worker;
    if (!fit || !draws || !pdx__has_spread(fit)) return PDX_OK;
    return pdx__draws_create(&j->draw[cell], fit, draws, j->options->seed, (uint64_t)cell);
}

pdx_status pdx__draws_create(pdx__weights *out, const pdx_posterior *fit, int64_t draws,
                             uint64_t seed, uint64_t stream) {
    size_t count = (size_t)draws * (size_t)fit->d;
    pdx__rng rng;
    pdx__rng_init(&rng, seed, stream);
    void *scratch = pdx__alloc(pdx__rank_scratch(fit->d), 1);
    out->value = pdx__alloc(2 * count, sizeof *out->value);
    pdx_status status =
        scratch && out->value ? pdx__draw_weights(out->value, fit, draws, &rng) : PDX_ENOMEM;
    if (status == PDX_OK) {
        out->rank = out->value + count;
        for (int64_t i = 0; i < draws; ++i)
            pdx__average_ranks(out->rank + i * fit->d, out->value + i * fit->d, fit->d, scratch);
    } else {
        pdx__free(out->value);
        out->value = NULL;
    }
    pdx__free(scratch);
    return status;
}

/* ---- making it ---- */

static pdx_status take_names(char ***out, int32_t *count, const pdx_study *study,
                             const char *(*name_of)(const pdx_posterior *),
                             const char *const *wanted, int32_t wanted_count) {
    int32_t most = wanted ? wanted_count : study->count;
    *out = pdx__alloc_zero((size_t)most, sizeof **out);
    if (!*out) return PDX_ENOMEM;
    for (int32_t i = 0; i < most; ++i) {
        const char *name = wanted ? wanted[i] : name_of(study->fit[i]);
        int32_t k = 0;
        while (k < *count && strcmp((*out)[k], name)) ++k;
        if (k < *count) continue;
        if (!((*out)[k] = pdx__strdup(name))) return PDX_ENOMEM;
        ++*count;
    }
    return PDX_OK;
}

static pdx_status take_fits(job *j, const pdx_study *study) {
    pdx_similarity *s = j->out;
    size_t cells = (size_t)s->judges * (size_t)s->groups;
    j->fit = pdx__alloc_zero(cells, sizeof *j->fit);
    j->mean = pdx__alloc_zero(cells, sizeof *j->mean);
    j->draw = pdx__alloc_zero(cells, sizeof *j->draw);
    if (!j->fit || !j->mean || !j->draw) return PDX_ENOMEM;
    s->d = study->fit[0]->d;
    for (int32_t a = 0; a < s->judges; ++a) {
        int32_t found = 0;
        for (int32_t g = 0; g < s->groups; ++g) {
            const pdx_posterior *fit = pdx_study_find(study, s->judge[a], s->group[g]);
            j->fit[(size_t)a * (size_t)s->groups + (size_t)g] = fit;
            if (!fit) continue;
            ++found;
            PDX__TRY(pdx__same_columns(study->fit[0], fit));
        }
        if (!found)
            return pdx__fail(PDX_ENOTFOUND, "judge '%s' has no fit in this study", s->judge[a]);
    }
    return PDX_OK;
}

pdx_status pdx__same_columns(const pdx_posterior *a, const pdx_posterior *b) {
    PDX__REQUIRE(a->d == b->d,
                 "the fit of judge '%s' in group '%s' has %d columns, that of '%s' in '%s' %d",
                 b->judge, b->group, b->d, a->judge, a->group, a->d);
    for (int32_t k = 0; k < a->d; ++k) {
        PDX__REQUIRE(!strcmp(a->columns[k], b->columns[k]),
                     "column %d of the fit of judge '%s' in group '%s' is '%s', of others '%s'",
                     k + 1, b->judge, b->group, b->columns[k], a->columns[k]);
        PDX__REQUIRE(isfinite(b->mean[k]), "the weight '%s' of judge '%s' in group '%s' is missing",
                     b->columns[k], b->judge, b->group);
    }
    return PDX_OK;
}

static pdx_status take_scenarios(job *j) {
    pdx_similarity *s = j->out;
    int32_t any = 0;
    s->scenario = pdx__alloc_zero((size_t)s->groups, 1);
    if (!s->scenario) return PDX_ENOMEM;
    for (int32_t i = 0; j->options->scenarios && i < j->options->scenario_count; ++i) {
        int32_t g = 0;
        while (g < s->groups && strcmp(s->group[g], j->options->scenarios[i])) ++g;
        if (g == s->groups)
            return pdx__fail(PDX_ENOTFOUND, "the study has no group '%s'",
                             j->options->scenarios[i]);
        s->scenario[g] = 1;
        any = 1;
    }
    for (int32_t g = 0; !j->options->scenarios && g < s->groups; ++g)
        any |= s->scenario[g] = (char)pdx__is_scenario(s->group[g]);
    if (!any) memset(s->scenario, 1, (size_t)s->groups);
    return PDX_OK;
}

static pdx_status rank_means(job *j) {
    const pdx_similarity *s = j->out;
    size_t cells = (size_t)s->judges * (size_t)s->groups, d = (size_t)s->d;
    j->block = pdx__alloc(2 * cells * d, sizeof *j->block);
    void *scratch = pdx__alloc(pdx__rank_scratch(s->d), 1);
    for (size_t c = 0; j->block && scratch && c < cells; ++c) {
        if (!j->fit[c]) continue;
        j->mean[c] = (pdx__weights){j->block + 2 * c * d, j->block + (2 * c + 1) * d};
        memcpy(j->mean[c].value, j->fit[c]->mean, d * sizeof(double));
        pdx__average_ranks(j->mean[c].rank, j->mean[c].value, s->d, scratch);
    }
    pdx__free(scratch);
    return j->block && scratch ? PDX_OK : PDX_ENOMEM;
}

static pdx_status make_tables(pdx_similarity *s) {
    size_t count =
        (size_t)(s->groups + 1) * PDX_METRIC_COUNT * (size_t)s->judges * (size_t)s->judges;
    for (int t = 0; t < (s->uncertain ? PDX__SIMILARITY_TABLES : 1); ++t) {
        if (!(s->matrix[t] = pdx__alloc(count, sizeof(double)))) return PDX_ENOMEM;
        for (size_t i = 0; i < count; ++i) s->matrix[t][i] = NAN;
    }
    return PDX_OK;
}

/* Is a correlation of means above what draws say of it? */
static int above_interval(const pdx_similarity *s) {
    size_t count =
        (size_t)(s->groups + 1) * PDX_METRIC_COUNT * (size_t)s->judges * (size_t)s->judges;
    for (size_t i = 0; s->uncertain && i < count; ++i)
        if (s->matrix[PDX__SIMILARITY_VALUE][i] > s->matrix[PDX__SIMILARITY_HIGH][i] + 1e-9)
            return 1;
    return 0;
}

static pdx_status write_note(const job *j) {
    pdx_similarity *s = j->out;
    pdx__buf note = PDX__BUF_EMPTY;
    int64_t cells = (int64_t)s->judges * s->groups, spread = 0, present = 0, missing = 0;
    for (int64_t c = 0; c < cells; ++c) {
        present += j->fit[c] != NULL;
        spread += j->fit[c] && j->draw[c].value;
    }
    if (!j->options->draws) pdx__buf_text(&note, "No uncertainty was asked for.");
    else if (!spread)
        pdx__buf_text(&note, "These weights are means only, so nothing is known of the uncertainty "
                             "of their similarity.");
    else if (spread < present)
        pdx__buf_printf(&note,
                        "Intervals are of posterior draws; %lld of %lld fits have means "
                        "only and no interval.",
                        (long long)(present - spread), (long long)present);
    else pdx__buf_text(&note, "Intervals are 95 % of posterior draws.");
    for (int64_t c = 0; c < cells; ++c) {
        if (j->fit[c] || ++missing > 3) continue;
        pdx__buf_printf(&note, " Judge '%s' has no fit in group '%s'.", s->judge[c / s->groups],
                        s->group[c % s->groups]);
    }
    if (missing > 3) pdx__buf_printf(&note, " %lld more are missing.", (long long)missing - 3);
    for (int64_t c = 0; c < cells; ++c) {
        if (!j->fit[c] || !isnan(pdx__correlate(j->mean[c].value, j->mean[c].value, s->d)))
            continue;
        pdx__buf_printf(&note,
                        " The weights of judge '%s' in group '%s' are all equal: they have no "
                        "correlation with others.",
                        s->judge[c / s->groups], s->group[c % s->groups]);
    }
    if (above_interval(s))
        pdx__buf_text(&note,
                      " A value above its interval is of weights that are hardly known: "
                      "means that a prior has shrunk look more alike than the true weights.");
    s->note = pdx__buf_take(&note);
    return s->note ? PDX_OK : PDX_ENOMEM;
}

static pdx_status run(job *j, const pdx_study *study) {
    pdx_similarity *s = j->out;
    const pdx_similarity_options *o = j->options;
    PDX__TRY(
        take_names(&s->judge, &s->judges, study, pdx_posterior_judge, o->judges, o->judge_count));
    PDX__TRY(take_names(&s->group, &s->groups, study, pdx_posterior_group, NULL, 0));
    PDX__REQUIRE(s->judges > 0, "similarity options: 'judge_count' is 0");
    PDX__TRY(take_fits(j, study));
    PDX__TRY(take_scenarios(j));
    PDX__TRY(rank_means(j));
    int64_t cells = (int64_t)s->judges * s->groups;
    int32_t threads = pdx__pool_threads(o->threads, cells);
    PDX__TRY(pdx__pool_run(threads, cells, draw_cell, j, &o->hooks, "fits"));
    for (int64_t c = 0; c < cells; ++c) s->uncertain |= j->draw[c].value != NULL;
    PDX__TRY(make_tables(s));
    threads = pdx__pool_threads(o->threads, s->judges);
    j->scratch = pdx__alloc_zero((size_t)threads, sizeof *j->scratch);
    if (!j->scratch) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    for (int32_t t = 0; t < threads && status == PDX_OK; ++t) {
        j->scratch[t] = pdx__alloc((size_t)(2 * PDX_METRIC_COUNT * o->draws), sizeof(double));
        if (!j->scratch[t]) status = PDX_ENOMEM;
    }
    if (status == PDX_OK)
        status = pdx__pool_run(threads, s->judges, compare_all, j, &o->hooks, "judges");
    for (int32_t t = 0; t < threads; ++t) pdx__free(j->scratch[t]);
    pdx__free(j->scratch);
    return status == PDX_OK ? write_note(j) : status;
}

pdx_status pdx_similarity_create(pdx_similarity **out, const pdx_study *study,
                                 const pdx_similarity_options *options) {
    PDX__REQUIRE(out, "pdx_similarity_create: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(study, "pdx_similarity_create: 'study' is NULL");
    PDX__REQUIRE(study->count > 0, "the study has no fits, so no judges to compare");
    pdx_similarity_options full;
    PDX__TRY(pdx__similarity_options_take(&full, options));
    pdx_similarity *made = pdx__alloc_zero(1, sizeof *made);
    if (!made) return PDX_ENOMEM;
    job j = {.out = made, .options = &full};
    pdx_status status = run(&j, study);
    for (int64_t c = 0; j.draw && c < (int64_t)made->judges * made->groups; ++c)
        pdx__free(j.draw[c].value);
    pdx__free(j.draw);
    pdx__free(j.mean);
    pdx__free(j.block);
    pdx__free(j.fit);
    if (status == PDX_OK) *out = made;
    else pdx_similarity_free(made);
    return status;
}
