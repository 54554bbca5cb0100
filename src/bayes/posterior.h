/* What a pdx_posterior and a pdx_study are inside. Built by study.c and fits_json.c, read by
 * posterior.c (the public getters), contrast.c and the report. */
#ifndef PDX_BAYES_POSTERIOR_H
#define PDX_BAYES_POSTERIOR_H

#include <prefdissect/posterior.h>

#include "core/buf.h"

struct pdx_posterior {
    char *judge, *group, *label; /* label: name of the rule, "order", "sum-logp", ... */
    char *verdict;               /* the sentence on trust */
    int64_t n, ties, no_verdict;
    int32_t d;
    char **columns;             /* [d] */
    double *mean;               /* [d]; all arrays below may be NULL (mean-only posteriors) */
    double *sd, *prob_positive; /* [d] */
    double *covariance;         /* [d][d] */
    double *fold_mean;          /* [d] */
    double *quantile_probs;     /* [quantile_count] */
    double *quantiles;          /* [d][quantile_count] */
    int32_t quantile_count;
    double *draws; /* [draw_count][d] */
    int64_t draw_count;
    double log_evidence, elpd_loo, prior_scale; /* NaN: not known */
    pdx_certificate certificate;
    pdx_position position;
    pdx_prediction prediction;
    pdx_margin margin;
    pdx_cut cut;
    int32_t imputations;      /* 0: none */
    pdx_noise *noise;         /* [d] with imputations, else NULL */
    const pdx_pooled *pooled; /* of the same study; NULL: not pooled */
    int32_t pooled_number;    /* its place there */
};

struct pdx_pooled {
    char *judge, *group; /* of the whole; over judges the judge is "(judges)" */
    int32_t over, count;
    pdx_posterior **fit; /* [count] borrowed from the study */
    pdx_posterior *mean;
    pdx_tau tau;
    double *tau_quantiles;    /* [mean->quantile_count] */
    pdx_contrast *difference; /* [count][d] without discoveries; NULL: not known */
    double *cross;            /* [count (count - 1) / 2][d] covariance of one property's weights in
                                 fits i > j, at i (i - 1) / 2 + j; NULL: not known */
};

/* How the three ways to pool compare, and for whom. */
typedef struct pdx__pooling {
    char *judge, *group;
    double weight; /* of the held-out labels */
    pdx_pooling numbers;
} pdx__pooling;

struct pdx_study {
    pdx_posterior **fit; /* [count], judge-major in order of judges then groups */
    int32_t count;
    pdx_pooled **pooled; /* [pooled_count] */
    int32_t pooled_count;
    pdx__pooling *pooling; /* [pooling_count] */
    int32_t pooling_count;
    char *options_json; /* what the fits were made with, "{...}"; never NULL */
    char *data_sha256;  /* "" where it is not known */
};

/* A posterior of d columns with every number NaN and no arrays but `mean`; copies the names. */
pdx_status pdx__posterior_create(pdx_posterior **out, const char *judge, const char *group,
                                 int32_t d, const char *const *columns);
pdx_status pdx__study_create(pdx_study **out, int32_t capacity);
void pdx__study_json(pdx__buf *out, const pdx_study *study); /* the text of fits.json */
/* Zeroed, with its names. */
pdx_status pdx__pooled_create(pdx_pooled **out, const char *judge, const char *group, int32_t over,
                              int32_t count);
void pdx__pooled_free(pdx_pooled *pooled);
/* Room for so many pooled parts and comparisons; those there are stay. */
pdx_status pdx__study_reserve_pooled(pdx_study *study, int32_t pooled, int32_t pooling);
/* Covariance of weight `column` between two fits of one pooling; 0 where it is not known. */
double pdx__pooled_covariance(const pdx_posterior *a, const pdx_posterior *b, int32_t column);
/* Writes posterior->verdict from its certificate. */
pdx_status pdx__posterior_write_verdict(pdx_posterior *posterior);

#endif
