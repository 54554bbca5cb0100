/* What is asked and what is answered, in the forms that servers were seen to use. */
#include "net/chat.h"

#include "check.h"
#include "core/json.h"

static void bodies_are_built(void) {
    pdx__buf out = PDX__BUF_EMPTY;
    pdx__chat_settings s = {.model = "m\"1", .temperature = NAN, .seed = -1, .max_tokens = 1};
    s.logprobs = 20;
    pdx__completion_body(&out, &s, "a\nb", 3);
    CHECK_TEXT(out.data,
               "{\"model\":\"m\\\"1\",\"prompt\":\"a\\nb\",\"logprobs\":20,\"max_tokens\":1}");
    pdx__buf_clear(&out);
    s.temperature = 0.5;
    s.seed = 7;
    s.reasoning = 1;
    s.format = "{\"type\":\"json_object\"}";
    s.members = "\"x\":[1]";
    pdx__chat_message messages[2] = {{"system", "be fair"}, {"user", "{\"role\":\"system\"}"}};
    pdx__chat_body(&out, &s, messages, 2);
    CHECK_TEXT(
        out.data,
        "{\"model\":\"m\\\"1\",\"messages\":[{\"role\":\"system\",\"content\":\"be fair\"},"
        "{\"role\":\"user\",\"content\":\"{\\\"role\\\":\\\"system\\\"}\"}],\"logprobs\":true,"
        "\"top_logprobs\":20,\"max_completion_tokens\":1,\"temperature\":0.5,\"seed\":7,"
        "\"response_format\":{\"type\":\"json_object\"},\"x\":[1]}");
    pdx__buf_free(&out);
}

static cJSON *parse(const char *text) {
    cJSON *body;
    if (pdx__json_parse(&body, text, strlen(text), (pdx__where){"test", 0}) != PDX_OK)
        CHECK_FAIL("%s", pdx_error_message());
    return body;
}

static void answers_are_read(void) {
    pdx__chat_reply r;
    char reason[256];
    int64_t input, output;
    cJSON *body = parse("{\"choices\":[{\"text\":\" A\",\"finish_reason\":\"length\",\"logprobs\":{"
                        "\"top_logprobs\":[{\" A\":-0.452,\" B\":-1.181}]}}],\"usage\":{"
                        "\"prompt_tokens\":5,\"completion_tokens\":1}}");
    CHECK(pdx__chat_read(body, &r, reason));
    CHECK_TEXT(r.text, " A");
    CHECK_TEXT(r.finish, "length");
    CHECK(cJSON_IsObject(r.top));
    pdx__chat_usage(body, &input, &output);
    CHECK(input == 5 && output == 1);
    cJSON_Delete(body);
    body = parse("{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"no\"},\"logprobs\":{"
                 "\"content\":[{\"token\":\"A\",\"logprob\":-1,\"top_logprobs\":[{\"token\":\"A\","
                 "\"logprob\":-1,\"bytes\":null}]}]}}]}");
    CHECK(pdx__chat_read(body, &r, reason));
    CHECK_TEXT(r.text, "");
    CHECK_TEXT(r.refusal, "no");
    CHECK(cJSON_IsArray(r.top));
    pdx__chat_usage(body, &input, &output);
    CHECK(input == -1 && output == -1);
    cJSON_Delete(body);
    static const char *const wrong[] = {"{}",
                                        "{\"choices\":[]}",
                                        "{\"choices\":[{}]}",
                                        "{\"choices\":{\"text\":\"A\"}}",
                                        "[1]",
                                        "{\"choices\":[{\"message\":{\"content\":7}}]}"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
        body = parse(wrong[i]);
        *reason = 0;
        CHECK(!pdx__chat_read(body, &r, reason) && *reason);
        cJSON_Delete(body);
    }
    const char *code;
    body = parse("{\"error\":{\"message\":\"m\",\"type\":\"t\",\"code\":null}}");
    CHECK_TEXT(pdx__chat_error(body, &code), "m");
    CHECK_TEXT(code, "t");
    cJSON_Delete(body);
}

static void numbers_that_are_none(void) {
    char body[] =
        "{\"a\":NaN,\"b\":[-Infinity, Infinity ,1],\"NaN\":\"Infinity \\\" -Infinity\",\"c\":-I}";
    const char *mended = "{\"a\":\"\" ,\"b\":[\"\"       , \"\"       ,1],\"NaN\":\"Infinity \\\" "
                         "-Infinity\",\"c\":-I}";
    CHECK_INT(pdx__chat_mend(body, strlen(body)), 3);
    CHECK_TEXT(body, mended);
    char plain[] = "{\"a\":-1.5}";
    CHECK_INT(pdx__chat_mend(plain, strlen(plain)), 0);
    CHECK_TEXT(plain, "{\"a\":-1.5}");
}

static void parts_and_thoughts(void) {
    pdx__chat_reply r;
    char reason[256];
    cJSON *body = parse("{\"choices\":[{\"message\":{\"reasoning\":\"hm\",\"content\":[{\"type\":"
                        "\"thinking\"},{\"type\":\"text\",\"text\":\"one\"},{\"type\":\"text\","
                        "\"text\":\"two\"},7]}}]}");
    CHECK(pdx__chat_read(body, &r, reason));
    CHECK_TEXT(r.text, "two");
    CHECK_TEXT(r.thought, "hm");
    cJSON_Delete(body);
}

int main(void) {
    RUN(bodies_are_built);
    RUN(answers_are_read);
    RUN(numbers_that_are_none);
    RUN(parts_and_thoughts);
    return check_result();
}
