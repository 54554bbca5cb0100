/* A pair on its way through the stages: its tasks, what each waits for, what becomes of answers.
 * Whoever drives it (run.c, batch.c) gets requests through `send` and hands answers back. */
#ifndef PDX_ANNOTATE_PIPELINE_H
#define PDX_ANNOTATE_PIPELINE_H

#include "annotate/annotator.h"
#include "annotate/rows.h"

typedef struct pdx__work pdx__work;
typedef struct pdx__task pdx__task;

enum { PDX__TASK_WAITS, PDX__TASK_ASKED, PDX__TASK_GOOD, PDX__TASK_FAILED };

/* One row to be: a stage of a pair, in one order or of one response, in one repeat. */
struct pdx__task {
    pdx__work *of;
    int32_t stage, order, side, repeat; /* order: PDX_ORDER_*, 0: none; side: -1 both */
    int32_t state;
    pdx__buf row; /* its line; empty: nothing to tell */

    /* Asking: unusable answers so far. A round is a chain of them; where a whole chain is from the
     * journal, the next round asks anew, with another seed. */
    pdx__turn *turn;
    int32_t turns, round, fresh; /* fresh: an answer of this round was not from the journal */
    int32_t corrections, attempts;
    int64_t input, output; /* tokens, as far as the server says */

    /* For the driver: equal requests wait for one answer. */
    char key[65];
    pdx__task *twin, *before, *after;
};

struct pdx__work {
    pdx__work *next; /* the driver's */
    int64_t pair;
    char *id, *query, *response[2], *reference; /* reference: NULL until there is one */
    cJSON **facts;                              /* [repeats]; NULL until they are known */
    pdx__task *task;
    int32_t count, left; /* left: tasks that are neither good nor failed */
};

typedef struct pdx__pipeline {
    const pdx_annotator *n;
    pdx_dataset *dataset;
    pdx__old_rows *rows; /* of an earlier run */
    int32_t structured, only_failed;
    pdx_annotate_result *result;
    char failure[320]; /* the first that may mend itself */
    int64_t missing;   /* failures that may mend themselves */
    void *driver;
    /* The request of a task; state ASKED. */
    pdx_status (*send)(void *driver, pdx__task *task, const pdx__ask *ask);
} pdx__pipeline;

/* Makes the tasks of a pair and starts those that can; NULL where --only-failed leaves it alone. */
pdx_status pdx__work_start(pdx__pipeline *p, int64_t pair, pdx__work **out);
void pdx__work_free(pdx__pipeline *p, pdx__work *work);
/* What a task was told; it ends, or asks again. Tasks that waited for it start. */
pdx_status pdx__task_told(pdx__pipeline *p, pdx__task *task, const pdx__told *told);
/* A task that will get no answer in this run gets a row that says so, unless it has one already. */
pdx_status pdx__task_stop(pdx__pipeline *p, pdx__task *task, const char *reason);
/* The request of a task, as it is or (guess) as it may be once what it waits for is there. */
pdx_status pdx__task_body(const pdx__pipeline *p, const pdx__task *task, int32_t guess,
                          pdx__buf *out);

/* run.c: defaults and ranges. */
pdx_status pdx__annotate_take_options(pdx_annotate_options *full,
                                      const pdx_annotate_options *given);

#endif
