/* Ties as a third outcome, and the one unknown that they bring. eta: log-odds of A over B.
 *
 * PDX_TIES_ORDINAL, a cut c > 0 on either side of equal (Rao & Kupper 1967):
 *   P(A) = s(eta - c), P(B) = s(-eta - c), P(tie) = 2 sinh(c) / (2 cosh(eta) + 2 cosh(c)).
 * PDX_TIES_DAVIDSON (Davidson 1970): P(A), P(tie), P(B) as e^(eta/2) : v : e^(-eta/2).
 *
 * Both are rows of pdx__problem: of A or B, label 1 or 0 and (ordinal) offset less or plus c; of a
 * tie, label 1/2 and a band: v, or, ordinal, 2 cosh(c) with the whole row and its offset doubled,
 * since its eta counts twice; log 2 sinh(c), log v are what a tie adds besides. Davidson's band is
 * in every row.
 *
 * theta = logit P(tie | eta = 0), so that c = log(1 + 2 e^theta) and v = 2 e^theta. Its prior makes
 * P(tie | eta = 0) uniform. theta is integrated out: by quadrature around EP (ties.c), or as one
 * more coordinate behind the weights (the samplers). */
#ifndef PDX_BAYES_CUT_H
#define PDX_BAYES_CUT_H

#include <prefdissect/posterior.h>

#include "core/alloc.h"

enum { PDX__CUT_NODES = 101, PDX__CUT_KNOTS = 4 * (PDX__CUT_NODES - 1) + 1 };

/* What theta stands for. */
typedef struct pdx__cut_values {
    double offset; /* c; 0 by Davidson */
    double width;  /* the band */
    double tie;    /* log likelihood that a tie adds */
    double prior;  /* log prior density of theta */
} pdx__cut_values;
/* slope (may be NULL): their derivatives by theta. */
pdx__cut_values pdx__cut_at(int32_t model, double theta, pdx__cut_values *slope);
double pdx__cut_size(int32_t model, double theta); /* c or v */
/* P(A), P(tie), P(B) at eta. */
void pdx__cut_outcomes(int32_t model, double theta, double eta, double out[3]);
/* log P(A) - log P(B) at eta. */
double pdx__cut_log_odds(int32_t model, double theta, double eta);

/* Where samplers look for theta: a density through the log evidences at nodes, and how EP's mean
 * moves with theta. */
typedef struct pdx__cut_proposal {
    int32_t nodes, d;
    double node[PDX__CUT_NODES]; /* ascending, evenly spaced; at least 3 */
    const double *shift;         /* [nodes][d] EP's means less those of the run at hand */
    int32_t knots;
    double knot[PDX__CUT_KNOTS], log_density[PDX__CUT_KNOTS], mass[PDX__CUT_KNOTS];
    double left, right; /* rates of the exponential tails beyond the knots */
} pdx__cut_proposal;
/* log_z[nodes]: log density at the nodes, up to a constant. */
void pdx__cut_propose(pdx__cut_proposal *out, int32_t nodes, const double *node,
                      const double *log_z, const double *shift, int32_t d);
/* theta with P(Theta <= theta) = u, and its log density. */
double pdx__cut_draw(const pdx__cut_proposal *proposal, double u, double *log_density);
/* EP's mean of free column k at theta, less that of the run at hand. */
double pdx__cut_shift(const pdx__cut_proposal *proposal, double theta, int32_t k);

/* What a problem says of its cut. Its column is the last of the design, pinned at 0 by the prior:
 * -1 for A, +1 for B, 0 for ties; all 0 by Davidson. */
typedef struct pdx__cut {
    int32_t model;      /* PDX_TIES_ORDINAL or PDX_TIES_DAVIDSON */
    int32_t column;     /* of the design */
    const double *band; /* [n] 1 where the row has the band, else 0 */
    double ties;        /* sum of the weights of ties */
    double mean, sd;    /* of theta: where NUTS starts */
    const pdx__cut_proposal *proposal;
} pdx__cut;

#endif
