/* JudgeBench: pairs (data/...jsonl) and what a judge said of them (outputs/...jsonl,
 * "..,judge_name=N, judge_model=M.jsonl"). The judge is "N:M". The first judgment showed A first,
 * the second B, and its decision is about what was shown, not flipped back. The label is kept as
 * the pair's `gold` and as the judge "gold". */
#include "import.h"

#include <string.h>

/* The value of "key=" in a file name, up to a comma or the extension. */
static void name_value(pdx__buf *out, const char *stem, const char *key) {
    pdx__buf_clear(out);
    const char *at = strstr(stem, key);
    if (!at) return;
    at += strlen(key);
    pdx__buf_append(out, at, strcspn(at, ","));
}

static pdx_status judge_name(const cJSON *record, pdx__buf *out, pdx__where where) {
    pdx__buf stem = PDX__BUF_EMPTY, model = PDX__BUF_EMPTY;
    pdx_status status;
    PDX__GO(pdx__import_path_part(where.file, 0, &stem));
    /* The stem of "..gpt-4.1.jsonl" keeps its dots: only the last part is an extension. */
    name_value(&model, stem.data, "judge_model=");
    PDX__GO(model.status);
    PDX__GO(pdx__import_name(record, "judge_name", PDX__OPTIONAL, out, where));
    if (model.length) {
        if (out->length) pdx__buf_char(out, ':');
        pdx__buf_text(out, model.data);
    } else if (!out->length) pdx__buf_text(out, stem.data);
    status = out->status;
done:
    pdx__buf_free(&stem);
    pdx__buf_free(&model);
    return status;
}

static pdx_status judged(pdx__import *import, const cJSON *entry, const char *judge, int32_t order,
                         pdx__where where) {
    const char *decision = NULL;
    pdx__buf extra = PDX__BUF_EMPTY;
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    judgment.judge = judge;
    judgment.order = order;
    pdx_status status;
    if (!cJSON_IsNull(entry)) { /* a call that failed is null */
        PDX__GO(pdx__json_string(entry, "decision", PDX__OPTIONAL, &decision, where));
        PDX__GO(pdx__import_score(decision, "decision", order, &judgment.winner, where));
        const cJSON *words = cJSON_GetObjectItemCaseSensitive(entry, "judgment");
        const cJSON *response = cJSON_GetObjectItemCaseSensitive(words, "response");
        if (cJSON_IsString(response)) judgment.raw = response->valuestring;
        /* A reward model scores the two as they were shown. */
        const cJSON *scores = cJSON_GetObjectItemCaseSensitive(words, "scores");
        if (cJSON_GetArraySize(scores) == 2) {
            pdx__import_extra_value(&extra, "score_first", scores->child);
            pdx__import_extra_value(&extra, "score_second", scores->child->next);
            PDX__GO(extra.status);
            judgment.extra = extra.data;
        }
    }
    status = pdx__import_add_judgment(import, &judgment, where);
done:
    pdx__buf_free(&extra);
    return status;
}

static pdx_status row(pdx__import *import, void *context, const cJSON *record, pdx__where where) {
    (void)context;
    pdx__buf id = PDX__BUF_EMPTY, name = PDX__BUF_EMPTY, extra = PDX__BUF_EMPTY;
    pdx__import_pair pair = {0};
    const cJSON *judgments = NULL;
    const char *label = NULL;
    int32_t gold = PDX_WINNER_NONE;
    int fresh;
    pdx_status status;
    PDX__GO(pdx__import_name(record, "pair_id", PDX__REQUIRED, &name, where));
    PDX__GO(pdx__json_string(record, "question", PDX__REQUIRED, &pair.query, where));
    PDX__GO(pdx__json_string(record, "response_A", PDX__REQUIRED, &pair.response_a, where));
    PDX__GO(pdx__json_string(record, "response_B", PDX__REQUIRED, &pair.response_b, where));
    PDX__GO(pdx__json_string(record, "source", PDX__OPTIONAL, &pair.scenario, where));
    PDX__GO(pdx__json_string(record, "label", PDX__OPTIONAL, &label, where));
    PDX__GO(pdx__import_score(label, "label", PDX_ORDER_AB, &gold, where));
    PDX__GO(pdx__json_array(record, "judgments", PDX__OPTIONAL, &judgments, where));
    if (cJSON_GetArraySize(judgments) > 2) {
        status = pdx__fail_at(PDX_EPARSE, where.file, where.line,
                              "field 'judgments': expected one or two, found %d",
                              cJSON_GetArraySize(judgments));
        goto done;
    }
    pdx__buf_printf(&id, "judgebench/%s", name.data);
    pdx__import_extra(&extra, "gold",
                      gold == PDX_WINNER_A   ? "A"
                      : gold == PDX_WINNER_B ? "B"
                                             : NULL);
    pdx__import_extra_value(&extra, "model",
                            cJSON_GetObjectItemCaseSensitive(record, "response_model"));
    PDX__GO(id.status);
    PDX__GO(extra.status);
    pair.id = id.data;
    pair.extra = extra.data;
    PDX__GO(pdx__import_add_pair(import, &pair, &fresh));
    if (fresh && gold != PDX_WINNER_NONE) {
        pdx__import_judgment judgment;
        pdx__import_judgment_init(&judgment);
        judgment.judge = "gold";
        judgment.winner = gold;
        PDX__GO(pdx__import_add_judgment(import, &judgment, where));
    }
    if (!judgments) goto done;
    PDX__GO(judge_name(record, &name, where));
    int32_t order = PDX_ORDER_AB;
    for (const cJSON *entry = judgments->child; entry; entry = entry->next, order = PDX_ORDER_BA)
        PDX__GO(judged(import, entry, name.data, order, where));
done:
    pdx__buf_free(&id);
    pdx__buf_free(&name);
    pdx__buf_free(&extra);
    return status;
}

pdx_status pdx__import_judgebench(pdx__import *import) {
    for (int32_t i = 0; i < import->path_count; ++i)
        PDX__TRY(pdx__import_records(import, import->paths[i], row, NULL));
    return PDX_OK;
}
