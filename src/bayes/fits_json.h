/* fits.json: what its writer (fits_json.c) and its reader (fits_read.c) share.
 *
 * Numbers are in round-trip precision, what is not known is null or absent. Unknown members are
 * passed over, so that later versions may add. Members beyond the contract of the programs: label,
 * ties, cut ("model": 3 ordinal, 4 Davidson), no_verdict, prior_scale, draws, the limits of
 * p_first, everything of the certificate ("run" in its place where no certificate was made), and of
 * pooled parts all but mean, sd and tau. */
#ifndef PDX_BAYES_FITS_JSON_H
#define PDX_BAYES_FITS_JSON_H

#include <stddef.h>

#include "posterior.h"

enum { PDX__METHODS = 4 };
extern const char *const pdx__method_names[PDX__METHODS];

/* Named numbers of a struct: one table drives writing and reading. */
typedef struct pdx__member {
    const char *name;
    enum { PDX__NUMBER, PDX__INT32, PDX__INT64, PDX__BOOL } kind;
    size_t offset;
} pdx__member;

typedef struct pdx__members {
    const pdx__member *row;
    size_t rows;
} pdx__members;

extern const pdx__members pdx__certificate_members, pdx__position_members, pdx__prediction_members,
    pdx__margin_members, pdx__cut_members, pdx__noise_members, pdx__posterior_members,
    pdx__tau_members, pdx__pooling_members, pdx__contrast_members;

/* A number of one column's noise. */
double *pdx__noise_at(pdx_noise *noise, const pdx__member *member);

#endif
