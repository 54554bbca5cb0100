/* Judgments inside the library: columns, of which the rare ones are there only where a row says
 * something. */
#ifndef PDX_DATA_JUDGMENTS_H
#define PDX_DATA_JUDGMENTS_H

#include <prefdissect/judgments.h>

#include "core/strmap.h"

enum {
    PDX__RARE_LOGP_FIRST,
    PDX__RARE_LOGP_SECOND,
    PDX__RARE_COVERAGE,
    PDX__RARE_PROB_A,
    PDX__RARE_MARGIN,
    PDX__RARE_WEIGHT,
    PDX__RARE_OFFSET,
    PDX__RARE_COUNT
};

struct pdx_judgments {
    pdx__strmap judges;
    int64_t n;
    size_t capacity; /* of every column that is there */
    int64_t *pair;
    int32_t *judge;
    int8_t *order;
    int8_t *winner;
    int32_t *repeat;               /* NULL: all 0 */
    double *rare[PDX__RARE_COUNT]; /* NULL: all as pdx_judgment_init leaves them */
};

#endif
