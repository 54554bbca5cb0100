/* The steps that EP is made of, for models made of several EPs (hierarchy_ep.c). */
#ifndef PDX_BAYES_EP_STEPS_H
#define PDX_BAYES_EP_STEPS_H

#include "ep.h"

/* What a pass over the rows does with their sites: keeps them, sets them by the bound at the mean,
 * or updates them by EP. */
typedef enum pdx__pass_kind { PDX__PASS_KEEP, PDX__PASS_BOUND, PDX__PASS_EP } pdx__pass_kind;

/* Doubles of an EP over `width` columns, and the struct on that memory (64-byte aligned) and
 * column[width]. Blocks of rows and their sums lie in the workspace and hold one pass at a time. */
size_t pdx__ep_doubles(int32_t width);
pdx_status pdx__ep_place(pdx__ep *ep, const pdx__problem *problem, pdx__workspace *workspace,
                         double *memory, int32_t *column);
/* First sites: of a fit of the same design (`warm`; its tau and nu may be the EP's own arrays), or
 * by the curvature near zero. 1: the mode may be far from there, so begin with passes by the
 * bound. */
int pdx__ep_seed(pdx__ep *ep, const pdx__sites *warm);
void pdx__ep_pass(pdx__ep *ep, pdx__pass_kind kind, double damping);
/* After a pass: precision (lower triangle of lam[ld][ld]) and linear part of all sites and
 * priors. */
void pdx__ep_natural(const pdx__ep *ep, double *lam, double *linear);
/* q from ep->lam, whose lower triangle is destroyed, and ep->linear. 0: it is not proper. `change`:
 * from the mean and sd before. */
int pdx__ep_solve(pdx__ep *ep, double *change);
void pdx__ep_update_priors(pdx__ep *ep, double damping);

#endif
