/* What all judges share: every pair in both orders, repeats, progress, the summary. The file of a
 * run and its rows are judging_file.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/options.h"
#include "core/pool.h"
#include "core/strmap.h"
#include "judge/judging.h"

enum { ENOUGH_TO_TELL = 2 }; /* questions answered, and a tenth of a second, before time is told */

static const char *const order_names[] = {"both", "AB", "BA", NULL};
static const pdx__option option_table[] = {
    {"name", PDX__OPTION_POINTER, offsetof(pdx_judge_options, name), 0, 0, 0, NULL},
    {"orders", PDX__OPTION_INT32, offsetof(pdx_judge_options, orders), 0, 0, 2, order_names},
    {"limit", PDX__OPTION_INT64, offsetof(pdx_judge_options, limit), 0, 0, 9e15, NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(pdx_judge_options, hooks), 0, 0, 0, NULL},
    {"allow_missing", PDX__OPTION_INT32, offsetof(pdx_judge_options, allow_missing), 0, 0, 1, NULL},
};

void(pdx_judge_options_init)(pdx_judge_options *options, uint32_t size) {
    pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

const char *pdx_judge_name(const pdx_judge *judge) { return judge->name; }

void pdx_judge_free(pdx_judge *judge) {
    if (!judge) return;
    if (judge->ops && judge->self) judge->ops->close(judge->self);
    pdx__free(judge->name);
    pdx__free(judge->provenance);
    pdx__free(judge);
}

/* Pairs in the order of their query's first appearance: equal queries share a prefix. */
typedef struct place {
    int64_t query, pair;
} place;

static int by_query(const void *x, const void *y) {
    const place *a = x, *b = y;
    if (a->query != b->query) return a->query < b->query ? -1 : 1;
    return a->pair < b->pair ? -1 : a->pair > b->pair;
}

static pdx_status put_in_order(pdx__judging *r) {
    pdx__strmap queries = {0};
    place *list = pdx__alloc((size_t)r->pairs, sizeof *list);
    r->order = pdx__alloc((size_t)r->pairs, sizeof *r->order);
    pdx_status status = list && r->order ? PDX_OK : PDX_ENOMEM;
    for (int64_t i = 0; i < r->pairs && status == PDX_OK; ++i) {
        const char *query;
        status = pdx_dataset_text(r->dataset, i, "query", &query);
        if (status != PDX_OK) break;
        if (!query) query = "";
        list[i].pair = i;
        status = pdx__strmap_add(&queries, query, strlen(query), &list[i].query, NULL);
    }
    if (status == PDX_OK) {
        qsort(list, (size_t)r->pairs, sizeof *list, by_query);
        for (int64_t i = 0; i < r->pairs; ++i) r->order[i] = list[i].pair;
    }
    pdx__strmap_free(&queries);
    pdx__free(list);
    return status;
}

/* Progress, and now and then a line with what progress bars have no room for. */
static int32_t tick(void *context, const char *cost) {
    pdx__judging *r = context;
    const pdx_hooks *hooks = &r->options->hooks;
    double now = pdx__seconds();
    if (cost && hooks->log && now - r->last_log >= 10) {
        char text[256];
        double rate = (double)r->fresh / (now - r->start);
        r->last_log = now;
        snprintf(text, sizeof text,
                 "%lld of %lld answered, %lld failed, %.1f a second, %s%.0f s left",
                 (long long)r->done, (long long)r->questions,
                 (long long)(r->result->failed + r->result->refused), rate, cost,
                 rate > 0 ? (double)(r->questions - r->done) / rate : 0);
        hooks->log(hooks->user, PDX_LOG_INFO, text);
    }
    int news = r->done - r->ticked > r->questions / 100;
    if (!hooks->progress || (now - r->last_tick < 0.25 && !news)) return 0;
    r->last_tick = now;
    r->ticked = r->done;
    pdx_progress progress = {"pairs", r->done / r->judge->repeats, r->pairs, now - r->start};
    return hooks->progress(hooks->user, &progress);
}

static pdx_status copy_text(pdx__judging *r, int64_t pair, const char *field, int required,
                            const char **out) {
    const char *text;
    *out = NULL;
    PDX__TRY(pdx_dataset_text(r->dataset, pair, field, &text));
    if (!text && required)
        return pdx__fail(PDX_EINVAL, "pair '%s' has no text '%s'", pdx_dataset_id(r->dataset, pair),
                         field);
    *out = pdx__strdup(text ? text : "");
    return *out ? PDX_OK : PDX_ENOMEM;
}

static void release(void *context, pdx__question *q) {
    (void)context;
    if (!q) return;
    pdx__free((void *)(uintptr_t)q->query);
    pdx__free((void *)(uintptr_t)q->response_a);
    pdx__free((void *)(uintptr_t)q->response_b);
    pdx__free((void *)(uintptr_t)q->reference);
    pdx__free(q);
}

static pdx_status fill_question(pdx__judging *r, pdx__question *q) {
    PDX__TRY(copy_text(r, q->pair, "query", 0, &q->query));
    PDX__TRY(copy_text(r, q->pair, "response_a", 1, &q->response_a));
    PDX__TRY(copy_text(r, q->pair, "response_b", 1, &q->response_b));
    return copy_text(r, q->pair, "reference", r->judge->uses_reference, &q->reference);
}

static int32_t wanted(const pdx__judging *r) {
    return r->options->orders == PDX_ORDERS_BOTH ? 3 : r->options->orders;
}

static pdx_status next(void *context, pdx__question **out) {
    pdx__judging *r = context;
    *out = NULL;
    for (; r->at < r->questions; ++r->at) {
        int64_t pair = r->order[r->at / r->judge->repeats];
        int32_t repeat = (int32_t)(r->at % r->judge->repeats);
        int32_t missing = wanted(r) & ~r->have[pair * r->judge->repeats + repeat];
        if (!missing) continue;
        pdx__question *q = pdx__alloc_zero(1, sizeof *q);
        if (!q) return PDX_ENOMEM;
        q->pair = pair;
        q->repeat = repeat;
        q->id = pdx_dataset_id(r->dataset, pair);
        q->asked[0] = missing & 1;
        q->asked[1] = missing >> 1 & 1;
        pdx_status status = fill_question(r, q);
        if (status != PDX_OK) {
            release(r, q);
            return status;
        }
        ++r->at;
        *out = q;
        return PDX_OK;
    }
    return PDX_OK;
}

static void tell_time(pdx__judging *r);

static pdx_status tell(void *context, const pdx__question *q, int32_t order, const pdx__answer *a) {
    pdx__judging *r = context;
    if (a->failure) return pdx__rows_missing(r, q, order, a);
    PDX__TRY(pdx__rows_answer(r, q, order, a));
    unsigned char *have = &r->have[q->pair * r->judge->repeats + q->repeat];
    *have |= (unsigned char)(1 << order);
    if ((*have & wanted(r)) == wanted(r)) {
        ++r->done;
        ++r->fresh;
        tell_time(r);
    }
    return PDX_OK;
}

static void tell_time(pdx__judging *r) {
    const pdx_hooks *hooks = &r->options->hooks;
    double seconds = pdx__seconds() - r->start;
    if (r->told_time || !hooks->log || r->fresh < ENOUGH_TO_TELL || seconds < 0.1) return;
    r->told_time = 1;
    char text[160];
    int64_t left = (r->questions - r->done) / r->judge->repeats;
    double expected = seconds / (double)r->fresh * (double)(r->questions - r->done);
    snprintf(text, sizeof text, "%lld pairs to go; at the speed of the first %lld about %.0f %s",
             (long long)left, (long long)r->fresh, expected < 120 ? expected : expected / 60,
             expected < 120 ? "seconds" : "minutes");
    hooks->log(hooks->user, PDX_LOG_INFO, text);
}

static void summarise(pdx__judging *r, const pdx__judge_counts *counts) {
    pdx_judge_result *s = r->result;
    int64_t same = 0, to_first = 0;
    for (int64_t q = 0; q < r->questions; ++q) {
        unsigned char ab = r->winner[0][q], ba = r->winner[1][q];
        if (!ab || !ba) continue;
        ++s->both_orders;
        same += ab == ba;
        to_first += ab == 'A' && ba == 'B';
    }
    s->pairs = r->done / r->judge->repeats;
    s->tokens = counts->tokens;
    s->computed = counts->computed;
    s->output_tokens = counts->output_tokens;
    s->requests = counts->requests;
    s->usd = counts->usd;
    s->seconds = counts->seconds;
    s->p_first = r->verdicts ? r->first_sum / (double)r->verdicts : NAN;
    s->coverage = r->covered ? r->coverage_sum / (double)r->covered : NAN;
    s->consistent = s->both_orders ? (double)same / (double)s->both_orders : NAN;
    s->flip_to_first = s->both_orders ? (double)to_first / (double)s->both_orders : NAN;
}

static pdx_status ask_all(pdx__judging *r, const char *path) {
    pdx__judge_counts counts = {.usd = NAN};
    for (int64_t q = 0; q < r->questions; ++q) r->done += (r->have[q] & wanted(r)) == wanted(r);
    r->ticked = r->done;
    pdx__asking asking = {path, r, next, tell, release, tick};
    pdx_status status = PDX_OK;
    if (r->done < r->questions) status = r->judge->ops->run(r->judge->self, &asking, &counts);
    r->last_tick = 0;
    if (status == PDX_OK && tick(r, NULL)) status = pdx__fail(PDX_ECANCELED, "stopped on request");
    summarise(r, &counts);
    PDX__TRY(status);
    if (r->result->failed && !r->options->allow_missing)
        return pdx__fail(PDX_ENETWORK,
                         "%lld answers are missing (%s); what was answered is kept: run again",
                         (long long)r->result->failed, r->failure);
    return PDX_OK;
}

/* Room for the questions, in the order that they are asked. */
static pdx_status lay_out(pdx__judging *r) {
    r->pairs = pdx_dataset_count(r->dataset);
    if (r->options->limit && r->options->limit < r->pairs) r->pairs = r->options->limit;
    r->questions = r->pairs * r->judge->repeats;
    r->have = pdx__alloc_zero((size_t)r->questions, 1);
    for (int o = 0; o < 2; ++o) r->winner[o] = pdx__alloc_zero((size_t)r->questions, 1);
    if (!r->have || !r->winner[0] || !r->winner[1]) return PDX_ENOMEM;
    return put_in_order(r);
}

static void end_run(pdx__judging *r) {
    if (r->file >= 0) close(r->file);
    pdx__free(r->part);
    pdx__free(r->have);
    pdx__free(r->order);
    pdx__free(r->winner[0]);
    pdx__free(r->winner[1]);
    pdx__buf_free(&r->refused);
}

static pdx_status walk(pdx__judging *r, pdx__visit_fn visit, void *context) {
    PDX__TRY(lay_out(r));
    for (;;) {
        pdx__question *q;
        PDX__TRY(next(r, &q));
        if (!q) return PDX_OK;
        pdx_status status = visit(context, q);
        release(r, q);
        PDX__TRY(status);
    }
}

pdx_status pdx__judge_walk(pdx_judge *judge, pdx_dataset *dataset, const pdx_judge_options *options,
                           pdx__visit_fn visit, void *context) {
    pdx_judge_options o;
    PDX__TRY(pdx__options_take(&o, sizeof o, options, option_table, PDX__ROWS(option_table),
                               "judge options"));
    pdx__judging r = {.judge = judge, .dataset = dataset, .options = &o, .file = -1};
    pdx_status status = walk(&r, visit, context);
    end_run(&r);
    return status;
}

static pdx_status run_all(pdx__judging *r, const char *path) {
    PDX__TRY(lay_out(r));
    PDX__TRY(pdx__rows_open(r, path));
    PDX__TRY(ask_all(r, path));
    return pdx__rows_finish(r, path);
}

pdx_status pdx_judge_run(pdx_judge_result *result, pdx_judge *judge, pdx_dataset *dataset,
                         const char *path, const pdx_judge_options *options) {
    PDX__REQUIRE(result && judge && dataset && path, "pdx_judge_run: an argument is NULL");
    memset(result, 0, sizeof *result);
    pdx_judge_options o;
    PDX__TRY(pdx__options_take(&o, sizeof o, options, option_table, PDX__ROWS(option_table),
                               "judge options"));
    pdx__judging r = {.judge = judge,
                      .dataset = dataset,
                      .options = &o,
                      .result = result,
                      .file = -1,
                      .name = o.name ? o.name : judge->name,
                      .start = pdx__seconds(),
                      .last_log = pdx__seconds()};
    pdx_status status = run_all(&r, path);
    end_run(&r);
    return status;
}
