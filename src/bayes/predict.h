/* Held-out prediction: scores of rows by fits that did not see them. */
#ifndef PDX_BAYES_PREDICT_H
#define PDX_BAYES_PREDICT_H

#include <prefdissect/posterior.h>

#include "core/alloc.h"

/* Area under the ROC curve of scores against labels in [0, 1]: a soft label counts y as a positive
 * and 1 - y as a negative; equal scores count half. Rows with a NaN score are skipped. NaN where
 * one class is missing. weight NULL: 1. */
pdx_status pdx__auc(const double *score, const double *y, const double *weight, int64_t n,
                    double *auc);

typedef struct pdx__heldout pdx__heldout;
/* What held-out rows were given, each [n], NaN where a row was never held out. */
struct pdx__heldout {
    int64_t n;
    double *eta;      /* log-odds of A from the fit */
    double *majority; /* 1, 0 or 0.5: choice of the training majority */
    double *length;   /* 1, 0 or 0.5: choice of a fit on the length column alone */
};
pdx_status pdx__heldout_create(pdx__heldout *out, int64_t n);
void pdx__heldout_free(pdx__heldout *heldout);

/* Accuracy, log loss, AUC and the accuracy of both baselines over the rows that were held out. */
pdx_status pdx__heldout_score(const pdx__heldout *heldout, const double *y, const double *weight,
                              int32_t folds, pdx_prediction *out);

/* Pearson correlation; NaN where one side is constant. */
double pdx__correlation(const double *a, const double *b, int32_t n);

#endif
