/* Shared by the two readers of model files (gguf.c, safetensors.c) and weights.c. */
#ifndef PDX_LM_WEIGHTS_FILE_H
#define PDX_LM_WEIGHTS_FILE_H

#include "core/json.h"
#include "core/strmap.h"
#include "weights.h"

typedef struct pdx__mapping {
    char *path;
    const uint8_t *bytes;
    size_t length;
} pdx__mapping;

enum { PDX__SETTING_NUMBER, PDX__SETTING_BOOL, PDX__SETTING_TEXT, PDX__SETTING_LIST };
typedef struct pdx__setting {
    int32_t kind;
    double number;    /* NUMBER, BOOL */
    const char *text; /* TEXT: in the mapped file, not NUL-terminated */
    size_t length;
    int64_t count;          /* LIST */
    int32_t of_text;        /* LIST: its entries are texts, at the offsets below */
    uint64_t *offset;       /* of each text's length field in the file */
    const uint8_t *numbers; /* LIST of numbers: the first one, of GGUF type `type` */
    uint32_t type;
} pdx__setting;

struct pdx__weights {
    char *path;
    int is_gguf;
    pdx__mapping *mapping;
    size_t mappings, mapping_capacity;
    pdx__strmap names; /* tensor i is names[i] */
    pdx__tensor *tensor;
    size_t tensor_capacity;
    pdx__strmap keys; /* setting i is keys[i] */
    pdx__setting *setting;
    size_t setting_capacity;
    cJSON *config;
};

pdx_status pdx__map_file(pdx__weights *weights, const char *path, const pdx__mapping **out);
/* Adds a tensor after checking that its bytes lie within the mapping. dims: the shape, slowest
 * first, 1 to 3 numbers. */
pdx_status pdx__add_tensor(pdx__weights *weights, const pdx__mapping *file, const char *name,
                           size_t name_length, pdx__dtype dtype, const int64_t *dims, int32_t rank,
                           uint64_t offset, uint64_t bytes);
pdx_status pdx__read_gguf(pdx__weights *weights, const char *path);
pdx_status pdx__read_folder(pdx__weights *weights, const char *path);
size_t pdx__gguf_type_bytes(uint32_t type); /* 0: not a type of fixed size */
/* The value of GGUF type `type` at `at`; 0 where the type is no number. */
int pdx__gguf_number(const uint8_t *at, uint32_t type, double *out);

#endif
