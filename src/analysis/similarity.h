/* The measures of similarity, for similarity.c and nearer.c. */
#ifndef PDX_ANALYSIS_SIMILARITY_H
#define PDX_ANALYSIS_SIMILARITY_H

#include "analysis.h"

/* Weights with their average ranks, [d] each; or draws of them, [draws][d]. */
typedef struct pdx__weights {
    double *value, *rank;
} pdx__weights;

pdx_status pdx__similarity_options_take(pdx_similarity_options *full,
                                        const pdx_similarity_options *given);
/* NaN where either is constant. */
double pdx__correlate(const double *a, const double *b, int32_t d);
/* Ranks from 1, ties their average. scratch: pdx__rank_scratch(d) bytes. */
void pdx__average_ranks(double *rank, const double *value, int32_t d, void *scratch);
size_t pdx__rank_scratch(int32_t d);
void pdx__measure(double out[PDX_METRIC_COUNT], const pdx__weights *a, const pdx__weights *b,
                  int32_t d);
/* Does the name say that a group is a scenario? */
int pdx__is_scenario(const char *group);
/* PDX_EINVAL names the difference, or a weight of b that is missing. */
pdx_status pdx__same_columns(const pdx_posterior *a, const pdx_posterior *b);
/* Draws with their ranks in one block: free `value`. */
pdx_status pdx__draws_create(pdx__weights *out, const pdx_posterior *fit, int64_t draws,
                             uint64_t seed, uint64_t stream);

enum {
    PDX__SIMILARITY_VALUE,
    PDX__SIMILARITY_MEAN,
    PDX__SIMILARITY_LOW,
    PDX__SIMILARITY_HIGH,
    PDX__SIMILARITY_TABLES
};
struct pdx_similarity {
    int32_t judges, groups, d;
    char **judge, **group;
    char *scenario; /* [groups] */
    int32_t uncertain;
    double *matrix[PDX__SIMILARITY_TABLES]; /* [groups + 1][metrics][judges][judges]; the last
                                               group: overall */
    char *note;
};

static inline double *pdx__similarity_entry(const pdx_similarity *s, int table_of, int32_t group,
                                            int32_t metric, int32_t a, int32_t b) {
    size_t n = (size_t)s->judges;
    return s->matrix[table_of] +
           (((size_t)group * PDX_METRIC_COUNT + (size_t)metric) * n + (size_t)a) * n + (size_t)b;
}

#endif
