/* A judge behind HTTP: questions become asks, answers become rows. Retries, limits and the journal
 * are src/net; orders, repeats and files are judge.c. */
#include "judge/http.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/options.h"
#include "core/pool.h"
#include "core/sha256.h"

#define POINTER(field)                                                                             \
    { #field, PDX__OPTION_POINTER, offsetof(pdx_http_judge_options, field), 0, 0, 0, NULL }
#define NUMBER(type, field, initial, least, most, names)                                           \
    {                                                                                              \
#field, PDX__OPTION_##type, offsetof(pdx_http_judge_options, field), initial, least, most, \
            names                                                                                  \
    }
static const char *const kinds[] = {"completions",        "chat",  "verdict", "token-ids",
                                    "generative-scoring", "score", "llama",   NULL};
static const pdx__option option_table[] = {
    POINTER(prompt),
    POINTER(label_first),
    POINTER(label_second),
    POINTER(label_tie),
    POINTER(pattern),
    POINTER(label_ids),
    NUMBER(INT32, kind, 0, 0, 6, kinds),
    NUMBER(INT32, top_logprobs, 20, 1, 10000, NULL),
    NUMBER(INT32, samples, 1, 1, 10000, NULL),
    NUMBER(INT32, reasoning, 0, 0, 1, NULL),
    NUMBER(DOUBLE, temperature, -1, -1, 100, NULL),
    NUMBER(INT64, max_tokens, 4096, 1, 1e9, NULL),
    NUMBER(UINT64, seed, 1, 0, 0, NULL),
};

void(pdx_http_judge_options_init)(pdx_http_judge_options *options, uint32_t size) {
    pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

/* ---- a run ---- */

/* A question on its way, and which of its orders an ask is. */
typedef struct work work;
typedef struct part {
    work *of;
    int32_t order;
} part;
struct work {
    pdx__question *question;
    work *next, *previous;
    int32_t left;
    part parts[2];
};

typedef struct session {
    pdx__http_judge *h;
    const pdx__asking *asking;
    pdx__asker *asker;
    work *all;
} session;

pdx_status pdx__http_journal_path(char **out, const pdx__http_judge *h, const char *judgments) {
    pdx__buf path = PDX__BUF_EMPTY;
    if (h->o.journal) pdx__buf_text(&path, h->o.journal);
    else pdx__buf_printf(&path, "%s.journal", judgments);
    *out = pdx__buf_take(&path);
    return *out ? PDX_OK : PDX_ENOMEM;
}

static int32_t accept(void *context, int64_t tag, const cJSON *body, char reason[256]) {
    pdx__answer unused;
    if (tag) return pdx__answer_read(context, body, &unused, reason);
    if (cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(body, "tokens"))) return PDX__ACCEPT_GOOD;
    snprintf(reason, 256, "its /tokenize gives no 'tokens': name the labels' token ids");
    return PDX__ACCEPT_NEVER;
}

static void end_work(session *s, work *w) {
    if (w->previous) w->previous->next = w->next;
    else s->all = w->next;
    if (w->next) w->next->previous = w->previous;
    s->asking->release(s->asking->context, w->question);
    pdx__free(w);
}

static pdx_status put_order(session *s, work *w, int32_t order) {
    pdx__buf body = PDX__BUF_EMPTY;
    pdx__ask ask;
    pdx_status status = pdx__route_ask(s->h, w->question, order, &body, &ask);
    w->parts[order] = (part){w, order};
    ask.tag = (int64_t)(intptr_t)&w->parts[order];
    if (status == PDX_OK) status = pdx__asker_put(s->asker, &ask);
    if (status == PDX_OK) ++w->left;
    pdx__buf_free(&body);
    return status;
}

static pdx_status put_question(session *s, pdx__question *q) {
    work *w = pdx__alloc_zero(1, sizeof *w);
    if (!w) {
        s->asking->release(s->asking->context, q);
        return PDX_ENOMEM;
    }
    w->question = q;
    w->next = s->all;
    if (s->all) s->all->previous = w;
    s->all = w;
    for (int32_t order = 0; order < 2; ++order)
        if (q->asked[order]) PDX__TRY(put_order(s, w, order));
    return PDX_OK;
}

static pdx_status tell(session *s, const pdx__told *told) {
    part *p = (part *)(intptr_t)told->tag;
    char reason[256];
    pdx__answer answer = {.failure = told->reason, .permanent = told->permanent};
    pdx__buf provenance = PDX__BUF_EMPTY;
    if (told->status == PDX_OK) {
        if (pdx__answer_read(s->h, told->answer, &answer, reason) != PDX__ACCEPT_GOOD)
            return pdx__fail(PDX_ENOMEM, "%s", reason); /* it was good when it came */
        pdx__told_provenance(&provenance, told, s->h->prompt_sha256);
        PDX__TRY(provenance.status);
        answer.provenance = provenance.data;
    }
    pdx_status status = s->asking->tell(s->asking->context, p->of->question, p->order, &answer);
    pdx__buf_free(&provenance);
    if (--p->of->left == 0) end_work(s, p->of);
    return status;
}

static int32_t tick(session *s) {
    char cost[64] = "";
    pdx_http_totals t;
    pdx__asker_totals(s->asker, &t);
    if (!isnan(t.usd)) snprintf(cost, sizeof cost, "%.4f USD, ", t.usd);
    else if (t.input_tokens > 0)
        snprintf(cost, sizeof cost, "%lld tokens, ", (long long)(t.input_tokens + t.output_tokens));
    return s->asking->tick(s->asking->context, cost);
}

static pdx_status take_one(session *s, double seconds) {
    pdx__told told;
    int32_t got;
    PDX__TRY(pdx__asker_take(s->asker, seconds, &told, &got));
    if (!got) return PDX_OK;
    pdx_status status = tell(s, &told);
    pdx__told_free(&told);
    return status;
}

static pdx_status ask_all(session *s) {
    for (int32_t more = 1; more || pdx__asker_pending(s->asker);) {
        while (more && pdx__asker_has_room(s->asker)) {
            pdx__question *q;
            PDX__TRY(s->asking->next(s->asking->context, &q));
            more = q != NULL;
            if (q) PDX__TRY(put_question(s, q));
        }
        if (tick(s)) return pdx__fail(PDX_ECANCELED, "stopped on request");
        if (pdx__asker_pending(s->asker)) PDX__TRY(take_one(s, 0.25));
    }
    return PDX_OK;
}

/* ---- token ids of the labels ---- */

static pdx_status take_spelling(session *s, int32_t label, const char *before) {
    pdx__http_judge *h = s->h;
    pdx__buf body = PDX__BUF_EMPTY, text = PDX__BUF_EMPTY;
    pdx__buf_printf(&text, "%s%s", before, h->label[label]);
    pdx__buf_text(&body, "{\"model\":");
    pdx__buf_json_string(&body, h->o.model, strlen(h->o.model));
    pdx__buf_text(&body, ",\"prompt\":");
    if (text.status == PDX_OK) pdx__buf_json_string(&body, text.data, text.length);
    pdx__buf_text(&body, ",\"add_special_tokens\":false}");
    pdx_status status = text.status == PDX_OK ? body.status : text.status;
    pdx__ask ask = {.path = "/tokenize", .body = body.data, .length = body.length};
    if (status == PDX_OK) status = pdx__asker_put(s->asker, &ask);
    pdx__told told = {0};
    for (int32_t got = 0; status == PDX_OK && !got;) {
        status = pdx__asker_take(s->asker, 0.25, &told, &got);
        if (status == PDX_OK && s->asking->tick(s->asking->context, NULL))
            status = pdx__fail(PDX_ECANCELED, "stopped on request");
    }
    const cJSON *tokens = cJSON_GetObjectItemCaseSensitive(told.answer, "tokens");
    if (status == PDX_OK && told.status != PDX_OK)
        status = pdx__fail(PDX_ENETWORK, "%s", told.reason);
    if (status == PDX_ENETWORK) {
        char why[512];
        snprintf(why, sizeof why, "%s", pdx_error_message());
        status = pdx__fail(PDX_ENETWORK, "/tokenize: %s: name the labels' token ids", why);
    }
    const cJSON *context = cJSON_GetObjectItemCaseSensitive(told.answer, "max_model_len");
    if (status == PDX_OK && cJSON_IsNumber(context) && context->valuedouble < 1e15)
        h->context = (int64_t)context->valuedouble;
    if (status == PDX_OK && cJSON_GetArraySize(tokens) == 1 && cJSON_IsNumber(tokens->child))
        h->ids[label][h->id_count[label]++] = tokens->child->valueint;
    pdx__told_free(&told);
    pdx__buf_free(&text);
    pdx__buf_free(&body);
    return status;
}

static pdx_status find_ids(session *s) {
    pdx__http_judge *h = s->h;
    if (!pdx__route_needs_ids(h->j.kind) || h->id_count[0]) return PDX_OK;
    for (int32_t k = 0; k < 2; ++k) {
        PDX__TRY(take_spelling(s, k, " "));
        PDX__TRY(take_spelling(s, k, ""));
        if (!h->id_count[k])
            return pdx__fail(PDX_EINVAL, "the label '%.80s' is not one token of this model",
                             h->label[k]);
    }
    return PDX_OK;
}

static pdx_status http_run(void *self, const pdx__asking *asking, pdx__judge_counts *counts) {
    session s = {.h = self, .asking = asking};
    double start = pdx__seconds();
    char *journal;
    PDX__TRY(pdx__http_journal_path(&journal, s.h, asking->path));
    pdx__asker_setup setup = {.options = &s.h->o,
                              .journal = journal,
                              .offline = s.h->o.offline,
                              .accept = accept,
                              .context = s.h};
    pdx_status status = pdx__asker_open(&s.asker, &setup);
    if (status == PDX_OK) status = find_ids(&s);
    if (status == PDX_OK) status = ask_all(&s);
    if (s.asker) {
        pdx_http_totals t;
        pdx__asker_drain(s.asker);
        pdx__asker_totals(s.asker, &t);
        counts->tokens = counts->computed = t.input_tokens;
        counts->output_tokens = t.output_tokens;
        counts->requests = t.attempts;
        counts->usd = t.usd;
    }
    counts->seconds = pdx__seconds() - start;
    pdx__asker_close(s.asker);
    while (s.all) end_work(&s, s.all);
    pdx__free(journal);
    return status;
}

/* ---- opening ---- */

static void http_close(void *self) {
    pdx__http_judge *h = self;
    pdx__template_free(h->template);
    pdx__answers_close(h);
    for (size_t i = 0; i < PDX__ROWS(h->kept); ++i) pdx__free(h->kept[i]);
    pdx__free(h);
}

static const pdx__judge_ops http_ops = {http_run, http_close};

pdx__http_judge *pdx__http_judge_of(const pdx_judge *judge) {
    return judge->ops == &http_ops ? judge->self : NULL;
}

/* The judge's own copies of the caller's strings. */
static pdx_status keep_strings(pdx__http_judge *h) {
    const char **all[] = {&h->o.url,       &h->o.model,       &h->o.key_env,      &h->o.proxy,
                          &h->o.ca_file,   &h->o.prices,      &h->o.journal,      &h->j.prompt,
                          &h->j.pattern,   &h->j.label_first, &h->j.label_second, &h->j.label_tie,
                          &h->j.label_ids, &h->o.key,         &h->o.key_header};
    if (!h->j.label_first) h->j.label_first = "A";
    if (!h->j.label_second) h->j.label_second = "B";
    if (!h->j.label_tie) h->j.label_tie = "tie";
    PDX__REQUIRE(h->j.prompt || !(strcmp(h->j.label_first, "A") || strcmp(h->j.label_second, "B") ||
                                  strcmp(h->j.label_tie, "tie")),
                 "the built-in prompts name the responses A and B: other labels need a template");
    if (!h->j.prompt)
        h->j.prompt = h->j.kind == PDX_HTTP_VERDICT ? "verdict"
                      : h->j.kind == PDX_HTTP_CHAT  ? "chat"
                                                    : "plain";
    for (size_t i = 0; i < PDX__ROWS(all); ++i) {
        if (!*all[i]) continue;
        h->kept[i] = pdx__strdup(*all[i]);
        if (!h->kept[i]) return PDX_ENOMEM;
        *all[i] = h->kept[i];
    }
    h->label[0] = h->j.label_first;
    h->label[1] = h->j.label_second;
    h->label[2] = h->j.label_tie;
    for (int k = 0; k < 3; ++k)
        PDX__REQUIRE(*h->label[k] && !strstr(h->label[k], "\\E"), "label %d is empty or odd",
                     k + 1);
    PDX__REQUIRE(strcmp(h->label[0], h->label[1]) != 0, "the two labels are the same: '%.80s'",
                 h->label[0]);
    return PDX_OK;
}

/* "362+32,425" */
static pdx_status read_ids(pdx__http_judge *h) {
    const char *at = h->j.label_ids;
    for (int k = 0; at && k < 2; ++k) {
        for (;;) {
            char *end;
            long id = strtol(at, &end, 10);
            if (end == at || id < 0 || id > INT32_MAX || h->id_count[k] == PDX__MOST_IDS)
                return pdx__fail(PDX_EINVAL, "label_ids: expected \"ID,ID\" or \"ID+ID,ID\"");
            h->ids[k][h->id_count[k]++] = (int32_t)id;
            at = end;
            if (*at != '+') break;
            ++at;
        }
        if (*at != (k ? 0 : ','))
            return pdx__fail(PDX_EINVAL, "label_ids: expected \"ID,ID\" or \"ID+ID,ID\"");
        ++at;
    }
    return PDX_OK;
}

/* The hash stands for all that decides an answer but the pair: rows of another are not mixed in. */
static pdx_status describe(pdx_judge *judge, pdx__http_judge *h) {
    pdx__buf text = PDX__BUF_EMPTY;
    pdx__sha256 hash;
    pdx__buf_text(&text, pdx__template_text(h->template));
    pdx__buf_printf(&text, "\n%s\n%s\n%s\n%s\n%s\n", h->o.model, h->label[0], h->label[1],
                    h->label[2], h->j.pattern ? h->j.pattern : "");
    pdx__options_json(&text, &h->j, option_table, PDX__ROWS(option_table));
    pdx__sha256_init(&hash);
    if (text.status == PDX_OK) pdx__sha256_add(&hash, text.data, text.length);
    pdx__sha256_hex(&hash, h->prompt_sha256);
    memcpy(judge->prompt_sha256, h->prompt_sha256, sizeof h->prompt_sha256);
    pdx__buf_clear(&text);
    pdx__buf_text(&text, "{\"model\":");
    pdx__buf_json_string(&text, h->o.model, strlen(h->o.model));
    pdx__buf_printf(&text, ",\"prompt_sha256\":\"%s\"}", judge->prompt_sha256);
    judge->provenance = pdx__buf_take(&text);
    judge->name = pdx__strdup(h->o.model);
    judge->uses_reference = pdx__template_uses(h->template, PDX__FIELD_REFERENCE);
    judge->repeats = h->j.samples;
    return judge->provenance && judge->name ? PDX_OK : PDX_ENOMEM;
}

static pdx_status set_up(pdx_judge *judge, pdx__http_judge *h, const pdx_http_options *http,
                         const pdx_http_judge_options *options) {
    PDX__TRY(pdx__http_take_options(&h->o, http));
    PDX__TRY(pdx__options_take(&h->j, sizeof h->j, options, option_table, PDX__ROWS(option_table),
                               "http judge options"));
    PDX__TRY(keep_strings(h));
    PDX__TRY(read_ids(h));
    h->temperature = h->j.temperature;
    if (h->temperature < 0) h->temperature = h->j.kind == PDX_HTTP_VERDICT ? NAN : 0;
    if (h->j.reasoning) h->temperature = NAN;
    PDX__REQUIRE(h->j.samples == 1 || h->j.kind == PDX_HTTP_VERDICT,
                 "several samples are for verdicts: log-probabilities do not vary");
    PDX__TRY(pdx__template_open(&h->template, h->j.prompt));
    PDX__REQUIRE(*pdx__template_tail(h->template) || h->j.kind < PDX_HTTP_GENERATIVE_SCORING,
                 "the template ends with a field: this route needs words after it");
    PDX__TRY(pdx__answers_open(h));
    return describe(judge, h);
}

pdx_status pdx_judge_open_http(pdx_judge **out, const pdx_http_options *http,
                               const pdx_http_judge_options *options) {
    PDX__REQUIRE(out, "pdx_judge_open_http: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(http, "pdx_judge_open_http: 'http' is NULL");
    pdx_judge *judge = pdx__alloc_zero(1, sizeof *judge);
    pdx__http_judge *h = pdx__alloc_zero(1, sizeof *h);
    if (!judge || !h) {
        pdx__free(judge);
        pdx__free(h);
        return PDX_ENOMEM;
    }
    judge->ops = &http_ops;
    judge->self = h;
    pdx_status status = set_up(judge, h, http, options);
    if (status == PDX_OK) *out = judge;
    else pdx_judge_free(judge);
    return status;
}
