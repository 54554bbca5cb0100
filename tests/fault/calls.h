/* The public calls whose allocations are made to fail, each with small inputs made beforehand. */
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

extern const fault_call fault_calls[];
extern const size_t fault_call_count;

/* Files go into `folder`. */
pdx_status fault_calls_begin(const char *folder);
void fault_calls_end(void);

#endif
