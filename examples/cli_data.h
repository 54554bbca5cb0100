/* The data options that programs share, and the loading that they ask for. */
#ifndef PREFDISSECT_CLI_DATA_H
#define PREFDISSECT_CLI_DATA_H

#include "cli.h"

typedef struct cli_data_options {
    const char *table;
    pdx_dataset_files files;
    cli_list judgments, labels, verdicts; /* where judgments come from */
    cli_list judges, where;               /* which of them count */
    const char *judge_by, *group_by, *schema;
    int32_t values, surface, skip_unknown;
} cli_data_options;

extern cli_data_options cli_data;
extern const cli_option cli_data_table[]; /* fills cli_data */

/* 1 where any data was named. */
int cli_data_given(void);
/* Loads the pairs only. */
void cli_load_dataset(pdx_dataset **dataset);
/* Loads what the options name; exits with a reason where that is not possible. */
void cli_load(pdx_dataset **dataset, pdx_judgments **judgments);

#endif
