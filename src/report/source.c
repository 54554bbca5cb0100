/* What a report is about: names numbered, and everything that the analysis says of them. Fits,
 * groups and pairs of judges run on the library's threads. */
#include <math.h>
#include <string.h>

#include "analysis/analysis.h"
#include "core/pool.h"
#include "names.h"
#include "report.h"

enum { MOST_SURPRISES = 10, ALL_SURPRISES = 3000 };

const char *pdx__report_judge(const pdx__report_source *s, int32_t judge) {
    return pdx__strmap_get(&s->judge, judge);
}

const char *pdx__report_group(const pdx__report_source *s, int32_t group) {
    return pdx__strmap_get(&s->group, group);
}

const pdx_property *pdx__report_described(const pdx__report_source *s, int32_t k) {
    const char *id = pdx_posterior_column(pdx_study_get(s->study, 0), k);
    if (s->names) return pdx_schema_property(s->names, pdx_schema_find(s->names, id));
    return s->dataset ? pdx_schema_property(pdx_dataset_schema(s->dataset), k) : NULL;
}

const char *pdx__report_property(const pdx__report_source *s, int32_t k) {
    const pdx_property *p = pdx__report_described(s, k);
    return p && p->name && *p->name ? p->name : pdx_posterior_column(pdx_study_get(s->study, 0), k);
}

void pdx__report_limits(const pdx_posterior *fit, int32_t k, double *low, double *high) {
    const double *probs = pdx_posterior_quantile_probs(fit), *sd = pdx_posterior_sd(fit);
    const double *quantiles = pdx_posterior_quantiles(fit);
    int32_t count = pdx_posterior_quantile_count(fit);
    *low = sd ? pdx_posterior_mean(fit)[k] - PDX__Z95 * sd[k] : NAN;
    *high = sd ? pdx_posterior_mean(fit)[k] + PDX__Z95 * sd[k] : NAN;
    for (int32_t q = 0; probs && quantiles && q < count; ++q) {
        double value = quantiles[(size_t)k * (size_t)count + (size_t)q];
        if (fabs(probs[q] - 0.025) < 1e-9) *low = value;
        if (fabs(probs[q] - 0.975) < 1e-9) *high = value;
    }
}

static pdx_status number(pdx__strmap *map, const char *name, int32_t *out) {
    int64_t index;
    PDX__TRY(pdx__strmap_add(map, name, strlen(name), &index, NULL));
    *out = (int32_t)index;
    return PDX_OK;
}

/* Columns must be the same in every fit, and those of the dataset. */
static pdx_status check_columns(const pdx__report_source *s) {
    const pdx_posterior *first = pdx_study_get(s->study, 0);
    for (int32_t f = 0; f < s->fits; ++f) {
        const pdx_posterior *p = pdx_study_get(s->study, f);
        PDX__REQUIRE(pdx_posterior_dim(p) == s->d,
                     "the fit of judge '%s' in group '%s' has %d columns, the first has %d: were "
                     "they made of different properties?",
                     pdx_posterior_judge(p), pdx_posterior_group(p), pdx_posterior_dim(p), s->d);
        for (int32_t k = 0; k < s->d; ++k)
            PDX__REQUIRE(!strcmp(pdx_posterior_column(p, k), pdx_posterior_column(first, k)),
                         "column %d of the fit of judge '%s' in group '%s' is '%s', of the first "
                         "fit '%s'",
                         k + 1, pdx_posterior_judge(p), pdx_posterior_group(p),
                         pdx_posterior_column(p, k), pdx_posterior_column(first, k));
    }
    if (!s->dataset) return PDX_OK;
    const pdx_schema *schema = pdx_dataset_schema(s->dataset);
    PDX__REQUIRE(pdx_schema_count(schema) == s->d,
                 "the fits have %d columns, the data have %d properties", s->d,
                 pdx_schema_count(schema));
    for (int32_t k = 0; k < s->d; ++k)
        PDX__REQUIRE(!strcmp(pdx_posterior_column(first, k), pdx_schema_property(schema, k)->id),
                     "column %d of the fits is '%s', property %d of the data '%s'", k + 1,
                     pdx_posterior_column(first, k), k + 1, pdx_schema_property(schema, k)->id);
    return PDX_OK;
}

static pdx_status number_names(pdx__report_source *s) {
    s->fit_judge = pdx__alloc((size_t)s->fits, sizeof *s->fit_judge);
    s->fit_group = pdx__alloc((size_t)s->fits, sizeof *s->fit_group);
    if (!s->fit_judge || !s->fit_group) return PDX_ENOMEM;
    for (int32_t f = 0; f < s->fits; ++f) {
        const pdx_posterior *p = pdx_study_get(s->study, f);
        PDX__TRY(number(&s->judge, pdx_posterior_judge(p), &s->fit_judge[f]));
        PDX__TRY(number(&s->group, pdx_posterior_group(p), &s->fit_group[f]));
    }
    s->fitted_judges = (int32_t)s->judge.count;
    s->fitted_groups = (int32_t)s->group.count;
    int32_t ignored;
    for (int32_t j = 0; j < (s->judgments ? pdx_judgments_judge_count(s->judgments) : 0); ++j)
        PDX__TRY(number(&s->judge, pdx_judgments_judge_name(s->judgments, j), &ignored));
    for (int32_t g = 0; g < (s->dataset ? pdx_dataset_group_count(s->dataset) : 0); ++g)
        PDX__TRY(number(&s->group, pdx_dataset_group_name(s->dataset, g), &ignored));
    s->judges = (int32_t)s->judge.count;
    s->groups = (int32_t)s->group.count;
    s->fit = pdx__alloc_zero((size_t)s->fitted_judges * (size_t)s->fitted_groups, sizeof *s->fit);
    s->label_judge = pdx__alloc((size_t)s->judges, sizeof *s->label_judge);
    s->labeller = pdx__alloc((size_t)s->judges, sizeof *s->labeller);
    s->data_group = pdx__alloc((size_t)s->groups, sizeof *s->data_group);
    if (!s->fit || !s->label_judge || !s->labeller || !s->data_group) return PDX_ENOMEM;
    for (int32_t f = 0; f < s->fits; ++f)
        s->fit[s->fit_judge[f] * s->fitted_groups + s->fit_group[f]] = pdx_study_get(s->study, f);
    for (int32_t j = 0; j < s->judges; ++j) {
        s->label_judge[j] =
            !s->judgments ? -1 : pdx_judgments_find_judge(s->judgments, pdx__report_judge(s, j));
        if (s->label_judge[j] >= 0) s->labeller[s->labellers++] = j;
    }
    for (int32_t g = 0; g < s->groups; ++g)
        if (!s->dataset ||
            pdx__find_group(&s->data_group[g], s->dataset, pdx__report_group(s, g)) != PDX_OK)
            s->data_group[g] = -2;
    return PDX_OK;
}

/* ---- agreement, one task a group; the last is of all pairs ---- */

static pdx_status agree(void *context, int64_t task, int32_t worker) {
    (void)worker;
    pdx__report_source *s = context;
    size_t n = (size_t)s->labellers, from = (size_t)task * n;
    int32_t group = task == s->groups ? -1 : s->data_group[task];
    if (group == -2) return PDX_OK;
    int32_t *judge = pdx__alloc(n, sizeof *judge);
    if (!judge) return PDX_ENOMEM;
    for (size_t i = 0; i < n; ++i) judge[i] = s->label_judge[s->labeller[i]];
    pdx_status status = pdx_judgments_agreement_all(s->judgments, s->dataset, judge, (int32_t)n,
                                                    group, s->agreement + from * n);
    for (size_t i = 0; i < n && status == PDX_OK; ++i)
        status = pdx__consistency(s->judgments, s->dataset, &s->index, judge[i], group,
                                  &s->consistency[from + i]);
    pdx__free(judge);
    return status;
}

static pdx_status gather_agreement(pdx__report_source *s) {
    size_t n = (size_t)s->labellers, groups = (size_t)s->groups + 1;
    s->agreement = pdx__alloc(groups * n * n, sizeof *s->agreement);
    s->consistency = pdx__alloc(groups * n, sizeof *s->consistency);
    if (!s->agreement || !s->consistency) return PDX_ENOMEM;
    const pdx_rate unknown = {NAN, NAN, NAN, 0};
    for (size_t i = 0; i < groups * n * n; ++i)
        s->agreement[i] = (pdx_agreement){0, 0, unknown, unknown, unknown, unknown};
    for (size_t i = 0; i < groups * n; ++i)
        s->consistency[i] = (pdx_consistency){unknown, unknown, unknown, unknown};
    return pdx__pool_run(pdx__pool_threads(s->options->threads, s->groups + 1), s->groups + 1,
                         agree, s, &s->options->hooks, "groups");
}

/* ---- effects and surprises, one task a fit ---- */

static pdx_status look_back(void *context, int64_t task, int32_t worker) {
    (void)worker;
    pdx__report_source *s = context;
    const pdx_posterior *fit = pdx_study_get(s->study, (int32_t)task);
    int64_t found = 0;
    if (s->label_judge[s->fit_judge[task]] < 0 || s->data_group[s->fit_group[task]] == -2)
        return PDX_OK;
    pdx__labels rows;
    PDX__TRY(pdx__rows_of_posterior(&rows, fit, s->dataset, s->judgments, &s->index,
                                    pdx_posterior_group(fit), PDX_TIES_DROP));
    pdx_status status = pdx__effects_of_rows(fit, s->dataset, &rows, s->effect + task * s->d);
    if (status == PDX_OK && pdx_posterior_sd(fit))
        status = pdx__surprises_of_rows(fit, s->dataset, &rows, s->surprise + task * s->surprises,
                                        s->surprises, &found);
    s->surprising[task] = (int32_t)found;
    pdx__labels_free(&rows);
    return status;
}

static pdx_status gather_effects(pdx__report_source *s) {
    size_t fits = (size_t)s->fits, d = (size_t)s->d;
    s->surprises =
        ALL_SURPRISES / s->fits < MOST_SURPRISES ? ALL_SURPRISES / s->fits + 1 : MOST_SURPRISES;
    s->effect = pdx__alloc(fits * d, sizeof *s->effect);
    s->surprise = pdx__alloc(fits * (size_t)s->surprises, sizeof *s->surprise);
    s->surprising = pdx__alloc_zero(fits, sizeof *s->surprising);
    if (!s->effect || !s->surprise || !s->surprising) return PDX_ENOMEM;
    const pdx_effect unknown = {
        {NAN, NAN, NAN, 0}, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, -1, NAN, 0};
    for (size_t i = 0; i < fits * d; ++i) s->effect[i] = unknown;
    return pdx__pool_run(pdx__pool_threads(s->options->threads, s->fits), s->fits, look_back, s,
                         &s->options->hooks, "fits looked back at");
}

pdx_status pdx__report_gather(pdx__report_source *s) {
    s->fits = pdx_study_count(s->study);
    s->d = pdx_posterior_dim(pdx_study_get(s->study, 0));
    PDX__TRY(check_columns(s));
    PDX__TRY(pdx__names_for_people(&s->names, pdx_study_get(s->study, 0)));
    PDX__TRY(number_names(s));
    pdx_similarity_options options;
    pdx_similarity_options_init(&options);
    options.draws = s->options->draws;
    options.seed = s->options->seed;
    options.threads = s->options->threads;
    options.hooks = s->options->hooks;
    PDX__TRY(pdx_similarity_create(&s->similarity, s->study, &options));
    if (!s->labellers) return PDX_OK;
    PDX__TRY(pdx__judgment_index_create(&s->index, s->judgments));
    PDX__TRY(gather_agreement(s));
    return gather_effects(s);
}

void pdx__report_source_free(pdx__report_source *s) {
    pdx__judgment_index_free(&s->index);
    pdx_similarity_free(s->similarity);
    pdx_schema_free(s->names);
    pdx__strmap_free(&s->judge);
    pdx__strmap_free(&s->group);
    void *const blocks[] = {s->fit_judge,  s->fit_group, s->fit,       s->label_judge,
                            s->data_group, s->labeller,  s->agreement, s->consistency,
                            s->effect,     s->surprise,  s->surprising};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; ++i) pdx__free(blocks[i]);
}
