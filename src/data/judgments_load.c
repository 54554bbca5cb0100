/* Judgments from files: judgments.jsonl and the original's label lists. Rows that a filter leaves
 * open, because a field is the pair's and not the judgment's, wait until all files are read. */
#include <math.h>
#include <string.h>

#include "core/file.h"
#include "core/options.h"
#include "core/pool.h"
#include "data/dataset.h"
#include "data/fields.h"
#include "data/judgments.h"
#include "data/texts.h"

static const pdx__option option_rows[] = {
    {"judge_by", PDX__OPTION_POINTER, offsetof(pdx_judgments_options, judge_by), 0, 0, 0, NULL},
    {"where", PDX__OPTION_POINTER, offsetof(pdx_judgments_options, where), 0, 0, 0, NULL},
    {"skip_unknown", PDX__OPTION_INT32, offsetof(pdx_judgments_options, skip_unknown), 0, 0, 1,
     NULL},
    {"hooks", PDX__OPTION_HOOKS, offsetof(pdx_judgments_options, hooks), 0, 0, 0, NULL},
};

void(pdx_judgments_options_init)(pdx_judgments_options *options, uint32_t size) {
    if (options) pdx__options_init(options, size, option_rows, PDX__ROWS(option_rows));
}

typedef struct loading {
    const pdx_dataset *dataset;
    const pdx_judgments_options *options;
    pdx_judgments *judgments;
    pdx__filter filter;
    pdx__names judge_by;
    uint32_t *missing; /* of a row: terms whose field it does not have; only with a filter */
    size_t missing_capacity;
    int64_t rows, unknown;
    pdx__buf text, judge;
    double began, ticked;
} loading;

/* What a row says about the verdict, before it is made one. */
enum { SHOWN_NOTHING = 0, SHOWN_FIRST = 1, SHOWN_SECOND = 2, SHOWN_TIE = 3 };
typedef struct verdict {
    int32_t shown, winner;
} verdict;

static pdx_status one_of(const pdx__scan *scan, const char *const *choices, int32_t *out) {
    *out = 0;
    if (scan->value.kind == PDX__KIND_NULL) return PDX_OK;
    for (int32_t i = 0; i < 3 && choices[i]; ++i)
        if (pdx__span_is(scan->value, choices[i])) {
            *out = i + 1;
            return PDX_OK;
        }
    return pdx__scan_fail(scan, "%.*s is none of \"%s\", \"%s\"%s%s%s, null",
                          scan->value.length > 40 ? 40 : (int)scan->value.length, scan->value.text,
                          choices[0], choices[1], choices[2] ? ", \"" : "",
                          choices[2] ? choices[2] : "", choices[2] ? "\"" : "");
}

static pdx_status bounded(const pdx__scan *scan, double least, double most, double *out) {
    if (scan->value.kind == PDX__KIND_NULL) return PDX_OK;
    PDX__TRY(pdx__scan_double(scan, out));
    if (*out >= least && *out <= most) return PDX_OK;
    if (isinf(most)) return pdx__scan_fail(scan, "%g is below %g", *out, least);
    if (isinf(least)) return pdx__scan_fail(scan, "%g is no log-probability", *out);
    return pdx__scan_fail(scan, "%g is not from %g to %g", *out, least, most);
}

static pdx_status read_repeat(const pdx__scan *scan, int32_t *out) {
    double number = 0;
    PDX__TRY(bounded(scan, 0, INT32_MAX, &number));
    if (number != floor(number)) return pdx__scan_fail(scan, "%g is no whole number", number);
    *out = (int32_t)number;
    return PDX_OK;
}

static pdx_status read_member(const pdx__scan *scan, pdx_judgment *j, verdict *v) {
    static const char *const orders[] = {"AB", "BA", NULL},
                             *const shown[] = {"first", "second", "tie"},
                             *const winners[] = {"A", "B", "tie"};
    const double slack = 1e-6, inf = INFINITY;
    if (pdx__span_is(scan->key, "order")) return one_of(scan, orders, &j->order);
    if (pdx__span_is(scan->key, "shown")) return one_of(scan, shown, &v->shown);
    if (pdx__span_is(scan->key, "winner")) return one_of(scan, winners, &v->winner);
    if (pdx__span_is(scan->key, "repeat")) return read_repeat(scan, &j->repeat);
    if (pdx__span_is(scan->key, "logp_first") || pdx__span_is(scan->key, "lp_first"))
        return bounded(scan, -inf, slack, &j->logp_first);
    if (pdx__span_is(scan->key, "logp_second") || pdx__span_is(scan->key, "lp_second"))
        return bounded(scan, -inf, slack, &j->logp_second);
    if (pdx__span_is(scan->key, "coverage")) return bounded(scan, 0, 1 + slack, &j->coverage);
    if (pdx__span_is(scan->key, "prob_a")) return bounded(scan, 0, 1, &j->prob_a);
    if (pdx__span_is(scan->key, "margin")) return bounded(scan, -inf, inf, &j->margin);
    if (pdx__span_is(scan->key, "weight")) return bounded(scan, 0, inf, &j->weight);
    if (pdx__span_is(scan->key, "offset")) return bounded(scan, -inf, inf, &j->offset);
    return PDX_OK;
}

/* The winner from what was displayed, from the responses' names, or from the log-probabilities. */
static pdx_status settle(pdx_judgment *j, verdict v, pdx__where where) {
    int32_t from_shown = PDX_WINNER_NONE;
    if (v.shown == SHOWN_TIE) from_shown = PDX_WINNER_TIE;
    else if (v.shown != SHOWN_NOTHING && j->order != PDX_ORDER_UNKNOWN)
        from_shown =
            (v.shown == SHOWN_FIRST) == (j->order == PDX_ORDER_AB) ? PDX_WINNER_A : PDX_WINNER_B;
    else if (v.shown != SHOWN_NOTHING && v.winner == PDX_WINNER_NONE)
        return pdx__fail_at(
            PDX_EPARSE, where.file, where.line,
            "field 'shown' says nothing where neither 'order' nor 'winner' is known");
    if (from_shown && v.winner && from_shown != v.winner)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "fields 'shown' and 'winner' contradict each other");
    j->winner = v.winner ? v.winner : from_shown;
    if (j->winner != PDX_WINNER_NONE || isnan(j->logp_first) || isnan(j->logp_second))
        return PDX_OK;
    if (j->logp_first == j->logp_second) j->winner = PDX_WINNER_TIE;
    else if (j->order != PDX_ORDER_UNKNOWN)
        j->winner = (j->logp_first > j->logp_second) == (j->order == PDX_ORDER_AB) ? PDX_WINNER_A
                                                                                   : PDX_WINNER_B;
    return PDX_OK;
}

/* The fields of judge_by joined by "/". */
static pdx_status name_judge(loading *l, const pdx__scan *parts, uint32_t has, pdx__where where) {
    pdx__buf_clear(&l->judge);
    for (int32_t i = 0; i < l->judge_by.count; ++i) {
        if (!(has & 1u << i))
            return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field '%s' is missing",
                                l->judge_by.name[i]);
        PDX__TRY(pdx__scan_text(&parts[i], &l->text));
        if (i) pdx__buf_char(&l->judge, '/');
        pdx__buf_append(&l->judge, l->text.data, l->text.length);
    }
    return l->judge.status;
}

static pdx_status read_row(loading *l, const pdx__lines *lines) {
    const pdx_dataset *dataset = l->dataset;
    pdx__where where = {lines->path, lines->number};
    pdx__scan scan, pair = {0}, judge[PDX__MOST_FIELDS];
    uint32_t has_judge = 0, had = 0, held = 0;
    verdict v = {0, 0};
    pdx_judgment j;
    int more = 1;
    pdx_judgment_init(&j);
    PDX__TRY(pdx__scan_open(&scan, lines->line, lines->length, where));
    for (;;) {
        PDX__TRY(pdx__scan_member(&scan, &more));
        if (!more) break;
        if (pdx__span_is(scan.key, "pair")) pair = scan;
        int32_t field = pdx__names_find(&l->judge_by, scan.key);
        if (field >= 0 && scan.value.kind != PDX__KIND_NULL) {
            judge[field] = scan;
            has_judge |= 1u << field;
        }
        pdx__filter_member(&l->filter, &scan, &had, &held);
        PDX__TRY(read_member(&scan, &j, &v));
    }
    if (had & ~held) return PDX_OK; /* a field is there and differs */
    if (!pair.key.text)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line, "field 'pair' is missing");
    PDX__TRY(pdx__scan_text(&pair, &l->text));
    j.pair = pdx__strmap_find(&dataset->ids, l->text.data, l->text.length);
    if (j.pair < 0) {
        if (pdx__strmap_find(&dataset->absent, l->text.data, l->text.length) >= 0) return PDX_OK;
        ++l->unknown;
        if (l->options->skip_unknown) return PDX_OK;
        return pdx__scan_fail(&pair, "no pair '%.200s' in the dataset", l->text.data);
    }
    PDX__TRY(settle(&j, v, where));
    PDX__TRY(name_judge(l, judge, has_judge, where));
    if (l->filter.terms.count) {
        PDX__TRY(pdx__grow(&l->missing, &l->missing_capacity, (size_t)l->judgments->n + 1,
                           sizeof *l->missing));
        l->missing[l->judgments->n] = pdx__filter_all(&l->filter) & ~had;
    }
    return pdx_judgments_append(l->judgments, l->judge.data, &j);
}

static pdx_status tick(loading *l) {
    const pdx_hooks *hooks = &l->options->hooks;
    double now = hooks->progress ? pdx__seconds() : l->ticked;
    if (now - l->ticked < 0.2) return PDX_OK;
    l->ticked = now;
    pdx_progress progress = {"judgments", l->rows, 0, now - l->began};
    return hooks->progress(hooks->user, &progress) ? pdx__fail(PDX_ECANCELED, "stopped on request")
                                                   : PDX_OK;
}

static pdx_status read_file(loading *l, const char *path) {
    pdx__lines lines;
    int64_t before = l->rows;
    int more = 1;
    PDX__TRY(pdx__lines_open(&lines, path));
    pdx_status status = PDX_OK;
    while (status == PDX_OK) {
        status = pdx__lines_next(&lines, &more);
        if (status != PDX_OK || !more) break;
        status = read_row(l, &lines);
        if (status == PDX_OK && ++l->rows % 4096 == 0) status = tick(l);
    }
    if (status == PDX_OK && l->rows == before)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "no rows");
    pdx__lines_close(&lines);
    return status;
}

/* Terms whose field no judgment has are the pair's: which pairs they hold for, as bits. */
static pdx_status ask_pairs(const loading *l, uint32_t open, uint32_t *held) {
    pdx__filter filter = l->filter;
    filter.known = 0;
    for (int64_t pair = 0; pair < l->dataset->n; ++pair) {
        uint32_t had = 0;
        held[pair] = 0;
        PDX__TRY(pdx__texts_filter(l->dataset, pair, &filter, &had, &held[pair]));
    }
    for (int32_t i = 0; i < filter.terms.count; ++i)
        if (open & ~filter.known & 1u << i)
            return pdx__fail(PDX_ENOTFOUND, "'where': no judgment and no pair has a field '%s'",
                             filter.terms.name[i]);
    return PDX_OK;
}

/* Keeps the rows whose missing terms hold for their pair. */
static pdx_status keep_matching(loading *l) {
    uint32_t open = pdx__filter_all(&l->filter) & ~l->filter.known;
    pdx_judgments *all = l->judgments, *kept = NULL;
    uint32_t *held = NULL;
    pdx_status status = PDX_OK;
    if (open) {
        held = pdx__alloc((size_t)l->dataset->n, sizeof *held);
        status = held ? ask_pairs(l, open, held) : PDX_ENOMEM;
    }
    if (status == PDX_OK) status = pdx_judgments_create(&kept);
    for (int64_t row = 0; status == PDX_OK && row < all->n; ++row) {
        pdx_judgment j;
        uint32_t answered = held ? held[all->pair[row]] & open : 0;
        if (l->missing[row] & ~answered) continue;
        status = pdx_judgments_get(all, row, &j);
        if (status == PDX_OK)
            status = pdx_judgments_append(kept, pdx_judgments_judge_name(all, j.judge), &j);
    }
    pdx__free(held);
    if (status != PDX_OK) {
        pdx_judgments_free(kept);
        return status;
    }
    pdx_judgments_free(all);
    l->judgments = kept;
    return PDX_OK;
}

static pdx_status load(loading *l, const char *const *paths, int32_t count) {
    PDX__TRY(pdx__filter_parse(&l->filter, l->options->where));
    PDX__TRY(pdx__names_parse(&l->judge_by, l->options->judge_by ? l->options->judge_by : "judge",
                              "judge_by"));
    PDX__TRY(pdx_judgments_create(&l->judgments));
    for (int32_t i = 0; i < count; ++i) {
        PDX__REQUIRE(paths[i], "pdx_judgments_load: path %d is NULL", i + 1);
        PDX__TRY(read_file(l, paths[i]));
    }
    if (l->filter.terms.count) PDX__TRY(keep_matching(l));
    if (l->unknown && l->options->hooks.log) {
        pdx__buf_clear(&l->text);
        pdx__buf_printf(&l->text, "%lld judgments of unknown pairs were left out",
                        (long long)l->unknown);
        if (l->text.status != PDX_OK) return l->text.status;
        l->options->hooks.log(l->options->hooks.user, PDX_LOG_WARNING, l->text.data);
    }
    return PDX_OK;
}

pdx_status pdx_judgments_load(pdx_judgments **out, const pdx_dataset *dataset,
                              const char *const *paths, int32_t count,
                              const pdx_judgments_options *options) {
    PDX__REQUIRE(out, "pdx_judgments_load: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(dataset && paths && count > 0, "pdx_judgments_load: an argument is NULL or empty");
    pdx_judgments_options full;
    PDX__TRY(pdx__options_take(&full, sizeof full, options, option_rows, PDX__ROWS(option_rows),
                               "pdx_judgments_options"));
    loading l = {.dataset = dataset, .options = &full, .began = pdx__seconds()};
    l.ticked = l.began;
    pdx_status status = load(&l, paths, count);
    if (status == PDX_OK) *out = l.judgments;
    else pdx_judgments_free(l.judgments);
    pdx__filter_free(&l.filter);
    pdx__names_free(&l.judge_by);
    pdx__free(l.missing);
    pdx__buf_free(&l.text);
    pdx__buf_free(&l.judge);
    return status;
}

/* The original's label lists ------------------------------------------------------------------- */

static pdx_status read_labels(pdx_judgments *judgments, const pdx_dataset *dataset,
                              const pdx__buf *text, const char *path, const char *judge) {
    pdx__scan list;
    int64_t number = 0, pair = 0;
    int more = 1;
    pdx__buf label = PDX__BUF_EMPTY;
    PDX__TRY(pdx__scan_open_list(&list, text->data, text->length, (pdx__where){path, 0}));
    pdx_status status = PDX_OK;
    for (;; ++number) {
        PDX__GO(pdx__scan_item(&list, &more));
        if (!more) break;
        int is_a = pdx__span_is(list.value, "A");
        if (!is_a && !pdx__span_is(list.value, "B")) {
            if (list.value.kind == PDX__KIND_STRING) PDX__GO(pdx__scan_text(&list, &label));
            PDX__GO(pdx__fail_at(
                PDX_EPARSE, path, 0, "entry %lld: expected \"A\" or \"B\", found %.60s",
                (long long)number + 1, label.data ? label.data : pdx__span_type(list.value)));
        }
        if (pair == dataset->n || (dataset->record ? dataset->record[pair] : pair) != number)
            continue; /* a record that was left out */
        pdx_judgment j;
        pdx_judgment_init(&j);
        j.pair = pair++;
        j.winner = is_a ? PDX_WINNER_A : PDX_WINNER_B;
        PDX__GO(pdx_judgments_append(judgments, judge, &j));
    }
    if (number != dataset->records)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "%lld labels, but the dataset has %lld records",
                              (long long)number, (long long)dataset->records);
done:
    pdx__buf_free(&label);
    return status;
}

pdx_status pdx_judgments_load_labels(pdx_judgments **out, const pdx_dataset *dataset,
                                     const char *path, const char *judge) {
    PDX__REQUIRE(out, "pdx_judgments_load_labels: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(dataset && path && judge, "pdx_judgments_load_labels: an argument is NULL");
    pdx__buf text = PDX__BUF_EMPTY;
    pdx_judgments *judgments = NULL;
    pdx_status status = pdx__file_read(path, 0, &text);
    if (status == PDX_OK && !text.length)
        status = pdx__fail_at(PDX_EPARSE, path, 0, "the file is empty");
    if (status == PDX_OK) status = pdx_judgments_create(&judgments);
    if (status == PDX_OK) status = read_labels(judgments, dataset, &text, path, judge);
    if (status == PDX_OK) *out = judgments;
    else pdx_judgments_free(judgments);
    pdx__buf_free(&text);
    return status;
}
