/* A sample made ready to be fitted again and again: as it is, and with units left out. The columns
 * of its design are the properties, then the intercept where one is asked for, then the position
 * sign where rows have one, then the column of the cut where ties are an outcome (cut.h). */
#ifndef PDX_BAYES_REFIT_H
#define PDX_BAYES_REFIT_H

#include "sample.h"

/* What one thread needs to refit. */
typedef struct pdx__scratch {
    pdx__workspace *workspace;
    double *weight; /* [n] weights with units left out */
    char *left_out; /* [units] all 0 between uses */
} pdx__scratch;

struct pdx__refit {
    const pdx__sample *sample;
    const pdx_fit_options *options;
    pdx__scratch scratch; /* of the thread that opened; its workspace is borrowed */
    pdx__design *design;
    int32_t dim;           /* columns of the design */
    int32_t position, cut; /* which of them; -1: none */
    int32_t reported;      /* properties and intercept */
    int64_t units;
    pdx__prior *prior; /* [dim] */
    double *eta_row;   /* [dim] scratch */
    double *offset;    /* [n] the design's: the sample's, doubled with its row; NULL: none */
    double theta;      /* of the full fit: where those of folds start; NaN before */
    uint64_t stream;
};

enum { PDX__BY_LABEL = 0, PDX__BY_MARGIN = 1 }; /* likelihood of y or of the margins */

pdx_status pdx__refit_open(pdx__refit *out, const pdx__sample *sample,
                           const pdx_fit_options *options, uint64_t stream,
                           pdx__workspace *workspace);
void pdx__refit_close(pdx__refit *refit);

/* Scratch of a further thread, with a workspace of its own. */
pdx_status pdx__scratch_create(pdx__scratch *out, const pdx__refit *refit);
void pdx__scratch_free(pdx__scratch *scratch);

/* Settings of the full fit. The caller frees *probs, which they point into. */
pdx_status pdx__refit_settings(pdx__fit_settings *out, double **probs, const pdx__refit *refit);

/* Everything about all rows. scale: mean and sd of the margins' scale, by margin only (may be
 * NULL). */
pdx_status pdx__refit_full(pdx__refit *refit, int32_t likelihood, pdx__fit *out, double scale[2]);
/* Mean and sd without `count` of the units (a fold). `number` tells the fits of one sample apart.
 * warm: sites of the full fit or NULL. */
pdx_status pdx__refit_without(const pdx__refit *refit, pdx__scratch *scratch, int32_t likelihood,
                              const int64_t *units, int64_t count, uint64_t number,
                              const pdx__sites *warm, pdx__fit *out);
int64_t pdx__refit_unit(const pdx__refit *refit, int64_t row);
/* x.w + offset of a row as the sample has it (not doubled) under weights[dim]. */
double pdx__refit_eta(const pdx__refit *refit, int64_t row, const double *weights);

#endif
