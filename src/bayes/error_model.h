/* What is known of pairs' true properties before their verdicts: they are normal, X ~ N(mu, S);
 * what was measured is X + e, e of known variance (the repeats' noise over the number of looks). */
#ifndef PDX_BAYES_ERROR_MODEL_H
#define PDX_BAYES_ERROR_MODEL_H

#include "sample.h"

/* X given what was measured, for pairs of so many looks: N(mu + gain (measured - mu), variance). */
typedef struct pdx__error_pattern {
    int32_t looks;
    double *gain;     /* [d][d] S (S + E)^-1 */
    double *variance; /* [d][d] S - gain S */
    double *root;     /* [d][d] lower, root root' = variance */
    double *along;    /* [d] variance x weights */
    double along_sd;  /* of weights.X */
} pdx__error_pattern;

typedef struct pdx__error_model {
    int32_t d, patterns;
    double *mean;   /* [d] mu */
    double *spread; /* [d][d] S */
    pdx__error_pattern *pattern;
    int32_t *of_unit; /* [units] pattern */
    double *memory;
} pdx__error_model;

/* Variance of property k as measured by so many looks. */
double pdx__error_variance(const pdx__errors *errors, int32_t k, int32_t looks);
/* From what was measured: unit u's properties stand at measured + first[u] stride. Fails only for
 * want of memory. */
pdx_status pdx__error_model_create(pdx__error_model *out, const pdx__errors *errors, int32_t d,
                                   int64_t units, const double *measured, const int64_t *first,
                                   int32_t stride);
void pdx__error_model_free(pdx__error_model *model); /* the members; a zeroed struct is fine */
/* Sets `along` and `along_sd` of all patterns. */
void pdx__error_model_aim(pdx__error_model *model, const double *weights);

#endif
