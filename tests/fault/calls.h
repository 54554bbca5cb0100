/* The public calls whose allocations are made to fail, each with small inputs made beforehand. A
 * call returns the first status that is not PDX_OK, and frees what it made. */
#ifndef PDX_TEST_CALLS_H
#define PDX_TEST_CALLS_H

#include <prefdissect/prefdissect.h>

/* What a call returns in place of its status where it failed and left its result set. */
enum { RESULT_IS_SET = -1000 };

typedef struct fault_call {
    const char *name;
    pdx_status (*run)(void);
    int allocates; /* 0: it must do without */
} fault_call;

/* Tables that end with a NULL name. */
extern const fault_call fault_data_calls[], fault_fit_calls[], fault_judge_calls[],
    fault_annotate_calls[], fault_analysis_calls[], fault_probe_calls[];

/* Makes the inputs; files go into `folder`. */
pdx_status fault_data_begin(const char *folder);
pdx_status fault_fit_begin(void);
pdx_status fault_annotate_begin(void);
void fault_annotate_end(void);
pdx_status fault_judge_begin(void);
void fault_judge_end(void);
pdx_status fault_analysis_begin(void);
void fault_analysis_end(void);
pdx_status fault_probe_begin(void);
void fault_probe_end(void);
void fault_fit_end(void);
void fault_data_end(void);

/* Eight pairs in two groups, with 29 properties; two judges, both orders, log-probabilities. */
enum { PAIRS = 8, PROPERTIES = 29 };
extern double fault_values[PAIRS * PROPERTIES];
extern pdx_dataset *fault_dataset;
extern pdx_judgments *fault_judgments;
/* "folder/name", good for the next fifteen calls. */
const char *fault_path(const char *name);

#define MUST(call)                                                                                 \
    do {                                                                                           \
        pdx_status s_ = (call);                                                                    \
        if (s_ != PDX_OK) return s_;                                                               \
    } while (0)

/* For a call that makes a handle, and NULL on failure. */
#define MAKES(out, call)                                                                           \
    do {                                                                                           \
        pdx_status s_ = (call);                                                                    \
        if (s_ != PDX_OK) return (out) ? RESULT_IS_SET : s_;                                       \
    } while (0)

/* A handle that a failing call must set to NULL. */
#define UNSET(type) ((type *)&fault_dataset)

#endif
