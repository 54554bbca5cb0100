/* The CPU backend: products by OpenBLAS over all packed tokens, everything else in loops of our own
 * on the library's threads. Here: its memory and its batches. */
#include "cpu.h"

#include <stdio.h>
#include <string.h>

#include "core/pool.h"

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

pdx_status pdx__cpu_fail(pdx__cpu *c, pdx_status status, const char *text) {
    snprintf(c->message, sizeof c->message, "%s", text);
    return pdx__fail(status, "%s", text);
}

static pdx_status cpu_open(void **out, const pdx__backend_options *options) {
    *out = NULL;
    pdx__cpu *c = pdx__alloc_zero(1, sizeof *c);
    if (!c) return PDX_ENOMEM;
    c->threads = pdx__pool_threads(options ? options->threads : 0, 1 << 20);
    c->limit = options ? options->memory_bytes : 0;
    c->kernels = pdx__cpu_kernels_choose();
    *out = c;
    return PDX_OK;
}

static void end_batch(pdx__cpu *c) {
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
    pdx__cpu *c = context;
    if (a->previous) a->previous->next = a->next;
    else c->activations = a->next;
    if (a->next) a->next->previous = a->previous;
    a->next = c->spare;
    c->spare = a;
}

static void free_spare(pdx__cpu *c) {
    while (c->spare) {
        pdx__activation *a = c->spare;
        c->spare = a->next;
        c->held -= a->numbers * (int64_t)sizeof *a->data;
        pdx__free(a->data);
        pdx__free(a);
    }
}

/* A released activation that is large enough and not twice as large: its pages are there already.
 */
static pdx__activation *take_spare(pdx__cpu *c, int64_t numbers) {
    for (pdx__activation **at = &c->spare; *at; at = &(*at)->next)
        if ((*at)->numbers >= numbers && (*at)->numbers / 2 <= numbers) {
            pdx__activation *a = *at;
            *at = a->next;
            return a;
        }
    return NULL;
}

static pdx__activation *new_activation(pdx__cpu *c, int64_t numbers) {
    int64_t bytes = numbers * (int64_t)sizeof(float);
    if (c->limit && c->held + bytes > c->limit) free_spare(c);
    if (c->limit && c->held + bytes > c->limit) {
        pdx__cpu_fail(c, PDX_ENOMEM, "the batch does not fit the memory budget");
        return NULL;
    }
    pdx__activation *a = pdx__alloc_zero(1, sizeof *a);
    float *data = pdx__alloc((size_t)numbers, sizeof *data);
    if (!a || !data) {
        pdx__free(a);
        pdx__free(data);
        pdx__cpu_fail(c, PDX_ENOMEM, "out of memory");
        return NULL;
    }
    a->data = data;
    a->numbers = numbers;
    c->held += bytes;
    return a;
}

static void cpu_close(void *context) {
    pdx__cpu *c = context;
    while (c->activations) cpu_release(c, c->activations);
    free_spare(c);
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
    pdx__cpu *c = context;
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
    pdx__cpu *c = context;
    (void)kind; /* all are floats */
    int64_t numbers = (int64_t)tokens * width;
    pdx__activation *a = take_spare(c, numbers);
    if (!a) a = new_activation(c, numbers);
    if (!a) return PDX_ENOMEM;
    a->width = width;
    a->previous = NULL;
    a->next = c->activations;
    if (a->next) a->next->previous = a;
    c->activations = a;
    *out = a;
    return PDX_OK;
}

static pdx_status cpu_begin(void *context, const pdx__batch *batch) {
    pdx__cpu *c = context;
    end_batch(c);
    size_t n = (size_t)batch->tokens, s = (size_t)batch->segments;
    c->id = pdx__alloc(n, sizeof *c->id);
    c->position = pdx__alloc(n, sizeof *c->position);
    c->segment = pdx__alloc(s, sizeof *c->segment);
    if (!c->id || !c->position || !c->segment) return pdx__cpu_fail(c, PDX_ENOMEM, "out of memory");
    memcpy(c->id, batch->id, n * sizeof *c->id);
    memcpy(c->position, batch->position, n * sizeof *c->position);
    memcpy(c->segment, batch->segment, s * sizeof *c->segment);
    c->tokens = batch->tokens;
    c->segments = batch->segments;
    return PDX_OK;
}

static pdx_status cpu_read(void *context, const pdx__activation *x, float *out) {
    memcpy(out, x->data, (size_t)((pdx__cpu *)context)->tokens * (size_t)x->width * sizeof *out);
    return PDX_OK;
}

static pdx_status cpu_write(void *context, pdx__activation *x, const float *values) {
    memcpy(x->data, values,
           (size_t)((pdx__cpu *)context)->tokens * (size_t)x->width * sizeof *values);
    return PDX_OK;
}

static void cpu_memory(void *context, int64_t *held, int64_t *limit) {
    *held = ((pdx__cpu *)context)->held;
    *limit = ((pdx__cpu *)context)->limit;
}

static const char *cpu_message(void *context) {
    return context ? ((pdx__cpu *)context)->message : pdx_error_message();
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
                                         pdx__cpu_embed,
                                         pdx__cpu_norm,
                                         pdx__cpu_matmul,
                                         pdx__cpu_head_norm,
                                         pdx__cpu_rope,
                                         pdx__cpu_attention,
                                         pdx__cpu_gate,
                                         pdx__cpu_experts,
                                         pdx__cpu_score,
                                         cpu_read,
                                         cpu_write,
                                         cpu_memory,
                                         cpu_message};
    return &backend;
}
