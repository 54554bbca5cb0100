/* The loop on the caller's own thread, and the clock: all that a build without threads has. */
#include <time.h>

#include "pool.h"

double pdx__seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int pdx__pool_asks_to_stop(const pdx_hooks *hooks, const char *what, int64_t done, int64_t total,
                           double start) {
    if (!hooks || !hooks->progress) return 0;
    pdx_progress progress = {what, done, total, pdx__seconds() - start};
    return hooks->progress(hooks->user, &progress) != 0;
}

pdx_status pdx__pool_alone(int64_t tasks, pdx__task_fn run, void *context, const pdx_hooks *hooks,
                           const char *what) {
    double start = pdx__seconds(), last = start;
    for (int64_t task = 0; task < tasks; ++task) {
        if (pdx__pool_stopping()) return pdx__fail(PDX_ECANCELED, "stopped on request");
        PDX__TRY(run(context, task, 0));
        double now = hooks && hooks->progress ? pdx__seconds() : last;
        if (now - last > 0.2 && task + 1 < tasks) {
            last = now;
            if (pdx__pool_asks_to_stop(hooks, what, task + 1, tasks, start))
                return pdx__fail(PDX_ECANCELED, "stopped on request");
        }
    }
    if (pdx__pool_asks_to_stop(hooks, what, tasks, tasks, start))
        return pdx__fail(PDX_ECANCELED, "stopped on request");
    return PDX_OK;
}
