/* What the analysis programs share: getting fits, and numbers as JSON and as text. */
#ifndef PREFDISSECT_ANALYSIS_WRITE_H
#define PREFDISSECT_ANALYSIS_WRITE_H

#include "cli_data.h"

/* Fits from files of pdx-fit and folders of the original's weights, all in one study; exits where
 * two files hold the same judge and group. */
void load_fits(pdx_study **out, const cli_list *fits, const cli_list *weights);
/* Fits of the given data by the defaults, of the judges that --judge names; `predict` 1: with
 * held-out predictions. */
void fit_now(pdx_study **out, const pdx_dataset *dataset, const pdx_judgments *judgments,
             int predict);
/* The fit of a judge in a group; NULL: the only one there is. Exits where that does not say which,
 * listing what there is. */
const pdx_posterior *choose_fit(const pdx_study *study, const char *judge, const char *group);

/* A number as JSON: enough digits to read back the same; null where it is not finite. */
void print_number(FILE *stream, double value);
/* "name":{"value":..,"low":..,"high":..,"n":..} */
void print_rate(FILE *stream, const char *name, const pdx_rate *rate);
/* A number for a table, "-" where it is not known, in `width` characters. */
void print_cell(FILE *stream, int width, int places, double value);

#endif
