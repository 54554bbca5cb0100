/* A matrix of numbers between judges as a heatmap with its dendrogram. */
#ifndef PDX_REPORT_HEATMAP_H
#define PDX_REPORT_HEATMAP_H

#include <prefdissect/analysis.h>

#include "core/buf.h"

typedef struct pdx__heatmap {
    const char *title, *subtitle, *description;
    int32_t n;
    const char **label;       /* [n] */
    const double *value;      /* [n][n] */
    const double *low, *high; /* [n][n] 95 % limits, or NULL */
    const int32_t *order;     /* [n] from the top */
    const pdx_merge *merge;   /* [n - 1] */
    const char *distance;     /* what the dendrogram's axis measures */
    double most;              /* of the scale of colours: the value of a judge with itself */
    double least;             /* of the scale at most this; NaN: the smallest value */
} pdx__heatmap;

void pdx__heatmap_draw(pdx__buf *out, const pdx__heatmap *map);

#endif
