/* EP's second-order correction from the skewness of its sites. Private to EP. */
#ifndef PDX_BAYES_EP_SECOND_H
#define PDX_BAYES_EP_SECOND_H

#include "ep_rows.h"

enum { PDX__SECOND_ROWS = 20000, PDX__SECOND_COLUMNS = 64 }; /* beyond: not worth its time */

typedef struct pdx__ep_second {
    double *white;  /* [ld][PDX__BLOCK] rows in coordinates where q is standard normal */
    double *tensor; /* [d(d+1)(d+2)/6] */
} pdx__ep_second;

/* Memory and zeros. */
pdx_status pdx__ep_second_start(pdx__ep_second *second, pdx__ep *ep);
/* One block: third[i] = third cumulant of eta over var^3, var[i]. */
void pdx__ep_second_add(pdx__ep_second *second, pdx__ep *ep, const pdx__ep_rows *r,
                        const double *third);
/* What log evidence lacks, and the factor of each variance into widen[d]. along[k]: sum over rows
 * of third (covariance x)_k^3. */
double pdx__ep_second_finish(pdx__ep_second *second, pdx__ep *ep, const double *covariance,
                             const double *along, double *widen);

#endif
