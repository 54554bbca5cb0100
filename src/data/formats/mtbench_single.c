/* MT-bench single scores. A score is about one response, so a preference must be made of two: for
 * every question, turn and judge the scores of two models are compared; the higher wins, equal ones
 * tie. With options.baseline each model is compared with that one (response A); without it every
 * two models are, in the order of their names, so n models give n(n-1)/2 judgments that are not
 * independent. No order was shown. Both scores stand in the row. */
#include "import.h"

#include <stdlib.h>
#include <string.h>

typedef struct score_row {
    int64_t question, judge, model, arrival;
    int64_t turn;
    double score;
    pdx__where where;
} score_row;

typedef struct scores {
    pdx__answers answers, questions;
    pdx__strmap question, judge, model;
    score_row *row;
    size_t count, capacity;
    int64_t *rank; /* of each model by name */
} scores;

static pdx_status number_of(pdx__strmap *map, const char *text, int64_t *out) {
    return pdx__strmap_add(map, text, strlen(text), out, NULL);
}

static pdx_status take(pdx__import *import, void *context, const cJSON *record, pdx__where where) {
    scores *all = context;
    pdx__buf name = PDX__BUF_EMPTY;
    score_row row = {0, 0, 0, (int64_t)all->count, 1, -1, where};
    const char *model = NULL;
    pdx_status status;
    PDX__GO(pdx__import_name(record, "question_id", PDX__REQUIRED, &name, where));
    PDX__GO(number_of(&all->question, name.data, &row.question));
    PDX__GO(pdx__json_string(record, "model", PDX__REQUIRED, &model, where));
    PDX__GO(number_of(&all->model, model, &row.model));
    const cJSON *judge = cJSON_GetObjectItemCaseSensitive(record, "judge");
    if (cJSON_IsArray(judge) && cJSON_IsString(judge->child))
        PDX__GO(number_of(&all->judge, judge->child->valuestring, &row.judge));
    else {
        PDX__GO(pdx__import_name(record, "judge", PDX__REQUIRED, &name, where));
        PDX__GO(number_of(&all->judge, name.data, &row.judge));
    }
    PDX__GO(pdx__json_int(record, "turn", PDX__OPTIONAL, &row.turn, where));
    PDX__GO(pdx__json_double(record, "score", PDX__OPTIONAL, &row.score, where));
    if (row.score < 0) {
        pdx__import_leave_out(import, where, "no score of '%s' could be read", model);
        goto done;
    }
    PDX__GO(pdx__grow(&all->row, &all->capacity, all->count + 1, sizeof *all->row));
    all->row[all->count++] = row;
done:
    pdx__buf_free(&name);
    return status;
}

/* By question, turn, judge, rank of the model, arrival. */
static int by_place(const void *left, const void *right, void *context) {
    const int64_t *rank = context;
    const score_row *a = left, *b = right;
    const int64_t keys[5][2] = {{a->question, b->question},
                                {a->turn, b->turn},
                                {a->judge, b->judge},
                                {rank[a->model], rank[b->model]},
                                {a->arrival, b->arrival}};
    for (int i = 0; i < 5; ++i)
        if (keys[i][0] != keys[i][1]) return keys[i][0] < keys[i][1] ? -1 : 1;
    return 0;
}

static int by_name(const void *left, const void *right, void *context) {
    const pdx__strmap *models = context;
    return strcmp(pdx__strmap_get(models, *(const int64_t *)left),
                  pdx__strmap_get(models, *(const int64_t *)right));
}

/* The baseline comes first, then the models by name. */
static pdx_status rank_models(scores *all, const char *baseline) {
    size_t models = (size_t)all->model.count;
    int64_t first = baseline ? pdx__strmap_find(&all->model, baseline, strlen(baseline)) : -1;
    if (baseline && first < 0)
        return pdx__fail(PDX_ENOTFOUND, "the baseline '%s' has no scores", baseline);
    int64_t *order = pdx__alloc(models, sizeof *order);
    all->rank = pdx__alloc(models, sizeof *all->rank);
    if (!order || !all->rank) {
        pdx__free(order);
        return PDX_ENOMEM;
    }
    for (size_t i = 0; i < models; ++i) order[i] = (int64_t)i;
    qsort_r(order, models, sizeof *order, by_name, &all->model);
    for (size_t i = 0; i < models; ++i) all->rank[order[i]] = order[i] == first ? -1 : (int64_t)i;
    pdx__free(order);
    return PDX_OK;
}

static pdx_status compare(pdx__import *import, const scores *all, const score_row *a,
                          const score_row *b) {
    pdx__buf id = PDX__BUF_EMPTY, extra = PDX__BUF_EMPTY, points = PDX__BUF_EMPTY,
             texts[3] = {PDX__BUF_EMPTY, PDX__BUF_EMPTY, PDX__BUF_EMPTY};
    const char *question = pdx__strmap_get(&all->question, a->question);
    pdx__import_pair pair = {0};
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    pair.model_a = pdx__strmap_get(&all->model, a->model);
    pair.model_b = pdx__strmap_get(&all->model, b->model);
    pdx_status status;
    int found;
    pdx__buf_printf(&id, "mtbench/%s/%lld/%s/%s", question, (long long)a->turn, pair.model_a,
                    pair.model_b);
    pdx__import_extra(&extra, "question", question);
    pdx__buf_printf(&extra, ",\"turn\":%lld", (long long)a->turn);
    pdx__buf_text(&points, ",\"score_a\":");
    pdx__buf_json_double(&points, a->score);
    pdx__buf_text(&points, ",\"score_b\":");
    pdx__buf_json_double(&points, b->score);
    PDX__GO(id.status);
    PDX__GO(extra.status);
    PDX__GO(points.status);
    pair.id = id.data;
    pair.extra = extra.data;
    PDX__GO(pdx__answers_fill(import, &all->answers, &all->questions, question, a->turn, &pair,
                              texts, &found, a->where));
    if (!found) goto done;
    PDX__GO(pdx__import_add_pair(import, &pair, NULL));
    judgment.judge = pdx__strmap_get(&all->judge, a->judge);
    judgment.winner = a->score > b->score   ? PDX_WINNER_A
                      : a->score < b->score ? PDX_WINNER_B
                                            : PDX_WINNER_TIE;
    judgment.extra = points.data;
    status = pdx__import_add_judgment(import, &judgment, a->where);
done:
    pdx__buf_free(&id);
    pdx__buf_free(&extra);
    pdx__buf_free(&points);
    for (int i = 0; i < 3; ++i) pdx__buf_free(&texts[i]);
    return status;
}

static pdx_status compare_all(pdx__import *import, const scores *all) {
    for (size_t start = 0, end; start < all->count; start = end) {
        const score_row *first = &all->row[start];
        for (end = start; end < all->count; ++end) {
            const score_row *row = &all->row[end];
            if (row->question != first->question || row->turn != first->turn ||
                row->judge != first->judge)
                break;
        }
        for (size_t i = start; i < end; ++i) {
            if (import->options.baseline && all->rank[all->row[i].model] != -1) break;
            for (size_t j = i + 1; j < end; ++j) {
                if (all->row[i].model == all->row[j].model) continue;
                PDX__TRY(pdx__import_tick(import));
                PDX__TRY(compare(import, all, &all->row[i], &all->row[j]));
            }
        }
    }
    return PDX_OK;
}

pdx_status pdx__import_mtbench_single(pdx__import *import) {
    scores all;
    memset(&all, 0, sizeof all);
    pdx_status status = PDX_OK;
    if (import->options.answers)
        PDX__GO(pdx__answers_load(&all.answers, import, import->options.answers));
    if (import->options.questions)
        PDX__GO(pdx__questions_load(&all.questions, import, import->options.questions));
    for (int32_t i = 0; i < import->path_count; ++i)
        PDX__GO(pdx__import_records(import, import->paths[i], take, &all));
    PDX__GO(rank_models(&all, import->options.baseline));
    if (all.count) qsort_r(all.row, all.count, sizeof *all.row, by_place, all.rank);
    status = compare_all(import, &all);
done:
    pdx__answers_free(&all.answers);
    pdx__answers_free(&all.questions);
    pdx__strmap_free(&all.question);
    pdx__strmap_free(&all.judge);
    pdx__strmap_free(&all.model);
    pdx__free(all.row);
    pdx__free(all.rank);
    return status;
}
