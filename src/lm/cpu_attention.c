/* The CPU backend's attention over a forest of segments. */
#include <string.h>

#include "core/pool.h"
#include "cpu.h"

/* One task: one segment and one key head. The keys of the segment's whole sequence are gathered
 * (transposed) and its values, then its queries go four at a time. */
typedef struct attention_job {
    pdx__cpu *c;
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
    int64_t keys = (int64_t)s->position + s->length, stride = (keys + 63) / 64 * 64;
    int64_t row = (int64_t)j->shape.heads * width;
    float *kt = pdx__alloc((size_t)(stride * width), sizeof *kt);
    float *v = pdx__alloc((size_t)(keys * width), sizeof *v);
    float *scratch = pdx__alloc((size_t)(4 * stride), sizeof *scratch);
    pdx_status status = kt && v && scratch ? PDX_OK : PDX_ENOMEM;
    if (status == PDX_OK) gather(j, segment, kv, kt, v, stride);
    for (int32_t d = 0; d < width && status == PDX_OK; ++d)
        memset(kt + d * stride + keys, 0, (size_t)(stride - keys) * sizeof *kt);
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

pdx_status pdx__cpu_attention(void *context, pdx__activation *out, const pdx__activation *q,
                              const pdx__activation *k, const pdx__activation *v,
                              const pdx__attention *shape) {
    pdx__cpu *c = context;
    attention_job job = {c, q->data, k->data, v->data, out->data, *shape};
    int64_t tasks = (int64_t)c->segments * shape->kv_heads;
    pdx_status status = pdx__pool_run(pdx__pool_threads(c->threads, tasks), tasks, attend_segment,
                                      &job, NULL, "attention");
    return status == PDX_OK ? PDX_OK : pdx__cpu_fail(c, status, "out of memory");
}
