/* Small random models of every family against Hugging Face transformers, and quantised blocks
 * against the gguf package: tests/golden/lm says how the values were made. */
#include "lm_golden.h"

static void models_agree_with_transformers(void) {
    for (int32_t threads = 1; threads <= 2; ++threads) {
        pdx__backend_options options = {.threads = threads};
        golden_models(pdx__backend_cpu(), &options, NULL, 1e-4);
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
            for (int i = 0; i < V; ++i)
                CHECK_NEAR(together[k * V + i], alone[i], 5e-5); /* float sums in another order */
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
