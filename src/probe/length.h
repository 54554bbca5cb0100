/* The logistic regression of length-controlled win rates: preference of a model over its baseline
 * on tanh of the standardised length difference, a constant, and (where it is known) the difficulty
 * of the instruction. */
#ifndef PDX_PROBE_LENGTH_H
#define PDX_PROBE_LENGTH_H

#include <prefdissect/probe.h>

#include "core/alloc.h"

enum { PDX__LENGTH_TERMS = 3 }; /* length, model, difficulty */

typedef struct pdx__length_rows {
    int64_t n;
    const double *y;      /* in [0, 1]; NaN: none */
    const double *x;      /* [n][3] */
    const double *weight; /* NULL: 1 */
} pdx__length_rows;

/* tanh(difference / sd), 1, difficulty (NULL: 0) into x[n][3]; sd over all rows, n - 1. */
void pdx__length_design(double *x, int64_t n, const double *difference, const double *difficulty);
/* Minimises |w|_1 + c sum of weighted cross entropies, from w as it comes. */
void pdx__length_fit(double w[PDX__LENGTH_TERMS], const pdx__length_rows *rows, double c);
/* The c of AlpacaEval's grid with the least cross entropy over five folds. */
pdx_status pdx__length_choose(double *c, const pdx__length_rows *rows);
/* Mean P(win) at equal lengths, over all rows. */
double pdx__length_rate(const double w[PDX__LENGTH_TERMS], const pdx__length_rows *rows);

#endif
