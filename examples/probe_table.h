/* Probes and shifts as a person reads and sees them, and as a spreadsheet does. */
#ifndef PREFDISSECT_PROBE_TABLE_H
#define PREFDISSECT_PROBE_TABLE_H

#include <prefdissect/prefdissect.h>
#include <stdio.h>

void print_probe_table(FILE *stream, const pdx_probe *probe);
void print_probe_csv(FILE *stream, const pdx_probe *probe);
void print_shift_table(FILE *stream, const pdx_shift *shift);
void print_shift_csv(FILE *stream, const pdx_shift *shift);

/* Predicted against measured: as a picture, and as a section of the page of the study's fits. NULL:
 * not asked for. */
void show_probe(const pdx_probe *probe, const pdx_study *study, const char *svg, const char *html);
void show_shift(const pdx_shift *shift, const pdx_study *study, const char *svg, const char *html);

#endif
