/* Memory. Every size is count x size with the overflow checked; every block is freed by pdx__free.
 * The tests put themselves in place of malloc, so there is no hook here. */
#ifndef PDX_CORE_ALLOC_H
#define PDX_CORE_ALLOC_H

#include "status.h"

/* NULL where it fails, and then pdx_error_message() says "out of memory". A count of zero gives a
 * block of one byte, so NULL always means failure. */
void *pdx__alloc(size_t count, size_t size);
void *pdx__alloc_zero(size_t count, size_t size);
void *pdx__alloc_aligned(size_t count, size_t size); /* 64 bytes, contents zero */
char *pdx__strdup(const char *text);
char *pdx__strndup(const char *text, size_t length);
void pdx__free(void *block);

/* Grows *block (of *capacity elements) so that it holds at least `count`; doubles. */
pdx_status pdx__grow(void *block_address, size_t *capacity, size_t count, size_t size);

#endif
