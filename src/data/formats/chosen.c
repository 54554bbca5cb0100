/* Training pairs with a chosen and a rejected response: RewardBench and UltraFeedback-binarized.
 * Which of the two becomes response A is drawn per record from options.seed, else "A wins" would be
 * true of every pair. Which was shown first, if any was, is not known. */
#include "import.h"

#include <string.h>

#include "core/rng.h"

typedef struct chosen_format {
    const char *name;  /* of the format */
    const char *judge; /* who chose */
    int64_t drawn;
} chosen_format;

/* A response: text, or messages of which the last is the answer. *query_json of the messages before
 * it where there are any. */
static pdx_status response(const cJSON *record, const char *key, const char **text,
                           pdx__buf *query_json, pdx__where where) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(record, key);
    if (!cJSON_IsArray(value)) return pdx__json_string(record, key, PDX__REQUIRED, text, where);
    const cJSON *last = value->child ? value->child->prev : NULL; /* cJSON: the first's prev */
    *text = pdx__message_text(cJSON_GetObjectItemCaseSensitive(last, "content"));
    if (!*text)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "field '%s': the last message has no text", key);
    pdx__buf_clear(query_json);
    for (const cJSON *message = value->child; message != last; message = message->next) {
        const char *role = "user", *content;
        PDX__TRY(pdx__json_string(message, "role", PDX__OPTIONAL, &role, where));
        content = pdx__message_text(cJSON_GetObjectItemCaseSensitive(message, "content"));
        pdx__buf_text(query_json, query_json->length ? ",{\"role\":" : "[{\"role\":");
        pdx__buf_json_string(query_json, role, strlen(role));
        pdx__import_extra(query_json, "content", content ? content : "");
        pdx__buf_char(query_json, '}');
    }
    if (query_json->length) pdx__buf_char(query_json, ']');
    return query_json->status;
}

static pdx_status pair_id(const cJSON *record, const chosen_format *format, const char *scenario,
                          pdx__buf *id, pdx__where where) {
    static const char *const keys[] = {"id", "prompt_id"};
    pdx__buf name = PDX__BUF_EMPTY;
    pdx_status status = PDX_OK;
    for (int i = 0; i < 2 && !name.length && status == PDX_OK; ++i)
        status = pdx__import_name(record, keys[i], PDX__OPTIONAL, &name, where);
    if (status == PDX_OK) {
        pdx__buf_printf(id, "%s/", format->name);
        if (scenario) pdx__buf_printf(id, "%s/", scenario);
        pdx__buf_text(id, name.data); /* none: the pair is numbered */
        status = id->status;
    }
    pdx__buf_free(&name);
    return status;
}

static pdx_status row(pdx__import *import, void *context, const cJSON *record, pdx__where where) {
    chosen_format *format = context;
    pdx__buf id = PDX__BUF_EMPTY, query = PDX__BUF_EMPTY, ignored = PDX__BUF_EMPTY;
    pdx__import_pair pair = {0};
    const char *chosen = NULL, *rejected = NULL, *chosen_by = NULL, *rejected_by = NULL;
    double chosen_score = 1, rejected_score = 0;
    pdx__import_judgment judgment;
    pdx__import_judgment_init(&judgment);
    pdx_status status;
    PDX__GO(response(record, "chosen", &chosen, &query, where));
    PDX__GO(response(record, "rejected", &rejected, &ignored, where));
    PDX__GO(pdx__json_string(record, "prompt", query.length ? PDX__OPTIONAL : PDX__REQUIRED,
                             &pair.query, where));
    PDX__GO(pdx__json_string(record, "subset", PDX__OPTIONAL, &pair.scenario, where));
    PDX__GO(pdx__json_string(record, "chosen_model", PDX__OPTIONAL, &chosen_by, where));
    PDX__GO(pdx__json_string(record, "rejected_model", PDX__OPTIONAL, &rejected_by, where));
    PDX__GO(pdx__json_double(record, "score_chosen", PDX__OPTIONAL, &chosen_score, where));
    PDX__GO(pdx__json_double(record, "score_rejected", PDX__OPTIONAL, &rejected_score, where));
    pdx__rng rng;
    pdx__rng_init(&rng, import->options.seed, (uint64_t)format->drawn++);
    int swapped = (int)pdx__rng_below(&rng, 2);
    if (!strcmp(chosen, rejected)) {
        pdx__import_leave_out(import, where, "chosen and rejected are the same text");
        goto done;
    }
    PDX__GO(pair_id(record, format, pair.scenario, &id, where));
    pair.id = id.data;
    /* A prompt that only repeats the one message before the answer is the simpler form. */
    if (query.length && !(pair.query && cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(
                                            record, "chosen")) == 2))
        pair.query_json = query.data;
    pair.response_a = swapped ? rejected : chosen;
    pair.response_b = swapped ? chosen : rejected;
    pair.model_a = swapped ? rejected_by : chosen_by;
    pair.model_b = swapped ? chosen_by : rejected_by;
    PDX__GO(pdx__import_add_pair(import, &pair, NULL));
    judgment.judge = format->judge;
    judgment.winner = chosen_score == rejected_score ? PDX_WINNER_TIE
                      : swapped                      ? PDX_WINNER_B
                                                     : PDX_WINNER_A;
    status = pdx__import_add_judgment(import, &judgment, where);
done:
    pdx__buf_free(&id);
    pdx__buf_free(&query);
    pdx__buf_free(&ignored);
    return status;
}

static pdx_status run(pdx__import *import, const char *name, const char *judge) {
    chosen_format format = {name, judge, 0};
    for (int32_t i = 0; i < import->path_count; ++i)
        PDX__TRY(pdx__import_records(import, import->paths[i], row, &format));
    return PDX_OK;
}

pdx_status pdx__import_rewardbench(pdx__import *import) {
    return run(import, "rewardbench", "gold");
}

pdx_status pdx__import_ultrafeedback(pdx__import *import) {
    return run(import, "ultrafeedback", "ultrafeedback");
}
