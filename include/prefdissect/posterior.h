/* prefdissect/posterior.h: what a judge weighs: Bayesian logistic regression of preferences on
 * properties, with a posterior that certifies itself.
 *
 * Model: y ~ Bernoulli(sigmoid(o + x.w [+ s e])), w_d ~ Laplace(0, b) or Gaussian; y = 1: response
 * A is preferred; x: property comparisons A against B; o: known offset; e: position effect, s = +1
 * where A was shown first, -1 where B was. No intercept. Ties may be an outcome of their own, by a
 * cut on either side of equal or by Davidson's model (pdx_cut); the cut is integrated out.
 * Method: expectation propagation with exact Laplace sites (EP), closed-form tilted marginals, and
 * a certificate from a sequential tilted importance sampler (STIS); refinement by more draws; NUTS
 * where the certificate fails. Sources: Minka 2001; Seeger 2008, JMLR 9:759; Chopin & Ridgway 2017,
 * Stat. Sci. 32:64; Hoffman & Gelman 2014, JMLR 15:1593; Vehtari et al. 2021 (R-hat), 2024 (PSIS).
 *
 * A posterior and a study are immutable once made and may be shared by threads for reading. */
#ifndef PREFDISSECT_POSTERIOR_H
#define PREFDISSECT_POSTERIOR_H

#include <prefdissect/judgments.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct pdx_posterior pdx_posterior; /* one fit */
typedef struct pdx_study pdx_study;         /* fits of judges x groups */

enum { PDX_PRIOR_LAPLACE = 0, PDX_PRIOR_GAUSSIAN = 1, PDX_PRIOR_EB = 2 };
enum { PDX_POSITION_NONE = 0, PDX_POSITION_GAUSSIAN = 1, PDX_POSITION_LAPLACE = 2 };
enum { PDX_METHOD_AUTO = 0, PDX_METHOD_EP = 1, PDX_METHOD_STIS = 2, PDX_METHOD_NUTS = 3 };
enum { PDX_CERTIFICATE_AUTO = 0, PDX_CERTIFICATE_ALWAYS = 1, PDX_CERTIFICATE_NEVER = 2 };
/* What groups share: nothing; everything (one fit of all pairs, group "all"); or strength: partial
 * pooling, w_gd ~ N(mu_d, tau^2), mu_d ~ the prior, tau ~ half-normal(tau_scale), one tau for all
 * properties. Auto: partial where there are groups, else none. Gelman & Hill 2007, chapters 12 to
 * 14. An intercept and the position effect are one for all groups, and each judge's own. */
enum { PDX_POOL_NONE = 0, PDX_POOL_COMPLETE = 1, PDX_POOL_PARTIAL = 2, PDX_POOL_AUTO = 3 };
/* What is pooled: the groups of a judge, or the judges (versions of one judge, say) in a group. */
enum { PDX_POOL_OVER_GROUPS = 0, PDX_POOL_OVER_JUDGES = 1 };
/* What a pair that lies in k groups counts in each of them: 1/k, so that it counts once in all, or
 * 1, as in fits apart. */
enum { PDX_OVERLAP_SHARE = 0, PDX_OVERLAP_WHOLE = 1 };

typedef struct pdx_fit_options {
    uint32_t size;              /* set by pdx_fit_options_init */
    int32_t label;              /* PDX_LABEL_*; default auto */
    int32_t ties;               /* PDX_TIES_*; default drop (counted) */
    int32_t prior;              /* PDX_PRIOR_*; default Laplace. EB: Laplace, b by EP's evidence */
    double prior_scale;         /* b of Laplace or sd of Gaussian; default 0.1 */
    const double *prior_scales; /* one per property, overrides prior_scale; default NULL. 0 pins a
                              weight to zero, infinity is flat */
    int32_t intercept;          /* 1: a column of ones with Gaussian prior; default 0 */
    double intercept_scale;     /* its sd; default 2.5 */
    int32_t position;      /* PDX_POSITION_*; default Gaussian; used with PDX_LABEL_ORDER only */
    double position_scale; /* default 2.5 */
    double order_weight;   /* weight of each order's row of a pair judged in both; default 0.5: two
                              looks at one pair are not two pairs. A pair judged in one order only
                              has weight min(1, 2 order_weight) */
    int32_t folds;         /* K >= 2: also the mean over K leave-one-K-th-out fits; default 0 */
    int32_t paper_folds;   /* 1: the original's fold rule (numpy MT19937 shuffle of seed 0, rows
                              int(i/K n) .. + int(n/K)); default 0: balanced folds from `seed` */
    int32_t predict;       /* 1: held-out accuracy, log loss and AUC over folds (5 where folds is
                              0), beside the baselines; default 1 */
    int32_t method;        /* PDX_METHOD_*; default auto */
    int32_t certificate;   /* PDX_CERTIFICATE_*; auto: certify each full fit, not its folds */
    int64_t draws;         /* posterior draws to keep (equal weights); default 0 */
    int32_t nuts_chains;   /* default 4 */
    int32_t nuts_warmup;   /* default 500 */
    int32_t nuts_draws;    /* per chain; default 2000 */
    uint64_t seed;         /* default 1 */
    int32_t threads;       /* 0 (default): all cores. Results do not depend on it */
    const double
        *quantile_probs; /* ascending, in (0,1); NULL: .025 .05 .1 .25 .5 .75 .9 .95 .975 */
    int32_t quantile_count;
    int32_t covariance;        /* 1 (default): keep the D x D covariance */
    pdx_hooks hooks;           /* counts fits */
    const char *const *judges; /* fit these judges only, in this order; default NULL: all. A name
                              without judgments is PDX_ENOTFOUND */
    int32_t judge_count;
    int32_t pool;        /* PDX_POOL_*; default auto */
    int32_t imputations; /* > 0: allow for noise in the properties, known from repeated annotations,
                            by so many imputations (20 are usual; at most 100); default 0. Not with
                            margins, a model of ties or partial pooling (auto: fits apart).
                            pdx_study_fit only */
    double tau_scale;    /* partial pooling: of tau's half-normal prior, > 0; default 0.2 */
    int32_t pool_over;   /* partial pooling: PDX_POOL_OVER_*; default groups */
    int32_t overlap;     /* partial pooling: PDX_OVERLAP_*; default share */
    const double *group_weights; /* one per group of the dataset, >= 0: what a pair that lies in
                                    several groups counts in each, in place of `overlap`; default
                                    NULL */
    int32_t pool_compare; /* 1 (default): over the folds of `predict`, how well no, complete and
                             partial pooling foretell held-out labels, where there are groups. Not
                             with PDX_PRIOR_EB */
} pdx_fit_options;

PDX_API void pdx_fit_options_init(pdx_fit_options *options, uint32_t size);
#define pdx_fit_options_init(options) pdx_fit_options_init((options), (uint32_t)sizeof *(options))
/* "default", or "paper": the original's procedure (Laplace 0.1, no position effect, no intercept,
 * ten folds by its shuffle, every group apart; labels by sum-logp where log-probabilities are
 * known, else majority). */
PDX_API pdx_status pdx_fit_options_preset(pdx_fit_options *options, uint32_t size,
                                          const char *name);
#define pdx_fit_options_preset(options, name)                                                      \
    pdx_fit_options_preset((options), (uint32_t)sizeof *(options), (name))

/* Plain rows: the model without dataset or judgments. Arrays are borrowed during the call. */
typedef struct pdx_rows {
    uint32_t size;            /* sizeof(pdx_rows) */
    int32_t d;                /* columns */
    int64_t n;                /* rows */
    const double *x;          /* [n][d] row-major, finite; or NULL and */
    const int8_t *x_int8;     /* [n][d] row-major */
    const double *y;          /* [n] in [0,1] */
    const double *margin;     /* [n] log-odds, in place of y: the margin likelihood; else NULL */
    const double *weight;     /* [n] >= 0; NULL: 1 */
    const double *offset;     /* [n]; NULL: 0 */
    const char *const *names; /* [d]; NULL: "x1", "x2", ... */
} pdx_rows;
PDX_API pdx_status pdx_fit_rows(pdx_posterior **out, const pdx_rows *rows,
                                const pdx_fit_options *options);

/* Every judge x every group (without groups: one group "all"). Fits run on the library's threads. A
 * judge without judgments in a group has no fit there. Under partial pooling a fit holds the
 * group's pooled weights, and its certificate is that of all groups at once; what they share is in
 * pdx_study_pooled. Margins, models of ties and PDX_PRIOR_EB cannot be pooled partially yet:
 * PDX_EUNSUPPORTED where that is asked for, fits apart where pooling is left to auto. */
PDX_API pdx_status pdx_study_fit(pdx_study **out, const pdx_dataset *dataset,
                                 const pdx_judgments *judgments, const pdx_fit_options *options);
PDX_API void pdx_posterior_free(pdx_posterior *posterior);
PDX_API void pdx_study_free(pdx_study *study);

PDX_API int32_t pdx_study_count(const pdx_study *study);
PDX_API const pdx_posterior *pdx_study_get(const pdx_study *study, int32_t i); /* borrowed */
/* NULL where there is no such fit. */
PDX_API const pdx_posterior *pdx_study_find(const pdx_study *study, const char *judge,
                                            const char *group);
/* Moves the fits of `from` behind those of `into`. A judge and group that both have is PDX_EINVAL,
 * and then nothing is moved. */
PDX_API pdx_status pdx_study_append(pdx_study *into, pdx_study *from);
/* fits.json, round-trip precision; and back. The original's weight files (a folder of
 * model_<group>_fitted_paras.jsonl, or one community JSON file of one judge, <size>_<judge>.json)
 * give fits with means only; they are written from fold means where there are any, as a folder, or
 * as a community file where the name ends in ".json". */
PDX_API pdx_status pdx_study_save(const pdx_study *study, const char *path);
/* A file with this one fit, for pdx_study_load. */
PDX_API pdx_status pdx_posterior_save(const pdx_posterior *posterior, const char *path);
PDX_API pdx_status pdx_study_load(pdx_study **out, const char *path);
PDX_API pdx_status pdx_study_load_weights(pdx_study **out, const char *path);
PDX_API pdx_status pdx_study_save_weights(const pdx_study *study, const char *folder);

/* The certificate: how far the reported numbers can be trusted. */
typedef struct pdx_certificate {
    int32_t checked; /* 0: no certificate was made (the rest is NaN) */
    int32_t ok;
    int32_t method; /* PDX_METHOD_* that gave the reported numbers */
    int32_t ep_sweeps;
    int32_t ep_converged;
    int64_t draws;       /* of the check or of the method that answered */
    double ess_fraction; /* effective share of the importance draws */
    double sd_log_weight;
    double khat;         /* Pareto tail index; NaN where sd(log w) < 0.01 */
    double delta;        /* max over columns of |EP mean - STIS mean| / sd */
    double delta_se;     /* its standard error over randomisations */
    double rhat;         /* max over columns where NUTS ran, else NaN */
    double nuts_ess;     /* min bulk ESS over columns where NUTS ran, else NaN */
    int64_t divergences; /* of NUTS */
    double mean_se;      /* max Monte Carlo standard error of a mean / sd (0 for EP) */
} pdx_certificate;

/* Position effect e in log-odds for the response shown first, other things equal. From the position
 * column of the order-level model; or, where log-probabilities in both orders are known, from their
 * mean [l_AB + l_BA] / 2 per pair, in which the content cancels (location e of a logistic). */
typedef struct pdx_position {
    int32_t known; /* 0: not in this model */
    double mean, sd, prob_positive;
    double p_first;                   /* posterior mean of P(first | responses equal); with a
                                         model of ties, and no tie */
    double p_first_low, p_first_high; /* 95 % interval */
} pdx_position;

/* Held-out prediction over folds. NaN: could not be computed (one class only). */
typedef struct pdx_prediction {
    int32_t folds; /* 0: not computed */
    int64_t n;
    double accuracy, log_loss, auc;
    double baseline_majority; /* accuracy of always choosing the training majority */
    double baseline_length; /* accuracy of a fit on the length column alone; NaN: no such column */
} pdx_prediction;

/* Margin model only: scale of the margins, and how the two kinds of label compare. */
typedef struct pdx_margin {
    int32_t known;
    double scale_mean, scale_sd;
    double auc_margin, auc_sign;                 /* held-out AUC for the sign */
    double reliability_margin, reliability_sign; /* split-half correlation of weights */
} pdx_margin;

/* With a model of ties (options.ties PDX_TIES_ORDINAL or PDX_TIES_DAVIDSON). P(tie | responses
 * equal), at eta = 0, has a uniform prior; its logit is the unknown that is integrated out. */
typedef struct pdx_cut {
    int32_t known;    /* 0: no model of ties */
    int32_t model;    /* PDX_TIES_* */
    double mean, sd;  /* ordinal: the cut c > 0 in log-odds; Davidson: v > 0, a tie's weight */
    double low, high; /* 95 % interval */
    double p_tie;     /* posterior mean of P(tie | responses equal) */
    double p_tie_low, p_tie_high;
    double logit_mean, logit_sd; /* of its logit */
    /* Held-out prediction of A, tie or B over folds; NaN: not computed. pdx_prediction is then of A
     * against B among verdicts. */
    double accuracy, log_loss;
    double share_log_loss; /* log loss of the training shares of the three */
} pdx_cut;

/* Noise of the annotator in a property's values, and what it does to the property's weight. With
 * options.imputations the posterior (mean, sd, intervals, ...) allows for it: the true properties
 * are unknowns, normal around what was measured and tilted by the verdicts, and as many sets of
 * them are drawn, each fitted by EP; the fits are mixed. Evidence, certificate, folds and
 * prediction are those of the fit that takes the properties as exact. Of differences
 * (PDX_VALUES_DIFFERENCE) all of the noise is allowed for; of comparisons, which err near their
 * tolerance only, most of it. */
typedef struct pdx_noise {
    int32_t known;                       /* 0: not allowed for */
    double alpha, alpha_low, alpha_high; /* the rest as in pdx_reliability; NaN: no repeats */
    double noise, looks;
    double plain_mean, plain_sd; /* of the fit that takes the properties as exact */
    double wider;                /* sd over plain_sd */
    double simex; /* plain_mean extrapolated to no noise (simulation-extrapolation, Cook & Stefanski
                     1994, JASA 89:1314): noise is added in steps, and a parabola led back */
    double pulled; /* plain_mean - simex: how far noise has pulled the weight */
} pdx_noise;

PDX_API const char *pdx_posterior_judge(const pdx_posterior *posterior);
PDX_API const char *pdx_posterior_group(const pdx_posterior *posterior);
PDX_API int64_t pdx_posterior_rows(const pdx_posterior *posterior); /* n */
PDX_API int32_t pdx_posterior_dim(const pdx_posterior *posterior);  /* D, position apart */
PDX_API const char *pdx_posterior_column(const pdx_posterior *posterior, int32_t d);
PDX_API const char *pdx_posterior_label(const pdx_posterior *posterior); /* "order", ... */
/* Ties: how many were met (dropped, halved or an outcome), and rows without a verdict. */
PDX_API int64_t pdx_posterior_ties(const pdx_posterior *posterior);
PDX_API int64_t pdx_posterior_no_verdict(const pdx_posterior *posterior);
/* Borrowed arrays of D numbers; NULL where the posterior has means only. */
PDX_API const double *pdx_posterior_mean(const pdx_posterior *posterior);
PDX_API const double *pdx_posterior_sd(const pdx_posterior *posterior);
PDX_API const double *pdx_posterior_prob_positive(const pdx_posterior *posterior);
PDX_API const double *pdx_posterior_covariance(const pdx_posterior *posterior); /* [D][D] or NULL */
PDX_API const double *pdx_posterior_fold_mean(const pdx_posterior *posterior);  /* or NULL */
PDX_API int32_t pdx_posterior_quantile_count(const pdx_posterior *posterior);
PDX_API const double *pdx_posterior_quantile_probs(const pdx_posterior *posterior);
PDX_API const double *pdx_posterior_quantiles(const pdx_posterior *posterior); /* [D][Q] */
PDX_API int64_t pdx_posterior_draw_count(const pdx_posterior *posterior);
PDX_API const double *pdx_posterior_draws(const pdx_posterior *posterior); /* [draws][D] or NULL */
/* NaN: not computed. Under partial pooling: of all groups at once. */
PDX_API double pdx_posterior_log_evidence(const pdx_posterior *posterior);
PDX_API double pdx_posterior_elpd_loo(const pdx_posterior *posterior);
PDX_API double pdx_posterior_prior_scale(const pdx_posterior *posterior); /* b that was used */
PDX_API pdx_status pdx_posterior_certificate(const pdx_posterior *posterior, pdx_certificate *out);
PDX_API pdx_status pdx_posterior_position(const pdx_posterior *posterior, pdx_position *out);
PDX_API pdx_status pdx_posterior_prediction(const pdx_posterior *posterior, pdx_prediction *out);
PDX_API pdx_status pdx_posterior_margin(const pdx_posterior *posterior, pdx_margin *out);
PDX_API pdx_status pdx_posterior_cut(const pdx_posterior *posterior, pdx_cut *out);
PDX_API int32_t pdx_posterior_imputations(const pdx_posterior *posterior); /* 0: none */
PDX_API pdx_status pdx_posterior_noise(const pdx_posterior *posterior, int32_t column,
                                       pdx_noise *out);
/* One plain sentence on whether the numbers can be trusted and why. Borrowed. */
PDX_API const char *pdx_posterior_verdict(const pdx_posterior *posterior);
/* P(A preferred) of a row x[D] under the posterior mean of sigmoid(x.w), position and offset 0.
 * With a model of ties: P(A) among verdicts, at the posterior mean of the cut. */
PDX_API pdx_status pdx_posterior_predict(const pdx_posterior *posterior, const double *x, int64_t n,
                                         double *probability);
/* P(A), P(tie), P(B) of rows x[n][D] into probability[n][3], position and offset 0; the cut and the
 * weights count as independent. Without a model of ties P(tie) is 0. */
PDX_API pdx_status pdx_posterior_predict_outcomes(const pdx_posterior *posterior, const double *x,
                                                  int64_t n, double *probability);

/* w_i of a minus w_j of b, from the joint posterior (a == b, or groups of one partial pooling and i
 * == j: with their correlation; else independent). */
typedef struct pdx_contrast {
    double mean, sd, low, high; /* 95 % interval */
    double prob_greater;        /* P(w_i of a > w_j of b) */
    int32_t discovery;          /* pdx_contrast_all: 1 where the sign is a discovery */
} pdx_contrast;
PDX_API pdx_status pdx_posterior_contrast(const pdx_posterior *a, int32_t i, const pdx_posterior *b,
                                          int32_t j, pdx_contrast *out);
/* Column by column contrasts of two fits with the same columns into out[D]; `discovery` marks the
 * largest set whose expected share of wrong signs is at most `rate` (Bayesian false discovery rate,
 * Mueller, Parmigiani & Rice 2006). */
PDX_API pdx_status pdx_posterior_contrast_all(const pdx_posterior *a, const pdx_posterior *b,
                                              double rate, pdx_contrast *out);
/* Every weight against 0, with discoveries of its sign, into out[D]. */
PDX_API pdx_status pdx_posterior_discoveries(const pdx_posterior *posterior, double rate,
                                             pdx_contrast *out);

/* ---- partial pooling ---- */

/* What the groups of one judge (or the judges in one group) share. Borrowed from its study. */
typedef struct pdx_pooled pdx_pooled;
PDX_API int32_t pdx_study_pooled_count(const pdx_study *study); /* 0: nothing was pooled */
PDX_API const pdx_pooled *pdx_study_pooled(const pdx_study *study, int32_t i);
PDX_API const pdx_pooled *pdx_posterior_pooled(const pdx_posterior *posterior); /* NULL: none */
PDX_API int32_t pdx_pooled_over(const pdx_pooled *pooled);  /* PDX_POOL_OVER_* */
PDX_API int32_t pdx_pooled_count(const pdx_pooled *pooled); /* groups (or judges) that have a fit */
PDX_API const pdx_posterior *pdx_pooled_get(const pdx_pooled *pooled, int32_t i);
/* mu, as a posterior whose judge or group is "(mean)". */
PDX_API const pdx_posterior *pdx_pooled_mean(const pdx_pooled *pooled);
/* How far the groups' weights scatter about mu. */
typedef struct pdx_tau {
    double mean, sd, low, high; /* 95 % interval */
    double scale;               /* of its prior */
} pdx_tau;
PDX_API pdx_status pdx_pooled_tau(const pdx_pooled *pooled, pdx_tau *out);
/* Quantiles of tau at the probabilities of pdx_pooled_mean. */
PDX_API const double *pdx_pooled_tau_quantiles(const pdx_pooled *pooled);
/* How group i differs from the average, w_id - mu_d, for every group and property into
 * out[count][D]; prob_greater is P(w_id > mu_d); discoveries are over all of them at once. */
PDX_API pdx_status pdx_pooled_differences(const pdx_pooled *pooled, double rate, pdx_contrast *out);

/* Held-out prediction by the three ways to pool, over the same folds of pairs. NaN: could not be
 * computed. */
typedef struct pdx_pooling {
    int32_t folds; /* 0: not computed */
    int64_t n;     /* held-out labels */
    double log_loss_none, log_loss_complete, log_loss_partial;
    double accuracy_none, accuracy_complete, accuracy_partial;
} pdx_pooling;
/* Of one judge; of judge NULL: of all labels of all judges. PDX_ENOTFOUND: no such judge. */
PDX_API pdx_status pdx_study_pooling(const pdx_study *study, const char *judge, pdx_pooling *out);

/* What changed between two judges (versions of one) that saw the same pairs: the posterior of
 * w_after - w_before, from the pairs on which they disagree. Given that one says A and the other B,
 * P(after says A) = sigmoid(x.(w_after - w_before)): whatever else the pair has in store for both
 * cancels (conditional logistic regression; McNemar 1947; Breslow & Day 1980, chapter 7). Soft
 * labels p, q count as the disagreement that they make likely. Prior, method and the rest as in
 * `options`; judgments in the same order are paired where orders are known, and the position effect
 * is then its change. group: NULL: all pairs. Judges without a common pair are PDX_ENOTFOUND. */
PDX_API pdx_status pdx_drift_fit(pdx_posterior **out, const pdx_dataset *dataset,
                                 const pdx_judgments *judgments, const char *before,
                                 const char *after, const char *group,
                                 const pdx_fit_options *options);

#ifdef __cplusplus
}
#endif
#endif
