/* Batch files: the pipeline without a server. What rows and journal answer moves pairs on; the
 * first request that they do not answer goes into the file, and what depends on it is counted. */
#include "net/batch.h"

#include <math.h>
#include <string.h>

#include "annotate/pipeline.h"
#include "core/file.h"
#include "core/strmap.h"
#include "net/budget.h"

typedef struct batch {
    pdx__pipeline p;
    pdx__asker *asker;
    pdx__writer writer;
    pdx__budget budget;
    pdx__strmap written; /* equal requests go out once */
    pdx_annotate_batch *result;
    int64_t fair, most; /* tokens to write */
} batch;

/* What an answer is commonly long. */
static int64_t common_output(const batch *b, int32_t stage, const pdx__buf *format) {
    switch (stage) {
    case PDX_ANNOTATE_QUERY: return 80;
    case PDX_ANNOTATE_REFERENCE: return 500;
    case PDX_ANNOTATE_ERROR: return 150;
    case PDX_ANNOTATE_SCENARIO: return 15;
    default: return (int64_t)format->length / (b->p.n->a.single ? 3 : 4) + 10;
    }
}

static pdx_status count_cost(batch *b, const pdx__task *t, size_t length) {
    pdx__buf format = PDX__BUF_EMPTY;
    int64_t most = b->p.n->a.max_tokens;
    pdx__cost cost = pdx__budget_estimate(&b->budget, length, most);
    pdx__form_format(b->p.n->prompts, t->stage, NULL, &format);
    int64_t common = common_output(b, t->stage, &format);
    b->result->tokens += cost.input;
    b->fair += common < most ? common : most;
    b->most += most;
    pdx_status status = format.status;
    pdx__buf_free(&format);
    return status;
}

static pdx_status write_request(batch *b, const pdx__task *t, const pdx__ask *ask) {
    int64_t index;
    int added;
    PDX__TRY(pdx__strmap_add(&b->written, t->key, strlen(t->key), &index, &added));
    if (!added) return PDX_OK;
    pdx__buf line = PDX__BUF_EMPTY;
    pdx__batch_line(&line, ask);
    pdx_status status = line.status;
    if (status == PDX_OK) status = pdx__writer_append(&b->writer, line.data, line.length);
    pdx__buf_free(&line);
    ++b->result->requests;
    return status == PDX_OK ? count_cost(b, t, ask->length) : status;
}

/* Answered by the journal at once, or written. */
static pdx_status send(void *driver, pdx__task *t, const pdx__ask *ask) {
    batch *b = driver;
    pdx__told told;
    int32_t got;
    if (!b->asker) return write_request(b, t, ask);
    PDX__TRY(pdx__asker_put(b->asker, ask));
    PDX__TRY(pdx__asker_take(b->asker, 0, &told, &got));
    if (got && told.status != PDX_OK) return write_request(b, t, ask);
    pdx_status status = PDX_OK;
    if (got) {
        ++b->result->answered;
        status = pdx__task_told(&b->p, t, &told);
    }
    pdx__told_free(&told);
    return status;
}

static pdx_status count_dependent(batch *b, const pdx__task *t) {
    pdx__buf body = PDX__BUF_EMPTY;
    pdx_status status = pdx__task_body(&b->p, t, 1, &body);
    if (status == PDX_OK) status = count_cost(b, t, body.length);
    pdx__buf_free(&body);
    ++b->result->dependent;
    return status;
}

static pdx_status write_pair(batch *b, int64_t pair) {
    pdx__work *w;
    pdx_status status = pdx__work_start(&b->p, pair, &w);
    for (int32_t i = 0; status == PDX_OK && w && i < w->count; ++i)
        if (w->task[i].state == PDX__TASK_WAITS) status = count_dependent(b, &w->task[i]);
    pdx__work_free(&b->p, w);
    return status;
}

static pdx_status write_all(batch *b, const pdx_annotate_options *o) {
    const pdx_hooks *hooks = &o->hooks;
    int64_t pairs = pdx_dataset_count(b->p.dataset);
    if (o->limit && o->limit < pairs) pairs = o->limit;
    for (int64_t i = 0; i < pairs; ++i) {
        PDX__TRY(write_pair(b, i));
        pdx_progress progress = {"pairs", i + 1, pairs, 0};
        if (hooks->progress && (i & 63) == 63 && hooks->progress(hooks->user, &progress))
            return pdx__fail(PDX_ECANCELED, "stopped on request");
    }
    return PDX_OK;
}

/* Without annotations and journal nothing is known: everything is written. */
static pdx_status begin(batch *b, const char *annotations) {
    const pdx_annotator *n = b->p.n;
    char *journal = NULL;
    b->p.structured = n->a.structured ? n->a.structured : PDX_STRUCTURED_SCHEMA;
    PDX__TRY(pdx__old_rows_open(&b->p.rows, annotations));
    if (!annotations && !n->o.journal) return PDX_OK;
    PDX__TRY(pdx__annotator_journal(&journal, n, annotations));
    pdx_status status = pdx__structured_find(n, journal, 1, &b->p.structured);
    pdx__asker_setup setup = {
        .options = &n->o, .journal = journal, .offline = 1, .accept = pdx__annotator_accept};
    if (status == PDX_OK) status = pdx__asker_open(&b->asker, &setup);
    pdx__free(journal);
    return status;
}

pdx_status pdx_annotate_batch_write(pdx_annotate_batch *result, pdx_annotator *annotator,
                                    pdx_dataset *dataset, const char *path, const char *annotations,
                                    const pdx_annotate_options *options) {
    PDX__REQUIRE(result && annotator && dataset && path,
                 "pdx_annotate_batch_write: an argument is NULL");
    memset(result, 0, sizeof *result);
    pdx_annotate_options o;
    pdx_annotate_result unused = {0};
    PDX__TRY(pdx__annotate_take_options(&o, options));
    batch b = {.p = {.n = annotator,
                     .dataset = dataset,
                     .only_failed = o.only_failed,
                     .result = &unused,
                     .send = send},
               .result = result};
    b.p.driver = &b;
    PDX__TRY(pdx__budget_open(&b.budget, &annotator->o));
    pdx_status status = begin(&b, annotations);
    if (status == PDX_OK) status = pdx__writer_open(&b.writer, path);
    if (status == PDX_OK) {
        status = write_all(&b, &o);
        if (status == PDX_OK) status = pdx__writer_commit(&b.writer);
        else pdx__writer_abandon(&b.writer);
    }
    result->answered += unused.kept;
    double input = (double)result->tokens * b.budget.input_price;
    result->usd = input + (double)b.fair * b.budget.output_price;
    result->usd_most = input + (double)b.most * b.budget.output_price;
    pdx__old_rows_close(b.p.rows);
    pdx__asker_close(b.asker);
    pdx__strmap_free(&b.written);
    return status;
}

pdx_status pdx_annotate_batch_read(pdx_annotate_batch *result, pdx_annotator *annotator,
                                   const char *results, const char *annotations) {
    PDX__REQUIRE(result && annotator && results && annotations,
                 "pdx_annotate_batch_read: an argument is NULL");
    memset(result, 0, sizeof *result);
    char *path;
    pdx__journal *journal = NULL;
    pdx__batch_counts counts = {0};
    PDX__TRY(pdx__annotator_journal(&path, annotator, annotations));
    pdx_status status = pdx__journal_open(&journal, path, NULL, NULL);
    if (status == PDX_OK) status = pdx__batch_read(&counts, journal, results);
    result->answered = counts.answered;
    result->requests = counts.answered + counts.failed;
    result->usd = result->usd_most = NAN;
    pdx__journal_close(journal);
    pdx__free(path);
    return status;
}
