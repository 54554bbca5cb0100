/* The seam of the forward pass: what a device must be able to do. forward.c writes the order of
 * layers once; a backend implements this page: cpu.c here, ../../cuda/backend.cu there. None of the
 * operations is optional. All state is in the context from `open`.
 *
 * Activations are matrices [tokens][width] in the backend's own type (float on the CPU, bfloat16 on
 * a GPU); only logits come back, in float. A batch is a packed list of tokens cut into segments; a
 * segment continues its parent's sequence, so a forest of segments is a set of prompts that share
 * prefixes: token i of segment s sees all tokens of s's ancestors and tokens 0..i of s. */
#ifndef PDX_LM_BACKEND_H
#define PDX_LM_BACKEND_H

#include <prefdissect/common.h>

#include "weights.h"

typedef struct pdx__segment {
    int32_t start;    /* first token in the packed list */
    int32_t length;   /* > 0 */
    int32_t parent;   /* an earlier segment, or -1 */
    int32_t position; /* of its first token in its sequence: parent's position + length, or 0 */
} pdx__segment;

typedef struct pdx__batch {
    int32_t tokens;
    const int32_t *id;       /* [tokens] */
    const int32_t *position; /* [tokens] */
    int32_t segments;
    const pdx__segment *segment; /* ordered by start; they tile [0, tokens) */
} pdx__batch;

/* How exactly an activation is kept on a device whose own type is coarse: the residual stream (what
 * embed makes, norm and score read) and the router's scores are kept in float. */
enum { PDX__ROUNDED = 0, PDX__EXACT = 1 };

/* How dimensions of a head are paired for rotation. */
enum { PDX__ROPE_ADJACENT = 0, PDX__ROPE_HALVES = 1 };

typedef struct pdx__attention {
    int32_t heads, kv_heads, head_width;
    int32_t window; /* a token sees itself and window-1 tokens before it; 0: all */
    float scale;    /* of the scores: 1/sqrt(head_width) as a rule */
} pdx__attention;

typedef struct pdx__backend_options {
    int32_t threads;      /* CPU; 0: all cores */
    int32_t device;       /* GPU number */
    int64_t memory_bytes; /* budget; 0: what is free */
} pdx__backend_options;

typedef struct pdx__matrix pdx__matrix;         /* weights on the device */
typedef struct pdx__activation pdx__activation; /* [tokens][width] on the device */

typedef struct pdx__backend {
    uint32_t size; /* sizeof(pdx__backend): a module of another version is refused */
    const char *name;
    pdx_status (*open)(void **context, const pdx__backend_options *options);
    void (*close)(void *context); /* frees matrices and activations too */

    /* Weights. The tensor's data outlives the context (it is mapped); a backend may keep the
     * pointer. `expert`: which matrix of a tensor that holds several. */
    pdx_status (*upload)(void *context, const pdx__tensor *tensor, int64_t expert,
                         pdx__matrix **out);
    /* Room for up to `tokens` rows; contents undefined. */
    pdx_status (*alloc)(void *context, int32_t tokens, int32_t width, int32_t kind,
                        pdx__activation **out);
    void (*release)(void *context, pdx__activation *activation);
    /* Starts a batch: later operations work on batch->tokens rows. Copied. */
    pdx_status (*begin)(void *context, const pdx__batch *batch);

    /* out := rows of `table` by the batch's ids. */
    pdx_status (*embed)(void *context, pdx__activation *out, const pdx__matrix *table);
    /* out := x / rms(x) * weight; with `add` not NULL first x += add (the residual stream). */
    pdx_status (*norm)(void *context, pdx__activation *out, pdx__activation *x,
                       const pdx__activation *add, const pdx__matrix *weight, float epsilon);
    /* out := x W' [+ bias]; W is [out width][x width]. */
    pdx_status (*matmul)(void *context, pdx__activation *out, const pdx__activation *x,
                         const pdx__matrix *w, const pdx__matrix *bias);
    /* Each head of x normalised by itself (Qwen3). */
    pdx_status (*head_norm)(void *context, pdx__activation *x, int32_t heads, int32_t head_width,
                            const pdx__matrix *weight, float epsilon);
    /* Rotates the first 2 * `pairs` dimensions of each head by position * frequency[i], i < pairs,
     * and multiplies by `factor` (YaRN's attention factor; 1 as a rule). */
    pdx_status (*rope)(void *context, pdx__activation *x, int32_t heads, int32_t head_width,
                       int32_t pairs, const float *frequency, float factor, int32_t pairing);
    pdx_status (*attention)(void *context, pdx__activation *out, const pdx__activation *q,
                            const pdx__activation *k, const pdx__activation *v,
                            const pdx__attention *shape);
    /* gate := silu(gate) * up. */
    pdx_status (*gate)(void *context, pdx__activation *gate, const pdx__activation *up);
    /* Experts (Mixtral): from router scores [tokens][experts], the best `used` per token with their
     * softmax weights; out := sum over them of weight * down(silu(gate x) * up x). */
    pdx_status (*experts)(void *context, pdx__activation *out, const pdx__activation *x,
                          const pdx__activation *scores, int32_t experts, int32_t used,
                          pdx__matrix *const *gate, pdx__matrix *const *up,
                          pdx__matrix *const *down);
    /* Log-probabilities at chosen tokens of the batch: for row r of `rows` (token numbers; equal
     * ones are allowed), the final norm and the vocabulary product, then logp[r * candidates + c]
     * of token id candidate[c], normalised over the whole vocabulary in double. logits (may be
     * NULL, [rows] [vocabulary]) gets all of them (tests). Waits for the device. */
    pdx_status (*score)(void *context, pdx__activation *x, const pdx__activation *add,
                        const pdx__matrix *norm_weight, float epsilon, const pdx__matrix *head,
                        const int32_t *rows, int32_t row_count, const int32_t *candidate,
                        int32_t candidates, double *logp, float *logits);
    /* Copies an activation out as floats [tokens][width] (tests). */
    pdx_status (*read)(void *context, const pdx__activation *x, float *out);
    /* Copies floats [tokens][width] in (tests). */
    pdx_status (*write)(void *context, pdx__activation *x, const float *values);
    /* Bytes held now, and the most that could be had. */
    void (*memory)(void *context, int64_t *held, int64_t *limit);
    /* One line on the last failure of this context; of NULL: of this thread's last failed open
     * (a module has error messages of its own). NULL or "" where there is nothing to say. */
    const char *(*message)(void *context);
} pdx__backend;

const pdx__backend *pdx__backend_cpu(void);
/* "cpu" or "cuda": the CUDA module (libprefdissect_cuda.so) is loaded when it is asked for;
 * PDX_EUNSUPPORTED says what is missing. */
pdx_status pdx__backend_find(const pdx__backend **out, const char *name);
/* What a module exports under the name "pdx__backend_module". */
typedef const pdx__backend *(*pdx__backend_module_fn)(void);

#endif
