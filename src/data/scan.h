/* A scanner for one JSON text, mostly a line, that makes no tree: it walks the members of an object
 * or the items of a list and checks the whole grammar on the way, UTF-8 included. For files of a
 * million rows; cJSON behind core/json.h is its oracle in the tests. What it refuses, it names with
 * file, line and field. A lone surrogate escape is no error and reads as U+FFFD, and so does an
 * escaped NUL.
 */
#ifndef PDX_DATA_SCAN_H
#define PDX_DATA_SCAN_H

#include "core/buf.h"

typedef enum pdx__kind {
    PDX__KIND_NULL,
    PDX__KIND_TRUE,
    PDX__KIND_FALSE,
    PDX__KIND_NUMBER,
    PDX__KIND_STRING, /* the span lies between the quotes, escapes as written */
    PDX__KIND_LIST,   /* the span takes in the brackets */
    PDX__KIND_OBJECT
} pdx__kind;

/* A value as it stands in the text. */
typedef struct pdx__span {
    const char *text;
    size_t length;
    pdx__kind kind;
} pdx__span;

typedef struct pdx__scan {
    const char *start, *at, *end;
    pdx__where where;
    int fresh;
    pdx__span key, value; /* of the member or item last returned */
} pdx__scan;

/* The text must be one object. Members come in their order; after the last one (*more = 0) the
 * whole text was checked. */
pdx_status pdx__scan_open(pdx__scan *scan, const char *text, size_t length, pdx__where where);
pdx_status pdx__scan_member(pdx__scan *scan, int *more);
/* The same for a text that must be one list, item by item. */
pdx_status pdx__scan_open_list(pdx__scan *scan, const char *text, size_t length, pdx__where where);
pdx_status pdx__scan_item(pdx__scan *scan, int *more);
/* Members of an object, items of a list that was a value: already checked, so these cannot fail. */
void pdx__scan_inside(pdx__scan *scan, pdx__span value);
int pdx__scan_next(pdx__scan *scan); /* 0 at the end */

int pdx__span_is(pdx__span string, const char *text); /* a string or key that reads `text` */
/* Appends what a string reads. */
void pdx__span_decode(pdx__span string, pdx__buf *out);
double pdx__span_number(pdx__span number);   /* infinite where it exceeds a double */
const char *pdx__span_type(pdx__span value); /* "a string", ... for messages */

/* The value of the current member in a checked form, or an error that names the field. */
pdx_status pdx__scan_double(const pdx__scan *scan, double *out); /* finite */
/* Strings, and numbers as they are written: ids. Clears `out` first. */
pdx_status pdx__scan_text(const pdx__scan *scan, pdx__buf *out);
/* A list of exactly `count` finite numbers. */
pdx_status pdx__scan_doubles(const pdx__scan *scan, int64_t count, double *out);
/* Fails at the current member: "file:line: field 'key': <format>". */
pdx_status pdx__scan_fail(const pdx__scan *scan, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
