/* What groups share, as a person reads it. */
#ifndef PREFDISSECT_POOLED_TABLE_H
#define PREFDISSECT_POOLED_TABLE_H

#include <prefdissect/prefdissect.h>
#include <stdio.h>

/* The average of the groups (its `top` strongest properties; 0: all), how far they scatter about it
 * and where one of them surely differs. */
void print_pooled_table(FILE *stream, const pdx_pooled *pooled, int32_t top);
/* How the ways to pool foretell unseen labels, in one line; 0: not known. */
int pooling_line(const pdx_study *study, char *out, size_t size);

#endif
