/* What answers say: log-probabilities of the labels, their spellings added up, absent ones bounded;
 * or a verdict found in a text. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <math.h>
#include <pcre2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "judge/http.h"
#include "net/chat.h"

/* ---- log-probabilities ---- */

typedef struct tally {
    double sum[2];        /* probability of the labels that are listed */
    double total, lowest; /* of all that is listed; the lowest log-probability */
    double highest;
    int32_t entries;
} tally;

/* Past the space that tokens carry in front: " A", and as tokenizers spell it. */
static const char *bare(const char *token) {
    static const char *const spaces[] = {" ", "\n", "\t", "\xe2\x96\x81", "\xc4\xa0"};
    for (int more = 1; more;) {
        more = 0;
        for (size_t i = 0; i < sizeof spaces / sizeof *spaces; ++i) {
            size_t length = strlen(spaces[i]);
            if (strncmp(token, spaces[i], length)) continue;
            token += length;
            more = 1;
        }
    }
    return token;
}

static int32_t label_of(const pdx__http_judge *h, const char *token) {
    for (int k = 0; k < 2; ++k) {
        for (int32_t i = 0; i < h->id_count[k]; ++i) {
            char name[32];
            snprintf(name, sizeof name, "token_id:%d", h->ids[k][i]);
            if (!strcmp(token, name)) return k;
        }
        if (!strcmp(bare(token), h->label[k])) return k;
    }
    return -1;
}

static void take_entry(const pdx__http_judge *h, tally *t, const char *token, double logp) {
    if (!token || isnan(logp)) return;
    ++t->entries;
    if (logp < -1000) return; /* a server's way to say "next to nothing" */
    t->highest = fmax(t->highest, logp);
    if (logp > 0) logp = 0; /* rounding */
    int32_t label = label_of(h, token);
    t->total += exp(logp);
    t->lowest = fmin(t->lowest, logp);
    if (label >= 0) t->sum[label] += exp(logp);
}

static double number(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(value) ? value->valuedouble : NAN;
}

/* {token: logp}, [{"token","logprob"}], or llama.cpp's older [{"tok_str","prob"}]. */
static void take_list(const pdx__http_judge *h, tally *t, const cJSON *top) {
    for (const cJSON *e = top ? top->child : NULL; e; e = e->next) {
        if (cJSON_IsObject(top)) {
            take_entry(h, t, e->string, cJSON_IsNumber(e) ? e->valuedouble : NAN);
            continue;
        }
        const char *token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "token"));
        if (!token) token = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(e, "tok_str"));
        double logp = number(e, "logprob"), p = number(e, "prob");
        take_entry(h, t, token, isnan(logp) && p > 0 ? log(p) : logp);
    }
}

/* 1, and a reason, where these are no log-probabilities of different tokens. */
static int32_t is_broken(const tally *t, char reason[256]) {
    if (t->highest <= 0.01 && t->total <= 1.05) return 0;
    snprintf(reason, 256, "its log-probabilities add up to more than 1");
    return 1;
}

/* What is not listed is at most the least that is, and at most what they leave over. */
static void conclude(const tally *t, pdx__answer *out) {
    if (t->sum[0] <= 0 && t->sum[1] <= 0) return;
    double most = fmin(t->lowest, log(fmax(1 - t->total, 1e-6)));
    double *logp[2] = {&out->logp_first, &out->logp_second};
    for (int k = 0; k < 2; ++k) {
        *logp[k] = t->sum[k] > 0 ? fmin(log(t->sum[k]), 0) : most;
        if (t->sum[k] <= 0) out->bounds |= 1 << k;
    }
}

static int32_t cannot(char reason[256], const char *what) {
    snprintf(reason, 256, "%s", what);
    return PDX__ACCEPT_NEVER;
}

static int32_t read_logprobs(const pdx__http_judge *h, const cJSON *body, pdx__answer *out,
                             char reason[256]) {
    pdx__chat_reply reply;
    tally t = {.lowest = 0};
    if (!pdx__chat_read(body, &reply, reason)) return PDX__ACCEPT_AGAIN;
    take_list(h, &t, reply.top);
    if (is_broken(&t, reason)) return PDX__ACCEPT_AGAIN;
    int refused = reply.refusal || (reply.finish && !strcmp(reply.finish, "content_filter"));
    if (!t.entries && *reply.text && !refused)
        return cannot(reason, "the server gives no log-probabilities (llama-cpp-python's needs "
                              "--logits_all true); ask for verdicts in words instead");
    conclude(&t, out);
    if (isnan(out->logp_first)) out->raw = reply.refusal ? reply.refusal : reply.text;
    return PDX__ACCEPT_GOOD;
}

static int32_t read_llama(const pdx__http_judge *h, const cJSON *body, pdx__answer *out,
                          char reason[256]) {
    tally t = {.lowest = 0};
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(body, "completion_probabilities");
    const cJSON *first = cJSON_IsArray(list) ? list->child : NULL;
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "content"));
    const cJSON *top = cJSON_GetObjectItemCaseSensitive(first, "top_logprobs");
    if (!top) top = cJSON_GetObjectItemCaseSensitive(first, "probs");
    take_list(h, &t, top);
    if (is_broken(&t, reason)) return PDX__ACCEPT_AGAIN;
    if (!t.entries && !(text && !*text))
        return cannot(reason, "the answer has no 'completion_probabilities': is this llama.cpp's "
                              "own server?");
    conclude(&t, out);
    if (isnan(out->logp_first)) out->raw = text;
    return PDX__ACCEPT_GOOD;
}

/* Probabilities of the ids, in their order: SGLang's {"scores":[[...]]}; or vLLM's
 * {"data":[{"score"}]}, the first label's share of the two. */
static int32_t read_scores(const pdx__http_judge *h, const cJSON *body, pdx__answer *out,
                           char reason[256]) {
    double p[2] = {0, 0};
    int64_t read, written;
    const cJSON *scores = cJSON_GetObjectItemCaseSensitive(body, "scores");
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(body, "data");
    int32_t vllm = h->j.kind == PDX_HTTP_GENERATIVE_SCORING;
    const cJSON *row = cJSON_IsArray(scores) ? scores->child : NULL;
    if (cJSON_IsArray(row)) {
        int32_t n[2] = {vllm ? 1 : h->id_count[0], vllm ? 1 : h->id_count[1]}, i = 0;
        for (const cJSON *e = row->child; e; e = e->next, ++i)
            if (i < n[0] + n[1]) p[i >= n[0]] += cJSON_IsNumber(e) ? e->valuedouble : NAN;
        if (i != n[0] + n[1]) p[0] = NAN;
    } else {
        p[0] = number(cJSON_IsArray(data) ? data->child : NULL, "score");
        p[1] = 1 - p[0];
    }
    if (!(p[0] >= 0 && p[1] >= 0 && p[0] + p[1] <= 1 + 1e-3 && p[0] + p[1] > 0))
        return cannot(reason, "the answer has no probabilities of the labels");
    pdx__chat_usage(body, &read, &written);
    if (vllm && h->context > 0 && read >= h->context - 1) {
        out->failure = "the prompt is longer than the server's context, which cut its end off";
        out->permanent = 1;
        return PDX__ACCEPT_GOOD;
    }
    out->normalised = vllm;
    double *logp[2] = {&out->logp_first, &out->logp_second};
    for (int k = 0; k < 2; ++k) {
        *logp[k] = fmin(0, log(fmax(p[k], 1e-30)));
        if (p[k] <= 1e-30) out->bounds |= 1 << k;
    }
    return PDX__ACCEPT_GOOD;
}

/* ---- verdicts in words ---- */

pdx_status pdx__answers_open(pdx__http_judge *h) {
    if (h->j.kind != PDX_HTTP_VERDICT) return PDX_OK;
    pdx__buf own = PDX__BUF_EMPTY;
    pdx__buf_printf(&own, "(?i)\\bverdict\\b[\\s:*\"=]*(\\Q%s\\E|\\Q%s\\E|\\Q%s\\E)(?!\\w)",
                    h->label[0], h->label[1], h->label[2]);
    const char *text = h->j.pattern ? h->j.pattern : own.data;
    int code;
    uint32_t groups = 0;
    PCRE2_SIZE offset;
    pdx_status status = own.status;
    if (status == PDX_OK) {
        pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                                             PCRE2_UTF | PCRE2_UCP, &code, &offset, NULL);
        if (compiled) pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &groups);
        h->pattern = compiled;
        if (!compiled && code == PCRE2_ERROR_HEAP_FAILED) status = pdx__nomem();
        else if (!compiled) {
            char why[128] = "";
            pcre2_get_error_message(code, (PCRE2_UCHAR *)why, sizeof why);
            status = pdx__fail(PDX_EINVAL, "the pattern, character %zu: %s", (size_t)offset, why);
        } else if (groups < 1)
            status = pdx__fail(PDX_EINVAL, "the pattern has no group that holds the label");
    }
    pdx__buf_free(&own);
    return status;
}

void pdx__answers_close(pdx__http_judge *h) { pcre2_code_free(h->pattern); }

static int32_t verdict_in(const pdx__http_judge *h, const char *text) {
    int32_t shown = PDX__SHOWN_NONE;
    size_t length = strlen(text), at = 0;
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(h->pattern, NULL);
    if (!match) return -1;
    while (at <= length &&
           pcre2_match(h->pattern, (PCRE2_SPTR)text, length, at, 0, match, NULL) > 0) {
        const PCRE2_SIZE *v = pcre2_get_ovector_pointer(match);
        if (v[2] != PCRE2_UNSET) {
            shown = PDX__SHOWN_NONE; /* the last match counts */
            for (int k = 0; k < 3; ++k)
                if (strlen(h->label[k]) == v[3] - v[2] &&
                    !strncasecmp(h->label[k], text + v[2], v[3] - v[2]))
                    shown = k == 2 ? PDX__SHOWN_TIE : k ? PDX__SHOWN_SECOND : PDX__SHOWN_FIRST;
        }
        at = v[1] > v[0] ? v[1] : v[1] + 1;
        while (at < length && ((unsigned char)text[at] & 0xC0) == 0x80) ++at;
    }
    pcre2_match_data_free(match);
    return shown;
}

/* A text that was cut off has not come to its verdict. */
static int32_t read_verdict(const pdx__http_judge *h, const cJSON *body, pdx__answer *out,
                            char reason[256]) {
    pdx__chat_reply reply;
    if (!pdx__chat_read(body, &reply, reason)) return PDX__ACCEPT_AGAIN;
    int cut = reply.finish && !strcmp(reply.finish, "length");
    out->raw = reply.refusal ? reply.refusal : reply.text;
    if (!*out->raw && reply.thought) out->raw = reply.thought;
    if (!cut && !reply.refusal) out->shown = verdict_in(h, pdx__chat_after_thinking(reply.text));
    if (out->shown >= 0) return PDX__ACCEPT_GOOD;
    snprintf(reason, 256, "out of memory");
    return PDX__ACCEPT_AGAIN;
}

int32_t pdx__answer_read(const pdx__http_judge *h, const cJSON *body, pdx__answer *out,
                         char reason[256]) {
    *out = (pdx__answer){.logp_first = NAN, .logp_second = NAN};
    switch (h->j.kind) {
    case PDX_HTTP_VERDICT: return read_verdict(h, body, out, reason);
    case PDX_HTTP_LLAMA: return read_llama(h, body, out, reason);
    case PDX_HTTP_GENERATIVE_SCORING:
    case PDX_HTTP_SCORE: return read_scores(h, body, out, reason);
    default: return read_logprobs(h, body, out, reason);
    }
}
