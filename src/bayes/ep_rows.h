/* One block of rows as EP works on it. Private to EP. */
#ifndef PDX_BAYES_EP_ROWS_H
#define PDX_BAYES_EP_ROWS_H

#include "ep.h"

/* Rows of one block, padded with rows of weight 0. */
typedef struct pdx__ep_rows {
    int32_t rows, count; /* real, padded */
    double weight[PDX__BLOCK], offset[PDX__BLOCK], band[PDX__BLOCK];
    double tau[PDX__BLOCK], nu[PDX__BLOCK];
    double mean[PDX__BLOCK], var[PDX__BLOCK], trouble[PDX__BLOCK], linear[PDX__BLOCK];
} pdx__ep_rows;

/* Rows of block b; their columns into ep->block. */
void pdx__ep_load(const pdx__ep *ep, int64_t b, pdx__ep_rows *r);

#endif
