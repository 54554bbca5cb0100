/* What the CPU backend's files share: its context, loops over tokens, products with stored weights.
 * cpu.c keeps memory and batches; cpu_rows.c goes over tokens, cpu_attention.c over segments,
 * cpu_product.c through weights. */
#ifndef PDX_LM_CPU_H
#define PDX_LM_CPU_H

#include "backend.h"
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
    int64_t numbers; /* room */
    int32_t width;
    pdx__activation *next, *previous;
};

typedef struct pdx__cpu {
    int32_t threads;
    const pdx__cpu_kernels *kernels;
    pdx__matrix *matrices;
    pdx__activation *activations, *spare; /* spare: released, for the next batch */
    int64_t held, limit;
    int32_t tokens, segments;
    int32_t *id, *position; /* [tokens] of the batch */
    pdx__segment *segment;
    float *turn; /* [tokens][pairs][cos, sin] of the batch, made by the first rope */
    const float *turn_frequency;
    float *panel;
    size_t panel_size;
    char message[256];
} pdx__cpu;

/* Keeps the text for `message`. */
pdx_status pdx__cpu_fail(pdx__cpu *c, pdx_status status, const char *text);

/* A loop over `rows` tokens in chunks on the pool; `run` takes of the rest what it needs. */
typedef struct pdx__rows_job pdx__rows_job;
struct pdx__rows_job {
    pdx__cpu *c;
    void (*run)(const pdx__rows_job *job, int64_t from, int64_t to);
    int64_t rows;
    float *out, *x;
    const float *other, *weight;
    int32_t width, heads, pairs, pairing;
    float value;
};
pdx_status pdx__cpu_over_rows(pdx__rows_job job);

pdx_status pdx__cpu_embed(void *context, pdx__activation *out, const pdx__matrix *table);
pdx_status pdx__cpu_norm(void *context, pdx__activation *out, pdx__activation *x,
                         const pdx__activation *add, const pdx__matrix *weight, float epsilon);
pdx_status pdx__cpu_matmul(void *context, pdx__activation *out, const pdx__activation *x,
                           const pdx__matrix *w, const pdx__matrix *bias);
pdx_status pdx__cpu_head_norm(void *context, pdx__activation *x, int32_t heads, int32_t head_width,
                              const pdx__matrix *weight, float epsilon);
pdx_status pdx__cpu_rope(void *context, pdx__activation *x, int32_t heads, int32_t head_width,
                         int32_t pairs, const float *frequency, float factor, int32_t pairing);
pdx_status pdx__cpu_attention(void *context, pdx__activation *out, const pdx__activation *q,
                              const pdx__activation *k, const pdx__activation *v,
                              const pdx__attention *shape);
pdx_status pdx__cpu_gate(void *context, pdx__activation *gate, const pdx__activation *up);
pdx_status pdx__cpu_experts(void *context, pdx__activation *out, const pdx__activation *x,
                            const pdx__activation *scores, int32_t experts, int32_t used,
                            pdx__matrix *const *gate, pdx__matrix *const *up,
                            pdx__matrix *const *down);
pdx_status pdx__cpu_score(void *context, pdx__activation *x, const pdx__activation *add,
                          const pdx__matrix *norm_weight, float epsilon, const pdx__matrix *head,
                          const int32_t *rows, int32_t row_count, const int32_t *candidate,
                          int32_t candidates, double *logp, float *logits);

#endif
