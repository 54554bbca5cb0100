/* Fields of rows that choose and group them: "where" filters and "group_by" lists. */
#ifndef PDX_DATA_FIELDS_H
#define PDX_DATA_FIELDS_H

#include "data/scan.h"

enum { PDX__MOST_FIELDS = 16 };

/* "a,b,c" cut into names. */
typedef struct pdx__names {
    char *text;
    int32_t count;
    const char *name[PDX__MOST_FIELDS];
} pdx__names;
/* `what` names the option in errors. NULL text: no names. */
pdx_status pdx__names_parse(pdx__names *names, const char *text, const char *what);
void pdx__names_free(pdx__names *names);
int32_t pdx__names_find(const pdx__names *names, pdx__span key); /* -1: not one of them */

/* "field=value,field=value": every term must hold. */
typedef struct pdx__filter {
    pdx__names terms; /* the fields */
    const char *value[PDX__MOST_FIELDS];
    uint32_t known; /* terms whose field some row had, as bits */
} pdx__filter;
pdx_status pdx__filter_parse(pdx__filter *filter, const char *text);
void pdx__filter_free(pdx__filter *filter);
/* Shows the filter a member of a row: adds its term to *had, and to *held where the value fits. */
void pdx__filter_member(pdx__filter *filter, const pdx__scan *member, uint32_t *had,
                        uint32_t *held);
uint32_t pdx__filter_all(const pdx__filter *filter); /* the bits of all terms */

/* 1 where the value reads `text`, or one of its items does. */
int pdx__value_is(pdx__span value, const char *text);

#endif
