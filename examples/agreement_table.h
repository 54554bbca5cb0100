/* The --agreement part of pdx-compare. */
#ifndef PREFDISSECT_AGREEMENT_TABLE_H
#define PREFDISSECT_AGREEMENT_TABLE_H

/* Loads the data that the options name and writes how far judges agree: with each other, or only
 * with `gold` where it is not NULL; all groups, or `group`; and where `svg` is not
 * NULL, the picture of all pairs or of `group` into that file. */
void write_agreement(const char *gold, const char *group, const char *svg);

#endif
