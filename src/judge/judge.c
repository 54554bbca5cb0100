/* What all judges share: every pair in both orders, rows appended as they come, resume, progress.
 * Rows go to PATH.part, locked and flushed chunk by chunk, and the file is renamed at the end. */
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/file.h"
#include "core/json.h"
#include "core/options.h"
#include "core/pool.h"
#include "core/strmap.h"

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

typedef struct run {
    pdx_judge *judge;
    pdx_dataset *dataset;
    const pdx_judge_options *options;
    const char *name;
    pdx_judge_result *result;
    char *part;
    int file;
    int64_t pairs, questions, done; /* questions: pairs x repeats */
    unsigned char *have;            /* [questions] bit 0: AB is there, bit 1: BA */
    unsigned char *winner[2];       /* [questions] 'A', 'B', 'T' or 0, in order AB and BA */
    int64_t *order;                 /* [pairs] pair numbers, pairs of one query side by side */
    int64_t at;                     /* place in `order`, times repeats, of the next question */
    int32_t told_time;
    int64_t fresh, ticked; /* questions answered in this run; told by progress */
    double start, last_tick, last_log;
    double first_sum, coverage_sum;
    int64_t verdicts, covered;
    pdx__buf refused;  /* rows of answers that will never come */
    char failure[320]; /* the first one */
} run;

static pdx_status open_part(run *r, const char *path) {
    r->part = pdx__alloc(strlen(path) + 6, 1);
    if (!r->part) return PDX_ENOMEM;
    sprintf(r->part, "%s.part", path);
    r->file = open(r->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (r->file < 0)
        return pdx__fail_at(PDX_EIO, r->part, 0, "cannot be written: %s", strerror(errno));
    if (flock(r->file, LOCK_EX | LOCK_NB) != 0)
        return pdx__fail_at(PDX_EBUSY, r->part, 0, "another run is writing this file");
    return PDX_OK;
}

/* A row of an earlier run: it must be of this judge and prompt, of a pair that is asked. */
static pdx_status take_row(run *r, const cJSON *row, pdx__where where) {
    const char *pair = NULL, *judge = NULL, *order = NULL, *prompt = NULL, *winner = NULL;
    int64_t repeat = 0;
    const cJSON *provenance = NULL;
    PDX__TRY(pdx__json_string(row, "pair", PDX__REQUIRED, &pair, where));
    PDX__TRY(pdx__json_string(row, "judge", PDX__REQUIRED, &judge, where));
    PDX__TRY(pdx__json_string(row, "order", PDX__REQUIRED, &order, where));
    PDX__TRY(pdx__json_string(row, "winner", PDX__OPTIONAL, &winner, where));
    PDX__TRY(pdx__json_int(row, "repeat", PDX__OPTIONAL, &repeat, where));
    PDX__TRY(pdx__json_object(row, "provenance", PDX__REQUIRED, &provenance, where));
    PDX__TRY(pdx__json_string(provenance, "prompt_sha256", PDX__REQUIRED, &prompt, where));
    int64_t number = pdx_dataset_find(r->dataset, pair);
    if (strcmp(judge, r->name) || strcmp(prompt, r->judge->prompt_sha256) || number < 0)
        return pdx__fail_at(PDX_EINVAL, where.file, where.line,
                            "this file is of a run with another judge, prompt or data: finish that "
                            "run or remove the file");
    if (number < r->pairs && repeat >= 0 && repeat < r->judge->repeats) {
        int64_t q = number * r->judge->repeats + repeat;
        int ba = !strcmp(order, "BA");
        r->have[q] |= (unsigned char)(1 << ba);
        if (winner) r->winner[ba][q] = *winner == 't' ? 'T' : (unsigned char)*winner;
    }
    ++r->result->resumed;
    return PDX_OK;
}

/* Rows of an interrupted run. What follows the last newline was torn off and is cut away. */
static pdx_status take_rows(run *r) {
    off_t size = lseek(r->file, 0, SEEK_END), keep = size;
    char last = '\n';
    while (keep > 0 && pread(r->file, &last, 1, keep - 1) == 1 && last != '\n') --keep;
    if (keep < size && ftruncate(r->file, keep) != 0)
        return pdx__fail_at(PDX_EIO, r->part, 0, "cannot be cut: %s", strerror(errno));
    lseek(r->file, keep, SEEK_SET);
    if (keep == 0) return PDX_OK;
    pdx__lines lines;
    PDX__TRY(pdx__lines_open(&lines, r->part));
    pdx_status status = PDX_OK;
    for (int more = 1; status == PDX_OK;) {
        status = pdx__lines_next(&lines, &more);
        if (status != PDX_OK || !more) break;
        cJSON *row;
        pdx__where where = {r->part, lines.number};
        status = pdx__json_parse(&row, lines.line, lines.length, where);
        int failures = status == PDX_OK && cJSON_GetObjectItemCaseSensitive(row, "error");
        if (status == PDX_OK && !failures) status = take_row(r, row, where);
        cJSON_Delete(row);
        if (failures) { /* written last of all: a run was killed before the renaming */
            if (ftruncate(r->file, lines.offset) != 0 || lseek(r->file, 0, SEEK_END) < 0)
                status = pdx__fail_at(PDX_EIO, r->part, 0, "cannot be cut: %s", strerror(errno));
            break;
        }
    }
    pdx__lines_close(&lines);
    return status;
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

static pdx_status put_in_order(run *r) {
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
    run *r = context;
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

static pdx_status copy_text(run *r, int64_t pair, const char *field, int required,
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

static pdx_status fill_question(run *r, pdx__question *q) {
    PDX__TRY(copy_text(r, q->pair, "query", 0, &q->query));
    PDX__TRY(copy_text(r, q->pair, "response_a", 1, &q->response_a));
    PDX__TRY(copy_text(r, q->pair, "response_b", 1, &q->response_b));
    return copy_text(r, q->pair, "reference", r->judge->uses_reference, &q->reference);
}

static int32_t wanted(const run *r) {
    return r->options->orders == PDX_ORDERS_BOTH ? 3 : r->options->orders;
}

static pdx_status next(void *context, pdx__question **out) {
    run *r = context;
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

/* ---- rows ---- */

static void begin_row(run *r, pdx__buf *out, const pdx__question *q, int32_t order) {
    pdx__buf_text(out, "{\"pair\":");
    pdx__buf_json_string(out, q->id, strlen(q->id));
    pdx__buf_text(out, ",\"judge\":");
    pdx__buf_json_string(out, r->name, strlen(r->name));
    pdx__buf_printf(out, ",\"order\":\"%s\"", order ? "BA" : "AB");
    if (r->judge->repeats > 1) pdx__buf_printf(out, ",\"repeat\":%d", q->repeat);
}

static void write_logp(run *r, pdx__buf *out, const pdx__answer *a) {
    static const char *const bound[] = {"", "first", "second", "both"};
    double coverage = (a->bounds & PDX__BOUND_FIRST ? 0 : exp(a->logp_first)) +
                      (a->bounds & PDX__BOUND_SECOND ? 0 : exp(a->logp_second));
    pdx__buf_text(out, ",\"logp_first\":");
    pdx__buf_json_double(out, a->logp_first);
    pdx__buf_text(out, ",\"logp_second\":");
    pdx__buf_json_double(out, a->logp_second);
    if (a->bounds) pdx__buf_printf(out, ",\"bound\":\"%s\"", bound[a->bounds]);
    if (a->normalised) {
        pdx__buf_text(out, ",\"normalised\":true");
        return;
    }
    pdx__buf_text(out, ",\"coverage\":");
    pdx__buf_json_double(out, coverage);
    r->coverage_sum += coverage;
    ++r->covered;
}

static int32_t verdict_of(const pdx__answer *a) {
    if (isnan(a->logp_first) || isnan(a->logp_second)) return a->shown;
    if (a->logp_first == a->logp_second) return PDX__SHOWN_TIE;
    return a->logp_first > a->logp_second ? PDX__SHOWN_FIRST : PDX__SHOWN_SECOND;
}

static void write_row(run *r, pdx__buf *out, const pdx__question *q, int32_t order,
                      const pdx__answer *a) {
    static const char *const shown_names[] = {"null", "\"first\"", "\"second\"", "\"tie\""};
    int32_t shown = verdict_of(a);
    int is_a = shown == (order ? PDX__SHOWN_SECOND : PDX__SHOWN_FIRST);
    const char *winner = shown == PDX__SHOWN_NONE  ? "null"
                         : shown == PDX__SHOWN_TIE ? "\"tie\""
                         : is_a                    ? "\"A\""
                                                   : "\"B\"";
    begin_row(r, out, q, order);
    pdx__buf_printf(out, ",\"shown\":%s,\"winner\":%s", shown_names[shown], winner);
    if (!isnan(a->logp_first) && !isnan(a->logp_second)) write_logp(r, out, a);
    if (a->raw) {
        pdx__buf_text(out, ",\"raw\":");
        pdx__buf_json_string(out, a->raw, strlen(a->raw));
    }
    if (a->truncated) pdx__buf_text(out, ",\"truncated\":true");
    pdx__buf_printf(out, ",\"provenance\":%s}\n",
                    a->provenance ? a->provenance : r->judge->provenance);
    ++r->result->judgments;
    r->result->truncated += a->truncated;
    if (shown == PDX__SHOWN_NONE) ++r->result->no_verdict;
    else {
        r->first_sum += shown == PDX__SHOWN_TIE ? 0.5 : shown == PDX__SHOWN_FIRST;
        ++r->verdicts;
        r->winner[order][q->pair * r->judge->repeats + q->repeat] = shown == PDX__SHOWN_TIE ? 'T'
                                                                    : is_a                  ? 'A'
                                                                                            : 'B';
    }
}

static pdx_status append(run *r, const pdx__buf *rows) {
    if (rows->status != PDX_OK) return rows->status;
    for (size_t at = 0; at < rows->length;) {
        ssize_t n = write(r->file, rows->data + at, rows->length - at);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0)
            return pdx__fail_at(PDX_EIO, r->part, 0, "cannot be written: %s", strerror(errno));
        at += (size_t)n;
    }
    return PDX_OK;
}

/* No row is written for a failure while the run goes on, so that it is asked again; what asking
 * again cannot mend gets a row without a verdict at the very end. */
static void count_failure(run *r, const pdx__question *q, int32_t order, const pdx__answer *a) {
    if (!*r->failure)
        snprintf(r->failure, sizeof r->failure, "pair '%.80s', order %s: %.200s", q->id,
                 order ? "BA" : "AB", a->failure);
    ++*(a->permanent ? &r->result->refused : &r->result->failed);
    if (!a->permanent && !r->options->allow_missing) return;
    begin_row(r, &r->refused, q, order);
    pdx__buf_text(&r->refused, ",\"shown\":null,\"winner\":null,\"error\":");
    pdx__buf_json_string(&r->refused, a->failure, strlen(a->failure));
    pdx__buf_printf(&r->refused, ",\"provenance\":%s}\n", r->judge->provenance);
}

static void tell_time(run *r);

static pdx_status tell(void *context, const pdx__question *q, int32_t order, const pdx__answer *a) {
    run *r = context;
    pdx_status status = PDX_OK;
    if (a->failure) {
        count_failure(r, q, order, a);
        status = r->refused.status;
    } else {
        pdx__buf row = PDX__BUF_EMPTY;
        write_row(r, &row, q, order, a);
        status = append(r, &row);
        pdx__buf_free(&row);
        unsigned char *have = &r->have[q->pair * r->judge->repeats + q->repeat];
        *have |= (unsigned char)(1 << order);
        if ((*have & wanted(r)) == wanted(r)) {
            ++r->done;
            ++r->fresh;
            tell_time(r);
        }
    }
    return status;
}

static void tell_time(run *r) {
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

static void summarise(run *r, const pdx__judge_counts *counts) {
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

static pdx_status ask_all(run *r, const char *path) {
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
    return append(r, &r->refused);
}

/* Room for the questions, in the order that they are asked. */
static pdx_status lay_out(run *r) {
    r->pairs = pdx_dataset_count(r->dataset);
    if (r->options->limit && r->options->limit < r->pairs) r->pairs = r->options->limit;
    r->questions = r->pairs * r->judge->repeats;
    r->have = pdx__alloc_zero((size_t)r->questions, 1);
    for (int o = 0; o < 2; ++o) r->winner[o] = pdx__alloc_zero((size_t)r->questions, 1);
    if (!r->have || !r->winner[0] || !r->winner[1]) return PDX_ENOMEM;
    return put_in_order(r);
}

static void end_run(run *r) {
    if (r->file >= 0) close(r->file);
    pdx__free(r->part);
    pdx__free(r->have);
    pdx__free(r->order);
    pdx__free(r->winner[0]);
    pdx__free(r->winner[1]);
    pdx__buf_free(&r->refused);
}

static pdx_status walk(run *r, pdx__visit_fn visit, void *context) {
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
    run r = {.judge = judge, .dataset = dataset, .options = &o, .file = -1};
    pdx_status status = walk(&r, visit, context);
    end_run(&r);
    return status;
}

static pdx_status run_all(run *r, const char *path) {
    PDX__TRY(lay_out(r));
    PDX__TRY(open_part(r, path));
    PDX__TRY(take_rows(r));
    PDX__TRY(ask_all(r, path));
    if (fsync(r->file) != 0 || rename(r->part, path) != 0)
        return pdx__fail_at(PDX_EIO, path, 0, "cannot be written: %s", strerror(errno));
    return PDX_OK;
}

pdx_status pdx_judge_run(pdx_judge_result *result, pdx_judge *judge, pdx_dataset *dataset,
                         const char *path, const pdx_judge_options *options) {
    PDX__REQUIRE(result && judge && dataset && path, "pdx_judge_run: an argument is NULL");
    memset(result, 0, sizeof *result);
    pdx_judge_options o;
    PDX__TRY(pdx__options_take(&o, sizeof o, options, option_table, PDX__ROWS(option_table),
                               "judge options"));
    run r = {.judge = judge,
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
