/* Finding a model's tensors by role, checking their shapes, putting them on a backend. */
#include "model.h"

#include <stdio.h>
#include <string.h>

/* One row a role: its name in the two kinds of file ("%d": the layer), and its shape by letters:
 * w width, h hidden, q heads x head width, k key heads x head width, d head width, e experts. */
typedef struct role {
    const char *gguf, *folder;
    size_t offset; /* in pdx__layer */
    char rows, columns;
    int32_t when; /* which models have it */
} role;
enum { ALWAYS, BIASES, HEAD_NORMS, DENSE, EXPERTS };

static const role roles[] = {
    {"blk.%d.attn_norm.weight", "model.layers.%d.input_layernorm.weight",
     offsetof(pdx__layer, attention_norm), '1', 'w', ALWAYS},
    {"blk.%d.attn_q.weight", "model.layers.%d.self_attn.q_proj.weight", offsetof(pdx__layer, q),
     'q', 'w', ALWAYS},
    {"blk.%d.attn_k.weight", "model.layers.%d.self_attn.k_proj.weight", offsetof(pdx__layer, k),
     'k', 'w', ALWAYS},
    {"blk.%d.attn_v.weight", "model.layers.%d.self_attn.v_proj.weight", offsetof(pdx__layer, v),
     'k', 'w', ALWAYS},
    {"blk.%d.attn_output.weight", "model.layers.%d.self_attn.o_proj.weight",
     offsetof(pdx__layer, o), 'w', 'q', ALWAYS},
    {"blk.%d.attn_q.bias", "model.layers.%d.self_attn.q_proj.bias", offsetof(pdx__layer, q_bias),
     '1', 'q', BIASES},
    {"blk.%d.attn_k.bias", "model.layers.%d.self_attn.k_proj.bias", offsetof(pdx__layer, k_bias),
     '1', 'k', BIASES},
    {"blk.%d.attn_v.bias", "model.layers.%d.self_attn.v_proj.bias", offsetof(pdx__layer, v_bias),
     '1', 'k', BIASES},
    {"blk.%d.attn_q_norm.weight", "model.layers.%d.self_attn.q_norm.weight",
     offsetof(pdx__layer, q_norm), '1', 'd', HEAD_NORMS},
    {"blk.%d.attn_k_norm.weight", "model.layers.%d.self_attn.k_norm.weight",
     offsetof(pdx__layer, k_norm), '1', 'd', HEAD_NORMS},
    {"blk.%d.ffn_norm.weight", "model.layers.%d.post_attention_layernorm.weight",
     offsetof(pdx__layer, mlp_norm), '1', 'w', ALWAYS},
    {"blk.%d.ffn_gate.weight", "model.layers.%d.mlp.gate_proj.weight", offsetof(pdx__layer, gate),
     'h', 'w', DENSE},
    {"blk.%d.ffn_up.weight", "model.layers.%d.mlp.up_proj.weight", offsetof(pdx__layer, up), 'h',
     'w', DENSE},
    {"blk.%d.ffn_down.weight", "model.layers.%d.mlp.down_proj.weight", offsetof(pdx__layer, down),
     'w', 'h', DENSE},
    {"blk.%d.ffn_gate_inp.weight", "model.layers.%d.block_sparse_moe.gate.weight",
     offsetof(pdx__layer, router), 'e', 'w', EXPERTS},
};

static const struct {
    const char *together, *apart, *folder; /* GGUF: all experts in one tensor, or one each */
    size_t offset;
    char rows, columns;
} expert_roles[] = {
    {"blk.%d.ffn_gate_exps.weight", "blk.%d.ffn_gate.%d.weight",
     "model.layers.%d.block_sparse_moe.experts.%d.w1.weight", offsetof(pdx__layer, expert_gate),
     'h', 'w'},
    {"blk.%d.ffn_up_exps.weight", "blk.%d.ffn_up.%d.weight",
     "model.layers.%d.block_sparse_moe.experts.%d.w3.weight", offsetof(pdx__layer, expert_up), 'h',
     'w'},
    {"blk.%d.ffn_down_exps.weight", "blk.%d.ffn_down.%d.weight",
     "model.layers.%d.block_sparse_moe.experts.%d.w2.weight", offsetof(pdx__layer, expert_down),
     'w', 'h'},
};

static int64_t size_of(const pdx__model_shape *s, char letter) {
    switch (letter) {
    case 'w': return s->width;
    case 'h': return s->hidden;
    case 'q': return (int64_t)s->heads * s->head_width;
    case 'k': return (int64_t)s->kv_heads * s->head_width;
    case 'd': return s->head_width;
    case 'e': return s->experts;
    default: return 1;
    }
}

static pdx_status put(pdx__model *m, const char *name, int64_t count, int64_t rows, int64_t columns,
                      int64_t expert, pdx__matrix **out) {
    const char *path = pdx__weights_path(m->weights);
    const pdx__tensor *tensor = pdx__weights_find(m->weights, name);
    if (!tensor) return pdx__fail_at(PDX_EPARSE, path, 0, "tensor '%s' is missing", name);
    if (tensor->count != count || tensor->rows != rows || tensor->columns != columns)
        return pdx__fail_at(
            PDX_EPARSE, path, 0, "tensor '%s' is %lld x %lld x %lld, expected %lld x %lld x %lld",
            name, (long long)tensor->count, (long long)tensor->rows, (long long)tensor->columns,
            (long long)count, (long long)rows, (long long)columns);
    pdx_status status = m->backend->upload(m->context, tensor, expert, out);
    if (status != PDX_OK)
        return pdx__fail_at(status, path, 0, "tensor '%s': %s", name,
                            m->backend->message(m->context));
    return PDX_OK;
}

static pdx_status put_experts(pdx__model *m, int32_t layer) {
    const pdx__model_shape *s = &m->shape;
    char name[160];
    for (size_t r = 0; r < sizeof expert_roles / sizeof *expert_roles; ++r) {
        pdx__matrix **list = pdx__alloc_zero((size_t)s->experts, sizeof *list);
        if (!list) return PDX_ENOMEM;
        memcpy((char *)&m->layer[layer] + expert_roles[r].offset, &list, sizeof list);
        int64_t rows = size_of(s, expert_roles[r].rows),
                columns = size_of(s, expert_roles[r].columns);
        snprintf(name, sizeof name, expert_roles[r].together, layer);
        int together = pdx__weights_find(m->weights, name) != NULL;
        for (int32_t e = 0; e < s->experts; ++e) {
            if (!together)
                snprintf(name, sizeof name,
                         pdx__weights_is_gguf(m->weights) ? expert_roles[r].apart
                                                          : expert_roles[r].folder,
                         layer, e);
            PDX__TRY(
                put(m, name, together ? s->experts : 1, rows, columns, together ? e : 0, &list[e]));
        }
    }
    return PDX_OK;
}

static int has(const pdx__model_shape *s, int32_t when) {
    return when == ALWAYS || (when == BIASES && s->biases) ||
           (when == HEAD_NORMS && s->head_norms) || (when == DENSE && !s->experts) ||
           (when == EXPERTS && s->experts);
}

static pdx_status put_layer(pdx__model *m, int32_t layer) {
    const pdx__model_shape *s = &m->shape;
    int gguf = pdx__weights_is_gguf(m->weights);
    for (size_t r = 0; r < sizeof roles / sizeof *roles; ++r) {
        if (!has(s, roles[r].when)) continue;
        char name[160];
        pdx__matrix *matrix;
        snprintf(name, sizeof name, gguf ? roles[r].gguf : roles[r].folder, layer);
        PDX__TRY(
            put(m, name, 1, size_of(s, roles[r].rows), size_of(s, roles[r].columns), 0, &matrix));
        memcpy((char *)&m->layer[layer] + roles[r].offset, &matrix, sizeof matrix);
    }
    return s->experts ? put_experts(m, layer) : PDX_OK;
}

/* A llama of another maker may carry biases: found by looking, not by name. */
static void look_for_biases(pdx__model *m) {
    char name[160];
    snprintf(name, sizeof name, pdx__weights_is_gguf(m->weights) ? roles[5].gguf : roles[5].folder,
             0);
    m->shape.biases = pdx__weights_find(m->weights, name) != NULL;
}

static pdx_status put_all(pdx__model *m) {
    pdx__model_shape *s = &m->shape;
    int gguf = pdx__weights_is_gguf(m->weights);
    const char *embedding = gguf ? "token_embd.weight" : "model.embed_tokens.weight";
    const char *head = gguf ? "output.weight" : "lm_head.weight";
    const pdx__tensor *table = pdx__weights_find(m->weights, embedding);
    if (!table)
        return pdx__fail_at(PDX_EPARSE, pdx__weights_path(m->weights), 0, "tensor '%s' is missing",
                            embedding);
    if (table->rows > 1 << 24)
        return pdx__fail_at(PDX_EPARSE, pdx__weights_path(m->weights), 0,
                            "tensor '%s': %lld tokens", embedding, (long long)table->rows);
    s->vocabulary = (int32_t)table->rows;
    s->tied = pdx__weights_find(m->weights, head) == NULL;
    look_for_biases(m);
    PDX__TRY(put(m, embedding, 1, s->vocabulary, s->width, 0, &m->embedding));
    PDX__TRY(
        put(m, gguf ? "output_norm.weight" : "model.norm.weight", 1, 1, s->width, 0, &m->norm));
    if (s->tied) m->head = m->embedding;
    else PDX__TRY(put(m, head, 1, s->vocabulary, s->width, 0, &m->head));
    m->layer = pdx__alloc_zero((size_t)s->layers, sizeof *m->layer);
    if (!m->layer) return PDX_ENOMEM;
    for (int32_t i = 0; i < s->layers; ++i) PDX__TRY(put_layer(m, i));
    return PDX_OK;
}

int64_t pdx__model_weight_bytes(const pdx__weights *weights) {
    int64_t bytes = 0;
    for (int64_t i = 0; i < pdx__weights_tensor_count(weights); ++i)
        bytes += (int64_t)pdx__weights_tensor(weights, i)->bytes;
    return bytes;
}

pdx_status pdx__model_open(pdx__model **out, const char *path, const pdx__backend *backend,
                           const pdx__backend_options *options) {
    *out = NULL;
    pdx__model *m = pdx__alloc_zero(1, sizeof *m);
    if (!m) return PDX_ENOMEM;
    m->backend = backend;
    pdx_status status = pdx__weights_open(&m->weights, path);
    if (status == PDX_OK) status = pdx__model_read_shape(&m->shape, m->weights, &m->rope_frequency);
    if (status == PDX_OK) {
        status = backend->open(&m->context, options);
        const char *why = status == PDX_OK ? NULL : backend->message(NULL);
        if (why && why[0]) pdx__fail(status, "%s: %s", backend->name, why);
    }
    if (status == PDX_OK) status = put_all(m);
    if (status == PDX_OK) *out = m;
    else pdx__model_close(m);
    return status;
}

void pdx__model_close(pdx__model *m) {
    if (!m) return;
    if (m->context) m->backend->close(m->context);
    for (int32_t i = 0; m->layer && i < m->shape.layers; ++i) {
        pdx__free(m->layer[i].expert_gate);
        pdx__free(m->layer[i].expert_up);
        pdx__free(m->layer[i].expert_down);
    }
    pdx__free(m->layer);
    pdx__free(m->rope_frequency);
    pdx__weights_close(m->weights);
    pdx__free(m);
}
