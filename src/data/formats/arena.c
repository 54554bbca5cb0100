/* Chatbot Arena votes: the 33k conversations (JSON) and the 55k CSV, whose prompt and responses are
 * JSON lists in text. The voter is the judge "human"; which side a response stood on is not known.
 * Both kinds of tie are ties. */
#include "import.h"

#include <string.h>

#include "data/csv.h"

static pdx_status conversation_row(pdx__import *import, void *context, const cJSON *record,
                                   pdx__where where) {
    (void)context;
    pdx__buf id = PDX__BUF_EMPTY, question = PDX__BUF_EMPTY, query = PDX__BUF_EMPTY,
             a = PDX__BUF_EMPTY, b = PDX__BUF_EMPTY, extra = PDX__BUF_EMPTY, who = PDX__BUF_EMPTY;
    pdx__import_pair pair = {0};
    const cJSON *first = NULL, *second = NULL;
    const char *winner = NULL;
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    pdx_status status;
    PDX__GO(pdx__import_name(record, "question_id", PDX__REQUIRED, &question, where));
    PDX__GO(pdx__json_string(record, "model_a", PDX__OPTIONAL, &pair.model_a, where));
    PDX__GO(pdx__json_string(record, "model_b", PDX__OPTIONAL, &pair.model_b, where));
    PDX__GO(pdx__json_string(record, "winner", PDX__REQUIRED, &winner, where));
    PDX__GO(pdx__import_winner(winner, "winner", &judgment.winner, where));
    PDX__GO(pdx__json_array(record, "conversation_a", PDX__REQUIRED, &first, where));
    PDX__GO(pdx__json_array(record, "conversation_b", PDX__REQUIRED, &second, where));
    PDX__GO(pdx__conversation(second, "conversation_b", 0, &query, &b, where));
    PDX__GO(pdx__conversation(first, "conversation_a", 0, &query, &a, where));
    pdx__import_extra_value(&extra, "language",
                            cJSON_GetObjectItemCaseSensitive(record, "language"));
    pdx__import_extra_value(&extra, "turn", cJSON_GetObjectItemCaseSensitive(record, "turn"));
    pdx__import_extra_value(&who, "annotator", cJSON_GetObjectItemCaseSensitive(record, "judge"));
    pdx__buf_printf(&id, "arena-33k/%s", question.data);
    PDX__GO(extra.status);
    PDX__GO(who.status);
    PDX__GO(id.status);
    pair.id = id.data;
    pair.query_json = query.data;
    pair.response_a = a.data;
    pair.response_b = b.data;
    pair.extra = extra.data;
    PDX__GO(pdx__import_add_pair(import, &pair, NULL));
    judgment.judge = "human";
    judgment.extra = who.data;
    judgment.raw = judgment.winner == PDX_WINNER_TIE ? winner : NULL;
    status = pdx__import_add_judgment(import, &judgment, where);
done:
    pdx__buf_free(&id);
    pdx__buf_free(&question);
    pdx__buf_free(&query);
    pdx__buf_free(&a);
    pdx__buf_free(&b);
    pdx__buf_free(&extra);
    pdx__buf_free(&who);
    return status;
}

pdx_status pdx__import_arena_33k(pdx__import *import) {
    for (int32_t i = 0; i < import->path_count; ++i)
        PDX__TRY(pdx__import_records(import, import->paths[i], conversation_row, NULL));
    return PDX_OK;
}

/* ---- 55k ---- */

enum { ID, PROMPT, RESPONSE_A, RESPONSE_B, WON_A, WON_B, TIED, MODEL_A, MODEL_B, COLUMNS };
static const char *const column_names[COLUMNS] = {"id",         "prompt",         "response_a",
                                                  "response_b", "winner_model_a", "winner_model_b",
                                                  "winner_tie", "model_a",        "model_b"};

static pdx_status find_columns(const pdx__csv *csv, int64_t column[COLUMNS]) {
    for (int c = 0; c < COLUMNS; ++c) {
        column[c] = -1;
        for (int64_t i = 0; i < csv->count; ++i)
            if (!strcmp(csv->field[i], column_names[c])) column[c] = i;
        if (column[c] < 0 && c < MODEL_A)
            return pdx__fail_at(PDX_EPARSE, csv->path, csv->line, "column '%s' is missing",
                                column_names[c]);
    }
    return PDX_OK;
}

/* A field that holds a JSON list of texts. NULL and PDX_OK where it is something else: such rows
 * occur (broken escapes) and are left out one by one. */
static pdx_status list_of(const pdx__csv *csv, int64_t column, cJSON **out) {
    pdx__where where = {csv->path, csv->line};
    pdx_status status = pdx__json_parse(out, csv->field[column], csv->length[column], where);
    if (status == PDX_OK && (!cJSON_IsArray(*out) || !(*out)->child)) {
        cJSON_Delete(*out);
        *out = NULL;
    }
    return status == PDX_EPARSE ? PDX_OK : status;
}

static int32_t winner_of(const pdx__csv *csv, const int64_t column[COLUMNS]) {
    static const int32_t winners[] = {PDX_WINNER_A, PDX_WINNER_B, PDX_WINNER_TIE};
    int32_t winner = PDX_WINNER_NONE, ones = 0;
    for (int i = 0; i < 3; ++i)
        if (!strcmp(csv->field[column[WON_A + i]], "1")) {
            winner = winners[i];
            ++ones;
        }
    return ones == 1 ? winner : PDX_WINNER_NONE;
}

static pdx_status csv_row(pdx__import *import, const pdx__csv *csv, const int64_t column[COLUMNS]) {
    pdx__where where = {csv->path, csv->line};
    pdx__buf id = PDX__BUF_EMPTY, query = PDX__BUF_EMPTY, a = PDX__BUF_EMPTY, b = PDX__BUF_EMPTY;
    cJSON *lists[3] = {NULL, NULL, NULL};
    pdx__import_pair pair = {0};
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    pdx_status status;
    PDX__GO(pdx__import_tick(import));
    for (int i = 0; i < 3; ++i) {
        PDX__GO(list_of(csv, column[PROMPT + i], &lists[i]));
        if (!lists[i]) {
            pdx__import_leave_out(import, where, "'%s' of '%s' is not a JSON list of texts",
                                  column_names[PROMPT + i], csv->field[column[ID]]);
            goto done;
        }
    }
    int turns = cJSON_GetArraySize(lists[0]);
    PDX__GO(pdx__turns_query(lists[0], turns, &query));
    PDX__GO(pdx__turns_answer(lists[1], turns, &a));
    PDX__GO(pdx__turns_answer(lists[2], turns, &b));
    pdx__buf_printf(&id, "arena-55k/%s", csv->field[column[ID]]);
    PDX__GO(id.status);
    pair.id = id.data;
    pair.query_json = query.data;
    pair.response_a = a.data;
    pair.response_b = b.data;
    if (column[MODEL_A] >= 0) pair.model_a = csv->field[column[MODEL_A]];
    if (column[MODEL_B] >= 0) pair.model_b = csv->field[column[MODEL_B]];
    PDX__GO(pdx__import_add_pair(import, &pair, NULL));
    judgment.judge = "human";
    judgment.winner = winner_of(csv, column);
    status = pdx__import_add_judgment(import, &judgment, where);
done:
    for (int i = 0; i < 3; ++i) cJSON_Delete(lists[i]);
    pdx__buf_free(&id);
    pdx__buf_free(&query);
    pdx__buf_free(&a);
    pdx__buf_free(&b);
    return status;
}

pdx_status pdx__import_arena_55k(pdx__import *import) {
    pdx_status status = PDX_OK;
    for (int32_t i = 0; i < import->path_count && status == PDX_OK; ++i) {
        pdx__csv csv;
        int64_t column[COLUMNS];
        int more;
        PDX__TRY(pdx__csv_open(&csv, import->paths[i]));
        status = pdx__csv_next(&csv, &more);
        if (status == PDX_OK && !more)
            status = pdx__fail_at(PDX_EPARSE, csv.path, 0, "holds no records");
        if (status == PDX_OK) status = find_columns(&csv, column);
        while (status == PDX_OK) {
            status = pdx__csv_next(&csv, &more);
            if (status != PDX_OK || !more) break;
            status = csv_row(import, &csv, column);
        }
        pdx__csv_close(&csv);
    }
    return status;
}
