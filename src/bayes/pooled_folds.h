/* What one hierarchy of samples works on, and its folds: a pair is left out of all groups at once,
 * and beside the pooled fits there may be fits apart and one for all. For partial pooling alone. */
#ifndef PDX_BAYES_POOLED_FOLDS_H
#define PDX_BAYES_POOLED_FOLDS_H

#include "folds.h"
#include "hierarchy_fit.h"
#include "pooled_sample.h"
#include "predict.h"
#include "refit.h"

/* How groups are fitted. */
enum { PDX__APART, PDX__TOGETHER, PDX__PARTIAL, PDX__WAYS };

typedef struct pdx__pooled_member {
    pdx__refit refit;
    pdx__folds folds; /* of its units, as the pairs fall */
    pdx__heldout heldout[PDX__WAYS];
} pdx__pooled_member;

typedef struct pdx__pooled_work {
    const pdx__pooled_task *task;
    pdx_fit_options options; /* prior: never empirical Bayes */
    pdx__workspace *workspace;
    pdx__pooled_member *member; /* [count] */
    pdx__problem *problem;
    pdx__sharing *sharing; /* [dim] */
    int32_t count, dim;
    pdx__hierarchy hierarchy;
    pdx__pooled_fit fit;
    /* of the folds */
    int32_t folds, threads;
    int predict;
    double *mean; /* [PDX__WAYS][folds][count][dim] */
    struct pdx__fold_room *room;
} pdx__pooled_work;

/* Which units of each sample lie in which fold; w->folds stays 0 where the options ask for none. */
pdx_status pdx__pooled_folds_open(pdx__pooled_work *w);
/* All of them, once w->hierarchy and w->fit are made. */
pdx_status pdx__pooled_folds_run(pdx__pooled_work *w);
/* Then: [dim] weights of group g without the pairs of the fold. */
double *pdx__pooled_fold_mean(const pdx__pooled_work *w, int way, int64_t fold, int32_t g);
/* Then: how the ways foretell the rows held out. */
pdx_status pdx__pooled_folds_compare(const pdx__pooled_work *w, pdx__pooling *out);
void pdx__pooled_folds_close(pdx__pooled_work *w);

#endif
