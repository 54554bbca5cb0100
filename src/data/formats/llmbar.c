/* LLMBar: Dataset/.../<subset>/evaluators/<model>/<strategy>/result.json. The judge is
 * "<model>/<strategy>"; pairs of one subset are the same in all its evaluators' files. The winner
 * of the swapped run is mapped back already. Evaluators that work in stages (Swap) list one result
 * a stage: the last is the verdict. The label is kept as the pair's `gold` and as the judge "gold".
 * Evaluators that rate each response alone are left out: a rating is no comparison. dataset.json
 * (no results) gives pairs only. */
#include "import.h"

#include <string.h>

typedef struct evaluator {
    pdx__buf model, strategy, subset, judge, extra;
} evaluator;

static pdx_status read_path(evaluator *out, const char *path) {
    pdx__buf level = PDX__BUF_EMPTY;
    pdx_status status;
    PDX__GO(pdx__import_path_part(path, 3, &level));
    int as_laid_out = !strcmp(level.data, "evaluators");
    PDX__GO(pdx__import_path_part(path, as_laid_out ? 4 : 1, &out->subset));
    PDX__GO(pdx__import_path_part(path, as_laid_out ? 2 : 1, &out->model));
    PDX__GO(pdx__import_path_part(path, as_laid_out ? 1 : 0, &out->strategy));
    if (!out->subset.length) pdx__buf_text(&out->subset, "pairs");
    pdx__buf_text(&out->judge, out->model.data);
    if (out->model.length) pdx__buf_char(&out->judge, '/');
    pdx__buf_text(&out->judge, out->strategy.data);
    if (as_laid_out) {
        pdx__import_extra(&out->extra, "llm", out->model.data);
        pdx__import_extra(&out->extra, "strategy", out->strategy.data);
    }
    PDX__GO(out->subset.status);
    PDX__GO(out->extra.status);
    status = out->judge.status;
done:
    pdx__buf_free(&level);
    return status;
}

static pdx_status swap(pdx__import *import, const evaluator *judge, const cJSON *stage,
                       const char *key, int32_t order, pdx__where where) {
    const cJSON *run = NULL;
    const char *winner = NULL;
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    PDX__TRY(pdx__json_object(stage, key, PDX__OPTIONAL, &run, where));
    if (!run) return PDX_OK;
    PDX__TRY(pdx__json_string(run, "winner", PDX__OPTIONAL, &winner, where));
    if (winner && strcmp(winner, "1") && strcmp(winner, "2"))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'winner': '%.40s', expected \"1\", \"2\" or null", winner);
    judgment.judge = judge->judge.data;
    judgment.order = order;
    judgment.winner = !winner ? PDX_WINNER_NONE : winner[0] == '1' ? PDX_WINNER_A : PDX_WINNER_B;
    judgment.raw = pdx__message_text(cJSON_GetObjectItemCaseSensitive(run, "completion"));
    judgment.extra = judge->extra.data;
    return pdx__import_add_judgment(import, &judgment, where);
}

/* The last stage that compared both orders, NULL where there is none. */
static const cJSON *last_stage(const cJSON *results) {
    const cJSON *last = NULL, *entry = cJSON_IsArray(results) ? results->child : results;
    for (; entry; entry = cJSON_IsArray(results) ? entry->next : NULL)
        if (cJSON_GetObjectItemCaseSensitive(entry, "swap = False") ||
            cJSON_GetObjectItemCaseSensitive(entry, "swap = True"))
            last = entry;
    return last;
}

static pdx_status gold(pdx__import *import, int64_t label, pdx__where where) {
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    judgment.judge = "gold";
    judgment.winner = label == 1 ? PDX_WINNER_A : PDX_WINNER_B;
    return pdx__import_add_judgment(import, &judgment, where);
}

static pdx_status result(pdx__import *import, void *context, const cJSON *record,
                         pdx__where where) {
    const evaluator *judge = context;
    pdx__buf id = PDX__BUF_EMPTY, extra = PDX__BUF_EMPTY;
    pdx__import_pair pair = {0};
    int64_t label = 0;
    int fresh;
    pdx_status status;
    PDX__GO(pdx__json_string(record, "input", PDX__REQUIRED, &pair.query, where));
    PDX__GO(pdx__json_string(record, "output_1", PDX__REQUIRED, &pair.response_a, where));
    PDX__GO(pdx__json_string(record, "output_2", PDX__REQUIRED, &pair.response_b, where));
    PDX__GO(pdx__json_int(record, "label", PDX__OPTIONAL, &label, where));
    if (label < 0 || label > 2) {
        status = pdx__fail_at(PDX_EPARSE, where.file, where.line,
                              "field 'label' is %lld, expected 1 or 2", (long long)label);
        goto done;
    }
    pdx__buf_printf(&id, "llmbar/%s/", judge->subset.data);
    if (label) pdx__import_extra(&extra, "gold", label == 1 ? "A" : "B");
    PDX__GO(id.status);
    PDX__GO(extra.status);
    pair.id = id.data;
    pair.extra = extra.data;
    pair.scenario = judge->subset.data;
    PDX__GO(pdx__import_add_pair(import, &pair, &fresh));
    if (fresh && label) PDX__GO(gold(import, label, where));
    const cJSON *results = cJSON_GetObjectItemCaseSensitive(record, "results");
    const cJSON *stage = results ? last_stage(results) : NULL;
    if (results && !stage)
        pdx__import_leave_out(import, where, "'%s' rated '%s' without comparing", judge->judge.data,
                              import->id.data);
    if (!stage) goto done;
    PDX__GO(swap(import, judge, stage, "swap = False", PDX_ORDER_AB, where));
    status = swap(import, judge, stage, "swap = True", PDX_ORDER_BA, where);
done:
    pdx__buf_free(&id);
    pdx__buf_free(&extra);
    return status;
}

pdx_status pdx__import_llmbar(pdx__import *import) {
    pdx_status status = PDX_OK;
    for (int32_t i = 0; i < import->path_count && status == PDX_OK; ++i) {
        evaluator judge;
        memset(&judge, 0, sizeof judge);
        status = read_path(&judge, import->paths[i]);
        if (status == PDX_OK)
            status = pdx__import_records(import, import->paths[i], result, &judge);
        pdx__buf_free(&judge.model);
        pdx__buf_free(&judge.strategy);
        pdx__buf_free(&judge.subset);
        pdx__buf_free(&judge.judge);
        pdx__buf_free(&judge.extra);
    }
    return status;
}
