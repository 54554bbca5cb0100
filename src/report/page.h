/* The page as page/assemble.py makes it of the files in page/: each part is what a slot is followed
 * by.
 */
#ifndef PDX_REPORT_PAGE_H
#define PDX_REPORT_PAGE_H

typedef struct pdx__page_part {
    const char *slot; /* "": the first part, before any slot; NULL ends the array */
    const char *text;
} pdx__page_part;
extern const pdx__page_part pdx__page[];

#endif
