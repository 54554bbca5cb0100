/* Files for other tools: AlpacaEval's annotations, MT-bench's judgments, pairs to train on. */
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "data/dataset.h"
#include "measure.h"

static void put(pdx__buf *out, const char *before, const char *text) {
    pdx__buf_text(out, before);
    pdx__buf_json_string(out, text, strlen(text));
}

/* Appends `before` and a text field of a pair. `needed`: without it PDX_EINVAL, else `standin`. */
static pdx_status put_field(pdx__buf *out, const char *before, const pdx_dataset *dataset,
                            int64_t pair, const char *field, const char *standin) {
    const char *text;
    PDX__TRY(pdx_dataset_text(dataset, pair, field, &text));
    if (!text && !standin)
        return pdx__fail(PDX_EINVAL, "pair '%.80s' has no '%s'", pdx_dataset_id(dataset, pair),
                         field);
    put(out, before, text ? text : standin);
    return out->status;
}

static pdx_status find_judge(int32_t *out, const pdx_judgments *judgments, const char *judge) {
    if (judge) {
        *out = pdx_judgments_find_judge(judgments, judge);
        if (*out < 0) return pdx__fail(PDX_ENOTFOUND, "judge '%.80s' has no judgments", judge);
        return PDX_OK;
    }
    PDX__REQUIRE(pdx_judgments_judge_count(judgments) == 1,
                 "there are %d judges: name the one to export",
                 pdx_judgments_judge_count(judgments));
    *out = 0;
    return PDX_OK;
}

static pdx_status finish(pdx__buf *out, pdx_status status, const char *path) {
    if (status == PDX_OK) status = out->status;
    if (status == PDX_OK) status = pdx__file_write(path, out->data, out->length);
    pdx__buf_free(out);
    return status;
}

/* ---- AlpacaEval ---- */

static pdx_status annotation(pdx__buf *out, const pdx_dataset *dataset, int64_t i,
                             const char *judge, double prefers_b) {
    PDX__TRY(
        put_field(out, i ? ",\n{\"dataset\":" : "\n{\"dataset\":", dataset, i, "scenario", "all"));
    PDX__TRY(put_field(out, ",\"instruction\":", dataset, i, "query", NULL));
    PDX__TRY(put_field(out, ",\"output_1\":", dataset, i, "response_a", NULL));
    PDX__TRY(put_field(out, ",\"generator_1\":", dataset, i, "model_a", NULL));
    PDX__TRY(put_field(out, ",\"output_2\":", dataset, i, "response_b", NULL));
    PDX__TRY(put_field(out, ",\"generator_2\":", dataset, i, "model_b", NULL));
    put(out, ",\"annotator\":", judge);
    pdx__buf_text(out, ",\"preference\":");
    pdx__buf_json_double(out, 1 + prefers_b);
    pdx__buf_char(out, '}');
    return out->status;
}

pdx_status pdx_export_alpacaeval(pdx_export_counts *counts, const pdx_dataset *dataset,
                                 const pdx_judgments *judgments, const char *judge,
                                 const char *path) {
    PDX__REQUIRE(counts && dataset && judgments && path,
                 "pdx_export_alpacaeval: an argument is NULL");
    memset(counts, 0, sizeof *counts);
    int32_t number = -1;
    PDX__TRY(find_judge(&number, judgments, judge));
    const char *name = pdx_judgments_judge_name(judgments, number);
    pdx__labels rows;
    PDX__TRY(pdx__rows_of_judge(&rows, dataset, judgments, NULL, name, NULL, PDX_LABEL_SOFT,
                                PDX_TIES_HALF));
    pdx__buf out = PDX__BUF_EMPTY;
    pdx_status status = PDX_OK;
    int64_t r = 0;
    pdx__buf_char(&out, '[');
    for (int64_t i = 0; i < dataset->n && status == PDX_OK; ++i) {
        double prefers_b = NAN;
        if (r < rows.count && rows.pair[r] == i) prefers_b = 1 - rows.y[r++];
        counts->no_verdict += isnan(prefers_b);
        status = annotation(&out, dataset, i, name, prefers_b);
    }
    pdx__labels_free(&rows);
    pdx__buf_text(&out, "\n]\n");
    status = finish(&out, status, path);
    if (status == PDX_OK) counts->rows = dataset->n;
    return status;
}

/* ---- MT-bench ---- */

/* Votes of the judge in one order. */
typedef struct votes {
    int32_t a, b, tie;
} votes;

static const char *winner_of(const votes *v) {
    if (v->a > v->b) return "model_1";
    if (v->b > v->a) return "model_2";
    return v->a || v->tie ? "tie" : "error";
}

static pdx_status game_row(pdx__buf *out, const pdx_dataset *dataset, int64_t i,
                           const char *question, const char *judge, const votes game[2]) {
    pdx__buf_printf(out, "{\"question_id\":%s", question);
    PDX__TRY(put_field(out, ",\"model_1\":", dataset, i, "model_a", NULL));
    PDX__TRY(put_field(out, ",\"model_2\":", dataset, i, "model_b", NULL));
    put(out, ",\"g1_winner\":", winner_of(&game[0]));
    put(out, ",\"g2_winner\":", winner_of(&game[1]));
    put(out, ",\"judge\":[", judge);
    pdx__buf_text(out, ",\"prefdissect\"],\"g1_user_prompt\":\"\",\"g1_judgment\":\"\","
                       "\"g2_user_prompt\":\"\",\"g2_judgment\":\"\",\"turn\":1,\"tstamp\":0}\n");
    return out->status;
}

static pdx_status question_of(pdx__buf *out, const pdx_dataset *dataset, int64_t i,
                              pdx__strmap *queries) {
    const char *text;
    int64_t number;
    pdx__buf_clear(out);
    PDX__TRY(pdx_dataset_text(dataset, i, "question", &text));
    if (text && *text && strspn(text, "0123456789") == strlen(text) && strlen(text) < 16) {
        pdx__buf_text(out, text);
        return out->status;
    }
    PDX__TRY(pdx_dataset_text(dataset, i, "query", &text));
    if (!text) text = pdx_dataset_id(dataset, i);
    PDX__TRY(pdx__strmap_add(queries, text, strlen(text), &number, NULL));
    pdx__buf_printf(out, "%lld", (long long)number + 1);
    return out->status;
}

pdx_status pdx_export_mtbench(pdx_export_counts *counts, const pdx_dataset *dataset,
                              const pdx_judgments *judgments, const char *judge, const char *path) {
    PDX__REQUIRE(counts && dataset && judgments && path, "pdx_export_mtbench: an argument is NULL");
    memset(counts, 0, sizeof *counts);
    int32_t number = -1;
    PDX__TRY(find_judge(&number, judgments, judge));
    votes(*game)[2] = pdx__alloc_zero((size_t)dataset->n, sizeof *game);
    pdx__buf out = PDX__BUF_EMPTY, question = PDX__BUF_EMPTY;
    pdx__strmap queries = {0};
    pdx_status status = game ? PDX_OK : PDX_ENOMEM;
    for (int64_t r = 0; status == PDX_OK && r < pdx_judgments_count(judgments); ++r) {
        pdx_judgment j;
        status = pdx_judgments_get(judgments, r, &j);
        if (status != PDX_OK || j.judge != number || j.order == PDX_ORDER_UNKNOWN) continue;
        votes *v = &game[j.pair][j.order == PDX_ORDER_BA];
        v->a += j.winner == PDX_WINNER_A;
        v->b += j.winner == PDX_WINNER_B;
        v->tie += j.winner == PDX_WINNER_TIE;
    }
    for (int64_t i = 0; status == PDX_OK && i < dataset->n; ++i) {
        status = question_of(&question, dataset, i, &queries);
        if (status == PDX_OK)
            status = game_row(&out, dataset, i, question.data,
                              pdx_judgments_judge_name(judgments, number), game[i]);
        counts->no_verdict +=
            !strcmp(winner_of(&game[i][0]), "error") || !strcmp(winner_of(&game[i][1]), "error");
    }
    pdx__strmap_free(&queries);
    pdx__buf_free(&question);
    pdx__free(game);
    status = finish(&out, status, path);
    if (status == PDX_OK) counts->rows = dataset->n;
    return status;
}

/* ---- pairs to train on ---- */

static pdx_status training_row(pdx__buf *out, const pdx_dataset *dataset, int64_t i, int a_chosen) {
    PDX__TRY(put_field(out, "{\"prompt\":", dataset, i, "query", NULL));
    PDX__TRY(
        put_field(out, ",\"chosen\":", dataset, i, a_chosen ? "response_a" : "response_b", NULL));
    PDX__TRY(
        put_field(out, ",\"rejected\":", dataset, i, a_chosen ? "response_b" : "response_a", NULL));
    pdx__buf_text(out, "}\n");
    return out->status;
}

/* 1 where there are two texts to tell apart. */
static pdx_status differ(const pdx_dataset *dataset, int64_t i, pdx__buf *a, int *out) {
    const char *text;
    pdx__buf_clear(a);
    PDX__TRY(pdx_dataset_text(dataset, i, "response_a", &text));
    pdx__buf_text(a, text ? text : "");
    PDX__TRY(a->status);
    PDX__TRY(pdx_dataset_text(dataset, i, "response_b", &text));
    *out = text && *text && a->length && strcmp(a->data, text);
    return PDX_OK;
}

pdx_status pdx_export_preferences(pdx_export_counts *counts, const pdx_dataset *dataset,
                                  const pdx_posterior *posterior, double threshold,
                                  int32_t inverted, const char *path) {
    PDX__REQUIRE(counts && dataset && posterior && path,
                 "pdx_export_preferences: an argument is NULL");
    memset(counts, 0, sizeof *counts);
    PDX__REQUIRE(threshold >= 0.5 && threshold < 1, "the threshold is %g, must be from 0.5 to 1",
                 threshold);
    PDX__TRY(pdx__columns_match(posterior, dataset));
    double *x = pdx__alloc((size_t)posterior->d, sizeof *x);
    pdx__buf out = PDX__BUF_EMPTY, text = PDX__BUF_EMPTY;
    pdx_status status = x ? PDX_OK : PDX_ENOMEM;
    pdx__buf_text(&out, "");
    for (int64_t i = 0; status == PDX_OK && i < dataset->n; ++i) {
        double p = 0.5;
        int two = 0;
        status = pdx_dataset_row(dataset, i, x);
        if (status == PDX_OK) status = pdx_posterior_predict(posterior, x, 1, &p);
        if (status == PDX_OK) status = differ(dataset, i, &text, &two);
        if (status != PDX_OK) break;
        if (!two || fmax(p, 1 - p) < threshold || p == 0.5) {
            ++counts->left_out;
            continue;
        }
        status = training_row(&out, dataset, i, (p > 0.5) != (inverted != 0));
        ++counts->rows;
    }
    pdx__free(x);
    pdx__buf_free(&text);
    status = finish(&out, status, path);
    if (status != PDX_OK) memset(counts, 0, sizeof *counts);
    return status;
}
