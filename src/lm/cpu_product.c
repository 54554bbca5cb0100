/* Products with stored weights by OpenBLAS over all packed tokens: weights are expanded panel by
 * panel (a quantised model pays for that once a batch). Without BLAS they are plain loops. Experts
 * and the vocabulary are such products with something around them. */
#include <math.h>
#include <string.h>

#ifdef PDX_HAVE_LAPACKE
#include <cblas.h>
#endif

#include "core/pool.h"
#include "cpu.h"

/* Numbers of a panel: as many rows of the weights as fit, so that small matrices go in one product.
 */
enum { PANEL_NUMBERS = 1 << 22 };

static int64_t panel_rows(const pdx__matrix *w) {
    int64_t fit = PANEL_NUMBERS / w->columns / 64 * 64;
    fit = fit < 64 ? 64 : fit;
    return fit < w->rows ? fit : w->rows;
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
static pdx_status expand(pdx__cpu *c, const pdx__matrix *w, int64_t first, int64_t rows,
                         const float **out) {
    if (w->tensor->dtype == PDX__F32 && (uintptr_t)w->data % sizeof(float) == 0) {
        *out = (const float *)(const void *)w->data + first * w->columns;
        return PDX_OK;
    }
    size_t wanted = (size_t)rows * (size_t)w->columns;
    if (wanted > c->panel_size) {
        pdx__free(c->panel);
        c->panel_size = 0;
        c->panel = pdx__alloc(wanted, sizeof(float));
        if (!c->panel) return pdx__cpu_fail(c, PDX_ENOMEM, "out of memory");
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

static pdx_status multiply(pdx__cpu *c, const float *x, int64_t n, const pdx__matrix *w,
                           float *out) {
    int64_t step = panel_rows(w);
    for (int64_t first = 0; first < w->rows; first += step) {
        int64_t rows = w->rows - first < step ? w->rows - first : step;
        const float *panel = NULL;
        PDX__TRY(expand(c, w, first, rows, &panel));
        product(x, n, w->columns, panel, rows, out + first, w->rows);
    }
    return PDX_OK;
}

static void bias_rows(const pdx__rows_job *j, int64_t from, int64_t to) {
    for (int64_t t = from; t < to; ++t) j->c->kernels->add(j->x + t * j->width, j->other, j->width);
}

pdx_status pdx__cpu_matmul(void *context, pdx__activation *out, const pdx__activation *x,
                           const pdx__matrix *w, const pdx__matrix *bias) {
    pdx__cpu *c = context;
    PDX__TRY(multiply(c, x->data, c->tokens, w, out->data));
    if (!bias) return PDX_OK;
    return pdx__cpu_over_rows((pdx__rows_job){.c = c,
                                              .run = bias_rows,
                                              .rows = c->tokens,
                                              .x = out->data,
                                              .other = bias->vector,
                                              .width = out->width});
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
static pdx_status one_expert(pdx__cpu *c, const float *x, float *out, int32_t width, int32_t expert,
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

pdx_status pdx__cpu_experts(void *context, pdx__activation *out, const pdx__activation *x,
                            const pdx__activation *scores, int32_t experts, int32_t used,
                            pdx__matrix *const *gate, pdx__matrix *const *up,
                            pdx__matrix *const *down) {
    pdx__cpu *c = context;
    size_t n = (size_t)c->tokens * (size_t)used;
    size_t room_size = (size_t)c->tokens * (size_t)(2 * x->width + 2 * gate[0]->rows);
    int32_t *best = pdx__alloc(n, sizeof *best);
    float *weight = pdx__alloc(n, sizeof *weight), *room = pdx__alloc(room_size, sizeof *room);
    pdx_status status =
        best && weight && room ? PDX_OK : pdx__cpu_fail(c, PDX_ENOMEM, "out of memory");
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
static pdx_status score_rows(pdx__cpu *c, const float *x, int32_t n, const pdx__matrix *head,
                             const int32_t *candidate, int32_t candidates, double *logp,
                             float *logits, float *part, double *most, double *total) {
    for (int32_t r = 0; r < n; ++r) {
        most[r] = -INFINITY;
        total[r] = 0;
    }
    int64_t step = panel_rows(head);
    for (int64_t first = 0; first < head->rows; first += step) {
        int64_t rows = head->rows - first < step ? head->rows - first : step;
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

pdx_status pdx__cpu_score(void *context, pdx__activation *x, const pdx__activation *add,
                          const pdx__matrix *norm_weight, float epsilon, const pdx__matrix *head,
                          const int32_t *rows, int32_t row_count, const int32_t *candidate,
                          int32_t candidates, double *logp, float *logits) {
    pdx__cpu *c = context;
    size_t n = (size_t)row_count;
    float *last = pdx__alloc(n * (size_t)x->width, sizeof *last);
    float *part = pdx__alloc(n * (size_t)panel_rows(head), sizeof *part);
    double *most = pdx__alloc(2 * n, sizeof *most);
    pdx_status status =
        last && part && most ? PDX_OK : pdx__cpu_fail(c, PDX_ENOMEM, "out of memory");
    for (int32_t k = 0; k < candidates && status == PDX_OK; ++k)
        if (candidate[k] < 0 || candidate[k] >= head->rows)
            status =
                pdx__cpu_fail(c, PDX_EINVAL, "a label's token is outside the model's vocabulary");
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
