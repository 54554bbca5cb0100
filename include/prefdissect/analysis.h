/* prefdissect/analysis.h: what fits and judgments say about judges: who is like whom, how far they
 * agree, why one decision fell as it did, which labels surprise, how models rank with properties
 * controlled, and how many pairs an effect needs.
 *
 * Numbers that cannot be known (a constant weight vector has no correlation, a judge has no fit in
 * a group) are NaN and counted; nothing is guessed in their place. */
#ifndef PREFDISSECT_ANALYSIS_H
#define PREFDISSECT_ANALYSIS_H

#include <prefdissect/posterior.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A share or coefficient with its 95 % interval; NaN where there is nothing to count. */
typedef struct pdx_rate {
    double value, low, high;
    int64_t n; /* what was counted: pairs, unless said otherwise */
} pdx_rate;

/* ---- similarity of judges by their weights ---- */

/* As in Li et al. 2024; larger is nearer. */
enum {
    PDX_METRIC_PEARSON = 0,
    PDX_METRIC_SPEARMAN = 1, /* Pearson of average ranks */
    PDX_METRIC_L1 = 2,       /* -mean |a - b| */
    PDX_METRIC_L2 = 3,       /* -sqrt(sum (a - b)^2) / D */
    PDX_METRIC_COUNT = 4
};

typedef struct pdx_similarity pdx_similarity;

typedef struct pdx_similarity_options {
    uint32_t size;
    int64_t draws; /* of each posterior, for the uncertainty; default 400, 0: none. Draws that a fit
                      kept are used where there are enough; else Gaussian ones from its mean and
                      covariance (or sds) */
    uint64_t seed; /* default 1 */
    int32_t threads;
    const char *const *judges; /* these, in this order; default NULL: all of the study */
    int32_t judge_count;
    const char *const *scenarios; /* groups that "overall" is the mean of; default NULL: groups
                                     whose name starts with an upper-case letter, as in the
                                     published weights; all where none does */
    int32_t scenario_count;
    pdx_hooks hooks;
} pdx_similarity_options;
PDX_API void pdx_similarity_options_init(pdx_similarity_options *options, uint32_t size);
#define pdx_similarity_options_init(options)                                                       \
    pdx_similarity_options_init((options), (uint32_t)sizeof *(options))

/* All pairs of judges in all groups of a study and overall. A fit with other columns than the first
 * is PDX_EINVAL; a judge or group that is not there PDX_ENOTFOUND. The study may be freed. */
PDX_API pdx_status pdx_similarity_create(pdx_similarity **out, const pdx_study *study,
                                         const pdx_similarity_options *options);
PDX_API void pdx_similarity_free(pdx_similarity *similarity);
PDX_API int32_t pdx_similarity_judge_count(const pdx_similarity *similarity);
PDX_API const char *pdx_similarity_judge(const pdx_similarity *similarity, int32_t judge);
PDX_API int32_t pdx_similarity_group_count(const pdx_similarity *similarity);
PDX_API const char *pdx_similarity_group(const pdx_similarity *similarity, int32_t group);
PDX_API int32_t pdx_similarity_is_scenario(const pdx_similarity *similarity, int32_t group);
/* Borrowed [judges][judges], symmetric, of the posterior means; group -1: overall, the mean over
 * the scenarios in which both judges have a similarity. NaN where it is not known. NULL where
 * `group` or `metric` is out of range. */
PDX_API const double *pdx_similarity_matrix(const pdx_similarity *similarity, int32_t group,
                                            int32_t metric);
/* The same over draws: mean and 95 % interval of the similarity of the true weights. Noise in the
 * weights lowers a correlation, so the value of the means may lie above this interval where data
 * are few. NULL where no uncertainty is known (means only, or draws = 0); entries NaN where either
 * judge has means only in that group. */
PDX_API const double *pdx_similarity_mean(const pdx_similarity *similarity, int32_t group,
                                          int32_t metric);
PDX_API const double *pdx_similarity_low(const pdx_similarity *similarity, int32_t group,
                                         int32_t metric);
PDX_API const double *pdx_similarity_high(const pdx_similarity *similarity, int32_t group,
                                          int32_t metric);
/* Sentences for the reader: whether there is uncertainty, which judges lack which group, which
 * weights are constant. */
PDX_API const char *pdx_similarity_note(const pdx_similarity *similarity);

/* P(judge a is nearer to b than to c) over posterior draws; group NULL: overall. With b and c
 * exchanged it is 1 less that. PDX_EINVAL where a judge has means only. */
PDX_API pdx_status pdx_study_nearer(double *probability, const pdx_study *study, const char *group,
                                    int32_t metric, const char *a, const char *b, const char *c,
                                    const pdx_similarity_options *options);

/* One step of a clustering: clusters `left` and `right` (a leaf i < n, or n + k: what step k made)
 * become one. */
typedef struct pdx_merge {
    int32_t left, right;
    int32_t count; /* leaves in it */
    double height; /* mean distance between the leaves of the two */
} pdx_merge;
/* Average linkage on a symmetric distance[n][n] (finite, >= 0): merge[n - 1] by rising height, and
 * the leaf order[n] with the smallest sum of distances between neighbours among those that the tree
 * allows (Bar-Joseph, Gifford & Jaakkola 2001). Each merge's `left` comes first in that order. */
PDX_API pdx_status pdx_cluster(int32_t n, const double *distance, pdx_merge *merge, int32_t *order);
/* The same for judges: distance 1 - r for correlations, minus the value for L1 and L2; entries that
 * are not known count as the largest one. */
PDX_API pdx_status pdx_similarity_cluster(const pdx_similarity *similarity, int32_t group,
                                          int32_t metric, pdx_merge *merge, int32_t *order);

/* ---- agreement of judges by their judgments ---- */

/* A judge's verdict on a pair: the majority over its orders and repeats; A, B or tie. */
typedef struct pdx_agreement {
    int64_t pairs;        /* with verdicts of both */
    int64_t decided;      /* of them, those where neither says tie */
    pdx_rate raw;         /* share of `pairs` with the same verdict; Wilson's interval */
    pdx_rate raw_decided; /* share of `decided` */
    pdx_rate kappa;       /* Cohen 1960; jackknife over pairs. NaN where both say always the same */
    pdx_rate alpha;       /* Krippendorff's, nominal; jackknife over pairs */
} pdx_agreement;
/* group -1: all pairs. */
PDX_API pdx_status pdx_judgments_agreement(const pdx_judgments *judgments,
                                           const pdx_dataset *dataset, int32_t judge_a,
                                           int32_t judge_b, int32_t group, pdx_agreement *out);
/* Every two of several judges into out[count][count]; the diagonal has each with itself. judges
 * NULL: all, count is then their number. */
PDX_API pdx_status pdx_judgments_agreement_all(const pdx_judgments *judgments,
                                               const pdx_dataset *dataset, const int32_t *judges,
                                               int32_t count, int32_t group, pdx_agreement *out);
/* Krippendorff's alpha (nominal) of several judges together; n: pairs with at least two verdicts.
 * judges NULL: all. */
PDX_API pdx_status pdx_judgments_alpha(const pdx_judgments *judgments, const pdx_dataset *dataset,
                                       const int32_t *judges, int32_t count, int32_t group,
                                       pdx_rate *out);
/* What the order shown does to one judge. Wilson's intervals; that of `first` with as many looks as
 * the spread between pairs is worth, at most one a showing. */
typedef struct pdx_consistency {
    pdx_rate first;         /* share of showings won by the response shown first; n: showings */
    pdx_rate consistent;    /* share of pairs seen in both orders with the same winner */
    pdx_rate flip;          /* share of them with opposite winners */
    pdx_rate flip_to_first; /* share of them where both orders chose the response shown first */
} pdx_consistency;
PDX_API pdx_status pdx_judgments_consistency(const pdx_judgments *judgments,
                                             const pdx_dataset *dataset, int32_t judge,
                                             int32_t group, pdx_consistency *out);

/* ---- marginal beside joint effects ---- */

/* One property, alone and with the others. */
typedef struct pdx_effect {
    pdx_rate wins;  /* share of decided pairs in which the property differs that were won by the
                       response with more of it; Wilson's interval */
    double differs; /* share of the rows in which the property differs */
    double alone, alone_low, alone_high; /* weight of a fit of this property only, same prior */
    double joint, joint_low, joint_high; /* weight in the fit of all; limits NaN: means only */
    double inflation; /* variance inflation by the other properties, >= 1; infinity: a copy */
    int32_t partner;  /* the property most correlated with this one; -1: none */
    double partner_correlation; /* about zero, as the model has no intercept */
    int32_t parted; /* 1: the two weights tell different stories: their 95 % intervals do not meet,
                       or both are clear and of opposite sign; 0 with means only */
} pdx_effect;
/* One for each property of the dataset into out[D], from the fit of a judge and the judgments it
 * was made of (rows are derived again, by the fit's label rule; margins count by their sign).
 * PDX_EINVAL where the columns are not the dataset's properties; PDX_ENOTFOUND where judge or group
 * are not there. */
PDX_API pdx_status pdx_posterior_effects(const pdx_posterior *posterior, const pdx_dataset *dataset,
                                         const pdx_judgments *judgments, pdx_effect *out);

/* ---- surprising labels ---- */

typedef struct pdx_surprise {
    int64_t pair;
    int32_t order;      /* PDX_ORDER_*: of the observation; unknown: a label of the whole pair */
    double y;           /* the label: 1 A, 0 B */
    double probability; /* of A, by the posterior without this observation */
    double log_score;   /* log probability of the label, <= 0 */
} pdx_surprise;
/* The observations that the fit expects least, most surprising first, into out[capacity]; *count:
 * how many were written. The leave-one-out probability follows in closed form from the posterior's
 * mean and covariance. PDX_EINVAL where the fit has means only. */
PDX_API pdx_status pdx_posterior_surprising(const pdx_posterior *posterior,
                                            const pdx_dataset *dataset,
                                            const pdx_judgments *judgments, pdx_surprise *out,
                                            int64_t capacity, int64_t *count);

/* ---- attribution of one decision ---- */

/* Exact Shapley values phi[k] of sigmoid(start + sum of part) for the game in which absent players
 * count 0: sum of phi = sigmoid(start + sum of part) - sigmoid(start). Error below 1e-12; no
 * sampling (Fourier integral of the sigmoid, Gauss-Legendre over the share of players present). */
PDX_API pdx_status pdx_shapley(int32_t k, const double *part, double start, double *phi);

/* What one property adds to P(A preferred) of a pair. */
typedef struct pdx_attribution {
    double x;                                     /* of the pair */
    double log_odds, log_odds_low, log_odds_high; /* w x: the Shapley value of the log-odds */
    double share, share_low, share_high;          /* Shapley value of the probability */
} pdx_attribution;
typedef struct pdx_explanation {
    double start;       /* P(A) with all properties equal: 1/2, or by the position effect */
    double log_odds;    /* of A, at the posterior means */
    double probability; /* of A, at the posterior means: start + the sum of shares */
    double probability_low, probability_high; /* 95 % over the posterior; NaN: means only */
} pdx_explanation;
typedef struct pdx_explain_options {
    uint32_t size;
    int32_t order; /* PDX_ORDER_*; AB or BA: the position effect counts, for or against A. Default
                      unknown: both orders alike */
    int64_t draws; /* for the limits; default 200, 0: none */
    uint64_t seed; /* default 1 */
} pdx_explain_options;
PDX_API void pdx_explain_options_init(pdx_explain_options *options, uint32_t size);
#define pdx_explain_options_init(options)                                                          \
    pdx_explain_options_init((options), (uint32_t)sizeof *(options))
/* x[D] of a pair; part[D] (may be NULL) in the order of the columns. */
PDX_API pdx_status pdx_posterior_explain(const pdx_posterior *posterior, const double *x,
                                         const pdx_explain_options *options, pdx_explanation *out,
                                         pdx_attribution *part);

/* ---- ratings of models, properties controlled ---- */

typedef struct pdx_rating pdx_rating;
typedef struct pdx_rating_options {
    uint32_t size;
    const char *judge;   /* default NULL: the only one */
    const char *group;   /* default NULL: all pairs */
    const char *model_a; /* fields of a pair that name its models; default "model_a" */
    const char *model_b; /* "model_b" */
    double model_scale;  /* sd of the Gaussian prior of a model's strength; default 1.5 */
    double prior_scale;  /* b of the Laplace prior of the properties; default 0.1; 0: no control */
    double position_scale; /* sd of the prior of the position effect; default 2.5 */
    int32_t ties;          /* PDX_TIES_*; default half */
    int64_t draws;         /* for ranks; default 2000 */
    uint64_t seed;         /* default 1 */
    int32_t threads;
    pdx_hooks hooks;
} pdx_rating_options;
PDX_API void pdx_rating_options_init(pdx_rating_options *options, uint32_t size);
#define pdx_rating_options_init(options)                                                           \
    pdx_rating_options_init((options), (uint32_t)sizeof *(options))

typedef struct pdx_model_rating {
    const char *name; /* borrowed */
    int64_t pairs;
    double wins;                /* share of its pairs that it won, ties half */
    double strength, low, high; /* log-odds against the average model, properties controlled */
    double plain, plain_low, plain_high; /* the same without control */
    double rank_low, rank_high;          /* 95 % interval of its rank, 1 is the best */
    double prob_best;
} pdx_model_rating;
/* Bradley & Terry 1952 with all properties as covariates: log-odds of A = strength(model_a) -
 * strength(model_b) + x.w (+ position), one fit by EP. Pairs without both names, or of a model with
 * itself, are left out and counted. PDX_EINVAL where no pair is left. */
PDX_API pdx_status pdx_rating_fit(pdx_rating **out, const pdx_dataset *dataset,
                                  const pdx_judgments *judgments,
                                  const pdx_rating_options *options);
PDX_API void pdx_rating_free(pdx_rating *rating);
PDX_API int32_t pdx_rating_count(const pdx_rating *rating); /* models, the strongest first */
PDX_API pdx_status pdx_rating_get(const pdx_rating *rating, int32_t model, pdx_model_rating *out);
/* Strength of model i minus that of j, properties controlled: mean, sd, interval, P(i > j). */
PDX_API pdx_status pdx_rating_contrast(const pdx_rating *rating, int32_t i, int32_t j,
                                       pdx_contrast *out);
/* Coefficients of the properties: a posterior with their columns. Borrowed. */
PDX_API const pdx_posterior *pdx_rating_properties(const pdx_rating *rating);
PDX_API int64_t pdx_rating_left_out(const pdx_rating *rating);

/* ---- power ---- */

typedef struct pdx_power_options {
    uint32_t size;
    double effect;      /* the weight to be found, log-odds; default 0.2 (55 % to 45 %) */
    double differs;     /* share of pairs in which the property differs (real-valued: the
                          mean square of the difference); default 0.3 */
    double background;  /* sd of the log-odds that the other properties make; default 0.5 */
    double shared;      /* R^2 of the property by the others, in [0, 1); default 0 */
    double power;       /* wanted; default 0.8 */
    double level;       /* P(weight has the right sign) that counts as found; default 0.975 */
    double prior_scale; /* b of the Laplace prior; default 0.1; infinity: flat */
    uint64_t seed;      /* of the simulator; default 1 */
    int32_t threads;
    pdx_hooks hooks;
} pdx_power_options;
PDX_API void pdx_power_options_init(pdx_power_options *options, uint32_t size);
#define pdx_power_options_init(options)                                                            \
    pdx_power_options_init((options), (uint32_t)sizeof *(options))
/* Sets differs, shared and (posterior not NULL) background to those of a property of a dataset. */
PDX_API pdx_status pdx_power_describe(pdx_power_options *options, const pdx_dataset *dataset,
                                      int32_t property, const pdx_posterior *posterior);
/* Pairs needed, one label each, for the wanted power; and the power of a given number of pairs. The
 * estimate of the weight is taken as normal with the information of the logistic model; what counts
 * as found follows exactly from that and the prior. On the
 * safe side where much of the property is shared, as the prior helps there. PDX_ENUMERIC where 1e12
 * pairs do not do. */
PDX_API pdx_status pdx_power_pairs(double *pairs, const pdx_power_options *options);
PDX_API pdx_status pdx_power_of(double *power, double pairs, const pdx_power_options *options);
/* The power seen in `studies` simulated ones of so many pairs, each fitted; Wilson's interval. */
PDX_API pdx_status pdx_power_simulated(pdx_rate *out, int64_t pairs, int64_t studies,
                                       const pdx_power_options *options);

#ifdef __cplusplus
}
#endif
#endif
