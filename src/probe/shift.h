/* A benchmark as arrays: what every arm answered, what the judge said of it. */
#ifndef PDX_PROBE_SHIFT_H
#define PDX_PROBE_SHIFT_H

#include "length.h"
#include "measure.h"

/* Rows are pairs of the dataset, arm by arm. */
typedef struct pdx__benchmark {
    int64_t n, queries;
    int32_t arms, d;
    pdx__strmap arm_names, group_names;
    char *judge, *baseline;
    int64_t *start;   /* [arms + 1] */
    int64_t *query;   /* [n] number of its query */
    double *wins;     /* [n] of the arm; NaN: no verdict */
    double *grade;    /* [n] NaN: none */
    double *longer;   /* [n] characters of the arm's response less those of the baseline's */
    double *x;        /* [n][d] properties, baseline (A) against arm (B) */
    char *in_group;   /* [groups][n] */
    int32_t has_sign; /* labels are of single orders */
} pdx__benchmark;

/* ---- benchmark.c ---- */
pdx_status pdx__benchmark_read(pdx__benchmark *out, const pdx_dataset *dataset,
                               const pdx_judgments *judgments, const pdx_posterior *posterior,
                               const pdx_shift_options *options);
void pdx__benchmark_free(pdx__benchmark *benchmark);

struct pdx_shift {
    pdx__strmap arms, groups;
    char *judge, *baseline;
    pdx_shift_row *row;
    int32_t count;
};

#endif
