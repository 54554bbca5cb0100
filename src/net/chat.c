/* Bodies of completions and chat. Leaves out streaming, tools and several choices. */
#include "net/chat.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void add_settings(pdx__buf *out, const pdx__chat_settings *s) {
    if (s->max_tokens > 0)
        pdx__buf_printf(out, ",\"%s\":%lld", s->reasoning ? "max_completion_tokens" : "max_tokens",
                        (long long)s->max_tokens);
    if (!isnan(s->temperature)) {
        pdx__buf_text(out, ",\"temperature\":");
        pdx__buf_json_double(out, s->temperature);
    }
    if (s->seed >= 0) pdx__buf_printf(out, ",\"seed\":%lld", (long long)s->seed);
    if (s->format) {
        pdx__buf_text(out, ",\"response_format\":");
        pdx__buf_text(out, s->format);
    }
    if (s->members && *s->members) {
        pdx__buf_char(out, ',');
        pdx__buf_text(out, s->members);
    }
    pdx__buf_char(out, '}');
}

static void begin(pdx__buf *out, const pdx__chat_settings *s) {
    pdx__buf_text(out, "{\"model\":");
    pdx__buf_json_string(out, s->model, strlen(s->model));
}

void pdx__chat_body(pdx__buf *out, const pdx__chat_settings *s, const pdx__chat_message *messages,
                    int32_t count) {
    begin(out, s);
    pdx__buf_text(out, ",\"messages\":[");
    for (int32_t i = 0; i < count; ++i) {
        pdx__buf_printf(out, "%s{\"role\":\"%s\",\"content\":", i ? "," : "", messages[i].role);
        pdx__buf_json_string(out, messages[i].content, strlen(messages[i].content));
        pdx__buf_char(out, '}');
    }
    pdx__buf_char(out, ']');
    if (s->logprobs) pdx__buf_printf(out, ",\"logprobs\":true,\"top_logprobs\":%d", s->logprobs);
    add_settings(out, s);
}

void pdx__completion_body(pdx__buf *out, const pdx__chat_settings *s, const char *prompt,
                          size_t length) {
    begin(out, s);
    pdx__buf_text(out, ",\"prompt\":");
    pdx__buf_json_string(out, prompt, length);
    if (s->logprobs) pdx__buf_printf(out, ",\"logprobs\":%d", s->logprobs);
    add_settings(out, s);
}

static const cJSON *member(const cJSON *object, const char *key) {
    const cJSON *value = cJSON_IsObject(object) ? cJSON_GetObjectItemCaseSensitive(object, key) : 0;
    return cJSON_IsNull(value) ? NULL : value;
}

static const char *text_of(const cJSON *object, const char *key) {
    const cJSON *value = member(object, key);
    return cJSON_IsString(value) ? value->valuestring : NULL;
}

static int32_t refuse(char reason[256], const char *what) {
    snprintf(reason, 256, "%s", what);
    return 0;
}

/* "content": a text, or parts of which the last text counts. */
static const char *content_of(const cJSON *message) {
    const cJSON *content = member(message, "content");
    const char *text = cJSON_GetStringValue(content);
    for (const cJSON *part = cJSON_IsArray(content) ? content->child : NULL; part;
         part = part->next)
        if (text_of(part, "text")) text = text_of(part, "text");
    return text;
}

int32_t pdx__chat_read(const cJSON *body, pdx__chat_reply *out, char reason[256]) {
    memset(out, 0, sizeof *out);
    const cJSON *choice = cJSON_GetArrayItem(member(body, "choices"), 0);
    if (!cJSON_IsObject(choice)) return refuse(reason, "the body has no 'choices'");
    const cJSON *message = member(choice, "message"), *logprobs = member(choice, "logprobs");
    out->finish = text_of(choice, "finish_reason");
    if (cJSON_IsObject(message)) {
        out->text = content_of(message);
        out->thought = text_of(message, "reasoning_content");
        if (!out->thought) out->thought = text_of(message, "reasoning");
        out->refusal = text_of(message, "refusal");
        if (!out->text && !out->refusal && member(message, "content"))
            return refuse(reason, "the message's 'content' is no text");
        const cJSON *first = cJSON_GetArrayItem(member(logprobs, "content"), 0);
        out->top = member(first, "top_logprobs");
    } else {
        out->text = text_of(choice, "text");
        if (!out->text) return refuse(reason, "the first choice has no 'message' and no 'text'");
        out->top = cJSON_GetArrayItem(member(logprobs, "top_logprobs"), 0);
        if (cJSON_IsNull(out->top)) out->top = NULL;
        if (!out->top) /* llama.cpp's server answers both routes in the form of chat */
            out->top = member(cJSON_GetArrayItem(member(logprobs, "content"), 0), "top_logprobs");
    }
    if (!out->text) out->text = "";
    return 1;
}

int32_t pdx__chat_mend(char *body, size_t length) {
    static const char *const words[] = {"-Infinity", "Infinity", "NaN"};
    int32_t count = 0, in_string = 0;
    for (size_t i = 0; i < length; ++i) {
        if (body[i] == '"') in_string = !in_string;
        if (in_string && body[i] == '\\') ++i;
        if (in_string || !strchr("-IN", body[i])) continue;
        for (int k = 0; k < 3; ++k) {
            size_t size = strlen(words[k]);
            if (size > length - i || memcmp(body + i, words[k], size)) continue;
            memset(body + i, ' ', size);
            body[i] = body[i + 1] = '"';
            i += size - 1;
            ++count;
            break;
        }
    }
    return count;
}

/* How models mark off what they think. */
static const struct {
    const char *open, *close;
} thoughts[] = {{"<think>", "</think>"},
                {"<thinking>", "</thinking>"},
                {"<reasoning>", "</reasoning>"},
                {"[THINK]", "[/THINK]"},
                {"<|channel|>analysis", "<|channel|>final<|message|>"}};

const char *pdx__chat_after_thinking(const char *text) {
    const char *end = NULL, *start = text + strspn(text, " \t\r\n");
    int32_t begun = 0;
    for (size_t k = 0; k < sizeof thoughts / sizeof *thoughts; ++k) {
        size_t length = strlen(thoughts[k].close);
        begun |= !strncmp(start, thoughts[k].open, strlen(thoughts[k].open));
        for (const char *at = text; (at = strstr(at, thoughts[k].close)); at += length)
            if (at + length > end) end = at + length;
    }
    if (end) return end;
    return begun ? "" : text;
}

static int64_t count_of(const cJSON *usage, const char *key, const char *other) {
    const cJSON *value = member(usage, key);
    if (!value) value = member(usage, other);
    if (!cJSON_IsNumber(value) || !(value->valuedouble >= 0 && value->valuedouble < 9e15))
        return -1;
    return (int64_t)value->valuedouble;
}

void pdx__chat_usage(const cJSON *body, int64_t *input, int64_t *output) {
    const cJSON *usage = member(body, "usage");
    *input = count_of(usage, "prompt_tokens", "input_tokens");
    *output = count_of(usage, "completion_tokens", "output_tokens");
    if (*input < 0) *input = count_of(body, "tokens_evaluated", "prompt_tokens");
    if (*output < 0) *output = count_of(body, "tokens_predicted", "completion_tokens");
}

const char *pdx__chat_model(const cJSON *body) { return text_of(body, "model"); }

const char *pdx__chat_error(const cJSON *body, const char **code) {
    const cJSON *error = member(body, "error");
    *code = NULL;
    if (cJSON_IsString(error)) return error->valuestring;
    if (cJSON_IsObject(error)) {
        *code = text_of(error, "code");
        if (!*code) *code = text_of(error, "type");
        return text_of(error, "message") ? text_of(error, "message") : *code;
    }
    if (text_of(body, "message")) return text_of(body, "message");
    return text_of(body, "detail");
}
