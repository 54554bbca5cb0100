/* Speed of the local judge: both orders of real pairs through the packed pass, beside the product
 * that limits it, in one run. One JSON line: the model's shape, prompts, tokens, the share that
 * prefixes save, tokens and pairs per second, the rate of floating-point operations that the packed
 * pass needs, the ceiling, their ratio. On the CPU the ceiling is OpenBLAS sgemm of the same
 * shapes, on CUDA a large bfloat16 product.
 *   PDX_SMOLLM2=FILE bench-local-judge
 *   bench-local-judge [--backend cuda] --model DIR [--pairs N] [--batch TOKENS] [--threads N]
 *                     [--prompts FILE]
 *   bench-local-judge --make DIR    writes a model of Llama-2-7B's shape with random weights */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <prefdissect/prefdissect.h>
#ifdef PDX_HAVE_LAPACKE
#include <cblas.h>
#endif

#include "core/file.h"
#include "core/json.h"
#include "core/pool.h"
#include "core/rng.h"
#include "lm/model.h"
#include "lm/pack.h"

enum { MOST_PROMPTS = 64 };

static void check(pdx_status status) {
    if (status == PDX_OK) return;
    fprintf(stderr, "%s: %s\n", pdx_status_name(status), pdx_error_message());
    exit(1);
}

/* Seconds that this process's threads worked: what a busy machine leaves comparable. */
static double worked(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* The recorded prompts of the plain template, both orders of a pair one after the other. */
static int32_t read_prompts(pdx__ids *prompts, const char *file, int32_t most, int32_t vocabulary) {
    pdx__lines lines;
    int32_t count = 0;
    if (pdx__lines_open(&lines, file) != PDX_OK) return 0;
    for (int more = 1; count < most;) {
        check(pdx__lines_next(&lines, &more));
        if (!more) break;
        cJSON *row;
        check(pdx__json_parse(&row, lines.line, lines.length, (pdx__where){file, lines.number}));
        const cJSON *id, *ids = cJSON_GetObjectItem(row, "tokens");
        if (!strcmp(cJSON_GetObjectItem(row, "template")->valuestring, "plain")) {
            pdx__ids *p = &prompts[count++];
            *p = (pdx__ids){malloc(sizeof(int32_t) * (size_t)cJSON_GetArraySize(ids)), 0, 0};
            cJSON_ArrayForEach(id, ids) p->id[p->count++] = id->valueint % vocabulary;
        }
        cJSON_Delete(row);
    }
    pdx__lines_close(&lines);
    return count;
}

/* The products of one layer: [columns] from [depth], so often. */
typedef struct layer_product {
    int64_t columns, depth, times;
} layer_product;

static int layer_products(const pdx__model_shape *s, layer_product *out) {
    int64_t q = (int64_t)s->heads * s->head_width, k = (int64_t)s->kv_heads * s->head_width;
    int64_t used = s->experts ? s->experts_used : 1;
    out[0] = (layer_product){q, s->width, 1};
    out[1] = (layer_product){k, s->width, 2};
    out[2] = (layer_product){s->width, q, 1};
    out[3] = (layer_product){s->hidden, s->width, 2 * used};
    out[4] = (layer_product){s->width, s->hidden, used};
    return 5;
}

/* Operations that a batch needs: products, the attention of each token to those it sees, the
 * vocabulary at the last tokens. */
static double operations(const pdx__model_shape *s, const pdx__batch *batch, int32_t rows) {
    layer_product products[5];
    double layer = 0, seen = 0;
    for (int i = layer_products(s, products) - 1; i >= 0; --i)
        layer += 2.0 * (double)products[i].columns * (double)products[i].depth *
                 (double)products[i].times * batch->tokens;
    for (int32_t t = 0; t < batch->tokens; ++t) {
        int32_t sees = batch->position[t] + 1;
        seen += s->window && sees > s->window ? s->window : sees;
    }
    layer += 4.0 * s->heads * s->head_width * seen;
    return layer * s->layers + 2.0 * s->width * (double)s->vocabulary * rows;
}

typedef struct rate {
    double operations, seconds, worked;
} rate;

static rate begin_rate(void) { return (rate){0, pdx__seconds(), worked()}; }
static void end_rate(rate *total, rate start, double done) {
    total->operations += done;
    total->seconds += pdx__seconds() - start.seconds;
    total->worked += worked() - start.worked;
}

/* One layer's products alone, floats as they lie, for so many tokens. */
static void cpu_ceiling(const pdx__model_shape *s, int32_t tokens, int repeats, rate *total) {
#ifdef PDX_HAVE_LAPACKE
    layer_product products[5];
    for (int i = layer_products(s, products) - 1; i >= 0; --i) {
        size_t n = (size_t)tokens, rows = (size_t)products[i].columns;
        size_t depth = (size_t)products[i].depth;
        float *x = calloc(n * depth, sizeof *x), *w = calloc(rows * depth, sizeof *w);
        float *y = calloc(n * rows, sizeof *y);
        if (!x || !w || !y) exit(1);
        for (size_t k = 0; k < n * depth; ++k) x[k] = (float)(k % 17) - 8;
        for (size_t k = 0; k < rows * depth; ++k) w[k] = (float)(k % 13) - 6;
        int64_t times = products[i].times * repeats;
        for (int64_t k = -1; k < times; ++k) { /* the first one warms up */
            rate start = begin_rate();
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n, (blasint)rows,
                        (blasint)depth, 1, x, (blasint)depth, w, (blasint)depth, 0, y,
                        (blasint)rows);
            if (k >= 0) end_rate(total, start, 2.0 * (double)n * (double)rows * (double)depth);
        }
        free(x);
        free(w);
        free(y);
    }
#else
    (void)s, (void)tokens, (void)repeats, (void)total;
#endif
}

/* A product of 8192 x 8192 x 8192 on the device. */
static void cuda_ceiling(const pdx__backend *b, rate *total) {
    enum { N = 8192, REPEATS = 20 };
    void *context;
    pdx__activation *x, *y;
    pdx__matrix *w;
    uint16_t *weights = malloc(sizeof *weights * N * (size_t)N);
    int32_t *ids = calloc(2 * N, sizeof *ids);
    float *out = malloc(sizeof *out * N * (size_t)N);
    if (!weights || !ids || !out) exit(1);
    pdx__rng rng;
    pdx__rng_init(&rng, 1, 0);
    for (size_t i = 0; i < (size_t)N * N; ++i) {
        weights[i] = (uint16_t)(0x3c00 | (pdx__rng_next(&rng) & 0x80ff));
        out[i] = (float)((double)(i % 97) / 97 - 0.5);
    }
    pdx__tensor tensor = {"ceiling", PDX__BF16, 1, N, N, weights, sizeof *weights * N * (size_t)N};
    pdx__segment segment = {0, N, -1, 0};
    pdx__batch batch = {N, ids, ids + N, 1, &segment};
    check(b->open(&context, NULL));
    check(b->upload(context, &tensor, 0, &w));
    check(b->alloc(context, N, N, PDX__ROUNDED, &x));
    check(b->alloc(context, N, N, PDX__ROUNDED, &y));
    check(b->begin(context, &batch));
    check(b->write(context, x, out));
    for (int pass = 0; pass < 2; ++pass) { /* the first one warms up */
        rate start = begin_rate();
        for (int i = 0; i < REPEATS; ++i) check(b->matmul(context, y, x, w, NULL));
        check(b->read(context, y, out)); /* waits, and copies: once more to know what that takes */
        double read = pdx__seconds();
        check(b->read(context, y, out));
        start.seconds += 2 * (pdx__seconds() - read);
        if (pass) end_rate(total, start, 2.0 * N * N * (double)N * REPEATS);
    }
    b->close(context);
    free(weights);
    free(ids);
    free(out);
}

/* Prompts in batches of at most `most` computed tokens, a pair never parted. */
static double judge_all(pdx__model *m, const pdx__ids *prompts, int32_t count, int32_t most,
                        rate *total, int64_t *computed, double *checksum) {
    static double logp[MOST_PROMPTS * 2];
    int32_t candidate[2] = {330 % m->shape.vocabulary, 389 % m->shape.vocabulary};
    for (int32_t from = 0, to; from < count; from = to) {
        int64_t tokens = 0;
        for (to = from; to < count; to += 2) {
            int64_t with;
            check(pdx__packed_tokens(prompts + from, to + 2 - from, &with));
            if (to > from && with > most) break;
            tokens = with;
        }
        pdx__pack pack;
        rate start = begin_rate();
        check(pdx__pack_prompts(&pack, prompts + from, to - from));
        check(pdx__forward(m, &pack.batch, pack.last, to - from, candidate, 2, logp, NULL));
        end_rate(total, start, operations(&m->shape, &pack.batch, to - from));
        *computed += tokens;
        for (int32_t i = 0; i < 2 * (to - from); ++i) *checksum += logp[i];
        pdx__pack_free(&pack);
    }
    return total->seconds;
}

static void make_tensor(FILE *data, pdx__rng *rng, int64_t count, int ones) {
    enum { ROOM = 1 << 16 };
    static uint16_t room[ROOM];
    for (int64_t at = 0; at < count; at += ROOM) {
        int64_t n = count - at < ROOM ? count - at : ROOM;
        for (int64_t i = 0; i < n; i += 4) {
            uint64_t bits = pdx__rng_next(rng); /* 0.004 to 0.016, either sign; norms are 1 */
            for (int64_t k = 0; k < 4 && i + k < n; ++k, bits >>= 16)
                room[i + k] = ones ? 0x3f80 : (uint16_t)((bits & 0x80ff) | 0x3b80);
        }
        if (fwrite(room, sizeof *room, (size_t)n, data) != (size_t)n) exit(1);
    }
}

/* A folder that the library opens: Llama-2-7B's shape, random bfloat16 weights. */
static void make_model(const char *folder) {
    enum { LAYERS = 32, W = 4096, H = 11008, V = 32000 };
    static const struct {
        const char *name;
        int64_t rows, columns;
    } roles[] = {{"input_layernorm.weight", 0, W},  {"self_attn.q_proj.weight", W, W},
                 {"self_attn.k_proj.weight", W, W}, {"self_attn.v_proj.weight", W, W},
                 {"self_attn.o_proj.weight", W, W}, {"post_attention_layernorm.weight", 0, W},
                 {"mlp.gate_proj.weight", H, W},    {"mlp.up_proj.weight", H, W},
                 {"mlp.down_proj.weight", W, H}};
    enum { ROLES = sizeof roles / sizeof *roles };
    char path[4096], name[128];
    mkdir(folder, 0777);
    snprintf(path, sizeof path, "%s/config.json", folder);
    FILE *config = fopen(path, "w");
    if (!config) exit(1);
    fprintf(config,
            "{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\",\"hidden_size\":%d,"
            "\"intermediate_size\":%d,\"num_hidden_layers\":%d,\"num_attention_heads\":32,"
            "\"num_key_value_heads\":32,\"max_position_embeddings\":4096,\"rms_norm_eps\":1e-05,"
            "\"rope_theta\":10000.0,\"hidden_act\":\"silu\",\"tie_word_embeddings\":false,"
            "\"torch_dtype\":\"bfloat16\",\"vocab_size\":%d}\n",
            W, H, LAYERS, V);
    fclose(config);
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    FILE *data = fopen(path, "w");
    pdx__buf header = PDX__BUF_EMPTY;
    int64_t at = 0;
    if (!data) exit(1);
    /* The header, then the same walk again for the numbers. */
    for (int pass = 0; pass < 2; ++pass) {
        pdx__rng rng;
        pdx__rng_init(&rng, 1, 0);
        for (int i = -3; i < LAYERS * ROLES; ++i) {
            int64_t rows, columns = W;
            if (i < 0) {
                static const char *const names[] = {"model.embed_tokens.weight", "lm_head.weight",
                                                    "model.norm.weight"};
                snprintf(name, sizeof name, "%s", names[i + 3]);
                rows = i == -1 ? 0 : V;
            } else {
                snprintf(name, sizeof name, "model.layers.%d.%s", i / ROLES, roles[i % ROLES].name);
                rows = roles[i % ROLES].rows;
                columns = roles[i % ROLES].columns;
            }
            int64_t count = (rows ? rows : 1) * columns;
            if (pass) {
                make_tensor(data, &rng, count, rows == 0);
                continue;
            }
            pdx__buf_printf(&header, "%s\"%s\":{\"dtype\":\"BF16\",\"shape\":[", at ? "," : "{",
                            name);
            if (rows) pdx__buf_printf(&header, "%lld,", (long long)rows);
            pdx__buf_printf(&header, "%lld],\"data_offsets\":[%lld,%lld]}", (long long)columns,
                            (long long)at, (long long)(at + 2 * count));
            at += 2 * count;
        }
        if (pass == 0) {
            pdx__buf_text(&header, "}");
            while (header.length % 8) pdx__buf_text(&header, " ");
            uint64_t length = header.length;
            fwrite(&length, sizeof length, 1, data);
            fwrite(header.data, 1, header.length, data);
        }
    }
    if (fclose(data)) exit(1);
    pdx__buf_free(&header);
}

int main(int argc, char **argv) {
    const char *backend = "cpu", *path = getenv("PDX_SMOLLM2");
    const char *file = "../shared/data/smollm2/reference.jsonl";
    int32_t pairs = 6, most = 4096, threads = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--backend")) backend = argv[i + 1];
        else if (!strcmp(argv[i], "--model")) path = argv[i + 1];
        else if (!strcmp(argv[i], "--pairs")) pairs = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--batch")) most = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--threads")) threads = atoi(argv[i + 1]);
        else if (!strcmp(argv[i], "--prompts")) file = argv[i + 1];
        else if (!strcmp(argv[i], "--make")) return make_model(argv[i + 1]), 0;
    }
    if (!path) return puts("SKIP local_judge: PDX_SMOLLM2 does not name the model file"), 77;
    const pdx__backend *b;
    check(pdx__backend_find(&b, backend));
    pdx__backend_options options = {.threads = threads};
    pdx__model *m;
    check(pdx__model_open(&m, path, b, &options));
    static pdx__ids prompts[MOST_PROMPTS];
    int32_t wanted = 2 * pairs < MOST_PROMPTS ? 2 * pairs : MOST_PROMPTS;
    int32_t count = read_prompts(prompts, file, wanted, m->shape.vocabulary) / 2 * 2;
    if (!count) return puts("SKIP local_judge: no recorded prompts"), 77;
    int64_t tokens = 0, computed = 0, unused = 0;
    for (int32_t i = 0; i < count; ++i) tokens += (int64_t)prompts[i].count;
    double checksum = 0, first = 0;
    rate pass = {0}, ceiling = {0}, warm = {0};
    int cpu = !strcmp(backend, "cpu");
    judge_all(m, prompts, cpu ? 2 : count, most, &warm, &unused, &first);
    if (cpu) cpu_ceiling(&m->shape, most < 4096 ? most : 4096, 1, &ceiling);
    judge_all(m, prompts, count, most, &pass, &computed, &checksum);
    if (cpu) cpu_ceiling(&m->shape, most < 4096 ? most : 4096, 1, &ceiling);
    else cuda_ceiling(b, &ceiling);
    const pdx__model_shape *s = &m->shape;
    double got = pass.operations / pass.seconds, best = ceiling.operations / ceiling.seconds;
    printf("{\"bench\":\"local_judge\",\"backend\":\"%s\",\"layers\":%d,\"width\":%d,\"hidden\":%d,"
           "\"heads\":%d,\"kv_heads\":%d,\"vocabulary\":%d,\"prompts\":%d,\"tokens\":%lld,"
           "\"shared\":%.4f,\"seconds\":%.4g,\"tokens_per_second\":%.4g,\"pairs_per_second\":%.4g,"
           "\"gflops\":%.4g,\"ceiling_gflops\":%.4g,\"ratio\":%.3f",
           backend, s->layers, s->width, s->hidden, s->heads, s->kv_heads, s->vocabulary, count,
           (long long)tokens, 1 - (double)computed / (double)tokens, pass.seconds,
           (double)tokens / pass.seconds, count / 2 / pass.seconds, got / 1e9, best / 1e9,
           got / best);
    if (cpu)
        printf(",\"ratio_by_processor_time\":%.3f",
               pass.operations / pass.worked / (ceiling.operations / ceiling.worked));
    printf(",\"checksum\":%.6f}\n", checksum);
    for (int32_t i = 0; i < count; ++i) free(prompts[i].id);
    pdx__model_close(m);
    return 0;
}
