/* Small random models of every family against Hugging Face transformers: tests/golden/lm says how
 * the values were made. Run from the repository's root. */
#ifndef PDX_TEST_LM_GOLDEN_H
#define PDX_TEST_LM_GOLDEN_H

#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/file.h"
#include "core/json.h"
#include "lm/model.h"
#include "lm/pack.h"

#define GOLDEN "tests/golden/lm/"

typedef struct golden_row {
    cJSON *tree;
    const char *model;
    pdx__ids ids;
    const cJSON *logprobs;
} golden_row;

static int32_t golden_read(golden_row *rows, int32_t most) {
    pdx__lines lines;
    int32_t count = 0;
    if (pdx__lines_open(&lines, GOLDEN "logprobs.jsonl") != PDX_OK) return -1;
    for (int more = 1; count < most;) {
        if (pdx__lines_next(&lines, &more) != PDX_OK || !more) break;
        golden_row *r = &rows[count++];
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

/* The sequences of one model in one packed pass, its whole vocabulary compared: no difference above
 * `tolerance`, their root mean square not above a third of it. */
static void golden_model(const golden_row *rows, int32_t count, const pdx__backend *backend,
                         const pdx__backend_options *options, double tolerance) {
    enum { MOST = 4, V = 67 };
    char path[200];
    pdx__model *model;
    pdx__pack pack;
    pdx__ids prompts[MOST];
    int32_t candidate[V];
    static double logp[MOST * V];
    for (int32_t i = 0; i < count; ++i) prompts[i] = rows[i].ids;
    for (int32_t i = 0; i < V; ++i) candidate[i] = i;
    snprintf(path, sizeof path, GOLDEN "%s", rows[0].model);
    OK(pdx__model_open(&model, path, backend, options));
    OK(pdx__pack_prompts(&pack, prompts, count));
    OK(pdx__forward(model, &pack.batch, pack.last, count, candidate, V, logp, NULL));
    double worst = 0, squares = 0;
    for (int32_t i = 0; i < count; ++i) {
        int32_t k = 0;
        const cJSON *value;
        cJSON_ArrayForEach(value, rows[i].logprobs) {
            double apart = fabs(logp[i * V + k++] - value->valuedouble);
            if (!(apart <= worst)) worst = apart;
            squares += apart * apart;
        }
        CHECK_INT(k, V);
    }
    double typical = sqrt(squares / (count * V));
    if (!(worst <= tolerance) || !(typical <= tolerance / 3))
        CHECK_FAIL("%s: log-probabilities differ by up to %g, root mean square %g", rows[0].model,
                   worst, typical);
    printf("%-16s largest difference %.2g, root mean square %.2g\n", rows[0].model, worst, typical);
    pdx__pack_free(&pack);
    pdx__model_close(model);
}

/* All models, or one ("llama", "mixtral", ...). */
static void golden_models(const pdx__backend *backend, const pdx__backend_options *options,
                          const char *only, double tolerance) {
    static golden_row rows[64];
    int32_t count = golden_read(rows, 64), seen = 0;
    REQUIRE(count == 11 * 3);
    for (int32_t from = 0; from < count; from += 3)
        if (!only || !strcmp(rows[from].model, only)) {
            golden_model(rows + from, 3, backend, options, tolerance);
            ++seen;
        }
    CHECK_INT(seen, only ? 1 : 11);
    for (int32_t i = 0; i < count; ++i) {
        free(rows[i].ids.id);
        cJSON_Delete(rows[i].tree);
    }
}

#endif
