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

enum { CHUNK = 32, FIRST_CHUNK = 2 }; /* pairs; the first one tells how fast it goes */

static const char *const order_names[] = {"both", "AB", "BA", NULL};
static const pdx__option option_table[] = {
    {"name", PDX__OPTION_POINTER, offsetof(pdx_judge_options, name), 0, 0, 0, NULL},
    {"orders", PDX__OPTION_INT32, offsetof(pdx_judge_options, orders), 0, 0, 2, order_names},
    {"limit", PDX__OPTION_INT64, offsetof(pdx_judge_options, limit), 0, 0, 9e15, NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(pdx_judge_options, hooks), 0, 0, 0, NULL},
};

void pdx_judge_options_init(pdx_judge_options *options) {
    pdx__options_init(options, sizeof *options, option_table, PDX__ROWS(option_table));
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
    int64_t pairs, done_pairs;
    unsigned char *have; /* [pairs] bit 0: AB is there, bit 1: BA */
    int64_t *order;      /* [pairs] pair numbers, pairs of one query side by side */
    double start, last_tick;
    double first_sum, coverage_sum;
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
    const char *pair = NULL, *judge = NULL, *order = NULL, *prompt = NULL;
    const cJSON *provenance = NULL;
    PDX__TRY(pdx__json_string(row, "pair", PDX__REQUIRED, &pair, where));
    PDX__TRY(pdx__json_string(row, "judge", PDX__REQUIRED, &judge, where));
    PDX__TRY(pdx__json_string(row, "order", PDX__REQUIRED, &order, where));
    PDX__TRY(pdx__json_object(row, "provenance", PDX__REQUIRED, &provenance, where));
    PDX__TRY(pdx__json_string(provenance, "prompt_sha256", PDX__REQUIRED, &prompt, where));
    int64_t number = pdx_dataset_find(r->dataset, pair);
    if (strcmp(judge, r->name) || strcmp(prompt, r->judge->prompt_sha256) || number < 0)
        return pdx__fail_at(PDX_EINVAL, where.file, where.line,
                            "this file is of a run with another judge, prompt or data: finish that "
                            "run or remove the file");
    if (number < r->pairs) r->have[number] |= strcmp(order, "BA") ? 1 : 2;
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
        if (status == PDX_OK) status = take_row(r, row, where);
        cJSON_Delete(row);
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

static int32_t tick(void *context) {
    run *r = context;
    const pdx_hooks *hooks = &r->options->hooks;
    double now = pdx__seconds();
    if (!hooks->progress || now - r->last_tick < 0.25) return 0;
    r->last_tick = now;
    pdx_progress progress = {"pairs", r->done_pairs, r->pairs, now - r->start};
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

static void free_question(pdx__question *q) {
    pdx__free((void *)(uintptr_t)q->query);
    pdx__free((void *)(uintptr_t)q->response_a);
    pdx__free((void *)(uintptr_t)q->response_b);
    pdx__free((void *)(uintptr_t)q->reference);
}

static pdx_status make_question(run *r, int64_t pair, pdx__question *q) {
    int32_t orders = r->options->orders;
    q->pair = pair;
    q->id = pdx_dataset_id(r->dataset, pair);
    q->asked[0] = orders != PDX_ORDERS_BA && !(r->have[pair] & 1);
    q->asked[1] = orders != PDX_ORDERS_AB && !(r->have[pair] & 2);
    PDX__TRY(copy_text(r, pair, "query", 0, &q->query));
    PDX__TRY(copy_text(r, pair, "response_a", 1, &q->response_a));
    PDX__TRY(copy_text(r, pair, "response_b", 1, &q->response_b));
    return copy_text(r, pair, "reference", r->judge->uses_reference, &q->reference);
}

static void write_row(run *r, pdx__buf *out, const pdx__question *q, int order,
                      const pdx__answer *a) {
    int known = !isnan(a->logp_first) && !isnan(a->logp_second);
    int first = a->logp_first > a->logp_second, tie = a->logp_first == a->logp_second;
    const char *shown = tie ? "tie" : first ? "first" : "second";
    const char *winner = tie ? "tie" : first == (order == 0) ? "A" : "B";
    double coverage = exp(a->logp_first) + exp(a->logp_second);
    pdx__buf_text(out, "{\"pair\":");
    pdx__buf_json_string(out, q->id, strlen(q->id));
    pdx__buf_text(out, ",\"judge\":");
    pdx__buf_json_string(out, r->name, strlen(r->name));
    pdx__buf_printf(out, ",\"order\":\"%s\"", order ? "BA" : "AB");
    if (known) {
        pdx__buf_printf(out, ",\"shown\":\"%s\",\"winner\":\"%s\"", shown, winner);
        pdx__buf_text(out, ",\"logp_first\":");
        pdx__buf_json_double(out, a->logp_first);
        pdx__buf_text(out, ",\"logp_second\":");
        pdx__buf_json_double(out, a->logp_second);
        pdx__buf_text(out, ",\"coverage\":");
        pdx__buf_json_double(out, coverage);
        r->first_sum += tie ? 0.5 : first;
        r->coverage_sum += coverage;
    } else pdx__buf_text(out, ",\"shown\":null,\"winner\":null");
    if (a->truncated) pdx__buf_text(out, ",\"truncated\":true");
    pdx__buf_printf(out, ",\"provenance\":%s}\n", r->judge->provenance);
    ++r->result->judgments;
    r->result->truncated += a->truncated;
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

static pdx_status one_chunk(run *r, const int64_t *pairs, int32_t count,
                            pdx__judge_counts *counts) {
    pdx__question *q = pdx__alloc_zero((size_t)count, sizeof *q);
    pdx__answer(*answers)[2] = pdx__alloc((size_t)count, sizeof *answers);
    pdx__buf rows = PDX__BUF_EMPTY;
    pdx_status status = q && answers ? PDX_OK : PDX_ENOMEM;
    for (int32_t i = 0; i < count && status == PDX_OK; ++i)
        status = make_question(r, pairs[i], &q[i]);
    if (status == PDX_OK)
        status = r->judge->ops->answer(r->judge->self, q, count, answers, counts, tick, r);
    for (int32_t i = 0; i < count && status == PDX_OK; ++i)
        for (int o = 0; o < 2; ++o)
            if (q[i].asked[o]) write_row(r, &rows, &q[i], o, &answers[i][o]);
    if (status == PDX_OK) status = append(r, &rows);
    for (int32_t i = 0; q && i < count; ++i) free_question(&q[i]);
    pdx__buf_free(&rows);
    pdx__free(q);
    pdx__free(answers);
    return status;
}

static void tell_time(run *r, int64_t left, int64_t done, double seconds) {
    const pdx_hooks *hooks = &r->options->hooks;
    if (!hooks->log || done == 0) return;
    char text[160];
    double expected = seconds / (double)done * (double)left;
    snprintf(text, sizeof text, "%lld pairs to go; at the speed of the first %lld about %.0f %s",
             (long long)left, (long long)done, expected < 120 ? expected : expected / 60,
             expected < 120 ? "seconds" : "minutes");
    hooks->log(hooks->user, PDX_LOG_INFO, text);
}

static pdx_status ask_all(run *r) {
    pdx__judge_counts counts = {0};
    int32_t wanted = r->options->orders == PDX_ORDERS_BOTH ? 3 : r->options->orders;
    int64_t *todo = pdx__alloc((size_t)r->pairs, sizeof *todo), left = 0, made = 0;
    if (!todo) return PDX_ENOMEM;
    for (int64_t i = 0; i < r->pairs; ++i)
        if ((r->have[r->order[i]] & wanted) != wanted) todo[left++] = r->order[i];
    r->done_pairs = r->pairs - left;
    pdx_status status = PDX_OK;
    while (made < left && status == PDX_OK) {
        int64_t most = made == 0 ? FIRST_CHUNK : CHUNK;
        int32_t count = (int32_t)(left - made < most ? left - made : most);
        status = one_chunk(r, todo + made, count, &counts);
        if (status != PDX_OK) break;
        made += count;
        r->done_pairs += count;
        if (made == count) tell_time(r, left - made, made, pdx__seconds() - r->start);
        r->last_tick = 0;
        if (tick(r)) status = pdx__fail(PDX_ECANCELED, "stopped on request");
    }
    pdx__free(todo);
    r->result->pairs = r->done_pairs;
    r->result->tokens = counts.tokens;
    r->result->computed = counts.computed;
    r->result->seconds = counts.seconds;
    r->result->p_first = r->result->judgments ? r->first_sum / (double)r->result->judgments : NAN;
    r->result->coverage =
        r->result->judgments ? r->coverage_sum / (double)r->result->judgments : NAN;
    return status;
}

static pdx_status run_all(run *r, const char *path) {
    r->pairs = pdx_dataset_count(r->dataset);
    if (r->options->limit && r->options->limit < r->pairs) r->pairs = r->options->limit;
    r->have = pdx__alloc_zero((size_t)r->pairs, 1);
    if (!r->have) return PDX_ENOMEM;
    PDX__TRY(open_part(r, path));
    PDX__TRY(take_rows(r));
    PDX__TRY(put_in_order(r));
    PDX__TRY(ask_all(r));
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
             .start = pdx__seconds()};
    pdx_status status = run_all(&r, path);
    if (r.file >= 0) close(r.file);
    pdx__free(r.part);
    pdx__free(r.have);
    pdx__free(r.order);
    return status;
}
