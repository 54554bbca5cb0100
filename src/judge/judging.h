/* A run of a judge, inside: what judge.c (orders, repeats, progress) and rows.c (the file) share.
 */
#ifndef PDX_JUDGE_JUDGING_H
#define PDX_JUDGE_JUDGING_H

#include "judge/judge.h"

typedef struct pdx__judging {
    pdx_judge *judge;
    pdx_dataset *dataset;
    const pdx_judge_options *options;
    const char *name;
    pdx_judge_result *result;
    char *part;
    int file;
    int64_t pairs, questions, done; /* questions: pairs x repeats */
    unsigned char *have;            /* [questions] bit 0: AB is there, bit 1: BA */
    unsigned char *winner[2];       /* [questions] 'A', 'B', 'T' or 0, in order AB and BA */
    int64_t *order;                 /* [pairs] pair numbers, pairs of one query side by side */
    int64_t at;                     /* place in `order`, times repeats, of the next question */
    int32_t told_time;
    int64_t fresh, ticked; /* questions answered in this run; told by progress */
    double start, last_tick, last_log;
    double first_sum, coverage_sum;
    int64_t verdicts, covered;
    pdx__buf refused;  /* rows of answers that will never come */
    char failure[320]; /* the first one */
} pdx__judging;

/* ---- rows.c ---- */

/* PATH.part, locked; the rows of an interrupted run. */
pdx_status pdx__rows_open(pdx__judging *r, const char *path);
pdx_status pdx__rows_answer(pdx__judging *r, const pdx__question *q, int32_t order,
                            const pdx__answer *a);
/* An answer that is missing: counted, and kept as a row for the end where it is to have one. */
pdx_status pdx__rows_missing(pdx__judging *r, const pdx__question *q, int32_t order,
                             const pdx__answer *a);
/* Those rows, and the whole file under its name. */
pdx_status pdx__rows_finish(pdx__judging *r, const char *path);

#endif
