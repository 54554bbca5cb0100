/* What the files of this folder share: draws of a posterior, rows of a judge, intervals of shares.
 */
#ifndef PDX_ANALYSIS_ANALYSIS_H
#define PDX_ANALYSIS_ANALYSIS_H

#include <math.h>
#include <prefdissect/analysis.h>

#include "bayes/posterior.h"
#include "core/rng.h"
#include "data/labels.h"

static const double PDX__Z95 = 1.959963984540054;

static inline double pdx__sigmoid(double z) {
    return z >= 0 ? 1 / (1 + exp(-z)) : exp(z) / (1 + exp(z));
}

/* ---- draws.c ---- */

/* 1 where the posterior says more than means. */
int pdx__has_spread(const pdx_posterior *posterior);
/* n draws of the weights into out[n][d]: kept ones where there are enough, else Gaussian ones by
 * covariance or, without it, by sds. Needs pdx__has_spread. */
pdx_status pdx__draw_weights(double *out, const pdx_posterior *posterior, int64_t n, pdx__rng *rng);
/* Lower L with a = L L' for a positive semidefinite a[n][n], in place; columns without variance
 * become zero. */
void pdx__semidefinite_root(int32_t n, double *a);
/* The value below which a share p of sorted[n] lies, between its neighbours in proportion. */
double pdx__sorted_quantile(const double *sorted, int64_t n, double p);
int pdx__ascending(const void *a, const void *b); /* doubles, for qsort */

/* ---- rows.c ---- */

/* Number of a group by name; -1: all pairs (NULL, or "all" where no group has this name).
 * PDX_ENOTFOUND otherwise. */
pdx_status pdx__find_group(int32_t *out, const pdx_dataset *dataset, const char *group);
/* 1 for every pair of the group (-1: all) into inside[pairs]. */
void pdx__mark_group(char *inside, const pdx_dataset *dataset, int32_t group);
/* Label rows of a judge in a group by a rule (PDX_LABEL_*, AUTO too), each order of a pair with
 * weight 1/2. `index` NULL: made for this call. */
pdx_status pdx__rows_of_judge(pdx__labels *out, const pdx_dataset *dataset,
                              const pdx_judgments *judgments, const pdx__judgment_index *index,
                              const char *judge, const char *group, int32_t rule, int32_t ties);
/* PDX_EINVAL where the posterior's columns are not the dataset's properties. */
pdx_status pdx__columns_match(const pdx_posterior *posterior, const pdx_dataset *dataset);
/* Rows of a posterior's judge by its label rule; its columns must be the dataset's properties. With
 * its own group and ties dropped: the rows that it was fitted to, as far as its names tell. */
pdx_status pdx__rows_of_posterior(pdx__labels *out, const pdx_posterior *posterior,
                                  const pdx_dataset *dataset, const pdx_judgments *judgments,
                                  const pdx__judgment_index *index, const char *group,
                                  int32_t ties);
/* pdx_posterior_effects and pdx_posterior_surprising from such rows. */
pdx_status pdx__effects_of_rows(const pdx_posterior *posterior, const pdx_dataset *dataset,
                                const pdx__labels *rows, pdx_effect *out);
pdx_status pdx__surprises_of_rows(const pdx_posterior *posterior, const pdx_dataset *dataset,
                                  const pdx__labels *rows, pdx_surprise *out, int64_t capacity,
                                  int64_t *count);

/* ---- agreement.c ---- */

/* pdx_judgments_consistency; `index` (may be NULL) spares the way through everybody's judgments. */
pdx_status pdx__consistency(const pdx_judgments *judgments, const pdx_dataset *dataset,
                            const pdx__judgment_index *index, int32_t judge, int32_t group,
                            pdx_consistency *out);
/* A share of n looks with Wilson's 95 % interval (1927); NaN where n is 0. */
pdx_rate pdx__wilson(double share, double n);

#endif
