/* The resolved records of the original system (Li et al. 2024): one record -> the 29 comparisons of
 * the built-in schema "li2024", in its order. */
#ifndef PDX_DATA_RESOLVED_H
#define PDX_DATA_RESOLVED_H

#include "core/json.h"

enum { PDX__ORIGINAL_PROPERTIES = 29, PDX__ORIGINAL_CASES = 5 };

/* What the original calls property i in its files ("grammar, spelling, ..."). The errors are found
 * in "accuracy" under "Minor", "Moderate", "Severe": NULL. */
const char *pdx__original_key(int32_t property);
/* "express_feeling", "intent_unclear", "w_constraints", "w_mistakes", "w_stances". */
const char *pdx__original_case(int32_t which);

/* From {"comparison": {<property>: {"comparison", "diff"}}}: cmp in {-1, 0, 1}; diff as it is
 * given, the comparison where it is not. Repetition enters as minus its value, in both. *applicable
 * = 0, and no values, where the annotator could not check the accuracy (999): the original leaves
 * such records out. Errors name the property. */
pdx_status pdx__original_values(const cJSON *record, double cmp[PDX__ORIGINAL_PROPERTIES],
                                double diff[PDX__ORIGINAL_PROPERTIES], int *applicable,
                                pdx__where where);
/* From the facts of a query ({"clear intent": "Yes", "explicit constraints": [..], ...}): bit i is
 * set where case i holds. `facts` may be NULL: none. */
uint32_t pdx__original_cases(const cJSON *facts);

#endif
