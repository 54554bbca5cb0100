/* The 30 surface properties of a text (schema "surface"): what can be measured with no model. */
#ifndef PDX_DATA_SURFACE_H
#define PDX_DATA_SURFACE_H

#include "core/alloc.h"

enum { PDX__SURFACE_COUNT = 30 };

/* The compiled patterns: immutable, made once a load, shared by threads. */
typedef struct pdx__surface pdx__surface;
pdx_status pdx__surface_create(pdx__surface **out);
void pdx__surface_free(pdx__surface *surface);

/* What one thread needs to measure: match data, buffers, word sets; grown as needed, reused. It
 * must be freed before its surface. */
typedef struct pdx__surface_scratch pdx__surface_scratch;
pdx_status pdx__surface_scratch_create(pdx__surface_scratch **out, const pdx__surface *surface);
void pdx__surface_scratch_free(pdx__surface_scratch *scratch);

/* Values of a response in the order of the schema into out[PDX__SURFACE_COUNT]; real ones are
 * rounded to 4 decimals, so that pdx_property_compare on them gives "cmp". `query` may be NULL.
 * PDX_EPARSE: not UTF-8, or a text on which a pattern exceeds its limits. The message names no file
 * or line: the caller, who knows them, adds them. */
pdx_status pdx__surface_measure(pdx__surface_scratch *scratch, const char *response,
                                size_t response_length, const char *query, size_t query_length,
                                double out[PDX__SURFACE_COUNT]);

#endif
