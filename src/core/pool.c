/* The parallel loop on POSIX threads. The caller's own thread only watches: it calls progress five
 * times a second, however slow a task is. Where nothing is to be watched and there is one thread or
 * one task, no thread is made. */
#include "pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int32_t pdx__pool_threads(int32_t wanted, int64_t tasks) {
    long cores = wanted > 0 ? wanted : sysconf(_SC_NPROCESSORS_ONLN);
    if (cores > 256) cores = 256;
    if (cores > tasks) cores = (long)tasks;
    return cores < 1 ? 1 : (int32_t)cores;
}

typedef struct job {
    struct job *outer; /* whose task started this loop, or NULL */
    int64_t tasks;
    pdx__task_fn run;
    void *context;
    atomic_int_fast64_t next, done;
    atomic_int stop;
    pthread_mutex_t lock;
    pthread_cond_t finished;
    int32_t running;
    int64_t failed_task; /* under lock */
    pdx_status failure;
    char message[1024];
} job;

typedef struct worker {
    job *job;
    int32_t index;
    pthread_t thread;
} worker;

static void record_failure(job *j, int64_t task, pdx_status status) {
    pthread_mutex_lock(&j->lock);
    if (j->failure == PDX_OK || task < j->failed_task) {
        j->failure = status;
        j->failed_task = task;
        snprintf(j->message, sizeof j->message, "%s", pdx_error_message());
    }
    pthread_mutex_unlock(&j->lock);
    atomic_store(&j->stop, 1);
}

static _Thread_local job *working_for;

int pdx__pool_stopping(void) {
    for (job *j = working_for; j; j = j->outer)
        if (atomic_load(&j->stop)) return 1;
    return 0;
}

static void *work(void *argument) {
    worker *w = argument;
    job *j = w->job;
    working_for = j;
    while (!pdx__pool_stopping()) {
        int64_t task = atomic_fetch_add(&j->next, 1);
        if (task >= j->tasks) break;
        pdx_status status = j->run(j->context, task, w->index);
        int only_stopped = status == PDX_ECANCELED && pdx__pool_stopping();
        if (status != PDX_OK && !only_stopped) record_failure(j, task, status);
        atomic_fetch_add(&j->done, 1);
    }
    pthread_mutex_lock(&j->lock);
    --j->running;
    pthread_cond_signal(&j->finished);
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* All but those that a fault in the thread itself raises: handlers of the host run on its own. */
static void signals_for_the_host(sigset_t *set) {
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP};
    sigfillset(set);
    for (size_t i = 0; i < sizeof own / sizeof *own; ++i) sigdelset(set, own[i]);
}

pdx_status pdx__pool_run(int32_t threads, int64_t tasks, pdx__task_fn run, void *context,
                         const pdx_hooks *hooks, const char *what) {
    int watched = hooks && hooks->progress;
    if (tasks < 1 || (!watched && (threads <= 1 || tasks == 1)))
        return pdx__pool_alone(tasks, run, context, hooks, what);
    if (threads < 1) threads = 1;
    if (threads > tasks) threads = (int32_t)tasks;
    job j = {.outer = working_for,
             .tasks = tasks,
             .run = run,
             .context = context,
             .failed_task = INT64_MAX};
    worker *workers = pdx__alloc_zero((size_t)threads, sizeof *workers);
    if (!workers) return PDX_ENOMEM;
    pthread_mutex_init(&j.lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&j.finished, &clock);
    pthread_condattr_destroy(&clock);
    double start = pdx__seconds();
    int32_t started = 0;
    j.running = threads;
    sigset_t blocked, before;
    signals_for_the_host(&blocked);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    for (; started < threads; ++started) {
        workers[started] = (worker){.job = &j, .index = started};
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_mutex_lock(&j.lock);
    j.running -= threads - started;
    int canceled = 0;
    while (j.running > 0) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += 200000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            ++until.tv_sec;
        }
        if (pthread_cond_timedwait(&j.finished, &j.lock, &until) == 0) continue;
        pthread_mutex_unlock(&j.lock);
        if (!canceled && pdx__pool_asks_to_stop(hooks, what, atomic_load(&j.done), tasks, start)) {
            canceled = 1;
            atomic_store(&j.stop, 1);
        }
        pthread_mutex_lock(&j.lock);
    }
    pthread_mutex_unlock(&j.lock);
    for (int32_t i = 0; i < started; ++i) pthread_join(workers[i].thread, NULL);
    pthread_mutex_destroy(&j.lock);
    pthread_cond_destroy(&j.finished);
    pdx__free(workers);
    if (started == 0) return pdx__pool_alone(tasks, run, context, hooks, what);
    if (j.failure != PDX_OK) {
        pdx__set_error_message(j.message);
        return j.failure;
    }
    if (canceled || pdx__pool_stopping() ||
        pdx__pool_asks_to_stop(hooks, what, tasks, tasks, start))
        return pdx__fail(PDX_ECANCELED, "stopped on request");
    return PDX_OK;
}
