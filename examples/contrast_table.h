/* The --contrast part of pdx-compare. */
#ifndef PREFDISSECT_CONTRAST_TABLE_H
#define PREFDISSECT_CONTRAST_TABLE_H

#include <prefdissect/prefdissect.h>

/* Writes what the two judges of "A,B" weigh apart, property by property, in a group (NULL: the only
 * one), with discoveries at the false discovery rate `rate`; and the picture, where `svg` names a
 * file. */
void write_contrast(const pdx_study *study, const char *judges, const char *group, double rate,
                    const char *svg);

#endif
