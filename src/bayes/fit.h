/* One posterior fit: rows, prior and settings in, numbers out. Nothing here knows of judges, groups
 * or files; src/bayes/study.c makes problems of those. */
#ifndef PDX_BAYES_FIT_H
#define PDX_BAYES_FIT_H

#include <prefdissect/posterior.h>

#include "core/alloc.h"

/* The rows of a design matrix, laid out for the kernels; made once, shared by judges and folds, and
 * by threads for reading. */
typedef struct pdx__design pdx__design;
/* x: [n][d] row-major doubles, or NULL and x_int8. PDX_EINVAL names the row and column of a value
 * that is not finite. Copied; held as int8 where every value is a whole number in [-127, 127]. */
pdx_status pdx__design_create(pdx__design **out, int64_t n, int32_t d, const double *x,
                              const int8_t *x_int8);
void pdx__design_free(pdx__design *design);
int64_t pdx__design_rows(const pdx__design *design);
int32_t pdx__design_dim(const pdx__design *design);
void pdx__design_row(const pdx__design *design, int64_t row, double *out); /* out[d] */

typedef struct pdx__prior {
    int32_t kind; /* PDX_PRIOR_LAPLACE or PDX_PRIOR_GAUSSIAN */
    double scale; /* b or sd; 0: the weight is 0; infinity: flat */
} pdx__prior;

/* log p(a) = sum_n w_n [(y_n - 1/2) eta_n - log(2 cosh(eta_n/2) + band_n)] + log prior, eta = x.a +
 * offset; without bands: logistic regression */
typedef struct pdx__problem {
    const pdx__design *design;
    const double *y;            /* [n] in [0, 1] */
    const double *weight;       /* [n] >= 0, 0 leaves the row out; NULL: all 1 */
    const double *offset;       /* [n]; NULL: all 0 */
    const pdx__prior *prior;    /* [d] */
    const double *band;         /* [n] >= 0; NULL: all 0 */
    const struct pdx__cut *cut; /* what offsets and bands come from where ties are an outcome: EP
                                   takes them as known, the samplers draw the cut too (cut.h) */
    const struct pdx__row_source *source; /* NULL; or rows that are not in memory, and then the
                                             design has none (row_source.h) */
} pdx__problem;

typedef struct pdx__fit_settings {
    int32_t method;    /* PDX_METHOD_* */
    int32_t certify;   /* 1: certificate, and refinement or NUTS where it fails (method auto) */
    int32_t summaries; /* 0: mean and sd only (fold fits); 1: everything */
    int64_t draws;     /* equally weighted draws to keep */
    uint64_t seed, stream;
    const double *quantile_probs;
    int32_t quantile_count;
    int32_t nuts_chains, nuts_warmup, nuts_draws;
    int32_t without_loo; /* 1: nothing is said of left-out rows (loo is 0, elpd_loo NaN) */
} pdx__fit_settings;

/* EP's site parameters at convergence: a warm start for a fit on fewer rows. */
typedef struct pdx__sites {
    double *tau, *nu; /* [n] */
    double *t, *h;    /* [d] prior sites: precision and linear part */
} pdx__sites;

typedef struct pdx__fit {
    int32_t d;
    int64_t n;
    double *mean, *sd, *prob_positive; /* [d] */
    double *covariance;                /* [d][d] */
    double *quantiles;                 /* [d][quantile_count] */
    double *draws;                     /* [draw_count][d] or NULL */
    int64_t draw_count;
    double *loo; /* [n] log p(y_n | rest), NaN where the weight is 0 */
    double log_evidence, elpd_loo;
    double p_tie, cut_mean, cut_sd; /* pdx__fit_ties: P(tie | eta = 0); c or v */
    pdx_certificate certificate;
    pdx__sites sites;
} pdx__fit;

/* Scratch memory of one thread, grown as needed, reused between fits. */
typedef struct pdx__workspace pdx__workspace;
pdx_status pdx__workspace_create(pdx__workspace **out);
void pdx__workspace_free(pdx__workspace *workspace);

/* Fits. `warm` (may be NULL): a fit of the same design whose sites are the start; rows of weight 0
 * count for nothing. `hooks` (may be NULL) is for cancellation inside long refinements. */
pdx_status pdx__fit_problem(pdx__fit *out, const pdx__problem *problem,
                            const pdx__fit_settings *settings, const pdx__sites *warm,
                            pdx__workspace *workspace);
void pdx__fit_free(pdx__fit *fit); /* the members; a zeroed struct is fine */

/* The margin likelihood (design notes in margin.c): rows with margin u instead of y; the scale s is
 * integrated out. Fills `fit` (mixture over nodes) and the posterior of s. */
pdx_status pdx__fit_margin(pdx__fit *out, double *scale_mean, double *scale_sd,
                           const pdx__design *design, const double *margin, const double *weight,
                           const double *offset, const pdx__prior *prior,
                           const pdx__fit_settings *settings, pdx__workspace *workspace);

/* Ties as an outcome (design notes in ties.c and cut.h): a row of label 1/2 is a tie. The last
 * column of the design must be the cut's, of scale 0; with PDX_TIES_ORDINAL the row and offset of a
 * tie must be doubled. theta is integrated out; its summaries and draws stand in that column of
 * `out`. start: theta to begin with, NaN: from the share of ties. `warm`: sites, as above. */
pdx_status pdx__fit_ties(pdx__fit *out, int32_t model, double start, const pdx__problem *problem,
                         const pdx__fit_settings *settings, const pdx__sites *warm,
                         pdx__workspace *workspace);

/* Empirical Bayes: the common Laplace b over `problems` that maximises the summed evidence of EP
 * over a grid refined by golden section on log b in [1e-3, 1e2]; columns of infinite or zero scale
 * and Gaussian ones keep theirs. */
pdx_status pdx__fit_empirical_bayes(double *b, const pdx__problem *problem,
                                    pdx__workspace *workspace);

#endif
