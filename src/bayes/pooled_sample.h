/* Partial pooling of samples: from the labelled rows of several groups to a posterior each and what
 * they share, and how the three ways to pool foretell held-out rows. */
#ifndef PDX_BAYES_POOLED_SAMPLE_H
#define PDX_BAYES_POOLED_SAMPLE_H

#include "posterior.h"
#include "sample.h"

typedef struct pdx__pooled_task {
    const char *judge, *group; /* names of the whole */
    int32_t over;              /* PDX_POOL_OVER_* */
    const pdx__sample *sample; /* [count] of the same columns; `pair` known, no margins */
    int32_t count;
    int compare_only; /* 1: no posteriors */
    uint64_t stream;
} pdx__pooled_task;

/* Posteriors into fit[count], what they share into *pooled, the comparison into *pooling (its
 * `folds` 0 where none was asked for); with compare_only the last alone. options->threads: for the
 * folds. */
pdx_status pdx__pooled_sample_fit(pdx_pooled **pooled, pdx_posterior **fit, pdx__pooling *pooling,
                                  const pdx__pooled_task *task, const pdx_fit_options *options,
                                  pdx__workspace *workspace);

#endif
