/* Batch files of judges behind HTTP: what the journal does not answer goes out, results come in. */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/file.h"
#include "judge/http.h"
#include "net/batch.h"
#include "net/budget.h"

static const char no_batch[] = "this judge is not behind HTTP: it has no batch files";

typedef struct batch {
    const pdx__http_judge *h;
    pdx__journal *journal; /* NULL: none */
    pdx__writer writer;
    pdx__budget budget;
    pdx_batch_result *result;
    int64_t output;
} batch;

static pdx_status write_order(batch *b, const pdx__question *q, int32_t order) {
    pdx__buf body = PDX__BUF_EMPTY, line = PDX__BUF_EMPTY;
    pdx__ask ask;
    pdx__journal_entry entry = {0};
    pdx__answer unused;
    char key[65], reason[256];
    int32_t found = 0;
    pdx_status status = pdx__route_ask(b->h, q, order, &body, &ask);
    if (status == PDX_OK && b->journal) {
        pdx__ask_key(&ask, key);
        status = pdx__journal_find(b->journal, key, &entry, &found);
        if (found && pdx__answer_read(b->h, entry.answer, &unused, reason) != PDX__ACCEPT_GOOD)
            found = 0;
        cJSON_Delete(entry.answer);
    }
    if (status == PDX_OK && !found) {
        pdx__batch_line(&line, &ask);
        status = line.status;
        if (status == PDX_OK) status = pdx__writer_append(&b->writer, line.data, line.length);
        pdx__cost cost = pdx__budget_estimate(&b->budget, ask.length, ask.most_output);
        b->result->tokens += cost.input;
        b->output += cost.output;
        ++b->result->requests;
    }
    b->result->answered += found;
    pdx__buf_free(&line);
    pdx__buf_free(&body);
    return status;
}

static pdx_status write_question(void *context, const pdx__question *q) {
    for (int32_t order = 0; order < 2; ++order)
        if (q->asked[order]) PDX__TRY(write_order(context, q, order));
    return PDX_OK;
}

static pdx_status open_journal(pdx__journal **out, const pdx__http_judge *h, const char *judgments,
                               int32_t make) {
    char *path;
    *out = NULL;
    PDX__TRY(pdx__http_journal_path(&path, h, judgments));
    pdx_status status = PDX_OK;
    if (make || access(path, F_OK) == 0) status = pdx__journal_open(out, path, NULL, NULL);
    pdx__free(path);
    return status;
}

pdx_status pdx_judge_batch_write(pdx_batch_result *result, pdx_judge *judge, pdx_dataset *dataset,
                                 const char *path, const char *judgments,
                                 const pdx_judge_options *options) {
    PDX__REQUIRE(result && judge && dataset && path, "pdx_judge_batch_write: an argument is NULL");
    memset(result, 0, sizeof *result);
    const pdx__http_judge *h = pdx__http_judge_of(judge);
    PDX__REQUIRE(h, "%s", no_batch);
    PDX__REQUIRE(!pdx__route_needs_ids(h->j.kind) || h->id_count[0],
                 "a batch file for this route needs the labels' token ids");
    batch b = {.h = h, .result = result};
    PDX__TRY(pdx__budget_open(&b.budget, &h->o));
    if (judgments || h->o.journal) PDX__TRY(open_journal(&b.journal, b.h, judgments, 0));
    pdx_status status = pdx__writer_open(&b.writer, path);
    if (status == PDX_OK) {
        status = pdx__judge_walk(judge, dataset, options, write_question, &b);
        if (status == PDX_OK) status = pdx__writer_commit(&b.writer);
        else pdx__writer_abandon(&b.writer);
    }
    result->usd =
        (double)result->tokens * b.budget.input_price + (double)b.output * b.budget.output_price;
    pdx__journal_close(b.journal);
    return status;
}

pdx_status pdx_judge_batch_read(pdx_batch_result *result, pdx_judge *judge, const char *results,
                                const char *judgments) {
    PDX__REQUIRE(result && judge && results && judgments,
                 "pdx_judge_batch_read: an argument is NULL");
    memset(result, 0, sizeof *result);
    const pdx__http_judge *h = pdx__http_judge_of(judge);
    PDX__REQUIRE(h, "%s", no_batch);
    pdx__journal *journal;
    pdx__batch_counts counts;
    PDX__TRY(open_journal(&journal, h, judgments, 1));
    pdx_status status = pdx__batch_read(&counts, journal, results);
    result->answered = counts.answered;
    result->requests = counts.answered + counts.failed;
    result->usd = NAN;
    pdx__journal_close(journal);
    return status;
}
