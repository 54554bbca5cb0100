/* The CUDA backend: one device, one stream, memory and batches. Weights are expanded on the host,
 * panel by panel, and stored as bfloat16; activations are bfloat16, or float where the order of
 * layers asks for exactness. Nothing in a batch waits for the device before `score` does. */
#include "context.h"

#include <stdio.h>
#include <string.h>

enum { PANEL_NUMBERS = 1 << 21 };

/* What the last failed open of this thread said. */
static thread_local char open_message[256];

pdx_status fail(context *c, pdx_status status, const char *text) {
    snprintf(c->message, sizeof c->message, "%s", text);
    return status;
}

pdx_status check(context *c, cudaError_t error, const char *what) {
    if (error == cudaSuccess) return PDX_OK;
    snprintf(c->message, sizeof c->message, "%s: %s", what, cudaGetErrorString(error));
    return error == cudaErrorMemoryAllocation ? PDX_ENOMEM : PDX_EIO;
}

static void free_room(context *c, buffer *room) {
    if (room->data) cudaFree(room->data);
    c->held -= room->bytes;
    *room = buffer{};
}

static void free_kept(context *c) {
    while (c->kept_count) free_room(c, &c->kept[--c->kept_count]);
}

static pdx_status new_room(context *c, int64_t bytes, buffer *out) {
    *out = buffer{};
    if (c->held + bytes > c->limit) free_kept(c);
    if (c->held + bytes > c->limit) {
        snprintf(c->message, sizeof c->message,
                 "%lld bytes of device memory are wanted beside %lld held, of %lld",
                 (long long)bytes, (long long)c->held, (long long)c->limit);
        return PDX_ENOMEM;
    }
    cudaError_t error = cudaMalloc(&out->data, (size_t)bytes);
    if (error == cudaErrorMemoryAllocation && c->kept_count) {
        cudaGetLastError(); /* forgets it */
        free_kept(c);
        error = cudaMalloc(&out->data, (size_t)bytes);
    }
    PDX__TRY(check(c, error, "no device memory"));
    out->bytes = bytes;
    c->held += bytes;
    return PDX_OK;
}

/* A kept block may be twice as large as what is wanted. */
pdx_status take_room(context *c, int64_t bytes, buffer *out) {
    int best = -1;
    for (int i = 0; i < c->kept_count; ++i)
        if (c->kept[i].bytes >= bytes && c->kept[i].bytes / 2 <= bytes &&
            (best < 0 || c->kept[i].bytes < c->kept[best].bytes))
            best = i;
    if (best < 0) return new_room(c, bytes, out);
    *out = c->kept[best];
    c->kept[best] = c->kept[--c->kept_count];
    return PDX_OK;
}

void release_room(context *c, buffer *room) {
    if (!room->data) return;
    if (c->kept_count == MOST_KEPT) free_room(c, &c->kept[--c->kept_count]);
    c->kept[c->kept_count++] = *room;
    *room = buffer{};
}

pdx_status enlarge(context *c, buffer *room, int64_t bytes) {
    if (room->bytes >= bytes) return PDX_OK;
    free_room(c, room);
    return new_room(c, bytes, room);
}

pdx_status copy_in(context *c, void *to, const void *from, int64_t bytes) {
    return check(c, cudaMemcpyAsync(to, from, (size_t)bytes, cudaMemcpyHostToDevice, c->stream),
                 "a copy to the device failed");
}

pdx_status copy_out(context *c, void *to, const void *from, int64_t bytes) {
    PDX__TRY(check(c, cudaMemcpyAsync(to, from, (size_t)bytes, cudaMemcpyDeviceToHost, c->stream),
                   "a copy from the device failed"));
    return check(c, cudaStreamSynchronize(c->stream), "the device failed");
}

static void end_batch(context *c) {
    pdx__free(c->host_id);
    pdx__free(c->host_segment);
    pdx__free(c->host_tile);
    c->host_id = NULL;
    c->host_segment = NULL;
    c->host_tile = NULL;
    c->turn_frequency = NULL;
    c->tiles = c->tile_group = 0;
}

static void cuda_release(void *self, pdx__activation *a) {
    context *c = (context *)self;
    if (a->previous) a->previous->next = a->next;
    else c->activations = a->next;
    if (a->next) a->next->previous = a->previous;
    release_room(c, &a->room);
    pdx__free(a);
}

static void cuda_close(void *self) {
    context *c = (context *)self;
    cudaStreamSynchronize(c->stream);
    while (c->activations) cuda_release(c, c->activations);
    while (c->matrices) {
        pdx__matrix *next = c->matrices->next;
        free_room(c, &c->matrices->data_buffer);
        free_room(c, &c->matrices->vector_buffer);
        pdx__free(c->matrices);
        c->matrices = next;
    }
    end_batch(c);
    free_kept(c);
    buffer *rest[] = {&c->id, &c->position, &c->segment, &c->turn, &c->frequency, &c->tile};
    for (buffer *room : rest) free_room(c, room);
    products_close(c->multiplier);
    cudaStreamDestroy(c->stream);
    pdx__free(c->staging);
    pdx__free(c);
}

/* Refuses, in words that say what to do. */
static pdx_status start(context *c, const pdx__backend_options *options) {
    int count = 0;
    cudaError_t error = cudaGetDeviceCount(&count);
    if (error != cudaSuccess || count == 0) {
        snprintf(c->message, sizeof c->message, "no CUDA device: %s",
                 error ? cudaGetErrorString(error) : "none is there");
        return PDX_EUNSUPPORTED;
    }
    c->device = options ? options->device : 0;
    if (c->device < 0 || c->device >= count) {
        snprintf(c->message, sizeof c->message, "there is no CUDA device %d: %d in all", c->device,
                 count);
        return PDX_EINVAL;
    }
    size_t unused, total;
    PDX__TRY(check(c, cudaSetDevice(c->device), "the device does not start"));
    PDX__TRY(check(c, cudaMemGetInfo(&unused, &total), "the device does not start"));
    c->limit = (int64_t)unused;
    if (options && options->memory_bytes > 0 && options->memory_bytes < c->limit)
        c->limit = options->memory_bytes;
    PDX__TRY(check(c, cudaStreamCreate(&c->stream), "the device gives no stream"));
    const char *wrong = products_open(&c->multiplier);
    return wrong ? fail(c, PDX_EUNSUPPORTED, wrong) : PDX_OK;
}

static pdx_status cuda_open(void **out, const pdx__backend_options *options) {
    *out = NULL;
    context *c = (context *)pdx__alloc_zero(1, sizeof *c);
    if (!c) {
        snprintf(open_message, sizeof open_message, "out of memory");
        return PDX_ENOMEM;
    }
    pdx_status status = start(c, options);
    if (status == PDX_OK) {
        *out = c;
        return PDX_OK;
    }
    memcpy(open_message, c->message, sizeof open_message);
    products_close(c->multiplier);
    if (c->stream) cudaStreamDestroy(c->stream);
    pdx__free(c);
    return status;
}

/* bfloat16 numbers of the file go as they are; others are expanded and rounded in the staging
 * panel. The copy waits, because the panel is used again. */
static pdx_status put_panel(context *c, const pdx__tensor *tensor, const char *from, bf16 *to,
                            float *vector, int64_t count) {
    float *numbers = (float *)c->staging;
    bf16 *rounded = (bf16 *)(numbers + PANEL_NUMBERS);
    pdx__dequantise(tensor->dtype, from, count, numbers);
    for (int64_t i = 0; i < count; ++i) rounded[i] = to_bf16(numbers[i]);
    PDX__TRY(copy_in(c, to, rounded, count * (int64_t)sizeof *to));
    if (vector) PDX__TRY(copy_in(c, vector, numbers, count * (int64_t)sizeof *vector));
    return check(c, cudaStreamSynchronize(c->stream), "the device failed");
}

static pdx_status put_weights(context *c, const pdx__tensor *tensor, const char *data,
                              pdx__matrix *m) {
    int64_t count = m->rows * m->columns, block = pdx__dtype_block(tensor->dtype);
    int64_t block_bytes = pdx__dtype_block_bytes(tensor->dtype);
    PDX__TRY(new_room(c, count * (int64_t)sizeof *m->data, &m->data_buffer));
    m->data = (bf16 *)m->data_buffer.data;
    if (m->rows == 1) {
        PDX__TRY(new_room(c, count * (int64_t)sizeof *m->vector, &m->vector_buffer));
        m->vector = (float *)m->vector_buffer.data;
    } else if (tensor->dtype == PDX__BF16)
        return copy_in(c, m->data, data, count * (int64_t)sizeof *m->data);
    if (!c->staging) {
        c->staging = pdx__alloc(PANEL_NUMBERS, sizeof(float) + sizeof(bf16));
        if (!c->staging) return fail(c, PDX_ENOMEM, "out of memory");
    }
    for (int64_t at = 0; at < count; at += PANEL_NUMBERS) { /* blocks divide a panel */
        int64_t n = count - at < PANEL_NUMBERS ? count - at : (int64_t)PANEL_NUMBERS;
        PDX__TRY(put_panel(c, tensor, data + at / block * block_bytes, m->data + at,
                           m->vector ? m->vector + at : NULL, n));
    }
    return PDX_OK;
}

static pdx_status cuda_upload(void *self, const pdx__tensor *tensor, int64_t expert,
                              pdx__matrix **out) {
    context *c = (context *)self;
    pdx__matrix *m = (pdx__matrix *)pdx__alloc_zero(1, sizeof *m);
    if (!m) return fail(c, PDX_ENOMEM, "out of memory");
    m->rows = tensor->rows;
    m->columns = tensor->columns;
    m->next = c->matrices;
    c->matrices = m;
    *out = m;
    size_t bytes = tensor->bytes / (size_t)tensor->count;
    return put_weights(c, tensor, (const char *)tensor->data + bytes * (size_t)expert, m);
}

static pdx_status cuda_alloc(void *self, int32_t tokens, int32_t width, int32_t kind,
                             pdx__activation **out) {
    context *c = (context *)self;
    int64_t size = kind == PDX__EXACT ? (int64_t)sizeof(float) : (int64_t)sizeof(bf16);
    pdx__activation *a = (pdx__activation *)pdx__alloc_zero(1, sizeof *a);
    if (!a) return fail(c, PDX_ENOMEM, "out of memory");
    pdx_status status = take_room(c, (int64_t)tokens * width * size, &a->room);
    if (status != PDX_OK) {
        pdx__free(a);
        return status;
    }
    a->width = width;
    a->kind = kind;
    a->next = c->activations;
    if (a->next) a->next->previous = a;
    c->activations = a;
    *out = a;
    return PDX_OK;
}

static pdx_status cuda_begin(void *self, const pdx__batch *batch) {
    context *c = (context *)self;
    end_batch(c);
    int64_t tokens = batch->tokens, segments = batch->segments;
    int64_t id_bytes = tokens * (int64_t)sizeof *batch->id;
    int64_t segment_bytes = segments * (int64_t)sizeof *batch->segment;
    c->tokens = batch->tokens;
    c->segments = batch->segments;
    c->host_id = (int32_t *)pdx__alloc((size_t)tokens, 2 * sizeof *c->host_id);
    c->host_segment = (pdx__segment *)pdx__alloc((size_t)segments, sizeof *c->host_segment);
    if (!c->host_id || !c->host_segment) return fail(c, PDX_ENOMEM, "out of memory");
    memcpy(c->host_id, batch->id, (size_t)id_bytes);
    memcpy(c->host_id + tokens, batch->position, (size_t)id_bytes);
    memcpy(c->host_segment, batch->segment, (size_t)segment_bytes);
    PDX__TRY(enlarge(c, &c->id, id_bytes));
    PDX__TRY(enlarge(c, &c->position, id_bytes));
    PDX__TRY(enlarge(c, &c->segment, segment_bytes));
    PDX__TRY(copy_in(c, c->id.data, c->host_id, id_bytes));
    PDX__TRY(copy_in(c, c->position.data, c->host_id + tokens, id_bytes));
    return copy_in(c, c->segment.data, c->host_segment, segment_bytes);
}

static pdx_status cuda_read(void *self, const pdx__activation *x, float *out) {
    context *c = (context *)self;
    int64_t count = (int64_t)c->tokens * x->width;
    if (x->kind == PDX__EXACT) return copy_out(c, out, x->room.data, count * (int64_t)sizeof *out);
    bf16 *numbers = (bf16 *)pdx__alloc((size_t)count, sizeof *numbers);
    if (!numbers) return fail(c, PDX_ENOMEM, "out of memory");
    pdx_status status = copy_out(c, numbers, x->room.data, count * (int64_t)sizeof *numbers);
    for (int64_t i = 0; i < count && status == PDX_OK; ++i) out[i] = to_float(numbers[i]);
    pdx__free(numbers);
    return status;
}

static pdx_status cuda_write(void *self, pdx__activation *x, const float *values) {
    context *c = (context *)self;
    int64_t count = (int64_t)c->tokens * x->width;
    bf16 *numbers = (bf16 *)pdx__alloc((size_t)count, sizeof *numbers);
    if (!numbers) return fail(c, PDX_ENOMEM, "out of memory");
    for (int64_t i = 0; i < count; ++i) numbers[i] = to_bf16(values[i]);
    pdx_status status = x->kind == PDX__EXACT
                            ? copy_in(c, x->room.data, values, count * (int64_t)sizeof *values)
                            : copy_in(c, x->room.data, numbers, count * (int64_t)sizeof *numbers);
    if (status == PDX_OK) status = check(c, cudaStreamSynchronize(c->stream), "the device failed");
    pdx__free(numbers);
    return status;
}

static void cuda_memory(void *self, int64_t *held, int64_t *limit) {
    *held = ((context *)self)->held;
    *limit = ((context *)self)->limit;
}

static const char *cuda_message(void *self) {
    return self ? ((context *)self)->message : open_message;
}

extern "C" PDX_API const pdx__backend *pdx__backend_module(void);

extern "C" const pdx__backend *pdx__backend_module(void) {
    static const pdx__backend backend = {
        sizeof(pdx__backend), "cuda",         cuda_open,  cuda_close,     cuda_upload,
        cuda_alloc,           cuda_release,   cuda_begin, cuda_embed,     cuda_norm,
        cuda_matmul,          cuda_head_norm, cuda_rope,  cuda_attention, cuda_gate,
        cuda_experts,         cuda_score,     cuda_read,  cuda_write,     cuda_memory,
        cuda_message};
    return &backend;
}
