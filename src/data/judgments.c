/* The judgments handle: append, getters, raw rates, judgments.jsonl out. Files are read in
 * judgments_load.c. */
#include "judgments.h"

#include <math.h>
#include <string.h>

#include "core/file.h"
#include "data/dataset.h"

static const double rare_default[PDX__RARE_COUNT] = {NAN, NAN, NAN, NAN, NAN, 1, 0};
static const size_t rare_field[PDX__RARE_COUNT] = {
    offsetof(pdx_judgment, logp_first), offsetof(pdx_judgment, logp_second),
    offsetof(pdx_judgment, coverage),   offsetof(pdx_judgment, prob_a),
    offsetof(pdx_judgment, margin),     offsetof(pdx_judgment, weight),
    offsetof(pdx_judgment, offset)};

static double *field_of(pdx_judgment *judgment, int rare) {
    return (double *)((char *)judgment + rare_field[rare]);
}

void pdx_judgment_init(pdx_judgment *judgment) {
    if (!judgment) return;
    *judgment = (pdx_judgment){0};
    for (int r = 0; r < PDX__RARE_COUNT; ++r) *field_of(judgment, r) = rare_default[r];
}

pdx_status pdx_judgments_create(pdx_judgments **out) {
    PDX__REQUIRE(out, "pdx_judgments_create: 'out' is NULL");
    *out = pdx__alloc_zero(1, sizeof **out);
    return *out ? PDX_OK : PDX_ENOMEM;
}

void pdx_judgments_free(pdx_judgments *judgments) {
    if (!judgments) return;
    pdx__strmap_free(&judgments->judges);
    pdx__free(judgments->pair);
    pdx__free(judgments->judge);
    pdx__free(judgments->order);
    pdx__free(judgments->winner);
    pdx__free(judgments->repeat);
    for (int r = 0; r < PDX__RARE_COUNT; ++r) pdx__free(judgments->rare[r]);
    pdx__free(judgments);
}

/* Each column grows by itself, so that a failure half-way leaves all of them at least as long as
 * the common capacity says. */
static pdx_status make_room(pdx_judgments *j) {
    size_t wanted = (size_t)j->n + 1, capacity = j->capacity;
    if (wanted <= capacity) return PDX_OK;
    struct {
        void *address;
        size_t size;
        int there;
    } columns[5 + PDX__RARE_COUNT] = {{&j->pair, sizeof *j->pair, 1},
                                      {&j->judge, sizeof *j->judge, 1},
                                      {&j->order, sizeof *j->order, 1},
                                      {&j->winner, sizeof *j->winner, 1},
                                      {&j->repeat, sizeof *j->repeat, j->repeat != NULL}};
    for (int r = 0; r < PDX__RARE_COUNT; ++r) {
        columns[5 + r].address = &j->rare[r];
        columns[5 + r].size = sizeof(double);
        columns[5 + r].there = j->rare[r] != NULL;
    }
    for (int c = 0; c < 5 + PDX__RARE_COUNT; ++c) {
        if (!columns[c].there) continue;
        capacity = j->capacity;
        PDX__TRY(pdx__grow(columns[c].address, &capacity, wanted, columns[c].size));
    }
    j->capacity = capacity;
    return PDX_OK;
}

static pdx_status check(const pdx_judgment *j) {
    PDX__REQUIRE(j->pair >= 0, "judgment: 'pair' is %lld", (long long)j->pair);
    PDX__REQUIRE(j->order >= PDX_ORDER_UNKNOWN && j->order <= PDX_ORDER_BA,
                 "judgment: 'order' is %d", j->order);
    PDX__REQUIRE(j->winner >= PDX_WINNER_NONE && j->winner <= PDX_WINNER_TIE,
                 "judgment: 'winner' is %d", j->winner);
    PDX__REQUIRE(isnan(j->logp_first) || j->logp_first <= 1e-6,
                 "judgment: 'logp_first' is %g, not a log-probability", j->logp_first);
    PDX__REQUIRE(isnan(j->logp_second) || j->logp_second <= 1e-6,
                 "judgment: 'logp_second' is %g, not a log-probability", j->logp_second);
    PDX__REQUIRE(isnan(j->coverage) || (j->coverage >= 0 && j->coverage <= 1 + 1e-6),
                 "judgment: 'coverage' is %g, must be from 0 to 1", j->coverage);
    PDX__REQUIRE(isnan(j->prob_a) || (j->prob_a >= 0 && j->prob_a <= 1),
                 "judgment: 'prob_a' is %g, must be from 0 to 1", j->prob_a);
    PDX__REQUIRE(!isinf(j->margin), "judgment: 'margin' is not finite");
    PDX__REQUIRE(j->weight >= 0 && isfinite(j->weight),
                 "judgment: 'weight' is %g, must be finite and not below 0", j->weight);
    PDX__REQUIRE(isfinite(j->offset), "judgment: 'offset' is not finite");
    return PDX_OK;
}

pdx_status pdx_judgments_append(pdx_judgments *judgments, const char *judge,
                                const pdx_judgment *judgment) {
    PDX__REQUIRE(judgments && judge && judgment, "pdx_judgments_append: an argument is NULL");
    PDX__TRY(check(judgment));
    PDX__TRY(make_room(judgments));
    if (judgment->repeat && !judgments->repeat) {
        judgments->repeat = pdx__alloc_zero(judgments->capacity, sizeof *judgments->repeat);
        if (!judgments->repeat) return PDX_ENOMEM;
    }
    pdx_judgment copy = *judgment;
    for (int r = 0; r < PDX__RARE_COUNT; ++r) {
        double value = *field_of(&copy, r), usual = rare_default[r];
        if (judgments->rare[r] || value == usual || (isnan(value) && isnan(usual))) continue;
        double *column = pdx__alloc(judgments->capacity, sizeof *column);
        if (!column) return PDX_ENOMEM;
        for (int64_t i = 0; i < judgments->n; ++i) column[i] = usual;
        judgments->rare[r] = column;
    }
    int64_t number;
    PDX__TRY(pdx__strmap_add(&judgments->judges, judge, strlen(judge), &number, NULL));
    int64_t row = judgments->n;
    judgments->pair[row] = judgment->pair;
    judgments->judge[row] = (int32_t)number;
    judgments->order[row] = (int8_t)judgment->order;
    judgments->winner[row] = (int8_t)judgment->winner;
    if (judgments->repeat) judgments->repeat[row] = judgment->repeat;
    for (int r = 0; r < PDX__RARE_COUNT; ++r)
        if (judgments->rare[r]) judgments->rare[r][row] = *field_of(&copy, r);
    ++judgments->n;
    return PDX_OK;
}

pdx_status pdx_judgments_append_all(pdx_judgments *judgments, const char *judge,
                                    const pdx_judgment *rows, int64_t count) {
    PDX__REQUIRE(judgments && judge && (rows || !count) && count >= 0,
                 "pdx_judgments_append_all: an argument is NULL");
    int64_t before = judgments->n;
    for (int64_t i = 0; i < count; ++i) PDX__TRY(check(&rows[i]));
    for (int64_t i = 0; i < count; ++i) {
        pdx_status status = pdx_judgments_append(judgments, judge, &rows[i]);
        if (status == PDX_OK) continue;
        judgments->n = before;
        return status;
    }
    return PDX_OK;
}

int64_t pdx_judgments_count(const pdx_judgments *judgments) { return judgments ? judgments->n : 0; }

int32_t pdx_judgments_judge_count(const pdx_judgments *judgments) {
    return judgments ? (int32_t)judgments->judges.count : 0;
}

const char *pdx_judgments_judge_name(const pdx_judgments *judgments, int32_t judge) {
    return judge >= 0 && judge < pdx_judgments_judge_count(judgments)
               ? pdx__strmap_get(&judgments->judges, judge)
               : NULL;
}

int32_t pdx_judgments_find_judge(const pdx_judgments *judgments, const char *name) {
    return judgments && name ? (int32_t)pdx__strmap_find(&judgments->judges, name, strlen(name))
                             : -1;
}

pdx_status pdx_judgments_get(const pdx_judgments *judgments, int64_t row, pdx_judgment *out) {
    PDX__REQUIRE(judgments && out, "pdx_judgments_get: an argument is NULL");
    PDX__REQUIRE(row >= 0 && row < judgments->n, "pdx_judgments_get: row %lld of %lld",
                 (long long)row, (long long)judgments->n);
    out->pair = judgments->pair[row];
    out->judge = judgments->judge[row];
    out->order = judgments->order[row];
    out->winner = judgments->winner[row];
    out->repeat = judgments->repeat ? judgments->repeat[row] : 0;
    for (int r = 0; r < PDX__RARE_COUNT; ++r)
        *field_of(out, r) = judgments->rare[r] ? judgments->rare[r][row] : rare_default[r];
    return PDX_OK;
}

pdx_status pdx_judgments_read(const pdx_judgments *judgments, int64_t first, int64_t count,
                              pdx_judgment *out) {
    PDX__REQUIRE(judgments && (out || !count), "pdx_judgments_read: an argument is NULL");
    PDX__REQUIRE(first >= 0 && count >= 0 && first <= judgments->n - count,
                 "pdx_judgments_read: rows %lld to %lld of %lld", (long long)first,
                 (long long)(first + count), (long long)judgments->n);
    for (int64_t i = 0; i < count; ++i) PDX__TRY(pdx_judgments_get(judgments, first + i, &out[i]));
    return PDX_OK;
}

/* Raw rates ------------------------------------------------------------------------------------ */

/* What a pair showed so far in one order: the winner of its last verdict. */
typedef struct seen {
    int8_t winner[3]; /* by PDX_ORDER_* */
} seen;

pdx_status pdx_judgments_rates(const pdx_judgments *judgments, const pdx_dataset *dataset,
                               int32_t judge, int32_t group, pdx_judge_rates *out) {
    PDX__REQUIRE(out, "pdx_judgments_rates: 'out' is NULL");
    *out = (pdx_judge_rates){.p_first = NAN, .consistent = NAN, .flip_to_first = NAN};
    PDX__REQUIRE(judgments && dataset, "pdx_judgments_rates: an argument is NULL");
    PDX__REQUIRE(judge >= 0 && judge < judgments->judges.count,
                 "pdx_judgments_rates: judge %d of %lld", judge,
                 (long long)judgments->judges.count);
    PDX__REQUIRE(group >= -1 && group < pdx_dataset_group_count(dataset),
                 "pdx_judgments_rates: group %d of %d", group, pdx_dataset_group_count(dataset));
    seen *pair = pdx__alloc_zero((size_t)dataset->n, sizeof *pair);
    char *inside = pdx__alloc_zero((size_t)dataset->n, 1);
    if (!pair || !inside) {
        pdx__free(pair);
        pdx__free(inside);
        return PDX_ENOMEM;
    }
    if (group < 0) memset(inside, 1, (size_t)dataset->n);
    else
        for (int64_t i = dataset->group_start[group]; i < dataset->group_start[group + 1]; ++i)
            inside[dataset->group_pair[i]] = 1;
    int64_t first = 0, same = 0, flips = 0;
    for (int64_t row = 0; row < judgments->n; ++row) {
        int64_t p = judgments->pair[row];
        if (judgments->judge[row] != judge || p >= dataset->n || !inside[p]) continue;
        int order = judgments->order[row], winner = judgments->winner[row];
        ++out->judgments;
        if (winner == PDX_WINNER_NONE) ++out->no_verdict;
        else if (winner == PDX_WINNER_TIE) ++out->ties;
        else if (order != PDX_ORDER_UNKNOWN) {
            ++out->ordered;
            first += (winner == PDX_WINNER_A) == (order == PDX_ORDER_AB);
        }
        if (winner != PDX_WINNER_NONE) pair[p].winner[order] = (int8_t)winner;
    }
    for (int64_t i = 0; i < dataset->n; ++i) {
        int ab = pair[i].winner[PDX_ORDER_AB], ba = pair[i].winner[PDX_ORDER_BA];
        if (!ab || !ba) continue;
        ++out->both_orders;
        same += ab == ba;
        flips += ab == PDX_WINNER_A && ba == PDX_WINNER_B;
    }
    pdx__free(pair);
    pdx__free(inside);
    if (out->ordered) out->p_first = (double)first / (double)out->ordered;
    if (out->both_orders) {
        out->consistent = (double)same / (double)out->both_orders;
        out->flip_to_first = (double)flips / (double)out->both_orders;
    }
    return PDX_OK;
}

/* judgments.jsonl out -------------------------------------------------------------------------- */

static void write_number(pdx__buf *out, const char *key, double value) {
    pdx__buf_printf(out, ",\"%s\":", key);
    pdx__buf_json_double(out, value);
}

static void write_judgment(pdx__buf *out, const pdx_judgments *judgments,
                           const pdx_dataset *dataset, const pdx_judgment *j) {
    static const char *const order[] = {"null", "\"AB\"", "\"BA\""};
    static const char *const winner[] = {"null", "\"A\"", "\"B\"", "\"tie\""};
    const char *id = pdx_dataset_id(dataset, j->pair);
    const char *judge = pdx_judgments_judge_name(judgments, j->judge);
    const char *shown = "null";
    if (j->winner == PDX_WINNER_TIE) shown = "\"tie\"";
    else if (j->winner != PDX_WINNER_NONE && j->order != PDX_ORDER_UNKNOWN)
        shown =
            (j->winner == PDX_WINNER_A) == (j->order == PDX_ORDER_AB) ? "\"first\"" : "\"second\"";
    pdx__buf_text(out, "{\"pair\":");
    pdx__buf_json_string(out, id, strlen(id));
    pdx__buf_text(out, ",\"judge\":");
    pdx__buf_json_string(out, judge, strlen(judge));
    pdx__buf_printf(out, ",\"order\":%s,\"shown\":%s,\"winner\":%s", order[j->order], shown,
                    winner[j->winner]);
    if (j->repeat) pdx__buf_printf(out, ",\"repeat\":%d", j->repeat);
    if (!isnan(j->logp_first)) write_number(out, "logp_first", j->logp_first);
    if (!isnan(j->logp_second)) write_number(out, "logp_second", j->logp_second);
    if (!isnan(j->coverage)) write_number(out, "coverage", j->coverage);
    if (!isnan(j->prob_a)) write_number(out, "prob_a", j->prob_a);
    if (!isnan(j->margin)) write_number(out, "margin", j->margin);
    if (j->weight != 1) write_number(out, "weight", j->weight);
    if (j->offset != 0) write_number(out, "offset", j->offset);
    pdx__buf_text(out, "}\n");
}

pdx_status pdx_judgments_save(const pdx_judgments *judgments, const pdx_dataset *dataset,
                              const char *path) {
    PDX__REQUIRE(judgments && dataset && path, "pdx_judgments_save: an argument is NULL");
    for (int64_t row = 0; row < judgments->n; ++row)
        PDX__REQUIRE(judgments->pair[row] < dataset->n,
                     "pdx_judgments_save: row %lld is of pair %lld, the dataset has %lld",
                     (long long)row, (long long)judgments->pair[row], (long long)dataset->n);
    pdx__writer writer;
    PDX__TRY(pdx__writer_open(&writer, path));
    pdx__buf text = PDX__BUF_EMPTY;
    pdx_status status = PDX_OK;
    for (int64_t row = 0; status == PDX_OK && row < judgments->n; ++row) {
        pdx_judgment judgment;
        status = pdx_judgments_get(judgments, row, &judgment);
        if (status == PDX_OK) write_judgment(&text, judgments, dataset, &judgment);
        if (text.length < (1 << 16)) continue;
        status = text.status;
        if (status == PDX_OK) status = pdx__writer_append(&writer, text.data, text.length);
        pdx__buf_clear(&text);
    }
    if (status == PDX_OK) status = text.status;
    if (status == PDX_OK) status = pdx__writer_append(&writer, text.data, text.length);
    pdx__buf_free(&text);
    if (status == PDX_OK) return pdx__writer_commit(&writer);
    pdx__writer_abandon(&writer);
    return status;
}
