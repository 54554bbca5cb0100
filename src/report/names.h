/* Names of properties for people. */
#ifndef PDX_REPORT_NAMES_H
#define PDX_REPORT_NAMES_H

#include <prefdissect/posterior.h>

/* The built-in schema whose ids all columns of a fit are; NULL where there is none. */
pdx_status pdx__names_for_people(pdx_schema **out, const pdx_posterior *fit);
/* The name of a column there, else its id. Borrowed of either. */
const char *pdx__name_for_people(const pdx_schema *names, const pdx_posterior *fit, int32_t column);

#endif
