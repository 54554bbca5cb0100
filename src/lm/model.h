/* A transformer of the Llama shape: its settings, its tensors by role, and which families exist. A
 * family is a row of the table in model.c, not a copy of the forward pass. */
#ifndef PDX_LM_MODEL_H
#define PDX_LM_MODEL_H

#include "backend.h"
#include "tokenizer.h"

typedef struct pdx__model_shape {
    const char *family; /* "llama", "mistral", "qwen2", "qwen3", "mixtral" */
    int32_t layers, width, hidden, vocabulary;
    int32_t heads, kv_heads, head_width;
    int32_t context;               /* longest sequence that the model was made for */
    int32_t window;                /* sliding window, 0: none */
    int32_t experts, experts_used; /* 0: dense */
    int32_t rope_pairs, rope_pairing;
    float rope_factor;  /* attention factor of the rotation */
    float epsilon;      /* of the norms */
    int32_t head_norms; /* queries and keys are normalised by head */
    int32_t biases;     /* query, key and value products have biases */
    int32_t tied;       /* the embedding table is the head */
} pdx__model_shape;

typedef struct pdx__layer {
    pdx__matrix *attention_norm, *q, *k, *v, *o, *q_bias, *k_bias, *v_bias, *q_norm, *k_norm;
    pdx__matrix *mlp_norm, *gate, *up, *down;
    pdx__matrix *router, **expert_gate, **expert_up, **expert_down; /* [experts] */
} pdx__layer;

typedef struct pdx__model {
    pdx__model_shape shape;
    pdx__weights *weights;
    const pdx__backend *backend;
    void *context;
    float *rope_frequency; /* [rope_pairs] */
    pdx__matrix *embedding, *norm, *head;
    pdx__layer *layer;              /* [layers] */
    int32_t (*tick)(void *context); /* called between layers where not NULL; nonzero stops */
    void *tick_context;
} pdx__model;

/* Reads the shape alone (no device): PDX_EUNSUPPORTED names what is unknown; every setting is
 * checked against the tensors' shapes. */
pdx_status pdx__model_read_shape(pdx__model_shape *out, const pdx__weights *weights,
                                 float **rope_frequency);
/* Bytes that the weights take on a backend, and bytes of activations for a batch of `tokens`. */
int64_t pdx__model_weight_bytes(const pdx__weights *weights);
int64_t pdx__model_batch_bytes(const pdx__model_shape *shape, int32_t tokens);
pdx_status pdx__model_open(pdx__model **out, const char *path, const pdx__backend *backend,
                           const pdx__backend_options *options);
void pdx__model_close(pdx__model *model);

/* forward.c: one pass over the batch; log-probabilities of candidate tokens after each of `rows`
 * (token numbers in the batch), [row_count][candidates]; logits may be NULL. */
pdx_status pdx__forward(pdx__model *model, const pdx__batch *batch, const int32_t *rows,
                        int32_t row_count, const int32_t *candidate, int32_t candidates,
                        double *logp, float *logits);

#endif
