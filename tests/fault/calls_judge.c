/* The local judge, on a very small model. */
#include <stdio.h>
#include <unistd.h>

#include "calls.h"
#include "memory.h"

static pdx_dataset *pairs;

static pdx_status open_judge(pdx_judge **out) {
    pdx_local_options options;
    pdx_local_options_init(&options);
    options.threads = 1;
    return pdx_judge_open_local(out, "tests/golden/judge", &options);
}

static pdx_status judge_open_local(void) {
    pdx_judge *out = UNSET(pdx_judge);
    MAKES(out, open_judge(&out));
    pdx_judge_free(out);
    return PDX_OK;
}

/* With a judge of its own, for it keeps scratch memory. What an interrupted run leaves is kept by
 * contract, and removed here. */
static pdx_status judge_run(void) {
    pdx_judge *judge;
    MUST(open_judge(&judge));
    memory_prepared();
    pdx_judge_options options;
    pdx_judge_result result;
    pdx_judge_options_init(&options);
    options.limit = 2;
    pdx_status status = pdx_judge_run(&result, judge, pairs, fault_path("judged"), &options);
    unlink(fault_path("judged"));
    unlink(fault_path("judged.part"));
    pdx_judge_free(judge);
    return status;
}

const fault_call fault_judge_calls[] = {
    {"judge_open_local", judge_open_local, 1},
    {"judge_run", judge_run, 1},
    {NULL, NULL, 0},
};

pdx_status fault_judge_begin(void) {
    pdx_dataset_files files = {.pairs = fault_path("pairs.jsonl")};
    return pdx_dataset_load(&pairs, &files, NULL);
}

void fault_judge_end(void) { pdx_dataset_free(pairs); }
