/* Forest plots: rows with one mark a series, each with its interval, on one axis. The dissection,
 * contrast, position and prior-sensitivity plots are made of it. */
#ifndef PDX_REPORT_FOREST_H
#define PDX_REPORT_FOREST_H

#include <prefdissect/report.h>

#include "core/buf.h"

enum { PDX__FOREST_SERIES = 8 }; /* more cannot be told apart */

/* One mark; where `known` is 0 there is none, where `ranged` is 0 it has no interval. */
typedef struct pdx__mark {
    int known, ranged, hollow;
    double value, low, high;
} pdx__mark;
/* Nothing where `value` is not finite, no interval where an end is not. */
pdx__mark pdx__mark_of(double value, double low, double high);
/* A weight, and a position effect, in percent: 100 sigmoid(w). */
pdx__mark pdx__mark_weight(const pdx_posterior *fit, int32_t column);
pdx__mark pdx__mark_position(const pdx_posterior *fit);

typedef struct pdx__forest_row {
    const char *name;
    int apart;     /* a gap above it, and a ground of its own */
    int strong;    /* name in bold */
    double effect; /* pdx__forest_sort: the largest first */
    int32_t place; /* and of equal ones the one that came first */
    char note[48]; /* text at the right, "" for none */
    pdx__mark mark[PDX__FOREST_SERIES], extra[PDX__FOREST_SERIES]; /* extra: a hollow second one */
} pdx__forest_row;

typedef struct pdx__forest {
    const char *title, *subtitle, *description;
    const char *less, *more; /* what it means to lie at the left and at the right */
    const char *unit;        /* behind the numbers of the axis, "%" or "" */
    double centre;           /* the value of no effect: a line of its own */
    int32_t series;
    const char *name[PDX__FOREST_SERIES]; /* in the legend; all NULL: no legend */
    int ramp;           /* series are steps of one thing: a ramp of one colour, not several */
    const char *extra;  /* what the hollow second marks are; NULL: there are none */
    const char *hollow; /* what hollow marks of a series mean; NULL: there are none */
    int32_t rows;
    pdx__forest_row *row;
    pdx_schema *names; /* which row names may point into */
} pdx__forest;

/* Rows for the columns of a fit, with names made for people where all columns are ids of one
 * built-in schema, and `spare` rows more. */
pdx_status pdx__forest_rows(pdx__forest *forest, const pdx_posterior *fit, int32_t spare);
/* PDX_EINVAL where two fits do not have the same columns. */
pdx_status pdx__forest_same_columns(const pdx_posterior *a, const pdx_posterior *b);
int pdx__forest_ranged(const pdx__forest *forest); /* 1: some mark has an interval */
/* Sorts the first `count` rows. */
void pdx__forest_sort(pdx__forest *forest, int32_t count);
void pdx__forest_draw(pdx__buf *out, const pdx__forest *forest);
void pdx__forest_free(pdx__forest *forest);

#endif
