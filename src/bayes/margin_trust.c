/* The comparison of margins with signs. Reliability decides: a label that says more makes the
 * weights of two halves of the data agree better. It is measured under a weak Gaussian prior of sd
 * 1 whatever the fit's own prior is: under a tight one halves agree because both are shrunk. AUC
 * only vetoes, because signs are fitted to win it. What the gain is worth in data is the
 * Spearman-Brown rule. */
#include "margin_trust.h"

#include <math.h>
#include <stdio.h>

#include "folds.h"
#include "predict.h"

enum { HALVINGS = 4 };
static const double clear_gain = 0.02, bearable_loss_of_auc = 0.03;

/* Correlation of the weights of both halves; *known stays where it cannot be computed. */
static pdx_status reliability(pdx__refit *r, int32_t likelihood, const pdx__folds *halves,
                              uint64_t number, double *sum, int32_t *known) {
    pdx__fit half[2] = {{0}};
    pdx_status status = PDX_OK;
    for (int h = 0; h < 2 && status == PDX_OK; ++h)
        status = pdx__refit_without(r, &r->scratch, likelihood, halves->order + halves->start[h],
                                    halves->size[h], number + (uint64_t)h, NULL, &half[h]);
    if (status == PDX_OK) {
        double value = pdx__correlation(half[0].mean, half[1].mean, r->sample->d);
        if (!isnan(value)) {
            *sum += value;
            ++*known;
        }
    }
    pdx__fit_free(&half[0]);
    pdx__fit_free(&half[1]);
    return status;
}

pdx_status pdx__margin_compare(pdx__refit *r, const double *eta_margin, const double *eta_sign,
                               pdx_margin *out) {
    const pdx__sample *s = r->sample;
    double sum[2] = {0, 0};
    int32_t known[2] = {0, 0};
    PDX__TRY(pdx__auc(eta_margin, s->y, s->weight, s->n, &out->auc_margin));
    PDX__TRY(pdx__auc(eta_sign, s->y, s->weight, s->n, &out->auc_sign));
    pdx__prior *weak = pdx__alloc((size_t)r->dim, sizeof *weak);
    if (!weak) return PDX_ENOMEM;
    for (int32_t c = 0; c < r->dim; ++c) {
        weak[c] = r->prior[c];
        if (c < s->d && weak[c].scale > 0) weak[c] = (pdx__prior){PDX_PRIOR_GAUSSIAN, 1};
    }
    pdx__refit weakly = *r;
    weakly.prior = weak;
    pdx_status status = PDX_OK;
    for (uint64_t i = 0; i < HALVINGS && status == PDX_OK; ++i) {
        pdx__folds halves;
        status = pdx__folds_create(&halves, r->units, 2, 0, r->options->seed + 1 + i);
        for (int32_t kind = 0; kind < 2 && status == PDX_OK; ++kind)
            status = reliability(&weakly, kind, &halves, 1000 + 4 * i + 2 * (uint64_t)kind,
                                 &sum[kind], &known[kind]);
        pdx__folds_free(&halves);
    }
    pdx__free(weak);
    PDX__TRY(status);
    out->reliability_sign = known[PDX__BY_LABEL] ? sum[0] / known[0] : NAN;
    out->reliability_margin = known[PDX__BY_MARGIN] ? sum[1] / known[1] : NAN;
    return PDX_OK;
}

void pdx__margin_sentence(const pdx_margin *m, char *text, size_t size) {
    double gain = m->reliability_margin - m->reliability_sign;
    char numbers[160];
    snprintf(
        numbers, sizeof numbers,
        "split-half reliability %.2f against %.2f, held-out AUC for the sign %.3f against %.3f",
        m->reliability_margin, m->reliability_sign, m->auc_margin, m->auc_sign);
    if (isnan(gain))
        snprintf(text, size, "Margins and their signs could not be compared: too few rows.");
    else if (gain > clear_gain && !(m->auc_sign - m->auc_margin > bearable_loss_of_auc)) {
        double a = m->reliability_margin, b = m->reliability_sign;
        if (b > 0 && a < 1)
            snprintf(text, size,
                     "Trust the margins: they are worth %.1f times as many signs here (%s).",
                     a / (1 - a) * (1 - b) / b, numbers);
        else snprintf(text, size, "Trust the margins rather than their signs here (%s).", numbers);
    } else
        snprintf(text, size, "Trust the signs (label sum-logp): the margins add nothing here (%s).",
                 numbers);
}
