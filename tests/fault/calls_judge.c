/* The local judge, on a very small model; the judge behind HTTP, on answers that its journal has.
 */
#include <stdio.h>
#include <string.h>
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

static pdx_status open_http(pdx_judge **out) {
    pdx_http_options http;
    pdx_http_judge_options options;
    pdx_http_options_init(&http);
    pdx_http_judge_options_init(&options);
    http.url = "http://127.0.0.1:1";
    http.model = "m";
    http.journal = fault_path("journal");
    http.offline = 1;
    options.kind = PDX_HTTP_VERDICT;
    options.label_ids = "1,2";
    return pdx_judge_open_http(out, &http, &options);
}

static pdx_status judge_open_http(void) {
    pdx_judge *out = UNSET(pdx_judge);
    MAKES(out, open_http(&out));
    pdx_judge_free(out);
    return PDX_OK;
}

static pdx_status batch_write(void) {
    pdx_judge *judge;
    pdx_batch_result result;
    MUST(open_http(&judge));
    pdx_status status =
        pdx_judge_batch_write(&result, judge, pairs, fault_path("requests"), NULL, NULL);
    unlink(fault_path("requests"));
    pdx_judge_free(judge);
    return status;
}

static pdx_status batch_read(void) {
    pdx_judge *judge;
    pdx_batch_result result;
    MUST(open_http(&judge));
    pdx_status status =
        pdx_judge_batch_read(&result, judge, fault_path("results"), fault_path("judged"));
    pdx_judge_free(judge);
    return status;
}

static pdx_status judge_run_http(void) {
    pdx_judge *judge;
    pdx_judge_result result;
    MUST(open_http(&judge));
    pdx_status status = pdx_judge_run(&result, judge, pairs, fault_path("judged"), NULL);
    unlink(fault_path("judged"));
    unlink(fault_path("judged.part"));
    pdx_judge_free(judge);
    return status;
}

/* A result for every request: what a batch service would make of the file. */
static pdx_status answer_requests(void) {
    pdx_judge *judge;
    pdx_batch_result batch;
    MUST(open_http(&judge));
    MUST(pdx_judge_batch_write(&batch, judge, pairs, fault_path("asked"), NULL, NULL));
    FILE *in = fopen(fault_path("asked"), "r"), *out = fopen(fault_path("results"), "w");
    static char line[1 << 16];
    if (!in || !out) return PDX_EIO;
    while (fgets(line, sizeof line, in)) {
        char *end = strstr(line, ",\"method\"");
        if (!end) return PDX_EPARSE;
        *end = 0;
        fprintf(out,
                "%s,\"response\":{\"status_code\":200,\"body\":{\"model\":\"m\",\"choices\":[{"
                "\"message\":{\"content\":\"Verdict: A\"},\"finish_reason\":\"stop\"}]}}}\n",
                line);
    }
    fclose(in);
    if (fclose(out) != 0) return PDX_EIO;
    MUST(pdx_judge_batch_read(&batch, judge, fault_path("results"), fault_path("judged")));
    pdx_judge_free(judge);
    return PDX_OK;
}

const fault_call fault_judge_calls[] = {
    {"judge_open_local", judge_open_local, 1},
    {"judge_run", judge_run, 1},
    {"judge_open_http", judge_open_http, 1},
    {"judge_batch_write", batch_write, 1},
    {"judge_batch_read", batch_read, 1},
    {"judge_run_http", judge_run_http, 1},
    {NULL, NULL, 0},
};

pdx_status fault_judge_begin(void) {
    pdx_dataset_files files = {.pairs = fault_path("pairs.jsonl")};
    MUST(pdx_dataset_load(&pairs, &files, NULL));
    return answer_requests();
}

void fault_judge_end(void) { pdx_dataset_free(pairs); }
