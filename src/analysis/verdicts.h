/* Verdicts of judges as a table. */
#ifndef PDX_ANALYSIS_VERDICTS_H
#define PDX_ANALYSIS_VERDICTS_H

#include "analysis.h"

/* PDX_WINNER_* of each judge on each pair into *out[count][pairs]; NONE outside the group or where
 * there is none. judges NULL: all, `count` of them. */
pdx_status pdx__verdicts_create(int8_t **out, const pdx_judgments *judgments,
                                const pdx_dataset *dataset, const int32_t *judges, int32_t count,
                                int32_t group);

#endif
