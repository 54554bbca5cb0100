/* Folds of a hierarchy; see pooled_folds.h. */
#include "pooled_folds.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/pool.h"

enum { PREDICTION_FOLDS = 5 };

/* What one thread needs for a fold. */
typedef struct pdx__fold_room {
    pdx__workspace *workspace; /* of the first room: borrowed */
    pdx__scratch *scratch;     /* [count]; their weights are those of the hierarchy's problems */
    pdx__hierarchy hierarchy;
} fold_room;

/* ---- which pairs ---- */

static int by_number(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Distinct pairs of all samples, ascending, into *out. */
static pdx_status collect_pairs(const pdx__pooled_work *w, int64_t **out, int64_t *count) {
    int64_t rows = 0, n = 0;
    for (int32_t g = 0; g < w->count; ++g) rows += w->task->sample[g].n;
    int64_t *pair = pdx__alloc((size_t)rows, sizeof *pair);
    if (!pair) return PDX_ENOMEM;
    for (int32_t g = 0; g < w->count; ++g)
        for (int64_t i = 0; i < w->task->sample[g].n; ++i) pair[n++] = w->task->sample[g].pair[i];
    qsort(pair, (size_t)n, sizeof *pair, by_number);
    *count = 0;
    for (int64_t i = 0; i < n; ++i)
        if (i == 0 || pair[i] != pair[i - 1]) pair[(*count)++] = pair[i];
    *out = pair;
    return PDX_OK;
}

/* The folds of one sample's units, given the fold of every pair (-1: in none). */
static pdx_status cut_folds(pdx__folds *out, const pdx__refit *r, int32_t k, const int64_t *pair,
                            const int32_t *fold_of, int64_t pairs) {
    const pdx__sample *s = r->sample;
    *out = (pdx__folds){.k = k, .n = r->units};
    out->order = pdx__alloc((size_t)r->units, sizeof *out->order);
    out->start = pdx__alloc((size_t)k, sizeof *out->start);
    out->size = pdx__alloc_zero((size_t)k, sizeof *out->size);
    if (!out->order || !out->start || !out->size) return PDX_ENOMEM;
    int64_t filled = 0;
    for (int32_t f = 0; f < k; ++f) {
        int64_t last = -1;
        out->start[f] = filled;
        for (int64_t i = 0; i < s->n; ++i) {
            const int64_t unit = pdx__refit_unit(r, i);
            if (unit == last) continue;
            last = unit;
            const int64_t *at = bsearch(&s->pair[i], pair, (size_t)pairs, sizeof *pair, by_number);
            if (fold_of[at - pair] == f) out->order[filled++] = unit;
        }
        out->size[f] = filled - out->start[f];
    }
    return PDX_OK;
}

pdx_status pdx__pooled_folds_open(pdx__pooled_work *w) {
    const pdx_fit_options *o = &w->options;
    pdx__folds of_pairs = {0};
    int64_t *pair = NULL, pairs = 0;
    int32_t *fold_of = NULL;
    pdx_status status;
    PDX__GO(collect_pairs(w, &pair, &pairs));
    w->predict = o->predict && pairs >= 2;
    if (o->folds < 2 && !w->predict) goto done;
    w->folds = o->folds >= 2 ? o->folds : PREDICTION_FOLDS;
    PDX__GO(
        pdx__folds_create(&of_pairs, pairs, w->folds, o->folds >= 2 && o->paper_folds, o->seed));
    fold_of = pdx__alloc((size_t)pairs, sizeof *fold_of);
    w->mean = pdx__alloc_zero(
        (size_t)PDX__WAYS * (size_t)w->folds * (size_t)w->count * (size_t)w->dim, sizeof *w->mean);
    if (!fold_of || !w->mean) {
        status = PDX_ENOMEM;
        goto done;
    }
    for (int64_t i = 0; i < pairs; ++i) fold_of[i] = -1;
    for (int32_t f = 0; f < w->folds; ++f)
        for (int64_t i = 0; i < of_pairs.size[f]; ++i)
            fold_of[of_pairs.order[of_pairs.start[f] + i]] = f;
    for (int32_t g = 0; g < w->count; ++g) {
        pdx__pooled_member *m = &w->member[g];
        PDX__GO(cut_folds(&m->folds, &m->refit, w->folds, pair, fold_of, pairs));
        for (int way = 0; way < PDX__WAYS && w->predict; ++way)
            PDX__GO(pdx__heldout_create(&m->heldout[way], m->refit.sample->n));
    }
done:
    pdx__folds_free(&of_pairs);
    pdx__free(pair);
    pdx__free(fold_of);
    return status;
}

/* ---- fits without a fold ---- */

double *pdx__pooled_fold_mean(const pdx__pooled_work *w, int way, int64_t fold, int32_t g) {
    return w->mean +
           (((size_t)way * (size_t)w->folds + (size_t)fold) * (size_t)w->count + (size_t)g) *
               (size_t)w->dim;
}

static pdx_status open_room(pdx__pooled_work *w, fold_room *room, pdx__workspace *workspace) {
    room->workspace = workspace;
    if (!workspace) PDX__TRY(pdx__workspace_create(&room->workspace));
    room->scratch = pdx__alloc_zero((size_t)w->count, sizeof *room->scratch);
    pdx__problem *problem = pdx__alloc((size_t)w->count, sizeof *problem);
    pdx_status status = room->scratch && problem ? PDX_OK : PDX_ENOMEM;
    for (int32_t g = 0; g < w->count && status == PDX_OK; ++g) {
        pdx__scratch *scratch = &room->scratch[g];
        const pdx__refit *r = &w->member[g].refit;
        scratch->workspace = room->workspace;
        scratch->weight = pdx__alloc((size_t)r->sample->n, sizeof *scratch->weight);
        scratch->left_out = pdx__alloc_zero((size_t)r->units, 1);
        if (!scratch->weight || !scratch->left_out) status = PDX_ENOMEM;
        problem[g] = w->problem[g];
        problem[g].weight = scratch->weight;
    }
    if (status == PDX_OK)
        status = pdx__hierarchy_create(&room->hierarchy, problem, w->count,
                                       w->member[0].refit.prior, w->sharing, room->workspace);
    pdx__free(problem);
    return status;
}

static void close_room(const pdx__pooled_work *w, fold_room *room, int owns) {
    pdx__hierarchy_free(&room->hierarchy);
    for (int32_t g = 0; room->scratch && g < w->count; ++g) {
        pdx__free(room->scratch[g].weight);
        pdx__free(room->scratch[g].left_out);
    }
    pdx__free(room->scratch);
    if (owns) pdx__workspace_free(room->workspace);
}

static void leave_out(const pdx__pooled_work *w, const fold_room *room, int64_t fold) {
    for (int32_t g = 0; g < w->count; ++g) {
        const pdx__pooled_member *m = &w->member[g];
        const pdx__sample *s = m->refit.sample;
        pdx__scratch *scratch = &room->scratch[g];
        const int64_t *units = m->folds.order + m->folds.start[fold];
        for (int64_t i = 0; i < m->folds.size[fold]; ++i) scratch->left_out[units[i]] = 1;
        for (int64_t i = 0; i < s->n; ++i)
            scratch->weight[i] = scratch->left_out[pdx__refit_unit(&m->refit, i)] ? 0
                                 : s->weight                                      ? s->weight[i]
                                                                                  : 1;
        for (int64_t i = 0; i < m->folds.size[fold]; ++i) scratch->left_out[units[i]] = 0;
    }
}

static pdx_status fit_together(const pdx__pooled_work *w, fold_room *room, int64_t fold) {
    pdx__hierarchy *h = &room->hierarchy;
    PDX__TRY(pdx__hierarchy_run(h, 0, 3e-3, 300));
    for (int32_t g = 0; g < w->count; ++g)
        for (int32_t k = 0; k < h->d; ++k)
            pdx__pooled_fold_mean(w, PDX__TOGETHER, fold, g)[h->mean.column[k]] =
                h->branch[g].ep.mean[k];
    return PDX_OK;
}

static pdx_status fit_apart(const pdx__pooled_work *w, fold_room *room, int64_t fold) {
    for (int32_t g = 0; g < w->count; ++g) {
        const pdx__pooled_member *m = &w->member[g];
        pdx__fit fit = {0};
        PDX__TRY(pdx__refit_without(&m->refit, &room->scratch[g], PDX__BY_LABEL,
                                    m->folds.order + m->folds.start[fold], m->folds.size[fold],
                                    1 + (uint64_t)fold, NULL, &fit));
        memcpy(pdx__pooled_fold_mean(w, PDX__APART, fold, g), fit.mean,
               (size_t)w->dim * sizeof *fit.mean);
        pdx__fit_free(&fit);
    }
    return PDX_OK;
}

static pdx_status fit_fold(void *context, int64_t fold, int32_t worker) {
    pdx__pooled_work *w = context;
    fold_room *room = &w->room[worker];
    const pdx__fit_settings settings = {.method = PDX_METHOD_EP};
    pdx__pooled_fit fit = {0};
    leave_out(w, room, fold);
    pdx__hierarchy_warm(&room->hierarchy, &w->hierarchy);
    PDX__TRY(pdx__pooled_fit_again(&fit, &room->hierarchy, &w->fit.nodes, w->options.tau_scale,
                                   &settings));
    for (int32_t g = 0; g < w->count; ++g)
        memcpy(pdx__pooled_fold_mean(w, PDX__PARTIAL, fold, g), fit.group[g].mean,
               (size_t)w->dim * sizeof *fit.group[g].mean);
    pdx__pooled_fit_free(&fit);
    if (!w->predict || !w->options.pool_compare) return PDX_OK;
    PDX__TRY(fit_together(w, room, fold));
    return fit_apart(w, room, fold);
}

pdx_status pdx__pooled_folds_run(pdx__pooled_work *w) {
    if (w->folds == 0) return PDX_OK;
    const pdx__pooled_task *task = w->task;
    int64_t rows = 0;
    for (int32_t g = 0; g < w->count; ++g) rows += task->sample[g].n;
    w->threads = rows < 300 ? 1 : pdx__pool_threads(w->options.threads, w->folds);
    w->room = pdx__alloc_zero((size_t)w->threads, sizeof *w->room);
    if (!w->room) return PDX_ENOMEM;
    for (int32_t t = 0; t < w->threads; ++t)
        PDX__TRY(open_room(w, &w->room[t], t == 0 ? w->workspace : NULL));
    PDX__TRY(pdx__pool_run(w->threads, w->folds, fit_fold, w, NULL, "folds"));
    for (int32_t g = 0; g < w->count && w->predict; ++g)
        for (int64_t f = 0; f < w->folds; ++f)
            for (int way = w->options.pool_compare ? 0 : PDX__PARTIAL; way < PDX__WAYS; ++way) {
                pdx__pooled_member *m = &w->member[g];
                pdx__sample_score(&m->refit, m->folds.order + m->folds.start[f], m->folds.size[f],
                                  pdx__pooled_fold_mean(w, way, f, g), &m->heldout[way]);
            }
    return PDX_OK;
}

/* ---- what they foretell ---- */

pdx_status pdx__pooled_folds_compare(const pdx__pooled_work *w, pdx__pooling *out) {
    out->numbers = (pdx_pooling){0};
    if (!w->predict || !w->options.pool_compare) return PDX_OK;
    double loss[PDX__WAYS] = {0}, right[PDX__WAYS] = {0}, total = 0;
    out->numbers.folds = w->folds;
    for (int32_t g = 0; g < w->count; ++g) {
        const pdx__sample *s = &w->task->sample[g];
        double weight = 0;
        for (int64_t i = 0; i < s->n; ++i)
            if (!isnan(w->member[g].heldout[PDX__PARTIAL].eta[i]))
                weight += s->weight ? s->weight[i] : 1;
        if (!(weight > 0)) continue;
        total += weight;
        for (int way = 0; way < PDX__WAYS; ++way) {
            pdx_prediction p;
            PDX__TRY(pdx__heldout_score(&w->member[g].heldout[way], s->y, s->weight, w->folds, &p));
            loss[way] += weight * p.log_loss;
            right[way] += weight * p.accuracy;
            if (way == PDX__PARTIAL) out->numbers.n += p.n;
        }
    }
    pdx_pooling *n = &out->numbers;
    double *losses[] = {&n->log_loss_none, &n->log_loss_complete, &n->log_loss_partial};
    double *rights[] = {&n->accuracy_none, &n->accuracy_complete, &n->accuracy_partial};
    for (int way = 0; way < PDX__WAYS; ++way) {
        *losses[way] = total > 0 ? loss[way] / total : NAN;
        *rights[way] = total > 0 ? right[way] / total : NAN;
    }
    out->weight = total;
    return PDX_OK;
}

void pdx__pooled_folds_close(pdx__pooled_work *w) {
    for (int32_t t = 0; w->room && t < w->threads; ++t) close_room(w, &w->room[t], t > 0);
    pdx__free(w->room);
    for (int32_t g = 0; w->member && g < w->count; ++g) {
        for (int way = 0; way < PDX__WAYS; ++way) pdx__heldout_free(&w->member[g].heldout[way]);
        pdx__folds_free(&w->member[g].folds);
    }
    pdx__free(w->mean);
}
