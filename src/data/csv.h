/* CSV in (RFC 4180), record by record: quoted fields may hold commas, doubled quotes and line ends.
 * Every record must have as many fields as the first, the header. */
#ifndef PDX_DATA_CSV_H
#define PDX_DATA_CSV_H

#include "core/file.h"

typedef struct pdx__csv {
    const char *path; /* as given: borrowed */
    int64_t line;     /* on which the record last returned starts, from 1 */
    int64_t record;   /* its number, from 1: the header is record 1; blank lines do not count */
    int64_t count;    /* of its fields */
    char **field;     /* count fields, each UTF-8 and NUL-terminated; until the next call */
    size_t *length;
    struct pdx__csv_state *state;
} pdx__csv;

pdx_status pdx__csv_open(pdx__csv *csv, const char *path); /* "-" is standard input */
/* *more = 0 at the end of the file. */
pdx_status pdx__csv_next(pdx__csv *csv, int *more);
void pdx__csv_close(pdx__csv *csv); /* any time */

#endif
