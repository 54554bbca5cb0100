/* MT-bench pairwise judgments and human votes. Winners of a pairwise row are un-swapped already:
 * game 1 showed model_1 first, game 2 model_2; model_1 is response A. A second-turn row is a pair
 * of its own, judged on both turns. Human votes have no known order; the experts and authors count
 * as one judge, "human", and keep their names in `annotator`. */
#include "import.h"

#include <string.h>

typedef struct mtbench_files {
    pdx__answers answers, questions;
} mtbench_files;

typedef struct mtbench_row {
    pdx__buf id, question, judge, prompt, extra, texts[3];
    pdx__import_pair pair;
    int64_t turn;
} mtbench_row;

static void free_row(mtbench_row *row) {
    pdx__buf_free(&row->id);
    pdx__buf_free(&row->question);
    pdx__buf_free(&row->judge);
    pdx__buf_free(&row->prompt);
    pdx__buf_free(&row->extra);
    for (int i = 0; i < 3; ++i) pdx__buf_free(&row->texts[i]);
}

/* The judge is a name, or a list of the model's name and its prompt's. */
static pdx_status judge_name(const cJSON *record, mtbench_row *row, pdx__where where) {
    const cJSON *judge = cJSON_GetObjectItemCaseSensitive(record, "judge");
    pdx__buf_clear(&row->judge);
    if (!cJSON_IsArray(judge))
        return pdx__import_name(record, "judge", PDX__REQUIRED, &row->judge, where);
    const cJSON *name = judge->child, *prompt = name ? name->next : NULL;
    if (!cJSON_IsString(name))
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'judge': expected the judge's name first, found %s",
                            pdx__json_type(name));
    pdx__buf_text(&row->judge, name->valuestring);
    if (cJSON_IsString(prompt))
        pdx__import_extra(&row->prompt, "judge_prompt", prompt->valuestring);
    return row->prompt.status != PDX_OK ? row->prompt.status : row->judge.status;
}

/* Question, turn, models and judge; the id of the pair. */
static pdx_status common(const cJSON *record, const char *key_a, const char *key_b,
                         mtbench_row *row, pdx__where where) {
    row->turn = 1;
    PDX__TRY(pdx__import_name(record, "question_id", PDX__REQUIRED, &row->question, where));
    PDX__TRY(pdx__json_string(record, key_a, PDX__REQUIRED, &row->pair.model_a, where));
    PDX__TRY(pdx__json_string(record, key_b, PDX__REQUIRED, &row->pair.model_b, where));
    PDX__TRY(pdx__json_int(record, "turn", PDX__OPTIONAL, &row->turn, where));
    if (row->turn < 1 || row->turn > 100)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field 'turn' is %lld, expected 1 or 2", (long long)row->turn);
    PDX__TRY(judge_name(record, row, where));
    pdx__buf_printf(&row->id, "mtbench/%s/%lld/%s/%s", row->question.data, (long long)row->turn,
                    row->pair.model_a, row->pair.model_b);
    pdx__import_extra(&row->extra, "question", row->question.data);
    pdx__buf_printf(&row->extra, ",\"turn\":%lld", (long long)row->turn);
    row->pair.id = row->id.data;
    row->pair.extra = row->extra.data;
    return row->id.status != PDX_OK ? row->id.status : row->extra.status;
}

static pdx_status game(pdx__import *import, const cJSON *record, const mtbench_row *row,
                       int32_t order, const char *winner_key, const char *raw_key,
                       pdx__where where) {
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    judgment.judge = row->judge.data;
    judgment.order = order;
    judgment.extra = row->prompt.data;
    const char *winner = NULL;
    if (!cJSON_GetObjectItemCaseSensitive(record, winner_key)) return PDX_OK;
    PDX__TRY(pdx__json_string(record, winner_key, PDX__OPTIONAL, &winner, where));
    PDX__TRY(pdx__json_string(record, raw_key, PDX__OPTIONAL, &judgment.raw, where));
    PDX__TRY(pdx__import_winner(winner, winner_key, &judgment.winner, where));
    return pdx__import_add_judgment(import, &judgment, where);
}

static pdx_status pair_row(pdx__import *import, void *context, const cJSON *record,
                           pdx__where where) {
    const mtbench_files *files = context;
    mtbench_row row;
    memset(&row, 0, sizeof row);
    int found;
    const char *first = NULL;
    pdx_status status;
    PDX__GO(common(record, "model_1", "model_2", &row, where));
    PDX__GO(pdx__json_string(record, "g1_winner", PDX__REQUIRED, &first, where));
    PDX__GO(pdx__answers_fill(import, &files->answers, &files->questions, row.question.data,
                              row.turn, &row.pair, row.texts, &found, where));
    if (!found) goto done;
    PDX__GO(pdx__import_add_pair(import, &row.pair, NULL));
    PDX__GO(game(import, record, &row, PDX_ORDER_AB, "g1_winner", "g1_judgment", where));
    status = game(import, record, &row, PDX_ORDER_BA, "g2_winner", "g2_judgment", where);
done:
    free_row(&row);
    return status;
}

static pdx_status vote(pdx__import *import, void *context, const cJSON *record, pdx__where where) {
    (void)context;
    mtbench_row row;
    memset(&row, 0, sizeof row);
    const cJSON *a = NULL, *b = NULL;
    const char *winner = NULL;
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    pdx_status status;
    PDX__GO(common(record, "model_a", "model_b", &row, where));
    PDX__GO(pdx__json_array(record, "conversation_a", PDX__OPTIONAL, &a, where));
    PDX__GO(
        pdx__json_array(record, "conversation_b", a ? PDX__REQUIRED : PDX__OPTIONAL, &b, where));
    if (a) {
        PDX__GO(
            pdx__conversation(b, "conversation_b", row.turn, &row.texts[0], &row.texts[2], where));
        PDX__GO(
            pdx__conversation(a, "conversation_a", row.turn, &row.texts[0], &row.texts[1], where));
        row.pair.query_json = row.texts[0].data;
        row.pair.response_a = row.texts[1].data;
        row.pair.response_b = row.texts[2].data;
    }
    PDX__GO(pdx__json_string(record, "winner", PDX__REQUIRED, &winner, where));
    PDX__GO(pdx__import_winner(winner, "winner", &judgment.winner, where));
    PDX__GO(pdx__import_add_pair(import, &row.pair, NULL));
    int person = !strncmp(row.judge.data, "expert", 6) || !strncmp(row.judge.data, "author", 6);
    judgment.judge = person ? "human" : row.judge.data;
    if (person) pdx__import_extra(&row.prompt, "annotator", row.judge.data);
    PDX__GO(row.prompt.status);
    judgment.extra = row.prompt.data;
    status = pdx__import_add_judgment(import, &judgment, where);
done:
    free_row(&row);
    return status;
}

pdx_status pdx__import_mtbench(pdx__import *import) {
    mtbench_files files;
    memset(&files, 0, sizeof files);
    pdx_status status = PDX_OK;
    if (import->options.answers)
        status = pdx__answers_load(&files.answers, import, import->options.answers);
    if (status == PDX_OK && import->options.questions)
        status = pdx__questions_load(&files.questions, import, import->options.questions);
    for (int32_t i = 0; i < import->path_count && status == PDX_OK; ++i)
        status = pdx__import_records(import, import->paths[i], pair_row, &files);
    pdx__answers_free(&files.answers);
    pdx__answers_free(&files.questions);
    return status;
}

pdx_status pdx__import_mtbench_human(pdx__import *import) {
    for (int32_t i = 0; i < import->path_count; ++i)
        PDX__TRY(pdx__import_records(import, import->paths[i], vote, NULL));
    return PDX_OK;
}
