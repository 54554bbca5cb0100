/* A plain table record by record: which field is what, and numbers with their limits. What is made
 * of the rows is in table.c (datasets) and columns_table.c (column files). */
#ifndef PDX_DATA_TABLE_H
#define PDX_DATA_TABLE_H

#include "data/csv.h"

enum {
    PDX__TABLE_Y,
    PDX__TABLE_MARGIN,
    PDX__TABLE_W,
    PDX__TABLE_OFFSET,
    PDX__TABLE_JUDGE,
    PDX__TABLE_GROUP,
    PDX__TABLE_SPECIAL
};

typedef struct pdx__table {
    pdx__csv csv;
    int64_t special[PDX__TABLE_SPECIAL]; /* field of each, -1: absent */
    int64_t fields;
    char **name;           /* of every field */
    const char **property; /* [properties] names */
    int64_t *field;        /* [properties] where each stands */
    int32_t properties;
} pdx__table;

/* Reads the header: exactly one of y and margin, at least one property, no name twice. */
pdx_status pdx__table_open(pdx__table *table, const char *path);
void pdx__table_close(pdx__table *table); /* any time */
/* A number of the current record in [least, most], finite. */
pdx_status pdx__table_number(const pdx__table *table, int64_t field, double least, double most,
                             double *out);

/* Tells hooks of row `done`, now and then; PDX_ECANCELED. */
typedef struct pdx__ticker {
    const pdx_hooks *hooks; /* may be NULL */
    double began, ticked;
} pdx__ticker;
pdx__ticker pdx__ticker_start(const pdx_hooks *hooks);
pdx_status pdx__ticker_tell(pdx__ticker *ticker, const char *what, int64_t done);

#endif
