/* Preference labels: judgments of one judge about a set of pairs -> rows of a fit, by a named rule
 * (PDX_LABEL_*).
 *
 * Observations. Repeats of one pair in one order are averaged (weighted by the observations' own
 * weights) before anything else, so asking thrice counts as asking once, only less noisily.
 * Each rule takes of a judgment what it can use, in this order:
 *   order     tie; prob_a; verdict; sign of the log-probabilities; sign of the margin
 *   majority  the same, as votes: ties do not vote
 *   soft      prob_a; log-probabilities; margin; verdict; tie
 *   sum-logp  log-probabilities in both orders; sign of the margin where no order is known
 *   margin    log-probabilities in both orders, in one order, or the margin
 * A judgment (order) or pair (all other rules) with nothing that the rule can use counts as
 * `no_verdict`. Ties are counted where the rule meets them: judgments (order, soft), pairs whose
 * votes are equal (majority); sum-logp has none, an exact tie gives B.
 * A model of ties (PDX_TIES_ORDINAL, PDX_TIES_DAVIDSON) keeps ties as rows of label 1/2. There the
 * order rule makes of one pair in one order a row an outcome, weighed by the outcome's share of the
 * repeats (prob_a: shares of A and B; just 1/2: a tie).
 * Weights. A row's weight is the mean weight of the observations in it. The order rule multiplies
 * it by order_weight where the pair has rows of both orders: they are two looks at one pair, not
 * two pairs; a pair seen in one order only, or in none that is known, counts min(1, 2
 * order_weight). */
#ifndef PDX_DATA_LABELS_H
#define PDX_DATA_LABELS_H

#include <prefdissect/judgments.h>

#include "core/alloc.h"

/* Judgments sorted by judge, then pair, then row. Made once, shared for reading. */
typedef struct pdx__judgment_index {
    int64_t *row;         /* [judgments] */
    int64_t *pair;        /* [judgments] pair of row[i] */
    int64_t *judge_start; /* [judges + 1] */
} pdx__judgment_index;
pdx_status pdx__judgment_index_create(pdx__judgment_index *out, const pdx_judgments *judgments);
void pdx__judgment_index_free(pdx__judgment_index *index);

/* PDX_LABEL_AUTO -> the rule that it takes for this judge: sum-logp where nine in ten of its pairs
 * have log-probabilities in both orders; else order where at least half of its usable judgments
 * have a known order; else margin where at least half have margins; else soft where any has prob_a;
 * else majority. Other rules stay. With a model of ties: order in place of soft. */
pdx_status pdx__label_resolve(int32_t *rule, const pdx_judgments *judgments,
                              const pdx__judgment_index *index, int32_t judge, int32_t ties);
/* Are ties an outcome of their own to this rule? */
int pdx__label_has_ties(int32_t rule, int32_t ties);
const char *pdx__label_name(int32_t rule); /* "auto", "order", "sum-logp", ... */

typedef struct pdx__labels {
    int64_t count;
    int64_t *pair;  /* [count] ascending; number in the dataset */
    int64_t *unit;  /* [count] ascending from 0: rows of one pair share a unit */
    double *y;      /* [count] in [0, 1]: share or probability of A */
    double *weight; /* [count] */
    double *offset; /* [count] */
    double *sign;   /* [count] order and margin rules: +1 A was shown first, -1 B was, else 0 */
    double *margin; /* [count] mean log-odds of A over B; NaN: not known, and in the order and
                       majority rules */
    double *shown_first; /* [count] rules over both orders: mean log-odds of the response shown
                            first, [l_AB + l_BA] / 2; else NaN */
    int64_t ties, no_verdict;
    int32_t has_sign, has_offset, has_shown_first; /* 1: some row has one that says something */
} pdx__labels;

/* `rule` must not be AUTO. `pairs` ascending. PDX_TIES_REFUSE: PDX_EINVAL names judge and pair. */
pdx_status pdx__labels_derive(pdx__labels *out, const pdx_dataset *dataset,
                              const pdx_judgments *judgments, const pdx__judgment_index *index,
                              int32_t judge, int32_t rule, int32_t ties, double order_weight,
                              const int64_t *pairs, int64_t pair_count);
void pdx__labels_free(pdx__labels *labels);

#endif
