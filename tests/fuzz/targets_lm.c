/* The parsers of model files as fuzz targets (see targets.c): private functions, so these link the
 * library's static twin. */
#include <prefdissect/prefdissect.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lm/model.h"
#include "lm/template.h"

#pragma GCC diagnostic ignored "-Wunused-function"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct input {
    const char *path;
    const char *text;
    size_t size;
} input;

static void use_tokenizer(pdx__tokenizer *t, input in) {
    pdx__span spans[2] = {{in.text, in.size, 1}, {"it's <|end|> 12", 15, 0}};
    pdx__ids ids = {0};
    if (in.size > 200) spans[0].length = 200;
    pdx__tokenize(t, spans, 2, 1, &ids);
    for (size_t i = 0; i < ids.count; ++i) {
        size_t length;
        if (ids.id[i] < 0 || ids.id[i] >= pdx__tokenizer_size(t)) abort();
        pdx__token_text(t, ids.id[i], &length);
    }
    pdx__free(ids.id);
}

/* What can be read of a model's files without running it; every tensor's first and last row. */
static void use_weights(const char *path, input in) {
    pdx__weights *w;
    if (pdx__weights_open(&w, path) != PDX_OK) {
        if (w || !*pdx_error_message()) abort();
        return;
    }
    for (int64_t i = 0; i < pdx__weights_tensor_count(w); ++i) {
        const pdx__tensor *t = pdx__weights_tensor(w, i);
        float block[256];
        int32_t n = pdx__dtype_block(t->dtype);
        if (pdx__weights_find(w, t->name) != t) abort();
        pdx__dequantise(t->dtype, t->data, n, block);
        pdx__dequantise(t->dtype,
                        (const char *)t->data + t->bytes - (size_t)pdx__dtype_block_bytes(t->dtype),
                        n, block);
    }
    pdx__model_shape shape;
    float *frequency;
    pdx__model_read_shape(&shape, w, &frequency);
    pdx__free(frequency);
    if (pdx__weights_is_gguf(w)) {
        pdx__tokenizer *t;
        if (pdx__tokenizer_open(&t, w) == PDX_OK) use_tokenizer(t, in);
        pdx__tokenizer_close(t);
    }
    pdx__weights_close(w);
}

static inline void gguf(input in) { use_weights(in.path, in); }

static char folder[64];

static void path_in(char path[128], const char *name) {
    snprintf(path, 128, "%s/%s", folder, name);
}

static void write_file(const char *name, const char *bytes, size_t size) {
    char path[128];
    path_in(path, name);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0) abort();
}

static void remove_folder(void) {
    char path[128];
    path_in(path, "config.json");
    unlink(path);
    path_in(path, "model.safetensors");
    unlink(path);
    rmdir(folder);
}

/* The bytes as one file of a folder beside a good config.json, or as config.json itself. The folder
 * stays: the input of every run has the same path, so the link to it is made once. */
static void in_folder(input i, const char *name) {
    static const char config[] =
        "{\"model_type\":\"llama\",\"hidden_size\":16,\"num_hidden_layers\":1,"
        "\"intermediate_size\":8,\"num_attention_heads\":2,\"max_position_embeddings\":64}";
    static const char shard[] = "\x02\0\0\0\0\0\0\0{}";
    static char linked[64];
    if (!*folder) {
        snprintf(folder, sizeof folder, "/dev/shm/pdx-fuzz-lm-XXXXXX");
        if (!mkdtemp(folder)) abort();
        atexit(remove_folder);
        write_file("config.json", config, sizeof config - 1);
        write_file("model.safetensors", shard, sizeof shard - 1);
    }
    if (strcmp(linked, i.path) != 0) {
        char path[128];
        snprintf(linked, sizeof linked, "%s", i.path);
        path_in(path, name);
        unlink(path);
        if (symlink(i.path, path) != 0) abort();
    }
    use_weights(folder, i);
}

static inline void safetensors(input in) { in_folder(in, "model.safetensors"); }
static inline void config(input in) { in_folder(in, "config.json"); }

static inline void tokenizer(input in) {
    pdx__tokenizer *t;
    if (pdx__tokenizer_from_json(&t, in.path) == PDX_OK) use_tokenizer(t, in);
    else if (t || !*pdx_error_message()) abort();
    pdx__tokenizer_close(t);
}

static inline void template(input in) {
    pdx__template *t;
    if (pdx__template_parse(&t, in.text, in.size, "t") != PDX_OK) return;
    const char *values[PDX__FIELDS] = {NULL, "q", "first", "second", NULL};
    pdx__span *spans = malloc((size_t)pdx__template_spans(t) * sizeof *spans);
    if (!spans) abort();
    pdx__template_fill(t, values, spans);
    free(spans);
    pdx__template_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char path[32];
    int file = memfd_create("input", MFD_CLOEXEC);
    if (file < 0 || write(file, data, size) != (ssize_t)size) abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    TARGET((input){path, (const char *)data, size});
    close(file);
    return 0;
}
