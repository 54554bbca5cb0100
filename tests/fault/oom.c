/* Every allocation of every public call made to fail in turn: alone, and with all that follow. The
 * call must give PDX_ENOMEM (or do without), leave *out NULL, no block and no file behind. A new
 * public call gets a row in calls.c (covered.py looks). */
#include <dirent.h>
#include <unistd.h>

#include "calls.h"
#include "check.h"
#include "memory.h"

static char folder[] = "/tmp/pdx-oom-XXXXXX";

static int files_in_folder(void) {
    int count = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir)) ++count;
    if (dir) closedir(dir);
    return count;
}

static pdx_status attempt(const fault_call *call, long fail_at, int which, long *asked,
                          long *refused) {
    long live;
    int before = files_in_folder();
    memory_arm(fail_at, which);
    pdx_status status = call->run();
    memory_disarm(asked, refused, &live);
    if (status == RESULT_IS_SET)
        CHECK_FAIL("%s, allocation %ld refused: its result is set", call->name, fail_at);
    else if (status != PDX_OK && (status != PDX_ENOMEM || !*refused))
        CHECK_FAIL("%s, allocation %ld refused: %s: %s", call->name, fail_at,
                   pdx_status_name(status), pdx_error_message());
    if (live)
        CHECK_FAIL("%s, allocation %ld refused: %ld blocks are left", call->name, fail_at, live);
    if (status != PDX_OK && files_in_folder() != before)
        CHECK_FAIL("%s, allocation %ld refused: a file is left", call->name, fail_at);
    return status;
}

static void exhaust(const fault_call *call) {
    long asked, refused;
    int failures = check_failures;
    /* The first calls fill what libraries keep for good (stdio, thread stacks). */
    for (int i = 0; i < 2; ++i) OK(call->run());
    OK(attempt(call, 0, MEMORY_NONE, &asked, &refused));
    long start = memory_preparation(), total = asked, tries = 0;
    CHECK(call->allocates == (total > start));
    for (int which = MEMORY_ONE; which <= MEMORY_ALL; ++which)
        /* Each of the first fifty, then ever fewer: loops repeat themselves. */
        for (long k = start; k < total && check_failures < failures + 3;
             k += 1 + (k - start) / 50, ++tries)
            attempt(call, k, which, &asked, &refused);
    printf("%s: %ld allocations, %ld tries\n", call->name, total - start, tries);
}

static void begin(void) {
    OK(fault_data_begin(folder));
    OK(fault_fit_begin());
    OK(fault_annotate_begin());
    OK(fault_judge_begin());
    OK(fault_analysis_begin());
    OK(fault_probe_begin());
}

static void exhaust_all(const fault_call *calls) {
    for (; calls->name; ++calls) {
        check_test = calls->name;
        ++check_tests;
        exhaust(calls);
    }
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    RUN(begin);
    exhaust_all(fault_data_calls);
    exhaust_all(fault_fit_calls);
    exhaust_all(fault_annotate_calls);
    fault_annotate_end();
    exhaust_all(fault_judge_calls);
    fault_judge_end();
    exhaust_all(fault_analysis_calls);
    exhaust_all(fault_probe_calls);
    fault_probe_end();
    fault_analysis_end();
    fault_fit_end();
    fault_data_end();
    char command[64];
    snprintf(command, sizeof command, "rm -r %s", folder);
    if (system(command) != 0) return 1;
    return check_result();
}
