/* The CPU backend: products by OpenBLAS over all packed tokens, weights expanded panel by panel (a
 * quantised model pays for that once a batch), everything else in loops of our own on the library's
 * threads. Without BLAS the products are plain loops. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#ifdef PDX_HAVE_LAPACKE
#include <cblas.h>
#endif

#include "backend.h"
#include "core/pool.h"
#include "cpu_kernels.h"

struct pdx__matrix {
    const pdx__tensor *tensor;
    const char *data;
    int64_t rows, columns;
    float *vector; /* a one-row matrix is kept expanded */
    pdx__matrix *next;
};

struct pdx__activation {
    float *data;
    int32_t width, capacity;
    pdx__activation *next, *previous;
};

typedef struct cpu {
    int32_t threads;
    const pdx__cpu_kernels *kernels;
    pdx__matrix *matrices;
    pdx__activation *activations;
    int64_t held, limit;
    int32_t tokens, segments;
    int32_t *id, *position; /* [tokens] of the batch */
    pdx__segment *segment;
    float *turn; /* [tokens][pairs][cos, sin] of the batch, made by the first rope */
    const float *turn_frequency;
    float *panel;
    size_t panel_size;
    char message[256];
} cpu;

enum { PANEL_ROWS = 1024, TOKENS_A_TASK = 32 };

const pdx__cpu_kernels *pdx__cpu_kernels_choose(void) {
#ifdef __x86_64__
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw"))
        return &pdx__cpu_kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &pdx__cpu_kernels_avx2;
#endif
    return &pdx__cpu_kernels_plain;
}

static pdx_status fail(cpu *c, pdx_status status, const char *text) {
    snprintf(c->message, sizeof c->message, "%s", text);
    return pdx__fail(status, "%s", text);
}

static pdx_status cpu_open(void **out, const pdx__backend_options *options) {
    *out = NULL;
    cpu *c = pdx__alloc_zero(1, sizeof *c);
    if (!c) return PDX_ENOMEM;
    c->threads = pdx__pool_threads(options ? options->threads : 0, 1 << 20);
    c->limit = options ? options->memory_bytes : 0;
    c->kernels = pdx__cpu_kernels_choose();
    *out = c;
    return PDX_OK;
}

static void end_batch(cpu *c) {
    pdx__free(c->id);
    pdx__free(c->position);
    pdx__free(c->segment);
    pdx__free(c->turn);
    c->id = c->position = NULL;
    c->segment = NULL;
    c->turn = NULL;
    c->turn_frequency = NULL;
}

static void cpu_release(void *context, pdx__activation *a) {
    cpu *c = context;
    if (a->previous) a->previous->next = a->next;
    else c->activations = a->next;
    if (a->next) a->next->previous = a->previous;
    c->held -= (int64_t)a->width * a->capacity * (int64_t)sizeof(float);
    pdx__free(a->data);
    pdx__free(a);
}

static void cpu_close(void *context) {
    cpu *c = context;
    while (c->activations) cpu_release(c, c->activations);
    while (c->matrices) {
        pdx__matrix *next = c->matrices->next;
        pdx__free(c->matrices->vector);
        pdx__free(c->matrices);
        c->matrices = next;
    }
    end_batch(c);
    pdx__free(c->panel);
    pdx__free(c);
}

static pdx_status cpu_upload(void *context, const pdx__tensor *tensor, int64_t expert,
                             pdx__matrix **out) {
    cpu *c = context;
    pdx__matrix *m = pdx__alloc_zero(1, sizeof *m);
    if (!m) return PDX_ENOMEM;
    m->tensor = tensor;
    m->rows = tensor->rows;
    m->columns = tensor->columns;
    m->data = (const char *)tensor->data + tensor->bytes / (size_t)tensor->count * (size_t)expert;
    m->next = c->matrices;
    c->matrices = m;
    *out = m;
    if (m->rows > 1) return PDX_OK;
    m->vector = pdx__alloc_aligned((size_t)m->columns, sizeof(float));
    if (!m->vector) return PDX_ENOMEM;
    pdx__dequantise(tensor->dtype, m->data, m->columns, m->vector);
    return PDX_OK;
}

static pdx_status cpu_alloc(void *context, int32_t tokens, int32_t width, int32_t kind,
                            pdx__activation **out) {
    cpu *c = context;
    (void)kind; /* all are floats */
    int64_t bytes = (int64_t)tokens * width * (int64_t)sizeof(float);
    if (c->limit && c->held + bytes > c->limit)
        return fail(c, PDX_ENOMEM, "the batch does not fit the memory budget");
    pdx__activation *a = pdx__alloc_zero(1, sizeof *a);
    float *data = pdx__alloc_aligned((size_t)tokens * (size_t)width, sizeof(float));
    if (!a || !data) {
        pdx__free(a);
        pdx__free(data);
        return fail(c, PDX_ENOMEM, "out of memory");
    }
    *a = (pdx__activation){data, width, tokens, c->activations, NULL};
    if (c->activations) c->activations->previous = a;
    c->activations = a;
    c->held += bytes;
    *out = a;
    return PDX_OK;
}

static pdx_status cpu_begin(void *context, const pdx__batch *batch) {
    cpu *c = context;
    end_batch(c);
    size_t n = (size_t)batch->tokens, s = (size_t)batch->segments;
    c->id = pdx__alloc(n, sizeof *c->id);
    c->position = pdx__alloc(n, sizeof *c->position);
    c->segment = pdx__alloc(s, sizeof *c->segment);
    if (!c->id || !c->position || !c->segment) return fail(c, PDX_ENOMEM, "out of memory");
    memcpy(c->id, batch->id, n * sizeof *c->id);
    memcpy(c->position, batch->position, n * sizeof *c->position);
    memcpy(c->segment, batch->segment, s * sizeof *c->segment);
    c->tokens = batch->tokens;
    c->segments = batch->segments;
    return PDX_OK;
}

/* A loop over the batch's tokens in chunks on the pool. */
typedef struct rows_job rows_job;
struct rows_job {
    cpu *c;
    void (*run)(const rows_job *job, int64_t from, int64_t to);
    int64_t rows;
    float *out, *x;
    const float *other, *weight;
    int32_t width, heads, pairs, pairing;
    float value;
};

static pdx_status run_chunk(void *context, int64_t task, int32_t worker) {
    const rows_job *job = context;
    (void)worker;
    int64_t from = task * TOKENS_A_TASK, to = from + TOKENS_A_TASK;
    job->run(job, from, to < job->rows ? to : job->rows);
    return PDX_OK;
}

static pdx_status over_rows(rows_job job) {
    int64_t tasks = (job.rows + TOKENS_A_TASK - 1) / TOKENS_A_TASK;
    return pdx__pool_run(pdx__pool_threads(job.c->threads, tasks), tasks, run_chunk, &job, NULL,
                         "tokens");
}

static pdx_status cpu_embed(void *context, pdx__activation *out, const pdx__matrix *table) {
    cpu *c = context;
    size_t row = table->tensor->bytes / (size_t)table->tensor->count / (size_t)table->rows;
    for (int32_t t = 0; t < c->tokens; ++t) {
        if (c->id[t] < 0 || c->id[t] >= table->rows)
            return fail(c, PDX_EINVAL, "a token id is outside the model's vocabulary");
        pdx__dequantise(table->tensor->dtype, table->data + (size_t)c->id[t] * row, table->columns,
                        out->data + (int64_t)t * out->width);
    }
    return PDX_OK;
}

static void norm_rows(const rows_job *j, int64_t from, int64_t to) {
    const pdx__cpu_kernels *k = j->c->kernels;
    for (int64_t t = from; t < to; ++t) {
        float *x = j->x + t * j->width;
        if (j->other) k->add(x, j->other + t * j->width, j->width);
        k->norm(j->out + t * j->width, x, j->weight, j->width, j->value);
    }
}

static pdx_status cpu_norm(void *context, pdx__activation *out, pdx__activation *x,
                           const pdx__activation *add, const pdx__matrix *weight, float epsilon) {
    cpu *c = context;
    return over_rows((rows_job){.c = c,
                                .run = norm_rows,
                                .rows = c->tokens,
                                .out = out->data,
                                .x = x->data,
                                .other = add ? add->data : NULL,
                                .weight = weight->vector,
                                .width = x->width,
                                .value = epsilon});
}

static void head_norm_rows(const rows_job *j, int64_t from, int64_t to) {
    for (int64_t t = from * j->heads; t < to * j->heads; ++t)
        j->c->kernels->norm(j->x + t * j->width, j->x + t * j->width, j->weight, j->width,
                            j->value);
}

static pdx_status cpu_head_norm(void *context, pdx__activation *x, int32_t heads,
                                int32_t head_width, const pdx__matrix *weight, float epsilon) {
    cpu *c = context;
    return over_rows((rows_job){.c = c,
                                .run = head_norm_rows,
                                .rows = c->tokens,
                                .x = x->data,
                                .heads = heads,
                                .weight = weight->vector,
                                .width = head_width,
                                .value = epsilon});
}

static void turn_rows(const rows_job *j, int64_t from, int64_t to) {
    for (int64_t t = from; t < to; ++t)
        for (int32_t i = 0; i < j->pairs; ++i) {
            double angle = (double)j->c->position[t] * j->other[i];
            j->out[(t * j->pairs + i) * 2] = (float)cos(angle);
            j->out[(t * j->pairs + i) * 2 + 1] = (float)sin(angle);
        }
}

static void rope_rows(const rows_job *j, int64_t from, int64_t to) {
    int32_t step = j->pairing == PDX__ROPE_HALVES ? 1 : 2;
    int32_t apart = j->pairing == PDX__ROPE_HALVES ? j->pairs : 1;
    for (int64_t t = from; t < to; ++t)
        for (int32_t h = 0; h < j->heads; ++h) {
            float *x = j->x + (t * j->heads + h) * j->width;
            const float *turn = j->c->turn + t * j->pairs * 2;
            for (int32_t i = 0; i < j->pairs; ++i) {
                float c = turn[2 * i] * j->value, s = turn[2 * i + 1] * j->value;
                float a = x[i * step], b = x[i * step + apart];
                x[i * step] = a * c - b * s;
                x[i * step + apart] = a * s + b * c;
            }
        }
}

static pdx_status cpu_rope(void *context, pdx__activation *x, int32_t heads, int32_t head_width,
                           int32_t pairs, const float *frequency, float factor, int32_t pairing) {
    cpu *c = context;
    if (!c->turn || c->turn_frequency != frequency) {
        pdx__free(c->turn);
        c->turn = pdx__alloc((size_t)c->tokens * (size_t)pairs * 2, sizeof *c->turn);
        if (!c->turn) return fail(c, PDX_ENOMEM, "out of memory");
        c->turn_frequency = frequency;
        PDX__TRY(over_rows((rows_job){.c = c,
                                      .run = turn_rows,
                                      .rows = c->tokens,
                                      .out = c->turn,
                                      .other = frequency,
                                      .pairs = pairs}));
    }
    return over_rows((rows_job){.c = c,
                                .run = rope_rows,
                                .rows = c->tokens,
                                .x = x->data,
                                .heads = heads,
                                .width = head_width,
                                .pairs = pairs,
                                .pairing = pairing,
                                .value = factor});
}

static void gate_rows(const rows_job *j, int64_t from, int64_t to) {
    j->c->kernels->gate(j->x + from * j->width, j->other + from * j->width, (to - from) * j->width);
}

static pdx_status cpu_gate(void *context, pdx__activation *gate, const pdx__activation *up) {
    cpu *c = context;
    return over_rows((rows_job){.c = c,
                                .run = gate_rows,
                                .rows = c->tokens,
                                .x = gate->data,
                                .other = up->data,
                                .width = gate->width});
}

typedef struct expand_job {
    const pdx__matrix *w;
    int64_t first, rows;
    float *out;
} expand_job;

static pdx_status expand_chunk(void *context, int64_t task, int32_t worker) {
    const expand_job *j = context;
    (void)worker;
    int64_t from = task * 64, rows = j->rows - from < 64 ? j->rows - from : 64;
    int64_t row_bytes = (int64_t)(j->w->tensor->bytes / (size_t)j->w->tensor->count) / j->w->rows;
    pdx__dequantise(j->w->tensor->dtype, j->w->data + (j->first + from) * row_bytes,
                    rows * j->w->columns, j->out + from * j->w->columns);
    return PDX_OK;
}

/* Rows [first, first + rows) of w as floats: where they lie, or expanded into the panel. */
static pdx_status expand(cpu *c, const pdx__matrix *w, int64_t first, int64_t rows,
                         const float **out) {
    if (w->tensor->dtype == PDX__F32 && (uintptr_t)w->data % sizeof(float) == 0) {
        *out = (const float *)(const void *)w->data + first * w->columns;
        return PDX_OK;
    }
    size_t wanted = (size_t)rows * (size_t)w->columns;
    if (wanted > c->panel_size) {
        pdx__free(c->panel);
        c->panel_size = 0;
        c->panel = pdx__alloc_aligned(wanted, sizeof(float));
        if (!c->panel) return fail(c, PDX_ENOMEM, "out of memory");
        c->panel_size = wanted;
    }
    expand_job job = {w, first, rows, c->panel};
    int64_t tasks = (rows + 63) / 64;
    *out = c->panel;
    return pdx__pool_run(pdx__pool_threads(c->threads, tasks), tasks, expand_chunk, &job, NULL,
                         "weights");
}

/* out[n][rows of w] (leading dimension out_stride) := x[n][columns] w' */
static void product(const float *x, int64_t n, int64_t columns, const float *w, int64_t rows,
                    float *out, int64_t out_stride) {
#ifdef PDX_HAVE_LAPACKE
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (blasint)n, (blasint)rows,
                (blasint)columns, 1.0f, x, (blasint)columns, w, (blasint)columns, 0.0f, out,
                (blasint)out_stride);
#else
    for (int64_t t = 0; t < n; ++t)
        for (int64_t r = 0; r < rows; ++r) {
            float s = 0;
            for (int64_t k = 0; k < columns; ++k) s += x[t * columns + k] * w[r * columns + k];
            out[t * out_stride + r] = s;
        }
#endif
}

static pdx_status multiply(cpu *c, const float *x, int64_t n, const pdx__matrix *w, float *out) {
    for (int64_t first = 0; first < w->rows; first += PANEL_ROWS) {
        int64_t rows = w->rows - first < PANEL_ROWS ? w->rows - first : PANEL_ROWS;
        const float *panel = NULL;
        PDX__TRY(expand(c, w, first, rows, &panel));
        product(x, n, w->columns, panel, rows, out + first, w->rows);
    }
    return PDX_OK;
}

static void bias_rows(const rows_job *j, int64_t from, int64_t to) {
    for (int64_t t = from; t < to; ++t) j->c->kernels->add(j->x + t * j->width, j->other, j->width);
}

static pdx_status cpu_matmul(void *context, pdx__activation *out, const pdx__activation *x,
                             const pdx__matrix *w, const pdx__matrix *bias) {
    cpu *c = context;
    PDX__TRY(multiply(c, x->data, c->tokens, w, out->data));
    if (!bias) return PDX_OK;
    return over_rows((rows_job){.c = c,
                                .run = bias_rows,
                                .rows = c->tokens,
                                .x = out->data,
                                .other = bias->vector,
                                .width = out->width});
}

/* One task: one segment and one key head. The keys of the segment's whole sequence are gathered
 * (transposed) and its values, then its queries go four at a time. */
typedef struct attention_job {
    cpu *c;
    const float *q, *k, *v;
    float *out;
    pdx__attention shape;
} attention_job;

static void gather(const attention_job *j, int32_t segment, int32_t head, float *kt, float *v,
                   int64_t stride) {
    int32_t width = j->shape.head_width;
    int64_t row = (int64_t)j->shape.kv_heads * width;
    for (; segment >= 0; segment = j->c->segment[segment].parent) {
        const pdx__segment *s = &j->c->segment[segment];
        for (int32_t i = 0; i < s->length; ++i) {
            const float *from_k = j->k + (s->start + i) * row + head * width;
            const float *from_v = j->v + (s->start + i) * row + head * width;
            int64_t at = s->position + i;
            for (int32_t d = 0; d < width; ++d) kt[d * stride + at] = from_k[d];
            memcpy(v + at * width, from_v, (size_t)width * sizeof *v);
        }
    }
}

static pdx_status attend_segment(void *context, int64_t task, int32_t worker) {
    const attention_job *j = context;
    (void)worker;
    int32_t segment = (int32_t)(task / j->shape.kv_heads), kv = (int32_t)(task % j->shape.kv_heads);
    const pdx__segment *s = &j->c->segment[segment];
    int32_t width = j->shape.head_width, group = j->shape.heads / j->shape.kv_heads;
    int64_t keys = (int64_t)s->position + s->length, stride = (keys + 31) / 32 * 32;
    int64_t row = (int64_t)j->shape.heads * width;
    float *kt = pdx__alloc_aligned((size_t)(stride * width), sizeof *kt);
    float *v = pdx__alloc((size_t)(keys * width), sizeof *v);
    float *scratch = pdx__alloc_aligned((size_t)(4 * stride), sizeof *scratch);
    pdx_status status = kt && v && scratch ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) gather(j, segment, kv, kt, v, stride);
    for (int32_t i = 0; i < s->length && status == PDX_OK; i += 4) {
        int32_t rows = s->length - i < 4 ? s->length - i : 4, first[4], last[4];
        for (int32_t r = 0; r < rows; ++r) {
            last[r] = s->position + i + r;
            first[r] = j->shape.window ? last[r] - j->shape.window + 1 : 0;
            if (first[r] < 0) first[r] = 0;
        }
        for (int32_t h = kv * group; h < (kv + 1) * group; ++h) {
            int64_t at = (s->start + i) * row + h * width;
            j->c->kernels->attend(j->q + at, row, rows, kt, v, stride, width, first, last,
                                  j->shape.scale, scratch, j->out + at, row);
        }
    }
    pdx__free(kt);
    pdx__free(v);
    pdx__free(scratch);
    return status;
}

static pdx_status cpu_attention(void *context, pdx__activation *out, const pdx__activation *q,
                                const pdx__activation *k, const pdx__activation *v,
                                const pdx__attention *shape) {
    cpu *c = context;
    attention_job job = {c, q->data, k->data, v->data, out->data, *shape};
    int64_t tasks = (int64_t)c->segments * shape->kv_heads;
    pdx_status status = pdx__pool_run(pdx__pool_threads(c->threads, tasks), tasks, attend_segment,
                                      &job, NULL, "attention");
    return status == PDX_OK ? PDX_OK : fail(c, status, "out of memory");
}

/* The `used` best experts of a token by their scores, and their softmax weights. */
static void choose_experts(const float *scores, int32_t experts, int32_t used, int32_t *best,
                           float *weight) {
    double total = 0;
    for (int32_t u = 0; u < used; ++u) {
        int32_t top = -1;
        for (int32_t e = 0; e < experts; ++e) {
            int taken = 0;
            for (int32_t k = 0; k < u; ++k) taken |= best[k] == e;
            if (!taken && (top < 0 || scores[e] > scores[top])) top = e;
        }
        best[u] = top;
        weight[u] = (float)exp((double)scores[top] - scores[best[0]]);
        total += weight[u];
    }
    for (int32_t u = 0; u < used; ++u) weight[u] = (float)(weight[u] / total);
}

/* The tokens of one expert, gathered, passed through it, and added to where they belong. */
static pdx_status one_expert(cpu *c, const float *x, float *out, int32_t width, int32_t expert,
                             int32_t used, const int32_t *best, const float *weight,
                             const pdx__matrix *gate, const pdx__matrix *up,
                             const pdx__matrix *down, float *room) {
    int64_t hidden = gate->rows, n = 0;
    float *in = room, *g = in + (int64_t)c->tokens * width, *u = g + c->tokens * hidden;
    float *y = u + c->tokens * hidden;
    for (int64_t i = 0; i < (int64_t)c->tokens * used; ++i)
        if (best[i] == expert)
            memcpy(in + n++ * width, x + i / used * width, (size_t)width * sizeof *in);
    if (!n) return PDX_OK;
    PDX__TRY(multiply(c, in, n, gate, g));
    PDX__TRY(multiply(c, in, n, up, u));
    c->kernels->gate(g, u, n * hidden);
    PDX__TRY(multiply(c, g, n, down, y));
    n = 0;
    for (int64_t i = 0; i < (int64_t)c->tokens * used; ++i)
        if (best[i] == expert) {
            for (int32_t d = 0; d < width; ++d)
                out[i / used * width + d] += weight[i] * y[n * width + d];
            ++n;
        }
    return PDX_OK;
}

static pdx_status cpu_experts(void *context, pdx__activation *out, const pdx__activation *x,
                              const pdx__activation *scores, int32_t experts, int32_t used,
                              pdx__matrix *const *gate, pdx__matrix *const *up,
                              pdx__matrix *const *down) {
    cpu *c = context;
    size_t n = (size_t)c->tokens * (size_t)used;
    size_t room_size = (size_t)c->tokens * (size_t)(2 * x->width + 2 * gate[0]->rows);
    int32_t *best = pdx__alloc(n, sizeof *best);
    float *weight = pdx__alloc(n, sizeof *weight), *room = pdx__alloc(room_size, sizeof *room);
    pdx_status status = best && weight && room ? PDX_OK : fail(c, PDX_ENOMEM, "out of memory");
    if (status == PDX_OK) {
        memset(out->data, 0, (size_t)c->tokens * (size_t)out->width * sizeof *out->data);
        for (int32_t t = 0; t < c->tokens; ++t)
            choose_experts(scores->data + (int64_t)t * experts, experts, used, best + t * used,
                           weight + t * used);
    }
    for (int32_t e = 0; e < experts && status == PDX_OK; ++e)
        status = one_expert(c, x->data, out->data, x->width, e, used, best, weight, gate[e], up[e],
                            down[e], room);
    pdx__free(best);
    pdx__free(weight);
    pdx__free(room);
    return status;
}

/* Keeps a running maximum and sum of exponentials while the vocabulary goes by in panels. */
static pdx_status score_rows(cpu *c, const float *x, int32_t n, const pdx__matrix *head,
                             const int32_t *candidate, int32_t candidates, double *logp,
                             float *logits, float *part, double *most, double *total) {
    for (int32_t r = 0; r < n; ++r) {
        most[r] = -INFINITY;
        total[r] = 0;
    }
    for (int64_t first = 0; first < head->rows; first += PANEL_ROWS) {
        int64_t rows = head->rows - first < PANEL_ROWS ? head->rows - first : PANEL_ROWS;
        const float *panel = NULL;
        PDX__TRY(expand(c, head, first, rows, &panel));
        product(x, n, head->columns, panel, rows, part, rows);
        for (int32_t r = 0; r < n; ++r) {
            const float *p = part + r * rows;
            float top = -INFINITY;
            for (int64_t i = 0; i < rows; ++i) top = p[i] > top ? p[i] : top;
            if (top > most[r]) {
                total[r] *= exp(most[r] - top);
                most[r] = top;
            }
            total[r] += c->kernels->sum_exp(p, rows, (float)most[r]);
            for (int32_t k = 0; k < candidates; ++k)
                if (candidate[k] >= first && candidate[k] < first + rows)
                    logp[r * candidates + k] = p[candidate[k] - first];
            if (logits) memcpy(logits + r * head->rows + first, p, (size_t)rows * sizeof *p);
        }
    }
    for (int32_t r = 0; r < n; ++r)
        for (int32_t k = 0; k < candidates; ++k)
            logp[r * candidates + k] -= most[r] + log(total[r]);
    return PDX_OK;
}

static pdx_status cpu_score(void *context, pdx__activation *x, const pdx__activation *add,
                            const pdx__matrix *norm_weight, float epsilon, const pdx__matrix *head,
                            const int32_t *rows, int32_t row_count, const int32_t *candidate,
                            int32_t candidates, double *logp, float *logits) {
    cpu *c = context;
    size_t n = (size_t)row_count;
    float *last = pdx__alloc(n * (size_t)x->width, sizeof *last);
    float *part = pdx__alloc(n * PANEL_ROWS, sizeof *part);
    double *most = pdx__alloc(2 * n, sizeof *most);
    pdx_status status = last && part && most ? PDX_OK : fail(c, PDX_ENOMEM, "out of memory");
    for (int32_t k = 0; k < candidates && status == PDX_OK; ++k)
        if (candidate[k] < 0 || candidate[k] >= head->rows)
            status = fail(c, PDX_EINVAL, "a label's token is outside the model's vocabulary");
    for (int32_t r = 0; r < row_count && status == PDX_OK; ++r) {
        /* Equal prompts end in one token: x itself stays as it is. */
        int64_t from = (int64_t)rows[r] * x->width;
        float *row = last + (int64_t)r * x->width;
        memcpy(row, x->data + from, (size_t)x->width * sizeof *row);
        if (add) c->kernels->add(row, add->data + from, x->width);
        c->kernels->norm(row, row, norm_weight->vector, x->width, epsilon);
    }
    if (status == PDX_OK)
        status = score_rows(c, last, row_count, head, candidate, candidates, logp, logits, part,
                            most, most + n);
    pdx__free(last);
    pdx__free(part);
    pdx__free(most);
    return status;
}

static pdx_status cpu_read(void *context, const pdx__activation *x, float *out) {
    memcpy(out, x->data, (size_t)((cpu *)context)->tokens * (size_t)x->width * sizeof *out);
    return PDX_OK;
}

static pdx_status cpu_write(void *context, pdx__activation *x, const float *values) {
    memcpy(x->data, values, (size_t)((cpu *)context)->tokens * (size_t)x->width * sizeof *values);
    return PDX_OK;
}

static void cpu_memory(void *context, int64_t *held, int64_t *limit) {
    *held = ((cpu *)context)->held;
    *limit = ((cpu *)context)->limit;
}

static const char *cpu_message(void *context) {
    return context ? ((cpu *)context)->message : pdx_error_message();
}

const pdx__backend *pdx__backend_cpu(void) {
    static const pdx__backend backend = {sizeof(pdx__backend),
                                         "cpu",
                                         cpu_open,
                                         cpu_close,
                                         cpu_upload,
                                         cpu_alloc,
                                         cpu_release,
                                         cpu_begin,
                                         cpu_embed,
                                         cpu_norm,
                                         cpu_matmul,
                                         cpu_head_norm,
                                         cpu_rope,
                                         cpu_attention,
                                         cpu_gate,
                                         cpu_experts,
                                         cpu_score,
                                         cpu_read,
                                         cpu_write,
                                         cpu_memory,
                                         cpu_message};
    return &backend;
}
