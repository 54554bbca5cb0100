/* The annotator, on answers that its journal has. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "memory.h"

static pdx_dataset *pairs;
static pdx_schema *schema;

static pdx_status open_annotator(pdx_annotator **out) {
    pdx_http_options http;
    pdx_annotator_options options;
    pdx_http_options_init(&http);
    pdx_annotator_options_init(&options);
    http.url = "http://127.0.0.1:1";
    http.model = "m";
    http.journal = fault_path("annotated.journal");
    http.offline = 1;
    options.schema = schema;
    options.body = "{\"top_p\":0.5}";
    options.corrections = 0;
    return pdx_annotator_open(out, &http, &options);
}

static const pdx_annotate_options *few(void) {
    static pdx_annotate_options options;
    pdx_annotate_options_init(&options);
    options.limit = 2;
    return &options;
}

static pdx_status annotator_open(void) {
    pdx_annotator *out = UNSET(pdx_annotator);
    MAKES(out, open_annotator(&out));
    pdx_annotator_free(out);
    return PDX_OK;
}

static pdx_status batch_write(void) {
    pdx_annotator *annotator;
    pdx_annotate_batch result;
    MUST(open_annotator(&annotator));
    pdx_status status = pdx_annotate_batch_write(&result, annotator, pairs, fault_path("requests"),
                                                 fault_path("annotated"), few());
    unlink(fault_path("requests"));
    pdx_annotator_free(annotator);
    return status;
}

static pdx_status batch_read(void) {
    pdx_annotator *annotator;
    pdx_annotate_batch result;
    MUST(open_annotator(&annotator));
    pdx_status status =
        pdx_annotate_batch_read(&result, annotator, fault_path("results"), fault_path("annotated"));
    pdx_annotator_free(annotator);
    return status;
}

static pdx_status annotate(const char *path) {
    pdx_annotator *annotator;
    pdx_annotate_result result;
    MUST(open_annotator(&annotator));
    pdx_status status = pdx_annotate_run(&result, annotator, pairs, path, few());
    pdx_annotator_free(annotator);
    return status;
}

static pdx_status annotate_run(void) {
    pdx_status status = annotate(fault_path("fresh"));
    unlink(fault_path("fresh"));
    return status;
}

/* Over the rows of an earlier run. */
static pdx_status annotate_again(void) { return annotate(fault_path("annotated")); }

static pdx_status annotations_report(void) {
    pdx_annotate_stage stages[PDX_ANNOTATE_STAGES];
    return pdx_annotations_report(stages, fault_path("annotated"), NULL, NULL);
}

static pdx_status annotations_label(void) {
    pdx_status status = pdx_annotations_label(fault_path("pairs.jsonl"), fault_path("annotated"),
                                              fault_path("labelled"));
    unlink(fault_path("labelled"));
    return status;
}

static pdx_status annotate_import(void) {
    const char *path = fault_path("raw.jsonl");
    pdx_annotate_result result;
    pdx_status status = pdx_annotate_import(&result, &path, 1, fault_path("imported"));
    unlink(fault_path("imported"));
    return status;
}

/* One answer that suits every stage, for every request. */
static pdx_status answer_requests(void) {
    static const char answer[] =
        "{\\\"calm\\\":{\\\"response_1\\\":1,\\\"response_2\\\":2},\\\"rules\\\":{\\\"response_"
        "1\\\":[1],"
        "\\\"response_2\\\":[0,],},\\\"constraints\\\":[\\\"x\\\"],\\\"scenario\\\":\\\"Code\\\","
        "\\\"response_1\\\":{\\\"checkable\\\":true,\\\"errors\\\":[{\\\"severity\\\":\\\"bugs\\\","
        "\\\"what\\\":\\\"w\\\"}]},\\\"response_2\\\":{\\\"checkable\\\":true,\\\"errors\\\":[]}}";
    static char line[1 << 16];
    pdx_annotator *annotator;
    pdx_annotate_batch batch;
    MUST(open_annotator(&annotator));
    MUST(pdx_annotate_batch_write(&batch, annotator, pairs, fault_path("asked"),
                                  fault_path("annotated"), few()));
    FILE *in = fopen(fault_path("asked"), "r"), *out = fopen(fault_path("results"), "w");
    if (!in || !out) return PDX_EIO;
    while (fgets(line, sizeof line, in)) {
        char *end = strstr(line, ",\"method\"");
        if (!end) return PDX_EPARSE;
        *end = 0;
        fprintf(out,
                "%s,\"response\":{\"status_code\":200,\"body\":{\"model\":\"m\",\"choices\":[{"
                "\"message\":{\"content\":\"%s\"},\"finish_reason\":\"stop\"}]}}}\n",
                line, answer);
    }
    fclose(in);
    if (fclose(out) != 0) return PDX_EIO;
    pdx_status status =
        pdx_annotate_batch_read(&batch, annotator, fault_path("results"), fault_path("annotated"));
    pdx_annotator_free(annotator);
    return status;
}

const fault_call fault_annotate_calls[] = {
    {"annotator_open", annotator_open, 1},
    {"annotate_batch_write", batch_write, 1},
    {"annotate_run", annotate_run, 1},
    {"annotate_run again", annotate_again, 1},
    {"annotations_label", annotations_label, 1},
    {"annotate_import", annotate_import, 1},
    {"annotations_report", annotations_report, 1},
    /* Last: the journal grows by every try. */
    {"annotate_batch_read", batch_read, 1},
    {NULL, NULL, 0},
};

pdx_status fault_annotate_begin(void) {
    static const char text[] =
        "{\"properties\":[{\"id\":\"calm\",\"stage\":\"query-free\",\"scale\":[0,3]},"
        "{\"id\":\"rules\",\"stage\":\"query-specific\",\"depends_on\":\"constraints\","
        "\"scale\":[0,3]},{\"id\":\"bugs\",\"stage\":\"error\",\"rule\":\"count\"}]}";
    FILE *file = fopen(fault_path("annotated.json"), "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) return PDX_EIO;
    MUST(pdx_schema_load(&schema, fault_path("annotated.json")));
    static const char raw[] =
        "{\"tag\":\"0_query-info\",\"output\":\"{\\\"clear intent\\\":\\\"No\\\","
        "\\\"explicit constraints\\\":[\\\"x\\\"]}\"}\n"
        "{\"tag\":\"0_query-free-features-pair\",\"output\":\"{\\\"polite\\\":{\\\"response 1\\\":"
        "\\\"2\\\",\\\"response 2\\\":1}}\"}\n"
        "{\"tag\":\"0_query-aware-once-features-pair\",\"output\":\"{}\"}\n";
    file = fopen(fault_path("raw.jsonl"), "w");
    if (!file || fputs(raw, file) < 0 || fclose(file) != 0) return PDX_EIO;
    pdx_dataset_files files = {.pairs = fault_path("pairs.jsonl")};
    MUST(pdx_dataset_load(&pairs, &files, NULL));
    MUST(answer_requests());
    MUST(answer_requests()); /* what depended on the first */
    return annotate(fault_path("annotated"));
}

void fault_annotate_end(void) {
    pdx_dataset_free(pairs);
    pdx_schema_free(schema);
}
