/* A model's files, read-only and memory-mapped: named tensors and named settings. Two forms: one
 * GGUF file, or a Hugging Face folder (config.json, model.safetensors or its sharded index).
 * Nothing read from a file is trusted: counts, sizes, offsets and alignments are checked against
 * the file before anything is used, and every refusal names the tensor or the key. */
#ifndef PDX_LM_WEIGHTS_H
#define PDX_LM_WEIGHTS_H

#include "core/alloc.h"

/* How numbers are stored. The quantised ones are GGUF's blocks (see quant.c). */
typedef enum pdx__dtype {
    PDX__F32,
    PDX__F16,
    PDX__BF16,
    PDX__Q8_0,
    PDX__Q4_0,
    PDX__Q4_1,
    PDX__Q5_0,
    PDX__Q5_1,
    PDX__Q4_K,
    PDX__Q5_K,
    PDX__Q6_K,
    PDX__DTYPES
} pdx__dtype;

const char *pdx__dtype_name(pdx__dtype dtype);
int32_t pdx__dtype_block(pdx__dtype dtype);       /* numbers in a block (1 for plain types) */
int32_t pdx__dtype_block_bytes(pdx__dtype dtype); /* bytes of a block */
/* Expands `count` numbers (a multiple of the block) into floats. */
void pdx__dequantise(pdx__dtype dtype, const void *blocks, int64_t count, float *out);

/* Row-major: `rows` rows of `columns` contiguous numbers; a vector has one row. Experts of one
 * layer in one tensor: `count` matrices one after another. */
typedef struct pdx__tensor {
    const char *name;
    pdx__dtype dtype;
    int64_t count, rows, columns;
    const void *data; /* in the mapped file */
    size_t bytes;
} pdx__tensor;

typedef struct pdx__weights pdx__weights;

/* `path`: a .gguf file or a folder. */
pdx_status pdx__weights_open(pdx__weights **out, const char *path);
void pdx__weights_close(pdx__weights *weights);

const char *pdx__weights_path(const pdx__weights *weights);
int pdx__weights_is_gguf(const pdx__weights *weights);
const pdx__tensor *pdx__weights_find(const pdx__weights *weights, const char *name); /* or NULL */
int64_t pdx__weights_tensor_count(const pdx__weights *weights);
const pdx__tensor *pdx__weights_tensor(const pdx__weights *weights, int64_t i);

/* GGUF settings; 1 and the value where the key is there with a fitting type, else 0. For a folder
 * they are all absent: its config.json is pdx__weights_config. */
int pdx__weights_number(const pdx__weights *weights, const char *key, double *out);
int pdx__weights_bool(const pdx__weights *weights, const char *key, int32_t *out);
int pdx__weights_text(const pdx__weights *weights, const char *key, const char **out,
                      size_t *length);
/* Lists: of texts, and of numbers. Counts; -1 where the key is absent or of another kind. */
int64_t pdx__weights_list(const pdx__weights *weights, const char *key);
pdx_status pdx__weights_list_text(const pdx__weights *weights, const char *key, int64_t i,
                                  const char **out, size_t *length);
pdx_status pdx__weights_list_number(const pdx__weights *weights, const char *key, int64_t i,
                                    double *out);
/* config.json of a folder (a cJSON tree, borrowed); NULL for GGUF. */
const void *pdx__weights_config(const pdx__weights *weights);

#endif
