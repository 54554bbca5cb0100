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
/* The rows' sites as the kernels take them: to be updated in place. */
static inline pdx__row_sites pdx__ep_row_sites(const pdx__workspace *workspace, pdx__ep_rows *r) {
    return (pdx__row_sites){.count = r->count,
                            .mean = r->mean,
                            .var = r->var,
                            .weight = r->weight,
                            .offset = r->offset,
                            .band = r->band,
                            .tau = r->tau,
                            .nu = r->nu,
                            .trouble = r->trouble,
                            .nodes = PDX__NODES,
                            .z = workspace->z,
                            .w = workspace->w};
}
/* Sites of a quadratic lower bound of -w g that touches it at eta (Jaakkola & Jordan 2000): a start
 * from which nothing overshoots, however far the offsets are or heavy the rows. */
void pdx__ep_bound_sites(pdx__ep_rows *r);
/* One row's site by a rule of its own, where the nodes fail. */
void pdx__ep_robust_site(pdx__ep_rows *r, int32_t i);
/* log E_q[likelihood/site] of such a row. */
double pdx__ep_robust_ratio(const pdx__ep_rows *r, int32_t i);
/* loo[rows]: log predictive likelihood of each row left out; y of the block's rows. `whole` as in
 * pdx__ep_report. */
void pdx__ep_left_out(const pdx__workspace *workspace, const pdx__ep_rows *r, const double *y,
                      int whole, double *loo);

#endif
