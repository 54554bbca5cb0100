/* How the server can be made to answer in JSON, found out by asking: one small request for each
 * way, the strictest first, until one is answered well. The journal keeps the answer, so that later
 * runs ask in the same words and find their answers again. */
#include <stdio.h>
#include <string.h>

#include "annotate/annotator.h"
#include "annotate/relax.h"
#include "net/chat.h"

enum { RETRIES = 3 }; /* a server's error may mean that it does not know the format */

static const char *const formats[] = {
    [PDX_STRUCTURED_SCHEMA] = "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"probe\","
                              "\"strict\":true,\"schema\":{\"type\":\"object\","
                              "\"additionalProperties\":false,\"properties\":{\"rating\":{"
                              "\"type\":\"integer\",\"enum\":[0,1,2,3]}},\"required\":["
                              "\"rating\"]}}}",
    [PDX_STRUCTURED_JSON_SCHEMA] = "{\"type\":\"json_object\",\"schema\":{\"type\":\"object\","
                                   "\"properties\":{\"rating\":{\"type\":\"integer\"}},"
                                   "\"required\":[\"rating\"]}}",
    [PDX_STRUCTURED_JSON] = "{\"type\":\"json_object\"}",
    [PDX_STRUCTURED_NONE] = NULL,
};

/* The answer must hold the object that was asked for; without a format, anything will do. */
static int32_t accept(void *context, int64_t tag, const cJSON *body, char reason[256]) {
    pdx__chat_reply reply;
    pdx_status status;
    (void)context;
    if (!pdx__chat_read(body, &reply, reason)) return PDX__ACCEPT_AGAIN;
    if (tag == PDX_STRUCTURED_NONE) return PDX__ACCEPT_GOOD;
    cJSON *object = pdx__relaxed_object(reply.text, &status);
    int32_t good = cJSON_GetObjectItemCaseSensitive(object, "rating") != NULL;
    cJSON_Delete(object);
    if (!good) snprintf(reason, 256, "the answer is not the JSON that was asked for");
    return good ? PDX__ACCEPT_GOOD : PDX__ACCEPT_AGAIN;
}

/* Whether this failure can be the format's: the server understood the request otherwise. */
static int32_t may_be_the_format(const char *reason) {
    const char *at = strstr(reason, "status ");
    return at && (strchr("25", at[7]) || !strncmp(at + 7, "400", 3) || !strncmp(at + 7, "422", 3));
}

static pdx_status probe(const pdx_annotator *n, const char *journal, int32_t way, int32_t offline,
                        int32_t *works) {
    pdx_http_options o = n->o;
    if (o.retries > RETRIES) o.retries = RETRIES;
    pdx__asker_setup setup = {.options = &o,
                              .journal = journal,
                              .transport = n->transport,
                              .offline = offline || o.offline,
                              .accept = accept};
    pdx__chat_settings s = {.model = n->o.model,
                            .temperature = n->temperature,
                            .max_tokens = n->a.max_tokens,
                            .reasoning = n->a.reasoning,
                            .seed = -1,
                            .format = formats[way],
                            .members = n->members};
    pdx__chat_message message = {"user", "Answer with this JSON object and nothing else: "
                                         "{\"rating\": 2}"};
    pdx__buf body = PDX__BUF_EMPTY;
    pdx__asker *asker;
    pdx__told told = {0};
    *works = 0;
    PDX__TRY(pdx__asker_open(&asker, &setup));
    pdx__chat_body(&body, &s, &message, 1);
    pdx__ask ask = {.tag = way,
                    .path = "/v1/chat/completions",
                    .body = body.data,
                    .length = body.length,
                    .most_output = n->a.max_tokens};
    pdx_status status = body.status;
    if (status == PDX_OK) status = pdx__asker_put(asker, &ask);
    for (int32_t got = 0; status == PDX_OK && !got;)
        status = pdx__asker_take(asker, 0.25, &told, &got);
    *works = status == PDX_OK && told.status == PDX_OK;
    if (status == PDX_OK && told.status != PDX_OK && !setup.offline)
        status = pdx__fail(PDX_ENETWORK, "%s", told.reason);
    if (status == PDX_ENETWORK && way != PDX_STRUCTURED_NONE &&
        may_be_the_format(pdx_error_message()))
        status = PDX_OK;
    pdx__told_free(&told);
    pdx__buf_free(&body);
    pdx__asker_close(asker);
    return status;
}

pdx_status pdx__structured_find(const pdx_annotator *n, const char *journal, int32_t offline,
                                int32_t *structured) {
    int32_t works = 0;
    *structured = n->a.structured;
    if (*structured != PDX_STRUCTURED_AUTO) return PDX_OK;
    for (int32_t asks = 0; asks < (offline || n->o.offline ? 1 : 2); ++asks)
        for (int32_t way = PDX_STRUCTURED_SCHEMA; way <= PDX_STRUCTURED_NONE; ++way) {
            PDX__TRY(probe(n, journal, way, !asks, &works));
            if (!works) continue;
            *structured = way;
            return PDX_OK;
        }
    *structured = PDX_STRUCTURED_SCHEMA;
    return PDX_OK;
}
