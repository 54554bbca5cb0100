/* Arena-Hard judgments, 2.0 and 0.1. The baseline is response A, the model response B; game 0
 * showed the baseline first, game 1 the model. A verdict's strength (>>) is kept as `score`. Rows
 * of 0.1 name neither judge nor baseline: the judge is the folder, the baseline options.baseline or
 * the one that all of 0.1 was judged against. */
#include "import.h"

#include <string.h>

typedef struct arena_files {
    pdx__answers answers, questions;
} arena_files;

static pdx_status game(pdx__import *import, const cJSON *entry, const char *judge, int32_t order,
                       pdx__where where) {
    pdx__buf extra = PDX__BUF_EMPTY;
    const char *score = NULL;
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    judgment.judge = judge;
    judgment.order = order;
    pdx_status status = PDX_OK;
    if (!cJSON_IsNull(entry)) { /* a call that failed is null */
        PDX__GO(pdx__json_string(entry, "score", PDX__OPTIONAL, &score, where));
        PDX__GO(pdx__import_score(score, "score", order, &judgment.winner, where));
        judgment.raw = pdx__message_text(cJSON_GetObjectItemCaseSensitive(entry, "judgment"));
        pdx__import_extra(&extra, "score", score);
        PDX__GO(extra.status);
        judgment.extra = extra.data;
    }
    status = pdx__import_add_judgment(import, &judgment, where);
done:
    pdx__buf_free(&extra);
    return status;
}

static pdx_status row(pdx__import *import, void *context, const cJSON *record, pdx__where where) {
    const arena_files *files = context;
    pdx__buf id = PDX__BUF_EMPTY, question = PDX__BUF_EMPTY, folder = PDX__BUF_EMPTY,
             texts[3] = {PDX__BUF_EMPTY, PDX__BUF_EMPTY, PDX__BUF_EMPTY};
    pdx__import_pair pair = {0};
    const cJSON *games = NULL;
    int found;
    pdx_status status;
    int old = !cJSON_GetObjectItemCaseSensitive(record, "uid");
    PDX__GO(pdx__import_name(record, old ? "question_id" : "uid", PDX__REQUIRED, &question, where));
    PDX__GO(pdx__json_string(record, "model", PDX__REQUIRED, &pair.model_b, where));
    pair.model_a = import->options.baseline ? import->options.baseline : "gpt-4-0314";
    PDX__GO(pdx__json_string(record, "baseline", old ? PDX__OPTIONAL : PDX__REQUIRED, &pair.model_a,
                             where));
    PDX__GO(pdx__json_string(record, "category", PDX__OPTIONAL, &pair.scenario, where));
    PDX__GO(pdx__import_path_part(where.file, 1, &folder));
    const char *judge = folder.length ? folder.data : "judge";
    PDX__GO(pdx__json_string(record, "judge", PDX__OPTIONAL, &judge, where));
    PDX__GO(pdx__json_array(record, "games", PDX__REQUIRED, &games, where));
    if (cJSON_GetArraySize(games) > 2) {
        status =
            pdx__fail_at(PDX_EPARSE, where.file, where.line,
                         "field 'games': expected 2 games, found %d", cJSON_GetArraySize(games));
        goto done;
    }
    pdx__buf_printf(&id, "arena-hard/%s/%s/%s", question.data, pair.model_a, pair.model_b);
    PDX__GO(id.status);
    pair.id = id.data;
    PDX__GO(pdx__answers_fill(import, &files->answers, &files->questions, question.data, 1, &pair,
                              texts, &found, where));
    if (!found) goto done;
    PDX__GO(pdx__import_add_pair(import, &pair, NULL));
    int32_t order = PDX_ORDER_AB;
    for (const cJSON *entry = games->child; entry; entry = entry->next, order = PDX_ORDER_BA)
        PDX__GO(game(import, entry, judge, order, where));
done:
    pdx__buf_free(&id);
    pdx__buf_free(&question);
    pdx__buf_free(&folder);
    for (int i = 0; i < 3; ++i) pdx__buf_free(&texts[i]);
    return status;
}

pdx_status pdx__import_arena_hard(pdx__import *import) {
    arena_files files;
    memset(&files, 0, sizeof files);
    pdx_status status = PDX_OK;
    if (import->options.answers)
        status = pdx__answers_load(&files.answers, import, import->options.answers);
    if (status == PDX_OK && import->options.questions)
        status = pdx__questions_load(&files.questions, import, import->options.questions);
    for (int32_t i = 0; i < import->path_count && status == PDX_OK; ++i)
        status = pdx__import_records(import, import->paths[i], row, &files);
    pdx__answers_free(&files.answers);
    pdx__answers_free(&files.questions);
    return status;
}
