/* What the operations share: the context with its stream and its memory. backend.cu keeps memory
 * and batches, operations.cu computes. */
#ifndef PDX_CUDA_CONTEXT_H
#define PDX_CUDA_CONTEXT_H

extern "C" {
#include "lm/backend.h"
}
#include "device.h"
#include "kernels_attention.cuh"
#include "product.h"

/* A block of device memory. Every one is a cudaMalloc of its own, so that the address sanitizer and
 * compute-sanitizer know where each ends; released activations are kept for the next batch. */
struct buffer {
    void *data;
    int64_t bytes;
};

struct pdx__matrix {
    bf16 *data;    /* [rows][columns] */
    float *vector; /* a one-row matrix also in float */
    int64_t rows, columns;
    buffer data_buffer, vector_buffer;
    pdx__matrix *next;
};

struct pdx__activation {
    buffer room;
    int32_t width, kind;
    pdx__activation *next, *previous;
};

enum { MOST_KEPT = 32 };

struct context {
    int32_t device;
    cudaStream_t stream;
    products *multiplier;
    int64_t held, limit;
    pdx__matrix *matrices;
    pdx__activation *activations;
    buffer kept[MOST_KEPT]; /* released, for reuse */
    int kept_count;
    void *staging; /* host: one panel of weights on its way */
    int64_t staging_bytes;

    /* The batch. */
    int32_t tokens, segments;
    int32_t *host_id;
    pdx__segment *host_segment;
    buffer id, position, segment;
    buffer turn, frequency; /* [tokens][pairs][cos, sin], made by the first rope */
    const float *turn_frequency;
    buffer tile; /* query_tile[tiles] for groups of `tile_group` heads */
    query_tile *host_tile;
    int32_t tiles, tile_group;

    char message[256];
};

/* Keeps the text for `message` and returns the status. */
pdx_status fail(context *c, pdx_status status, const char *text);
pdx_status check(context *c, cudaError_t error, const char *what);
/* Room of at least `bytes`; kept blocks first. Given back by release_room, which keeps it. */
pdx_status take_room(context *c, int64_t bytes, buffer *out);
void release_room(context *c, buffer *room);
/* Makes a buffer that is kept between batches at least this large; contents are lost. */
pdx_status enlarge(context *c, buffer *room, int64_t bytes);
pdx_status copy_in(context *c, void *to, const void *from, int64_t bytes);
pdx_status copy_out(context *c, void *to, const void *from, int64_t bytes); /* waits */

/* operations.cu */
pdx_status cuda_embed(void *, pdx__activation *, const pdx__matrix *);
pdx_status cuda_norm(void *, pdx__activation *, pdx__activation *, const pdx__activation *,
                     const pdx__matrix *, float);
pdx_status cuda_matmul(void *, pdx__activation *, const pdx__activation *, const pdx__matrix *,
                       const pdx__matrix *);
pdx_status cuda_head_norm(void *, pdx__activation *, int32_t, int32_t, const pdx__matrix *, float);
pdx_status cuda_rope(void *, pdx__activation *, int32_t, int32_t, int32_t, const float *, float,
                     int32_t);
pdx_status cuda_attention(void *, pdx__activation *, const pdx__activation *,
                          const pdx__activation *, const pdx__activation *, const pdx__attention *);
pdx_status cuda_gate(void *, pdx__activation *, const pdx__activation *);
pdx_status cuda_experts(void *, pdx__activation *, const pdx__activation *, const pdx__activation *,
                        int32_t, int32_t, pdx__matrix *const *, pdx__matrix *const *,
                        pdx__matrix *const *);
pdx_status cuda_score(void *, pdx__activation *, const pdx__activation *, const pdx__matrix *,
                      float, const pdx__matrix *, const int32_t *, int32_t, const int32_t *,
                      int32_t, double *, float *);

#endif
