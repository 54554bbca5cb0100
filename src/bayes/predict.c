/* Scores of held-out rows. Predictions are those of the posterior mean (plugged in): the spread of
 * the posterior would soften the log loss a little and change neither accuracy nor order. */
#include "predict.h"

#include <math.h>
#include <stdlib.h>

typedef struct scored {
    double score, positive, negative;
} scored;

static int by_score(const void *a, const void *b) {
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x > y) - (x < y);
}

pdx_status pdx__auc(const double *score, const double *y, const double *weight, int64_t n,
                    double *auc) {
    *auc = NAN;
    scored *row = pdx__alloc((size_t)n, sizeof *row);
    if (!row) return PDX_ENOMEM;
    int64_t count = 0;
    for (int64_t i = 0; i < n; ++i) {
        double w = weight ? weight[i] : 1;
        if (!isnan(score[i]) && w > 0) row[count++] = (scored){score[i], w * y[i], w * (1 - y[i])};
    }
    qsort(row, (size_t)count, sizeof *row, by_score);
    double positives = 0, negatives = 0, won = 0;
    for (int64_t i = 0; i < count;) {
        double positive = 0, negative = 0;
        int64_t j = i;
        for (; j < count && row[j].score == row[i].score; ++j) {
            positive += row[j].positive;
            negative += row[j].negative;
        }
        won += positive * (negatives + negative / 2);
        positives += positive;
        negatives += negative;
        i = j;
    }
    pdx__free(row);
    if (positives > 0 && negatives > 0) *auc = won / (positives * negatives);
    return PDX_OK;
}

pdx_status pdx__heldout_create(pdx__heldout *out, int64_t n) {
    *out = (pdx__heldout){.n = n};
    out->eta = pdx__alloc((size_t)n, sizeof *out->eta);
    out->majority = pdx__alloc((size_t)n, sizeof *out->majority);
    out->length = pdx__alloc((size_t)n, sizeof *out->length);
    if (!out->eta || !out->majority || !out->length) {
        pdx__heldout_free(out);
        return PDX_ENOMEM;
    }
    for (int64_t i = 0; i < n; ++i) out->eta[i] = out->majority[i] = out->length[i] = NAN;
    return PDX_OK;
}

void pdx__heldout_free(pdx__heldout *heldout) {
    pdx__free(heldout->eta);
    pdx__free(heldout->majority);
    pdx__free(heldout->length);
    *heldout = (pdx__heldout){0};
}

/* Share of the label's mass on the side that was chosen (1: A, 0: B, 0.5: either). */
static double credit(double chosen, double y) { return chosen * y + (1 - chosen) * (1 - y); }

pdx_status pdx__heldout_score(const pdx__heldout *h, const double *y, const double *weight,
                              int32_t folds, pdx_prediction *out) {
    double total = 0, right = 0, loss = 0, majority = 0, length = 0;
    out->folds = folds;
    out->n = 0;
    for (int64_t i = 0; i < h->n; ++i) {
        double w = weight ? weight[i] : 1, eta = h->eta[i];
        if (isnan(eta) || !(w > 0)) continue;
        ++out->n;
        total += w;
        right += w * credit(eta > 0 ? 1 : eta < 0 ? 0 : 0.5, y[i]);
        loss += w * (fabs(eta) / 2 + log1p(exp(-fabs(eta))) - (y[i] - 0.5) * eta);
        majority += w * credit(h->majority[i], y[i]);
        length += w * credit(h->length[i], y[i]);
    }
    out->accuracy = total > 0 ? right / total : NAN;
    out->log_loss = total > 0 ? loss / total : NAN;
    out->baseline_majority = total > 0 ? majority / total : NAN;
    out->baseline_length = total > 0 ? length / total : NAN;
    return pdx__auc(h->eta, y, weight, h->n, &out->auc);
}

double pdx__correlation(const double *a, const double *b, int32_t n) {
    double mean_a = 0, mean_b = 0, aa = 0, bb = 0, ab = 0;
    for (int32_t i = 0; i < n; ++i) {
        mean_a += a[i] / n;
        mean_b += b[i] / n;
    }
    for (int32_t i = 0; i < n; ++i) {
        aa += (a[i] - mean_a) * (a[i] - mean_a);
        bb += (b[i] - mean_b) * (b[i] - mean_b);
        ab += (a[i] - mean_a) * (b[i] - mean_b);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
}
