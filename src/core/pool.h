/* Threads: a parallel loop over independent tasks. Tasks are handed out in order; a task must
 * depend on its index only (never on the worker), so results do not depend on the thread count. */
#ifndef PDX_CORE_POOL_H
#define PDX_CORE_POOL_H

#include "alloc.h"

/* One task. `worker` in [0, threads) picks scratch memory. */
typedef pdx_status (*pdx__task_fn)(void *context, int64_t task, int32_t worker);

int32_t pdx__pool_threads(int32_t wanted, int64_t tasks); /* wanted <= 0: all cores; <= tasks */

/* Runs tasks 0..tasks-1 on `threads` threads (from pdx__pool_threads). `hooks` may be NULL; its
 * progress is called on the caller's thread with `what`. The first failure (of the lowest task that
 * failed) is returned with its message; no task is started after one was seen. With one thread
 * and no progress callback everything runs on the caller's. */
pdx_status pdx__pool_run(int32_t threads, int64_t tasks, pdx__task_fn run, void *context,
                         const pdx_hooks *hooks, const char *what);

/* The same on the caller's thread, progress between tasks (pool_alone.c). */
pdx_status pdx__pool_alone(int64_t tasks, pdx__task_fn run, void *context, const pdx_hooks *hooks,
                           const char *what);
/* Shows the progress of a loop that began at `start` seconds: 1 where its answer is to stop. */
int pdx__pool_asks_to_stop(const pdx_hooks *hooks, const char *what, int64_t done, int64_t total,
                           double start);

/* 1 where the loop that this thread works for has been asked to stop: a long task looks now and
 * then and returns PDX_ECANCELED. */
int pdx__pool_stopping(void);

/* Seconds of a monotonic clock. */
double pdx__seconds(void);

#endif
