/* Many fits: judges x groups on the library's pool. A task is one judge in one group with all its
 * folds; the largest groups go first, so that the last tasks are short. A task's random numbers
 * follow from the names of its judge and group, so a fit is the same whichever others are made
 * beside it and on however many threads. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/pool.h"
#include "fit_options.h"
#include "study.h"

static int64_t cells(const pdx__study_job *j) { return (int64_t)j->judge_count * j->groups.count; }

/* FNV-1a over both names. */
uint64_t pdx__study_stream(const char *judge_name, const char *group_name) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    const char *const names[] = {judge_name, group_name};
    for (int i = 0; i < 2; ++i)
        for (const char *c = names[i];; ++c) {
            hash = (hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
            if (!*c) break;
        }
    return hash;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The groups of the dataset, or all pairs as one. */
static pdx_status take_groups(pdx__study_groups *out, const pdx_dataset *dataset, int by_name) {
    int32_t named = by_name ? pdx_dataset_group_count(dataset) : 0;
    out->count = named ? named : 1;
    out->group = pdx__alloc_zero((size_t)out->count, sizeof *out->group);
    if (!out->group) return PDX_ENOMEM;
    for (int32_t g = 0; g < out->count; ++g) {
        pdx__study_group *of = &out->group[g];
        of->name = named ? pdx_dataset_group_name(dataset, g) : "all";
        of->count = named ? pdx_dataset_group_size(dataset, g) : pdx_dataset_count(dataset);
        of->pairs = pdx__alloc((size_t)of->count, sizeof *of->pairs);
        if (!of->pairs) return PDX_ENOMEM;
        if (named) {
            PDX__TRY(pdx_dataset_group_pairs(dataset, g, of->pairs));
            qsort(of->pairs, (size_t)of->count, sizeof *of->pairs, ascending);
        } else {
            for (int64_t i = 0; i < of->count; ++i) of->pairs[i] = i;
        }
    }
    return PDX_OK;
}

static void free_groups(pdx__study_groups *groups) {
    for (int32_t g = 0; groups->group && g < groups->count; ++g) pdx__free(groups->group[g].pairs);
    pdx__free(groups->group);
}

/* Auto is decided here, once. */
static pdx_status take_pool(pdx__study_job *j) {
    pdx_fit_options *o = &j->options;
    const int32_t groups = pdx_dataset_group_count(j->dataset);
    j->pool_by_default = o->pool == PDX_POOL_AUTO;
    if (o->pool == PDX_POOL_AUTO)
        o->pool = groups > 1 && !o->imputations && o->prior != PDX_PRIOR_EB ? PDX_POOL_PARTIAL
                                                                            : PDX_POOL_NONE;
    PDX__REQUIRE(o->pool != PDX_POOL_PARTIAL || groups > 0 || o->pool_over == PDX_POOL_OVER_JUDGES,
                 "partial pooling needs groups: load the pairs with 'group_by'");
    for (int32_t g = 0; o->group_weights && g < groups; ++g)
        PDX__REQUIRE(o->group_weights[g] >= 0 && isfinite(o->group_weights[g]),
                     "fit options: 'group_weights' number %d is not a finite number >= 0", g + 1);
    PDX__TRY(take_groups(&j->groups, j->dataset, o->pool != PDX_POOL_COMPLETE));
    return take_groups(&j->named, j->dataset, 1);
}

static pdx_status take_judges(pdx__study_job *j) {
    const pdx_fit_options *o = &j->options;
    j->judge_count = o->judges ? o->judge_count : pdx_judgments_judge_count(j->judgments);
    j->judges = pdx__alloc((size_t)j->judge_count, sizeof *j->judges);
    if (!j->judges) return PDX_ENOMEM;
    PDX__TRY(pdx__judgment_index_create(&j->index, j->judgments));
    for (int32_t i = 0; i < j->judge_count; ++i) {
        pdx__study_judge *of = &j->judges[i];
        of->rule = o->label;
        of->number = o->judges ? pdx_judgments_find_judge(j->judgments, o->judges[i]) : i;
        if (of->number < 0)
            return pdx__fail(PDX_ENOTFOUND, "judge '%s' has no judgments", o->judges[i]);
        PDX__TRY(pdx__label_resolve(&of->rule, j->judgments, &j->index, of->number, o->ties));
    }
    return PDX_OK;
}

static pdx_status take_columns(pdx__study_job *j) {
    const pdx_schema *schema = pdx_dataset_schema(j->dataset);
    j->d = pdx_schema_count(schema);
    j->columns = pdx__alloc((size_t)j->d, sizeof *j->columns);
    if (!j->columns) return PDX_ENOMEM;
    for (int32_t c = 0; c < j->d; ++c) j->columns[c] = pdx_schema_property(schema, c)->id;
    j->length_column = pdx__length_column(j->columns, j->d);
    return PDX_OK;
}

/* Cells by falling group size; equal sizes keep the order of cells. */
static pdx_status plan(pdx__study_job *j) {
    int32_t *by_size = pdx__alloc((size_t)j->groups.count, sizeof *by_size);
    j->task_cell = pdx__alloc((size_t)cells(j), sizeof *j->task_cell);
    j->fit = pdx__alloc_zero((size_t)cells(j), sizeof *j->fit);
    const int pooled = j->options.pool == PDX_POOL_PARTIAL;
    const int64_t tasks = (pooled ? 0 : cells(j)) + j->pooled_tasks;
    j->threads = pdx__pool_threads(j->options.threads, tasks > 0 ? tasks : 1);
    j->workspace = pdx__alloc_zero((size_t)j->threads, sizeof *j->workspace);
    if (!by_size || !j->task_cell || !j->fit || !j->workspace) {
        pdx__free(by_size);
        return PDX_ENOMEM;
    }
    for (int32_t g = 0; g < j->groups.count; ++g) {
        int32_t at = g;
        for (; at > 0 && j->groups.group[by_size[at - 1]].count < j->groups.group[g].count; --at)
            by_size[at] = by_size[at - 1];
        by_size[at] = g;
    }
    int64_t task = 0;
    for (int32_t g = 0; g < j->groups.count; ++g)
        for (int32_t i = 0; i < j->judge_count; ++i)
            j->task_cell[task++] = (int64_t)i * j->groups.count + by_size[g];
    pdx__free(by_size);
    for (int32_t t = 0; t < j->threads; ++t) PDX__TRY(pdx__workspace_create(&j->workspace[t]));
    return PDX_OK;
}

/* Rows of X for the labels: bytes where the dataset holds bytes. */
static pdx_status gather(pdx__sample *sample, const pdx__study_job *j, const int64_t *pair) {
    size_t n = (size_t)sample->n, d = (size_t)j->d;
    if (pdx__dataset_is_small(j->dataset)) {
        int8_t *x = pdx__alloc(n * d, sizeof *x);
        if (!x) return PDX_ENOMEM;
        for (size_t i = 0; i < n; ++i)
            for (size_t c = 0; c < d; ++c) x[i * d + c] = j->dataset->column[c].small[pair[i]];
        sample->x_int8 = x;
    } else {
        double *x = pdx__alloc(n * d, sizeof *x);
        if (!x) return PDX_ENOMEM;
        for (size_t i = 0; i < n; ++i)
            for (size_t c = 0; c < d; ++c)
                x[i * d + c] = pdx__column_get(&j->dataset->column[c], pair[i]);
        sample->x = x;
    }
    return PDX_OK;
}

/* How many looks there were at each pair: the mean over its noisy properties. */
static pdx_status take_looks(int32_t **out, const pdx__study_job *j, const pdx__labels *labels) {
    int32_t *looks = *out = pdx__alloc((size_t)labels->count, sizeof *looks);
    if (!looks) return PDX_ENOMEM;
    for (int64_t i = 0; i < labels->count; ++i) {
        if (i > 0 && labels->unit[i] == labels->unit[i - 1]) continue;
        double sum = 0, noisy = 0;
        for (int32_t k = 0; k < j->d; ++k) {
            pdx_repeats r;
            if (!(j->noise[k] > 0)) continue;
            PDX__TRY(pdx_dataset_repeats(j->dataset, labels->pair[i], k, &r));
            sum += r.looks > 1 ? r.looks : 1;
            noisy += 1;
        }
        looks[labels->unit[i]] = noisy > 0 ? (int32_t)(sum / noisy + 0.5) : 1;
    }
    return PDX_OK;
}

static pdx_status take_noise(pdx__study_job *j) {
    int64_t known = 0;
    if (!j->options.imputations) return PDX_OK;
    j->reliability = pdx__alloc((size_t)j->d, sizeof *j->reliability);
    j->noise = pdx__alloc_zero((size_t)j->d, sizeof *j->noise);
    if (!j->reliability || !j->noise) return PDX_ENOMEM;
    for (int32_t k = 0; k < j->d; ++k) {
        PDX__TRY(pdx_dataset_reliability(j->dataset, k, &j->reliability[k]));
        if (j->reliability[k].pairs > 0) j->noise[k] = j->reliability[k].noise;
        known += j->reliability[k].pairs;
    }
    PDX__REQUIRE(known > 0,
                 "imputations: no pair was annotated more than once, so the noise of the "
                 "properties is not known; annotate some pairs again");
    for (int32_t i = 0; i < j->judge_count; ++i)
        if (j->judges[i].rule == PDX_LABEL_MARGIN)
            return pdx__fail(PDX_EUNSUPPORTED,
                             "imputations: judge '%s' gives margins; ask for labels "
                             "by another rule",
                             pdx_judgments_judge_name(j->judgments, j->judges[i].number));
    return PDX_OK;
}

pdx_status pdx__study_cell_open(pdx__study_cell *out, const pdx__study_job *j,
                                const pdx__study_judge *of, const pdx__study_group *in) {
    const pdx_fit_options *o = &j->options;
    pdx__labels *labels = &out->labels;
    *out = (pdx__study_cell){.known = 0};
    PDX__TRY(pdx__labels_derive(labels, j->dataset, j->judgments, &j->index, of->number, of->rule,
                                o->ties, o->order_weight, in->pairs, in->count));
    out->known = labels->count + labels->ties + labels->no_verdict > 0;
    out->sample = (pdx__sample){
        .judge = pdx_judgments_judge_name(j->judgments, of->number),
        .group = in->name,
        .label = pdx__label_name(of->rule),
        .d = j->d,
        .columns = j->columns,
        .n = labels->count,
        .y = labels->y,
        .weight = labels->weight,
        .offset = labels->has_offset ? labels->offset : NULL,
        .margin = of->rule == PDX_LABEL_MARGIN ? labels->margin : NULL,
        .sign = labels->has_sign ? labels->sign : NULL,
        .pair = labels->pair,
        .unit = labels->unit,
        .shown_first = labels->has_shown_first ? labels->shown_first : NULL,
        .log_odds = labels->margin,
        .length_column = j->length_column,
        .tie_model = pdx__label_has_ties(of->rule, o->ties) ? o->ties : 0,
        .ties = labels->ties,
        .no_verdict = labels->no_verdict,
    };
    pdx_status status = out->known ? gather(&out->sample, j, labels->pair) : PDX_OK;
    if (status == PDX_OK && j->noise && labels->count > 0) {
        status = take_looks(&out->looks, j, labels);
        out->errors = (pdx__errors){j->reliability, j->noise, out->looks};
        out->sample.errors = &out->errors;
    }
    if (status != PDX_OK) pdx__study_cell_close(out);
    return status;
}

void pdx__study_cell_close(pdx__study_cell *cell) {
    pdx__free((void *)cell->sample.x);
    pdx__free((void *)cell->sample.x_int8);
    pdx__free(cell->looks);
    pdx__labels_free(&cell->labels);
    *cell = (pdx__study_cell){.known = 0};
}

pdx_status pdx__study_fit_cell(pdx__study_job *j, int64_t cell, int32_t worker) {
    pdx__study_cell open;
    PDX__TRY(pdx__study_cell_open(&open, j, &j->judges[cell / j->groups.count],
                                  &j->groups.group[cell % j->groups.count]));
    pdx_status status = PDX_OK;
    if (open.known)
        status = pdx__sample_fit(&j->fit[cell], &open.sample, &j->options,
                                 pdx__study_stream(open.sample.judge, open.sample.group),
                                 j->workspace[worker]);
    pdx__study_cell_close(&open);
    return status;
}

/* Pooled tasks first: they are the longest. */
static pdx_status run_task(void *context, int64_t task, int32_t worker) {
    pdx__study_job *j = context;
    if (task < j->pooled_tasks) return pdx__study_fit_pooled(j, task, worker);
    return pdx__study_fit_cell(j, j->task_cell[task - j->pooled_tasks], worker);
}

static pdx_status describe(pdx_study *study, const pdx__study_job *j) {
    pdx__buf options = PDX__BUF_EMPTY;
    pdx_fit_options said = j->options;
    said.threads = 0; /* the same file for any number of threads */
    if (j->pool_by_default) said.pool = PDX_POOL_AUTO;
    pdx__fit_options_json(&options, &said);
    char *text = pdx__buf_take(&options), *hash = pdx__strdup(pdx_dataset_sha256(j->dataset));
    if (!text || !hash) {
        pdx__free(text);
        pdx__free(hash);
        return PDX_ENOMEM;
    }
    pdx__free(study->options_json);
    pdx__free(study->data_sha256);
    study->options_json = text;
    study->data_sha256 = hash;
    return PDX_OK;
}

pdx_status pdx__study_job_open(pdx__study_job *j, const pdx_dataset *dataset,
                               const pdx_judgments *judgments, const pdx_fit_options *options) {
    *j = (pdx__study_job){.dataset = dataset, .judgments = judgments};
    PDX__TRY(pdx__fit_options_take(&j->options, options));
    PDX__TRY(take_columns(j));
    PDX__TRY(pdx__fit_options_scales(&j->options, j->d));
    PDX__TRY(take_pool(j));
    PDX__TRY(take_judges(j));
    return take_noise(j);
}

void pdx__study_job_close(pdx__study_job *j) {
    for (int64_t i = 0; j->fit && i < cells(j); ++i) pdx_posterior_free(j->fit[i]);
    for (int32_t t = 0; j->workspace && t < j->threads; ++t) pdx__workspace_free(j->workspace[t]);
    for (int32_t t = 0; j->pooled && t < j->pooled_tasks; ++t) pdx__pooled_free(j->pooled[t]);
    free_groups(&j->groups);
    free_groups(&j->named);
    pdx__free(j->fit);
    pdx__free(j->pooled);
    pdx__free(j->pooling);
    pdx__free(j->memberships);
    pdx__free(j->reliability);
    pdx__free(j->noise);
    pdx__free(j->workspace);
    pdx__free(j->task_cell);
    pdx__free(j->judges);
    pdx__free(j->columns);
    pdx__judgment_index_free(&j->index);
}

/* Everything that the tasks made becomes the study's. */
static pdx_status hand_over(pdx_study *study, pdx__study_job *j) {
    PDX__TRY(pdx__study_reserve_pooled(study, j->pooled_tasks, j->pooled_tasks));
    for (int32_t t = 0; t < j->pooled_tasks; ++t) {
        const pdx__pooling *from = &j->pooling[t];
        if (!from->numbers.folds) continue;
        pdx__pooling *to = &study->pooling[study->pooling_count];
        to->numbers = from->numbers;
        to->weight = from->weight;
        to->judge = pdx__strdup(from->judge);
        to->group = pdx__strdup(from->group);
        ++study->pooling_count;
        if (!to->judge || !to->group) return PDX_ENOMEM;
    }
    for (int64_t i = 0; i < cells(j); ++i) {
        if (!j->fit[i]) continue;
        study->fit[study->count++] = j->fit[i];
        j->fit[i] = NULL;
    }
    for (int32_t t = 0; t < j->pooled_tasks; ++t) {
        if (!j->pooled[t]) continue;
        study->pooled[study->pooled_count++] = j->pooled[t];
        j->pooled[t] = NULL;
    }
    return PDX_OK;
}

pdx_status pdx_study_fit(pdx_study **out, const pdx_dataset *dataset,
                         const pdx_judgments *judgments, const pdx_fit_options *options) {
    PDX__REQUIRE(out, "pdx_study_fit: NULL argument");
    *out = NULL;
    PDX__REQUIRE(dataset && judgments, "pdx_study_fit: NULL argument");
    pdx__study_job j = {0};
    pdx_study *study = NULL;
    pdx_status status;
    PDX__GO(pdx__study_job_open(&j, dataset, judgments, options));
    PDX__GO(pdx__study_plan_pooled(&j));
    PDX__GO(plan(&j));
    /* Threads that have no fit of their own help with the folds of one. */
    j.options.threads = pdx__pool_threads(j.options.threads, INT32_MAX) / j.threads;
    const int64_t apart = j.options.pool == PDX_POOL_PARTIAL ? 0 : cells(&j);
    PDX__GO(
        pdx__pool_run(j.threads, j.pooled_tasks + apart, run_task, &j, &j.options.hooks, "fits"));
    PDX__GO(pdx__study_create(&study, (int32_t)cells(&j)));
    PDX__GO(describe(study, &j));
    PDX__GO(hand_over(study, &j));
    *out = study;
    study = NULL;
done:
    pdx_study_free(study);
    pdx__study_job_close(&j);
    return status;
}
