/* Answers requests of row_source.h from chunks of a column file. */
#ifndef PDX_BAYES_ROW_SUMS_H
#define PDX_BAYES_ROW_SUMS_H

#include <prefdissect/columns.h>

#include "row_source.h"

/* As pdx_columns_sums; no more than `memory` bytes of the file stay in memory (0: all may). `hooks`
 * may be NULL. */
pdx_status pdx__row_sums(const pdx_columns *columns, int64_t first, int64_t count,
                         const double *request, int64_t request_length, double *sums,
                         int64_t sums_length, int32_t threads, int64_t memory,
                         const pdx_hooks *hooks);

#endif
