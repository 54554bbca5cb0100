/* Small random models of every family against Hugging Face transformers, and quantised blocks
 * against the gguf package: tests/golden/lm says how the values were made. */
#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "lm/model.h"
#include "lm/pack.h"

#define GOLDEN "tests/golden/lm/"

typedef struct row {
    cJSON *tree;
    const char *model;
    pdx__ids ids;
    const cJSON *logprobs;
} row;

static int32_t read_rows(row *rows, int32_t most) {
    pdx__lines lines;
    int32_t count = 0;
    if (pdx__lines_open(&lines, GOLDEN "logprobs.jsonl") != PDX_OK) return -1;
    for (int more = 1; count < most;) {
        if (pdx__lines_next(&lines, &more) != PDX_OK || !more) break;
        row *r = &rows[count++];
        memset(r, 0, sizeof *r);
        pdx__json_parse(&r->tree, lines.line, lines.length, (pdx__where){"logprobs", lines.number});
        r->model = cJSON_GetObjectItem(r->tree, "model")->valuestring;
        r->logprobs = cJSON_GetObjectItem(r->tree, "logprobs");
        const cJSON *id, *tokens = cJSON_GetObjectItem(r->tree, "tokens");
        r->ids.id = malloc(sizeof(int32_t) * (size_t)cJSON_GetArraySize(tokens));
        cJSON_ArrayForEach(id, tokens) r->ids.id[r->ids.count++] = id->valueint;
    }
    pdx__lines_close(&lines);
    return count;
}

/* The sequences of one model in one packed pass, its whole vocabulary compared. */
static void one_model(const row *rows, int32_t count, int32_t threads) {
    enum { MOST = 4, V = 67 };
    char path[200];
    pdx__model *model;
    pdx__pack pack;
    pdx__ids prompts[MOST];
    int32_t candidate[V];
    static double logp[MOST * V];
    pdx__backend_options options = {.threads = threads};
    for (int32_t i = 0; i < count; ++i) prompts[i] = rows[i].ids;
    for (int32_t i = 0; i < V; ++i) candidate[i] = i;
    snprintf(path, sizeof path, GOLDEN "%s", rows[0].model);
    OK(pdx__model_open(&model, path, pdx__backend_cpu(), &options));
    OK(pdx__pack_prompts(&pack, prompts, count));
    OK(pdx__forward(model, &pack.batch, pack.last, count, candidate, V, logp, NULL));
    double worst = 0;
    for (int32_t i = 0; i < count; ++i) {
        int32_t k = 0;
        const cJSON *value;
        cJSON_ArrayForEach(value, rows[i].logprobs) {
            double apart = fabs(logp[i * V + k++] - value->valuedouble);
            if (!(apart <= worst)) worst = apart;
        }
        CHECK_INT(k, V);
    }
    if (!(worst <= 1e-4)) CHECK_FAIL("%s: log-probabilities differ by %g", rows[0].model, worst);
    printf("%-16s largest difference %.2g\n", rows[0].model, worst);
    pdx__pack_free(&pack);
    pdx__model_close(model);
}

static void models_agree_with_transformers(void) {
    static row rows[64];
    int32_t count = read_rows(rows, 64);
    REQUIRE(count == 11 * 3);
    for (int32_t from = 0; from < count; from += 3) one_model(rows + from, 3, 1 + from % 2);
    for (int32_t i = 0; i < count; ++i) {
        free(rows[i].ids.id);
        cJSON_Delete(rows[i].tree);
    }
}

/* Two prompts with a long common prefix: packed together and each alone. */
static void shared_prefixes_change_nothing(void) {
    enum { N = 60, SHARED = 37, V = 67 };
    int32_t ids[3][N], candidate[V];
    pdx__ids prompts[3];
    for (int k = 0; k < 3; ++k) {
        for (int i = 0; i < N; ++i) ids[k][i] = (i * 7 + (i < SHARED - 5 * k ? 0 : 11 * k)) % V;
        prompts[k] = (pdx__ids){ids[k], N - (size_t)k, N};
    }
    for (int32_t i = 0; i < V; ++i) candidate[i] = i;
    static const char *const names[] = {"llama", "mistral", "mixtral", "qwen3"};
    for (size_t m = 0; m < sizeof names / sizeof *names; ++m) {
        char path[200];
        pdx__model *model;
        pdx__pack pack;
        static double together[3 * V], alone[V];
        snprintf(path, sizeof path, GOLDEN "%s", names[m]);
        OK(pdx__model_open(&model, path, pdx__backend_cpu(), NULL));
        OK(pdx__pack_prompts(&pack, prompts, 3));
        CHECK(pack.batch.tokens < 3 * N - SHARED);
        OK(pdx__forward(model, &pack.batch, pack.last, 3, candidate, V, together, NULL));
        pdx__pack_free(&pack);
        for (int k = 0; k < 3; ++k) {
            OK(pdx__pack_prompts(&pack, prompts + k, 1));
            OK(pdx__forward(model, &pack.batch, pack.last, 1, candidate, V, alone, NULL));
            for (int i = 0; i < V; ++i) CHECK_NEAR(together[k * V + i], alone[i], 1e-5);
            pdx__pack_free(&pack);
        }
        pdx__model_close(model);
    }
}

static void blocks_stand_for_the_right_numbers(void) {
    pdx__lines lines;
    int kinds = 0;
    OK(pdx__lines_open(&lines, GOLDEN "quants.jsonl"));
    for (int more = 1;;) {
        OK(pdx__lines_next(&lines, &more));
        if (!more) break;
        cJSON *tree;
        OK(pdx__json_parse(&tree, lines.line, lines.length, (pdx__where){"quants", lines.number}));
        const char *name = cJSON_GetObjectItem(tree, "type")->valuestring;
        const char *hex = cJSON_GetObjectItem(tree, "hex")->valuestring;
        const cJSON *values = cJSON_GetObjectItem(tree, "values"), *value;
        int32_t count = cJSON_GetArraySize(values), i = 0, dtype = 0;
        while (dtype < PDX__DTYPES && strcmp(pdx__dtype_name((pdx__dtype)dtype), name)) ++dtype;
        REQUIRE(dtype < PDX__DTYPES);
        static unsigned char blocks[4096];
        static float out[4096];
        for (size_t k = 0; hex[2 * k]; ++k) {
            unsigned byte;
            sscanf(hex + 2 * k, "%2x", &byte);
            blocks[k] = (unsigned char)byte;
        }
        pdx__dequantise((pdx__dtype)dtype, blocks, count, out);
        cJSON_ArrayForEach(value, values) {
            double want = value->valuedouble;
            if (!(fabs(out[i] - want) <= 1e-6 * fabs(want) + 1e-6))
                CHECK_FAIL("%s, number %d: %.9g, expected %.9g", name, i, out[i], want);
            ++i;
        }
        ++kinds;
        cJSON_Delete(tree);
    }
    CHECK_INT(kinds, 10);
    pdx__lines_close(&lines);
}

int main(void) {
    RUN(models_agree_with_transformers);
    RUN(shared_prefixes_change_nothing);
    RUN(blocks_stand_for_the_right_numbers);
    return check_result();
}
