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
    int32_t imputations; /* 0: none */
    pdx_noise *noise;    /* [d] with imputations, else NULL */
};

struct pdx_study {
    pdx_posterior **fit; /* [count], judge-major in order of judges then groups */
    int32_t count;
    char *options_json; /* what the fits were made with, "{...}"; never NULL */
    char *data_sha256;  /* "" where it is not known */
};

/* A posterior of d columns with every number NaN and no arrays but `mean`; copies the names. */
pdx_status pdx__posterior_create(pdx_posterior **out, const char *judge, const char *group,
                                 int32_t d, const char *const *columns);
pdx_status pdx__study_create(pdx_study **out, int32_t capacity);
void pdx__study_json(pdx__buf *out, const pdx_study *study); /* the text of fits.json */
/* Writes posterior->verdict from its certificate. */
pdx_status pdx__posterior_write_verdict(pdx_posterior *posterior);

#endif
