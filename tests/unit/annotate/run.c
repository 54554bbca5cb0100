/* A run on a scripted transport: each fault at each place, in every order of replies, ends in
 * complete rows or in a state that the next run completes; nothing that was answered is asked
 * again. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "annotate/annotator.h"
#include "check.h"
#include "core/file.h"
#include "fake_transport.h"

static char folder[] = "/tmp/pdx-annotate-XXXXXX";
static char path[2][64];
static fake net;
static pdx_dataset *pairs;

/* One answer that suits every stage of this schema. */
static const char answer[] =
    "{\\\"calm\\\":{\\\"response_1\\\":1,\\\"response_2\\\":2},\\\"rules\\\":{\\\"response_1\\\":["
    "1],"
    "\\\"response_2\\\":[0]},\\\"constraints\\\":[\\\"x\\\"],\\\"scenario\\\":\\\"Code\\\","
    "\\\"rating\\\":2,\\\"response_1\\\":{\\\"checkable\\\":true,\\\"errors\\\":[]},"
    "\\\"response_2\\\":{\\\"checkable\\\":true,\\\"errors\\\":[]}}";

static void say(pdx__reply *out, const char *text, const char *finish) {
    char body[2048];
    snprintf(body, sizeof body,
             "{\"model\":\"m-1\",\"choices\":[{\"message\":{\"content\":\"%s\"},\"finish_reason\":"
             "\"%s\"}],\"usage\":{\"prompt_tokens\":10,\"completion_tokens\":5}}",
             text, finish);
    fake_say(out, body);
}

static void good(fake *f, int64_t n, const char *route, const char *body, pdx__reply *out) {
    (void)f, (void)route, (void)body;
    out->seconds = 0.1 + 0.05 * (double)(n * 7 % 5); /* out of order */
    say(out, answer, "stop");
}

enum {
    TOO_MANY,
    INTERNAL,
    BROKEN,
    CUT_JSON,
    SILENT,
    NO_CHOICES,
    REFUSED,
    CUT_OFF,
    EMPTY,
    ODD,
    FAULTS
};
typedef struct plan {
    int kind;
    int64_t from, to;
} plan;

static void faulty(fake *f, int64_t n, const char *route, const char *body, pdx__reply *out) {
    const plan *p = f->user;
    good(f, n, route, body, out);
    if (n < p->from || n >= p->to) return;
    pdx__free(out->body);
    out->body = NULL;
    switch (p->kind) {
    case TOO_MANY: out->code = 429, fake_say(out, ""); break;
    case INTERNAL: out->code = 500, fake_say(out, "oops"); break;
    case BROKEN: out->how = PDX__REPLY_BROKEN; break;
    case CUT_JSON: fake_say(out, "{\"choices\":[{"); break;
    case SILENT: out->how = PDX__REPLY_TIMEOUT, out->seconds = 30; break;
    case NO_CHOICES: fake_say(out, "{}"); break;
    case REFUSED: say(out, "", "content_filter"); break;
    case CUT_OFF: say(out, "{", "length"); break;
    case EMPTY: say(out, "", "stop"); break;
    default: say(out, "{\\\"calm\\\":{\\\"response_1\\\":7}}", "stop");
    }
}

static void fresh(void (*play)(fake *, int64_t, const char *, const char *, pdx__reply *)) {
    char journal[80];
    snprintf(journal, sizeof journal, "%s.journal", path[1]);
    unlink(journal);
    unlink(path[1]);
    memset(&net, 0, sizeof net);
    net.play = play;
}

static pdx_status annotate(pdx_annotate_result *result, int32_t repeats, int32_t show,
                           int stop_after);

static int64_t calls, limit;
static int32_t stop_at(void *user, const pdx_progress *progress) {
    (void)progress;
    return *(int *)user >= 0 && ++calls > *(int *)user;
}

static pdx_status annotate(pdx_annotate_result *result, int32_t repeats, int32_t show,
                           int stop_after) {
    static const char schema_text[] =
        "{\"properties\":[{\"id\":\"calm\",\"stage\":\"query-free\",\"scale\":[0,3]},"
        "{\"id\":\"rules\",\"stage\":\"query-specific\",\"depends_on\":\"constraints\",\"scale\":["
        "0,3]},"
        "{\"id\":\"bugs\",\"stage\":\"error\",\"rule\":\"count\"}]}";
    pdx__transport transport = fake_transport(&net);
    pdx_http_options http;
    pdx_annotator_options options;
    pdx_annotate_options run;
    pdx_schema *schema;
    pdx_annotator *annotator;
    pdx_http_options_init(&http);
    pdx_annotator_options_init(&options);
    pdx_annotate_options_init(&run);
    cJSON *tree = cJSON_Parse(schema_text);
    pdx_status status = pdx__schema_from_json(&schema, tree, (pdx__where){"schema", 0});
    cJSON_Delete(tree);
    if (status != PDX_OK) return status;
    http.url = "http://x";
    http.model = "m";
    http.retries = 2;
    options.schema = schema;
    options.repeats = repeats;
    options.show = show;
    options.corrections = 1;
    run.limit = limit;
    run.hooks.user = &stop_after;
    run.hooks.progress = stop_at;
    calls = 0;
    status = pdx_annotator_open(&annotator, &http, &options);
    pdx_schema_free(schema);
    if (status != PDX_OK) return status;
    annotator->transport = &transport;
    status = pdx_annotate_run(result, annotator, pairs, path[1], &run);
    pdx_annotator_free(annotator);
    return status;
}

/* Rows of the file, all different; how many are good. */
static int count_rows(int *good_ones) {
    pdx__buf text = PDX__BUF_EMPTY;
    int count = 0;
    *good_ones = 0;
    if (pdx__file_read(path[1], 0, &text) != PDX_OK) return -1;
    for (char *line = text.data, *end; line && (end = strchr(line, '\n'));
         line = end + 1, ++count) {
        *end = 0;
        *good_ones += strstr(line, "\"error\":\"") == NULL;
    }
    pdx__buf_free(&text);
    return count;
}

/* query, reference, free, specific, error, scenario; two pairs have one query, so that three
 * requests are equal; and the probe. */
enum { PAIRS = 3, ROWS = PAIRS * 6, REQUESTS = ROWS - 3 + 1 };

static void every_stage_is_asked_once(void) {
    pdx_annotate_result r;
    int ok;
    fresh(good);
    OK(annotate(&r, 1, PDX_SHOW_RANDOM, -1));
    CHECK_INT(count_rows(&ok), ROWS);
    CHECK_INT(ok, ROWS);
    CHECK_INT(r.pairs, PAIRS);
    CHECK_INT(r.rows, ROWS);
    CHECK_INT(net.submitted, REQUESTS);
    OK(annotate(&r, 1, PDX_SHOW_RANDOM, -1));
    CHECK_INT(net.submitted, REQUESTS);
    CHECK_INT(r.kept, ROWS);
    CHECK_INT(r.rows, 0);
    /* A run over fewer pairs keeps the rows of the others. */
    limit = 1;
    OK(annotate(&r, 1, PDX_SHOW_RANDOM, -1));
    limit = 0;
    CHECK_INT(count_rows(&ok), ROWS);
    /* Without the journal the rows are enough: only the probe is asked again. */
    char journal[80];
    snprintf(journal, sizeof journal, "%s.journal", path[1]);
    unlink(journal);
    OK(annotate(&r, 1, PDX_SHOW_RANDOM, -1));
    CHECK_INT(net.submitted, REQUESTS + 1);
    CHECK_INT(count_rows(&ok), ROWS);
    /* More repeats: what is there stays. The temperature is another, so those are asked anew. */
    fresh(good);
    OK(annotate(&r, 2, PDX_SHOW_BOTH, -1));
    CHECK_INT(count_rows(&ok), PAIRS * (2 * (1 + 3 * 2) + 2));
    CHECK_INT(r.pairs, PAIRS);
}

static void every_fault_at_every_place(void) {
    for (int kind = 0; kind < FAULTS; ++kind)
        for (int64_t length = 1; length <= 20; length += 19)
            for (int64_t from = 0; from < REQUESTS; ++from) {
                pdx_annotate_result r;
                plan p = {kind, from, from + length};
                int ok = 0, rows;
                fresh(faulty);
                net.user = &p;
                pdx_status status = annotate(&r, 1, PDX_SHOW_RANDOM, -1);
                if (status == PDX_OK && length == 1 && kind < REFUSED) CHECK_INT(r.pairs, PAIRS);
                CHECK(status == PDX_OK || status == PDX_ENETWORK);
                rows = count_rows(&ok);
                if (status == PDX_OK) CHECK_INT(rows, ROWS);
                int64_t before = ok;
                p.to = 0;
                OK(annotate(&r, 1, PDX_SHOW_RANDOM, -1));
                rows = count_rows(&ok);
                if (rows != ROWS || ok != ROWS || r.pairs != PAIRS)
                    CHECK_FAIL("fault %d at %d, %d long: %d rows, %d good", kind, (int)from,
                               (int)length, rows, ok);
                if (before > 0) CHECK_INT(r.kept, before);
            }
}

static void a_run_can_be_stopped_at_any_moment(void) {
    for (int stop = 0; stop < 12; ++stop) {
        pdx_annotate_result r;
        int ok = 0;
        fresh(good);
        pdx_status status = annotate(&r, 1, PDX_SHOW_RANDOM, stop);
        if (status == PDX_OK) break;
        CHECK_INT(status, PDX_ECANCELED);
        int64_t paid = net.submitted - net.cancelled;
        OK(annotate(&r, 1, PDX_SHOW_RANDOM, -1));
        CHECK_INT(count_rows(&ok), ROWS);
        CHECK_INT(ok, ROWS);
        CHECK(net.submitted - net.cancelled >= paid);
        CHECK_INT(net.submitted - net.cancelled, REQUESTS);
    }
}

int main(void) {
    if (!mkdtemp(folder)) return 1;
    snprintf(path[0], sizeof path[0], "%s/pairs.jsonl", folder);
    snprintf(path[1], sizeof path[1], "%s/rows.jsonl", folder);
    FILE *file = fopen(path[0], "w");
    for (int i = 0; file && i < PAIRS; ++i)
        fprintf(file,
                "{\"id\":\"p%d\",\"query\":\"q%d\",\"response_a\":\"a%d\",\"response_b\":\"b\"}\n",
                i, i / 2, i);
    if (!file || fclose(file) != 0) return 1;
    pdx_dataset_files files = {.pairs = path[0]};
    if (pdx_dataset_load(&pairs, &files, NULL) != PDX_OK) return 1;
    RUN(every_stage_is_asked_once);
    RUN(every_fault_at_every_place);
    RUN(a_run_can_be_stopped_at_any_moment);
    pdx_dataset_free(pairs);
    fresh(good);
    unlink(path[0]);
    rmdir(folder);
    return check_result();
}
