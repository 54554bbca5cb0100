/* The fit as a page calls it: flat functions on one dataset at a time, exported from
 * prefdissect.wasm. Texts are UTF-8 with their length in bytes; what is asked for in words (data,
 * options) comes as JSON, what is answered is JSON; numbers in bulk are arrays. Every function that
 * returns a status sets pdxw_message on failure. Memory for arguments: malloc and free, exported
 * too. prefdissect.js is the caller; README.md says how a page uses that. */
#ifndef PDX_WASM_FIT_H
#define PDX_WASM_FIT_H

#include <prefdissect/posterior.h>

#include "core/buf.h"

/* The pairs that judges are fitted on; takes the place of those before.
 * `about`: {"columns":[D ids],"ids":[n ids],"groups":[{"name":text,"pairs":[numbers]}],
 * "records":N,"record":[n numbers]}. Without "groups": one group "all". "records" and "record":
 * where pairs stand in the original's file, if some of its N records were left out; without them
 * pair i is record i. `values`: [n][D] row-major comparisons, of one byte each (`width` 1: int8) or
 * of eight (`width` 8: double). */
pdx_status pdxw_open(const char *about, uint32_t length, const void *values, uint32_t width);
/* Reads the judgments at `path` (the original's list of "A"/"B" where the file begins with "[", by
 * a judge called `judge`; else judgments.jsonl, with the judges that its rows name) and fits every
 * judge in every group. `options`: {"name":value,...} with the names of pdx_fit_options, choices by
 * name as in fits.json, and "quantile_probs", "prior_scales" as lists; one more is
 * "skip_unknown":true, see pdx_judgments_options. */
pdx_status pdxw_fit(const char *path, const char *judge, const char *options, uint32_t length);
/* The text of fits.json for the last fit, with what there was to warn of as one more member
 * "warnings":[text]. Valid until the next call. */
const char *pdxw_fits(void);
const char *pdxw_message(void);
void pdxw_close(void);

/* Inside (options.c): what a page may say about a fit. Lists are allocated, options point to them.
 */
typedef struct pdxw_request {
    pdx_fit_options fit;
    int32_t skip_unknown;
    double *quantile_probs, *prior_scales;
} pdxw_request;
pdx_status pdxw_request_read(pdxw_request *out, const char *text, size_t length, int32_t columns);
void pdxw_request_free(pdxw_request *request);

#endif
