/* The CPU backend's loops over tokens: embedding, norms, rotation, activation. */
#include <math.h>

#include "core/pool.h"
#include "cpu.h"

enum { TOKENS_A_TASK = 32 };

static pdx_status run_chunk(void *context, int64_t task, int32_t worker) {
    const pdx__rows_job *job = context;
    (void)worker;
    int64_t from = task * TOKENS_A_TASK, to = from + TOKENS_A_TASK;
    job->run(job, from, to < job->rows ? to : job->rows);
    return PDX_OK;
}

pdx_status pdx__cpu_over_rows(pdx__rows_job job) {
    int64_t tasks = (job.rows + TOKENS_A_TASK - 1) / TOKENS_A_TASK;
    return pdx__pool_run(pdx__pool_threads(job.c->threads, tasks), tasks, run_chunk, &job, NULL,
                         "tokens");
}

pdx_status pdx__cpu_embed(void *context, pdx__activation *out, const pdx__matrix *table) {
    pdx__cpu *c = context;
    size_t row = table->tensor->bytes / (size_t)table->tensor->count / (size_t)table->rows;
    for (int32_t t = 0; t < c->tokens; ++t) {
        if (c->id[t] < 0 || c->id[t] >= table->rows)
            return pdx__cpu_fail(c, PDX_EINVAL, "a token id is outside the model's vocabulary");
        pdx__dequantise(table->tensor->dtype, table->data + (size_t)c->id[t] * row, table->columns,
                        out->data + (int64_t)t * out->width);
    }
    return PDX_OK;
}

static void norm_rows(const pdx__rows_job *j, int64_t from, int64_t to) {
    const pdx__cpu_kernels *k = j->c->kernels;
    for (int64_t t = from; t < to; ++t) {
        float *x = j->x + t * j->width;
        if (j->other) k->add(x, j->other + t * j->width, j->width);
        k->norm(j->out + t * j->width, x, j->weight, j->width, j->value);
    }
}

pdx_status pdx__cpu_norm(void *context, pdx__activation *out, pdx__activation *x,
                         const pdx__activation *add, const pdx__matrix *weight, float epsilon) {
    pdx__cpu *c = context;
    return pdx__cpu_over_rows((pdx__rows_job){.c = c,
                                              .run = norm_rows,
                                              .rows = c->tokens,
                                              .out = out->data,
                                              .x = x->data,
                                              .other = add ? add->data : NULL,
                                              .weight = weight->vector,
                                              .width = x->width,
                                              .value = epsilon});
}

static void head_norm_rows(const pdx__rows_job *j, int64_t from, int64_t to) {
    for (int64_t t = from * j->heads; t < to * j->heads; ++t)
        j->c->kernels->norm(j->x + t * j->width, j->x + t * j->width, j->weight, j->width,
                            j->value);
}

pdx_status pdx__cpu_head_norm(void *context, pdx__activation *x, int32_t heads, int32_t head_width,
                              const pdx__matrix *weight, float epsilon) {
    pdx__cpu *c = context;
    return pdx__cpu_over_rows((pdx__rows_job){.c = c,
                                              .run = head_norm_rows,
                                              .rows = c->tokens,
                                              .x = x->data,
                                              .heads = heads,
                                              .weight = weight->vector,
                                              .width = head_width,
                                              .value = epsilon});
}

static void turn_rows(const pdx__rows_job *j, int64_t from, int64_t to) {
    for (int64_t t = from; t < to; ++t)
        for (int32_t i = 0; i < j->pairs; ++i) {
            double angle = (double)j->c->position[t] * j->other[i];
            j->out[(t * j->pairs + i) * 2] = (float)cos(angle);
            j->out[(t * j->pairs + i) * 2 + 1] = (float)sin(angle);
        }
}

static void rope_rows(const pdx__rows_job *j, int64_t from, int64_t to) {
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

pdx_status pdx__cpu_rope(void *context, pdx__activation *x, int32_t heads, int32_t head_width,
                         int32_t pairs, const float *frequency, float factor, int32_t pairing) {
    pdx__cpu *c = context;
    if (!c->turn || c->turn_frequency != frequency) {
        pdx__free(c->turn);
        c->turn = pdx__alloc((size_t)c->tokens * (size_t)pairs * 2, sizeof *c->turn);
        if (!c->turn) return pdx__cpu_fail(c, PDX_ENOMEM, "out of memory");
        c->turn_frequency = frequency;
        PDX__TRY(pdx__cpu_over_rows((pdx__rows_job){.c = c,
                                                    .run = turn_rows,
                                                    .rows = c->tokens,
                                                    .out = c->turn,
                                                    .other = frequency,
                                                    .pairs = pairs}));
    }
    return pdx__cpu_over_rows((pdx__rows_job){.c = c,
                                              .run = rope_rows,
                                              .rows = c->tokens,
                                              .x = x->data,
                                              .heads = heads,
                                              .width = head_width,
                                              .pairs = pairs,
                                              .pairing = pairing,
                                              .value = factor});
}

static void gate_rows(const pdx__rows_job *j, int64_t from, int64_t to) {
    j->c->kernels->gate(j->x + from * j->width, j->other + from * j->width, (to - from) * j->width);
}

pdx_status pdx__cpu_gate(void *context, pdx__activation *gate, const pdx__activation *up) {
    pdx__cpu *c = context;
    return pdx__cpu_over_rows((pdx__rows_job){.c = c,
                                              .run = gate_rows,
                                              .rows = c->tokens,
                                              .x = gate->data,
                                              .other = up->data,
                                              .width = gate->width});
}
