/* Many fits: judges x groups on the library's pool. A task is one judge in one group with all its
 * folds; the largest groups go first, so that the last tasks are short. A task's random numbers
 * follow from the names of its judge and group, so a fit is the same whichever others are made
 * beside it and on however many threads. */
#include <stdlib.h>
#include <string.h>

#include "core/pool.h"
#include "data/dataset.h"
#include "data/labels.h"
#include "fit_options.h"
#include "posterior.h"
#include "sample.h"

typedef struct group {
    const char *name;
    int64_t *pairs; /* ascending */
    int64_t count;
} group;

typedef struct judge {
    int32_t number; /* in the judgments */
    int32_t rule;
} judge;

typedef struct job {
    const pdx_dataset *dataset;
    const pdx_judgments *judgments;
    pdx_fit_options options;
    pdx__judgment_index index;
    const char **columns; /* [d] */
    int32_t d, length_column;
    group *groups;
    int32_t group_count;
    judge *judges;
    int32_t judge_count;
    int64_t *task_cell;           /* task -> judge * group_count + group */
    pdx_reliability *reliability; /* [d] with imputations, and */
    double *noise;                /* [d] */
    pdx__workspace **workspace;   /* [threads] */
    int32_t threads;
    pdx_posterior **fit; /* [judges][groups] */
} job;

static int64_t cells(const job *j) { return (int64_t)j->judge_count * j->group_count; }

/* FNV-1a over both names. */
static uint64_t stream_of(const char *judge_name, const char *group_name) {
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

static pdx_status take_groups(job *j) {
    int32_t named = j->options.pool == PDX_POOL_NONE ? pdx_dataset_group_count(j->dataset) : 0;
    j->groups = pdx__alloc_zero(named ? (size_t)named : 1, sizeof *j->groups);
    if (!j->groups) return PDX_ENOMEM;
    j->group_count = named ? named : 1;
    for (int32_t g = 0; g < j->group_count; ++g) {
        group *of = &j->groups[g];
        of->name = named ? pdx_dataset_group_name(j->dataset, g) : "all";
        of->count = named ? pdx_dataset_group_size(j->dataset, g) : pdx_dataset_count(j->dataset);
        of->pairs = pdx__alloc((size_t)of->count, sizeof *of->pairs);
        if (!of->pairs) return PDX_ENOMEM;
        if (named) {
            PDX__TRY(pdx_dataset_group_pairs(j->dataset, g, of->pairs));
            qsort(of->pairs, (size_t)of->count, sizeof *of->pairs, ascending);
        } else {
            for (int64_t i = 0; i < of->count; ++i) of->pairs[i] = i;
        }
    }
    return PDX_OK;
}

static pdx_status take_judges(job *j) {
    const pdx_fit_options *o = &j->options;
    j->judge_count = o->judges ? o->judge_count : pdx_judgments_judge_count(j->judgments);
    j->judges = pdx__alloc((size_t)j->judge_count, sizeof *j->judges);
    if (!j->judges) return PDX_ENOMEM;
    PDX__TRY(pdx__judgment_index_create(&j->index, j->judgments));
    for (int32_t i = 0; i < j->judge_count; ++i) {
        judge *of = &j->judges[i];
        of->rule = o->label;
        of->number = o->judges ? pdx_judgments_find_judge(j->judgments, o->judges[i]) : i;
        if (of->number < 0)
            return pdx__fail(PDX_ENOTFOUND, "judge '%s' has no judgments", o->judges[i]);
        PDX__TRY(pdx__label_resolve(&of->rule, j->judgments, &j->index, of->number, o->ties));
    }
    return PDX_OK;
}

static pdx_status take_columns(job *j) {
    const pdx_schema *schema = pdx_dataset_schema(j->dataset);
    j->d = pdx_schema_count(schema);
    j->columns = pdx__alloc((size_t)j->d, sizeof *j->columns);
    if (!j->columns) return PDX_ENOMEM;
    for (int32_t c = 0; c < j->d; ++c) j->columns[c] = pdx_schema_property(schema, c)->id;
    j->length_column = pdx__length_column(j->columns, j->d);
    return PDX_OK;
}

/* Tasks by falling group size; equal sizes keep the order of cells. */
static pdx_status plan(job *j) {
    int32_t *by_size = pdx__alloc((size_t)j->group_count, sizeof *by_size);
    j->task_cell = pdx__alloc((size_t)cells(j), sizeof *j->task_cell);
    j->fit = pdx__alloc_zero((size_t)cells(j), sizeof *j->fit);
    j->threads = pdx__pool_threads(j->options.threads, cells(j));
    j->workspace = pdx__alloc_zero((size_t)j->threads, sizeof *j->workspace);
    if (!by_size || !j->task_cell || !j->fit || !j->workspace) {
        pdx__free(by_size);
        return PDX_ENOMEM;
    }
    for (int32_t g = 0; g < j->group_count; ++g) {
        int32_t at = g;
        for (; at > 0 && j->groups[by_size[at - 1]].count < j->groups[g].count; --at)
            by_size[at] = by_size[at - 1];
        by_size[at] = g;
    }
    int64_t task = 0;
    for (int32_t g = 0; g < j->group_count; ++g)
        for (int32_t i = 0; i < j->judge_count; ++i)
            j->task_cell[task++] = (int64_t)i * j->group_count + by_size[g];
    pdx__free(by_size);
    for (int32_t t = 0; t < j->threads; ++t) PDX__TRY(pdx__workspace_create(&j->workspace[t]));
    return PDX_OK;
}

/* Rows of X for the labels: bytes where the dataset holds bytes. */
static pdx_status gather(pdx__sample *sample, const job *j, const int64_t *pair) {
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
static pdx_status take_looks(int32_t **out, const job *j, const pdx__labels *labels) {
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

static pdx_status take_noise(job *j) {
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

static pdx_status fit_cell(void *context, int64_t task, int32_t worker) {
    job *j = context;
    int64_t cell = j->task_cell[task];
    const judge *of = &j->judges[cell / j->group_count];
    const group *in = &j->groups[cell % j->group_count];
    const pdx_fit_options *o = &j->options;
    pdx__labels labels;
    PDX__TRY(pdx__labels_derive(&labels, j->dataset, j->judgments, &j->index, of->number, of->rule,
                                o->ties, o->order_weight, in->pairs, in->count));
    pdx__sample sample = {
        .judge = pdx_judgments_judge_name(j->judgments, of->number),
        .group = in->name,
        .label = pdx__label_name(of->rule),
        .d = j->d,
        .columns = j->columns,
        .n = labels.count,
        .y = labels.y,
        .weight = labels.weight,
        .offset = labels.has_offset ? labels.offset : NULL,
        .margin = of->rule == PDX_LABEL_MARGIN ? labels.margin : NULL,
        .sign = labels.has_sign ? labels.sign : NULL,
        .unit = labels.unit,
        .shown_first = labels.has_shown_first ? labels.shown_first : NULL,
        .log_odds = labels.margin,
        .length_column = j->length_column,
        .tie_model = pdx__label_has_ties(of->rule, o->ties) ? o->ties : 0,
        .ties = labels.ties,
        .no_verdict = labels.no_verdict,
    };
    pdx_status status = PDX_OK;
    pdx__errors errors = {j->reliability, j->noise, NULL};
    int32_t *looks = NULL;
    if (j->noise && labels.count > 0) {
        status = take_looks(&looks, j, &labels);
        errors.looks = looks;
        sample.errors = &errors;
    }
    if (status == PDX_OK && labels.count + labels.ties + labels.no_verdict > 0) {
        status = gather(&sample, j, labels.pair);
        if (status == PDX_OK)
            status = pdx__sample_fit(&j->fit[cell], &sample, o,
                                     stream_of(sample.judge, sample.group), j->workspace[worker]);
    }
    pdx__free(looks);
    pdx__free((void *)sample.x);
    pdx__free((void *)sample.x_int8);
    pdx__labels_free(&labels);
    return status;
}

static pdx_status describe(pdx_study *study, const job *j) {
    pdx__buf options = PDX__BUF_EMPTY;
    pdx_fit_options said = j->options;
    said.threads = 0; /* the same file for any number of threads */
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

static void free_job(job *j) {
    for (int64_t i = 0; j->fit && i < cells(j); ++i) pdx_posterior_free(j->fit[i]);
    for (int32_t t = 0; j->workspace && t < j->threads; ++t) pdx__workspace_free(j->workspace[t]);
    for (int32_t g = 0; j->groups && g < j->group_count; ++g) pdx__free(j->groups[g].pairs);
    pdx__free(j->fit);
    pdx__free(j->workspace);
    pdx__free(j->task_cell);
    pdx__free(j->groups);
    pdx__free(j->judges);
    pdx__free(j->columns);
    pdx__free(j->reliability);
    pdx__free(j->noise);
    pdx__judgment_index_free(&j->index);
}

pdx_status pdx_study_fit(pdx_study **out, const pdx_dataset *dataset,
                         const pdx_judgments *judgments, const pdx_fit_options *options) {
    PDX__REQUIRE(out, "pdx_study_fit: NULL argument");
    *out = NULL;
    PDX__REQUIRE(dataset && judgments, "pdx_study_fit: NULL argument");
    job j = {.dataset = dataset, .judgments = judgments};
    pdx_study *study = NULL;
    pdx_status status;
    PDX__GO(pdx__fit_options_take(&j.options, options));
    PDX__GO(take_columns(&j));
    PDX__GO(pdx__fit_options_scales(&j.options, j.d));
    PDX__GO(take_groups(&j));
    PDX__GO(take_judges(&j));
    PDX__GO(take_noise(&j));
    PDX__GO(plan(&j));
    /* Threads that have no fit of their own help with the folds of one. */
    j.options.threads = pdx__pool_threads(j.options.threads, INT32_MAX) / j.threads;
    PDX__GO(pdx__pool_run(j.threads, cells(&j), fit_cell, &j, &j.options.hooks, "fits"));
    PDX__GO(pdx__study_create(&study, (int32_t)cells(&j)));
    PDX__GO(describe(study, &j));
    for (int64_t i = 0; i < cells(&j); ++i) {
        if (!j.fit[i]) continue;
        study->fit[study->count++] = j.fit[i];
        j.fit[i] = NULL;
    }
    *out = study;
    study = NULL;
done:
    pdx_study_free(study);
    free_job(&j);
    return status;
}
