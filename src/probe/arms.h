/* Arms and the outputs of models, inside the library. */
#ifndef PDX_PROBE_ARMS_H
#define PDX_PROBE_ARMS_H

#include <prefdissect/probe.h>

#include "core/alloc.h"
#include "core/strmap.h"

typedef struct pdx__message {
    char *group, *system;
    char *properties; /* a JSON list of ids */
} pdx__message;
typedef struct pdx__arm {
    char *name;
    pdx__message *message;
    size_t capacity;
    int32_t count;
} pdx__arm;
struct pdx_arms {
    char *judge;
    pdx__arm *arm;
    size_t capacity;
    int32_t count;
};

/* ---- outputs.c: what a model answered to a benchmark's queries ---- */

typedef struct pdx__output {
    int64_t query; /* number in the set of queries */
    char *text, *dataset;
} pdx__output;
typedef struct pdx__outputs {
    char *model; /* "generator", or MT-bench's "model_id" */
    pdx__output *output;
    size_t count, capacity;
} pdx__outputs;
/* Queries of all files: the k-th answer of a file to equal texts is to the k-th such query. */
typedef struct pdx__queries {
    pdx__strmap keys; /* text, a NUL byte, number of the repeat */
} pdx__queries;
const char *pdx__queries_text(const pdx__queries *queries, int64_t query);
void pdx__queries_free(pdx__queries *queries);
/* `questions`: MT-bench's, or NULL. */
pdx_status pdx__outputs_read(pdx__outputs *out, pdx__queries *queries, const char *path,
                             const char *questions);
void pdx__outputs_free(pdx__outputs *outputs);
/* Writes AlpacaEval's model_outputs.json. */
pdx_status pdx__outputs_write(const char *path, const char *generator, int64_t n,
                              const char *const *instruction, const char *const *output,
                              const char *const *dataset);

#endif
