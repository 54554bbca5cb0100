/* What the two files of the original's format share. */
#ifndef PDX_DATA_FORMATS_LI2024_H
#define PDX_DATA_FORMATS_LI2024_H

#include <prefdissect/schema.h>

#include "core/json.h"

/* Comparisons and differences of a row of the published dataset, in the order of `schema`
 * ("li2024"). *applicable = 0 where an annotator could not check the accuracy. */
pdx_status pdx__li2024_values(const cJSON *row, const pdx_schema *schema, double *cmp, double *diff,
                              int *applicable, pdx__where where);

#endif
