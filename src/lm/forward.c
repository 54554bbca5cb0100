/* The order of layers, written once for all backends and families. */
#include "model.h"

/* The activations of one pass. */
typedef struct pass {
    pdx__activation *x, *y, *q, *k, *v, *mixed, *gate, *up, *scores, *chosen;
} pass;

static pdx_status allocate(pdx__model *m, int32_t tokens, pass *p) {
    const pdx__backend *b = m->backend;
    const pdx__model_shape *s = &m->shape;
    struct {
        pdx__activation **which;
        int32_t width, kind;
    } wanted[] = {{&p->x, s->width, PDX__EXACT},
                  {&p->y, s->width, PDX__ROUNDED},
                  {&p->q, s->heads * s->head_width, PDX__ROUNDED},
                  {&p->k, s->kv_heads * s->head_width, PDX__ROUNDED},
                  {&p->v, s->kv_heads * s->head_width, PDX__ROUNDED},
                  {&p->mixed, s->heads * s->head_width, PDX__ROUNDED},
                  {&p->gate, s->experts ? 0 : s->hidden, PDX__ROUNDED},
                  {&p->up, s->experts ? 0 : s->hidden, PDX__ROUNDED},
                  {&p->scores, s->experts, PDX__EXACT},
                  {&p->chosen, s->experts ? s->width : 0, PDX__ROUNDED}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; ++i)
        if (wanted[i].width)
            PDX__TRY(
                b->alloc(m->context, tokens, wanted[i].width, wanted[i].kind, wanted[i].which));
    return PDX_OK;
}

static void release(pdx__model *m, pass *p) {
    pdx__activation *all[] = {p->x,     p->y,    p->q,  p->k,      p->v,
                              p->mixed, p->gate, p->up, p->scores, p->chosen};
    for (size_t i = 0; i < sizeof all / sizeof *all; ++i)
        if (all[i]) m->backend->release(m->context, all[i]);
}

/* x is the residual stream; what the last block computed waits in y and is added by the next norm.
 */
static pdx_status attention(pdx__model *m, const pdx__layer *l, pass *p) {
    const pdx__backend *b = m->backend;
    const pdx__model_shape *s = &m->shape;
    void *c = m->context;
    PDX__TRY(b->matmul(c, p->q, p->y, l->q, l->q_bias));
    PDX__TRY(b->matmul(c, p->k, p->y, l->k, l->k_bias));
    PDX__TRY(b->matmul(c, p->v, p->y, l->v, l->v_bias));
    if (s->head_norms) {
        PDX__TRY(b->head_norm(c, p->q, s->heads, s->head_width, l->q_norm, s->epsilon));
        PDX__TRY(b->head_norm(c, p->k, s->kv_heads, s->head_width, l->k_norm, s->epsilon));
    }
    PDX__TRY(b->rope(c, p->q, s->heads, s->head_width, s->rope_pairs, m->rope_frequency,
                     s->rope_factor, s->rope_pairing));
    PDX__TRY(b->rope(c, p->k, s->kv_heads, s->head_width, s->rope_pairs, m->rope_frequency,
                     s->rope_factor, s->rope_pairing));
    pdx__attention shape = {s->heads, s->kv_heads, s->head_width, s->window,
                            1 / __builtin_sqrtf((float)s->head_width)};
    PDX__TRY(b->attention(c, p->mixed, p->q, p->k, p->v, &shape));
    return b->matmul(c, p->y, p->mixed, l->o, NULL);
}

static pdx_status perceptron(pdx__model *m, const pdx__layer *l, pass *p) {
    const pdx__backend *b = m->backend;
    const pdx__model_shape *s = &m->shape;
    void *c = m->context;
    if (s->experts) {
        PDX__TRY(b->matmul(c, p->scores, p->y, l->router, NULL));
        PDX__TRY(b->experts(c, p->chosen, p->y, p->scores, s->experts, s->experts_used,
                            l->expert_gate, l->expert_up, l->expert_down));
        pdx__activation *swap = p->y;
        p->y = p->chosen;
        p->chosen = swap;
        return PDX_OK;
    }
    PDX__TRY(b->matmul(c, p->gate, p->y, l->gate, NULL));
    PDX__TRY(b->matmul(c, p->up, p->y, l->up, NULL));
    PDX__TRY(b->gate(c, p->gate, p->up));
    return b->matmul(c, p->y, p->gate, l->down, NULL);
}

static pdx_status run(pdx__model *m, const pdx__batch *batch, const int32_t *rows,
                      int32_t row_count, const int32_t *candidate, int32_t candidates, double *logp,
                      float *logits, pass *p) {
    const pdx__backend *b = m->backend;
    void *c = m->context;
    float epsilon = m->shape.epsilon;
    PDX__TRY(allocate(m, batch->tokens, p));
    PDX__TRY(b->begin(c, batch));
    PDX__TRY(b->embed(c, p->x, m->embedding));
    for (int32_t i = 0; i < m->shape.layers; ++i) {
        const pdx__layer *l = &m->layer[i];
        if (m->tick && m->tick(m->tick_context))
            return pdx__fail(PDX_ECANCELED, "stopped on request");
        PDX__TRY(b->norm(c, p->y, p->x, i ? p->y : NULL, l->attention_norm, epsilon));
        PDX__TRY(attention(m, l, p));
        PDX__TRY(b->norm(c, p->y, p->x, p->y, l->mlp_norm, epsilon));
        PDX__TRY(perceptron(m, l, p));
    }
    return b->score(c, p->x, p->y, m->norm, epsilon, m->head, rows, row_count, candidate,
                    candidates, logp, logits);
}

pdx_status pdx__forward(pdx__model *m, const pdx__batch *batch, const int32_t *rows,
                        int32_t row_count, const int32_t *candidate, int32_t candidates,
                        double *logp, float *logits) {
    pass p = {0};
    pdx_status status = run(m, batch, rows, row_count, candidate, candidates, logp, logits, &p);
    if (status != PDX_OK && status != PDX_ECANCELED) {
        const char *why = m->backend->message(m->context);
        if (why && why[0]) pdx__fail(status, "%s: %s", m->backend->name, why);
    }
    release(m, &p);
    return status;
}

int64_t pdx__model_batch_bytes(const pdx__model_shape *s, int32_t tokens) {
    int64_t widths = 2 * (int64_t)s->width + 2 * (int64_t)s->heads * s->head_width +
                     2 * (int64_t)s->kv_heads * s->head_width + 2 * (int64_t)s->hidden + s->experts;
    return widths * tokens * (int64_t)sizeof(float);
}
