/* One sample's fit, from rows to a finished posterior: the full fit, its folds with their held-out
 * predictions, the position effect, and for margins the comparison with their signs. The posterior
 * reports properties and intercept as columns and the position effect apart. */
#include "sample.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "folds.h"
#include "margin_trust.h"
#include "position.h"
#include "core/buf.h"
#include "core/pool.h"
#include "cut.h"
#include "impute.h"
#include "posterior.h"
#include "predict.h"
#include "refit.h"

enum {
    PREDICTION_FOLDS = 5,       /* where no folds are asked for */
    ROWS_WORTH_A_THREAD = 10000 /* below, starting threads costs more than it saves */
};

int32_t pdx__length_column(const char *const *names, int32_t count) {
    static const char *const known[] = {"length", "lengthy", "words"};
    for (size_t k = 0; k < sizeof known / sizeof *known; ++k)
        for (int32_t i = 0; i < count; ++i)
            if (strcmp(names[i], known[k]) == 0) return i;
    return -1;
}

/* The first `keep` of `of` rows and columns (rows of `width` numbers where of == 0) into *out. */
static pdx_status copy_block(double **out, const double *from, int64_t rows, int64_t keep,
                             int64_t stride) {
    *out = pdx__alloc((size_t)rows * (size_t)keep, sizeof **out);
    if (!*out) return PDX_ENOMEM;
    for (int64_t i = 0; i < rows; ++i)
        memcpy(*out + i * keep, from + i * stride, (size_t)keep * sizeof **out);
    return PDX_OK;
}

static pdx_status position_of_pairs(pdx_position *out, const pdx__refit *r, const double *weights) {
    const pdx__sample *s = r->sample;
    double *eta = pdx__alloc((size_t)s->n, sizeof *eta);
    if (!eta) return PDX_ENOMEM;
    for (int64_t i = 0; i < s->n; ++i) eta[i] = pdx__refit_eta(r, i, weights);
    pdx_status status = pdx__position_of_pairs(out, s->shown_first, s->log_odds, eta, s->n,
                                               r->options->position_scale);
    pdx__free(eta);
    return status;
}

static void take_cut(pdx_cut *out, const pdx__refit *r, const pdx__fit *fit) {
    const int32_t q = r->options->quantile_count, model = r->sample->tie_model;
    const double *limits = fit->quantiles + (int64_t)r->cut * (q + 2) + q;
    out->known = 1;
    out->model = model;
    out->mean = fit->cut_mean;
    out->sd = fit->cut_sd;
    out->low = pdx__cut_size(model, limits[0]);
    out->high = pdx__cut_size(model, limits[1]);
    out->p_tie = fit->p_tie;
    out->p_tie_low = 1 / (1 + exp(-limits[0]));
    out->p_tie_high = 1 / (1 + exp(-limits[1]));
    out->logit_mean = fit->mean[r->cut];
    out->logit_sd = fit->sd[r->cut];
}

pdx_status pdx__sample_take(pdx_posterior *p, const pdx__fit *fit, const pdx_fit_options *o) {
    const int32_t d = p->d, q = o->quantile_count;
    memcpy(p->mean, fit->mean, (size_t)d * sizeof *p->mean);
    PDX__TRY(copy_block(&p->sd, fit->sd, 1, d, d));
    PDX__TRY(copy_block(&p->prob_positive, fit->prob_positive, 1, d, d));
    PDX__TRY(copy_block(&p->quantile_probs, o->quantile_probs, 1, q, q));
    PDX__TRY(copy_block(&p->quantiles, fit->quantiles, d, q, q + 2));
    p->quantile_count = q;
    if (o->covariance) PDX__TRY(copy_block(&p->covariance, fit->covariance, d, d, fit->d));
    if (fit->draws) {
        PDX__TRY(copy_block(&p->draws, fit->draws, fit->draw_count, d, fit->d));
        p->draw_count = fit->draw_count;
    }
    p->log_evidence = fit->log_evidence;
    p->elpd_loo = fit->elpd_loo;
    p->certificate = fit->certificate;
    return PDX_OK;
}

static pdx_status take_fit(pdx_posterior *p, const pdx__refit *r, const pdx__fit *fit) {
    const pdx_fit_options *o = r->options;
    const int32_t d = p->d, q = o->quantile_count;
    PDX__TRY(pdx__sample_take(p, fit, o));
    if (!o->prior_scales && d > 0) p->prior_scale = r->prior[0].scale;
    if (r->cut >= 0) take_cut(&p->cut, r, fit);
    if (r->position >= 0) {
        int32_t e = r->position;
        const double *limits = fit->quantiles + (int64_t)e * (q + 2) + q;
        pdx__position_of_column(&p->position, fit->mean[e], fit->sd[e], fit->prob_positive[e],
                                limits[0], limits[1], &p->cut);
        return PDX_OK;
    }
    return r->sample->shown_first && o->position != PDX_POSITION_NONE
               ? position_of_pairs(&p->position, r, fit->mean)
               : PDX_OK;
}

/* Pull of the label on a fit of one column x_c from the start: its sign is that fit's sign. */
static double pull(const pdx__sample *s, int64_t row, double x) {
    double offset = s->offset ? s->offset[row] : 0, w = s->weight ? s->weight[row] : 1;
    return w * (s->y[row] - 1 / (1 + exp(-offset))) * x;
}

static double choice(double log_odds) { return log_odds > 0 ? 1 : log_odds < 0 ? 0 : 0.5; }

static double property(const pdx__sample *s, int64_t row, int32_t column) {
    int64_t at = row * s->d + column;
    return s->x ? s->x[at] : s->x_int8[at];
}

/* Held-out scores of the three outcomes, sums over rows of their weights. */
typedef struct outcome_score {
    double total, right, loss, share_loss;
} outcome_score;

static void score_outcome(outcome_score *score, const pdx__sample *s, int64_t row, double eta,
                          double theta, const double share[3]) {
    double p[3], w = s->weight ? s->weight[row] : 1;
    const int outcome = s->y[row] == 0.5 ? 1 : s->y[row] > 0.5 ? 0 : 2;
    pdx__cut_outcomes(s->tie_model, theta, eta, p);
    const int likeliest = p[1] >= p[0] && p[1] >= p[2] ? 1 : p[0] >= p[2] ? 0 : 2;
    score->total += w;
    score->right += w * (likeliest == outcome);
    score->loss -= w > 0 ? w * log(p[outcome]) : 0;
    score->share_loss -= w > 0 ? w * log(share[outcome]) : 0;
}

/* With a model of ties eta becomes the log-odds of A among verdicts, and `score` (may be NULL)
 * counts the three outcomes. */
static void score_rows(pdx__refit *r, const int64_t *units, int64_t count, const double *weights,
                       pdx__heldout *heldout, outcome_score *score) {
    const pdx__sample *s = r->sample;
    double lead = 0, length = 0, share[3] = {1, 1, 1}, all = 3; /* of the training rows */
    for (int64_t i = 0; i < count; ++i) r->scratch.left_out[units[i]] = 1;
    for (int64_t i = 0; i < s->n; ++i) {
        if (r->scratch.left_out[pdx__refit_unit(r, i)]) continue;
        const double w = s->weight ? s->weight[i] : 1;
        lead += w * (s->y[i] - 0.5);
        share[s->y[i] == 0.5 ? 1 : s->y[i] > 0.5 ? 0 : 2] += w;
        all += w;
        if (s->length_column >= 0) length += pull(s, i, property(s, i, s->length_column));
    }
    for (int64_t i = 0; i < s->n; ++i) {
        if (!r->scratch.left_out[pdx__refit_unit(r, i)]) continue;
        heldout->eta[i] = pdx__refit_eta(r, i, weights);
        if (r->cut >= 0) {
            const double of[3] = {share[0] / all, share[1] / all, share[2] / all};
            score_outcome(score, s, i, heldout->eta[i], weights[r->cut], of);
            heldout->eta[i] = pdx__cut_log_odds(s->tie_model, weights[r->cut], heldout->eta[i]);
        }
        heldout->majority[i] = choice(lead);
        if (s->length_column >= 0)
            heldout->length[i] = choice(length * property(s, i, s->length_column));
    }
    for (int64_t i = 0; i < count; ++i) r->scratch.left_out[units[i]] = 0;
}

void pdx__sample_score(pdx__refit *r, const int64_t *units, int64_t count, const double *weights,
                       pdx__heldout *heldout) {
    score_rows(r, units, count, weights, heldout, NULL);
}

/* The fits of all folds. */
typedef struct fold_job {
    const pdx__refit *refit;
    int32_t likelihood;
    const pdx__folds *folds;
    const pdx__fit *full;  /* where the folds start; the answer of a fold that leaves nothing out */
    pdx__scratch *scratch; /* [threads] */
    double *mean;          /* [folds][dim] */
} fold_job;

static pdx_status fit_fold(void *context, int64_t fold, int32_t worker) {
    const fold_job *j = context;
    size_t dim = (size_t)j->refit->dim;
    double *mean = j->mean + (size_t)fold * dim;
    if (j->folds->size[fold] == 0) {
        memcpy(mean, j->full->mean, dim * sizeof *mean);
        return PDX_OK;
    }
    pdx__fit fit = {0};
    /* Sites of the other likelihood are no start. */
    int same_kind = (j->likelihood == PDX__BY_MARGIN) == (j->refit->sample->margin != NULL);
    uint64_t number = 1 + (uint64_t)fold + (uint64_t)(j->likelihood * j->folds->k);
    PDX__TRY(pdx__refit_without(j->refit, &j->scratch[worker], j->likelihood,
                                j->folds->order + j->folds->start[fold], j->folds->size[fold],
                                number, same_kind ? &j->full->sites : NULL, &fit));
    memcpy(mean, fit.mean, dim * sizeof *mean);
    pdx__fit_free(&fit);
    return PDX_OK;
}

/* Weights of every fold into mean[folds][dim], on the pool where there are rows enough. */
static pdx_status fit_folds(const pdx__refit *r, int32_t likelihood, const pdx__folds *folds,
                            const pdx__fit *full, double *mean) {
    int32_t threads =
        r->sample->n < ROWS_WORTH_A_THREAD ? 1 : pdx__pool_threads(r->options->threads, folds->k);
    pdx__scratch *scratch = pdx__alloc_zero((size_t)threads, sizeof *scratch);
    if (!scratch) return PDX_ENOMEM;
    pdx_status status = PDX_OK;
    scratch[0] = r->scratch;
    for (int32_t t = 1; t < threads && status == PDX_OK; ++t)
        status = pdx__scratch_create(&scratch[t], r);
    fold_job j = {r, likelihood, folds, full, scratch, mean};
    if (status == PDX_OK) status = pdx__pool_run(threads, folds->k, fit_fold, &j, NULL, "folds");
    for (int32_t t = 1; t < threads; ++t) pdx__scratch_free(&scratch[t]);
    pdx__free(scratch);
    return status;
}

/* Fold means and held-out scores (either may be NULL). */
static pdx_status run_folds(pdx__refit *r, int32_t likelihood, const pdx__folds *folds,
                            const pdx__fit *full, double *fold_mean, pdx__heldout *heldout,
                            outcome_score *score) {
    double *mean = pdx__alloc((size_t)folds->k * (size_t)r->dim, sizeof *mean);
    if (!mean) return PDX_ENOMEM;
    pdx_status status = fit_folds(r, likelihood, folds, full, mean);
    for (int32_t f = 0; f < folds->k && status == PDX_OK; ++f) {
        const double *of_fold = mean + (size_t)f * (size_t)r->dim;
        for (int32_t c = 0; fold_mean && c < r->reported; ++c)
            fold_mean[c] += of_fold[c] / folds->k;
        if (heldout)
            score_rows(r, folds->order + folds->start[f], folds->size[f], of_fold, heldout, score);
    }
    pdx__free(mean);
    return status;
}

/* Over verdicts; with a model of ties over all three outcomes too. */
static pdx_status score_all(pdx__refit *r, const pdx__heldout *heldout, const outcome_score *score,
                            int32_t folds, pdx_posterior *p) {
    const pdx__sample *s = r->sample;
    if (r->cut < 0) return pdx__heldout_score(heldout, s->y, s->weight, folds, &p->prediction);
    double *weight = r->scratch.weight;
    for (int64_t i = 0; i < s->n; ++i)
        weight[i] = s->y[i] == 0.5 ? 0 : s->weight ? s->weight[i] : 1;
    PDX__TRY(pdx__heldout_score(heldout, s->y, weight, folds, &p->prediction));
    if (!(score->total > 0)) return PDX_OK;
    p->cut.accuracy = score->right / score->total;
    p->cut.log_loss = score->loss / score->total;
    p->cut.share_log_loss = score->share_loss / score->total;
    return PDX_OK;
}

static pdx_status fold_and_predict(pdx__refit *r, int32_t likelihood, const pdx__fit *full,
                                   pdx_posterior *p) {
    const pdx_fit_options *o = r->options;
    int predict = o->predict && r->units >= 2;
    if (o->folds < 2 && !predict) return PDX_OK;
    pdx__folds folds = {0};
    pdx__heldout heldout = {0}, by_sign = {0};
    outcome_score score = {0};
    pdx_status status = PDX_OK;
    int32_t k = o->folds >= 2 ? o->folds : PREDICTION_FOLDS;
    PDX__GO(pdx__folds_create(&folds, r->units, k, o->folds >= 2 && o->paper_folds, o->seed));
    if (o->folds >= 2 && !(p->fold_mean = pdx__alloc_zero((size_t)p->d, sizeof(double)))) {
        status = PDX_ENOMEM;
        goto done;
    }
    if (predict) PDX__GO(pdx__heldout_create(&heldout, r->sample->n));
    PDX__GO(
        run_folds(r, likelihood, &folds, full, p->fold_mean, predict ? &heldout : NULL, &score));
    if (predict) PDX__GO(score_all(r, &heldout, &score, k, p));
    if (predict && likelihood == PDX__BY_MARGIN) {
        PDX__GO(pdx__heldout_create(&by_sign, r->sample->n));
        PDX__GO(run_folds(r, PDX__BY_LABEL, &folds, full, NULL, &by_sign, &score));
        PDX__GO(pdx__margin_compare(r, heldout.eta, by_sign.eta, &p->margin));
    }
done:
    pdx__heldout_free(&by_sign);
    pdx__folds_free(&folds);
    pdx__heldout_free(&heldout);
    return status;
}

pdx_status pdx__sample_describe(pdx_posterior *p, const pdx__sample *s) {
    p->n = s->n;
    p->ties = s->ties;
    p->no_verdict = s->no_verdict;
    pdx__free(p->label);
    if (!(p->label = pdx__strdup(s->label ? s->label : ""))) return PDX_ENOMEM;
    PDX__TRY(pdx__posterior_write_verdict(p));
    char sentence[320] =
        "This holds for the fit that takes the properties as exact; the imputations "
        "are EP's alone.";
    if (p->margin.known && p->prediction.folds)
        pdx__margin_sentence(&p->margin, sentence, sizeof sentence);
    else if (!p->imputations) return PDX_OK;
    pdx__buf verdict = PDX__BUF_EMPTY;
    pdx__buf_printf(&verdict, "%s %s", p->verdict, sentence);
    char *text = pdx__buf_take(&verdict);
    if (!text) return PDX_ENOMEM;
    pdx__free(p->verdict);
    p->verdict = text;
    return PDX_OK;
}

static pdx_status create(pdx_posterior **out, const pdx__refit *r) {
    const pdx__sample *s = r->sample;
    const char **names = pdx__alloc((size_t)r->reported, sizeof *names);
    if (!names) return PDX_ENOMEM;
    for (int32_t c = 0; c < r->reported; ++c) names[c] = c < s->d ? s->columns[c] : "(intercept)";
    pdx_status status = pdx__posterior_create(out, s->judge, s->group, r->reported, names);
    pdx__free(names);
    return status;
}

/* Puts the weights with the annotator's noise allowed for in place of those without, and sets both
 * beside each other. */
static pdx_status allow_for_noise(pdx_posterior *p, const pdx__refit *r, const pdx__fit *full) {
    const pdx__sample *s = r->sample;
    if (!s->errors || s->n == 0) return PDX_OK;
    pdx__fit mixed = {0};
    pdx_status status = PDX_OK;
    double *simex = pdx__alloc((size_t)r->dim, sizeof *simex);
    p->noise = pdx__alloc_zero((size_t)p->d, sizeof *p->noise);
    if (!simex || !p->noise) {
        status = PDX_ENOMEM;
        goto done;
    }
    PDX__GO(pdx__simex(simex, r, full));
    PDX__GO(pdx__impute(&mixed, r, full, r->options->imputations));
    for (int32_t k = 0; k < p->d; ++k) {
        pdx_noise *n = &p->noise[k];
        const pdx_reliability none = {NAN, NAN, NAN, NAN, NAN, 0};
        const pdx_reliability *known = k < s->d ? &s->errors->reliability[k] : &none;
        *n = (pdx_noise){.known = 1,
                         .alpha = known->alpha,
                         .alpha_low = known->low,
                         .alpha_high = known->high,
                         .noise = known->noise,
                         .looks = known->looks,
                         .plain_mean = full->mean[k],
                         .plain_sd = full->sd[k],
                         .wider = mixed.sd[k] / full->sd[k],
                         .simex = simex[k],
                         .pulled = full->mean[k] - simex[k]};
    }
    p->imputations = r->options->imputations;
    mixed.log_evidence = full->log_evidence;
    mixed.elpd_loo = full->elpd_loo;
    mixed.certificate = full->certificate;
    double **old[] = {&p->sd,        &p->prob_positive, &p->quantile_probs,
                      &p->quantiles, &p->covariance,    &p->draws};
    for (size_t i = 0; i < sizeof old / sizeof *old; ++i) {
        pdx__free(*old[i]);
        *old[i] = NULL;
    }
    status = take_fit(p, r, &mixed);
done:
    pdx__free(simex);
    pdx__fit_free(&mixed);
    return status;
}

pdx_status pdx__sample_posterior(pdx_posterior **out, const pdx__refit *refit,
                                 const pdx__fit *fit) {
    pdx_posterior *p = NULL;
    pdx_status status = create(&p, refit);
    if (status == PDX_OK) status = take_fit(p, refit, fit);
    if (status == PDX_OK) *out = p;
    else pdx_posterior_free(p);
    return status;
}

pdx_status pdx__sample_fit(pdx_posterior **out, const pdx__sample *sample,
                           const pdx_fit_options *options, uint64_t stream,
                           pdx__workspace *workspace) {
    *out = NULL;
    pdx__refit refit = {0};
    pdx__fit full = {0};
    pdx_posterior *p = NULL;
    double scale[2];
    int32_t likelihood = sample->margin ? PDX__BY_MARGIN : PDX__BY_LABEL;
    pdx_status status = pdx__refit_open(&refit, sample, options, stream, workspace);
    if (status != PDX_OK) return status;
    PDX__GO(pdx__refit_full(&refit, likelihood, &full, scale));
    PDX__GO(pdx__sample_posterior(&p, &refit, &full));
    if (likelihood == PDX__BY_MARGIN) {
        p->margin.known = 1;
        p->margin.scale_mean = scale[0];
        p->margin.scale_sd = scale[1];
    }
    PDX__GO(fold_and_predict(&refit, likelihood, &full, p));
    PDX__GO(allow_for_noise(p, &refit, &full));
    PDX__GO(pdx__sample_describe(p, sample));
    *out = p;
    p = NULL;
done:
    pdx_posterior_free(p);
    pdx__fit_free(&full);
    pdx__refit_close(&refit);
    return status;
}
