/* One hierarchy from its samples to finished posteriors: the full fit, then its folds. */
#include "pooled_sample.h"

#include <math.h>
#include <string.h>

#include "pooled_folds.h"

/* ---- the samples ---- */

static pdx_status open_members(pdx__pooled_work *w) {
    const pdx__pooled_task *task = w->task;
    w->member = pdx__alloc_zero((size_t)w->count, sizeof *w->member);
    w->problem = pdx__alloc_zero((size_t)w->count, sizeof *w->problem);
    if (!w->member || !w->problem) return PDX_ENOMEM;
    for (int32_t g = 0; g < w->count; ++g) {
        const pdx__sample *s = &task->sample[g];
        PDX__TRY(pdx__refit_open(&w->member[g].refit, s, &w->options, task->stream, w->workspace));
        w->problem[g] = (pdx__problem){.design = w->member[g].refit.design,
                                       .y = s->y,
                                       .weight = s->weight,
                                       .offset = s->offset};
    }
    w->dim = w->member[0].refit.dim;
    w->sharing = pdx__alloc((size_t)w->dim, sizeof *w->sharing);
    if (!w->sharing) return PDX_ENOMEM;
    for (int32_t c = 0; c < w->dim; ++c)
        w->sharing[c] = c < task->sample[0].d                ? PDX__POOLED
                        : task->over == PDX_POOL_OVER_JUDGES ? PDX__OWN
                                                             : PDX__COMMON;
    return PDX_OK;
}

/* ---- results ---- */

static pdx_status take_group(pdx__pooled_work *w, int32_t g, pdx_posterior **out) {
    const pdx__sample *s = &w->task->sample[g];
    pdx__pooled_member *m = &w->member[g];
    pdx_posterior *p = NULL;
    pdx_status status = pdx__sample_posterior(&p, &m->refit, &w->fit.group[g]);
    if (status != PDX_OK) return status;
    p->certificate = w->fit.certificate;
    p->log_evidence = w->fit.log_evidence; /* of all groups at once */
    if (w->options.folds >= 2) {
        p->fold_mean = pdx__alloc_zero((size_t)p->d, sizeof *p->fold_mean);
        if (!p->fold_mean) status = PDX_ENOMEM;
        for (int64_t f = 0; p->fold_mean && f < w->folds; ++f)
            for (int32_t c = 0; c < p->d; ++c)
                p->fold_mean[c] += pdx__pooled_fold_mean(w, PDX__PARTIAL, f, g)[c] / w->folds;
    }
    if (status == PDX_OK && w->predict)
        status = pdx__heldout_score(&m->heldout[PDX__PARTIAL], s->y, s->weight, w->folds,
                                    &p->prediction);
    if (status == PDX_OK) status = pdx__sample_describe(p, s);
    if (status == PDX_OK) *out = p;
    else pdx_posterior_free(p);
    return status;
}

static pdx_status take_mean(pdx__pooled_work *w, pdx_pooled *pooled) {
    const pdx__pooled_task *task = w->task;
    const int over_judges = task->over == PDX_POOL_OVER_JUDGES;
    pdx__sample whole = task->sample[0];
    whole.judge = over_judges ? "(mean)" : task->judge;
    whole.group = over_judges ? task->group : "(mean)";
    whole.shown_first = NULL; /* a position effect of pairs is the groups' */
    whole.n = whole.ties = whole.no_verdict = 0;
    for (int32_t g = 0; g < w->count; ++g) {
        whole.n += task->sample[g].n;
        whole.ties += task->sample[g].ties;
        whole.no_verdict += task->sample[g].no_verdict;
    }
    pdx__refit refit = w->member[0].refit;
    refit.sample = &whole;
    PDX__TRY(pdx__sample_posterior(&pooled->mean, &refit, &w->fit.mean));
    if (over_judges)
        pooled->mean->position = (pdx_position){.mean = NAN,
                                                .sd = NAN,
                                                .prob_positive = NAN,
                                                .p_first = NAN,
                                                .p_first_low = NAN,
                                                .p_first_high = NAN};
    pooled->mean->certificate = w->fit.certificate;
    pooled->mean->log_evidence = w->fit.log_evidence;
    return pdx__sample_describe(pooled->mean, &whole);
}

static pdx_status take_shared(pdx__pooled_work *w, pdx_pooled **out) {
    const pdx__pooled_task *task = w->task;
    const int32_t reported = w->member[0].refit.reported, q = w->options.quantile_count;
    const size_t d = (size_t)reported, count = (size_t)w->count, pairs = count * (count - 1) / 2;
    pdx_pooled *pooled = NULL;
    pdx_status status;
    PDX__GO(pdx__pooled_create(&pooled, task->judge, task->group, task->over, w->count));
    PDX__GO(take_mean(w, pooled));
    pooled->tau = (pdx_tau){w->fit.tau_mean, w->fit.tau_sd, w->fit.tau_quantiles[q],
                            w->fit.tau_quantiles[q + 1], w->options.tau_scale};
    pooled->tau_quantiles = pdx__alloc((size_t)q, sizeof *pooled->tau_quantiles);
    pooled->difference = pdx__alloc(count * d, sizeof *pooled->difference);
    if (w->options.covariance) pooled->cross = pdx__alloc(pairs * d, sizeof *pooled->cross);
    if (!pooled->tau_quantiles || !pooled->difference ||
        (w->options.covariance && !pooled->cross)) {
        status = PDX_ENOMEM;
        goto done;
    }
    memcpy(pooled->tau_quantiles, w->fit.tau_quantiles, (size_t)q * sizeof(double));
    for (size_t g = 0; g < count; ++g)
        memcpy(pooled->difference + g * d, w->fit.difference + g * (size_t)w->dim,
               d * sizeof *pooled->difference);
    for (size_t i = 0; pooled->cross && i < pairs; ++i)
        memcpy(pooled->cross + i * d, w->fit.cross + i * (size_t)w->dim, d * sizeof(double));
    *out = pooled;
    pooled = NULL;
done:
    pdx__pooled_free(pooled);
    return status;
}

static pdx_status take_all(pdx__pooled_work *w, pdx_pooled **pooled, pdx_posterior **fit) {
    if (w->task->compare_only) return PDX_OK;
    for (int32_t g = 0; g < w->count; ++g) PDX__TRY(take_group(w, g, &fit[g]));
    PDX__TRY(take_shared(w, pooled));
    for (int32_t g = 0; g < w->count; ++g) {
        (*pooled)->fit[g] = fit[g];
        fit[g]->pooled = *pooled;
        fit[g]->pooled_number = g;
    }
    return PDX_OK;
}

static void close_work(pdx__pooled_work *w) {
    pdx__pooled_folds_close(w);
    pdx__pooled_fit_free(&w->fit);
    pdx__hierarchy_free(&w->hierarchy);
    for (int32_t g = 0; w->member && g < w->count; ++g) pdx__refit_close(&w->member[g].refit);
    pdx__free(w->member);
    pdx__free(w->problem);
    pdx__free(w->sharing);
}

pdx_status pdx__pooled_sample_fit(pdx_pooled **pooled, pdx_posterior **fit, pdx__pooling *pooling,
                                  const pdx__pooled_task *task, const pdx_fit_options *options,
                                  pdx__workspace *workspace) {
    pdx__pooled_work w = {
        .task = task, .options = *options, .workspace = workspace, .count = task->count};
    double *probs = NULL;
    pdx_status status;
    PDX__GO(open_members(&w));
    PDX__GO(pdx__pooled_folds_open(&w));
    PDX__GO(pdx__hierarchy_create(&w.hierarchy, w.problem, w.count, w.member[0].refit.prior,
                                  w.sharing, workspace));
    pdx__fit_settings settings;
    PDX__GO(pdx__refit_settings(&settings, &probs, &w.member[0].refit));
    settings.summaries = !task->compare_only;
    PDX__GO(pdx__pooled_fit_run(&w.fit, &w.hierarchy, options->tau_scale, &settings));
    PDX__GO(pdx__pooled_folds_run(&w));
    PDX__GO(pdx__pooled_folds_compare(&w, pooling));
    PDX__GO(take_all(&w, pooled, fit));
done:
    if (status != PDX_OK)
        for (int32_t g = 0; fit && g < task->count; ++g) {
            pdx_posterior_free(fit[g]);
            fit[g] = NULL;
        }
    pdx__free(probs);
    close_work(&w);
    return status;
}
