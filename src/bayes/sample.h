/* One posterior from labelled rows: what pdx_fit_rows and every judge x group of a study share:
 * empirical Bayes, the full fit, its folds, held-out prediction, position effect and margin. */
#ifndef PDX_BAYES_SAMPLE_H
#define PDX_BAYES_SAMPLE_H

#include "fit.h"

/* Errors of measured properties: the variance of x of property k is noise[k]^2 / looks for a pair
 * of so many looks. */
typedef struct pdx__errors {
    const pdx_reliability *reliability; /* [d] what it comes from */
    const double *noise;                /* [d] sd of one look; 0: none */
    const int32_t *looks;               /* [units] at least 1 */
} pdx__errors;

typedef struct pdx__sample {
    const char *judge, *group, *label; /* label: name of the rule; NULL: "" */
    int32_t d;                         /* properties; intercept and position come on top */
    const char *const *columns;        /* [d] */
    int64_t n;
    const double *x;      /* [n][d] row-major, or NULL and */
    const int8_t *x_int8; /* [n][d] row-major */
    const double *y;      /* [n] in [0, 1]; with margins: 1 where the margin is positive */
    const double *weight; /* [n]; NULL: 1 */
    const double *offset; /* [n]; NULL: 0 */
    const double *margin; /* [n]: the margin likelihood; NULL: that of y */
    const double *sign;   /* [n] +1 A was shown first, -1 B was, 0 unknown; NULL: no position */
    const int64_t *pair;  /* [n] ascending, numbers of a dataset: folds keep a pair together across
                             samples; NULL: not known */
    const int64_t *unit;  /* [n] ascending from 0: rows of one unit stay in one fold; NULL: each its
                             own */
    const double *shown_first; /* [n] [l_AB + l_BA] / 2, the mean log-odds of the response shown
                                  first over both orders, NaN: not known; NULL: none */
    const double *log_odds;    /* [n] [l_AB - l_BA] / 2, those of A; with shown_first */
    int32_t length_column;     /* of the length baseline; -1: none */
    int32_t tie_model; /* PDX_TIES_ORDINAL or PDX_TIES_DAVIDSON: a y of 1/2 is a tie, others are 0
                          or 1; else 0 */
    const pdx__errors *errors; /* with options->imputations; NULL: none are known */
    int64_t ties, no_verdict;
} pdx__sample;

/* `options` must be complete and checked; options->threads are for the folds. `stream` decides the
 * random numbers with options->seed.
 */
pdx_status pdx__sample_fit(pdx_posterior **out, const pdx__sample *sample,
                           const pdx_fit_options *options, uint64_t stream,
                           pdx__workspace *workspace);
/* Numbers of a fit into a posterior of its first columns; the fit has two quantiles behind those of
 * the options. */
pdx_status pdx__sample_take(pdx_posterior *posterior, const pdx__fit *fit,
                            const pdx_fit_options *options);
/* The parts that partial pooling shares (pooled_sample.c). */
typedef struct pdx__refit pdx__refit;
typedef struct pdx__heldout pdx__heldout;
/* A posterior with the numbers of `fit`, whose quantiles are those that the options ask for and the
 * two limits of a 95 % interval; then `describe` it once its folds are known. */
pdx_status pdx__sample_posterior(pdx_posterior **out, const pdx__refit *refit, const pdx__fit *fit);
pdx_status pdx__sample_describe(pdx_posterior *posterior, const pdx__sample *sample);
/* Scores the rows of `count` units by weights[dim] of a fit without them, and by both baselines. */
void pdx__sample_score(pdx__refit *refit, const int64_t *units, int64_t count,
                       const double *weights, pdx__heldout *heldout);

/* The length column among names: "length", "lengthy" or "words"; -1: none. */
int32_t pdx__length_column(const char *const *names, int32_t count);

#endif
