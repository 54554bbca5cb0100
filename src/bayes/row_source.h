/* Rows that are not in memory: a fit asks them for sums. A request and its answer are plain arrays
 * of doubles, so that they can cross a process or a network; sums over parts of the rows add up.
 * Whoever answers keeps nothing between requests: a row's site follows from q alone (it is solved
 * for until it reproduces q's own marginal, EP's fixed point), see row_sums.c. */
#ifndef PDX_BAYES_ROW_SOURCE_H
#define PDX_BAYES_ROW_SOURCE_H

#include "ep.h"

/* A request: the head, column[d] in the file, then by kind
 *   SITES_BOUND  mean[d]                      -> lower triangle by rows of sum tau x x', sum nu x
 *   SITES        mean[d], root (triangle)     -> the same
 *   DESCRIBE     mean[d], root (triangle)     -> log E_q[likelihood/sites], elpd, skew[d]
 *   LINEAR       mean[d]                      -> constant, square, weight > 0, sum w (y - 1/2) x
 *   LOSS         draw[d][count]               -> sum of w g for each draw */
enum { PDX__SITES_BOUND = 1, PDX__SITES, PDX__DESCRIBE, PDX__LINEAR, PDX__LOSS };
enum {
    PDX__REQUEST_VERSION,
    PDX__REQUEST_KIND,
    PDX__REQUEST_D,
    PDX__REQUEST_JUDGE, /* rows of this judge; -1: of all */
    PDX__REQUEST_GROUP,
    PDX__REQUEST_COUNT, /* of draws, a multiple of PDX__DRAWS */
    PDX__REQUEST_FLAG,  /* LOSS: single precision will do; DESCRIBE: rows left out whole */
    PDX__REQUEST_HEAD
};

typedef pdx_status (*pdx__sums_fn)(void *context, const double *request, int64_t request_length,
                                   double *sums, int64_t sums_length);
typedef struct pdx__row_source {
    pdx__sums_fn sums;
    void *context;
    int32_t judge, group; /* -1: all */
} pdx__row_source;

/* Doubles of a request and of its answer. */
int64_t pdx__request_length(int32_t kind, int64_t d, int64_t count);
int64_t pdx__sums_length(int32_t kind, int64_t d, int64_t count);
static inline int64_t pdx__source_site_sums(int64_t d) { return d * (d + 1) / 2 + d; }

/* Asked by EP: sites at q into ep->outside; at ep->mean alone with `bound`. */
pdx_status pdx__source_sites(pdx__ep *ep, int bound);
/* Adds to *total and *elpd, and to skew[d] where it is not NULL. */
pdx_status pdx__source_describe(const pdx__ep *ep, int whole, double *total, double *elpd,
                                double *skew);
/* Asked by the sampler: adds to linear[d], *constant and *square; loss[count] of
 * a[d][stride]. */
pdx_status pdx__source_linear(const pdx__ep *ep, double *linear, double *constant, double *square);
pdx_status pdx__source_loss(const pdx__ep *ep, const double *a, int64_t stride, int32_t count,
                            int in_float, double *loss);
/* Rows with a weight, and the sum of nothing else. */
pdx_status pdx__source_rows(const pdx__row_source *source, int64_t *rows);

#endif
