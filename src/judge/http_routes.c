/* What a judge asks on each route. Field texts go into JSON strings only: they cannot pose as
 * template or as members of the body. */
#include <math.h>
#include <string.h>

#include "judge/http.h"
#include "net/chat.h"

static const char *const paths[] = {
    [PDX_HTTP_COMPLETIONS] = "/v1/completions",
    [PDX_HTTP_CHAT] = "/v1/chat/completions",
    [PDX_HTTP_VERDICT] = "/v1/chat/completions",
    [PDX_HTTP_TOKEN_IDS] = "/v1/completions",
    [PDX_HTTP_GENERATIVE_SCORING] = "/generative_scoring",
    [PDX_HTTP_SCORE] = "/v1/score",
    [PDX_HTTP_LLAMA] = "/completion",
};

const char *pdx__route_path(int32_t kind) { return paths[kind]; }

int32_t pdx__route_needs_ids(int32_t kind) {
    return kind == PDX_HTTP_TOKEN_IDS || kind == PDX_HTTP_GENERATIVE_SCORING ||
           kind == PDX_HTTP_SCORE;
}

/* The filled template, whole and as a text; *tail: where its last own words begin. */
static pdx_status render(const pdx__http_judge *h, const pdx__question *q, int32_t order,
                         pdx__buf *out, size_t *tail) {
    const char *values[PDX__FIELDS] = {NULL, q->query, order ? q->response_b : q->response_a,
                                       order ? q->response_a : q->response_b, q->reference};
    int32_t count = pdx__template_spans(h->template);
    pdx__span *spans = pdx__alloc((size_t)count, sizeof *spans);
    if (!spans) return PDX_ENOMEM;
    pdx__template_fill(h->template, values, spans);
    for (int32_t i = 0; i < count; ++i) pdx__buf_append(out, spans[i].text, spans[i].length);
    pdx__free(spans);
    *tail = out->length - strlen(pdx__template_tail(h->template));
    return out->status;
}

static void add_ids(const pdx__http_judge *h, pdx__buf *out, const char *key, int32_t most) {
    pdx__buf_printf(out, "\"%s\":[", key);
    for (int k = 0; k < 2; ++k)
        for (int32_t i = 0; i < h->id_count[k] && i < most; ++i)
            pdx__buf_printf(out, "%s%d", k || i ? "," : "", h->ids[k][i]);
    pdx__buf_char(out, ']');
}

/* Query and one item, which the server joins: SGLang as texts; vLLM as tokens, so that nothing may
 * stand before the item. */
static void add_scoring(const pdx__http_judge *h, const pdx__buf *prompt, size_t tail,
                        pdx__buf *out) {
    int32_t vllm = h->j.kind == PDX_HTTP_GENERATIVE_SCORING;
    if (vllm) tail = 0;
    pdx__buf_text(out, "{\"model\":");
    pdx__buf_json_string(out, h->o.model, strlen(h->o.model));
    pdx__buf_text(out, ",\"query\":");
    pdx__buf_json_string(out, prompt->data, tail);
    pdx__buf_text(out, ",\"items\":[");
    pdx__buf_json_string(out, prompt->data + tail, prompt->length - tail);
    pdx__buf_text(out, "],");
    add_ids(h, out, "label_token_ids", vllm ? 1 : PDX__MOST_IDS);
    /* vLLM tells one number: the first label's share; SGLang each label's probability. */
    pdx__buf_printf(out, ",\"apply_softmax\":%s,\"item_first\":false}", vllm ? "true" : "false");
}

static void add_llama(const pdx__http_judge *h, const pdx__buf *prompt, pdx__buf *out) {
    pdx__buf_text(out, "{\"prompt\":");
    pdx__buf_json_string(out, prompt->data, prompt->length);
    pdx__buf_printf(out, ",\"n_predict\":1,\"n_probs\":%d,\"temperature\":", h->j.top_logprobs);
    pdx__buf_json_double(out, h->temperature);
    pdx__buf_text(out, ",\"cache_prompt\":true}");
}

static void add_body(const pdx__http_judge *h, const pdx__question *q, const pdx__buf *prompt,
                     size_t tail, pdx__buf *out) {
    pdx__chat_settings s = {.model = h->o.model,
                            .temperature = h->temperature,
                            .max_tokens = 1,
                            .reasoning = h->j.reasoning,
                            .seed = -1,
                            .logprobs = h->j.top_logprobs};
    pdx__chat_message message = {"user", prompt->data};
    pdx__buf members = PDX__BUF_EMPTY;
    switch (h->j.kind) {
    case PDX_HTTP_TOKEN_IDS:
        add_ids(h, &members, "logprob_token_ids", PDX__MOST_IDS);
        pdx__buf_text(&members, ",\"return_tokens_as_token_ids\":true");
        s.members = members.data;
        if (members.status != PDX_OK) out->status = members.status;
        /* fall through */
    case PDX_HTTP_COMPLETIONS: pdx__completion_body(out, &s, prompt->data, prompt->length); break;
    case PDX_HTTP_VERDICT:
        s.logprobs = 0;
        s.max_tokens = h->j.max_tokens;
        s.seed = (int64_t)((h->j.seed + (uint64_t)q->repeat) & INT64_MAX);
        /* fall through */
    case PDX_HTTP_CHAT: pdx__chat_body(out, &s, &message, 1); break;
    case PDX_HTTP_LLAMA: add_llama(h, prompt, out); break;
    default: add_scoring(h, prompt, tail, out);
    }
    pdx__buf_free(&members);
}

pdx_status pdx__route_ask(const pdx__http_judge *h, const pdx__question *q, int32_t order,
                          pdx__buf *body, pdx__ask *out) {
    pdx__buf prompt = PDX__BUF_EMPTY;
    size_t tail;
    pdx_status status = render(h, q, order, &prompt, &tail);
    if (status == PDX_OK) {
        add_body(h, q, &prompt, tail, body);
        status = body->status;
    }
    pdx__buf_free(&prompt);
    *out = (pdx__ask){.path = paths[h->j.kind],
                      .body = body->data,
                      .length = body->length,
                      .repeat = q->repeat,
                      .most_output = h->j.kind == PDX_HTTP_VERDICT ? h->j.max_tokens : 1};
    return status;
}
