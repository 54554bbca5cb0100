/* Strings to indices: each distinct string is stored once, numbered from 0 in order of arrival. */
#ifndef PDX_CORE_STRMAP_H
#define PDX_CORE_STRMAP_H

#include "alloc.h"

typedef struct pdx__strmap {
    char *text; /* all strings one after another, each with its NUL */
    size_t text_length, text_capacity;
    size_t *start; /* of string i in text */
    size_t start_capacity;
    uint32_t *slot; /* open addressing: index + 1, 0 is empty */
    size_t slots;
    int64_t count;
} pdx__strmap;

void pdx__strmap_free(pdx__strmap *map); /* a zeroed struct is an empty map */
/* Index of the string, added where it is new (*added = 1; `added` may be NULL). */
pdx_status pdx__strmap_add(pdx__strmap *map, const char *text, size_t length, int64_t *index,
                           int *added);
int64_t pdx__strmap_find(const pdx__strmap *map, const char *text, size_t length); /* -1: absent */
const char *pdx__strmap_get(const pdx__strmap *map, int64_t index); /* until the next add */

#endif
