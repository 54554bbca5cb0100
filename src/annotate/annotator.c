/* The annotator's handle: options, and the bodies of its requests. */
#include "annotate/annotator.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/options.h"
#include "core/sha256.h"
#include "net/chat.h"

#define POINTER(field)                                                                             \
    { #field, PDX__OPTION_POINTER, offsetof(pdx_annotator_options, field), 0, 0, 0, NULL }
#define NUMBER(type, field, initial, least, most, names)                                           \
    {                                                                                              \
#field, PDX__OPTION_##type, offsetof(pdx_annotator_options, field), initial, least, most,  \
            names                                                                                  \
    }
static const char *const shows[] = {"random", "both", "AB", "BA", NULL};
static const char *const formats[] = {"auto", "schema", "json-schema", "json", "none", NULL};
static const pdx__option option_table[] = {
    POINTER(schema),
    POINTER(prompts),
    POINTER(stages),
    POINTER(body),
    NUMBER(INT32, single, 0, 0, 1, NULL),
    NUMBER(INT32, show, 0, 0, 3, shows),
    NUMBER(INT32, repeats, 1, 1, 1000, NULL),
    NUMBER(INT32, structured, 0, 0, 4, formats),
    NUMBER(INT32, corrections, 2, 0, 20, NULL),
    NUMBER(INT32, reasoning, 0, 0, 1, NULL),
    NUMBER(DOUBLE, temperature, -1, -1, 100, NULL),
    NUMBER(INT64, max_tokens, 4096, 16, 1e9, NULL),
    NUMBER(UINT64, seed, 1, 0, 0, NULL),
};

void(pdx_annotator_options_init)(pdx_annotator_options *options, uint32_t size) {
    pdx__options_init(options, size, option_table, PDX__ROWS(option_table));
}

/* ---- requests ---- */

/* JSON of response_format, or nothing. */
static void put_response_format(const pdx_annotator *n, int32_t stage, int32_t structured,
                                const cJSON *facts, pdx__buf *out) {
    if (stage == PDX_ANNOTATE_REFERENCE || structured == PDX_STRUCTURED_NONE) return;
    pdx__buf_text(out, structured == PDX_STRUCTURED_SCHEMA
                           ? "{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"annotation\","
                             "\"strict\":true,\"schema\":"
                           : "{\"type\":\"json_object\"");
    if (structured == PDX_STRUCTURED_JSON_SCHEMA) pdx__buf_text(out, ",\"schema\":");
    if (structured != PDX_STRUCTURED_JSON) pdx__form_json_schema(n->prompts, stage, facts, out);
    pdx__buf_text(out, structured == PDX_STRUCTURED_SCHEMA ? "}}" : "}");
}

void pdx__annotator_body(const pdx_annotator *n, int32_t stage, int32_t structured,
                         const pdx__material *m, const pdx__turn *turns, int32_t count,
                         int64_t seed, pdx__buf *out) {
    pdx__buf system = PDX__BUF_EMPTY, user = PDX__BUF_EMPTY, format = PDX__BUF_EMPTY;
    pdx__buf back = PDX__BUF_EMPTY;
    pdx__chat_message messages[2 + 2 * 20];
    size_t start[20]; /* of each request to mend, in `back` */
    int32_t length = 0;
    pdx__prompt_fill(n->prompts, stage, m, &system, &user);
    put_response_format(n, stage, structured, m->facts, &format);
    for (int32_t i = 0; i < count; ++i) {
        start[i] = back.length;
        pdx__buf_printf(&back,
                        "That answer cannot be used: %s. Give the whole answer again, in the form "
                        "that was asked for, and nothing else.",
                        turns[i].reason);
        pdx__buf_append(&back, "", 1);
    }
    const pdx__buf *const parts[] = {&system, &user, &format, &back};
    for (int i = 0; i < 4; ++i)
        if (parts[i]->status != PDX_OK) out->status = parts[i]->status;
    if (out->status == PDX_OK) {
        if (*system.data) messages[length++] = (pdx__chat_message){"system", system.data};
        messages[length++] = (pdx__chat_message){"user", user.data};
        for (int32_t i = 0; i < count; ++i) {
            messages[length++] = (pdx__chat_message){"assistant", turns[i].answer};
            messages[length++] = (pdx__chat_message){"user", back.data + start[i]};
        }
        pdx__chat_settings s = {.model = n->o.model,
                                .temperature = n->temperature,
                                .max_tokens = n->a.max_tokens,
                                .reasoning = n->a.reasoning,
                                .seed = seed,
                                .format = format.length ? format.data : NULL,
                                .members = n->members};
        pdx__chat_body(out, &s, messages, length);
    }
    pdx__buf_free(&system);
    pdx__buf_free(&user);
    pdx__buf_free(&format);
    pdx__buf_free(&back);
}

pdx_status pdx__annotator_journal(char **out, const pdx_annotator *n, const char *annotations) {
    pdx__buf path = PDX__BUF_EMPTY;
    if (n->o.journal) pdx__buf_text(&path, n->o.journal);
    else pdx__buf_printf(&path, "%s.journal", annotations);
    *out = pdx__buf_take(&path);
    return *out ? PDX_OK : PDX_ENOMEM;
}

int32_t pdx__annotator_accept(void *context, int64_t tag, const cJSON *body, char reason[256]) {
    pdx__chat_reply reply;
    (void)context, (void)tag;
    return pdx__chat_read(body, &reply, reason) ? PDX__ACCEPT_GOOD : PDX__ACCEPT_AGAIN;
}

/* ---- opening ---- */

static pdx_status keep_strings(pdx_annotator *n) {
    const char **all[] = {&n->o.url,        &n->o.model,   &n->o.key_env, &n->o.proxy,
                          &n->o.ca_file,    &n->o.prices,  &n->o.journal, &n->o.key,
                          &n->o.key_header, &n->a.prompts, &n->a.stages,  &n->a.body};
    for (size_t i = 0; i < PDX__ROWS(all); ++i) {
        if (!*all[i]) continue;
        n->kept[i] = pdx__strdup(*all[i]);
        if (!n->kept[i]) return PDX_ENOMEM;
        *all[i] = n->kept[i];
    }
    return PDX_OK;
}

/* The members of the body that was given, on one line. */
static pdx_status read_body(pdx_annotator *n) {
    static const char *const ours[] = {"model", "messages", "response_format", "stream", "n"};
    cJSON *tree;
    if (!n->a.body) return PDX_OK;
    PDX__TRY(pdx__json_parse(&tree, n->a.body, strlen(n->a.body), (pdx__where){"body", 1}));
    pdx_status status = PDX_OK;
    if (!cJSON_IsObject(tree)) status = pdx__fail(PDX_EPARSE, "body: expected a JSON object");
    for (size_t i = 0; i < PDX__ROWS(ours) && status == PDX_OK; ++i)
        if (cJSON_GetObjectItemCaseSensitive(tree, ours[i]))
            status = pdx__fail(PDX_EINVAL, "body: '%s' cannot be set here", ours[i]);
    char *text = status == PDX_OK ? cJSON_PrintUnformatted(tree) : NULL;
    if (text) n->members = pdx__strndup(text + 1, strlen(text) - 2);
    if (status == PDX_OK && (!text || !n->members)) status = pdx__nomem();
    cJSON_free(text);
    cJSON_Delete(tree);
    return status;
}

static pdx_status choose_stages(pdx_annotator *n) {
    int32_t *w = n->wanted;
    if (!n->a.stages) {
        for (int32_t s = 0; s < PDX_ANNOTATE_STAGES; ++s) w[s] = 1;
        w[PDX_ANNOTATE_SCENARIO] = 2;
    }
    for (const char *at = n->a.stages; at && *at;) {
        size_t length = strcspn(at, ",");
        int32_t stage = pdx__stage_find(at, length);
        if (stage < 0)
            return pdx__fail(PDX_EINVAL,
                             "'%.*s' is no stage (query, reference, query-free, query-aware, "
                             "query-specific, error, scenario)",
                             (int)length, at);
        w[stage] = 1;
        at += length + (at[length] == ',');
    }
    w[PDX_ANNOTATE_QUERY] |= w[PDX_ANNOTATE_QUERY_SPECIFIC];
    w[PDX_ANNOTATE_REFERENCE] |= w[PDX_ANNOTATE_ERROR];
    int32_t any = 0;
    for (int32_t s = 0; s < PDX_ANNOTATE_STAGES; ++s) {
        if (!pdx__form_asks(n->prompts, s, NULL)) w[s] = 0;
        any |= w[s] == 1;
    }
    PDX__REQUIRE(any, "the schema '%s' has nothing to annotate in these stages",
                 n->prompts->schema->name);
    return PDX_OK;
}

/* The hash stands for all that decides a stage's answer but the pair. */
static pdx_status describe(pdx_annotator *n) {
    for (int32_t s = 0; s < PDX_ANNOTATE_STAGES; ++s) {
        pdx__buf text = PDX__BUF_EMPTY;
        pdx__sha256 hash;
        pdx__buf_printf(&text, "%s\n%s\n%d\n", n->o.model, n->members ? n->members : "",
                        n->a.single);
        pdx__buf_json_double(&text, n->temperature);
        pdx__prompt_describe(n->prompts, s, &text);
        pdx__sha256_init(&hash);
        if (text.status == PDX_OK) pdx__sha256_add(&hash, text.data, text.length);
        pdx__sha256_hex(&hash, n->prompt_sha256[s]);
        pdx_status status = text.status;
        pdx__buf_free(&text);
        PDX__TRY(status);
    }
    return PDX_OK;
}

static pdx_status set_up(pdx_annotator *n, const pdx_http_options *http,
                         const pdx_annotator_options *options) {
    pdx_schema *own = NULL;
    PDX__TRY(pdx__http_take_options(&n->o, http));
    PDX__TRY(pdx__options_take(&n->a, sizeof n->a, options, option_table, PDX__ROWS(option_table),
                               "annotator options"));
    PDX__TRY(keep_strings(n));
    PDX__TRY(read_body(n));
    n->temperature = n->a.temperature;
    if (n->temperature < 0) n->temperature = n->a.repeats > 1 ? NAN : 0;
    if (n->a.reasoning) n->temperature = NAN;
    if (!n->a.schema) PDX__TRY(pdx_schema_builtin(&own, "li2024"));
    pdx_status status =
        pdx__prompts_open(&n->prompts, n->a.prompts, own ? own : n->a.schema, n->a.single);
    n->a.schema = NULL; /* the caller's: not ours to keep */
    pdx_schema_free(own);
    if (status == PDX_OK) status = choose_stages(n);
    return status == PDX_OK ? describe(n) : status;
}

pdx_status pdx_annotator_open(pdx_annotator **out, const pdx_http_options *http,
                              const pdx_annotator_options *options) {
    PDX__REQUIRE(out, "pdx_annotator_open: 'out' is NULL");
    *out = NULL;
    PDX__REQUIRE(http, "pdx_annotator_open: 'http' is NULL");
    pdx_annotator *n = pdx__alloc_zero(1, sizeof *n);
    if (!n) return PDX_ENOMEM;
    pdx_status status = set_up(n, http, options);
    if (status == PDX_OK) *out = n;
    else pdx_annotator_free(n);
    return status;
}

void pdx_annotator_free(pdx_annotator *n) {
    if (!n) return;
    for (size_t i = 0; i < PDX__ROWS(n->kept); ++i) pdx__free(n->kept[i]);
    pdx__free(n->members);
    pdx__prompts_free(n->prompts);
    pdx__free(n);
}
