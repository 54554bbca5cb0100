/* Partial pooling: groups of rows whose weights scatter about a common mean,
 *   w_gk ~ N(mu_k, tau^2), mu_k ~ its prior,
 * with tau held fixed (hierarchy_ep.c) or integrated out (hierarchy_fit.c). Each group and the mean
 * is an EP of its own; what they tell each other are Gaussian factors across the link N(mu, tau^2),
 * which is the block elimination of the joint precision, an arrow of blocks: one factorisation a
 * group each way. */
#ifndef PDX_BAYES_HIERARCHY_H
#define PDX_BAYES_HIERARCHY_H

#include "ep.h"

/* How the groups' weights of one column relate. */
typedef enum pdx__sharing {
    PDX__POOLED, /* scatter about the mean with sd tau */
    PDX__COMMON, /* all the same: the mean */
    PDX__OWN     /* not related: each group has the column's prior */
} pdx__sharing;

/* One group as the hierarchy works on it. */
typedef struct pdx__branch {
    pdx__problem problem; /* rows; the prior is the hierarchy's */
    pdx__ep ep;           /* the marginal of its weights */
    pdx__sites sites;
    double *precision, *linear; /* what its rows say of its weights: [ld][ld] full, [ld] */
    double *message, *message_linear, log_constant; /* the same across the link: of the mean */
} pdx__branch;

typedef struct pdx__hierarchy {
    int32_t groups, width, d, ld; /* width: columns of the designs; d: those that are free */
    const pdx__sharing *sharing;  /* [width] */
    pdx__branch *branch;          /* [groups] */
    pdx__ep mean;                 /* of mu; an OWN column's is of no meaning */
    pdx__sites sites;             /* of the mean */
    pdx__workspace *workspace;
    double tau;
    double *scale;   /* [ld] of the link, given tau */
    double *full;    /* [ld][ld] precision of the mean */
    double *scratch; /* [4][ld][ld] */
    int32_t sweeps;  /* most that a run took */
    int32_t converged, usable;
    /* owned */
    pdx__design *empty;
    pdx__prior *mean_prior, *branch_prior; /* [width] */
    pdx__problem mean_problem;
    double *memory, *sites_memory;
    int32_t *columns;
    int warm;
} pdx__hierarchy;

/* problem[groups] with designs of one width, whose `prior` is not looked at; their arrays and
 * `sharing` are borrowed. prior[width]: of mu, or of each group's own weight. */
pdx_status pdx__hierarchy_create(pdx__hierarchy *out, const pdx__problem *problem, int32_t groups,
                                 const pdx__prior *prior, const pdx__sharing *sharing,
                                 pdx__workspace *workspace);
void pdx__hierarchy_free(pdx__hierarchy *hierarchy); /* the members; a zeroed struct is fine */
/* EP at tau >= 0 (0: complete pooling), from the sites of the run before or of `from` (a hierarchy
 * over the same designs; rows that have weight 0 here count for nothing). PDX_ENUMERIC where the
 * posterior is not proper. */
void pdx__hierarchy_warm(pdx__hierarchy *hierarchy, const pdx__hierarchy *from);
pdx_status pdx__hierarchy_run(pdx__hierarchy *hierarchy, double tau, double tolerance,
                              int32_t max_sweeps);
/* After a run: log evidence given tau. */
pdx_status pdx__hierarchy_evidence(pdx__hierarchy *hierarchy, double *log_z);
/* After a run: given mu, group g's weights are mu + R root' (v + y - Y mu), v standard normal,
 * R = diag(scale). root, y_matrix: [ld][ld]; y: [ld]. */
void pdx__hierarchy_branch(const pdx__hierarchy *hierarchy, int32_t g, double *root,
                           double *y_matrix, double *y);

#endif
