/* A run over HTTP: pairs enter while there is room, equal requests wait for one answer, finished
 * pairs are written in their order. Rows go to PATH.part, which is renamed at the end, however the
 * run ends; what was paid for stands in the journal anyway. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "annotate/pipeline.h"
#include "core/file.h"
#include "core/options.h"
#include "core/pool.h"

static const pdx__option option_table[] = {
    {"only_failed", PDX__OPTION_INT32, offsetof(pdx_annotate_options, only_failed), 0, 0, 1, NULL},
    {"limit", PDX__OPTION_INT64, offsetof(pdx_annotate_options, limit), 0, 0, 9e15, NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(pdx_annotate_options, hooks), 0, 0, 0, NULL},
};

void(pdx_annotate_options_init)(pdx_annotate_options *options, uint32_t size) {
    pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

pdx_status pdx__annotate_take_options(pdx_annotate_options *full,
                                      const pdx_annotate_options *given) {
    return pdx__options_take(full, sizeof *full, given, option_table, PDX__ROWS(option_table),
                             "annotate options");
}

typedef struct run {
    pdx__pipeline p;
    const pdx_hooks *hooks;
    pdx__asker *asker;
    pdx__task *asked;          /* in flight, the first of each twins */
    pdx__work *first, *last;   /* pairs on their way, in order */
    int64_t pairs, next, live; /* live: on their way */
    int64_t done;
    double start, ticked, logged;
    char *part;
    FILE *out;
} run;

/* ---- sending ---- */

static pdx_status send(void *driver, pdx__task *t, const pdx__ask *ask) {
    run *r = driver;
    for (pdx__task *other = r->asked; other; other = other->after)
        if (!memcmp(other->key, t->key, sizeof t->key)) {
            t->twin = other->twin;
            other->twin = t;
            return PDX_OK;
        }
    PDX__TRY(pdx__asker_put(r->asker, ask));
    t->twin = t->before = NULL;
    t->after = r->asked;
    if (r->asked) r->asked->before = t;
    r->asked = t;
    return PDX_OK;
}

/* ---- writing ---- */

static pdx_status write_text(run *r, const pdx__buf *text) {
    if (text->length && fwrite(text->data, 1, text->length, r->out) != text->length)
        return pdx__fail_errno(r->part, 0, "cannot be written: ");
    return PDX_OK;
}

static pdx_status write_work(run *r, const pdx__work *w) {
    int32_t good = 1;
    for (int32_t i = 0; i < w->count; ++i) {
        good &= w->task[i].state == PDX__TASK_GOOD;
        PDX__TRY(write_text(r, &w->task[i].row));
    }
    r->p.result->pairs += good;
    return PDX_OK;
}

/* Pairs from the front that are finished, or all of them. */
static pdx_status flush(run *r, int32_t all) {
    while (r->first && (all || !r->first->left)) {
        pdx__work *w = r->first;
        pdx_status status = write_work(r, w);
        r->first = w->next;
        if (!r->first) r->last = NULL;
        pdx__work_free(&r->p, w);
        --r->live;
        ++r->done;
        PDX__TRY(status);
    }
    return PDX_OK;
}

static pdx_status write_left_over(run *r) {
    pdx__buf line = PDX__BUF_EMPTY;
    pdx_status status = PDX_OK;
    for (int64_t i = 0; status == PDX_OK && (i = pdx__old_rows_left(r->p.rows, i)) >= 0; ++i) {
        pdx__buf_clear(&line);
        status = pdx__old_rows_read(r->p.rows, i, &line);
        if (status == PDX_OK) status = write_text(r, &line);
    }
    pdx__buf_free(&line);
    return status;
}

static pdx_status commit(run *r, const char *path) {
    int failed = fflush(r->out) != 0 || fsync(fileno(r->out)) != 0;
    failed |= fclose(r->out) != 0;
    r->out = NULL;
    if (failed || rename(r->part, path) != 0)
        return pdx__fail_errno(path, 0, "cannot be written: ");
    return PDX_OK;
}

/* ---- the loop ---- */

static void tell_progress(run *r, double now) {
    const pdx_annotate_result *s = r->p.result;
    pdx_http_totals t;
    char text[256], cost[64] = "", left[48] = "";
    double rate = (double)r->done / (now - r->start);
    pdx__asker_totals(r->asker, &t);
    if (!isnan(t.usd)) snprintf(cost, sizeof cost, "%.4f USD, ", t.usd);
    else if (t.input_tokens > 0)
        snprintf(cost, sizeof cost, "%lld tokens, ", (long long)(t.input_tokens + t.output_tokens));
    if (rate > 0) snprintf(left, sizeof left, ", %.0f s left", (double)(r->pairs - r->done) / rate);
    snprintf(text, sizeof text,
             "%lld of %lld pairs, %lld rows made, %lld failed, %s%.3g pairs a second%s",
             (long long)r->done, (long long)r->pairs, (long long)s->rows, (long long)s->failed,
             cost, rate, left);
    r->hooks->log(r->hooks->user, PDX_LOG_INFO, text);
}

static pdx_status tick(run *r) {
    double now = pdx__seconds();
    if (r->hooks->log && now - r->logged >= 10) {
        r->logged = now;
        tell_progress(r, now);
    }
    if (!r->hooks->progress || now - r->ticked < 0.2) return PDX_OK;
    r->ticked = now;
    pdx_progress progress = {"pairs", r->done, r->pairs, now - r->start};
    if (r->hooks->progress(r->hooks->user, &progress))
        return pdx__fail(PDX_ECANCELED, "stopped on request");
    return PDX_OK;
}

/* The answer goes to the task and to all that wait for the same. */
static pdx_status take_one(run *r) {
    pdx__told told;
    int32_t got;
    PDX__TRY(pdx__asker_take(r->asker, 0.2, &told, &got));
    if (!got) return PDX_OK;
    pdx__task *t = (pdx__task *)(intptr_t)told.tag;
    if (t->before) t->before->after = t->after;
    else r->asked = t->after;
    if (t->after) t->after->before = t->before;
    pdx_status status = PDX_OK;
    for (pdx__task *next; t && status == PDX_OK; t = next) {
        next = t->twin;
        status = pdx__task_told(&r->p, t, &told);
    }
    pdx__told_free(&told);
    return status;
}

static pdx_status start_next(run *r) {
    pdx__work *w;
    pdx_status status = pdx__work_start(&r->p, r->next++, &w);
    if (w) {
        if (r->last) r->last->next = w;
        else r->first = w;
        r->last = w;
        ++r->live;
    } else ++r->done;
    return status;
}

/* Pairs that finished behind one that takes long are held back: not too many. */
static int32_t has_room(const run *r) {
    return r->next < r->pairs && r->live < 2 * (int64_t)r->p.n->o.concurrency + 64 &&
           pdx__asker_has_room(r->asker);
}

static pdx_status annotate_all(run *r) {
    while (r->next < r->pairs || r->live) {
        while (has_room(r)) {
            PDX__TRY(start_next(r));
            PDX__TRY(flush(r, 0));
            PDX__TRY(tick(r));
        }
        PDX__TRY(tick(r));
        if (pdx__asker_pending(r->asker)) PDX__TRY(take_one(r));
        PDX__TRY(flush(r, 0));
    }
    r->ticked = 0;
    return tick(r);
}

/* What was not answered gets a row that says so; pairs that were not reached keep theirs. */
static pdx_status wind_up(run *r) {
    for (pdx__work *w = r->first; w; w = w->next)
        for (int32_t i = 0; i < w->count; ++i)
            PDX__TRY(pdx__task_stop(&r->p, &w->task[i], "not asked: the run was stopped"));
    PDX__TRY(flush(r, 1));
    return write_left_over(r);
}

static pdx_status begin(run *r, const char *path) {
    char *journal;
    pdx__buf part = PDX__BUF_EMPTY;
    PDX__TRY(pdx__annotator_journal(&journal, r->p.n, path));
    pdx_status status = pdx__structured_find(r->p.n, journal, 0, &r->p.structured);
    pdx__asker_setup setup = {.options = &r->p.n->o,
                              .journal = journal,
                              .transport = r->p.n->transport,
                              .accept = pdx__annotator_accept};
    if (status == PDX_OK) status = pdx__asker_open(&r->asker, &setup);
    pdx__free(journal);
    PDX__TRY(status);
    PDX__TRY(pdx__old_rows_open(&r->p.rows, path));
    pdx__buf_printf(&part, "%s.part", path);
    r->part = pdx__buf_take(&part);
    if (!r->part) return PDX_ENOMEM;
    r->out = fopen(r->part, "we");
    return r->out ? PDX_OK : pdx__fail_errno(r->part, 0, "cannot be written: ");
}

static void summarise(run *r) {
    pdx_annotate_result *s = r->p.result;
    pdx_http_totals t;
    pdx__asker_totals(r->asker, &t);
    s->requests = t.attempts;
    s->from_journal = t.from_journal;
    s->input_tokens = t.input_tokens;
    s->output_tokens = t.output_tokens;
    s->usd = t.usd;
    s->seconds = pdx__seconds() - r->start;
    s->structured = r->p.structured;
}

static pdx_status run_all(run *r, const char *path) {
    PDX__TRY(begin(r, path));
    pdx_status status = annotate_all(r);
    char why[1024];
    snprintf(why, sizeof why, "%s", pdx_error_message());
    summarise(r);
    if (status == PDX_ENOMEM || status == PDX_EINVAL || status == PDX_EPARSE) return status;
    PDX__TRY(wind_up(r));
    PDX__TRY(commit(r, path));
    if (status != PDX_OK) pdx__set_error_message(why);
    PDX__TRY(status);
    if (!r->p.missing) return PDX_OK;
    return pdx__fail(PDX_ENETWORK, "%lld answers are missing (%s): run again",
                     (long long)r->p.missing, r->p.failure);
}

static void end(run *r) {
    for (pdx__work *w = r->first, *next; w; w = next) {
        next = w->next;
        pdx__work_free(&r->p, w);
    }
    pdx__asker_close(r->asker);
    pdx__old_rows_close(r->p.rows);
    if (r->out) {
        fclose(r->out);
        unlink(r->part);
    }
    pdx__free(r->part);
}

pdx_status pdx_annotate_run(pdx_annotate_result *result, pdx_annotator *annotator,
                            pdx_dataset *dataset, const char *path,
                            const pdx_annotate_options *options) {
    PDX__REQUIRE(result && annotator && dataset && path, "pdx_annotate_run: an argument is NULL");
    memset(result, 0, sizeof *result);
    result->usd = NAN;
    pdx_annotate_options o;
    PDX__TRY(pdx__annotate_take_options(&o, options));
    run r = {.p = {.n = annotator,
                   .dataset = dataset,
                   .only_failed = o.only_failed,
                   .result = result,
                   .send = send},
             .hooks = &o.hooks,
             .pairs = pdx_dataset_count(dataset),
             .start = pdx__seconds(),
             .logged = pdx__seconds()};
    r.p.driver = &r;
    if (o.limit && o.limit < r.pairs) r.pairs = o.limit;
    pdx_status status = run_all(&r, path);
    end(&r);
    return status;
}
