/* One table of operations: every backend against naive loops in double precision, on shapes that
 * divide by nothing. To add an operation: one function here, one row in `rows`. A backend's test
 * program includes this file, names its backend and its tolerance, and calls backend_table(). */
#ifndef PDX_BACKEND_TABLE_H
#define PDX_BACKEND_TABLE_H

#include <prefdissect/prefdissect.h>

#include "check.h"
#include "core/rng.h"
#include "lm/backend.h"

/* The batch's forest, and the same with segments five times as long, for operations that go by
 * tiles.
 */
enum { TOKENS = 47, SEGMENTS = 6, LONGER = 5, LONG_TOKENS = TOKENS * LONGER };

typedef struct bench {
    const pdx__backend *backend;
    void *context;
    double tolerance; /* of a value of size 1 */
    int rounds;       /* 1: inputs and weights are rounded to bfloat16 first */
    pdx__rng rng;
    pdx__batch batch;
    int32_t id[LONG_TOKENS], position[LONG_TOKENS];
    pdx__segment segment[8];
} bench;

/* A number that bfloat16 holds exactly. */
static float rounded(float x) {
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&x, &bits, sizeof bits);
    return x;
}

static float number(bench *b) {
    float x = (float)pdx__rng_normal(&b->rng);
    return b->rounds ? rounded(x) : x;
}

static float *numbers(bench *b, int64_t count) {
    float *x = malloc((size_t)count * sizeof *x);
    for (int64_t i = 0; i < count; ++i) x[i] = number(b);
    return x;
}

/* A forest: a root with two branches, one of which branches again; a lone tree beside it. */
static void make_batch(bench *b, int32_t longer) {
    static const pdx__segment forest[SEGMENTS] = {{0, 11, -1, 0}, {11, 7, 0, 11}, {18, 1, 0, 11},
                                                  {19, 9, 1, 18}, {28, 5, 1, 18}, {33, 14, -1, 0}};
    for (int s = 0; s < SEGMENTS; ++s) {
        pdx__segment at = {forest[s].start * longer, forest[s].length * longer, forest[s].parent,
                           forest[s].position * longer};
        b->segment[s] = at;
        for (int i = 0; i < at.length; ++i) {
            b->position[at.start + i] = at.position + i;
            b->id[at.start + i] = (int32_t)pdx__rng_below(&b->rng, 37);
        }
    }
    b->batch = (pdx__batch){TOKENS * longer, b->id, b->position, SEGMENTS, b->segment};
}

static pdx__tensor plain_tensor(const float *x, int64_t count, int64_t rows, int64_t columns) {
    return (pdx__tensor){
        "test", PDX__F32, count, rows, columns, x, (size_t)(count * rows * columns) * sizeof *x};
}

static void expect(const bench *b, const char *what, const float *got, const double *want,
                   int64_t count, double scale) {
    double worst = 0;
    for (int64_t i = 0; i < count; ++i) {
        double apart = fabs((double)got[i] - want[i]) / (scale + fabs(want[i]));
        if (!(apart <= worst)) worst = apart; /* a NaN stays */
    }
    if (!(worst <= b->tolerance))
        CHECK_FAIL("%s on %s: relative error %g > %g", what, b->backend->name, worst, b->tolerance);
}

#define TRY(call)                                                                                  \
    do {                                                                                           \
        if ((call) != PDX_OK) {                                                                    \
            CHECK_FAIL("%s: %s", #call, b->backend->message(b->context));                          \
            return;                                                                                \
        }                                                                                          \
    } while (0)

static pdx__activation *activation_of(bench *b, int32_t kind, int32_t width, const float *values) {
    pdx__activation *a = NULL;
    if (b->backend->alloc(b->context, b->batch.tokens, width, kind, &a) != PDX_OK ||
        (values && b->backend->write(b->context, a, values) != PDX_OK))
        CHECK_FAIL("no activation: %s", b->backend->message(b->context));
    return a;
}

static pdx__activation *activation(bench *b, int32_t width, const float *values) {
    return activation_of(b, PDX__ROUNDED, width, values);
}

/* The residual stream, router scores. */
static pdx__activation *exact(bench *b, int32_t width, const float *values) {
    return activation_of(b, PDX__EXACT, width, values);
}

static pdx__matrix *matrix(bench *b, const pdx__tensor *tensor, int64_t expert) {
    pdx__matrix *m = NULL;
    if (b->backend->upload(b->context, tensor, expert, &m) != PDX_OK)
        CHECK_FAIL("no matrix: %s", b->backend->message(b->context));
    return m;
}

static void test_embed(bench *b) {
    enum { V = 37, W = 40 };
    float *table = numbers(b, V * W), got[TOKENS * W];
    double want[TOKENS * W];
    pdx__tensor t = plain_tensor(table, 1, V, W);
    pdx__activation *out = exact(b, W, NULL);
    TRY(b->backend->embed(b->context, out, matrix(b, &t, 0)));
    TRY(b->backend->read(b->context, out, got));
    for (int i = 0; i < TOKENS * W; ++i) want[i] = table[b->id[i / W] * W + i % W];
    expect(b, "embed", got, want, TOKENS * W, 1);
    free(table);
}

static void test_norm(bench *b) {
    enum { W = 72 };
    for (int with_add = 0; with_add < 2; ++with_add) {
        float *x = numbers(b, TOKENS * W), *y = numbers(b, TOKENS * W), *w = numbers(b, W);
        float got[TOKENS * W], sum[TOKENS * W];
        double want[TOKENS * W], wanted_sum[TOKENS * W];
        pdx__tensor t = plain_tensor(w, 1, 1, W);
        pdx__activation *in = exact(b, W, x), *add = activation(b, W, y);
        pdx__activation *out = activation(b, W, NULL);
        TRY(b->backend->norm(b->context, out, in, with_add ? add : NULL, matrix(b, &t, 0), 1e-5f));
        TRY(b->backend->read(b->context, out, got));
        TRY(b->backend->read(b->context, in, sum));
        for (int i = 0; i < TOKENS; ++i) {
            double squares = 0;
            for (int d = 0; d < W; ++d) {
                double v = (double)x[i * W + d] + (with_add ? (double)y[i * W + d] : 0);
                wanted_sum[i * W + d] = v;
                squares += v * v;
            }
            for (int d = 0; d < W; ++d)
                want[i * W + d] = wanted_sum[i * W + d] / sqrt(squares / W + 1e-5) * w[d];
        }
        expect(b, "norm", got, want, TOKENS * W, 1);
        expect(b, "norm's sum", sum, wanted_sum, TOKENS * W, 1);
        free(x);
        free(y);
        free(w);
    }
}

/* Every way that weights are stored; quantised blocks of random bytes with sane scales. */
static void test_matmul(bench *b) {
    enum { OUT = 35, IN = 256 };
    for (int dtype = 0; dtype < PDX__DTYPES; ++dtype)
        for (int with_bias = 0; with_bias < 2; ++with_bias) {
            int32_t block = pdx__dtype_block((pdx__dtype)dtype);
            size_t bytes = (size_t)OUT * IN / (size_t)block *
                           (size_t)pdx__dtype_block_bytes((pdx__dtype)dtype);
            unsigned char *stored = malloc(bytes);
            float *w = malloc(OUT * IN * sizeof *w), *x = numbers(b, TOKENS * IN);
            float *bias = numbers(b, OUT), got[TOKENS * OUT];
            double want[TOKENS * OUT];
            size_t step = (size_t)pdx__dtype_block_bytes((pdx__dtype)dtype);
            for (size_t i = 0; i < bytes; ++i) stored[i] = (unsigned char)pdx__rng_next(&b->rng);
            for (size_t i = 0; i < bytes; i += step) switch (dtype) {
                case PDX__F32: {
                    float v = number(b);
                    memcpy(stored + i, &v, sizeof v);
                    break;
                }
                case PDX__F16: stored[i + 1] = 0x38 | (stored[i + 1] & 0x83); break;
                case PDX__BF16: stored[i + 1] = 0x3f, stored[i] &= 0x7f; break;
                case PDX__Q6_K: stored[i + 208] = 0, stored[i + 209] = 0x04; break;
                case PDX__Q4_1:
                case PDX__Q5_1:
                case PDX__Q4_K:
                case PDX__Q5_K:
                    stored[i] = stored[i + 2] = 0;
                    stored[i + 1] = 0x1c;
                    stored[i + 3] = 0x18;
                    break;
                default: stored[i] = 0, stored[i + 1] = 0x1c; break;
                }
            pdx__dequantise((pdx__dtype)dtype, stored, OUT * IN, w);
            if (b->rounds)
                for (int i = 0; i < OUT * IN; ++i) w[i] = rounded(w[i]);
            pdx__tensor t = {"test", (pdx__dtype)dtype, 1, OUT, IN, stored, bytes};
            pdx__tensor tb = plain_tensor(bias, 1, 1, OUT);
            pdx__activation *in = activation(b, IN, x), *out = activation(b, OUT, NULL);
            TRY(b->backend->matmul(b->context, out, in, matrix(b, &t, 0),
                                   with_bias ? matrix(b, &tb, 0) : NULL));
            TRY(b->backend->read(b->context, out, got));
            double scale = 0;
            for (int i = 0; i < TOKENS; ++i)
                for (int o = 0; o < OUT; ++o) {
                    double s = with_bias ? bias[o] : 0;
                    for (int k = 0; k < IN; ++k) s += (double)x[i * IN + k] * w[o * IN + k];
                    want[i * OUT + o] = s;
                    scale += fabs(s) / (TOKENS * OUT);
                }
            char what[64];
            snprintf(what, sizeof what, "matmul %s%s", pdx__dtype_name((pdx__dtype)dtype),
                     with_bias ? " + bias" : "");
            expect(b, what, got, want, TOKENS * OUT, scale);
            b->backend->release(b->context, in);
            b->backend->release(b->context, out);
            free(stored);
            free(w);
            free(x);
            free(bias);
        }
}

static void test_head_norm(bench *b) {
    enum { H = 3, D = 24 };
    float *x = numbers(b, TOKENS * H * D), *w = numbers(b, D), got[TOKENS * H * D];
    double want[TOKENS * H * D];
    pdx__tensor t = plain_tensor(w, 1, 1, D);
    pdx__activation *a = activation(b, H * D, x);
    TRY(b->backend->head_norm(b->context, a, H, D, matrix(b, &t, 0), 1e-6f));
    TRY(b->backend->read(b->context, a, got));
    for (int i = 0; i < TOKENS * H; ++i) {
        double squares = 0;
        for (int d = 0; d < D; ++d) squares += (double)x[i * D + d] * x[i * D + d];
        for (int d = 0; d < D; ++d)
            want[i * D + d] = x[i * D + d] / sqrt(squares / D + 1e-6) * w[d];
    }
    expect(b, "head_norm", got, want, TOKENS * H * D, 1);
    free(x);
    free(w);
}

static void test_rope(bench *b) {
    enum { H = 3, D = 20, PAIRS = 8 }; /* the last four dimensions stay */
    float frequency[PAIRS];
    for (int i = 0; i < PAIRS; ++i) frequency[i] = (float)pow(10000, -2.0 * i / (2 * PAIRS));
    for (int pairing = 0; pairing < 2; ++pairing) {
        float *x = numbers(b, TOKENS * H * D), got[TOKENS * H * D];
        double want[TOKENS * H * D];
        pdx__activation *a = activation(b, H * D, x);
        TRY(b->backend->rope(b->context, a, H, D, PAIRS, frequency, 1.25f, pairing));
        TRY(b->backend->read(b->context, a, got));
        for (int i = 0; i < TOKENS * H * D; ++i) want[i] = x[i];
        for (int t = 0; t < TOKENS; ++t)
            for (int h = 0; h < H; ++h)
                for (int i = 0; i < PAIRS; ++i) {
                    int base = (t * H + h) * D;
                    int p = pairing == PDX__ROPE_HALVES ? base + i : base + 2 * i;
                    int q = pairing == PDX__ROPE_HALVES ? p + PAIRS : p + 1;
                    double angle = (double)b->position[t] * frequency[i];
                    want[p] = 1.25 * (x[p] * cos(angle) - x[q] * sin(angle));
                    want[q] = 1.25 * (x[p] * sin(angle) + x[q] * cos(angle));
                }
        expect(b, pairing ? "rope by halves" : "rope by neighbours", got, want, TOKENS * H * D, 1);
        free(x);
    }
}

/* Does token i see token j? */
static int sees(const bench *b, int i, int j, int window) {
    int si = 0, sj = 0;
    for (int s = 0; s < SEGMENTS; ++s) {
        if (i >= b->segment[s].start) si = s;
        if (j >= b->segment[s].start) sj = s;
    }
    int s = si;
    while (s >= 0 && s != sj) s = b->segment[s].parent;
    if (s < 0 || b->position[j] > b->position[i]) return 0;
    return window == 0 || b->position[i] - b->position[j] < window;
}

static void attention_case(bench *b, int heads, int kv, int width, int window) {
    int tokens = b->batch.tokens, q_width = heads * width, k_width = kv * width;
    float *q = numbers(b, tokens * q_width), *k = numbers(b, tokens * k_width);
    float *v = numbers(b, tokens * k_width), *got = malloc(sizeof(float) * tokens * q_width);
    double *want = malloc(sizeof(double) * tokens * q_width);
    pdx__attention shape = {heads, kv, width, window, (float)(1 / sqrt(width))};
    pdx__activation *out = activation(b, q_width, NULL);
    TRY(b->backend->attention(b->context, out, activation(b, q_width, q), activation(b, k_width, k),
                              activation(b, k_width, v), &shape));
    TRY(b->backend->read(b->context, out, got));
    for (int i = 0; i < tokens; ++i)
        for (int h = 0; h < heads; ++h) {
            const float *query = q + i * q_width + h * width;
            int at = h / (heads / kv) * width;
            double p[LONG_TOKENS], most = -INFINITY, total = 0;
            for (int j = 0; j < tokens; ++j) {
                p[j] = -INFINITY;
                if (!sees(b, i, j, window)) continue;
                double s = 0;
                for (int d = 0; d < width; ++d) s += (double)query[d] * k[j * k_width + at + d];
                p[j] = s * shape.scale;
                if (p[j] > most) most = p[j];
            }
            for (int j = 0; j < tokens; ++j) total += p[j] = exp(p[j] - most);
            for (int d = 0; d < width; ++d) {
                double s = 0;
                for (int j = 0; j < tokens; ++j) s += p[j] / total * v[j * k_width + at + d];
                want[i * q_width + h * width + d] = s;
            }
        }
    char what[80];
    snprintf(what, sizeof what, "attention %d/%d heads of %d, window %d", heads, kv, width, window);
    expect(b, what, got, want, tokens * q_width, 1);
    free(q);
    free(k);
    free(v);
    free(got);
    free(want);
}

static void test_attention(bench *b) {
    attention_case(b, 9, 3, 64, 0);
    attention_case(b, 4, 4, 16, 0);
    attention_case(b, 2, 1, 128, 0);
    attention_case(b, 3, 1, 80, 5);
    attention_case(b, 2, 2, 32, 1);
    make_batch(b, LONGER);
    TRY(b->backend->begin(b->context, &b->batch));
    attention_case(b, 3, 1, 24, 0);
    attention_case(b, 2, 2, 16, 70);
}

static void test_gate(bench *b) {
    enum { W = 53 };
    float *g = numbers(b, TOKENS * W), *u = numbers(b, TOKENS * W), got[TOKENS * W];
    double want[TOKENS * W];
    for (int i = 0; i < TOKENS; ++i) g[i] = g[i] * 40; /* far out too */
    if (b->rounds)
        for (int i = 0; i < TOKENS; ++i) g[i] = rounded(g[i]);
    pdx__activation *a = activation(b, W, g);
    TRY(b->backend->gate(b->context, a, activation(b, W, u)));
    TRY(b->backend->read(b->context, a, got));
    for (int i = 0; i < TOKENS * W; ++i) want[i] = g[i] / (1 + exp(-(double)g[i])) * u[i];
    expect(b, "gate", got, want, TOKENS * W, 1);
    free(g);
    free(u);
}

static void test_experts(bench *b) {
    enum { E = 4, USED = 2, W = 24, H = 80, T = LONG_TOKENS };
    make_batch(b, LONGER);
    TRY(b->backend->begin(b->context, &b->batch));
    float *x = numbers(b, T * W), *scores = numbers(b, T * E);
    float *wg = numbers(b, E * H * W), *wu = numbers(b, E * H * W), *wd = numbers(b, E * W * H);
    float *got = malloc(sizeof *got * T * W);
    double *want = malloc(sizeof *want * T * W);
    pdx__tensor tg = plain_tensor(wg, E, H, W), tu = plain_tensor(wu, E, H, W);
    pdx__tensor td = plain_tensor(wd, E, W, H);
    pdx__matrix *g[E], *u[E], *d[E];
    for (int e = 0; e < E; ++e) {
        g[e] = matrix(b, &tg, e);
        u[e] = matrix(b, &tu, e);
        d[e] = matrix(b, &td, e);
    }
    pdx__activation *out = activation(b, W, NULL);
    TRY(b->backend->experts(b->context, out, activation(b, W, x), exact(b, E, scores), E, USED, g,
                            u, d));
    TRY(b->backend->read(b->context, out, got));
    double scale = 0;
    for (int t = 0; t < T; ++t) {
        const float *s = scores + t * E;
        int first = 0, second = -1;
        for (int e = 1; e < E; ++e)
            if (s[e] > s[first]) first = e;
        for (int e = 0; e < E; ++e)
            if (e != first && (second < 0 || s[e] > s[second])) second = e;
        double share = 1 / (1 + exp((double)s[second] - s[first]));
        for (int o = 0; o < W; ++o) want[t * W + o] = 0;
        for (int k = 0; k < 2; ++k) {
            int e = k ? second : first;
            for (int h = 0; h < H; ++h) {
                double a = 0, c = 0;
                for (int i = 0; i < W; ++i) {
                    a += (double)wg[(e * H + h) * W + i] * x[t * W + i];
                    c += (double)wu[(e * H + h) * W + i] * x[t * W + i];
                }
                double hidden = a / (1 + exp(-a)) * c * (k ? 1 - share : share);
                for (int o = 0; o < W; ++o) want[t * W + o] += hidden * wd[(e * W + o) * H + h];
            }
        }
    }
    for (int i = 0; i < T * W; ++i) scale += fabs(want[i]) / (T * W);
    expect(b, "experts", got, want, T * W, scale);
    free(x);
    free(scores);
    free(wg);
    free(wu);
    free(wd);
    free(got);
    free(want);
}

static void test_score(bench *b) {
    /* More than two panels of the vocabulary; a row twice. */
    enum { W = 48, V = 2100, ROWS = 4, C = 2 };
    float *x = numbers(b, TOKENS * W), *y = numbers(b, TOKENS * W), *w = numbers(b, W);
    float *head = numbers(b, (int64_t)V * W), *logits = malloc(sizeof(float) * ROWS * V);
    int32_t rows[ROWS] = {4, 18, 46, 18}, candidate[C] = {3, 2099};
    double logp[ROWS * C], want[V], norm[W];
    pdx__tensor tw = plain_tensor(w, 1, 1, W), th = plain_tensor(head, 1, V, W);
    TRY(b->backend->score(b->context, exact(b, W, x), activation(b, W, y), matrix(b, &tw, 0), 1e-5f,
                          matrix(b, &th, 0), rows, ROWS, candidate, C, logp, logits));
    for (int r = 0; r < ROWS; ++r) {
        double squares = 0, most = -INFINITY, total = 0;
        for (int d = 0; d < W; ++d) {
            norm[d] = (double)x[rows[r] * W + d] + y[rows[r] * W + d];
            squares += norm[d] * norm[d];
        }
        for (int o = 0; o < V; ++o) {
            want[o] = 0;
            for (int d = 0; d < W; ++d)
                want[o] += norm[d] / sqrt(squares / W + 1e-5) * w[d] * head[o * W + d];
            if (want[o] > most) most = want[o];
        }
        for (int o = 0; o < V; ++o) total += exp(want[o] - most);
        expect(b, "score's logits", logits + r * V, want, V, 6);
        for (int c = 0; c < C; ++c)
            CHECK_NEAR(logp[r * C + c], want[candidate[c]] - most - log(total), 20 * b->tolerance);
    }
    free(x);
    free(y);
    free(w);
    free(head);
    free(logits);
}

static const struct {
    const char *name;
    void (*run)(bench *b);
} backend_rows[] = {
    {"embed", test_embed},         {"norm", test_norm},       {"matmul", test_matmul},
    {"head_norm", test_head_norm}, {"rope", test_rope},       {"attention", test_attention},
    {"gate", test_gate},           {"experts", test_experts}, {"score", test_score}};

/* Runs every row on a fresh context, so that a sanitizer sees each operation's memory end to end.
 */
static void backend_table(const pdx__backend *backend, const pdx__backend_options *options,
                          double tolerance, int rounds) {
    for (size_t i = 0; i < sizeof backend_rows / sizeof *backend_rows; ++i) {
        bench b = {.backend = backend, .tolerance = tolerance, .rounds = rounds};
        pdx__rng_init(&b.rng, 7, i);
        make_batch(&b, 1);
        check_test = backend_rows[i].name;
        ++check_tests;
        if (backend->open(&b.context, options) != PDX_OK ||
            backend->begin(b.context, &b.batch) != PDX_OK) {
            CHECK_FAIL("%s does not open: %s", backend->name, pdx_error_message());
            return;
        }
        backend_rows[i].run(&b);
        backend->close(b.context);
    }
}

#endif
