/* Batch files; see batch.h. */
#include "net/batch.h"

#include <stdio.h>
#include <string.h>

#include "core/json_lines.h"
#include "net/chat.h"

void pdx__batch_line(pdx__buf *out, const pdx__ask *ask) {
    char key[65];
    pdx__ask_key(ask, key);
    pdx__buf_printf(out, "{\"custom_id\":\"%s\",\"method\":\"POST\",\"url\":\"%s\",\"body\":", key,
                    ask->path);
    pdx__buf_append(out, ask->body, ask->length);
    pdx__buf_text(out, "}\n");
}

/* The reason of a result that is no answer. */
static void reason_of(const cJSON *row, int64_t code, const cJSON *body, char out[256]) {
    const char *kind, *said = pdx__chat_error(body, &kind);
    if (!said) said = pdx__chat_error(row, &kind);
    snprintf(out, 256, "batch: status %lld: %.200s", (long long)code, said ? said : "no answer");
}

typedef struct reading {
    pdx__batch_counts *counts;
    pdx__journal *journal;
} reading;

static pdx_status take_row(void *context, const cJSON *row, const pdx__lines *line) {
    const reading *r = context;
    pdx__batch_counts *counts = r->counts;
    pdx__journal *journal = r->journal;
    pdx__where where = {line->path, line->number};
    const char *key = NULL, *unused;
    const cJSON *response = NULL, *body = NULL;
    int64_t code = 0;
    PDX__TRY(pdx__json_string(row, "custom_id", PDX__REQUIRED, &key, where));
    if (strlen(key) != 64 || strspn(key, "0123456789abcdef") != 64)
        return pdx__fail_at(PDX_EPARSE, where.file, where.line,
                            "'custom_id' is none that a run of ours wrote");
    PDX__TRY(pdx__json_object(row, "response", PDX__OPTIONAL, &response, where));
    if (response) {
        PDX__TRY(pdx__json_int(response, "status_code", PDX__REQUIRED, &code, where));
        body = cJSON_GetObjectItemCaseSensitive(response, "body");
    }
    char *text = NULL;
    if (code >= 200 && code < 300 && cJSON_IsObject(body) && !pdx__chat_error(body, &unused)) {
        text = cJSON_PrintUnformatted(body);
        if (!text) return pdx__nomem();
        pdx_status status = pdx__journal_answer(journal, key, 1, text, strlen(text));
        cJSON_free(text);
        ++counts->answered;
        return status;
    }
    char reason[256];
    reason_of(row, code, body, reason);
    ++counts->failed;
    return pdx__journal_failure(journal, key, 1, reason, NULL, 0);
}

pdx_status pdx__batch_read(pdx__batch_counts *out, pdx__journal *journal, const char *path) {
    memset(out, 0, sizeof *out);
    return pdx__json_lines(path, take_row, &(reading){out, journal});
}
