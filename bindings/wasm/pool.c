/* core/pool.h on the one thread that a page has. */
#include "core/pool.h"

int32_t pdx__pool_threads(int32_t wanted, int64_t tasks) {
    (void)wanted;
    (void)tasks;
    return 1;
}

pdx_status pdx__pool_run(int32_t threads, int64_t tasks, pdx__task_fn run, void *context,
                         const pdx_hooks *hooks, const char *what) {
    (void)threads;
    return pdx__pool_alone(tasks, run, context, hooks, what);
}

int pdx__pool_stopping(void) { return 0; }
