/* Fits as a person reads them, and as a spreadsheet does. */
#ifndef PREFDISSECT_FIT_TABLE_H
#define PREFDISSECT_FIT_TABLE_H

#include <prefdissect/prefdissect.h>
#include <stdio.h>

/* 100 sigmoid(w): how often, in percent, a response that is ahead in one property alone wins. */
double percent(double weight);

/* A probability with three places; ">0.999" and "<0.001" where they do not suffice. */
const char *probability_text(double p, char out[16]);

/* A property's name for people where all columns are ids of one built-in schema ("more words" for
 * "words"), else its id. */
const char *property_name(const pdx_posterior *posterior, int32_t i);

/* Property numbers of a fit, the strongest weight first, into order[D]. */
void strongest_first(const pdx_posterior *posterior, int32_t *order);

/* One fit: its properties (the `top` strongest; 0: all), position effect, prediction, trust.
 * `truth` (may be NULL): a column of planted values beside. */
void print_fit_table(FILE *stream, const pdx_posterior *posterior, const pdx_posterior *truth,
                     int32_t top);
/* What the columns of print_fit_table mean. */
void print_fit_legend(FILE *stream, const pdx_study *study);
/* All fits, one row a property; a position effect is a row named "(position)", the logit of P(tie |
 * equal) one named "(tie)". */
void print_fits_csv(FILE *stream, const pdx_study *study);

/* Column numbers of the lower and upper end of the interval that tables show: 95 %, unless other
 * quantiles were asked for. */
void interval_columns(const pdx_posterior *posterior, int32_t *low, int32_t *high);

/* Fits with a certificate, and those of them where it did not hold. */
void count_checked(const pdx_study *study, int32_t *checked, int32_t *failed);

#endif
