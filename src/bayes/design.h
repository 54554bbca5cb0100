/* How a design is held: panels of PDX__PANEL rows, column by column, so that a vector holds the
 * same column of neighbouring rows. Missing rows of the last panel are zeros. */
#ifndef PDX_BAYES_DESIGN_H
#define PDX_BAYES_DESIGN_H

#include "fit.h"
#include "kernels.h"

struct pdx__design {
    int64_t n, panels;
    int32_t d;
    int8_t *x_int8; /* [panels][d][PDX__PANEL], or NULL and */
    double *x;
    double largest; /* of |x| */
};

/* Block `b` of the design's rows starts at row b * PDX__BLOCK. */
int64_t pdx__design_blocks(const pdx__design *design);
int32_t pdx__design_block_panels(const pdx__design *design, int64_t block);
/* Rows of the block that exist (the rest of its panels is padding). */
int32_t pdx__design_block_rows(const pdx__design *design, int64_t block);
/* Columns `column[0..d)` of a block as x[d][PDX__BLOCK]. */
void pdx__design_expand(const pdx__design *design, const pdx__kernels *kernels, int64_t block,
                        const int32_t *column, int32_t d, double *x);
void pdx__design_expand_float(const pdx__design *design, const pdx__kernels *kernels, int64_t block,
                              const int32_t *column, int32_t d, float *x);

#endif
