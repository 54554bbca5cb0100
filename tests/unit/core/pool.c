/* The parallel loop: every task once, the lowest failure, progress and cancellation. */
#include <prefdissect/prefdissect.h>

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "check.h"
#include "core/pool.h"

typedef struct tally {
    atomic_int runs[1000];
    int32_t fail_from;
    int32_t threads;
    long nanoseconds;
} tally;

static void pause_for(long nanoseconds) {
    struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
    nanosleep(&time, NULL);
}

static pdx_status count(void *context, int64_t task, int32_t worker) {
    tally *t = context;
    if (worker < 0 || worker >= t->threads) return pdx__fail(PDX_EINVAL, "worker %d", worker);
    atomic_fetch_add(&t->runs[task], 1);
    if (t->nanoseconds) pause_for(t->nanoseconds);
    if (t->fail_from && task >= t->fail_from)
        return pdx__fail(PDX_ENUMERIC, "task %lld", (long long)task);
    return PDX_OK;
}

static void each_task_once(void) {
    for (int32_t threads = 1; threads <= 9; threads += 4) {
        tally t = {.threads = threads};
        OK(pdx__pool_run(threads, 1000, count, &t, NULL, "tasks"));
        for (int i = 0; i < 1000; ++i) CHECK_INT(t.runs[i], 1);
    }
    tally none = {.threads = 1};
    OK(pdx__pool_run(4, 0, count, &none, NULL, "tasks"));
    CHECK_INT(pdx__pool_threads(3, 2), 2);
    CHECK_INT(pdx__pool_threads(3, 0), 1);
    CHECK(pdx__pool_threads(0, 1000) >= 1);
}

static void the_lowest_failure_is_told(void) {
    for (int round = 0; round < 50; ++round) {
        tally t = {.threads = 4, .fail_from = 17};
        FAILS(pdx__pool_run(4, 1000, count, &t, NULL, "tasks"), PDX_ENUMERIC, "task 17");
    }
}

typedef struct watcher {
    pthread_t owner;
    int calls, stop_at;
    int64_t done, total;
    double seconds;
} watcher;

static int32_t watch(void *user, const pdx_progress *progress) {
    watcher *w = user;
    CHECK(pthread_equal(w->owner, pthread_self()));
    CHECK_TEXT(progress->what, "tasks");
    CHECK(progress->done >= w->done && progress->done <= progress->total);
    w->done = progress->done;
    w->total = progress->total;
    w->seconds = progress->seconds;
    return ++w->calls == w->stop_at;
}

/* Also with one thread or one task: a slow task does not silence the progress. */
static void progress_is_told_while_tasks_run(void) {
    for (int32_t threads = 1; threads <= 2; ++threads) {
        tally t = {.threads = threads, .nanoseconds = 500000000};
        watcher w = {.owner = pthread_self()};
        pdx_hooks hooks = {.progress = watch, .user = &w};
        OK(pdx__pool_run(threads, 1, count, &t, &hooks, "tasks"));
        CHECK(w.calls >= 2);
        CHECK_INT(w.done, 1);
        CHECK_INT(w.total, 1);
    }
}

static void progress_may_cancel(void) {
    for (int32_t threads = 1; threads <= 3; ++threads) {
        tally t = {.threads = threads, .nanoseconds = 2000000};
        watcher w = {.owner = pthread_self(), .stop_at = 1};
        pdx_hooks hooks = {.progress = watch, .user = &w};
        FAILS(pdx__pool_run(threads, 1000, count, &t, &hooks, "tasks"), PDX_ECANCELED, "request");
        CHECK_INT(w.calls, 1);
        int ran = 0;
        for (int i = 0; i < 1000; ++i) ran += t.runs[i];
        CHECK(ran > 0 && ran < 1000);
    }
}

int main(void) {
    RUN(each_task_once);
    RUN(the_lowest_failure_is_told);
    RUN(progress_is_told_while_tasks_run);
    RUN(progress_may_cancel);
    return check_result();
}
